/* zones/mail/facts.h: what a rule asks of the world, without touching it (the pull model).
 *
 * Shape    A rule that evaluates records is a pure function of the facts that it asks for. dns() returns what is known of
 *          (owner, type) at once; what is not known yet is PENDING: the rule then goes on as far as it can, says
 *          in its result that it is not finished, and is run again from the start when more is known. So the same
 *          rule runs on a zone file, on a test's values, and on the Internet, one domain or millions.
 * States   FOUND, NODATA and NXDOMAIN are answers; UNKNOWN (timeout, SERVFAIL, bogus, too many questions) is "could not
 *          tell" and never the same as absent.
 * Memory   A fact lives as long as whoever answers; the same question gets the same fact for the whole of one run.
 */
#pragma once

#include "zones/record/rrset.h"
#include "zones/record/view.h"

#include <stddef.h>
#include <stdint.h>

enum dg_fact_state {
	DG_FACT_PENDING,
	DG_FACT_FOUND,
	DG_FACT_NODATA,
	DG_FACT_NXDOMAIN,
	DG_FACT_UNKNOWN,
};

struct dg_fact {
	enum dg_fact_state state;
	struct dg_rrset
		set; /* FOUND: of the type asked, its owner is where the CNAMEs ended; else none */
	const char *
		alias; /* where a chain of CNAMEs led, whatever was found there; NULL: there was no CNAME */
	uint32_t negative_ttl; /* NODATA, NXDOMAIN: seconds; 0: not told */
	enum dg_trust trust;   /* DNSSEC (RFC 4035): NONE when no validation was asked for */
	const char *why;       /* UNKNOWN: in words */
};

/* A document fetched by HTTPS (the MTA-STS policy). */
enum dg_fetch_state {
	DG_FETCH_PENDING,
	DG_FETCH_FOUND,   /* status 200 */
	DG_FETCH_STATUS,  /* another status; a redirect is one (it is not followed) */
	DG_FETCH_BAD_TLS, /* the certificate is wrong */
	DG_FETCH_PRIVATE, /* the host has no address on the Internet (loopback, private, link-local ...) */
	DG_FETCH_TOO_LARGE,
	DG_FETCH_UNKNOWN,   /* no connection, timeout */
	DG_FETCH_NOT_ASKED, /* this run fetches nothing */
};

struct dg_fetch {
	enum dg_fetch_state state;
	const char *url;
	long status;
	const char *content_type; /* as sent, safe to show; "" when there was none */
	const char *body;         /* FOUND: NUL-terminated, len octets, may hold NULs */
	size_t len;
	const char *why; /* all but FOUND: in words */
};

struct dg_facts {
	/* owner is canonical; it need not outlive the call. Never NULL. */
	const struct dg_fact *(*dns)(void *arg, const char *owner, uint16_t type);
	/* NULL: as if every answer were NOT_ASKED. */
	const struct dg_fetch *(*fetch)(void *arg, const char *url);
	void *arg;
};

static inline const struct dg_fact *dg_fact(
	const struct dg_facts *f, const char *owner, uint16_t type)
{
	return f->dns(f->arg, owner, type);
}

static inline bool dg_fact_is_none(
	const struct dg_fact *fact) /* surely nothing of that type there */
{
	return fact->state == DG_FACT_NODATA || fact->state == DG_FACT_NXDOMAIN;
}

const char *dg_fact_state_text(enum dg_fact_state s); /* "found", "nodata", ...: stable, for JSON */
const char *dg_fetch_state_text(enum dg_fetch_state s);

/* --- facts out of zones that are wholly known --------------------------------------------------
 * Answers as a resolver would that knows these zones and nothing else: CNAMEs and DNAMEs followed (8 at most), wildcards (RFC
 * 4592), empty non-terminals, delegations to zones that are known too. A name outside them, under a cut to a zone that is not
 * known, or not found in a zone that is not complete: other is asked, or UNKNOWN when other is NULL. */
struct dg_arena;
struct dg_zone;

struct dg_zone_facts;
/* zones: sealed, borrowed. Facts live in the arena. */
struct dg_zone_facts *dg_zone_facts_new(struct dg_arena *a, const struct dg_zone *const *zones,
	size_t n, const struct dg_facts *other);
const struct dg_facts *dg_zone_facts(struct dg_zone_facts *z);
