/* zones/watch/sentids.h: Message-IDs of mail that was sent from here, to know its bounces. Pure.
 *
 * Rule     Each delivery to another host pays for two answers (a delay and a bounce): who gets one letter with a Message-ID of his
 *          choice forwarded by us does not make a million bounces with it look like ours.
 * Limits   DG_SENT_IDS_MAX ids, of the last five days (how long senders try); the least lately sent make room.
 * Image    In DG_SENT_IDS_PAGES pages of text, so that a checkpoint writes only what changed: "1", then " KEY AT CREDIT" of each id in
 *          hexadecimal. Whoever reads a page of another version, or a damaged one, goes without it.
 * Memory   Heap, 1 MiB from the first id on; all zero is an empty one; dg_sent_ids_done().
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dg_buf;

#define DG_SENT_IDS_MAX      65536u
#define DG_SENT_IDS_WAYS     8u
#define DG_SENT_IDS_DAYS     5
#define DG_SENT_IDS_CREDIT   2u /* answers that one delivery pays for */
#define DG_SENT_IDS_PAGES    256u
#define DG_SENT_IDS_PAGE_MAX ((size_t)12 << 10) /* bytes of its text */

struct dg_sent_id {
	uint64_t key;  /* 0: free */
	uint32_t at_s; /* Unix time */
	uint32_t credit;
};

struct dg_sent_ids {
	struct dg_sent_id *slots;
	bool is_dirty[DG_SENT_IDS_PAGES]; /* pages that changed; who has kept one puts it back */
};

void dg_sent_ids_done(struct dg_sent_ids *s);
/* Of a Message-ID, with or without its angle brackets; 0: it is empty. */
uint64_t dg_sent_ids_key(const char *p, size_t n);
/* One delivery. key 0: nothing. */
void dg_sent_ids_add(struct dg_sent_ids *s, uint64_t key, int64_t now_ms);
/* One answer to it. False: it was not sent, or all that it pays for has come. */
bool dg_sent_ids_take(struct dg_sent_ids *s, uint64_t key, int64_t now_ms);
/* What of the page is younger than DG_SENT_IDS_DAYS. */
void dg_sent_ids_page_print(
	const struct dg_sent_ids *s, unsigned page, int64_t now_ms, struct dg_buf *b);
/* Adds what stands in the text. False: no such text; what stood before the fault is there. */
bool dg_sent_ids_page_parse(struct dg_sent_ids *s, unsigned page, const char *text);
