#include "zones/incident/top.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct dg_top_items {
	uint64_t keys[DG_TOP_ITEMS];
	struct dg_top_item items[DG_TOP_ITEMS];
};

void dg_top_done(struct dg_top *t)
{
	free(t->items);
	*t = (struct dg_top){0};
}

/* Cut where a UTF-8 character ends. */
static void put_text(struct dg_top_item *item, const char *text)
{
	size_t n = strnlen(text, DG_TOP_TEXT_MAX);

	if (n == DG_TOP_TEXT_MAX) {
		n--;
		while (n > 0 && ((unsigned char)text[n] & 0xc0u) == 0x80u) {
			n--;
		}
	}
	memcpy(item->text, text, n);
	item->text[n] = '\0';
}

static size_t least_of(const struct dg_top *t)
{
	size_t least = 0;

	for (size_t i = 1; i < t->n; i++) {
		if (t->items->items[i].count < t->items->items[least].count) {
			least = i;
		}
	}
	return least;
}

static struct dg_top_item *slot_of(struct dg_top *t, uint64_t key, const char *text)
{
	for (size_t i = 0; i < t->n; i++) {
		if (t->items->keys[i] == key) {
			return &t->items->items[i];
		}
	}
	bool is_full = t->n == DG_TOP_ITEMS;
	size_t at = is_full ? least_of(t) : t->n++;
	struct dg_top_item *item = &t->items->items[at];
	uint64_t count = is_full ? item->count : 0;

	*item = (struct dg_top_item){.count = count, .error = count};
	t->items->keys[at] = key;
	put_text(item, text);
	return item;
}

void dg_top_add(struct dg_top *t, uint64_t seed, const char *text, uint64_t reporter,
	enum dg_class class, int64_t at)
{
	if (text[0] == '\0') {
		return;
	}
	if (!t->items) {
		t->items = calloc(1, sizeof(*t->items));
		if (!t->items) {
			abort();
		}
	}
	uint64_t key = dg_sketch_key(seed, text, strlen(text));
	struct dg_top_item *item = slot_of(t, key, text);

	t->n_added++;
	dg_distinct_add(&t->distinct, key);
	item->count++;
	item->n_class[class]++;
	if (reporter != 0) {
		dg_distinct_add(&item->reporters, reporter);
	}
	if (at > 0) {
		item->first = item->first == 0 || at < item->first ? at : item->first;
		item->last = at > item->last ? at : item->last;
	}
}

uint64_t dg_top_distinct(const struct dg_top *t)
{
	if (t->n < DG_TOP_ITEMS) {
		return t->n;
	}
	uint64_t about = (uint64_t)llround(dg_distinct_count(&t->distinct));
	return about > t->n ? about : t->n;
}

uint64_t dg_top_reporters(const struct dg_top_item *i)
{
	uint64_t n = (uint64_t)llround(dg_distinct_count(&i->reporters));

	return n > i->count ? i->count : n;
}

/* --- order ------------------------------------------------------------------------------------ */
struct place {
	uint64_t score;
	const struct dg_top_item *item;
};

static int by_score(const void *x, const void *y)
{
	const struct place *a = x;
	const struct place *b = y;

	if (a->score != b->score) {
		return a->score < b->score ? 1 : -1;
	}
	return strcmp(a->item->text, b->item->text);
}

size_t dg_top_order(
	const struct dg_top *t, bool is_by_score, const struct dg_top_item **ret, size_t max)
{
	struct place *places = calloc(t->n + 1, sizeof(*places));
	size_t n = t->n < max ? t->n : max;

	if (!places) {
		abort();
	}
	for (size_t i = 0; i < t->n; i++) {
		const struct dg_top_item *item = &t->items->items[i];
		uint64_t reporters = dg_top_reporters(item);
		places[i] = (struct place){.score = item->count, .item = item};
		if (is_by_score && reporters > 1) {
			places[i].score *= reporters;
		}
	}
	qsort(places, t->n, sizeof(*places), by_score);
	for (size_t i = 0; i < n; i++) {
		ret[i] = places[i].item;
	}
	free(places);
	return n;
}
