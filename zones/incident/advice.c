#include "zones/incident/advice.h"

#include "zones/incident/tally.h"
#include "zones/incident/verdict.h"

#define FEW_REPORTERS 20u
#define TOP_REPORTERS 3u

struct list {
	struct dg_advice *steps;
	size_t n;
};

static void step(struct list *l, enum dg_step s, const char *who)
{
	for (size_t i = 0; i < l->n; i++) {
		if (l->steps[i].step == s) {
			return;
		}
	}
	if (l->n < DG_ADVICE_MAX) {
		l->steps[l->n++] = (struct dg_advice){s, who};
	}
}

bool dg_has_few_reporters(const struct dg_tally *t)
{
	const struct dg_top_item *first[TOP_REPORTERS];
	size_t n = dg_top_order(&t->reporters, false, first, TOP_REPORTERS);
	uint64_t sum = 0;

	for (size_t i = 0; i < n; i++) {
		sum += first[i]->count;
	}
	return dg_top_distinct(&t->reporters) <= FEW_REPORTERS ||
	       2 * sum >= t->reporters.n_added; /* three of them wrote half of it */
}

static void of_forged(
	struct list *l, const struct dg_verdict *v, const struct dg_tally *t, bool has_zone)
{
	if (!has_zone) {
		step(l, DG_STEP_CALM, NULL);
		step(l, DG_STEP_ASK_OWNER, NULL);
		step(l, DG_STEP_FILTER, NULL);
		return;
	}
	step(l, DG_STEP_CALM, NULL);
	step(l, DG_STEP_PUBLISH, NULL);
	if (v->has_split) {
		step(l, DG_STEP_ARM, NULL);
		step(l, DG_STEP_SPLIT, NULL);
	}
	if (dg_tally_locals(t) == DG_LOCALS_RANDOM || dg_tally_locals(t) == DG_LOCALS_DICTIONARY) {
		step(l, DG_STEP_NULL_UNUSED, NULL);
	}
}

static void of_own_path(struct list *l, const struct dg_incident *i, bool has_zone)
{
	step(l, DG_STEP_NO_SPLIT, NULL);
	step(l, DG_STEP_SAVE_LOGS, NULL);
	if (i->kind == DG_INCIDENT_RELAY) {
		step(l, DG_STEP_CLOSE_RELAY, i->who);
	} else if (i->kind == DG_INCIDENT_ACCOUNT) {
		step(l, i->who ? DG_STEP_BLOCK_ACCOUNT : DG_STEP_FIND_ACCOUNT, i->who);
	} else if (i->kind == DG_INCIDENT_SCRIPT) {
		step(l, DG_STEP_FIND_SCRIPT, i->who);
	} else if (i->kind == DG_INCIDENT_PROVIDER) {
		step(l, DG_STEP_ASK_PROVIDER, i->who);
	} else {
		step(l, DG_STEP_FIND_PATH, i->who);
	}
	if (i->kind != DG_INCIDENT_PROVIDER) {
		step(l, DG_STEP_EMPTY_QUEUE, NULL);
	}
	if (has_zone) {
		step(l, DG_STEP_WITHDRAW_SPF, i->kind == DG_INCIDENT_ACCOUNT ? NULL : i->who);
		step(l, DG_STEP_REVOKE_DKIM, NULL);
	}
	if (i->kind == DG_INCIDENT_ACCOUNT) {
		step(l, DG_STEP_FORWARD_ONLY, NULL);
		step(l, DG_STEP_TELL_USER, i->who);
	}
	if (i->kind == DG_INCIDENT_RELAY) {
		step(l, DG_STEP_TEST_RELAY, i->who);
	}
	step(l, DG_STEP_BLOCKLISTS, NULL);
}

static void of_incident(struct list *l, const struct dg_incident *i, const struct dg_verdict *v,
	const struct dg_tally *t, bool has_zone)
{
	switch (i->kind) {
	case DG_INCIDENT_FORGED:
		of_forged(l, v, t, has_zone);
		break;
	case DG_INCIDENT_RELAY:
	case DG_INCIDENT_ACCOUNT:
	case DG_INCIDENT_SCRIPT:
	case DG_INCIDENT_PROVIDER:
	case DG_INCIDENT_THROUGH_OWN:
		of_own_path(l, i, has_zone);
		break;
	case DG_INCIDENT_OWN:
		step(l, DG_STEP_CLEAN_LIST, NULL);
		break;
	case DG_INCIDENT_LIST_LEAK:
		step(l, DG_STEP_LIST_CLOSE, i->who);
		step(l, DG_STEP_LIST_NAME, i->who);
		step(l, DG_STEP_LIST_TELL, i->who);
		break;
	case DG_INCIDENT_UNDECIDED:
	case DG_INCIDENT_KINDS:
		break;
	}
}

