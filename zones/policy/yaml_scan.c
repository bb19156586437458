/* zones/policy/yaml_scan.c: one linear pass over the text before libyaml sees it. What it lets through cannot make libyaml work more
 * than linearly: directives are refused here (libyaml compares each %TAG with all before it), depth, anchors and
 * the size of a value where events are read. */
#include "zones/policy/internal.h"

#include <string.h>

enum byte_class {
	PLAIN,
	BREAK,
	CONTROL,
	LEAD, /* of a longer UTF-8 sequence, or a stray byte */
};

static enum byte_class class_of(unsigned char c)
{
	if (c == '\n' || c == '\r') {
		return BREAK;
	}
	if (c >= 0x80) {
		return LEAD;
	}
	return (c < 0x20 && c != '\t') || c == 0x7f ? CONTROL : PLAIN;
}

/* line and column (in characters) of the byte at offset. */
static struct dg_pos place(const char *text, size_t offset, const char *file)
{
	struct dg_pos pos = {.file = file, .line = 1, .column = 1};

	for (size_t i = 0; i < offset; i++) {
		if (text[i] == '\n' || (text[i] == '\r' && text[i + 1] != '\n')) {
			pos.line++;
			pos.column = 1;
		} else if (((unsigned char)text[i] & 0xc0) != 0x80) {
			pos.column++;
		}
	}
	return pos;
}

static int bad_byte(
	const char *text, size_t offset, const char *file, const char *what, struct dg_err *err)
{
	struct dg_pos pos = place(text, offset, file);

	return dg_fail_at(err, &pos, DG_EINPUT, "byte 0x%02x at offset %zu: %s",
		(unsigned)(unsigned char)text[offset], offset, what);
}

static size_t lead_len(unsigned char c)
{
	if (c < 0xc2 || c > 0xf4) {
		return 0;
	}
	return c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
}

/* Octets of the character at p (RFC 3629), 0: not well-formed, or one that breaks lines or controls a terminal unseen. */
static size_t utf8_len(const unsigned char *p, size_t n)
{
	static const uint32_t least[] = {
		0, 0, 0xa0, 0x800, 0x10000}; /* from U+00A0: no C1 controls */
	size_t len = lead_len(p[0]);

	if (len == 0 || len > n) {
		return 0;
	}
	uint32_t cp = p[0] & (0xffu >> (len + 1));
	for (size_t i = 1; i < len; i++) {
		if ((p[i] & 0xc0) != 0x80) {
			return 0;
		}
		cp = (cp << 6) | (p[i] & 0x3fu);
	}
	if (cp < least[len] || cp > 0x10ffff || (cp >= 0xd800 && cp < 0xe000)) {
		return 0;
	}
	return cp == 0x2028 || cp == 0x2029 || cp == 0xfeff || (cp & 0xfffe) == 0xfffe ? 0 : len;
}

/* No byte of these eight below 0x20, above 0x7e or unknown to be neither: nothing to look at. */
static bool is_plain8(const char *p)
{
	uint64_t x = 0;

	memcpy(&x, p, sizeof(x));
	uint64_t below = x - 0x2020202020202020u;
	uint64_t above = x + 0x0101010101010101u; /* 0x7f becomes 0x80 */
	return ((x | below | above) & 0x8080808080808080u) == 0;
}

int dg_yaml_scan(const char *text, size_t len, const char *file, struct dg_err *err)
{
	size_t i = 0;
	bool at_start = true; /* of a line */

	if (len >= 3 && (unsigned char)text[0] == 0xef && (unsigned char)text[1] == 0xbb &&
		(unsigned char)text[2] == 0xbf) {
		i = 3;
	}
	while (i < len) {
		if (!at_start && i + 8 <= len && is_plain8(text + i)) {
			i += 8;
			continue;
		}
		enum byte_class class = class_of((unsigned char)text[i]);
		size_t step = 1;

		if (at_start && text[i] == '%') {
			return bad_byte(text, i, file,
				"a line that begins with % is a YAML directive, which is not "
				"accepted",
				err);
		}
		at_start = class == BREAK;
		if (class == CONTROL) {
			return bad_byte(text, i, file, "control characters are not accepted", err);
		}
		if (class == LEAD) {
			step = utf8_len((const unsigned char *)text + i, len - i);
			if (step == 0) {
				return bad_byte(text, i, file,
					"not a visible character in UTF-8 (RFC 3629); save the "
					"file as UTF-8",
					err);
			}
		}
		i += step;
	}
	return 0;
}
