/* providers/net/http.h: HTTP requests on the loop (libcurl's multi interface).
 *
 * Calls    One callback a request, from the loop. Requests and their buffers must live until then.
 * Trust    http and https only, no redirects, no proxy from the environment, no cookies, TLS 1.2 or later with verification; plain http only to loopback
 *          unless the option says otherwise. Header values given as secret never reach an error text or a trace.
 * Limits   DG_HTTP_BODY_MAX octets of body; timeout for the whole request; DG_HTTP_INFLIGHT at once a host.
 * Errors   DG_EIO: no connection, timeout (was_sent tells whether the request may have arrived). DG_ELIMIT: body too large.
 */
#pragma once

#include "zones/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dg_http;
struct dg_loop;

#define DG_HTTP_BODY_MAX (64u << 20)
#define DG_HTTP_INFLIGHT 16u

struct dg_http_request {
	const char *method; /* "GET", "PATCH" */
	const char *url;
	const char *const *headers; /* "Name: value", ends with NULL */
	const char *secret_header;  /* "X-API-Key: ..."; NULL: none */
	const char *body;           /* NULL: none */
	size_t body_len;
	int64_t timeout_ms;
	void (*done)(struct dg_http_request *r, int rc);
	void *arg;
	/* --- results --- */
	long status;
	char *reply; /* NUL-terminated; freed by dg_http_request_done() */
	size_t reply_len;
	unsigned retry_after_s; /* of Retry-After; 0: none */
	bool was_sent;
	struct dg_err err;
	void *internal;
};

int dg_http_new(struct dg_loop *l, struct dg_http **ret_http, struct dg_err *err);
struct dg_http *dg_http_free(struct dg_http *h);
void dg_http_send(struct dg_http *h, struct dg_http_request *r);
void dg_http_request_done(struct dg_http_request *r); /* frees the reply */
