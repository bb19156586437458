/* providers/net/http_headers.h: the header fields of an HTTP request and of its answer. Inside providers/net only. */
#pragma once

#include <curl/curl.h>

struct dg_http_request;

/* 0; 1: a field holds a line break. What is there already goes to dg_headers_free() in both cases. */
int dg_headers_make(const struct dg_http_request *r, struct curl_slist **headers);
/* The secret is overwritten before it goes back to the heap. */
void dg_headers_free(struct curl_slist *headers);
/* The Content-Type of the answer, into the request. */
void dg_headers_type(CURL *e, struct dg_http_request *r);
/* The URL of Link: with rel="next", malloc()ed; NULL: none. As it came: not to be shown or gone to without a look. */
char *dg_headers_next(CURL *e);
/* The first field of that name, malloc()ed; NULL: none, or too long. As it came. */
char *dg_headers_get(CURL *e, const char *name);
