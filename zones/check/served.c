#include "zones/check/served.h"

#include "zones/record/view.h"
#include "zones/record/zone.h"

static bool is_asked(const struct dg_view *v)
{
	return v->state == DG_VIEW_OK && !v->is_resolver;
}

long check_served_ttl(const struct dg_check *c, const char *owner, uint16_t type)
{
	long ttl = SERVED_NOWHERE;

	for (size_t i = 0; i < c->n_servers; i++) {
		struct dg_rrset set;

		if (is_asked(&c->servers[i]) &&
			dg_zone_get(c->servers[i].says, owner, type, &set) == 0 && set.n > 0 &&
			(long)set.ttl > ttl) {
			ttl = (long)set.ttl;
		}
	}
	return ttl;
}

/* All that x says, y says too. */
static bool is_in(const struct dg_zone *x, const struct dg_zone *y)
{
	for (size_t i = 0; i < x->n; i++) {
		const struct dg_rrset *set = &x->sets[i];
		struct dg_rrset other;

		if (set->type == DG_TYPE_SOA) {
			continue;
		}
		if (dg_zone_get(y, set->owner, set->type, &other) != 0 || set->n != other.n ||
			(set->n > 0 && !dg_rrset_same_meaning(set, &other))) {
			return false;
		}
	}
	return true;
}

static bool is_first(const struct dg_check *c, size_t server)
{
	for (size_t i = 0; i < server; i++) {
		const struct dg_view *v = &c->servers[i];

		if (is_asked(v) && is_in(v->says, c->servers[server].says) &&
			is_in(c->servers[server].says, v->says)) {
			return false;
		}
	}
	return true;
}

int check_served_group(const struct dg_check *c, size_t server)
{
	const struct dg_view *v = &c->servers[server];
	int n = 0;

	for (size_t i = 0; is_asked(v) && i < c->n_servers; i++) {
		const struct dg_view *other = &c->servers[i];

		if (!is_asked(other) || !is_first(c, i)) {
			continue;
		}
		if (is_in(v->says, other->says) && is_in(other->says, v->says)) {
			return n;
		}
		n++;
	}
	return SERVED_NOWHERE;
}
