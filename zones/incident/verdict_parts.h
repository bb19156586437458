/* zones/incident/verdict_parts.h: what verdict.c and verdict_reasons.c share. Inside zones/incident. */
#pragma once

#include "zones/incident/ledger.h"
#include "zones/incident/verdict.h"

struct dg_judging {
	const struct dg_ledger *ledger;
	const struct dg_owner *owner;
	const struct dg_beside *beside;
	uint64_t n[DG_INCIDENT_KINDS];
	uint64_t n_strength[DG_INCIDENT_KINDS][DG_STRENGTHS];
	struct dg_distinct reporters[DG_INCIDENT_KINDS];
	uint64_t n_classed;
};

/* Fills reasons, doubts, decides and who of an incident whose kind, level and numbers are set. */
void dg_give_reasons(const struct dg_judging *j, struct dg_incident *i);
/* What is ours was not wholly known where it mattered for this kind. */
bool dg_is_inferred(const struct dg_judging *j, enum dg_incident_kind kind);
/* Strangers send signed mail of ours again and again: it proves nothing. */
bool dg_is_replayed(const struct dg_ledger *t);
uint64_t dg_about(const struct dg_distinct *d);
const struct dg_top_item *dg_first_of(const struct dg_top *t); /* by count; NULL: none */
