#include "controller/incident/words.h"

#include "zones/base/buf.h"

#include <stdbool.h>
#include <string.h>
#include <wchar.h>

#define DOTS "..."
#define NO_START \
	"、。，．・：；？！）」』】〕〉》ー々" /* kinsoku: no line begins with one of these */
#define BAD_COLUMN 1 /* what is no character is shown as something of one column */

/* One character: its octets, and its columns. */
static size_t next_char(const char *p, int *ret_columns)
{
	wchar_t c = 0;
	mbstate_t state = {0};
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): it has a state of its own */
	size_t n = mbrtowc(&c, p, strlen(p), &state);

	if (n == 0 || n > strlen(p)) {
		*ret_columns = BAD_COLUMN;
		return 1;
	}
	int columns = wcwidth(c);
	*ret_columns = columns < 0 ? BAD_COLUMN : columns;
	return n;
}

size_t dg_columns(const char *text)
{
	size_t sum = 0;
	int columns = 0;

	for (const char *p = text; *p; p += next_char(p, &columns)) {
		(void)next_char(p, &columns);
		sum += (size_t)columns;
	}
	return sum;
}

void dg_put_padded(struct dg_buf *b, const char *text, size_t columns)
{
	size_t all = dg_columns(text);
	size_t room = all <= columns ? columns : columns - strlen(DOTS);
	size_t used = 0;
	int width = 0;
	const char *p = text;

	while (*p) {
		size_t n = next_char(p, &width);
		if (used + (size_t)width > room) {
			break;
		}
		used += (size_t)width;
		p += n;
	}
	dg_buf_put(b, text, (size_t)(p - text));
	if (*p) {
		dg_buf_puts(b, DOTS);
		used += strlen(DOTS);
	}
	for (; used < columns; used++) {
		dg_buf_putc(b, ' ');
	}
}

static bool may_start(const char *p, size_t n)
{
	for (const char *q = NO_START; *q;) {
		int width = 0;
		size_t len = next_char(q, &width);
		if (len == n && memcmp(p, q, n) == 0) {
			return false;
		}
		q += len;
	}
	return true;
}

/* How much of the text fits into so many columns, ended where a line may end. At least one character. */
static size_t fitting(const char *text, size_t columns)
{
	size_t used = 0;
	size_t last_break = 0;
	size_t at = 0;
	bool was_wide = false;

	while (text[at]) {
		int width = 0;
		size_t n = next_char(text + at, &width);
		bool is_wide = width == 2;

		if (at > 0 && text[at] != ' ' && (is_wide || was_wide) && may_start(text + at, n)) {
			last_break = at;
		}
		if (text[at] == ' ') {
			last_break = at;
		}
		if (used + (size_t)width > columns && at > 0) {
			return last_break > 0 ? last_break : at;
		}
		used += (size_t)width;
		at += n;
		was_wide = is_wide;
	}
	return at;
}

void dg_put_wrapped(struct dg_buf *b, const char *first, const char *text)
{
	size_t indent = dg_columns(first);
	size_t room = indent + 10 < DG_COLUMNS ? DG_COLUMNS - indent : 10;

	dg_buf_puts(b, first);
	while (*text) {
		size_t n = fitting(text, room);
		dg_buf_put(b, text, n);
		dg_buf_putc(b, '\n');
		text += n;
		text += strspn(text, " ");
		for (size_t i = 0; *text && i < indent; i++) {
			dg_buf_putc(b, ' ');
		}
	}
}
