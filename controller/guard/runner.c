#include "controller/guard/runner.h"

#include "controller/guard/running.h"
#include "providers/net/http.h"
#include "providers/net/loop.h"
#include "providers/net/spare.h"
#include "zones/base/arena.h"
#include "zones/policy/policy.h"

#include <assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MEMORY_MAX ((size_t)1 << 30)
#define TICK_MS    1000
#define HOUR_MS    ((int64_t)3600000)
#define FRESH_MS   (HOUR_MS / 4) /* evidence that is older moves nothing */
#define MOVES      3u
#define SHARE      0.1
#define FIRST_CAP  16u
#define TEXT_MAX   700u

static const struct dg_child_ops real_children = {.start = dg_child_start,
	.say = dg_child_say,
	.end = dg_child_end,
	.forget = dg_child_forget};

/* --- time and words --------------------------------------------------------------------------- */
int64_t dg_running_now(const struct dg_runner *r)
{
	return r->base_ms + dg_loop_mono_ms(r->o.loop) - r->base_mono_ms;
}

void dg_running_tell(struct dg_runner *r, const char *name, const char *text)
{
	if (r->o.tell) {
		r->o.tell(r->o.arg, name, text);
	}
}

/* --- budget ----------------------------------------------------------------------------------- */
size_t dg_running_moves_max(const struct dg_runner *r)
{
	size_t n = r->o.max_moves > 0 ? r->o.max_moves : MOVES;
	double share = r->o.max_share > 0 ? r->o.max_share : SHARE;
	size_t of_all = (size_t)(share * (double)r->n_wards);

	of_all = of_all > 0 ? of_all : 1;
	n = n < of_all ? n : of_all;
	return n < DG_RUNNER_MOVES_MAX ? n : DG_RUNNER_MOVES_MAX;
}

void dg_running_forget_old_moves(struct dg_runner *r)
{
	int64_t since = dg_running_now(r) - HOUR_MS;
	size_t n = 0;

	for (size_t i = 0; i < r->n_moves; i++) {
		if (r->moves[i] > since) {
			r->moves[n++] = r->moves[i];
		}
	}
	r->n_moves = n;
}

/* A person's yes first, then whoever came first. */
bool dg_running_has_room(const struct dg_runner *r, const struct dg_ward *x)
{
	if (x->wish > 0) {
		return r->n_moves < dg_running_moves_max(r);
	}
	if (x->asks_first) {
		return false;
	}
	return r->n_moves + r->n_yes < dg_running_moves_max(r) && (!r->waiting || r->waiting == x);
}

void dg_ward_wait_in_line(struct dg_ward *x)
{
	struct dg_runner *r = x->running;

	if (!x->is_waiting) {
		x->is_waiting = true;
		x->next_waiting = NULL;
		*r->waiting_end = x;
		r->waiting_end = &x->next_waiting;
	}
}

static void leave_line(struct dg_ward *x)
{
	struct dg_runner *r = x->running;

	r->waiting = x->next_waiting;
	r->waiting_end = r->waiting ? r->waiting_end : &r->waiting;
	x->is_waiting = false;
}

/* --- one step --------------------------------------------------------------------------------- */
/* Of a step that is verified; NULL: none of these. */
static const char *letter_of_done(const struct dg_guard *before, const struct dg_guard *g)
{
	if (before->state == DG_GUARD_SPLITTING) {
		return "on-split";
	}
	if (before->state == DG_GUARD_RESTORING) {
		return "on-restore";
	}
	return before->is_retiring && !g->is_retiring ? "on-retire" : NULL;
}

static const char *letter_of(const struct dg_guard *before, const struct dg_guard *g,
	enum dg_guard_event_kind kind, const struct dg_guard_out *out)
{
	bool is_told = (out->actions & DG_GUARD_DO_TELL) != 0;

	if (g->state == DG_GUARD_HELD) {
		return is_told ? "on-held" : NULL;
	}
	if (kind == DG_GUARD_EV_ABUSED) {
		return is_told ? "on-abuse" : NULL;
	}
	const char *done = kind == DG_GUARD_EV_DONE ? letter_of_done(before, g) : NULL;
	if (done) {
		return done;
	}
	if (g->is_listening || before->is_listening) {
		return kind == DG_GUARD_EV_DONE && before->is_listening ? NULL : "on-probe";
	}
	if (before->state == DG_GUARD_ROTATING || g->state == DG_GUARD_ROTATING ||
		g->is_followed != before->is_followed) {
		return "on-rotate";
	}
	if (kind == DG_GUARD_EV_TICK && g->state == DG_GUARD_SPLIT && g->is_proposed &&
		before->is_proposed) {
		return "on-propose"; /* a reminder */
	}
	return kind == DG_GUARD_EV_ALARM && is_told ? "on-alarm" : NULL;
}

