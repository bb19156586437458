/* From the state folder to the record of one incident. */
#include "controller/command/incident.h"

#include "controller/command/app.h"
#include "controller/command/command.h"
#include "controller/incident/words.h"
#include "controller/store/watch.h"
#include "providers/net/loop.h"
#include "zones/base/arena.h"
#include "zones/record/name.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define CHANGES_MAX 2000u

static int by_number(
	struct dg_app *app, const char *given, struct dg_incident_row *ret_row, struct dg_err *err)
{
	char *end = NULL;

	errno = 0;
	long long id = strtoll(given, &end, 10);
	if (errno != 0 || *end != '\0' || id <= 0) {
		return 1;
	}
	return dg_incident_get(app->store, app->arena, id, ret_row, err);
}

static int by_name(
	struct dg_app *app, const char *given, struct dg_incident_row *ret_row, struct dg_err *err)
{
	struct dg_incident_row *rows = NULL;
	const char *name = NULL;
	size_t n = 0;
	int r = dg_name_parse(app->arena, given, strlen(given), ".", &name, err);

	if (r < 0) {
		return 1; /* no name: then there is none of it */
	}
	r = dg_incident_find(app->store, app->arena, name, ret_row, err);
	if (r <= 0) {
		return r;
	}
	r = dg_incident_list(app->store, app->arena, &rows, &n, err);
	for (size_t i = n; r == 0 && i > 0; i--) {
		if (strcmp(rows[i - 1].name, name) == 0) {
			*ret_row = rows[i - 1];
			return 0;
		}
	}
	return r < 0 ? r : 1;
}

int dg_incident_of(
	struct dg_app *app, const char *given, struct dg_incident_row *ret_row, struct dg_err *err)
{
	int r = given[0] >= '0' && given[0] <= '9' && !strchr(given, '.')
			? by_number(app, given, ret_row, err)
			: by_name(app, given, ret_row, err);

	return r <= 0 ? r
		      : dg_fail(err, DG_EINPUT,
				"no incident %s in %s; `dnsguard incident list` shows them, "
				"`dnsguard incident open NAME` begins one",
				given, app->state_dir);
}

void dg_incident_record_of(
	const struct dg_incident_row *row, int64_t now, struct dg_record *ret_record)
{
	*ret_record = (struct dg_record){.id = row->id,
		.name = row->name,
		.zone = row->zone,
		.opened = row->opened,
		.closed = row->closed,
		.forgotten = row->forgotten,
		.now = now,
		.opened_by = row->opened_by,
		.closed_by = row->closed_by,
		.forgotten_by = row->forgotten_by,
		.reason = row->reason,
		.verdict = row->verdict,
		.confidence = row->confidence,
		.retention = row->retention,
		.is_over = row->is_over,
		.n_entries = row->n_entries,
		.say = dg_word};
	memcpy(ret_record->head, row->head, sizeof(ret_record->head));
}

/* The zone that the name lies in, as far as the state folder or --zone tells; NULL: it does not. */
int dg_incident_zone(
	struct dg_app *app, const char *name, const char **ret_zone, struct dg_err *err)
{
	struct dg_guard_row guard = {0};
	int r = 0;

	if (app->args->zone) {
		return dg_name_parse(
			app->arena, app->args->zone, strlen(app->args->zone), ".", ret_zone, err);
	}
	r = dg_store_guard_get(app->store, app->arena, name, &guard, err);
	if (r <= 0) {
		*ret_zone = r == 0 ? guard.zone : NULL;
		return r;
	}
	for (const char *zone = name; dg_name_n_labels(zone) > 0; zone = dg_name_parent(zone)) {
		struct dg_step *steps = NULL;
		struct dg_run *runs = NULL;
		size_t n = 0;

		r = dg_store_log(app->store, app->arena, zone, 1, &steps, &runs, &n, err);
		if (r < 0 || n > 0) {
			*ret_zone = r < 0 ? NULL : zone;
			return r;
		}
	}
	*ret_zone = NULL;
	return 0;
}

/* --- changes of DNS ------------------------------------------------------------------------------------------ */
static const char *state_of(enum dg_step_state s)
{
	static const char *const texts[] = {[DG_STEP_INTENDED] = "sent, outcome not known",
		[DG_STEP_APPLIED] = "applied",
		[DG_STEP_VERIFIED] = "verified at every name server",
		[DG_STEP_FAILED] = "failed",
		[DG_STEP_CONFLICT] = "not applied: somebody else was first",
		[DG_STEP_LOST] = "overtaken by somebody's edit"};

	return texts[s];
}

