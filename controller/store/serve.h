/* controller/store/serve.h: what `dnsguard serve` keeps: tokens, jobs, and the domains of a job.
 *
 * Shape    token: who may ask for what; of its secret only the digest. job: one request that was taken, with the key that makes a second
 *          try of it the same request. item: one domain of a job, queued until it has a result.
 * Errors   As in store.h. Memory: results in the arena given.
 */
#pragma once

#include "controller/store/store.h"

#include <stdbool.h>

/* --- tokens ------------------------------------------------------------------------------------------------ */
struct dg_token_row {
	const char *id, *name;
	const uint8_t *digest;    /* DG_DIGEST_LEN octets */
	const char *zones;        /* patterns, separated by blanks */
	const char *verbs;        /* separated by blanks */
	int64_t created, revoked; /* Unix seconds; revoked 0: it is good */
};
/* 1: there is one with this id. */
int dg_store_token_put(struct dg_store *s, const struct dg_token_row *t, struct dg_err *err);
/* 1: none. */
int dg_store_token_get(struct dg_store *s, struct dg_arena *a, const char *id,
	struct dg_token_row *ret_token, struct dg_err *err);
int dg_store_tokens(struct dg_store *s, struct dg_arena *a, struct dg_token_row **ret_tokens,
	size_t *ret_n, struct dg_err *err);
/* 1: none with this id that is good. */
int dg_store_token_revoke(struct dg_store *s, const char *id, int64_t now, struct dg_err *err);

/* --- jobs -------------------------------------------------------------------------------------------------- */
struct dg_order_row {
	int64_t id;
	const char *key;               /* of the try; NULL: none was given */
	uint8_t digest[DG_DIGEST_LEN]; /* of what was asked with it */
	const char *kind;              /* "plan", "apply", "verify", "note" */
	const char *owner;             /* who asked: "token 3f9a…", "uid 0", "webhook" */
	const char *why;               /* of the event: "domain.parked"; NULL */
	int64_t at;
};

struct dg_order_item {
	int64_t order;
	unsigned n;
	const char *kind;     /* of its job; by reading only */
	const char *zone;     /* as people write it: no final dot */
	const char *template; /* NULL: the policy that is there */
	const char *plan;     /* digest that was looked at; NULL: none */
	bool adopts, replaces;
	bool is_done;
	const char *outcome; /* NULL: none yet */
	const char *result;  /* JSON; NULL */
	unsigned n_tries;
	int64_t due; /* not before */
};

/* Sets order->id. 1: there is one with its key: *ret_known (in the arena) and nothing was written. */
int dg_store_order_put(struct dg_store *s, struct dg_arena *a, struct dg_order_row *order,
	const struct dg_order_item *items, size_t n, struct dg_order_row *ret_known,
	struct dg_err *err);
/* 1: none. */
int dg_store_order_get(struct dg_store *s, struct dg_arena *a, int64_t id,
	struct dg_order_row *ret_order, struct dg_err *err);
int dg_store_order_items(struct dg_store *s, struct dg_arena *a, int64_t id,
	struct dg_order_item **ret_items, size_t *ret_n, struct dg_err *err);
/* Items that wait and may be done now, oldest first, at most limit. */
int dg_store_orders_next(struct dg_store *s, struct dg_arena *a, int64_t now, size_t limit,
	struct dg_order_item **ret_items, size_t *ret_n, struct dg_err *err);
/* outcome, result, is_done, n_tries and due are written. */
int dg_store_order_item_end(
	struct dg_store *s, const struct dg_order_item *item, int64_t now, struct dg_err *err);
/* How many wait, and when the first of them may be done (0: none waits). */
int dg_store_orders_waiting(
	struct dg_store *s, size_t *ret_n, int64_t *ret_first_due, struct dg_err *err);
/* Jobs from before that moment of which nothing waits any more are forgotten. */
int dg_store_orders_prune(struct dg_store *s, int64_t before, struct dg_err *err);
