/* What is heard of a name: evidence from the detector, mail that sensors saw, and what follows from it. */
#include "controller/guard/running.h"
#include "providers/net/loop.h"
#include "zones/base/arena.h"
#include "zones/watch/detector.h"

#include <stdlib.h>
#include <string.h>

#define MEMORY_MAX ((size_t)1 << 20)
#define MINUTE_MS  ((int64_t)60000)
#define SAVE_MS    MINUTE_MS
#define AGAIN_MS \
	(2 * MINUTE_MS) /* between two looks at a sink that no sensor has seen anything of */
#define STAMP_MS 2000   /* a log's stamps are whole seconds */

/* --- evidence --------------------------------------------------------------------------------- */
static void take_evidence(struct dg_ward *x, const struct dg_runner_evidence *e)
{
	char *text = NULL;

	if (!e) {
		return;
	}
	x->asks_first = e->asks_first;
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(MEMORY_MAX);
	text = dg_evidence_json(a, e);
	free(x->evidence);
	x->evidence = strdup(text);
}

void dg_ward_ready(struct dg_ward *x)
{
	struct dg_runner *r = x->running;
	bool acts = x->limits.mode == DG_GUARD_MODE_AUTOMATIC;

	x->ready_ms = dg_running_now(r);
	if (acts && !x->asks_first && x->g.state == DG_GUARD_ELEVATED && x->g.is_armed &&
		!dg_running_has_room(r, x)) {
		dg_ward_wait_in_line(x);
	}
	dg_ward_step(x, DG_GUARD_EV_READY);
}

/* Behind a null MX nothing was seen: an alarm from before says nothing of now. */
static bool is_new_after_all(const struct dg_ward *x)
{
	return x->g.state == DG_GUARD_COOLDOWN && !x->g.is_armed && !x->is_arming;
}

void dg_runner_event(struct dg_runner *r, const char *name, enum dg_guard_event_kind kind,
	const struct dg_runner_evidence *e)
{
	struct dg_ward *x = dg_map_get(&r->by_name, name);

	if (!x) {
		return;
	}
	dg_running_forget_old_moves(r);
	take_evidence(x, e);
	if (kind == DG_GUARD_EV_QUIET || kind == DG_GUARD_EV_ABUSED) {
		x->ready_ms = 0;
	}
	if (kind == DG_GUARD_EV_ABUSED) {
		dg_ward_abused(x, e ? e->text : NULL);
		return;
	}
	if (kind == DG_GUARD_EV_READY) {
		if (!e || e->has_floor) {
			dg_ward_ready(x);
		}
	} else if (kind != DG_GUARD_EV_ALARM || !x->g.is_alarm || is_new_after_all(x)) {
		dg_ward_step(x, kind); /* an alarm that stands is not told again */
	}
}

/* The reason that came first stands until a person releases the name. */
void dg_ward_abused(struct dg_ward *x, const char *why)
{
	if (!x->g.is_abused) {
		free(x->abuse);
		x->abuse = strdup(why && *why != '\0' ? why : "no reason was given");
	}
	dg_ward_step(x, DG_GUARD_EV_ABUSED);
}

void dg_runner_followed(
	struct dg_runner *r, const char *name, unsigned label, const struct dg_runner_evidence *e)
{
	struct dg_ward *x = dg_map_get(&r->by_name, name);

	if (x && x->g.state == DG_GUARD_SPLIT && x->g.label == label && !x->g.is_overlapping) {
		dg_running_forget_old_moves(r);
		take_evidence(x, e);
		x->asks_first = false; /* both labels serve until the old one has drained */
		dg_ward_step(x, DG_GUARD_EV_FOLLOWED);
	}
}

/* --- mail that was seen ----------------------------------------------------------------------- */
static int64_t later_of(int64_t x, int64_t y)
{
	return x > y ? x : y;
}

static void hear_backscatter(struct dg_ward *x, const struct dg_runner_mail *m)
{
	struct dg_ear *ear = &x->ear;

	if (x->g.is_null && m->at_ms >= ear->split_ms) {
		ear->n_residue++;
		ear->residue_ms = later_of(ear->residue_ms, m->at_ms);
	}
	if (x->g.is_listening && m->at_ms + STAMP_MS >= ear->listen_ms) {
		ear->heard += m->weight;
		if (ear->heard >= DG_PROBE_LOUD) {
			dg_ward_step(x, DG_GUARD_EV_LOUD);
		}
	}
}

void dg_runner_heard(struct dg_runner *r, const char *name, const struct dg_runner_mail *m)
{
	struct dg_ward *x = dg_map_get(&r->by_name, name);

	if (!x) {
		return;
	}
	if (m->is_at_label) {
		if (m->is_genuine && m->label < x->g.label) {
			x->ear.genuine_ms = later_of(x->ear.genuine_ms, m->at_ms);
		}
		return;
	}
	x->ear.mail_ms = later_of(x->ear.mail_ms, m->at_ms);
	if (!m->is_genuine) {
		hear_backscatter(x, m);
	}
}

/* --- a probe, and a label that drains --------------------------------------------------------- */
void dg_ward_listen(struct dg_ward *x, const struct dg_guard *before)
{
	struct dg_ear *ear = &x->ear;
	int64_t now_ms = dg_running_now(x->running);

	if (x->g.is_listening && !before->is_listening) {
		ear->listen_ms = now_ms;
		ear->heard = 0;
	} else if (!x->g.is_listening) {
		ear->listen_ms = 0;
		ear->look_ms = 0;
		ear->is_looking = false;
	}
	if (x->g.split_ms != before->split_ms) {
		ear->split_ms = x->g.split_ms;
		ear->n_residue = 0;
		ear->residue_ms = 0;
	}
	if (x->g.label != before->label) {
		ear->genuine_ms = 0;
	}
}

void dg_ward_looked(struct dg_ward *x)
{
	x->ear.is_looking = false;
}

/* A sensor has seen something at the name: since the last look at the sink, or, where nothing can be sent, since caches let go of
 * the null MX. */
static bool has_sign_of_life(const struct dg_ward *x)
{
	const struct dg_ear *ear = &x->ear;
	int64_t since_ms = x->running->o.has_no_smtp ? ear->listen_ms + x->drain_ms : ear->look_ms;

	return ear->look_ms > 0 && !ear->is_looking && ear->mail_ms + STAMP_MS >= since_ms;
}

static void listen_tick(struct dg_ward *x, int64_t now_ms)
{
	struct dg_ear *ear = &x->ear;

	if (now_ms < ear->listen_ms + x->drain_ms + x->listen_ms) {
		return;
	}
	if (has_sign_of_life(x)) {
		dg_ward_step(x, DG_GUARD_EV_SILENT);
	} else if (!ear->is_looking && now_ms - ear->look_ms >= AGAIN_MS) {
		ear->look_ms = now_ms;
		ear->is_looking = true;
	}
}

void dg_ward_listen_tick(struct dg_ward *x, int64_t now_ms)
{
	struct dg_ear *ear = &x->ear;

	if (x->g.is_listening) {
		listen_tick(x, now_ms);
	}
	if (x->g.state == DG_GUARD_SPLIT && x->g.is_overlapping && !x->g.is_retiring &&
		now_ms - later_of(x->g.since_ms, ear->genuine_ms) >= x->overlap_ms) {
		dg_ward_step(x, DG_GUARD_EV_DRAINED);
	}
	if (x->g.is_null && ear->residue_ms > ear->saved_ms && now_ms - ear->saved_ms >= SAVE_MS) {
		dg_ward_save(x, NULL, NULL);
	}
}
