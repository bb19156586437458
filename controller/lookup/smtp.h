/* controller/lookup/smtp.h: an SMTP dialogue up to RCPT, never further (RFC 5321 section 3).
 *
 * Purpose  To see whether a mail server takes mail for an address, or relays for strangers. No message is ever sent: after the
 *          last RCPT comes RSET and QUIT; DATA is not in the code.
 * Shape    One command after the other, no pipelining; EHLO, and HELO where that is not known. STARTTLS is only noticed.
 * Calls    done() comes once, from the loop. The talk must live until then. dg_smtp_cancel(): none comes.
 * Limits   A line of 2,048 octets, 64 lines a reply, 64 KiB in all; timeout_ms for the whole dialogue.
 * Errors   rc < 0: err; what was answered before that stands in the results. DG_EIO: no connection, closed, timeout; DG_EREMOTE:
 *          nonsense; DG_ELIMIT: too much; DG_EINPUT: not an address, or a name or path that cannot be said. A refusal is an answer
 *          (rc 0), 421 in place of any reply too: what would have come after it has code 0.
 */
#pragma once

#include "zones/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dg_arena;
struct dg_loop;

#define DG_SMTP_PATH_MAX \
	480u /* octets of an address; a command line has 512 (RFC 5321 section 4.5.3.1.4) */

struct dg_smtp_reply {
	int code;         /* 220, 550 ...; 0: the command was not sent, or nothing came back */
	const char *text; /* all lines, joined with blanks, safe to show; NULL: code 0 */
};

struct dg_smtp_try {
	const char *mail_from; /* without <>; "": the null reverse-path */
	const char *const *rcpt;
	size_t n_rcpt;
	/* --- results --- */
	struct dg_smtp_reply mail;
	struct dg_smtp_reply *rcpts; /* n_rcpt */
};

struct dg_smtp_talk {
	const char *address; /* "192.0.2.25" or "2001:db8::25" */
	uint16_t port;       /* 0: 25 */
	const char
		*helo; /* what we call ourselves; NULL: the address we come from, "[192.0.2.1]" */
	struct dg_smtp_try *tries; /* one after the other, RSET between */
	size_t n_tries;
	int64_t timeout_ms;
	struct dg_arena *arena;
	void (*done)(struct dg_smtp_talk *t, int rc);
	void *arg;
	/* --- results --- */
	struct dg_smtp_reply banner, ehlo;
	bool has_starttls;
	struct dg_err err;
	void *internal;
};

void dg_smtp_start(struct dg_loop *l, struct dg_smtp_talk *t);
void dg_smtp_cancel(struct dg_smtp_talk *t); /* one that is over, or never began, is fine */