/* What belongs to the stage that was left. */
static void clear_old(
	struct dg_ward *x, const struct dg_guard *before, enum dg_guard_event_kind kind)
{
	bool is_same = before->state == x->g.state;

	if (!is_same) {
		x->n_tries = 0;
		x->retry_ms = 0;
	}
	if (!is_same || !x->g.is_proposed) {
		dg_ward_wish(x, 0);
	}
	x->is_arming = x->is_arming && is_same && !x->g.is_armed;
	if (is_same ? before->is_proposed && !x->g.is_proposed : kind != DG_GUARD_EV_APPROVED) {
		x->plan[0] = '\0';
	}
	if (!is_same && (x->g.state == DG_GUARD_CALM || x->g.state == DG_GUARD_COOLDOWN) &&
		!x->g.is_null) {
		free(x->restore);
		x->restore = NULL;
	}
	if (!x->g.is_abused) {
		free(x->abuse);
		x->abuse = NULL;
	}
}

static void note_actions(struct dg_ward *x, unsigned actions)
{
	struct dg_runner *r = x->running;

	if (actions & (DG_GUARD_DO_SPLIT | DG_GUARD_DO_ROTATE)) {
		x->moved_ms = dg_running_now(r);
		x->ready_ms = 0;
		if (r->n_moves < DG_RUNNER_MOVES_MAX) {
			r->moves[r->n_moves++] = x->moved_ms;
		}
	}
	if (actions & (DG_GUARD_DO_ARM | DG_GUARD_DO_DISARM)) {
		x->armed_ms = 0;
		x->n_tries = 0;
		x->retry_ms = 0;
		x->is_arming = (actions & DG_GUARD_DO_ARM) != 0;
		x->is_disarming = (actions & DG_GUARD_DO_DISARM) && !x->was_armed;
	}
}

static void say_step(struct dg_ward *x, const struct dg_guard_out *out)
{
	char text[TEXT_MAX];

	(void)snprintf(text, sizeof(text), "%s: %s", dg_guard_state_text(x->g.state), out->why);
	dg_running_tell(x->running, x->name, text);
}

void dg_ward_step(struct dg_ward *x, enum dg_guard_event_kind kind)
{
	struct dg_runner *r = x->running;
	struct dg_guard before = x->g;
	struct dg_guard_out out;
	struct dg_guard_event e = {.kind = kind,
		.now_ms = dg_running_now(r),
		.random = arc4random(),
		.has_budget = dg_running_has_room(r, x)};

	dg_guard_step(&x->limits, &x->g, &e, &out);
	assert(!dg_guard_fault(&x->limits, &x->g));
	if (out.row < 0) {
		if (before.is_alarm != x->g.is_alarm || before.is_proposed != x->g.is_proposed ||
			before.is_abused != x->g.is_abused) {
			clear_old(x, &before, kind);
			dg_ward_save(x, NULL, NULL);
		}
		return;
	}
	clear_old(x, &before, kind);
	note_actions(x, out.actions);
	dg_ward_listen(x, &before);
	dg_ward_save(x, letter_of(&before, &x->g, kind, &out), out.why);
	if (out.actions & DG_GUARD_DO_TELL || before.state != x->g.state) {
		say_step(x, &out);
	}
	if (x->is_running && !dg_ward_is_wanted(x)) {
		dg_ward_quit(x); /* it does what is not wanted any more */
	}
	dg_ward_act(x);
}

/* --- ticks ------------------------------------------------------------------------------------ */
static void tick_ward(struct dg_ward *x, int64_t now_ms)
{
	if (x->is_unsaved) {
		dg_ward_save(x, NULL, NULL);
	}
	if (x->armed_ms > 0 && now_ms >= x->armed_ms) {
		x->armed_ms = 0;
		dg_ward_step(x, DG_GUARD_EV_ARMED);
		if (x->ready_ms > 0 && now_ms - x->ready_ms < FRESH_MS) {
			dg_ward_ready(x);
		}
	}
	dg_ward_listen_tick(x, now_ms);
	if (now_ms >= x->g.due_ms) {
		dg_ward_step(x, DG_GUARD_EV_TICK);
	}
	dg_ward_act(x);
}

