/* The formats of the journal: the way from each to the next, and whether the tables are still as they were made. */
#include "controller/store/db.h"

#include "zones/base/err.h"

#include <stdio.h>
#include <string.h>

#define APPLICATION_ID 0x64676a31 /* "dgj1" */

/* One script a format version, run in order; what stands here is never changed, only added to. States and stages are
 * words, so that the file explains itself to whoever opens it by hand. */
static const char *const migrations[] = {
	"CREATE TABLE run("
	" id INTEGER PRIMARY KEY AUTOINCREMENT,"
	" started INTEGER NOT NULL,"
	" finished INTEGER NOT NULL DEFAULT 0,"
	" who TEXT NOT NULL,"
	" why TEXT NOT NULL,"
	" result TEXT) STRICT;"
	"CREATE TABLE step("
	" id INTEGER PRIMARY KEY AUTOINCREMENT,"
	" run INTEGER NOT NULL REFERENCES run(id),"
	" zone TEXT NOT NULL,"
	" provider TEXT,"
	" document TEXT,"
	" marker_before TEXT,"
	" marker_after TEXT,"
	" digest BLOB NOT NULL,"
	" n_changes INTEGER NOT NULL,"
	" state TEXT NOT NULL DEFAULT 'intended' CHECK(state IN"
	"  ('intended','applied','verified','failed','conflict','lost')),"
	" intended_at INTEGER NOT NULL,"
	" ended_at INTEGER NOT NULL DEFAULT 0,"
	" note TEXT,"
	" restores INTEGER NOT NULL DEFAULT 0) STRICT;"
	"CREATE INDEX step_zone ON step(zone, id);"
	"CREATE INDEX step_open ON step(id) WHERE state = 'intended';"
	"CREATE TABLE change("
	" step INTEGER NOT NULL REFERENCES step(id),"
	" n INTEGER NOT NULL,"
	" before BLOB NOT NULL,"
	" after BLOB NOT NULL,"
	" why TEXT,"
	" PRIMARY KEY(step, n)) STRICT, WITHOUT ROWID;"
	"CREATE TABLE owned("
	" zone TEXT NOT NULL,"
	" owner TEXT NOT NULL,"
	" type INTEGER NOT NULL,"
	" image BLOB NOT NULL,"
	" PRIMARY KEY(zone, owner, type)) STRICT, WITHOUT ROWID;"
	"CREATE TABLE marker("
	" zone TEXT NOT NULL PRIMARY KEY,"
	" text TEXT NOT NULL) STRICT, WITHOUT ROWID;"
	"CREATE TABLE wait("
	" zone TEXT NOT NULL,"
	" owner TEXT NOT NULL,"
	" type INTEGER NOT NULL,"
	" until INTEGER NOT NULL,"
	" ttl INTEGER NOT NULL,"
	" PRIMARY KEY(zone, owner, type)) STRICT, WITHOUT ROWID;"
	"CREATE TABLE stage("
	" zone TEXT NOT NULL,"
	" name TEXT NOT NULL,"
	" stage TEXT NOT NULL CHECK(stage IN ('armed','split')),"
	" since INTEGER NOT NULL,"
	" mx_ttl INTEGER NOT NULL,"
	" PRIMARY KEY(zone, name)) STRICT, WITHOUT ROWID;",
	/* 2: what watching keeps */
	"CREATE TABLE watch("
	" name TEXT NOT NULL PRIMARY KEY,"
	" zone TEXT NOT NULL,"
	" image BLOB NOT NULL) STRICT, WITHOUT ROWID;"
	"CREATE TABLE position("
	" sensor TEXT NOT NULL PRIMARY KEY,"
	" text TEXT NOT NULL) STRICT, WITHOUT ROWID;"
	"CREATE TABLE guard("
	" name TEXT NOT NULL PRIMARY KEY,"
	" zone TEXT NOT NULL,"
	" document TEXT NOT NULL,"
	" state TEXT NOT NULL,"
	" image BLOB NOT NULL,"
	" proposal TEXT,"
	" evidence TEXT,"
	" since INTEGER NOT NULL,"
	" due INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
	"CREATE TABLE wish("
	" id INTEGER PRIMARY KEY AUTOINCREMENT,"
	" kind TEXT NOT NULL,"
	" name TEXT,"
	" proposal TEXT,"
	" who TEXT NOT NULL,"
	" at INTEGER NOT NULL) STRICT;"
	"CREATE TABLE letter("
	" sequence INTEGER PRIMARY KEY AUTOINCREMENT,"
	" hook TEXT NOT NULL,"
	" body TEXT NOT NULL,"
	" at INTEGER NOT NULL,"
	" n_tries INTEGER NOT NULL DEFAULT 0) STRICT;",
	/* 3: probes, and the label that mail lives at; calm: only a label has to be taken away yet */
	"ALTER TABLE stage RENAME TO stage_2;"
	"CREATE TABLE stage("
	" zone TEXT NOT NULL,"
	" name TEXT NOT NULL,"
	" stage TEXT NOT NULL CHECK(stage IN ('calm','armed','split','probing')),"
	" since INTEGER NOT NULL,"
	" mx_ttl INTEGER NOT NULL,"
	" label INTEGER NOT NULL DEFAULT 0,"
	" retired INTEGER NOT NULL DEFAULT 0,"
	" PRIMARY KEY(zone, name)) STRICT, WITHOUT ROWID;"
	"INSERT INTO stage(zone, name, stage, since, mx_ttl)"
	" SELECT zone, name, stage, since, mx_ttl FROM stage_2;"
	"DROP TABLE stage_2;"
	"ALTER TABLE wish ADD COLUMN why TEXT;",
	/* 4: seals; NULL: written before */
	"ALTER TABLE step ADD COLUMN seal BLOB;"
	"ALTER TABLE owned ADD COLUMN seal BLOB;"
	"ALTER TABLE wait ADD COLUMN seal BLOB;"
	"ALTER TABLE stage ADD COLUMN seal BLOB;",
	/* 5: incidents. What is in a record stays as it was written, until all of it is forgotten. */
	"CREATE TABLE incident("
	" id INTEGER PRIMARY KEY AUTOINCREMENT,"
	" name TEXT NOT NULL,"
	" zone TEXT,"
	" opened INTEGER NOT NULL,"
	" opened_by TEXT NOT NULL,"
	" reason TEXT,"
	" verdict TEXT,"
	" confidence TEXT,"
	" retention INTEGER NOT NULL,"
	" closed INTEGER NOT NULL DEFAULT 0,"
	" closed_by TEXT,"
	" is_over INTEGER NOT NULL DEFAULT 0,"
	" forgotten INTEGER NOT NULL DEFAULT 0,"
	" forgotten_by TEXT,"
	" n_entries INTEGER NOT NULL DEFAULT 0,"
	" head BLOB NOT NULL) STRICT;"
	"CREATE UNIQUE INDEX incident_open ON incident(name) WHERE closed = 0 AND forgotten = 0;"
	"CREATE TABLE incident_entry("
	" incident INTEGER NOT NULL REFERENCES incident(id),"
	" n INTEGER NOT NULL,"
	" at INTEGER NOT NULL,"
	" who TEXT NOT NULL,"
	" kind TEXT NOT NULL,"
	" text TEXT NOT NULL,"
	" data TEXT,"
	" hash BLOB NOT NULL,"
	" PRIMARY KEY(incident, n)) STRICT;"
	"CREATE TABLE incident_body("
	" incident INTEGER NOT NULL,"
	" n INTEGER NOT NULL,"
	" body BLOB NOT NULL,"
	" PRIMARY KEY(incident, n),"
	" FOREIGN KEY(incident, n) REFERENCES incident_entry(incident, n)) STRICT;"
	"CREATE TRIGGER incident_entry_stays BEFORE UPDATE ON incident_entry"
	" BEGIN SELECT RAISE(ABORT, 'the record of an incident is only added to'); END;"
	"CREATE TRIGGER incident_body_stays BEFORE UPDATE ON incident_body"
	" BEGIN SELECT RAISE(ABORT, 'the record of an incident is only added to'); END;"
	"CREATE TRIGGER incident_entry_goes BEFORE DELETE ON incident_entry"
	" WHEN (SELECT forgotten FROM incident WHERE id = OLD.incident) = 0"
	" BEGIN SELECT RAISE(ABORT, 'only an incident that is forgotten loses its record'); END;"
	"CREATE TRIGGER incident_body_goes BEFORE DELETE ON incident_body"
	" WHEN (SELECT forgotten FROM incident WHERE id = OLD.incident) = 0"
	" BEGIN SELECT RAISE(ABORT, 'only an incident that is forgotten loses its record'); END;"
	"CREATE TRIGGER incident_stays BEFORE DELETE ON incident"
	" BEGIN SELECT RAISE(ABORT, 'of an incident a line stays'); END;",
	/* 6: what serve keeps (order_: "order" is a word of SQL) */
	"CREATE TABLE token("
	" id TEXT NOT NULL PRIMARY KEY,"
	" name TEXT NOT NULL,"
	" digest BLOB NOT NULL,"
	" zones TEXT NOT NULL,"
	" verbs TEXT NOT NULL,"
	" created INTEGER NOT NULL,"
	" revoked INTEGER NOT NULL DEFAULT 0) STRICT, WITHOUT ROWID;"
	"CREATE INDEX guard_zone ON guard(zone);"
	"CREATE TABLE order_("
	" id INTEGER PRIMARY KEY AUTOINCREMENT,"
	" key TEXT UNIQUE,"
	" digest BLOB NOT NULL,"
	" kind TEXT NOT NULL,"
	" owner TEXT NOT NULL,"
	" why TEXT,"
	" at INTEGER NOT NULL) STRICT;"
	"CREATE TABLE item("
	" order_ INTEGER NOT NULL REFERENCES order_(id),"
	" n INTEGER NOT NULL,"
	" zone TEXT NOT NULL,"
	" template TEXT,"
	" plan TEXT,"
	" flags INTEGER NOT NULL,"
	" state TEXT NOT NULL CHECK(state IN ('queued','done')),"
	" outcome TEXT,"
	" result TEXT,"
	" n_tries INTEGER NOT NULL DEFAULT 0,"
	" due INTEGER NOT NULL DEFAULT 0,"
	" ended INTEGER NOT NULL DEFAULT 0,"
	" PRIMARY KEY(order_, n)) STRICT, WITHOUT ROWID;"
	"CREATE INDEX item_queued ON item(due, order_, n) WHERE state = 'queued';",
};
#define FORMAT ((int)(sizeof(migrations) / sizeof(migrations[0])))

