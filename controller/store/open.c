/* Opening and closing the journal. */
#include "controller/store/db.h"

#include "zones/base/arena.h"
#include "zones/base/err.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define URI_EXTRA  32u
#define STAGES_MAX ((size_t)256 << 20)

/* A file URI, so that nothing in the path is taken for an option. */
static char *uri_of(const char *path, const char *options)
{
	static const char hex[] = "0123456789ABCDEF";
	size_t len = strlen(path);
	char *uri = malloc(len * 3 + strlen(options) + URI_EXTRA);
	size_t at = 0;

	if (!uri) {
		return NULL;
	}
	for (const char *scheme = "file:"; *scheme != '\0'; scheme++) {
		uri[at++] = *scheme;
	}
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)path[i];

		if (c == '%' || c == '?' || c == '#' || c <= ' ' || c >= 0x7f) {
			uri[at++] = '%';
			uri[at++] = hex[c >> 4];
			uri[at++] = hex[c & 0x0f];
		} else {
			uri[at++] = (char)c;
		}
	}
	memcpy(uri + at, options, strlen(options) + 1);
	return uri;
}

static bool is_wal_there(const struct dg_store *s)
{
	struct stat st;
	size_t len = strlen(s->path) + 5;
	char *path = malloc(len);
	bool is = false;

	if (path) {
		(void)snprintf(path, len, "%s-wal", s->path);
		is = stat(path, &st) == 0 && st.st_size > 0;
	}
	free(path);
	return is;
}

static bool is_small(const struct dg_store *s)
{
	struct stat st;

	return stat(s->path, &st) == 0 && st.st_size <= DG_STORE_CHECK_MAX;
}

static int connect_db(struct dg_store *s, const char *dir, struct dg_err *err)
{
	/* Readers share two files beside the journal. Where those are there, they are used; where they are not, only a
	 * connection that could write takes them away again at its end; where they cannot be made, nobody writes either. */
	bool has_wal = is_wal_there(s);
	bool can_make = access(dir, W_OK) == 0 && access(s->path, W_OK) == 0;
	bool is_frozen = s->is_read_only && !has_wal && !can_make;
	bool is_reader = s->is_read_only && (has_wal || !can_make);
	char *uri = uri_of(s->path, is_frozen ? "?immutable=1" : "");
	int flags = SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
		    (is_reader ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE);
	int code = uri ? sqlite3_open_v2(uri, &s->db, flags, NULL) : SQLITE_NOMEM;

	free(uri);
	if (code != SQLITE_OK) {
		return dg_db_fail(s, code, err);
	}
	(void)sqlite3_busy_timeout(s->db, DG_DB_BUSY_MS);
	(void)sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	(void)sqlite3_db_config(s->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	return 0;
}

/* WAL with synchronous=FULL: a commit is on disk when it returns. */
static int set_modes(struct dg_store *s, struct dg_err *err)
{
	int code = sqlite3_exec(s->db,
		s->is_read_only ? "PRAGMA query_only = 1"
				: "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
				  "PRAGMA foreign_keys = 1; PRAGMA cell_size_check = 1",
		NULL, NULL, NULL);

	return code == SQLITE_OK ? 0 : dg_db_fail(s, code, err);
}

static int check_whole(struct dg_store *s, struct dg_err *err)
{
	sqlite3_stmt *st = NULL;
	int code = sqlite3_prepare_v2(s->db, "PRAGMA quick_check(1)", -1, &st, NULL);
	int rc = 0;

	if (code == SQLITE_OK) {
		code = sqlite3_step(st);
	}
	if (code != SQLITE_ROW) {
		rc = dg_db_fail(s, code, err);
	} else {
		const char *says = (const char *)sqlite3_column_text(st, 0);

		rc = says && strcmp(says, "ok") == 0
			     ? 0
			     : dg_db_damaged(s, says ? says : "unreadable", err);
	}
	(void)sqlite3_finalize(st);
	return rc;
}

/* A stage that is filed under another zone would not be missed, and the next apply would publish the MX of a name that is split. */
static int check_stages(struct dg_store *s, struct dg_err *err)
{
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(STAGES_MAX);
	struct dg_name_state *states = NULL;
	struct dg_wait *waits = NULL;
	size_t n = 0;
	int rc = dg_store_stages(s, a, NULL, &states, &n, err);

	return rc < 0 ? rc : dg_store_waits(s, a, NULL, 0, &waits, &n, err);
}

static int open_write(struct dg_store *s, const char *dir, struct dg_err *err)
{
	bool is_alone = false;
	bool is_empty = false;
	int rc = dg_store_lock(dir, &s->lock_fd, &is_alone, err);

	rc = rc == 0 ? dg_store_file(dir, s->path, false, err) : rc;
	if (rc < 0) {
		return rc;
	}
	/* The last one to close leaves no log behind: one that is left tells of a crash or a power cut. What is too large to be
	 * looked through each time is looked through then. */
	bool is_checked = is_alone && (is_wal_there(s) || is_small(s));
	rc = connect_db(s, dir, err);
	rc = rc == 0 ? set_modes(s, err) : rc;
	rc = rc == 0 && is_checked ? check_whole(s, err) : rc;
	rc = rc == 0 ? dg_db_migrate(s, &is_empty, err) : rc;
	rc = rc == 0 && is_checked ? dg_db_check_tables(s, err) : rc;
	rc = rc == 0 && is_checked ? check_stages(s, err) : rc;
	return rc == 0 ? dg_store_share(s->lock_fd, err) : rc;
}

static int open_read(struct dg_store *s, const char *dir, struct dg_err *err)
{
	bool is_empty = false;
	int rc = dg_store_file(dir, s->path, true, err);

	if (rc != 0) {
		return rc < 0 ? rc : 0;
	}
	rc = connect_db(s, dir, err);
	rc = rc == 0 ? set_modes(s, err) : rc;
	rc = rc == 0 ? dg_db_migrate(s, &is_empty, err) : rc;
	if (rc == 0 && is_empty) { /* made, and cut off before its tables were */
		(void)sqlite3_close(s->db);
		s->db = NULL;
	}
	return rc;
}

int dg_store_open(const char *dir, bool read_only, struct dg_store **ret_store, struct dg_err *err)
{
	int rc = dg_store_folder(dir, read_only, err);

	if (rc < 0) {
		return rc;
	}
	struct dg_store *s = calloc(1, sizeof(*s));
	size_t len = strlen(dir) + sizeof("/journal.db");
	if (!s || !(s->path = malloc(len))) {
		free(s);
		return dg_fail(err, DG_EIO, "out of memory");
	}
	(void)snprintf(s->path, len, "%s/journal.db", dir);
	s->lock_fd = -1;
	s->is_read_only = read_only;
	if (rc == 0) {
		rc = read_only ? open_read(s, dir, err) : open_write(s, dir, err);
	}
	if (rc < 0) {
		(void)dg_store_close(s);
		return rc;
	}
	*ret_store = s;
	return 0;
}

struct dg_store *dg_store_close(struct dg_store *s)
{
	if (!s) {
		return NULL;
	}
	dg_store_rollback(s);
	for (size_t i = 0; i < DG_SQL_N; i++) {
		(void)sqlite3_finalize(s->statements[i]);
	}
	(void)sqlite3_close(s->db);
	if (s->lock_fd >= 0) {
		(void)close(s->lock_fd);
	}
	free(s->path);
	free(s);
	return NULL;
}
