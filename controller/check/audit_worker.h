/* controller/check/audit_worker.h: a thread of an audit: takes lines from the belt, checks the domains, puts results on it.
 *
 * Calls    dg_worker_new() for all of them in one thread, then dg_worker_start(), in the end dg_worker_free(), which waits for
 *          the thread: it ends when the belt is over, or soon after dg_crew.is_stopping.
 */
#pragma once

#include "zones/base/err.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dg_belt;
struct dg_cache;
struct dg_rate;
struct dg_resolver_options;
struct dg_worker;

/* What all workers of an audit share. */
struct dg_crew {
	struct dg_belt *belt;
	struct dg_cache *cache;
	struct dg_rate *rate; /* NULL: no limit */
	int64_t deadline_ms;
	uint32_t n_workers;
	uint32_t n_window; /* domains in flight, of one worker */
	bool is_fast, is_csv;
	atomic_bool is_stopping;
	atomic_uint_least64_t n_questions, n_answered, n_cached;
};

int dg_worker_new(struct dg_crew *crew, const struct dg_resolver_options *options,
	struct dg_worker **ret_worker, struct dg_err *err);
int dg_worker_start(struct dg_worker *w, struct dg_err *err);
struct dg_worker *dg_worker_free(struct dg_worker *w); /* NULL is fine; returns NULL */