/* A split may be next: its process is started before. */
static bool is_on_the_brink(const struct dg_ward *x)
{
	return x->g.state == DG_GUARD_ELEVATED && x->limits.mode != DG_GUARD_MODE_NEVER;
}

static void serve_line(struct dg_runner *r, int64_t now_ms)
{
	while (r->waiting && r->n_moves + r->n_yes < dg_running_moves_max(r)) {
		struct dg_ward *x = r->waiting;

		if (x->ready_ms > 0 && now_ms - x->ready_ms < FRESH_MS) {
			dg_ward_step(x, DG_GUARD_EV_READY);
		}
		leave_line(x);
	}
}

void dg_runner_look(struct dg_runner *r)
{
	dg_running_stop_file(r);
	dg_running_wishes(r);
}

static void tick(void *arg)
{
	struct dg_runner *r = arg;
	int64_t now_ms = dg_running_now(r);

	r->timer = dg_loop_after_ms(r->o.loop, TICK_MS, tick, r);
	dg_running_forget_old_moves(r);
	dg_runner_look(r);
	serve_line(r, now_ms);
	size_t n = 0;
	for (size_t i = 0; i < r->n_wards; i++) {
		tick_ward(r->wards[i], now_ms);
		n += is_on_the_brink(r->wards[i]) ? 1 : 0;
	}
	if (r->spare) {
		dg_spare_keep(r->spare, n > 0 && !r->is_stopped);
	}
	dg_running_post(r);
}

/* --- life ------------------------------------------------------------------------------------- */
static void read_boot(struct dg_runner *r)
{
	int fd = -1;

	if (r->o.boot) {
		(void)snprintf(r->boot, sizeof(r->boot), "%s", r->o.boot);
		return;
	}
	fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, r->boot, sizeof(r->boot) - 1) : 0;
	r->boot[n > 0 ? n : 0] = '\0';
	r->boot[strcspn(r->boot, "\n")] = '\0';
	if (fd >= 0) {
		(void)close(fd);
	}
}

int dg_runner_new(
	const struct dg_runner_options *o, struct dg_runner **ret_runner, struct dg_err *err)
{
	struct dg_arena *a = dg_arena_new(MEMORY_MAX);
	struct dg_runner *r = dg_new(a, struct dg_runner);

	if (o->state_dir[0] != '/' && !o->children) {
		(void)dg_arena_free(a);
		return dg_fail(err, DG_EINPUT,
			"the guard wants an absolute path of its state folder, not %s",
			o->state_dir);
	}
	*r = (struct dg_runner){.o = *o, .arena = a, .has_letters = true};
	r->children = o->children ? o->children : &real_children;
	r->o.program = dg_strdup(a, o->program);
	r->spare = o->children ? NULL : dg_spare_new(o->loop, r->o.program);
	r->o.state_dir = dg_strdup(a, o->state_dir);
	r->stop_path = dg_printf(a, "%s/%s", o->state_dir, DG_RUNNER_STOP);
	r->base_ms = dg_loop_now(o->loop) * 1000;
	r->base_mono_ms = dg_loop_mono_ms(o->loop);
	r->waiting_end = &r->waiting;
	dg_map_init(&r->by_name, a);
	read_boot(r);
	r->timer = dg_loop_after_ms(o->loop, 0, tick, r);
	*ret_runner = r;
	return 0;
}

static void free_ward(struct dg_ward *x)
{
	if (x->is_running) {
		x->running->children->forget(&x->errand->child);
		free(x->errand);
	}
	free(x->restore);
	free(x->evidence);
	free(x->abuse);
}

struct dg_runner *dg_runner_free(struct dg_runner *r)
{
	if (!r) {
		return NULL;
	}
	r->timer = dg_timer_cancel(r->timer);
	for (size_t i = 0; i < r->n_wards; i++) {
		free_ward(r->wards[i]);
	}
	dg_running_post_forget(r);
	r->spare = dg_spare_free(r->spare);
	r->http = dg_http_free(r->http);
	free(r->wards);
	(void)dg_arena_free(r->arena);
	return NULL;
}

static const char *copy(struct dg_arena *a, const char *text)
{
	return text ? dg_strdup(a, text) : NULL;
}

