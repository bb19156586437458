/* Start at dg_want_make(): the policy is checked, then every name says what it wants, then all is put in order. */
#include "zones/policy/wanting.h"

#include "zones/base/arena.h"
#include "zones/record/name.h"

#include <stdlib.h>
#include <string.h>

#define NAMES_COMPARED 8u /* more names get a hash map */

struct dg_declared dg_want_declared(const struct dg_wanting *w, const char *name)
{
	const struct dg_policy *p = w->policy;
	struct dg_declared found = {0};

	if (w->has_map) {
		const struct dg_declared *d = dg_map_get(&w->by_name, name);

		return d ? *d : found;
	}
	for (size_t i = 0; i < p->n_mail; i++) {
		const struct dg_mail_spec *m = &p->mail[i];

		if (strcmp(m->name, name) == 0) {
			found.mail = m;
		}
		for (size_t k = 0; m->split && k < dg_split_n_labels(m->split); k++) {
			if (!found.split_from && strcmp(dg_split_label(m->split, k), name) == 0) {
				found.split_from = m;
			}
		}
	}
	for (size_t i = 0; i < p->n_silent; i++) {
		if (strcmp(p->silent[i].name, name) == 0) {
			found.silent = &p->silent[i];
		}
	}
	return found;
}

static struct dg_declared *entry(struct dg_wanting *w, const char *name)
{
	struct dg_declared *d = dg_map_get(&w->by_name, name);

	if (!d) {
		d = dg_new(w->arena, struct dg_declared);
		(void)dg_map_put(&w->by_name, name, d);
	}
	return d;
}

const struct dg_mail_spec *dg_want_split_to(const struct dg_wanting *w, const char *name)
{
	return dg_want_declared(w, name).split_from;
}

struct dg_name_state dg_want_state(const struct dg_wanting *w, const char *name)
{
	for (size_t i = 0; i < w->n_states; i++) {
		if (strcmp(w->states[i].name, name) == 0) {
			return w->states[i];
		}
	}
	return (struct dg_name_state){.name = name, .stage = DG_STAGE_CALM};
}

enum dg_name_stage dg_want_stage(const struct dg_wanting *w, const char *name)
{
	return dg_want_state(w, name).stage;
}

struct dg_rrset dg_want_have(const struct dg_wanting *w, const char *owner, uint16_t type)
{
	struct dg_rrset set;

	return dg_zone_get(w->have, owner, type, &set) == 0 ? set : dg_rrset_none(owner, type);
}

bool dg_want_is_alias(const struct dg_wanting *w, const char *name)
{
	return dg_want_have(w, name, DG_TYPE_CNAME).n > 0;
}

const char *dg_want_cut_above(const struct dg_wanting *w, const char *name)
{
	for (const char *at = name; dg_name_is_at_or_under(at, w->policy->zone);
		at = dg_name_parent(at)) {
		bool is_apex = strcmp(at, w->policy->zone) == 0;

		if (!is_apex && dg_want_have(w, at, DG_TYPE_NS).n > 0) {
			return at;
		}
		if (at != name && dg_want_have(w, at, DG_TYPE_DNAME).n > 0) {
			return at;
		}
		if (is_apex) {
			break;
		}
	}
	return NULL;
}

static void add_host(struct dg_wanting *w, const char *host, const struct dg_pos *pos)
{
	if (dg_name_is_at_or_under(host, w->policy->zone)) {
		(void)dg_map_put(&w->hosts, host, dg_memdup(w->arena, pos, sizeof(*pos)));
	}
}

static void index_split(struct dg_wanting *w, const struct dg_mail_spec *m)
{
	const struct dg_split_spec *s = m->split;

	for (size_t i = 0; w->has_map && s && i < dg_split_n_labels(s); i++) {
		struct dg_declared *d = entry(w, dg_split_label(s, i));

		d->split_from = d->split_from ? d->split_from : m;
	}
	for (size_t i = 0; s && i < s->n_sink; i++) {
		add_host(w, s->sink[i].host, &s->sink[i].pos);
	}
}

void dg_want_index(struct dg_wanting *w)
{
	const struct dg_policy *p = w->policy;

	dg_map_init(&w->by_name, w->arena);
	dg_map_init(&w->hosts, w->arena);
	w->has_map = p->n_mail + p->n_silent > NAMES_COMPARED;
	for (size_t i = 0; i < p->n_mail; i++) {
		const struct dg_mail_spec *m = &p->mail[i];

		if (w->has_map) {
			entry(w, m->name)->mail = m;
		}
		index_split(w, m);
		for (size_t k = 0; k < m->n_mx; k++) {
			add_host(w, m->mx[k].host, &m->mx[k].pos);
		}
	}
	for (size_t i = 0; w->has_map && i < p->n_silent; i++) {
		entry(w, p->silent[i].name)->silent = &p->silent[i];
	}
	for (size_t i = 0; i < p->helo.n; i++) {
		add_host(w, p->helo.list[i].text, &p->helo.list[i].pos);
	}
}

