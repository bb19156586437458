#include "zones/watch/guard.h"

#include "zones/base/buf.h"

#include <stddef.h>
#include <string.h>

#define MINUTE_MS ((int64_t)60000)
#define HOUR_MS   (60 * MINUTE_MS)
#define DAY_MS    (24 * HOUR_MS)
#define FOREVER   INT64_MAX

/* --- the table -------------------------------------------------------------------------------- */
enum condition {
	ALWAYS,
	WATCHED, /* mode is not never */
	ACTS,    /* mode automatic, armed, within budget, not cooling down */
	ASKS,    /* armed and not acting by itself */
	ASKED,   /* armed and a proposal stands, within budget */
	DUE,     /* the deadline has passed */
	PROBES,  /* the deadline has passed, and there is a sink MX */
	BLIND,   /* the deadline has passed, there is none, and nobody was asked yet */
	WAITED,  /* the same, and a person was asked */
	EXPIRED, /* split for longer than is good */
	ROTATES, /* a new label is allowed */
	ALARMED, /* the alarm still stands */
	NULLED,  /* a null MX of ours stands */
	NOT_NULLED,
};

static const char *const condition_texts[] = {
	[ALWAYS] = "",
	[WATCHED] = "the mode is not never",
	[ACTS] = "mode automatic, armed, within budget, no cooldown",
	[ASKS] = "armed, and not by itself",
	[ASKED] = "armed, proposed, within budget",
	[DUE] = "at the deadline",
	[PROBES] = "at the deadline, with a sink MX to probe with",
	[BLIND] = "at the deadline, without a sink MX, not yet proposed",
	[WAITED] = "at the deadline, without a sink MX, proposed",
	[EXPIRED] = "split for longer than the expiry",
	[ROTATES] = "rotation is allowed",
	[ALARMED] = "the alarm still stands",
	[NULLED] = "a null MX of ours stands, the mode is not never",
	[NOT_NULLED] = "no null MX of ours stands",
};

#define ANY (-1)

struct row {
	int from; /* enum dg_guard_state, or ANY but HELD */
	enum dg_guard_event_kind event;
	enum condition condition;
	int to; /* ANY: the state before */
	unsigned actions;
	const char *why;
};

#define ON(from, event, condition, to, actions, why)                                         \
	{                                                                                    \
		DG_GUARD_##from, DG_GUARD_EV_##event, condition, DG_GUARD_##to, actions, why \
	}
#define DO(x) ((unsigned)DG_GUARD_DO_##x)

