/* providers/net/http_connect.h: to which addresses an HTTP request connects. Inside providers/net only.
 *
 * Shape    A request with addresses of its own asks no resolver: they are put into a DNS cache that it alone uses, so that they
 *          mean nothing to other requests for the same host. A connection that was made under these rules serves one request.
 * Memory   Must outlive the transfer; dg_connect_done() after it was taken out of the multi handle.
 */
#pragma once

#include <curl/curl.h>
#include <stdbool.h>

#include "zones/base/address.h"

struct dg_err;
struct dg_http_request;

struct dg_connect {
	CURLSH *share;           /* NULL: no addresses of its own */
	struct curl_slist *pins; /* for CURLOPT_RESOLVE */
	unsigned n_tried;        /* sockets that were opened */
	const char *why;         /* the last one that was refused: "private"; NULL: none */
	char refused[DG_ADDRESS_TEXT_MAX];
};

/* DG_EINPUT: an address is none, too many of them. */
int dg_connect_init(struct dg_connect *c, const struct dg_http_request *r, struct dg_err *err);
void dg_connect_apply(struct dg_connect *c, CURL *e, const struct dg_http_request *r);
/* e NULL: it never got one. */
void dg_connect_done(struct dg_connect *c, CURL *e);
/* All that there was to connect to was refused. */
bool dg_connect_is_refused(const struct dg_connect *c);
