#include "zones/incident/beside.h"
#include "zones/incident/owner.h"
#include "zones/incident/verdict_parts.h"

#define FEW_N 10u

static void because(
	struct dg_incident *i, enum dg_reason_code code, uint64_t n, uint64_t of, const char *text)
{
	if (n > 0 && i->n_reasons < DG_REASONS_MAX) {
		i->reasons[i->n_reasons++] =
			(struct dg_reason){.code = code, .n = n, .of = of, .text = text};
	}
}

static void but(
	struct dg_incident *i, enum dg_reason_code code, uint64_t n, uint64_t of, const char *text)
{
	if (n > 0 && i->n_doubts < DG_REASONS_MAX) {
		i->doubts[i->n_doubts++] =
			(struct dg_reason){.code = code, .n = n, .of = of, .text = text};
	}
}

static void decide(struct dg_incident *i, enum dg_decide d)
{
	for (size_t at = 0; at < i->n_decides; at++) {
		if (i->decides[at] == d) {
			return;
		}
	}
	if (i->n_decides < DG_DECIDES_MAX) {
		i->decides[i->n_decides++] = d;
	}
}

static const char *text_of(const struct dg_top *t)
{
	const struct dg_top_item *first = dg_first_of(t);

	return first ? first->text : NULL;
}

/* The one that most bounces of this class name. */
static const char *named_by(const struct dg_top *t, enum dg_class class)
{
	const struct dg_top_item *all[DG_TOP_ITEMS];
	const struct dg_top_item *best = NULL;
	size_t n = dg_top_order(t, false, all, DG_TOP_ITEMS);

	for (size_t i = 0; i < n; i++) {
		if (all[i]->n_class[class] > (best ? best->n_class[class] : 0)) {
			best = all[i];
		}
	}
	return best ? best->text : text_of(t);
}

/* --- for -------------------------------------------------------------------------------------- */
static void for_forged(const struct dg_judging *j, struct dg_incident *i)
{
	const struct dg_ledger *t = j->ledger;
	uint64_t foreign = t->n_rule[DG_RULE_HANDOFF_FOREIGN] + t->n_rule[DG_RULE_HANDOFF_STRANGER];
	uint64_t through = j->n[DG_INCIDENT_RELAY] + j->n[DG_INCIDENT_ACCOUNT] +
			   j->n[DG_INCIDENT_SCRIPT] + j->n[DG_INCIDENT_PROVIDER] +
			   j->n[DG_INCIDENT_THROUGH_OWN];

	because(i, DG_REASON_HANDOFFS, foreign, i->of, NULL);
	because(i, DG_REASON_NETWORKS, foreign > 0 ? dg_top_distinct(&t->origins) : 0, 0, NULL);
	because(i, DG_REASON_TOKENS_MISSING, t->n_rule[DG_RULE_TOKEN_MISSING], i->of, NULL);
	because(i, DG_REASON_NEVER, t->n_rule[DG_RULE_RECIPIENT_NEVER], i->of, NULL);
	because(i, DG_REASON_NEVER_SENDS, t->n_rule[DG_RULE_NEVER_SENDS], i->of, NULL);
	because(i, DG_REASON_CLAIMED, t->n_claims_our_name, i->of, NULL);
	because(i, DG_REASON_FORWARDED, t->n_rule[DG_RULE_FORWARDED], i->of, NULL);
	because(i, DG_REASON_NO_OWN_PATH, through == 0 && i->n > 0 ? 1 : 0, 0, NULL);
}

