/* rotate, retire: the attacker follows, so mail moves on to the next name of rotate:; later the one before is given up. */
#include "controller/command/app.h"
#include "controller/command/command.h"
#include "controller/command/report.h"
#include "controller/command/stage.h"
#include "controller/command/waits.h"
#include "controller/engine/engine.h"

#include <jansson.h>

static int open_split(struct dg_app *app, struct dg_staging *s, struct dg_err *err)
{
	int r = dg_staging_open(app, s, err);

	if (r == 0 && s->was.stage < DG_STAGE_SPLIT) {
		r = dg_fail(err, DG_EPOLICY, "%s is not split: its mail lives at %s itself",
			s->was.name, s->was.name);
	}
	return r;
}

/* --- rotate ----------------------------------------------------------------------------------- */
static void say_moved(struct dg_staging *s, enum dg_takes takes, bool is_in_force)
{
	const struct dg_args *args = s->app->args;

	if (args->is_json) {
		dg_report_json(s->app,
			json_pack("{s:s, s:s, s:s, s:s, s:s, s:b}", "type", "rotate", "zone",
				s->zone, "name", s->was.name, "subdomain", s->to, "smtp",
				args->is_no_smtp ? "not asked" : dg_takes_text(takes), "in_force",
				is_in_force));
		return;
	}
	dg_app_say(s->app, "\n%s%s", s->to,
		!is_in_force ? " is published, but not yet at every name server"
		: takes == DG_TAKES
			? " is in force and takes mail: tell people and servers; `dnsguard "
			  "retire` gives up the name before"
		: args->is_no_smtp
			? " is in force; whether it takes mail was not asked"
			: " is in force, and it takes no mail yet, or that cannot be told");
}

static int move(struct dg_staging *s, struct dg_walk *w, struct dg_err *err)
{
	struct dg_app *app = s->app;
	bool has_changes = dg_run_state_n(w->state) > 0;

	dg_walk_say_digest(app, w);
	int r = has_changes ? dg_walk_confirm(app, w, err) : 0;
	if (r != 0) {
		dg_app_say(app, "nothing was changed");
		return r;
	}
	r = dg_staging_publish(s, w, err);
	bool is_in_force = w->results.by_end[DG_JOB_LAGGING] == 0;
	if (r == 0 && !has_changes) {
		r = dg_staging_verify(s, err);
		is_in_force = r == 0;
		r = r < 0 ? r : 0;
	}
	if (r != 0) {
		return r;
	}
	enum dg_takes takes = dg_staging_ask(s);
	say_moved(s, takes, is_in_force);
	bool is_good = is_in_force && (takes == DG_TAKES || app->args->is_no_smtp);
	w->results.by_end[DG_JOB_LAGGING] = is_good ? 0 : 1; /* exit status 3 */
	return 0;
}

int dg_cmd_rotate(struct dg_app *app, const struct dg_args *args)
{
	struct dg_staging s;
	struct dg_walk w = {0};
	struct dg_err err;

	int r = open_split(app, &s, &err);
	if (r == 0) {
		r = dg_staging_set_label(&s, args->rest[2], &err);
	}
	if (r == 0 && s.wanted.label < s.was.label) {
		r = dg_fail(&err, DG_EPOLICY, "mail of %s has moved on from %s already", s.was.name,
			s.to);
	}
	if (r == 0) {
		r = dg_staging_plan_soundly(&s, &w, s.was.stage, false, &err);
	}
	if (args->is_dry) {
		return dg_staging_finish_dry(&s, &w, r, &err);
	}
	if (r == 0) {
		r = move(&s, &w, &err);
	}
	return dg_staging_finish(&s, &w, r, &err);
}

/* --- retire ----------------------------------------------------------------------------------- */
int dg_cmd_retire(struct dg_app *app, const struct dg_args *args)
{
	struct dg_staging s;
	struct dg_walk w = {0};
	struct dg_err err;

	int r = open_split(app, &s, &err);
	s.wanted.retired = s.was.label;
	if (r == 0) {
		r = dg_staging_plan_soundly(&s, &w, s.was.stage, false, &err);
	}
	if (args->is_dry) {
		return dg_staging_finish_dry(&s, &w, r, &err);
	}
	if (r == 0 && dg_run_state_n(w.state) == 0 && s.was.retired == s.was.label) {
		return dg_staging_finish_standing(
			&s, &w, "without a name that could be given up", &err);
	}
	if (r == 0) {
		dg_walk_say_digest(app, &w);
		r = dg_staging_may_null(&s, dg_staging_ask(&s), &err);
		r = r == 0 ? dg_walk_confirm(app, &w, &err) : r;
	}
	if (r == 0) {
		r = dg_staging_publish(&s, &w, &err);
	}
	if (r == 0 && args->does_wait) {
		dg_waits_sit_out(app, s.zone);
	}
	return dg_staging_finish(&s, &w, r, &err);
}
