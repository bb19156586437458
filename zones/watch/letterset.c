#include "zones/watch/letterset.h"

#include "zones/base/buf.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define KEY_MASK  (((uint64_t)1 << 48) - 1)
#define TIME_MASK (((uint64_t)1 << 40) - 1)
#define KEY_LEN   12u /* digits */
#define TIME_LEN  10u
#define ITEM_LEN  (KEY_LEN + TIME_LEN)
#define SLOTS_MIN 64u
#define FLOOR_MAX ((int64_t)1 << 52) /* Unix milliseconds that can be reckoned with */

void dg_letterset_done(struct dg_letterset *s)
{
	free(s->slots);
	*s = (struct dg_letterset){0};
}

static uint64_t cut(uint64_t key)
{
	key &= KEY_MASK;
	return key != 0 ? key : 1;
}

/* The slot of the key, or the free one where it belongs. */
static struct dg_letterset_item *slot_of(const struct dg_letterset *s, uint64_t key)
{
	size_t at = (size_t)key & (s->n_slots - 1);

	while (s->slots[at].key != 0 && s->slots[at].key != key) {
		at = (at + 1) & (s->n_slots - 1);
	}
	return &s->slots[at];
}

bool dg_letterset_has_key(const struct dg_letterset *s, uint64_t key)
{
	return s->n_slots > 0 && slot_of(s, cut(key))->key != 0;
}

bool dg_letterset_has(const struct dg_letterset *s, int64_t at_ms, uint64_t key)
{
	return at_ms < s->floor_ms || dg_letterset_has_key(s, key);
}

/* Into a table of n_slots; what came before the floor is left out. */
static void rebuild(struct dg_letterset *s, size_t n_slots)
{
	struct dg_letterset before = *s;

	s->slots = calloc(n_slots, sizeof(*s->slots));
	if (!s->slots) {
		abort();
	}
	s->n_slots = n_slots;
	s->n = 0;
	for (size_t i = 0; i < before.n_slots; i++) {
		const struct dg_letterset_item *x = &before.slots[i];

		if (x->key != 0 && x->at_ms >= s->floor_ms) {
			*slot_of(s, x->key) = *x;
			s->n++;
		}
	}
	free(before.slots);
}

static int by_time(const void *a, const void *b)
{
	const int64_t *x = a;
	const int64_t *y = b;

	return (*x > *y) - (*x < *y);
}

/* The floor rises above the older quarter. */
static void raise_floor(struct dg_letterset *s)
{
	int64_t *times = malloc(s->n * sizeof(*times));
	size_t n = 0;

	if (!times) {
		abort();
	}
	for (size_t i = 0; i < s->n_slots; i++) {
		if (s->slots[i].key != 0) {
			times[n++] = s->slots[i].at_ms;
		}
	}
	qsort(times, n, sizeof(*times), by_time);
	s->floor_ms = times[n / 4] > times[0] ? times[n / 4] : times[0] + 1;
	free(times);
	rebuild(s, s->n_slots);
}

void dg_letterset_add(struct dg_letterset *s, int64_t now_ms, int64_t at_ms, uint64_t key)
{
	int64_t floor_ms = now_ms - DG_LETTERSET_WINDOW_MS;

	s->floor_ms = floor_ms > s->floor_ms ? floor_ms : s->floor_ms;
	if (at_ms < s->floor_ms) {
		return;
	}
	if (2 * (s->n + 1) > s->n_slots) {
		rebuild(s,
			s->n_slots > 0 ? s->n_slots : SLOTS_MIN); /* what is too old goes first */
		if (4 * (s->n + 1) > s->n_slots) {
			rebuild(s, 2 * s->n_slots);
		}
	}
	struct dg_letterset_item *x = slot_of(s, cut(key));
	s->n += x->key == 0;
	*x = (struct dg_letterset_item){.at_ms = at_ms, .key = cut(key)};
	if (s->n > DG_LETTERSET_MAX) {
		raise_floor(s);
	}
}

void dg_letterset_print(const struct dg_letterset *s, struct dg_buf *b)
{
	dg_buf_printf(b, "1 %" PRId64 " ", s->floor_ms);
	for (size_t i = 0; i < s->n_slots; i++) {
		const struct dg_letterset_item *x = &s->slots[i];

		if (x->key != 0 && x->at_ms >= s->floor_ms) {
			dg_buf_printf(b, "%012" PRIx64 "%010" PRIx64, x->key,
				(uint64_t)(x->at_ms - s->floor_ms) & TIME_MASK);
		}
	}
}

static bool take_hex(const char *text, size_t len, uint64_t *ret_n)
{
	uint64_t n = 0;

	for (size_t i = 0; i < len; i++) {
		const char *at = text[i] ? strchr("0123456789abcdef", text[i]) : NULL;

		if (!at) {
			return false;
		}
		n = n << 4 | (uint64_t)(at - "0123456789abcdef");
	}
	*ret_n = n;
	return true;
}

bool dg_letterset_parse(struct dg_letterset *s, const char *text)
{
	static const char head[] = "1 ";
	char *end = NULL;
	uint64_t key = 0;
	uint64_t after = 0;

	if (strncmp(text, head, strlen(head)) != 0) {
		return false;
	}
	long long floor_ms = strtoll(text + strlen(head), &end, 10);
	if (*end != ' ' || floor_ms < 0 || floor_ms > FLOOR_MAX ||
		strlen(end + 1) % ITEM_LEN != 0 || strlen(end + 1) / ITEM_LEN > DG_LETTERSET_MAX) {
		return false;
	}
	struct dg_letterset read = {.floor_ms = floor_ms};
	for (const char *p = end + 1; *p != '\0'; p += ITEM_LEN) {
		if (!take_hex(p, KEY_LEN, &key) || !take_hex(p + KEY_LEN, TIME_LEN, &after)) {
			dg_letterset_done(&read);
			return false;
		}
		dg_letterset_add(&read, 0, floor_ms + (int64_t)after, key);
	}
	*s = read;
	return true;
}