static int pragma_int(struct dg_store *s, const char *pragma, int *ret_value, struct dg_err *err)
{
	sqlite3_stmt *st = NULL;
	int code = sqlite3_prepare_v2(s->db, pragma, -1, &st, NULL);

	if (code == SQLITE_OK && (code = sqlite3_step(st)) == SQLITE_ROW) {
		*ret_value = sqlite3_column_int(st, 0);
		code = SQLITE_OK;
	}
	(void)sqlite3_finalize(st);
	return code == SQLITE_OK ? 0 : dg_db_fail(s, code, err);
}

static int check_format(struct dg_store *s, int *ret_version, struct dg_err *err)
{
	int application = 0;
	int rc = pragma_int(s, "PRAGMA application_id", &application, err);

	rc = rc == 0 ? pragma_int(s, "PRAGMA user_version", ret_version, err) : rc;
	if (rc < 0) {
		return rc;
	}
	if ((application != 0 || *ret_version != 0) && application != APPLICATION_ID) {
		return dg_fail(err, DG_EINPUT,
			"%s is not a journal of dnsguard (application id %d): it is left as it is; "
			"give another state folder",
			s->path, application);
	}
	if (*ret_version > FORMAT) {
		return dg_fail(err, DG_EINPUT,
			"the journal %s was written by a newer dnsguard (format %d, this one knows "
			"%d): use that version",
			s->path, *ret_version, FORMAT);
	}
	return 0;
}

