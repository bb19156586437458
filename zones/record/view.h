/* zones/record/view.h: what one name server, or one resolver, says about a zone at one
 * moment.
 *
 * Shape    says holds the answers, found with dg_zone_get(): 0 and n > 0: it serves this; 0 and n
 *          == 0: it says that there is none (NODATA, NXDOMAIN); 1: it was not asked or could not
 *          tell. A CNAME met at an owner is in says as its own RRset.
 * States   "Could not tell" is never "absent": a view that is not OK proves nothing about records.
 * Memory   In the arena of the request that made it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dg_zone;

enum dg_view_state {
	DG_VIEW_OK,      /* answered; a single answer may still be missing from says */
	DG_VIEW_TIMEOUT, /* silent until the deadline */
	DG_VIEW_REFUSED, /* RCODE REFUSED or NOTAUTH: does not serve the zone to us */
	DG_VIEW_LAME,  /* answers without authority (no AA, a referral): has not loaded the zone */
	DG_VIEW_ERROR, /* SERVFAIL, nonsense, no address for its name */
	DG_VIEW_BOGUS, /* a resolver only: DNSSEC validation failed */
	DG_VIEW_NO_ROUTE, /* this machine has no way to the address (IPv6): not asked; proves nothing */
};

enum dg_trust {
	DG_TRUST_NONE,     /* a name server's own word; no validation was asked for */
	DG_TRUST_INSECURE, /* proven unsigned, or no trust anchor above it */
	DG_TRUST_SECURE,
	DG_TRUST_BOGUS,
};

struct dg_view {
	const char *name;    /* "ns1.example.com", or the address as written */
	const char *address; /* "192.0.2.1@53"; NULL: none was found */
	const char *text;    /* "ns1.example.com 192.0.2.1@53": for people */
	bool is_resolver;    /* its TTLs count down, it has no serial */
	enum dg_view_state state;
	const char
		*why; /* in words; state OK: why the first of n_unknown is not known, else NULL */
	const char *tcp_why; /* answers over UDP, but not over TCP: why; NULL: TCP is fine, or was
				not tried */
	bool has_serial;
	uint32_t serial;
	uint32_t refresh;     /* SOA, seconds; a secondary asks at least that often */
	enum dg_trust trust;  /* the lowest of its answers */
	struct dg_zone *says; /* never NULL; sealed */
	size_t n_unknown;     /* keys that it could not tell; why says so for the first */
};

const char *dg_view_state_text(enum dg_view_state s); /* "ok", "timeout", ...: stable, for JSON */
const char *dg_trust_text(enum dg_trust t);
