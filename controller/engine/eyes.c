#include "controller/engine/eyes.h"

#include "controller/lookup/authority.h"
#include "controller/lookup/resolver.h"
#include "zones/base/arena.h"
#include "zones/base/map.h"
#include "zones/policy/policy.h"

#define EYES_MEMORY_MAX ((size_t)64 << 20)

struct pair {
	struct pair *next;
	struct dg_resolver *resolver;
	struct dg_authority *authority;
};

struct dg_eyes {
	struct dg_arena *arena;
	struct dg_map by_key;
	struct pair *all;
	struct dg_loop *loop;
};

struct dg_eyes *dg_eyes_new(struct dg_loop *l)
{
	struct dg_arena *a = dg_arena_new(EYES_MEMORY_MAX);
	struct dg_eyes *e = dg_new(a, struct dg_eyes);

	*e = (struct dg_eyes){.arena = a, .loop = l};
	dg_map_init(&e->by_key, a);
	return e;
}

struct dg_eyes *dg_eyes_free(struct dg_eyes *e)
{
	if (e) {
		for (struct pair *p = e->all; p; p = p->next) {
			dg_authority_free(p->authority);
			dg_resolver_free(p->resolver);
		}
		dg_arena_free(e->arena);
	}
	return NULL;
}

static int open_pair(
	struct dg_eyes *e, const struct dg_verify_spec *spec, struct pair *p, struct dg_err *err)
{
	bool is_given = spec->resolver.host || spec->trust_anchor;
	const struct dg_resolver_options o = {
		.at = &spec->resolver, .trust_anchor = spec->trust_anchor};
	int r = dg_resolver_new(e->loop, &o, &p->resolver, err);

	if (r < 0 && is_given) {
		return dg_wrap(err, r, "verify");
	}
	return dg_authority_new(e->loop, p->resolver, &p->authority, err);
}

int dg_eyes_get(struct dg_eyes *e, const struct dg_verify_spec *spec,
	struct dg_resolver **ret_resolver, struct dg_authority **ret_authority, struct dg_err *err)
{
	const char *key =
		dg_printf(e->arena, "%s@%u %s", spec->resolver.host ? spec->resolver.host : "",
			spec->resolver.port, spec->trust_anchor ? spec->trust_anchor : "");
	struct pair *p = dg_map_get(&e->by_key, key);

	if (!p) {
		p = dg_new(e->arena, struct pair);
		int r = open_pair(e, spec, p, err);

		if (r < 0) {
			p->resolver = dg_resolver_free(p->resolver);
			return r;
		}
		p->next = e->all;
		e->all = p;
		(void)dg_map_put(&e->by_key, key, p);
	}
	*ret_resolver = p->resolver;
	*ret_authority = p->authority;
	return 0;
}
