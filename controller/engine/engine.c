#include "controller/engine/engine.h"

#include "controller/engine/fleet.h"
#include "providers/net/loop.h"
#include "zones/base/arena.h"

#include <assert.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

/* A zone that has something to publish, between the two passes. */
struct pending {
	struct dg_job *job; /* NULL: not kept, is planned again */
	size_t index;
	uint8_t digest[DG_DIGEST_LEN];
};

struct dg_run_state {
	struct pending *list;
	size_t n, cap;
	size_t n_kept;
};

enum pass_kind {
	PASS_PLAN,
	PASS_PUBLISH,
	PASS_VERIFY,
};

/* One walk over the fleet: a window of jobs in flight, results handed over in order. */
struct pass {
	struct dg_engine *engine;
	struct dg_fleet *fleet;
	enum pass_kind kind;
	dg_engine_each *each;
	void *each_arg;
	struct dg_engine_counts *counts;
	struct dg_run_state *state;
	size_t next_pending;  /* PASS_PUBLISH: into state->list */
	size_t index;         /* of the zone read next */
	struct dg_job *first; /* in flight or waiting for those before; in order */
	struct dg_job **last;
	size_t n_open;
	bool is_at_end;
	bool is_filling;
	EVP_MD_CTX *digest;
	size_t n_plans; /* with changes */
	uint8_t one_digest[DG_DIGEST_LEN];
};

static void pump(struct pass *p);

/* --- results --------------------------------------------------------------------------------------------------- */

static void keep_pending(struct pass *p, struct dg_job *j)
{
	struct dg_run_state *s = p->state;

	if (s->n == s->cap) {
		s->cap = s->cap > 0 ? s->cap * 2 : 64;
		s->list = realloc(s->list, s->cap * sizeof(*s->list));
		if (!s->list) {
			abort();
		}
	}
	struct pending *e = &s->list[s->n++];
	*e = (struct pending){.index = j->index};
	assert(j->plan); /* what is pending has one */
	memcpy(e->digest, j->plan->digest, sizeof(e->digest));
	if (s->n_kept < DG_KEEP_MAX) {
		e->job = j;
		s->n_kept++;
	}
}

static void count(struct pass *p, const struct dg_job *j)
{
	struct dg_engine_counts *c = p->counts;

	c->by_end[j->end]++;
	c->n_zones++;
	if (j->plan && p->kind == PASS_PLAN) {
		dg_rail_add(&c->rails, j->plan);
		if (j->plan->n > 0) {
			(void)EVP_DigestUpdate(p->digest, j->plan->digest, sizeof(j->plan->digest));
			memcpy(p->one_digest, j->plan->digest, sizeof(p->one_digest));
			p->n_plans++;
		}
	}
}

/* Hands over what is finished, in order. */
static void report(struct pass *p)
{
	while (p->first && p->first->is_done) {
		struct dg_job *j = p->first;

		p->first = j->next;
		if (!p->first) {
			p->last = &p->first;
		}
		p->n_open--;
		j->next = NULL;
		count(p, j);
		if (j->end == DG_JOB_PENDING && p->kind == PASS_PLAN) {
			keep_pending(p, j);
		}
		p->each(p->each_arg, j, NULL);
		bool is_kept = p->kind == PASS_PLAN && j->end == DG_JOB_PENDING &&
			       p->state->n > 0 && p->state->list[p->state->n - 1].job == j;
		if (!is_kept) {
			dg_job_free(j);
		}
	}
}

static void refill(void *arg)
{
	struct pass *p = arg;

	p->is_filling = false;
	pump(p);
}

static void schedule(struct pass *p)
{
	if (!p->is_filling) {
		p->is_filling = true;
		dg_loop_defer(p->engine->loop, refill, p);
	}
}

static void job_done(struct dg_job *j)
{
	struct pass *p = j->arg;

	j->is_done = true;
	report(p);
	schedule(p);
}

/* --- steps of one job -------------------------------------------------------------------------------------------- */

