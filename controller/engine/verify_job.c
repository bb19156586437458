/* `verify`: want against what every name server and the resolver say now. Writes nothing. */
#include "controller/engine/engine.h"
#include "controller/engine/eyes.h"
#include "controller/engine/job.h"
#include "controller/lookup/resolver.h"
#include "controller/lookup/verify.h"
#include "providers/net/loop.h"
#include "zones/base/arena.h"
#include "zones/plan/plan.h"
#include "zones/record/view.h"

#define RESOLVER_MS    5000
#define RESOLVER_AGAIN 1000 /* ms between two looks at a cache that is waited for */

static void ask_resolver(void *arg);

struct dg_swap *dg_job_wanted(struct dg_job *j, size_t n)
{
	struct dg_swap *w = dg_newn(j->arena, struct dg_swap, n);

	for (size_t i = 0; i < n; i++) {
		w[i].after = j->plan->wanted[i];
	}
	return w;
}

/* Does the resolver show something else? One that cannot be asked proves nothing, bogus data are lost for everybody. For a step of a
 * split caches are waited for elsewhere, and what is in them (a DMARC record for an hour) does not make it undone. */
static bool is_stale(const struct dg_job *j)
{
	const struct dg_name_state *stage = j->engine->stage;
	bool has_time = stage && stage->stage != DG_STAGE_ARMED;

	return j->seen && ((j->seen->n_old + j->seen->n_other > 0 && !has_time) ||
				  j->seen->servers[0].view->state == DG_VIEW_BOGUS);
}

static void judge(struct dg_job *j)
{
	bool is_same = j->plan->n == 0;
	bool at_servers = j->policy->verify.is_off || dg_job_all_in_force(j);

	dg_job_end(j, is_same && at_servers && !is_stale(j) ? DG_JOB_SAME
		      : is_same                             ? DG_JOB_LAGGING
							    : DG_JOB_PENDING);
}

static void on_resolver(struct dg_resolver_look *q)
{
	struct dg_job *j = q->arg;
	struct dg_verify_input in = {.zone = j->policy->zone,
		.swaps = j->look_swaps,
		.n_swaps = j->n_look_swaps,
		.views = &q->view,
		.n_views = 1};

	dg_verify_make(j->arena, &in, &j->seen);
	if (q->n_keys > 0 && q->view.n_unknown == q->n_keys && q->view.state != DG_VIEW_BOGUS) {
		j->engine->is_resolver_silent = true;
	}
	if (is_stale(j) && j->plan->n == 0 && dg_job_all_in_force(j) &&
		dg_loop_mono_ms(j->engine->loop) + RESOLVER_AGAIN <= j->look_until_ms) {
		(void)dg_loop_after_ms(j->engine->loop, RESOLVER_AGAIN, ask_resolver, j);
		return;
	}
	judge(j);
}

static void ask_resolver(void *arg)
{
	struct dg_job *j = arg;
	struct dg_resolver *resolver = NULL;
	struct dg_authority *authority = NULL;
	struct dg_err err;

	if (j->policy->verify.is_off || j->engine->is_resolver_silent ||
		dg_eyes_get(j->engine->eyes, &j->policy->verify, &resolver, &authority, &err) < 0 ||
		!resolver) {
		judge(j);
		return;
	}
	struct dg_rrkey *keys = dg_newn(j->arena, struct dg_rrkey, j->n_look_swaps);
	for (size_t i = 0; i < j->n_look_swaps; i++) {
		keys[i] = (struct dg_rrkey){
			j->look_swaps[i].after.owner, j->look_swaps[i].after.type};
	}
	struct dg_resolver_look *q = dg_new(j->arena, struct dg_resolver_look);
	*q = (struct dg_resolver_look){.zone = j->policy->zone,
		.keys = keys,
		.n_keys = j->n_look_swaps,
		.deadline_ms = RESOLVER_MS,
		.arena = j->arena,
		.done = on_resolver,
		.arg = j};
	dg_resolver_look(resolver, q);
}

static void on_looked(struct dg_job *j)
{
	ask_resolver(j);
}

void dg_job_verify(struct dg_job *j)
{
	struct dg_swap *w = dg_job_wanted(j, j->plan->n_managed);
	/* What its provider does not hold no name server will ever show: that is not waited for. */
	int64_t wait_ms = j->plan->n == 0 ? j->engine->verify_ms : 0;

	dg_job_look(j, w, j->plan->n_managed, wait_ms, on_looked);
}