static void for_own_path(const struct dg_judging *j, struct dg_incident *i)
{
	const struct dg_ledger *t = j->ledger;

	switch (i->kind) {
	case DG_INCIDENT_RELAY:
		i->who = named_by(&t->hosts, DG_CLASS_RELAY);
		because(i, DG_REASON_THROUGH, i->n, i->of, i->who);
		because(i, DG_REASON_STRANGERS, t->n_rule[DG_RULE_OPEN_RELAY], i->n, NULL);
		because(i, DG_REASON_CLIENTS, dg_about(&t->clients_of[DG_CLASS_RELAY]), 0, NULL);
		break;
	case DG_INCIDENT_ACCOUNT:
		i->who = named_by(&t->users, DG_CLASS_ACCOUNT);
		because(i, DG_REASON_THROUGH, i->n, i->of, named_by(&t->hosts, DG_CLASS_ACCOUNT));
		because(i, DG_REASON_LOGIN, t->n_rule[DG_RULE_LOGIN], i->n, i->who);
		because(i, DG_REASON_CLIENTS, dg_about(&t->clients_of[DG_CLASS_ACCOUNT]), 0, NULL);
		break;
	case DG_INCIDENT_SCRIPT:
		i->who = named_by(&t->scripts, DG_CLASS_SCRIPT);
		because(i, DG_REASON_THROUGH, i->n, i->of, named_by(&t->hosts, DG_CLASS_SCRIPT));
		because(i, DG_REASON_SCRIPT, t->n_rule[DG_RULE_SCRIPT], i->n, i->who);
		break;
	case DG_INCIDENT_PROVIDER:
		i->who = named_by(&t->providers, DG_CLASS_PROVIDER);
		because(i, DG_REASON_PROVIDER, i->n, i->of, i->who);
		break;
	case DG_INCIDENT_THROUGH_OWN:
		i->who = named_by(&t->hosts, DG_CLASS_PASSED);
		because(i, DG_REASON_THROUGH, i->n, i->of, i->who);
		break;
	case DG_INCIDENT_OWN:
		because(i, DG_REASON_TOKENS_VALID, t->n_rule[DG_RULE_TOKEN_VALID], i->of, NULL);
		because(i, DG_REASON_SENT, t->n_rule[DG_RULE_SENT], i->of, NULL);
		because(i, DG_REASON_USUAL,
			t->n_rule[DG_RULE_LOGIN_USUAL] + t->n_rule[DG_RULE_INSIDE], i->of, NULL);
		break;
	case DG_INCIDENT_UNDECIDED:
	case DG_INCIDENT_FORGED:
	case DG_INCIDENT_LIST_LEAK:
	case DG_INCIDENT_KINDS:
		break;
	}
}

static bool is_own_path(enum dg_incident_kind k)
{
	return k == DG_INCIDENT_RELAY || k == DG_INCIDENT_ACCOUNT || k == DG_INCIDENT_SCRIPT ||
	       k == DG_INCIDENT_PROVIDER || k == DG_INCIDENT_THROUGH_OWN;
}

static uint64_t signed_of(const struct dg_ledger *t, enum dg_incident_kind k)
{
	switch (k) {
	case DG_INCIDENT_RELAY:
		return t->n_signed_class[DG_CLASS_RELAY];
	case DG_INCIDENT_ACCOUNT:
		return t->n_signed_class[DG_CLASS_ACCOUNT];
	case DG_INCIDENT_SCRIPT:
		return t->n_signed_class[DG_CLASS_SCRIPT];
	case DG_INCIDENT_PROVIDER:
		return t->n_signed_class[DG_CLASS_PROVIDER];
	case DG_INCIDENT_THROUGH_OWN:
		return t->n_signed_class[DG_CLASS_PASSED];
	case DG_INCIDENT_OWN:
		return t->n_signed_class[DG_CLASS_OWN];
	case DG_INCIDENT_UNDECIDED:
	case DG_INCIDENT_FORGED:
	case DG_INCIDENT_LIST_LEAK:
	case DG_INCIDENT_KINDS:
		break;
	}
	return 0;
}

static void for_beside(const struct dg_judging *j, struct dg_incident *i)
{
	const struct dg_beside *b = j->beside;

	if (i->kind == DG_INCIDENT_FORGED) {
		because(i, DG_REASON_ROWS_FORGED, b->n_rows_forged, b->n_rows_reporters, NULL);
	}
	if (is_own_path(i->kind)) {
		because(i, DG_REASON_NOTICES, b->n_notices, 0, NULL);
		because(i, DG_REASON_NO_BOUNCES,
			b->n_notices > 0 && j->ledger->n_messages == 0 ? 1 : 0, 0, NULL);
		if (dg_beside_has_burst(b)) {
			because(i, DG_REASON_ROWS_BURST, b->own_peak, b->own_usual, NULL);
			because(i, DG_REASON_ROWS_OWN, b->n_rows_own, b->n_rows_all, NULL);
		}
	}
}

