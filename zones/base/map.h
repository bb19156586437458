/* zones/base/map.h: a hash map from text to a pointer, in an arena.
 *
 * Shape    Open addressing, FNV-1a; keys are borrowed and must live as long as the map.
 *          Nothing is removed.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct dg_arena;

struct dg_map_slot {
	const char *key;
	void *value;
};

struct dg_map {
	struct dg_arena *arena;
	struct dg_map_slot *slots;
	size_t n;
	size_t n_slots; /* a power of two; 0 before the first put */
};

void dg_map_init(struct dg_map *m, struct dg_arena *a);
void *dg_map_get(const struct dg_map *m, const char *key); /* NULL: no such key */
/* Returns the value that the key had before (it is kept), NULL when it was new and is now set. */
void *dg_map_put(struct dg_map *m, const char *key, void *value);
