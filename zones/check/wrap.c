#include "zones/check/wrap.h"

#include "zones/base/buf.h"

#include <string.h>

void check_wrap(struct dg_buf *b, size_t at, size_t indent, const char *text)
{
	bool is_first = true;

	while (*text != '\0') {
		size_t gap = strspn(text, " ");
		size_t len = strcspn(text + gap, " ");

		if (!is_first && len > 0 && at + gap + len > CHECK_COLUMNS) {
			dg_buf_printf(b, "\n%*s", (int)indent, "");
			at = indent;
		} else {
			dg_buf_put(b, text, gap);
			at += gap;
		}
		size_t before = b->len;
		dg_buf_put_safe(b, text + gap, len);
		at += b->len - before;
		text += gap + len;
		is_first = false;
	}
	dg_buf_putc(b, '\n');
}
