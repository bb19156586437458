#include "zones/incident/verdict.h"

#include "zones/incident/beside.h"
#include "zones/incident/ledger.h"
#include "zones/incident/owner.h"
#include "zones/incident/verdict_parts.h"

#include <math.h>
#include <stdlib.h>

#define Z_95          1.959964
#define HIGH_LOW      0.8
#define HIGH_N        10u
#define MEDIUM_LOW    0.5
#define MEDIUM_N      5u
#define CERTAIN_N     3u
#define REPORTERS_MIN 2u
#define BESIDE_N      3u    /* an incident beside the first has so many bounces */
#define BESIDE_SHARE  0.005 /* and this share */
#define LEAK_N        3u
#define CLIENTS_MIN   3u /* networks from which nobody travels */
#define USER_MAIL_N   10u

double dg_wilson_low(uint64_t n, uint64_t of)
{
	if (of == 0) {
		return 0;
	}
	double m = (double)of;
	double p = (double)n / m;
	double z2 = Z_95 * Z_95;
	double low =
		(p + z2 / (2 * m) - Z_95 * sqrt(p * (1 - p) / m + z2 / (4 * m * m))) / (1 + z2 / m);

	return low < 0 ? 0 : low;
}

uint64_t dg_about(const struct dg_distinct *d)
{
	return (uint64_t)llround(dg_distinct_count(d));
}

const struct dg_top_item *dg_first_of(const struct dg_top *t)
{
	const struct dg_top_item *first = NULL;

	return dg_top_order(t, false, &first, 1) > 0 ? first : NULL;
}

/* --- levels ----------------------------------------------------------------------------------- */
static enum dg_level level_by_share(const struct dg_judging *j, const struct dg_incident *i)
{
	if (i->n_reporters < REPORTERS_MIN) {
		return DG_LEVEL_UNDECIDED;
	}
	uint64_t certain = j->n_strength[i->kind][DG_STRENGTH_CERTAIN];
	if ((i->low >= HIGH_LOW && i->n >= HIGH_N) || certain >= CERTAIN_N) {
		return DG_LEVEL_HIGH;
	}
	return i->low >= MEDIUM_LOW && i->n >= MEDIUM_N ? DG_LEVEL_MEDIUM : DG_LEVEL_UNDECIDED;
}

static enum dg_level level_by_itself(const struct dg_judging *j, const struct dg_incident *i)
{
	const uint64_t *n = j->n_strength[i->kind];

	if (i->n_reporters < REPORTERS_MIN) {
		return DG_LEVEL_UNDECIDED;
	}
	if (n[DG_STRENGTH_CERTAIN] >= CERTAIN_N ||
		n[DG_STRENGTH_STRONG] + n[DG_STRENGTH_CERTAIN] >= HIGH_N) {
		return DG_LEVEL_HIGH;
	}
	return i->n >= MEDIUM_N ? DG_LEVEL_MEDIUM : DG_LEVEL_UNDECIDED;
}

static void at_most(struct dg_incident *i, enum dg_level level)
{
	i->level = i->level > level ? level : i->level;
}

/* Forged: by addresses that are only not known as ours. Through us: known by names, or by a part of SPF. */
bool dg_is_inferred(const struct dg_judging *j, enum dg_incident_kind kind)
{
	const struct dg_owner *o = j->owner;
	const uint64_t *n = j->ledger->n_rule;

	if (kind == DG_INCIDENT_FORGED) {
		return n[DG_RULE_HANDOFF_STRANGER] > n[DG_RULE_HANDOFF_FOREIGN];
	}
	return (o->n_networks == 0 && !o->judge) || o->unresolved != NULL;
}

static bool is_spread(const struct dg_judging *j)
{
	return dg_top_distinct(&j->ledger->origins) >= DG_VERDICT_NETWORKS;
}

