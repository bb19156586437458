/* The tables of the journal and every statement that is run on them. */
#include "controller/store/db.h"

#include "zones/base/err.h"

#include <stdio.h>

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
	/* 4: what serve keeps (order_: "order" is a word of SQL) */
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

#define STEP_COLUMNS                                                                          \
	"id, run, zone, provider, document, marker_before, marker_after, digest, n_changes, " \
	"state,"                                                                              \
	" intended_at, ended_at, note, restores"

#define TOKEN_COLUMNS "id, name, digest, zones, verbs, created, revoked"
#define ORDER_COLUMNS "id, key, digest, kind, owner, why, at"
#define ITEM_COLUMNS \
	"order_, n, o.kind, zone, template, plan, flags, state, outcome, result, n_tries, due"

#define GUARD_COLUMNS "name, zone, document, state, image, proposal, evidence, since, due"

static const char *const texts[DG_SQL_N] = {
	[DG_SQL_BEGIN] = "BEGIN IMMEDIATE",
	[DG_SQL_COMMIT] = "COMMIT",
	[DG_SQL_ROLLBACK] = "ROLLBACK",
	[DG_SQL_RUN_START] = "INSERT INTO run(started, who, why) VALUES(?1, ?2, ?3)",
	[DG_SQL_RUN_END] = "UPDATE run SET finished = ?2, result = ?3 WHERE id = ?1",
	[DG_SQL_RUN_GET] = "SELECT id, started, finished, who, why, result FROM run WHERE id = ?1",
	[DG_SQL_STEP_PUT] = "INSERT INTO step(run, zone, provider, document, "
			    "marker_before, marker_after,"
			    " digest, n_changes, intended_at, restores)"
			    " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
	[DG_SQL_STEP_END] = "UPDATE step SET state = ?2, ended_at = ?3, note = ?4 WHERE id = ?1",
	[DG_SQL_STEP_GET] = "SELECT " STEP_COLUMNS " FROM step WHERE id = ?1",
	[DG_SQL_STEPS_OPEN] = "SELECT " STEP_COLUMNS " FROM step WHERE state = 'intended'"
			      " AND (?1 IS NULL OR zone = ?1) ORDER BY id",
	[DG_SQL_LOG_ALL] = "SELECT " STEP_COLUMNS " FROM step ORDER BY id DESC LIMIT ?1",
	[DG_SQL_LOG_ZONE] =
		"SELECT " STEP_COLUMNS " FROM step WHERE zone = ?2 ORDER BY id DESC LIMIT ?1",
	[DG_SQL_CHANGE_PUT] = "INSERT INTO change(step, n, before, after, why)"
			      " VALUES(?1, ?2, ?3, ?4, ?5)",
	[DG_SQL_CHANGES_GET] = "SELECT before, after, why FROM change WHERE step = ?1 ORDER BY n",
	[DG_SQL_OWNED_PUT] = "INSERT INTO owned(zone, owner, type, image)"
			     " VALUES(?1, ?2, ?3, ?4)"
			     " ON CONFLICT DO UPDATE SET image = excluded.image",
	[DG_SQL_OWNED_GET] = "SELECT image FROM owned WHERE zone = ?1 AND owner = ?2 AND type = ?3",
	[DG_SQL_OWNED_ALL] = "SELECT image FROM owned WHERE zone = ?1 ORDER BY owner, type",
	[DG_SQL_MARKER_PUT] = "INSERT INTO marker(zone, text) VALUES(?1, ?2)"
			      " ON CONFLICT DO UPDATE SET text = excluded.text",
	[DG_SQL_MARKER_DROP] = "DELETE FROM marker WHERE zone = ?1",
	[DG_SQL_MARKER_GET] = "SELECT text FROM marker WHERE zone = ?1",
	/* a wait only grows: the longest of several old answers counts */
	[DG_SQL_WAIT_PUT] =
		"INSERT INTO wait(zone, owner, type, until, ttl) VALUES(?1, ?2, ?3, ?4, ?5)"
		" ON CONFLICT DO UPDATE SET until = excluded.until, ttl = excluded.ttl"
		" WHERE excluded.until > until",
	[DG_SQL_WAIT_PRUNE] = "DELETE FROM wait WHERE zone = ?1 AND until < ?2",
	[DG_SQL_WAITS_GET] = "SELECT zone, owner, type, until, ttl FROM wait"
			     " WHERE until > ?2 AND (?1 IS NULL OR zone = ?1)"
			     " ORDER BY until, zone, owner, type",
	[DG_SQL_STAGE_PUT] =
		"INSERT INTO stage(zone, name, stage, since, mx_ttl, label, retired)"
		" VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)"
		" ON CONFLICT DO UPDATE SET stage = excluded.stage, since = excluded.since,"
		" mx_ttl = excluded.mx_ttl, label = excluded.label, retired = excluded.retired"
		" WHERE excluded.stage <> stage OR excluded.label <> label"
		" OR excluded.retired <> retired",
	[DG_SQL_STAGE_DROP] = "DELETE FROM stage WHERE zone = ?1 AND name = ?2",
	[DG_SQL_STAGES_GET] = "SELECT name, stage, mx_ttl, label, retired FROM stage"
			      " WHERE zone = ?1 ORDER BY name",
	[DG_SQL_WATCH_PUT] =
		"INSERT INTO watch(name, zone, image) VALUES(?1, ?2, ?3)"
		" ON CONFLICT DO UPDATE SET zone = excluded.zone, image = excluded.image",
	[DG_SQL_WATCH_DROP] = "DELETE FROM watch WHERE name = ?1",
	[DG_SQL_WATCH_GET] = "SELECT name, zone, image FROM watch WHERE name = ?1",
	[DG_SQL_WATCH_ALL] = "SELECT name, zone, image FROM watch ORDER BY name",
	[DG_SQL_WATCH_NAMES] = "SELECT name FROM watch ORDER BY name",
	[DG_SQL_POSITION_PUT] = "INSERT INTO position(sensor, text) VALUES(?1, ?2)"
				" ON CONFLICT DO UPDATE SET text = excluded.text",
	[DG_SQL_POSITION_GET] = "SELECT text FROM position WHERE sensor = ?1",
	[DG_SQL_SENSORS] = "SELECT substr(sensor, 8), text FROM position"
			   " WHERE sensor LIKE 'sensor %' ORDER BY sensor",
	[DG_SQL_SENSORS_FORGET] = "DELETE FROM position WHERE sensor LIKE 'sensor %'",
	[DG_SQL_GUARD_PUT] =
		"INSERT INTO guard(" GUARD_COLUMNS ")"
		" VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"
		" ON CONFLICT DO UPDATE SET zone = excluded.zone, document = excluded.document,"
		" state = excluded.state, image = excluded.image, proposal = excluded.proposal,"
		" evidence = excluded.evidence, since = excluded.since, due = excluded.due",
	[DG_SQL_GUARD_GET] = "SELECT " GUARD_COLUMNS " FROM guard WHERE name = ?1",
	[DG_SQL_GUARDS] = "SELECT " GUARD_COLUMNS " FROM guard ORDER BY name",
	[DG_SQL_WISH_PUT] = "INSERT INTO wish(kind, name, proposal, who, at, why)"
			    " VALUES(?1, ?2, ?3, ?4, ?5, ?6)",
	[DG_SQL_WISHES] = "SELECT id, kind, name, proposal, who, at, why FROM wish ORDER BY id",
	[DG_SQL_WISH_DONE] = "DELETE FROM wish WHERE id = ?1",
	[DG_SQL_LETTER_PUT] = "INSERT INTO letter(hook, body, at, n_tries)"
			      " VALUES(?1, ?2, ?3, ?4)",
	[DG_SQL_LETTERS] = "SELECT sequence, hook, body, at, n_tries FROM letter"
			   " ORDER BY sequence LIMIT ?1",
	[DG_SQL_LETTER_TRIED] = "UPDATE letter SET n_tries = n_tries + 1 WHERE sequence = ?1",
	[DG_SQL_LETTER_DONE] = "DELETE FROM letter WHERE sequence = ?1",
	[DG_SQL_GUARDS_OF] = "SELECT " GUARD_COLUMNS " FROM guard WHERE zone = ?1 ORDER BY name",
	[DG_SQL_TOKEN_PUT] = "INSERT INTO token(id, name, digest, zones, verbs, created)"
			     " VALUES(?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO NOTHING",
	[DG_SQL_TOKEN_GET] = "SELECT " TOKEN_COLUMNS " FROM token WHERE id = ?1",
	[DG_SQL_TOKENS] = "SELECT " TOKEN_COLUMNS " FROM token ORDER BY created, id",
	[DG_SQL_TOKEN_REVOKE] = "UPDATE token SET revoked = ?2 WHERE id = ?1 AND revoked = 0",
	[DG_SQL_ORDER_PUT] = "INSERT INTO order_(key, digest, kind, owner, why, at)"
			     " VALUES(?1, ?2, ?3, ?4, ?5, ?6)",
	[DG_SQL_ORDER_GET] = "SELECT " ORDER_COLUMNS " FROM order_ WHERE id = ?1",
	[DG_SQL_ORDER_BY_KEY] = "SELECT " ORDER_COLUMNS " FROM order_ WHERE key = ?1",
	[DG_SQL_ORDER_ITEM_PUT] =
		"INSERT INTO item(order_, n, zone, template, plan, flags, state, outcome, result)"
		" VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
	[DG_SQL_ORDER_ITEMS] = "SELECT " ITEM_COLUMNS " FROM item JOIN order_ o ON o.id = order_"
			       " WHERE order_ = ?1 ORDER BY n",
	[DG_SQL_ORDER_ITEM_END] =
		"UPDATE item SET state = ?3, outcome = ?4, result = ?5, n_tries = ?6, due = ?7,"
		" ended = ?8 WHERE order_ = ?1 AND n = ?2",
	[DG_SQL_ORDERS_NEXT] = "SELECT " ITEM_COLUMNS " FROM item JOIN order_ o ON o.id = order_"
			       " WHERE state = 'queued' AND due <= ?1"
			       " ORDER BY due, order_, n LIMIT ?2",
	[DG_SQL_ORDERS_WAITING] = "SELECT count(*), min(due) FROM item WHERE state = 'queued'",
	[DG_SQL_ORDER_ITEMS_PRUNE] =
		"DELETE FROM item WHERE order_ IN (SELECT id FROM order_ o WHERE o.at < ?1"
		" AND NOT EXISTS (SELECT 1 FROM item q WHERE q.order_ = o.id"
		" AND q.state = 'queued'))",
	[DG_SQL_ORDERS_PRUNE] = "DELETE FROM order_ WHERE at < ?1"
				" AND NOT EXISTS (SELECT 1 FROM item q WHERE q.order_ = order_.id)",
};

const char *dg_db_sql_text(enum dg_db_sql id, int format)
{
	static const char stages_2[] =
		"SELECT name, stage, mx_ttl, 0, 0 FROM stage WHERE zone = ?1 ORDER BY name";
	static const char wishes_2[] =
		"SELECT id, kind, name, proposal, who, at, NULL FROM wish ORDER BY id";

	if (format < 3 && (id == DG_SQL_STAGES_GET || id == DG_SQL_WISHES)) {
		return id == DG_SQL_STAGES_GET ? stages_2 : wishes_2;
	}
	return texts[id];
}

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
