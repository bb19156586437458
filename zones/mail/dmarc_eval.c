#include "zones/mail/dmarc_find.h"

#include "zones/base/arena.h"
#include "zones/record/name.h"

#include <string.h>

enum aligned {
	NOT_ALIGNED,
	ALIGNED,
	ALIGNED_PENDING,
	ALIGNED_UNKNOWN,
};

struct eval {
	struct dg_arena *arena;
	const struct dg_dmarc_query *q;
	const struct dg_facts *facts;
	struct dg_dmarc_outcome *out;
	bool is_pending, is_unknown;
	const char *spf_of, *dkim_of; /* what is aligned */
	const char *passed;           /* the first domain that passed and is not aligned */
};

static const char *plain(struct dg_arena *a, const char *name)
{
	return dg_strndup(a, name, strlen(name) - 1);
}

/* An organizational domain is the name or stands above it: names without a common label above share none. */
static bool may_share_org(const char *x, const char *y)
{
	size_t n_x = dg_name_n_labels(x);
	size_t n_y = dg_name_n_labels(y);

	for (; n_x > 1; n_x--) {
		x = dg_name_parent(x);
	}
	for (; n_y > 1; n_y--) {
		y = dg_name_parent(y);
	}
	return strcmp(x, y) == 0;
}

/* Both walks are asked for at once. */
static enum aligned share_org(const struct eval *e, const char *domain)
{
	const char *org_from = NULL;
	const char *org = NULL;
	enum dg_dmarc_state from =
		dg_dmarc_org_domain(e->arena, e->q->from, e->q->method, e->facts, &org_from);
	enum dg_dmarc_state other =
		dg_dmarc_org_domain(e->arena, domain, e->q->method, e->facts, &org);

	if (from == DG_DMARC_PENDING || other == DG_DMARC_PENDING) {
		return ALIGNED_PENDING;
	}
	if (!org_from || !org) {
		return ALIGNED_UNKNOWN;
	}
	return strcmp(org_from, org) == 0 ? ALIGNED : NOT_ALIGNED;
}

static enum aligned align(const struct eval *e, const char *domain, char mode)
{
	if (strcmp(domain, e->q->from) == 0) {
		return ALIGNED;
	}
	return mode != 's' && may_share_org(domain, e->q->from) ? share_org(e, domain)
								: NOT_ALIGNED;
}

/* What an identifier is worth. *of: an aligned one. */
static void count(struct eval *e, enum aligned aligned, const char *domain, const char **of)
{
	switch (aligned) {
	case NOT_ALIGNED:
		e->passed = e->passed ? e->passed : domain;
		return;
	case ALIGNED:
		*of = *of ? *of : domain;
		return;
	case ALIGNED_PENDING:
		e->is_pending = true;
		return;
	case ALIGNED_UNKNOWN:
		e->is_unknown = true;
		return;
	}
}

/* Of SPF only a pass counts, and none by a mechanism with "?" (section 11.1). A result that could not be had may have been a
 * pass (section 5.3.6). */
static void count_spf(struct eval *e)
{
	const struct dg_dmarc_query *q = e->q;
	bool is_pass = q->spf == DG_SPF_RESULT_PASS && q->spf_qualifier != '?';

	if (q->spf == DG_SPF_RESULT_PENDING) {
		e->is_pending = true;
	}
	if (!q->spf_domain || (!is_pass && q->spf != DG_SPF_RESULT_TEMPERROR)) {
		return;
	}
	enum aligned aligned = align(e, q->spf_domain, e->out->found.dmarc.aspf);
	if (is_pass) {
		count(e, aligned, q->spf_domain, &e->spf_of);
	} else if (aligned != NOT_ALIGNED) {
		count(e, aligned == ALIGNED ? ALIGNED_UNKNOWN : aligned, q->spf_domain, &e->spf_of);
	}
}

static void count_dkim(struct eval *e)
{
	for (size_t i = 0; i < e->q->n_dkim; i++) {
		const char *domain = e->q->dkim[i].domain;

		count(e, align(e, domain, e->out->found.dmarc.adkim), domain, &e->dkim_of);
	}
}

