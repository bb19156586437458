/* What the state of a name asks for, done by commands of our own in processes of their own. */
#include "controller/guard/running.h"
#include "providers/net/loop.h"
#include "zones/base/digest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECOND_MS ((int64_t)1000)
#define RETRY_MS  (5 * SECOND_MS) /* doubled */
#define AGAIN_MS  (10 * SECOND_MS)
#define ARM_MS    (60 * SECOND_MS) /* doubled */
#define RETRY_MAX (300 * SECOND_MS)
#define ARM_MAX   (1800 * SECOND_MS)
#define CHILD_MS  ((int64_t)3600 * 1000) /* a command that hangs */
#define PATIENCE  12u /* tries, half an hour: where giving up leaves more open than trying again */
#define TEXT_MAX  900u
#define NO_PLAN   "-" /* nothing to change was found: what is left is to verify */

static enum dg_op op_of_split(const struct dg_guard *g, bool is_to_look)
{
	if (g->is_sink) {
		return DG_OP_RENULL;
	}
	if (g->is_retiring) {
		return DG_OP_RETIRE;
	}
	if (!is_to_look) {
		return DG_OP_NONE;
	}
	return g->asks_rotate ? DG_OP_LOOK_ROTATE : DG_OP_LOOK_BACK;
}

static enum dg_op op_of_calm(bool may_arm, bool is_to_look)
{
	if (may_arm) {
		return DG_OP_ARM;
	}
	return is_to_look ? DG_OP_LOOK : DG_OP_NONE;
}

/* Level-triggered: nothing of this is remembered, so nothing of it is lost. */
enum dg_op dg_ward_op(const struct dg_ward *x)
{
	const struct dg_guard *g = &x->g;
	/* A proposal without its plan, or one that somebody said yes to: look at the zone as it is. */
	bool is_to_look = g->is_proposed && (x->plan[0] == '\0' || x->wish > 0);
	bool may_arm = !g->is_armed && x->armed_ms == 0 && x->limits.mode != DG_GUARD_MODE_NEVER;

	switch (g->state) {
	case DG_GUARD_CALM:
		return x->is_disarming ? DG_OP_DISARM : DG_OP_NONE;
	case DG_GUARD_ELEVATED:
		return op_of_calm(may_arm, is_to_look);
	case DG_GUARD_COOLDOWN:
		return op_of_calm(may_arm && x->is_arming, is_to_look);
	case DG_GUARD_SPLITTING:
		return DG_OP_SPLIT;
	case DG_GUARD_SPLIT:
		return op_of_split(g, is_to_look);
	case DG_GUARD_PROBING:
		return !g->is_listening || x->ear.is_looking ? DG_OP_PROBE : DG_OP_NONE;
	case DG_GUARD_ROTATING:
		return DG_OP_ROTATE;
	case DG_GUARD_RESTORING:
		return DG_OP_BACK;
	case DG_GUARD_HELD:
		break;
	}
	return DG_OP_NONE;
}

static bool is_look(enum dg_op op)
{
	return op == DG_OP_LOOK || op == DG_OP_LOOK_BACK || op == DG_OP_LOOK_ROTATE;
}

/* --- what came of it -------------------------------------------------------------------------- */
static void again(struct dg_ward *x, int64_t first_ms, int64_t most_ms)
{
	int64_t ms = first_ms;

	for (unsigned i = 0; i < x->n_tries && ms < most_ms; i++) {
		ms *= 2;
	}
	x->n_tries++;
	x->retry_ms = dg_running_now(x->running) + (ms < most_ms ? ms : most_ms);
}

static void complain(struct dg_ward *x, const char *what, const struct dg_answer *a)
{
	char text[TEXT_MAX];

	(void)snprintf(text, sizeof(text), "%s: %s", what,
		a->text[0] ? a->text : "it ended without saying why");
	dg_running_tell(x->running, x->name, text);
}

static void after_arm(struct dg_ward *x, int status, const struct dg_answer *a)
{
	struct dg_runner *r = x->running;

	if (status == 0) {
		int64_t left = a->old_mx_until - dg_loop_now(r->o.loop);

		x->armed_ms = dg_running_now(r) + (left > 0 ? left * SECOND_MS : 0);
		x->n_tries = 0;
		dg_ward_save(x, NULL, NULL);
		return;
	}
	again(x, ARM_MS, ARM_MAX);
	complain(x, "could not be armed", a);
	if (status > 0) {
		dg_ward_step(x, DG_GUARD_EV_FAILED);
	}
}

