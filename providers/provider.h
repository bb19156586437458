/* providers/provider.h: a place where RRsets are read and changed.
 *
 * Shape    One const struct dg_provider_ops a provider, listed in providers/registry.c. An open provider serves any number of zones
 *          that have the same options (a server and its key, an API and its key, a folder of zone files).
 * Options  schema describes the provider's section in zone.yaml; opts is the filled struct: type, bounds and defaults are checked before open().
 * Calls    read() and apply() return at once and call done() exactly once, later, from the loop. check() before apply(): when it says 0,
 *          applying can only fail for what happens at run time. Several zones may be in flight at once, of one zone only one call.
 * Outcome  apply() ends in one of enum dg_outcome. APPLIED only when the provider said so in a way that can be believed; whoever called reads back all the same.
 * Marker   A provider with DG_CAP_MARKER gets the marker's swap as one of the swaps (controller/engine); it needs no knowledge of it.
 * Memory   Results live in the request's arena. A request lives until done(). close() frees what open() took; no done() after it.
 * Policy   None here: what may be changed is decided above; but no provider ever writes NS, SOA (other than a serial) or DNSSEC types.
 */
#pragma once

#include "providers/net/dns.h" /* struct dg_swap */
#include "providers/net/pace.h"
#include "zones/base/err.h"
#include "zones/record/zone.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dg_arena;
struct dg_loop;
struct dg_provider;
struct dg_schema;

enum dg_cap {
	DG_CAP_ATOMIC = 1 << 0, /* all swaps of one apply() or none */
	DG_CAP_CAS = 1 << 1,    /* the other side itself compares before with what stands there */
	DG_CAP_MARKER = 1 << 2, /* other writers may come between: use the marker */
	DG_CAP_WHOLE_ZONE = 1 << 3, /* read() can give the complete zone */
	/* A name server answers what was applied (a zone file may wait for a reload). */
	DG_CAP_PUBLISHED = 1 << 4,
	/* The other side's compare does not see TTLs; the SOA, where the one that is served is the one that is
	 * compared, tells that somebody changed one. */
	DG_CAP_SOA = 1 << 5,
};

/* What becomes of "0 ." (RFC 7505) there. */
enum dg_null_mx {
	DG_NULL_MX_ACCEPTED,
	DG_NULL_MX_EXCLUSIVE, /* only after every other MX was removed: for a moment there is none */
	DG_NULL_MX_REFUSED,
	DG_NULL_MX_NOT_KNOWN, /* is tried */
};

/* How a change of several RRsets comes to stand there. */
enum dg_transaction {
	DG_TRANSACTION_SWAP,   /* A: all at once, and only on what was there before */
	DG_TRANSACTION_BATCH,  /* B: all at once */
	DG_TRANSACTION_RRSET,  /* C: one RRset after the other */
	DG_TRANSACTION_RECORD, /* D: one record after the other */
	DG_TRANSACTION_ZONE,   /* E: the whole zone as one text */
};

struct dg_limits {
	uint32_t ttl_min, ttl_max; /* seconds */
	const uint32_t *ttl_steps; /* the only ones taken, ascending, ended by 0; NULL: any */
	size_t txt_max;            /* octets of one TXT record */
	uint16_t preference_max;   /* of an MX; 0: 65535 */
	const char *txt_refuses;   /* characters that may not stand in a TXT; NULL: none */
	enum dg_null_mx null_mx;
	bool is_null_mx_apex_only;
	bool is_mx_apex_only; /* no MX at all of other names than the zone's own */
	bool has_late_ttl; /* a record that is made gets the TTL that was asked for by a second call */
	enum dg_transaction transaction;
	const char *rate;               /* calls that are allowed, for people; NULL: not known */
	struct dg_net_pace_limits pace; /* what we keep to of it, for the whole account */
	const char *verified_on;        /* date of what is said here, "2026-11-22 (4.7.3)" */
	const char *doubts;             /* what could not be verified; NULL: nothing */
};

