#include "zones/watch/replay.h"

#include "zones/base/arena.h"
#include "zones/watch/watched.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

#define HOUR_MS ((int64_t)3600 * 1000)
#define NEVER   INT64_MAX

struct inside {
	struct dg_arena *arena;
	struct dg_watched watched;
	struct dg_heat last; /* what there was of heat before it was calm again */
	struct dg_guard guard;
	int64_t armed_ms; /* when arming ends; NEVER: nothing is being armed */
	int64_t done_ms;  /* when the step is verified */
	int64_t probe_ms; /* when the probe ends */
	int64_t null_ms;  /* since when caches hold the null MX; NEVER: they do not */
	double heard;     /* in it, weighted */
	uint32_t random;
	size_t cap_entries;
};

static void done(void *obj)
{
	dg_watched_done(obj);
}

struct dg_replay *dg_replay_new(
	struct dg_arena *a, const char *name, const struct dg_replay_options *o)
{
	struct dg_replay *r = dg_new(a, struct dg_replay);
	struct inside *in = dg_new(a, struct inside);

	*r = (struct dg_replay){
		.name = name,
		.options = *o,
		.bins = dg_newn(a, struct dg_plot_bin, DG_REPLAY_BINS_MAX),
		.bin_ms = HOUR_MS,
		.internal = in,
	};
	in->arena = a;
	dg_arena_defer(a, done, &in->watched);
	in->armed_ms = in->done_ms = in->probe_ms = in->null_ms = NEVER;
	return r;
}

/* --- history ---------------------------------------------------------------------------------- */
static void fold(struct dg_replay *r)
{
	for (size_t i = 0; i < DG_REPLAY_BINS_MAX; i++) {
		struct dg_plot_bin x = r->bins[i];
		struct dg_plot_bin *to = &r->bins[i / 2];
		if (i % 2 == 0) {
			*to = x;
		} else {
			to->own += x.own;
			to->unknown += x.unknown;
			to->foreign += x.foreign;
			to->received += x.received;
			to->state = x.state > to->state ? x.state : to->state;
		}
		if (i >= DG_REPLAY_BINS_MAX / 2) {
			r->bins[i] = (struct dg_plot_bin){0};
		}
	}
	r->n_bins = (r->n_bins + 1) / 2;
	r->bin_ms *= 2;
}

static struct dg_plot_bin *bin_at(struct dg_replay *r, int64_t now_ms)
{
	const struct inside *in = r->internal;
	int64_t from = r->first_ms - r->first_ms % HOUR_MS;

	while ((now_ms - from) / r->bin_ms >= DG_REPLAY_BINS_MAX) {
		fold(r);
	}
	size_t at = now_ms > from ? (size_t)((now_ms - from) / r->bin_ms) : 0;
	for (size_t i = r->n_bins; i <= at; i++) {
		r->bins[i].state = (uint8_t)in->guard.state;
	}
	r->n_bins = at >= r->n_bins ? at + 1 : r->n_bins;
	struct dg_plot_bin *b = &r->bins[at];
	b->state = in->guard.state > b->state && in->guard.state <= DG_GUARD_PROBING
			   ? (uint8_t)in->guard.state
			   : b->state;
	return b;
}

static void tell(struct dg_replay *r, int64_t now_ms, const char *what, const char *why)
{
	struct inside *in = r->internal;
	const struct dg_heat *now = dg_watched_heat(&in->watched);
	const struct dg_heat *heat = now ? now : &in->last;

	if (r->n_entries == DG_REPLAY_ENTRIES_MAX) {
		r->n_entries_dropped++;
		return;
	}
	if (r->n_entries == in->cap_entries) {
		in->cap_entries = in->cap_entries ? 2 * in->cap_entries : 16;
		struct dg_replay_entry *more =
			dg_newn(in->arena, struct dg_replay_entry, in->cap_entries);
		if (r->n_entries > 0) {
			memcpy(more, r->entries, r->n_entries * sizeof(*more));
		}
		r->entries = more;
	}
	r->entries[r->n_entries++] = (struct dg_replay_entry){
		.at_ms = now_ms,
		.what = what,
		.why = why,
		.state = in->guard.state,
		.n_foreign = heat->n_foreign,
		.n_unknown = heat->n_unknown,
		.n_own = heat->n_own,
		.n_reporters = (uint32_t)lround(dg_distinct_count(&heat->reporters)),
		.n_recipients = (uint32_t)lround(dg_distinct_count(&heat->recipients)),
		.genuine = (uint32_t)lround((double)in->watched.genuine),
		.score = in->watched.detector.score,
	};
}

