/* zones/incident/beside.h: what is known beside the bounces: DMARC aggregate reports, and notices without any bounce. Pure.
 *
 * Shape    Aggregate rows cover what never bounced: mail in the domain's name by source. "Own" is what passes from sources that are
 *          ours (or that the domain's SPF lets pass, as receivers saw it); its busiest day is held against the median of the others.
 * Units    Messages; days since 1970.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct dg_owner;
struct dg_rows;

struct dg_beside {
	uint64_t n_notices; /* of a registrar, a provider, a blocklist: mail of ours is spam */
	bool has_rows;
	uint64_t n_rows_forged, n_rows_reporters; /* messages; organisations that say so */
	uint64_t n_rows_own, n_rows_provider, n_rows_all;
	uint64_t own_peak, own_usual; /* messages of the busiest day; of a usual one */
	int64_t own_peak_day;         /* -1: none */
};

/* A day with this many times the usual, and this many messages, is a burst. */
#define DG_BESIDE_BURST_TIMES 5u
#define DG_BESIDE_BURST_MIN   100u

/* rows: sealed here; sources are judged by the owner's networks and by judge. Only names of the owner count. */
void dg_beside_rows(struct dg_rows *rows, const struct dg_owner *o, struct dg_beside *beside);
bool dg_beside_has_burst(const struct dg_beside *b);
