#include "zones/mail/facts.h"

#include "zones/base/arena.h"
#include "zones/base/err.h"
#include "zones/base/map.h"
#include "zones/record/name.h"
#include "zones/record/zone.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define CNAMES_MAX 8u
#define KEY_MAX    (DG_NAME_TEXT_MAX + 8)

struct known {
	const char *key; /* "TYPE OWNER" */
	struct dg_fact fact;
};

struct dg_zone_facts {
	struct dg_facts facts;
	struct dg_arena *arena;
	const struct dg_zone *const *zones;
	size_t n_zones;
	const struct dg_facts *other;
	struct dg_map known; /* key to struct known */
};

const char *dg_fact_state_text(enum dg_fact_state s)
{
	switch (s) {
	case DG_FACT_PENDING:
		return "pending";
	case DG_FACT_FOUND:
		return "found";
	case DG_FACT_NODATA:
		return "nodata";
	case DG_FACT_NXDOMAIN:
		return "nxdomain";
	case DG_FACT_UNKNOWN:
		return "unknown";
	}
	return "unknown";
}

const char *dg_fetch_state_text(enum dg_fetch_state s)
{
	switch (s) {
	case DG_FETCH_PENDING:
		return "pending";
	case DG_FETCH_FOUND:
		return "found";
	case DG_FETCH_STATUS:
		return "status";
	case DG_FETCH_BAD_TLS:
		return "bad-tls";
	case DG_FETCH_PRIVATE:
		return "private";
	case DG_FETCH_TOO_LARGE:
		return "too-large";
	case DG_FETCH_UNKNOWN:
		return "unknown";
	case DG_FETCH_NOT_ASKED:
		return "not-asked";
	}
	return "unknown";
}

/* --- one zone --------------------------------------------------------------------------------- */
/* Does the name exist, itself or because of a name under it (RFC 8020)? */
static bool is_there(const struct dg_zone *z, const char *owner)
{
	for (size_t i = dg_zone_lower_bound(z, owner);
		i < z->n && dg_name_is_at_or_under(z->sets[i].owner, owner); i++) {
		if (z->sets[i].n > 0) {
			return true;
		}
	}
	return false;
}

static bool has(const struct dg_zone *z, const char *owner, uint16_t type, struct dg_rrset *ret_set)
{
	return dg_zone_get(z, owner, type, ret_set) == 0 && ret_set->n > 0;
}

enum cut {
	CUT_NONE,
	CUT_DELEGATION, /* an NS below the apex (RFC 1034 section 4.2.1) */
	CUT_DNAME,      /* names below it are somewhere else (RFC 6672) */
};

/* Where the zone's own names end on the way down to owner: the highest such place. *ret_at points into owner. */
static enum cut find_cut(const struct dg_zone *z, const char *owner, const char **ret_at)
{
	enum cut cut = CUT_NONE;
	struct dg_rrset set;

	for (const char *at = owner;; at = dg_name_parent(at)) {
		bool is_apex = strcmp(at, z->apex) == 0;

		if (!is_apex && has(z, at, DG_TYPE_NS, &set)) {
			cut = CUT_DELEGATION;
			*ret_at = at;
		} else if (at != owner && has(z, at, DG_TYPE_DNAME, &set)) {
			cut = CUT_DNAME;
			*ret_at = at;
		}
		if (is_apex) {
			return cut;
		}
	}
}

/* The name whose records answer for owner: itself, or the wildcard of its closest encloser. NULL: none. */
static const char *source(const struct dg_zone_facts *f, const struct dg_zone *z, const char *owner)
{
	const char *wild = NULL;
	const char *at = owner;
	struct dg_err err;

	if (is_there(z, owner)) {
		return owner;
	}
	while (strcmp(at, z->apex) != 0) {
		at = dg_name_parent(at);
		if (is_there(z, at)) {
			break;
		}
	}
	return dg_name_join(f->arena, "*", at, &wild, &err) == 0 && is_there(z, wild) ? wild : NULL;
}

/* The deepest zone that holds owner. NULL: none. */
static const struct dg_zone *zone_of(const struct dg_zone_facts *f, const char *owner)
{
	const struct dg_zone *best = NULL;

	for (size_t i = 0; i < f->n_zones; i++) {
		const struct dg_zone *z = f->zones[i];

		if (dg_name_is_at_or_under(owner, z->apex) &&
			(!best || dg_name_n_labels(z->apex) > dg_name_n_labels(best->apex))) {
			best = z;
		}
	}
	return best;
}

/* The name that a CNAME or DNAME says. NULL: several, or none that could be read. */
static const char *target_of(const struct dg_zone_facts *f, const struct dg_rrset *set)
{
	const char *target = NULL;
	size_t len;

	return set->n == 1 && dg_name_from_wire(f->arena, set->rdata[0].wire, set->rdata[0].len,
				      &target, &len) == 0
		       ? target
		       : NULL;
}