/* --- the guard in a world that does what it is told ------------------------------------------- */
static void act(struct dg_replay *r, int64_t now_ms, const struct dg_guard_out *out)
{
	struct inside *in = r->internal;
	const struct dg_replay_options *o = &r->options;
	unsigned a = out->actions;

	if (a & DG_GUARD_DO_ARM) {
		in->armed_ms = now_ms + o->old_ttl_ms;
	}
	if (a & DG_GUARD_DO_DISARM) {
		in->armed_ms = NEVER;
	}
	if (a & DG_GUARD_DO_SPLIT) {
		r->n_splits++;
		in->null_ms = now_ms + o->armed_ttl_ms;
	}
	if (a & (DG_GUARD_DO_SPLIT | DG_GUARD_DO_RESTORE | DG_GUARD_DO_UNDO)) {
		in->done_ms = now_ms + DG_REPLAY_STEP_MS;
	}
	if (a & DG_GUARD_DO_PROBE) {
		in->done_ms = now_ms + DG_REPLAY_STEP_MS;
		in->probe_ms = in->done_ms + o->armed_ttl_ms + o->probe_ms;
		in->heard = 0;
		in->null_ms = NEVER;
	}
	if (a & DG_GUARD_DO_RENULL) {
		in->probe_ms = NEVER;
		in->null_ms = now_ms + o->armed_ttl_ms;
		in->done_ms = now_ms + DG_REPLAY_STEP_MS;
	}
	if (a & (DG_GUARD_DO_RESTORE | DG_GUARD_DO_UNDO)) {
		in->probe_ms = NEVER;
		in->null_ms = NEVER;
	}
	if (a & (DG_GUARD_DO_PROPOSE | DG_GUARD_DO_PROPOSE_RESTORE)) {
		r->n_proposals++;
		tell(r, now_ms, a & DG_GUARD_DO_PROPOSE ? "proposed" : "proposed-restore",
			out->why);
	}
}

/* True: a person was asked. */
static bool feed_one(struct dg_replay *r, int64_t now_ms, enum dg_guard_event_kind kind)
{
	struct inside *in = r->internal;
	enum dg_guard_state before = in->guard.state;
	/* Much genuine mail at stake: as if there were no budget to do it without asking; a person said yes. */
	struct dg_guard_event e = {
		.kind = kind,
		.now_ms = now_ms,
		.random = in->random = in->random * 1664525u + 1013904223u,
		.has_budget = kind == DG_GUARD_EV_APPROVED ||
			      (double)in->watched.genuine <= r->options.genuine_max,
	};
	struct dg_guard_out out;

	dg_guard_step(&r->options.limits, &in->guard, &e, &out);
	if (out.row < 0) {
		return false;
	}
	if (in->guard.state != before) {
		tell(r, now_ms, dg_guard_state_text(in->guard.state), out.why);
		(void)bin_at(r, now_ms);
	}
	act(r, now_ms, &out);
	return out.actions & (DG_GUARD_DO_PROPOSE | DG_GUARD_DO_PROPOSE_RESTORE);
}

static void feed(struct dg_replay *r, int64_t now_ms, enum dg_guard_event_kind kind)
{
	if (feed_one(r, now_ms, kind)) {
		(void)feed_one(r, now_ms, DG_GUARD_EV_APPROVED);
	}
}

static void on_level(struct dg_replay *r, int64_t now_ms, enum dg_alarm level)
{
	struct inside *in = r->internal;

	if (level == in->watched.level) {
		return;
	}
	in->watched.level = level;
	if (level == DG_ALARM_CALM) {
		const struct dg_heat *heat = dg_watched_heat(&in->watched);

		in->last = heat ? *heat : in->last;
		dg_watched_cool(&in->watched);
		tell(r, now_ms, "quiet", "the detector is calm again");
		feed(r, now_ms, DG_GUARD_EV_QUIET);
		return;
	}
	if (level == DG_ALARM_ALARM) {
		r->n_alarms++;
	}
	tell(r, now_ms, level == DG_ALARM_ALARM ? "alarm" : "notice",
		level == DG_ALARM_ALARM ? "an attack" : "more backscatter than usual");
	feed(r, now_ms, level == DG_ALARM_ALARM ? DG_GUARD_EV_ALARM : DG_GUARD_EV_NOTICE);
}

static void judge(struct dg_replay *r, int64_t now_ms)
{
	struct inside *in = r->internal;
	bool is_waiting =
		in->guard.state == DG_GUARD_ELEVATED || in->guard.state == DG_GUARD_COOLDOWN;

	if (is_waiting && !dg_watched_missing(&in->watched, now_ms)) {
		feed(r, now_ms, DG_GUARD_EV_READY);
	}
}

/* --- time ------------------------------------------------------------------------------------- */
static int64_t least(int64_t x, int64_t y)
{
	return x < y ? x : y;
}

