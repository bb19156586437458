/* zones/watch/sketch.h: counting what is too many to keep: distinct things (HyperLogLog) and the most frequent ones (Space-Saving).
 *
 * Source   Flajolet et al. 2007: standard error 1.04 / sqrt(64) = 13 %, with linear counting below 160. Metwally et al. 2005: with m
 *          counters of N items each count is at most N / m too high, and what occurs more often than that is kept.
 * Keys     64 bits that spread well: dg_sketch_key(), seeded, so that nobody outside can choose colliding ones.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define DG_DISTINCT_CELLS 64u
#define DG_HEAVY_ITEMS    16u

/* FNV-1a over seed and data, finished with a mix. */
uint64_t dg_sketch_key(uint64_t seed, const void *p, size_t n);

struct dg_distinct {
	uint8_t cells[DG_DISTINCT_CELLS];
};
void dg_distinct_add(struct dg_distinct *d, uint64_t key);
double dg_distinct_count(const struct dg_distinct *d);

struct dg_heavy_item {
	uint64_t what;  /* the caller's: a network, a key */
	uint32_t count; /* at most */
	uint32_t error; /* count - error: at least */
};
struct dg_heavy {
	struct dg_heavy_item items[DG_HEAVY_ITEMS]; /* count 0: free */
};
void dg_heavy_add(struct dg_heavy *h, uint64_t what);
/* Indices by count, the highest first. Returns how many. */
size_t dg_heavy_order(const struct dg_heavy *h, uint8_t ret_order[DG_HEAVY_ITEMS]);
