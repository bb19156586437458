/* split, unsplit, arm, disarm: by hand what the guard does by itself: arm, wait, split; and the way back. */
#include "controller/command/app.h"
#include "controller/command/command.h"
#include "controller/command/report.h"
#include "controller/command/stage.h"
#include "controller/command/waits.h"
#include "controller/command/world.h"
#include "controller/engine/engine.h"
#include "zones/base/arena.h"

#include <jansson.h>

static int wait_for_old_mx(struct dg_staging *s, struct dg_err *err)
{
	int64_t until = 0;
	int r = s->app->args->is_now ? 0 : dg_staging_old_mx(s, &until, err);

	dg_waits_until(s->app, until,
		"caches may still hold the old MX with its long TTL (--now goes on at once)");
	return r;
}

/* --- arm -------------------------------------------------------------------------------------- */
/* Lowers the TTLs: when the old ones are gone, the split itself takes seconds. */
static int publish_armed(struct dg_staging *s, struct dg_err *err)
{
	struct dg_walk w;

	dg_app_say(s->app, "\nStep 1: the subdomain is published, TTLs at %s are lowered to %u s.",
		dg_world_shown(s->app->arena, s->was.name), s->armed_ttl);
	int r = dg_staging_plan_soundly(s, &w, DG_STAGE_ARMED, false, err);
	if (r != 0) {
		w.state = dg_run_state_free(w.state);
		return r;
	}
	return dg_staging_publish(s, &w, err);
}

static void say_armed(struct dg_staging *s, enum dg_takes takes, int64_t until, bool is_in_force)
{
	const struct dg_args *args = s->app->args;
	char when[32];

	if (args->is_json) {
		json_t *o = json_pack("{s:s, s:s, s:s, s:s, s:s, s:b, s:I}", "type", "arm", "zone",
			s->zone, "name", s->was.name, "subdomain", s->to, "smtp",
			args->is_no_smtp ? "not asked" : dg_takes_text(takes), "in_force",
			is_in_force, "old_mx_until", (json_int_t)until);

		dg_report_json(s->app, o);
		return;
	}
	if (until > 0 && args->is_now) {
		dg_app_say(s->app, "caches may hold the old MX with its long TTL until %s",
			dg_app_time(until, when));
	}
	dg_app_say(s->app, "\n%s is armed%s", dg_world_shown(s->app->arena, s->was.name),
		!is_in_force                ? ", but not yet at every name server"
		: takes == DG_TAKES_REFUSES ? ", but its subdomain refuses mail: it "
					      "must not be split like this"
		: takes == DG_TAKES_UNKNOWN && args->is_no_smtp
			? "; whether its subdomain takes mail "
			  "was not asked"
		: takes == DG_TAKES_UNKNOWN ? "; whether its subdomain takes mail could not be told"
					    : ": the subdomain is in force and takes mail");
}

static int arm(struct dg_staging *s, struct dg_walk *w, struct dg_err *err)
{
	struct dg_app *app = s->app;
	bool has_changes = dg_run_state_n(w->state) > 0;
	int64_t until = 0;

	dg_walk_say_digest(app, w);
	int r = has_changes ? dg_walk_confirm(app, w, err) : 0;
	if (r != 0) {
		dg_app_say(app, "nothing was changed");
		return r;
	}
	r = dg_staging_publish(s, w, err);
	if (r != 0) {
		return r;
	}
	bool is_in_force = w->results.by_end[DG_JOB_LAGGING] == 0;
	if (!has_changes) {
		r = dg_staging_verify(s, err);
		is_in_force = r == 0;
	}
	enum dg_takes takes = r < 0 ? DG_TAKES_UNKNOWN : dg_staging_ask(s);
	r = r < 0 ? r : dg_staging_old_mx(s, &until, err);
	if (r == 0) {
		r = wait_for_old_mx(s, err);
		say_armed(s, takes, app->args->is_now ? until : 0, is_in_force);
	}
	bool is_good = is_in_force && (takes == DG_TAKES || app->args->is_no_smtp);
	w->results.by_end[DG_JOB_LAGGING] = is_good ? 0 : 1; /* exit status 3 */
	return r;
}

int dg_cmd_arm(struct dg_app *app, const struct dg_args *args)
{
	struct dg_staging s;
	struct dg_walk w = {0};
	struct dg_err err;

	int r = dg_staging_open(app, &s, &err);
	if (r == 0 && s.was.stage >= DG_STAGE_SPLIT) {
		r = dg_fail(&err, DG_EPOLICY, "%s is split: there is nothing to arm",
			dg_world_shown(app->arena, s.was.name));
	}
	if (r == 0) {
		r = dg_staging_plan_soundly(&s, &w, DG_STAGE_ARMED, false, &err);
	}
	if (args->is_dry) {
		return dg_staging_finish_dry(&s, &w, r, &err);
	}
	if (r == 0) {
		r = arm(&s, &w, &err);
	}
	return dg_staging_finish(&s, &w, r, &err);
}