/* --- against ---------------------------------------------------------------------------------- */
static void against(const struct dg_judging *j, struct dg_incident *i)
{
	const struct dg_ledger *t = j->ledger;
	bool is_guess = dg_is_inferred(j, i->kind) && (i->kind != DG_INCIDENT_LIST_LEAK);

	but(i, DG_REASON_OTHERS, i->of - i->n, i->of, NULL);
	but(i, DG_REASON_FEW, i->n < FEW_N ? i->n : 0, 0, NULL);
	but(i, DG_REASON_ONE_REPORTER, i->n > 0 && i->n_reporters == 1 ? 1 : 0, 0, NULL);
	but(i, DG_REASON_UNRETURNED, t->n_unreturned, t->n_messages, NULL);
	but(i, DG_REASON_IMPLAUSIBLE, t->n_implausible, t->n_messages, NULL);
	but(i, DG_REASON_INFERRED, is_guess && !j->owner->unresolved ? 1 : 0, 0, NULL);
	but(i, DG_REASON_UNRESOLVED, is_guess && j->owner->unresolved ? 1 : 0, 0,
		j->owner->unresolved);
	bool is_replay = dg_is_replayed(t) &&
			 (i->kind == DG_INCIDENT_OWN || i->kind == DG_INCIDENT_UNDECIDED);
	but(i, DG_REASON_COPIES, is_replay ? t->n_rule[DG_RULE_SIGNED_COPIES] : 0, t->n_messages,
		NULL);
	bool is_at_odds = i->kind == DG_INCIDENT_FORGED && j->beside->has_rows &&
			  j->beside->n_rows_forged == 0;
	but(i, DG_REASON_ROWS_DISAGREE, is_at_odds ? 1 : 0, 0, NULL);
}

/* --- what would decide ------------------------------------------------------------------------ */
static void would_decide(const struct dg_judging *j, struct dg_incident *i)
{
	const struct dg_ledger *t = j->ledger;
	bool has_notice_only = t->n_messages == 0 && j->beside->n_notices > 0;

	if (i->level == DG_LEVEL_HIGH) {
		return;
	}
	if (has_notice_only) {
		decide(i, DG_DECIDE_SAMPLE);
	}
	if (is_own_path(i->kind)) {
		decide(i, i->kind == DG_INCIDENT_PROVIDER ? DG_DECIDE_PROVIDER : DG_DECIDE_LOG);
	}
	if (i->kind == DG_INCIDENT_ACCOUNT && i->who) {
		decide(i, DG_DECIDE_ASK);
	}
	if (dg_is_replayed(t)) {
		decide(i, DG_DECIDE_OWN);
	}
	if (dg_is_inferred(j, i->kind)) {
		decide(i, DG_DECIDE_OWN);
		decide(i, DG_DECIDE_DNS);
	}
	if (t->n_messages > 0 && 2 * t->n_unreturned >= t->n_messages) {
		decide(i, DG_DECIDE_HEADERS);
	}
	if (i->level == DG_LEVEL_UNDECIDED && !has_notice_only) {
		decide(i, DG_DECIDE_MORE);
	}
	if (!j->beside->has_rows) {
		decide(i, DG_DECIDE_REPORTS);
	}
}

void dg_give_reasons(const struct dg_judging *j, struct dg_incident *i)
{
	const struct dg_ledger *t = j->ledger;

	if (i->kind == DG_INCIDENT_FORGED) {
		for_forged(j, i);
	} else if (i->kind == DG_INCIDENT_LIST_LEAK) {
		i->who = text_of(&t->lists);
		because(i, DG_REASON_LIST, i->n, i->of, i->who);
		return;
	} else {
		for_own_path(j, i);
		because(i, DG_REASON_SIGNED, signed_of(t, i->kind), i->of, NULL);
	}
	if (i->n_reporters > 1) {
		because(i, DG_REASON_REPORTERS, i->n_reporters, 0, NULL);
	}
	for_beside(j, i);
	against(j, i);
	would_decide(j, i);
}