static void add_change(
	struct dg_arena *a, struct dg_record *r, const struct dg_step *s, const struct dg_run *run)
{
	r->entries[r->n++] = (struct dg_record_entry){.at = s->intended_at,
		.who = run->who,
		.kind = DG_RECORD_CHANGE,
		.text = dg_printf(a, "change %lld of %s, %zu RRset%s: %s (%s)%s%s",
			(long long)s->id, s->zone, s->n_changes, s->n_changes == 1 ? "" : "s",
			state_of(s->state), run->why, s->note ? "; " : "", s->note ? s->note : "")};
}

/* The newest CHANGES_MAX of the zone, as far as they fall into its time. */
static int add_changes(
	struct dg_app *app, struct dg_arena *a, struct dg_record *r, struct dg_err *err)
{
	struct dg_step *steps = NULL;
	struct dg_run *runs = NULL;
	size_t n = 0;
	int rc = r->zone ? dg_store_log(app->store, a, r->zone, CHANGES_MAX, &steps, &runs, &n, err)
			 : 0;

	if (rc < 0 || n == 0) {
		return rc;
	}
	struct dg_record_entry *all = dg_newn(a, struct dg_record_entry, r->n + n);
	if (r->n > 0) {
		memcpy(all, r->entries, r->n * sizeof(*all));
	}
	r->entries = all;
	for (size_t i = 0; i < n; i++) {
		if (steps[i].intended_at >= r->opened &&
			(r->closed == 0 || steps[i].intended_at <= r->closed)) {
			add_change(a, r, &steps[i], &runs[i]);
		}
	}
	return 0;
}

/* --- all of it ------------------------------------------------------------------------------------------------ */
int dg_incident_newest(struct dg_app *app, struct dg_arena *a, const struct dg_record *r,
	const char *media, struct dg_incident_body *ret_body, struct dg_err *err)
{
	int64_t newest = 0;

	for (size_t i = 0; i < r->n_files; i++) {
		if (strcmp(r->files[i].media, media) == 0 && r->files[i].entry > newest) {
			newest = r->files[i].entry;
		}
	}
	return newest == 0 ? 1 : dg_incident_body(app->store, a, r->id, newest, ret_body, err);
}

static void release(void *json)
{
	json_decref(json);
}

int dg_incident_load(struct dg_app *app, struct dg_arena *a, const struct dg_incident_row *row,
	struct dg_record *ret_record, struct dg_err *err)
{
	struct dg_incident_body body = {0};
	struct dg_record r;

	dg_incident_record_of(row, dg_loop_now(app->loop), &r);
	int rc = dg_incident_entries(app->store, a, row->id, &r.entries, &r.n, err);
	if (rc < 0) {
		return rc;
	}
	r.broken = row->forgotten > 0 ? 0
				      : dg_record_broken(r.entries, r.n, row->n_entries, row->head);
	if (!r.zone && row->forgotten == 0) { /* it may be known by now */
		rc = dg_incident_zone(app, r.name, &r.zone, err);
	}
	rc = rc < 0 || row->forgotten > 0 ? rc : add_changes(app, a, &r, err);
	if (rc < 0) {
		return rc;
	}
	dg_record_order(&r, a);
	rc = dg_incident_newest(app, a, &r, DG_MEDIA_TRIAGE, &body, err);
	if (rc < 0) {
		return rc;
	}
	if (rc == 0) {
		json_t *triage = json_loadb(body.p, body.len, JSON_REJECT_DUPLICATES, NULL);

		if (json_is_object(triage)) {
			r.triage = triage;
			dg_arena_defer(a, release, triage);
		} else {
			json_decref(triage);
		}
	}
	*ret_record = r;
	return 0;
}

int dg_incident_expired(
	struct dg_app *app, struct dg_arena *a, const char **ret_line, struct dg_err *err)
{
	struct dg_incident_row *rows = NULL;
	size_t n = 0;
	size_t n_expired = 0;
	int r = dg_incident_list(app->store, a, &rows, &n, err);

	for (size_t i = 0; r == 0 && i < n; i++) {
		struct dg_record record;

		dg_incident_record_of(&rows[i], dg_loop_now(app->loop), &record);
		n_expired += dg_record_is_expired(&record);
	}
	if (r == 0) {
		*ret_line = n_expired == 0
				    ? NULL
				    : dg_printf(a,
					      "incidents that have been kept long enough: %zu; "
					      "`dnsguard incident forget --expired` deletes "
					      "their evidence",
					      n_expired);
	}
	return r;
}
