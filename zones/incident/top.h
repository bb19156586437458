/* zones/incident/top.h: the most frequent texts of too many to keep, with who reports each, since when, and of which class. Pure.
 *
 * Source   Space-Saving (Metwally et al. 2005): of N items each count is at most N / DG_TOP_ITEMS too high (`error` tells), and what
 *          occurs more often is kept. Distinct reporters: HyperLogLog, counted since the item was last taken in.
 * Score    count x distinct reporters: one noisy reporter does not lead.
 * Memory   Heap, about DG_TOP_ITEMS x 320 octets, from the first item on; all zero is an empty one.
 */
#pragma once

#include "zones/incident/classify.h"
#include "zones/watch/sketch.h"

#include <stddef.h>
#include <stdint.h>

#define DG_TOP_ITEMS    512u
#define DG_TOP_TEXT_MAX 160u /* octets, NUL included; longer texts are cut where a character ends */

struct dg_top_item {
	char text[DG_TOP_TEXT_MAX]; /* as it came: not safe to show */
	uint64_t count, error;
	uint64_t n_class[DG_CLASSES];
	struct dg_distinct reporters;
	int64_t first, last; /* Unix seconds; 0: not known */
};

struct dg_top {
	struct dg_top_items *items;
	size_t n;
	uint64_t n_added;
	struct dg_distinct distinct; /* of all texts */
};

void dg_top_done(struct dg_top *t);
/* seed: what outsiders do not know. reporter: its key. An empty text is not counted. */
void dg_top_add(struct dg_top *t, uint64_t seed, const char *text, uint64_t reporter,
	enum dg_class class, int64_t at);
/* About how many different texts there were: exact while all are kept. */
uint64_t dg_top_distinct(const struct dg_top *t);
uint64_t dg_top_reporters(const struct dg_top_item *i);
/* By score (is_by_score) or by count, the highest first; ties by text. Returns how many, at most max. */
size_t dg_top_order(
	const struct dg_top *t, bool is_by_score, const struct dg_top_item **ret, size_t max);
