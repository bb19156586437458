/* controller/check/deep.h: one domain in depth: resolver, every authoritative address, the MTA-STS policy, in one run.
 *
 * Calls    done() comes once, from the loop. The run must live until then.
 * Memory   In the arena given.
 */
#pragma once

#include "zones/base/err.h"
#include "zones/check/check.h"

struct dg_arena;
struct dg_authority;
struct dg_http;
struct dg_loop;
struct dg_resolver;

struct dg_deep {
	struct dg_loop *loop;
	struct dg_resolver *resolver;
	struct dg_authority *authority; /* NULL: the name servers are not asked */
	struct dg_http *http;           /* NULL: nothing is fetched */
	struct dg_check_input
		in; /* facts, servers and probe are set here; the rest by the caller */
	int64_t deadline_ms;
	struct dg_arena *arena;
	void (*done)(struct dg_deep *d);
	void *arg;
	/* --- results --- */
	struct dg_check check;
	const struct dg_view *servers;
	size_t n_servers;
	void *internal;
};

void dg_deep_start(struct dg_deep *d);
