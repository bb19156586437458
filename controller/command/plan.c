#include "controller/command/app.h"
#include "controller/command/command.h"
#include "controller/command/report.h"
#include "controller/command/walk.h"
#include "zones/base/err.h"

int dg_cmd_plan(struct dg_app *app, const struct dg_args *args)
{
	struct dg_walk w = {0};
	struct dg_err err;

	int r = dg_app_open(app, false, &err);
	if (r == 0) {
		r = dg_app_open_fleet(app, args->rest, args->n_rest, &err);
	}
	if (r == 0) {
		r = dg_walk_plan(app, &w, &err);
	}
	if (r < 0) {
		dg_app_complain(app, &err);
		return dg_app_exit_of(&err);
	}
	dg_walk_say_digest(app, &w);
	dg_report_summary(app, &w.counts, "planned");
	int status = dg_walk_status(&w);
	if (dg_walk_rails(app, &w, &err) < 0) {
		dg_app_complain(app, &err);
		status = status == DG_EXIT_USAGE ? status : DG_EXIT_FAILED;
	}
	dg_run_state_free(w.state);
	return status;
}
