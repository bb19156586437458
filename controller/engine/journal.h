/* controller/engine/journal.h: journal entries of many zones in one transaction.
 *
 * Calls    dg_journal_intend() and dg_journal_end() queue; in the next turn of the loop everything queued is written in one
 *          transaction with one fsync, then every then() is called. rc < 0: nothing of it is on disk, and nothing may be sent.
 */
#pragma once

#include "controller/store/store.h"

struct dg_engine;
struct dg_engine_journal;
struct dg_job;

struct dg_engine_journal *dg_journal_new(struct dg_engine *e);
struct dg_engine_journal *dg_journal_free(struct dg_engine_journal *j);

/* job->step is written. */
void dg_journal_intend(struct dg_job *job, void (*then)(struct dg_job *job, int rc));
/* The end of job->step, with what was wanted (may be NULL), and the waits that begin now. */
void dg_journal_end(struct dg_job *job, enum dg_step_state state, const char *note,
	const struct dg_rrset *wanted, size_t n_wanted, void (*then)(struct dg_job *job, int rc));
