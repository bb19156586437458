/* controller/lookup/resolver.h: DNS as a receiver on the Internet sees it, through a recursive
 * resolver (libunbound).
 *
 * Shape    One context with an empty cache. Give each run a new one: nothing it says is older than
 *          the run, but for what the resolver behind it holds in its cache (the TTL that remains
 *          says how long).
 * Answers  FOUND, NODATA, NXDOMAIN, or UNKNOWN: timeout, SERVFAIL, bogus: could not tell. Bogus
 *          data is never handed on.
 * Calls    dg_resolver_ask() returns at once; done() comes once, from the loop, never from inside
 *          the call. A question must live until then. After dg_resolver_free() no done() comes.
 *          Free it before the loop.
 * Time     deadline_ms of its own for each question: libunbound alone would wait 17 s for a silent
 *          forwarder.
 * Trust    With a trust anchor file every answer is validated (RFC 4035).
 * Start    libunbound is started by the first question: a run that asks nothing does not pay for
 *          it. What is wrong with resolv.conf or inside the trust anchor file is told by UNKNOWN
 *          then.
 * Errors   DG_EINPUT: at is not an address. DG_EIO: the trust anchor file cannot be read.
 */
#pragma once

#include "zones/record/view.h"
#include "zones/base/err.h"
#include "zones/record/rrset.h"

struct dg_arena;
struct dg_endpoint;
struct dg_loop;
struct dg_resolver;
struct dg_rrkey;

#define DG_RESOLVER_WINDOW 200u /* questions in flight; more wait in a queue */

enum dg_resolved {
	DG_RESOLVED_FOUND,
	DG_RESOLVED_NODATA,
	DG_RESOLVED_NXDOMAIN,
	DG_RESOLVED_UNKNOWN,
};

struct dg_resolve {
	const char *name; /* canonical */
	uint16_t type;
	int64_t deadline_ms; /* from now on, waiting in the queue included */
	struct dg_arena *arena;
	void (*done)(struct dg_resolve *q);
	void *arg;
	/* --- results --- */
	enum dg_resolved result;
	struct dg_rrset set;           /* FOUND: of the type asked, at the end of the CNAMEs; else
					  dg_rrset_none(name, type) */
	const struct dg_rrset *cnames; /* the chain, in no order */
	size_t n_cnames;
	uint32_t negative_ttl; /* NODATA, NXDOMAIN: seconds that caches may hold it; 0: not told */
	enum dg_trust trust;
	int rcode;
	const char *why; /* UNKNOWN: in words; else NULL */
	void *internal;
};

/* at: an address and port; NULL or at->host NULL: the system's /etc/resolv.conf. trust_anchor: path
 * of a file with DS or DNSKEY records; NULL: no validation. */
int dg_resolver_new(struct dg_loop *l, const struct dg_endpoint *at, const char *trust_anchor,
	struct dg_resolver **ret_resolver, struct dg_err *err);
struct dg_resolver *dg_resolver_free(struct dg_resolver *r); /* NULL is fine; returns NULL */
const char *dg_resolver_text(
	const struct dg_resolver *r); /* "resolver 192.0.2.53@53", "resolver of this system" */
struct dg_loop *dg_resolver_loop(const struct dg_resolver *r);
void dg_resolver_ask(struct dg_resolver *r, struct dg_resolve *q);
void dg_resolver_cancel(struct dg_resolve *q); /* no done() comes; nothing when it came already */

/* Asks for all keys and makes one view of it, so that a resolver compares like a name server
 * (verify.h). */
struct dg_resolver_look {
	const char *zone; /* canonical */
	const struct dg_rrkey *keys;
	size_t n_keys;
	int64_t deadline_ms; /* for all of it */
	struct dg_arena *arena;
	void (*done)(struct dg_resolver_look *q);
	void *arg;
	/* --- results --- */
	struct dg_view view;
	void *internal;
};
void dg_resolver_look(struct dg_resolver *r, struct dg_resolver_look *q);
