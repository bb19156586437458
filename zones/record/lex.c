#include "zones/record/lex.h"

#include <string.h>

enum class {
	PLAIN = 0,
	BLANK,
	END_OF_LINE,
	QUOTE,
	OPEN,
	CLOSE,
	COMMENT,
	ESCAPE,
};

static const unsigned char classes[256] = {
	[' '] = BLANK,
	['\t'] = BLANK,
	['\r'] = BLANK,
	['\n'] = END_OF_LINE,
	['"'] = QUOTE,
	['('] = OPEN,
	[')'] = CLOSE,
	[';'] = COMMENT,
	['\\'] = ESCAPE,
};

static enum class class_at(const struct dg_lex *l, size_t i) {
	return (enum class)classes[(unsigned char)l->text[i]];
}

/* Behind the backslash's octet; 0: the line or the text ends there. */
static size_t behind_escape(const struct dg_lex *l, size_t i)
{
	return i + 1 < l->len && l->text[i + 1] != '\n' && l->text[i + 1] != '\r' ? i + 2 : 0;
}

static const char *take_word(struct dg_lex *l, struct dg_token *t)
{
	size_t i = l->pos;

	while (i < l->len) {
		enum class c = class_at(l, i);

		if (c == ESCAPE) {
			size_t next = behind_escape(l, i);
			if (next == 0) {
				t->at = i;
				return "a backslash at the end of the line";
			}
			i = next;
		} else if (c == PLAIN) {
			i++;
		} else {
			break;
		}
	}
	*t = (struct dg_token){.kind = DG_TOKEN_WORD, .at = l->pos, .len = i - l->pos};
	l->pos = l->end = i;
	return NULL;
}

static const char *take_string(struct dg_lex *l, struct dg_token *t)
{
	size_t start = l->pos + 1;
	size_t i = start;

	t->at = l->pos;
	while (i < l->len && l->text[i] != '"' && l->text[i] != '\n') {
		size_t next = l->text[i] == '\\' ? behind_escape(l, i) : i + 1;
		if (next == 0) {
			break;
		}
		i = next;
	}
	if (i >= l->len || l->text[i] != '"') {
		return "a quoted string that does not end on its line";
	}
	*t = (struct dg_token){.kind = DG_TOKEN_STRING, .at = start, .len = i - start};
	l->pos = l->end = i + 1;
	return NULL;
}

static const char *take_paren(struct dg_lex *l, struct dg_token *t, bool is_open)
{
	t->at = l->pos;
	if (!is_open && l->depth == 0) {
		return "a closing parenthesis that was never opened";
	}
	if (is_open && l->depth == DG_LEX_DEPTH_MAX) {
		return "parentheses nested too deeply";
	}
	if (is_open && l->depth == 0) {
		l->paren = l->pos;
	}
	l->depth = is_open ? l->depth + 1 : l->depth - 1;
	l->end = ++l->pos;
	return NULL;
}

static const char *take_end(const struct dg_lex *l, struct dg_token *t)
{
	if (l->depth > 0) {
		t->at = l->paren;
		return "a parenthesis that is never closed";
	}
	*t = (struct dg_token){.kind = DG_TOKEN_END, .at = l->len};
	return NULL;
}

static void skip_comment(struct dg_lex *l)
{
	const char *end = memchr(l->text + l->pos, '\n', l->len - l->pos);

	l->pos = end ? (size_t)(end - l->text) : l->len;
}

const char *dg_lex_next(struct dg_lex *l, struct dg_token *ret_token)
{
	while (l->pos < l->len) {
		const char *why = NULL;

		switch (class_at(l, l->pos)) {
		case BLANK:
			l->pos++;
			break;
		case COMMENT:
			skip_comment(l);
			break;
		case END_OF_LINE:
			l->pos++;
			if (l->depth == 0) {
				*ret_token = (struct dg_token){
					.kind = DG_TOKEN_NEWLINE, .at = l->pos - 1};
				return NULL;
			}
			break;
		case OPEN:
		case CLOSE:
			why = take_paren(l, ret_token, l->text[l->pos] == '(');
			if (why) {
				return why;
			}
			break;
		case QUOTE:
			return take_string(l, ret_token);
		case PLAIN:
		case ESCAPE:
			return take_word(l, ret_token);
		}
	}
	return take_end(l, ret_token);
}

size_t dg_unescape(const char *text, size_t len, unsigned char *ret_c)
{
	const unsigned char *p = (const unsigned char *)text;
	unsigned v = 0;

	if (len == 0) {
		return 0;
	}
	if (p[0] < '0' || p[0] > '9') {
		*ret_c = p[0];
		return 1;
	}
	for (size_t i = 0; i < 3; i++) {
		if (i >= len || p[i] < '0' || p[i] > '9') {
			return 0;
		}
		v = v * 10 + (p[i] - (unsigned)'0');
	}
	*ret_c = (unsigned char)v;
	return v < 256 ? 3 : 0;
}

int dg_u32_parse(const char *text, size_t len, uint32_t max, uint32_t *ret_value)
{
	uint64_t v = 0;

	if (len == 0 || len > 10) {
		return 1;
	}
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9') {
			return 1;
		}
		v = v * 10 + (uint64_t)(text[i] - '0');
	}
	if (v > max) {
		return 1;
	}
	*ret_value = (uint32_t)v;
	return 0;
}

/* Seconds in one unit; 0: no unit. */
static uint64_t unit_of(char c)
{
	switch (c | 0x20) {
	case 's':
		return 1;
	case 'm':
		return 60;
	case 'h':
		return 3600;
	case 'd':
		return 86400;
	case 'w':
		return 604800;
	default: /* a letter, not an enum */
		return 0;
	}
}

int dg_seconds_parse(const char *text, size_t len, uint32_t max, uint32_t *ret_value)
{
	uint64_t sum = 0;
	size_t i = 0;

	if (dg_u32_parse(text, len, max, ret_value) == 0) {
		return 0;
	}
	while (i < len) {
		uint32_t v = 0;
		size_t start = i;

		while (i < len && text[i] >= '0' && text[i] <= '9') {
			i++;
		}
		uint64_t unit = i < len ? unit_of(text[i]) : 0;
		if (dg_u32_parse(text + start, i - start, max, &v) != 0 || unit == 0) {
			return 1;
		}
		sum += v * unit;
		if (sum > max) {
			return 1;
		}
		i++;
	}
	if (len == 0) {
		return 1;
	}
	*ret_value = (uint32_t)sum;
	return 0;
}
