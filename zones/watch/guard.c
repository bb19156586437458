#include "zones/watch/guard_table.h"

#define MINUTE_MS ((int64_t)60000)
#define HOUR_MS   (60 * MINUTE_MS)
#define DAY_MS    (24 * HOUR_MS)
#define FOREVER   INT64_MAX
#define DO(x)     ((unsigned)DG_GUARD_DO_##x)

/* --- conditions ------------------------------------------------------------------------------- */
static bool is_cool(const struct dg_guard *g, int64_t now_ms)
{
	return now_ms >= g->cooled_ms;
}

/* One subdomain serves, and a next one is there. */
static bool can_rotate(const struct dg_guard_limits *l, const struct dg_guard *g)
{
	return g->label + 1 < l->n_labels && !g->is_overlapping && !g->is_sink && !g->is_abused &&
	       l->mode != DG_GUARD_MODE_NEVER;
}

static bool holds_rotate(const struct dg_guard_limits *l, const struct dg_guard *g,
	const struct dg_guard_event *e, enum dg_guard_condition c)
{
	bool is_automatic = l->mode == DG_GUARD_MODE_AUTOMATIC && e->has_budget;
	bool is_asked = g->is_proposed && g->asks_rotate;

	if (c == DG_GUARD_IF_LAST_LABEL) {
		return g->label + 1 >= l->n_labels && !g->is_followed;
	}
	if (c == DG_GUARD_IF_ROTATES) {
		return can_rotate(l, g) && is_automatic;
	}
	return can_rotate(l, g) && (c == DG_GUARD_IF_ROTATE_ASKED ? is_asked && e->has_budget
								  : !is_automatic && !is_asked);
}

/* What is only true once the deadline has passed. */
static bool holds_at_deadline(
	const struct dg_guard_limits *l, const struct dg_guard *g, enum dg_guard_condition c)
{
	switch ((int)c) {
	case DG_GUARD_IF_OVERLAPS_DUE:
		return g->is_overlapping;
	case DG_GUARD_IF_PROBES:
		return l->has_sink && !g->is_abused;
	case DG_GUARD_IF_BLIND:
		return !l->has_sink && (!g->is_proposed || g->asks_rotate);
	case DG_GUARD_IF_WAITED:
		return !l->has_sink && g->is_proposed;
	case DG_GUARD_IF_ALARMED:
		return g->is_alarm && l->mode != DG_GUARD_MODE_NEVER;
	}
	return true; /* DUE */
}

static bool holds_step_up(const struct dg_guard_limits *l, const struct dg_guard *g,
	const struct dg_guard_event *e, enum dg_guard_condition c)
{
	bool acts = l->mode == DG_GUARD_MODE_AUTOMATIC && e->has_budget && is_cool(g, e->now_ms);

	if (!g->is_armed || g->is_abused) {
		return false;
	}
	if (c == DG_GUARD_IF_ACTS) {
		return acts;
	}
	return c == DG_GUARD_IF_ASKED ? g->is_proposed && e->has_budget
				      : !acts && !g->is_proposed && l->mode != DG_GUARD_MODE_NEVER;
}

