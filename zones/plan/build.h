/* zones/plan/build.h: the parts that plans are put together from; for the files of this folder alone.
 *
 * Calls    dg_plan_start(), then dg_plan_keep() or dg_plan_add() once for each RRset, then dg_plan_finish(), which puts the changes
 *          in the order of publication and makes the digest.
 */
#pragma once

#include "zones/plan/plan.h"

struct dg_plan_builder {
	struct dg_arena *arena;
	const struct dg_zone *have;
	struct dg_plan *plan;
};

/* n_max: RRsets that will be kept or added. */
void dg_plan_start(struct dg_plan_builder *pb, struct dg_arena *a, const struct dg_zone *have,
	const char *zone, size_t n_max);
/* This RRset stays as it is served. */
void dg_plan_keep(struct dg_plan_builder *pb, const struct dg_rrset *served);
/* c has before, after, why, rule, phase, pos, conflict and last; action, cost and old_ttl are worked out. DG_EPOLICY: after is not allowed. */
int dg_plan_add(struct dg_plan_builder *pb, const struct dg_change *c, struct dg_err *err);
int dg_plan_finish(struct dg_plan_builder *pb, struct dg_err *err);

/* May owner and type be planned at all in this zone? 0 or DG_EPOLICY. */
int dg_plan_may_hold(const char *zone, const char *owner, uint16_t type, const struct dg_pos *pos,
	struct dg_err *err);

/* What makes this name unusable for other records (words for a person), NULL: nothing that is known. */
const char *dg_plan_obstacle(struct dg_arena *a, const struct dg_zone *have, const char *owner);

/* The words for a conflict: what is so, and what to do. detail: of dg_plan_obstacle(). */
const char *dg_conflict_words(struct dg_arena *a, const struct dg_change *c, const char *detail);

/* Sets old_ttl and cost. */
void dg_change_weigh(struct dg_arena *a, const struct dg_zone *have, struct dg_change *c);
/* The part of the cost that every change has: how long caches hold the old answer. NULL: not at all. */
const char *dg_change_cache_words(struct dg_arena *a, const struct dg_change *c);

/* "45 s", "5 min 30 s", "1 h 0 min", "2 d 0 h". In the arena. */
const char *dg_duration_text(struct dg_arena *a, uint32_t seconds);

/* One record for reading: TXT joined, long keys cut in the middle unless in_full, null MX explained. Not yet escaped. */
const char *dg_record_words(
	struct dg_arena *a, uint16_t type, const struct dg_rdata *rd, bool in_full);

void dg_plan_print_diff(struct dg_buf *b, const struct dg_plan *plan, bool has_colour);
