/* What watching keeps. A journal of before (format 1, opened for reading) has none of it. */
#include "controller/store/watch.h"

#include "controller/store/db.h"
#include "zones/base/arena.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define FORMAT_WATCH 2

/* --- detectors and sensors -------------------------------------------------------------------------------- */
int dg_store_watch_put(struct dg_store *s, const struct dg_watch_row *row, struct dg_err *err)
{
	return dg_db_put(s, DG_SQL_WATCH_PUT,
		DG_DB_ARGS(dg_db_text(row->name), dg_db_text(row->zone),
			dg_db_blob(row->image, row->len)),
		err);
}

int dg_store_watch_drop(struct dg_store *s, const char *name, struct dg_err *err)
{
	return dg_db_put(s, DG_SQL_WATCH_DROP, DG_DB_ARGS(dg_db_text(name)), err);
}

static void read_watch(
	struct dg_store *s, enum dg_db_sql id, struct dg_arena *a, struct dg_watch_row *ret_row)
{
	ret_row->name = dg_db_column_text(s, id, 0, a);
	ret_row->zone = dg_db_column_text(s, id, 1, a);
	ret_row->image = dg_db_column_blob(s, id, 2, a, &ret_row->len);
}

int dg_store_watch_get(struct dg_store *s, struct dg_arena *a, const char *name,
	struct dg_watch_row *ret_row, struct dg_err *err)
{
	int rc = dg_db_first(s, FORMAT_WATCH, DG_SQL_WATCH_GET, DG_DB_ARGS(dg_db_text(name)), err);

	if (rc == 0) {
		read_watch(s, DG_SQL_WATCH_GET, a, ret_row);
		dg_db_stop(s, DG_SQL_WATCH_GET);
	}
	return rc;
}

int dg_store_watch_all(struct dg_store *s, struct dg_arena *a, struct dg_watch_row **ret_rows,
	size_t *ret_n, struct dg_err *err)
{
	struct dg_watch_row *rows = NULL;
	size_t n = 0;
	int rc = dg_db_first(s, FORMAT_WATCH, DG_SQL_WATCH_ALL, NULL, 0, err);

	for (; rc == 0; rc = dg_db_next(s, DG_SQL_WATCH_ALL, err)) {
		rows = dg_db_room(a, rows, n, sizeof(*rows));
		read_watch(s, DG_SQL_WATCH_ALL, a, &rows[n++]);
	}
	if (rc < 0) {
		return rc;
	}
	*ret_rows = rows;
	*ret_n = n;
	return 0;
}

int dg_store_watch_names(struct dg_store *s, struct dg_arena *a, const char ***ret_names,
	size_t *ret_n, struct dg_err *err)
{
	const char **names = NULL;
	size_t n = 0;
	int rc = dg_db_first(s, FORMAT_WATCH, DG_SQL_WATCH_NAMES, NULL, 0, err);

	for (; rc == 0; rc = dg_db_next(s, DG_SQL_WATCH_NAMES, err)) {
		names = dg_db_room(a, names, n, sizeof(*names));
		names[n++] = dg_db_column_text(s, DG_SQL_WATCH_NAMES, 0, a);
	}
	if (rc < 0) {
		return rc;
	}
	*ret_names = names;
	*ret_n = n;
	return 0;
}

int dg_store_position_put(
	struct dg_store *s, const char *sensor, const char *position, struct dg_err *err)
{
	return dg_db_put(
		s, DG_SQL_POSITION_PUT, DG_DB_ARGS(dg_db_text(sensor), dg_db_text(position)), err);
}

int dg_store_position_get(struct dg_store *s, struct dg_arena *a, const char *sensor,
	const char **ret_position, struct dg_err *err)
{
	int rc = dg_db_first(
		s, FORMAT_WATCH, DG_SQL_POSITION_GET, DG_DB_ARGS(dg_db_text(sensor)), err);

	if (rc == 0) {
		*ret_position = dg_db_column_text(s, DG_SQL_POSITION_GET, 0, a);
		dg_db_stop(s, DG_SQL_POSITION_GET);
	}
	return rc;
}

#define SENSOR_MARK "sensor " /* before the key of a sensor: its last event, not its position */

int dg_store_sensor_put(
	struct dg_store *s, const char *sensor, int64_t event_ms, struct dg_err *err)
{
	char key[6000];
	char text[32];

