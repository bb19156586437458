/* The plan that puts back what an earlier change replaced. */
#include "zones/plan/build.h"

#include "zones/base/arena.h"
#include "zones/base/err.h"
#include "zones/mail/mx.h"
#include "zones/record/zone.h"

static enum dg_conflict conflict_of(
	const struct dg_rrset *served, int never, const struct dg_rrset *last)
{
	if (never != 0) {
		return served->n > 0 ? DG_CONFLICT_FOREIGN : DG_CONFLICT_NONE;
	}
	if (dg_rrset_same(served, last)) {
		return DG_CONFLICT_NONE;
	}
	return served->n > 0 ? DG_CONFLICT_EDITED : DG_CONFLICT_DELETED;
}

/* On the way back, too, a way for mail opens before one closes. */
static bool is_closing(const struct dg_change *c)
{
	return c->after.n == 0 ||
	       (c->after.type == DG_TYPE_MX && dg_mx_state(&c->after) == DG_MX_NULL);
}

static int restore_set(struct dg_plan_builder *pb, const struct dg_rrset *set,
	dg_last_applied *last, void *last_arg, bool adopt, struct dg_err *err)
{
	struct dg_rrset was = dg_rrset_none(set->owner, set->type);
	struct dg_change c = {.before = was, .after = *set, .is_mail_mx = set->type == DG_TYPE_MX};
	const struct dg_pos nowhere = {0};
	int rc = dg_plan_may_hold(pb->plan->zone, set->owner, set->type, &nowhere, err);
	const char *obstacle = NULL;

	if (rc < 0) {
		return rc;
	}
	if (dg_zone_get(pb->have, set->owner, set->type, &c.before) != 0) {
		c.conflict = DG_CONFLICT_UNKNOWN;
	} else if (dg_rrset_same(&c.before, set)) {
		dg_plan_keep(pb, &c.before);
		return 0;
	} else if (set->n > 0 && (obstacle = dg_plan_obstacle(pb->arena, pb->have, set->owner))) {
		c.conflict = DG_CONFLICT_CNAME;
	} else {
		int never = last ? last(last_arg, set->owner, set->type, &was) : 1;

		if (never < 0) {
			return dg_fail(err, DG_EIO,
				"what was applied last at %s could not be read from the journal",
				set->owner);
		}
		c.conflict = adopt ? DG_CONFLICT_NONE : conflict_of(&c.before, never, &was);
		c.last = c.conflict == DG_CONFLICT_EDITED || c.conflict == DG_CONFLICT_DELETED
				 ? was
				 : (struct dg_rrset){0};
	}
	c.phase = is_closing(&c) ? 1 : 0;
	c.why = set->n > 0 ? "put back as it was before that change"
			   : "was not there before that change";
	c.conflict_text = dg_conflict_words(pb->arena, &c, obstacle);
	return dg_plan_add(pb, &c, err);
}

/* NOLINTNEXTLINE(readability-function-size): what it needs is told in one call */
int dg_plan_restore(struct dg_arena *a, const struct dg_zone *have, const struct dg_rrset *sets,
	size_t n, dg_last_applied *last, void *last_arg, bool adopt, struct dg_plan **ret_plan,
	struct dg_err *err)
{
	struct dg_plan_builder pb;
	bool opens = false;
	int rc = 0;

	dg_plan_start(&pb, a, have, have->apex, n);
	for (size_t i = 0; rc == 0 && i < n; i++) {
		rc = restore_set(&pb, &sets[i], last, last_arg, adopt, err);
	}
	for (size_t i = 0; i < pb.plan->n; i++) {
		opens = opens || pb.plan->changes[i].phase == 0;
	}
	for (size_t i = 0; !opens && i < pb.plan->n; i++) {
		pb.plan->changes[i].phase = 0;
	}
	rc = rc == 0 ? dg_plan_finish(&pb, err) : rc;
	if (rc == 0) {
		*ret_plan = pb.plan;
	}
	return rc;
}
