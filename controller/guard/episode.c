/* The record of the incident (controller/store/incident.h), as far as the guard writes it: opened when it alarms, and each state that a name
 * comes to. Part of the transaction that keeps the state itself: either both are on disk, or neither. */
#include "controller/guard/running.h"
#include "controller/store/incident.h"
#include "providers/net/loop.h"
#include "zones/base/arena.h"
#include "zones/base/json.h"

#include <stdlib.h>
#include <string.h>

#define MEMORY_MAX ((size_t)16 << 20)
#define WHO        "dnsguard watch"
#define SAID_MAX   4000 /* octets: the guard does not stop for a text that no record takes */

static const char *said(const struct dg_ward *x, struct dg_arena *a, const char *why)
{
	const char *text = why ? why : x->g.is_abused && x->abuse ? x->abuse : "";

	return dg_printf(a, "%.*s", SAID_MAX, text);
}

static char *data_of(const struct dg_ward *x, const char *event)
{
	json_t *evidence = x->evidence ? json_loads(x->evidence, 0, NULL) : NULL;
	json_t *o = json_object();

	dg_json_set(o, "from", json_string(dg_guard_state_text(x->kept.state)));
	dg_json_set(o, "to", json_string(dg_guard_state_text(x->g.state)));
	dg_json_set(o, "event", dg_json_text(event));
	dg_json_set(o, "evidence", evidence ? evidence : json_null());
	char *data = json_dumps(o, JSON_COMPACT | JSON_ENSURE_ASCII | JSON_PRESERVE_ORDER);
	json_decref(o);
	if (data && strlen(data) > DG_RECORD_DATA_MAX) {
		free(data);
		data = NULL;
	}
	return data;
}

static int add(struct dg_ward *x, struct dg_arena *a, int64_t id, const char *event,
	const char *why, struct dg_err *err)
{
	bool is_moved = x->kept.state != x->g.state;
	char *data = data_of(x, event);
	struct dg_record_entry e = {.at = dg_loop_now(x->running->o.loop),
		.who = WHO,
		.kind = DG_RECORD_GUARD,
		.text = dg_printf(a, "%s%s%s%s%s",
			is_moved ? dg_guard_state_text(x->kept.state) : "", is_moved ? " to " : "",
			dg_guard_state_text(x->g.state), said(x, a, why)[0] ? ": " : "",
			said(x, a, why)),
		.data = data};
	int rc = dg_incident_add(x->running->o.store, id, &e, NULL, -1, err);

	free(data);
	return rc;
}

static int open_record(struct dg_ward *x, struct dg_arena *a, int64_t *ret_id, struct dg_err *err)
{
	const struct dg_incident_row row = {.name = x->name,
		.zone = x->zone,
		.opened = dg_loop_now(x->running->o.loop),
		.opened_by = WHO,
		.reason = said(x, a, x->g.is_abused ? NULL : "the guard raised an alarm"),
		.retention = DG_INCIDENT_RETENTION};
	int rc = dg_incident_open(x->running->o.store, &row, ret_id, err);

	if (rc == 0) {
		struct dg_record_entry e = {
			.at = row.opened, .who = WHO, .kind = DG_RECORD_OPENED, .text = row.reason};

		rc = dg_incident_add(x->running->o.store, *ret_id, &e, NULL, -1, err);
	}
	return rc < 0 ? rc : 0;
}

int dg_ward_episode(struct dg_ward *x, const char *event, const char *why, struct dg_err *err)
{
	bool is_raised =
		(x->g.is_alarm && !x->kept.is_alarm) || (x->g.is_abused && !x->kept.is_abused);
	bool is_told = is_raised || x->g.state != x->kept.state || event;
	struct dg_incident_row row = {0};
	int64_t id = 0;

	if (!is_told) {
		return 0;
	}
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(MEMORY_MAX);
	int rc = dg_incident_find(x->running->o.store, a, x->name, &row, err);
	if (rc == 0) {
		id = row.id;
	} else if (rc == 1 && is_raised) {
		rc = open_record(x, a, &id, err);
	}
	if (rc != 0) {
		return rc < 0 ? rc : 0;
	}
	/* A record that is full is full: the guard goes on without it. */
	return row.n_entries >= DG_RECORD_ENTRIES_MAX ? 0 : add(x, a, id, event, why, err);
}

void dg_ward_episode_kept(struct dg_ward *x)
{
	x->kept.state = x->g.state;
	x->kept.is_alarm = x->g.is_alarm;
	x->kept.is_abused = x->g.is_abused;
}