static const struct row rows[] = {
	{ANY, DG_GUARD_EV_STOP, ALWAYS, DG_GUARD_HELD, DO(TELL), "a person said stop"},
	{ANY, DG_GUARD_EV_CONFLICT, ALWAYS, DG_GUARD_HELD, DO(TELL),
		"the zone is not as it was left: a person must look"},
	ON(CALM, ABUSED, ALWAYS, HELD, DO(TELL),
		"our own relay or an account is abused: a split would be wrong"),
	ON(ELEVATED, ABUSED, ALWAYS, HELD, DO(TELL),
		"our own relay or an account is abused: a split would be wrong"),
	ON(SPLIT, ABUSED, ALWAYS, HELD, DO(TELL),
		"our own relay or an account is abused: a person must look"),
	ON(COOLDOWN, ABUSED, ALWAYS, HELD, DO(TELL),
		"our own relay or an account is abused: a person must look"),

	ON(CALM, NOTICE, WATCHED, ELEVATED, DO(ARM), "more backscatter than usual: get ready"),
	ON(CALM, ALARM, WATCHED, ELEVATED, DO(ARM) | DO(TELL), "an attack: get ready"),
	ON(CALM, ALARM, ALWAYS, CALM, DO(TELL), "an attack; the mode is never: nothing is done"),

	ON(ELEVATED, ALARM, ALWAYS, ELEVATED, DO(TELL), "an attack"),
	ON(ELEVATED, QUIET, ALWAYS, CALM, DO(DISARM), "a quiet day"),
	ON(ELEVATED, ARMED, ALWAYS, ELEVATED, 0, "armed"),
	ON(ELEVATED, READY, ACTS, SPLITTING, DO(SPLIT) | DO(TELL),
		"forged, and the evidence is enough"),
	ON(ELEVATED, READY, ASKS, ELEVATED, DO(PROPOSE),
		"forged, and the evidence is enough: a person decides"),
	ON(ELEVATED, APPROVED, ASKED, SPLITTING, DO(SPLIT) | DO(TELL), "a person said yes"),
	ON(ELEVATED, FAILED, ALWAYS, ELEVATED, DO(TELL), "arming failed: it is tried again"),
	ON(ELEVATED, TICK, DUE, ELEVATED, DO(TELL), "still elevated: a reminder"),

	ON(SPLITTING, DONE, ALWAYS, SPLIT, DO(TELL), "verified at every name server"),
	ON(SPLITTING, FAILED, ALWAYS, RESTORING, DO(UNDO) | DO(TELL), "not verified: taken back"),
	ON(SPLITTING, TICK, DUE, RESTORING, DO(UNDO) | DO(TELL),
		"not verified in time: taken back"),

	ON(SPLIT, FOLLOWED, ROTATES, SPLIT, DO(ROTATE) | DO(TELL),
		"the attacker follows: a new label"),
	ON(SPLIT, FOLLOWED, ALWAYS, SPLIT, DO(TELL), "the attacker follows"),
	ON(SPLIT, TICK, EXPIRED, SPLIT, DO(PROPOSE_RESTORE), "split for long: a person decides"),
	ON(SPLIT, TICK, PROBES, PROBING, DO(PROBE), "the hold is over: is the attack?"),
	ON(SPLIT, TICK, BLIND, SPLIT, DO(PROPOSE_RESTORE) | DO(TELL),
		"the hold is over, and nothing can be seen past a null MX: a person decides"),
	ON(SPLIT, TICK, WAITED, SPLIT, DO(TELL), "the way back is still proposed: a reminder"),
	ON(SPLIT, APPROVED, NULLED, RESTORING, DO(RESTORE) | DO(TELL), "a person said: go back"),

	ON(PROBING, LOUD, ALWAYS, SPLIT, DO(RENULL), "the attack goes on: the hold is doubled"),
	ON(PROBING, FAILED, ALWAYS, SPLIT, DO(RENULL) | DO(TELL), "the probe could not be made"),
	ON(PROBING, TICK, DUE, SPLIT, DO(RENULL), "could not tell in time: the hold is doubled"),
	ON(PROBING, ABUSED, ALWAYS, SPLIT, DO(RENULL) | DO(TELL),
		"our own relay or an account is abused: a person must look"),
	ON(PROBING, SILENT, ALWAYS, RESTORING, DO(RESTORE), "the attack is over"),

	ON(RESTORING, DONE, ALWAYS, COOLDOWN, DO(TELL), "the records from before are back"),
	ON(RESTORING, FAILED, ALWAYS, HELD, DO(TELL), "the way back failed: a person must look"),
	ON(RESTORING, TICK, DUE, HELD, DO(TELL),
		"the way back was not verified in time: a person must look"),

	ON(COOLDOWN, READY, ASKS, COOLDOWN, DO(PROPOSE),
		"again, during cooldown: a person decides"),
	ON(COOLDOWN, APPROVED, ASKED, SPLITTING, DO(SPLIT) | DO(TELL), "a person said yes"),
	ON(COOLDOWN, ALARM, WATCHED, COOLDOWN, DO(ARM) | DO(TELL),
		"an attack, during cooldown: get ready"),
	ON(COOLDOWN, ALARM, ALWAYS, COOLDOWN, DO(TELL), "an attack, during cooldown"),
	ON(COOLDOWN, ARMED, ALWAYS, COOLDOWN, 0, "armed"),
	ON(COOLDOWN, TICK, ALARMED, ELEVATED, DO(ARM), "the cooldown is over, the alarm is not"),
	ON(COOLDOWN, TICK, DUE, CALM, DO(DISARM), "a day without anything"),

	ON(HELD, TICK, DUE, HELD, DO(TELL), "still held: a reminder"),
	ON(HELD, RELEASE, NULLED, SPLIT, DO(TELL), "a person said go on"),
	ON(HELD, RELEASE, NOT_NULLED, COOLDOWN, DO(TELL), "a person said go on"),
};

