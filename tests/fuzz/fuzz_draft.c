/* A draft of a letter that somebody changed: read back, it names plain addresses and no hidden recipient, and what is sent reads as the same. */
#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/base/err.h"
#include "zones/base/sink.h"
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

/* CRLF, and neither of them alone. */
static void look_at(const struct dg_buf *b)
{
	must(!b->is_full);
	for (size_t i = 0; i < b->len; i++) {
		must(b->data[i] != '\n' || (i > 0 && b->data[i - 1] == '\r'));
		must(b->data[i] != '\r' || b->data[i + 1] == '\n');
	}
}

static void send(struct dg_arena *a, const char *text, const struct dg_notice_draft *d)
{
	struct dg_notice_draft again;
	struct dg_err err;
	struct dg_buf b;

	must(dg_is_plain_address(d->from) && d->n_to > 0 && d->n_to <= DG_NOTICE_DRAFT_TO_MAX);
	dg_buf_init(&b, 3 * DG_NOTICE_LETTER_MAX);
	dg_notice_draft_put(&b, text);
	look_at(&b);
	if (b.len <= DG_NOTICE_LETTER_MAX) {
		must(dg_notice_draft_read(a, b.data, b.len, &again, &err) == 0);
		must(strcmp(again.from, d->from) == 0 && again.n_to == d->n_to);
	}
	for (size_t i = 0; i < d->n_to; i++) {
		must(dg_is_plain_address(d->to[i]));
		must(b.len > DG_NOTICE_LETTER_MAX || strcmp(again.to[i], d->to[i]) == 0);
	}
	dg_buf_done(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(MEMORY_MAX);
	struct dg_notice_draft d;
	struct dg_err err;

	if (size > INPUT_MAX) {
		return 0;
	}
	char *text = dg_get(a, size + 1, 1);
	if (size > 0) {
		memcpy(text, data, size);
	}
	text[size] = '\0';
	int r = dg_notice_draft_read(a, text, size, &d, &err);
	must(r == 0 || r == DG_EINPUT);
	if (r == 0) {
		send(a, text, &d);
	}
	return 0;
}