int dg_db_migrate(struct dg_store *s, bool *ret_is_empty, struct dg_err *err)
{
	char pragma[96];
	int version = 0;
	int rc = check_format(s, &version, err);

	*ret_is_empty = rc == 0 && version == 0;
	s->format = version;
	if (rc < 0 || s->is_read_only || version == FORMAT) {
		return rc;
	}
	rc = dg_db_enter(s, err);
	if (rc < 0) {
		return rc;
	}
	rc = check_format(s, &version, err); /* another one may have been quicker */
	for (; rc == 0 && version < FORMAT; version++) {
		int code = sqlite3_exec(s->db, migrations[version], NULL, NULL, NULL);

		rc = code == SQLITE_OK ? 0 : dg_db_fail(s, code, err);
	}
	if (rc == 0) {
		(void)snprintf(pragma, sizeof(pragma),
			"PRAGMA application_id = %d; PRAGMA user_version = %d", APPLICATION_ID,
			FORMAT);
		int code = sqlite3_exec(s->db, pragma, NULL, NULL, NULL);
		rc = code == SQLITE_OK ? 0 : dg_db_fail(s, code, err);
	}
	*ret_is_empty = false;
	s->format = FORMAT;
	return dg_db_leave(s, rc, err);
}

#define TABLES "SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name"

