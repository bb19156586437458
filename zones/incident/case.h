/* zones/incident/case.h: all that one triage found, and how it reads as JSON. Pure.
 *
 * Memory   Borrowed from whoever did the triage.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct dg_beside;
struct dg_buf;
struct dg_evidence;
struct dg_owner;
struct dg_ruling;
struct dg_ledger;
struct dg_verdict;

struct dg_case_counts {
	uint64_t n_messages; /* read, of any kind; a feed counts each event */
	uint64_t n_counted;  /* of these in the ledger */
	uint64_t n_again;    /* were there before */
	uint64_t n_outside;  /* not in the window that was asked for */
	uint64_t n_ordinary; /* neither bounce, nor complaint, nor report */
	uint64_t n_unreadable;
	uint64_t n_cut; /* longer than is looked at */
	uint64_t n_reports, n_broken_reports;
};

struct dg_case {
	const struct dg_ledger *ledger;
	const struct dg_owner *owner;
	const struct dg_beside *beside;
	const struct dg_verdict *verdict;
	struct dg_case_counts counts;
	bool has_zone; /* the owner publishes records for the name */
};

/* One JSON object, no newline (doc/json.md: triage). */
void dg_case_json(struct dg_buf *b, const struct dg_case *c);
/* One bounce (doc/json.md: bounce). number: from 1, as counted; name: where it lies. */
void dg_case_bounce_json(struct dg_buf *b, uint64_t number, const char *name,
	const struct dg_evidence *e, const struct dg_ruling *r);
