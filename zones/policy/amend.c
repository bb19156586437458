#include "zones/policy/amend.h"

#include "zones/base/buf.h"

#include <string.h>

struct line {
	const char *text;
	size_t len;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* The octet at which a column begins; len: it is not in the line. */
static size_t offset_of(const struct line *l, unsigned column)
{
	size_t at = 0;

	for (unsigned n = 1; at < l->len; at++) {
		bool is_start = ((unsigned char)l->text[at] & 0xC0u) != 0x80;

		if (is_start && n++ == column) {
			return at;
		}
	}
	return l->len;
}

static size_t skip_blanks(const struct line *l, size_t at)
{
	while (at < l->len && is_blank(l->text[at])) {
		at++;
	}
	return at;
}

/* Where what stands before a place ends: blanks are left out. */
static size_t before(const struct line *l, size_t at)
{
	while (at > 0 && is_blank(l->text[at - 1])) {
		at--;
	}
	return at;
}

/* The end of a quoted scalar; 0: it is not in this line. */
static size_t quoted_end(const struct line *l, size_t at)
{
	char quote = l->text[at];

	for (size_t i = at + 1; i < l->len; i++) {
		if (quote == '"' && l->text[i] == '\\') {
			i++;
		} else if (l->text[i] == quote) {
			bool is_doubled =
				quote == '\'' && i + 1 < l->len && l->text[i + 1] == quote;
			if (!is_doubled) {
				return i + 1;
			}
			i++;
		}
	}
	return 0;
}

/* The end of a scalar; 0: it is none that ends in this line. */
static size_t scalar_end(const struct line *l, size_t at, bool is_flow)
{
	size_t end = at;

	if (at >= l->len || strchr("&*!|>[{#%@`,]}", l->text[at])) {
		return 0;
	}
	if (l->text[at] == '"' || l->text[at] == '\'') {
		return quoted_end(l, at);
	}
	for (; end < l->len; end++) {
		char c = l->text[end];

		if ((is_flow && strchr(",[]{}", c)) || (c == '#' && is_blank(l->text[end - 1]))) {
			break;
		}
	}
	return before(l, end) > at ? before(l, end) : 0;
}

static bool put_without(struct dg_buf *b, const struct line *l, size_t from, size_t to)
{
	dg_buf_put(b, l->text, from);
	dg_buf_put(b, l->text + to, l->len - to);
	return true;
}

bool dg_amend_without(struct dg_buf *b, const char *line, size_t len, unsigned column, size_t n,
	bool *ret_is_gone)
{
	const struct line l = {line, len};
	size_t at = offset_of(&l, column);
	size_t start = before(&l, at);
	char opener = (char)(start > 0 ? line[start - 1] : '\0');
	bool is_block = opener == '-' && start < at && before(&l, start - 1) == 0;
	size_t end = scalar_end(&l, at, !is_block);

	*ret_is_gone = false;
	if (end == 0) {
		return false;
	}
	if (is_block) {
		*ret_is_gone = n > 1;
		return n > 1;
	}
	if (opener != '[' && opener != ',' && (opener != '\0' || n == 1)) {
		return false;
	}
	size_t behind = skip_blanks(&l, end);
	if (behind < len && line[behind] == ',') { /* with the comma behind it, */
		end = skip_blanks(&l, behind + 1);
	} else if (opener == ',') { /* or the one before it */
		at = before(&l, start - 1);
	}
	*ret_is_gone = start == 0 && end == len;
	return *ret_is_gone || put_without(b, &l, at, end);
}

bool dg_amend_value(
	struct dg_buf *b, const char *line, size_t len, unsigned column, const char *value)
{
	const struct line l = {line, len};
	size_t at = offset_of(&l, column);
	size_t start = before(&l, at);
	bool is_flow = start > 0 && (line[start - 1] == '{' || line[start - 1] == ',');
	size_t key = at;

	if (at < len && (line[at] == '"' || line[at] == '\'')) {
		key = quoted_end(&l, at);
	} else {
		while (key < len && line[key] != ':') {
			key++;
		}
	}
	if (key == 0 || key >= len || line[key] != ':' || (start > 0 && !is_flow)) {
		return false;
	}
	size_t from = skip_blanks(&l, key + 1);
	size_t end = scalar_end(&l, from, is_flow);
	if (end == 0) {
		return false;
	}
	dg_buf_put(b, line, from);
	dg_buf_puts(b, value);
	dg_buf_put(b, line + end, len - end);
	return true;
}
