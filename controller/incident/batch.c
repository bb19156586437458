#include "controller/incident/batch.h"

#include "controller/letters/letters.h"
#include "zones/base/arena.h"
#include "zones/incident/classify.h"
#include "zones/incident/evidence.h"
#include "zones/incident/ledger.h"
#include "zones/incident/refuse.h"
#include "zones/incident/sendlog.h"

#include <stdlib.h>
#include <string.h>

#define ARENA_MAX (DG_TRIAGE_BATCH_BYTES + 2 * DG_BOUNCE_ARENA_MAX)

/* Its octets are gone with the letter, and whose signatures count is not known before the batch is whole. */
static const char *original_of(const struct dg_triage *t, const struct dg_bounce *record,
	const struct dg_batch_letter *letter)
{
	bool is_wanted = t->options->keys_of && record->original.n_signatures > 0 &&
			 record->original_is == DG_BOUNCE_ORIGINAL_MESSAGE &&
			 record->original_len > 0 && !record->innermost;

	if (!is_wanted || record->original_at > letter->n ||
		record->original_len > letter->n - record->original_at) {
		return NULL;
	}
	return dg_memdup(t->batch.arena, letter->p + record->original_at, record->original_len);
}

int dg_batch_add(struct dg_triage *t, const struct dg_bounce *record,
	const struct dg_batch_letter *letter, struct dg_err *err)
{
	struct dg_batch *b = &t->batch;

	if (!b->arena) {
		b->arena = dg_arena_new(ARENA_MAX);
		b->items = dg_newn(b->arena, struct dg_batch_item, DG_TRIAGE_BATCH);
		b->n = 0;
	}
	struct dg_batch_item *item = &b->items[b->n++];
	dg_letters_copy(b->arena, record, &item->record);
	item->name = dg_strdup(b->arena, letter->name);
	item->at = letter->at;
	item->original = original_of(t, record, letter);
	bool is_full = b->n == DG_TRIAGE_BATCH || dg_arena_used(b->arena) > DG_TRIAGE_BATCH_BYTES;
	return is_full ? dg_batch_judge(t, err) : 0;
}

static void conclude_owner(struct dg_triage *t)
{
	for (size_t i = 0; i < t->batch.n; i++) {
		dg_infer_add(&t->infer, &t->batch.items[i].record);
	}
	dg_infer_owner(&t->infer, &t->owner);
	t->refuse = dg_refuse_new(&t->owner);
	t->is_inferred = true;
}

/* --- addresses to ask about ------------------------------------------------------------------- */
static int by_octets(const void *x, const void *y)
{
	return memcmp(x, y, sizeof(struct dg_address));
}

static void put_address(struct dg_address *list, size_t *n, const struct dg_address *a)
{
	memset(&list[*n], 0, sizeof(list[*n])); /* compared whole, padding too */
	memcpy(list[*n].octets, a->octets, a->is_ip6 ? 16 : 4);
	list[*n].is_ip6 = a->is_ip6;
	(*n)++;
}

static int ask_before(struct dg_triage *t, struct dg_err *err)
{
	const struct dg_triage_options *o = t->options;
	struct dg_batch *b = &t->batch;
	struct dg_address *list = dg_newn(b->arena, struct dg_address, 2 * b->n);
	struct dg_address source;
	size_t n = 0;
	size_t n_different = 0;

	for (size_t i = 0; o->before_batch && i < b->n; i++) {
		const struct dg_bounce *r = &b->items[i].record;
		if (r->handoff.has_address) {
			put_address(list, &n, &r->handoff.address);
		}
		if (dg_address_parse(r->source_ip, strlen(r->source_ip), &source) == 0) {
			put_address(list, &n, &source);
		}
	}
	qsort(list, n, sizeof(*list), by_octets);
	for (size_t i = 0; i < n; i++) {
		if (i == 0 || by_octets(&list[i], &list[i - 1]) != 0) {
			list[n_different++] = list[i];
		}
	}
	return n_different > 0 ? o->before_batch(o->arg, &t->owner, list, n_different, err) : 0;
}

/* --- judging ---------------------------------------------------------------------------------- */
static bool is_in_window(const struct dg_triage_options *o, int64_t at)
{
	return (o->since == 0 || at >= o->since) && (o->until == 0 || at < o->until);
}

static void judge(struct dg_triage *t, struct dg_batch_item *item)
{
	const struct dg_triage_options *o = t->options;
	struct dg_evidence e;
	struct dg_ruling r;

	dg_evidence_of(t->batch.arena, &item->record, &t->owner, DG_TOKEN_NONE, &e);
	e.at = e.at > 0 ? e.at : item->at;
	e.signed_by = item->signed_by;
	if (e.signed_by == DG_SIGNED_OURS && dg_evidence_is_passed_on(&e) &&
		dg_ledger_copies(t->ledger, item->signature) >= DG_LEDGER_COPIES) {
		e.signed_by = DG_SIGNED_COPIED;
	}
	if (o->log) {
		(void)dg_sendlog_take(o->log, &t->owner, &e);
	}
	if (o->token_of) {
		e.token = o->token_of(o->arg, e.recipient, e.at);
	}
	if (!is_in_window(o, e.at)) {
		t->found.counts.n_outside++;
		return;
	}
	dg_classify(&e, &t->owner, &r);
	t->found.counts.n_counted++;
	dg_ledger_add(t->ledger, &e, &r);
	dg_refuse_add(t->refuse, &e, &t->ledger->refusals);
	if (o->on_bounce) {
		o->on_bounce(o->arg, t->found.counts.n_counted, item->name, &e, &r);
	}
}

int dg_batch_judge(struct dg_triage *t, struct dg_err *err)
{
	struct dg_batch *b = &t->batch;
	int r = 0;

	if (!b->arena) {
		return 0;
	}
	if (!t->is_inferred) {
		conclude_owner(t);
	}
	r = ask_before(t, err);
	dg_batch_check_signatures(t);
	for (size_t i = 0; r == 0 && i < b->n; i++) {
		judge(t, &b->items[i]);
	}
	b->arena = dg_arena_free(b->arena);
	b->items = NULL;
	b->n = 0;
	return r;
}
