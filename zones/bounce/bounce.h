/* zones/bounce/bounce.h: the bytes of one message to a record of what it says: a bounce of what, from whom, handed over by whom? Pure.
 *
 * Shape    dg_bounce_read() takes a message as it lies in a Maildir (any line ends; an mbox "From " line before it is passed over) and
 *          says what kind of message it is, whom it was for, and what the returned original says of itself. What is said is
 *          said, not believed: every text was written by a stranger, only some of it by one who may be trusted
 *          (dg_bounce_handoff).
 * Texts    UTF-8, NUL-terminated, without control characters but blanks, and not safe to show (dg_buf_put_safe()); "" where there is
 *          none, never NULL. Each is cut at its limit.
 *          Addresses are as written, without angle brackets, comments or display names; "" and is_null for "<>".
 * Source   RFC 3464 (delivery status), RFC 6522 (multipart/report), RFC 8098 (MDN), RFC 5965 and RFC 6591 (complaints, DMARC failure),
 *          RFC 3834 (auto-replies), RFC 5321 section 4.4 (Received), and the shapes that MTAs without any of these use.
 * Well-formed  Our own scanner reads what is well-formed, 1 says that it is not. Then a MIME library takes the message apart and
 *          dg_bounce_read_parts() reads its parts: the same record for the same message either way.
 * Limits   The constants below; what is beyond them is left out and counted (n_..._dropped, is_cut).
 * Memory   In the arena given, DG_BOUNCE_ARENA_MAX is enough; nothing points into the message but what is said to.
 */
#pragma once

#include "zones/base/address.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dg_arena;

#define DG_BOUNCE_READ_MAX       ((size_t)256 << 10) /* octets of a message that are looked at */
#define DG_BOUNCE_DEPTH_MAX      16u                 /* parts in parts */
#define DG_BOUNCE_PARTS_MAX      100u
#define DG_BOUNCE_HEADERS_MAX    1000u   /* header fields of one header */
#define DG_BOUNCE_BOUNDARY_MAX   2048u   /* octets of a boundary */
#define DG_BOUNCE_HEADER_MAX     102400u /* octets of one header field */
#define DG_BOUNCE_HOPS_MAX       32u
#define DG_BOUNCE_RECIPIENTS_MAX 64u
#define DG_BOUNCE_DKIM_MAX       8u
#define DG_BOUNCE_TEXT_MAX       998u /* octets of a text of the record */
#define DG_BOUNCE_NESTED_MAX     4u   /* bounces of bounces that are followed */
#define DG_BOUNCE_ARENA_MAX      ((size_t)8 << 20)

enum dg_bounce_kind {
	DG_BOUNCE_ORDINARY,  /* a letter, a newsletter, a reply or forward that quotes a bounce */
	DG_BOUNCE_BOUNCE,    /* mail could not be delivered */
	DG_BOUNCE_DELAY,     /* a warning: it is still being tried */
	DG_BOUNCE_DELIVERED, /* a report of success: delivered, relayed, expanded; a read receipt */
	DG_BOUNCE_AUTOREPLY, /* a person's absence, "we got your mail" */
	DG_BOUNCE_COMPLAINT, /* ARF: somebody says that it was spam */
	DG_BOUNCE_AGGREGATE, /* carries a DMARC aggregate report (zones/watch/aggregate.h) */
	DG_BOUNCE_FAILURE,   /* a DMARC failure report (RFC 6591) */
	DG_BOUNCE_CHALLENGE, /* prove that you are a person: challenge and response */
	DG_BOUNCE_UNREADABLE, /* no message: empty, no header, or the reader process did not survive it */
};

enum dg_bounce_form {
	DG_BOUNCE_FORM_NONE,
	DG_BOUNCE_FORM_DSN,  /* message/delivery-status, RFC 3464 */
	DG_BOUNCE_FORM_TEXT, /* free text; shape names the MTA whose shape it has */
	DG_BOUNCE_FORM_MDN,  /* message/disposition-notification */
	DG_BOUNCE_FORM_ARF,  /* message/feedback-report */
	DG_BOUNCE_FORM_FEED, /* JSON of Amazon SES or SendGrid */
};

enum dg_bounce_action {
	DG_BOUNCE_ACTION_NONE, /* not said */
	DG_BOUNCE_ACTION_FAILED,
	DG_BOUNCE_ACTION_DELAYED,
	DG_BOUNCE_ACTION_DELIVERED,
	DG_BOUNCE_ACTION_RELAYED,
	DG_BOUNCE_ACTION_EXPANDED,
};

struct dg_bounce_recipient {
	const char *address;  /* the one that failed (Final-Recipient, or out of the text) */
	const char *original; /* Original-Recipient, or X-Actual-Recipient; "" */
	enum dg_bounce_action action;
	const char *status;     /* "5.1.1", literal; of a text: what stands in it; "" */
	const char *diagnostic; /* Diagnostic-Code without its type, or the line of the text */
	const char *remote_mta; /* without its type */
};

/* One Received line. What is not there is "". */
struct dg_bounce_hop {
	const char *text; /* the whole value, unfolded */
	const char *helo; /* what the client called itself: behind "from", or helo= */
	const char *
		name; /* what the address resolved to, as the line says; "" or "unknown": it did not */
	struct dg_address address; /* when has_address */
	const char *by, *with, *id;
	const char *recipient; /* for <...> */
	const char *user;      /* who logged in, or "userid 33" of a local one */
	int64_t at;            /* Unix seconds; 0: no date */
	bool has_address;
	bool is_authenticated; /* ESMTPA, ESMTPSA, "Authenticated sender", "(authenticated", ... */
	bool is_local; /* handed over by a program on that host: "from userid", "uid", "(from user@localhost)", loopback */
};

