#include "zones/watch/sentids.h"

#include "zones/base/buf.h"
#include "zones/watch/sketch.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define DAY_S      86400
#define PAGE_SLOTS (DG_SENT_IDS_MAX / DG_SENT_IDS_PAGES)

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

static bool is_old(const struct dg_sent_id *x, uint32_t now_s)
{
	return now_s > x->at_s && now_s - x->at_s > DG_SENT_IDS_DAYS * DAY_S;
}

static unsigned page_of(const struct dg_sent_ids *s, const struct dg_sent_id *x)
{
	return (unsigned)((size_t)(x - s->slots) / PAGE_SLOTS);
}

static struct dg_sent_id *find(const struct dg_sent_ids *s, uint64_t key, uint32_t now_s)
{
	struct dg_sent_id *set = s->slots && key != 0 ? set_of(s, key) : NULL;

	for (unsigned i = 0; set && i < DG_SENT_IDS_WAYS; i++) {
		if (set[i].key == key && !is_old(&set[i], now_s)) {
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

static void make_slots(struct dg_sent_ids *s)
{
	if (!s->slots) {
		s->slots = calloc(DG_SENT_IDS_MAX, sizeof(*s->slots));
		if (!s->slots) {
			abort();
		}
	}
}

void dg_sent_ids_add(struct dg_sent_ids *s, uint64_t key, int64_t now_ms)
{
	uint32_t now_s = (uint32_t)(now_ms / 1000);

	if (key == 0) {
		return;
	}
	make_slots(s);
	struct dg_sent_id *x = find(s, key, now_s);
	if (!x) {
		x = room(s, key);
		*x = (struct dg_sent_id){.key = key};
	}
	s->is_dirty[page_of(s, x)] = true;
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
	s->is_dirty[page_of(s, x)] = true;
	return true;
}

void dg_sent_ids_page_print(
	const struct dg_sent_ids *s, unsigned page, int64_t now_ms, struct dg_buf *b)
{
	const struct dg_sent_id *x = s->slots ? &s->slots[(size_t)page * PAGE_SLOTS] : NULL;

	dg_buf_puts(b, "1");
	for (unsigned i = 0; x && i < PAGE_SLOTS; i++, x++) {
		if (x->key != 0 && !is_old(x, (uint32_t)(now_ms / 1000))) {
			dg_buf_printf(
				b, " %" PRIx64 " %" PRIx32 " %" PRIx32, x->key, x->at_s, x->credit);
		}
	}
}

static bool take_number(const char **at, uint64_t max, uint64_t *ret_n)
{
	char *end = NULL;

	if (**at != ' ' || !strchr("0123456789abcdef", (*at)[1]) || (*at)[1] == '\0') {
		return false;
	}
	errno = 0;
	unsigned long long n = strtoull(*at + 1, &end, 16);
	*ret_n = n;
	*at = end;
	return errno == 0 && n <= max;
}

bool dg_sent_ids_page_parse(struct dg_sent_ids *s, unsigned page, const char *text)
{
	const char *at = text + 1;
	uint64_t key = 0;
	uint64_t at_s = 0;
	uint64_t credit = 0;

	if (text[0] != '1') {
		return false;
	}
	while (*at != '\0') {
		if (!take_number(&at, UINT64_MAX, &key) || !take_number(&at, UINT32_MAX, &at_s) ||
			!take_number(&at, UINT32_MAX, &credit) || key == 0) {
			return false;
		}
		make_slots(s);
		struct dg_sent_id *x = room(s, key);
		if (page_of(s, x) != page) {
			return false;
		}
		*x = (struct dg_sent_id){key, (uint32_t)at_s, (uint32_t)credit};
	}
	return true;
}
