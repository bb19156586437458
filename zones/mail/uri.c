#include "zones/mail/uri.h"

#include "zones/mail/chars.h"

#include <string.h>

#define LOCAL_MAX 192u /* 64 octets, each percent-encoded */
#define HOST_MAX  253u
#define LABEL_MAX 63u

static bool is_hex(char c)
{
	return dg_is_digit(c) || (dg_lower(c) >= 'a' && dg_lower(c) <= 'f');
}

/* Letters, digits, what `also` holds, and percent-encoded octets. */
static bool is_made_of(const char *p, size_t len, const char *also)
{
	for (size_t i = 0; i < len; i++) {
		if (p[i] == '%' && i + 2 < len && is_hex(p[i + 1]) && is_hex(p[i + 2])) {
			i += 2;
		} else if (!dg_is_alnum(p[i]) && (p[i] == '\0' || !strchr(also, p[i]))) {
			return false;
		}
	}
	return true;
}

static size_t scheme_len(const char *uri, size_t len)
{
	size_t i = 0;

	while (i < len &&
		(dg_is_alnum(uri[i]) || uri[i] == '+' || uri[i] == '-' || uri[i] == '.')) {
		i++;
	}
	return i > 0 && i < len && uri[i] == ':' && dg_is_alpha(uri[0]) ? i : 0;
}

bool dg_uri_has_scheme(const char *uri, size_t len, const char *scheme)
{
	size_t n = scheme_len(uri, len);

	return n > 0 && dg_is_word(uri, n, scheme);
}

const char *dg_uri_fault(const char *uri, size_t len)
{
	size_t n = scheme_len(uri, len);

	if (len > DG_URI_MAX) {
		return "it is longer than 512 octets";
	}
	if (n == 0) {
		return "it has no scheme: write mailto:ADDRESS";
	}
	if (n + 1 == len) {
		return "nothing follows its scheme";
	}
	if (!is_made_of(uri + n + 1, len - n - 1, "-._~:/?#[]@$&'()*+=")) {
		return "a character in it must be percent-encoded";
	}
	return NULL;
}

static bool is_label(const char *p, size_t len)
{
	if (len == 0 || len > LABEL_MAX || p[0] == '-' || p[len - 1] == '-') {
		return false;
	}
	for (size_t i = 0; i < len; i++) {
		if (!dg_is_alnum(p[i]) && p[i] != '-') {
			return false;
		}
	}
	return true;
}

bool dg_is_host_name(const char *p, size_t len)
{
	size_t n_labels = 0;
	size_t start = 0;
	bool is_numeric = true;

	if (len == 0 || len > HOST_MAX) {
		return false;
	}
	for (size_t i = 0; i <= len; i++) {
		if (i < len && p[i] != '.') {
			continue;
		}
		if (!is_label(p + start, i - start)) {
			return false;
		}
		is_numeric = true;
		for (size_t j = start; j < i; j++) {
			is_numeric = is_numeric && dg_is_digit(p[j]);
		}
		n_labels++;
		start = i + 1;
	}
	return n_labels >= 2 && !is_numeric;
}

static bool is_local_part(const char *p, size_t len)
{
	if (len == 0 || len > LOCAL_MAX || p[0] == '.' || p[len - 1] == '.') {
		return false;
	}
	for (size_t i = 1; i < len; i++) {
		if (p[i] == '.' && p[i - 1] == '.') {
			return false;
		}
	}
	return is_made_of(p, len, "-._~$'*+=");
}

/* Cuts a mailto URI: local part, domain. False: there is no '@'. */
static bool cut_mailto(const char *uri, size_t len, size_t *ret_at, size_t *ret_end)
{
	const char *address = uri + sizeof("mailto:") - 1;
	size_t rest = len - (sizeof("mailto:") - 1);
	const char *query = memchr(address, '?', rest);
	size_t address_len = query ? (size_t)(query - address) : rest;
	const char *at = memchr(address, '@', address_len);

	*ret_end = (size_t)(address - uri) + address_len;
	*ret_at = at ? (size_t)(at - uri) : 0;
	return at != NULL;
}

const char *dg_mailto_fault(const char *uri, size_t len)
{
	const char *fault = dg_uri_fault(uri, len);
	size_t at = 0;
	size_t end = 0;

	if (fault) {
		return fault;
	}
	if (!dg_uri_has_scheme(uri, len, "mailto")) {
		return "its scheme is not mailto:";
	}
	if (!cut_mailto(uri, len, &at, &end)) {
		return "it has no '@': write mailto:ADDRESS@DOMAIN";
	}
	if (!is_local_part(uri + sizeof("mailto:") - 1, at - (sizeof("mailto:") - 1))) {
		return "the part before '@' is not a plain local part";
	}
	if (!dg_is_host_name(uri + at + 1, end - at - 1)) {
		return "the part after '@' is not a domain name of letters, digits and hyphens";
	}
	return NULL;
}

void dg_mailto_domain(const char *uri, size_t len, const char **ret_domain, size_t *ret_len)
{
	size_t at = 0;
	size_t end = 0;

	(void)cut_mailto(uri, len, &at, &end);
	*ret_domain = uri + at + 1;
	*ret_len = end - at - 1;
}

static bool is_port(const char *p, size_t len)
{
	unsigned value = 0;

	for (size_t i = 0; i < len; i++) {
		if (!dg_is_digit(p[i]) || i >= 5) {
			return false;
		}
		value = value * 10 + (unsigned)(p[i] - '0');
	}
	return len > 0 && value > 0 && value <= 65535;
}

const char *dg_https_fault(const char *uri, size_t len)
{
	static const char head[] = "https://";
	const char *fault = dg_uri_fault(uri, len);
	size_t n = sizeof(head) - 1;

	if (fault) {
		return fault;
	}
	if (len <= n || !dg_uri_has_scheme(uri, len, "https") ||
		memcmp(uri + n - 2, "//", 2) != 0) {
		return "it does not begin with https://HOST";
	}
	const char *host = uri + n;
	size_t host_len = 0;
	while (n + host_len < len && !strchr("/?#", host[host_len])) {
		host_len++;
	}
	const char *colon = memchr(host, ':', host_len);
	size_t name_len = colon ? (size_t)(colon - host) : host_len;
	if (!dg_is_host_name(host, name_len)) {
		return "its host is not a domain name of letters, digits and hyphens";
	}
	if (colon && !is_port(colon + 1, host_len - name_len - 1)) {
		return "its port is not a number from 1 to 65535";
	}
	return NULL;
}
