/* controller/check/audit.h: many domains at speed.
 *
 * Shape    Threads, each with a loop, a resolver and an arena a domain; a bounded cache of facts that domains share; a reader and a
 *          writer in the thread that called. Memory does not depend on how many domains there are.
 * Order    in_order: results in the order of the input (a window bounds how far ahead one may be); else as they come.
 * Resume   The output is the journal: each result says which line of the input it is of. With is_resuming what stands there is
 *          read first, a last line that was cut off is taken away, and only what is missing is done.
 */
#pragma once

#include "zones/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dg_endpoint;

struct dg_audit {
	const char *input;                  /* path; NULL or "-": standard input */
	const char *output;                 /* path; NULL: standard output */
	const struct dg_endpoint *resolver; /* NULL: from the root by ourselves */
	const char *trust_anchor;           /* NULL: no validation */
	bool is_fast, is_csv, in_order, is_resuming;
	uint32_t n_threads;  /* 0: one a processor */
	uint32_t n_window;   /* domains in flight, of all threads; 0: a default */
	uint32_t rate;       /* questions a second to one name server; 0: no limit */
	int64_t deadline_ms; /* for one domain */
	/* Called from the caller's thread, a few times a second. n_total 0: not known. */
	void (*progress)(void *arg, const struct dg_audit *audit);
	void *arg;
	/* --- counts, while it runs and at the end --- */
	uint64_t n_done, n_before, n_bad_lines, n_total;
	uint64_t n_questions, n_cached;
	double per_s;
	int64_t eta_s;                                           /* -1: not known */
	uint64_t n_forgeable, n_lenient, n_protected, n_unknown; /* header From at the domain */
	const struct dg_audit_cause {
		const char *code;
		uint64_t n;
	} * causes; /* the most frequent first */
	size_t n_causes;
};

/* 0: all lines are done. DG_EINPUT: input or output cannot be used. DG_EIO. */
int dg_audit_run(struct dg_audit *audit, struct dg_err *err);
