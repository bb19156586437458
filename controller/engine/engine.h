/* controller/engine/engine.h: the one door: whoever wants DNS changed states what he wants; from there on it is
 * have, plan, check, journal, apply, read back, verify, wait. Nothing else in the house writes DNS.
 *
 * Shape    A dg_engine serves one run over a fleet. Each zone is a dg_job (controller/engine/job.h); many are in flight at once.
 * Calls    dg_engine_plan() over all zones, a look at what it found (rails, a person's yes), then dg_engine_publish().
 * Writes   Only with can_write. Without it a call to a provider's apply() ends the process: a dry run cannot write.
 * Order    Results are handed over in the order of the documents.
 */
#pragma once

#include "controller/engine/job.h"
#include "zones/plan/plan.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dg_eyes;
struct dg_engine_journal;
struct dg_fleet;
struct dg_loop;
struct dg_pool;
struct dg_store;

#define DG_WINDOW 96u /* zones in flight */
#define DG_KEEP_MAX \
	2048u /* changed zones that are kept from planning to publishing; others are planned again */
#define DG_JOB_MEMORY_MAX ((size_t)1 << 30)
/* Outer bounds of one read and of one change of a zone; providers have timeouts of their own below them. */
#define DG_READ_MS         120000
#define DG_APPLY_MS        60000
#define DG_APPLY_ATTEMPTS  4u
#define DG_SETTLE_ATTEMPTS 6u /* reads after a change whose outcome is open: 0.2 s, 0.4 s, ... */

struct dg_engine {
	struct dg_loop *loop;
	struct dg_store *store;
	struct dg_pool *pool;
	struct dg_engine_journal *journal;
	struct dg_eyes *eyes; /* resolvers and name servers asked: controller/engine/eyes.h */
	bool can_write;
	bool adopt;         /* what stands where we want to publish is taken over */
	bool force;         /* past the rails */
	bool waits_between; /* between phases, caches get the time to let go of an old MX (unsplit) */
	/* Canonical; other zones of the documents are passed over; NULL: none. */
	const char *only_zone;
	int64_t run;
	bool is_resolver_silent; /* it let one zone wait in vain: the others are not made to wait */
	int64_t verify_ms;       /* how long name servers get to show a change */
	/* A wish about a stage (split, unsplit, arm) that is not on record yet; NULL: none. */
	const struct dg_name_state *stage;
	/* What is going on, for a person who waits. May be NULL. */
	void (*tell)(void *arg, const struct dg_job *job, const char *text);
	void *tell_arg;
};

/* One per zone, in document order. job NULL: err is a document that could not be read. The job is freed after the call unless
 * the engine keeps it for publishing. */
typedef void dg_engine_each(void *arg, struct dg_job *job, const struct dg_err *err);

struct dg_engine_counts {
	size_t n_zones;  /* that could be planned */
	size_t n_broken; /* documents or zones that could not be read */
	size_t by_end[DG_JOB_N_ENDS];
	struct dg_rail_counts rails;
	uint8_t digest
		[DG_DIGEST_LEN]; /* of the plan, when one zone has one; else of all plans with changes, in order */
};

struct dg_run_state; /* the changed zones between planning and publishing */

/* Reads and plans every zone of the fleet. */
int dg_engine_plan(struct dg_engine *e, struct dg_fleet *f, dg_engine_each *each, void *arg,
	struct dg_engine_counts *ret_counts, struct dg_run_state **ret_state, struct dg_err *err);
/* Publishes the zones that ended PENDING. A zone whose plan is not the same any more ends CONFLICT. Frees state. */
int dg_engine_publish(struct dg_engine *e, struct dg_fleet *f, struct dg_run_state *state,
	dg_engine_each *each, void *arg, struct dg_engine_counts *ret_counts, struct dg_err *err);
struct dg_run_state *dg_run_state_free(struct dg_run_state *s);
size_t dg_run_state_n(const struct dg_run_state *s); /* zones with something to publish */
/* Of the zones with something to publish, those that is_wanted says yes to; one that was not kept is not among them. */
void dg_run_state_choose(
	struct dg_run_state *s, bool (*is_wanted)(void *arg, const struct dg_job *job), void *arg);

/* Looks at every name server of every zone; the job's verify result is set, nothing is written. */
int dg_engine_verify(struct dg_engine *e, struct dg_fleet *f, dg_engine_each *each, void *arg,
	struct dg_engine_counts *ret_counts, struct dg_err *err);

/* One job that somebody made by hand (restore): plans it, publishes its plan. Each runs the loop until it ended. */
void dg_engine_plan_one(struct dg_engine *e, struct dg_job *job);
void dg_engine_publish_one(struct dg_engine *e, struct dg_job *job);
void dg_engine_verify_one(
	struct dg_engine *e, struct dg_job *job); /* after planning, when there is a plan */