#define N_ROWS (sizeof(rows) / sizeof(rows[0]))

/* --- conditions ------------------------------------------------------------------------------- */
static bool is_cool(const struct dg_guard *g, int64_t now_ms)
{
	return now_ms >= g->cooled_ms;
}

static bool holds(const struct dg_guard_limits *l, const struct dg_guard *g,
	const struct dg_guard_event *e, enum condition c)
{
	bool acts = l->mode == DG_GUARD_MODE_AUTOMATIC && g->is_armed && e->has_budget &&
		    is_cool(g, e->now_ms);

	switch (c) {
	case ALWAYS:
		return true;
	case WATCHED:
		return l->mode != DG_GUARD_MODE_NEVER;
	case ACTS:
		return acts;
	case ASKS:
		return g->is_armed && !acts && !g->is_proposed && l->mode != DG_GUARD_MODE_NEVER;
	case ASKED:
		return g->is_armed && g->is_proposed && e->has_budget;
	case DUE:
		return e->now_ms >= g->due_ms;
	case PROBES:
		return e->now_ms >= g->due_ms && l->has_sink;
	case BLIND:
		return e->now_ms >= g->due_ms && !l->has_sink && !g->is_proposed;
	case WAITED:
		return e->now_ms >= g->due_ms && !l->has_sink && g->is_proposed;
	case EXPIRED:
		return g->split_ms > 0 && e->now_ms - g->split_ms >= l->expiry_ms &&
		       !g->is_proposed;
	case ROTATES:
		return l->may_rotate && l->mode == DG_GUARD_MODE_AUTOMATIC && e->has_budget;
	case ALARMED:
		return e->now_ms >= g->due_ms && g->is_alarm && l->mode != DG_GUARD_MODE_NEVER;
	case NULLED:
		return g->is_null && l->mode != DG_GUARD_MODE_NEVER;
	case NOT_NULLED:
		return !g->is_null;
	}
	return false;
}

