#include "zones/bounce/mime.h"

size_t dg_span_find(struct dg_span s, struct dg_span word)
{
	for (size_t i = 0; i + word.n <= s.n; i++) {
		if (dg_lower(s.p[i]) == word.p[0] && dg_span_begins(dg_span_cut(s, i), word)) {
			return i;
		}
	}
	return DG_NOWHERE;
}

/* RFC 5322 section 3.6.8; blanks before the colon are obsolete, not wrong (section 4.5). */
size_t dg_field_name_len(struct dg_span line)
{
	size_t n = 0;

	while (n < line.n && line.p[n] != ':' && dg_is_visible(line.p[n])) {
		n++;
	}
	size_t at = n;
	while (at < line.n && dg_is_wsp(line.p[at])) {
		at++;
	}
	return n > 0 && at < line.n && line.p[at] == ':' ? n : 0;
}

static bool is_fold(struct dg_span rest)
{
	return rest.n > 0 && dg_is_wsp(rest.p[0]);
}

bool dg_field_next(struct dg_span *rest, struct dg_field *ret_field)
{
	struct dg_span line;

	while (dg_line_next(rest, &line)) {
		size_t n = dg_field_name_len(line);

		if (n == 0) {
			continue;
		}
		const char *end = line.p + line.n;
		struct dg_span more;
		while (is_fold(*rest) && dg_line_next(rest, &more)) {
			end = more.p + more.n;
		}
		const char *colon = memchr(line.p + n, ':', line.n - n);
		ret_field->name = dg_span_head(line, n);
		ret_field->value =
			dg_span_trim((struct dg_span){colon + 1, (size_t)(end - colon) - 1});
		return true;
	}
	return false;
}

bool dg_head_split(struct dg_span message, struct dg_span *ret_head, struct dg_span *ret_body)
{
	struct dg_span rest = message;
	struct dg_span line;

	while (dg_line_next(&rest, &line)) {
		if (line.n == 0) {
			*ret_head = dg_span_head(message, (size_t)(line.p - message.p));
			*ret_body = rest;
			return true;
		}
	}
	*ret_head = message;
	*ret_body = dg_span_cut(message, message.n);
	return false;
}
