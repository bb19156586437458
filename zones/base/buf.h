/* zones/base/buf.h: text that grows, up to a limit given when it is made.
 *
 * Shape    data is always NUL-terminated. When an addition would pass max, nothing
 *          of it is added, is_full is set and stays set: the caller looks once, at the end.
 * Memory   Heap; dg_buf_done() frees.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct dg_buf {
	char *data;
	size_t len;
	size_t cap;
	size_t max; /* bytes, without the NUL */
	bool is_full;
};

void dg_buf_init(struct dg_buf *b, size_t max);
void dg_buf_done(struct dg_buf *b);
void dg_buf_clear(struct dg_buf *b); /* empty again, memory kept */
void dg_buf_put(struct dg_buf *b, const void *p, size_t n);
void dg_buf_puts(struct dg_buf *b, const char *s);
void dg_buf_putc(struct dg_buf *b, char c);
void dg_buf_printf(struct dg_buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Text from outside, safe for a terminal or a log: what is not printable ASCII or
 * well-formed, visible UTF-8 becomes \xHH or \u{HEX} (C0, C1, ESC, bidi and zero-width included). */
void dg_buf_put_safe(struct dg_buf *b, const void *p, size_t n);