	(void)snprintf(key, sizeof(key), SENSOR_MARK "%s", sensor);
	(void)snprintf(text, sizeof(text), "%" PRId64, event_ms);
	return dg_store_position_put(s, key, text, err);
}

int dg_store_sensors(struct dg_store *s, struct dg_arena *a, struct dg_sensor_row **ret_rows,
	size_t *ret_n, struct dg_err *err)
{
	struct dg_sensor_row *rows = NULL;
	size_t n = 0;
	int rc = dg_db_first(s, FORMAT_WATCH, DG_SQL_SENSORS, NULL, 0, err);

	for (; rc == 0; rc = dg_db_next(s, DG_SQL_SENSORS, err)) {
		rows = dg_db_room(a, rows, n, sizeof(*rows));
		rows[n++] = (struct dg_sensor_row){
			.sensor = dg_db_column_text(s, DG_SQL_SENSORS, 0, a),
			.event_ms = strtoll(dg_db_column_text(s, DG_SQL_SENSORS, 1, a), NULL, 10)};
	}
	if (rc < 0) {
		return rc;
	}
	*ret_rows = rows;
	*ret_n = n;
	return 0;
}

int dg_store_sensors_forget(struct dg_store *s, struct dg_err *err)
{
	return dg_db_put(s, DG_SQL_SENSORS_FORGET, NULL, 0, err);
}

/* --- guards ----------------------------------------------------------------------------------------------- */
int dg_store_guard_put(struct dg_store *s, const struct dg_guard_row *row, struct dg_err *err)
{
	return dg_db_put(s, DG_SQL_GUARD_PUT,
		DG_DB_ARGS(dg_db_text(row->name), dg_db_text(row->zone), dg_db_text(row->document),
			dg_db_text(row->state), dg_db_blob(row->image, row->len),
			dg_db_text(row->proposal), dg_db_text(row->evidence), dg_db_int(row->since),
			dg_db_int(row->due)),
		err);
}

static void read_guard(
	struct dg_store *s, enum dg_db_sql id, struct dg_arena *a, struct dg_guard_row *ret_row)
{
	*ret_row = (struct dg_guard_row){
		.name = dg_db_column_text(s, id, 0, a),
		.zone = dg_db_column_text(s, id, 1, a),
		.document = dg_db_column_text(s, id, 2, a),
		.state = dg_db_column_text(s, id, 3, a),
		.proposal = dg_db_column_text(s, id, 5, a),
		.evidence = dg_db_column_text(s, id, 6, a),
		.since = dg_db_column_int(s, id, 7),
		.due = dg_db_column_int(s, id, 8),
	};
	ret_row->image = dg_db_column_blob(s, id, 4, a, &ret_row->len);
}

int dg_store_guard_get(struct dg_store *s, struct dg_arena *a, const char *name,
	struct dg_guard_row *ret_row, struct dg_err *err)
{
	int rc = dg_db_first(s, FORMAT_WATCH, DG_SQL_GUARD_GET, DG_DB_ARGS(dg_db_text(name)), err);

	if (rc == 0) {
		read_guard(s, DG_SQL_GUARD_GET, a, ret_row);
		dg_db_stop(s, DG_SQL_GUARD_GET);
	}
	return rc;
}

/* NOLINTNEXTLINE(readability-function-size): what it needs is told in one call */
static int get_guards(struct dg_store *s, struct dg_arena *a, enum dg_db_sql id,
	const struct dg_db_arg *args, size_t n_args, struct dg_guard_row **ret_rows, size_t *ret_n,
	struct dg_err *err)
{
	struct dg_guard_row *rows = NULL;
	size_t n = 0;
	int rc = dg_db_first(s, FORMAT_WATCH, id, args, n_args, err);

	for (; rc == 0; rc = dg_db_next(s, id, err)) {
		rows = dg_db_room(a, rows, n, sizeof(*rows));
		read_guard(s, id, a, &rows[n++]);
	}
	if (rc < 0) {
		return rc;
	}
	*ret_rows = rows;
	*ret_n = n;
	return 0;
}

int dg_store_guards(struct dg_store *s, struct dg_arena *a, struct dg_guard_row **ret_rows,
	size_t *ret_n, struct dg_err *err)
{
	return get_guards(s, a, DG_SQL_GUARDS, NULL, 0, ret_rows, ret_n, err);
}

