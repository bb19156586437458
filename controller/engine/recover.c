/* What became of steps that an earlier run left open: the zone tells (level-triggered). */
#include "controller/engine/engine.h"
#include "controller/engine/job.h"
#include "controller/engine/marker.h"
#include "controller/engine/part.h"
#include "controller/engine/settle.h"
#include "providers/net/loop.h"
#include "zones/base/arena.h"
#include "zones/record/zone.h"

#include <string.h>

#define RECENT_STEPS 16u /* a late UPDATE of a step that was given up is looked for among these */

/* The step's swaps, the marker's last. */
static struct dg_swap *swaps_of(
	struct dg_job *j, const struct dg_step *s, size_t *ret_n, size_t *ret_marker_at)
{
	const struct dg_limits *limits = dg_provider_limits(j->provider);
	struct dg_swap *w = dg_newn(j->arena, struct dg_swap, s->n_changes + 1);
	size_t n = s->n_changes;

	for (size_t i = 0; i < n; i++) {
		w[i] = (struct dg_swap){s->changes[i].before, s->changes[i].after};
	}
	*ret_marker_at = s->n_changes + 1;
	if (j->marker_owner && s->marker_after) {
		*ret_marker_at = n;
		w[n++] = (struct dg_swap){
			dg_marker_rrset(j->arena, j->marker_owner, s->marker_before, limits),
			dg_marker_rrset(j->arena, j->marker_owner, s->marker_after, limits)};
	}
	*ret_n = n;
	return w;
}

/* The marker alone decides whether a step was ours where there is one: RRsets may have been edited since. Where it goes first it says
 * only that the step was begun. What came through in part is what s did. */
static enum dg_step_state judge(struct dg_job *j, struct dg_step *s)
{
	bool is_atomic = j->provider->ops->caps & DG_CAP_ATOMIC;
	size_t n = 0;
	size_t marker_at = 0;
	size_t odd = 0;
	struct dg_swap *w = swaps_of(j, s, &n, &marker_at);
	const char *marker = NULL;
	struct dg_rrset set;

	if (is_atomic && marker_at < n &&
		dg_marker_read(j->arena, j->have, j->marker_owner, &set, &marker) == 0 && marker &&
		strcmp(marker, s->marker_after) == 0) {
		return DG_STEP_APPLIED;
	}
	switch (dg_settle(w, n, marker_at, j->have, &odd)) {
	case DG_SETTLED_APPLIED:
		return DG_STEP_APPLIED;
	case DG_SETTLED_NOT:
		return DG_STEP_FAILED;
	case DG_SETTLED_UNREAD:
		return DG_STEP_INTENDED;
	case DG_SETTLED_MIXED:
	case DG_SETTLED_OTHER:
		break;
	}
	if (dg_part_is(j, w, n, j->have)) {
		dg_part_keep(j, s, j->have);
		return DG_STEP_APPLIED;
	}
	return DG_STEP_LOST;
}

static const char *words(enum dg_step_state s)
{
	switch (s) {
	case DG_STEP_APPLIED:
	case DG_STEP_VERIFIED:
		return "had been applied";
	case DG_STEP_FAILED:
	case DG_STEP_CONFLICT:
		return "had not been applied";
	case DG_STEP_LOST:
		return "cannot be told any more: the zone has been edited since";
	case DG_STEP_INTENDED:
		break;
	}
	return "is still open";
}

/* The run that sent it did not live to note how long caches hold the old answers. */
static int write_waits(struct dg_job *j, const struct dg_step *s, int64_t now)
{
	int r = 0;

	for (size_t i = 0; i < s->n_changes && r == 0; i++) {
		const struct dg_rrset *old = &s->changes[i].before;
		struct dg_wait w = {.zone = s->zone,
			.owner = old->owner,
			.type = old->type,
			.until = now + old->ttl,
			.ttl = old->ttl};

		if (old->n > 0 && old->ttl > 0) {
			r = dg_store_wait_put(j->engine->store, &w, &j->err);
			j->last_old_until =
				w.until > j->last_old_until ? w.until : j->last_old_until;
		}
	}
	return r;
}

