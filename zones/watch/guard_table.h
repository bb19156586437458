/* zones/watch/guard_table.h: what the files of the guard share: the table that code, doc/guard.md and the model are made from.
 *
 * Rows are tried from the first on; the first whose state, event and condition hold is taken.
 */
#pragma once

#include "zones/watch/guard.h"

#include <stddef.h>

/* Name, what it says (empty: always). */
#define DG_GUARD_CONDITIONS(X)                                                                   \
	X(ALWAYS, "")                                                                            \
	X(WATCHED, "the mode is not never")                                                      \
	X(ACTS, "mode automatic, armed, within budget, no cooldown, nothing of ours abused")     \
	X(ASKS, "armed, nothing of ours abused, and not by itself")                              \
	X(ASKED, "armed, proposed, within budget, nothing of ours abused")                       \
	X(DUE, "at the deadline")                                                                \
	X(OVERLAPS, "the subdomain before still serves")                                         \
	X(OVERLAPS_DUE, "at the deadline, the subdomain before still serves")                    \
	X(RETIRES, "the subdomain before is being given up")                                     \
	X(PROBES, "at the deadline, with a sink MX to probe with")                               \
	X(BLIND, "at the deadline, without a sink MX, not yet proposed")                         \
	X(WAITED, "at the deadline, without a sink MX, proposed")                                \
	X(EXPIRED, "split for longer than the expiry")                                           \
	X(ROTATES, "mode automatic, a label is left, within budget, one subdomain serves")       \
	X(ASKS_ROTATE, "a label is left, one subdomain serves, not by itself, not yet proposed") \
	X(LAST_LABEL, "no label is left, not yet told")                                          \
	X(ROTATE_ASKED, "the next label is proposed, within budget")                             \
	X(SUNK, "the sink is being replaced")                                                    \
	X(SUNK_ABUSED, "the sink is being replaced, something of ours is abused")                \
	X(OPENS, "the sink is not yet verified")                                                 \
	X(LISTENS, "the sink is verified")                                                       \
	X(ALARMED, "the alarm still stands")                                                     \
	X(BACK_ASKED, "a null MX of ours stands, the next label is not what is proposed")        \
	X(UNSETTLED, "a split or a way back was under way, the mode is not never")               \
	X(NULLED, "a null MX of ours stands, the mode is not never")                             \
	X(NOT_NULLED, "no null MX of ours stands")                                               \
	X(ABUSED, "something of ours is abused")                                                 \
	X(NEW_ABUSE, "that is new")

enum dg_guard_condition {
#define X(name, text) DG_GUARD_IF_##name,
	DG_GUARD_CONDITIONS(X)
#undef X
};

#define DG_GUARD_ANY (-1)

struct dg_guard_row_of_table {
	int from; /* enum dg_guard_state, or DG_GUARD_ANY but HELD */
	enum dg_guard_event_kind event;
	enum dg_guard_condition condition;
	int to;
	unsigned actions;
	const char *why;
};

extern const struct dg_guard_row_of_table dg_guard_rows[];
extern const size_t dg_guard_n_rows;

const char *dg_guard_condition_text(enum dg_guard_condition c);
