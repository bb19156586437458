/* Small things that dialects need: members of JSON, parts of URLs, what the other side says in an error. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "providers/api/api.h"
#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/record/name.h"

#define SHOWN_MAX  240u /* octets of the other side's text that are shown */
#define DEPTH_MAX  6u   /* of JSON that is looked through for words */
#define PIECE_LEN  8u   /* octets of a secret that are never shown */
#define WORDS_MAX  4096u
#define ESCAPE_MAX ((size_t)3 * 4096)

int dg_api_bad(struct dg_api_work *w, const char *what)
{
	return dg_fail(
		w->err, DG_EREMOTE, "the answer of %s is not understood: %s", w->api->host, what);
}

const char *dg_api_text(const json_t *o, const char *key)
{
	return json_string_value(json_object_get(o, key));
}

json_int_t dg_api_int(const json_t *o, const char *key)
{
	const json_t *v = json_object_get(o, key);

	return json_is_integer(v) ? json_integer_value(v) : -1;
}

const char *dg_api_id(struct dg_api_work *w, const json_t *id)
{
	if (json_is_integer(id) && json_integer_value(id) >= 0) {
		return dg_printf(w->arena, "%lld", (long long)json_integer_value(id));
	}
	const char *text = json_string_value(id);
	size_t len = text ? strlen(text) : 0;
	if (len == 0 || len > DG_API_ID_MAX || strspn(text, ".") == len) {
		return NULL;
	}
	for (size_t i = 0; i < len; i++) {
		bool is_plain = (text[i] >= '0' && text[i] <= '9') ||
				((text[i] | 0x20) >= 'a' && (text[i] | 0x20) <= 'z') ||
				strchr("-_.", text[i]);
		if (!is_plain) {
			return NULL;
		}
	}
	return dg_strdup(w->arena, text);
}

const char *dg_api_escape(struct dg_arena *a, const char *text)
{
	struct dg_buf b;

	dg_buf_init(&b, ESCAPE_MAX);
	for (const char *c = text; *c; c++) {
		bool is_plain = (*c >= '0' && *c <= '9') || (*c >= 'a' && *c <= 'z') ||
				(*c >= 'A' && *c <= 'Z') || strchr("-_.~", *c);
		if (is_plain) {
			dg_buf_putc(&b, *c);
		} else {
			dg_buf_printf(&b, "%%%02X", (unsigned)(unsigned char)*c);
		}
	}
	const char *escaped = dg_strdup(a, b.data ? b.data : "");
	dg_buf_done(&b);
	return escaped;
}

void dg_api_header(struct dg_api_work *w, const char *line)
{
	size_t n = 0;

	while (w->headers[n]) {
		n++;
	}
	assert(n + 1 < sizeof(w->headers) / sizeof(w->headers[0]));
	w->headers[n] = line;
	w->headers[n + 1] = NULL;
}

void dg_api_json_type(
	struct dg_api_work *w, const struct dg_api_call *call, struct dg_http_request *r)
{
	(void)r;
	if (call->body) {
		dg_api_header(w, "Content-Type: application/json");
	}
}

const char *dg_api_label(struct dg_api_work *w, const char *owner, const char *apex)
{
	return strcmp(owner, w->zone) == 0 ? apex : dg_name_relative(w->arena, owner, w->zone);
}

const char *dg_api_body(struct dg_api_work *w, json_t *json)
{
	char *text = json_dumps(json, JSON_COMPACT);

	if (!text) {
		abort();
	}
	const char *body = dg_strdup(w->arena, text);
	free(text);
	json_decref(json);
	return body;
}

const char *dg_api_type(struct dg_api_work *w, uint16_t type)
{
	char text[16];

	return dg_strdup(w->arena, dg_type_text(type, text));
}

/* --- words ------------------------------------------------------------------------------------ */
static void put_word(struct dg_buf *b, const char *text)
{
	if (*text && !strstr(b->data ? b->data : "", text)) {
		dg_buf_puts(b, b->len > 0 ? "; " : "");
		dg_buf_puts(b, text);
	}
}

/* The keys under which APIs say what is wrong. */
static bool is_said_under(const char *key)
{
	static const char *const keys[] = {"message", "Message", "error", "detail", "reason",
		"description", "error_description", "error_msg", "non_field_errors", "cause",
		"title"};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (strcmp(key, keys[i]) == 0) {
			return true;
		}
	}
	return false;
}