/* Not kept since planning: the plan must still be the one that was shown. */
static void planned_again(struct dg_job *j)
{
	struct pass *p = j->arg;
	const struct pending *e = NULL;

	for (size_t i = p->next_pending; i-- > 0 && !e;) {
		e = p->state->list[i].index == j->index ? &p->state->list[i] : NULL;
	}
	j->done = job_done;
	if (j->end != DG_JOB_PENDING) {
		if (j->end == DG_JOB_SAME) {
			dg_job_fail(j, dg_fail(&j->err, DG_ECONFLICT,
					       "there is nothing to change any more: somebody was "
					       "quicker"));
			return;
		}
		job_done(j);
		return;
	}
	j->end = DG_JOB_RUNNING;
	if (!e || memcmp(e->digest, j->plan->digest, sizeof(e->digest)) != 0) {
		dg_job_fail(j, dg_fail(&j->err, DG_ECONFLICT,
				       "the zone changed after its plan was shown; plan again"));
		return;
	}
	dg_job_publish(j);
}

static void planned_for_verify(struct dg_job *j)
{
	j->done = job_done;
	if (!j->plan) {
		job_done(j);
		return;
	}
	j->end = DG_JOB_RUNNING;
	dg_job_verify(j);
}

static void append(struct pass *p, struct dg_job *j)
{
	j->arg = p;
	*p->last = j;
	p->last = &j->next;
	p->n_open++;
}

static void start(struct pass *p, struct dg_job *j)
{
	append(p, j);
	switch (p->kind) {
	case PASS_PLAN:
		j->done = job_done;
		break;
	case PASS_PUBLISH:
		j->done = planned_again;
		break;
	case PASS_VERIFY:
		j->done = planned_for_verify;
		break;
	}
	dg_job_plan(j);
}

/* The next zone of the fleet. false: there is none. */
static bool start_next(struct pass *p, bool is_wanted)
{
	struct dg_arena *a = dg_arena_new(DG_JOB_MEMORY_MAX);
	struct dg_policy *policy = NULL;
	const char *document = NULL;
	struct dg_err err;

	int r = dg_fleet_next(p->fleet, a, &policy, &document, &err);
	if (r != 0) {
		dg_arena_free(a);
	}
	if (r > 0) {
		return false;
	}
	if (r < 0) {
		if (p->kind != PASS_PUBLISH) {
			p->counts->n_broken++;
			p->each(p->each_arg, NULL, &err);
		}
		return true;
	}
	size_t index = p->index++;
	const char *only = p->engine->only_zone;
	if (!is_wanted || (only && strcmp(only, policy->zone) != 0)) {
		dg_arena_free(a);
		return true;
	}
	struct dg_job *j = dg_job_new(p->engine, a, policy, document);
	j->index = index;
	start(p, j);
	return true;
}

static void start_kept(struct pass *p, struct pending *e)
{
	struct dg_job *j = e->job;

	e->job = NULL;
	j->end = DG_JOB_RUNNING;
	j->is_done = false;
	j->next = NULL;
	j->done = job_done;
	append(p, j);
	dg_job_publish(j);
}

static void start_pending(struct pass *p)
{
	struct pending *e = &p->state->list[p->next_pending];

	if (e->job) {
		p->next_pending++;
		start_kept(p, e);
		return;
	}
	bool is_it = p->index == e->index;
	if (is_it) {
		p->next_pending++;
	}
	if (!start_next(p, is_it)) {
		p->is_at_end = true;
	}
}

static void pump(struct pass *p)
{
	while (!p->is_at_end && p->n_open < DG_WINDOW) {
		if (p->kind != PASS_PUBLISH) {
			p->is_at_end = !start_next(p, true);
		} else if (p->next_pending == p->state->n) {
			p->is_at_end = true;
		} else {
			start_pending(p);
		}
	}
	if (p->is_at_end && p->n_open == 0) {
		dg_loop_stop(p->engine->loop);
	}
}

static void run(struct pass *p)
{
	p->last = &p->first;
	dg_fleet_rewind(p->fleet);
	schedule(p);
	dg_loop_run(p->engine->loop);
}

