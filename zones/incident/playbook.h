/* zones/incident/playbook.h: how an incident is walked through: a restricted YAML of questions, tasks and verbs, and where one is in it. Pure.
 *
 * Shape    playbook: NAME, title:, purpose:, verdicts: [...], steps: a list of mappings:
 *            id        [a-z0-9-], once
 *            purpose   why
 *            ask       a question; choices: [yes, no] unless told otherwise; free: true takes any one line
 *            tell      a task for a person
 *            do        a verb of this program; of: the step whose answer says of what (withdraw, revoke)
 *            when      {verdict: [...], zone: yes|no, answers: {STEP: [...]}}: all of it, else the step is passed over
 *            on        {ANSWER: STEP|end} of ask; then: STEP|end. Only onwards: a playbook ends
 *            expect    what should come of it; undo: the way back; deadline: 4h, from when the step's turn came
 *            approval  none, one (of a verb that changes something: the least), two (different people)
 *          Each text (title, purpose, ask, tell, expect, undo) may be one in each language: {en: ..., ja: ...}; the first stands for the others.
 *          Never a line for a shell: what is done are the verbs of DG_PLAYBOOK_VERBS.
 * Limits   DG_PLAYBOOK_BYTES, DG_PLAYBOOK_STEPS, texts of DG_PLAYBOOK_TEXT octets; and those of zone.yaml (zones/policy/tree.h).
 * Place    What was done is in the record (entries of kind run and step): where one is follows from it, so nothing is lost with a process.
 * Errors   DG_EINPUT with file, line and column. Memory: the arena.
 */
#pragma once

#include "zones/base/err.h"
#include "zones/base/message.h"
#include "zones/incident/chain.h"

#include <stdbool.h>

struct dg_arena;

#define DG_PLAYBOOK_BYTES     ((size_t)256 << 10)
#define DG_PLAYBOOK_STEPS     100u
#define DG_PLAYBOOK_TEXT      2000u
#define DG_PLAYBOOK_CHOICES   12u
#define DG_PLAYBOOK_LANGUAGES 16u
#define DG_PLAYBOOK_END       SIZE_MAX

/* Name, word, does it change something, is it refused where something of ours sends, what it does. */
#define DG_PLAYBOOK_VERBS(X)                                                                       \
	X(APPLY, "harden", true, false,                                                            \
		DG_MESSAGE("publish what the policy says: SPF -all, DMARC reject"))                \
	X(ARM, "arm", true, true, DG_MESSAGE("publish the subdomain, lower the TTLs"))             \
	X(SPLIT, "split", true, true,                                                              \
		DG_MESSAGE("move the mail name to its subdomain, null its MX"))                    \
	X(UNSPLIT, "unsplit", true, false, DG_MESSAGE("move mail back to the mail name"))          \
	X(PROBE, "probe", true, true, DG_MESSAGE("let a sink take what still comes for the name")) \
	X(RESTORE, "restore", true, false, DG_MESSAGE("put back what the newest change replaced")) \
	X(WITHDRAW, "withdraw-sender", true, false,                                                \
		DG_MESSAGE("publish SPF without the sender that was named"))                       \
	X(REVOKE, "revoke-key", true, false,                                                       \
		DG_MESSAGE("publish the DKIM key that was named as revoked"))                      \
	X(ABUSED, "hold", true, false,                                                             \
		DG_MESSAGE("tell the guard that something of ours sends: it holds the name"))      \
	X(CHECK, "check", false, false, DG_MESSAGE("can the domain be forged?"))                   \
	X(RELAY, "test-relay", false, false,                                                       \
		DG_MESSAGE("ask our own mail servers whether they relay for strangers"))           \
	X(VERIFY, "verify", false, false,                                                          \
		DG_MESSAGE("compare the policy with what every name server says"))                 \
	X(STATUS, "status", false, false, DG_MESSAGE("what the guard sees and does"))              \
	X(TRIAGE, "triage", false, false,                                                          \
		DG_MESSAGE("add a triage of newer bounces to the record"))                         \
	X(CLOSE, "close", false, false, DG_MESSAGE("ask whether it is over, and close the record"))

