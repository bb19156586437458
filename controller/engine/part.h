/* controller/engine/part.h: changes that came through in part, at providers that change one RRset or record after the other.
 *
 * Shape    The marker goes first: it claims the zone. Then each RRset is as it was before, as it is to be, or on the way between
 *          (zones/record/rewrite.h); what is neither was somebody else. The rest is sent again, from what stands there.
 * Journal  The step keeps what it meant to do. When it ends in part, what stands there counts as applied last: the next run plans the
 *          rest as a new step, and `restore` puts back what was there before.
 * Memory   In the job's arena.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct dg_job;
struct dg_step;
struct dg_swap;
struct dg_zone;

/* Is every swap's RRset somewhere between before and after? Never at a provider that does all or nothing. */
bool dg_part_is(struct dg_job *j, const struct dg_swap *swaps, size_t n, const struct dg_zone *now);
/* Sets j->sent: what is to be sent of j->swaps. now NULL: all of it. Returns how many RRsets are not there yet. */
size_t dg_part_send(struct dg_job *j, const struct dg_zone *now);
/* What stands there becomes what s has done: for dg_store_end() with DG_STEP_APPLIED. */
void dg_part_keep(struct dg_job *j, struct dg_step *s, const struct dg_zone *now);