struct dg_bounce_signature {
	const char *domain, *selector; /* d=, s= of a DKIM-Signature; not verified */
};

/* What a header says. */
struct dg_bounce_head {
	const char *from;              /* the first address of it */
	const char *return_path;       /* Return-Path, or the envelope sender of the mbox line */
	bool has_return_path, is_null; /* "<>" */
	const char *to;                /* the first address */
	const char *
		delivered_to; /* Delivered-To, X-Original-To, Envelope-To, X-Delivered-To, Original-Recipient, the first that is there:
				    * whom the message came to */
	const char *subject, *message_id; /* message_id with its angle brackets */
	const char *date;
	int64_t at; /* of Date, Unix seconds; 0: none */
	const char *auto_submitted, *precedence;
	const char *list_id;          /* List-Id, else X-BeenThere, else List-Post */
	const char *x_originating_ip; /* address as text */
	const char *x_php_script;     /* X-PHP-Originating-Script or X-PHP-Script */
	const char *x_mailer;         /* X-Mailer or User-Agent */
	struct dg_bounce_signature signatures[DG_BOUNCE_DKIM_MAX];
	size_t n_signatures;
	struct dg_bounce_hop *hops; /* the newest first, as they stand */
	size_t n_hops, n_hops_dropped;
	size_t n_fields;
};

enum dg_bounce_original {
	DG_BOUNCE_ORIGINAL_NONE,
	DG_BOUNCE_ORIGINAL_HEADERS, /* text/rfc822-headers, or a run of header lines in a text */
	DG_BOUNCE_ORIGINAL_MESSAGE, /* message/rfc822: with its body */
};

/* Who handed the message to the organisation that reports (facts: the trust boundary). */
struct dg_bounce_handoff {
	bool has_address;
	struct dg_address address;
	size_t hop; /* index into original.hops of the line that says so */
	const char *
		organisation; /* that reports: registrable domain, without a final dot; "" unknown */
	const char *
		via; /* organisations that filter or relay for it and stood between: the last of them; "" */
	const char *why; /* for people, static: why it ends there, or why there is none */
};

struct dg_bounce {
	enum dg_bounce_kind kind;
	enum dg_bounce_form form;
	const char *shape; /* "Postfix", "qmail", ...: static, whose way of saying it that is; "" */
	const char *basis; /* static, for people: what made it this kind */

	struct dg_bounce_head outer; /* of the message itself */

	struct dg_bounce_recipient *recipients;
	size_t n_recipients, n_recipients_dropped;
	const char *reporting_mta; /* without its type */
	const char *
		reporting_organisation; /* registrable domain of it, else of the outer sender; "" */
	const char *arrival_date;
	int64_t arrived_at; /* Unix seconds; 0: not said */

	enum dg_bounce_original original_is;
	struct dg_bounce_head original;
	/* Where the original stands in the message, byte for byte, for a DKIM check; length 0: it was encoded, quoted, or is not whole. */
	size_t original_at, original_len;
	/* The original was itself a bounce: n_nested levels of it, and the innermost original that was found. */
	size_t n_nested;
	struct dg_bounce_head *innermost; /* NULL: it was not */

	struct dg_bounce_handoff handoff; /* of innermost, or of original */
	bool has_first_public;
	struct dg_address
		first_public; /* the from-address of the newest Received line that has a public one, whoever wrote it */

	/* COMPLAINT, FAILURE: what the report says. */
	const char *feedback_type, *source_ip, *reported_domain, *original_mail_from,
		*original_rcpt_to;

	bool is_cut; /* longer than DG_BOUNCE_READ_MAX, or a limit was met: the rest was not looked at */
	bool by_library; /* it was not well-formed: a MIME library took it apart */
};

/* len octets of charset to UTF-8 in the arena: the caller's, since conversion tables are files. NULL: cannot. */
struct dg_bounce_charsets {
	const char *(*to_utf8)(void *arg, struct dg_arena *a, const char *charset, const char *p,
		size_t len, size_t *ret_len);
	void *arg;
};

/* 0, or 1: not well-formed, ret_bounce is untouched: ask a MIME library, then dg_bounce_read_parts(). charsets NULL: only ASCII, UTF-8 and
 * ISO-8859-1 are known. */
int dg_bounce_read(struct dg_arena *a, const char *p, size_t len,
	const struct dg_bounce_charsets *charsets, struct dg_bounce *ret_bounce);

struct dg_raw;
struct dg_parts;
/* The same of a message that was taken apart (zones/bounce/mime.h). */
void dg_bounce_read_parts(struct dg_arena *a, const struct dg_raw *raw,
	const struct dg_parts *parts, const struct dg_bounce_charsets *charsets,
	struct dg_bounce *ret_bounce);

/* A record that says why nothing was read: all texts "". why: static. */
void dg_bounce_unreadable(struct dg_bounce *ret_bounce, const char *why);

/* A feed of bounces, JSON of Amazon SES (also inside SNS) or SendGrid: each event through on_bounce(); the record and what it points to
 * lives until that returns. 0, or 1: no such feed. */
int dg_bounce_feed(const char *p, size_t len,
	void (*on_bounce)(void *arg, const struct dg_bounce *b), void *arg);

/* "bounce", "delay", ...; "RFC 3464", "free text", ... */
const char *dg_bounce_kind_text(enum dg_bounce_kind kind);
const char *dg_bounce_form_text(enum dg_bounce_form form);
const char *dg_bounce_action_text(enum dg_bounce_action action);
