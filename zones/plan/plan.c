/* The three-way compare: for every RRset that the policy names, what is served, what is wanted and what we applied
 * last become "as it should be", a change, or a conflict. Start at dg_plan_make(). */
#include "zones/plan/build.h"

#include "zones/base/arena.h"
#include "zones/base/err.h"
#include "zones/record/name.h"
#include "zones/record/zone.h"

#include <stdlib.h>
#include <string.h>

/* The items that share one RRset. */
struct claim {
	const struct dg_item *const *items;
	size_t n;
	const char *owner;
	uint16_t type;
	bool is_whole; /* no other's record can stand in it */
};

/* A served or remembered RRset, divided: what we claim of it, and what others keep there. */
struct shares {
	struct dg_rrset ours, others;
};

struct maker {
	struct dg_plan_builder build;
	const struct dg_plan_input *in;
	struct dg_err *err;
};

static bool is_claimed(const struct claim *c, const struct dg_rdata *rd)
{
	for (size_t i = 0; i < c->n; i++) {
		if (!c->items[i]->tag || dg_txt_has_tag(rd, c->items[i]->tag)) {
			return true;
		}
	}
	return false;
}

static struct shares divide(struct dg_arena *a, const struct claim *c, const struct dg_rrset *set)
{
	struct shares s = {.ours = *set, .others = *set};

	if (c->is_whole) {
		s.others.n = 0;
		return s;
	}
	struct dg_rdata *ours = dg_newn(a, struct dg_rdata, set->n);
	struct dg_rdata *others = dg_newn(a, struct dg_rdata, set->n);
	s.ours.n = s.others.n = 0;
	for (size_t i = 0; i < set->n; i++) {
		if (is_claimed(c, &set->rdata[i])) {
			ours[s.ours.n++] = set->rdata[i];
		} else {
			others[s.others.n++] = set->rdata[i];
		}
	}
	s.ours.rdata = ours;
	s.others.rdata = others;
	return s;
}

/* The record as it is served when it means the same: nobody gains from cutting a TXT record anew. */
static const struct dg_rdata *as_served(const struct dg_rrset *served, const struct dg_rdata *rd)
{
	const struct dg_rrset one = {
		.owner = served->owner, .type = served->type, .rdata = rd, .n = 1};

	for (size_t i = 0; i < served->n; i++) {
		const struct dg_rrset other = {.owner = served->owner,
			.type = served->type,
			.rdata = &served->rdata[i],
			.n = 1};

		if (dg_rrset_same_meaning(&one, &other)) {
			return &served->rdata[i];
		}
	}
	return rd;
}

/* The lowest that an item asks for; items that ask for none keep what is served. */
static uint32_t wanted_ttl(const struct claim *c, const struct shares *have)
{
	uint32_t ttl = 0;

	for (size_t i = 0; i < c->n; i++) {
		uint32_t asked = c->items[i]->ttl;

		ttl = asked > 0 && (ttl == 0 || asked < ttl) ? asked : ttl;
	}
	if (ttl > 0) {
		return ttl;
	}
	return have->ours.n > 0 ? have->ours.ttl : DG_TTL_NEW;
}

static bool asks_ttl(const struct claim *c)
{
	for (size_t i = 0; i < c->n; i++) {
		if (c->items[i]->ttl > 0) {
			return true;
		}
	}
	return false;
}

static struct dg_rrset goal_of(struct dg_arena *a, const struct claim *c, const struct shares *have)
{
	size_t n = have->others.n;
	size_t max = n;

	for (size_t i = 0; i < c->n; i++) {
		max += c->items[i]->n;
	}
	if (max == 0) {
		return dg_rrset_none(c->owner, c->type);
	}
	struct dg_rdata *rdata = dg_newn(a, struct dg_rdata, max);
	for (size_t i = 0; i < n; i++) {
		rdata[i] = have->others.rdata[i];
	}
	for (size_t i = 0; i < c->n; i++) {
		for (size_t k = 0; k < c->items[i]->n; k++) {
			rdata[n++] = *as_served(&have->ours, &c->items[i]->rdata[k]);
		}
	}
	/* An RRset has one TTL (RFC 2181 section 5.2): where others share it, it is theirs. */
	return dg_rrset_make(c->owner, c->type,
		have->others.n > 0 ? have->others.ttl : wanted_ttl(c, have), rdata, n);
}

