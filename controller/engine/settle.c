#include "controller/engine/settle.h"

#include "providers/net/dns.h"
#include "zones/record/zone.h"

enum side {
	SIDE_BEFORE = 1,
	SIDE_AFTER = 2,
};

/* Which sides the RRset that stands there agrees with; 0: neither, -1: not read. */
static int sides_of(const struct dg_swap *w, const struct dg_zone *have)
{
	struct dg_rrset now;

	if (dg_zone_get(have, w->before.owner, w->before.type, &now) != 0) {
		return -1;
	}
	return (dg_rrset_same(&now, &w->before) ? SIDE_BEFORE : 0) |
	       (dg_rrset_same(&now, &w->after) ? SIDE_AFTER : 0);
}

enum dg_settled dg_settle(const struct dg_swap *swaps, size_t n, size_t marker_at,
	const struct dg_zone *have, size_t *ret_odd)
{
	int common = SIDE_BEFORE | SIDE_AFTER;
	int marker = 0;
	size_t odd = n;

	for (size_t i = 0; i < n; i++) {
		int s = sides_of(&swaps[i], have);

		if (s < 0) {
			*ret_odd = i;
			return DG_SETTLED_UNREAD;
		}
		if (i == marker_at) {
			marker = s;
		}
		if ((common & s) == 0 && odd == n) {
			odd = i;
		}
		common &= s;
	}
	*ret_odd = odd;
	if (common & SIDE_AFTER) {
		return DG_SETTLED_APPLIED;
	}
	if (common & SIDE_BEFORE) {
		return DG_SETTLED_NOT;
	}
	return marker_at < n && marker == SIDE_AFTER ? DG_SETTLED_MIXED : DG_SETTLED_OTHER;
}
