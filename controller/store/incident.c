/* Records of incidents. */
#include "controller/store/incident.h"

#include "controller/store/db.h"
#include "zones/base/arena.h"

#include <string.h>

#define FORMAT_INCIDENT 5

static void read_hash(struct dg_store *s, enum dg_db_sql id, int column, struct dg_arena *a,
	uint8_t ret_hash[DG_DIGEST_LEN])
{
	size_t len = 0;
	const void *p = dg_db_column_blob(s, id, column, a, &len);

	memset(ret_hash, 0, DG_DIGEST_LEN);
	memcpy(ret_hash, p, len < DG_DIGEST_LEN ? len : DG_DIGEST_LEN);
}

static const char *text_of(const char *text)
{
	return text ? text : "";
}

static void read_row(
	struct dg_store *s, enum dg_db_sql id, struct dg_arena *a, struct dg_incident_row *r)
{
	*r = (struct dg_incident_row){.id = dg_db_column_int(s, id, 0),
		.name = text_of(dg_db_column_text(s, id, 1, a)),
		.zone = dg_db_column_text(s, id, 2, a),
		.opened = dg_db_column_int(s, id, 3),
		.opened_by = text_of(dg_db_column_text(s, id, 4, a)),
		.reason = dg_db_column_text(s, id, 5, a),
		.verdict = dg_db_column_text(s, id, 6, a),
		.confidence = dg_db_column_text(s, id, 7, a),
		.retention = dg_db_column_int(s, id, 8),
		.closed = dg_db_column_int(s, id, 9),
		.closed_by = dg_db_column_text(s, id, 10, a),
		.is_over = dg_db_column_int(s, id, 11) != 0,
		.forgotten = dg_db_column_int(s, id, 12),
		.forgotten_by = dg_db_column_text(s, id, 13, a),
		.n_entries = dg_db_column_int(s, id, 14)};
	read_hash(s, id, 15, a, r->head);
}

static int get_one(struct dg_store *s, struct dg_arena *a, enum dg_db_sql id, struct dg_db_arg key,
	struct dg_incident_row *ret_row, struct dg_err *err)
{
	int rc = dg_db_first(s, FORMAT_INCIDENT, id, &key, 1, err);

	if (rc == 0) {
		read_row(s, id, a, ret_row);
		dg_db_stop(s, id);
	}
	return rc;
}

int dg_incident_get(struct dg_store *s, struct dg_arena *a, int64_t id,
	struct dg_incident_row *ret_row, struct dg_err *err)
{
	return get_one(s, a, DG_SQL_INCIDENT_GET, dg_db_int(id), ret_row, err);
}

int dg_incident_find(struct dg_store *s, struct dg_arena *a, const char *name,
	struct dg_incident_row *ret_row, struct dg_err *err)
{
	return get_one(s, a, DG_SQL_INCIDENT_FIND, dg_db_text(name), ret_row, err);
}

int dg_incident_list(struct dg_store *s, struct dg_arena *a, struct dg_incident_row **ret_rows,
	size_t *ret_n, struct dg_err *err)
{
	struct dg_incident_row *rows = NULL;
	size_t n = 0;
	int rc = dg_db_first(s, FORMAT_INCIDENT, DG_SQL_INCIDENTS, NULL, 0, err);

	for (; rc == 0; rc = dg_db_next(s, DG_SQL_INCIDENTS, err)) {
		rows = dg_db_room(a, rows, n, sizeof(*rows));
		read_row(s, DG_SQL_INCIDENTS, a, &rows[n++]);
	}
	if (rc < 0) {
		return rc;
	}
	*ret_rows = rows;
	*ret_n = n;
	return 0;
}

/* --- writing ------------------------------------------------------------------------------------------------ */
int dg_incident_open(
	struct dg_store *s, const struct dg_incident_row *row, int64_t *ret_id, struct dg_err *err)
{
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new((size_t)1 << 20);
	struct dg_incident_row there;
	int rc = dg_db_enter(s, err);