static bool holds(const struct dg_guard_limits *l, const struct dg_guard *g,
	const struct dg_guard_event *e, enum dg_guard_condition c)
{
	switch (c) {
	case DG_GUARD_IF_ALWAYS:
		return true;
	case DG_GUARD_IF_WATCHED:
		return l->mode != DG_GUARD_MODE_NEVER;
	case DG_GUARD_IF_ACTS:
	case DG_GUARD_IF_ASKS:
	case DG_GUARD_IF_ASKED:
		return holds_step_up(l, g, e, c);
	case DG_GUARD_IF_DUE:
	case DG_GUARD_IF_OVERLAPS_DUE:
	case DG_GUARD_IF_PROBES:
	case DG_GUARD_IF_BLIND:
	case DG_GUARD_IF_WAITED:
	case DG_GUARD_IF_ALARMED:
		return e->now_ms >= g->due_ms && holds_at_deadline(l, g, c);
	case DG_GUARD_IF_OVERLAPS:
		return g->is_overlapping && !g->is_retiring;
	case DG_GUARD_IF_RETIRES:
		return g->is_retiring;
	case DG_GUARD_IF_EXPIRED:
		return g->split_ms > 0 && e->now_ms - g->split_ms >= l->expiry_ms &&
		       !g->is_proposed;
	case DG_GUARD_IF_ROTATES:
	case DG_GUARD_IF_ASKS_ROTATE:
	case DG_GUARD_IF_LAST_LABEL:
	case DG_GUARD_IF_ROTATE_ASKED:
		return holds_rotate(l, g, e, c);
	case DG_GUARD_IF_SUNK:
		return g->is_sink;
	case DG_GUARD_IF_SUNK_ABUSED:
		return g->is_sink && g->is_abused;
	case DG_GUARD_IF_OPENS:
		return !g->is_listening;
	case DG_GUARD_IF_LISTENS:
		return g->is_listening;
	case DG_GUARD_IF_BACK_ASKED:
		return g->is_null && !g->asks_rotate && l->mode != DG_GUARD_MODE_NEVER;
	case DG_GUARD_IF_UNSETTLED:
		/* Whether the null MX stands is not known: neither to be left so, nor to be renewed. */
		return g->is_null && l->mode != DG_GUARD_MODE_NEVER &&
		       (g->back == DG_GUARD_SPLITTING || g->back == DG_GUARD_RESTORING);
	case DG_GUARD_IF_NULLED:
		return g->is_null && l->mode != DG_GUARD_MODE_NEVER;
	case DG_GUARD_IF_NOT_NULLED:
		return !g->is_null;
	case DG_GUARD_IF_ABUSED:
		return g->is_abused;
	case DG_GUARD_IF_NEW_ABUSE:
		return !g->is_abused;
	}
	return false;
}

static int find_row(
	const struct dg_guard_limits *l, const struct dg_guard *g, const struct dg_guard_event *e)
{
	for (size_t i = 0; i < dg_guard_n_rows; i++) {
		const struct dg_guard_row_of_table *r = &dg_guard_rows[i];
		bool is_from = r->from == (int)g->state ||
			       (r->from == DG_GUARD_ANY && g->state != DG_GUARD_HELD);

		if (is_from && r->event == e->kind && holds(l, g, e, r->condition)) {
			return (int)i;
		}
	}
	return -1;
}

/* --- times ------------------------------------------------------------------------------------ */
static int64_t later(int64_t now_ms, int64_t ms)
{
	return ms < FOREVER - now_ms ? now_ms + ms : FOREVER;
}

/* Doubled for each relapse, at most hold_max, and a tenth more or less. */
static int64_t hold(const struct dg_guard_limits *l, const struct dg_guard *g, uint32_t random)
{
	int64_t ms = l->hold_ms;

	for (unsigned i = 0; i < g->n_relapses && ms < l->hold_max_ms; i++) {
		ms *= 2;
	}
	ms = ms < l->hold_max_ms ? ms : l->hold_max_ms;
	return ms - ms / 10 + ms / 5000 * (int64_t)(random % 1000);
}

static int64_t due(
	const struct dg_guard_limits *l, const struct dg_guard *g, const struct dg_guard_event *e)
{
	switch (g->state) {
	case DG_GUARD_CALM:
		return FOREVER;
	case DG_GUARD_ELEVATED:
		return later(e->now_ms, g->is_armed ? l->elevated_ms : l->arm_ms);
	case DG_GUARD_SPLITTING:
	case DG_GUARD_RESTORING:
	case DG_GUARD_ROTATING:
		return later(e->now_ms, l->step_ms);
	case DG_GUARD_SPLIT:
		return later(e->now_ms, hold(l, g, e->random));
	case DG_GUARD_PROBING:
		return later(e->now_ms, g->is_listening ? l->probe_ms : l->step_ms);
	case DG_GUARD_COOLDOWN:
		return later(e->now_ms, l->cooldown_ms);
	case DG_GUARD_HELD:
		return later(e->now_ms, l->remind_ms);
	}
	return FOREVER;
}

