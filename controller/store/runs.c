/* Runs: who started what, and how it ended. */
#include "controller/store/db.h"

int dg_store_run_start(struct dg_store *s, int64_t now, const char *who, const char *why,
	int64_t *ret_run, struct dg_err *err)
{
	int rc = dg_db_enter(s, err);

	if (rc < 0) {
		return rc;
	}
	rc = dg_db_run(s, DG_SQL_RUN_START,
		DG_DB_ARGS(dg_db_int(now), dg_db_text(who), dg_db_text(why)), err);
	int64_t id = sqlite3_last_insert_rowid(s->db);
	rc = dg_db_leave(s, rc, err);
	if (rc == 0) {
		*ret_run = id;
	}
	return rc;
}

int dg_store_run_end(
	struct dg_store *s, int64_t run, int64_t now, const char *result, struct dg_err *err)
{
	int rc = dg_db_enter(s, err);

	if (rc < 0) {
		return rc;
	}
	rc = dg_db_run(s, DG_SQL_RUN_END,
		DG_DB_ARGS(dg_db_int(run), dg_db_int(now), dg_db_text(result)), err);
	return dg_db_leave(s, rc, err);
}
