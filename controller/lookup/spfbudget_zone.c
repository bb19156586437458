#include "controller/lookup/spfbudget_zone.h"

#include <assert.h>
#include <string.h>

#include "zones/base/arena.h"
#include "zones/base/err.h"
#include "zones/record/name.h"
#include "zones/record/zone.h"

#define CNAMES_MAX 8u

static const struct dg_rrset *in_overlay(
	const struct dg_spf_budget *b, const char *owner, uint16_t type)
{
	for (size_t i = 0; i < b->n_overlay; i++) {
		if (b->overlay[i].type == type && strcmp(b->overlay[i].owner, owner) == 0) {
			return &b->overlay[i];
		}
	}
	return NULL;
}

static int get(
	const struct dg_spf_budget *b, const char *owner, uint16_t type, struct dg_rrset *ret_set)
{
	const struct dg_rrset *over = in_overlay(b, owner, type);

	if (over) {
		*ret_set = *over;
		return 0;
	}
	return b->have ? dg_zone_get(b->have, owner, type, ret_set) : 1;
}

/* Does the name exist after the plan, itself or because of a name under it (RFC 8020)? */
static bool is_there(const struct dg_spf_budget *b, const char *owner)
{
	for (size_t i = 0; i < b->n_overlay; i++) {
		if (b->overlay[i].n > 0 && dg_name_is_at_or_under(b->overlay[i].owner, owner)) {
			return true;
		}
	}
	for (size_t i = dg_zone_lower_bound(b->have, owner);
		i < b->have->n && dg_name_is_at_or_under(b->have->sets[i].owner, owner); i++) {
		if (b->have->sets[i].n > 0) {
			return true;
		}
	}
	return false;
}

/* Is the name at or under a zone cut below the apex? */
static bool is_delegated(const struct dg_zone *have, const char *owner)
{
	struct dg_rrset set;

	for (const char *at = owner; strcmp(at, have->apex) != 0; at = dg_name_parent(at)) {
		if ((dg_zone_get(have, at, DG_TYPE_NS, &set) == 0 && set.n > 0) ||
			(at != owner && dg_zone_get(have, at, DG_TYPE_DNAME, &set) == 0 &&
				set.n > 0)) {
			return true;
		}
	}
	return false;
}

/* The name whose records answer for owner: itself, or the wildcard of its closest encloser. NULL: none. */
static const char *source(const struct dg_spf_budget *b, const char *owner)
{
	const char *wild = NULL;
	struct dg_err err;

	if (is_there(b, owner)) {
		return owner;
	}
	for (const char *at = dg_name_parent(owner); dg_name_is_at_or_under(at, b->have->apex);
		at = dg_name_parent(at)) {
		if (is_there(b, at) || strcmp(at, b->have->apex) == 0) {
			bool has_wild = dg_name_join(b->arena, "*", at, &wild, &err) == 0 &&
					is_there(b, wild);
			return has_wild ? wild : NULL;
		}
	}
	return NULL;
}

static bool has_cname(const struct dg_spf_budget *b, const char *owner, const char **ret_target)
{
	struct dg_rrset cname;
	size_t len;

	return get(b, owner, DG_TYPE_CNAME, &cname) == 0 && cname.n == 1 &&
	       cname.rdata[0].len > 0 &&
	       dg_name_from_wire(
		       b->arena, cname.rdata[0].wire, cname.rdata[0].len, ret_target, &len) == 0;
}

/* One step: 0 answer, 1 not told, 2 *ret_target is where a CNAME leads. */
static int step(const struct dg_spf_budget *b, const char *owner, uint16_t type,
	struct dg_rrset *ret_set, const char **ret_target)
{
	const struct dg_rrset *over = in_overlay(b, owner, type);

	if (over) {
		*ret_set = *over;
		return 0;
	}
	if (!b->have || !dg_name_is_at_or_under(owner, b->have->apex) ||
		is_delegated(b->have, owner)) {
		return 1;
	}
	if (!b->have->is_complete) {
		/* "None" may hide a CNAME that was not asked for. */
		return dg_zone_get(b->have, owner, type, ret_set) == 0 && ret_set->n > 0 ? 0 : 1;
	}
	const char *from = source(b, owner);
	if (!from) {
		*ret_set = dg_rrset_none(owner, type);
		return 0;
	}
	return has_cname(b, from, ret_target) ? 2 : get(b, from, type, ret_set);
}

int dg_spf_zone_get(
	const struct dg_spf_budget *b, const char **name, uint16_t type, struct dg_rrset *ret_set)
{
	const char *target = NULL;

	for (unsigned i = 0; i < CNAMES_MAX; i++) {
		int r = step(b, *name, type, ret_set, &target);
		if (r != 2) {
			return r;
		}
		assert(target);
		*name = target;
	}
	*ret_set = dg_rrset_none(*name, type);
	return 0;
}
