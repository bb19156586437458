#include "providers/net/http_headers.h"

#include <stdio.h>
#include <string.h>

#include "providers/net/http.h"
#include "zones/base/buf.h"

#define HEADERS_MAX 16u
#define TYPE_MAX    ((size_t)16 * DG_HTTP_TYPE_MAX) /* octets of it, escaped */

void dg_headers_free(struct curl_slist *headers)
{
	for (struct curl_slist *s = headers; s; s = s->next) {
		explicit_bzero(s->data, strlen(s->data));
	}
	curl_slist_free_all(headers);
}

int dg_headers_make(const struct dg_http_request *r, struct curl_slist **headers)
{
	const char *list[HEADERS_MAX + 2];
	size_t n = 0;

	if (!r->aws_scope) {           /* libcurl would sign it, and not send it */
		list[n++] = "Expect:"; /* no waiting for a 100 before the body */
	}
	if (r->secret_header) {
		list[n++] = r->secret_header;
	}
	for (size_t i = 0; r->headers && r->headers[i] && n < HEADERS_MAX + 2; i++) {
		list[n++] = r->headers[i];
	}
	for (size_t i = 0; i < n; i++) {
		struct curl_slist *longer = NULL;
		if (!strpbrk(list[i], "\r\n")) {
			longer = curl_slist_append(*headers, list[i]);
		}
		if (!longer) {
			return 1;
		}
		*headers = longer;
	}
	return 0;
}

void dg_headers_type(CURL *e, struct dg_http_request *r)
{
	char *type = NULL;
	struct dg_buf safe;

	(void)curl_easy_getinfo(e, CURLINFO_CONTENT_TYPE, &type);
	if (type) {
		dg_buf_init(&safe, TYPE_MAX);
		dg_buf_put_safe(&safe, type, strnlen(type, DG_HTTP_TYPE_MAX));
		(void)snprintf(r->content_type, sizeof(r->content_type), "%s", safe.data);
		dg_buf_done(&safe);
	}
}

/* The target of one link of a Link: header; NULL: it is not rel="next". */
static char *next_of(const char *text)
{
	const char *end = NULL;

	for (const char *at = strchr(text, '<'); at; at = strchr(end, '<')) {
		end = strchr(at, '>');
		if (!end) {
			return NULL;
		}
		const char *rel = strstr(end, "rel=");
		const char *following = strchr(end, '<');
		size_t len = (size_t)(end - at - 1);
		bool is_next =
			rel && (!following || rel < following) &&
			(strncmp(rel, "rel=\"next\"", 10) == 0 || strncmp(rel, "rel=next", 8) == 0);
		if (is_next && len > 0 && len < DG_HTTP_NEXT_MAX) {
			return strndup(at + 1, len);
		}
	}
	return NULL;
}

char *dg_headers_next(CURL *e)
{
	struct curl_header *h = NULL;
	size_t amount = 1;
	char *next = NULL;

	for (size_t i = 0; i < amount && !next; i++) {
		if (curl_easy_header(e, "Link", i, CURLH_HEADER, -1, &h) != CURLHE_OK) {
			return NULL;
		}
		amount = h->amount < HEADERS_MAX ? h->amount : HEADERS_MAX;
		next = next_of(h->value);
	}
	return next;
}

char *dg_headers_get(CURL *e, const char *name)
{
	struct curl_header *h = NULL;

	if (!name || curl_easy_header(e, name, 0, CURLH_HEADER, -1, &h) != CURLHE_OK ||
		strlen(h->value) > DG_HTTP_NEXT_MAX) {
		return NULL;
	}
	return strdup(h->value);
}
