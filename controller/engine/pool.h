/* controller/engine/pool.h: the open providers of a run; zones with the same provider and options share one.
 *
 * Memory   An open provider borrows its options from the policy that came first with them: that policy's arena is
 *          handed over to the pool (ret_keeps, dg_pool_keep()).
 */
#pragma once

#include <stdbool.h>

struct dg_arena;
struct dg_err;
struct dg_loop;
struct dg_policy;
struct dg_pool;
struct dg_provider;
struct dg_provider_ops;

/* known: the providers to choose from, ended by NULL. */
struct dg_pool *dg_pool_new(struct dg_loop *l, const struct dg_provider_ops *const *known);
struct dg_pool *dg_pool_free(struct dg_pool *p);

/* The policy's provider, opened when it is the first with these options. *ret_keeps: the options of this policy are now in
 * use: its arena must be handed over with dg_pool_keep(). */
int dg_pool_get(struct dg_pool *p, const struct dg_policy *policy,
	struct dg_provider **ret_provider, bool *ret_keeps, struct dg_err *err);
void dg_pool_keep(struct dg_pool *p, struct dg_arena *take_arena);
