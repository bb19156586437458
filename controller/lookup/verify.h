/* controller/lookup/verify.h: what the name servers say against what they should say. Pure.
 *
 * Shape    Views in, a verdict for each out, servers with the same answers in one group. A swap's
 *          after is what should be served; its before, when known (before.owner not NULL), tells
 *          "still the old answer" from "something else".
 * Compare  TXT by its joined octets (RFC 7208 section 3.3), all else byte for byte; TTLs too, but a
 *          resolver's may be lower.
 * Serial   RFC 1982 arithmetic. The newest seen counts as the primary's unless one is given.
 * Memory   In the arena given; views and swaps are borrowed and must live as long.
 */
#pragma once

#include "zones/record/rrset.h"
#include "zones/record/view.h"

struct dg_arena;
struct dg_buf;
struct dg_swap;

enum dg_verdict {
	DG_VERDICT_IN_FORCE, /* every RRset as it should be */
	DG_VERDICT_OLD,      /* some still as before, the others as they should be */
	DG_VERDICT_OTHER,    /* some neither as before nor as it should be */
	DG_VERDICT_UNKNOWN,  /* could not tell */
};

struct dg_verify_server {
	const struct dg_view *view;
	enum dg_verdict verdict;
	size_t n_in_force, n_old, n_other, n_unknown; /* swaps */
	const struct dg_swap *first_bad; /* the first that is not in force; NULL: none */
	uint32_t n_behind;               /* serials behind the newest; 0: none, or not known */
	size_t group;                    /* index into groups */
	const char *text; /* one sentence: "still serves serial 2026112201, 2 behind 2026112203" */
	const char *remedy; /* what to do; NULL: nothing */
};

struct dg_verify_group {
	enum dg_verdict verdict;
	size_t n_servers;
	size_t first; /* index into servers */
};

struct dg_verify {
	const char *zone;
	struct dg_verify_server *servers; /* one a view, in the same order */
	size_t n;
	struct dg_verify_group *groups; /* the largest first */
	size_t n_groups;
	size_t n_swaps;                               /* RRsets that were compared */
	size_t n_in_force, n_old, n_other, n_unknown; /* servers */
	size_t n_no_route; /* servers that this machine cannot reach at all: in none of the four */
	uint32_t serial;   /* the newest; 0 when has_serial is false */
	bool has_serial;
	uint32_t old_ttl; /* the longest that a cache may hold what a server still says wrongly,
			     seconds; 0: nothing is wrong */
	bool is_in_force; /* all that could be asked from here, and there is at least one */
};

struct dg_verify_input {
	const char *zone; /* canonical */
	const struct dg_swap *swaps;
	size_t n_swaps;
	const struct dg_view *views;
	size_t n_views;
	bool has_serial; /* of the primary after the change, when known */
	uint32_t serial;
};

void dg_verify_make(
	struct dg_arena *a, const struct dg_verify_input *in, struct dg_verify **ret_verify);

/* What one view says of one swap. */
enum dg_verdict dg_verify_one(const struct dg_view *view, const struct dg_swap *swap);

/* "3 of 4 name servers have it" and a line for each that has not, with what to do; is_verbose: a
 * line for each. */
void dg_verify_print(struct dg_buf *b, const struct dg_verify *v, bool is_verbose);
/* One JSON object, no newline. */
void dg_verify_json(struct dg_buf *b, const struct dg_verify *v);

const char *dg_verdict_text(enum dg_verdict v); /* "in-force", "old", "other", "unknown": stable */