int dg_store_guards_of(struct dg_store *s, struct dg_arena *a, const char *zone,
	struct dg_guard_row **ret_rows, size_t *ret_n, struct dg_err *err)
{
	return get_guards(
		s, a, DG_SQL_GUARDS_OF, DG_DB_ARGS(dg_db_text(zone)), ret_rows, ret_n, err);
}

/* --- wishes ----------------------------------------------------------------------------------------------- */
int dg_store_wish_put(struct dg_store *s, const struct dg_wish *w, struct dg_err *err)
{
	return dg_db_put(s, DG_SQL_WISH_PUT,
		DG_DB_ARGS(dg_db_text(w->kind), dg_db_text(w->name), dg_db_text(w->proposal),
			dg_db_text(w->who), dg_db_int(w->at), dg_db_text(w->why)),
		err);
}

int dg_store_wishes(struct dg_store *s, struct dg_arena *a, struct dg_wish **ret_wishes,
	size_t *ret_n, struct dg_err *err)
{
	const enum dg_db_sql id = DG_SQL_WISHES;
	struct dg_wish *wishes = NULL;
	size_t n = 0;
	int rc = dg_db_first(s, FORMAT_WATCH, id, NULL, 0, err);

	for (; rc == 0; rc = dg_db_next(s, id, err)) {
		wishes = dg_db_room(a, wishes, n, sizeof(*wishes));
		wishes[n++] = (struct dg_wish){
			.id = dg_db_column_int(s, id, 0),
			.kind = dg_db_column_text(s, id, 1, a),
			.name = dg_db_column_text(s, id, 2, a),
			.proposal = dg_db_column_text(s, id, 3, a),
			.who = dg_db_column_text(s, id, 4, a),
			.at = dg_db_column_int(s, id, 5),
			.why = dg_db_column_text(s, id, 6, a),
		};
	}
	if (rc < 0) {
		return rc;
	}
	*ret_wishes = wishes;
	*ret_n = n;
	return 0;
}

int dg_store_wish_done(struct dg_store *s, int64_t id, struct dg_err *err)
{
	return dg_db_put(s, DG_SQL_WISH_DONE, DG_DB_ARGS(dg_db_int(id)), err);
}

/* --- the outbox ------------------------------------------------------------------------------------------- */
int dg_store_letter_put(struct dg_store *s, struct dg_letter *l, struct dg_err *err)
{
	int rc = dg_db_enter(s, err);

	if (rc < 0) {
		return rc;
	}
	rc = dg_db_run(s, DG_SQL_LETTER_PUT,
		DG_DB_ARGS(dg_db_text(l->hook), dg_db_text(l->body), dg_db_int(l->at),
			dg_db_int(l->n_tries)),
		err);
	int64_t sequence = rc == 0 ? sqlite3_last_insert_rowid(s->db) : 0;
	rc = dg_db_leave(s, rc, err);
	if (rc == 0) {
		l->sequence = sequence;
	}
	return rc;
}

int dg_store_letters(struct dg_store *s, struct dg_arena *a, size_t limit,
	struct dg_letter **ret_letters, size_t *ret_n, struct dg_err *err)
{
	const enum dg_db_sql id = DG_SQL_LETTERS;
	struct dg_letter *letters = NULL;
	size_t n = 0;
	int rc = dg_db_first(s, FORMAT_WATCH, id, DG_DB_ARGS(dg_db_int((int64_t)limit)), err);

	for (; rc == 0; rc = dg_db_next(s, id, err)) {
		letters = dg_db_room(a, letters, n, sizeof(*letters));
		letters[n++] = (struct dg_letter){
			.sequence = dg_db_column_int(s, id, 0),
			.hook = dg_db_column_text(s, id, 1, a),
			.body = dg_db_column_text(s, id, 2, a),
			.at = dg_db_column_int(s, id, 3),
			.n_tries = (unsigned)dg_db_column_int(s, id, 4),
		};
	}
	if (rc < 0) {
		return rc;
	}
	*ret_letters = letters;
	*ret_n = n;
	return 0;
}

int dg_store_letter_tried(struct dg_store *s, int64_t sequence, bool is_done, struct dg_err *err)
{
	return dg_db_put(s, is_done ? DG_SQL_LETTER_DONE : DG_SQL_LETTER_TRIED,
		DG_DB_ARGS(dg_db_int(sequence)), err);
}
