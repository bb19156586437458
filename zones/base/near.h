/* zones/base/near.h: the known word that somebody most likely meant.
 *
 * Calls    dg_near() for each known word keeps the nearest in its struct; dg_near_word() says whether it is near enough to ask.
 * Memory   The words are borrowed.
 * Source   Edit distance with swaps of neighbours (Damerau 1964; restricted form).
 */
#pragma once

#include <stddef.h>

struct dg_near {
	const char *meant; /* what was typed; '-' and '_' are the same in a known word */
	const char *best;  /* NULL: none yet */
	size_t distance;
};

/* Takes a known word into account. */
void dg_near(struct dg_near *n, const char *known);
/* NULL when none is near enough. */
const char *dg_near_word(const struct dg_near *n);