static bool is_satisfied(const struct dg_item *it, const struct dg_rrset *ours)
{
	size_t n_claimed = 0;

	for (size_t i = 0; i < ours->n; i++) {
		n_claimed += !it->tag || dg_txt_has_tag(&ours->rdata[i], it->tag) ? 1 : 0;
	}
	if (n_claimed != it->n) {
		return false;
	}
	for (size_t i = 0; i < it->n; i++) {
		if (!dg_rrset_has(ours, as_served(ours, &it->rdata[i]))) {
			return false;
		}
	}
	return true;
}

/* The reasons of the items that are not yet as they should be; of the first one when it is about the TTL alone. */
static void explain(
	struct dg_arena *a, const struct claim *c, const struct shares *have, struct dg_change *ch)
{
	const char *why = NULL;

	for (size_t i = 0; i < c->n; i++) {
		const struct dg_item *it = c->items[i];

		if (is_satisfied(it, &have->ours)) {
			continue;
		}
		if (!why) {
			why = it->why;
			ch->rule = it->rule;
			ch->pos = it->pos;
		} else if (it->why && strcmp(why, it->why) != 0) {
			why = dg_printf(a, "%s; %s", why, it->why);
		}
	}
	if (!why && dg_rrset_same_data(&ch->before, &ch->after)) {
		why = dg_printf(a, "the policy wants a TTL of %u, %u is served", ch->after.ttl,
			ch->before.ttl);
	}
	if (asks_ttl(c) && have->others.n > 0 && have->others.ttl != wanted_ttl(c, have)) {
		why = dg_printf(a,
			"%s; the TTL stays %u, not %u: records that are not ours share it",
			why ? why : "as the policy says", have->others.ttl, wanted_ttl(c, have));
	}
	ch->why = why ? why : "as the policy says";
}

/* Was what stands in our share put there by us? */
static int compare_last(
	struct maker *m, const struct claim *c, const struct shares *have, struct dg_change *ch)
{
	struct dg_rrset last = dg_rrset_none(c->owner, c->type);
	int rc = m->in->last ? m->in->last(m->in->last_arg, c->owner, c->type, &last) : 1;

	if (rc < 0) {
		return dg_fail(m->err, DG_EIO,
			"what was applied last at %s could not be read from the journal: nothing "
			"is planned without it",
			dg_name_plain(m->build.arena, c->owner));
	}
	if (rc > 0) {
		ch->conflict = have->ours.n > 0 ? DG_CONFLICT_FOREIGN : DG_CONFLICT_NONE;
		return 0;
	}
	struct shares was = divide(m->build.arena, c, &last);
	/* A TTL that stays as it is served (because others share it, say) cannot be an edit that gets lost. */
	bool is_ttl_same = have->ours.n == 0 || ch->after.ttl == ch->before.ttl ||
			   have->ours.ttl == was.ours.ttl;
	if (is_ttl_same && dg_rrset_same_data(&have->ours, &was.ours)) {
		return 0;
	}
	ch->conflict = have->ours.n > 0 ? DG_CONFLICT_EDITED : DG_CONFLICT_DELETED;
	ch->last = was.ours;
	return 0;
}

static const char *const adopted[] = {
	[DG_CONFLICT_FOREIGN] = "replaces what stood there before dnsguard (--adopt)",
	[DG_CONFLICT_EDITED] = "replaces an edit that was not dnsguard's (--adopt)",
	[DG_CONFLICT_DELETED] = "publishes again what somebody removed (--adopt)",
};

static int plan_change(
	struct maker *m, const struct claim *c, const struct shares *have, struct dg_change *ch)
{
	struct dg_arena *a = m->build.arena;
	const char *obstacle = dg_plan_obstacle(a, m->in->have, c->owner);

	explain(a, c, have, ch);
	if (obstacle) {
		ch->conflict = DG_CONFLICT_CNAME;
	} else {
		int rc = compare_last(m, c, have, ch);

		if (rc < 0) {
			return rc;
		}
		if (m->in->adopt && ch->conflict != DG_CONFLICT_NONE) {
			ch->why = dg_printf(a, "%s; %s", ch->why, adopted[ch->conflict]);
			ch->conflict = DG_CONFLICT_NONE;
			ch->last = (struct dg_rrset){0};
		}
	}
	ch->conflict_text = dg_conflict_words(a, ch, obstacle);
	return dg_plan_add(&m->build, ch, m->err);
}

static int plan_unknown(struct maker *m, const struct claim *c, struct dg_change *ch)
{
	struct shares none = {.ours = dg_rrset_none(c->owner, c->type),
		.others = dg_rrset_none(c->owner, c->type)};

	ch->before = none.ours;
	ch->after = goal_of(m->build.arena, c, &none);
	ch->conflict = DG_CONFLICT_UNKNOWN;
	ch->why = c->items[0]->why;
	ch->conflict_text = dg_conflict_words(m->build.arena, ch, NULL);
	return dg_plan_add(&m->build, ch, m->err);
}