/* In a sketch a name that cannot be published (too long) is left out. */
static int collect(struct dg_wanting *w)
{
	const struct dg_policy *p = w->policy;
	int r = 0;

	for (size_t i = 0; (r == 0 || w->is_sketch) && i < p->n_mail; i++) {
		r = dg_want_mail(w, &p->mail[i]);
	}
	for (size_t i = 0; (r == 0 || w->is_sketch) && i < p->n_silent; i++) {
		r = dg_want_silent(w, &p->silent[i]);
	}
	if (r == 0 || w->is_sketch) {
		dg_want_sending_hosts(w);
		r = dg_want_report_for(w);
	}
	return r < 0 && !w->is_sketch ? r : dg_want_hosts(w);
}

static int cmp_items(const void *x, const void *y)
{
	const struct dg_item *a = x;
	const struct dg_item *b = y;
	int d = (a->phase > b->phase) - (a->phase < b->phase);

	d = d != 0 ? d : dg_name_cmp(a->owner, b->owner);
	d = d != 0 ? d : (a->type > b->type) - (a->type < b->type);
	return d != 0 ? d : strcmp(a->tag ? a->tag : "", b->tag ? b->tag : "");
}

/* NOLINTNEXTLINE(readability-function-size): what it needs is told in one call */
int dg_want_make(struct dg_arena *a, const struct dg_policy *policy, const struct dg_zone *have,
	const struct dg_name_state *states, size_t n_states, struct dg_want **ret_want,
	struct dg_err *err)
{
	struct dg_wanting w = {.arena = a,
		.policy = policy,
		.have = have,
		.states = states,
		.n_states = n_states,
		.err = err};

	dg_want_index(&w);
	int r = dg_want_check(&w);
	if (r == 0) {
		r = collect(&w);
	}
	if (r < 0) {
		return r;
	}
	if (w.n > 1) {
		qsort(w.items, w.n, sizeof(*w.items), cmp_items);
	}
	*ret_want = dg_new(a, struct dg_want);
	**ret_want = (struct dg_want){.zone = policy->zone,
		.items = w.items,
		.n = w.n,
		.notes = w.notes,
		.n_notes = w.n_notes};
	return 0;
}

static int cmp_keys(const void *x, const void *y)
{
	const struct dg_rrkey *a = x;
	const struct dg_rrkey *b = y;
	int d = strcmp(a->owner, b->owner);

	return d != 0 ? d : (a->type > b->type) - (a->type < b->type);
}

void dg_want_keys(struct dg_arena *a, const struct dg_policy *policy, struct dg_rrkey **ret_keys,
	size_t *ret_n)
{
	static const uint16_t host_types[] = {DG_TYPE_A, DG_TYPE_AAAA, DG_TYPE_CNAME};
	struct dg_zone *nothing = dg_zone_new(a, policy->zone);
	struct dg_err ignored;
	struct dg_wanting w = {
		.arena = a, .policy = policy, .have = nothing, .is_sketch = true, .err = &ignored};
	size_t n = 0;
	size_t n_kept = 0;

	dg_zone_seal(nothing);
	dg_want_index(&w);
	(void)collect(&w);
	struct dg_rrkey *keys =
		dg_newn(a, struct dg_rrkey, 2 * w.n + 3 * (w.hosts.n + policy->n_mail) + 2);
	keys[n++] = (struct dg_rrkey){policy->zone, DG_TYPE_SOA};
	keys[n++] = (struct dg_rrkey){policy->zone, DG_TYPE_NS};
	for (size_t i = 0; i < w.n; i++) {
		keys[n++] = (struct dg_rrkey){w.items[i].owner, w.items[i].type};
		keys[n++] = (struct dg_rrkey){w.items[i].owner, DG_TYPE_CNAME};
	}
	for (size_t t = 0; t < sizeof(host_types) / sizeof(host_types[0]); t++) {
		for (size_t i = 0; i < w.hosts.n_slots; i++) {
			if (w.hosts.slots[i].key) {
				keys[n++] = (struct dg_rrkey){w.hosts.slots[i].key, host_types[t]};
			}
		}
		for (size_t i = 0; i < policy->n_mail; i++) {
			keys[n++] = (struct dg_rrkey){policy->mail[i].name, host_types[t]};
		}
	}
	qsort(keys, n, sizeof(*keys), cmp_keys);
	for (size_t i = 0; i < n; i++) {
		if (i == 0 || cmp_keys(&keys[i], &keys[i - 1]) != 0) {
			keys[n_kept++] = keys[i];
		}
	}
	*ret_keys = keys;
	*ret_n = n_kept;
}
