/* Rails: shares of what is managed that one plan may change or delete. */
#include "zones/plan/build.h"

#include "zones/base/err.h"
#include "zones/policy/policy.h"
#include "zones/record/name.h"

#include <string.h>

/* A TXT record of ours beside those of others takes nothing away. */
static bool is_addition(const struct dg_change *c)
{
	if (c->action == DG_ACTION_CREATE) {
		return true;
	}
	if (c->action != DG_ACTION_CHANGE || c->after.type != DG_TYPE_TXT ||
		c->before.ttl != c->after.ttl) {
		return false;
	}
	for (size_t i = 0; i < c->before.n; i++) {
		if (!dg_rrset_has(&c->after, &c->before.rdata[i])) {
			return false;
		}
	}
	return true;
}

/* The name, or what stands at underscored names of it: _dmarc, s1._domainkey. */
static bool is_of_name(const char *owner, const char *name)
{
	const char *at = owner;

	if (strcmp(owner, name) == 0) {
		return true;
	}
	while (strcmp(at, ".") != 0 && strcmp(dg_name_parent(at), name) != 0) {
		at = dg_name_parent(at);
	}
	return at[0] == '_';
}

static bool is_of_split(const char *owner, const struct dg_mail_spec *m)
{
	bool is_it = m && is_of_name(owner, m->name);

	for (size_t i = 0; !is_it && m && m->split && i < dg_split_n_labels(m->split); i++) {
		is_it = is_of_name(owner, dg_split_label(m->split, i));
	}
	return is_it;
}

static void count(
	struct dg_rail_counts *c, const struct dg_plan *plan, const struct dg_mail_spec *staged)
{
	c->n_zones++;
	for (size_t i = 0; i < plan->n_same; i++) {
		c->n_managed += plan->wanted[i].n > 0 ? 1 : 0;
	}
	for (size_t i = 0; i < plan->n; i++) {
		const struct dg_change *ch = &plan->changes[i];

		if (is_addition(ch)) {
			continue;
		}
		c->n_managed++;
		/* What is in conflict will not be done. */
		c->n_changed += ch->action != DG_ACTION_TTL && ch->conflict == DG_CONFLICT_NONE &&
						!is_of_split(ch->after.owner, staged)
					? 1
					: 0;
	}
}

void dg_rail_add(struct dg_rail_counts *c, const struct dg_plan *plan)
{
	count(c, plan, NULL);
}

static bool is_over(const struct dg_rail_counts *c)
{
	return c->n_changed * 100 > c->n_managed * DG_RAIL_SHARE;
}

int dg_rail_zone(const struct dg_plan *plan, const struct dg_mail_spec *staged, struct dg_err *err)
{
	struct dg_rail_counts c = {0};

	count(&c, plan, staged);
	if (c.n_managed < DG_RAIL_MIN_RRSETS || !is_over(&c)) {
		return 0;
	}
	return dg_fail(err, DG_EPOLICY,
		"the plan for %s changes or deletes %zu of the %zu RRsets that dnsguard manages "
		"there, more than %u %% (at most %zu): when each of them is meant, run again with "
		"--force",
		plan->zone, c.n_changed, c.n_managed, DG_RAIL_SHARE,
		c.n_managed * DG_RAIL_SHARE / 100);
}

int dg_rail_fleet(const struct dg_rail_counts *c, struct dg_err *err)
{
	if (c->n_zones < DG_RAIL_MIN_ZONES || !is_over(c)) {
		return 0;
	}
	return dg_fail(err, DG_EPOLICY,
		"this run changes or deletes %zu of the %zu RRsets that dnsguard manages in %zu "
		"zones, more than %u %% (at most %zu): when that is meant, run again with --force",
		c->n_changed, c->n_managed, c->n_zones, DG_RAIL_SHARE,
		c->n_managed * DG_RAIL_SHARE / 100);
}
