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
 * Threads  A resolver belongs to one thread, and shares nothing with another.
 * Errors   DG_EINPUT: at is not an address. DG_EIO: a file cannot be read.
 */
#pragma once

#include "zones/base/err.h"
#include "zones/record/rrset.h"
#include "zones/record/view.h"

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

struct dg_resolver_options {
	const struct dg_endpoint *at; /* NULL or at->host NULL: the system's /etc/resolv.conf */
	bool is_recursive;            /* ask nobody: from the root on by ourselves */
	const char *root_hints;       /* path, with is_recursive; NULL: those that libunbound has */
	const char *trust_anchor;     /* path of DS or DNSKEY records; NULL: no validation */
	uint32_t n_window;            /* questions in flight; 0: DG_RESOLVER_WINDOW */
	uint32_t n_sockets;           /* to ask from, a file descriptor each; 0: 256 */
	size_t cache_bytes;           /* of libunbound; 0: what it has by itself (8 MB) */
};

/* options: NULL or all zero: the resolver of the system. */
int dg_resolver_new(struct dg_loop *l, const struct dg_resolver_options *options,
	struct dg_resolver **ret_resolver, struct dg_err *err);
/* Starts libunbound now. For threads: its start is not safe beside another context's, so one thread starts all of them before each
 * thread goes on with its own. DG_EIO: why it cannot; all questions are UNKNOWN then. */
int dg_resolver_start(struct dg_resolver *r, struct dg_err *err);
struct dg_resolver *dg_resolver_free(struct dg_resolver *r); /* NULL is fine; returns NULL */
const char *dg_resolver_text(
	const struct dg_resolver *r); /* "resolver 192.0.2.53@53", "resolver of this system" */
struct dg_loop *dg_resolver_loop(const struct dg_resolver *r);
/* So many questions in flight from now on; is_full: more are waiting for a place. */
void dg_resolver_set_window(struct dg_resolver *r, uint32_t n);
bool dg_resolver_is_full(const struct dg_resolver *r);
uint64_t dg_resolver_n_answered(const struct dg_resolver *r); /* by libunbound, until now */
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
