/* controller/check/audit_tally.h: what the rows of an audit add up to. Pure. */
#pragma once

#include <stddef.h>

struct dg_audit;
struct dg_buf;
struct dg_row;
struct dg_tally;

#define DG_TALLY_CODES_MAX 1024u

/* Adds into the counts of audit. */
struct dg_tally *dg_tally_new(struct dg_audit *audit);
void dg_tally_add(struct dg_tally *t, const struct dg_row *row);
/* Sets causes and n_causes of audit. */
void dg_tally_sort(struct dg_tally *t);
/* The last line of the JSON output. */
void dg_tally_put(struct dg_buf *b, const struct dg_audit *audit);
