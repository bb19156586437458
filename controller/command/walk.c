#include "controller/command/walk.h"

#include "controller/command/app.h"
#include "controller/command/command.h"
#include "controller/command/report.h"
#include "controller/engine/fleet.h"
#include "zones/base/arena.h"
#include "zones/base/err.h"

#include <stdio.h>
#include <string.h>

#define DIGEST_PREFIX_MIN 8u /* hex digits of --plan */
#define PROGRESS_EVERY    64u

struct each {
	struct dg_app *app;
	struct dg_walk *walk;
	size_t n;
};

static void progress(struct each *x, const char *what)
{
	if (++x->n % PROGRESS_EVERY == 0) {
		dg_app_progress(x->app, "%zu zones %s, %zu of %zu documents", x->n, what,
			dg_fleet_at(x->app->fleet), dg_fleet_n_documents(x->app->fleet));
	}
}

static bool is_owned_as(const struct dg_job *j, const struct dg_rrset *set)
{
	for (size_t i = 0; i < j->n_owned; i++) {
		if (j->owned[i].type == set->type && strcmp(j->owned[i].owner, set->owner) == 0) {
			return dg_rrset_same(&j->owned[i], set);
		}
	}
	return false;
}

/* What stands as the policy wants it is noted as applied, so that a later edit by somebody is seen as one. All zones in
 * one transaction. */
static void adopt(struct dg_app *app, struct dg_job *j)
{
	struct dg_err err;
	bool is_known = true;

	if (j->end != DG_JOB_SAME) {
		return;
	}
	for (size_t i = 0; i < j->plan->n_managed && is_known; i++) {
		is_known = is_owned_as(j, &j->plan->wanted[i]);
	}
	if (is_known) {
		return;
	}
	int r = app->is_adopting ? 0 : dg_store_begin(app->store, &err);
	app->is_adopting = r == 0;
	if (r == 0) {
		r = dg_store_adopt(
			app->store, j->plan->zone, j->plan->wanted, j->plan->n_managed, &err);
	}
	if (r < 0) {
		dg_app_complain(app, &err);
	}
}

static void on_planned(void *arg, struct dg_job *j, const struct dg_err *err)
{
	struct each *x = arg;

	progress(x, "planned");
	if (!j) {
		x->walk->has_bad_policy = x->walk->has_bad_policy || err->rc == DG_EINPUT;
		dg_app_complain(x->app, err);
		return;
	}
	if (j->end == DG_JOB_REFUSED && j->err.rc == DG_EINPUT) {
		x->walk->has_bad_policy = true;
	}
	if (x->walk->on_job) {
		x->walk->on_job(x->walk->on_job_arg, x->app, j);
	}
	if (!x->walk->is_quiet || j->end > DG_JOB_PENDING) {
		dg_report_plan(x->app, j);
	}
	if (x->app->engine.can_write) {
		adopt(x->app, j);
	}
}

int dg_walk_plan(struct dg_app *app, struct dg_walk *w, struct dg_err *err)
{
	struct each x = {.app = app, .walk = w};

	w->has_bad_policy = false;
	int r = dg_engine_plan(
		&app->engine, app->fleet, on_planned, &x, &w->counts, &w->state, err);
	if (app->is_adopting) {
		app->is_adopting = false;
		int c = dg_store_commit(app->store, err);

		r = r == 0 ? c : r;
	}
	dg_app_progress_end(app);
	return r;
}

void dg_walk_say_digest(struct dg_app *app, const struct dg_walk *w)
{
	char hex[DG_DIGEST_TEXT_MAX];

	/* A single plan has said its own. */
	if (!app->args->is_json && w->state && dg_run_state_n(w->state) > 0 &&
		(w->counts.n_zones > 1 || app->args->is_diff)) {
		dg_app_say(app, "\nplan %s", dg_digest_text(w->counts.digest, DG_DIGEST_LEN, hex));
	}
}

int dg_walk_rails(struct dg_app *app, const struct dg_walk *w, struct dg_err *err)
{
	return app->args->has_force ? 0 : dg_rail_fleet(&w->counts.rails, err);
}

