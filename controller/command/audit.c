#include "controller/check/audit.h"

#include "controller/command/app.h"
#include "controller/command/command.h"
#include "controller/command/world.h"
#include "zones/policy/schema.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define RATE_RECURSIVE 200u /* questions a second to one name server that is nobody's resolver */
#define CAUSES_SHOWN   10u
#define SILENCE_S      3.0 /* without any answer */

struct showing {
	struct dg_app *app;
	bool has_complained;
};

/* Whom nobody answers learns it now, not from a million results. */
static void complain_of_silence(struct showing *s, const struct dg_audit *a)
{
	if (s->has_complained || a->n_answered > 0 || a->seconds < SILENCE_S) {
		return;
	}
	s->has_complained = true;
	dg_app_progress_end(s->app);
	if (a->resolver) {
		(void)fprintf(stderr, "dnsguard: the resolver %s has answered nothing yet\n",
			a->resolver->host);
	} else {
		(void)fputs(
			"dnsguard: no root name server has answered yet; where questions to the "
			"Internet (port 53) are not let out, name a resolver that is there: "
			"--resolver ADDRESS\n",
			stderr);
	}
}

static void show_progress(void *arg, const struct dg_audit *a)
{
	struct showing *s = arg;
	struct dg_app *app = s->app;
	char span[32];

	complain_of_silence(s, a);

	if (a->n_total > 0) {
		dg_app_progress(app, "%llu of %llu domains (%.0f %%), %.0f a second, %s left",
			(unsigned long long)a->n_done, (unsigned long long)a->n_total,
			100.0 * (double)a->n_done / (double)a->n_total, a->per_s,
			a->eta_s >= 0 ? dg_app_span(a->eta_s, span) : "?");
	} else {
		dg_app_progress(app, "%llu domains, %.0f a second", (unsigned long long)a->n_done,
			a->per_s);
	}
}

static void show_share(const char *what, uint64_t n, uint64_t of)
{
	(void)fprintf(stderr, "  %-28s %10llu  %5.1f %%\n", what, (unsigned long long)n,
		of > 0 ? 100.0 * (double)n / (double)of : 0.0);
}

/* For people, on stderr: standard output is the results'. */
static void show_summary(const struct dg_audit *a)
{
	uint64_t n = a->n_done - a->n_bad_lines;
	uint64_t weak = a->n_forgeable + a->n_lenient;

	(void)fprintf(stderr, "%llu domain%s", (unsigned long long)n, n == 1 ? "" : "s");
	if (a->n_bad_lines > 0) {
		(void)fprintf(stderr, ", %llu line%s that %s no domain",
			(unsigned long long)a->n_bad_lines, a->n_bad_lines == 1 ? "" : "s",
			a->n_bad_lines == 1 ? "is" : "are");
	}
	if (a->n_before > 0) {
		(void)fprintf(
			stderr, ", %llu of them done before", (unsigned long long)a->n_before);
	}
	(void)fprintf(stderr, "; %.1f s, %llu questions, %llu more answered by the cache\n",
		a->seconds, (unsigned long long)a->n_questions, (unsigned long long)a->n_cached);
	show_share("forgeable", a->n_forgeable, n);
	show_share("at lenient receivers only", a->n_lenient, n);
	show_share("protected", a->n_protected, n);
	show_share("could not tell", a->n_unknown, n);
	if (weak > 0 && a->n_causes > 0) {
		(void)fputs("of those that can be forged:\n", stderr);
	}
	for (size_t i = 0; i < a->n_causes && i < CAUSES_SHOWN; i++) {
		show_share(a->causes[i].code, a->causes[i].n, weak);
	}
}

static bool tell_if_silent(const struct dg_audit *a)
{
	bool is_silent = a->n_done > a->n_before && a->n_questions > 0 && a->n_answered == 0;

	if (is_silent) {
		(void)fputs(
			"dnsguard: not one question had an answer: these results say nothing of "
			"the domains\n",
			stderr);
	}
	return is_silent;
}

/* Ctrl-C and its like become something to read; a closed pipe an error of write(). */
static int stop_fd(struct dg_err *err)
{
	sigset_t ends;
	sigset_t blocked;

	(void)sigemptyset(&ends);
	(void)sigaddset(&ends, SIGINT);
	(void)sigaddset(&ends, SIGTERM);
	(void)sigaddset(&ends, SIGHUP);
	blocked = ends;
	(void)sigaddset(&blocked, SIGPIPE);
	int fd = signalfd(-1, &ends, SFD_CLOEXEC);
	if (fd < 0 || pthread_sigmask(SIG_BLOCK, &blocked, NULL) != 0) {
		return dg_fail(err, DG_EIO, "signals: %s", strerrordesc_np(errno));
	}
	return fd;
}

static int set_up(struct dg_app *app, const struct dg_args *args, struct dg_audit *a,
	struct dg_endpoint *resolver, struct dg_err *err)
{
	if (args->does_resume && !args->output) {
		return dg_fail(err, DG_EINPUT,
			"--resume wants --output FILE: the results in it say what is done");
	}
	if (args->resolver) {
		int rc = dg_world_endpoint(app->arena, args->resolver, resolver, err);

		if (rc < 0) {
			return rc;
		}
		a->resolver = resolver;
	}
	if (args->root_hints && args->resolver) {
		return dg_fail(err, DG_EINPUT,
			"--root-hints are for an audit without --resolver: that starts at the "
			"root");
	}
	if (a->rate == DG_ARG_NOT_GIVEN) {
		a->rate = args->resolver ? 0 : RATE_RECURSIVE;
	}
	a->stop_fd = stop_fd(err);
	return a->stop_fd < 0 ? a->stop_fd : 0;
}

int dg_cmd_audit(struct dg_app *app, const struct dg_args *args)
{
	struct showing showing = {.app = app};
	struct dg_endpoint resolver;
	struct dg_err err;
	struct dg_audit a = {
		.input = args->rest[0],
		.output = args->output,
		.root_hints = args->root_hints,
		.trust_anchor = args->trust_anchor,
		.is_fast = args->is_fast,
		.is_csv = args->is_csv,
		.in_order = !args->is_unordered,
		.is_resuming = args->does_resume,
		.n_threads = args->threads,
		.n_window = args->window,
		.rate = args->rate,
		.deadline_ms = (int64_t)args->timeout * 1000,
		.progress = show_progress,
		.arg = &showing,
	};

	/* Between the results a line that is replaced would be in the way. */
	app->is_terminal = isatty(STDERR_FILENO) && (args->output || !isatty(STDOUT_FILENO));
	int rc = set_up(app, args, &a, &resolver, &err);
	rc = rc < 0 ? rc : dg_audit_run(&a, &err);
	dg_app_progress_end(app);
	int status = DG_EXIT_OK;
	if (rc < 0) {
		dg_app_complain(app, &err);
		status = dg_app_exit_of(&err);
	} else {
		show_summary(&a);
		status = tell_if_silent(&a) ? DG_EXIT_FAILED : DG_EXIT_OK;
	}
	if (rc == 0 && a.is_stopped) {
		(void)fprintf(stderr, "dnsguard: ended before all was done%s\n",
			args->output ? "; --resume goes on from here" : "");
		status = DG_EXIT_FAILED;
	}
	dg_audit_done(&a);
	return status;
}