static void hold_back(const struct dg_judging *j, struct dg_incident *i)
{
	const struct dg_beside *b = j->beside;
	bool is_forged = i->kind == DG_INCIDENT_FORGED;

	if (dg_is_inferred(j, i->kind) && i->kind != DG_INCIDENT_LIST_LEAK &&
		!(is_forged && is_spread(j)) &&
		j->n_strength[i->kind][DG_STRENGTH_CERTAIN] < CERTAIN_N) {
		at_most(i, DG_LEVEL_MEDIUM);
	}
	if (is_forged && b->has_rows && b->n_rows_forged == 0 && dg_beside_has_burst(b)) {
		at_most(i, i->level == DG_LEVEL_HIGH ? DG_LEVEL_MEDIUM : DG_LEVEL_UNDECIDED);
	}
	if (i->kind == DG_INCIDENT_ACCOUNT && !j->owner->sent && i->n < USER_MAIL_N &&
		dg_about(&j->ledger->clients_of[DG_CLASS_ACCOUNT]) < CLIENTS_MIN &&
		j->beside->n_notices == 0) {
		at_most(i, DG_LEVEL_UNDECIDED);
	}
	if (i->kind == DG_INCIDENT_THROUGH_OWN) {
		at_most(i, DG_LEVEL_UNDECIDED);
	}
}

/* --- which incidents -------------------------------------------------------------------------- */
static const enum dg_incident_kind kind_of[DG_CLASSES] = {
	[DG_CLASS_UNKNOWN] = DG_INCIDENT_UNDECIDED,
	[DG_CLASS_FORGED] = DG_INCIDENT_FORGED,
	[DG_CLASS_RELAY] = DG_INCIDENT_RELAY,
	[DG_CLASS_ACCOUNT] = DG_INCIDENT_ACCOUNT,
	[DG_CLASS_SCRIPT] = DG_INCIDENT_SCRIPT,
	[DG_CLASS_PROVIDER] = DG_INCIDENT_PROVIDER,
	[DG_CLASS_PASSED] = DG_INCIDENT_THROUGH_OWN,
	[DG_CLASS_OWN] = DG_INCIDENT_OWN,
};

/* What passed our host without a line that says how goes with what is known to have passed it: the same hole, cut headers. */
static enum dg_class joins(const struct dg_ledger *t, enum dg_class c)
{
	static const enum dg_class paths[] = {DG_CLASS_RELAY, DG_CLASS_ACCOUNT, DG_CLASS_SCRIPT};
	enum dg_class best = c;

	if (c != DG_CLASS_PASSED) {
		return c;
	}
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		uint64_t n = t->n_class[paths[i]];
		uint64_t most = best == DG_CLASS_PASSED ? BESIDE_N - 1 : t->n_class[best];
		best = n > most ? paths[i] : best;
	}
	return best;
}

/* More copies of a few messages than all others that strangers handed over with our signature. */
bool dg_is_replayed(const struct dg_ledger *t)
{
	uint64_t n_copies = t->n_rule[DG_RULE_SIGNED_COPIES];
	uint64_t n_others = 0;

	for (size_t s = 0; s < DG_STRENGTHS; s++) {
		n_others += t->n_passed_on[s];
	}
	return n_copies > 0 && n_copies >= n_others;
}

/* Then the first ones prove no more than the rest. */
static void leave_out_replayed(struct dg_judging *j)
{
	for (size_t s = 0; s < DG_STRENGTHS; s++) {
		uint64_t n = j->ledger->n_passed_on[s];

		j->n_strength[DG_INCIDENT_OWN][s] -= n;
		j->n[DG_INCIDENT_OWN] -= n;
		j->n_classed -= n;
	}
}

static void count(struct dg_judging *j)
{
	const struct dg_ledger *t = j->ledger;

	for (enum dg_class c = DG_CLASS_FORGED; c < DG_CLASSES; c++) {
		enum dg_incident_kind k = kind_of[joins(t, c)];
		j->n[k] += t->n_class[c];
		for (size_t s = 0; s < DG_STRENGTHS; s++) {
			j->n_strength[k][s] += t->n_strength[c][s];
		}
		for (size_t i = 0; i < DG_DISTINCT_CELLS; i++) {
			uint8_t *cell = &j->reporters[k].cells[i];
			*cell = t->reporters_of[c].cells[i] > *cell ? t->reporters_of[c].cells[i]
								    : *cell;
		}
		j->n_classed += t->n_class[c];
	}
}

static int by_count(const void *x, const void *y)
{
	const struct dg_incident *a = x;
	const struct dg_incident *b = y;

	if (a->n != b->n) {
		return a->n < b->n ? 1 : -1;
	}
	return a->kind < b->kind ? -1 : 1;
}

/* The estimate, but no more than there are names, as long as all of them are kept. */
static uint64_t reporters_of(const struct dg_judging *j, enum dg_incident_kind k)
{
	uint64_t n = dg_about(&j->reporters[k]);
	uint64_t names = dg_top_distinct(&j->ledger->reporters);

	return names > 0 && n > names ? names : n;
}