static void copy_hooks(struct dg_ward *x, const struct dg_runner_name *n)
{
	struct dg_arena *a = x->running->arena;
	struct dg_hook *own = dg_newn(a, struct dg_hook, n->n_hooks);

	for (size_t i = 0; i < n->n_hooks; i++) {
		own[i] = (struct dg_hook){.path = copy(a, n->hooks[i].path),
			.url = copy(a, n->hooks[i].url),
			.secret_file = copy(a, n->hooks[i].secret_file),
			.may_be_private = n->hooks[i].may_be_private};
		(void)dg_running_hook(x->running, own[i].path ? own[i].path : own[i].url, &own[i]);
	}
	x->hooks = own;
	x->n_hooks = n->n_hooks;
}

static void copy_labels(struct dg_ward *x, const struct dg_runner_name *n)
{
	const char **own = dg_newn(x->running->arena, const char *, n->limits.n_labels);

	for (size_t i = 0; n->labels && i < n->limits.n_labels; i++) {
		own[i] = dg_strdup(x->running->arena, n->labels[i]);
	}
	x->labels = n->labels ? own : NULL;
}

static void grow(struct dg_runner *r)
{
	size_t cap = r->cap_wards ? 2 * r->cap_wards : FIRST_CAP;
	struct dg_ward **more = reallocarray(r->wards, cap, sizeof(struct dg_ward *));

	if (!more) {
		abort();
	}
	r->wards = more;
	r->cap_wards = cap;
}

int dg_runner_add(struct dg_runner *r, const struct dg_runner_name *n, struct dg_err *err)
{
	struct dg_ward *x = dg_new(r->arena, struct dg_ward);

	if (dg_map_get(&r->by_name, n->name)) {
		return dg_fail(err, DG_EINPUT, "%s is guarded twice", n->name);
	}
	*x = (struct dg_ward){.running = r,
		.zone = dg_strdup(r->arena, n->zone),
		.name = dg_strdup(r->arena, n->name),
		.document = dg_strdup(r->arena, n->document),
		.drain_ms = n->drain_ms,
		.listen_ms = n->listen_ms,
		.overlap_ms = n->overlap_ms,
		.limits = n->limits};
	copy_hooks(x, n);
	copy_labels(x, n);
	int rc = dg_ward_load(x, err);
	if (rc < 0) {
		return rc;
	}
	if (r->n_wards == r->cap_wards) {
		grow(r);
	}
	r->wards[r->n_wards++] = x;
	(void)dg_map_put(&r->by_name, x->name, x);
	if (x->moved_ms > dg_running_now(r) - HOUR_MS && x->moved_ms > 0 &&
		r->n_moves < DG_RUNNER_MOVES_MAX) {
		r->moves[r->n_moves++] = x->moved_ms;
	}
	return 0;
}

const struct dg_guard *dg_runner_guard(const struct dg_runner *r, const char *name)
{
	const struct dg_ward *x = dg_map_get(&r->by_name, name);

	return x ? &x->g : NULL;
}

void dg_runner_limits(const struct dg_split_spec *split, struct dg_guard_limits *ret_limits)
{
	dg_guard_limits_init(ret_limits);
	if (!split || split->when == DG_SPLIT_NEVER) {
		ret_limits->mode = DG_GUARD_MODE_NEVER;
		return;
	}
	ret_limits->mode = split->when == DG_SPLIT_AUTOMATIC ? DG_GUARD_MODE_AUTOMATIC
							     : DG_GUARD_MODE_APPROVED;
	ret_limits->hold_ms = (int64_t)split->hold * 1000;
	if (ret_limits->hold_max_ms < ret_limits->hold_ms) {
		ret_limits->hold_max_ms = ret_limits->hold_ms;
	}
	ret_limits->probe_ms =
		((int64_t)split->armed_ttl + split->probe) * 1000 + ret_limits->step_ms;
	ret_limits->step_ms += 3 * (int64_t)split->armed_ttl * 1000; /* the way back waits for it */
	ret_limits->n_labels = (unsigned)dg_split_n_labels(split);
	ret_limits->has_sink = split->n_sink > 0;
}

void dg_runner_times(const struct dg_split_spec *split, struct dg_runner_name *n)
{
	dg_runner_limits(split, &n->limits);
	if (split) {
		int64_t overlap_ms = (int64_t)split->overlap * 1000;

		n->drain_ms = (int64_t)split->armed_ttl * 1000;
		n->listen_ms = (int64_t)split->probe * 1000;
		n->overlap_ms = overlap_ms < n->limits.hold_ms ? overlap_ms : n->limits.hold_ms;
	}
}
