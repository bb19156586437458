/* controller/store/store.h: the journal and what must outlive a crash, in SQLite (WAL, synchronous=FULL).
 *
 * Shape    run: one execution of a command that may change something. step: one atomic change of one zone, with the RRsets before
 *          and after (images of zones/record/rrset.h), the marker it expected and the marker it leaves. owned: per RRset what we applied last.
 *          wait: until when caches may hold an old answer. name: the stage of a mail name (armed, split).
 * Order    dg_store_intend() returns only after the intent is on disk. Nothing is sent before it.
 * Calls    Steps of many zones can be written in one transaction: dg_store_begin()/dg_store_commit() around them.
 * Failed   After a failure inside dg_store_begin() nothing of the transaction can be committed: dg_store_commit() undoes it and fails.
 * Errors   DG_EIO (disk full, unreadable), DG_EINPUT (a state folder others can write to), DG_ECONFLICT (locked by another dnsguard for longer than 5 s).
 * Memory   Results in the arena given.
 */
#pragma once

#include "zones/base/digest.h"
#include "zones/base/err.h"
#include "zones/policy/want.h"
#include "zones/record/rrset.h"

struct dg_arena;
struct dg_store;
struct dg_plan;

#define DG_MARKER_TEXT_MAX  48u     /* "v=dg1 x=<24 hex>" and NUL */
#define DG_STEP_CHANGES_MAX 100000u /* changes in one step */
#define DG_LOG_MAX          100000u /* steps that dg_store_log() gives at most */
#define DG_STORE_CHECK_MAX  ((int64_t)64 << 20)

/* dir is made (0700) when it is not there; read_only: nothing is made or written, an absent journal is an empty one, and a
 * damaged one is read as far as it goes. Else, unless another one has it open, it is checked first, from DG_STORE_CHECK_MAX bytes on only when it
 * was not closed: DG_EIO when it is damaged. */
int dg_store_open(const char *dir, bool read_only, struct dg_store **ret_store, struct dg_err *err);
struct dg_store *dg_store_close(struct dg_store *s);

int dg_store_begin(struct dg_store *s, struct dg_err *err);
int dg_store_commit(struct dg_store *s, struct dg_err *err);
void dg_store_rollback(struct dg_store *s);

/* --- runs ------------------------------------------------------------------------------------------------- */
struct dg_run {
	int64_t id;
	int64_t started, finished; /* Unix seconds; finished 0: it never was */
	const char *who;           /* login and host */
	const char *why;           /* the command line, without secrets */
	const char *result;        /* "applied", "failed", ...; NULL: none */
};
int dg_store_run_start(struct dg_store *s, int64_t now, const char *who, const char *why,
	int64_t *ret_run, struct dg_err *err);
int dg_store_run_end(
	struct dg_store *s, int64_t run, int64_t now, const char *result, struct dg_err *err);

/* --- steps ------------------------------------------------------------------------------------------------ */
enum dg_step_state {
	DG_STEP_INTENDED, /* on disk, maybe sent, outcome not known: open */
	DG_STEP_APPLIED,  /* seen in the zone */
	DG_STEP_VERIFIED, /* seen at every name server */
	DG_STEP_FAILED,   /* surely not applied */
	DG_STEP_CONFLICT, /* surely not applied: somebody else was first */
	DG_STEP_LOST, /* applied by us or not, the zone has moved on since: a person's edit stands there */
};

struct dg_step_change {
	struct dg_rrset before, after;
	const char *why;
};

struct dg_step {
	int64_t id;
	int64_t run;
	const char *zone;
	const char *provider;          /* for people: dg_provider_ops.describe() */
	const char *document;          /* path of the zone.yaml; for restore */
	const char *marker_before;     /* text; NULL: there was none */
	const char *marker_after;      /* text; NULL: a provider without markers */
	uint8_t digest[DG_DIGEST_LEN]; /* of the plan */
	struct dg_step_change *changes;
	size_t n_changes;
	enum dg_step_state state;
	int64_t intended_at, ended_at;
	const char *note; /* error text, or who lagged; NULL */
	int64_t restores; /* id of the step that this one undoes; 0 */
};

/* On disk when it returns (or at dg_store_commit()). Sets step->id. */
int dg_store_intend(struct dg_store *s, struct dg_step *step, struct dg_err *err);
/* APPLIED also makes `after` of every change (and `wanted`, unchanged RRsets that the policy manages) what was applied last, and
 * sets the zone's marker (none when marker_after is NULL). */
int dg_store_end(struct dg_store *s, const struct dg_step *step, enum dg_step_state state,
	int64_t now, const char *note, const struct dg_rrset *wanted, size_t n_wanted,
	struct dg_err *err);
/* Steps still INTENDED, of one zone (NULL: all), oldest first. */
int dg_store_open_steps(struct dg_store *s, struct dg_arena *a, const char *zone,
	struct dg_step **ret_steps, size_t *ret_n, struct dg_err *err);
/* One step with its changes. 1: no such. */
int dg_store_step(struct dg_store *s, struct dg_arena *a, int64_t id, struct dg_step *ret_step,
	struct dg_err *err);
/* The newest limit steps (of zone, or all), newest first, with their runs. */
int dg_store_log(struct dg_store *s, struct dg_arena *a, const char *zone, size_t limit,
	struct dg_step **ret_steps, struct dg_run **ret_runs, size_t *ret_n, struct dg_err *err);

/* --- what was applied last -------------------------------------------------------------------------------- */
/* 0 or 1: never applied. */
int dg_store_owned(struct dg_store *s, struct dg_arena *a, const char *zone, const char *owner,
	uint16_t type, struct dg_rrset *ret_set, struct dg_err *err);
/* All of a zone, for one look-up in bulk. */
int dg_store_owned_all(struct dg_store *s, struct dg_arena *a, const char *zone,
	struct dg_rrset **ret_sets, size_t *ret_n, struct dg_err *err);
/* Adopts RRsets as they stand, without a change of DNS. */
int dg_store_adopt(struct dg_store *s, const char *zone, const struct dg_rrset *sets, size_t n,
	struct dg_err *err);
/* The marker that our last applied step left. 1: none. */
int dg_store_marker(struct dg_store *s, struct dg_arena *a, const char *zone,
	const char **ret_marker, struct dg_err *err);

/* --- waits and stages --------------------------------------------------------------------------------------- */
struct dg_wait {
	const char *zone, *owner;
	uint16_t type;
	int64_t until; /* Unix seconds: the last cache lets go of the old answer */
	uint32_t ttl;
};
int dg_store_wait_put(struct dg_store *s, const struct dg_wait *w, struct dg_err *err);
int dg_store_waits(struct dg_store *s, struct dg_arena *a, const char *zone, int64_t now,
	struct dg_wait **ret_waits, size_t *ret_n, struct dg_err *err); /* those still running */

/* CALM removes the row, unless a label has to be taken away yet, or a TTL to be put back (mx_ttl). */
int dg_store_stage_put(struct dg_store *s, const char *zone, const struct dg_name_state *st,
	int64_t now, struct dg_err *err);
int dg_store_stages(struct dg_store *s, struct dg_arena *a, const char *zone,
	struct dg_name_state **ret_states, size_t *ret_n, struct dg_err *err);
