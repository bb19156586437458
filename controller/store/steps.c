/* Steps: the intent before the first packet, the outcome after the last. */
#include "controller/store/db.h"

#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/base/err.h"

#include <assert.h>
#include <string.h>

static const char *const states[] = {
	[DG_STEP_INTENDED] = "intended",
	[DG_STEP_APPLIED] = "applied",
	[DG_STEP_VERIFIED] = "verified",
	[DG_STEP_FAILED] = "failed",
	[DG_STEP_CONFLICT] = "conflict",
	[DG_STEP_LOST] = "lost",
};
#define N_STATES (sizeof(states) / sizeof(states[0]))

/* --- writing ------------------------------------------------------------------------------------------------ */
/* What of a step never changes. */
static void seal_step(uint8_t seal[DG_DB_SEAL_LEN], const struct dg_step *step)
{
	dg_db_seal(seal,
		DG_DB_ARGS(dg_db_int(step->id), dg_db_int(step->run), dg_db_text(step->zone),
			dg_db_text(step->document), dg_db_text(step->marker_before),
			dg_db_text(step->marker_after), dg_db_blob(step->digest, DG_DIGEST_LEN),
			dg_db_int((int64_t)step->n_changes), dg_db_int(step->intended_at),
			dg_db_int(step->restores)));
}

static int put_change(struct dg_store *s, const struct dg_step *step, size_t i,
	struct dg_buf images[2], uint8_t seal[DG_DB_SEAL_LEN], struct dg_err *err)
{
	const struct dg_step_change *c = &step->changes[i];

	dg_buf_clear(&images[0]);
	dg_buf_clear(&images[1]);
	dg_rrset_encode(&images[0], &c->before);
	dg_rrset_encode(&images[1], &c->after);
	if (images[0].is_full || images[1].is_full) {
		return dg_fail(err, DG_ELIMIT,
			"the records of %s take more than %u bytes in the journal", c->after.owner,
			DG_DB_IMAGE_MAX);
	}
	dg_db_seal(seal, DG_DB_ARGS(dg_db_blob(images[0].data, images[0].len),
				 dg_db_blob(images[1].data, images[1].len)));
	return dg_db_run(s, DG_SQL_CHANGE_PUT,
		DG_DB_ARGS(dg_db_int(step->id), dg_db_int((int64_t)i),
			dg_db_blob(images[0].data, images[0].len),
			dg_db_blob(images[1].data, images[1].len), dg_db_text(c->why)),
		err);
}

static int put_changes(struct dg_store *s, const struct dg_step *step, struct dg_err *err)
{
	uint8_t seal[DG_DB_SEAL_LEN] = {0};
	struct dg_buf images[2];
	int rc = 0;

	seal_step(seal, step);
	dg_buf_init(&images[0], DG_DB_IMAGE_MAX);
	dg_buf_init(&images[1], DG_DB_IMAGE_MAX);
	for (size_t i = 0; rc == 0 && i < step->n_changes; i++) {
		rc = put_change(s, step, i, images, seal, err);
	}
	dg_buf_done(&images[0]);
	dg_buf_done(&images[1]);
	return rc < 0 ? rc
		      : dg_db_run(s, DG_SQL_STEP_SEAL,
				DG_DB_ARGS(dg_db_int(step->id), dg_db_blob(seal, sizeof(seal))),
				err);
}

int dg_store_intend(struct dg_store *s, struct dg_step *step, struct dg_err *err)
{
	if (step->n_changes > DG_STEP_CHANGES_MAX) {
		return dg_fail(err, DG_ELIMIT,
			"a step of %zu changes in %s, at most %u are possible", step->n_changes,
			step->zone, DG_STEP_CHANGES_MAX);
	}
	int rc = dg_db_enter(s, err);
	if (rc < 0) {
		return rc;
	}
	rc = dg_db_run(s, DG_SQL_STEP_PUT,
		DG_DB_ARGS(dg_db_int(step->run), dg_db_text(step->zone), dg_db_text(step->provider),
			dg_db_text(step->document), dg_db_text(step->marker_before),
			dg_db_text(step->marker_after), dg_db_blob(step->digest, DG_DIGEST_LEN),
			dg_db_int((int64_t)step->n_changes), dg_db_int(step->intended_at),
			dg_db_int(step->restores)),
		err);
	int64_t before = step->id;
	step->id = rc == 0 ? sqlite3_last_insert_rowid(s->db) : 0;
	rc = rc == 0 ? put_changes(s, step, err) : rc;
	rc = dg_db_leave(s, rc, err);
	if (rc == 0) {
		step->state = DG_STEP_INTENDED;
	} else {
		step->id = before;
	}
	return rc;
}

