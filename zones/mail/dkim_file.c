#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/base/err.h"
#include "zones/mail/chars.h"
#include "zones/mail/dkim_key.h"
#include "zones/mail/lint.h"

#include <string.h>

#define HEADER_WORDS_MAX 4u /* owner, TTL, class, TXT */

/* A record as a line of a zone file, read only as far as key files need it. */
enum token {
	TOKEN_END,
	TOKEN_LINE,
	TOKEN_OPEN,
	TOKEN_CLOSE,
	TOKEN_WORD,
	TOKEN_STRING,
	TOKEN_BROKEN, /* a quote that is not closed */
};

struct scanner {
	const char *p;
	const char *end;
	struct dg_buf text; /* of the last word or string */
};

enum place {
	AT_HEADER,
	AT_DATA,
	AT_END,
};

struct record {
	struct dg_buf text;
	enum place place;
	unsigned n_words;
	unsigned depth;
	bool is_bare; /* strings without owner and type */
};

static void take_escape(struct scanner *s)
{
	s->p++;
	if (s->end - s->p >= 3 && dg_is_digit(s->p[0]) && dg_is_digit(s->p[1]) &&
		dg_is_digit(s->p[2])) {
		unsigned value = (unsigned)(s->p[0] - '0') * 100 + (unsigned)(s->p[1] - '0') * 10 +
				 (unsigned)(s->p[2] - '0');
		dg_buf_putc(&s->text, (char)(value & 0xff));
		s->p += 3;
	} else if (s->p < s->end) {
		dg_buf_putc(&s->text, *s->p++);
	}
}

static enum token take_string(struct scanner *s)
{
	s->p++;
	while (s->p < s->end && *s->p != '"') {
		if (*s->p == '\\') {
			take_escape(s);
		} else if (*s->p == '\n') {
			return TOKEN_BROKEN;
		} else {
			dg_buf_putc(&s->text, *s->p++);
		}
	}
	if (s->p == s->end) {
		return TOKEN_BROKEN;
	}
	s->p++;
	return TOKEN_STRING;
}

static enum token take_word(struct scanner *s)
{
	while (s->p < s->end && !strchr(" \t\r\n;()\"", *s->p)) {
		if (*s->p == '\\') {
			take_escape(s);
		} else {
			dg_buf_putc(&s->text, *s->p++);
		}
	}
	return TOKEN_WORD;
}

static enum token next_token(struct scanner *s)
{
	dg_buf_clear(&s->text);
	while (s->p < s->end && (dg_is_wsp(*s->p) || *s->p == '\r')) {
		s->p++;
	}
	if (s->p < s->end && *s->p == ';') {
		while (s->p < s->end && *s->p != '\n') {
			s->p++;
		}
	}
	if (s->p == s->end) {
		return TOKEN_END;
	}
	switch (*s->p) {
	case '\n':
		s->p++;
		return TOKEN_LINE;
	case '(':
		s->p++;
		return TOKEN_OPEN;
	case ')':
		s->p++;
		return TOKEN_CLOSE;
	case '"':
		return take_string(s);
	default:
		return take_word(s);
	}
}

/* NULL, or what is wrong. */
static const char *take_text(struct record *r, const struct scanner *s, bool is_string)
{
	if (r->place == AT_END) {
		return "holds several records: one file, one key";
	}
	if (r->place == AT_HEADER && is_string && r->n_words == 0) {
		r->is_bare = true;
		r->place = AT_DATA;
	}
	if (r->place == AT_DATA) {
		dg_buf_put(&r->text, s->text.data, s->text.len);
		return NULL;
	}
	if (is_string || ++r->n_words > HEADER_WORDS_MAX) {
		return "is neither PEM nor a DKIM record";
	}
	if (r->n_words > 1 && dg_is_word(s->text.data, s->text.len, "TXT")) {
		r->place = AT_DATA;
	}
	return NULL;
}

static const char *take_token(struct record *r, const struct scanner *s, enum token token)
{
	switch (token) {
	case TOKEN_OPEN:
		r->depth++;
		return r->depth > 1 ? "has a parenthesis within another" : NULL;
	case TOKEN_CLOSE:
		return r->depth-- == 0 ? "has a closing parenthesis without an opening one" : NULL;
	case TOKEN_WORD:
	case TOKEN_STRING:
		return take_text(r, s, token == TOKEN_STRING);
	case TOKEN_BROKEN:
		return "has a quote that is not closed on its line";
	case TOKEN_LINE:
	case TOKEN_END:
		if (r->place == AT_DATA && r->depth == 0 && !r->is_bare) {
			r->place = AT_END;
		}
		return token == TOKEN_END && r->depth > 0 ? "has a parenthesis that is not closed"
							  : NULL;
	}
	return NULL;
}

