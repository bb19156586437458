/* zones/watch/classify.h: is null-sender mail a bounce of mail that we sent? What a log can tell. Pure.
 *
 * Rule     A recipient that does not exist never sent anything: FOREIGN. For one that exists each mail it has sent in the last five
 *          days (how long senders try, RFC 5321 section 4.5.4.1) pays for one bounce: OWN. What comes beyond that, and what
 *          was refused for another reason, is UNKNOWN. So bounces of a newsletter are own, and a forger who uses an
 *          address that does send soon uses up what it sent.
 *          What a whole message proves (proof of the event) goes before.
 * Limits   Sent mail of DG_SENDERS_MAX addresses is remembered, the least lately active forgotten first. 48 KiB.
 * Memory   Heap, grows from 96 octets; all zero is an empty one; dg_senders_done().
 */
#pragma once

#include "zones/watch/detector.h"
#include "zones/watch/maillog.h"

#define DG_SENDERS_MAX 4096u

struct dg_sender {
	uint32_t key;  /* 0: free */
	uint32_t at_s; /* Unix time / 64: of the last change */
	float credit;
};

#define DG_SENDERS_WAYS 8u /* slots of a set: an address is in the set that its key names */
struct dg_senders {
	struct dg_sender *slots;
	uint32_t n; /* 0, or a power of two from DG_SENDERS_WAYS to DG_SENDERS_MAX */
};

void dg_senders_done(struct dg_senders *s);
/* Puts back what was kept: n as above. For images (watched.h). */
void dg_senders_size(struct dg_senders *s, uint32_t n);

/* A letter that address has sent. Letters in any case are the same address. */
void dg_senders_sent(struct dg_senders *s, struct dg_text address, int64_t now_ms);
/* What a TAKEN, UNKNOWN or BARRED event is. */
enum dg_arrival dg_senders_classify(struct dg_senders *s, const struct dg_mail_event *e);
