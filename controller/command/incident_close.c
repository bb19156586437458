/* incident close, forget. */
#include "controller/command/incident.h"

#include "controller/command/app.h"
#include "controller/command/command.h"
#include "controller/command/report.h"
#include "controller/incident/words.h"
#include "controller/store/watch.h"
#include "providers/net/loop.h"
#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/base/json.h"
#include "zones/incident/over.h"
#include "zones/watch/watched.h"

#include <string.h>

#define LINE_MAX_BYTES 512u

static int fail(struct dg_app *app, const struct dg_err *err)
{
	dg_app_complain(app, err);
	return dg_app_exit_of(err);
}

/* --- is it over? ---------------------------------------------------------------------------------------------------- */
static int ask_guard(struct dg_app *app, struct dg_arena *a, const char *name,
	struct dg_over_facts *f, struct dg_err *err)
{
	struct dg_guard_row guard = {0};
	struct dg_watch_row kept = {0};
	struct dg_watched w;
	int r = dg_store_guard_get(app->store, a, name, &guard, err);

	if (r == 0) {
		json_t *o = guard.evidence
				    ? json_loads(guard.evidence, JSON_REJECT_DUPLICATES, NULL)
				    : NULL;

		f->guard = guard.state;
		f->residue_last =
			json_integer_value(json_object_get(json_object_get(o, "drain"), "last"));
		json_decref(o);
	}
	r = r < 0 ? r : dg_store_watch_get(app->store, a, name, &kept, err);
	if (r != 0) {
		return r < 0 ? r : 0;
	}
	dg_watched_init(&w, "", name, f->now * 1000);
	if (dg_watched_decode(&w, kept.image, kept.len) == 0) {
		f->is_watched = true;
		f->is_below = w.level == DG_ALARM_CALM &&
			      dg_detector_tick(&w.detector, f->now * 1000) == DG_ALARM_CALM;
	}
	dg_watched_done(&w);
	return 0;
}

static int ask_journal(struct dg_app *app, struct dg_arena *a, const struct dg_record *row,
	struct dg_over_facts *f, struct dg_err *err)
{
	struct dg_name_state *states = NULL;
	struct dg_wait *waits = NULL;
	size_t n = 0;

	if (!row->zone) {
		return 0;
	}
	int r = dg_store_stages(app->store, a, row->zone, &states, &n, err);
	for (size_t i = 0; r == 0 && i < n; i++) {
		f->is_moved = f->is_moved || (strcmp(states[i].name, row->name) == 0 &&
						     states[i].stage != DG_STAGE_CALM);
	}
	r = r == 0 ? dg_store_waits(app->store, a, row->zone, f->now, &waits, &n, err) : r;
	for (size_t i = 0; r == 0 && i < n; i++) {
		bool is_mx = waits[i].type == DG_TYPE_MX && strcmp(waits[i].owner, row->name) == 0;

		f->old_until =
			is_mx && waits[i].until > f->old_until ? waits[i].until : f->old_until;
	}
	return r;
}

static void ask_triage(const struct dg_record *r, struct dg_over_facts *f)
{
	f->last_bounce =
		json_integer_value(json_object_get(json_object_get(r->triage, "timeline"), "last"));
	for (size_t i = 0; r->triage && i < r->n_files; i++) {
		bool is_it = strcmp(r->files[i].media, DG_MEDIA_TRIAGE) == 0;

		f->triaged = is_it && r->files[i].at > f->triaged ? r->files[i].at : f->triaged;
	}
}

static const char *answer_text(enum dg_over_answer a)
{
	static const char *const texts[] = {[DG_OVER_NO] = DG_MESSAGE("no"),
		[DG_OVER_YES] = DG_MESSAGE("yes"),
		[DG_OVER_UNKNOWN] = DG_MESSAGE("unknown")};

	return texts[a];
}

static json_t *conditions_json(const struct dg_over_condition *c)
{
	json_t *o = json_object();

	for (size_t i = 0; i < DG_OVER_CONDITIONS; i++) {
		dg_json_set(o, c[i].code, json_string(answer_text(c[i].answer)));
	}
	return o;
}

static void say_conditions(struct dg_app *app, const struct dg_over_condition *c)
{
	for (size_t i = 0; !app->args->is_json && i < DG_OVER_CONDITIONS; i++) {
		struct dg_buf b;

		dg_buf_init(&b, LINE_MAX_BYTES);
		dg_buf_printf(&b, "  %-8s ", c[i].code);
		dg_put_padded(&b, dg_word(answer_text(c[i].answer)), 8);
		dg_app_say(app, "%s %s", b.data, dg_word(c[i].text));
		dg_buf_done(&b);
	}
}

