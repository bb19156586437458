#include "zones/incident/timeline.h"

#include <string.h>

#define FIRST_WIDTH 60
#define WIDTH_MAX   (1u << 30)
#define AT_MAX      ((int64_t)1 << 40) /* what is later is no time */

static int64_t floor_to(int64_t at, int64_t width)
{
	return at - at % width;
}

/* Twice the width: bucket i and its neighbour become one, aligned to the new width. */
static void widen(struct dg_timeline *t)
{
	uint64_t n[DG_TIMELINE_BUCKETS][DG_CLASSES] = {{0}};
	int64_t wide = 2 * (int64_t)t->width;
	int64_t start = floor_to(t->start, wide);

	for (size_t i = 0; i < DG_TIMELINE_BUCKETS; i++) {
		int64_t at = t->start + (int64_t)i * t->width;
		size_t to = (size_t)((at - start) / wide);
		for (size_t c = 0; c < DG_CLASSES; c++) {
			n[to][c] += t->n[i][c];
		}
	}
	memcpy(t->n, n, sizeof(n));
	t->start = start;
	t->width = (uint32_t)wide;
}

/* The buckets move up so that start can be earlier. False: they do not fit. */
static bool move_back(struct dg_timeline *t, int64_t start)
{
	int64_t by = (t->start - start) / t->width;
	int64_t used = (t->last - t->start) / t->width + 1;

	if (by + used > (int64_t)DG_TIMELINE_BUCKETS) {
		return false;
	}
	memmove(t->n[by], t->n[0], (size_t)used * sizeof(t->n[0]));
	memset(t->n[0], 0, (size_t)by * sizeof(t->n[0]));
	t->start = start;
	return true;
}

void dg_timeline_add(struct dg_timeline *t, int64_t at, enum dg_class class)
{
	if (at <= 0 || at > AT_MAX) {
		return;
	}
	if (t->width == 0) {
		t->width = FIRST_WIDTH;
		t->start = floor_to(at, t->width);
		t->first = t->last = at;
	}
	for (;;) {
		if (at < t->start && move_back(t, floor_to(at, t->width))) {
			continue;
		}
		int64_t i = (at - t->start) / t->width;
		if (at >= t->start && i < (int64_t)DG_TIMELINE_BUCKETS) {
			t->n[i][class]++;
			t->first = at < t->first ? at : t->first;
			t->last = at > t->last ? at : t->last;
			return;
		}
		if (t->width >= WIDTH_MAX) {
			return;
		}
		widen(t);
	}
}

uint64_t dg_timeline_sum(const struct dg_timeline *t, size_t bucket)
{
	uint64_t sum = 0;

	for (size_t c = 0; c < DG_CLASSES; c++) {
		sum += t->n[bucket][c];
	}
	return sum;
}

size_t dg_timeline_span(const struct dg_timeline *t, size_t *ret_from)
{
	*ret_from = 0;
	if (t->width == 0) {
		return 0;
	}
	*ret_from = (size_t)((t->first - t->start) / t->width);
	return (size_t)((t->last - t->start) / t->width) + 1 - *ret_from;
}
