/* zones/mail/mx.h: what an MX RRset says (RFC 5321 section 5.1, RFC 7505).
 *
 * Source   RFC 7505 section 3: a null MX is one MX record with preference 0 and the root as exchange; a name with
 *          a null MX has no other MX record.
 */
#pragma once

#include <stdint.h>

struct dg_arena;
struct dg_lints;
struct dg_rrset;

enum dg_mx_state {
	DG_MX_ABSENT, /* no MX: senders try A and AAAA (RFC 5321 section 5.1) */
	DG_MX_HOSTS,  /* ordinary MX records only */
	DG_MX_NULL,   /* exactly the null MX */
	DG_MX_BROKEN, /* the root as exchange, but beside others or with a preference above 0 */
};

/* mx NULL or n == 0: the name has none. */
enum dg_mx_state dg_mx_state(const struct dg_rrset *mx);
/* The null MX of owner. ttl in seconds. Lives in the arena. */
struct dg_rrset dg_nullmx(struct dg_arena *a, const char *owner, uint32_t ttl);
/* BROKEN states, exchanges that are addresses ("192.0.2.1." as a name) or "localhost.", hosts of one label ... */
void dg_mx_lint(const struct dg_rrset *mx, struct dg_lints *lints);
