#include "providers/net/url.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "zones/base/err.h"

/* Parts of a URL: each NULL or to be freed by curl_free(). */
struct parts {
	char *scheme, *host, *port, *user, *password;
};

/* libcurl itself takes localhost for a loopback address and asks no one. */
static bool is_loopback(const char *host)
{
	return strcasecmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0 ||
	       (strncmp(host, "127.", 4) == 0 && strspn(host, "0123456789.") == strlen(host));
}

static int check_parts(
	const struct parts *p, bool is_plain_ok, const char *host, struct dg_err *err)
{
	bool is_plain = strcmp(p->scheme, "http") == 0;

	if (p->user || p->password) {
		return dg_fail(err, DG_EINPUT,
			"%s: a URL with a user name or password is not taken: secrets come from "
			"files",
			host);
	}
	if (!is_plain && strcmp(p->scheme, "https") != 0) {
		return dg_fail(err, DG_EINPUT, "%s: expected http or https", host);
	}
	if (is_plain && !is_plain_ok && !is_loopback(p->host)) {
		return dg_fail(err, DG_EPOLICY,
			"%s: plain http would show the key to the network; use https (without "
			"insecure-http plain http is for loopback only)",
			host);
	}
	return 0;
}

int dg_url_check(
	const char *url, bool is_plain_ok, char *ret_host, size_t host_len, struct dg_err *err)
{
	struct parts p = {0};
	CURLU *u = curl_url();
	int rc;

	if (!u || curl_url_set(u, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME) ||
		curl_url_get(u, CURLUPART_SCHEME, &p.scheme, 0) ||
		curl_url_get(u, CURLUPART_HOST, &p.host, 0)) {
		rc = dg_fail(err, DG_EINPUT,
			"not a URL; expected http://HOST[:PORT] or https://HOST[:PORT]");
	} else {
		(void)curl_url_get(u, CURLUPART_PORT, &p.port, 0);
		(void)curl_url_get(u, CURLUPART_USER, &p.user, 0);
		(void)curl_url_get(u, CURLUPART_PASSWORD, &p.password, 0);
		(void)snprintf(ret_host, host_len, "%s://%s%s%s", p.scheme, p.host,
			p.port ? ":" : "", p.port ? p.port : "");
		rc = check_parts(&p, is_plain_ok, ret_host, err);
	}
	curl_free(p.scheme);
	curl_free(p.host);
	curl_free(p.port);
	curl_free(p.user);
	curl_free(p.password);
	curl_url_cleanup(u);
	return rc;
}

unsigned dg_url_port(const char *url)
{
	CURLU *u = curl_url();
	char *port = NULL;
	unsigned n = 0;

	if (u && curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK &&
		curl_url_get(u, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) == CURLUE_OK) {
		n = (unsigned)strtoul(port, NULL, 10);
	}
	curl_free(port);
	curl_url_cleanup(u);
	return n;
}
