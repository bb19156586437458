/* providers/net/url.h: which URLs the program talks to (RFC 3986). Pure.
 *
 * Trust    http and https only, no user name or password in it; plain http only to loopback, since
 *          the key would be readable on the way, unless is_plain_ok.
 * Errors   DG_EINPUT: not such a URL. DG_EPOLICY: plain http.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct dg_err;

#define DG_URL_HOST_MAX 300u /* bytes of "http://127.0.0.1:8081", NUL included */

/* ret_host: scheme, host and port, for messages (cut when it is too long). */
int dg_url_check(
	const char *url, bool is_plain_ok, char *ret_host, size_t host_len, struct dg_err *err);
/* The port that it names, or its scheme's. 0: not such a URL. */
unsigned dg_url_port(const char *url);
