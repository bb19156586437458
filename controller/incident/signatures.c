/* controller/incident/signatures.c: did our key sign the originals of a batch? Before they are judged. */
#include "controller/incident/batch.h"
#include "zones/base/arena.h"
#include "zones/mail/dkim_verify.h"

#include <string.h>
#include <strings.h>

#define SIGNATURES_MAX 64u /* different keys of one batch; more are nobody's */
#define VERIFY_MEMORY  ((size_t)8 << 20)

struct asked {
	struct dg_bounce_signature list[SIGNATURES_MAX];
	size_t n;
};

static void ask_for(struct asked *x, const struct dg_bounce_signature *s)
{
	for (size_t i = 0; i < x->n; i++) {
		if (strcasecmp(x->list[i].domain, s->domain) == 0 &&
			strcasecmp(x->list[i].selector, s->selector) == 0) {
			return;
		}
	}
	if (x->n < SIGNATURES_MAX) {
		x->list[x->n++] = *s;
	}
}

/* All signatures of ours that stand on the originals, each key once. */
static void gather(const struct dg_triage *t, struct asked *x)
{
	for (size_t i = 0; i < t->batch.n; i++) {
		const struct dg_batch_item *item = &t->batch.items[i];
		const struct dg_bounce_head *h = &item->record.original;

		for (size_t k = 0; item->original && k < h->n_signatures; k++) {
			if (dg_owner_has_domain(&t->owner, h->signatures[k].domain)) {
				ask_for(x, &h->signatures[k]);
			}
		}
	}
}

static bool has_key(const struct dg_bounce_head *h, const struct dg_dkim_public *keys, size_t n)
{
	for (size_t i = 0; i < h->n_signatures; i++) {
		for (size_t k = 0; k < n; k++) {
			if (strcasecmp(h->signatures[i].domain, keys[k].domain) == 0 &&
				strcasecmp(h->signatures[i].selector, keys[k].selector) == 0) {
				return true;
			}
		}
	}
	return false;
}

static enum dg_signed look(struct dg_batch_item *item, const struct dg_dkim_public *keys, size_t n)
{
	if (!has_key(&item->record.original, keys, n)) {
		return DG_SIGNED_NO_KEY;
	}
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(VERIFY_MEMORY);
	return dg_dkim_verifies(
		       a, item->original, item->record.original_len, keys, n, item->signature)
		       ? DG_SIGNED_OURS
		       : DG_SIGNED_BROKEN;
}

void dg_batch_check_signatures(struct dg_triage *t)
{
	const struct dg_triage_options *o = t->options;
	const struct dg_dkim_public *keys = NULL;
	struct asked asked = {.n = 0};
	size_t n = 0;

	gather(t, &asked);
	if (asked.n > 0) {
		o->keys_of(o->arg, asked.list, asked.n, &keys, &n);
	}
	for (size_t i = 0; i < t->batch.n; i++) {
		struct dg_batch_item *item = &t->batch.items[i];

		if (!dg_evidence_signature(&item->record, &t->owner)) {
			item->signed_by = DG_SIGNED_NONE;
		} else if (!item->original) {
			item->signed_by = DG_SIGNED_NOT_CHECKED;
		} else {
			item->signed_by = look(item, keys, n);
		}
	}
}