/* owner with what stands at cut in it replaced (RFC 6672 section 2.2). NULL: there is no such name. */
static const char *dname_target(
	const struct dg_zone_facts *f, const struct dg_zone *z, const char *owner, const char *cut)
{
	const char *prefix = dg_strndup(f->arena, owner, (size_t)(cut - owner) - 1);
	const char *name = NULL;
	struct dg_rrset set;
	struct dg_err err;

	(void)has(z, cut, DG_TYPE_DNAME, &set);
	const char *target = target_of(f, &set);
	return target && dg_name_join(f->arena, prefix, target, &name, &err) == 0 ? name : NULL;
}

static void answer_unknown(struct dg_fact *fact, const char *why)
{
	fact->state = DG_FACT_UNKNOWN;
	fact->why = why;
}

/* What stands at the end of the CNAMEs, in zones that are not ours. */
static void ask_other(
	const struct dg_zone_facts *f, const char *owner, uint16_t type, struct dg_fact *fact)
{
	const char *alias = fact->alias;

	if (!f->other) {
		answer_unknown(fact, "outside the zones that are known");
		return;
	}
	*fact = *dg_fact(f->other, owner, type);
	fact->alias = fact->alias ? fact->alias : alias;
}

/* What the zone itself says. Returns the name that a CNAME or DNAME leads to; NULL: the fact is set. */
static const char *answer_from(const struct dg_zone_facts *f, const struct dg_zone *z,
	const char *at, uint16_t type, struct dg_fact *fact)
{
	const char *cut = NULL;
	const char *target = NULL;
	struct dg_rrset set;

	switch (find_cut(z, at, &cut)) {
	case CUT_DELEGATION:
		ask_other(f, at, type, fact);
		return NULL;
	case CUT_DNAME:
		target = type != DG_TYPE_CNAME ? dname_target(f, z, at, cut) : NULL;
		if (!target) {
			answer_unknown(fact, "it is under a DNAME that leads to no name");
		}
		return target;
	case CUT_NONE:
		break;
	}
	if (!z->is_complete && !is_there(z, at)) { /* it may be there all the same */
		ask_other(f, at, type, fact);
		return NULL;
	}
	const char *from = source(f, z, at);
	if (from && type != DG_TYPE_CNAME && has(z, from, DG_TYPE_CNAME, &set)) {
		target = target_of(f, &set);
	}
	if (target) {
		return target;
	}
	if (from && has(z, from, type, &set)) {
		fact->state = DG_FACT_FOUND;
		fact->set = set;
		fact->set.owner = at;
	} else if (!z->is_complete) {
		ask_other(f, at, type, fact);
	} else {
		fact->state = from ? DG_FACT_NODATA : DG_FACT_NXDOMAIN;
		fact->negative_ttl = dg_zone_negative_ttl(z);
	}
	return NULL;
}

static void answer(
	const struct dg_zone_facts *f, const char *owner, uint16_t type, struct dg_fact *fact)
{
	const char *at = owner;

	for (unsigned i = 0; i <= CNAMES_MAX; i++) {
		const struct dg_zone *z = zone_of(f, at);

		fact->set = dg_rrset_none(at, type);
		if (!z) {
			ask_other(f, at, type, fact);
			return;
		}
		at = answer_from(f, z, at, type, fact);
		if (!at) {
			return;
		}
		fact->alias = at;
	}
	answer_unknown(fact, "its CNAMEs do not come to an end");
}

/* PENDING facts of the other are asked for again at the next run. */
static const struct dg_fact *on_dns(void *arg, const char *owner, uint16_t type)
{
	struct dg_zone_facts *f = arg;
	char key[KEY_MAX];

	(void)snprintf(key, sizeof(key), "%u %s", type, owner);
	struct known *known = dg_map_get(&f->known, key);
	if (!known) {
		known = dg_new(f->arena, struct known);
		known->key = dg_strdup(f->arena, key);
		(void)dg_map_put(&f->known, known->key, known);
	}
	if (known->fact.state == DG_FACT_PENDING) {
		const char *name = strchr(known->key, ' ') + 1;

		known->fact = (struct dg_fact){.state = DG_FACT_PENDING};
		answer(f, name, type, &known->fact);
	}
	return &known->fact;
}

static const struct dg_fetch *on_fetch(void *arg, const char *url)
{
	static const struct dg_fetch none = {
		.state = DG_FETCH_NOT_ASKED, .content_type = "", .why = "not asked for"};
	const struct dg_zone_facts *f = arg;

	return f->other && f->other->fetch ? f->other->fetch(f->other->arg, url) : &none;
}

struct dg_zone_facts *dg_zone_facts_new(struct dg_arena *a, const struct dg_zone *const *zones,
	size_t n, const struct dg_facts *other)
{
	struct dg_zone_facts *f = dg_new(a, struct dg_zone_facts);

	for (size_t i = 0; i < n; i++) {
		assert(zones[i]->is_sealed);
	}
	*f = (struct dg_zone_facts){
		.facts = {.dns = on_dns, .fetch = on_fetch, .arg = f},
		.arena = a,
		.zones = zones,
		.n_zones = n,
		.other = other,
	};
	dg_map_init(&f->known, a);
	return f;
}

const struct dg_facts *dg_zone_facts(struct dg_zone_facts *z)
{
	return &z->facts;
}
