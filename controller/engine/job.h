/* controller/engine/job.h: one zone's way through the engine.
 *
 * Calls    dg_job_plan(), then dg_job_publish(), then dg_job_verify(): each returns at once and calls done(job) from the loop.
 * Errors   Where the job stopped stands in end and err; what was found on the way stays in it, so that it can be shown.
 * Memory   Everything lives in the job's arena.
 */
#pragma once

#include "controller/store/store.h"
#include "providers/provider.h"
#include "zones/plan/plan.h"
#include "zones/policy/policy.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dg_authority_ask;
struct dg_engine;
struct dg_verify;

enum dg_job_end {
	DG_JOB_RUNNING,
	DG_JOB_SAME,     /* nothing to change */
	DG_JOB_PENDING,  /* there are changes */
	DG_JOB_APPLIED,  /* published, and every name server that was asked shows it */
	DG_JOB_LAGGING,  /* published at the provider; not every name server shows it yet */
	DG_JOB_CONFLICT, /* a person must decide; nothing was written */
	DG_JOB_REFUSED,  /* a rule refused the plan; nothing was written */
	DG_JOB_FAILED,   /* could not read, write or find out */
};
#define DG_JOB_N_ENDS 8u

enum dg_marker_state {
	DG_MARKER_OURS,    /* as the journal says; absent when the journal knows of none */
	DG_MARKER_MISSING, /* the journal knows of one, the zone has none */
	DG_MARKER_FOREIGN, /* another one than the journal's */
};

struct dg_job {
	struct dg_engine *engine;
	struct dg_arena *arena;
	bool arena_is_kept; /* the provider pool keeps it */
	struct dg_policy *policy;
	const char *document;
	struct dg_provider *provider;
	void (*done)(struct dg_job *job);
	void *arg;

	enum dg_job_end end;
	struct dg_err err;
	const char *note; /* something a person should know beside the end; NULL */

	struct dg_name_state *states;
	size_t n_states;
	struct dg_rrset *owned; /* what was applied last */
	size_t n_owned;
	struct dg_zone *have;
	const char *version; /* of the last read before writing */
	struct dg_want *want;
	struct dg_plan *plan;

	const char *marker_owner; /* NULL: the provider needs none */
	const char *marker_text;  /* as it stands */
	const char *marker_known; /* as the journal has it */
	struct dg_rrset marker_have;
	enum dg_marker_state marker_state;
	const char *settled; /* what became of a step that an earlier run left open; NULL */

	/* publishing */
	unsigned phase;
	unsigned n_attempts;
	struct dg_rrset soa; /* as it was read last: goes along with the next attempt */
	bool has_soa;
	unsigned n_soa_tries; /* attempts in vain with it */
	unsigned n_looks;     /* reads since the last answer */
	size_t n_steps_applied;
	int64_t last_old_until; /* Unix seconds: when the last cache has let go; 0 */
	int64_t mx_old_until;   /* the same of the MX of mail names */
	struct dg_step step;
	struct dg_swap *swaps;
	size_t n_swaps;
	struct dg_swap *sent; /* what of swaps goes to the provider now: controller/engine/part.h */
	size_t n_sent;
	bool is_part; /* some of the step stands there */
	enum dg_outcome outcome;
	struct dg_err apply_err;
	struct dg_read read;
	struct dg_apply apply;
	const struct dg_step
		*restored; /* the step to undo, instead of making the policy true; NULL: none */
	int64_t restores;  /* its id */
	bool removes_marker;
	bool has_marker_swap;  /* it is the last of swaps */
	bool may_have_arrived; /* a step was sent whose outcome could not be found out */
	int64_t late;          /* id of the step that dg_job_find_late() found: an earlier run's */
	const char *late_marker;
	struct dg_rrset late_have; /* its marker RRset */

	/* verifying */
	struct dg_verify *verify; /* of the name servers; NULL: not asked */
	struct dg_verify *seen;   /* of the resolver; NULL: not asked */
	const char *verify_why;   /* why nothing could be asked; NULL */
	struct dg_swap *look_swaps;
	size_t n_look_swaps;
	bool is_look_between; /* something waits for it: TCP is not tried, which nobody is told of then */
	int64_t look_until_ms;
	int64_t look_delay_ms;
	struct dg_authority_ask *ask;
	void (*looked)(struct dg_job *j);

	size_t index; /* in the run */
	bool is_done; /* done() was called: may be handed over and freed */
	struct dg_job *next;
};

/* take_arena holds the policy. */
struct dg_job *dg_job_new(struct dg_engine *e, struct dg_arena *take_arena,
	struct dg_policy *policy, const char *document);
struct dg_job *dg_job_free(struct dg_job *j);

void dg_job_plan(struct dg_job *j); /* ends SAME, PENDING, CONFLICT, REFUSED or FAILED */
void dg_job_publish(
	struct dg_job *j); /* from PENDING; ends APPLIED, LAGGING, CONFLICT, REFUSED or FAILED */
void dg_job_verify(struct dg_job *j); /* after dg_job_plan(): asks every name server once */

/* --- between the files of the engine ------------------------------------------------------------------------ */
void dg_job_end(
	struct dg_job *j, enum dg_job_end end); /* sets end; done() in the next turn of the loop */
void dg_job_fail(struct dg_job *j, int rc);     /* end by the code in j->err */
void dg_job_tell(const struct dg_job *j, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
int dg_job_open(struct dg_job *j); /* provider, owned, stages, marker of the journal */
/* Reads keys (and the marker); then(j) with rc in the loop. */
void dg_job_read(struct dg_job *j, const struct dg_rrkey *keys, size_t n_keys, bool whole,
	void (*then)(struct dg_read *r, int rc));
/* What stands in the zone for open steps of the journal: settles them (with can_write), sets j->settled. */
int dg_job_settle_open(struct dg_job *j);
/* Does now show a step of an interrupted run whose UPDATE was still on its way when this run looked first? Notes in the journal that
 * it was applied, fills late, late_marker and late_have. A value of enum dg_late, or an error. */
enum dg_late {
	DG_LATE_NONE,
	DG_LATE_ALL,   /* and all that the step of this run was to change is as it was to be */
	DG_LATE_OTHER, /* this run planned on something else than what stands there now */
};
int dg_job_find_late(struct dg_job *j, const struct dg_zone *now);
int dg_job_judge_marker(struct dg_job *j);
/* Asks every name server, again and again for_ms milliseconds long (0: once), until all show the `after` of
 * swaps; then(j). j->verify is what they said last. */
void dg_job_look(struct dg_job *j, struct dg_swap *swaps, size_t n, int64_t for_ms,
	void (*then)(struct dg_job *j));
bool dg_job_all_in_force(const struct dg_job *j);
/* The first n RRsets that the policy names, as they should stand; before is not known. */
struct dg_swap *dg_job_wanted(struct dg_job *j, size_t n);
/* Counts the SPF look-ups of what is about to be published; then(j, rc): rc < 0 and err when it must not be. */
void dg_job_spf_budget(struct dg_job *j, void (*then)(struct dg_job *j, int rc));
