/* providers/zonefile/change.h: swaps put into the text of a zone file; proven before anything is written. Pure. */
#pragma once

#include "providers/provider.h"
#include "zones/record/zonefile.h"

struct dg_buf;

struct dg_change_input {
	const char *zone;
	const char *file; /* for messages */
	const char *text;
	size_t len;
	const struct dg_swap *swaps;
	size_t n_swaps;
	enum dg_serial_scheme scheme;
	int64_t now;
};

/* 0: out is the new text, and read again it means exactly what it meant before, but for the swaps and the serial.
 * DG_ECONFLICT: what stands in the text is not a swap's before. DG_EPOLICY, DG_EINPUT: cannot be done in this file. */
int dg_change_text(struct dg_arena *a, const struct dg_change_input *in, struct dg_buf *out,
	struct dg_err *err);
