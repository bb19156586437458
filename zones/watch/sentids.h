/* zones/watch/sentids.h: Message-IDs of mail that was sent from here, to know its bounces. Pure.
 *
 * Rule     Each delivery to another host pays for two answers (a delay and a bounce): who gets one letter with a Message-ID of his
 *          choice forwarded by us does not make a million bounces with it look like ours.
 * Limits   DG_SENT_IDS_MAX ids, of the last five days (how long senders try); the least lately sent make room.
 * Memory   Heap, 1 MiB from the first id on; all zero is an empty one; dg_sent_ids_done().
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DG_SENT_IDS_MAX    65536u
#define DG_SENT_IDS_WAYS   8u
#define DG_SENT_IDS_DAYS   5
#define DG_SENT_IDS_CREDIT 2u /* answers that one delivery pays for */

struct dg_sent_id {
	uint64_t key;  /* 0: free */
	uint32_t at_s; /* Unix time */
	uint32_t credit;
};

struct dg_sent_ids {
	struct dg_sent_id *slots;
};

void dg_sent_ids_done(struct dg_sent_ids *s);
/* Of a Message-ID, with or without its angle brackets; 0: it is empty. */
uint64_t dg_sent_ids_key(const char *p, size_t n);
/* One delivery. key 0: nothing. */
void dg_sent_ids_add(struct dg_sent_ids *s, uint64_t key, int64_t now_ms);
/* One answer to it. False: it was not sent, or all that it pays for has come. */
bool dg_sent_ids_take(struct dg_sent_ids *s, uint64_t key, int64_t now_ms);
