#include "zones/base/sink.h"

#include "zones/base/buf.h"

#include <stdint.h>
#include <string.h>

#define TIMES_MAX 10u /* of an octet, made safe: "\u{e0fff}" */
#define WORD_TEXT \
	45u /* octets of text that 60 of base64 hold: "=?UTF-8?B?" and "?=" around them are 72 */
#define PAD       64u /* of the digits of base64 */
#define CONTINUED 2u  /* top bits of an octet that goes on with a character, shifted by 6 */

static void make_safe(struct dg_buf *safe, const void *p, size_t n)
{
	dg_buf_init(safe, TIMES_MAX * n + 1);
	dg_buf_put_safe(safe, p, n);
}

/* The octets before n that are whole characters. */
static size_t whole(const char *p, size_t n)
{
	while (n > 0 && ((unsigned char)p[n] >> 6) == CONTINUED) {
		n--;
	}
	return n;
}

/* --- tables ----------------------------------------------------------------------------------- */
static bool is_formula(const char *p, size_t n)
{
	while (n > 0 && *p == ' ') {
		p++;
		n--;
	}
	return n > 0 && strchr("=+-@'", *p) != NULL;
}

void dg_buf_put_cell(struct dg_buf *b, const char *safe, size_t n)
{
	dg_buf_putc(b, '"');
	if (is_formula(safe, n)) {
		dg_buf_putc(b, '\'');
	}
	for (size_t i = 0; i < n; i++) {
		if (safe[i] == '"') {
			dg_buf_putc(b, '"');
		}
		dg_buf_putc(b, safe[i]);
	}
	dg_buf_putc(b, '"');
}

/* --- mail ------------------------------------------------------------------------------------- */
void dg_buf_put_mail_line(struct dg_buf *b, const void *p, size_t n)
{
	static const char from[] = "From ";
	struct dg_buf safe;

	make_safe(&safe, p, n);
	if (safe.data[0] == '~' || safe.data[0] == '.' ||
		strncmp(safe.data, from, strlen(from)) == 0) {
		dg_buf_putc(b, ' ');
	}
	dg_buf_put(b, safe.data, safe.len);
	dg_buf_done(&safe);
}

void dg_buf_put_base64(struct dg_buf *b, size_t line, const void *p, size_t n)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=";
	const unsigned char *s = p;
	size_t column = 0;

	for (size_t i = 0; i < n; i += 3) {
		size_t left = n - i;
		uint32_t bits = (uint32_t)s[i] << 16 | (left > 1 ? (uint32_t)s[i + 1] << 8 : 0) |
				(left > 2 ? s[i + 2] : 0);

		dg_buf_putc(b, digits[bits >> 18]);
		dg_buf_putc(b, digits[bits >> 12 & 63]);
		dg_buf_putc(b, digits[left > 1 ? bits >> 6 & 63 : PAD]);
		dg_buf_putc(b, digits[left > 2 ? bits & 63 : PAD]);
		column += 4;
		if (line > 0 && (column >= line || left <= 3)) {
			dg_buf_puts(b, "\r\n");
			column = 0;
		}
	}
}

/* "=?" in it would be read as an encoded word. */
static bool is_ascii(const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if ((unsigned char)p[i] >= 0x7f || (p[i] == '=' && p[i + 1] == '?')) {
			return false;
		}
	}
	return true;
}

static void put_encoded(struct dg_buf *b, const char *p, size_t n)
{
	for (size_t at = 0; at < n;) {
		size_t len = n - at <= WORD_TEXT ? n - at : whole(p + at, WORD_TEXT);

		dg_buf_puts(b, at == 0 ? "=?UTF-8?B?" : "\r\n =?UTF-8?B?");
		dg_buf_put_base64(b, 0, p + at, len);
		dg_buf_puts(b, "?=");
		at += len;
	}
}

/* At blanks, once a line is long. */
static void put_folded(struct dg_buf *b, size_t column, const char *p, size_t n)
{
	static const size_t line = 70;

	for (size_t i = 0; i < n; i++, column++) {
		bool has_more = i + 1 < n && p[i + 1] != ' ';

		if (p[i] == ' ' && column >= line && has_more) {
			dg_buf_puts(b, "\r\n");
			column = 0;
		}
		dg_buf_putc(b, p[i]);
	}
}

void dg_buf_put_mail_word(struct dg_buf *b, size_t column, const void *p, size_t n)
{
	struct dg_buf safe;

	make_safe(&safe, p, n);
	size_t len = safe.len > DG_SINK_WORD_MAX ? whole(safe.data, DG_SINK_WORD_MAX) : safe.len;
	if (is_ascii(safe.data, len)) {
		put_folded(b, column, safe.data, len);
	} else {
		put_encoded(b, safe.data, len);
	}
	dg_buf_done(&safe);
}

static bool is_alnum(char c)
{
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

bool dg_is_plain_address(const char *text)
{
	static const char atext[] = "!#$%&'*+-/=?^_`{|}~";
	const char *at = strrchr(text, '@');
	size_t n = strlen(text);

	if (!at || at == text || at[1] == '\0' || n > DG_SINK_ADDRESS_MAX || text[0] == '-') {
		return false;
	}
	for (const char *p = text; p < at; p++) {
		bool is_dot = *p == '.' && p > text && p[-1] != '.' && p + 1 < at;

		if (!is_alnum(*p) && !strchr(atext, *p) && !is_dot) {
			return false;
		}
	}
	for (const char *p = at + 1; *p; p++) {
		bool is_edge = p == at + 1 || p[1] == '\0' || p[-1] == '.' || p[1] == '.';

		if (!is_alnum(*p) && !((*p == '-' || *p == '.') && !is_edge)) {
			return false;
		}
	}
	return strchr(at, '.') != NULL;
}