/* --- split ------------------------------------------------------------------------------------ */
static int split(struct dg_staging *s, struct dg_walk *w, struct dg_err *err)
{
	struct dg_app *app = s->app;
	/* What stands in the zone tells: a stage is on record before anything of it is published. */
	bool is_armed = s->mx_ttl <= s->armed_ttl;
	bool is_begun = s->was.stage == DG_STAGE_SPLIT;

	dg_walk_say_digest(app, w);
	(void)fflush(stdout); /* it can be looked at while mail servers are asked */
	/* What is on record as begun was said yes to: --plan named it then. */
	bool was_confirmed = is_begun && app->args->plan && !dg_walk_waits_for_word(app);
	int r = dg_staging_may_null(s, dg_staging_ask(s), err);
	r = r != 0 || was_confirmed ? r : dg_walk_confirm(app, w, err);
	if (r != 0) {
		dg_app_say(app, "nothing was changed");
		return r;
	}
	if (!is_armed) {
		w->state = dg_run_state_free(w->state);
		r = publish_armed(s, err);
	}
	r = r == 0 ? wait_for_old_mx(s, err) : r;
	if (r == 0 && !is_armed) {
		dg_app_say(app, "\nStep 2: %s gets its null MX.",
			dg_world_shown(app->arena, s->was.name));
		r = dg_staging_plan_soundly(s, w, DG_STAGE_SPLIT, true, err);
		if (r == 0 && !app->args->is_now && !app->args->is_no_smtp) {
			r = dg_staging_may_null(s, dg_staging_ask(s), err); /* time has passed */
		}
	}
	if (r != 0) {
		return r;
	}
	s->wanted.stage = DG_STAGE_SPLIT;
	return dg_staging_publish(s, w, err);
}

int dg_cmd_split(struct dg_app *app, const struct dg_args *args)
{
	struct dg_staging s;
	struct dg_walk w = {0};
	struct dg_err err;

	int r = dg_staging_open(app, &s, &err);
	if (r == 0 && !args->is_dry && s.was.stage != DG_STAGE_SPLIT) {
		dg_staging_ask_early(&s); /* mail servers answer while the zone is read */
	}
	if (r == 0) {
		r = dg_staging_plan_soundly(&s, &w, DG_STAGE_SPLIT, false, &err);
	}
	if (args->is_dry) {
		return dg_staging_finish_dry(&s, &w, r, &err);
	}
	if (r == 0 && dg_run_state_n(w.state) == 0 && s.was.stage == DG_STAGE_SPLIT) {
		return dg_staging_finish_standing(&s, &w, "split already", &err);
	}
	if (r == 0 && dg_run_state_n(w.state) == 0 && dg_walk_waits_for_word(app)) {
		return dg_staging_finish_dry(&s, &w, r, &err); /* no plan to say a word to */
	}
	if (r == 0) {
		r = split(&s, &w, &err);
	}
	if (r == 0 && args->does_wait) {
		dg_waits_sit_out(app, s.zone);
	}
	return dg_staging_finish(&s, &w, r, &err);
}

/* --- the way back ----------------------------------------------------------------------------- */
/* Also where nothing is on record any more: a way back that was interrupted is gone on with. */
static int go_back(struct dg_app *app, struct dg_staging *s, struct dg_walk *w, struct dg_err *err)
{
	bool was_calm = s->was.stage == DG_STAGE_CALM && s->was.label == 0 && s->was.mx_ttl == 0;

	app->engine.waits_between = !app->args->is_now;
	s->wanted.retired = 0;
	int r = dg_staging_plan_soundly(s, w, DG_STAGE_CALM, false, err);

	if (app->args->is_dry) {
		return dg_staging_finish_dry(s, w, r, err);
	}
	if (r == 0 && was_calm && dg_run_state_n(w->state) == 0) {
		return dg_staging_finish_standing(s, w, "not split or armed", err);
	}
	if (r == 0) {
		dg_walk_say_digest(app, w);
		bool is_asked = dg_run_state_n(w->state) > 0 && !dg_staging_goes_on(s);
		r = is_asked ? dg_walk_confirm(app, w, err) : 0;
	}
	if (r == 0) {
		r = dg_staging_publish(s, w, err);
	}
	r = r == 0 ? dg_staging_forget(s, err) : r;
	if (r == 0 && app->args->does_wait) {
		dg_waits_sit_out(app, s->zone);
	}
	return dg_staging_finish(s, w, r, err);
}

int dg_cmd_disarm(struct dg_app *app, const struct dg_args *args)
{
	struct dg_staging s;
	struct dg_walk w = {0};
	struct dg_err err;

	(void)args;
	int r = dg_staging_open(app, &s, &err);
	if (r == 0 && s.was.stage >= DG_STAGE_SPLIT) {
		r = dg_fail(&err, DG_EPOLICY, "%s is split: `dnsguard unsplit` is the way back",
			dg_world_shown(app->arena, s.was.name));
	}
	return r < 0 ? dg_staging_finish(&s, &w, r, &err) : go_back(app, &s, &w, &err);
}

int dg_cmd_unsplit(struct dg_app *app, const struct dg_args *args)
{
	struct dg_staging s;
	struct dg_walk w = {0};
	struct dg_err err;

	(void)args;
	int r = dg_staging_open(app, &s, &err);
	return r < 0 ? dg_staging_finish(&s, &w, r, &err) : go_back(app, &s, &w, &err);
}
