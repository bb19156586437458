/* zones/watch/policyreq.h: requests of the Postfix policy delegation protocol (SMTPD_POLICY_README). Pure.
 *
 * Shape    Lines "name=value", ended by an empty line. Names in any order, unknown ones are passed over, of one that comes twice the last
 *          counts.
 * Meaning  Postfix asks before it decides, and never tells the result. So an event says what was tried: null-sender mail is TAKEN,
 *          which classes as own or unknown and never as foreign; mail with a sender is RECEIVED, and SENT when its client
 *          had authenticated. Only the state RCPT counts, once a recipient: DATA and END-OF-MESSAGE would count it again. Mail from
 *          loopback (a content filter that hands it back) does not count unless it is authenticated.
 * Limits   The three below; more is DG_ELIMIT.
 * Memory   What a request points at is in the text.
 */
#pragma once

#include "zones/watch/maillog.h"

#include <stddef.h>
#include <stdint.h>

#define DG_POLICYREQ_ATTRIBUTES_MAX 64u
#define DG_POLICYREQ_LINE_MAX       4096u
#define DG_POLICYREQ_MAX            65536u

struct dg_policyreq_scan { /* zeroed before the first octet */
	size_t at, line;
	unsigned n_lines;
};

struct dg_policyreq {
	struct dg_text request, state, client, sender, recipient, user;
};

/* Where a request ends in the text that came so far; only what is new since the last call is looked at. 0: *ret_len octets with the
 * empty line; 1: not yet; DG_ELIMIT: it passes a limit. */
int dg_policyreq_scan(struct dg_policyreq_scan *s, const char *text, size_t len, size_t *ret_len);
/* One whole request. 0, or DG_EINPUT: not this protocol. */
int dg_policyreq_parse(const char *text, size_t len, struct dg_policyreq *ret_request);
/* 0, or 1: nothing that counts. */
int dg_policyreq_event(
	const struct dg_policyreq *r, int64_t now_ms, struct dg_mail_event *ret_event);
