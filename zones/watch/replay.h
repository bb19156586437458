/* zones/watch/replay.h: what the guard would have done with the past of one mail name. Pure.
 *
 * Shape    The events of a log in, in the order of time; out a list of what would have happened, when, on what evidence, and a
 *          history in hours. Detector, classes and guard are those of the daemon; the world is simulated: arming takes the old TTL, a
 *          step is verified after DG_REPLAY_STEP_MS, proposals get a yes at once. A probe listens for
 *          the armed TTL and probe_ms, and is loud as soon as it has heard DG_PROBE_LOUD.
 * Costs    Bounces that came in a split after the armed TTL would have stayed away; mail with a sender that came then would
 *          have been refused.
 * Limits   DG_REPLAY_ENTRIES_MAX entries, DG_REPLAY_BINS_MAX bins (hours; of longer logs two, four ... hours).
 * Memory   In the arena given.
 */
#pragma once

#include "zones/watch/classify.h"
#include "zones/watch/detector.h"
#include "zones/watch/guard.h"
#include "zones/watch/plot.h"

struct dg_arena;
struct dg_buf;

#define DG_REPLAY_STEP_MS     ((int64_t)5000)
#define DG_REPLAY_ENTRIES_MAX 5000u
#define DG_REPLAY_BINS_MAX    4096u

struct dg_replay_options {
	struct dg_guard_limits limits; /* and mode */
	int64_t old_ttl_ms, armed_ttl_ms, probe_ms;
	unsigned
		genuine_max; /* letters with a sender in a day: more, and a person is asked even in mode automatic */
};

struct dg_replay_entry {
	int64_t at_ms;
	const char *what; /* "notice", "alarm", "armed", "proposed", "split", ...: stable */
	const char *why;  /* a sentence without its final dot, static */
	enum dg_guard_state state;            /* after it */
	uint32_t n_foreign, n_unknown, n_own; /* since the notice */
	uint32_t n_reporters, n_recipients;   /* about; distinct, of foreign and unknown */
	uint32_t genuine;                     /* letters with a sender in the day before */
	double score;
};

struct dg_replay {
	const char *name; /* canonical */
	struct dg_replay_options options;
	int64_t first_ms, last_ms;
	uint64_t n_own, n_unknown, n_foreign, n_received, n_sent;
	uint64_t n_kept_away, n_refused; /* during splits, after the armed TTL */
	unsigned n_alarms, n_splits, n_proposals;
	int64_t split_ms; /* in all */
	struct dg_replay_entry *entries;
	size_t n_entries, n_entries_dropped;
	struct dg_plot_bin *bins;
	size_t n_bins;
	int64_t bin_ms;
	void *internal;
};

struct dg_replay *dg_replay_new(
	struct dg_arena *a, const char *name, const struct dg_replay_options *o);
/* e: of this mail name (recipient, or sender for SENT). */
void dg_replay_event(struct dg_replay *r, const struct dg_mail_event *e);
/* The log ends; what would still have come is not told. */
void dg_replay_end(struct dg_replay *r, int64_t now_ms);

void dg_replay_print(struct dg_buf *b, const struct dg_replay *r);
/* One JSON object, no newline. */
void dg_replay_json(struct dg_buf *b, const struct dg_replay *r);
/* A drawing of its own: arrivals an hour by class, states as bands. */
void dg_replay_svg(struct dg_buf *b, const struct dg_replay *r);
