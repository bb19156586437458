/* controller/check/audit.h: many domains at speed.
 *
 * Shape    Threads, each with a loop, a resolver and an arena a domain; a bounded cache of facts that domains share; a reader and a
 *          writer in the thread that called. Memory does not depend on how many domains there are (resuming takes 4 octets a line
 *          of the input).
 * Way      All questions go through libunbound, also with a resolver given. Questions sent to that one directly, past libunbound,
 *          would cost a quarter (measured: 5 to 9 us each, a libunbound event 20 to 50); but retries, truncation over TCP, spoofed
 *          answers, CNAME chains and validation would be ours to get right, and an audit would not see what `check` sees.
 * Output   audit_row.h: a JSON line or a CSV row a domain or line that is none; in JSON a summary at the end.
 * Order    in_order: results in the order of the input, at most DG_AUDIT_AHEAD ahead of one that is slow; else as they come.
 * Resume   The output is the journal: each result says which line of the input it is of. With is_resuming what stands there is
 *          read first, a last line that was cut off is taken away, and only what is missing is done.
 * Rate     With a rate the NS records of a domain are asked for first; see audit_rate.h. Names outside the domain are shared
 *          by the cache and not charged.
 * Time     A domain has deadline_ms; what is late is UNKNOWN. A question has half of it.
 * End      stop_fd, when something can be read from it, ends the audit: what is done is written, the rest is not.
 */
#pragma once

#include "zones/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dg_endpoint;

#define DG_AUDIT_DEADLINE_MS 15000
#define DG_AUDIT_WINDOW      400u   /* domains in flight */
#define DG_AUDIT_WINDOW_MAX  10000u /* the same, the most that may be asked for */
#define DG_AUDIT_AHEAD       16384u /* results that wait for one before them */
#define DG_AUDIT_AHEAD_BYTES ((size_t)32 << 20)
#define DG_AUDIT_CACHE_BYTES ((size_t)16 << 20)
#define DG_AUDIT_THREADS_MAX 64u

struct dg_audit {
	const char *input;                  /* path; NULL or "-": standard input */
	const char *output;                 /* path; NULL: standard output */
	const struct dg_endpoint *resolver; /* NULL: from the root by ourselves */
	const char *root_hints;             /* path, for that; NULL: those that libunbound has */
	const char *trust_anchor;           /* NULL: no validation */
	bool is_fast, is_csv, in_order, is_resuming;
	uint32_t n_threads;  /* 0: one a processor */
	uint32_t n_window;   /* domains in flight, of all threads; 0: DG_AUDIT_WINDOW */
	uint32_t rate;       /* questions a second to one name server; 0: no limit */
	int64_t deadline_ms; /* for one domain; 0: DG_AUDIT_DEADLINE_MS */
	int stop_fd;         /* -1: none */
	/* Called from the caller's thread, a few times a second; NULL: never. n_total 0: not known. */
	void (*progress)(void *arg, const struct dg_audit *audit);
	void *arg;
	/* --- counts, while it runs and at the end --- */
	uint64_t n_done;   /* lines with a result, those of before with them */
	uint64_t n_before; /* that were there already */
	uint64_t n_bad_lines, n_total;
	/* Asked of the resolver; of those with an answer, which may be that there is nothing; answered by the cache instead. */
	uint64_t n_questions, n_answered, n_cached;
	double per_s, seconds;
	int64_t eta_s;                                           /* -1: not known */
	uint64_t n_forgeable, n_lenient, n_protected, n_unknown; /* header From at the domain */
	bool is_stopped;                                         /* by stop_fd, before the end */
	const struct dg_audit_cause {
		const char *code;
		uint64_t n; /* forgeable domains (lenient ones too) with it */
	} * causes;         /* the most frequent first; valid until dg_audit_done() */
	size_t n_causes;
	struct dg_arena *arena; /* of causes */
};

/* 0: all lines are done, or is_stopped. DG_EINPUT: input or output cannot be used. DG_EIO. */
int dg_audit_run(struct dg_audit *audit, struct dg_err *err);
void dg_audit_done(struct dg_audit *audit);