static void after_look(struct dg_ward *x, int status, struct dg_answer *a)
{
	bool is_first = x->plan[0] == '\0';

	if (status != 3 || a->digest[0] == '\0') {
		again(x, RETRY_MS, RETRY_MAX);
		complain(x, "the plan could not be made", a);
		return;
	}
	x->n_tries = 0;
	if (x->g.state == DG_GUARD_ELEVATED || x->g.state == DG_GUARD_COOLDOWN ||
		x->g.state == DG_GUARD_SPLITTING) {
		free(x->restore);
		x->restore = a->restore;
		a->restore = NULL;
	}
	if (x->g.state == DG_GUARD_SPLITTING) { /* by itself: what it will do is on disk first */
		(void)snprintf(x->plan, sizeof(x->plan), "%s", a->digest);
		dg_ward_save(x, NULL, NULL);
	} else if (is_first) {
		(void)snprintf(x->plan, sizeof(x->plan), "%s", a->digest);
		dg_ward_save(x, "on-propose", "a person decides");
		dg_running_tell(x->running, x->name, "proposed: `dnsguard approve` says yes to it");
	} else {
		dg_ward_approved(x, a->digest);
	}
}

static void after_step(struct dg_ward *x, int status, const struct dg_answer *a)
{
	if (status == 0 && x->g.state == DG_GUARD_PROBING && x->g.is_listening) {
		dg_ward_looked(x);
		return;
	}
	if (status == 0) {
		x->n_tries = 0;
		dg_ward_step(x, DG_GUARD_EV_DONE);
		return;
	}
	bool is_patient = x->g.state == DG_GUARD_SPLIT && x->n_tries < PATIENCE;
	if (is_patient || status == 3 || status < 0 || a->is_passing) {
		/* not yet everywhere, killed, or out of reach: looked at again, until the deadline */
		again(x, status == 3 ? AGAIN_MS : RETRY_MS, RETRY_MAX);
		if (status != 3) {
			complain(x, "tried again", a);
		}
		return;
	}
	complain(x, "could not be done", a);
	dg_ward_step(x, DG_GUARD_EV_FAILED);
}

static void after_disarm(struct dg_ward *x, int status, const struct dg_answer *a)
{
	if (status == 0 || status == 3) {
		x->is_disarming = false;
		dg_ward_save(x, NULL, NULL);
		return;
	}
	again(x, ARM_MS, ARM_MAX);
	complain(x, "could not be disarmed", a);
}

static void judge(struct dg_ward *x, enum dg_op op, int status, struct dg_answer *a)
{
	bool was_look = is_look(op);

	if (op == DG_OP_NONE || op != dg_ward_op(x)) {
		x->retry_ms = 0; /* of an attempt that is not wanted any more */
	} else if (a->is_conflict) {
		complain(x, "conflict", a);
		dg_ward_step(x, DG_GUARD_EV_CONFLICT);
	} else if (op == DG_OP_ARM) {
		after_arm(x, status, a);
	} else if (op == DG_OP_DISARM) {
		after_disarm(x, status, a);
	} else if (was_look || (op == DG_OP_SPLIT && x->plan[0] == '\0' && status != 0)) {
		after_look(x, status, a);
	} else if (op == DG_OP_SPLIT && x->plan[0] == '\0') {
		(void)snprintf(x->plan, sizeof(x->plan), "%s", NO_PLAN); /* nothing to change */
	} else {
		after_step(x, status, a);
	}
}

static void on_done(struct dg_child *c)
{
	struct dg_ward *x = c->arg;
	struct dg_answer a;
	int status = c->status;
	bool is_busy = c->is_busy;

	x->is_running = false;
	x->is_standing_by = false;
	x->running->n_children--;
	dg_answer_read(c, x->zone, &a);
	dg_child_done(c);
	free(x->errand); /* c is in it; the next one may be begun at once */
	x->errand = NULL;
	if (is_busy) {
		x->retry_ms = dg_running_now(x->running) + SECOND_MS;
	} else {
		judge(x, x->child_op, status, &a);
	}
	free(a.restore);
	dg_ward_act(x);
}

/* --- one that waits for the word -------------------------------------------------------------- */
bool dg_ward_is_wanted(const struct dg_ward *x)
{
	enum dg_op op = dg_ward_op(x);

	return x->child_op == op || (x->is_standing_by && op == DG_OP_SPLIT);
}

/* The word, when what it will do is on disk; the end, when it is not wanted. */
static void answer_it(struct dg_ward *x)
{
	char word[DG_PLAN_ID_LEN + 2];
	bool is_wanted = dg_ward_op(x) == DG_OP_SPLIT;

	if (is_wanted && (x->is_unsaved || x->running->is_stopped)) {
		return;
	}
	(void)snprintf(word, sizeof(word), "%s\n", x->plan);
	x->is_standing_by = false;
	x->child_op = is_wanted ? DG_OP_SPLIT : DG_OP_NONE;
	x->running->children->say(&x->errand->child, is_wanted ? word : NULL);
}

static void on_heard(struct dg_child *c)
{
	struct dg_ward *x = c->arg;
	struct dg_answer a;

	if (!x->is_waiting_for_plan) {
		return;
	}
	dg_answer_read_text(c->so_far, x->zone, &a);
	if (a.digest[0] != '\0') {
		x->is_waiting_for_plan = false;
		x->is_standing_by = true;
		if (x->child_op == dg_ward_op(x)) {
			after_look(x, 3, &a);
		}
		dg_ward_act(x);
	}
	free(a.restore);
}

