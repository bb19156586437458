/* probe: a sink takes what still comes for a mail name that is split; back by `split` (it goes on) or `unsplit` (it is over). */
#include "controller/command/app.h"
#include "controller/command/command.h"
#include "controller/command/stage.h"
#include "controller/engine/engine.h"

static int check(struct dg_staging *s, struct dg_err *err)
{
	if (s->was.stage < DG_STAGE_SPLIT) {
		return dg_fail(err, DG_EPOLICY, "%s is not split: there is nothing to probe for",
			s->was.name);
	}
	if (s->n_sink == 0) {
		return dg_fail(err, DG_EPOLICY,
			"split of %s names no sink:, for instance sink: [10 sink.%s]", s->was.name,
			s->zone);
	}
	return 0;
}

static int must_take(struct dg_staging *s, enum dg_takes takes, struct dg_err *err)
{
	const struct dg_args *args = s->app->args;

	if (takes == DG_TAKES || args->has_force || args->is_no_smtp) {
		return 0;
	}
	return dg_fail(err, takes == DG_TAKES_REFUSES ? DG_EPOLICY : DG_EIO,
		takes == DG_TAKES_REFUSES
			? "the sink refuses mail for %s: letters with a sender would be lost "
			  "there. Let "
			  "it take them first (--force goes on all the same)"
			: "could not tell whether the sink takes mail for %s: try again, or give "
			  "--no-smtp where port 25 is closed from here",
		s->was.name);
}

/* Is it all as a probe needs it? And a sign of life for the sensors. */
static int look(struct dg_staging *s, struct dg_walk *w, struct dg_err *err)
{
	int r = dg_staging_verify(s, err);
	bool is_in_force = r == 0;

	r = r < 0 ? r : must_take(s, dg_staging_ask_sink(s), err);
	dg_app_say(s->app, "the sink of %s stands%s", s->was.name,
		is_in_force ? "" : ", but not at every name server");
	w->results.by_end[DG_JOB_LAGGING] = is_in_force ? 0 : 1;
	return r;
}

static int open_sink(struct dg_staging *s, struct dg_walk *w, struct dg_err *err)
{
	dg_walk_say_digest(s->app, w);
	int r = must_take(s, dg_staging_ask_sink(s), err);
	r = r == 0 ? dg_walk_confirm(s->app, w, err) : r;
	if (r != 0) {
		dg_app_say(s->app, "nothing was changed");
		return r;
	}
	return dg_staging_publish(s, w, err);
}

int dg_cmd_probe(struct dg_app *app, const struct dg_args *args)
{
	struct dg_staging s;
	struct dg_walk w = {0};
	struct dg_err err;

	int r = dg_staging_open(app, &s, &err);
	r = r == 0 ? check(&s, &err) : r;
	if (r == 0) {
		r = dg_staging_plan_soundly(&s, &w, DG_STAGE_PROBING, false, &err);
	}
	if (args->is_dry) {
		return dg_staging_finish_dry(&s, &w, r, &err);
	}
	if (r == 0 && dg_run_state_n(w.state) == 0 && s.was.stage == DG_STAGE_PROBING) {
		r = look(&s, &w, &err);
	} else if (r == 0) {
		r = open_sink(&s, &w, &err);
	}
	return dg_staging_finish(&s, &w, r, &err);
}
