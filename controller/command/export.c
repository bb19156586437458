/* export: what the policy wants, for those whose records go through another tool. */
#include "zones/plan/export.h"
#include "controller/command/app.h"
#include "controller/command/command.h"
#include "controller/command/walk.h"
#include "controller/engine/job.h"
#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/base/err.h"

#define TEXT_MAX ((size_t)64 << 20)

struct exporting {
	enum dg_export format;
	struct dg_buf text;
	struct dg_err err;
	int rc;
};

static void on_job(void *arg, struct dg_app *app, struct dg_job *j)
{
	struct exporting *x = arg;

	(void)app;
	if (j->plan && x->rc == 0) {
		x->rc = dg_export_write(&x->text, j->arena, j->plan, x->format, &x->err);
	}
	if (x->text.is_full && x->rc == 0) {
		x->rc = dg_fail(
			&x->err, DG_ELIMIT, "the export is larger than %zu octets", TEXT_MAX);
	}
}

static int export_all(struct dg_app *app, struct exporting *x, int *ret_status)
{
	struct dg_walk w = {.on_job = on_job, .on_job_arg = x, .is_quiet = true};

	int r = dg_app_open(app, false, &x->err);
	r = r == 0 ? dg_app_open_fleet(app, app->args->rest, app->args->n_rest, &x->err) : r;
	r = r == 0 ? dg_walk_plan(app, &w, &x->err) : r;
	if (r < 0) {
		return r;
	}
	*ret_status = dg_walk_status(&w);
	dg_run_state_free(w.state);
	return x->rc;
}

int dg_cmd_export(struct dg_app *app, const struct dg_args *args)
{
	/* Nothing is changed, so what stands there is in nobody's way. */
	struct dg_args mine = *args;
	struct exporting x = {0};
	int status = DG_EXIT_OK;

	mine.does_adopt = true;
	app->args = &mine;
	if (!args->format || dg_export_parse(args->format, &x.format) != 0) {
		(void)dg_fail(
			&x.err, DG_EINPUT, "expected --format with one of %s", dg_export_names());
		dg_app_complain(app, &x.err);
		app->args = args;
		return DG_EXIT_USAGE;
	}
	dg_buf_init(&x.text, TEXT_MAX);
	int r = export_all(app, &x, &status);
	if (r < 0) {
		dg_app_complain(app, &x.err);
		status = dg_app_exit_of(&x.err);
	} else if (status == DG_EXIT_OK || status == DG_EXIT_FINDINGS) {
		dg_app_out(app, &x.text);
		status = DG_EXIT_OK;
	}
	dg_buf_done(&x.text);
	app->args = args;
	return status;
}
