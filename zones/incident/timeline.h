/* zones/incident/timeline.h: when the bounces came: at most DG_TIMELINE_BUCKETS spans of equal length, however long it all took. Pure.
 *
 * Shape    A span begins as a minute and doubles (merging two into one) when what came no longer fits. Events may come in any order.
 * Units    Unix seconds. Without a time (0) nothing is counted.
 */
#pragma once

#include "zones/incident/classify.h"

#include <stddef.h>
#include <stdint.h>

#define DG_TIMELINE_BUCKETS 64u

struct dg_timeline {
	int64_t start;  /* of the first bucket, a multiple of width; 0 before the first event */
	uint32_t width; /* seconds; 0 before the first event */
	uint64_t n[DG_TIMELINE_BUCKETS][DG_CLASSES];
	int64_t first, last;
};

void dg_timeline_add(struct dg_timeline *t, int64_t at, enum dg_class class);
/* Buckets from the first to the last that has something: *ret_from and how many. */
size_t dg_timeline_span(const struct dg_timeline *t, size_t *ret_from);
uint64_t dg_timeline_sum(const struct dg_timeline *t, size_t bucket);