enum dg_outcome {
	DG_APPLIED,
	DG_NOT_APPLIED, /* surely nothing was changed; err says why; err.retry_after_s > 0: later it may work */
	DG_CONFLICT, /* surely nothing was changed: what stands there is not before; read again */
	DG_PARTIAL,  /* some of it */
	DG_UNKNOWN,  /* no answer, or one that cannot be believed: read before anything else */
};

struct dg_read {
	const char *zone;
	const struct dg_rrkey *keys; /* what must be known; the marker is among them */
	size_t n_keys;
	bool whole; /* read everything when that is possible, else the keys */
	/* Nothing will be written on it: where it cannot be told for sure whether a record stands there or comes from a
	 * wildcard, the best guess will do. */
	bool only_looks;
	bool mail_only; /* rdata only of the types that mail needs (zones/record/zonefile.h) */
	int64_t deadline_ms;
	struct dg_arena *arena;
	void (*done)(struct dg_read *r, int rc); /* 0: have is sealed; every key is known */
	void *arg;
	struct dg_zone *have;
	struct dg_err err;
	void *internal;
};

struct dg_apply {
	const char *zone;
	const struct dg_swap *swaps;
	size_t n_swaps;
	const char *version; /* dg_zone.version of the read that the swaps were planned on */
	/* The SOA of that read: the change is made only while it stands. Given with DG_CAP_SOA only; NULL: none. */
	const struct dg_rrset *soa;
	bool is_dry_run; /* everything but the change itself: reach, key, rights, prerequisites */
	int64_t deadline_ms;
	struct dg_arena *arena;
	void (*done)(struct dg_apply *a, enum dg_outcome outcome);
	void *arg;
	bool is_staged; /* with DG_PARTIAL: all edits are made, and name servers may show none of them */
	struct dg_err err;
	void *internal;
};

struct dg_provider_ops {
	const char *name;
	unsigned caps; /* enum dg_cap */
	struct dg_limits limits;
	const struct dg_schema *schema;

	/* p->loop and p->opts are set; sets p->priv. */
	int (*open)(struct dg_provider *p, struct dg_err *err);
	void (*close)(struct dg_provider *p);
	void (*read)(struct dg_provider *p, struct dg_read *r);
	/* Offline: can the provider hold this? DG_EPOLICY with the alternative. */
	int (*check)(
		struct dg_provider *p, const struct dg_swap *swaps, size_t n, struct dg_err *err);
	void (*apply)(struct dg_provider *p, struct dg_apply *a);
	/* "zonefile /etc/nsd/example.com.zone", "rfc2136 127.0.0.1@53": for people, no secrets. In buf. */
	const char *(*describe)(
		const struct dg_provider *p, const char *zone, char *buf, size_t len);
	/* The limits of this account, where options say something about them; NULL: those above. */
	const struct dg_limits *(*limits_of)(const struct dg_provider *p);
};

struct dg_provider {
	const struct dg_provider_ops *ops;
	struct dg_loop *loop;
	const void *opts;
	void *priv;
	struct dg_net_paces *paces; /* NULL: this provider's calls know of no others */
};

/* Providers built in, by name; NULL: no such. */
const struct dg_provider_ops *dg_provider_find(const char *name);
/* All of them, ended by NULL, in the order of their names; and their schemas for the loader. */
const struct dg_provider_ops *const *dg_provider_all(void);
const struct dg_schema *const *dg_provider_schemas_all(void);

/* paces: those of the process, which outlive it; NULL: none. */
int dg_provider_open(const struct dg_provider_ops *ops, const void *opts, struct dg_loop *l,
	struct dg_net_paces *paces, struct dg_provider **ret_provider, struct dg_err *err);
const struct dg_limits *dg_provider_limits(const struct dg_provider *p);
struct dg_provider *dg_provider_close(struct dg_provider *p); /* NULL is fine; returns NULL */
