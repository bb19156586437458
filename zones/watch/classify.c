#include "zones/watch/classify.h"

#include "zones/mail/chars.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MEMORY_S (5.0 * 86400)
#define TICK_S   64
#define KEY_MAX  254u /* octets of an address that count */

static uint32_t key_of(struct dg_text address)
{
	char lower[KEY_MAX];
	size_t n = address.n < KEY_MAX ? address.n : KEY_MAX;

	for (size_t i = 0; i < n; i++) {
		lower[i] = dg_lower(address.p[i]);
	}
	return (uint32_t)dg_sketch_key(0, lower, n) | 1u;
}

static struct dg_sender *set_of(const struct dg_senders *s, uint32_t key)
{
	return &s->slots[(size_t)(key >> 8) % (s->n / DG_SENDERS_WAYS) * DG_SENDERS_WAYS];
}

static struct dg_sender *find(const struct dg_senders *s, uint32_t key)
{
	struct dg_sender *set = s->n > 0 ? set_of(s, key) : NULL;

	for (unsigned i = 0; set && i < DG_SENDERS_WAYS; i++) {
		if (set[i].key == key) {
			return &set[i];
		}
	}
	return NULL;
}

/* A free slot of the set, or the one that was active least lately. */
static struct dg_sender *room(const struct dg_senders *s, uint32_t key)
{
	struct dg_sender *set = set_of(s, key);
	struct dg_sender *oldest = set;

	for (unsigned i = 0; i < DG_SENDERS_WAYS; i++) {
		if (set[i].key == 0) {
			return &set[i];
		}
		oldest = set[i].at_s < oldest->at_s ? &set[i] : oldest;
	}
	return oldest;
}

void dg_senders_done(struct dg_senders *s)
{
	free(s->slots);
	*s = (struct dg_senders){0};
}

void dg_senders_size(struct dg_senders *s, uint32_t n)
{
	struct dg_senders before = *s;

	s->slots = calloc(n, sizeof(*s->slots));
	if (!s->slots) {
		abort();
	}
	s->n = n;
	for (uint32_t i = 0; i < before.n; i++) {
		if (before.slots[i].key != 0) {
			*room(s, before.slots[i].key) = before.slots[i];
		}
	}
	dg_senders_done(&before);
}

static struct dg_sender *make(struct dg_senders *s, uint32_t key)
{
	if (s->n == 0) {
		dg_senders_size(s, DG_SENDERS_WAYS);
	}
	while (room(s, key)->key != 0 && s->n < DG_SENDERS_MAX) {
		dg_senders_size(s, 2 * s->n);
	}
	struct dg_sender *x = room(s, key);
	*x = (struct dg_sender){.key = key};
	return x;
}

/* What is left of the credit: it fades over five days. */
static void fade(struct dg_sender *x, int64_t now_ms)
{
	uint32_t now = (uint32_t)(now_ms / 1000 / TICK_S);

	if (now > x->at_s) {
		x->credit *= (float)exp(-(double)(now - x->at_s) * TICK_S / MEMORY_S);
		x->at_s = now;
	}
}

void dg_senders_sent(struct dg_senders *s, struct dg_text address, int64_t now_ms)
{
	uint32_t key = key_of(address);
	struct dg_sender *x = find(s, key);

	x = x ? x : make(s, key);
	fade(x, now_ms);
	x->credit += 1;
}

enum dg_arrival dg_senders_classify(struct dg_senders *s, const struct dg_mail_event *e)
{
	if (e->kind == DG_MAIL_UNKNOWN || e->proof == DG_MAIL_PROVED_FOREIGN) {
		return DG_ARRIVAL_FOREIGN;
	}
	if (e->proof == DG_MAIL_PROVED_OWN) {
		return DG_ARRIVAL_OWN;
	}
	struct dg_sender *x = e->kind == DG_MAIL_TAKEN ? find(s, key_of(e->address)) : NULL;
	if (!x) {
		return DG_ARRIVAL_UNKNOWN;
	}
	fade(x, e->at_ms);
	if (x->credit < 0.5F) {
		return DG_ARRIVAL_UNKNOWN;
	}
	x->credit -= 1;
	return DG_ARRIVAL_OWN;
}