/* --plan names what was reviewed: any other plan is refused. */
static int check_digest(const char *given, const struct dg_walk *w, struct dg_err *err)
{
	char hex[DG_DIGEST_TEXT_MAX];
	size_t len = strlen(given);

	(void)dg_digest_text(w->counts.digest, DG_DIGEST_LEN, hex);
	if (len < DIGEST_PREFIX_MIN) {
		return dg_fail(err, DG_EINPUT,
			"--plan wants at least the first %u digits of the digest",
			DIGEST_PREFIX_MIN);
	}
	if (len > strlen(hex) || strncmp(hex, given, len) != 0) {
		return dg_fail(err, DG_ECONFLICT,
			"the plan is not %s any more, it is %.12s now: the zone or the policy "
			"changed "
			"since it was looked at; look at the new plan above",
			given, hex);
	}
	return 0;
}

bool dg_walk_waits_for_word(const struct dg_app *app)
{
	return app->args->plan && strcmp(app->args->plan, "-") == 0;
}

/* --plan -: the digest is said when the plan was shown. Nothing said: no. */
static int read_word(struct dg_app *app, const struct dg_walk *w, struct dg_err *err)
{
	char word[DG_DIGEST_TEXT_MAX + 1] = "";

	dg_app_progress_end(app);
	(void)fflush(stdout);
	if (!fgets(word, sizeof(word), stdin)) {
		return 1;
	}
	word[strcspn(word, "\r\n")] = '\0';
	return check_digest(word, w, err);
}

int dg_walk_confirm(struct dg_app *app, const struct dg_walk *w, struct dg_err *err)
{
	char question[80];

	if (dg_walk_waits_for_word(app)) {
		return read_word(app, w, err);
	}
	if (app->args->plan) {
		return check_digest(app->args->plan, w, err);
	}
	if (app->args->has_yes) {
		return 0;
	}
	size_t n = dg_run_state_n(w->state);
	(void)snprintf(
		question, sizeof(question), "Publish this in %zu zone%s?", n, n == 1 ? "" : "s");
	return dg_app_ask(app, question, err);
}

static void on_published(void *arg, struct dg_job *j, const struct dg_err *err)
{
	struct each *x = arg;

	progress(x, "published");
	if (j) {
		x->walk->n_touched += j->n_steps_applied > 0 || j->may_have_arrived ? 1 : 0;
		dg_report_result(x->app, j);
	} else {
		dg_app_complain(x->app, err);
	}
}

static const char *result_text(const struct dg_walk *w)
{
	const size_t *n = w->results.by_end;

	return n[DG_JOB_FAILED] + n[DG_JOB_REFUSED] > 0 ? "failed"
	       : n[DG_JOB_CONFLICT] > 0                 ? "conflict"
	       : n[DG_JOB_LAGGING] > 0                  ? "applied, not yet everywhere"
							: "applied";
}

int dg_walk_publish(struct dg_app *app, struct dg_walk *w, bool is_confirmed, struct dg_err *err)
{
	struct each x = {.app = app, .walk = w};

	int r = is_confirmed ? 0 : dg_walk_confirm(app, w, err);
	if (r == 0 && !w->has_run) {
		r = dg_app_run_start(app, err);
	}
	if (r != 0) {
		w->state = dg_run_state_free(w->state);
		return r;
	}
	r = dg_engine_publish(
		&app->engine, app->fleet, w->state, on_published, &x, &w->results, err);
	w->state = NULL;
	dg_report_summary(app, &w->results, "published");
	return r < 0 ? r : dg_app_run_end(app, result_text(w), err);
}

int dg_walk_status(const struct dg_walk *w)
{
	const size_t *n = w->counts.by_end;

	if (w->has_bad_policy) {
		return DG_EXIT_USAGE;
	}
	if (w->counts.n_broken + n[DG_JOB_FAILED] + n[DG_JOB_REFUSED] > 0) {
		return DG_EXIT_FAILED;
	}
	return n[DG_JOB_PENDING] + n[DG_JOB_CONFLICT] > 0 ? DG_EXIT_FINDINGS : DG_EXIT_OK;
}

int dg_walk_result_status(const struct dg_walk *w)
{
	const size_t *planned = w->counts.by_end;
	const size_t *n = w->results.by_end;

	if (w->has_bad_policy) {
		return DG_EXIT_USAGE;
	}
	if (w->counts.n_broken + planned[DG_JOB_FAILED] + planned[DG_JOB_REFUSED] +
			planned[DG_JOB_CONFLICT] + n[DG_JOB_FAILED] + n[DG_JOB_REFUSED] +
			n[DG_JOB_CONFLICT] >
		0) {
		return DG_EXIT_FAILED;
	}
	return n[DG_JOB_LAGGING] > 0 ? DG_EXIT_FINDINGS : DG_EXIT_OK;
}
