/* zones/incident/notice.h: letters about an episode: to whom, and what they say. Drafts only: nothing here sends. Pure.
 *
 * Shape    dg_notice_seen_read() takes what a triage found (the JSON of doc/json.md: triage), dg_notice_plan() says who is to be written to,
 *          zones/incident/contacts.h finds addresses, dg_notice_join() makes it one letter an organisation, dg_notice_put() writes
 *          one as a message (RFC 5322).
 * Whom     By the verdict. Forged: whoever handed the mail over (abuse), and who bounces instead of refusing (postmaster). Relay, provider: who
 *          runs that host. Account, script: the registrar, who asks. Always: our own users, and the national desk.
 * Privacy  Local parts of addresses are masked (dg_notice_mask()); Message-IDs stay, since logs are searched by them. Lines that the sender may
 *          have forged are left out.
 * Source   RFC 5965 (ARF; type abuse to origins, other to those who bounce: there is no type for backscatter), XARF 4 (messaging, spam),
 *          RFC 2142 (abuse@, postmaster@).
 * Limits   The constants below.
 * Memory   In the arena given.
 */
#pragma once

#include "zones/base/address.h"
#include "zones/incident/verdict.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dg_arena;
struct dg_buf;
struct dg_err;

#define DG_NOTICE_PARTIES_MAX 64u
#define DG_NOTICE_PLACES_MAX  10u /* addresses or hosts that one letter names */
#define DG_NOTICE_TO_MAX      2u
#define DG_NOTICE_ITEMS_MAX   50u /* of each list of a triage */
#define DG_NOTICE_JSON_MAX    ((size_t)16 << 20)
#define DG_NOTICE_SAMPLE_MAX  ((size_t)16 << 10)
#define DG_NOTICE_LETTER_MAX  ((size_t)1 << 20)

/* --- what was seen ---------------------------------------------------------------------------- */
struct dg_notice_item {
	const char *text; /* address, organisation, host */
	uint64_t n;       /* bounces */
	int64_t first, last;
	bool is_forged; /* origins: most of it is forged mail */
	const char *
		name; /* origins: what the address resolves to, as a line that is believed says; "" */
	const char *sample; /* header of one such mail, masked; NULL: none */
};

struct dg_notice_list {
	struct dg_notice_item *items;
	size_t n;
};

struct dg_notice_seen {
	enum dg_incident_kind kind;
	enum dg_level level;
	const char *who;            /* host, login, script, provider; "" */
	const char *const *domains; /* ours */
	size_t n_domains;
	uint64_t n_bounces;
	int64_t first, last;
	bool has_few_reporters;
	struct dg_notice_list origins, reporters, hosts, providers;
};

/* text: the line of `triage --json` (other lines are passed over). DG_EINPUT: it is not there, or not what a triage says. */
int dg_notice_seen_read(struct dg_arena *a, const char *text, size_t n,
	struct dg_notice_seen *ret_seen, struct dg_err *err);

/* --- to whom ---------------------------------------------------------------------------------- */
enum dg_notice_kind {
	DG_NOTICE_ORIGIN,   /* handed forged mail over */
	DG_NOTICE_RELAY,    /* runs a host that sends for us and was abused */
	DG_NOTICE_REPORTER, /* bounces to those who did not send */
	DG_NOTICE_USERS,    /* our own, in Japanese and English */
	DG_NOTICE_REGISTRAR,
	DG_NOTICE_DESK, /* national: a CERT, an anti-spam centre */
	DG_NOTICE_KINDS,
};

struct dg_notice {
	enum dg_notice_kind kind;
	const char *organisation; /* registrable domain, or network; "" of USERS, REGISTRAR, DESK */
	const char *to[DG_NOTICE_TO_MAX];
	size_t n_to;       /* 0: nobody knows: the letter cannot be sent */
	const char *basis; /* where `to` comes from: "RDAP", "abuse.net", "RFC 2142", ...; "" */
	const struct dg_notice_item *places[DG_NOTICE_PLACES_MAX];
	size_t n_places;
	uint64_t n; /* bounces of all places */
};

struct dg_notice_wish {
	const char *users, *registrar, *desk; /* addresses; NULL: not known */
	size_t most;                          /* origins, and reporters, at most */
};

/* One party an address or organisation, in the order of the lists; `to` where the wish has it. Returns how many. */
size_t dg_notice_plan(struct dg_arena *a, const struct dg_notice_seen *seen,
	const struct dg_notice_wish *wish, struct dg_notice ret[DG_NOTICE_PARTIES_MAX]);
/* The host or organisation by which contacts are looked for; "": only an address is known. */
const char *dg_notice_name(struct dg_arena *a, const struct dg_notice *n);
/* One letter an organisation: parties with the same contact, or the same organisation, become one; our own are left out. Returns how many. */
size_t dg_notice_join(struct dg_arena *a, const struct dg_notice_seen *seen,
	struct dg_notice list[DG_NOTICE_PARTIES_MAX], size_t n);

/* --- the letter ------------------------------------------------------------------------------- */
enum dg_notice_form {
	DG_NOTICE_TEXT,
	DG_NOTICE_ARF, /* RFC 5965; of parties without a sample, and of USERS, REGISTRAR and DESK: text */
	DG_NOTICE_XARF, /* a JSON report beside the text; the same */
};

/* What makes one letter differ from the next. */
struct dg_notice_stamp {
	const char *from; /* a plain address */
	int64_t now;      /* Unix seconds */
	uint8_t random[16];
	enum dg_notice_form form;
};

/* The message, with CRLF. */
void dg_notice_put(struct dg_buf *b, const struct dg_notice *n, const struct dg_notice_seen *seen,
	const struct dg_notice_stamp *stamp);
/* "01-origin-example.net.eml": of [a-z0-9.-] only. */
const char *dg_notice_file(struct dg_arena *a, const struct dg_notice *n, size_t number);
/* --- a draft that is read back ----------------------------------------------------------------- */
#define DG_NOTICE_DRAFT_TO_MAX 8u

struct dg_notice_draft {
	const char *from;
	const char *to[DG_NOTICE_DRAFT_TO_MAX];
	size_t n_to;
	const char *subject; /* not safe to show */
};

/* text: n octets and a NUL. One From, one To, all of them plain addresses, and no other field that names a recipient: what is not plain is refused,
 * not guessed. DG_EINPUT. */
int dg_notice_draft_read(struct dg_arena *a, const char *text, size_t n,
	struct dg_notice_draft *ret_draft, struct dg_err *err);
/* The letter as it is sent: with CRLF, without what marks a draft (X-Unsent). */
void dg_notice_draft_put(struct dg_buf *b, const char *letter);
/* The XARF report alone. */
void dg_notice_put_xarf(struct dg_buf *b, const struct dg_notice *n,
	const struct dg_notice_seen *seen, const struct dg_notice_stamp *stamp);

/* text with the local parts of all addresses made "***": who they are is nobody else's business, also of our own people. */
void dg_notice_mask(struct dg_buf *b, const char *text);

const char *dg_notice_kind_text(enum dg_notice_kind k); /* "origin", ...: stable, for JSON */

struct dg_evidence;
/* The header of the original of one bounce: the lines that are believed, and what names it; masked. In the arena. */
const char *dg_notice_sample(struct dg_arena *a, const struct dg_evidence *e);
