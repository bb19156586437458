/* zones/plan/plan.h: have against want: the ordered changes. Pure.
 *
 * Shape    A change replaces one whole RRset: before (as it is served now, exact strings and TTL) by after. Changes of one phase
 *          are one atomic step where the provider can. The three-way compare (last applied, have, want) finds what a person edited.
 * Digest   SHA-256 over zone, and every change's before and after image, in order: two plans with the same digest do the same.
 * Memory   In the arena given.
 */
#pragma once

#include "zones/base/digest.h"
#include "zones/policy/want.h"
#include "zones/record/rrset.h"

struct dg_arena;
struct dg_buf;
struct dg_zone;

enum dg_action {
	DG_ACTION_CREATE,
	DG_ACTION_CHANGE,
	DG_ACTION_TTL, /* same records, other TTL */
	DG_ACTION_DELETE,
};

enum dg_conflict {
	DG_CONFLICT_NONE,
	DG_CONFLICT_FOREIGN, /* never applied by us, and something else stands there: --adopt settles it */
	DG_CONFLICT_EDITED,  /* what stands there is not what we applied last: a person's edit */
	DG_CONFLICT_DELETED, /* we applied it, and it is gone */
	DG_CONFLICT_CNAME, /* a CNAME, a DNAME above or a delegation is in the way: only the person settles it */
	DG_CONFLICT_UNKNOWN, /* could not be read */
};

struct dg_change {
	enum dg_action action;
	enum dg_conflict conflict;
	struct dg_rrset before;    /* n == 0: none */
	struct dg_rrset after;     /* n == 0: none */
	struct dg_rrset last;      /* what we applied last; only with EDITED and DELETED */
	const char *conflict_text; /* what is in the way and what to do; NULL: no conflict */
	const char *why;
	const char *rule;
	const char *cost; /* who may lose mail, how long caches hold the old answer; NULL: none */
	/* seconds that caches may hold the old answer (for a new name: the negative TTL; 0: not known) */
	uint32_t old_ttl;
	unsigned phase;
	bool is_mail_mx;
	struct dg_pos pos;
};

struct dg_plan {
	const char *zone;
	const char *from;          /* dg_zone.from */
	struct dg_change *changes; /* by phase, then in the order of publication */
	size_t n;
	size_t n_conflicts;
	size_t n_managed; /* RRsets that the policy names */
	size_t n_same;    /* of them already as wanted */
	/* All n_managed RRsets of the policy as they will stand after the plan. The first n_same need no change and are here as they
	 * are served; up to n_wanted come those that change: so far it is what the journal keeps as "last applied". The rest is in
	 * conflict, as the policy would have it: never to be taken for applied. */
	struct dg_rrset *wanted;
	size_t n_wanted;
	const struct dg_note *notes;
	size_t n_notes;
	uint8_t digest[DG_DIGEST_LEN];
};

/* What was applied last, by owner and type. 0: *ret_set; 1: never. */
typedef int dg_last_applied(void *arg, const char *owner, uint16_t type, struct dg_rrset *ret_set);

/* An item's ttl of 0 asks for none: an RRset that exists keeps its own. */
struct dg_plan_input {
	const struct dg_zone *have;
	const struct dg_want *want;
	dg_last_applied *last;
	void *last_arg;
	bool adopt; /* FOREIGN, EDITED and DELETED are no conflicts */
};

/* DG_EPOLICY: a type that is never ours (NS, SOA, DNSSEC ...), a name outside the zone, two claims on the same records, a null MX
 * beside another MX (RFC 7505 section 3). */
int dg_plan_make(struct dg_arena *a, const struct dg_plan_input *in, struct dg_plan **ret_plan,
	struct dg_err *err);

/* The plan that puts back n earlier RRsets, exactly (n == 0 in a set: it was not there). What stands there now must be
 * what we applied last, byte for byte and with its TTL, or it is a conflict. Phase 0 opens and puts back, phase 1 removes and closes. */
int dg_plan_restore(struct dg_arena *a, const struct dg_zone *have, const struct dg_rrset *sets,
	size_t n, dg_last_applied *last, void *last_arg, bool adopt, struct dg_plan **ret_plan,
	struct dg_err *err);

#define DG_PLAN_ID_MIN 12u /* hex digits of the digest that name a plan */
#define DG_PLAN_ID_LEN 16u /* as it is printed */
/* Is text the plan's digest in hex, or at least the first DG_PLAN_ID_MIN digits of it? Any letter case. */
bool dg_plan_is(const struct dg_plan *plan, const char *text);

/* "create", "change", "ttl", "delete"; "none", "foreign", "edited", "deleted", "blocked", "unknown": stable, for JSON. */
const char *dg_action_text(enum dg_action action);
const char *dg_conflict_code(enum dg_conflict conflict);

/* --- rails ------------------------------------------------------------------------------------------------ */
#define DG_RAIL_SHARE      30u /* percent */
#define DG_RAIL_MIN_ZONES  10u
#define DG_RAIL_MIN_RRSETS 10u

struct dg_rail_counts {
	size_t n_zones;   /* in the run */
	size_t n_managed; /* RRsets managed in all of them, as they stand (those that exist) */
	size_t n_changed; /* changed or deleted; additions and TTL-only changes are not counted */
};
void dg_rail_add(struct dg_rail_counts *c, const struct dg_plan *plan);
/* DG_EPOLICY: the plan changes or deletes too much; the text names count, limit and --force. staged: the mail name that is brought to
 * another stage (split and the way back): what that changes is what was asked for, and does not count; NULL: none. */
struct dg_mail_spec;
int dg_rail_zone(const struct dg_plan *plan, const struct dg_mail_spec *staged, struct dg_err *err);
int dg_rail_fleet(const struct dg_rail_counts *c, struct dg_err *err);

/* --- how a plan reads ------------------------------------------------------------------------------------- */
enum dg_plan_form {
	DG_FORM_TEXT,
	DG_FORM_DIFF, /* unified diff of zone file lines */
};

struct dg_plan_style {
	enum dg_plan_form form;
	bool has_colour;
	bool is_verbose; /* rules and costs in full */
};
/* For people; what came from outside is escaped, colour is the only control sequence. Ends in a newline. */
void dg_plan_print(struct dg_buf *b, const struct dg_plan *plan, const struct dg_plan_style *style);
/* One JSON object (doc/json.md), no newline. */
void dg_plan_json(struct dg_buf *b, const struct dg_plan *plan);
