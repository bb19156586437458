#include "controller/engine/part.h"

#include "controller/engine/job.h"
#include "controller/engine/marker.h"
#include "controller/engine/step.h"
#include "zones/base/arena.h"
#include "zones/record/rewrite.h"
#include "zones/record/zone.h"

#include <string.h>

static struct dg_rrset stands(const struct dg_zone *now, const struct dg_rrset *at)
{
	struct dg_rrset set;

	return dg_zone_get(now, at->owner, at->type, &set) == 0
		       ? set
		       : dg_rrset_none(at->owner, at->type);
}

bool dg_part_is(struct dg_job *j, const struct dg_swap *swaps, size_t n, const struct dg_zone *now)
{
	if (j->provider->ops->caps & DG_CAP_ATOMIC) {
		return false;
	}
	for (size_t i = 0; i < n; i++) {
		const struct dg_swap *w = &swaps[i];
		struct dg_rrset is = stands(now, &w->before);

		if (!dg_rrset_same(&is, &w->before) && !dg_rrset_same(&is, &w->after) &&
			!dg_rewrite_is_between(j->arena, &w->before, &w->after, &is,
				dg_provider_limits(j->provider)->has_late_ttl)) {
			return false;
		}
	}
	return true;
}

size_t dg_part_send(struct dg_job *j, const struct dg_zone *now)
{
	size_t marker_at = dg_step_marker_at(j);
	bool is_first = !(j->provider->ops->caps & DG_CAP_ATOMIC) && marker_at < j->n_swaps;

	j->sent = dg_newn(j->arena, struct dg_swap, j->n_swaps);
	j->n_sent = 0;
	for (size_t i = 0; i < j->n_swaps; i++) {
		/* 0, 1, 2, M becomes M, 0, 1, 2 */
		const struct dg_swap *w = &j->swaps[!is_first ? i : i == 0 ? marker_at : i - 1];
		struct dg_rrset is = now ? stands(now, &w->before) : w->before;

		if (!now || !dg_rrset_same(&is, &w->after)) {
			j->sent[j->n_sent++] = (struct dg_swap){is, w->after};
		}
	}
	return j->n_sent;
}

void dg_part_keep(struct dg_job *j, struct dg_step *s, const struct dg_zone *now)
{
	struct dg_step_change *kept = dg_newn(j->arena, struct dg_step_change, s->n_changes);
	struct dg_rrset set;
	const char *text = NULL;

	for (size_t i = 0; i < s->n_changes; i++) {
		kept[i] = s->changes[i];
		kept[i].after = stands(now, &s->changes[i].before);
	}
	s->changes = kept;
	if (j->marker_owner && dg_marker_read(j->arena, now, j->marker_owner, &set, &text) == 0) {
		s->marker_after = text;
	}
}
