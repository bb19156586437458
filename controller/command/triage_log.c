#include "controller/command/triage_log.h"

#include "controller/command/app.h"
#include "controller/command/command.h"
#include "controller/command/world.h"
#include "controller/watch/logfile.h"
#include "zones/base/err.h"
#include "zones/incident/sendlog.h"
#include "zones/watch/maillog.h"

#include <stdio.h>

static void on_passage(void *arg, const struct dg_mail_passage *p)
{
	dg_sendlog_add(arg, p);
}

static int read_log(
	struct dg_app *app, const char *path, struct dg_sendlog *log, struct dg_err *err)
{
	struct dg_maillog_options o = {.on_passage = on_passage, .arg = log};
	int r = dg_logfile_written(path, &o.written_ms, err);

	if (r < 0) {
		return r;
	}
	dg_app_progress(app, "reading %s", path);
	struct dg_maillog *m = dg_maillog_new(&o);
	r = dg_logfile_read(path, m, err);
	(void)dg_maillog_free(m);
	dg_app_progress_end(app);
	return r;
}

/* Nothing is found by a log that has none of it, and silence would read as "it did not go out from here". */
static void tell_limits(const struct dg_sendlog *log)
{
	if (dg_sendlog_n(log) == 0) {
		(void)fprintf(stderr,
			"dnsguard: --log: no message with a Message-ID in it; logs of Postfix and "
			"Exim are read\n");
	}
	if (dg_sendlog_dropped(log) > 0) {
		(void)fprintf(stderr,
			"dnsguard: --log: more than %u messages: what came later is left out; give "
			"the logs of the days in question\n",
			DG_SENDLOG_MAX);
	}
}

int dg_triage_log(
	struct dg_app *app, struct dg_arena *a, struct dg_sendlog **ret_log, struct dg_err *err)
{
	const char *const *paths = NULL;
	size_t n = app->args->log ? dg_world_words(a, app->args->log, &paths) : 0;
	struct dg_sendlog *log = n > 0 ? dg_sendlog_new(a) : NULL;
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++) {
		r = read_log(app, paths[i], log, err);
	}
	if (r < 0) {
		(void)dg_sendlog_free(log);
		return dg_wrap(err, r, "--log");
	}
	if (log) {
		tell_limits(log);
	}
	*ret_log = log;
	return 0;
}
