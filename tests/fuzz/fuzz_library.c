/* Any message through the MIME library, as the reader process does it: a tree within its limits, and a record that goes through the pipe. */
#include "controller/letters/library.h"
#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/bounce/bounce.h"
#include "zones/bounce/mime.h"
#include "zones/bounce/wire.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t count(const struct dg_part *part, unsigned depth) /* NOLINT(misc-no-recursion) */
{
	size_t n = 0;

	if (depth > DG_BOUNCE_DEPTH_MAX + 1) {
		abort();
	}
	for (; part; part = part->next) {
		n += 1 + count(part->first, depth + 1);
	}
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool is_ready; /* the library keeps its own state anyway */
	struct dg_arena *a = dg_arena_new(DG_BOUNCE_ARENA_MAX * 2);
	struct dg_raw raw;
	struct dg_parts parts = {0};
	struct dg_bounce b;
	struct dg_buf out;

	is_ready = is_ready || dg_library_init();
	if (!is_ready) {
		abort();
	}
	dg_mime_prepare(a, (const char *)data, size, &raw);
	dg_library_parse(a, &raw, &parts);
	if (count(parts.root, 0) > DG_BOUNCE_PARTS_MAX + 1) {
		abort();
	}
	dg_bounce_read_parts(a, &raw, &parts, NULL, &b);
	dg_buf_init(&out, DG_BOUNCE_WIRE_MAX);
	dg_bounce_encode(&b, &out);
	if (out.is_full || !b.by_library) {
		abort();
	}
	dg_buf_done(&out);
	(void)dg_arena_free(a);
	return 0;
}
