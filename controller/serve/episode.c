/* Incidents: opened by the platform, also by its notice of abuse without any bounce; and what is on record of them. */
#include "controller/serve/desk_parts.h"
#include "controller/store/incident.h"
#include "providers/net/loop.h"
#include "zones/base/arena.h"
#include "zones/base/json.h"

#include <string.h>

static json_t *time_or_null(int64_t at)
{
	return at > 0 ? json_integer(at) : json_null();
}

/* NOLINTNEXTLINE(readability-function-size): what it needs is told in one call */
int dg_desk_open_incident(struct dg_desk *d, struct dg_arena *a, const char *domain,
	const char *who, const char *why, int64_t *ret_id, struct dg_err *err)
{
	const struct dg_incident_row row = {.name = dg_printf(a, "%s.", domain),
		.zone = dg_printf(a, "%s.", domain),
		.opened = dg_loop_now(d->loop),
		.opened_by = who,
		.reason = why,
		.retention = DG_INCIDENT_RETENTION};
	int r = dg_incident_open(d->store, &row, ret_id, err);

	if (r < 0) {
		return r;
	}
	struct dg_record_entry e = {.at = row.opened,
		.who = who,
		.kind = r == 0 ? DG_RECORD_OPENED : DG_RECORD_NOTE,
		.text = why};
	int s = dg_incident_add(d->store, *ret_id, &e, NULL, -1, err);
	return s < 0 ? s : r;
}

/* --- one is opened ------------------------------------------------------------------------------ */
/* 0: a new one; 1: it was open, and what was said is in it. */
static int open_one(struct dg_errand *e, int64_t *ret_id, struct dg_err *err)
{
	struct dg_desk *d = e->desk;
	const char *why = e->ask.why ? e->ask.why : "opened by the platform";
	int r = dg_store_begin(d->store, err);

	if (r < 0) {
		return r;
	}
	int found = dg_desk_open_incident(
		d, e->call->arena, e->route.domain, e->caller.name, why, ret_id, err);
	r = found < 0 ? found : dg_errand_audit(e, found == 0 ? 201 : 200, 0, err);
	r = r == 0 ? dg_audit_sync(d->audit, err) : r;
	r = r == 0 ? dg_store_commit(d->store, err) : r;
	if (r < 0) {
		dg_store_rollback(d->store);
		return r;
	}
	return found;
}

void dg_desk_incident(struct dg_errand *e)
{
	struct dg_err err;
	int64_t id = 0;
	int r = open_one(e, &id, &err);

	if (r < 0) {
		dg_errand_fail(e, &err);
		return;
	}
	const char *path = dg_printf(
		e->call->arena, "/v1/domains/%s/incidents/%lld", e->route.domain, (long long)id);
	dg_answer_json(e->call, r == 0 ? 201 : 200,
		json_pack("{s:I, s:s, s:s, s:b}", "incident", (json_int_t)id, "domain",
			e->route.domain, "url", path, "new", r == 0 ? 1 : 0),
		path);
}

/* --- what is on record -------------------------------------------------------------------------- */
/* Of the domain, or of a name under it. */
static bool is_of(const struct dg_incident_row *row, const char *domain)
{
	size_t n = strlen(domain);
	size_t len = strlen(row->name); /* with its last dot */

	return len >= n + 1 && strncmp(row->name + len - n - 1, domain, n) == 0 &&
	       (len == n + 1 || row->name[len - n - 2] == '.');
}

static json_t *json_row(struct dg_arena *a, const struct dg_incident_row *row)
{
	json_t *o = json_pack("{s:I, s:s}", "incident", (json_int_t)row->id, "state",
		row->forgotten > 0 ? "forgotten"
		: row->closed > 0  ? "closed"
				   : "open");

	dg_json_set(o, "name", dg_json_text(dg_strndup(a, row->name, strlen(row->name) - 1)));
	dg_json_set(o, "opened", json_integer(row->opened));
	dg_json_set(o, "opened_by", dg_json_text(row->opened_by));
	dg_json_set(o, "reason", dg_json_text(row->reason));
	dg_json_set(o, "verdict", dg_json_text(row->verdict));
	dg_json_set(o, "confidence", dg_json_text(row->confidence));
	dg_json_set(o, "closed", time_or_null(row->closed));
	dg_json_set(o, "is_over", json_boolean(row->is_over));
	dg_json_set(o, "entries", json_integer(row->n_entries));
	return o;
}

void dg_desk_incidents(struct dg_errand *e)
{
	struct dg_arena *a = e->call->arena;
	struct dg_incident_row *rows = NULL;
	json_t *list = json_array();
	struct dg_err err;
	size_t n = 0;

	if (dg_incident_list(e->desk->store, a, &rows, &n, &err) < 0) {
		json_decref(list);
		dg_errand_fail(e, &err);
		return;
	}
	for (size_t i = n; i > 0; i--) { /* the newest first */
		if (is_of(&rows[i - 1], e->route.domain)) {
			(void)json_array_append_new(list, json_row(a, &rows[i - 1]));
		}
	}
	json_t *o = json_pack("{s:s}", "domain", e->route.domain);
	dg_json_set(o, "incidents", list);
	dg_errand_answer(e, 200, o, NULL);
}

static json_t *json_timeline(const struct dg_record_entry *entries, size_t n)
{
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++) {
		json_t *o = json_pack("{s:I, s:I}", "n", (json_int_t)entries[i].n, "at",
			(json_int_t)entries[i].at);

		dg_json_set(o, "who", dg_json_text(entries[i].who));
		dg_json_set(o, "kind", dg_json_text(entries[i].kind));
		dg_json_set(o, "text", dg_json_text(entries[i].text));
		(void)json_array_append_new(list, o);
	}
	return list;
}

void dg_desk_record(struct dg_errand *e)
{
	struct dg_store *s = e->desk->store;
	struct dg_arena *a = e->call->arena;
	struct dg_record_entry *entries = NULL;
	struct dg_incident_row row;
	struct dg_err err;
	size_t n = 0;
	int r = dg_incident_get(s, a, e->route.number, &row, &err);

	if (r == 0 && !is_of(&row, e->route.domain)) {
		r = 1; /* another's: to who asks here it is not there */
	}
	if (r == 0) {
		r = dg_incident_entries(s, a, row.id, &entries, &n, &err);
	}
	if (r < 0) {
		dg_errand_fail(e, &err);
	} else if (r > 0) {
		dg_errand_problem(e, 404, "unknown", "no such incident of this domain");
	} else {
		json_t *o = json_row(a, &row);
		dg_json_set(o, "timeline", json_timeline(entries, n));
		dg_errand_answer(e, 200, o, NULL);
	}
}