static int close_one(struct dg_app *app, struct dg_arena *a, struct dg_err *err)
{
	struct dg_over_condition conditions[DG_OVER_CONDITIONS];
	struct dg_incident_row row = {0};
	struct dg_record record = {0};
	int r = dg_app_open(app, true, err);

	r = r == 0 ? dg_incident_of(app, app->args->rest[0], &row, err) : r;
	if (r == 0 && row.closed > 0) {
		return dg_fail(
			err, DG_EINPUT, "incident %lld is closed already", (long long)row.id);
	}
	struct dg_over_facts facts = {
		.now = r == 0 ? dg_loop_now(app->loop) : 0, .opened = row.opened};
	r = r == 0 ? dg_incident_load(app, a, &row, &record, err) : r;
	r = r == 0 ? ask_guard(app, a, row.name, &facts, err) : r;
	r = r == 0 ? ask_journal(app, a, &record, &facts, err) : r;
	if (r < 0) {
		return r;
	}
	ask_triage(&record, &facts);
	bool is_over = dg_over(&facts, conditions);
	say_conditions(app, conditions);
	if (!is_over && !app->args->has_force) {
		return dg_fail(err, DG_EPOLICY,
			"incident %lld stays open: it is not shown to be over; --force closes it, "
			"and the record says that it was not",
			(long long)row.id);
	}
	r = dg_store_begin(app->store, err);
	if (r < 0) {
		return r;
	}
	r = dg_incident_say(app, row.id, DG_RECORD_CLOSED,
		is_over ? "closed: it is over" : "closed, and not shown to be over",
		conditions_json(conditions), err);
	r = r == 0 ? dg_incident_close(app->store, row.id, facts.now, dg_app_who(app), is_over, err)
		   : r;
	if (r < 0) {
		dg_store_rollback(app->store);
		return r;
	}
	r = dg_store_commit(app->store, err);
	if (r == 0 && app->args->is_json) {
		dg_report_json(app, json_pack("{s:s, s:I, s:b, s:o}", "type", "incident-closed",
					    "id", (json_int_t)row.id, "over", is_over, "conditions",
					    conditions_json(conditions)));
	} else if (r == 0) {
		char when[32];

		dg_incident_tell(app,
			DG_MESSAGE("incident {n} is closed; its evidence is kept until {text}"),
			(uint64_t)row.id, 0, dg_app_time(facts.now + row.retention, when));
	}
	return r;
}

int dg_incident_word_close(struct dg_app *app, const struct dg_args *args)
{
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(DG_INCIDENT_MEMORY);
	struct dg_err err;
	int r = close_one(app, a, &err);

	(void)args;
	if (r < 0) {
		int status = fail(app, &err);
		return err.rc == DG_EPOLICY ? DG_EXIT_FINDINGS : status;
	}
	return DG_EXIT_OK;
}

/* --- forget ----------------------------------------------------------------------------------------------------------- */
static int forget(struct dg_app *app, const struct dg_incident_row *row, struct dg_err *err)
{
	if (row->closed == 0 && !app->args->has_force) {
		return dg_fail(err, DG_EINPUT,
			"incident %lld is still open: close it first, or --force",
			(long long)row->id);
	}
	int r = dg_incident_forget(
		app->store, row->id, dg_loop_now(app->loop), dg_app_who(app), err);
	if (r == 1) {
		return dg_fail(err, DG_ECONFLICT,
			"incident %lld is deleted, but another dnsguard keeps old pages of it in "
			"the log: when that is done, run `dnsguard incident forget %lld` again",
			(long long)row->id, (long long)row->id);
	}
	if (r == 0 && !app->args->is_json) {
		dg_incident_tell(app,
			DG_MESSAGE("incident {n} is forgotten: {of} entries and their files are "
				   "deleted from {text}"),
			(uint64_t)row->id, (uint64_t)row->n_entries, app->state_dir);
	} else if (r == 0) {
		dg_report_json(app, json_pack("{s:s, s:I}", "type", "incident-forgotten", "id",
					    (json_int_t)row->id));
	}
	return r;
}

/* All that were kept long enough. */
static int forget_expired(struct dg_app *app, struct dg_err *err)
{
	struct dg_incident_row *rows = NULL;
	int64_t now = dg_loop_now(app->loop);
	size_t n = 0;
	size_t n_forgotten = 0;
	int r = dg_incident_list(app->store, app->arena, &rows, &n, err);

	for (size_t i = 0; r == 0 && i < n; i++) {
		if (rows[i].closed > 0 && rows[i].forgotten == 0 &&
			rows[i].closed + rows[i].retention <= now) {
			r = forget(app, &rows[i], err);
			n_forgotten++;
		}
	}
	if (r == 0 && n_forgotten == 0) {
		dg_app_say(app, "%s", dg_word(DG_MESSAGE("no incident has been kept long enough")));
	}
	return r;
}

static int forget_one(struct dg_app *app, struct dg_err *err)
{
	struct dg_incident_row row = {0};
	int r = dg_incident_of(app, app->args->rest[0], &row, err);

	if (r == 0 && !app->args->has_yes) {
		r = dg_app_ask(app,
			dg_incident_words(app->arena,
				DG_MESSAGE("Delete the evidence of incident {n} for good?"),
				(uint64_t)row.id, 0, NULL),
			err);
	}
	return r == 0 ? forget(app, &row, err) : r;
}

int dg_incident_word_forget(struct dg_app *app, const struct dg_args *args)
{
	struct dg_err err;
	int r = args->n_rest == 0 && !args->is_expired
			? dg_fail(&err, DG_EINPUT,
				  "forget wants an incident, or --expired for all that were kept "
				  "long enough")
			: dg_app_open(app, true, &err);

	if (r == 0) {
		r = args->n_rest == 0 ? forget_expired(app, &err) : forget_one(app, &err);
	}
	if (r > 0) {
		dg_app_say(app, "%s", dg_word(DG_MESSAGE("nothing was deleted")));
		return DG_EXIT_OK;
	}
	return r < 0 ? fail(app, &err) : DG_EXIT_OK;
}
