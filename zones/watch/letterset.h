/* zones/watch/letterset.h: which letters of a mailbox were handed in: a bounded set of keys with their times. Pure.
 *
 * Rule     A letter was seen when its key is in the set, or when it came before the floor. The floor is two days ago, or later when
 *          more than DG_LETTERSET_MAX letters came since: the oldest make room. So letters have to be added the oldest first when there
 *          are many. What is put into a mailbox with a time before the floor (old mail that is copied there) is old.
 * Image    Text: "1 FLOOR HEX", 22 digits for each letter.
 * Memory   Heap, 16 octets a slot; all zero is an empty one; dg_letterset_done().
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dg_buf;

#define DG_LETTERSET_MAX       40960u
#define DG_LETTERSET_WINDOW_MS ((int64_t)48 * 3600 * 1000)
#define DG_LETTERSET_TEXT_MAX  ((size_t)1 << 20)

struct dg_letterset_item {
	int64_t at_ms;
	uint64_t key; /* 48 bits, not 0; 0: a free slot */
};

struct dg_letterset {
	int64_t floor_ms;
	struct dg_letterset_item *slots;
	size_t n, n_slots;
};

void dg_letterset_done(struct dg_letterset *s);
bool dg_letterset_has(const struct dg_letterset *s, int64_t at_ms, uint64_t key);
bool dg_letterset_has_key(const struct dg_letterset *s, uint64_t key); /* whatever its time */
/* now_ms: moves the floor. */
void dg_letterset_add(struct dg_letterset *s, int64_t now_ms, int64_t at_ms, uint64_t key);
void dg_letterset_print(const struct dg_letterset *s, struct dg_buf *b);
/* Into an empty one. False: not such a text, s stays empty. */
bool dg_letterset_parse(struct dg_letterset *s, const char *text);
