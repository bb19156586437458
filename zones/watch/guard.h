/* zones/watch/guard.h: the state machine of one mail name under guard. Pure: state, event and time in; state and actions out.
 *
 * Shape    One table (DG_GUARD_TABLE) says what leads where; code, doc/guard.md and the model are made from it. The runner does
 *          what the actions say, keeps the state on disk, and feeds back what came of it as events. Every state but CALM has a
 *          deadline (due_ms), at which TICK does something.
 * Modes    NEVER watches only. APPROVED proposes and waits for a yes to exactly that plan. AUTOMATIC acts by itself within its floors and
 *          budgets.
 * Abuse    Evidence that our own relay or an account is abused stands (is_abused) until a person releases the name: whatever state it comes
 *          in, the name ends in HELD, and nothing is split, rotated or proposed meanwhile.
 * Probe    PROBING publishes the sink; once it is verified (is_listening) the runner says LOUD, or SILENT when the sensors were
 *          proved alive. Nothing said by the deadline: null MX again, the hold doubled.
 * Rotate   The attacker follows (floors of evidence at the subdomain): the next label is published and verified, both serve
 *          (is_overlapping) until the old one's mail has drained or the hold is over, then the old one gets a null MX (is_retiring).
 * Rules    A volume alarm alone never nulls an MX: floors of evidence, a verdict "forged", preflight and budget stand before every
 *          step up. Evidence that our own relay or an account is abused leads to HELD, never to a split. What
 *          stands in the zone and is not ours to overwrite (drift, conflict, bogus answers) leads to HELD too.
 * Time     Unix milliseconds. The hold is drawn with the randomness given (event.random), so that an attacker cannot
 *          wait for it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* State, what it means. */
#define DG_GUARD_STATES(X)                                                                   \
	X(CALM, "calm", "records as the policy says")                                        \
	X(ELEVATED, "elevated", "TTLs lowered, the subdomain published and checked (armed)") \
	X(SPLITTING, "splitting", "the split is being applied and verified")                 \
	X(SPLIT, "split", "mail lives at the subdomain, null MX at the mail name")           \
	X(PROBING, "probing", "a sink MX for a short time: is it over?")                     \
	X(ROTATING, "rotating", "the next subdomain is being published and verified")        \
	X(RESTORING, "restoring", "the records from before are being put back")              \
	X(COOLDOWN, "cooldown", "as the policy says; nothing is done by itself")             \
	X(HELD, "held", "untouched until a person says what to do")

enum dg_guard_state {
#define X(name, text, meaning) DG_GUARD_##name,
	DG_GUARD_STATES(X)
#undef X
};

#define DG_GUARD_EVENTS(X)                                                                 \
	X(TICK, "time passes")                                                             \
	X(NOTICE, "the detector says notice")                                              \
	X(ALARM, "the detector says alarm")                                                \
	X(QUIET, "the detector says calm")                                                 \
	X(READY, "floors of evidence reached, verdict forged, few genuine mails at stake") \
	X(APPROVED, "a person said yes to the plan proposed")                              \
	X(ARMED, "armed: subdomain verified, old TTL waited out")                          \
	X(DONE, "the step is verified at every name server")                               \
	X(FAILED, "the step could not be done, or not verified, in time")                  \
	X(CONFLICT, "drift, conflict or bogus answers")                                    \
	X(LOUD, "the probe still sees the attack")                                         \
	X(SILENT, "the probe sees no attack")                                              \
	X(FOLLOWED, "the attacker follows: floors of evidence reached at the subdomain")   \
	X(DRAINED, "no more mail comes to the old subdomain")                              \
	X(ABUSED, "evidence that our own relay or an account is abused")                   \
	X(STOP, "a person said stop")                                                      \
	X(RELEASE, "a person said go on")

enum dg_guard_event_kind {
#define X(name, meaning) DG_GUARD_EV_##name,
	DG_GUARD_EVENTS(X)
#undef X
};

/* Bits of dg_guard_out.actions. */
#define DG_GUARD_ACTIONS(X)                                                      \
	X(ARM, "arm", "publish the subdomain, lower TTLs")                       \
	X(DISARM, "disarm", "put TTLs up again")                                 \
	X(PROPOSE, "propose", "ask a person")                                    \
	X(SPLIT, "split", "null MX at the mail name")                            \
	X(UNDO, "undo", "take an unverified split back")                         \
	X(PROBE, "probe", "sink MX at the mail name")                            \
	X(RENULL, "renull", "null MX again after a probe")                       \
	X(RETIRE, "retire", "null MX at the old subdomain")                      \
	X(RESTORE, "restore", "the records from before the split")               \
	X(ROTATE, "rotate", "a new subdomain label")                             \
	X(PROPOSE_RESTORE, "propose-restore", "ask a person whether to go back") \
	X(PROPOSE_ROTATE, "propose-rotate", "ask a person whether to move on")   \
	X(TELL, "tell", "tell people what happened")

