#include "zones/watch/classify.h"

#include "zones/mail/chars.h"

#include <math.h>

#define WAYS     8u
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

static struct dg_sender *find(struct dg_senders *s, uint32_t key, bool can_make)
{
	struct dg_sender *set = &s->slots[(size_t)(key >> 8) % (DG_SENDERS_MAX / WAYS) * WAYS];
	struct dg_sender *oldest = set;

	for (unsigned i = 0; i < WAYS; i++) {
		if (set[i].key == key) {
			return &set[i];
		}
		if (set[i].key == 0 || (oldest->key != 0 && set[i].at_s < oldest->at_s)) {
			oldest = &set[i];
		}
	}
	if (can_make) {
		*oldest = (struct dg_sender){.key = key};
	}
	return can_make ? oldest : NULL;
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
	struct dg_sender *x = find(s, key_of(address), true);

	fade(x, now_ms);
	x->credit += 1;
}

enum dg_arrival dg_senders_classify(struct dg_senders *s, const struct dg_mail_event *e)
{
	if (e->kind == DG_MAIL_UNKNOWN) {
		return DG_ARRIVAL_FOREIGN;
	}
	struct dg_sender *x = e->kind == DG_MAIL_TAKEN ? find(s, key_of(e->address), false) : NULL;
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
