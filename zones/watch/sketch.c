#include "zones/watch/sketch.h"

#include <math.h>

#define FNV_BASIS  14695981039346656037u
#define FNV_PRIME  1099511628211u
#define INDEX_BITS 6u /* 64 cells */
#define RANK_MAX   (64u - INDEX_BITS + 1u)
#define ALPHA      0.709 /* of 64 cells */

static uint64_t mix(uint64_t x)
{
	x ^= x >> 33;
	x *= 0xff51afd7ed558ccdu;
	x ^= x >> 33;
	x *= 0xc4ceb9fe1a85ec53u;
	return x ^ (x >> 33);
}

uint64_t dg_sketch_key(uint64_t seed, const void *p, size_t n)
{
	const uint8_t *octet = p;
	uint64_t h = FNV_BASIS ^ mix(seed);

	for (size_t i = 0; i < n; i++) {
		h = (h ^ octet[i]) * FNV_PRIME;
	}
	return mix(h);
}

/* --- distinct --------------------------------------------------------------------------------- */
void dg_distinct_add(struct dg_distinct *d, uint64_t key)
{
	uint8_t *cell = &d->cells[key >> (64u - INDEX_BITS)];
	uint64_t rest = key << INDEX_BITS;
	uint8_t rank = (uint8_t)(rest == 0 ? RANK_MAX : (unsigned)__builtin_clzll(rest) + 1u);

	*cell = rank > *cell ? rank : *cell;
}

double dg_distinct_count(const struct dg_distinct *d)
{
	double m = DG_DISTINCT_CELLS;
	double sum = 0;
	unsigned n_empty = 0;

	for (unsigned i = 0; i < DG_DISTINCT_CELLS; i++) {
		sum += ldexp(1.0, -(int)d->cells[i]);
		n_empty += d->cells[i] == 0;
	}
	double raw = ALPHA * m * m / sum;
	return raw <= 2.5 * m && n_empty > 0 ? m * log(m / n_empty) : raw;
}

/* --- the most frequent ------------------------------------------------------------------------ */
void dg_heavy_add(struct dg_heavy *h, uint64_t what)
{
	struct dg_heavy_item *least = &h->items[0];

	for (unsigned i = 0; i < DG_HEAVY_ITEMS; i++) {
		struct dg_heavy_item *item = &h->items[i];

		if (item->count > 0 && item->what == what) {
			item->count += item->count < UINT32_MAX;
			return;
		}
		least = item->count < least->count ? item : least;
	}
	least->error = least->count;
	least->what = what;
	least->count += least->count < UINT32_MAX;
}

size_t dg_heavy_order(const struct dg_heavy *h, uint8_t ret_order[DG_HEAVY_ITEMS])
{
	size_t n = 0;

	for (uint8_t i = 0; i < DG_HEAVY_ITEMS; i++) {
		if (h->items[i].count == 0) {
			continue;
		}
		size_t at = n++;
		while (at > 0 && h->items[ret_order[at - 1]].count < h->items[i].count) {
			ret_order[at] = ret_order[at - 1];
			at--;
		}
		ret_order[at] = i;
	}
	return n;
}
