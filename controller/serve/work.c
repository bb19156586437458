#include "controller/serve/work.h"

#include "controller/engine/engine.h"
#include "controller/engine/eyes.h"
#include "controller/engine/fleet.h"
#include "controller/engine/journal.h"
#include "controller/engine/pool.h"
#include "controller/serve/template.h"
#include "controller/serve/work_parts.h"
#include "providers/net/loop.h"
#include "zones/base/arena.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MEMORY_MAX  ((size_t)512 << 20)
#define FETCH       ((size_t)2 * DG_WORK_BATCH)
#define WRITE_EVERY 64u
#define WHY_MAX     120u

bool dg_work_is_at(const struct dg_work *w, int64_t order, unsigned n)
{
	for (size_t i = 0; i < w->n; i++) {
		const struct dg_order_item *t = &w->items[i].row;

		if (t->order == order && t->n == n) {
			return !w->items[i].has_ended;
		}
	}
	return false;
}

/* --- results ------------------------------------------------------------------------------------ */
/* Many in one transaction. What could not be written is done again, which changes nothing. */
static void write_results(struct dg_work *w)
{
	int64_t now = dg_loop_now(w->loop);
	struct dg_err err;
	int r = w->n_unwritten > 0 ? dg_store_begin(w->store, &err) : 1;

	for (size_t i = 0; r == 0 && i < w->n; i++) {
		struct dg_work_item *x = &w->items[i];

		if (x->has_ended && !x->is_written) {
			r = dg_store_order_item_end(w->store, &x->row, now, &err);
			x->is_written = true;
		}
	}
	if (r == 0) {
		r = dg_store_commit(w->store, &err);
	} else if (r < 0) {
		dg_store_rollback(w->store);
	}
	w->n_unwritten = 0;
	if (r < 0) {
		w->tell(w->tell_arg, err.text);
	}
}

void dg_work_end(struct dg_work *w, struct dg_work_item *x)
{
	x->has_ended = true;
	if (++w->n_unwritten >= WRITE_EVERY) {
		write_results(w);
	}
}

static struct dg_work_item *item_of(struct dg_work *w, const char *zone)
{
	size_t n = strlen(zone);

	for (size_t i = 0; i < w->n; i++) {
		const char *of = w->items[i].row.zone;

		if (strlen(of) + 1 == n && memcmp(of, zone, n - 1) == 0) {
			return w->items[i].has_ended ? NULL : &w->items[i];
		}
	}
	return NULL;
}

/* --- the batch ---------------------------------------------------------------------------------- */
static bool goes_with(const struct dg_work *w, const struct dg_order_item *t)
{
	if (w->n == 0) {
		return true;
	}
	const struct dg_order_item *first = &w->items[0].row;
	/* What could not be reached before would keep the others waiting. */
	if (strcmp(first->kind, t->kind) != 0 || first->adopts != t->adopts ||
		(first->n_tries > 0) != (t->n_tries > 0)) {
		return false;
	}
	for (size_t i = 0; i < w->n; i++) {
		if (strcmp(w->items[i].row.zone, t->zone) == 0) {
			return false;
		}
	}
	return true;
}

static int choose(struct dg_work *w, struct dg_err *err)
{
	struct dg_order_item *rows = NULL;
	size_t n = 0;
	int r = dg_store_orders_next(
		w->store, w->arena, dg_loop_now(w->loop), FETCH, &rows, &n, err);

	if (r < 0) {
		return r;
	}
	w->items = dg_newn(w->arena, struct dg_work_item, DG_WORK_BATCH);
	for (size_t i = 0; i < n && w->n < DG_WORK_BATCH; i++) {
		if (goes_with(w, &rows[i])) {
			w->items[w->n++].row = rows[i];
		}
	}
	return w->n > 0 ? 0 : 1;
}

/* Its policy, made by the template where there is one. */
static void prepare(struct dg_work *w, struct dg_work_item *x)
{
	const struct dg_order_item *t = &x->row;
	bool is_look = strcmp(t->kind, "plan") == 0;
	struct dg_err err;
	int r = 0;

	x->path = dg_template_path(w->arena, w->zones, t->zone);
	if (t->template && is_look) {
		x->path = dg_printf(w->arena, "%s/.%s.plan.yaml", w->zones, t->zone);
		x->is_temporary = true;
		r = dg_template_try(w->templates, w->arena, t->template, t->zone, x->path, &err);
	} else if (t->template) {
		r = dg_template_write(
			w->templates, w->arena, t->template, w->zones, t->zone, t->replaces, &err);
	} else if (access(x->path, R_OK) != 0) {
		r = dg_fail(&err, DG_EINPUT, "there is no policy for %s: choose a template first",
			t->zone);
	}
	if (r < 0) {
		dg_work_fail(w, x, &err);
	}
}

/* The policies are on disk before anything is done by them. */
static void sync_folder(const struct dg_work *w)
{
	int fd = open(w->zones, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0) {
		(void)syncfs(fd);
		(void)close(fd);
	}
}

static void on_planned(void *arg, struct dg_job *j, const struct dg_err *err)
{
	struct dg_work *w = arg;

	for (size_t i = 0; !j && i < w->n; i++) {
		struct dg_work_item *x = &w->items[i];

		if (!x->has_ended && err->pos.file && strcmp(err->pos.file, x->path) == 0) {
			dg_work_fail(w, x, err);
		}
	}
	struct dg_work_item *x = j ? item_of(w, j->policy->zone) : NULL;
	if (x) {
		dg_work_planned(w, x, j);
	}
}

