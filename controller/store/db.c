/* Statements, transactions and errors. */
#include "controller/store/db.h"

#include "zones/base/arena.h"
#include "zones/base/err.h"

#include <assert.h>
#include <string.h>

#define ROWS_FIRST 16u

int dg_db_damaged(struct dg_store *s, const char *what, struct dg_err *err)
{
	return dg_fail(err, DG_EIO,
		"the journal %s is damaged (%s): nothing is changed without it; keep a copy of its "
		"folder, see what it still holds with `dnsguard log` and `dnsguard restore "
		"--offline`, then move it away and plan again with --adopt",
		s->path, what);
}

/* The reason that the system gave, "" when there is none. */
static const char *system_words(const struct dg_store *s)
{
	int number = s->db ? sqlite3_system_errno(s->db) : 0;
	const char *words = number != 0 ? strerrordesc_np(number) : NULL;

	return words ? words : "";
}

int dg_db_fail(struct dg_store *s, int code, struct dg_err *err)
{
	const char *says = s->db ? sqlite3_errmsg(s->db) : sqlite3_errstr(code);
	const char *why = system_words(s);
	const char *gap = *why != '\0' ? ": " : "";

	s->is_failed = s->is_failed || s->is_open;
	switch (code & 0xff) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		dg_fail(err, DG_ECONFLICT,
			"the journal %s is locked by another dnsguard for longer than %d s: wait "
			"until it is done, then run again",
			s->path, DG_DB_BUSY_MS / 1000);
		err->retry_after_s = DG_DB_BUSY_MS / 1000;
		return DG_ECONFLICT;
	case SQLITE_FULL:
		return dg_fail(err, DG_EIO,
			"the journal %s could not be written, the disk is full: nothing of this "
			"was recorded; make room, then run again",
			s->path);
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return dg_db_damaged(s, says, err);
	case SQLITE_READONLY:
	case SQLITE_PERM:
	case SQLITE_AUTH:
		return dg_fail(err, DG_EIO,
			"the journal %s may not be written (%s): see who owns it", s->path, says);
	case SQLITE_TOOBIG:
		return dg_fail(err, DG_ELIMIT, "too large for the journal %s: %s", s->path, says);
	default:
		return dg_fail(err, DG_EIO,
			"the journal %s could not be read or written (%s%s%s): nothing of this was "
			"recorded",
			s->path, says, gap, why);
	}
}

static int bind(sqlite3_stmt *st, int at, const struct dg_db_arg *arg)
{
	switch (arg->kind) {
	case DG_DB_TEXT:
		return arg->data ? sqlite3_bind_text(st, at, arg->data, -1, SQLITE_STATIC)
				 : sqlite3_bind_null(st, at);
	case DG_DB_INT:
		return sqlite3_bind_int64(st, at, arg->number);
	case DG_DB_BLOB:
		return sqlite3_bind_blob64(st, at, arg->data, arg->len, SQLITE_STATIC);
	}
	return SQLITE_MISUSE;
}

/* The statement, ready to step. */
static int ready(struct dg_store *s, enum dg_db_sql id, const struct dg_db_arg *args, size_t n,
	struct dg_err *err)
{
	int code = SQLITE_OK;

	if (!s->statements[id]) {
		code = sqlite3_prepare_v3(s->db, dg_db_sql_text(id, s->format), -1,
			SQLITE_PREPARE_PERSISTENT, &s->statements[id], NULL);
	}
	for (size_t i = 0; code == SQLITE_OK && i < n; i++) {
		code = bind(s->statements[id], (int)i + 1, &args[i]);
	}
	return code == SQLITE_OK ? 0 : dg_db_fail(s, code, err);
}

void dg_db_stop(struct dg_store *s, enum dg_db_sql id)
{
	if (s->statements[id]) {
		(void)sqlite3_reset(s->statements[id]);
		(void)sqlite3_clear_bindings(s->statements[id]); /* they are borrowed */
	}
}

int dg_db_run(struct dg_store *s, enum dg_db_sql id, const struct dg_db_arg *args, size_t n,
	struct dg_err *err)
{
	int rc = ready(s, id, args, n, err);

	if (rc == 0) {
		int code = sqlite3_step(s->statements[id]);

		rc = code == SQLITE_DONE ? 0 : dg_db_fail(s, code, err);
	}
	dg_db_stop(s, id);
	return rc;
}

int dg_db_query(struct dg_store *s, enum dg_db_sql id, const struct dg_db_arg *args, size_t n,
	struct dg_err *err)
{
	if (!s->db) {
		return 0;
	}
	int rc = ready(s, id, args, n, err);
	if (rc < 0) {
		dg_db_stop(s, id);
	}
	return rc;
}

