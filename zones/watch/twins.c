#include "zones/watch/twins.h"

#include "zones/watch/sketch.h"

const void *dg_twins_add(
	struct dg_twins *t, const void *sensor, const struct dg_mail_event *e, int64_t now_ms)
{
	const void *other = NULL;

	if (e->kind == DG_MAIL_SENT || e->kind == DG_MAIL_RECEIVED || e->client.n == 0) {
		return NULL;
	}
	uint64_t key = dg_sketch_key(dg_sketch_key(0, e->address.p, e->address.n), e->client.p,
			       e->client.n) |
		       1u;
	for (size_t i = 0; !other && i < DG_TWINS_MAX; i++) {
		if (t->ring[i].key == key && t->ring[i].sensor != sensor &&
			now_ms - t->ring[i].at_ms <= DG_TWINS_MS) {
			other = t->ring[i].sensor;
			t->ring[i].key = 0;
		}
	}
	if (!other) {
		t->ring[t->next].key = key;
		t->ring[t->next].sensor = sensor;
		t->ring[t->next].at_ms = now_ms;
		t->next = (t->next + 1) % DG_TWINS_MAX;
	}
	t->n_pairs += other != NULL;
	bool is_so = other && t->n_pairs >= DG_TWINS_MIN;
	if (++t->n_events >= DG_TWINS_OF || is_so) {
		t->n_events = t->n_pairs = 0;
	}
	return is_so ? other : NULL;
}
