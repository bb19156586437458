/* controller/engine/pool.h: the open providers of a run; zones with the same provider and options share one.
 *
 * Calls    Each dg_pool_get() is answered by one dg_pool_release(). A provider that nobody holds stays open for the next zone, up
 *          to DG_POOL_IDLE_MAX of them: so a fleet of zone files, each with its own path, needs the memory of a few.
 * Memory   An open provider borrows its options from the policy that came first with them: that policy's arena is handed over to the pool.
 */
#pragma once

#include <stdbool.h>

struct dg_arena;
struct dg_err;
struct dg_loop;
struct dg_net_paces;
struct dg_policy;
struct dg_pool;
struct dg_provider;
struct dg_provider_ops;

#define DG_POOL_IDLE_MAX 32u

/* known: the providers to choose from, ended by NULL. paces outlive the pool; NULL: they are this pool's own. */
struct dg_pool *dg_pool_new(
	struct dg_loop *l, const struct dg_provider_ops *const *known, struct dg_net_paces *paces);
struct dg_pool *dg_pool_free(struct dg_pool *p);

/* The policy's provider, opened when it is the first with these options. *ret_keeps: arena, which holds the policy, is the
 * pool's now: it is freed after the provider is closed. NULL: the policy outlives the pool. */
int dg_pool_get(struct dg_pool *p, const struct dg_policy *policy, struct dg_arena *arena,
	struct dg_provider **ret_provider, bool *ret_keeps, struct dg_err *err);
void dg_pool_release(struct dg_pool *p, struct dg_provider *provider);