static const char *pass_text(const struct eval *e)
{
	struct dg_arena *a = e->arena;
	const char *spf = e->spf_of ? dg_printf(a, "SPF for %s", plain(a, e->spf_of)) : "";
	const char *dkim = e->dkim_of ? dg_printf(a, "DKIM for %s", plain(a, e->dkim_of)) : "";

	return dg_printf(a, "%s%s%s passed, aligned with %s", spf,
		e->spf_of && e->dkim_of ? " and " : "", dkim, plain(a, e->q->from));
}

static const char *fail_text(const struct eval *e)
{
	const struct dg_dmarc_found *f = &e->out->found;
	struct dg_arena *a = e->arena;
	const char *asks =
		dg_printf(a, "%s=%s at _dmarc.%s%s", f->tag, dg_dmarc_policy_text(f->policy),
			plain(a, f->at), f->is_testing ? " with t=y, so one step lower" : "");

	if (!e->passed) {
		return dg_printf(
			a, "neither SPF nor DKIM passed for %s: %s", plain(a, e->q->from), asks);
	}
	return dg_printf(a, "%s passed, which is not aligned with %s: %s", plain(a, e->passed),
		plain(a, e->q->from), asks);
}

static void decide(struct eval *e)
{
	struct dg_dmarc_outcome *out = e->out;

	out->is_spf_aligned = e->spf_of != NULL;
	out->is_dkim_aligned = e->dkim_of != NULL;
	if (e->is_pending) {
		out->result = DG_DMARC_RESULT_PENDING;
	} else if (e->spf_of || e->dkim_of) {
		out->result = DG_DMARC_RESULT_PASS;
		out->text = pass_text(e);
	} else if (e->is_unknown) {
		out->result = DG_DMARC_RESULT_TEMPERROR;
		out->text = "a look-up failed that decides whether what passed is aligned (RFC "
			    "9989 section 5.3.6)";
	} else {
		out->result = DG_DMARC_RESULT_FAIL;
		out->disposition = out->found.applied;
		out->text = fail_text(e);
	}
}

void dg_dmarc_eval(struct dg_arena *a, const struct dg_dmarc_query *q, const struct dg_facts *facts,
	struct dg_dmarc_outcome *ret_outcome)
{
	struct dg_dmarc_outcome *out = ret_outcome;
	struct eval e = {.arena = a, .q = q, .facts = facts, .out = out};

	*out = (struct dg_dmarc_outcome){.disposition = DG_DMARC_NONE, .text = ""};
	dg_dmarc_find(a, q->from, q->method, facts, &out->found);
	switch (out->found.state) {
	case DG_DMARC_ABSENT:
		out->result = DG_DMARC_RESULT_NONE;
		out->text = out->found.why;
		return;
	case DG_DMARC_UNKNOWN:
		out->result = DG_DMARC_RESULT_TEMPERROR;
		out->text = out->found.why;
		return;
	case DG_DMARC_PENDING: /* the look-ups below are foreseen */
	case DG_DMARC_FOUND:
		break;
	}
	count_spf(&e);
	count_dkim(&e);
	e.is_pending |= out->found.state == DG_DMARC_PENDING;
	decide(&e);
}

const char *dg_dmarc_result_text(enum dg_dmarc_result r)
{
	switch (r) {
	case DG_DMARC_RESULT_PENDING:
		return "pending";
	case DG_DMARC_RESULT_NONE:
		return "none";
	case DG_DMARC_RESULT_PASS:
		return "pass";
	case DG_DMARC_RESULT_FAIL:
		return "fail";
	case DG_DMARC_RESULT_TEMPERROR:
		return "temperror";
	}
	return "temperror";
}

const char *dg_dmarc_state_text(enum dg_dmarc_state s)
{
	switch (s) {
	case DG_DMARC_PENDING:
		return "pending";
	case DG_DMARC_FOUND:
		return "found";
	case DG_DMARC_ABSENT:
		return "absent";
	case DG_DMARC_UNKNOWN:
		return "unknown";
	}
	return "unknown";
}
