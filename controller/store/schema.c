/* The tables of the journal and every statement that is run on them. */
#include "controller/store/db.h"

#define STEP_COLUMNS                                                                          \
	"id, run, zone, provider, document, marker_before, marker_after, digest, n_changes, " \
	"state,"                                                                              \
	" intended_at, ended_at, note, restores"
#define STEP_GET   " FROM step WHERE id = ?1"
#define STEPS_OPEN " FROM step WHERE state = 'intended' AND (?1 IS NULL OR zone = ?1) ORDER BY id"
#define LOG_ALL    " FROM step ORDER BY id DESC LIMIT ?1"
#define LOG_ZONE   " FROM step WHERE zone = ?2 ORDER BY id DESC LIMIT ?1"
#define OWNED_GET  " FROM owned WHERE zone = ?1 AND owner = ?2 AND type = ?3"
#define OWNED_ALL  " FROM owned WHERE zone = ?1 ORDER BY owner, type"
#define WAITS_GET                                                   \
	" FROM wait WHERE until > ?2 AND (?1 IS NULL OR zone = ?1)" \
	" ORDER BY until, zone, owner, type"
#define STAGES_GET " FROM stage WHERE (?1 IS NULL OR zone = ?1) ORDER BY zone, name"

#define TOKEN_COLUMNS "id, name, digest, zones, verbs, created, revoked"
#define ORDER_COLUMNS "id, key, digest, kind, owner, why, at"
#define ITEM_COLUMNS \
	"order_, n, o.kind, zone, template, plan, flags, state, outcome, result, n_tries, due"

#define GUARD_COLUMNS "name, zone, document, state, image, proposal, evidence, since, due"

#define INCIDENT_COLUMNS                                                                     \
	"id, name, zone, opened, opened_by, reason, verdict, confidence, retention, closed," \
	" closed_by, is_over, forgotten, forgotten_by, n_entries, head"

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
	[DG_SQL_STEP_SEAL] = "UPDATE step SET seal = ?2 WHERE id = ?1",
	[DG_SQL_STEP_GET] = "SELECT " STEP_COLUMNS ", seal" STEP_GET,
	[DG_SQL_STEPS_OPEN] = "SELECT " STEP_COLUMNS ", seal" STEPS_OPEN,
	[DG_SQL_LOG_ALL] = "SELECT " STEP_COLUMNS ", seal" LOG_ALL,
	[DG_SQL_LOG_ZONE] = "SELECT " STEP_COLUMNS ", seal" LOG_ZONE,
	[DG_SQL_CHANGE_PUT] = "INSERT INTO change(step, n, before, after, why)"
			      " VALUES(?1, ?2, ?3, ?4, ?5)",
	[DG_SQL_CHANGES_GET] = "SELECT before, after, why FROM change WHERE step = ?1 ORDER BY n",
	[DG_SQL_OWNED_PUT] =
		"INSERT INTO owned(zone, owner, type, image, seal)"
		" VALUES(?1, ?2, ?3, ?4, ?5)"
		" ON CONFLICT DO UPDATE SET image = excluded.image, seal = excluded.seal",
	[DG_SQL_OWNED_GET] = "SELECT image, zone, owner, type, seal" OWNED_GET,
	[DG_SQL_OWNED_ALL] = "SELECT image, zone, owner, type, seal" OWNED_ALL,
	[DG_SQL_MARKER_PUT] = "INSERT INTO marker(zone, text) VALUES(?1, ?2)"
			      " ON CONFLICT DO UPDATE SET text = excluded.text",
	[DG_SQL_MARKER_DROP] = "DELETE FROM marker WHERE zone = ?1",
	[DG_SQL_MARKER_GET] = "SELECT text FROM marker WHERE zone = ?1",
	/* a wait only grows: the longest of several old answers counts */
	[DG_SQL_WAIT_PUT] = "INSERT INTO wait(zone, owner, type, until, ttl, seal)"
			    " VALUES(?1, ?2, ?3, ?4, ?5, ?6)"
			    " ON CONFLICT DO UPDATE SET until = excluded.until, ttl = excluded.ttl,"
			    " seal = excluded.seal"
			    " WHERE excluded.until > until",
	[DG_SQL_WAIT_PRUNE] = "DELETE FROM wait WHERE zone = ?1 AND until < ?2",
	[DG_SQL_WAITS_GET] = "SELECT zone, owner, type, until, ttl, seal" WAITS_GET,
	[DG_SQL_STAGE_PUT] =
		"INSERT INTO stage(zone, name, stage, since, mx_ttl, label, retired, seal)"
		" VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"
		" ON CONFLICT DO UPDATE SET stage = excluded.stage, since = excluded.since,"
		" mx_ttl = excluded.mx_ttl, label = excluded.label, retired = excluded.retired,"
		" seal = excluded.seal"
		" WHERE excluded.stage <> stage OR excluded.label <> label"
		" OR excluded.retired <> retired",
	[DG_SQL_STAGE_DROP] = "DELETE FROM stage WHERE zone = ?1 AND name = ?2",
	[DG_SQL_STAGES_GET] =
		"SELECT zone, name, stage, since, mx_ttl, label, retired, seal" STAGES_GET,
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
	[DG_SQL_INCIDENT_PUT] =
		"INSERT INTO incident(name, zone, opened, opened_by, reason, retention, head)"
		" VALUES(?1, ?2, ?3, ?4, ?5, ?6, zeroblob(32))",
	[DG_SQL_INCIDENT_GET] = "SELECT " INCIDENT_COLUMNS " FROM incident WHERE id = ?1",
	[DG_SQL_INCIDENT_FIND] = "SELECT " INCIDENT_COLUMNS " FROM incident"
				 " WHERE name = ?1 AND closed = 0 AND forgotten = 0",
	[DG_SQL_INCIDENTS] = "SELECT " INCIDENT_COLUMNS " FROM incident ORDER BY id",
	[DG_SQL_INCIDENT_HEAD] = "UPDATE incident SET n_entries = ?2, head = ?3 WHERE id = ?1",
	[DG_SQL_INCIDENT_VERDICT] =
		"UPDATE incident SET verdict = ?2, confidence = ?3 WHERE id = ?1",
	[DG_SQL_INCIDENT_CLOSE] =
		"UPDATE incident SET closed = ?2, closed_by = ?3, is_over = ?4 WHERE id = ?1",
	[DG_SQL_INCIDENT_FORGET] = "UPDATE incident SET forgotten = ?2, forgotten_by = ?3, reason "
				   "= NULL WHERE id = ?1",
	[DG_SQL_INCIDENT_ENTRY_PUT] =
		"INSERT INTO incident_entry(incident, n, at, who, kind, text, data, hash)"
		" VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
	[DG_SQL_INCIDENT_ENTRIES] = "SELECT n, at, who, kind, text, data, hash FROM incident_entry"
				    " WHERE incident = ?1 ORDER BY n",
	[DG_SQL_INCIDENT_BODY_PUT] =
		"INSERT INTO incident_body(incident, n, body) VALUES(?1, ?2, ?3)",
	[DG_SQL_INCIDENT_BODY] = "SELECT body FROM incident_body WHERE incident = ?1 AND n = ?2",
	[DG_SQL_INCIDENT_BODIES_DROP] = "DELETE FROM incident_body WHERE incident = ?1",
	[DG_SQL_INCIDENT_ENTRIES_DROP] = "DELETE FROM incident_entry WHERE incident = ?1",
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

