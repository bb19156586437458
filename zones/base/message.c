#include "zones/base/message.h"

#include "zones/base/buf.h"

#include <string.h>

void dg_message_put(
	struct dg_buf *b, const char *message, uint64_t n, uint64_t of, const char *text)
{
	for (const char *p = message; *p;) {
		if (strncmp(p, "{n}", 3) == 0) {
			dg_buf_printf(b, "%llu", (unsigned long long)n);
			p += 3;
		} else if (strncmp(p, "{of}", 4) == 0) {
			dg_buf_printf(b, "%llu", (unsigned long long)of);
			p += 4;
		} else if (strncmp(p, "{text}", 6) == 0) {
			const char *shown = text && text[0] != '\0' ? text : "?";
			dg_buf_put_safe(b, shown, strlen(shown));
			p += 6;
		} else {
			dg_buf_putc(b, *p++);
		}
	}
}
