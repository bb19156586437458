/* controller/command/walk.h: what plan, apply, split and unsplit share: plan all zones and show them; then publish. */
#pragma once

#include "controller/engine/engine.h"

struct dg_app;
struct dg_err;

struct dg_walk {
	struct dg_engine_counts counts;  /* of planning */
	struct dg_engine_counts results; /* of publishing */
	struct dg_run_state *state;
	bool has_bad_policy; /* a document was wrong: exit status 2 */
	/* Called with each planned job before it is shown or freed; may be NULL. */
	void (*on_job)(void *arg, struct dg_app *app, struct dg_job *j);
	void *on_job_arg;
	bool is_quiet;    /* plans are not shown */
	bool has_run;     /* the run is in the journal already */
	size_t n_touched; /* zones of which at least one step was published, or may have been */
};

/* Plans app's fleet, shows each plan. */
int dg_walk_plan(struct dg_app *app, struct dg_walk *w, struct dg_err *err);
/* "plan 3f9a…" after the plans, when there is something to apply. */
void dg_walk_say_digest(struct dg_app *app, const struct dg_walk *w);
/* The rails over the whole fleet. DG_EPOLICY. */
int dg_walk_rails(struct dg_app *app, const struct dg_walk *w, struct dg_err *err);
/* Asks unless is_confirmed (or looks at --yes, --plan), journals the run, publishes, shows results and summary. Frees w->state. 0, or 1: the person said no. */
int dg_walk_publish(struct dg_app *app, struct dg_walk *w, bool is_confirmed, struct dg_err *err);
/* The person's yes to w's plan. 0 yes, 1 no. */
/* --plan -: which plan is meant is read from standard input when it was shown. */
bool dg_walk_waits_for_word(const struct dg_app *app);
int dg_walk_confirm(struct dg_app *app, const struct dg_walk *w, struct dg_err *err);
/* The exit status of what was planned (nothing published), or of what was published. */
int dg_walk_status(const struct dg_walk *w);
int dg_walk_result_status(const struct dg_walk *w);