/* --- the passes ------------------------------------------------------------------------------------------------------ */

/* NOLINTNEXTLINE(readability-function-size): what it needs is told in one call */
int dg_engine_plan(struct dg_engine *e, struct dg_fleet *f, dg_engine_each *each, void *arg,
	struct dg_engine_counts *ret_counts, struct dg_run_state **ret_state, struct dg_err *err)
{
	struct dg_run_state *s = calloc(1, sizeof(*s));
	struct pass p = {.engine = e,
		.fleet = f,
		.kind = PASS_PLAN,
		.each = each,
		.each_arg = arg,
		.counts = ret_counts,
		.state = s,
		.digest = EVP_MD_CTX_new()};

	*ret_counts = (struct dg_engine_counts){0};
	if (!s || !p.digest || EVP_DigestInit_ex(p.digest, EVP_sha256(), NULL) != 1) {
		EVP_MD_CTX_free(p.digest);
		free(s);
		return dg_fail(err, DG_EIO, "out of memory");
	}
	run(&p);
	(void)EVP_DigestFinal_ex(p.digest, ret_counts->digest, NULL);
	EVP_MD_CTX_free(p.digest);
	if (p.n_plans == 1) { /* the plan of a single zone is named by its own digest */
		memcpy(ret_counts->digest, p.one_digest, sizeof(p.one_digest));
	}
	*ret_state = s;
	return 0;
}

/* NOLINTNEXTLINE(readability-function-size): what it needs is told in one call */
int dg_engine_publish(struct dg_engine *e, struct dg_fleet *f, struct dg_run_state *state,
	dg_engine_each *each, void *arg, struct dg_engine_counts *ret_counts, struct dg_err *err)
{
	struct pass p = {.engine = e,
		.fleet = f,
		.kind = PASS_PUBLISH,
		.each = each,
		.each_arg = arg,
		.counts = ret_counts,
		.state = state};

	(void)err;
	*ret_counts = (struct dg_engine_counts){0};
	run(&p);
	dg_run_state_free(state);
	return 0;
}

int dg_engine_verify(struct dg_engine *e, struct dg_fleet *f, dg_engine_each *each, void *arg,
	struct dg_engine_counts *ret_counts, struct dg_err *err)
{
	struct pass p = {.engine = e,
		.fleet = f,
		.kind = PASS_VERIFY,
		.each = each,
		.each_arg = arg,
		.counts = ret_counts};

	(void)err;
	*ret_counts = (struct dg_engine_counts){0};
	run(&p);
	return 0;
}

static void stop_loop(struct dg_job *j)
{
	dg_loop_stop(j->engine->loop);
}

static void run_one(struct dg_engine *e, struct dg_job *job, void (*start_it)(struct dg_job *j))
{
	job->done = stop_loop;
	job->end = DG_JOB_RUNNING;
	start_it(job);
	dg_loop_run(e->loop);
}

void dg_engine_plan_one(struct dg_engine *e, struct dg_job *job)
{
	run_one(e, job, dg_job_plan);
}

void dg_engine_publish_one(struct dg_engine *e, struct dg_job *job)
{
	run_one(e, job, dg_job_publish);
}

void dg_engine_verify_one(struct dg_engine *e, struct dg_job *job)
{
	run_one(e, job, dg_job_verify);
}

size_t dg_run_state_n(const struct dg_run_state *s)
{
	return s->n;
}

void dg_run_state_choose(
	struct dg_run_state *s, bool (*is_wanted)(void *arg, const struct dg_job *job), void *arg)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++) {
		struct pending *e = &s->list[i];

		if (e->job && is_wanted(arg, e->job)) {
			s->list[n++] = *e;
		} else {
			dg_job_free(e->job);
		}
	}
	s->n = n;
	s->n_kept = n;
}

struct dg_run_state *dg_run_state_free(struct dg_run_state *s)
{
	if (s) {
		for (size_t i = 0; i < s->n; i++) {
			dg_job_free(s->list[i].job);
		}
		free(s->list);
		free(s);
	}
	return NULL;
}
