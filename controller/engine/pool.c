#include "controller/engine/pool.h"

#include "providers/provider.h"
#include "zones/base/arena.h"
#include "zones/base/map.h"
#include "zones/policy/policy.h"

#include <stdlib.h>
#include <string.h>

#define POOL_MEMORY_MAX ((size_t)256 << 20)

struct kept {
	struct kept *next;
	struct dg_arena *arena;
};

struct open_provider {
	struct open_provider *next;
	struct dg_provider *provider;
};

struct dg_pool {
	struct dg_arena *arena;
	struct dg_map by_key;
	struct dg_loop *loop;
	const struct dg_provider_ops *const *known;
	struct kept *kept;
	struct open_provider *open;
};

struct dg_pool *dg_pool_new(struct dg_loop *l, const struct dg_provider_ops *const *known)
{
	struct dg_arena *a = dg_arena_new(POOL_MEMORY_MAX);
	struct dg_pool *p = dg_new(a, struct dg_pool);

	*p = (struct dg_pool){.arena = a, .loop = l, .known = known};
	dg_map_init(&p->by_key, a);
	return p;
}

struct dg_pool *dg_pool_free(struct dg_pool *p)
{
	if (p) {
		for (struct open_provider *o = p->open; o; o = o->next) {
			dg_provider_close(o->provider);
		}
		for (struct kept *k = p->kept; k; k = k->next) {
			dg_arena_free(k->arena);
		}
		dg_arena_free(p->arena);
	}
	return NULL;
}

int dg_pool_get(struct dg_pool *p, const struct dg_policy *policy,
	struct dg_provider **ret_provider, bool *ret_keeps, struct dg_err *err)
{
	const struct dg_provider_spec *spec = &policy->provider;
	const struct dg_provider_ops *ops = NULL;

	if (!spec->name) {
		return dg_fail_at(err, &policy->pos, DG_EINPUT,
			"zone %s has no provider: section; say where the zone is kept, for "
			"instance "
			"provider: {zonefile: {path: /etc/nsd/%szone}}",
			policy->zone, policy->zone);
	}
	struct open_provider *o = dg_map_get(&p->by_key, spec->key);
	*ret_keeps = false;
	if (!o) {
		for (size_t i = 0; p->known[i] && !ops; i++) {
			ops = strcmp(p->known[i]->name, spec->name) == 0 ? p->known[i] : NULL;
		}
		if (!ops) {
			return dg_fail_at(err, &spec->pos, DG_EINPUT, "no provider %s", spec->name);
		}
		struct dg_provider *opened = NULL;
		int r = dg_provider_open(ops, spec->opts, p->loop, &opened, err);

		if (r < 0) {
			return r;
		}
		o = dg_new(p->arena, struct open_provider);
		*o = (struct open_provider){.next = p->open, .provider = opened};
		p->open = o;
		(void)dg_map_put(&p->by_key, dg_strdup(p->arena, spec->key), o);
		*ret_keeps = true;
	}
	*ret_provider = o->provider;
	return 0;
}

void dg_pool_keep(struct dg_pool *p, struct dg_arena *take_arena)
{
	struct kept *k = dg_new(p->arena, struct kept);

	*k = (struct kept){.next = p->kept, .arena = take_arena};
	p->kept = k;
}