static bool is_wanted(void *arg, const struct dg_job *j)
{
	return item_of(arg, j->policy->zone) != NULL;
}

static void on_published(void *arg, struct dg_job *j, const struct dg_err *err)
{
	struct dg_work *w = arg;
	struct dg_work_item *x = j ? item_of(w, j->policy->zone) : NULL;

	(void)err;
	if (x) {
		dg_work_published(w, x, j);
	}
}

static void on_verified(void *arg, struct dg_job *j, const struct dg_err *err)
{
	struct dg_work *w = arg;
	struct dg_work_item *x = j ? item_of(w, j->policy->zone) : NULL;

	if (x) {
		dg_work_verified(w, x, j);
	} else if (!j) {
		on_planned(arg, NULL, err);
	}
}

static int publish(struct dg_work *w, struct dg_engine *e, struct dg_fleet *f,
	struct dg_run_state *state, struct dg_err *err)
{
	struct dg_engine_counts counts;
	char why[WHY_MAX];
	const struct dg_order_item *first = &w->items[0].row;
	const struct dg_order_item *last = &w->items[w->n - 1].row;

	dg_run_state_choose(state, is_wanted, w);
	if (dg_run_state_n(state) == 0) {
		(void)dg_run_state_free(state);
		return 0;
	}
	(void)snprintf(why, sizeof(why), "jobs %lld to %lld", (long long)first->order,
		(long long)last->order);
	int r = dg_store_run_start(
		w->store, dg_loop_now(w->loop), "dnsguard serve", why, &e->run, err);
	if (r < 0) {
		(void)dg_run_state_free(state);
		return r;
	}
	r = dg_engine_publish(e, f, state, on_published, w, &counts, err);
	size_t n_bad = counts.by_end[DG_JOB_FAILED] + counts.by_end[DG_JOB_REFUSED] +
		       counts.by_end[DG_JOB_CONFLICT];
	return r < 0 ? r
		     : dg_store_run_end(w->store, e->run, dg_loop_now(w->loop),
			       n_bad > 0 ? "failed" : "applied", err);
}

static int run_engine(struct dg_work *w, struct dg_engine *e, struct dg_err *err)
{
	const char **paths = dg_newn(w->arena, const char *, w->n);
	struct dg_engine_counts counts;
	struct dg_run_state *state = NULL;
	struct dg_fleet *f = NULL;
	size_t n = 0;

	for (size_t i = 0; i < w->n; i++) {
		if (!w->items[i].has_ended) {
			paths[n++] = w->items[i].path;
		}
	}
	int r = n > 0 ? dg_fleet_open(paths, n, dg_provider_schemas_all(), &f, err) : 1;
	if (r != 0) {
		return r < 0 ? r : 0;
	}
	if (strcmp(w->items[0].row.kind, "verify") == 0) {
		r = dg_engine_verify(e, f, on_verified, w, &counts, err);
	} else {
		r = dg_engine_plan(e, f, on_planned, w, &counts, &state, err);
		r = r == 0 ? publish(w, e, f, state, err) : r;
	}
	(void)dg_fleet_close(f);
	return r;
}

/* A batch is one run: nothing that providers or resolvers keep outlives it, but how fast they may be asked. */
static int work_on(struct dg_work *w, struct dg_err *err)
{
	struct dg_engine e = {.loop = w->loop,
		.store = w->store,
		.pool = dg_pool_new(w->loop, dg_provider_all(), w->paces),
		.eyes = dg_eyes_new(w->loop),
		.can_write = true,
		.adopt = w->items[0].row.adopts,
		.verify_ms = w->verify_ms};

	e.journal = dg_journal_new(&e);
	int r = run_engine(w, &e, err);
	(void)dg_eyes_free(e.eyes);
	(void)dg_pool_free(e.pool);
	(void)dg_journal_free(e.journal);
	return r;
}

static void finish(struct dg_work *w, int r, struct dg_err *err)
{
	if (r == 0) {
		(void)dg_fail(
			err, DG_EINPUT, "its policy could not be read, or is that of another zone");
	}
	for (size_t i = 0; i < w->n; i++) {
		struct dg_work_item *x = &w->items[i];

		if (!x->has_ended) {
			dg_work_fail(w, x, err);
		}
		if (x->is_temporary) {
			(void)unlink(x->path);
		}
	}
	write_results(w);
	w->arena = dg_arena_free(w->arena);
	w->items = NULL;
	w->n = 0;
}

int dg_work_batch(struct dg_work *w, struct dg_err *err)
{
	bool has_made = false;

	w->arena = dg_arena_new(MEMORY_MAX);
	int r = choose(w, err);
	if (r != 0) {
		w->arena = dg_arena_free(w->arena);
		w->n = 0;
		return r;
	}
	for (size_t i = 0; i < w->n; i++) {
		prepare(w, &w->items[i]);
		has_made = has_made || w->items[i].row.template;
	}
	if (has_made) {
		sync_folder(w);
	}
	struct dg_err trouble;
	r = work_on(w, &trouble);
	finish(w, r, &trouble);
	return 0;
}
