#include "controller/engine/pool.h"

#include "providers/net/pace.h"
#include "providers/provider.h"
#include "zones/base/arena.h"
#include "zones/policy/policy.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Held ones and idle ones in one list, the latest used first: as many as zones in flight, so a walk is short. */
struct entry {
	struct entry *next;
	const char *name; /* of the provider */
	const char *key;
	struct dg_provider *provider;
	struct dg_arena *arena; /* holds name, key and options; NULL: somebody else's */
	unsigned n_held;
};

struct dg_pool {
	struct dg_loop *loop;
	const struct dg_provider_ops *const *known;
	struct dg_net_paces *paces, *own_paces;
	struct entry *first;
};

struct dg_pool *dg_pool_new(
	struct dg_loop *l, const struct dg_provider_ops *const *known, struct dg_net_paces *paces)
{
	struct dg_pool *p = calloc(1, sizeof(*p));

	if (!p) {
		abort();
	}
	*p = (struct dg_pool){.loop = l, .known = known};
	p->own_paces = paces ? NULL : dg_net_paces_new();
	p->paces = paces ? paces : p->own_paces;
	return p;
}

/* Takes the entry out of the list, closes its provider. */
static void drop(struct entry **at)
{
	struct entry *e = *at;

	*at = e->next;
	dg_provider_close(e->provider);
	dg_arena_free(e->arena);
	free(e);
}

struct dg_pool *dg_pool_free(struct dg_pool *p)
{
	while (p && p->first) {
		drop(&p->first);
	}
	if (p) {
		(void)dg_net_paces_free(p->own_paces);
	}
	free(p);
	return NULL;
}

static void to_front(struct dg_pool *p, struct entry **at)
{
	struct entry *e = *at;

	*at = e->next;
	e->next = p->first;
	p->first = e;
}

/* The new entry is the first. */
static int open_entry(struct dg_pool *p, const struct dg_policy *policy, struct dg_arena *arena,
	struct dg_err *err)
{
	const struct dg_provider_spec *spec = &policy->provider;
	const struct dg_provider_ops *ops = NULL;
	struct dg_provider *opened = NULL;

	for (size_t i = 0; p->known[i] && !ops; i++) {
		ops = strcmp(p->known[i]->name, spec->name) == 0 ? p->known[i] : NULL;
	}
	if (!ops) {
		return dg_fail_at(err, &spec->pos, DG_EINPUT, "no provider %s", spec->name);
	}
	int r = dg_provider_open(ops, spec->opts, p->loop, p->paces, &opened, err);
	if (r < 0) {
		return r;
	}
	struct entry *e = calloc(1, sizeof(*e));
	if (!e) {
		abort();
	}
	*e = (struct entry){.next = p->first,
		.name = spec->name,
		.key = spec->key,
		.provider = opened,
		.arena = arena};
	p->first = e;
	return 0;
}

int dg_pool_get(struct dg_pool *p, const struct dg_policy *policy, struct dg_arena *arena,
	struct dg_provider **ret_provider, bool *ret_keeps, struct dg_err *err)
{
	const struct dg_provider_spec *spec = &policy->provider;
	bool is_open = false;

	if (!spec->name) {
		return dg_fail_at(err, &policy->pos, DG_EINPUT,
			"zone %s has no provider: section; say where the zone is kept, for "
			"instance "
			"provider: {zonefile: {path: /etc/nsd/%szone}}",
			policy->zone, policy->zone);
	}
	*ret_keeps = false;
	for (struct entry **at = &p->first; *at; at = &(*at)->next) {
		if (strcmp((*at)->key, spec->key) == 0 && strcmp((*at)->name, spec->name) == 0) {
			is_open = true;
			to_front(p, at);
			break;
		}
	}
	if (!is_open) {
		int r = open_entry(p, policy, arena, err);

		if (r < 0) {
			return r;
		}
		*ret_keeps = arena != NULL;
	}
	assert(p->first);
	p->first->n_held++;
	*ret_provider = p->first->provider;
	return 0;
}

void dg_pool_release(struct dg_pool *p, struct dg_provider *provider)
{
	unsigned n_idle = 0;

	for (struct entry **at = &p->first; *at;) {
		struct entry *e = *at;

		if (e->provider == provider) {
			e->n_held--;
		}
		if (e->n_held == 0 && ++n_idle > DG_POOL_IDLE_MAX) {
			drop(at);
		} else {
			at = &e->next;
		}
	}
}
