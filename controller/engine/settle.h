/* controller/engine/settle.h: what a zone says about a change whose outcome is not known. Pure.
 *
 * Source   DESIGN "Publishing safely": whatever the answer to an UPDATE was, the zone is read again; the marker says
 *          whether the change was ours.
 */
#pragma once

#include <stddef.h>

struct dg_swap;
struct dg_zone;

enum dg_settled {
	DG_SETTLED_APPLIED, /* every RRset is as it was to be */
	DG_SETTLED_NOT,     /* every RRset is as it was before */
	DG_SETTLED_MIXED, /* our marker, but not our RRsets; or some of both: somebody else wrote as well */
	DG_SETTLED_OTHER,  /* neither: somebody else was there */
	DG_SETTLED_UNREAD, /* have does not tell */
};

/* swaps: the change, its marker among them when marker_at < n (the index of the marker's swap; n: none). *ret_odd: the first
 * swap whose RRset is not as expected (MIXED, OTHER); n: none. */
enum dg_settled dg_settle(const struct dg_swap *swaps, size_t n, size_t marker_at,
	const struct dg_zone *have, size_t *ret_odd);
