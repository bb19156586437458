/* controller/check/deep.h: one domain in depth: resolver, every authoritative address, the MTA-STS policy, in one run.
 *
 * Shape    The rules (zones/check) run in an inquiry; meanwhile the name servers of the zone that the domain is in are
 *          asked directly. The zone is found by its NS records, at the domain or above it, never at a top-level domain
 *          that was not asked for.
 * Zone     With in.zone: its apex is taken. zone_answers: what it holds is taken as published (nobody serves it yet).
 * Calls    done() comes once, from the loop, at the latest shortly after the deadline. The run must live until then.
 * Unknown  What did not come in time is UNKNOWN in the check, never absent; is_late says that the deadline was the reason.
 * Memory   In the arena given.
 */
#pragma once

#include "zones/base/err.h"
#include "zones/check/check.h"

struct dg_arena;
struct dg_authority;
struct dg_endpoints;
struct dg_http;
struct dg_loop;
struct dg_resolver;

#define DG_DEEP_PROBE_LEN 14u /* letters of the random label */

struct dg_deep {
	struct dg_loop *loop;
	struct dg_resolver *resolver;
	struct dg_authority *authority; /* NULL: the name servers are not asked */
	const struct dg_endpoints
		*named;       /* ask these name servers; NULL or none: the NS records tell */
	struct dg_http *http; /* NULL: nothing is fetched */
	struct dg_check_input
		in; /* facts, servers and probe are set here; the rest by the caller */
	bool zone_answers;
	int64_t deadline_ms;
	int64_t question_ms; /* for one question; 0: what is left */
	struct dg_arena *arena;
	void (*done)(struct dg_deep *d);
	void *arg;
	/* --- results --- */
	struct dg_check check;
	const struct dg_view *servers;
	size_t n_servers;
	size_t n_questions; /* so far */
	bool is_late;
	void *internal;
};

void dg_deep_start(struct dg_deep *d);

/* A random label that nobody has published: letters, in the arena. */
const char *dg_probe_label(struct dg_arena *a);
