/* Conflicts: what stands in the way of a change, and the words for it. */
#include "zones/plan/build.h"

#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/record/name.h"
#include "zones/record/zone.h"

#include <string.h>

#define TARGET_MAX 1100u /* bytes of a printed name */

static bool has_type(
	const struct dg_zone *z, const char *owner, uint16_t type, struct dg_rrset *ret_set)
{
	return dg_zone_get(z, owner, type, ret_set) == 0 && ret_set->n > 0;
}

static const char *target_of(struct dg_arena *a, const struct dg_rrset *set)
{
	struct dg_buf b;

	dg_buf_init(&b, TARGET_MAX);
	dg_rdata_print(&b, set->type, &set->rdata[0]);
	const char *text = dg_strdup(a, b.data);
	dg_buf_done(&b);
	return text;
}

const char *dg_plan_obstacle(struct dg_arena *a, const struct dg_zone *have, const char *owner)
{
	struct dg_rrset set;

	if (has_type(have, owner, DG_TYPE_CNAME, &set)) {
		return dg_printf(a,
			"%s is an alias (CNAME %s), and no other record can stand beside a CNAME "
			"(RFC 1034 section 3.6.2)",
			dg_name_plain(a, owner), target_of(a, &set));
	}
	for (const char *p = owner; strcmp(p, have->apex) != 0 && strcmp(p, ".") != 0;) {
		if (has_type(have, p, DG_TYPE_NS, &set)) {
			return dg_printf(a,
				"%s is delegated to other name servers (NS %s), and nobody asks "
				"this zone for what is below (RFC 1034 section 4.2)",
				dg_name_plain(a, p), target_of(a, &set));
		}
		p = dg_name_parent(p);
		if (has_type(have, p, DG_TYPE_DNAME, &set)) {
			return dg_printf(a,
				"all names below %s are redirected (DNAME %s), and no record can "
				"stand there (RFC 6672 section 2.4)",
				dg_name_plain(a, p), target_of(a, &set));
		}
	}
	return NULL;
}

static const char *words_edited(struct dg_arena *a, const struct dg_change *c)
{
	const char *what = "somebody changed it";

	if (dg_rrset_same_data(&c->before, &c->last) && c->before.ttl != c->last.ttl) {
		what = dg_printf(
			a, "somebody changed its TTL from %u to %u", c->last.ttl, c->before.ttl);
	} else if (c->last.n == 0) {
		what = "somebody added it";
	}
	return dg_printf(a,
		"what stands there is not what dnsguard applied last: %s; to keep it, write it "
		"into zone.yaml; to replace it, run again with --adopt",
		what);
}

const char *dg_conflict_words(struct dg_arena *a, const struct dg_change *c, const char *detail)
{
	char type[16];

	switch (c->conflict) {
	case DG_CONFLICT_NONE:
		return NULL;
	case DG_CONFLICT_FOREIGN:
		return "dnsguard never applied anything here and something else stands there; to "
		       "keep it, write it into zone.yaml; to replace it, run again with --adopt";
	case DG_CONFLICT_EDITED:
		return words_edited(a, c);
	case DG_CONFLICT_DELETED:
		return "dnsguard applied it and it is gone: somebody removed it; to leave it so, "
		       "take it out of zone.yaml; to publish it again, run again with --adopt";
	case DG_CONFLICT_CNAME:
		return dg_printf(a,
			"%s; remove that record, or take %s out of zone.yaml: --adopt does not "
			"settle this",
			detail, dg_name_plain(a, c->after.owner));
	case DG_CONFLICT_UNKNOWN:
		return dg_printf(a,
			"the %s of %s could not be read, so nothing is planned on it; see why it "
			"cannot be read, then plan again",
			dg_type_text(c->after.type, type), dg_name_plain(a, c->after.owner));
	}
	return NULL;
}
