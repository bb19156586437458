/* zones/watch/twins.h: do two sensors see the same mail? Then each bounce counts twice. Pure.
 *
 * Rule     Null-sender mail to one address from one host that two sensors tell of within DG_TWINS_MS is a pair. DG_TWINS_MIN pairs, of
 *          DG_TWINS_OF events, are no chance.
 */
#pragma once

#include "zones/watch/maillog.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DG_TWINS_MS  ((int64_t)10000)
#define DG_TWINS_MIN 20u
#define DG_TWINS_OF  64u
#define DG_TWINS_MAX 512u /* events that are remembered */

struct dg_twins {
	struct {
		uint64_t key; /* 0: free, or one of a pair */
		const void *sensor;
		int64_t at_ms;
	} ring[DG_TWINS_MAX];
	size_t next;
	unsigned n_pairs, n_events; /* of the present DG_TWINS_OF */
};

/* sensor: which one, compared as a pointer; now_ms: when the event came in. The other one of so many pairs; NULL: there are not. */
const void *dg_twins_add(
	struct dg_twins *t, const void *sensor, const struct dg_mail_event *e, int64_t now_ms);
