/* Have, settle, want, plan, check: everything before the first write. */
#include "controller/engine/engine.h"
#include "controller/engine/job.h"
#include "controller/engine/limits.h"
#include "controller/engine/marker.h"
#include "zones/base/arena.h"
#include "zones/base/map.h"
#include "zones/plan/plan.h"
#include "zones/policy/policy.h"
#include "zones/policy/want.h"
#include "zones/record/zone.h"

#include <string.h>

struct owned_index {
	struct dg_map by_place;
	struct dg_arena *arena;
};

static const char *place(struct dg_arena *a, const char *owner, uint16_t type)
{
	return dg_printf(a, "%s/%u", owner, type);
}

static int last_applied(void *arg, const char *owner, uint16_t type, struct dg_rrset *ret_set)
{
	struct owned_index *x = arg;
	const struct dg_rrset *set = dg_map_get(&x->by_place, place(x->arena, owner, type));

	if (!set) {
		return 1;
	}
	*ret_set = *set;
	return 0;
}

static struct owned_index index_of(struct dg_job *j)
{
	struct owned_index x = {.arena = j->arena};

	dg_map_init(&x.by_place, j->arena);
	for (size_t i = 0; i < j->n_owned; i++) {
		(void)dg_map_put(&x.by_place, place(j->arena, j->owned[i].owner, j->owned[i].type),
			&j->owned[i]);
	}
	return x;
}

/* Can the provider hold every change? Asked at plan time, so that applying can only fail for what happens then. */
static int check_provider(struct dg_job *j)
{
	struct dg_plan *p = j->plan;
	struct dg_swap *w = dg_newn(j->arena, struct dg_swap, p->n);
	int r = 0;

	for (size_t i = 0; i < p->n && r == 0; i++) {
		w[i] = (struct dg_swap){p->changes[i].before, p->changes[i].after};
		r = dg_limits_check(j, &p->changes[i]);
	}
	return r == 0 ? j->provider->ops->check(j->provider, w, p->n, &j->err) : r;
}

static const char *marker_words(const struct dg_job *j)
{
	return j->marker_state == DG_MARKER_MISSING
		       ? "the marker that the last change left is gone: somebody removed it, or "
			 "loaded an older copy of the zone. Look at the plan; --adopt goes on from "
			 "what "
			 "stands there"
		       : "the marker is not the one that the last change of this journal left: "
			 "another "
			 "dnsguard, or one with another state folder, changes this zone too. Look "
			 "at the "
			 "plan; --adopt goes on from what stands there";
}

static const struct dg_mail_spec *staged_name(const struct dg_job *j)
{
	const struct dg_name_state *stage = j->engine->stage;

	for (size_t i = 0; stage && i < j->policy->n_mail; i++) {
		if (strcmp(j->policy->mail[i].name, stage->name) == 0) {
			return &j->policy->mail[i];
		}
	}
	return NULL;
}

static void end_planned(struct dg_job *j)
{
	if (j->plan->n_conflicts > 0) {
		(void)dg_fail(&j->err, DG_ECONFLICT,
			"%zu of %zu changes would overwrite what was not "
			"put there by dnsguard",
			j->plan->n_conflicts, j->plan->n);
		dg_job_end(j, DG_JOB_CONFLICT);
		return;
	}
	if (j->marker_state != DG_MARKER_OURS && !j->engine->adopt) {
		j->note = marker_words(j);
		if (j->plan->n > 0) {
			dg_job_fail(j,
				dg_fail(&j->err, DG_ECONFLICT, "%s: %s", j->marker_owner, j->note));
			return;
		}
	}
	if (j->plan->n > 0 && !j->engine->force && j->restores == 0) {
		int r = dg_rail_zone(j->plan, staged_name(j), &j->err);

		if (r < 0) {
			dg_job_fail(j, r);
			return;
		}
	}
	dg_job_end(j, j->plan->n > 0 ? DG_JOB_PENDING : DG_JOB_SAME);
}

static void on_counted(struct dg_job *j, int rc)
{
	if (rc < 0) {
		dg_job_fail(j, rc);
		return;
	}
	end_planned(j);
}

static int plan_policy(struct dg_job *j)
{
	struct owned_index index = index_of(j);

	int r = dg_want_make(
		j->arena, j->policy, j->have, j->states, j->n_states, &j->want, &j->err);
	if (r < 0) {
		return r;
	}
	struct dg_plan_input in = {.have = j->have,
		.want = j->want,
		.last = last_applied,
		.last_arg = &index,
		.adopt = j->engine->adopt};
	return dg_plan_make(j->arena, &in, &j->plan, &j->err);
}

/* What the step replaced, to be put back; undoing the first change ever takes the marker away too. */
static int plan_restore(struct dg_job *j)
{
	struct owned_index index = index_of(j);
	const struct dg_step *s = j->restored;
	struct dg_rrset *sets = dg_newn(j->arena, struct dg_rrset, s->n_changes);

	for (size_t i = 0; i < s->n_changes; i++) {
		sets[i] = s->changes[i].before;
	}
	j->removes_marker = j->marker_owner && !s->marker_before && j->marker_text;
	return dg_plan_restore(j->arena, j->have, sets, s->n_changes, last_applied, &index,
		j->engine->adopt, &j->plan, &j->err);
}

static int make_plan(struct dg_job *j)
{
	int r = dg_job_judge_marker(j);

	if (r == 0) {
		r = dg_job_settle_open(j);
	}
	if (r == 0) {
		r = j->restored ? plan_restore(j) : plan_policy(j);
	}
	return r == 0 && j->plan->n > 0 && j->plan->n_conflicts == 0 ? check_provider(j) : r;
}

static void on_read(struct dg_read *read, int rc)
{
	struct dg_job *j = read->arg;

	if (rc < 0) {
		j->err = read->err;
		dg_job_fail(j, rc);
		return;
	}
	j->have = read->have;
	rc = make_plan(j);
	if (rc < 0) {
		dg_job_fail(j, rc);
		return;
	}
	if (j->plan->n > 0 && j->plan->n_conflicts == 0 && !j->restored) {
		dg_job_spf_budget(j, on_counted);
		return;
	}
	end_planned(j);
}

void dg_job_plan(struct dg_job *j)
{
	struct dg_rrkey *keys = NULL;
	size_t n = 0;
	size_t n_restored = j->restored ? j->restored->n_changes : 0;

	int r = dg_job_open(j);
	if (r < 0) {
		dg_job_fail(j, r);
		return;
	}
	dg_want_keys(j->arena, j->policy, &keys, &n);
	struct dg_rrkey *all = dg_newn(j->arena, struct dg_rrkey, n + j->n_owned + n_restored);
	memcpy(all, keys, n * sizeof(*keys));
	for (size_t i = 0; i < j->n_owned; i++) {
		all[n++] = (struct dg_rrkey){j->owned[i].owner, j->owned[i].type};
	}
	for (size_t i = 0; i < n_restored; i++) {
		const struct dg_rrset *set = &j->restored->changes[i].before;

		all[n++] = (struct dg_rrkey){set->owner, set->type};
	}
	dg_job_read(j, all, n, true, on_read);
}
