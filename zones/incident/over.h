/* zones/incident/over.h: is an incident over? Pure: facts in, conditions out, each met, not met, or not to be told.
 *
 * Rule     quiet    below the notice level since the cooldown: the detector's word where the name is watched (it says calm after 24 h of quiet),
 *                   else a triage that was made at least a cooldown after the last bounce that it saw
 *          guard    the guard is calm, or there is none
 *          records  the mail name is neither armed nor split: what stands is what the policy says
 *          residue  no cache may hold what stood there during the split, and nothing has come for it since the cooldown
 *          over     all of these are met
 * Units    Unix seconds; 0: not known, or never.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DG_OVER_COOLDOWN_S ((int64_t)86400)

struct dg_over_facts {
	int64_t now, opened;
	bool is_watched;
	bool is_below;                /* watched: the detector is at calm */
	const char *guard;            /* its state; NULL: none */
	bool is_moved;                /* armed, split or probing is on record */
	int64_t old_until;            /* caches may hold what stood there */
	int64_t residue_last;         /* something came for it */
	int64_t triaged, last_bounce; /* of the newest triage */
};

enum dg_over_answer {
	DG_OVER_NO,
	DG_OVER_YES,
	DG_OVER_UNKNOWN,
};

struct dg_over_condition {
	const char *code; /* stable */
	enum dg_over_answer answer;
	const char *text; /* static */
};

#define DG_OVER_CONDITIONS 4u

bool dg_over(const struct dg_over_facts *f, struct dg_over_condition ret[DG_OVER_CONDITIONS]);
