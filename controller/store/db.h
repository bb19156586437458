/* controller/store/db.h: SQLite as this folder uses it: cached statements, transactions, errors in words.
 *
 * Calls    A function that writes calls dg_db_enter() first and returns dg_db_leave(): alone that is a transaction of its own, inside
 *          dg_store_begin() it joins that one. After any failure inside dg_store_begin() the whole transaction is lost: nothing
 *          of it can be committed any more, half a step least of all.
 * Seals    Rows that lead to a change of DNS carry the first 8 octets of a SHA-256 over what they say (seal.c), checked when they are read.
 * Reading  dg_db_query(), then dg_db_next() until it says 1; columns are read between. A journal that is not there has no rows.
 */
#pragma once

#include "controller/store/store.h"

#include <sqlite3.h>

#define DG_DB_BUSY_MS   5000
#define DG_DB_IMAGE_MAX (64u << 20) /* bytes of one RRset's image */
#define DG_DB_SEAL_LEN  8u

enum dg_db_sql {
	DG_SQL_BEGIN,
	DG_SQL_COMMIT,
	DG_SQL_ROLLBACK,
	DG_SQL_RUN_START,
	DG_SQL_RUN_END,
	DG_SQL_RUN_GET,
	DG_SQL_STEP_PUT,
	DG_SQL_STEP_SEAL,
	DG_SQL_STEP_END,
	DG_SQL_STEP_GET,
	DG_SQL_STEPS_OPEN,
	DG_SQL_LOG_ALL,
	DG_SQL_LOG_ZONE,
	DG_SQL_CHANGE_PUT,
	DG_SQL_CHANGES_GET,
	DG_SQL_OWNED_PUT,
	DG_SQL_OWNED_GET,
	DG_SQL_OWNED_ALL,
	DG_SQL_MARKER_PUT,
	DG_SQL_MARKER_DROP,
	DG_SQL_MARKER_GET,
	DG_SQL_WAIT_PUT,
	DG_SQL_WAIT_PRUNE,
	DG_SQL_WAITS_GET,
	DG_SQL_STAGE_PUT,
	DG_SQL_STAGE_DROP,
	DG_SQL_STAGES_GET,
	DG_SQL_WATCH_PUT,
	DG_SQL_WATCH_DROP,
	DG_SQL_WATCH_GET,
	DG_SQL_WATCH_ALL,
	DG_SQL_WATCH_NAMES,
	DG_SQL_POSITION_PUT,
	DG_SQL_POSITION_GET,
	DG_SQL_SENSORS,
	DG_SQL_SENSORS_FORGET,
	DG_SQL_GUARD_PUT,
	DG_SQL_GUARD_GET,
	DG_SQL_GUARDS,
	DG_SQL_WISH_PUT,
	DG_SQL_WISHES,
	DG_SQL_WISH_DONE,
	DG_SQL_LETTER_PUT,
	DG_SQL_LETTERS,
	DG_SQL_LETTER_TRIED,
	DG_SQL_LETTER_DONE,
	DG_SQL_INCIDENT_PUT,
	DG_SQL_INCIDENT_GET,
	DG_SQL_INCIDENT_FIND,
	DG_SQL_INCIDENTS,
	DG_SQL_INCIDENT_HEAD,
	DG_SQL_INCIDENT_VERDICT,
	DG_SQL_INCIDENT_CLOSE,
	DG_SQL_INCIDENT_FORGET,
	DG_SQL_INCIDENT_ENTRY_PUT,
	DG_SQL_INCIDENT_ENTRIES,
	DG_SQL_INCIDENT_BODY_PUT,
	DG_SQL_INCIDENT_BODY,
	DG_SQL_INCIDENT_BODIES_DROP,
	DG_SQL_INCIDENT_ENTRIES_DROP,
	DG_SQL_GUARDS_OF,
	DG_SQL_TOKEN_PUT,
	DG_SQL_TOKEN_GET,
	DG_SQL_TOKENS,
	DG_SQL_TOKEN_REVOKE,
	DG_SQL_ORDER_PUT,
	DG_SQL_ORDER_GET,
	DG_SQL_ORDER_BY_KEY,
	DG_SQL_ORDER_ITEM_PUT,
	DG_SQL_ORDER_ITEMS,
	DG_SQL_ORDER_ITEM_END,
	DG_SQL_ORDERS_NEXT,
	DG_SQL_ORDERS_WAITING,
	DG_SQL_ORDER_ITEMS_PRUNE,
	DG_SQL_ORDERS_PRUNE,
	DG_SQL_N,
};

struct dg_store {
	sqlite3 *db; /* NULL: read_only, and there is no journal */
	sqlite3_stmt *statements[DG_SQL_N];
	char *path;  /* of the journal, for messages */
	int format;  /* of the tables; read_only: maybe older than ours */
	int lock_fd; /* -1: none */
	bool is_read_only;
	bool is_open;   /* inside dg_store_begin() */
	bool is_failed; /* ... and something in it went wrong */
};