/* --- one step --------------------------------------------------------------------------------- */
static void note(struct dg_guard *g, const struct dg_guard_event *e)
{
	if (e->kind == DG_GUARD_EV_ALARM) {
		g->is_alarm = true;
	} else if (e->kind == DG_GUARD_EV_QUIET) {
		g->is_alarm = false;
		g->is_proposed = g->state == DG_GUARD_SPLIT && g->is_proposed;
	} else if (e->kind == DG_GUARD_EV_ABUSED) {
		g->is_abused = true;
	}
}

/* A step that was verified: what it was follows from the state that it was verified in. */
static void act_done(struct dg_guard *g)
{
	switch ((int)g->state) {
	case DG_GUARD_PROBING:
		g->is_listening = true;
		break;
	case DG_GUARD_ROTATING:
		g->label++;
		g->is_overlapping = true;
		break;
	case DG_GUARD_RESTORING:
		g->is_null = g->is_sink = g->is_armed = false;
		g->is_overlapping = g->is_retiring = false;
		g->label = 0;
		g->split_ms = 0;
		break;
	case DG_GUARD_SPLIT:
		if (g->is_sink) {
			g->is_sink = false;
		} else {
			g->is_overlapping = g->is_retiring = false;
		}
		break;
	}
}

static void act_proposal(struct dg_guard *g, unsigned actions)
{
	if (actions & (DO(PROPOSE) | DO(PROPOSE_RESTORE) | DO(PROPOSE_ROTATE))) {
		g->is_proposed = true;
		g->asks_rotate = (actions & DO(PROPOSE_ROTATE)) != 0;
	}
}

static void act(struct dg_guard *g, const struct dg_guard_event *e, unsigned actions)
{
	if (actions & (DO(ARM) | DO(DISARM))) {
		g->is_armed = false;
	}
	if (e->kind == DG_GUARD_EV_ARMED) {
		g->is_armed = true;
	} else if (e->kind == DG_GUARD_EV_DONE) {
		act_done(g);
	} else if (e->kind == DG_GUARD_EV_RELEASE) {
		g->is_abused = false;
	}
	act_proposal(g, actions);
	if (actions & DO(SPLIT)) {
		g->is_null =
			true; /* from the moment on in which it may be: it is being published */
		g->n_relapses = 0;
	}
	if (actions & DO(PROBE)) {
		g->is_sink = true; /* likewise */
	}
	if (actions & DO(RENULL)) {
		g->n_relapses += g->n_relapses < 32;
	}
	if (actions & DO(RETIRE)) {
		g->is_retiring = true;
	}
}

static void enter(
	const struct dg_guard_limits *l, struct dg_guard *g, const struct dg_guard_event *e, int to)
{
	enum dg_guard_state from = g->state;

	g->state = (enum dg_guard_state)to;
	if (g->state != from) {
		g->since_ms = e->now_ms;
		g->is_proposed = g->asks_rotate = g->is_followed = g->is_listening = false;
	}
	if (g->state == DG_GUARD_HELD && from != DG_GUARD_HELD) {
		g->back = from;
	} else if (g->state == DG_GUARD_SPLIT && from == DG_GUARD_SPLITTING) {
		g->split_ms = e->now_ms;
	} else if (g->state == DG_GUARD_COOLDOWN && from != DG_GUARD_COOLDOWN) {
		g->cooled_ms = later(e->now_ms, l->cooldown_ms);
	}
	g->due_ms = due(l, g, e);
}

