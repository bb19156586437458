/* approve, stop, release, abused: what a person says to the guard. Written down, and obeyed by `dnsguard watch` within a second, or when it comes
 * back. */
#include "controller/command/app.h"
#include "controller/command/command.h"
#include "controller/command/report.h"
#include "controller/guard/runner.h"
#include "controller/store/watch.h"
#include "controller/watch/wake.h"
#include "providers/net/loop.h"
#include "zones/base/arena.h"
#include "zones/base/json.h"
#include "zones/record/name.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define PREFIX_MIN 8u

static const char *shown(struct dg_app *app, const char *name)
{
	size_t len = name ? strlen(name) : 0;

	return len > 1 ? dg_strndup(app->arena, name, len - 1) : name;
}

/* In the journal beside the wish: who said it, when, and with which command line. In one transaction: what waits for it looks once, and finds it. */
static int put_wish(struct dg_app *app, const char *kind, const char *name, const char *proposal,
	struct dg_err *err)
{
	int r = dg_store_begin(app->store, err);

	if (r < 0) {
		return r;
	}
	struct dg_wish w = {.kind = kind,
		.name = name,
		.proposal = proposal,
		.who = dg_app_who(app),
		.at = dg_loop_now(app->loop),
		.why = app->args->why};
	r = dg_app_run_start(app, err);
	r = r == 0 ? dg_store_wish_put(app->store, &w, err) : r;
	r = r == 0 ? dg_app_run_end(app, "wished", err) : r;
	if (r < 0) {
		dg_store_rollback(app->store);
		return r;
	}
	r = dg_store_commit(app->store, err);
	if (r == 0) {
		dg_wake_say(app->state_dir);
	}
	return r;
}

static int finish(struct dg_app *app, int r, const struct dg_err *err, const char *kind,
	const char *name, const char *proposal)
{
	if (r < 0) {
		dg_app_complain(app, err);
		return dg_app_exit_of(err);
	}
	if (app->args->is_json) {
		json_t *o = json_pack("{s:s, s:s}", "type", "wish", "kind", kind);

		dg_json_set(o, "name", dg_json_text(name));
		dg_json_set(o, "proposal", dg_json_text(proposal));
		dg_report_json(app, o);
	}
	return DG_EXIT_OK;
}

static int find_guard(struct dg_app *app, const char *given, struct dg_guard_row *ret_row,
	const char **ret_name, struct dg_err *err)
{
	int r = dg_name_parse(app->arena, given, strlen(given), ".", ret_name, err);

	if (r == 0) {
		r = dg_store_guard_get(app->store, app->arena, *ret_name, ret_row, err);
	}
	return r <= 0 ? r
		      : dg_fail(err, DG_EINPUT,
				"%s is not under guard: `dnsguard status` lists the mail names "
				"that are",
				given);
}

/* --- approve ---------------------------------------------------------------------------------- */
static bool is_named(const struct dg_guard_row *g, const char *id)
{
	return g->proposal && strlen(id) >= PREFIX_MIN && strncmp(g->proposal, id, strlen(id)) == 0;
}

static int find_proposal(
	struct dg_app *app, const char *id, struct dg_guard_row *ret_row, struct dg_err *err)
{
	struct dg_guard_row *rows = NULL;
	size_t n = 0;
	size_t n_open = 0;
	size_t n_found = 0;

	int r = dg_store_guards(app->store, app->arena, &rows, &n, err);
	for (size_t i = 0; i < n && r == 0; i++) {
		n_open += rows[i].proposal ? 1 : 0;
		if (is_named(&rows[i], id)) {
			*ret_row = rows[i];
			n_found++;
		}
	}
	if (r < 0 || n_found == 1) {
		return r;
	}
	return dg_fail(err, DG_EINPUT,
		n_found > 1 ? "%s names %zu proposals: give more of its digits"
		: n_open > 0
			? "no proposal %s among the %zu that wait; `dnsguard status` lists them"
			: "no proposal %s: none waits for a yes (%zu)",
		id, n_found > 1 ? n_found : n_open);
}

int dg_cmd_approve(struct dg_app *app, const struct dg_args *args)
{
	struct dg_guard_row row = {0};
	struct dg_err err;

	int r = dg_app_open(app, true, &err);
	if (r == 0) {
		r = find_proposal(app, args->rest[0], &row, &err);
	}
	if (r == 0) {
		r = put_wish(app, "approve", row.name, row.proposal, &err);
	}
	if (r == 0) {
		dg_app_say(app,
			"%s: plan %s is approved. It is done when it is still the same plan, "
			"within the "
			"limit of names an hour; a changed one is proposed again.",
			shown(app, row.name), row.proposal);
	}
	return finish(app, r, &err, "approve", row.name, row.proposal);
}