static int plan_claim(struct maker *m, const struct claim *c)
{
	const struct dg_item *first = c->items[0];
	struct dg_change ch = {.phase = first->phase, .rule = first->rule, .pos = first->pos};
	struct dg_rrset served;

	for (size_t i = 0; i < c->n; i++) {
		/* What has to wait must not go out early with its neighbour. */
		ch.phase = c->items[i]->phase > ch.phase ? c->items[i]->phase : ch.phase;
		ch.is_mail_mx = ch.is_mail_mx || c->items[i]->is_mail_mx;
	}
	if (dg_zone_get(m->in->have, c->owner, c->type, &served) != 0) {
		return plan_unknown(m, c, &ch);
	}
	struct shares have = divide(m->build.arena, c, &served);
	ch.before = served;
	ch.after = goal_of(m->build.arena, c, &have);
	if (dg_rrset_same(&ch.before, &ch.after)) {
		dg_plan_keep(&m->build, &served);
		return 0;
	}
	return plan_change(m, c, &have, &ch);
}

static bool is_same_claim(const struct dg_item *x, const struct dg_item *y)
{
	return !x->tag || !y->tag || strcmp(x->tag, y->tag) == 0;
}

static bool is_same_data(const struct dg_item *x, const struct dg_item *y)
{
	if (x->n != y->n) {
		return false;
	}
	for (size_t i = 0; i < x->n; i++) {
		if (dg_rdata_cmp(&x->rdata[i], &y->rdata[i]) != 0) {
			return false;
		}
	}
	return true;
}

/* The items are for the same RRset; may they stand together? */
static int check_claim(struct maker *m, struct claim *c)
{
	const struct dg_item *const *it = c->items;
	char type[16];
	int rc = dg_plan_may_hold(m->in->want->zone, c->owner, c->type, &it[0]->pos, m->err);

	for (size_t i = 0; rc == 0 && i < c->n; i++) {
		c->is_whole = c->is_whole || !it[i]->tag || c->type != DG_TYPE_TXT;
		for (size_t k = 0; k < i; k++) {
			bool is_same = c->type != DG_TYPE_TXT || is_same_claim(it[i], it[k]);

			if (is_same && !is_same_data(it[i], it[k])) {
				return dg_fail_at(m->err, &it[i]->pos, DG_EPOLICY,
					"%s of %s is wanted in two ways: \"%s\" and \"%s\"; "
					"declare it once",
					dg_type_text(c->type, type),
					dg_name_plain(m->build.arena, c->owner),
					it[k]->why ? it[k]->why : "-",
					it[i]->why ? it[i]->why : "-");
			}
		}
	}
	return rc;
}

static int cmp_place(const void *x, const void *y)
{
	const struct dg_item *a = *(const struct dg_item *const *)x;
	const struct dg_item *b = *(const struct dg_item *const *)y;
	int d = strcmp(a->owner, b->owner);

	if (d != 0) {
		return d;
	}
	if (a->type != b->type) {
		return a->type < b->type ? -1 : 1;
	}
	return (a > b) - (a < b); /* one array: the order of the policy */
}

int dg_plan_make(struct dg_arena *a, const struct dg_plan_input *in, struct dg_plan **ret_plan,
	struct dg_err *err)
{
	const struct dg_want *want = in->want;
	struct maker m = {.in = in, .err = err};
	const struct dg_item **items = dg_newn(a, const struct dg_item *, want->n);

	dg_plan_start(&m.build, a, in->have, want->zone, want->n);
	m.build.plan->notes = want->notes;
	m.build.plan->n_notes = want->n_notes;
	for (size_t i = 0; i < want->n; i++) {
		items[i] = &want->items[i];
	}
	qsort(items, want->n, sizeof(struct dg_item *), cmp_place);
	for (size_t i = 0, n = 0; i < want->n; i += n) {
		struct claim c = {
			.items = items + i, .owner = items[i]->owner, .type = items[i]->type};

		for (n = 1; i + n < want->n && items[i + n]->type == c.type &&
			    strcmp(items[i + n]->owner, c.owner) == 0;) {
			n++;
		}
		c.n = n;
		int rc = check_claim(&m, &c);
		rc = rc == 0 ? plan_claim(&m, &c) : rc;
		if (rc < 0) {
			return rc;
		}
	}
	int rc = dg_plan_finish(&m.build, err);
	if (rc == 0) {
		*ret_plan = m.build.plan;
	}
	return rc;
}
