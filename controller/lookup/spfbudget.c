#include "controller/lookup/spfbudget.h"

#include <string.h>

#include "controller/lookup/inquiry.h"
#include "controller/lookup/spfbudget_zone.h"
#include "zones/base/arena.h"
#include "zones/base/map.h"
#include "zones/mail/spf.h"

#define RULE "RFC 7208 section 4.6.4"

struct budget {
	struct dg_spf_budget *b;
	struct dg_inquiry inquiry;
	struct dg_facts facts;
	struct dg_map known; /* "TYPE OWNER" to struct dg_fact: what the plan and the zone tell */
	bool is_lenient;     /* a name with one of A and AAAA counts as having both */
};

/* --- answers ---------------------------------------------------------------------------------- */
/* From the plan and the zone, or from the resolver (there perhaps for the name where a CNAME of the zone leads). */
static const struct dg_fact *look_up(struct budget *u, const char *owner, uint16_t type)
{
	const char *key = dg_printf(u->b->arena, "%u %s", type, owner);
	struct dg_fact *fact = dg_map_get(&u->known, key);
	const char *name = strchr(key, ' ') + 1;
	struct dg_rrset set;

	if (fact) {
		return fact;
	}
	if (dg_spf_zone_get(u->b, &name, type, &set) != 0) {
		return dg_fact(&u->inquiry.facts, name, type);
	}
	fact = dg_new(u->b->arena, struct dg_fact);
	*fact = (struct dg_fact){.state = set.n > 0 ? DG_FACT_FOUND : DG_FACT_NODATA, .set = set};
	(void)dg_map_put(&u->known, key, fact);
	return fact;
}

static const struct dg_fact *on_dns(void *arg, const char *owner, uint16_t type)
{
	static const struct dg_fact lent = {.state = DG_FACT_FOUND};
	struct budget *u = arg;
	const struct dg_fact *fact = look_up(u, owner, type);
	bool is_address = type == DG_TYPE_A || type == DG_TYPE_AAAA;

	if (u->is_lenient && is_address && dg_fact_is_none(fact)) {
		uint16_t other = type == DG_TYPE_A ? DG_TYPE_AAAA : DG_TYPE_A;
		return look_up(u, owner, other)->state == DG_FACT_FOUND ? &lent : fact;
	}
	return fact;
}

static void count(struct budget *u, struct dg_spf_tree *ret_tree)
{
	dg_spf_tree(u->b->arena, u->b->owner, u->b->record, &u->facts, ret_tree);
}

/* --- the finding ------------------------------------------------------------------------------ */
/* An IPv6 client meets a void at every host that has A alone, and the other way round. A client that is not listed anyway then
 * gets permerror in place of fail: fragile, but no reason not to publish. */
static void judge_voids(struct budget *u)
{
	struct dg_spf_budget *b = u->b;
	struct dg_spf_tree lenient;

	if (b->tree.n_voids <= DG_SPF_VOIDS_MAX) {
		return;
	}
	u->is_lenient = true;
	count(u, &lenient);
	if (lenient.n_voids > DG_SPF_VOIDS_MAX) {
		dg_lint(&b->lints, DG_LEVEL_ERROR, "spf-too-many-voids", RULE, 0,
			"%u look-ups of the record find nothing, allowed are %u: take the names "
			"that do not "
			"exist out of it",
			lenient.n_voids, DG_SPF_VOIDS_MAX);
		return;
	}
	dg_lint(&b->lints, DG_LEVEL_WARNING, "spf-voids-one-family", RULE, 0,
		"%u look-ups find nothing for clients of one address family (hosts with A or AAAA "
		"alone), "
		"allowed are %u: such a client gets permerror in place of fail",
		b->tree.n_voids, DG_SPF_VOIDS_MAX);
}

static void judge(struct budget *u)
{
	struct dg_spf_budget *b = u->b;
	const struct dg_spf_tree *c = &b->tree;

	dg_lints_init(&b->lints, b->arena);
	if (c->loop) {
		dg_lint(&b->lints, DG_LEVEL_ERROR, "spf-include-loop", "RFC 7208 section 5.2", 0,
			"%s includes itself: receivers give up with permerror", c->loop);
	}
	if (c->broken) {
		dg_lint(&b->lints, DG_LEVEL_ERROR, "spf-include-broken", "RFC 7208 section 5.2", 0,
			"%s has no SPF record that can be used (%s): receivers give up with "
			"permerror",
			c->broken, c->broken_why ? c->broken_why : "none");
	}
	if (c->n_lookups > DG_SPF_LOOKUPS_MAX) {
		dg_lint(&b->lints, DG_LEVEL_ERROR, "spf-too-many-lookups", RULE, 0,
			"the record costs %u look-ups, allowed are %u: receivers give up with "
			"permerror; put "
			"addresses (ip4:, ip6:) in place of includes that hold few",
			c->n_lookups, DG_SPF_LOOKUPS_MAX);
	}
	judge_voids(u);
	if (c->n_failed > 0 || c->n_pending > 0) {
		dg_lint(&b->lints, DG_LEVEL_WARNING, "spf-count-unsure", RULE, 0,
			"%u answers did not come (%s): the record costs at least %u look-ups",
			c->n_failed + c->n_pending, c->failed_why ? c->failed_why : "no time left",
			c->n_lookups);
	}
}

static void on_round(struct dg_inquiry *q)
{
	struct budget *u = q->arg;

	count(u, &u->b->tree);
}

static void on_done(struct dg_inquiry *q)
{
	struct budget *u = q->arg;
	struct dg_spf_budget *b = u->b;

	judge(u);
	b->internal = NULL;
	b->done(b);
}

void dg_spf_budget_start(struct dg_loop *l, struct dg_spf_budget *b)
{
	struct budget *u = dg_new(b->arena, struct budget);

	b->internal = u;
	b->tree = (struct dg_spf_tree){.nodes = NULL};
	u->b = b;
	u->facts = (struct dg_facts){.dns = on_dns, .arg = u};
	dg_map_init(&u->known, b->arena);
	u->inquiry = (struct dg_inquiry){
		.loop = l,
		.resolver = b->resolver,
		.arena = b->arena,
		.deadline_ms = b->deadline_ms,
		.n_questions_max = DG_SPF_BUDGET_QUERIES,
		.round = on_round,
		.done = on_done,
		.arg = u,
	};
	dg_inquiry_start(&u->inquiry);
}

void dg_spf_budget_cancel(struct dg_spf_budget *b)
{
	struct budget *u = b->internal;

	if (u) {
		dg_inquiry_cancel(&u->inquiry);
		b->internal = NULL;
	}
}