static void take_incidents(struct dg_judging *j, struct dg_verdict *v)
{
	for (enum dg_incident_kind k = DG_INCIDENT_FORGED; k <= DG_INCIDENT_OWN; k++) {
		if (j->n[k] > 0) {
			v->incidents[v->n++] = (struct dg_incident){.kind = k,
				.n = j->n[k],
				.of = j->n_classed,
				.low = dg_wilson_low(j->n[k], j->n_classed),
				.n_reporters = reporters_of(j, k)};
		}
	}
	qsort(v->incidents, v->n, sizeof(v->incidents[0]), by_count);
	size_t n = v->n > 0 ? 1 : 0;
	for (size_t i = 1; i < v->n; i++) {
		const struct dg_incident *x = &v->incidents[i];
		if (x->n >= BESIDE_N && (double)x->n >= BESIDE_SHARE * (double)x->of) {
			v->incidents[n++] = *x;
		}
	}
	v->n = n;
	for (size_t i = 0; i < v->n; i++) {
		struct dg_incident *x = &v->incidents[i];
		x->level = i == 0 ? level_by_share(j, x) : level_by_itself(j, x);
		hold_back(j, x);
	}
}

static void take_leak(const struct dg_judging *j, struct dg_verdict *v)
{
	const struct dg_ledger *t = j->ledger;

	if (t->n_list_leak < LEAK_N) {
		return;
	}
	v->incidents[v->n++] = (struct dg_incident){.kind = DG_INCIDENT_LIST_LEAK,
		.level = DG_LEVEL_HIGH, /* it is where the bounce was read */
		.n = t->n_list_leak,
		.of = t->n_messages,
		.low = dg_wilson_low(t->n_list_leak, t->n_messages),
		.n_reporters = reporters_of(j, DG_INCIDENT_FORGED)};
}

/* No bounce says anything: notices and aggregate reports are what there is. */
static void take_beside(const struct dg_judging *j, struct dg_verdict *v)
{
	const struct dg_beside *b = j->beside;
	struct dg_incident i = {.kind = DG_INCIDENT_UNDECIDED};
	bool has_burst = dg_beside_has_burst(b);

	if (v->n > 0) {
		return;
	}
	if (has_burst || b->n_notices > 0) {
		i.kind = DG_INCIDENT_ACCOUNT;
		i.level = has_burst && b->n_notices > 0 ? DG_LEVEL_MEDIUM : DG_LEVEL_UNDECIDED;
	}
	if (b->n_rows_forged > b->n_rows_own + b->n_rows_provider && b->n_rows_forged > 0 &&
		!has_burst) {
		i.kind = DG_INCIDENT_FORGED;
		i.level =
			b->n_rows_reporters >= REPORTERS_MIN ? DG_LEVEL_MEDIUM : DG_LEVEL_UNDECIDED;
		i.n_reporters = b->n_rows_reporters;
	}
	v->incidents[v->n++] = i;
}

void dg_verdict_of(const struct dg_ledger *t, const struct dg_owner *o,
	const struct dg_beside *beside, struct dg_verdict *ret_verdict)
{
	struct dg_judging j = {.ledger = t, .owner = o, .beside = beside};
	struct dg_verdict *v = ret_verdict;

	*v = (struct dg_verdict){0};
	count(&j);
	uint64_t n_all = j.n_classed;
	if (dg_is_replayed(t)) {
		leave_out_replayed(&j);
	}
	v->n_classed = j.n_classed;
	v->n_unknown = t->n_class[DG_CLASS_UNKNOWN] + n_all - j.n_classed;
	take_incidents(&j, v);
	take_beside(&j, v);
	take_leak(&j, v);
	v->has_split = v->incidents[0].kind == DG_INCIDENT_FORGED &&
		       v->incidents[0].level >= DG_LEVEL_MEDIUM && !dg_beside_has_burst(beside);
	for (size_t i = 0; i < v->n; i++) {
		enum dg_incident_kind k = v->incidents[i].kind;
		dg_give_reasons(&j, &v->incidents[i]);
		v->has_split = v->has_split && (k == DG_INCIDENT_FORGED || k == DG_INCIDENT_OWN ||
						       k == DG_INCIDENT_LIST_LEAK);
	}
}
