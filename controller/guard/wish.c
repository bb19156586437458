/* What people wish: approve, stop, release, abused, and the file that stops everything. */
#include "controller/guard/running.h"
#include "providers/net/loop.h"
#include "zones/base/arena.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MEMORY_MAX ((size_t)64 << 20)
#define TEXT_MAX   400u

/* --- stop ------------------------------------------------------------------------------------- */
static void stop(struct dg_ward *x)
{
	if (x->g.state != DG_GUARD_HELD) {
		x->is_stopped = true;
		dg_ward_step(x, DG_GUARD_EV_STOP);
	}
	dg_ward_quit(x);
}

static void stop_all(struct dg_runner *r)
{
	for (size_t i = 0; i < r->n_wards; i++) {
		stop(r->wards[i]);
	}
}

void dg_running_stop_file(struct dg_runner *r)
{
	bool is_there = access(r->stop_path, F_OK) == 0;

	if (is_there != r->is_stopped) {
		dg_running_tell(r, "",
			is_there ? "stopped: nothing is done while the file stop is there"
				 : "the file stop is gone");
	}
	r->is_stopped = is_there;
	if (is_there) {
		stop_all(r);
	}
}

/* --- release ---------------------------------------------------------------------------------- */
static void release(struct dg_ward *x)
{
	x->is_stopped = false;
	dg_ward_step(x, DG_GUARD_EV_RELEASE);
}

static void release_all(struct dg_runner *r)
{
	for (size_t i = 0; i < r->n_wards; i++) {
		if (r->wards[i]->is_stopped && r->wards[i]->g.state == DG_GUARD_HELD) {
			release(r->wards[i]);
		}
	}
}

/* --- approve ---------------------------------------------------------------------------------- */
static void say(struct dg_ward *x, const struct dg_wish *w, const char *what)
{
	char text[TEXT_MAX];

	(void)snprintf(
		text, sizeof(text), "%s said %s: %s", w->who ? w->who : "somebody", w->kind, what);
	dg_running_tell(x->running, x->name, text);
}

void dg_ward_wish(struct dg_ward *x, int64_t wish)
{
	x->running->n_yes -= x->wish > 0 ? 1 : 0;
	x->running->n_yes += wish > 0 ? 1 : 0;
	x->wish = wish;
}

/* Whether it is done with. A yes beyond the budget waits, and so does one whose plan is being looked at again. */
static bool approve(struct dg_ward *x, const struct dg_wish *w)
{
	bool is_up = x->g.state == DG_GUARD_ELEVATED || x->g.state == DG_GUARD_COOLDOWN ||
		     (x->g.state == DG_GUARD_SPLIT && x->g.asks_rotate);

	if (x->wish == w->id || x->granted == w->id) {
		return false;
	}
	if (!x->g.is_proposed || !w->proposal || strcmp(x->plan, w->proposal) != 0) {
		say(x, w, "that is not what is proposed now; nothing is done");
		return true;
	}
	if (is_up && x->running->n_moves >= dg_running_moves_max(x->running)) {
		return false;
	}
	say(x, w, "is the plan still the same?");
	dg_ward_wish(x, w->id);
	x->retry_ms = 0;
	dg_ward_act(x);
	return false;
}

/* The look again came to digest. */
void dg_ward_approved(struct dg_ward *x, const char *digest)
{
	int64_t wish = x->wish;

	if (strcmp(x->plan, digest) == 0) {
		x->granted = wish; /* in one transaction with the step */
		dg_ward_step(x, DG_GUARD_EV_APPROVED);
		if (x->g.state != DG_GUARD_SPLITTING && x->g.state != DG_GUARD_RESTORING) {
			x->granted = 0; /* no room: asked again with the next look at the wishes */
		}
		dg_ward_wish(x, 0);
		return;
	}
	(void)snprintf(x->plan, sizeof(x->plan), "%s", digest);
	x->granted = wish;
	dg_ward_save(x, "on-propose", "the plan is another one by now: a new yes is needed");
	dg_running_tell(
		x->running, x->name, "the plan is another one by now: it is proposed again");
	dg_ward_wish(x, 0);
}

/* --- all of them ------------------------------------------------------------------------------ */
static bool obey(struct dg_runner *r, const struct dg_wish *w)
{
	struct dg_ward *x = w->name ? dg_map_get(&r->by_name, w->name) : NULL;

	if (!w->name) {
		if (strcmp(w->kind, "stop") == 0) {
			stop_all(r);
		} else if (strcmp(w->kind, "release") == 0) {
			release_all(r);
		}
		return true;
	}
	if (!x) {
		dg_running_tell(r, w->name, "a wish about a name that is not guarded");
		return true;
	}
	if (strcmp(w->kind, "approve") == 0) {
		return approve(x, w);
	}
	if (strcmp(w->kind, "abused") == 0) {
		char why[TEXT_MAX];

		(void)snprintf(why, sizeof(why), "%s said so: %s", w->who ? w->who : "somebody",
			w->why ? w->why : "no reason was given");
		say(x, w, "nothing is split");
		dg_ward_abused(x, why);
	} else if (strcmp(w->kind, "stop") == 0) {
		say(x, w, "held");
		stop(x);
	} else if (strcmp(w->kind, "release") == 0 && r->is_stopped) {
		say(x, w, "not while the file stop is there");
	} else if (strcmp(w->kind, "release") == 0) {
		say(x, w, "going on");
		release(x);
	}
	return !x->is_unsaved;
}

void dg_running_wishes(struct dg_runner *r)
{
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(MEMORY_MAX);
	struct dg_wish *wishes = NULL;
	struct dg_err err;
	size_t n = 0;

	int rc = dg_store_wishes(r->o.store, a, &wishes, &n, &err);
	for (size_t i = 0; i < n && rc == 0; i++) {
		if (obey(r, &wishes[i])) {
			rc = dg_store_wish_done(r->o.store, wishes[i].id, &err);
		}
	}
	if (rc < 0 && !r->is_complaining) {
		dg_running_tell(r, "", err.text);
	}
	r->is_complaining = rc < 0;
}
