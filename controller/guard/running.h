/* controller/guard/running.h: what the files of the runner share (runner.h). */
#pragma once

#include "controller/guard/runner.h"
#include "controller/store/watch.h"
#include "providers/net/child.h"
#include "zones/base/map.h"
#include "zones/plan/plan.h"

#include <jansson.h>

struct dg_arena;
struct dg_http;
struct dg_spare;
struct dg_timer;
struct dg_runner;

/* What is being done about a name. On disk it is not kept: it follows from the state. */
enum dg_op {
	DG_OP_NONE,
	DG_OP_ARM,
	DG_OP_DISARM,
	DG_OP_LOOK,        /* what would the split be? */
	DG_OP_LOOK_BACK,   /* what would the way back be? */
	DG_OP_LOOK_ROTATE, /* what would the next label be? */
	DG_OP_SPLIT,
	DG_OP_BACK,
	DG_OP_PROBE, /* publishes the sink; again: does it stand, and does it live? */
	DG_OP_RENULL,
	DG_OP_ROTATE,
	DG_OP_RETIRE,
};

/* A hook of the policy. */
struct dg_hook {
	const char *path, *url; /* one of them */
	const char *secret_file;
	bool may_be_private;
};

/* What a probe has heard, and what still comes past a null MX. */
struct dg_ear {
	/* --- on disk --- */
	int64_t listen_ms;  /* from then on, PROBING and verified; 0: not */
	double heard;       /* weighted, since then */
	int64_t split_ms;   /* of the split that the residue is of */
	uint64_t n_residue; /* null-sender mail since then */
	int64_t residue_ms; /* the last */
	int64_t genuine_ms; /* the last letter to a label before the current one */
	/* --- not on disk --- */
	int64_t mail_ms; /* the last of any kind at the mail name, Unix time of the sensor */
	int64_t look_ms; /* when the last look at the sink began, Unix time; 0: none since the start */
	int64_t saved_ms;
	bool is_looking; /* the sink is to be looked at */
};

/* A command under way. Most names have none for years. */
struct dg_errand {
	struct dg_child child;
	const char *argv[20];
	char lock[4200];
};

struct dg_ward {
	struct dg_runner *running;
	const char *zone, *name, *document;
	const char *const *labels; /* limits.n_labels; NULL */
	const struct dg_hook *hooks;
	size_t n_hooks;
	int64_t drain_ms, listen_ms, overlap_ms;
	struct dg_guard_limits limits;
	/* --- on disk --- */
	struct dg_guard g;
	char plan[DG_PLAN_ID_LEN +
		  1];     /* what was looked at last, and is proposed or being done; "": none */
	int64_t armed_ms; /* the old TTL is waited out then; 0: no */
	int64_t moved_ms; /* a split was begun last; 0: never */
	bool is_stopped;  /* held because a person said stop */
	bool was_armed;   /* by hand, before us: left so */
	bool is_disarming, is_arming;
	char *restore;  /* nsupdate script; NULL: nothing to put back */
	char *evidence; /* JSON object; NULL */
	char *abuse;    /* by what it is known that something of ours is abused; NULL */
	struct dg_ear ear;
	/* --- not on disk --- */
	struct {
		enum dg_guard_state state;
		bool is_alarm, is_abused;
	} kept;          /* what is on disk of g, as far as the record of an incident goes by it */
	bool is_unsaved; /* nothing is begun before it is */
	enum dg_op op, child_op;
	struct dg_errand *errand; /* while is_running */
	bool is_running;
	bool is_waiting_for_plan; /* it has not said it yet */
	bool is_standing_by;      /* it has said its plan, and waits for the word */
	unsigned n_tries;
	int64_t retry_ms, ready_ms;
	bool asks_first; /* of the evidence that came last */
	int64_t wish;    /* an approval that waits for a look; 0: none */
	int64_t granted; /* one that is done with as soon as what it led to is on disk; 0 */
	bool is_waiting;
	struct dg_ward *next_waiting; /* for room in the budget */
};

struct dg_post {
	struct dg_runner *running;
	const char *hook;            /* path or URL, as in the outbox */
	const struct dg_hook *known; /* of a policy; NULL: of none any more */
	const char *argv[2];
	char *body;
	struct dg_child child;
	struct dg_webhook *webhook; /* while it is under way */
	struct dg_timer *refusal_timer;
	char refusal[600];
	bool is_unwanted; /* the receiver wants no more of this */
	int64_t wait_ms;  /* he said to wait so long; 0 */
	bool is_running;
	bool is_served; /* in this round */
	int64_t sequence, retry_ms;
	unsigned n_tries;
	struct dg_post *next;
};

