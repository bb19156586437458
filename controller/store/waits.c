/* Until when caches may hold an old answer, and where a mail name stands. */
#include "controller/store/db.h"

#include "zones/base/arena.h"

#include <string.h>

#define COLUMNS_MAX 8

static const char *const stage_words[] = {
	[DG_STAGE_CALM] = "calm",
	[DG_STAGE_ARMED] = "armed",
	[DG_STAGE_SPLIT] = "split",
	[DG_STAGE_PROBING] = "probing",
};

int dg_store_wait_put(struct dg_store *s, const struct dg_wait *w, struct dg_err *err)
{
	int rc = dg_db_enter(s, err);

	if (rc < 0) {
		return rc;
	}
	/* What ended before this one even began is of no use to anybody. */
	rc = dg_db_run(s, DG_SQL_WAIT_PRUNE,
		DG_DB_ARGS(dg_db_text(w->zone), dg_db_int(w->until - (int64_t)w->ttl)), err);
	uint8_t seal[DG_DB_SEAL_LEN] = {0};
	const struct dg_db_arg row[] = {dg_db_text(w->zone), dg_db_text(w->owner),
		dg_db_int(w->type), dg_db_int(w->until), dg_db_int(w->ttl),
		dg_db_blob(seal, sizeof(seal))};
	dg_db_seal(seal, row, 5);
	rc = rc < 0 ? rc : dg_db_run(s, DG_SQL_WAIT_PUT, row, 6, err);
	return dg_db_leave(s, rc, err);
}

/* The current row: n columns and their seal. Done with when they are not what was written. */
static bool is_row_sealed(struct dg_store *s, enum dg_db_sql id, int n)
{
	uint8_t seal[DG_DB_SEAL_LEN] = {0};
	struct dg_db_arg row[COLUMNS_MAX];

	for (int i = 0; i < n; i++) {
		row[i] = dg_db_column_arg(s, id, i);
	}
	dg_db_seal(seal, row, (size_t)n);
	if (!dg_db_is_sealed(s, id, n, seal)) {
		dg_db_stop(s, id);
		return false;
	}
	return true;
}

/* NOLINTNEXTLINE(readability-function-size): what it needs is told in one call */
int dg_store_waits(struct dg_store *s, struct dg_arena *a, const char *zone, int64_t now,
	struct dg_wait **ret_waits, size_t *ret_n, struct dg_err *err)
{
	const enum dg_db_sql id = DG_SQL_WAITS_GET;
	struct dg_wait *waits = NULL;
	size_t n = 0;
	size_t cap = 0;
	int rc = dg_db_query(s, id, DG_DB_ARGS(dg_db_text(zone), dg_db_int(now)), err);

	while (rc == 0 && (rc = dg_db_next(s, id, err)) == 0) {
		if (n == cap) {
			struct dg_wait *grown = NULL;

			cap = cap > 0 ? cap * 2 : 16;
			grown = dg_newn(a, struct dg_wait, cap);
			if (n > 0) {
				memcpy(grown, waits, n * sizeof(*grown));
			}
			waits = grown;
		}
		if (!is_row_sealed(s, id, 5)) {
			return dg_db_damaged(s, "a wait in it is not what was written", err);
		}
		waits[n++] = (struct dg_wait){
			.zone = dg_db_column_text(s, id, 0, a),
			.owner = dg_db_column_text(s, id, 1, a),
			.type = (uint16_t)dg_db_column_int(s, id, 2),
			.until = dg_db_column_int(s, id, 3),
			.ttl = (uint32_t)dg_db_column_int(s, id, 4),
		};
	}
	if (rc < 0) {
		return rc;
	}
	*ret_waits = waits;
	*ret_n = n;
	return 0;
}

int dg_store_stage_put(struct dg_store *s, const char *zone, const struct dg_name_state *st,
	int64_t now, struct dg_err *err)
{
	bool is_kept = st->stage != DG_STAGE_CALM || st->label > 0 || st->mx_ttl > 0;
	int rc = dg_db_enter(s, err);

	if (rc < 0) {
		return rc;
	}
	uint8_t seal[DG_DB_SEAL_LEN] = {0};
	const struct dg_db_arg row[] = {dg_db_text(zone), dg_db_text(st->name),
		dg_db_text(stage_words[st->stage]), dg_db_int(now), dg_db_int(st->mx_ttl),
		dg_db_int(st->label), dg_db_int(st->retired), dg_db_blob(seal, sizeof(seal))};
	dg_db_seal(seal, row, 7);
	rc = is_kept ? dg_db_run(s, DG_SQL_STAGE_PUT, row, 8, err)
		     : dg_db_run(s, DG_SQL_STAGE_DROP,
			       DG_DB_ARGS(dg_db_text(zone), dg_db_text(st->name)), err);
	return dg_db_leave(s, rc, err);
}

static int read_stage(
	struct dg_store *s, const char *word, enum dg_name_stage *ret_stage, struct dg_err *err)
{
	for (int i = DG_STAGE_CALM; word && i <= DG_STAGE_PROBING; i++) {
		if (strcmp(word, stage_words[i]) == 0) {
			*ret_stage = (enum dg_name_stage)i;
			return 0;
		}
	}
	dg_db_stop(s, DG_SQL_STAGES_GET);
	return dg_db_damaged(s, "a mail name in it has no known stage", err);
}

int dg_store_stages(struct dg_store *s, struct dg_arena *a, const char *zone,
	struct dg_name_state **ret_states, size_t *ret_n, struct dg_err *err)
{
	const enum dg_db_sql id = DG_SQL_STAGES_GET;
	struct dg_name_state *names = NULL;
	size_t n = 0;
	size_t cap = 0;
	int rc = dg_db_query(s, id, DG_DB_ARGS(dg_db_text(zone)), err);

	while (rc == 0 && (rc = dg_db_next(s, id, err)) == 0) {
		if (n == cap) {
			struct dg_name_state *grown = NULL;

			cap = cap > 0 ? cap * 2 : 16;
			grown = dg_newn(a, struct dg_name_state, cap);
			if (n > 0) {
				memcpy(grown, names, n * sizeof(*grown));
			}
			names = grown;
		}
		if (!is_row_sealed(s, id, 7)) {
			return dg_db_damaged(
				s, "the stage of a mail name in it is not what was written", err);
		}
		names[n].name = dg_db_column_text(s, id, 1, a);
		names[n].mx_ttl = (uint32_t)dg_db_column_int(s, id, 4);
		names[n].label = (unsigned)dg_db_column_int(s, id, 5);
		names[n].retired = (unsigned)dg_db_column_int(s, id, 6);
		rc = read_stage(s, dg_db_column_text(s, id, 2, a), &names[n++].stage, err);
	}
	if (rc < 0) {
		return rc;
	}
	*ret_states = names;
	*ret_n = n;
	return 0;
}