static int find_row(
	const struct dg_guard_limits *l, const struct dg_guard *g, const struct dg_guard_event *e)
{
	for (size_t i = 0; i < N_ROWS; i++) {
		bool is_from = rows[i].from == (int)g->state ||
			       (rows[i].from == ANY && g->state != DG_GUARD_HELD);
		if (is_from && rows[i].event == e->kind && holds(l, g, e, rows[i].condition)) {
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
		return later(e->now_ms, l->step_ms);
	case DG_GUARD_SPLIT:
		return later(e->now_ms, hold(l, g, e->random));
	case DG_GUARD_PROBING:
		return later(e->now_ms, l->probe_ms);
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
	}
}

static void act(struct dg_guard *g, const struct dg_guard_event *e, unsigned actions)
{
	if (actions & (DO(ARM) | DO(DISARM))) {
		g->is_armed = false;
	}
	if (e->kind == DG_GUARD_EV_ARMED) {
		g->is_armed = true;
	}
	if (actions & (DO(PROPOSE) | DO(PROPOSE_RESTORE))) {
		g->is_proposed = true;
	}
	if (actions & DO(SPLIT)) {
		g->is_null =
			true; /* from the moment on in which it may be: it is being published */
		g->n_relapses = 0;
	}
	if (actions & DO(RENULL)) {
		g->n_relapses += g->n_relapses < 32;
	}
}

static void enter(
	const struct dg_guard_limits *l, struct dg_guard *g, const struct dg_guard_event *e, int to)
{
	enum dg_guard_state from = g->state;

	g->state = (enum dg_guard_state)to;
	if (g->state != from) {
		g->since_ms = e->now_ms;
		g->is_proposed = false;
	}
	if (g->state == DG_GUARD_HELD && from != DG_GUARD_HELD) {
		g->back = from;
	} else if (g->state == DG_GUARD_SPLIT && from == DG_GUARD_SPLITTING) {
		g->split_ms = e->now_ms;
	} else if (g->state == DG_GUARD_COOLDOWN && from != DG_GUARD_COOLDOWN) {
		g->cooled_ms = later(e->now_ms, l->cooldown_ms);
	}
	if (from == DG_GUARD_RESTORING && g->state == DG_GUARD_COOLDOWN) {
		g->is_null = false;
		g->is_armed = false;
		g->split_ms = 0;
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
	const struct row *r = &rows[ret_out->row];
	bool keeps_time = r->to == (int)g->state && e->kind != DG_GUARD_EV_ARMED &&
			  (e->kind != DG_GUARD_EV_TICK || r->condition == EXPIRED);
	int64_t due_ms = g->due_ms;

	ret_out->actions = l->mode == DG_GUARD_MODE_NEVER ? r->actions & DO(TELL) : r->actions;
	ret_out->why = r->why;
	act(g, e, r->actions);
	enter(l, g, e, r->to);
	if (keeps_time) {
		g->due_ms = due_ms;
	}
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
		.probe_ms = 2 * HOUR_MS,
		.cooldown_ms = DAY_MS,
		.elevated_ms = 3 * DAY_MS,
		.expiry_ms = 14 * DAY_MS,
		.remind_ms = HOUR_MS,
	};
}

const char *dg_guard_fault(const struct dg_guard_limits *l, const struct dg_guard *g)
{
	bool is_out = g->state == DG_GUARD_SPLITTING || g->state == DG_GUARD_SPLIT ||
		      g->state == DG_GUARD_PROBING;

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
	return l->mode == DG_GUARD_MODE_NEVER && is_out ? "split although the mode is never" : NULL;
}

/* --- words ------------------------------------------------------------------------------------ */
const char *dg_guard_state_text(enum dg_guard_state s)
{
	static const char *const texts[] = {
#define X(name, text, meaning) text,
		DG_GUARD_STATES(X)
#undef X
	};
	return texts[s];
}

enum dg_guard_state dg_guard_state_find(const char *text, bool *ret_is_known)
{
	for (int s = DG_GUARD_CALM; s <= DG_GUARD_HELD; s++) {
		if (strcmp(dg_guard_state_text((enum dg_guard_state)s), text) == 0) {
			*ret_is_known = true;
			return (enum dg_guard_state)s;
		}
	}
	*ret_is_known = false;
	return DG_GUARD_HELD;
}

const char *dg_guard_event_text(enum dg_guard_event_kind k)
{
	static const char *const texts[] = {
#define X(name, meaning) meaning,
		DG_GUARD_EVENTS(X)
#undef X
	};
	return texts[k];
}

static void put_actions(struct dg_buf *b, unsigned actions)
{
	static const char *const texts[] = {
#define X(name, text, meaning) text,
		DG_GUARD_ACTIONS(X)
#undef X
	};
	const char *separator = "";

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (actions & (1u << i)) {
			dg_buf_printf(b, "%s%s", separator, texts[i]);
			separator = ", ";
		}
	}
}

static const char *state_or(int state, const char *any)
{
	return state == ANY ? any : dg_guard_state_text((enum dg_guard_state)state);
}

void dg_guard_table_print(struct dg_buf *b)
{
	dg_buf_puts(b, "| from | when | only if | to | does | why |\n| --- | --- | --- | --- | --- "
		       "| --- |\n");
	for (size_t i = 0; i < N_ROWS; i++) {
		const struct row *r = &rows[i];

		dg_buf_printf(b, "| %s | %s | %s | %s | ", state_or(r->from, "any but held"),
			dg_guard_event_text(r->event), condition_texts[r->condition],
			state_or(r->to, ""));
		put_actions(b, r->actions);
		dg_buf_printf(b, " | %s |\n", r->why);
	}
}

void dg_guard_diagram_print(struct dg_buf *b)
{
	dg_buf_puts(b, "digraph guard {\n");
	for (size_t i = 0; i < N_ROWS; i++) {
		const struct row *r = &rows[i];

		if (r->from != ANY && r->from != r->to) {
			dg_buf_printf(b, "\t%s -> %s [label=\"%s\"];\n", state_or(r->from, ""),
				state_or(r->to, ""), r->why);
		}
	}
	dg_buf_puts(b, "}\n");
}
