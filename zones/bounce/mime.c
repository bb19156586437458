#include "zones/bounce/mime.h"

#include "zones/base/arena.h"
#include "zones/bounce/bounce.h"

struct scan {
	struct dg_arena *arena;
	size_t n;
	bool is_cut;
};

/* --- what a part is ---------------------------------------------------------------------------- */
static const char *lower(struct dg_arena *a, struct dg_span s)
{
	char *text = dg_strndup(a, s.p, s.n < DG_PART_WORD_MAX ? s.n : DG_PART_WORD_MAX);

	for (char *c = text; *c != '\0'; c++) {
		*c = dg_lower(*c);
	}
	return text;
}

/* The value of a parameter that begins at s: a quoted string or a word. Returns what it took. */
static size_t parameter_value(struct dg_arena *a, struct dg_span s, struct dg_span *ret_value)
{
	size_t n = 0;

	if (s.n == 0 || s.p[0] != '"') {
		while (n < s.n && s.p[n] != ';' && !dg_is_blank(s.p[n])) {
			n++;
		}
		*ret_value = dg_span_head(s, n);
		return n;
	}
	char *text = dg_get(a, 1, s.n);
	size_t len = 0;
	for (n = 1; n < s.n && s.p[n] != '"'; n++) {
		n += s.p[n] == '\\' && n + 1 < s.n;
		text[len++] = s.p[n];
	}
	*ret_value = (struct dg_span){text, len};
	return n + 1;
}

static void take_parameter(
	struct dg_arena *a, struct dg_part *part, struct dg_span name, struct dg_span value)
{
	if (dg_span_is(name, DG_SPAN("boundary"))) {
		part->boundary = value;
	} else if (dg_span_is(name, DG_SPAN("charset"))) {
		part->charset = lower(a, value);
	}
}

static int take_type(struct dg_arena *a, struct dg_part *part, struct dg_span value)
{
	size_t n = 0;
	int r = 0;

	while (n < value.n && value.p[n] != ';' && !dg_is_blank(value.p[n])) {
		n++;
	}
	part->type = lower(a, dg_span_head(value, n));
	if (dg_span_char(dg_span_head(value, n), '/') == DG_NOWHERE) {
		part->type = "text/plain"; /* RFC 2045 section 5.2 */
		r = 1;
	}
	for (struct dg_span rest = dg_span_cut(value, n); rest.n > 0;) {
		while (rest.n > 0 && (dg_is_blank(rest.p[0]) || rest.p[0] == ';')) {
			rest = dg_span_cut(rest, 1);
		}
		size_t at = 0;
		while (at < rest.n && rest.p[at] != '=' && rest.p[at] != ';') {
			at++;
		}
		struct dg_span name = dg_span_trim(dg_span_head(rest, at));
		if (dg_span_char(name, '*') != DG_NOWHERE) {
			r = 1; /* RFC 2231: in pieces */
		}
		if (at < rest.n && rest.p[at] == '=') {
			struct dg_span value_at = dg_span_cut(rest, at + 1);
			while (value_at.n > 0 && dg_is_blank(value_at.p[0])) {
				value_at = dg_span_cut(value_at, 1);
			}
			struct dg_span text;
			at = (size_t)(value_at.p - rest.p) + parameter_value(a, value_at, &text);
			take_parameter(a, part, name, text);
		}
		rest = dg_span_cut(rest, at);
	}
	return r;
}

static int take_encoding(struct dg_part *part, struct dg_span value)
{
	static const struct {
		struct dg_span word;
		enum dg_encoding encoding;
	} words[] = {
		{{"7bit", 4}, DG_ENCODING_NONE},
		{{"8bit", 4}, DG_ENCODING_NONE},
		{{"binary", 6}, DG_ENCODING_NONE},
		{{"quoted-printable", 16}, DG_ENCODING_QUOTED},
		{{"base64", 6}, DG_ENCODING_BASE64},
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (dg_span_begins(value, words[i].word)) {
			part->encoding = words[i].encoding;
			return value.n == words[i].word.n ? 0 : 1;
		}
	}
	part->encoding = DG_ENCODING_OTHER;
	return 1;
}

int dg_part_describe(struct dg_arena *a, struct dg_part *part)
{
	struct dg_span rest = part->head;
	struct dg_field f;
	bool has_type = false;
	size_t n = 0;
	int r = 0;

	part->type = "text/plain";
	part->charset = "";
	while (n++ < DG_BOUNCE_HEADERS_MAX && dg_field_next(&rest, &f)) {
		if (f.value.n > DG_BOUNCE_HEADER_MAX) {
			continue;
		}
		if (dg_span_is(f.name, DG_SPAN("content-type"))) {
			r |= has_type ? 1 : take_type(a, part, f.value);
			has_type = true;
		} else if (dg_span_is(f.name, DG_SPAN("content-transfer-encoding"))) {
			r |= take_encoding(part, f.value);
		}
	}
	return r;
}

/* --- the tree ---------------------------------------------------------------------------------- */
/* NOLINTBEGIN(misc-no-recursion): DG_BOUNCE_DEPTH_MAX bounds it */
static int scan_part(struct scan *s, struct dg_part *part, struct dg_span text);

static struct dg_part *new_part(struct scan *s, unsigned depth)
{
	if (s->n >= DG_BOUNCE_PARTS_MAX || depth > DG_BOUNCE_DEPTH_MAX) {
		s->is_cut = true;
		return NULL;
	}
	struct dg_part *part = dg_new(s->arena, struct dg_part);
	part->depth = depth;
	s->n++;
	return part;
}

