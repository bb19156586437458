/* providers/net/http.h: HTTP requests on the loop (libcurl's multi interface).
 *
 * Calls    One callback a request, from the loop, also on error. Requests and their buffers must
 *          live until then, or until dg_http_cancel(). dg_http_send() may be called from inside it, dg_http_free() may not.
 *          After dg_http_free() no callback comes.
 * Result   rc 0: an answer came, whatever its status is. < 0: err; was_sent tells whether the
 *          request may have arrived. A redirect is an answer like any other.
 * Trust    http and https only, no redirects, no proxy from the environment, no cookies, no user
 *          names in URLs, TLS 1.2 or later with verification; plain http only to loopback unless
 *          is_plain_ok. The value of secret_header never reaches an error text or a trace.
 * Address  addresses: connect there, one after the other, and ask no resolver; the certificate is
 *          still checked for the URL's host. is_public_only: not to an address that is not of the
 *          public Internet (zones/base/address.h), whoever names it. Such a connection serves no
 *          other request.
 * Repeats  A request is never sent twice. Only GET goes over a connection that was used before,
 *          since libcurl sends again by itself when such a connection turns out to be dead.
 * Signing  A URL to be signed for AWS has its query sorted, a value for each parameter, and upper-case escapes: libcurl takes it as it is.
 * Limits   reply_max octets of body; timeout_ms for the whole request; DG_HTTP_INFLIGHT at once,
 *          the others wait in line.
 * Errors   DG_EINPUT: not a URL of ours. DG_EPOLICY: plain http, or only addresses that
 *          is_public_only refuses. DG_EIO: no connection, timeout. DG_ELIMIT: body too large.
 *          DG_EREMOTE: what came is not HTTP, or with is_bad_tls: the certificate is wrong or the
 *          other side does not speak our TLS.
 */
#pragma once

#include "zones/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dg_http;
struct dg_loop;

#define DG_HTTP_BODY_MAX  (64u << 20)
#define DG_HTTP_INFLIGHT  16u
#define DG_HTTP_ADDRESSES 16u
#define DG_HTTP_TYPE_MAX  128u
#define DG_HTTP_NEXT_MAX  2048u /* octets of it */

struct dg_http_request {
	const char *method; /* "GET", "PATCH" */
	const char *url;
	const char *const *headers; /* "Name: value", ends with NULL */
	const char *secret_header;  /* "X-API-Key: ..."; NULL: none */
	const char *body;           /* NULL: none */
	size_t body_len;
	int64_t timeout_ms;           /* from dg_http_send() on, waiting in the queue included */
	size_t reply_max;             /* octets; 0: DG_HTTP_BODY_MAX */
	bool is_plain_ok;             /* plain http to other hosts than loopback */
	const char *const *addresses; /* "192.0.2.1", "2001:db8::1" */
	size_t n_addresses;           /* 0: the host is resolved; at most DG_HTTP_ADDRESSES */
	bool is_public_only;
	const char *aws_scope; /* "aws:amz:REGION:SERVICE": signed as AWS does (SigV4); NULL: not */
	const char *aws_key;   /* "ACCESS-KEY:SECRET" for that */
	const char *kept_name; /* a header field of the answer to keep; NULL: none */
	void (*done)(struct dg_http_request *r, int rc);
	void *arg;
	/* --- results --- */
	long status;
	char *reply; /* NUL-terminated; freed by dg_http_request_done() */
	size_t reply_len;
	unsigned retry_after_s;              /* of Retry-After; 0: none */
	char content_type[DG_HTTP_TYPE_MAX]; /* safe to show; "": none was given */
	char *kept; /* that field as it came, at most DG_HTTP_NEXT_MAX octets; NULL: none */
	char *next; /* of a header Link: with rel="next" (RFC 8288); NULL: none */
	bool was_sent;
	bool is_bad_tls;
	struct dg_err err;
	void *internal;
};

int dg_http_new(struct dg_loop *l, struct dg_http **ret_http, struct dg_err *err);
struct dg_http *dg_http_free(struct dg_http *h);
void dg_http_send(struct dg_http *h, struct dg_http_request *r);
/* No done() comes, and what was received is freed; nothing when done() came already. */
void dg_http_cancel(struct dg_http_request *r);
void dg_http_request_done(struct dg_http_request *r); /* frees reply, kept and next */
