#include "zones/base/escape.h"

#include "zones/base/buf.h"

#include <string.h>

#define TIMES_MAX 10u /* of an octet, made safe: "\u{e0fff}" */

static void put_safe(
	struct dg_buf *b, const void *p, size_t n, void (*put)(struct dg_buf *b, char c))
{
	struct dg_buf safe;

	dg_buf_init(&safe, TIMES_MAX * n + 1);
	dg_buf_put_safe(&safe, p, n);
	for (size_t i = 0; i < safe.len; i++) {
		put(b, safe.data[i]);
	}
	dg_buf_done(&safe);
}

static void put_xml(struct dg_buf *b, char c)
{
	switch (c) {
	case '&':
		dg_buf_puts(b, "&amp;");
		return;
	case '<':
		dg_buf_puts(b, "&lt;");
		return;
	case '>':
		dg_buf_puts(b, "&gt;");
		return;
	case '"':
		dg_buf_puts(b, "&quot;");
		return;
	case '\'':
		dg_buf_puts(b, "&#39;");
		return;
	default:
		dg_buf_putc(b, c);
	}
}

static void put_markdown(struct dg_buf *b, char c)
{
	static const char marks[] = "!\"#$%&'()*+./:;<=>?@[\\]^_`{|}~-";

	if (c != '\0' && strchr(marks, c)) {
		dg_buf_putc(b, '\\');
	}
	dg_buf_putc(b, c);
}

void dg_buf_put_xml(struct dg_buf *b, const void *p, size_t n)
{
	put_safe(b, p, n, put_xml);
}

void dg_buf_put_markdown(struct dg_buf *b, const void *p, size_t n)
{
	put_safe(b, p, n, put_markdown);
}