static int put_owned(struct dg_store *s, const char *zone, const struct dg_rrset *set,
	struct dg_buf *image, struct dg_err *err)
{
	dg_buf_clear(image);
	dg_rrset_encode(image, set);
	if (image->is_full) {
		return dg_fail(err, DG_ELIMIT,
			"the records of %s take more than %u bytes in the journal", set->owner,
			DG_DB_IMAGE_MAX);
	}
	uint8_t seal[DG_DB_SEAL_LEN] = {0};
	const struct dg_db_arg row[] = {dg_db_text(zone), dg_db_text(set->owner),
		dg_db_int(set->type), dg_db_blob(image->data, image->len),
		dg_db_blob(seal, sizeof(seal))};

	dg_db_seal(seal, row, 4);
	return dg_db_run(s, DG_SQL_OWNED_PUT, row, 5, err);
}

static int put_all_owned(struct dg_store *s, const char *zone, const struct dg_rrset *sets,
	size_t n, struct dg_err *err)
{
	struct dg_buf image;
	int rc = 0;

	dg_buf_init(&image, DG_DB_IMAGE_MAX);
	for (size_t i = 0; rc == 0 && i < n; i++) {
		rc = put_owned(s, zone, &sets[i], &image, err);
	}
	dg_buf_done(&image);
	return rc;
}

static int take_over(struct dg_store *s, const struct dg_step *step, const struct dg_rrset *wanted,
	size_t n_wanted, struct dg_err *err)
{
	int rc = put_all_owned(s, step->zone, wanted, n_wanted, err);

	for (size_t i = 0; rc == 0 && i < step->n_changes; i++) {
		rc = put_all_owned(s, step->zone, &step->changes[i].after, 1, err);
	}
	if (rc == 0 && step->marker_after) {
		rc = dg_db_run(s, DG_SQL_MARKER_PUT,
			DG_DB_ARGS(dg_db_text(step->zone), dg_db_text(step->marker_after)), err);
	} else if (rc == 0) { /* taken away with the first change, or never there */
		rc = dg_db_run(s, DG_SQL_MARKER_DROP, DG_DB_ARGS(dg_db_text(step->zone)), err);
	}
	return rc;
}

/* NOLINTNEXTLINE(readability-function-size): what it needs is told in one call */
int dg_store_end(struct dg_store *s, const struct dg_step *step, enum dg_step_state state,
	int64_t now, const char *note, const struct dg_rrset *wanted, size_t n_wanted,
	struct dg_err *err)
{
	assert((size_t)state < N_STATES);
	int rc = dg_db_enter(s, err);
	if (rc < 0) {
		return rc;
	}
	rc = dg_db_run(s, DG_SQL_STEP_END,
		DG_DB_ARGS(dg_db_int(step->id), dg_db_text(states[state]), dg_db_int(now),
			dg_db_text(note)),
		err);
	if (rc == 0 && sqlite3_changes(s->db) != 1) {
		rc = dg_fail(err, DG_EINPUT, "there is no step %lld in the journal %s",
			(long long)step->id, s->path);
	}
	if (rc == 0 && state == DG_STEP_APPLIED) {
		rc = take_over(s, step, wanted, n_wanted, err);
	}
	return dg_db_leave(s, rc, err);
}

int dg_store_adopt(struct dg_store *s, const char *zone, const struct dg_rrset *sets, size_t n,
	struct dg_err *err)
{
	int rc = dg_db_enter(s, err);

	if (rc < 0) {
		return rc;
	}
	return dg_db_leave(s, put_all_owned(s, zone, sets, n, err), err);
}

/* --- reading ------------------------------------------------------------------------------------------------ */
static int read_state(
	struct dg_store *s, const char *word, enum dg_step_state *ret_state, struct dg_err *err)
{
	for (size_t i = 0; word && i < N_STATES; i++) {
		if (strcmp(word, states[i]) == 0) {
			*ret_state = (enum dg_step_state)i;
			return 0;
		}
	}
	return dg_db_damaged(s, "a step in it has no known state", err);
}

