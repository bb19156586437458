/* controller/check/audit_belt.h: lines go to threads, results come back, in the order of the lines or as they are done.
 *
 * Shape    One thread puts lines and takes results; any thread takes lines and puts results. Nobody is woken: who finds
 *          nothing comes again.
 * Limits   n_slots lines between put and out, which is how far ahead of a slow one results may be; no new line while
 *          results hold more than max_bytes.
 * Memory   Results are malloc()ed by who puts them, and belong to who takes them out.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dg_belt;

#define DG_BELT_LINE_MAX 1024u /* octets of a line that are kept */

struct dg_belt_line {
	size_t slot;
	uint64_t no;
	size_t len;
	bool is_cut; /* it was longer */
	char text[DG_BELT_LINE_MAX];
};

enum dg_belt_answer {
	DG_BELT_NOTHING = 1, /* not now */
	DG_BELT_OVER,        /* and never again */
};

struct dg_belt *dg_belt_new(size_t n_slots, size_t max_bytes, bool in_order);
struct dg_belt *dg_belt_free(struct dg_belt *b); /* NULL is fine; returns NULL */

/* 0, or DG_BELT_NOTHING: full. slot is set. */
int dg_belt_put(struct dg_belt *b, struct dg_belt_line *line);
void dg_belt_close(struct dg_belt *b); /* there are no more lines */
/* 0, DG_BELT_NOTHING, DG_BELT_OVER. */
int dg_belt_take(struct dg_belt *b, struct dg_belt_line *ret_line);
void dg_belt_done(struct dg_belt *b, size_t slot, char *text, size_t len);
/* 0, DG_BELT_NOTHING, DG_BELT_OVER: the belt is closed and all has come out. */
int dg_belt_next(struct dg_belt *b, char **ret_text, size_t *ret_len);
