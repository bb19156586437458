/* zones/watch/rows.h: what the rows of DMARC aggregate reports prove: who sends in a domain's name. Pure.
 *
 * Shape    Rows of many reports are summed by (name in From, source address, evidence, day). Then each source of each name is judged
 *          by who knows the networks of the domain (dg_rows_judge), and what results is told per domain: the policy domain that
 *          receivers found, with the names under it.
 * Reports  Each counts once, by reporting organisation and report id; a report counts whole or not at all: begin, its rows, then
 *          commit or drop.
 * Rules    "Pass" is an aligned pass as the receiver evaluated it (RFC 9990).
 *            source    passes             fails
 *            own       OWN                OWN_FAILING: our mail, set up wrongly
 *            shared    PROVIDER           PROVIDER_FAILING: ours or of another customer
 *            foreign   by DKIM FORWARDED  FORWARDED_FAILING when the receiver says that it was forwarded or a list;
 *                      by SPF OTHER       UNDECIDED when there is a signature of the domain that does not verify, as after
 *                                         a list; else FORGED
 *            unknown   OTHER              as foreign, but never FORGED
 * Trust    Anyone who can mail to the rua address can make reports up. n_forged_reporters tells how many organisations agree.
 * Limits   The constants below; what comes beyond is counted in `left_out`.
 * Memory   Heap: 40 octets an entry, and its index; results in the arena given.
 */
#pragma once

#include "zones/watch/aggregate.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dg_arena;
struct dg_buf;

#define DG_ROWS_ENTRIES_MAX   200000u
#define DG_ROWS_NAMES_MAX     4096u    /* names in From */
#define DG_ROWS_REPORTS_MAX   1000000u /* ids that are remembered; the oldest are forgotten first */
#define DG_ROWS_PROVIDERS_MAX 250u

enum dg_rows_standing {
	DG_ROWS_UNKNOWN, /* not judged, or could not tell */
	DG_ROWS_OWN,
	DG_ROWS_SHARED,
	DG_ROWS_FOREIGN,
};

enum dg_rows_class {
	DG_ROWS_CLASS_OWN,
	DG_ROWS_CLASS_OWN_FAILING,
	DG_ROWS_CLASS_PROVIDER,
	DG_ROWS_CLASS_PROVIDER_FAILING,
	DG_ROWS_CLASS_FORWARDED,
	DG_ROWS_CLASS_FORWARDED_FAILING,
	DG_ROWS_CLASS_OTHER,
	DG_ROWS_CLASS_FORGED,
	DG_ROWS_CLASS_UNDECIDED,
	DG_ROWS_CLASSES,
};

struct dg_rows;

/* zone: canonical; only names at or under it count. NULL: all. seed: what outsiders do not know. */
struct dg_rows *dg_rows_new(const char *zone, uint64_t seed);
struct dg_rows *dg_rows_free(struct dg_rows *r); /* NULL is fine; returns NULL */

/* 0, or 1: this report was counted before. */
int dg_rows_begin(struct dg_rows *r, const struct dg_aggregate_report *report);
void dg_rows_row(struct dg_rows *r, const struct dg_aggregate_row *row);
void dg_rows_commit(struct dg_rows *r);
void dg_rows_drop(struct dg_rows *r);

struct dg_rows_counts {
	uint64_t n_reports, n_again, n_rows;
	uint64_t n_elsewhere; /* rows of names outside zone */
	uint64_t left_out;    /* messages beyond the limits */
};
void dg_rows_counts(const struct dg_rows *r, struct dg_rows_counts *ret_counts);

/* --- judging ---------------------------------------------------------------------------------- */
/* One source of one name. */
struct dg_rows_source {
	const char *name, *domain; /* in From; the policy's; canonical */
	struct dg_address address;
	uint64_t count;
	size_t at, n; /* entries */
};
/* No more rows come. */
void dg_rows_seal(struct dg_rows *r);
/* *cursor: 0 first. False: no more. */
bool dg_rows_next(const struct dg_rows *r, size_t *cursor, struct dg_rows_source *ret_source);
/* provider: of SHARED, static text; else NULL. */
void dg_rows_judge(struct dg_rows *r, const struct dg_rows_source *source,
	enum dg_rows_standing standing, const char *provider);

/* --- what came out ---------------------------------------------------------------------------- */
struct dg_rows_day {
	int64_t day; /* since 1970 */
	uint64_t n[DG_ROWS_CLASSES];
};

struct dg_rows_network {
	struct dg_address
		address; /* its first; /24 or /48; the source itself when there was one alone */
	unsigned prefix;
	enum dg_rows_class class;
	const char *provider;      /* NULL: none */
	uint64_t count, n_refused; /* refused: rejected or quarantined then */
	uint64_t n_sources;
	bool has_dkim, has_spf; /* some of it passed by it */
	int64_t first, last;    /* days */
};

struct dg_rows_sum {
	const char *domain; /* canonical */
	uint64_t n[DG_ROWS_CLASSES], n_all;
	uint64_t n_fail; /* both fail: what p=reject asks to refuse */
	uint64_t n_refused;
	uint64_t n_names;                         /* in From */
	uint64_t n_reporters, n_forged_reporters; /* about */
	int64_t first, last;                      /* days */
	int64_t sent_last; /* the last day with mail of its own, through a provider or forwarded; -1: none */
	struct dg_rows_day *days;
	size_t n_days;
	struct dg_rows_network *networks; /* by count, the highest first */
	size_t n_networks;
};

/* Of the policy domain number i, by count; false: no more. After dg_rows_seal(). */
bool dg_rows_sum(
	const struct dg_rows *r, struct dg_arena *a, size_t i, struct dg_rows_sum *ret_sum);

const char *dg_rows_class_text(enum dg_rows_class c); /* "own", "own-failing", ...: stable */

/* max: networks of each domain; 0: all. */
void dg_rows_print(struct dg_buf *b, const struct dg_rows_sum *s, size_t max);
/* One JSON object, no newline. */
void dg_rows_json(struct dg_buf *b, const struct dg_rows_sum *s);