int dg_db_next(struct dg_store *s, enum dg_db_sql id, struct dg_err *err)
{
	if (!s->db) {
		return 1;
	}
	int code = sqlite3_step(s->statements[id]);
	if (code == SQLITE_ROW) {
		return 0;
	}
	int rc = code == SQLITE_DONE ? 1 : dg_db_fail(s, code, err);
	dg_db_stop(s, id);
	return rc;
}

int dg_db_first(struct dg_store *s, int format, enum dg_db_sql id, const struct dg_db_arg *args,
	size_t n, struct dg_err *err)
{
	if (s->db && s->format < format) {
		return 1;
	}
	int rc = dg_db_query(s, id, args, n, err);
	return rc < 0 ? rc : dg_db_next(s, id, err);
}

void *dg_db_room(struct dg_arena *a, void *rows, size_t n, size_t size)
{
	if (n != 0 && (n < ROWS_FIRST || (n & (n - 1)) != 0)) {
		return rows;
	}
	char *grown = dg_get(a, n == 0 ? ROWS_FIRST : 2 * n, size);
	if (n > 0) {
		memcpy(grown, rows, n * size);
	}
	return grown;
}

const char *dg_db_column_text(struct dg_store *s, enum dg_db_sql id, int column, struct dg_arena *a)
{
	const unsigned char *text = sqlite3_column_text(s->statements[id], column);

	return text ? dg_strdup(a, (const char *)text) : NULL;
}

int64_t dg_db_column_int(struct dg_store *s, enum dg_db_sql id, int column)
{
	return sqlite3_column_int64(s->statements[id], column);
}

const void *dg_db_column_blob(
	struct dg_store *s, enum dg_db_sql id, int column, struct dg_arena *a, size_t *ret_len)
{
	const void *bytes = sqlite3_column_blob(s->statements[id], column);
	int len = sqlite3_column_bytes(s->statements[id], column);

	*ret_len = bytes && len > 0 ? (size_t)len : 0;
	return *ret_len > 0 ? dg_memdup(a, bytes, *ret_len) : "";
}

int dg_db_column_rrset(struct dg_store *s, enum dg_db_sql id, int column, struct dg_arena *a,
	struct dg_rrset *ret_set, struct dg_err *err)
{
	const void *image = sqlite3_column_blob(s->statements[id], column);
	int len = sqlite3_column_bytes(s->statements[id], column);

	if (!image || len <= 0 || dg_rrset_decode(a, image, (size_t)len, ret_set) != 0) {
		dg_db_stop(s, id);
		return dg_db_damaged(s, "an RRset in it cannot be read", err);
	}
	return 0;
}

/* --- transactions ------------------------------------------------------------------------------------------- */
static int begin(struct dg_store *s, struct dg_err *err)
{
	if (s->is_read_only) {
		return dg_fail(err, DG_EPOLICY,
			"the journal %s was opened for reading only: nothing may be recorded in it",
			s->path);
	}
	return dg_db_run(s, DG_SQL_BEGIN, NULL, 0, err);
}

static void undo(struct dg_store *s)
{
	struct dg_err ignored;

	if (s->db && !sqlite3_get_autocommit(s->db)) { /* SQLite itself undoes after some errors */
		(void)dg_db_run(s, DG_SQL_ROLLBACK, NULL, 0, &ignored);
	}
}

int dg_db_enter(struct dg_store *s, struct dg_err *err)
{
	if (!s->is_open) {
		return begin(s, err);
	}
	if (s->is_failed) {
		return dg_fail(err, DG_EIO,
			"the journal %s: an earlier part of this transaction failed, it can only "
			"be undone",
			s->path);
	}
	return 0;
}

int dg_db_leave(struct dg_store *s, int rc, struct dg_err *err)
{
	if (s->is_open) {
		s->is_failed = s->is_failed || rc < 0;
		return rc;
	}
	if (rc >= 0) {
		int committed = dg_db_run(s, DG_SQL_COMMIT, NULL, 0, err);

		rc = committed < 0 ? committed : rc;
	}
	if (rc < 0) {
		undo(s);
	}
	return rc;
}

int dg_store_begin(struct dg_store *s, struct dg_err *err)
{
	assert(!s->is_open);
	int rc = begin(s, err);
	if (rc == 0) {
		s->is_open = true;
		s->is_failed = false;
	}
	return rc;
}

int dg_store_commit(struct dg_store *s, struct dg_err *err)
{
	assert(s->is_open);
	int rc = dg_db_enter(s, err);
	s->is_open = false;
	s->is_failed = false;
	return dg_db_leave(s, rc, err);
}

void dg_store_rollback(struct dg_store *s)
{
	s->is_open = false;
	s->is_failed = false;
	undo(s);
}

int dg_db_put(struct dg_store *s, enum dg_db_sql id, const struct dg_db_arg *args, size_t n,
	struct dg_err *err)
{
	int rc = dg_db_enter(s, err);

	return rc < 0 ? rc : dg_db_leave(s, dg_db_run(s, id, args, n, err), err);
}