/* A step as it is read, and what seals it. */
struct sealed {
	struct dg_step step;
	const uint8_t *seal; /* NULL: written by a dnsguard that made none */
	size_t seal_len;
};

/* The current row; its changes are not read yet. */
static int read_row(struct dg_store *s, enum dg_db_sql id, struct dg_arena *a,
	struct sealed *ret_row, struct dg_err *err)
{
	sqlite3_stmt *st = s->statements[id];
	struct dg_step step = {
		.id = dg_db_column_int(s, id, 0),
		.run = dg_db_column_int(s, id, 1),
		.zone = dg_db_column_text(s, id, 2, a),
		.provider = dg_db_column_text(s, id, 3, a),
		.document = dg_db_column_text(s, id, 4, a),
		.marker_before = dg_db_column_text(s, id, 5, a),
		.marker_after = dg_db_column_text(s, id, 6, a),
		.n_changes = (size_t)dg_db_column_int(s, id, 8),
		.intended_at = dg_db_column_int(s, id, 10),
		.ended_at = dg_db_column_int(s, id, 11),
		.note = dg_db_column_text(s, id, 12, a),
		.restores = dg_db_column_int(s, id, 13),
	};
	int rc = read_state(s, dg_db_column_text(s, id, 9, a), &step.state, err);

	if (rc == 0 && (sqlite3_column_bytes(st, 7) != (int)DG_DIGEST_LEN ||
			       step.n_changes > DG_STEP_CHANGES_MAX)) {
		rc = dg_db_damaged(s, "a step in it cannot be read", err);
	}
	if (rc < 0) {
		dg_db_stop(s, id);
		return rc;
	}
	memcpy(step.digest, sqlite3_column_blob(st, 7), DG_DIGEST_LEN);
	*ret_row = (struct sealed){.step = step};
	if (sqlite3_column_type(st, 14) != SQLITE_NULL) {
		ret_row->seal = dg_db_column_blob(s, id, 14, a, &ret_row->seal_len);
	}
	return 0;
}

static int read_changes(
	struct dg_store *s, struct dg_arena *a, struct sealed *row, struct dg_err *err)
{
	struct dg_step *step = &row->step;
	uint8_t seal[DG_DB_SEAL_LEN] = {0};
	size_t n = 0;

	seal_step(seal, step);
	int rc = dg_db_query(s, DG_SQL_CHANGES_GET, DG_DB_ARGS(dg_db_int(step->id)), err);

	step->changes = dg_newn(a, struct dg_step_change, step->n_changes);
	while (rc == 0 && (rc = dg_db_next(s, DG_SQL_CHANGES_GET, err)) == 0) {
		struct dg_step_change *c = &step->changes[n];

		if (n == step->n_changes) {
			dg_db_stop(s, DG_SQL_CHANGES_GET);
			return dg_db_damaged(s, "a step in it has too many changes", err);
		}
		dg_db_seal(seal, DG_DB_ARGS(dg_db_column_arg(s, DG_SQL_CHANGES_GET, 0),
					 dg_db_column_arg(s, DG_SQL_CHANGES_GET, 1)));
		rc = dg_db_column_rrset(s, DG_SQL_CHANGES_GET, 0, a, &c->before, err);
		rc = rc == 0 ? dg_db_column_rrset(s, DG_SQL_CHANGES_GET, 1, a, &c->after, err) : rc;
		if (rc == 0) {
			c->why = dg_db_column_text(s, DG_SQL_CHANGES_GET, 2, a);
			n++;
		}
	}
	if (rc < 0) {
		return rc;
	}
	if (n != step->n_changes) {
		return dg_db_damaged(s, "a step in it lacks some of its changes", err);
	}
	bool is_whole = !row->seal || (row->seal_len == sizeof(seal) &&
					      memcmp(row->seal, seal, sizeof(seal)) == 0);
	return is_whole ? 0 : dg_db_damaged(s, "a step in it is not what was written", err);
}

/* All rows of a query that was begun, with their changes. */
static int read_steps(struct dg_store *s, enum dg_db_sql id, struct dg_arena *a,
	struct dg_step **ret_steps, size_t *ret_n, struct dg_err *err)
{
	struct sealed *rows = NULL;
	size_t n = 0;
	size_t cap = 0;
	int rc = 0;

