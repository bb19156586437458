#include "controller/command/app.h"
#include "controller/command/command.h"
#include "controller/command/report.h"
#include "controller/command/waits.h"
#include "zones/base/err.h"

#define WAIT_MS ((int64_t)3600 * 1000) /* --wait without --timeout */

static void on_verified(void *arg, struct dg_job *j, const struct dg_err *err)
{
	if (j) {
		dg_report_verify(arg, j);
	} else {
		dg_app_complain(arg, err);
	}
}

static int status_of(const struct dg_engine_counts *c)
{
	const size_t *n = c->by_end;

	if (c->n_broken + n[DG_JOB_FAILED] + n[DG_JOB_REFUSED] > 0) {
		return DG_EXIT_FAILED;
	}
	return n[DG_JOB_PENDING] + n[DG_JOB_LAGGING] + n[DG_JOB_CONFLICT] > 0 ? DG_EXIT_FINDINGS
									      : DG_EXIT_OK;
}

int dg_cmd_verify(struct dg_app *app, const struct dg_args *args)
{
	struct dg_engine_counts counts = {0};
	struct dg_err err;

	int r = dg_app_open(app, false, &err);
	if (r == 0) {
		r = dg_app_open_fleet(app, args->rest, args->n_rest, &err);
	}
	if (r == 0) {
		app->engine.verify_ms =
			args->does_wait ? (args->timeout > 0 ? app->engine.verify_ms : WAIT_MS) : 0;
		r = dg_engine_verify(&app->engine, app->fleet, on_verified, app, &counts, &err);
	}
	if (r < 0) {
		dg_app_complain(app, &err);
		return dg_app_exit_of(&err);
	}
	dg_report_summary(app, &counts, "verified");
	if (args->does_wait && status_of(&counts) == DG_EXIT_OK) {
		dg_waits_sit_out(app, NULL);
	}
	return status_of(&counts);
}