/* The next row of both is the same; *ret_is_end: it was the last of both. */
static bool is_same_row(sqlite3_stmt *one, sqlite3_stmt *other, bool *ret_is_end)
{
	int code = sqlite3_step(one);
	bool is_same = sqlite3_step(other) == code;

	*ret_is_end = code != SQLITE_ROW;
	for (int i = 0; is_same && !*ret_is_end && i < sqlite3_column_count(one); i++) {
		const char *a = (const char *)sqlite3_column_text(one, i);
		const char *b = (const char *)sqlite3_column_text(other, i);

		is_same = a && b ? strcmp(a, b) == 0 : a == b;
	}
	return is_same && (code == SQLITE_ROW || code == SQLITE_DONE);
}

static bool is_same_tables(sqlite3 *db, sqlite3 *model)
{
	sqlite3_stmt *one = NULL;
	sqlite3_stmt *other = NULL;
	bool is_end = false;
	bool is_same = sqlite3_prepare_v2(db, TABLES, -1, &one, NULL) == SQLITE_OK &&
		       sqlite3_prepare_v2(model, TABLES, -1, &other, NULL) == SQLITE_OK;

	while (is_same && !is_end) {
		is_same = is_same_row(one, other, &is_end);
	}
	(void)sqlite3_finalize(one);
	(void)sqlite3_finalize(other);
	return is_same;
}

int dg_db_check_tables(struct dg_store *s, struct dg_err *err)
{
	sqlite3 *model = NULL;
	int code = sqlite3_open_v2(":memory:", &model,
		SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);

	for (int version = 0; code == SQLITE_OK && version < FORMAT; version++) {
		code = sqlite3_exec(model, migrations[version], NULL, NULL, NULL);
	}
	bool is_same = code == SQLITE_OK && is_same_tables(s->db, model);
	(void)sqlite3_close(model);
	return is_same ? 0
		       : dg_db_damaged(s, "its tables are not described as they were made", err);
}
