#include "controller/lookup/spfbudget.h"

#include <string.h>

#include "controller/lookup/resolver.h"
#include "controller/lookup/spfbudget_zone.h"
#include "providers/net/loop.h"
#include "zones/base/arena.h"
#include "zones/base/map.h"

#define RULE "RFC 7208 section 4.6.4"

/* What is known of one owner and type. */
struct known {
	struct budget *budget;
	enum dg_spf_answer answer;
	const char *record; /* TXT: the SPF record, NULL: none */
	size_t n_records;
	struct dg_resolve question;
	struct known *next; /* among those that the resolver is asked now */
	const char *why;
};

struct budget {
	struct dg_spf_budget *b;
	struct dg_loop *loop;
	struct dg_map known; /* "TYPE OWNER" to struct known */
	struct known *to_ask, *asked;
	size_t n_open;
	size_t n_queries;
	unsigned n_rounds;
	int64_t due_ms;
	struct dg_timer *timer;
	const char *first_why; /* of an answer that did not come */
	bool is_lenient;       /* a name with one of A and AAAA counts as having both */
};

static void round_begin(void *arg);

/* --- answers ---------------------------------------------------------------------------------- */
static void take_set(struct known *k, const struct dg_rrset *set)
{
	struct dg_arena *a = k->budget->b->arena;

	k->answer = set->n > 0 ? DG_SPF_FOUND : DG_SPF_VOID;
	for (size_t i = 0; set->type == DG_TYPE_TXT && i < set->n; i++) {
		const char *text = dg_txt_join(a, &set->rdata[i]);
		if (dg_spf_is_record(text, dg_txt_len(&set->rdata[i]))) {
			k->record = k->record ? k->record : text;
			k->n_records++;
		}
	}
}

static void on_answer(struct dg_resolve *q)
{
	struct known *k = q->arg;
	struct budget *u = k->budget;

	switch (q->result) {
	case DG_RESOLVED_FOUND:
		take_set(k, &q->set);
		break;
	case DG_RESOLVED_NODATA:
	case DG_RESOLVED_NXDOMAIN:
		k->answer = DG_SPF_VOID;
		break;
	case DG_RESOLVED_UNKNOWN:
		k->answer = DG_SPF_FAILED;
		if (!u->first_why) {
			u->first_why = dg_printf(u->b->arena, "%s: %s", q->name, q->why);
		}
		break;
	}
	if (--u->n_open == 0) {
		u->timer = dg_loop_after_ms(u->loop, 0, round_begin, u);
	}
}

static enum dg_spf_answer look_up(
	struct budget *u, struct known *k, const char *owner, uint16_t type)
{
	struct dg_rrset set;
	const char *name = owner;

	if (dg_spf_zone_get(u->b, &name, type, &set) == 0) {
		take_set(k, &set);
		return k->answer;
	}
	if (!u->b->resolver || u->n_queries >= DG_SPF_BUDGET_QUERIES) {
		k->answer = DG_SPF_FAILED;
		if (!u->first_why) {
			u->first_why = u->b->resolver ? "too many questions" : "no resolver to ask";
		}
		return k->answer;
	}
	u->n_queries++;
	k->answer = DG_SPF_PENDING;
	k->question = (struct dg_resolve){
		.name = dg_strdup(u->b->arena, name),
		.type = type,
		.arena = u->b->arena,
		.done = on_answer,
		.arg = k,
	};
	k->next = u->to_ask;
	u->to_ask = k;
	return k->answer;
}

static bool has_other_family(const struct budget *u, const char *owner, uint16_t type)
{
	uint16_t other = type == DG_TYPE_A ? DG_TYPE_AAAA : DG_TYPE_A;

	if (type != DG_TYPE_A && type != DG_TYPE_AAAA) {
		return false;
	}
	const struct known *k =
		dg_map_get(&u->known, dg_printf(u->b->arena, "%u %s", other, owner));
	return k && k->answer == DG_SPF_FOUND;
}

static enum dg_spf_answer on_ask(
	void *arg, const char *owner, uint16_t type, const char **ret_record, size_t *ret_n_records)
{
	struct budget *u = arg;
	const char *key = dg_printf(u->b->arena, "%u %s", type, owner);
	struct known *k = dg_map_get(&u->known, key);

	if (!k) {
		k = dg_new(u->b->arena, struct known);
		k->budget = u;
		(void)dg_map_put(&u->known, key, k);
		(void)look_up(u, k, owner, type);
	}
	if (type == DG_TYPE_TXT && ret_record && ret_n_records) {
		*ret_record = k->record;
		*ret_n_records = k->n_records;
	}
	if (u->is_lenient && k->answer == DG_SPF_VOID && has_other_family(u, owner, type)) {
		return DG_SPF_FOUND;
	}
	return k->answer;
}

/* --- the finding ------------------------------------------------------------------------------ */
/* An IPv6 client meets a void at every host that has A alone, and the other way round. A client that is not listed anyway then
 * gets permerror in place of fail: fragile, but no reason not to publish. */
static void judge_voids(struct budget *u)
{
	struct dg_spf_budget *b = u->b;
	struct dg_spf_count lenient = {0};

	if (b->count.n_voids <= DG_SPF_VOIDS_MAX) {
		return;
	}
	u->is_lenient = true;
	dg_spf_count(b->arena, b->owner, b->record, on_ask, u, &lenient);
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
		b->count.n_voids, DG_SPF_VOIDS_MAX);
}

static void judge(struct budget *u)
{
	struct dg_spf_budget *b = u->b;
	const struct dg_spf_count *c = &b->count;

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
			c->n_failed + c->n_pending, u->first_why ? u->first_why : "no time left",
			c->n_lookups);
	}
}

static void forget(struct budget *u)
{
	u->timer = dg_timer_cancel(u->timer);
	for (struct known *k = u->asked; k; k = k->next) {
		dg_resolver_cancel(&k->question);
	}
	u->asked = NULL;
	u->b->internal = NULL;
}

static void finish(struct budget *u)
{
	struct dg_spf_budget *b = u->b;

	judge(u);
	forget(u);
	b->done(b);
}

/* Counts with what is known; what is not known yet is asked, and then counted again. */
static void round_begin(void *arg)
{
	struct budget *u = arg;
	struct dg_spf_budget *b = u->b;
	int64_t left_ms = u->due_ms - dg_loop_mono_ms(u->loop);

	u->timer = NULL;
	u->to_ask = NULL;
	dg_spf_count(b->arena, b->owner, b->record, on_ask, u, &b->count);
	if (!u->to_ask || left_ms <= 0 || ++u->n_rounds > DG_SPF_BUDGET_ROUNDS) {
		finish(u);
		return;
	}
	u->asked = u->to_ask;
	for (struct known *k = u->asked; k; k = k->next) {
		u->n_open++;
		k->question.deadline_ms = left_ms;
		dg_resolver_ask(b->resolver, &k->question);
	}
}

void dg_spf_budget_start(struct dg_loop *l, struct dg_spf_budget *b)
{
	struct budget *u = dg_new(b->arena, struct budget);

	b->internal = u;
	b->count = (struct dg_spf_count){0};
	u->b = b;
	u->loop = l;
	u->due_ms = dg_loop_mono_ms(l) + b->deadline_ms;
	dg_map_init(&u->known, b->arena);
	u->timer = dg_loop_after_ms(l, 0, round_begin, u);
}

void dg_spf_budget_cancel(struct dg_spf_budget *b)
{
	if (b->internal) {
		forget(b->internal);
	}
}
