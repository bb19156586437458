/* Tokens and jobs of `dnsguard serve`. A journal of before (format 5 or older, opened for reading) has none of it. */
#include "controller/store/serve.h"

#include "controller/store/db.h"
#include "zones/base/arena.h"

#include <string.h>

#define FORMAT_SERVE 6

/* --- tokens ----------------------------------------------------------------------------------------------- */
int dg_store_token_put(struct dg_store *s, const struct dg_token_row *t, struct dg_err *err)
{
	int rc = dg_db_enter(s, err);

	if (rc < 0) {
		return rc;
	}
	rc = dg_db_run(s, DG_SQL_TOKEN_PUT,
		DG_DB_ARGS(dg_db_text(t->id), dg_db_text(t->name),
			dg_db_blob(t->digest, DG_DIGEST_LEN), dg_db_text(t->zones),
			dg_db_text(t->verbs), dg_db_int(t->created)),
		err);
	int n = sqlite3_changes(s->db);
	rc = dg_db_leave(s, rc, err);
	return rc < 0 ? rc : n == 1 ? 0 : 1;
}

static int read_token(struct dg_store *s, enum dg_db_sql id, struct dg_arena *a,
	struct dg_token_row *ret_token, struct dg_err *err)
{
	size_t len = 0;

	*ret_token = (struct dg_token_row){.id = dg_db_column_text(s, id, 0, a),
		.name = dg_db_column_text(s, id, 1, a),
		.digest = dg_db_column_blob(s, id, 2, a, &len),
		.zones = dg_db_column_text(s, id, 3, a),
		.verbs = dg_db_column_text(s, id, 4, a),
		.created = dg_db_column_int(s, id, 5),
		.revoked = dg_db_column_int(s, id, 6)};
	return len == DG_DIGEST_LEN ? 0 : dg_db_damaged(s, "a token", err);
}

int dg_store_token_get(struct dg_store *s, struct dg_arena *a, const char *id,
	struct dg_token_row *ret_token, struct dg_err *err)
{
	int rc = dg_db_first(s, FORMAT_SERVE, DG_SQL_TOKEN_GET, DG_DB_ARGS(dg_db_text(id)), err);

	if (rc == 0) {
		rc = read_token(s, DG_SQL_TOKEN_GET, a, ret_token, err);
		dg_db_stop(s, DG_SQL_TOKEN_GET);
	}
	return rc;
}

int dg_store_tokens(struct dg_store *s, struct dg_arena *a, struct dg_token_row **ret_tokens,
	size_t *ret_n, struct dg_err *err)
{
	struct dg_token_row *rows = NULL;
	size_t n = 0;
	int rc = dg_db_first(s, FORMAT_SERVE, DG_SQL_TOKENS, NULL, 0, err);

	while (rc == 0) {
		rows = dg_db_room(a, rows, n, sizeof(*rows));
		rc = read_token(s, DG_SQL_TOKENS, a, &rows[n], err);
		if (rc < 0) {
			dg_db_stop(s, DG_SQL_TOKENS);
			return rc;
		}
		n++;
		rc = dg_db_next(s, DG_SQL_TOKENS, err);
	}
	if (rc < 0) {
		return rc;
	}
	*ret_tokens = rows;
	*ret_n = n;
	return 0;
}

int dg_store_token_revoke(struct dg_store *s, const char *id, int64_t now, struct dg_err *err)
{
	int rc = dg_db_enter(s, err);

	if (rc < 0) {
		return rc;
	}
	rc = dg_db_run(s, DG_SQL_TOKEN_REVOKE, DG_DB_ARGS(dg_db_text(id), dg_db_int(now)), err);
	int n = sqlite3_changes(s->db);
	rc = dg_db_leave(s, rc, err);
	return rc < 0 ? rc : n == 1 ? 0 : 1;
}

/* --- jobs ------------------------------------------------------------------------------------------------- */
static int read_order(struct dg_store *s, enum dg_db_sql id, struct dg_arena *a,
	struct dg_order_row *ret_order, struct dg_err *err)
{
	size_t len = 0;