static int settle_one(struct dg_job *j, const struct dg_step *s, enum dg_step_state state)
{
	struct dg_engine *e = j->engine;

	j->settled = dg_printf(
		j->arena, "change %lld of an interrupted run %s", (long long)s->id, words(state));
	if (state == DG_STEP_INTENDED || !e->can_write) {
		return 0;
	}
	int64_t now = dg_loop_now(e->loop);
	int r = state == DG_STEP_APPLIED ? write_waits(j, s, now) : 0;
	return r < 0 ? r
		     : dg_store_end(
			       e->store, s, state, now, "settled by a later run", NULL, 0, &j->err);
}

/* A step that was given up as not applied, whose UPDATE arrived all the same: its marker stands in the zone. Notes that in the
 * journal. 1: there is one, its id in ret_id; 0: none. */
static int find_late(struct dg_job *j, const char *marker, int64_t *ret_id)
{
	struct dg_step *steps = NULL;
	struct dg_run *runs = NULL;
	size_t n = 0;

	int r = dg_store_log(j->engine->store, j->arena, j->policy->zone, RECENT_STEPS, &steps,
		&runs, &n, &j->err);
	for (size_t i = 0; i < n && r == 0; i++) {
		struct dg_step s;
		bool is_given_up = steps[i].state == DG_STEP_FAILED ||
				   steps[i].state == DG_STEP_CONFLICT ||
				   steps[i].state == DG_STEP_LOST;

		if (!steps[i].marker_after || !is_given_up ||
			strcmp(steps[i].marker_after, marker) != 0) {
			continue;
		}
		r = dg_store_step(j->engine->store, j->arena, steps[i].id, &s, &j->err);
		r = r == 0 ? settle_one(j, &s, DG_STEP_APPLIED) : r;
		*ret_id = s.id;
		return r < 0 ? r : 1;
	}
	return r;
}

int dg_job_find_late(struct dg_job *j, const struct dg_zone *now)
{
	const char *marker = NULL;
	struct dg_rrset set;
	bool is_all = true;
	int64_t id = 0;

	if (!j->has_marker_swap || dg_marker_read(j->arena, now, j->marker_owner, &set, &marker) ||
		!marker || (j->step.marker_after && strcmp(marker, j->step.marker_after) == 0)) {
		return DG_LATE_NONE;
	}
	int r = find_late(j, marker, &id);
	if (r <= 0) {
		return r;
	}
	for (size_t i = 0; i + 1 < j->n_swaps; i++) { /* the marker's is the last */
		struct dg_rrset have;

		is_all = is_all &&
			 dg_zone_get(now, j->swaps[i].after.owner, j->swaps[i].after.type, &have) ==
				 0 &&
			 dg_rrset_same(&have, &j->swaps[i].after);
	}
	j->late = id;
	j->late_marker = marker;
	j->late_have = set;
	return is_all ? DG_LATE_ALL : DG_LATE_OTHER;
}

/* The journal may know more now: what was applied last, and which marker. */
static int reload(struct dg_job *j)
{
	struct dg_engine *e = j->engine;

	int r = dg_store_owned_all(
		e->store, j->arena, j->policy->zone, &j->owned, &j->n_owned, &j->err);
	if (r >= 0 && j->marker_owner) {
		j->marker_known = NULL;
		r = dg_store_marker(e->store, j->arena, j->policy->zone, &j->marker_known, &j->err);
	}
	return r < 0 ? r : dg_job_judge_marker(j);
}

int dg_job_settle_open(struct dg_job *j)
{
	struct dg_step *open = NULL;
	size_t n = 0;

	int r = dg_store_open_steps(
		j->engine->store, j->arena, j->policy->zone, &open, &n, &j->err);
	for (size_t i = 0; i < n && r >= 0; i++) {
		r = settle_one(j, &open[i], judge(j, &open[i]));
	}
	if (r >= 0 && j->marker_state == DG_MARKER_FOREIGN) {
		r = find_late(j, j->marker_text, &(int64_t){0});
	}
	return r < 0 ? r : j->settled ? reload(j) : 0;
}
