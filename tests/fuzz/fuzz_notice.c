/* A result of a triage that somebody else wrote: read, planned and drafted, no letter has a header of theirs. */
#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/base/err.h"
#include "zones/incident/notice.h"

#include <stdlib.h>
#include <string.h>

#define INPUT_MAX  (256u << 10)
#define MEMORY_MAX ((size_t)64 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool is_so)
{
	if (!is_so) {
		abort();
	}
}

/* Lines end in CRLF, and nothing else moves a terminal or ends the header. */
static void look_at(const struct dg_buf *b)
{
	must(!b->is_full);
	for (size_t i = 0; i < b->len; i++) {
		unsigned char c = (unsigned char)b->data[i];
		must(c != '\n' || (i > 0 && b->data[i - 1] == '\r'));
		must((c >= 0x20 && c != 0x7f) || c == '\r' || c == '\n' || c == '\t');
	}
	must(!strstr(b->data, "\nBcc:") && !strstr(b->data, "\nCc:"));
}

static void draft(struct dg_arena *a, const struct dg_notice_seen *seen)
{
	const struct dg_notice_wish wish = {.users = "all@good.example", .most = 8};
	struct dg_notice *list = dg_newn(a, struct dg_notice, DG_NOTICE_PARTIES_MAX);
	size_t n = dg_notice_plan(a, seen, &wish, list);

	n = dg_notice_join(a, seen, list, n);
	for (size_t i = 0; i < n; i++) {
		const struct dg_notice_stamp stamp = {.from = "postmaster@good.example",
			.now = 1795000000,
			.form = (enum dg_notice_form)(i % 3)};
		struct dg_buf b;

		dg_buf_init(&b, DG_NOTICE_LETTER_MAX);
		dg_notice_put(&b, &list[i], seen, &stamp);
		look_at(&b);
		dg_buf_done(&b);
		must(!strpbrk(dg_notice_file(a, &list[i], i), "/ \n\\"));
	}
}

/* No local part is left, and what was put in comes out with no more than that changed. */
static void mask(const char *text)
{
	struct dg_buf b;

	dg_buf_init(&b, (size_t)4 * INPUT_MAX + 64);
	dg_notice_mask(&b, text);
	for (const char *at = strchr(b.data, '@'); at; at = strchr(at + 1, '@')) {
		must(at == b.data || at[-1] == '*' || strchr(" \t\n@<>()[]:;,\\\"", at[-1]) ||
			(unsigned char)at[-1] < 0x20 || (unsigned char)at[-1] == 0x7f);
	}
	dg_buf_done(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(MEMORY_MAX);
	struct dg_notice_seen seen;
	struct dg_err err;

	if (size > INPUT_MAX) {
		return 0;
	}
	if (dg_notice_seen_read(a, dg_memdup(a, data, size), size, &seen, &err) == 0) {
		draft(a, &seen);
	}
	mask(dg_strndup(a, (const char *)data, size)); /* up to a NUL */
	return 0;
}