/* What older journals, opened for reading, lack. NULL: the same. */
/* NOLINTBEGIN(bugprone-suspicious-missing-comma): columns, then the rest of the statement */
static const char *const texts_3[DG_SQL_N] = {
	[DG_SQL_STEP_GET] = "SELECT " STEP_COLUMNS ", NULL" STEP_GET,
	[DG_SQL_STEPS_OPEN] = "SELECT " STEP_COLUMNS ", NULL" STEPS_OPEN,
	[DG_SQL_LOG_ALL] = "SELECT " STEP_COLUMNS ", NULL" LOG_ALL,
	[DG_SQL_LOG_ZONE] = "SELECT " STEP_COLUMNS ", NULL" LOG_ZONE,
	[DG_SQL_OWNED_GET] = "SELECT image, zone, owner, type, NULL" OWNED_GET,
	[DG_SQL_OWNED_ALL] = "SELECT image, zone, owner, type, NULL" OWNED_ALL,
	[DG_SQL_WAITS_GET] = "SELECT zone, owner, type, until, ttl, NULL" WAITS_GET,
	[DG_SQL_STAGES_GET] =
		"SELECT zone, name, stage, since, mx_ttl, label, retired, NULL" STAGES_GET,
};
static const char *const texts_2[DG_SQL_N] = {
	[DG_SQL_STAGES_GET] = "SELECT zone, name, stage, since, mx_ttl, 0, 0, NULL" STAGES_GET,
	[DG_SQL_WISHES] = "SELECT id, kind, name, proposal, who, at, NULL FROM wish ORDER BY id",
};
/* NOLINTEND(bugprone-suspicious-missing-comma) */

const char *dg_db_sql_text(enum dg_db_sql id, int format)
{
	if (format < 3 && texts_2[id]) {
		return texts_2[id];
	}
	return format < 4 && texts_3[id] ? texts_3[id] : texts[id];
}
