/* controller/lookup/spfbudget.h: counts the look-ups of an SPF record before it is published (RFC
 * 7208 section 4.6.4).
 *
 * Shape    Resolves the record (zones/mail/spf_tree.h). Answers come, in this order, from the RRsets
 *          that are about to be published, from the zone as it is (wildcards and delegations
 *          respected), from the resolver.
 * Findings spf-too-many-lookups, spf-too-many-voids, spf-include-loop, spf-include-broken: ERROR:
 *          not to be published. spf-voids-one-family: too many voids, but only since hosts have A
 *          or AAAA alone: WARNING. spf-count-unsure: some answers did not come, the counts are a
 *          lower bound: WARNING.
 * Calls    done() comes once, from the loop. A request must live until then.
 *          dg_spf_budget_cancel(): none comes.
 * Limits   DG_SPF_BUDGET_QUERIES questions; what is not known then could not be told.
 */
#pragma once

#include "zones/mail/lint.h"
#include "zones/mail/spf_tree.h"
#include "zones/record/rrset.h"

struct dg_arena;
struct dg_loop;
struct dg_resolver;
struct dg_zone;

#define DG_SPF_BUDGET_QUERIES 200u

struct dg_spf_budget {
	const char *owner;              /* canonical */
	const char *record;             /* the text that is about to stand there */
	const struct dg_rrset *overlay; /* RRsets as they will stand after the plan; n == 0 in one:
					   it will be gone */
	size_t n_overlay;
	const struct dg_zone *have;   /* NULL: not known */
	struct dg_resolver *resolver; /* NULL: what the zone does not tell could not be told */
	int64_t deadline_ms;          /* for all of it */
	struct dg_arena *arena;
	void (*done)(struct dg_spf_budget *b);
	void *arg;
	/* --- results --- */
	struct dg_spf_tree tree;
	struct dg_lints lints; /* n_errors > 0: refuse */
	void *internal;
};

void dg_spf_budget_start(struct dg_loop *l, struct dg_spf_budget *b);
void dg_spf_budget_cancel(struct dg_spf_budget *b);
