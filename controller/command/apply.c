#include "controller/command/app.h"
#include "controller/command/command.h"
#include "controller/command/report.h"
#include "controller/command/waits.h"
#include "controller/command/walk.h"
#include "zones/base/err.h"

static int publish(struct dg_app *app, struct dg_walk *w, struct dg_err *err)
{
	dg_walk_say_digest(app, w);
	dg_report_summary(app, &w->counts, "planned");
	int r = dg_walk_rails(app, w, err);
	if (r == 0 && dg_run_state_n(w->state) > 0) {
		return dg_walk_publish(app, w, false, err);
	}
	w->state = dg_run_state_free(w->state);
	return r;
}

int dg_cmd_apply(struct dg_app *app, const struct dg_args *args)
{
	struct dg_walk w = {0};
	struct dg_err err;

	int r = dg_app_open(app, true, &err);
	if (r == 0) {
		r = dg_app_open_fleet(app, args->rest, args->n_rest, &err);
	}
	if (r == 0) {
		r = dg_walk_plan(app, &w, &err);
	}
	if (r == 0) {
		r = publish(app, &w, &err);
	}
	if (r < 0) {
		dg_app_complain(app, &err);
		return dg_app_exit_of(&err);
	}
	if (r > 0) {
		dg_app_say(app, "nothing was changed");
		return DG_EXIT_FINDINGS;
	}
	if (args->does_wait) {
		dg_waits_sit_out(app, NULL);
	}
	return dg_walk_result_status(&w);
}