enum dg_guard_action_bit {
#define X(name, text, meaning) DG_GUARD_BIT_##name,
	DG_GUARD_ACTIONS(X)
#undef X
};
enum dg_guard_action {
#define X(name, text, meaning) DG_GUARD_DO_##name = 1 << DG_GUARD_BIT_##name,
	DG_GUARD_ACTIONS(X)
#undef X
};

enum dg_guard_mode {
	DG_GUARD_MODE_NEVER,
	DG_GUARD_MODE_APPROVED,
	DG_GUARD_MODE_AUTOMATIC,
};

struct dg_guard_limits {
	enum dg_guard_mode mode;
	int64_t hold_ms; /* of the first split; doubled by each probe that is loud */
	int64_t hold_max_ms;
	int64_t arm_ms, step_ms; /* deadlines */
	int64_t probe_ms; /* from the sink being verified to the deadline of the probe: drain, listening, a margin */
	int64_t cooldown_ms;
	int64_t elevated_ms; /* armed without anything happening: a reminder */
	int64_t expiry_ms;   /* split for so long: a restore is proposed */
	int64_t remind_ms;   /* held: a reminder */
	unsigned
		n_labels; /* subdomains that mail can live at, at most DG_GUARD_LABELS_MAX; 1: none to rotate to */
	bool has_sink; /* a sink MX to probe with; without one a person is asked at the end of the hold */
};
/* 24 h hold, at most 7 days; 1 h, 15 min, 2 h 30 min; 24 h cooldown; 72 h elevated; 14 days expiry; 1 h reminders; mode approved, one
 * label. */
void dg_guard_limits_init(struct dg_guard_limits *l);

/* What is kept on disk. */
struct dg_guard {
	enum dg_guard_state state;
	enum dg_guard_state
		back;     /* HELD: the state before; SPLITTING and RESTORING: where an undo leads */
	int64_t since_ms; /* in this state */
	int64_t due_ms;   /* of the deadline; INT64_MAX: none */
	int64_t split_ms; /* when the split was verified; 0: it is not */
	int64_t cooled_ms;   /* until then nothing is done by itself; 0 */
	unsigned n_relapses; /* loud probes in this episode */
	unsigned label;      /* of the subdomain that mail lives at */
	bool is_armed, is_proposed, is_alarm,
		is_null; /* is_null: a null MX (or a sink) of ours stands at the mail name */
	bool is_sink; /* the sink may stand there: from the probe's beginning to the null MX verified */
	bool is_listening;   /* PROBING: the sink is verified */
	bool is_overlapping; /* the label before serves beside this one */
	bool is_retiring;    /* it is to get its null MX now */
	bool asks_rotate;    /* what is proposed is the next label */
	bool is_followed;    /* a person was told that no label is left */
	bool is_abused; /* evidence that our own relay or an account is abused: until a person releases it */
};
#define DG_GUARD_LABELS_MAX 16u
void dg_guard_init(struct dg_guard *g, int64_t now_ms);

struct dg_guard_event {
	enum dg_guard_event_kind kind;
	int64_t now_ms;
	uint32_t random; /* uniform, from the caller; for the jitter of the hold */
	bool has_budget; /* moving one more mail name is within the limits per hour and share */
};

struct dg_guard_out {
	unsigned actions; /* DG_GUARD_DO_*, in the order of the enum */
	const char *why; /* of the row that was taken, static text; NULL: no row, nothing changed */
	int row;         /* its index, -1: none */
};

/* One event. Rows are tried from the first on; the first whose state, event and condition hold is taken. */
void dg_guard_step(const struct dg_guard_limits *l, struct dg_guard *g,
	const struct dg_guard_event *e, struct dg_guard_out *ret_out);

/* NULL, or which invariant is broken (static text): for assertions, tests and the model. */
const char *dg_guard_fault(const struct dg_guard_limits *l, const struct dg_guard *g);

const char *dg_guard_state_text(enum dg_guard_state s); /* stable, for JSON */
enum dg_guard_state dg_guard_state_find(const char *text, bool *ret_is_known);
const char *dg_guard_event_text(enum dg_guard_event_kind k);
/* Null-sender mail at the name is backscatter of an attack, as far as the guard knows. */
bool dg_guard_is_under_attack(const struct dg_guard *g);
struct dg_buf;
void dg_guard_table_print(struct dg_buf *b);   /* the table as Markdown */
void dg_guard_diagram_print(struct dg_buf *b); /* the same as a Mermaid state diagram */