enum dg_playbook_verb {
#define X(name, word, changes, refused, what) DG_PLAYBOOK_##name,
	DG_PLAYBOOK_VERBS(X)
#undef X
};

enum dg_playbook_kind {
	DG_PLAYBOOK_ASK,
	DG_PLAYBOOK_TELL,
	DG_PLAYBOOK_DO,
};

struct dg_playbook_words {
	const char *const *list;
	size_t n;
};

struct dg_playbook_answer {
	size_t step;
	struct dg_playbook_words any;
};

struct dg_playbook_step {
	const char *id, *purpose, *text; /* text: of ask and tell; "" */
	enum dg_playbook_kind kind;
	enum dg_playbook_verb verb;
	size_t of; /* DG_PLAYBOOK_END: of nothing */
	struct dg_playbook_words choices;
	bool is_free;
	struct dg_playbook_words verdicts; /* when; n 0: any */
	int zone;                          /* -1: either; 0: none of ours; 1: ours */
	struct dg_playbook_answer *answers;
	size_t n_answers;
	size_t *on;                /* of each choice where it leads */
	size_t then;               /* DG_PLAYBOOK_END: the end */
	const char *expect, *undo; /* "" */
	uint32_t deadline_s;       /* 0: none */
	unsigned n_approvals;
	struct dg_pos pos;
};

struct dg_playbook {
	const char *name, *title, *purpose;
	struct dg_playbook_words verdicts;
	struct dg_playbook_step *steps;
	size_t n;
};

struct dg_playbook_source {
	const char *text;
	size_t len;
	const char *file;     /* for errors */
	const char *language; /* "en", "ja": which texts are taken where there are several */
};

int dg_playbook_parse(struct dg_arena *a, const struct dg_playbook_source *source,
	struct dg_playbook **ret_playbook, struct dg_err *err);
const char *dg_playbook_verb_text(enum dg_playbook_verb v);
const char *dg_playbook_verb_what(enum dg_playbook_verb v);
bool dg_playbook_verb_changes(enum dg_playbook_verb v);
bool dg_playbook_verb_is_refused(
	enum dg_playbook_verb v); /* where a host or an account of ours sends */
size_t dg_playbook_find(const struct dg_playbook *p, const char *id); /* DG_PLAYBOOK_END: no such */

/* --- where one is ------------------------------------------------------------------------------------------- */
struct dg_playbook_done {
	const char *
		outcome; /* "begun", "done", "answered", "skipped", "passed over", "approved", "failed"; NULL: not its turn yet */
	const char *answer; /* NULL */
	const char *who;
	int64_t at;
};

struct dg_playbook_place {
	size_t at;               /* DG_PLAYBOOK_END: through */
	int64_t since;           /* its turn came then */
	size_t n_said;           /* entries of this run: has somebody gone on meanwhile? */
	const char *approved_by; /* of the step at hand; NULL */
	struct dg_playbook_done done[DG_PLAYBOOK_STEPS];
};

/* entries in the order of their numbers; first: the index behind the entry that began the run. Texts in the arena. */
void dg_playbook_place(struct dg_arena *a, const struct dg_playbook *p,
	const struct dg_record_entry *entries, size_t n, size_t first,
	struct dg_playbook_place *x); /* filled */
/* Is the step to be taken? verdict "": none. */
bool dg_playbook_holds(const struct dg_playbook *p, const struct dg_playbook_place *x, size_t step,
	const char *verdict, bool has_zone);
/* Where an answer leads; also "done" and "skip". answer of no choice: where any leads. */
size_t dg_playbook_next(const struct dg_playbook *p, size_t step, const char *answer);
/* Is it an answer to an ask? */
bool dg_playbook_is_answer(const struct dg_playbook_step *s, const char *answer);

/* --- for others (cacao.c) ------------------------------------------------------------------------------------ */
struct dg_buf;
struct dg_record;
/* CACAO Security Playbooks v2.0: the playbook, and what became of its steps. One JSON object, no newline. */
void dg_cacao_json(struct dg_buf *b, const struct dg_playbook *p, const struct dg_playbook_place *x,
	const struct dg_record *r);
