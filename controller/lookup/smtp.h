/* controller/lookup/smtp.h: an SMTP dialogue up to RCPT, never further (RFC 5321 section 3).
 *
 * Purpose  To see whether a mail server takes mail for an address, or relays for strangers. No message is ever sent: after the
 *          last RCPT comes RSET and QUIT; DATA is not in the code.
 * Calls    done() comes once, from the loop. The talk must live until then. dg_smtp_cancel(): none comes.
 * Limits   A line of 2,048 octets, 64 lines a reply, 64 KiB in all; timeout_ms for the whole dialogue.
 * Errors   rc < 0: no connection (DG_EIO), nonsense (DG_EREMOTE), too much (DG_ELIMIT). A refusal is an answer.
 */
#pragma once

#include "zones/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dg_arena;
struct dg_loop;

struct dg_smtp_reply {
	int code;         /* 220, 550 ...; 0: the command was not sent */
	const char *text; /* all lines, joined with blanks, safe to show */
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
	const char *address;       /* "192.0.2.25" or "2001:db8::25" */
	uint16_t port;             /* 0: 25 */
	const char *helo;          /* what we call ourselves */
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
void dg_smtp_cancel(struct dg_smtp_talk *t);