void dg_guard_step(const struct dg_guard_limits *l, struct dg_guard *g,
	const struct dg_guard_event *e, struct dg_guard_out *ret_out)
{
	*ret_out = (struct dg_guard_out){.row = find_row(l, g, e)};
	note(g, e);
	if (ret_out->row < 0) {
		return;
	}
	const struct dg_guard_row_of_table *r = &dg_guard_rows[ret_out->row];
	bool keeps_time = r->to == (int)g->state && e->kind != DG_GUARD_EV_ARMED &&
			  r->condition != DG_GUARD_IF_OPENS &&
			  (e->kind != DG_GUARD_EV_TICK || r->condition == DG_GUARD_IF_EXPIRED);
	int64_t due_ms = g->due_ms;

	ret_out->actions = l->mode == DG_GUARD_MODE_NEVER ? r->actions & DO(TELL) : r->actions;
	ret_out->why = r->why;
	act(g, e, r->actions);
	enter(l, g, e, r->to);
	if (keeps_time) {
		g->due_ms = due_ms;
	}
	g->is_followed = g->is_followed || r->condition == DG_GUARD_IF_LAST_LABEL;
}

void dg_guard_init(struct dg_guard *g, int64_t now_ms)
{
	*g = (struct dg_guard){.state = DG_GUARD_CALM, .since_ms = now_ms, .due_ms = FOREVER};
}

void dg_guard_limits_init(struct dg_guard_limits *l)
{
	*l = (struct dg_guard_limits){
		.mode = DG_GUARD_MODE_APPROVED,
		.hold_ms = DAY_MS,
		.hold_max_ms = 7 * DAY_MS,
		.arm_ms = HOUR_MS,
		.step_ms = 15 * MINUTE_MS,
		.probe_ms = 2 * HOUR_MS + 30 * MINUTE_MS,
		.cooldown_ms = DAY_MS,
		.elevated_ms = 3 * DAY_MS,
		.expiry_ms = 14 * DAY_MS,
		.remind_ms = HOUR_MS,
		.n_labels = 1,
	};
}

/* Evidence that something of ours is abused ends in HELD; what is under way is ended first. */
static bool may_be_abused(const struct dg_guard *g)
{
	return g->state == DG_GUARD_HELD || g->state == DG_GUARD_RESTORING ||
	       (g->state == DG_GUARD_SPLIT && g->is_sink);
}

static const char *fault_of_flags(const struct dg_guard_limits *l, const struct dg_guard *g)
{
	if (g->is_sink && !g->is_null) {
		return "a sink of ours stands although there is no split";
	}
	if (g->is_listening && g->state != DG_GUARD_PROBING) {
		return "listening without a probe";
	}
	if (g->label > 0 && !g->is_null) {
		return "another label than the first although there is no split";
	}
	if (g->label > 0 && g->label >= l->n_labels) {
		return "mail lives at a label that the policy does not name any more";
	}
	if (g->is_overlapping && g->label == 0) {
		return "the label before the first one";
	}
	return g->is_abused && !may_be_abused(g)
		       ? "something of ours is abused, and the name is not held"
		       : NULL;
}

const char *dg_guard_fault(const struct dg_guard_limits *l, const struct dg_guard *g)
{
	bool is_out = g->state == DG_GUARD_SPLITTING || g->state == DG_GUARD_SPLIT ||
		      g->state == DG_GUARD_PROBING || g->state == DG_GUARD_ROTATING;

	if (is_out && !g->is_null) {
		return "split without a null MX of ours";
	}
	if (is_out && !g->is_armed) {
		return "split without being armed";
	}
	if ((g->state == DG_GUARD_CALM || g->state == DG_GUARD_ELEVATED ||
		    g->state == DG_GUARD_COOLDOWN) &&
		g->is_null) {
		return "a null MX of ours stands although there is no split";
	}
	if (g->state != DG_GUARD_CALM && g->due_ms == FOREVER) {
		return "a state without a deadline";
	}
	if (l->mode == DG_GUARD_MODE_NEVER && is_out) {
		return "split although the mode is never";
	}
	return fault_of_flags(l, g);
}

bool dg_guard_is_under_attack(const struct dg_guard *g)
{
	return !g->is_abused && (g->is_alarm || g->is_null);
}
