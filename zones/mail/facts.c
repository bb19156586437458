#include "zones/mail/facts.h"

#include "zones/base/arena.h"
#include "zones/base/err.h"
#include "zones/base/map.h"
#include "zones/record/name.h"
#include "zones/record/zone.h"

#include <assert.h>
#include <string.h>

#define CNAMES_MAX 8u

struct dg_zone_facts {
	struct dg_facts facts;
	struct dg_arena *arena;
	const struct dg_zone *const *zones;
	size_t n_zones;
	const struct dg_facts *other;
	struct dg_map known; /* "TYPE OWNER" to struct dg_fact */
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

/* Is the name at or under a zone cut (or under a DNAME) below the apex? */
static bool is_delegated(const struct dg_zone *z, const char *owner)
{
	struct dg_rrset set;

	for (const char *at = owner; strcmp(at, z->apex) != 0; at = dg_name_parent(at)) {
		if (has(z, at, DG_TYPE_NS, &set) ||
			(at != owner && has(z, at, DG_TYPE_DNAME, &set))) {
			return true;
		}
	}
	return false;
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

/* The zone that answers for owner: the deepest that holds it and has not given it away. */
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
	return best && !is_delegated(best, owner) ? best : NULL;
}

static const char *cname_target(const struct dg_zone_facts *f, const struct dg_rrset *cname)
{
	const char *target = NULL;
	size_t len;

	return cname->n == 1 && dg_name_from_wire(f->arena, cname->rdata[0].wire,
					cname->rdata[0].len, &target, &len) == 0
		       ? target
		       : NULL;
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

static void answer(
	const struct dg_zone_facts *f, const char *owner, uint16_t type, struct dg_fact *fact)
{
	const char *at = owner;

	for (unsigned i = 0; i <= CNAMES_MAX; i++) {
		const struct dg_zone *z = zone_of(f, at);
		if (!z) {
			ask_other(f, at, type, fact);
			return;
		}
		struct dg_rrset set;
		const char *from = source(f, z, at);
		const char *target =
			from && type != DG_TYPE_CNAME && has(z, from, DG_TYPE_CNAME, &set)
				? cname_target(f, &set)
				: NULL;
		fact->set = dg_rrset_none(at, type);
		if (target) {
			fact->alias = target;
			at = target;
			continue;
		}
		fact->negative_ttl = dg_zone_negative_ttl(z);
		fact->state = from ? DG_FACT_NODATA : DG_FACT_NXDOMAIN;
		if (from && has(z, from, type, &set)) {
			fact->state = DG_FACT_FOUND;
			fact->set = set;
			fact->set.owner = at;
		}
		return;
	}
	answer_unknown(fact, "its CNAMEs do not come to an end");
}

/* PENDING facts of the other are asked for again at the next run. */
static const struct dg_fact *on_dns(void *arg, const char *owner, uint16_t type)
{
	struct dg_zone_facts *f = arg;
	const char *key = dg_printf(f->arena, "%u %s", type, owner);
	struct dg_fact *fact = dg_map_get(&f->known, key);

	if (!fact) {
		fact = dg_new(f->arena, struct dg_fact);
		(void)dg_map_put(&f->known, key, fact);
	}
	if (fact->state == DG_FACT_PENDING) {
		const char *name = strchr(key, ' ') + 1;
		*fact = (struct dg_fact){.set = dg_rrset_none(name, type)};
		answer(f, name, type, fact);
	}
	return fact;
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
