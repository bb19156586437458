/* zones/incident/refuse.h: would receivers have refused the original had SPF -all and DMARC p=reject been in force? Pure.
 *
 * Shape    A zone of two records is supposed for each of our domains: SPF of the owner's networks with -all, DMARC with p=reject;
 *          what then comes of the message is evaluated by the code that evaluates any message (zones/mail). Where our own
 *          networks are not known, those that proved to be ours by name are let pass, and all others fail.
 * Limits   One evaluation a handoff address and pair of domains; the last DG_REFUSE_KEPT are kept.
 * Memory   Heap; dg_refuse_free().
 */
#pragma once

#include <stdbool.h>

struct dg_evidence;
struct dg_owner;
struct dg_refuse;
struct dg_ledger_refusals;

#define DG_REFUSE_KEPT 4096u

/* owner is borrowed. */
struct dg_refuse *dg_refuse_new(const struct dg_owner *owner);
struct dg_refuse *dg_refuse_free(struct dg_refuse *r); /* NULL is fine; returns NULL */
void dg_refuse_add(
	struct dg_refuse *r, const struct dg_evidence *e, struct dg_ledger_refusals *sums);
