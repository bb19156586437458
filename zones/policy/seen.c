#include "zones/policy/internal.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_SLOTS 64u

static uint64_t hash_of(const char *s)
{
	uint64_t h = 14695981039346656037u; /* FNV-1a */

	for (; *s != '\0'; s++) {
		h = (h ^ (unsigned char)*s) * 1099511628211u;
	}
	return h ^ (h >> 29);
}

/* The slot of name, or the free one where it would stand. name NULL: of the hash alone, for a move to larger slots. */
static struct dg_seen_slot *find(const struct dg_seen *s, uint64_t hash, const char *name)
{
	size_t i = (size_t)hash & (s->n_slots - 1);

	while (s->slots[i].name &&
		!(name && s->slots[i].hash == hash && strcmp(s->slots[i].name, name) == 0)) {
		i = (i + 1) & (s->n_slots - 1);
	}
	return &s->slots[i];
}

static void grow(struct dg_seen *s)
{
	struct dg_seen old = *s;

	s->n_slots = old.n_slots > 0 ? 2 * old.n_slots : FIRST_SLOTS;
	s->slots = calloc(s->n_slots, sizeof(*s->slots));
	if (!s->slots) {
		abort();
	}
	for (size_t i = 0; i < old.n_slots; i++) {
		if (old.slots[i].name) {
			*find(s, old.slots[i].hash, NULL) = old.slots[i];
		}
	}
	free(old.slots);
}

unsigned dg_seen_put(struct dg_seen *s, const char *name, unsigned line)
{
	uint64_t hash = hash_of(name);

	if (2 * s->n >= s->n_slots) {
		grow(s);
	}
	struct dg_seen_slot *slot = find(s, hash, name);
	if (slot->name) {
		return slot->line;
	}
	*slot = (struct dg_seen_slot){.hash = hash, .name = name, .line = line};
	s->n++;
	return 0;
}

void dg_seen_done(struct dg_seen *s)
{
	free(s->slots);
}
