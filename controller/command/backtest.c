#include "controller/command/app.h"
#include "controller/command/command.h"
#include "controller/engine/fleet.h"
#include "controller/guard/runner.h"
#include "controller/watch/logfile.h"
#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/base/err.h"
#include "zones/base/map.h"
#include "zones/mail/chars.h"
#include "zones/policy/policy.h"
#include "zones/policy/want.h"
#include "zones/watch/replay.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define MEMORY_MAX  ((size_t)1 << 30)
#define NAMES_MAX   1000u
#define OUTPUT_MAX  ((size_t)64 << 20)
#define GENUINE_MAX 20u /* letters a day: more, and a person is asked even in mode automatic */
#define DOMAIN_MAX  255u

struct backtest {
	struct dg_app *app;
	struct dg_arena *arena;
	struct dg_map names; /* canonical mail name to struct dg_replay */
	struct dg_replay *list[NAMES_MAX];
	size_t n;
	int64_t last_ms; /* of all events */
};

/* --- who is watched --------------------------------------------------------------------------- */
static bool is_never(const struct dg_policy *p, const char *name)
{
	for (size_t i = 0; i < p->never.n; i++) {
		if (strcmp(p->never.list[i].text, name) == 0) {
			return true;
		}
	}
	return false;
}

static struct dg_replay_options options_of(
	const struct dg_policy *p, const struct dg_mail_spec *mail)
{
	struct dg_replay_options o = {.genuine_max = GENUINE_MAX};
	const struct dg_split_spec *split = mail->split;
	uint32_t ttl = mail->ttl ? mail->ttl : p->ttl ? p->ttl : DG_TTL_NEW;

	dg_runner_limits(is_never(p, mail->name) ? NULL : split, &o.limits);
	o.limits.has_sink = true; /* what a probe would have seen stands in the log */
	o.probe_ms = (int64_t)(split ? split->probe : 0) * 1000;
	o.old_ttl_ms = (int64_t)ttl * 1000;
	o.armed_ttl_ms = (int64_t)(split && split->armed_ttl ? split->armed_ttl : ttl) * 1000;
	return o;
}

static int add_names(struct backtest *t, const struct dg_policy *p, struct dg_err *err)
{
	for (size_t i = 0; i < p->n_mail; i++) {
		struct dg_replay_options o = options_of(p, &p->mail[i]);

		if (t->n == NAMES_MAX) {
			return dg_fail(err, DG_ELIMIT,
				"more than %u mail names; give a zone.yaml with fewer", NAMES_MAX);
		}
		struct dg_replay *r =
			dg_replay_new(t->arena, dg_strdup(t->arena, p->mail[i].name), &o);
		t->list[t->n++] = r;
		(void)dg_map_put(&t->names, r->name, r);
	}
	return 0;
}

static int read_policy(struct backtest *t, const char *path, struct dg_err *err)
{
	int r = dg_app_open_fleet(t->app, &path, 1, err);

	while (r == 0) {
		struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(MEMORY_MAX);
		struct dg_policy *p = NULL;
		const char *document = NULL;

		r = dg_fleet_next(t->app->fleet, a, &p, &document, err);
		r = r == 0 ? add_names(t, p, err) : r;
	}
	if (r == 1 && t->n == 0) {
		return dg_fail(err, DG_EINPUT, "%s names no mail name: nothing to watch", path);
	}
	return r == 1 ? 0 : r;
}

/* --- the logs --------------------------------------------------------------------------------- */
static void on_event(void *arg, const struct dg_mail_event *e)
{
	struct backtest *t = arg;
	const char *at = memrchr(e->address.p, '@', e->address.n);
	char name[DOMAIN_MAX + 2];
	size_t n = at ? (size_t)(e->address.p + e->address.n - at - 1) : 0;

	if (n == 0 || n > DOMAIN_MAX) {
		return;
	}
	for (size_t i = 0; i < n; i++) {
		name[i] = dg_lower(at[1 + i]);
	}
	n -= name[n - 1] == '.';
	name[n] = '.';
	name[n + 1] = '\0';
	t->last_ms = e->at_ms > t->last_ms ? e->at_ms : t->last_ms;
	struct dg_replay *r = dg_map_get(&t->names, name);
	if (r) {
		dg_replay_event(r, e);
	}
}

