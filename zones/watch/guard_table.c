#include "zones/watch/guard_table.h"

#include "zones/base/buf.h"

#include <string.h>

#define ON(from, event, condition, to, actions, why)                                          \
	{                                                                                     \
		DG_GUARD_##from, DG_GUARD_EV_##event, DG_GUARD_IF_##condition, DG_GUARD_##to, \
			actions, why                                                          \
	}
#define DO(x) ((unsigned)DG_GUARD_DO_##x)

const struct dg_guard_row_of_table dg_guard_rows[] = {
	ON(ANY, STOP, ALWAYS, HELD, DO(TELL), "a person said stop"),
	ON(ANY, CONFLICT, ALWAYS, HELD, DO(TELL),
		"the zone is not as it was left: a person must look"),
	ON(CALM, ABUSED, ALWAYS, HELD, DO(TELL),
		"our own relay or an account is abused: a split would be wrong"),
	ON(ELEVATED, ABUSED, ALWAYS, HELD, DO(TELL),
		"our own relay or an account is abused: a split would be wrong"),
	ON(SPLITTING, ABUSED, ALWAYS, RESTORING, DO(UNDO) | DO(TELL),
		"our own relay or an account is abused: the split is taken back"),
	ON(SPLIT, ABUSED, SUNK, SPLIT, 0,
		"our own relay or an account is abused: held as soon as the null MX is back"),
	ON(SPLIT, ABUSED, ALWAYS, HELD, DO(TELL),
		"our own relay or an account is abused: a person must look"),
	ON(PROBING, ABUSED, ALWAYS, SPLIT, DO(RENULL) | DO(TELL),
		"our own relay or an account is abused: a person must look"),
	ON(ROTATING, ABUSED, ALWAYS, HELD, DO(TELL),
		"our own relay or an account is abused: a person must look"),
	ON(RESTORING, ABUSED, NEW_ABUSE, RESTORING, DO(TELL),
		"our own relay or an account is abused: held as soon as the records are back"),
	ON(COOLDOWN, ABUSED, ALWAYS, HELD, DO(TELL),
		"our own relay or an account is abused: a person must look"),
	ON(HELD, ABUSED, NEW_ABUSE, HELD, DO(TELL),
		"our own relay or an account is abused: a split would be wrong"),

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

	ON(SPLIT, DONE, SUNK_ABUSED, HELD, DO(TELL),
		"the null MX is back; our own relay or an account is abused: a person must look"),
	ON(SPLIT, DONE, SUNK, SPLIT, 0, "the null MX is back"),
	ON(SPLIT, DONE, RETIRES, SPLIT, DO(TELL), "the subdomain before takes no mail any more"),
	ON(SPLIT, FAILED, ALWAYS, HELD, DO(TELL),
		"the null MX could not be published: a person must look"),
	ON(SPLIT, FOLLOWED, ROTATES, ROTATING, DO(ROTATE) | DO(TELL),
		"the attacker follows: a new label"),
	ON(SPLIT, FOLLOWED, ASKS_ROTATE, SPLIT, DO(PROPOSE_ROTATE) | DO(TELL),
		"the attacker follows: a person decides about a new label"),
	ON(SPLIT, FOLLOWED, LAST_LABEL, SPLIT, DO(TELL),
		"the attacker follows, and no label is left: a person must choose one"),
	ON(SPLIT, APPROVED, ROTATE_ASKED, ROTATING, DO(ROTATE) | DO(TELL),
		"a person said yes to a new label"),
	ON(SPLIT, DRAINED, OVERLAPS, SPLIT, DO(RETIRE),
		"no more mail comes to the subdomain before: it is given up"),
	ON(SPLIT, TICK, OVERLAPS_DUE, SPLIT, DO(RETIRE),
		"the hold is over: the subdomain before is given up"),
	ON(SPLIT, TICK, EXPIRED, SPLIT, DO(PROPOSE_RESTORE), "split for long: a person decides"),
	ON(SPLIT, TICK, PROBES, PROBING, DO(PROBE), "the hold is over: is the attack?"),
	ON(SPLIT, TICK, BLIND, SPLIT, DO(PROPOSE_RESTORE) | DO(TELL),
		"the hold is over, and nothing can be seen past a null MX: a person decides"),
	ON(SPLIT, TICK, WAITED, SPLIT, DO(TELL), "the way back is still proposed: a reminder"),
	ON(SPLIT, APPROVED, BACK_ASKED, RESTORING, DO(RESTORE) | DO(TELL),
		"a person said: go back"),

	ON(PROBING, DONE, OPENS, PROBING, DO(TELL), "the sink is verified: listening"),
	ON(PROBING, LOUD, ALWAYS, SPLIT, DO(RENULL) | DO(TELL),
		"the attack goes on: the hold is doubled"),
	ON(PROBING, FAILED, ALWAYS, SPLIT, DO(RENULL) | DO(TELL), "the probe could not be made"),
	ON(PROBING, TICK, DUE, SPLIT, DO(RENULL) | DO(TELL),
		"could not tell in time: the hold is doubled"),
	ON(PROBING, SILENT, LISTENS, RESTORING, DO(RESTORE) | DO(TELL), "the attack is over"),

	ON(ROTATING, DONE, ALWAYS, SPLIT, DO(TELL),
		"mail lives at the new label; the one before serves until its mail has drained"),
	ON(ROTATING, FAILED, ALWAYS, HELD, DO(TELL),
		"the new label could not be verified, the one before serves: a person must look"),
	ON(ROTATING, TICK, DUE, HELD, DO(TELL),
		"the new label was not verified in time, the one before serves: a person must "
		"look"),

	ON(RESTORING, DONE, ABUSED, HELD, DO(TELL),
		"the records from before are back; our own relay or an account is abused"),
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
	ON(HELD, RELEASE, UNSETTLED, RESTORING, DO(RESTORE) | DO(TELL),
		"a person said go on: what was under way is taken back first"),
	ON(HELD, RELEASE, NULLED, SPLIT, DO(TELL), "a person said go on"),
	ON(HELD, RELEASE, NOT_NULLED, COOLDOWN, DO(TELL), "a person said go on"),
};
const size_t dg_guard_n_rows = sizeof(dg_guard_rows) / sizeof(dg_guard_rows[0]);

