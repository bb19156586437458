/* What both kinds of plans share: what may be planned, the order of publication, the digest. */
#include "zones/plan/build.h"

#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/base/err.h"
#include "zones/mail/mx.h"
#include "zones/record/name.h"
#include "zones/record/zone.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define IMAGE_MAX (256u << 20) /* bytes of all images of one plan */

void dg_plan_start(struct dg_plan_builder *pb, struct dg_arena *a, const struct dg_zone *have,
	const char *zone, size_t n_max)
{
	*pb = (struct dg_plan_builder){.arena = a, .have = have, .plan = dg_new(a, struct dg_plan)};
	pb->plan->zone = zone;
	pb->plan->from = have->from;
	pb->plan->wanted = dg_newn(a, struct dg_rrset, n_max);
	pb->plan->changes = dg_newn(a, struct dg_change, n_max);
}

int dg_plan_may_hold(const char *zone, const char *owner, uint16_t type, const struct dg_pos *pos,
	struct dg_err *err)
{
	char text[16];

	if (!dg_type_is_ours(type)) {
		return dg_fail_at(err, pos, DG_EPOLICY,
			"%s of %.*s: dnsguard writes MX and TXT only, never NS, SOA, DNSSEC or "
			"address records",
			dg_type_text(type, text), (int)strlen(owner) - 1, owner);
	}
	if (!dg_name_is_at_or_under(owner, zone)) {
		return dg_fail_at(err, pos, DG_EPOLICY, "%.*s is not in the zone %.*s",
			(int)strlen(owner) - 1, owner, (int)strlen(zone) - 1, zone);
	}
	return 0;
}

void dg_plan_keep(struct dg_plan_builder *pb, const struct dg_rrset *served)
{
	pb->plan->wanted[pb->plan->n_same++] = *served;
	pb->plan->n_managed++;
}

static enum dg_action action_of(const struct dg_change *c)
{
	if (c->before.n == 0) {
		return DG_ACTION_CREATE;
	}
	if (c->after.n == 0) {
		return DG_ACTION_DELETE;
	}
	return dg_rrset_same_data(&c->before, &c->after) ? DG_ACTION_TTL : DG_ACTION_CHANGE;
}

int dg_plan_add(struct dg_plan_builder *pb, const struct dg_change *c, struct dg_err *err)
{
	struct dg_change *mine = &pb->plan->changes[pb->plan->n];

	assert(dg_type_is_ours(c->after.type)); /* dg_plan_may_hold() came first */
	if (c->after.type == DG_TYPE_MX && dg_mx_state(&c->after) == DG_MX_BROKEN) {
		return dg_fail_at(err, &c->pos, DG_EPOLICY,
			"MX of %s would hold the root beside another host or with a preference "
			"above 0: a null MX is exactly \"0 .\", alone (RFC 7505 section 3)",
			dg_name_plain(pb->arena, c->after.owner));
	}
	*mine = *c;
	mine->action = action_of(c);
	dg_change_weigh(pb->arena, pb->have, mine);
	pb->plan->n_conflicts += c->conflict != DG_CONFLICT_NONE ? 1 : 0;
	pb->plan->n++;
	pb->plan->n_managed++;
	return 0;
}

/* Within a phase: what names senders and policies before what routes mail, what opens a way before what closes one,
 * removals last. Where the provider is not atomic, a plan cut short leaves more mail ways open, never fewer. */
static unsigned rank_of(const struct dg_change *c)
{
	if (c->action == DG_ACTION_DELETE) {
		return c->after.type == DG_TYPE_MX ? 5 : 4;
	}
	if (c->after.type != DG_TYPE_MX) {
		return 0;
	}
	if (dg_mx_state(&c->after) != DG_MX_NULL) {
		return 1;
	}
	return c->is_mail_mx ? 3 : 2;
}

static int cmp_unsigned(size_t x, size_t y)
{
	return (x > y) - (x < y);
}