	*ret_order = (struct dg_order_row){.id = dg_db_column_int(s, id, 0),
		.key = dg_db_column_text(s, id, 1, a),
		.kind = dg_db_column_text(s, id, 3, a),
		.owner = dg_db_column_text(s, id, 4, a),
		.why = dg_db_column_text(s, id, 5, a),
		.at = dg_db_column_int(s, id, 6)};
	const void *digest = dg_db_column_blob(s, id, 2, a, &len);
	if (len != DG_DIGEST_LEN) {
		return dg_db_damaged(s, "a job", err);
	}
	memcpy(ret_order->digest, digest, len);
	return 0;
}

static int get_order(struct dg_store *s, struct dg_arena *a, enum dg_db_sql id,
	const struct dg_db_arg *arg, struct dg_order_row *ret_order, struct dg_err *err)
{
	int rc = dg_db_first(s, FORMAT_SERVE, id, arg, 1, err);

	if (rc == 0) {
		rc = read_order(s, id, a, ret_order, err);
		dg_db_stop(s, id);
	}
	return rc;
}

static int put_order(struct dg_store *s, struct dg_order_row *order,
	const struct dg_order_item *items, size_t n, struct dg_err *err)
{
	int rc = dg_db_run(s, DG_SQL_ORDER_PUT,
		DG_DB_ARGS(dg_db_text(order->key), dg_db_blob(order->digest, DG_DIGEST_LEN),
			dg_db_text(order->kind), dg_db_text(order->owner), dg_db_text(order->why),
			dg_db_int(order->at)),
		err);

	order->id = sqlite3_last_insert_rowid(s->db);
	for (size_t i = 0; rc == 0 && i < n; i++) {
		const struct dg_order_item *t = &items[i];

		rc = dg_db_run(s, DG_SQL_ORDER_ITEM_PUT,
			DG_DB_ARGS(dg_db_int(order->id), dg_db_int((int64_t)i), dg_db_text(t->zone),
				dg_db_text(t->template), dg_db_text(t->plan),
				dg_db_int((t->adopts ? 1 : 0) + (t->replaces ? 2 : 0)),
				dg_db_text(t->is_done ? "done" : "queued"), dg_db_text(t->outcome),
				dg_db_text(t->result)),
			err);
	}
	return rc;
}

/* NOLINTNEXTLINE(readability-function-size): what it needs is told in one call */
int dg_store_order_put(struct dg_store *s, struct dg_arena *a, struct dg_order_row *order,
	const struct dg_order_item *items, size_t n, struct dg_order_row *ret_known,
	struct dg_err *err)
{
	int rc = dg_db_enter(s, err);

	if (rc < 0) {
		return rc;
	}
	int known = 1;
	if (order->key) {
		const struct dg_db_arg key = dg_db_text(order->key);

		known = get_order(s, a, DG_SQL_ORDER_BY_KEY, &key, ret_known, err);
	}
	rc = known == 1 ? put_order(s, order, items, n, err) : known < 0 ? known : 0;
	rc = dg_db_leave(s, rc, err);
	return rc < 0 ? rc : known == 0 ? 1 : 0;
}

int dg_store_order_get(struct dg_store *s, struct dg_arena *a, int64_t id,
	struct dg_order_row *ret_order, struct dg_err *err)
{
	const struct dg_db_arg arg = dg_db_int(id);

	return get_order(s, a, DG_SQL_ORDER_GET, &arg, ret_order, err);
}

static void read_item(
	struct dg_store *s, enum dg_db_sql id, struct dg_arena *a, struct dg_order_item *ret_item)
{
	int64_t flags = dg_db_column_int(s, id, 6);

