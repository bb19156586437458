/* zones/watch/detector.h: from arrivals of null-sender mail at one mail name to notice and alarm. Pure; time is an argument.
 *
 * Shape    Each arrival has a class: OWN (a bounce of mail that we sent), FOREIGN (of mail that we did not), UNKNOWN. Weights 0, 1 and
 *          1/4 go into one Poisson CUSUM against the name's own rate:
 *            r   weighted rate: plain average in the first 14 days after enrolment, then a 28-day moving one
 *            r0  2 max(r, 2 a day): the usual, with room for the busy hour
 *            r1  max(4 r0, r0 + 48 a day): what we look for
 *            S   max(0, S - (r1 - r0) dt) + weight ln(r1 / r0), at most 80
 *          NOTICE at S > 8. ALARM at S > 16 with at least 6 foreign arrivals in the last hour (decayed), 35 % of foreign
 *          and own. CALM again when S < 4 for 24 hours. Learning stands still while S > 8, for at most 48 hours: else a cold
 *          start never ends.
 *          Volume alone cannot tell an attack from a mailing: OWN arrivals never raise S.
 * Memory   64 bytes a quiet mail name; struct dg_heat (about 1 KB) only for one with something going on.
 * Clock    The clock starts at enrolment, not at the first event: else a quiet name would have no rate to compare with. A clock that
 *          goes back counts as standing still; after a leap of more than five minutes back time goes on from there.
 */
#pragma once

#include "zones/watch/sketch.h"

#include <stdbool.h>
#include <stdint.h>

enum dg_arrival {
	DG_ARRIVAL_OWN,
	DG_ARRIVAL_UNKNOWN,
	DG_ARRIVAL_FOREIGN,
};

/* What one arrival counts. */
double dg_arrival_weight(enum dg_arrival class);
/* A probe at a sink that heard so much, weighted, has heard the attack: as many as an alarm needs. */
#define DG_PROBE_LOUD 6.0

enum dg_alarm {
	DG_ALARM_CALM,
	DG_ALARM_NOTICE,
	DG_ALARM_ALARM,
};

struct dg_detector {
	int64_t enrolled_ms; /* Unix time */
	int64_t last_ms;
	double score;                /* S */
	double rate;                 /* r, weighted arrivals a minute */
	float learned;               /* weighted arrivals of the first 14 days */
	float own, unknown, foreign; /* of the last hour, decayed */
	uint32_t
		frozen_s; /* since when learning stands still: seconds after enrolment, and 1; 0: it does not */
	uint32_t raised_s; /* since when ALARM; 0: not */
	uint32_t low_s;    /* since when S < 4; 0: it is not */
	uint8_t level;     /* enum dg_alarm */
};
_Static_assert(sizeof(struct dg_detector) <= 64, "a quiet mail name costs 64 bytes");

/* What an active name has besides: who reports, where from, to whom. Since the notice began. */
struct dg_heat {
	int64_t since_ms;
	uint32_t n_own, n_unknown, n_foreign;
	uint32_t reserved;
	struct dg_distinct recipients, reporters; /* of foreign and unknown arrivals */
	struct dg_heavy by_reporter; /* what: the network of the client, as the caller encodes it */
	struct dg_heavy
		by_recipient; /* what: dg_sketch_key() of the address: one address or random ones? */
};
_Static_assert(sizeof(struct dg_heat) <= 1024, "an active mail name costs 1 KB");

void dg_detector_init(struct dg_detector *d, int64_t now_ms);
/* One arrival. Returns the level after it. */
enum dg_alarm dg_detector_arrival(struct dg_detector *d, int64_t now_ms, enum dg_arrival class);
/* Time went by: levels fall. Returns the level. */
enum dg_alarm dg_detector_tick(struct dg_detector *d, int64_t now_ms);
/* When dg_detector_tick() could next change the level, Unix milliseconds; INT64_MAX: never by itself. */
int64_t dg_detector_next_ms(const struct dg_detector *d);

void dg_heat_init(struct dg_heat *h, int64_t now_ms);
/* reporter, recipient: as in struct dg_heat. */
void dg_heat_add(struct dg_heat *h, enum dg_arrival class, uint64_t reporter, uint64_t recipient);

/* Moving records needs more than an alarm. */
#define DG_ACT_SUSTAINED_MS  ((int64_t)15 * 60 * 1000)
#define DG_ACT_FOREIGN_MIN   25u
#define DG_ACT_REPORTERS_MIN 5u

/* NULL: the floors of evidence are reached; else which is not, in words (static text). A verdict is needed besides. */
const char *dg_detector_floor(const struct dg_detector *d, const struct dg_heat *h, int64_t now_ms);
