/* controller/command/triage_spf.h: which addresses are ours, by the SPF records that are in force now. Only with --dns.
 *
 * Shape    The addresses of a batch are looked up together, each once; what came of it is kept for the judge of struct dg_owner.
 * Rule     As for aggregate reports (reports_own.h): pass is ours, or of a provider when a shared service lets it in; fail is
 *          foreign; where no record can be used nothing is known.
 */
#pragma once

#include "zones/incident/owner.h"

#include <stddef.h>

struct dg_app;
struct dg_err;
struct dg_triage_spf;
struct dg_world;

int dg_triage_spf_open(struct dg_app *app, struct dg_triage_spf **ret_spf, struct dg_err *err);
struct dg_triage_spf *dg_triage_spf_close(struct dg_triage_spf *s); /* NULL is fine; returns NULL */
struct dg_world *dg_triage_spf_world(struct dg_triage_spf *s);      /* what it asks */
/* For before_batch and judge: arg of the first is the one of all call-backs, so the SPF stands in owner->judge_arg. */
int dg_triage_spf_ask(void *arg, const struct dg_owner *owner, const struct dg_address *addresses,
	size_t n, struct dg_err *err);
enum dg_standing dg_triage_spf_judge(
	void *arg, const struct dg_address *address, const char **ret_provider);
