#include "zones/watch/sentids.h"

#include "zones/watch/sketch.h"

#include <stdlib.h>

#define DAY_S 86400

void dg_sent_ids_done(struct dg_sent_ids *s)
{
	free(s->slots);
	s->slots = NULL;
}

uint64_t dg_sent_ids_key(const char *p, size_t n)
{
	while (n > 0 && (*p == '<' || *p == ' ')) {
		p++;
		n--;
	}
	while (n > 0 && (p[n - 1] == '>' || p[n - 1] == ' ')) {
		n--;
	}
	return n > 0 ? dg_sketch_key(0, p, n) | 1u : 0;
}

static struct dg_sent_id *set_of(const struct dg_sent_ids *s, uint64_t key)
{
	return &s->slots[(key >> 20) % (DG_SENT_IDS_MAX / DG_SENT_IDS_WAYS) * DG_SENT_IDS_WAYS];
}

static struct dg_sent_id *find(const struct dg_sent_ids *s, uint64_t key, uint32_t now_s)
{
	struct dg_sent_id *set = s->slots && key != 0 ? set_of(s, key) : NULL;

	for (unsigned i = 0; set && i < DG_SENT_IDS_WAYS; i++) {
		bool is_old = now_s > set[i].at_s && now_s - set[i].at_s > DG_SENT_IDS_DAYS * DAY_S;

		if (set[i].key == key && !is_old) {
			return &set[i];
		}
	}
	return NULL;
}

/* A slot that is free, or else the oldest. */
static struct dg_sent_id *room(const struct dg_sent_ids *s, uint64_t key)
{
	struct dg_sent_id *set = set_of(s, key);
	struct dg_sent_id *oldest = set;

	for (unsigned i = 0; i < DG_SENT_IDS_WAYS; i++) {
		if (set[i].key == 0 || set[i].key == key) {
			return &set[i];
		}
		oldest = set[i].at_s < oldest->at_s ? &set[i] : oldest;
	}
	return oldest;
}

void dg_sent_ids_add(struct dg_sent_ids *s, uint64_t key, int64_t now_ms)
{
	uint32_t now_s = (uint32_t)(now_ms / 1000);

	if (key == 0) {
		return;
	}
	if (!s->slots) {
		s->slots = calloc(DG_SENT_IDS_MAX, sizeof(*s->slots));
		if (!s->slots) {
			abort();
		}
	}
	struct dg_sent_id *x = find(s, key, now_s);
	if (!x) {
		x = room(s, key);
		*x = (struct dg_sent_id){.key = key};
	}
	x->at_s = now_s > x->at_s ? now_s : x->at_s;
	x->credit += x->credit < UINT32_MAX - DG_SENT_IDS_CREDIT ? DG_SENT_IDS_CREDIT : 0;
}

bool dg_sent_ids_take(struct dg_sent_ids *s, uint64_t key, int64_t now_ms)
{
	struct dg_sent_id *x = find(s, key, (uint32_t)(now_ms / 1000));

	if (!x || x->credit == 0) {
		return false;
	}
	x->credit--;
	return true;
}
