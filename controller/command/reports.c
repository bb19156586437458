/* reports: who sends in a domain's name, by the DMARC aggregate reports that receivers have sent. */
#include "controller/watch/reports.h"
#include "controller/command/app.h"
#include "controller/command/command.h"
#include "controller/command/reports_own.h"
#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/base/err.h"
#include "zones/mail/idn.h"
#include "zones/watch/rows.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#define MEMORY_MAX     ((size_t)512 << 20)
#define TEXT_MAX       ((size_t)64 << 20)
#define COMPLAINTS_MAX 20u
#define NETWORKS_MAX   20u

struct reports {
	struct dg_app *app;
	struct dg_rows *rows;
	uint64_t n_files, n_without, n_broken;
	int status;
};

static int on_file(void *arg, const char *path, struct dg_err *err)
{
	struct reports *x = arg;
	int r = dg_reports_read(path, x->rows, err);

	if (++x->n_files % 256 == 0) {
		dg_app_progress(x->app, "%llu files", (unsigned long long)x->n_files);
	}
	x->n_without += r == DG_REPORTS_NONE;
	if (r < 0 && ++x->n_broken <= COMPLAINTS_MAX) {
		dg_app_progress_end(x->app);
		dg_app_complain(x->app, err);
	}
	return 0; /* one broken report says nothing about the others */
}

static int read_all(struct reports *x, struct dg_err *err)
{
	const struct dg_args *args = x->app->args;
	struct dg_rows_counts c;
	int r = 0;

	for (size_t i = 0; r == 0 && i < args->n_rest; i++) {
		r = dg_reports_walk(args->rest[i], on_file, x, err);
	}
	dg_app_progress_end(x->app);
	dg_rows_counts(x->rows, &c);
	if (x->n_broken > COMPLAINTS_MAX) {
		(void)fprintf(stderr, "dnsguard: and %llu more that could not be read\n",
			(unsigned long long)(x->n_broken - COMPLAINTS_MAX));
	}
	if (r == 0 && c.n_reports == 0) {
		return dg_fail(err, DG_EINPUT,
			"no DMARC aggregate report in %llu files (%llu could not be read); give "
			"the files or the mail folder that rua= of your DMARC record leads to",
			(unsigned long long)x->n_files, (unsigned long long)x->n_broken);
	}
	return r;
}

static void tell_counts(const struct reports *x)
{
	struct dg_rows_counts c;

	dg_rows_counts(x->rows, &c);
	dg_app_say(x->app,
		"%llu reports with %llu rows; counted once: %llu came again; %llu files without a "
		"report, %llu that could not be read",
		(unsigned long long)c.n_reports, (unsigned long long)c.n_rows,
		(unsigned long long)c.n_again, (unsigned long long)x->n_without,
		(unsigned long long)x->n_broken);
	if (c.left_out > 0) {
		dg_app_say(x->app,
			"%llu messages are left out: more sources than can be told apart; give "
			"fewer reports at once, or --zone",
			(unsigned long long)c.left_out);
	}
}

static void show(struct reports *x)
{
	const struct dg_args *args = x->app->args;
	struct dg_buf b;

	dg_buf_init(&b, TEXT_MAX);
	for (size_t i = 0;; i++) {
		struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(MEMORY_MAX);
		struct dg_rows_sum s;

		if (!dg_rows_sum(x->rows, a, i, &s)) {
			break;
		}
		if (s.n[DG_ROWS_CLASS_FORGED] + s.n[DG_ROWS_CLASS_OWN_FAILING] > 0) {
			x->status = DG_EXIT_FINDINGS;
		}
		dg_buf_clear(&b);
		if (args->is_json) {
			dg_rows_json(&b, &s);
		} else {
			dg_rows_print(&b, &s, args->is_verbose ? 0 : NETWORKS_MAX);
		}
		dg_buf_putc(&b, '\n');
		dg_app_out(x->app, &b);
	}
	dg_buf_done(&b);
	tell_counts(x);
}

static int run(struct reports *x, struct dg_err *err)
{
	struct dg_app *app = x->app;
	const char *zone = app->args->zone;
	struct dg_own own = {0};
	uint64_t seed = 0;
	int r = dg_own_parse(app->arena, app->args->own, &own, err);

	if (r == 0 && zone) {
		r = dg_domain_parse(app->arena, zone, strlen(zone), &zone, err);
		r = r < 0 ? dg_wrap(err, r, "--zone") : r;
	}
	if (r < 0) {
		return r;
	}
	if (getrandom(&seed, sizeof(seed), 0) != (ssize_t)sizeof(seed)) {
		return dg_fail(err, DG_EIO, "getrandom: %s", strerrordesc_np(errno));
	}
	x->rows = dg_rows_new(zone, seed);
	r = read_all(x, err);
	if (r == 0) {
		dg_rows_seal(x->rows);
		r = app->args->own ? dg_own_judge(&own, x->rows)
				   : dg_own_judge_by_spf(app, x->rows, err);
	}
	return r;
}

int dg_cmd_reports(struct dg_app *app, const struct dg_args *args)
{
	struct reports x = {.app = app, .status = DG_EXIT_OK};
	struct dg_err err;
	int r = run(&x, &err);

	(void)args;
	if (r == 0) {
		x.status = x.n_broken > 0 ? DG_EXIT_FAILED : DG_EXIT_OK;
		show(&x);
	} else {
		dg_app_complain(app, &err);
		x.status = dg_app_exit_of(&err);
	}
	x.rows = dg_rows_free(x.rows);
	return x.status;
}
