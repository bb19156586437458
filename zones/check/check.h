/* zones/check/check.h: can a domain be forged, why, and what to publish. Pure: asks facts.
 *
 * Shape    dg_check_make() is run with the facts that there are, and again when more are known, until n_pending is 0. The
 *          result is verdicts first (one for each identity and class of name), then findings, then the records as
 *          they are served, broken ones too.
 * Depth    FAST asks only what the verdicts need; AUDIT all first-order records of the name; FULL also hosts, selectors, MX
 *          hosts, TLSA, wildcards, the MTA-STS policy, consent to reports ...
 * Unknown  What could not be looked up is severity UNKNOWN, and a verdict that hangs on it is "could not tell".
 * Memory   In the arena given; input and facts are borrowed.
 */
#pragma once

#include "zones/check/finding.h"
#include "zones/mail/dmarc_find.h"
#include "zones/mail/facts.h"
#include "zones/mail/mx.h"
#include "zones/mail/spf_tree.h"
#include "zones/record/rrset.h"

#include <stdbool.h>
#include <stddef.h>

struct dg_arena;
struct dg_buf;
struct dg_relay_host;
struct dg_view;
struct dg_zone;

enum dg_check_depth {
	DG_CHECK_FAST,
	DG_CHECK_AUDIT,
	DG_CHECK_FULL,
};

struct dg_check_input {
	const char *domain; /* canonical */
	enum dg_check_depth depth;
	const struct dg_facts *facts;
	const struct dg_zone *
		zone; /* all of the zone, where it is known: hosts and wildcards exactly. NULL: probes */
	const char *const
		*selectors; /* DKIM selectors that were given; else common ones are tried */
	size_t n_selectors;
	const char *const *hosts; /* further names under the domain to look at, canonical */
	size_t n_hosts;
	const char *
		probe; /* a random label, for wildcards and names that do not exist; NULL: no probes */
	const struct dg_view
		*servers; /* what each authoritative address says (the keys of dg_check_keys()) */
	size_t n_servers;
	bool are_servers_pending;           /* they are still being asked */
	const char *servers_why;            /* why none could be asked; NULL */
	const struct dg_relay_host *relays; /* what MX hosts said to strangers (relay.h) */
	size_t n_relays;                    /* 0: they were not asked */
	bool wants_trees; /* of each SPF record, also where the verdict can do without */
};

enum dg_identity {
	DG_IDENTITY_FROM,      /* the header's author address */
	DG_IDENTITY_MAIL_FROM, /* the reverse-path: who gets the bounces */
	DG_IDENTITY_HELO,
};
#define DG_IDENTITIES 3u

enum dg_name_class {
	DG_CLASS_DOMAIN,    /* the domain itself */
	DG_CLASS_SUBDOMAIN, /* names under it that exist */
	DG_CLASS_MISSING,   /* names under it that do not exist */
	DG_CLASS_HOST,      /* names with an address: the web server, MX hosts */
};
#define DG_CLASSES 4u

enum dg_forgery {
	DG_FORGEABLE,
	DG_FORGEABLE_LENIENT, /* only at receivers that do not act on what is published */
	DG_PROTECTED,
	DG_FORGERY_UNKNOWN,
};

struct dg_ruling {
	enum dg_identity identity;
	enum dg_name_class class;
	enum dg_forgery forgery;
	const char *name; /* that was judged, canonical: of several the weakest */
	const char *
		record; /* that decides, as served, with its owner: "_dmarc.example.com TXT v=DMARC1; p=none"; NULL: its absence */
	const char *why; /* one sentence */
};

enum dg_backscatter {
	DG_BACKSCATTER_YES,
	DG_BACKSCATTER_NO,
	DG_BACKSCATTER_UNKNOWN,
};

/* What was looked at, as served. */
struct dg_check_record {
	const char *owner;
	uint16_t type;
	const struct dg_fact *fact;
};

struct dg_check_mx {
	const char *host; /* canonical */
	uint16_t preference;
	const struct dg_fact *a, *aaaa; /* NULL: not asked */
};

struct dg_check_spf {
	const char *record; /* as served */
	struct dg_spf_tree tree;
};

struct dg_check_key { /* a DKIM selector that was found */
	const char *selector;
	const char *record; /* as served */
	const char *text;   /* "RSA 2048 bits", "revoked", "testing" */
};

struct dg_check {
	const char *domain;
	bool exists;     /* false: NXDOMAIN */
	bool is_unknown; /* nothing could be looked up at all */
	struct dg_ruling rulings[DG_IDENTITIES][DG_CLASSES];
	enum dg_backscatter backscatter;
	const char *backscatter_why;
	bool sends,
		is_sends_known; /* by its SPF record somebody may send from it (or it has none) */
	bool receives, is_receives_known; /* it has an MX, or an address and no MX */
	bool is_parked;                   /* neither: null MX or no way in, -all */
	struct dg_finding *findings;      /* the worst first, then in the order of the book */
	size_t n_findings, n_findings_dropped;
	size_t n_by_severity[5];
	struct dg_check_record *records;
	size_t n_records;
	enum dg_mx_state mx_state;
	struct dg_check_mx *mx;
	size_t n_mx;
	const char *spf_record; /* the first one, as served; NULL: none */
	size_t n_spf_records;
	struct dg_spf_tree *spf;       /* of the first record; NULL: none, or not wanted */
	struct dg_check_spf *spf_more; /* of those after it, with wants_trees */
	size_t n_spf_more;
	struct dg_dmarc_found walk, psl; /* of the domain itself */
	struct dg_check_key *keys;
	size_t n_keys;
	const struct dg_view *servers; /* those of the input */
	size_t n_servers;
	size_t n_pending;
};

#define DG_CHECK_FINDINGS_MAX 256u
#define DG_CHECK_SPF_MORE_MAX 3u
#define DG_CHECK_RECORDS_MAX  256u
#define DG_CHECK_HOSTS_MAX    200u /* hosts of a known zone that are named one by one */

void dg_check_make(struct dg_arena *a, const struct dg_check_input *in, struct dg_check *ret_check);

/* What to ask each authoritative address. */
struct dg_rrkey;
void dg_check_keys(struct dg_arena *a, const struct dg_check_input *in, struct dg_rrkey **ret_keys,
	size_t *ret_n);

struct dg_check_style {
	bool has_colour, is_verbose;
};
void dg_check_print(struct dg_buf *b, const struct dg_check *c, const struct dg_check_style *style);
/* One JSON object, no newline (doc/json.md). short: no records, no trees: for an audit. */
void dg_check_json(struct dg_buf *b, const struct dg_check *c, bool is_short);

const char *dg_identity_text(enum dg_identity i);     /* "from", "mail-from", "helo": stable */
const char *dg_name_class_text(enum dg_name_class c); /* "domain", "subdomain", "missing", "host" */
const char *dg_forgery_text(enum dg_forgery f); /* "forgeable", "lenient", "protected", "unknown" */
