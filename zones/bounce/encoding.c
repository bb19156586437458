#include "zones/base/arena.h"
#include "zones/bounce/mime.h"

static int hex(char c)
{
	if (dg_is_digit(c)) {
		return c - '0';
	}
	c = dg_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* RFC 2045 section 6.7; in a word of a header "_" is a blank (RFC 2047 section 4.2). What is no escape stays. */
struct dg_span dg_quoted_decode(struct dg_arena *a, struct dg_span s, bool is_word)
{
	char *out = dg_get(a, 1, s.n + 1);
	size_t len = 0;

	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		if (c == '_' && is_word) {
			out[len++] = ' ';
			continue;
		}
		if (c != '=') {
			out[len++] = c;
			continue;
		}
		if (i + 2 < s.n && hex(s.p[i + 1]) >= 0 && hex(s.p[i + 2]) >= 0) {
			out[len++] = (char)(hex(s.p[i + 1]) * 16 + hex(s.p[i + 2]));
			i += 2;
			continue;
		}
		struct dg_span rest = dg_span_cut(s, i + 1);
		struct dg_span line;
		size_t n = rest.n;
		if (dg_line_next(&rest, &line) && dg_span_trim(line).n == 0) {
			i += n - rest.n; /* a soft line break */
		} else {
			out[len++] = c;
		}
	}
	return (struct dg_span){out, len};
}

static int base64_value(char c)
{
	if (c >= 'A' && c <= 'Z') {
		return c - 'A';
	}
	if (c >= 'a' && c <= 'z') {
		return c - 'a' + 26;
	}
	if (dg_is_digit(c)) {
		return c - '0' + 52;
	}
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Octets outside the alphabet are passed over (RFC 2045 section 6.8); "=" ends a group. */
struct dg_span dg_base64_decode(struct dg_arena *a, struct dg_span s)
{
	char *out = dg_get(a, 1, s.n / 4 * 3 + 4);
	size_t len = 0;
	uint32_t bits = 0;
	unsigned n = 0;

	for (size_t i = 0; i < s.n; i++) {
		int v = base64_value(s.p[i]);

		if (s.p[i] == '=') {
			n = 0;
			bits = 0;
		} else if (v >= 0) {
			bits = bits << 6 | (uint32_t)v;
			n += 6;
		}
		if (n >= 8) {
			n -= 8;
			out[len++] = (char)(bits >> n & 0xff);
		}
	}
	return (struct dg_span){out, len};
}

struct dg_span dg_part_decoded(struct dg_arena *a, const struct dg_part *part)
{
	switch (part->encoding) {
	case DG_ENCODING_QUOTED:
		return dg_quoted_decode(a, part->body, false);
	case DG_ENCODING_BASE64:
		return dg_base64_decode(a, part->body);
	case DG_ENCODING_NONE:
	case DG_ENCODING_OTHER:
		break;
	}
	return part->body;
}
