#include "controller/watch/reports.h"
#include "controller/watch/reports_parts.h"
#include "zones/base/err.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define BOUNDARY_MAX 70u   /* RFC 2046 section 5.1.1 */
#define HEADER_MAX   4096u /* of one header field, unfolded */

struct scan {
	const char *p, *end;
	struct {
		char text[BOUNDARY_MAX + 1];
		size_t n;
	} boundaries[DG_REPORTS_BOUNDARIES_MAX];
	size_t n_boundaries, n_parts;
	bool is_base64, is_plain; /* of the part: its Content-Transfer-Encoding */
};

/* --- lines ------------------------------------------------------------------------------------ */
/* A line without its end; false: no more. */
static bool next_line(struct scan *s, const char **ret_line, size_t *ret_n)
{
	if (s->p == s->end) {
		return false;
	}
	const char *lf = memchr(s->p, '\n', (size_t)(s->end - s->p));
	const char *stop = lf ? lf : s->end;

	*ret_line = s->p;
	*ret_n = (size_t)(stop - s->p);
	*ret_n -= *ret_n > 0 && stop[-1] == '\r';
	s->p = lf ? lf + 1 : s->end;
	return true;
}

static bool is_boundary(const struct scan *s, const char *line, size_t n)
{
	if (n < 3 || line[0] != '-' || line[1] != '-') {
		return false;
	}
	for (size_t i = 0; i < s->n_boundaries; i++) {
		size_t len = s->boundaries[i].n;
		if (n - 2 >= len && memcmp(line + 2, s->boundaries[i].text, len) == 0) {
			return true;
		}
	}
	return false;
}

/* --- header fields ---------------------------------------------------------------------------- */
static void take_boundary(struct scan *s, const char *value)
{
	const char *at = strcasestr(value, "boundary");

	at = at ? at + strlen("boundary") : "";
	at += strspn(at, " \t");
	if (*at != '=' || s->n_boundaries == DG_REPORTS_BOUNDARIES_MAX) {
		return;
	}
	at += 1 + strspn(at + 1, " \t");
	bool is_quoted = *at == '"';
	at += is_quoted;
	size_t n = strcspn(at, is_quoted ? "\"" : " \t;");
	if (n > 0 && n <= BOUNDARY_MAX) {
		memcpy(s->boundaries[s->n_boundaries].text, at, n);
		s->boundaries[s->n_boundaries++].n = n;
	}
}

static void take_field(struct scan *s, const char *field)
{
	if (strncasecmp(field, "content-type:", 13) == 0) {
		take_boundary(s, field + 13);
	} else if (strncasecmp(field, "content-transfer-encoding:", 26) == 0) {
		const char *value = field + 26 + strspn(field + 26, " \t");
		s->is_base64 = strncasecmp(value, "base64", 6) == 0;
		s->is_plain = strncasecmp(value, "7bit", 4) == 0 ||
			      strncasecmp(value, "8bit", 4) == 0 ||
			      strncasecmp(value, "binary", 6) == 0;
	}
}

/* Up to the empty line. */
static void read_headers(struct scan *s)
{
	char field[HEADER_MAX];
	const char *line = NULL;
	size_t len = 0;
	size_t n = 0;

	s->is_base64 = false;
	s->is_plain = true;
	while (next_line(s, &line, &n) && n > 0) {
		if (line[0] != ' ' && line[0] != '\t') {
			field[len] = '\0';
			take_field(s, field);
			len = 0;
		}
		size_t room = sizeof(field) - 1 - len;
		size_t take = n < room ? n : room;
		memcpy(field + len, line, take);
		len += take;
	}
	field[len] = '\0';
	take_field(s, field);
}

/* --- bodies ----------------------------------------------------------------------------------- */
static struct dg_span read_body(struct scan *s)
{
	struct dg_span body = {(const uint8_t *)s->p, 0};
	const char *line = NULL;
	size_t n = 0;

	while (next_line(s, &line, &n)) {
		if (is_boundary(s, line, n)) {
			body.n = (size_t)((const uint8_t *)line - body.p);
			return body;
		}
	}
	body.n = (size_t)((const uint8_t *)s->end - body.p);
	return body;
}

static int sextet(uint8_t c)
{
	return c >= 'A' && c <= 'Z'   ? c - 'A'
	       : c >= 'a' && c <= 'z' ? c - 'a' + 26
	       : c >= '0' && c <= '9' ? c - '0' + 52
	       : c == '+'             ? 62
	       : c == '/'             ? 63
				      : -1;
}

/* What is not of the alphabet is skipped (RFC 2045 section 6.8); out has room for 3/4 of it. */
static size_t decode(struct dg_span body, uint8_t *out)
{
	uint32_t bits = 0;
	unsigned n_bits = 0;
	size_t n = 0;

	for (size_t i = 0; i < body.n && body.p[i] != '='; i++) {
		int value = sextet(body.p[i]);
		if (value < 0) {
			continue;
		}
		bits = bits << 6 | (uint32_t)value;
		n_bits += 6;
		if (n_bits >= 8) {
			n_bits -= 8;
			out[n++] = (uint8_t)(bits >> n_bits);
		}
	}
	return n;
}

static bool is_wanted(struct dg_span s)
{
	return dg_span_is_gzip(s) || dg_span_is_zip(s) || dg_span_is_report(s);
}

/* 0: it is one, in memory of its own. */
static int take_body(const struct scan *s, struct dg_span body, uint8_t **ret_p, size_t *ret_n)
{
	uint8_t head[96];
	struct dg_span start = {body.p, body.n < 128 ? body.n : 128};

	if (s->is_base64) {
		start = (struct dg_span){head, decode(start, head)};
	}
	if ((!s->is_base64 && !s->is_plain) || !is_wanted(start)) {
		return DG_REPORTS_NONE;
	}
	uint8_t *p = malloc(body.n + 1);
	if (!p) {
		abort();
	}
	if (s->is_base64) {
		*ret_n = decode(body, p);
	} else {
		memcpy(p, body.p, body.n);
		*ret_n = body.n;
	}
	*ret_p = p;
	return 0;
}

int dg_reports_find_part(struct dg_span mail, uint8_t **ret_p, size_t *ret_n, struct dg_err *err)
{
	struct scan s = {.p = (const char *)mail.p, .end = (const char *)mail.p + mail.n};
	int r = DG_REPORTS_NONE;

	while (r == DG_REPORTS_NONE && s.p < s.end) {
		if (++s.n_parts > DG_REPORTS_PARTS_MAX) {
			return dg_fail(err, DG_ELIMIT, "the mail has more than %u parts",
				DG_REPORTS_PARTS_MAX);
		}
		read_headers(&s);
		r = take_body(&s, read_body(&s), ret_p, ret_n);
	}
	return r;
}