/* --- how it is begun -------------------------------------------------------------------------- */
static const char *command_of(enum dg_op op)
{
	switch (op) {
	case DG_OP_ARM:
		return "arm";
	case DG_OP_DISARM:
		return "disarm";
	case DG_OP_BACK:
	case DG_OP_LOOK_BACK:
		return "unsplit";
	case DG_OP_PROBE:
		return "probe";
	case DG_OP_ROTATE:
	case DG_OP_LOOK_ROTATE:
		return "rotate";
	case DG_OP_RETIRE:
		return "retire";
	case DG_OP_LOOK:
	case DG_OP_SPLIT:
	case DG_OP_RENULL:
	case DG_OP_NONE:
		break;
	}
	return "split";
}

static bool asks_smtp(enum dg_op op, bool is_dry)
{
	return op == DG_OP_ARM || op == DG_OP_PROBE || op == DG_OP_RENULL || op == DG_OP_ROTATE ||
	       op == DG_OP_RETIRE || ((op == DG_OP_SPLIT || op == DG_OP_LOOK) && !is_dry);
}

/* What follows at once when the plan is the right one waits for the word; anything else is a look and no more. */
static bool waits_for_word(const struct dg_ward *x, enum dg_op op)
{
	return (op == DG_OP_LOOK && x->wish > 0) || (op == DG_OP_SPLIT && x->plan[0] == '\0');
}

static void put_words(struct dg_ward *x, enum dg_op op)
{
	const char **v = x->errand->argv;
	bool is_dry = is_look(op) && !waits_for_word(x, op);
	bool has_plan = x->plan[0] != '\0' && strcmp(x->plan, NO_PLAN) != 0;
	size_t n = 0;

	v[n++] = x->running->o.program;
	v[n++] = "--state";
	v[n++] = x->running->o.state_dir;
	v[n++] = command_of(op);
	v[n++] = "--json";
	if (is_dry) {
		v[n++] = "--dry-run";
	} else if (waits_for_word(x, op)) {
		v[n++] = "--plan";
		v[n++] = "-";
	} else if (has_plan && (op == DG_OP_SPLIT || op == DG_OP_BACK || op == DG_OP_ROTATE)) {
		v[n++] = "--plan";
		v[n++] = x->plan;
	} else {
		v[n++] = "--yes";
	}
	if (op == DG_OP_ARM) {
		v[n++] = "--now"; /* we wait ourselves */
	}
	if (x->running->o.has_no_smtp && asks_smtp(op, is_dry)) {
		v[n++] = "--no-smtp";
	}
	v[n++] = "--";
	v[n++] = x->document;
	v[n++] = x->name;
	if (op == DG_OP_ROTATE || op == DG_OP_LOOK_ROTATE) {
		v[n++] = dg_ward_next_label(x);
	}
	v[n] = NULL;
}

/* One command a zone: a name of a file may not hold what a zone's name may. */
static void name_lock(struct dg_ward *x)
{
	uint8_t digest[DG_DIGEST_LEN];
	char hex[DG_DIGEST_TEXT_MAX];

	dg_digest(x->zone, strlen(x->zone), digest);
	(void)snprintf(x->errand->lock, sizeof(x->errand->lock), "%s/guard-%s.lock",
		x->running->o.state_dir, dg_digest_text(digest, DG_DIGEST_LEN / 2, hex));
}

void dg_ward_act(struct dg_ward *x)
{
	struct dg_runner *r = x->running;
	enum dg_op op = dg_ward_op(x);

	if (x->is_standing_by) {
		answer_it(x);
		return;
	}
	if (op == DG_OP_NONE || x->is_running || x->is_unsaved || r->is_stopped ||
		r->n_children >= DG_RUNNER_CHILDREN || dg_running_now(r) < x->retry_ms) {
		return;
	}
	x->errand = calloc(1, sizeof(*x->errand));
	if (!x->errand) {
		abort();
	}
	put_words(x, op);
	name_lock(x);
	x->errand->child = (struct dg_child){.loop = r->o.loop,
		.argv = x->errand->argv,
		.lock = x->errand->lock,
		.spare = r->spare,
		.timeout_ms = CHILD_MS,
		.talks = waits_for_word(x, op),
		.heard = waits_for_word(x, op) ? on_heard : NULL,
		.done = on_done,
		.arg = x};
	x->child_op = op;
	x->is_waiting_for_plan = x->errand->child.talks;
	x->is_running = true;
	r->n_children++;
	r->children->start(&x->errand->child);
}

void dg_ward_quit(struct dg_ward *x)
{
	if (x->is_running) {
		x->running->children->end(&x->errand->child);
	}
}