/* What is bound to a statement's parameters, in their order. */
struct dg_db_arg {
	const void *data; /* text or bytes; text NULL: SQL NULL */
	size_t len;
	int64_t number;
	enum {
		DG_DB_TEXT,
		DG_DB_INT,
		DG_DB_BLOB
	} kind;
};

static inline struct dg_db_arg dg_db_text(const char *s)
{
	return (struct dg_db_arg){.data = s, .kind = DG_DB_TEXT};
}

static inline struct dg_db_arg dg_db_int(int64_t n)
{
	return (struct dg_db_arg){.number = n, .kind = DG_DB_INT};
}

static inline struct dg_db_arg dg_db_blob(const void *p, size_t n)
{
	return (struct dg_db_arg){.data = p, .len = n, .kind = DG_DB_BLOB};
}

/* Runs a statement that gives no rows. args holds n. */
int dg_db_run(struct dg_store *s, enum dg_db_sql id, const struct dg_db_arg *args, size_t n,
	struct dg_err *err);
int dg_db_query(struct dg_store *s, enum dg_db_sql id, const struct dg_db_arg *args, size_t n,
	struct dg_err *err);
/* 0: a row is there. 1: no more; the statement is done with. */
int dg_db_next(struct dg_store *s, enum dg_db_sql id, struct dg_err *err);
void dg_db_stop(struct dg_store *s, enum dg_db_sql id); /* done with it before the last row */

/* Columns of the current row, counted from 0, copied into the arena. */
const char *dg_db_column_text(
	struct dg_store *s, enum dg_db_sql id, int column, struct dg_arena *a);
int64_t dg_db_column_int(struct dg_store *s, enum dg_db_sql id, int column);
/* Bytes; "" when there are none. */
const void *dg_db_column_blob(
	struct dg_store *s, enum dg_db_sql id, int column, struct dg_arena *a, size_t *ret_len);
int dg_db_column_rrset(struct dg_store *s, enum dg_db_sql id, int column, struct dg_arena *a,
	struct dg_rrset *ret_set, struct dg_err *err);

/* seal: all zero, or of what was sealed before: both are sealed then. */
void dg_db_seal(uint8_t seal[DG_DB_SEAL_LEN], const struct dg_db_arg *args, size_t n);
/* Is it what the column says? Where there is none, nobody sealed it. */
bool dg_db_is_sealed(
	struct dg_store *s, enum dg_db_sql id, int column, const uint8_t seal[DG_DB_SEAL_LEN]);
/* A column as it would be bound, until the next step of the statement. Text and bytes are sealed alike. */
struct dg_db_arg dg_db_column_arg(struct dg_store *s, enum dg_db_sql id, int column);

/* dg_db_query() and the first dg_db_next(). A journal older than format, opened for reading, has no rows. */
int dg_db_first(struct dg_store *s, int format, enum dg_db_sql id, const struct dg_db_arg *args,
	size_t n, struct dg_err *err);
/* Where rows of size octets are kept that n have come of: the same place, or a larger one with what was there. */
void *dg_db_room(struct dg_arena *a, void *rows, size_t n, size_t size);

int dg_db_enter(struct dg_store *s, struct dg_err *err);
/* rc: how the work went. Commits what dg_db_enter() began, or undoes it. */
int dg_db_leave(struct dg_store *s, int rc, struct dg_err *err);
/* One statement that writes, alone or inside the caller's transaction. */
int dg_db_put(struct dg_store *s, enum dg_db_sql id, const struct dg_db_arg *args, size_t n,
	struct dg_err *err);

/* The error for what SQLite said last. */
int dg_db_fail(struct dg_store *s, int code, struct dg_err *err);
int dg_db_damaged(struct dg_store *s, const char *what, struct dg_err *err);

/* The statement's text for a journal of this format; for dg_db_run(). An older one is only read. */
const char *dg_db_sql_text(enum dg_db_sql id, int format);
/* Makes or updates the tables. DG_EINPUT: not our file, or of a newer dnsguard. ret_is_empty: nothing was ever made
 * in it (read_only only). */
int dg_db_migrate(struct dg_store *s, bool *ret_is_empty, struct dg_err *err);
/* DG_EIO: the tables are not described as dg_db_migrate() makes them: a statement would fail in the middle of the work. */
int dg_db_check_tables(struct dg_store *s, struct dg_err *err);

/* controller/store/folder.c: the state folder. Makes it, checks that nobody else can write to it. 1: it is not there (read_only). */
int dg_store_folder(const char *dir, bool read_only, struct dg_err *err);
/* Makes the file with mode 0600 when it is not there; on disk when it returns. 1: it is not there (read_only). */
int dg_store_file(const char *dir, const char *path, bool read_only, struct dg_err *err);
/* Waits until no other dnsguard is just opening. ret_is_alone: no other has it open. */
int dg_store_lock(const char *dir, int *ret_fd, bool *ret_is_alone, struct dg_err *err);
/* Others may go on; we stay counted as one that has it open. */
int dg_store_share(int fd, struct dg_err *err);

#define DG_DB_ARGS(...)                          \
	(const struct dg_db_arg[]){__VA_ARGS__}, \
		sizeof((const struct dg_db_arg[]){__VA_ARGS__}) / sizeof(struct dg_db_arg)