static const char *read_zone_line(
	struct dg_arena *a, const char *data, size_t len, const char **ret_text)
{
	struct scanner s = {.p = data, .end = data + len};
	struct record r = {.place = AT_HEADER};
	const char *fault = NULL;
	enum token token = TOKEN_LINE;

	dg_buf_init(&s.text, DG_DKIM_FILE_MAX);
	dg_buf_init(&r.text, DG_DKIM_TEXT_MAX);
	while (!fault && token != TOKEN_END) {
		token = next_token(&s);
		fault = take_token(&r, &s, token);
	}
	if (!fault && r.text.is_full) {
		fault = "holds a record that is too long";
	}
	if (!fault && r.text.len == 0) {
		fault = "is neither PEM nor a DKIM record";
	}
	if (!fault) {
		*ret_text = dg_strndup(a, r.text.data, r.text.len);
	}
	dg_buf_done(&r.text);
	dg_buf_done(&s.text);
	return fault;
}

static bool is_space(char c)
{
	return dg_is_wsp(c) || c == '\r' || c == '\n';
}

/* Text that begins with "tag =". */
static bool is_bare_text(const char *p, size_t len)
{
	size_t i = 0;

	while (i < len && (dg_is_alnum(p[i]) || p[i] == '_')) {
		i++;
	}
	size_t name_len = i;
	while (i < len && dg_is_wsp(p[i])) {
		i++;
	}
	return name_len > 0 && i < len && p[i] == '=';
}

/* A line break, with the white space around it, means nothing in a record. */
static const char *unfold(struct dg_arena *a, const char *p, size_t len)
{
	char *text = dg_get(a, len + 1, 1);
	size_t n = 0;

	for (size_t i = 0; i < len;) {
		size_t run = i;
		bool has_break = false;

		while (run < len && is_space(p[run])) {
			has_break = has_break || p[run] == '\n';
			run++;
		}
		if (run == i) {
			text[n++] = p[i++];
			continue;
		}
		if (!has_break && run < len) {
			memcpy(text + n, p + i, run - i);
			n += run - i;
		}
		i = run;
	}
	return text;
}

static int check_record(struct dg_arena *a, const char *text, const char *file, struct dg_err *err)
{
	struct dg_lints lints;
	struct dg_dkim d;

	dg_lints_init(&lints, a);
	dg_dkim_parse(a, text, strlen(text), &d, &lints);
	for (size_t i = 0; i < lints.n; i++) {
		if (lints.list[i].level == DG_LEVEL_ERROR) {
			return dg_fail(err, DG_EINPUT, "%s: %s (%s)", file, lints.list[i].text,
				lints.list[i].rule);
		}
	}
	return DG_OK;
}

static int from_record(struct dg_arena *a, const char *data, size_t len, const char *file,
	const char **ret_text, struct dg_err *err)
{
	size_t start = 0;
	const char *text = NULL;
	const char *fault = NULL;

	while (start < len && is_space(data[start])) {
		start++;
	}
	if (is_bare_text(data + start, len - start)) {
		text = unfold(a, data + start, len - start);
	} else {
		fault = read_zone_line(a, data + start, len - start, &text);
	}
	if (fault) {
		return dg_fail(err, DG_EINPUT,
			"%s: %s: expected a public key in PEM, or one record \"v=DKIM1; ...\" (RFC "
			"6376 section 3.6.1)",
			file, fault);
	}
	int r = check_record(a, text, file, err);
	if (r < 0) {
		return r;
	}
	*ret_text = text;
	return DG_OK;
}

static bool has_text(const char *data, size_t len, const char *text)
{
	return len > 0 && memmem(data, len, text, strlen(text)) != NULL;
}

int dg_dkim_from_file(struct dg_arena *a, const char *data, size_t len, const char *file,
	const char **ret_text, struct dg_err *err)
{
	if (len == 0 || len > DG_DKIM_FILE_MAX) {
		return dg_fail(err, DG_EINPUT, "%s: a key file has 1 to %u octets, not %zu", file,
			DG_DKIM_FILE_MAX, len);
	}
	if (memchr(data, '\0', len)) {
		return dg_fail(err, DG_EINPUT,
			"%s: is binary: expected PEM text (openssl pkey -pubin -inform DER -in "
			"FILE)",
			file);
	}
	if (has_text(data, len, "PRIVATE KEY-----")) {
		return dg_fail(err, DG_EINPUT,
			"%s: holds a private key, which is not for publishing: give the public one "
			"(openssl pkey -in FILE -pubout)",
			file);
	}
	if (has_text(data, len, "-----BEGIN ")) {
		return dg_dkim_from_pem(a, data, len, file, ret_text, err);
	}
	return from_record(a, data, len, file, ret_text, err);
}