static bool take(int64_t *due_ms, int64_t now_ms)
{
	bool is_due = *due_ms <= now_ms;

	*due_ms = is_due ? NEVER : *due_ms;
	return is_due;
}

/* All that is due until now, in order. */
static void pass(struct dg_replay *r, int64_t now_ms)
{
	struct inside *in = r->internal;

	for (unsigned i = 0; i < 10000; i++) {
		int64_t at = least(
			least(in->armed_ms, in->done_ms), least(in->probe_ms, in->guard.due_ms));
		at = least(at, dg_detector_next_ms(&in->watched.detector));
		if (at > now_ms) {
			break;
		}
		if (take(&in->done_ms, at)) {
			feed(r, at, DG_GUARD_EV_DONE);
		} else if (take(&in->armed_ms, at)) {
			feed(r, at, DG_GUARD_EV_ARMED);
			tell(r, at, "armed", "the subdomain is published, TTLs are low");
			judge(r, at);
		} else if (take(&in->probe_ms, at)) {
			feed(r, at, DG_GUARD_EV_SILENT);
		} else if (in->guard.due_ms <= at) {
			feed(r, at, DG_GUARD_EV_TICK);
		} else {
			on_level(r, at, dg_detector_tick(&in->watched.detector, at));
		}
	}
}

static void in_split(struct dg_replay *r, int64_t now_ms, bool is_genuine)
{
	const struct inside *in = r->internal;

	if (in->null_ms <= now_ms && in->guard.is_null) {
		r->n_refused += is_genuine;
		r->n_kept_away += !is_genuine;
	}
}

static void on_genuine(struct dg_replay *r, const struct dg_mail_event *e)
{
	struct inside *in = r->internal;

	dg_watched_genuine(&in->watched, e);
	r->n_received++;
	bin_at(r, e->at_ms)->received++;
	in_split(r, e->at_ms, true);
}

static void on_arrival(struct dg_replay *r, const struct dg_mail_event *e)
{
	struct inside *in = r->internal;
	enum dg_arrival class;
	enum dg_alarm level = dg_watched_arrival(&in->watched, e, &class);
	struct dg_plot_bin *b = bin_at(r, e->at_ms);

	r->n_own += class == DG_ARRIVAL_OWN;
	r->n_unknown += class == DG_ARRIVAL_UNKNOWN;
	r->n_foreign += class == DG_ARRIVAL_FOREIGN;
	b->own += class == DG_ARRIVAL_OWN;
	b->unknown += class == DG_ARRIVAL_UNKNOWN;
	b->foreign += class == DG_ARRIVAL_FOREIGN;
	in->heard += dg_arrival_weight(class);
	if (class != DG_ARRIVAL_OWN) {
		in_split(r, e->at_ms, false);
	}
	on_level(r, e->at_ms, level);
	if (in->probe_ms != NEVER && in->heard >= DG_PROBE_LOUD) {
		feed(r, e->at_ms, DG_GUARD_EV_LOUD);
	}
	judge(r, e->at_ms);
}

void dg_replay_event(struct dg_replay *r, const struct dg_mail_event *e)
{
	struct inside *in = r->internal;

	if (r->last_ms == 0) {
		r->first_ms = e->at_ms;
		dg_watched_init(&in->watched, "", r->name, e->at_ms);
		dg_guard_init(&in->guard, e->at_ms);
	}
	r->last_ms = e->at_ms > r->last_ms ? e->at_ms : r->last_ms;
	pass(r, e->at_ms);
	switch (e->kind) {
	case DG_MAIL_TAKEN:
	case DG_MAIL_UNKNOWN:
	case DG_MAIL_BARRED:
		on_arrival(r, e);
		break;
	case DG_MAIL_SENT:
		r->n_sent++;
		dg_watched_sent(&in->watched, e);
		break;
	case DG_MAIL_RECEIVED:
		on_genuine(r, e);
		break;
	}
}

static void add_up(struct dg_replay *r, int64_t now_ms)
{
	int64_t since = 0;

	for (size_t i = 0; i < r->n_entries; i++) {
		const struct dg_replay_entry *e = &r->entries[i];
		bool is_out = e->state == DG_GUARD_SPLIT || e->state == DG_GUARD_PROBING;
		if (is_out && since == 0) {
			since = e->at_ms;
		} else if (!is_out && since != 0) {
			r->split_ms += e->at_ms - since;
			since = 0;
		}
	}
	r->split_ms += since != 0 ? now_ms - since : 0;
}

void dg_replay_end(struct dg_replay *r, int64_t now_ms)
{
	if (r->last_ms == 0) {
		return;
	}
	r->last_ms = now_ms > r->last_ms ? now_ms : r->last_ms;
	pass(r, r->last_ms);
	(void)bin_at(r, r->last_ms);
	add_up(r, r->last_ms);
}
