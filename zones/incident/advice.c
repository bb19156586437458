#include "zones/incident/advice.h"

#include "zones/incident/ledger.h"
#include "zones/incident/verdict.h"

#define FEW_REPORTERS 20u
#define TOP_REPORTERS 3u

struct list {
	struct dg_advice *steps;
	size_t n;
};

static void step(struct list *l, enum dg_todo s, const char *who)
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

bool dg_has_few_reporters(const struct dg_ledger *t)
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
	struct list *l, const struct dg_verdict *v, const struct dg_ledger *t, bool has_zone)
{
	enum dg_locals look = dg_ledger_locals(t);

	step(l, DG_TODO_CALM, NULL);
	step(l, DG_TODO_PUBLISH, NULL);
	if (!has_zone) {
		step(l, DG_TODO_ASK_OWNER, NULL);
		step(l, DG_TODO_FILTER, NULL);
	}
	if (v->has_split) {
		step(l, DG_TODO_ARM, NULL);
		step(l, DG_TODO_SPLIT, NULL);
	}
	if (look == DG_LOCALS_RANDOM || look == DG_LOCALS_DICTIONARY) {
		step(l, DG_TODO_NULL_UNUSED, NULL);
	}
}

static void of_own_path(struct list *l, const struct dg_incident *i)
{
	step(l, DG_TODO_NO_SPLIT, NULL);
	step(l, DG_TODO_SAVE_LOGS, NULL);
	if (i->kind == DG_INCIDENT_RELAY) {
		step(l, DG_TODO_CLOSE_RELAY, i->who);
	} else if (i->kind == DG_INCIDENT_ACCOUNT) {
		step(l, i->who ? DG_TODO_BLOCK_ACCOUNT : DG_TODO_FIND_ACCOUNT, i->who);
	} else if (i->kind == DG_INCIDENT_SCRIPT) {
		step(l, DG_TODO_FIND_SCRIPT, i->who);
	} else if (i->kind == DG_INCIDENT_PROVIDER) {
		step(l, DG_TODO_ASK_PROVIDER, i->who);
	} else {
		step(l, DG_TODO_FIND_PATH, i->who);
	}
	if (i->kind != DG_INCIDENT_PROVIDER) {
		step(l, DG_TODO_EMPTY_QUEUE, NULL);
	}
	step(l, DG_TODO_WITHDRAW_SPF, i->kind == DG_INCIDENT_ACCOUNT ? NULL : i->who);
	step(l, DG_TODO_REVOKE_DKIM, NULL);
	if (i->kind == DG_INCIDENT_ACCOUNT) {
		step(l, DG_TODO_FORWARD_ONLY, NULL);
		step(l, DG_TODO_TELL_USER, i->who);
	}
	if (i->kind == DG_INCIDENT_RELAY) {
		step(l, DG_TODO_TEST_RELAY, i->who);
	}
	step(l, DG_TODO_BLOCKLISTS, NULL);
}

static void of_incident(struct list *l, const struct dg_incident *i, const struct dg_verdict *v,
	const struct dg_ledger *t, bool has_zone)
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
		of_own_path(l, i);
		break;
	case DG_INCIDENT_OWN:
		step(l, DG_TODO_CLEAN_LIST, NULL);
		break;
	case DG_INCIDENT_LIST_LEAK:
		step(l, DG_TODO_LIST_CLOSE, i->who);
		step(l, DG_TODO_LIST_NAME, i->who);
		step(l, DG_TODO_LIST_TELL, i->who);
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

size_t dg_advise(const struct dg_verdict *v, const struct dg_ledger *t, bool has_zone,
	struct dg_advice ret[DG_ADVICE_MAX])
{
	struct list l = {.steps = ret};

	if (v->incidents[0].level == DG_LEVEL_UNDECIDED) {
		step(&l, DG_TODO_DECIDE, NULL);
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
			step(&l, DG_TODO_WRITE_REPORTERS, NULL);
		}
		step(&l, DG_TODO_WRITE_ORIGINS, NULL);
	}
	step(&l, DG_TODO_KEEP, NULL);
	return l.n;
}

static const char *const steps[DG_TODOS] = {
	[DG_TODO_CALM] = "calm",
	[DG_TODO_NO_SPLIT] = "no-split",
	[DG_TODO_CLOSE_RELAY] = "close-relay",
	[DG_TODO_TEST_RELAY] = "test-relay",
	[DG_TODO_BLOCK_ACCOUNT] = "block-account",
	[DG_TODO_FIND_ACCOUNT] = "find-account",
	[DG_TODO_SAVE_LOGS] = "save-logs",
	[DG_TODO_FIND_SCRIPT] = "find-script",
	[DG_TODO_FIND_PATH] = "find-path",
	[DG_TODO_EMPTY_QUEUE] = "empty-queue",
	[DG_TODO_ASK_PROVIDER] = "ask-provider",
	[DG_TODO_WITHDRAW_SPF] = "withdraw-spf",
	[DG_TODO_REVOKE_DKIM] = "revoke-dkim",
	[DG_TODO_FORWARD_ONLY] = "forward-only",
	[DG_TODO_BLOCKLISTS] = "blocklists",
	[DG_TODO_TELL_USER] = "tell-user",
	[DG_TODO_PUBLISH] = "publish",
	[DG_TODO_ARM] = "arm",
	[DG_TODO_SPLIT] = "split",
	[DG_TODO_NULL_UNUSED] = "refuse-unknown",
	[DG_TODO_ASK_OWNER] = "ask-owner",
	[DG_TODO_FILTER] = "filter",
	[DG_TODO_WRITE_REPORTERS] = "write-reporters",
	[DG_TODO_WRITE_ORIGINS] = "write-origins",
	[DG_TODO_LIST_CLOSE] = "list-close",
	[DG_TODO_LIST_NAME] = "list-name",
	[DG_TODO_LIST_TELL] = "list-tell",
	[DG_TODO_CLEAN_LIST] = "clean-list",
	[DG_TODO_KEEP] = "keep",
	[DG_TODO_DECIDE] = "decide",
};

const char *dg_todo_text(enum dg_todo s)
{
	return steps[s];
}
