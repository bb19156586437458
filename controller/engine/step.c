#include "controller/engine/step.h"

#include "controller/engine/engine.h"
#include "controller/engine/job.h"
#include "controller/engine/marker.h"
#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/record/zone.h"

#include <stdlib.h>
#include <string.h>

#define SHOWN_RRSET_MAX 300u

size_t dg_step_marker_at(const struct dg_job *j)
{
	return j->has_marker_swap ? j->n_swaps - 1 : j->n_swaps + 1;
}

/* The marker is replaced by a new one; undoing the very first change takes it away: the zone is as it was before. */
static int add_marker_swap(struct dg_job *j)
{
	int r = 0;

	j->step.marker_before = j->marker_text;
	if (!j->removes_marker) {
		r = dg_marker_new(j->arena, &j->step.marker_after, &j->err);
	}
	if (r == 0) {
		j->swaps[j->n_swaps++] = (struct dg_swap){j->marker_have,
			dg_marker_rrset(j->arena, j->marker_owner, j->step.marker_after,
				dg_provider_limits(j->provider))};
		j->has_marker_swap = true;
	}
	return r;
}

/* The journal outlives the folder that the command was started in. */
static const char *absolute(struct dg_job *j)
{
	char *path = realpath(j->document, NULL);
	const char *kept = dg_strdup(j->arena, path ? path : j->document);

	free(path);
	return kept;
}

int dg_step_make(struct dg_job *j)
{
	struct dg_plan *p = j->plan;
	size_t n = 0;

	j->swaps = dg_newn(j->arena, struct dg_swap, p->n + 1);
	struct dg_step_change *changes = dg_newn(j->arena, struct dg_step_change, p->n);
	for (size_t i = 0; i < p->n; i++) {
		const struct dg_change *c = &p->changes[i];

		if (c->phase == j->phase) {
			changes[n] = (struct dg_step_change){c->before, c->after, c->why};
			j->swaps[n++] = (struct dg_swap){c->before, c->after};
		}
	}
	j->n_swaps = n;
	char *where = dg_get(j->arena, 1, SHOWN_RRSET_MAX);
	j->step = (struct dg_step){
		.run = j->engine->run,
		.zone = p->zone,
		.provider =
			j->provider->ops->describe(j->provider, p->zone, where, SHOWN_RRSET_MAX),
		.document = absolute(j),
		.changes = changes,
		.n_changes = n,
		.restores = j->restores,
	};
	memcpy(j->step.digest, p->digest, sizeof(p->digest));
	j->has_marker_swap = false;
	return j->marker_owner && n > 0 ? add_marker_swap(j) : 0;
}

static const char *shown(struct dg_job *j, const struct dg_rrset *set)
{
	struct dg_buf b;

	if (set->n == 0) {
		return "nothing";
	}
	dg_buf_init(&b, SHOWN_RRSET_MAX);
	dg_rrset_print(&b, set);
	while (b.len > 0 && b.data[b.len - 1] == '\n') {
		b.data[--b.len] = '\0';
	}
	const char *text = b.is_full ? "other records" : dg_strdup(j->arena, b.data);
	dg_buf_done(&b);
	return text;
}

int dg_step_moved(struct dg_job *j, const struct dg_zone *now, size_t odd, const char *what)
{
	struct dg_rrset set;
	const struct dg_swap *w = &j->swaps[odd < j->n_swaps ? odd : 0];
	char type[16];

	if (dg_zone_get(now, w->before.owner, w->before.type, &set) != 0) {
		set = dg_rrset_none(w->before.owner, w->before.type);
	}
	return dg_fail(&j->err, DG_ECONFLICT,
		"%s %s: %s: expected \"%s\", found \"%s\". Look with `dnsguard plan`, then decide",
		w->before.owner, dg_type_text(w->before.type, type), what, shown(j, &w->before),
		shown(j, &set));
}

int dg_step_late(struct dg_job *j)
{
	return dg_fail(&j->err, DG_ECONFLICT,
		"somebody else changed this zone meanwhile; nothing was overwritten: change %lld, "
		"of "
		"another run with this journal, came in between. Run the same command again: it "
		"goes "
		"on from what stands there",
		(long long)j->late);
}

uint32_t dg_step_mail_mx_ttl(const struct dg_job *j)
{
	uint32_t ttl = 0;

	for (size_t i = 0; i < j->plan->n; i++) {
		const struct dg_change *c = &j->plan->changes[i];

		if (c->phase == j->phase && c->is_mail_mx && c->old_ttl > ttl) {
			ttl = c->old_ttl;
		}
	}
	return ttl;
}