	if (rc < 0) {
		return rc;
	}
	int64_t id = 0;
	rc = dg_incident_find(s, a, row->name, &there, err);
	if (rc == 0) {
		id = there.id;
	} else if (rc == 1) {
		rc = dg_db_run(s, DG_SQL_INCIDENT_PUT,
			DG_DB_ARGS(dg_db_text(row->name), dg_db_text(row->zone),
				dg_db_int(row->opened), dg_db_text(row->opened_by),
				dg_db_text(row->reason), dg_db_int(row->retention)),
			err);
		id = -sqlite3_last_insert_rowid(s->db);
	}
	rc = dg_db_leave(s, rc, err);
	if (rc < 0) {
		return rc;
	}
	*ret_id = id < 0 ? -id : id;
	return id < 0 ? 0 : 1;
}

static int may_add(const struct dg_incident_row *row, const struct dg_record_entry *e,
	const struct dg_incident_body *body, int64_t newest, struct dg_err *err)
{
	if (row->forgotten > 0) {
		return dg_fail(err, DG_EPOLICY,
			"incident %lld is forgotten: nothing is added to it", (long long)row->id);
	}
	if (newest >= 0 && newest != row->n_entries) {
		return dg_fail(err, DG_ECONFLICT,
			"somebody else has gone on with incident %lld meanwhile: look at it, then "
			"run again",
			(long long)row->id);
	}
	if (row->n_entries >= DG_RECORD_ENTRIES_MAX || strlen(e->text) > DG_RECORD_TEXT_MAX ||
		(e->data && strlen(e->data) > DG_RECORD_DATA_MAX)) {
		return dg_fail(err, DG_ELIMIT,
			"incident %lld: at most %u entries, of at most %zu octets",
			(long long)row->id, DG_RECORD_ENTRIES_MAX, DG_RECORD_TEXT_MAX);
	}
	if (body && body->len > DG_INCIDENT_BODY_MAX) {
		return dg_fail(err, DG_ELIMIT,
			"a file of the evidence has at most %zu octets, not %zu",
			DG_INCIDENT_BODY_MAX, body->len);
	}
	return 0;
}

static int add(struct dg_store *s, int64_t id, struct dg_record_entry *e,
	const struct dg_incident_body *body, const struct dg_incident_row *row, struct dg_err *err)
{
	e->n = row->n_entries + 1;
	dg_record_seal(e, row->head);
	int rc = dg_db_run(s, DG_SQL_INCIDENT_ENTRY_PUT,
		DG_DB_ARGS(dg_db_int(id), dg_db_int(e->n), dg_db_int(e->at), dg_db_text(e->who),
			dg_db_text(e->kind), dg_db_text(e->text), dg_db_text(e->data),
			dg_db_blob(e->hash, sizeof(e->hash))),
		err);
	if (rc == 0 && body) {
		rc = dg_db_run(s, DG_SQL_INCIDENT_BODY_PUT,
			DG_DB_ARGS(dg_db_int(id), dg_db_int(e->n),
				dg_db_blob(body->len > 0 ? body->p : "", body->len)),
			err);
	}
	return rc < 0 ? rc
		      : dg_db_run(s, DG_SQL_INCIDENT_HEAD,
				DG_DB_ARGS(dg_db_int(id), dg_db_int(e->n),
					dg_db_blob(e->hash, sizeof(e->hash))),
				err);
}

int dg_incident_add(struct dg_store *s, int64_t id, struct dg_record_entry *e,
	const struct dg_incident_body *body, int64_t newest, struct dg_err *err)
{
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new((size_t)1 << 20);
	struct dg_incident_row row = {0};
	int rc = dg_db_enter(s, err);

	if (rc < 0) {
		return rc;
	}
	rc = dg_incident_get(s, a, id, &row, err);
	rc = rc == 1 ? dg_fail(err, DG_EINPUT,
			       "no incident %lld; `dnsguard incident list` shows them",
			       (long long)id)
		     : rc;
	rc = rc == 0 ? may_add(&row, e, body, newest, err) : rc;
	rc = rc == 0 ? add(s, id, e, body, &row, err) : rc;
	return dg_db_leave(s, rc, err);
}

int dg_incident_verdict(struct dg_store *s, int64_t id, const char *verdict, const char *confidence,
	struct dg_err *err)
{
	return dg_db_put(s, DG_SQL_INCIDENT_VERDICT,
		DG_DB_ARGS(dg_db_int(id), dg_db_text(verdict), dg_db_text(confidence)), err);
}