/* A hole of our own comes before all that stops others; a list that leaks mails people in this minute. */
static unsigned urgency(enum dg_incident_kind k)
{
	switch (k) {
	case DG_INCIDENT_LIST_LEAK:
		return 0;
	case DG_INCIDENT_RELAY:
	case DG_INCIDENT_ACCOUNT:
	case DG_INCIDENT_SCRIPT:
	case DG_INCIDENT_PROVIDER:
	case DG_INCIDENT_THROUGH_OWN:
		return 1;
	case DG_INCIDENT_FORGED:
		return 2;
	case DG_INCIDENT_UNDECIDED:
	case DG_INCIDENT_OWN:
	case DG_INCIDENT_KINDS:
		break;
	}
	return 3;
}

size_t dg_advise(const struct dg_verdict *v, const struct dg_tally *t, bool has_zone,
	struct dg_advice ret[DG_ADVICE_MAX])
{
	struct list l = {.steps = ret};

	if (v->incidents[0].level == DG_LEVEL_UNDECIDED) {
		step(&l, DG_STEP_DECIDE, NULL);
	}
	for (unsigned u = 0; u <= 3; u++) {
		for (size_t i = 0; i < v->n; i++) {
			if (urgency(v->incidents[i].kind) == u) {
				of_incident(&l, &v->incidents[i], v, t, has_zone);
			}
		}
	}
	if (v->incidents[0].kind == DG_INCIDENT_FORGED && t->n_messages > 0) {
		if (dg_has_few_reporters(t)) {
			step(&l, DG_STEP_WRITE_REPORTERS, NULL);
		}
		step(&l, DG_STEP_WRITE_ORIGINS, NULL);
	}
	step(&l, DG_STEP_KEEP, NULL);
	return l.n;
}

static const char *const steps[DG_STEPS] = {
	[DG_STEP_CALM] = "calm",
	[DG_STEP_NO_SPLIT] = "no-split",
	[DG_STEP_CLOSE_RELAY] = "close-relay",
	[DG_STEP_TEST_RELAY] = "test-relay",
	[DG_STEP_BLOCK_ACCOUNT] = "block-account",
	[DG_STEP_FIND_ACCOUNT] = "find-account",
	[DG_STEP_SAVE_LOGS] = "save-logs",
	[DG_STEP_FIND_SCRIPT] = "find-script",
	[DG_STEP_FIND_PATH] = "find-path",
	[DG_STEP_EMPTY_QUEUE] = "empty-queue",
	[DG_STEP_ASK_PROVIDER] = "ask-provider",
	[DG_STEP_WITHDRAW_SPF] = "withdraw-spf",
	[DG_STEP_REVOKE_DKIM] = "revoke-dkim",
	[DG_STEP_FORWARD_ONLY] = "forward-only",
	[DG_STEP_BLOCKLISTS] = "blocklists",
	[DG_STEP_TELL_USER] = "tell-user",
	[DG_STEP_PUBLISH] = "publish",
	[DG_STEP_ARM] = "arm",
	[DG_STEP_SPLIT] = "split",
	[DG_STEP_NULL_UNUSED] = "refuse-unknown",
	[DG_STEP_ASK_OWNER] = "ask-owner",
	[DG_STEP_FILTER] = "filter",
	[DG_STEP_WRITE_REPORTERS] = "write-reporters",
	[DG_STEP_WRITE_ORIGINS] = "write-origins",
	[DG_STEP_LIST_CLOSE] = "list-close",
	[DG_STEP_LIST_NAME] = "list-name",
	[DG_STEP_LIST_TELL] = "list-tell",
	[DG_STEP_CLEAN_LIST] = "clean-list",
	[DG_STEP_KEEP] = "keep",
	[DG_STEP_DECIDE] = "decide",
};

const char *dg_step_text(enum dg_step s)
{
	return steps[s];
}
