/* What the name servers show, asked directly, and what the SPF records about to be published cost. */
#include "controller/engine/engine.h"
#include "controller/engine/eyes.h"
#include "controller/engine/job.h"
#include "controller/lookup/authority.h"
#include "controller/lookup/spfbudget.h"
#include "controller/lookup/verify.h"
#include "providers/net/loop.h"
#include "zones/base/arena.h"
#include "zones/record/zone.h"

#include <string.h>

#define LOOK_FIRST_MS 250
#define LOOK_LAST_MS  5000
#define BUDGET_MS     10000

static void look_again(void *arg);

bool dg_job_all_in_force(const struct dg_job *j)
{
	return j->verify && j->verify->is_in_force;
}

static void finish(struct dg_job *j)
{
	j->looked(j);
}

static void deferred_finish(void *arg)
{
	finish(arg);
}

static void on_asked(struct dg_authority_ask *q, int rc)
{
	struct dg_job *j = q->arg;

	if (rc < 0) {
		j->verify_why = dg_strdup(j->arena, q->err.text);
		finish(j);
		return;
	}
	struct dg_verify_input in = {.zone = j->policy->zone,
		.swaps = j->look_swaps,
		.n_swaps = j->n_look_swaps,
		.views = q->views,
		.n_views = q->n_views};
	dg_verify_make(j->arena, &in, &j->verify);
	if (j->verify->is_in_force ||
		dg_loop_mono_ms(j->engine->loop) + j->look_delay_ms > j->look_until_ms) {
		finish(j);
		return;
	}
	(void)dg_loop_after_ms(j->engine->loop, j->look_delay_ms, look_again, j);
	j->look_delay_ms =
		j->look_delay_ms * 2 < LOOK_LAST_MS ? j->look_delay_ms * 2 : LOOK_LAST_MS;
}

static void look_again(void *arg)
{
	struct dg_job *j = arg;
	struct dg_resolver *resolver = NULL;
	struct dg_authority *authority = NULL;

	int r = dg_eyes_get(j->engine->eyes, &j->policy->verify, &resolver, &authority, &j->err);
	if (r < 0) {
		j->verify_why = dg_strdup(j->arena, j->err.text);
		dg_loop_defer(j->engine->loop, deferred_finish, j);
		return;
	}
	struct dg_rrkey *keys = dg_newn(j->arena, struct dg_rrkey, j->n_look_swaps);
	for (size_t i = 0; i < j->n_look_swaps; i++) {
		keys[i] = (struct dg_rrkey){
			j->look_swaps[i].after.owner, j->look_swaps[i].after.type};
	}
	j->ask = dg_new(j->arena, struct dg_authority_ask);
	*j->ask = (struct dg_authority_ask){
		.zone = j->policy->zone,
		.keys = keys,
		.n_keys = j->n_look_swaps,
		.servers = &j->policy->verify.servers,
		.have = j->have,
		.is_over_udp = j->is_look_between,
		.timeout_ms = (int64_t)j->policy->verify.timeout * 1000,
		.arena = j->arena,
		.done = on_asked,
		.arg = j,
	};
	dg_authority_ask(authority, j->ask);
}

void dg_job_look(struct dg_job *j, struct dg_swap *swaps, size_t n, int64_t for_ms,
	void (*then)(struct dg_job *j))
{
	j->look_swaps = swaps;
	j->n_look_swaps = n;
	j->looked = then;
	j->look_delay_ms = LOOK_FIRST_MS;
	j->look_until_ms = dg_loop_mono_ms(j->engine->loop) + for_ms;
	j->verify = NULL;
	j->verify_why = NULL;
	if (j->policy->verify.is_off || n == 0) {
		dg_loop_defer(j->engine->loop, deferred_finish, j);
		return;
	}
	look_again(j);
}

/* --- SPF ------------------------------------------------------------------------------------------------------ */

struct budget {
	struct dg_job *job;
	size_t next; /* change to look at */
	struct dg_rrset *overlay;
	size_t n_overlay;
	struct dg_resolver *resolver;
	void (*then)(struct dg_job *j, int rc);
	struct dg_spf_budget ask;
};

static void next_record(struct budget *b);

static const char *spf_of(struct dg_job *j, const struct dg_rrset *set)
{
	for (size_t i = 0; set->type == DG_TYPE_TXT && i < set->n; i++) {
		if (dg_txt_has_tag(&set->rdata[i], "v=spf1")) {
			return dg_txt_join(j->arena, &set->rdata[i]);
		}
	}
	return NULL;
}

static const struct dg_change *change_at(const struct budget *b, size_t i)
{
	return &b->job->plan->changes[i];
}

static void on_counted(struct dg_spf_budget *ask)
{
	struct budget *b = ask->arg;
	struct dg_job *j = b->job;
	const struct dg_change *c = change_at(b, b->next - 1);

	for (size_t i = 0; i < ask->lints.n; i++) {
		const struct dg_lint *l = &ask->lints.list[i];

		if (l->level == DG_LEVEL_ERROR) {
			b->then(j, dg_fail_at(&j->err, &c->pos, DG_EPOLICY,
					   "SPF of %s: %s (%s); it was not published",
					   c->after.owner, l->text, l->rule));
			return;
		}
		if (l->level == DG_LEVEL_WARNING) {
			j->note = dg_printf(j->arena, "SPF of %s: %s", c->after.owner, l->text);
		}
	}
	next_record(b);
}

/* The next change that publishes an SPF record with something to look up. */
static void next_record(struct budget *b)
{
	struct dg_job *j = b->job;

	while (b->next < j->plan->n) {
		const struct dg_change *c = change_at(b, b->next++);
		const char *record = spf_of(j, &c->after);
		const char *before = spf_of(j, &c->before);

		if (!record || (before && strcmp(before, record) == 0)) {
			continue;
		}
		b->ask = (struct dg_spf_budget){
			.owner = c->after.owner,
			.record = record,
			.overlay = b->overlay,
			.n_overlay = b->n_overlay,
			.have = j->have,
			.resolver = b->resolver,
			.deadline_ms = BUDGET_MS,
			.arena = j->arena,
			.done = on_counted,
			.arg = b,
		};
		dg_spf_budget_start(j->engine->loop, &b->ask);
		return;
	}
	b->then(j, 0);
}

static bool needs_count(const struct dg_job *j)
{
	for (size_t i = 0; i < j->plan->n; i++) {
		const struct dg_rrset *set = &j->plan->changes[i].after;

		for (size_t k = 0; set->type == DG_TYPE_TXT && k < set->n; k++) {
			if (dg_txt_has_tag(&set->rdata[k], "v=spf1")) {
				return true;
			}
		}
	}
	return false;
}

void dg_job_spf_budget(struct dg_job *j, void (*then)(struct dg_job *j, int rc))
{
	struct budget *b = dg_new(j->arena, struct budget);
	struct dg_authority *unused = NULL;
	struct dg_err err;

	*b = (struct budget){.job = j, .then = then};
	if (!needs_count(j)) {
		then(j, 0);
		return;
	}
	b->overlay = dg_newn(j->arena, struct dg_rrset, j->plan->n);
	for (size_t i = 0; i < j->plan->n; i++) {
		b->overlay[b->n_overlay++] = j->plan->changes[i].after;
	}
	if (!j->policy->verify.is_off || j->policy->verify.resolver.host) {
		/* Without a resolver the counts are a lower bound, and are said to be. */
		(void)dg_eyes_get(j->engine->eyes, &j->policy->verify, &b->resolver, &unused, &err);
	}
	next_record(b);
}
