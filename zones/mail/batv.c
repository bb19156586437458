#include "zones/mail/batv.h"

#include "zones/base/err.h"
#include "zones/mail/chars.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define TAG_LEN  10u /* KDDDSSSSSS */
#define TEXT_MAX 512u
#define DAY_S    86400
#define DAYS_MOD 1000

static bool is_tag(const char *p, size_t n)
{
	if (n != TAG_LEN) {
		return false;
	}
	for (size_t i = 0; i < TAG_LEN; i++) {
		if (!(i < 4 ? dg_is_digit(p[i])
			    : dg_is_digit(p[i]) || strchr("abcdefABCDEF", p[i]))) {
			return false;
		}
	}
	return true;
}

/* The tag, and the address that it is of. False: there is none. */
static bool split(const char *address, const char **ret_tag, const char **ret_local,
	size_t *ret_local_len, const char **ret_at)
{
	static const char head[] = "prvs=";
	const char *at = strrchr(address, '@');
	const char *p = address + strlen(head);

	if (strncasecmp(address, head, strlen(head)) != 0 || !at || at < p) {
		return false;
	}
	const char *first = memchr(p, '=', (size_t)(at - p));
	const char *last = memrchr(p, '=', (size_t)(at - p));
	*ret_at = at;
	if (first && is_tag(p, (size_t)(first - p))) {
		*ret_tag = p;
		*ret_local = first + 1;
		*ret_local_len = (size_t)(at - first - 1);
	} else if (last && is_tag(last + 1, (size_t)(at - last - 1))) {
		*ret_tag = last + 1;
		*ret_local = p;
		*ret_local_len = (size_t)(last - p);
	} else {
		return false;
	}
	return *ret_local_len > 0;
}

const char *dg_batv_plain(const char *address, char *buf, size_t size)
{
	const char *tag = NULL;
	const char *local = NULL;
	const char *at = NULL;
	size_t n = 0;

	if (!split(address, &tag, &local, &n, &at) || n + strlen(at) >= size) {
		return address;
	}
	(void)snprintf(buf, size, "%.*s%s", (int)n, local, at);
	return buf;
}

static bool is_made_by(
	const struct dg_batv_keys *k, unsigned key, const char *tag, const char *plain)
{
	char text[TEXT_MAX];
	char hex[7];
	uint8_t mac[EVP_MAX_MD_SIZE];
	unsigned len = 0;
	int n = snprintf(text, sizeof(text), "%.4s%s", tag, plain);

	if (k->keys[key].n == 0 || n < 0 || (size_t)n >= sizeof(text) ||
		!HMAC(EVP_sha1(), k->keys[key].octets, (int)k->keys[key].n, (const uint8_t *)text,
			(size_t)n, mac, &len)) {
		return false;
	}
	(void)snprintf(hex, sizeof(hex), "%02x%02x%02x", mac[0], mac[1], mac[2]);
	return strncasecmp(hex, tag + 4, 6) == 0;
}

enum dg_batv dg_batv_check(const struct dg_batv_keys *k, const char *address, int64_t now_s)
{
	char buf[TEXT_MAX];
	const char *tag = NULL;
	const char *local = NULL;
	const char *at = NULL;
	size_t n = 0;

	if (!split(address, &tag, &local, &n, &at)) {
		return DG_BATV_NONE;
	}
	const char *plain = dg_batv_plain(address, buf, sizeof(buf));
	unsigned key = (unsigned)(tag[0] - '0');
	int64_t day = (tag[1] - '0') * 100 + (tag[2] - '0') * 10 + (tag[3] - '0');
	int64_t today = now_s / DAY_S % DAYS_MOD;
	int64_t left =
		(day - today + DAYS_MOD) % DAYS_MOD; /* of a tag that ended: nearly DAYS_MOD */
	bool is_young = left <= DG_BATV_DAYS || left >= DAYS_MOD - DG_BATV_DAYS;

	return plain != address && is_young && is_made_by(k, key, tag, plain) ? DG_BATV_VALID
									      : DG_BATV_INVALID;
}

static bool take_line(struct dg_batv_keys *k, const char *p, size_t n)
{
	while (n > 0 && (dg_is_wsp(p[n - 1]) || p[n - 1] == '\r')) {
		n--;
	}
	if (n == 0 || p[0] == '#') {
		return true;
	}
	size_t at = 1;
	while (at < n && dg_is_wsp(p[at])) {
		at++;
	}
	if (!dg_is_digit(p[0]) || at == 1 || at == n || n - at > DG_BATV_KEY_MAX) {
		return false;
	}
	k->keys[p[0] - '0'].n = n - at;
	memcpy(k->keys[p[0] - '0'].octets, p + at, n - at);
	return true;
}

int dg_batv_keys_parse(const char *text, size_t len, const char *file,
	struct dg_batv_keys *ret_keys, struct dg_err *err)
{
	struct dg_batv_keys k = {0};
	const char *end = text + len;
	unsigned line = 0;
	bool has = false;

	for (const char *p = text; p < end;) {
		const char *eol = memchr(p, '\n', (size_t)(end - p));
		size_t n = (size_t)((eol ? eol : end) - p);

		line++;
		if (!take_line(&k, p, n)) {
			OPENSSL_cleanse(&k, sizeof(k));
			return dg_fail(err, DG_EINPUT,
				"%.200s:%u: expected a digit, a blank and a secret of at most %u "
				"octets",
				file, line, DG_BATV_KEY_MAX);
		}
		p += n + (eol != NULL);
	}
	for (unsigned i = 0; i < DG_BATV_KEYS_MAX; i++) {
		has = has || k.keys[i].n > 0;
	}
	if (!has) {
		return dg_fail(err, DG_EINPUT, "%.200s: holds no key", file);
	}
	*ret_keys = k;
	OPENSSL_cleanse(&k, sizeof(k));
	return 0;
}