int dg_incident_close(struct dg_store *s, int64_t id, int64_t now, const char *who, bool is_over,
	struct dg_err *err)
{
	return dg_db_put(s, DG_SQL_INCIDENT_CLOSE,
		DG_DB_ARGS(dg_db_int(id), dg_db_int(now), dg_db_text(who), dg_db_int(is_over)),
		err);
}

/* --- reading ------------------------------------------------------------------------------------------------ */
int dg_incident_entries(struct dg_store *s, struct dg_arena *a, int64_t id,
	struct dg_record_entry **ret_entries, size_t *ret_n, struct dg_err *err)
{
	const enum dg_db_sql sql = DG_SQL_INCIDENT_ENTRIES;
	struct dg_record_entry *list = NULL;
	size_t n = 0;
	int rc = dg_db_first(s, FORMAT_INCIDENT, sql, DG_DB_ARGS(dg_db_int(id)), err);

	for (; rc == 0; rc = dg_db_next(s, sql, err)) {
		list = dg_db_room(a, list, n, sizeof(*list));
		list[n] = (struct dg_record_entry){.n = dg_db_column_int(s, sql, 0),
			.at = dg_db_column_int(s, sql, 1),
			.who = text_of(dg_db_column_text(s, sql, 2, a)),
			.kind = text_of(dg_db_column_text(s, sql, 3, a)),
			.text = text_of(dg_db_column_text(s, sql, 4, a)),
			.data = dg_db_column_text(s, sql, 5, a)};
		read_hash(s, sql, 6, a, list[n++].hash);
	}
	if (rc < 0) {
		return rc;
	}
	*ret_entries = list;
	*ret_n = n;
	return 0;
}

int dg_incident_body(struct dg_store *s, struct dg_arena *a, int64_t id, int64_t n,
	struct dg_incident_body *ret_body, struct dg_err *err)
{
	int rc = dg_db_first(s, FORMAT_INCIDENT, DG_SQL_INCIDENT_BODY,
		DG_DB_ARGS(dg_db_int(id), dg_db_int(n)), err);

	if (rc == 0) {
		ret_body->p = dg_db_column_blob(s, DG_SQL_INCIDENT_BODY, 0, a, &ret_body->len);
		dg_db_stop(s, DG_SQL_INCIDENT_BODY);
	}
	return rc;
}

/* --- forgetting --------------------------------------------------------------------------------------------- */
/* Statements of other readers would keep VACUUM waiting: ours are all done with here. */
static int scrub(struct dg_store *s, struct dg_err *err)
{
	int log = 0;
	int done = 0;
	int code = sqlite3_exec(s->db, "VACUUM", NULL, NULL, NULL);

	if (code == SQLITE_OK) {
		code = sqlite3_wal_checkpoint_v2(
			s->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, &log, &done);
	}
	if ((code & 0xff) == SQLITE_BUSY || (code & 0xff) == SQLITE_LOCKED) {
		return 1;
	}
	return code == SQLITE_OK ? 0 : dg_db_fail(s, code, err);
}

int dg_incident_forget(
	struct dg_store *s, int64_t id, int64_t now, const char *who, struct dg_err *err)
{
	int code = sqlite3_exec(s->db, "PRAGMA secure_delete = 1", NULL, NULL, NULL);
	int rc = code == SQLITE_OK ? dg_db_enter(s, err) : dg_db_fail(s, code, err);

	if (rc < 0) {
		return rc;
	}
	rc = dg_db_run(s, DG_SQL_INCIDENT_FORGET,
		DG_DB_ARGS(dg_db_int(id), dg_db_int(now), dg_db_text(who)), err);
	rc = rc == 0 ? dg_db_run(s, DG_SQL_INCIDENT_BODIES_DROP, DG_DB_ARGS(dg_db_int(id)), err)
		     : rc;
	rc = rc == 0 ? dg_db_run(s, DG_SQL_INCIDENT_ENTRIES_DROP, DG_DB_ARGS(dg_db_int(id)), err)
		     : rc;
	rc = dg_db_leave(s, rc, err);
	return rc == 0 ? scrub(s, err) : rc;
}
