#include "zones/bounce/phrases.h"

#define PHRASES_MAX 512u

/* Phrases by their first octet: those of octet c are order[begin[c]] to order[begin[c + 1]]. */
struct index {
	uint16_t begin[257];
	uint16_t order[PHRASES_MAX];
	bool was_heard[PHRASES_MAX];
};

static void make_index(struct index *x, const struct dg_phrase *table, size_t n_phrases)
{
	uint16_t at[256] = {0};
	unsigned n = 0;

	for (size_t i = 0; i < n_phrases; i++) {
		at[(unsigned char)table[i].text[0]]++;
		x->was_heard[i] = false;
	}
	for (size_t c = 0; c < 256; c++) {
		x->begin[c] = (uint16_t)n;
		n += at[c];
		at[c] = x->begin[c];
	}
	x->begin[256] = (uint16_t)n;
	for (size_t i = 0; i < n_phrases; i++) {
		x->order[at[(unsigned char)table[i].text[0]]++] = (uint16_t)i;
	}
}

static void hear(struct dg_heard *heard, const struct dg_phrase *phrase)
{
	heard->weight[phrase->is] += phrase->weight;
	if (phrase->is <= DG_PHRASE_DELAYED && phrase->shape[0] != '\0' &&
		phrase->weight > heard->shape_weight) {
		heard->shape = phrase->shape;
		heard->shape_weight = phrase->weight;
	}
}

/* A word begins behind what is no letter or digit; in scripts without blanks anywhere. */
static bool is_start(struct dg_span s, size_t at)
{
	return at == 0 || (unsigned char)s.p[at] >= 0x80 || !dg_is_alnum(s.p[at - 1]) ||
	       !dg_is_alnum(s.p[at]);
}

static bool is_at(const struct dg_phrase *phrase, const char *p, size_t n)
{
	return phrase->len <= n && p[1] == phrase->text[1] &&
	       memcmp(p, phrase->text, phrase->len) == 0;
}

void dg_phrases_hear_of(
	const struct dg_phrase *table, size_t n, struct dg_span text, struct dg_heard *heard)
{
	struct index x;

	*heard = (struct dg_heard){.shape = ""};
	if (text.n == 0 || n > PHRASES_MAX) {
		return;
	}
	make_index(&x, table, n);
	for (size_t at = 0; at < text.n; at++) {
		unsigned char c = (unsigned char)text.p[at];

		if (x.begin[c] == x.begin[c + 1] || !is_start(text, at)) {
			continue;
		}
		for (size_t i = x.begin[c]; i < x.begin[c + 1]; i++) {
			size_t which = x.order[i];

			if (!x.was_heard[which] && is_at(&table[which], text.p + at, text.n - at)) {
				x.was_heard[which] = true;
				hear(heard, &table[which]);
			}
		}
	}
}
