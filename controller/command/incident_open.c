/* incident open, add, note. */
#include "controller/command/incident.h"

#include "controller/command/app.h"
#include "controller/command/command.h"
#include "controller/command/report.h"
#include "controller/command/world.h"
#include "providers/net/loop.h"
#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/mail/idn.h"
#include "zones/policy/node.h"

#include <string.h>

static int read_retention(struct dg_app *app, int64_t *ret_s, struct dg_err *err)
{
	const char *text = app->args->retention;
	uint32_t s = 0;

	if (!text) {
		*ret_s = DG_INCIDENT_RETENTION;
		return 0;
	}
	if (dg_duration_parse(text, &s) != 0 || s == 0) {
		return dg_fail(err, DG_EINPUT,
			"--retention wants how long, for instance 90d or 52w, not %s", text);
	}
	*ret_s = s;
	return 0;
}

static int begin(
	struct dg_app *app, const struct dg_incident_row *row, int64_t *ret_id, struct dg_err *err)
{
	int r = dg_store_begin(app->store, err);

	if (r < 0) {
		return r;
	}
	r = dg_incident_open(app->store, row, ret_id, err);
	bool is_new = r == 0;
	if (is_new) {
		r = dg_incident_say(app, *ret_id, DG_RECORD_OPENED,
			row->reason ? row->reason : "opened by hand", NULL, err);
	}
	if (r < 0) {
		dg_store_rollback(app->store);
		return r;
	}
	r = dg_store_commit(app->store, err);
	return r < 0 ? r : !is_new;
}

static void say_opened(struct dg_app *app, int64_t id, bool is_new, const char *name)
{
	if (app->args->is_json) {
		dg_report_json(app, json_pack("{s:s, s:I, s:s, s:b}", "type", "incident-opened",
					    "id", (json_int_t)id, "name", name, "new", is_new));
		return;
	}
	dg_incident_tell(app,
		is_new ? DG_MESSAGE("incident {n} is open: {text}")
		       : DG_MESSAGE("incident {n} was open already: {text}"),
		(uint64_t)id, 0, dg_world_shown(app->arena, name));
}

static int open_one(struct dg_app *app, struct dg_err *err)
{
	const char *given = app->args->rest[0];
	struct dg_incident_row row = {0};
	int64_t id = 0;
	int r = dg_domain_parse(app->arena, given, strlen(given), &row.name, err);

	r = r == 0 ? read_retention(app, &row.retention, err) : r;
	r = r == 0 ? dg_incident_zone(app, row.name, &row.zone, err) : r;
	if (r < 0) {
		return r;
	}
	row.opened = dg_loop_now(app->loop);
	row.opened_by = dg_app_who(app);
	row.reason = app->args->why;
	r = begin(app, &row, &id, err);
	if (r < 0) {
		return r;
	}
	say_opened(app, id, r == 0, row.name);
	r = dg_incident_take(app, id, 1, err);
	return r < 0 ? r : 0;
}

int dg_incident_word_open(struct dg_app *app, const struct dg_args *args)
{
	struct dg_err err;
	int r = dg_app_open(app, true, &err);

	(void)args;
	r = r == 0 ? open_one(app, &err) : r;
	if (r < 0) {
		dg_app_complain(app, &err);
		return dg_app_exit_of(&err);
	}
	return DG_EXIT_OK;
}

/* --- more of it ------------------------------------------------------------------------------------------------ */
static int find_living(struct dg_app *app, struct dg_incident_row *row, struct dg_err *err)
{
	int r = dg_app_open(app, true, err);

	r = r == 0 ? dg_incident_of(app, app->args->rest[0], row, err) : r;
	if (r == 0 && row->forgotten > 0) {
		r = dg_fail(err, DG_EINPUT, "incident %lld is forgotten: nothing is added to it",
			(long long)row->id);
	}
	return r;
}

int dg_incident_word_add(struct dg_app *app, const struct dg_args *args)
{
	struct dg_incident_row row = {0};
	struct dg_err err;
	int r = find_living(app, &row, &err);

	(void)args;
	r = r == 0 ? dg_incident_take(app, row.id, 1, &err) : r;
	if (r == 1) {
		r = dg_fail(&err, DG_EINPUT,
			"nothing to add: give mailboxes or files with bounces, --from-triage or "
			"--notice");
	}
	if (r < 0) {
		dg_app_complain(app, &err);
		return dg_app_exit_of(&err);
	}
	return DG_EXIT_OK;
}

int dg_incident_word_note(struct dg_app *app, const struct dg_args *args)
{
	struct dg_incident_row row = {0};
	struct dg_err err;
	struct dg_buf b;
	int r = find_living(app, &row, &err);

	dg_buf_init(&b, DG_RECORD_TEXT_MAX);
	for (size_t i = 1; i < args->n_rest; i++) {
		dg_buf_puts(&b, i > 1 ? " " : "");
		dg_buf_puts(&b, args->rest[i]);
	}
	if (r == 0 && (b.is_full || b.len == 0)) {
		r = dg_fail(&err, DG_EINPUT, "a note has 1 to %zu octets", DG_RECORD_TEXT_MAX);
	}
	r = r == 0 ? dg_incident_say(app, row.id, DG_RECORD_NOTE, b.data, NULL, &err) : r;
	dg_buf_done(&b);
	if (r < 0) {
		dg_app_complain(app, &err);
		return dg_app_exit_of(&err);
	}
	dg_incident_tell(app, DG_MESSAGE("noted in incident {n}"), (uint64_t)row.id, 0, NULL);
	return DG_EXIT_OK;
}