/* A header that is none: a line that neither begins a field nor goes on with one. */
static bool is_header(struct dg_span head)
{
	struct dg_span line;
	bool has_field = false;

	while (dg_line_next(&head, &line)) {
		bool is_field = dg_field_name_len(line) > 0;

		if (!is_field && !(has_field && dg_is_wsp(line.p[0]))) {
			return false;
		}
		has_field = true;
	}
	return true;
}

/* The next line that is a delimiter, from *at on. 0: a part begins behind it; 1: it closes; -1: none. */
static int next_delimiter(
	struct dg_span body, struct dg_span boundary, size_t *at, size_t *ret_begin)
{
	while (*at < body.n) {
		const char *p = memmem(body.p + *at, body.n - *at, boundary.p, boundary.n);

		if (!p) {
			break;
		}
		size_t where = (size_t)(p - body.p);
		struct dg_span rest = dg_span_cut(body, where + boundary.n);
		struct dg_span tail;
		*at = where + 1;
		if (where < 2 || p[-1] != '-' || p[-2] != '-' || (where > 2 && p[-3] != '\n')) {
			continue;
		}
		if (!dg_line_next(&rest, &tail)) {
			tail = (struct dg_span){"", 0};
		}
		bool closes = tail.n >= 2 && tail.p[0] == '-' && tail.p[1] == '-';
		if (dg_span_trim(closes ? dg_span_cut(tail, 2) : tail).n == 0) {
			*ret_begin = where - 2;
			*at = (size_t)(rest.p - body.p);
			return closes ? 1 : 0;
		}
	}
	return -1;
}

/* The line end before a delimiter belongs to it (RFC 2046 section 5.1.1). */
static struct dg_span without_end(struct dg_span s)
{
	if (s.n > 0 && s.p[s.n - 1] == '\n') {
		s.n--;
		s.n -= s.n > 0 && s.p[s.n - 1] == '\r';
	}
	return s;
}

static int scan_multipart(struct scan *s, struct dg_part *part)
{
	struct dg_part **end = &part->first;
	size_t at = 0;
	size_t begin = 0;
	int found = 0;

	if (part->boundary.n == 0 || part->boundary.n > DG_BOUNCE_BOUNDARY_MAX ||
		part->encoding != DG_ENCODING_NONE ||
		next_delimiter(part->body, part->boundary, &at, &begin) != 0) {
		return 1;
	}
	for (size_t n_children = 0; found == 0; n_children++) {
		size_t from = at;

		found = next_delimiter(part->body, part->boundary, &at, &begin);
		if (found < 0 && n_children == 0) {
			return 1; /* one delimiter in all: others may be written wrong */
		}
		struct dg_part *child = new_part(s, part->depth + 1);
		if (!child) {
			return 0;
		}
		*end = child;
		end = &child->next;
		struct dg_span text = dg_span_cut(part->body, from);
		if (found >= 0) {
			text = without_end(dg_span_head(text, begin - from));
		} /* else it was not closed, and all that is left is its last part */
		int r = scan_part(s, child, text);
		if (r != 0 || s->is_cut) {
			return r;
		}
	}
	return 0;
}

/* A part of a multipart without any header begins with an empty line. */
static int scan_part(struct scan *s, struct dg_part *part, struct dg_span text)
{
	(void)dg_head_split(text, &part->head, &part->body);
	if (!is_header(part->head) || dg_part_describe(s->arena, part) != 0) {
		return 1;
	}
	struct dg_span type = {part->type, strlen(part->type)};
	if (dg_span_begins(type, DG_SPAN("multipart/"))) {
		return scan_multipart(s, part);
	}
	if (dg_span_is(type, DG_SPAN("message/partial"))) {
		return 1;
	}
	if (dg_span_is(type, DG_SPAN("message/rfc822")) ||
		dg_span_is(type, DG_SPAN("message/global"))) {
		if (part->encoding != DG_ENCODING_NONE) {
			return 1;
		}
		part->first = new_part(s, part->depth + 1);
		return part->first ? scan_part(s, part->first, part->body) : 0;
	}
	return 0;
}

/* NOLINTEND(misc-no-recursion) */

int dg_mime_scan(struct dg_arena *a, const char *p, size_t len, struct dg_parts *ret_parts)
{
	struct scan s = {.arena = a};
	struct dg_part *root = new_part(&s, 0);
	int r = root ? scan_part(&s, root, (struct dg_span){p, len}) : 1;

	if (r == 0 || s.is_cut) {
		*ret_parts = (struct dg_parts){.root = root, .n = s.n, .is_cut = s.is_cut};
		return 0;
	}
	return 1;
}

size_t dg_mime_bound(const char *p, size_t len)
{
	struct dg_span rest = {p, len};
	struct dg_span line;
	size_t n_delimiters = 0;
	size_t n_fields = 0;

	while (dg_line_next(&rest, &line)) {
		n_delimiters += dg_span_begins(line, DG_SPAN("--")) ||
				dg_span_begins(line, DG_SPAN("content-type"));
		n_fields += line.n == 0 || dg_is_wsp(line.p[0]) || dg_field_name_len(line) > 0;
		if (n_delimiters > DG_MIME_DELIMITERS_MAX || n_fields > DG_MIME_FIELDS_MAX) {
			return (size_t)(line.p - p);
		}
	}
	return len;
}
