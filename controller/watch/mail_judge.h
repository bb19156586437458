/* controller/watch/mail_judge.h: one letter that was read to at most one event: whose mail name, what it is, and what proves it.
 *
 * Name     Whom the letter came to (Delivered-To and the like, To), else whose name the original was sent in: the first whose domain is
 *          watched. Letters to others count for nobody.
 * Kinds    What answers mail (bounces, delays, auto-replies, challenges) is TAKEN, with a proof where there is one. What has a sender and
 *          is neither that nor a report is RECEIVED.
 */
#pragma once

#include "zones/watch/maillog.h"

struct dg_bounce;
struct dg_hub;
struct dg_own;

#define DG_MAIL_JUDGED_ADDRESS 320u

struct dg_mail_judged {
	struct dg_mail_event event; /* its texts: of dg_mail_judged_event() */
	char address[DG_MAIL_JUDGED_ADDRESS];
	char client[64];
};

struct dg_mail_whole {
	const struct dg_bounce *record;
	const char *octets; /* of the letter */
	size_t n;
	int64_t at_ms; /* when it came; 0: not known */
	int64_t now_s;
};

/* 1: an event; 0: none. own: NULL: nothing is known to be ours. */
size_t dg_mail_judge(struct dg_hub *hub, struct dg_own *own, const struct dg_mail_whole *w,
	struct dg_mail_judged *ret_judged);
struct dg_mail_event dg_mail_judged_event(const struct dg_mail_judged *j);
