#include "zones/base/buf.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_CAP 256u

void dg_buf_init(struct dg_buf *b, size_t max)
{
	static char empty[1]; /* never written: cap 0 */

	*b = (struct dg_buf){.data = empty, .max = max};
}

void dg_buf_done(struct dg_buf *b)
{
	if (b->cap > 0) {
		free(b->data);
	}
	dg_buf_init(b, b->max);
}

void dg_buf_clear(struct dg_buf *b)
{
	b->len = 0;
	b->is_full = false;
	if (b->cap > 0) {
		b->data[0] = '\0';
	}
}

static bool reserve(struct dg_buf *b, size_t n)
{
	if (b->is_full || n > b->max - b->len) {
		b->is_full = true;
		return false;
	}
	if (b->len + n + 1 <= b->cap) {
		return true;
	}
	size_t cap = b->cap > 0 ? b->cap : FIRST_CAP;
	while (cap < b->len + n + 1) {
		cap *= 2;
	}
	char *grown = realloc(b->cap > 0 ? b->data : NULL, cap);
	if (!grown) {
		abort();
	}
	b->data = grown;
	b->cap = cap;
	return true;
}

void dg_buf_put(struct dg_buf *b, const void *p, size_t n)
{
	if (n > 0 && reserve(b, n)) {
		memcpy(b->data + b->len, p, n);
		b->len += n;
		b->data[b->len] = '\0';
	}
}

void dg_buf_puts(struct dg_buf *b, const char *s)
{
	dg_buf_put(b, s, strlen(s));
}

void dg_buf_putc(struct dg_buf *b, char c)
{
	dg_buf_put(b, &c, 1);
}

void dg_buf_printf(struct dg_buf *b, const char *fmt, ...)
{
	va_list ap;
	va_list again;

	va_start(ap, fmt);
	va_copy(again, ap);
	int n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n > 0 && reserve(b, (size_t)n)) {
		(void)vsnprintf(b->data + b->len, (size_t)n + 1, fmt, again);
		b->len += (size_t)n;
	}
	va_end(again);
}

/* The length that the first octet of a code point tells; 0: none begins with it. */
static size_t utf8_len(unsigned char first)
{
	if (first < 0x80) {
		return 1;
	}
	if (first < 0xc2 || first >= 0xf5) {
		return 0;
	}
	return first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

/* One code point of UTF-8 (RFC 3629) at p; returns its length, 0 when it is not well-formed. */
static size_t utf8_at(const unsigned char *p, size_t n, uint32_t *ret_cp)
{
	size_t len = utf8_len(p[0]);
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};

	if (len == 0 || len > n) {
		return 0;
	}
	uint32_t cp = len == 1 ? p[0] : p[0] & (0xffu >> (len + 1));
	for (size_t i = 1; i < len; i++) {
		if ((p[i] & 0xc0) != 0x80) {
			return 0;
		}
		cp = (cp << 6) | (p[i] & 0x3fu);
	}
	if (cp < least[len] || cp > 0x10ffff || (cp >= 0xd800 && cp < 0xe000)) {
		return 0;
	}
	*ret_cp = cp;
	return len;
}

/* Controls, and what moves or hides text on a screen. */
static bool is_invisible(uint32_t cp)
{
	return cp < 0x20 || (cp >= 0x7f && cp < 0xa0) || cp == 0xad || cp == 0x61c ||
	       cp == 0x180e || (cp >= 0x200b && cp <= 0x200f) || (cp >= 0x2028 && cp <= 0x202e) ||
	       (cp >= 0x2060 && cp <= 0x206f) || cp == 0xfeff || (cp >= 0xfff0 && cp <= 0xfffb) ||
	       (cp >= 0xe0000 && cp <= 0xe0fff);
}

void dg_buf_put_safe(struct dg_buf *b, const void *p, size_t n)
{
	const unsigned char *s = p;

	for (size_t i = 0; i < n;) {
		uint32_t cp = 0;
		size_t len = utf8_at(s + i, n - i, &cp);

		if (len == 0) {
			dg_buf_printf(b, "\\x%02x", (unsigned)s[i]);
			i++;
			continue;
		}
		if (is_invisible(cp)) {
			dg_buf_printf(b, cp < 0x80 ? "\\x%02x" : "\\u{%x}", (unsigned)cp);
		} else {
			dg_buf_put(b, s + i, len);
		}
		i += len;
	}
}