static int read_log(struct backtest *t, const char *path, struct dg_err *err)
{
	struct dg_maillog_options o = {.on_event = on_event, .arg = t};
	struct dg_maillog_counts counts;
	int r = dg_logfile_written(path, &o.written_ms, err);

	if (r < 0) {
		return r;
	}
	dg_app_progress(t->app, "reading %s", path);
	struct dg_maillog *m = dg_maillog_new(&o);
	r = dg_logfile_read(path, m, err);
	dg_maillog_counts(m, &counts);
	(void)dg_maillog_free(m);
	dg_app_progress_end(t->app);
	if (r == 0 && counts.n_undated + counts.n_long > 0) {
		(void)fprintf(stderr,
			"dnsguard: %s: %llu lines were too long or had no stamp that can be read: "
			"left out\n",
			path, (unsigned long long)(counts.n_undated + counts.n_long));
	}
	return r;
}

/* --- results ---------------------------------------------------------------------------------- */
/* The mail name that had most of it. */
static const struct dg_replay *worst(const struct backtest *t)
{
	const struct dg_replay *most = t->list[0];

	for (size_t i = 1; i < t->n; i++) {
		most = t->list[i]->n_foreign > most->n_foreign ? t->list[i] : most;
	}
	return most;
}

static int write_svg(const struct backtest *t, const char *path, struct dg_err *err)
{
	struct dg_buf b;
	FILE *f = fopen(path, "wex");

	if (!f) {
		return dg_fail(err, errno == EEXIST ? DG_EINPUT : DG_EIO, "%s: %s", path,
			strerrordesc_np(errno));
	}
	dg_buf_init(&b, OUTPUT_MAX);
	dg_replay_svg(&b, worst(t));
	bool is_written = fwrite(b.data, 1, b.len, f) == b.len;
	is_written = fclose(f) == 0 && is_written;
	dg_buf_done(&b);
	return is_written ? 0 : dg_fail(err, DG_EIO, "%s: %s", path, strerrordesc_np(errno));
}

static int show(struct backtest *t)
{
	int status = DG_EXIT_OK;
	struct dg_buf b;

	for (size_t i = 0; i < t->n; i++) {
		struct dg_replay *r = t->list[i];

		dg_replay_end(r, t->last_ms);
		dg_buf_init(&b, OUTPUT_MAX);
		if (t->app->args->is_json) {
			dg_replay_json(&b, r);
			dg_buf_putc(&b, '\n');
		} else {
			dg_replay_print(&b, r);
		}
		dg_app_out(t->app, &b);
		dg_buf_done(&b);
		status = r->n_alarms > 0 ? DG_EXIT_FINDINGS : status;
	}
	return status;
}

int dg_cmd_backtest(struct dg_app *app, const struct dg_args *args)
{
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(MEMORY_MAX);
	struct backtest *t = dg_new(a, struct backtest);
	struct dg_err err;

	*t = (struct backtest){.app = app, .arena = a};
	dg_map_init(&t->names, a);
	int r = read_policy(t, args->rest[0], &err);
	for (size_t i = 1; r == 0 && i < args->n_rest; i++) {
		r = read_log(t, args->rest[i], &err);
	}
	int status = r == 0 ? show(t) : DG_EXIT_FAILED;
	if (r == 0 && args->output) {
		r = write_svg(t, args->output, &err);
	}
	if (r < 0) {
		dg_app_complain(app, &err);
		return dg_app_exit_of(&err);
	}
	return status;
}
