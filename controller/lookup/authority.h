/* controller/lookup/authority.h: asks every authoritative address of a zone directly, past all
 * caches.
 *
 * Shape    One view an address. Each is asked for the SOA over UDP and, unless is_over_udp, over TCP, and for every key
 *          over UDP (truncated answers go on over TCP), with RD=0. When the SOA does not come, the
 *          rest is not asked: the view's state says why.
 * Servers  servers when it names any; else the NS RRset at the apex of have, each name's A and AAAA
 *          from have where they stand there, else from the resolver. (A zone read with mail_only
 *          has no addresses: then the resolver is asked.) An NS name without an address is a view
 *          of its own with state ERROR.
 * Calls    dg_authority_ask() returns at once; done() comes once, from the loop, at the latest
 *          shortly after the deadline. Any number of requests may be in flight; sockets to one
 *          address are shared among them. A request must live until done(). After
 *          dg_authority_free() no done() comes.
 * Limits   DG_AUTHORITY_VIEWS_MAX addresses a zone (further ones: is_cut), DG_AUTHORITY_KEYS_MAX
 *          keys.
 * Errors   rc < 0 in done() only when nothing could be asked: no server known (DG_EINPUT: name them
 *          with verify: servers:), too many keys. Whatever a single server does is its view's
 *          state.
 * Source   RFC 1034 section 4.3.1; RFC 7766 (TCP is not optional).
 */
#pragma once

#include "zones/base/err.h"
#include "zones/record/view.h"

struct dg_arena;
struct dg_authority;
struct dg_endpoints;
struct dg_loop;
struct dg_resolver;
struct dg_rrkey;
struct dg_zone;

#define DG_AUTHORITY_VIEWS_MAX 32u
#define DG_AUTHORITY_KEYS_MAX  8192u
#define DG_AUTHORITY_WINDOW    16u  /* questions in flight for one view */
#define DG_AUTHORITY_POOL_MAX  256u /* addresses whose sockets are kept open between requests */

struct dg_authority_ask {
	const char *zone;            /* canonical */
	const struct dg_rrkey *keys; /* the SOA is asked besides */
	size_t n_keys;
	const struct dg_endpoints *servers; /* NULL or n == 0: have tells */
	const struct dg_zone *have;         /* may be NULL when servers are given */
	bool wants_cname; /* at each owner of a TXT key ask for a CNAME too: some servers serve
			       both, and receivers differ */
	bool is_over_udp; /* the SOA is not asked over TCP: nobody is to know whether that works */
	uint16_t port;    /* of NS names; 0: 53 */
	int64_t timeout_ms; /* for one server */
	struct dg_arena *arena;
	void (*done)(struct dg_authority_ask *q, int rc);
	void *arg;
	/* --- results --- */
	struct dg_view *views; /* in the order of servers, or of NS names and addresses */
	size_t n_views;
	bool is_cut; /* there are more addresses than DG_AUTHORITY_VIEWS_MAX */
	struct dg_err err;
	void *internal;
};

/* resolver: for addresses of name servers outside the zone; NULL: the system's resolver is asked
 * (it blocks). */
int dg_authority_new(struct dg_loop *l, struct dg_resolver *resolver,
	struct dg_authority **ret_authority, struct dg_err *err);
struct dg_authority *dg_authority_free(struct dg_authority *a); /* NULL is fine; returns NULL */
void dg_authority_ask(struct dg_authority *a, struct dg_authority_ask *q);