/* Texts under such keys; below them, or in a list of an object (field: ["what is wrong"]), every text. */
/* NOLINTNEXTLINE(misc-no-recursion): depth bounds it */
static void gather(struct dg_buf *b, json_t *v, bool takes_all, unsigned depth)
{
	json_t *member = NULL;
	const char *key = NULL;
	size_t i = 0;

	if (depth == 0) {
		return;
	}
	if (json_is_string(v) && takes_all) {
		put_word(b, json_string_value(v));
	} else if (json_is_array(v)) {
		json_array_foreach(v, i, member)
		{
			gather(b, member, takes_all, depth - 1);
		}
	} else if (json_is_object(v)) {
		json_object_foreach(v, key, member)
		{
			gather(b, member,
				is_said_under(key) ||
					(json_is_array(member) &&
						json_is_string(json_array_get(member, 0))),
				depth - 1);
		}
	}
}

static bool is_secret(const struct dg_api *p, const char *text, size_t len)
{
	for (unsigned i = 0; i < DG_API_SECRETS && p->secrets[i]; i++) {
		const char *s = p->secrets[i];
		size_t n = strlen(s);
		size_t piece = n < PIECE_LEN ? n : PIECE_LEN;

		for (size_t k = 0; piece > 0 && k + piece <= n; k++) {
			if (memmem(text, len, s + k, piece)) {
				return true;
			}
		}
	}
	return false;
}

const char *dg_api_words(struct dg_api_work *w, const struct dg_api_reply *reply)
{
	struct dg_buf found;
	struct dg_buf b;

	dg_buf_init(&found, WORDS_MAX);
	dg_buf_init(&b, (size_t)SHOWN_MAX * 8 + 64);
	gather(&found, reply->json, json_is_string(reply->json), DEPTH_MAX);
	const char *text = found.len > 0 ? found.data : reply->body;
	size_t len = found.len > 0 ? found.len : reply->len;
	while (len > 0 && strchr(" \t\r\n", text[len - 1])) {
		len--;
	}
	if (len > 0 && is_secret(w->api, text, len)) {
		dg_buf_puts(&b, "(not shown: it repeats the key)");
	} else if (len > 0) {
		dg_buf_put_safe(&b, text, len < SHOWN_MAX ? len : SHOWN_MAX);
		dg_buf_puts(&b, len > SHOWN_MAX ? "..." : "");
	}
	const char *words = dg_strdup(w->arena, b.data ? b.data : "");
	dg_buf_done(&b);
	dg_buf_done(&found);
	return words;
}

void dg_api_explain(struct dg_api_work *w, const struct dg_api_reply *reply)
{
	const struct dg_http_request *r = &w->request;
	const char *host = w->api->host;
	const char *text = dg_api_words(w, reply);
	const char *quote = *text ? ": " : "";
	long status = r->status;

	if (status == 401 || status == 403) {
		(void)dg_fail(w->err, DG_EREMOTE,
			"%s refuses the key (%ld)%s%s: is it right, has it not run out, and may it "
			"read and write the zone %s",
			host, status, quote, text, w->plain);
	} else if (status == 404) {
		(void)dg_fail(w->err, DG_EREMOTE,
			"%s does not know the zone %s, or what it was asked (404)%s%s", host,
			w->plain, quote, text);
	} else if (status == 429) {
		(void)dg_fail(
			w->err, DG_ELIMIT, "%s wants fewer requests (429)%s%s", host, quote, text);
	} else if (status >= 500) {
		(void)dg_fail(w->err, DG_EREMOTE, "%s failed (%ld)%s%s", host, status, quote, text);
	} else if (status >= 300 && status < 400) {
		(void)dg_fail(w->err, DG_EREMOTE,
			"%s answers with a redirect (%ld), which is not followed: correct url",
			host, status);
	} else {
		(void)dg_fail(
			w->err, DG_EREMOTE, "%s says no (%ld)%s%s", host, status, quote, text);
	}
	w->err->retry_after_s = r->retry_after_s;
}

const char *dg_api_query(struct dg_arena *a, const char *next)
{
	const char *query = next ? strchr(next, '?') : NULL;

	if (!query || query[strspn(query, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
					  "0123456789?&=%-_.~+:")] != '\0') {
		return NULL;
	}
	return dg_strdup(a, query + 1);
}