struct dg_runner {
	struct dg_runner_options o;
	struct dg_arena *arena;
	const struct dg_child_ops *children;
	struct dg_spare *spare; /* NULL: a test has children of its own */
	struct dg_map by_name;
	struct dg_ward **wards;
	size_t n_wards, cap_wards;
	unsigned n_children;
	struct dg_timer *timer;
	int64_t base_ms, base_mono_ms;
	char boot[64];
	const char *stop_path;
	bool is_stopped, has_letters, is_complaining;
	int64_t moves[DG_RUNNER_MOVES_MAX]; /* of the last hour */
	size_t n_moves;
	size_t n_yes; /* approvals under way: they have room before others */
	struct dg_ward *waiting, **waiting_end;
	struct dg_post *posts;
	struct dg_http *http; /* NULL: not needed yet */
};

/* runner.c */
int64_t dg_running_now(const struct dg_runner *r); /* ms, of the guard's clock */
void dg_running_tell(struct dg_runner *r, const char *name, const char *text);
void dg_ward_step(struct dg_ward *x, enum dg_guard_event_kind kind);
bool dg_running_has_room(const struct dg_runner *r, const struct dg_ward *x);
size_t dg_running_moves_max(const struct dg_runner *r);
void dg_running_forget_old_moves(struct dg_runner *r);
void dg_ward_wait_in_line(struct dg_ward *x);

/* keep.c: the disk. letter: an event for the hooks; NULL: none. */
void dg_ward_save(struct dg_ward *x, const char *letter, const char *why);
int dg_ward_load(struct dg_ward *x, struct dg_err *err);

/* episode.c: the record of the incident; inside the transaction that keeps the state. */
int dg_ward_episode(struct dg_ward *x, const char *event, const char *why, struct dg_err *err);
void dg_ward_episode_kept(struct dg_ward *x); /* it is on disk */

/* act.c */
enum dg_op dg_ward_op(const struct dg_ward *x);  /* what the state asks for */
void dg_ward_act(struct dg_ward *x);             /* begins it, when it can be */
void dg_ward_quit(struct dg_ward *x);            /* ends its child */
bool dg_ward_is_wanted(const struct dg_ward *x); /* what its child does */

/* answer.c: what a child said. */
struct dg_answer {
	bool is_conflict, is_passing; /* passing: trying again may help */
	char digest[DG_PLAN_ID_LEN + 1];
	int64_t old_mx_until;
	char *restore; /* taken over by the caller */
	char text[200];
};
void dg_answer_read(const struct dg_child *c, const char *zone, struct dg_answer *ret_answer);
/* Of what it said until now. */
void dg_answer_read_text(const char *text, const char *zone, struct dg_answer *ret_answer);

/* wish.c */
void dg_running_wishes(struct dg_runner *r);
void dg_running_stop_file(struct dg_runner *r);
void dg_ward_wish(struct dg_ward *x, int64_t wish);           /* 0: none */
void dg_ward_approved(struct dg_ward *x, const char *digest); /* the look came to this */

/* hear.c: what is heard, and what follows from it. */
void dg_ward_ready(struct dg_ward *x);
void dg_ward_abused(struct dg_ward *x, const char *why);
void dg_ward_listen(struct dg_ward *x, const struct dg_guard *before); /* a step was taken */
void dg_ward_listen_tick(struct dg_ward *x, int64_t now_ms);
void dg_ward_looked(struct dg_ward *x); /* the sink stands at every name server */

/* post.c */
void dg_running_post(struct dg_runner *r);
void dg_running_post_forget(struct dg_runner *r);
struct dg_post *dg_running_hook(struct dg_runner *r, const char *name, const struct dg_hook *known);
/* How the letter that is under way ended; why: for people, NULL: it went well. */
void dg_post_ended(struct dg_post *p, const char *why);

/* webhook.c */
void dg_webhook_send(struct dg_post *p, const struct dg_letter *l); /* p->body */
void dg_webhook_forget(struct dg_post *p);

/* letter.c */
json_t *dg_ward_drain_json(struct dg_ward *x);
const char *dg_ward_next_label(const struct dg_ward *x); /* "": none is left */
const char *dg_ward_label(const struct dg_ward *x); /* where mail lives, or is about to; NULL */
int dg_ward_letter(struct dg_ward *x, const char *event, const char *why, struct dg_err *err);
char *dg_evidence_json(struct dg_arena *a, const struct dg_runner_evidence *e); /* keep.c */
