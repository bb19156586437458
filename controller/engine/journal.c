#include "controller/engine/journal.h"

#include "controller/engine/engine.h"
#include "providers/net/loop.h"
#include "zones/base/arena.h"

#include <stdlib.h>

struct entry {
	struct entry *next;
	struct dg_job *job;
	bool is_intent;
	enum dg_step_state state;
	const char *note;
	const struct dg_rrset *wanted;
	size_t n_wanted;
	void (*then)(struct dg_job *job, int rc);
};

struct dg_engine_journal {
	struct dg_engine *engine;
	struct entry *first;
	struct entry **last;
	bool is_scheduled;
};

struct dg_engine_journal *dg_journal_new(struct dg_engine *e)
{
	struct dg_engine_journal *j = calloc(1, sizeof(*j));

	if (!j) {
		abort();
	}
	j->engine = e;
	j->last = &j->first;
	return j;
}

struct dg_engine_journal *dg_journal_free(struct dg_engine_journal *j)
{
	free(j);
	return NULL;
}

/* Caches may hold what they fetched a moment before the change was seen for its whole old TTL. */
static int write_waits(struct dg_engine *e, struct dg_job *job, int64_t now, struct dg_err *err)
{
	int r = 0;

	for (size_t i = 0; i < job->plan->n && r == 0; i++) {
		const struct dg_change *c = &job->plan->changes[i];
		struct dg_wait w = {.zone = job->plan->zone,
			.owner = c->after.owner,
			.type = c->after.type,
			.until = now + c->old_ttl,
			.ttl = c->old_ttl};

		if (c->phase != job->phase || c->old_ttl == 0) {
			continue;
		}
		r = dg_store_wait_put(e->store, &w, err);
		if (w.until > job->last_old_until) {
			job->last_old_until = w.until;
		}
		if (c->is_mail_mx && w.until > job->mx_old_until) {
			job->mx_old_until = w.until;
		}
	}
	return r;
}

static int write_entry(struct dg_engine *e, const struct entry *t, struct dg_err *err)
{
	int64_t now = dg_loop_now(e->loop);

	if (t->is_intent) {
		t->job->step.intended_at = now;
		return dg_store_intend(e->store, &t->job->step, err);
	}
	int r = dg_store_end(
		e->store, &t->job->step, t->state, now, t->note, t->wanted, t->n_wanted, err);
	if (r == 0 && t->state == DG_STEP_APPLIED && t->job->plan) {
		r = write_waits(e, t->job, now, err);
	}
	return r;
}

static void flush(void *arg)
{
	struct dg_engine_journal *j = arg;
	struct entry *list = j->first;
	struct dg_err err = {0};

	j->first = NULL;
	j->last = &j->first;
	j->is_scheduled = false;
	int r = dg_store_begin(j->engine->store, &err);
	if (r == 0) {
		for (const struct entry *t = list; t && r == 0; t = t->next) {
			r = write_entry(j->engine, t, &err);
		}
		if (r == 0) {
			r = dg_store_commit(j->engine->store, &err);
		}
		if (r < 0) {
			dg_store_rollback(j->engine->store);
		}
	}
	for (struct entry *t = list; t;) {
		struct entry *next = t->next; /* then() may free the job, whose arena holds t */

		if (r < 0) {
			t->job->err = err;
		}
		t->then(t->job, r);
		t = next;
	}
}

static void queue(struct dg_engine_journal *j, struct entry *t)
{
	*j->last = t;
	j->last = &t->next;
	if (!j->is_scheduled) {
		j->is_scheduled = true;
		dg_loop_defer(j->engine->loop, flush, j);
	}
}

void dg_journal_intend(struct dg_job *job, void (*then)(struct dg_job *job, int rc))
{
	struct entry *t = dg_new(job->arena, struct entry);

	*t = (struct entry){.job = job, .is_intent = true, .then = then};
	queue(job->engine->journal, t);
}

void dg_journal_end(struct dg_job *job, enum dg_step_state state, const char *note,
	const struct dg_rrset *wanted, size_t n_wanted, void (*then)(struct dg_job *job, int rc))
{
	struct entry *t = dg_new(job->arena, struct entry);

	*t = (struct entry){.job = job,
		.state = state,
		.note = note,
		.wanted = wanted,
		.n_wanted = n_wanted,
		.then = then};
	queue(job->engine->journal, t);
}