	*ret_item = (struct dg_order_item){.order = dg_db_column_int(s, id, 0),
		.n = (unsigned)dg_db_column_int(s, id, 1),
		.kind = dg_db_column_text(s, id, 2, a),
		.zone = dg_db_column_text(s, id, 3, a),
		.template = dg_db_column_text(s, id, 4, a),
		.plan = dg_db_column_text(s, id, 5, a),
		.adopts = (flags & 1) != 0,
		.replaces = (flags & 2) != 0,
		.is_done = strcmp(dg_db_column_text(s, id, 7, a), "done") == 0,
		.outcome = dg_db_column_text(s, id, 8, a),
		.result = dg_db_column_text(s, id, 9, a),
		.n_tries = (unsigned)dg_db_column_int(s, id, 10),
		.due = dg_db_column_int(s, id, 11)};
}

/* NOLINTNEXTLINE(readability-function-size): what it needs is told in one call */
static int get_items(struct dg_store *s, struct dg_arena *a, enum dg_db_sql id,
	const struct dg_db_arg *args, size_t n_args, struct dg_order_item **ret_items,
	size_t *ret_n, struct dg_err *err)
{
	struct dg_order_item *rows = NULL;
	size_t n = 0;
	int rc = dg_db_first(s, FORMAT_SERVE, id, args, n_args, err);

	for (; rc == 0; rc = dg_db_next(s, id, err)) {
		rows = dg_db_room(a, rows, n, sizeof(*rows));
		read_item(s, id, a, &rows[n++]);
	}
	if (rc < 0) {
		return rc;
	}
	*ret_items = rows;
	*ret_n = n;
	return 0;
}

int dg_store_order_items(struct dg_store *s, struct dg_arena *a, int64_t id,
	struct dg_order_item **ret_items, size_t *ret_n, struct dg_err *err)
{
	return get_items(
		s, a, DG_SQL_ORDER_ITEMS, DG_DB_ARGS(dg_db_int(id)), ret_items, ret_n, err);
}

/* NOLINTNEXTLINE(readability-function-size): what it needs is told in one call */
int dg_store_orders_next(struct dg_store *s, struct dg_arena *a, int64_t now, size_t limit,
	struct dg_order_item **ret_items, size_t *ret_n, struct dg_err *err)
{
	return get_items(s, a, DG_SQL_ORDERS_NEXT,
		DG_DB_ARGS(dg_db_int(now), dg_db_int((int64_t)limit)), ret_items, ret_n, err);
}

int dg_store_order_item_end(
	struct dg_store *s, const struct dg_order_item *item, int64_t now, struct dg_err *err)
{
	return dg_db_put(s, DG_SQL_ORDER_ITEM_END,
		DG_DB_ARGS(dg_db_int(item->order), dg_db_int(item->n),
			dg_db_text(item->is_done ? "done" : "queued"), dg_db_text(item->outcome),
			dg_db_text(item->result), dg_db_int(item->n_tries), dg_db_int(item->due),
			dg_db_int(item->is_done ? now : 0)),
		err);
}

int dg_store_orders_waiting(
	struct dg_store *s, size_t *ret_n, int64_t *ret_first_due, struct dg_err *err)
{
	size_t n = 0;
	int64_t due = 0;
	int rc = dg_db_first(s, FORMAT_SERVE, DG_SQL_ORDERS_WAITING, NULL, 0, err);

	if (rc == 0) {
		n = (size_t)dg_db_column_int(s, DG_SQL_ORDERS_WAITING, 0);
		due = dg_db_column_int(s, DG_SQL_ORDERS_WAITING, 1);
		dg_db_stop(s, DG_SQL_ORDERS_WAITING);
	}
	if (rc < 0) {
		return rc;
	}
	*ret_n = n;
	*ret_first_due = due;
	return 0;
}

int dg_store_orders_prune(struct dg_store *s, int64_t before, struct dg_err *err)
{
	int rc = dg_db_enter(s, err);

	if (rc < 0) {
		return rc;
	}
	rc = dg_db_run(s, DG_SQL_ORDER_ITEMS_PRUNE, DG_DB_ARGS(dg_db_int(before)), err);
	rc = rc == 0 ? dg_db_run(s, DG_SQL_ORDERS_PRUNE, DG_DB_ARGS(dg_db_int(before)), err) : rc;
	return dg_db_leave(s, rc, err);
}
