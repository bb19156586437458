#include "controller/command/app.h"

#include "controller/command/command.h"
#include "controller/command/report.h"
#include "controller/engine/eyes.h"
#include "controller/engine/files.h"
#include "controller/engine/fleet.h"
#include "controller/engine/journal.h"
#include "controller/engine/pool.h"
#include "providers/net/loop.h"
#include "zones/base/arena.h"
#include "zones/base/buf.h"

#include <errno.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LINE_MAX_BYTES (64u << 10)
#define VERIFY_MS      15000
#define ANSWER_MAX     64

static void tell(void *arg, const struct dg_job *job, const char *text)
{
	struct dg_app *app = arg;

	dg_app_progress_end(app);
	const char *zone = job->policy->zone;
	int len = (int)strlen(zone);
	(void)fprintf(stderr, "%.*s: %s\n", len > 1 ? len - 1 : len, zone, text);
}

int dg_app_open(struct dg_app *app, bool can_write, struct dg_err *err)
{
	struct dg_engine *e = &app->engine;

	app->state_dir = app->args->state ? app->args->state : dg_state_dir_default(app->arena);
	int r = dg_loop_new(NULL, &app->loop, err);
	if (r == 0) {
		r = dg_store_open(app->state_dir, !can_write, &app->store, err);
	}
	if (r < 0) {
		return r;
	}
	app->pool = dg_pool_new(app->loop, dg_provider_all(), NULL);
	*e = (struct dg_engine){
		.loop = app->loop,
		.store = app->store,
		.pool = app->pool,
		.eyes = dg_eyes_new(app->loop),
		.can_write = can_write,
		.adopt = app->args->does_adopt,
		.force = app->args->has_force,
		.verify_ms =
			app->args->timeout > 0 ? (int64_t)app->args->timeout * 1000 : VERIFY_MS,
		.tell = tell,
		.tell_arg = app,
	};
	e->journal = dg_journal_new(e);
	return 0;
}

int dg_app_open_fleet(struct dg_app *app, const char *const *paths, size_t n, struct dg_err *err)
{
	return dg_fleet_open(paths, n, dg_provider_schemas_all(), &app->fleet, err);
}

void dg_app_close(struct dg_app *app)
{
	dg_app_progress_end(app);
	app->fleet = dg_fleet_close(app->fleet);
	app->engine.eyes = dg_eyes_free(app->engine.eyes);
	app->pool = dg_pool_free(app->pool);
	app->engine.journal = dg_journal_free(app->engine.journal);
	app->store = dg_store_close(app->store);
	app->loop = dg_loop_free(app->loop);
}

/* --- runs -------------------------------------------------------------------------------------------------------- */

const char *dg_app_who(struct dg_app *app)
{
	char host[256] = "?";
	const struct passwd *pw =
		getpwuid(getuid());             /* NOLINT(concurrency-mt-unsafe): one thread */
	const char *sudo = getenv("SUDO_USER"); /* NOLINT(concurrency-mt-unsafe): one thread */

	(void)gethostname(host, sizeof(host) - 1);
	return dg_printf(app->arena, "%s%s%s%s@%s", pw ? pw->pw_name : "?",
		sudo ? " (sudo by " : "", sudo ? sudo : "", sudo ? ")" : "", host);
}

int dg_app_run_start(struct dg_app *app, struct dg_err *err)
{
	return dg_store_run_start(app->store, dg_loop_now(app->loop), dg_app_who(app),
		app->command_line, &app->engine.run, err);
}

int dg_app_run_end(struct dg_app *app, const char *result, struct dg_err *err)
{
	return dg_store_run_end(app->store, app->engine.run, dg_loop_now(app->loop), result, err);
}

/* --- speaking ------------------------------------------------------------------------------------------------------ */

void dg_app_complain(struct dg_app *app, const struct dg_err *err)
{
	char line[DG_ERR_TEXT_MAX + 1200];
	struct dg_buf b;

	dg_app_progress_end(app);
	if (app->args->is_json) {
		dg_report_error(app, err);
	}
	(void)fflush(stdout);
	dg_buf_init(&b, LINE_MAX_BYTES);
	(void)dg_err_line(err, line, sizeof(line));
	dg_buf_puts(&b, "dnsguard: ");
	dg_buf_put_safe(&b, line, strlen(line));
	if (err->retry_after_s > 0) {
		dg_buf_printf(&b, " (try again in %u s)", err->retry_after_s);
	}
	(void)fprintf(stderr, "%s\n", b.data);
	dg_buf_done(&b);
}

int dg_app_exit_of(const struct dg_err *err)
{
	return err->rc == DG_EINPUT ? DG_EXIT_USAGE : DG_EXIT_FAILED;
}

void dg_app_out(struct dg_app *app, const struct dg_buf *b)
{
	dg_app_progress_end(app);
	(void)fwrite(b->data, 1, b->len, stdout);
}

void dg_app_say(struct dg_app *app, const char *fmt, ...)
{
	va_list ap;

	dg_app_progress_end(app);
	FILE *to = app->args->is_json ? stderr : stdout; /* standard output is JSON alone then */
	va_start(ap, fmt);
	(void)vfprintf(to, fmt, ap);
	va_end(ap);
	(void)fputc('\n', to);
}

void dg_app_progress(struct dg_app *app, const char *fmt, ...)
{
	va_list ap;

	if (!app->is_terminal || app->args->is_json) {
		return;
	}
	(void)fputs("\r\033[K", stderr);
	va_start(ap, fmt);
	(void)vfprintf(stderr, fmt, ap);
	va_end(ap);
	(void)fflush(stderr);
	app->has_progress_line = true;
}

void dg_app_progress_end(struct dg_app *app)
{
	if (app->has_progress_line) {
		(void)fputs("\r\033[K", stderr);
		app->has_progress_line = false;
	}
}

int dg_app_ask(struct dg_app *app, const char *question, struct dg_err *err)
{
	char answer[ANSWER_MAX] = "";

	if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO)) {
		return dg_fail(err, DG_EINPUT,
			"there is no terminal to ask on: give --yes, or "
			"--plan DIGEST for a plan that was looked at");
	}
	dg_app_progress_end(app);
	(void)fflush(stdout);
	(void)fprintf(stderr, "%s [y/N] ", question);
	if (!fgets(answer, sizeof(answer), stdin)) {
		(void)fputc('\n', stderr);
		return 1;
	}
	return answer[0] == 'y' || answer[0] == 'Y' ? 0 : 1;
}

const char *dg_app_time(int64_t t, char buf[32])
{
	time_t when = (time_t)t;
	struct tm tm;

	if (!gmtime_r(&when, &tm) || strftime(buf, 32, "%Y-%m-%d %H:%M:%S UTC", &tm) == 0) {
		(void)snprintf(buf, 32, "%lld", (long long)t);
	}
	return buf;
}

const char *dg_app_span(int64_t s, char buf[32])
{
	if (s < 120) {
		(void)snprintf(buf, 32, "%lld s", (long long)s);
	} else if (s < 7200) {
		(void)snprintf(buf, 32, "%lld min", (long long)(s / 60));
	} else if (s < 172800) {
		(void)snprintf(buf, 32, "%lld h %lld min", (long long)(s / 3600),
			(long long)(s % 3600 / 60));
	} else {
		(void)snprintf(buf, 32, "%lld days", (long long)(s / 86400));
	}
	return buf;
}
