/* zones/incident/evidence.h: what one bounce proves about its original, held against what is ours. Pure.
 *
 * Shape    dg_evidence_of() reads a record (zones/bounce/bounce.h) as a judge does: of the returned lines it believes those that the
 *          reporting organisation wrote, up to the handoff, and below that only those of our own hosts when the handoff is ours.
 * Reporter  Counted by who connected: its organisation when its name agrees with what it says, else the network of its address, so
 *          that one host with many invented reports is one reporter.
 * Memory   Texts borrow the record, or live in the arena.
 */
#pragma once

#include "zones/base/address.h"
#include "zones/bounce/bounce.h"
#include "zones/incident/owner.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dg_arena;

#define DG_NO_HOP SIZE_MAX

enum dg_token {
	DG_TOKEN_NONE,    /* none are in force, or not yet long enough */
	DG_TOKEN_VALID,   /* the bounce came to an address with a token of ours */
	DG_TOKEN_MISSING, /* they are in force, and it has none, or a wrong one */
};

enum dg_existence {
	DG_EXISTENCE_UNKNOWN,
	DG_EXISTENCE_EXISTS,
	DG_EXISTENCE_NEVER,
};

/* What a DKIM signature of ours on the returned original says (zones/mail/dkim_verify.h). */
enum dg_signed {
	DG_SIGNED_NOT_CHECKED, /* there is one, on an original that came back whole; no key was asked for */
	DG_SIGNED_NONE,   /* no signature of ours, or the original is not whole */
	DG_SIGNED_NO_KEY, /* its key is not known any more, or could not be looked up */
	DG_SIGNED_BROKEN, /* it does not verify: made up, or changed on the way */
	DG_SIGNED_OURS,   /* it verifies: the mail was signed with our key */
	DG_SIGNED_COPIED, /* it verifies, and strangers handed the same message over again and again (the caller counts) */
	DG_SIGNED_STATES,
};

/* How mail came into our own host. */
enum dg_entry {
	DG_ENTRY_NONE,    /* it did not pass it */
	DG_ENTRY_UNSEEN,  /* it passed, and no line says how it came in */
	DG_ENTRY_LOGIN,   /* somebody logged in */
	DG_ENTRY_LOCAL,   /* a program on that host */
	DG_ENTRY_INSIDE,  /* from a host of ours, or a private address, without a login */
	DG_ENTRY_OUTSIDE, /* from a stranger, without a login */
	DG_ENTRY_FORWARD, /* from a stranger, for an address of ours, and then sent on */
};

struct dg_evidence {
	const struct dg_bounce *bounce;
	const struct dg_bounce_head *returned; /* the header that counts: the innermost original */
	int64_t at; /* when the bounce came, Unix seconds; 0: not known */

	const char *reporter;     /* organisation that it says it is, or the address; "" */
	const char *reporter_key; /* what distinct reporters are counted by */
	bool has_client;          /* who connected to us with it */
	struct dg_address client;
	bool is_plausible; /* the client's name is not at odds with the reporter */

	const char *recipient;   /* whom the bounce came to, lower case; "" not known */
	const char *local;       /* its local part */
	const char *from_domain; /* of From of the original */
	const char
		*sender_domain; /* of its MAIL FROM; the recipient's when that was not returned */
	size_t n_recipients;    /* of the original that failed */

	bool is_own_report; /* a host of ours wrote it: there is no handoff */
	bool has_handoff;
	struct dg_address handoff;
	const char *handoff_name; /* "" */
	bool claims_our_name;     /* the handoff's HELO is a name of ours, its address is not */
	enum dg_standing standing;
	const char *provider; /* of SHARED */
	size_t handoff_hop;   /* DG_NO_HOP */

	enum dg_entry entry;
	size_t entry_hop;   /* the line that says so, or DG_NO_HOP */
	const char *host;   /* of ours that took it in: its name or address; "" */
	const char *user;   /* who logged in, or "userid 33"; "" */
	const char *script; /* "" */
	bool has_entry_client;
	struct dg_address entry_client;

	enum dg_token token;
	enum dg_existence existence;
	enum dg_signed signed_by; /* NONE until the caller, who has the octets, says more */
	bool is_sent;             /* its Message-ID is in the list of what we sent */
	bool is_logged; /* our log says how it came in (zones/incident/sendlog.h): entry is what it says */
	bool is_bulk;      /* the original has the marks of a mailing */
	bool is_list_leak; /* the bounce came to a list, or back out of one */
	bool never_sends;  /* it came to the posting address of a list of ours */
};

/* token: what the address that it came to says (the caller has the key). */
void dg_evidence_of(struct dg_arena *a, const struct dg_bounce *b, const struct dg_owner *o,
	enum dg_token token, struct dg_evidence *ret_evidence);
/* Whom the message came to: Delivered-To and the like, else the envelope in our top Received line, else To. In lower case, "" when nothing says. */
const char *dg_evidence_recipient(struct dg_arena *a, const struct dg_bounce *b);
/* The lines of the header that counts: innermost, or original. */
const struct dg_bounce_head *dg_evidence_returned(const struct dg_bounce *b);

/* No host of ours is known to have handed it over: somebody else had the message, and sent it to whom he liked. */
bool dg_evidence_is_passed_on(const struct dg_evidence *e);

/* An address that nobody on the Internet has: of our own network. Documentation ones count as public, for tests and examples. */
bool dg_evidence_is_private(const struct dg_address *address);

/* A signature of the header whose domain is ours; NULL: none. */
const struct dg_bounce_signature *dg_evidence_signature(
	const struct dg_bounce *b, const struct dg_owner *o);

const char *dg_entry_text(enum dg_entry e);   /* "login", ...: stable, for JSON */
const char *dg_signed_text(enum dg_signed s); /* "not-checked", ...: stable, for JSON */