const char *dg_guard_condition_text(enum dg_guard_condition c)
{
	static const char *const condition_texts[] = {
#define X(name, text) text,
		DG_GUARD_CONDITIONS(X)
#undef X
	};
	return condition_texts[c];
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
	return state == DG_GUARD_ANY ? any : dg_guard_state_text((enum dg_guard_state)state);
}

void dg_guard_table_print(struct dg_buf *b)
{
	dg_buf_puts(b, "| from | when | only if | to | does | why |\n| --- | --- | --- | --- | --- "
		       "| --- |\n");
	for (size_t i = 0; i < dg_guard_n_rows; i++) {
		const struct dg_guard_row_of_table *r = &dg_guard_rows[i];

		dg_buf_printf(b, "| %s | %s | %s | %s | ", state_or(r->from, "any but held"),
			dg_guard_event_text(r->event), dg_guard_condition_text(r->condition),
			state_or(r->to, ""));
		put_actions(b, r->actions);
		dg_buf_printf(b, " | %s |\n", r->why);
	}
}

/* Mermaid ends a label at a semicolon. */
static void put_label(struct dg_buf *b, const char *text)
{
	for (; *text != '\0'; text++) {
		char c = *text;

		if (c == ';') {
			c = ',';
		}
		dg_buf_putc(b, c);
	}
}

static bool is_arrow(const struct dg_guard_row_of_table *r, int from, int to)
{
	return r->from == from && r->to == to && from != to;
}

/* One arrow for all rows between two states, with each reason once. */
static void put_arrow(struct dg_buf *b, size_t first)
{
	int from = dg_guard_rows[first].from;
	int to = dg_guard_rows[first].to;
	const char *separator = ": ";

	dg_buf_printf(b, "    %s --> %s", state_or(from, "any"), state_or(to, ""));
	for (size_t i = first; i < dg_guard_n_rows; i++) {
		bool is_new = is_arrow(&dg_guard_rows[i], from, to);

		for (size_t k = first; is_new && k < i; k++) {
			is_new = !is_arrow(&dg_guard_rows[k], from, to) ||
				 strcmp(dg_guard_rows[k].why, dg_guard_rows[i].why) != 0;
		}
		if (is_new) {
			dg_buf_puts(b, separator);
			put_label(b, dg_guard_rows[i].why);
			separator = "<br>";
		}
	}
	dg_buf_putc(b, '\n');
}

void dg_guard_diagram_print(struct dg_buf *b)
{
	dg_buf_puts(b, "stateDiagram-v2\n    state \"any but held\" as any\n    [*] --> calm\n");
	for (size_t i = 0; i < dg_guard_n_rows; i++) {
		const struct dg_guard_row_of_table *r = &dg_guard_rows[i];
		bool is_first = r->from != r->to;

		for (size_t k = 0; is_first && k < i; k++) {
			is_first = !is_arrow(&dg_guard_rows[k], r->from, r->to);
		}
		if (is_first) {
			put_arrow(b, i);
		}
	}
}
