/* controller/serve/work.h: the jobs that were taken, done in batches through the engine.
 *
 * Shape    The oldest items that may be done together (one kind, one --adopt, each zone once, not tried before or all of them) are one run of the engine: planned at once,
 *          published at once, with one fsync for the journal entries of many. The engine runs the loop meanwhile, so requests
 *          are answered while it works.
 * Once     An item is on record until its result is. After a crash it is done again, and the engine sees by the journal and the zone
 *          what stands already: that ends "same".
 * Yes      An apply by hand names the plan that was looked at; another one is a conflict. An event is its own yes: the template is. The rail over
 *          a whole fleet has no say here, since each domain was asked for by itself; that of each zone has.
 * Again    What could not be reached, or said "later", waits and is tried again (DG_WORK_TRIES times, by Retry-After, else longer each time).
 */
#pragma once

#include "zones/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dg_arena;
struct dg_loop;
struct dg_order_item;
struct dg_net_paces;
struct dg_store;
struct dg_templates;

#define DG_WORK_BATCH 512u
#define DG_WORK_TRIES 8u

struct dg_work_item;

struct dg_work {
	struct dg_loop *loop;
	struct dg_store *store;
	const struct dg_templates *templates;
	const char *zones; /* folder */
	int64_t verify_ms;
	struct dg_net_paces *paces;                /* of all batches */
	void (*tell)(void *arg, const char *text); /* of trouble */
	void *tell_arg;
	/* --- the batch at hand --- */
	struct dg_arena *arena;
	struct dg_work_item *items;
	size_t n, n_unwritten;
};

/* Does what is due. 0: something was done; 1: there was nothing. Runs the loop. */
int dg_work_batch(struct dg_work *w, struct dg_err *err);
bool dg_work_is_at(const struct dg_work *w, int64_t order, unsigned n);
