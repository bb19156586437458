/* A message, whatever it is: read within its limits, to the same record each time, which goes through the pipe as it is. */
#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/bounce/bounce.h"
#include "zones/bounce/mime.h"
#include "zones/bounce/wire.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool is_so)
{
	if (!is_so) {
		abort();
	}
}

static void check(const struct dg_bounce *b)
{
	struct dg_arena *a = dg_arena_new(DG_BOUNCE_ARENA_MAX);
	struct dg_bounce copy;
	struct dg_buf once;
	struct dg_buf twice;

	must(b->n_recipients <= DG_BOUNCE_RECIPIENTS_MAX &&
		b->original.n_hops <= DG_BOUNCE_HOPS_MAX);
	must(b->n_nested <= DG_BOUNCE_NESTED_MAX && (b->n_nested > 0) == (b->innermost != NULL));
	dg_buf_init(&once, DG_BOUNCE_WIRE_MAX);
	dg_buf_init(&twice, DG_BOUNCE_WIRE_MAX);
	dg_bounce_encode(b, &once);
	must(!once.is_full);
	must(dg_bounce_decode(a, once.data, once.len, &copy) == 0);
	dg_bounce_encode(&copy, &twice);
	must(once.len == twice.len && memcmp(once.data, twice.data, once.len) == 0);
	dg_buf_done(&once);
	dg_buf_done(&twice);
	(void)dg_arena_free(a);
}

static void on_bounce(void *arg, const struct dg_bounce *b)
{
	(void)arg;
	check(b);
}

/* What a library could make of it: all in one part. */
static void read_flat(struct dg_arena *a, const char *p, size_t size, struct dg_bounce *b)
{
	struct dg_raw raw;
	struct dg_parts parts = {.root = dg_new(a, struct dg_part), .n = 1, .by_library = true};

	dg_mime_prepare(a, p, size, &raw);
	(void)dg_head_split(raw.text, &parts.root->head, &parts.root->body);
	(void)dg_part_describe(a, parts.root);
	dg_bounce_read_parts(a, &raw, &parts, NULL, b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dg_arena *a = dg_arena_new(DG_BOUNCE_ARENA_MAX * 2);
	char *copy = malloc(size + 1); /* exactly as long as it is, for the sanitizers */
	struct dg_bounce b;

	if (size > 0) {
		memcpy(copy, data, size);
	}
	char *exact = realloc(copy, size > 0 ? size : 1);
	must(exact != NULL);
	must(dg_mime_bound(exact, size) <= size);
	if (dg_bounce_read(a, exact, size, NULL, &b) == 0) {
		check(&b);
	} else {
		read_flat(a, exact, size, &b);
		check(&b);
	}
	must(b.original_at + b.original_len <= size);
	(void)dg_bounce_feed(exact, size, on_bounce, NULL);
	(void)dg_bounce_decode(a, exact, size, &b);
	free(exact);
	(void)dg_arena_free(a);
	return 0;
}
