/* controller/guard/runner.h: does what the guard of each mail name says, and tells it what came of it.
 *
 * Shape    The state of each mail name (zones/watch/guard.h) is on disk before anything is done about it. What changes DNS is done by the
 *          program's own commands (arm, split, unsplit, probe, rotate, retire), each in a process of its own with the same journal: one door, and a
 *          crash of either leaves the other whole. At most DG_RUNNER_CHILDREN at once, one a zone.
 * Wishes   approve, stop, release and abused are written into the store by those commands, and looked for once a second: they work without
 *          the daemon, and are obeyed when it comes back.
 * Stop     Also the file DG_RUNNER_STOP in the state folder, which needs no database: children are ended, all names are held.
 * Budget   At most max_moves mail names, and at most max_share of all (but one), are split in an hour; beyond that a person is asked,
 *          and whoever came first goes first when there is room again.
 * Plans    Before a split its plan is looked at (split --dry-run): a yes is bound to the digest of that plan, and --plan applies exactly it. When
 *          the plan is another one by the time of the yes, it is proposed again.
 * Word     The look that a split follows at once is the same process (split --plan -): it says its plan and waits on standard input for
 *          the digest, which is given when the state is on disk. Without the word it changes nothing.
 * Time     Waits run by the clock that never goes back. On disk each has the wall clock, that clock and the boot beside it, so that
 *          a leap of the wall clock shortens none, across a restart of ours too; across a restart of the machine only the wall clock
 *          is left.
 * Look     What is to be done follows from the state: after a crash the same command is run again, which goes on where the journal
 *          says. A child that outlived us holds the lock of its zone, and is waited for.
 * Probe    At the end of the hold the sink is published; when caches have let go of the null MX the runner listens for listen_ms: what
 *          is heard there (dg_runner_heard()) is LOUD as soon as it counts DG_PROBE_LOUD. At the end the sink is looked at once
 *          more, with a bounce to an address that nobody has as a sign of life: SILENT only when a sensor has seen mail to the name
 *          since then. Otherwise the deadline passes, and the null MX comes back.
 * Rotate   The label before is given up when no letter with a sender came to it for overlap_ms, at the end of the hold at the latest.
 * Letters  Each tells the event (on-alarm, on-propose, on-split, on-probe, on-rotate, on-retire, on-restore, on-held), the evidence,
 *          the proposal, the names that take mail now, when the old answers are gone and what still came, and the records to publish by
 *          hand for the way back, as an nsupdate script.
 * Hooks    Programs named in watch: hooks: get one JSON object on standard input (doc/json.md), from an outbox with sequence numbers:
 *          each once, in order, again after a crash when it is not known to have ended. No shell, no secrets in the environment.
 *          Webhooks get the same by HTTPS POST, signed (Standard Webhooks), no redirects, public addresses alone unless the policy
 *          allows others. What fails is tried again, later and later.
 */
#pragma once

#include "zones/base/err.h"
#include "zones/watch/guard.h"

#include <stddef.h>
#include <stdint.h>

struct dg_hook_spec;
struct dg_loop;
struct dg_runner;
struct dg_store;

#define DG_RUNNER_CHILDREN  4u
#define DG_RUNNER_MOVES_MAX 1024u /* of max_moves */
#define DG_RUNNER_STOP      "stop" /* a file in the state folder: while it is there nothing is done */
#define DG_RUNNER_HOOK_MS   30000
#define DG_RUNNER_TRIES_MAX 40u /* of a letter; then it is dropped, and said so */

/* How children are started; a test brings its own. */
struct dg_child;
struct dg_child_ops {
	void (*start)(struct dg_child *c);
	void (*say)(struct dg_child *c, const char *text);
	void (*end)(struct dg_child *c);
	void (*forget)(struct dg_child *c);
};

struct dg_runner_options {
	struct dg_loop *loop;
	struct dg_store *store;
	const char *program;   /* path of dnsguard itself */
	const char *state_dir; /* handed on to it */
	unsigned max_moves;    /* an hour; 0: 3 */
	double max_share;      /* of the mail names that are guarded, an hour; 0: 0.1 */
	bool has_no_smtp;      /* port 25 is closed from here: arm and split get --no-smtp */
	const struct dg_child_ops *children; /* NULL: real ones */
	const char *boot; /* differs with each start of the machine; NULL: the kernel's */
	void (*tell)(void *arg, const char *name, const char *text); /* for people */
	void *arg;
};

struct dg_runner_name {
	const char *zone, *name; /* canonical */
	const char *document;    /* path of its zone.yaml */
	const char *const
		*labels; /* limits.n_labels names that its mail can live at; NULL: not known */
	struct dg_guard_limits limits;
	int64_t drain_ms; /* so long caches hold what stood at the mail name before a step of a split */
	int64_t listen_ms;  /* of a probe, after that */
	int64_t overlap_ms; /* without a letter, then an old label is given up */
	const struct dg_hook_spec *hooks;
	size_t n_hooks;
};

/* Evidence that goes into proposals, hooks and the journal. */
struct dg_runner_evidence {
	const char *text; /* one sentence */
	uint32_t n_foreign, n_unknown, n_own, n_reporters, n_recipients, genuine;
	double score;
	bool has_floor; /* floors of evidence are reached */
	bool asks_first; /* much genuine mail is at stake: a person is asked, also in mode automatic */
};

int dg_runner_new(
	const struct dg_runner_options *o, struct dg_runner **ret_runner, struct dg_err *err);
struct dg_runner *dg_runner_free(
	struct dg_runner *r); /* waits for nobody: children end by themselves */
/* What people wish, and whether all is stopped: now, not with the next tick. */
void dg_runner_look(struct dg_runner *r);
int dg_runner_add(struct dg_runner *r, const struct dg_runner_name *n, struct dg_err *err);
/* kind: NOTICE, ALARM, QUIET, READY, ABUSED (e->text: by what it is known). */
void dg_runner_event(struct dg_runner *r, const char *name, enum dg_guard_event_kind kind,
	const struct dg_runner_evidence *e);
/* Floors of evidence are reached at a label: it is FOLLOWED when mail lives there now. */
void dg_runner_followed(
	struct dg_runner *r, const char *name, unsigned label, const struct dg_runner_evidence *e);
/* One mail that a sensor saw at a name. */
struct dg_runner_mail {
	int64_t at_ms; /* Unix time */
	bool is_at_label;
	unsigned label;  /* is_at_label: which */
	bool is_genuine; /* with a sender */
	double weight;   /* null-sender mail: dg_arrival_weight() */
};
void dg_runner_heard(struct dg_runner *r, const char *name, const struct dg_runner_mail *m);
/* What split: of a policy says, as limits; split NULL: a name that is only watched. */
struct dg_split_spec;
void dg_runner_limits(const struct dg_split_spec *split, struct dg_guard_limits *ret_limits);
void dg_runner_times(const struct dg_split_spec *split, struct dg_runner_name *n); /* and limits */
const struct dg_guard *dg_runner_guard(const struct dg_runner *r, const char *name);
