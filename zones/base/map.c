#include "zones/base/map.h"

#include "zones/base/arena.h"

#include <string.h>

#define FIRST_SLOTS 16u

static uint64_t hash(const char *s)
{
	uint64_t h = 14695981039346656037u;

	for (; *s != '\0'; s++) {
		h = (h ^ (unsigned char)*s) * 1099511628211u;
	}
	return h ^ (h >> 29);
}

void dg_map_init(struct dg_map *m, struct dg_arena *a)
{
	*m = (struct dg_map){.arena = a};
}

static struct dg_map_slot *slot_of(const struct dg_map *m, const char *key)
{
	size_t i = (size_t)hash(key) & (m->n_slots - 1);

	while (m->slots[i].key && strcmp(m->slots[i].key, key) != 0) {
		i = (i + 1) & (m->n_slots - 1);
	}
	return &m->slots[i];
}

void *dg_map_get(const struct dg_map *m, const char *key)
{
	return m->n_slots > 0 ? slot_of(m, key)->value : NULL;
}

static void grow(struct dg_map *m)
{
	struct dg_map old = *m;

	m->n_slots = old.n_slots > 0 ? old.n_slots * 2 : FIRST_SLOTS;
	m->slots = dg_newn(m->arena, struct dg_map_slot, m->n_slots);
	for (size_t i = 0; i < old.n_slots; i++) {
		if (old.slots[i].key) {
			*slot_of(m, old.slots[i].key) = old.slots[i];
		}
	}
}

void *dg_map_put(struct dg_map *m, const char *key, void *value)
{
	if (m->n * 4 >= m->n_slots * 3) {
		grow(m);
	}
	struct dg_map_slot *s = slot_of(m, key);
	if (s->key) {
		return s->value;
	}
	*s = (struct dg_map_slot){.key = key, .value = value};
	m->n++;
	return NULL;
}