/* --- stop ------------------------------------------------------------------------------------- */
static const char *stop_path(struct dg_app *app)
{
	return dg_printf(app->arena, "%s/%s", app->state_dir, DG_RUNNER_STOP);
}

/* Needs no database: a file that nothing is done beside. */
static int latch(struct dg_app *app, struct dg_err *err)
{
	const char *path = stop_path(app);
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0) {
		return dg_fail(err, DG_EIO, "%s: %s", path,
			strerror(errno)); /* NOLINT(concurrency-mt-unsafe): one thread */
	}
	(void)fsync(fd);
	(void)close(fd);
	return 0;
}

static int stop_all(struct dg_app *app, int opened, struct dg_err *err)
{
	struct dg_err second;
	int r = latch(app, err);

	if (r < 0) {
		return r;
	}
	dg_app_say(app,
		"stopped: the guard does nothing while %s is there, and holds every mail name. "
		"`dnsguard release` takes that back.",
		stop_path(app));
	if (opened < 0 || put_wish(app, "stop", NULL, NULL, &second) < 0) {
		dg_app_say(
			app, "(the journal could not be written: who said stop is not on record)");
	}
	return 0;
}

int dg_cmd_stop(struct dg_app *app, const struct dg_args *args)
{
	struct dg_guard_row row = {0};
	const char *name = NULL;
	struct dg_err err;

	int r = dg_app_open(app, true, &err);
	if (args->n_rest == 0) {
		return finish(app, stop_all(app, r, &err), &err, "stop", NULL, NULL);
	}
	if (r == 0) {
		r = find_guard(app, args->rest[0], &row, &name, &err);
	}
	if (r == 0) {
		r = put_wish(app, "stop", name, NULL, &err);
	}
	if (r == 0) {
		dg_app_say(app,
			"%s is to be held as it is (now: %s); `dnsguard release %s` goes on",
			shown(app, name), row.state, shown(app, name));
	}
	return finish(app, r, &err, "stop", name, NULL);
}

/* --- abused ----------------------------------------------------------------------------------- */
int dg_cmd_abused(struct dg_app *app, const struct dg_args *args)
{
	struct dg_guard_row row = {0};
	const char *name = NULL;
	struct dg_err err;

	int r = dg_app_open(app, true, &err);
	if (r == 0) {
		r = find_guard(app, args->rest[0], &row, &name, &err);
	}
	if (r == 0) {
		r = put_wish(app, "abused", name, NULL, &err);
	}
	if (r == 0) {
		dg_app_say(app,
			"%s is to be held (now: %s): what is sent through a relay or an account of "
			"one's own is not stopped by a split. `dnsguard release %s` goes on",
			shown(app, name), row.state, shown(app, name));
	}
	return finish(app, r, &err, "abused", name, NULL);
}

/* --- release ---------------------------------------------------------------------------------- */
static int release_all(struct dg_app *app, struct dg_err *err)
{
	const char *path = stop_path(app);

	if (unlink(path) < 0 && errno != ENOENT) {
		return dg_fail(err, DG_EIO, "%s: %s", path,
			strerror(errno)); /* NOLINT(concurrency-mt-unsafe): one thread */
	}
	int r = put_wish(app, "release", NULL, NULL, err);
	if (r == 0) {
		dg_app_say(app,
			"the guard goes on; names that are held for another reason than stop "
			"need a release of their own");
	}
	return r;
}

int dg_cmd_release(struct dg_app *app, const struct dg_args *args)
{
	struct dg_guard_row row = {0};
	const char *name = NULL;
	struct dg_err err;

	int r = dg_app_open(app, true, &err);
	if (r == 0 && args->n_rest == 0) {
		r = release_all(app, &err);
		return finish(app, r, &err, "release", NULL, NULL);
	}
	if (r == 0) {
		r = find_guard(app, args->rest[0], &row, &name, &err);
	}
	if (r == 0 && row.state && strcmp(row.state, "held") != 0) {
		r = dg_fail(
			&err, DG_EINPUT, "%s is not held, it is %s", shown(app, name), row.state);
	}
	if (r == 0) {
		r = put_wish(app, "release", name, NULL, &err);
	}
	if (r == 0) {
		dg_app_say(app, "%s: the guard goes on", shown(app, name));
	}
	return finish(app, r, &err, "release", name, NULL);
}