static int cmp_change(const void *x, const void *y)
{
	const struct dg_change *a = x;
	const struct dg_change *b = y;
	int d = cmp_unsigned(a->phase, b->phase);

	d = d != 0 ? d : cmp_unsigned(rank_of(a), rank_of(b));
	/* Subdomains before the names above them: the new way stands before the old one closes. */
	d = d != 0 ? d
		   : cmp_unsigned(
			     dg_name_n_labels(b->after.owner), dg_name_n_labels(a->after.owner));
	d = d != 0 ? d : dg_name_cmp(a->after.owner, b->after.owner);
	return d != 0 ? d : cmp_unsigned(a->after.type, b->after.type);
}

/* What changes after what stays, what is in conflict at the end. */
static void list_wanted(struct dg_plan *plan)
{
	size_t n_held = 0;

	plan->n_wanted = plan->n_managed - plan->n_conflicts;
	for (size_t i = 0; i < plan->n; i++) {
		bool is_held = plan->changes[i].conflict != DG_CONFLICT_NONE;
		size_t at = is_held ? plan->n_wanted + n_held : plan->n_same + i - n_held;

		plan->wanted[at] = plan->changes[i].after;
		n_held += is_held ? 1 : 0;
	}
}

static void put_image(struct dg_buf *all, struct dg_buf *one, const struct dg_rrset *set)
{
	dg_buf_clear(one);
	dg_rrset_encode(one, set);
	const uint8_t len[4] = {(uint8_t)(one->len >> 24), (uint8_t)(one->len >> 16),
		(uint8_t)(one->len >> 8), (uint8_t)one->len};
	dg_buf_put(all, len, sizeof(len));
	dg_buf_put(all, one->data, one->len);
	all->is_full = all->is_full || one->is_full;
}

int dg_plan_finish(struct dg_plan_builder *pb, struct dg_err *err)
{
	struct dg_plan *plan = pb->plan;
	struct dg_buf all;
	struct dg_buf one;

	if (plan->n > 1) {
		qsort(plan->changes, plan->n, sizeof(plan->changes[0]), cmp_change);
	}
	dg_buf_init(&all, IMAGE_MAX);
	dg_buf_init(&one, IMAGE_MAX);
	list_wanted(plan);
	dg_buf_put(&all, plan->zone, strlen(plan->zone) + 1);
	for (size_t i = 0; i < plan->n; i++) {
		const struct dg_change *c = &plan->changes[i];

		put_image(&all, &one, &c->before);
		put_image(&all, &one, &c->after);
	}
	dg_digest(all.data, all.len, plan->digest);
	bool is_full = all.is_full;
	dg_buf_done(&all);
	dg_buf_done(&one);
	return is_full ? dg_fail(err, DG_ELIMIT,
				 "the plan for %.*s holds more than %u bytes of records",
				 (int)strlen(plan->zone) - 1, plan->zone, IMAGE_MAX)
		       : 0;
}

bool dg_plan_is(const struct dg_plan *plan, const char *text)
{
	char hex[DG_DIGEST_TEXT_MAX];
	size_t len = strlen(text);

	(void)dg_digest_text(plan->digest, DG_DIGEST_LEN, hex);
	return len >= DG_PLAN_ID_MIN && len <= strlen(hex) && strncasecmp(hex, text, len) == 0;
}

const char *dg_action_text(enum dg_action action)
{
	switch (action) {
	case DG_ACTION_CREATE:
		return "create";
	case DG_ACTION_CHANGE:
		return "change";
	case DG_ACTION_TTL:
		return "ttl";
	case DG_ACTION_DELETE:
		return "delete";
	}
	return "?";
}

const char *dg_conflict_code(enum dg_conflict conflict)
{
	switch (conflict) {
	case DG_CONFLICT_NONE:
		return "none";
	case DG_CONFLICT_FOREIGN:
		return "foreign";
	case DG_CONFLICT_EDITED:
		return "edited";
	case DG_CONFLICT_DELETED:
		return "deleted";
	case DG_CONFLICT_CNAME:
		return "blocked";
	case DG_CONFLICT_UNKNOWN:
		return "unknown";
	}
	return "?";
}