	while (rc == 0 && (rc = dg_db_next(s, id, err)) == 0) {
		if (n == cap) {
			struct sealed *grown = NULL;

			cap = cap > 0 ? cap * 2 : 16;
			grown = dg_newn(a, struct sealed, cap);
			if (n > 0) {
				memcpy(grown, rows, n * sizeof(*grown));
			}
			rows = grown;
		}
		rc = read_row(s, id, a, &rows[n], err);
		n += rc == 0 ? 1 : 0;
	}
	struct dg_step *steps = rc < 0 ? NULL : dg_newn(a, struct dg_step, n);
	for (size_t i = 0; rc >= 0 && i < n; i++) {
		rc = read_changes(s, a, &rows[i], err);
		steps[i] = rows[i].step;
	}
	if (rc < 0) {
		return rc;
	}
	*ret_steps = steps;
	*ret_n = n;
	return 0;
}

int dg_store_open_steps(struct dg_store *s, struct dg_arena *a, const char *zone,
	struct dg_step **ret_steps, size_t *ret_n, struct dg_err *err)
{
	int rc = dg_db_query(s, DG_SQL_STEPS_OPEN, DG_DB_ARGS(dg_db_text(zone)), err);

	return rc < 0 ? rc : read_steps(s, DG_SQL_STEPS_OPEN, a, ret_steps, ret_n, err);
}

int dg_store_step(struct dg_store *s, struct dg_arena *a, int64_t id, struct dg_step *ret_step,
	struct dg_err *err)
{
	struct dg_step *steps = NULL;
	size_t n = 0;
	int rc = dg_db_query(s, DG_SQL_STEP_GET, DG_DB_ARGS(dg_db_int(id)), err);

	rc = rc < 0 ? rc : read_steps(s, DG_SQL_STEP_GET, a, &steps, &n, err);
	if (rc < 0) {
		return rc;
	}
	if (n == 0) {
		return 1;
	}
	*ret_step = steps[0];
	return 0;
}

static int read_run(struct dg_store *s, struct dg_arena *a, int64_t id, struct dg_run *ret_run,
	struct dg_err *err)
{
	int rc = dg_db_query(s, DG_SQL_RUN_GET, DG_DB_ARGS(dg_db_int(id)), err);

	rc = rc < 0 ? rc : dg_db_next(s, DG_SQL_RUN_GET, err);
	if (rc != 0) {
		return rc < 0 ? rc : dg_db_damaged(s, "a step in it has no run", err);
	}
	*ret_run = (struct dg_run){
		.id = dg_db_column_int(s, DG_SQL_RUN_GET, 0),
		.started = dg_db_column_int(s, DG_SQL_RUN_GET, 1),
		.finished = dg_db_column_int(s, DG_SQL_RUN_GET, 2),
		.who = dg_db_column_text(s, DG_SQL_RUN_GET, 3, a),
		.why = dg_db_column_text(s, DG_SQL_RUN_GET, 4, a),
		.result = dg_db_column_text(s, DG_SQL_RUN_GET, 5, a),
	};
	dg_db_stop(s, DG_SQL_RUN_GET);
	return 0;
}

/* NOLINTNEXTLINE(readability-function-size): what it needs is told in one call */
int dg_store_log(struct dg_store *s, struct dg_arena *a, const char *zone, size_t limit,
	struct dg_step **ret_steps, struct dg_run **ret_runs, size_t *ret_n, struct dg_err *err)
{
	struct dg_step *steps = NULL;
	size_t n = 0;
	int64_t at_most = (int64_t)(limit < DG_LOG_MAX ? limit : DG_LOG_MAX);
	enum dg_db_sql id = zone ? DG_SQL_LOG_ZONE : DG_SQL_LOG_ALL;
	const struct dg_db_arg args[] = {dg_db_int(at_most), dg_db_text(zone)};
	int rc = dg_db_query(s, id, args, zone ? 2 : 1, err);

	rc = rc < 0 ? rc : read_steps(s, id, a, &steps, &n, err);
	if (rc < 0) {
		return rc;
	}
	struct dg_run *runs = dg_newn(a, struct dg_run, n);
	for (size_t i = 0; i < n; i++) {
		if (i > 0 && steps[i].run == runs[i - 1].id) {
			runs[i] = runs[i - 1];
		} else if ((rc = read_run(s, a, steps[i].run, &runs[i], err)) < 0) {
			return rc;
		}
	}
	*ret_steps = steps;
	*ret_runs = runs;
	*ret_n = n;
	return 0;
}
