/* zones/record/zone.h: what was read of a zone: "have".
 *
 * Shape    RRsets, found by owner and type. A set with n == 0 was looked for and is not there; a set that
 *          is not in the zone was not looked for, unless is_complete: then everything was read (a transfer,
 *          a file) and what is not listed does not exist. So "could not tell" never becomes "absent".
 * Calls    dg_zone_add() in any order, dg_zone_seal() once, then look-ups.
 * Memory   Lives in the arena given to dg_zone_new(), RRsets are borrowed and must live as long.
 */
#pragma once

#include "zones/record/rrset.h"

struct dg_arena;

struct dg_zone {
	const char *apex;      /* canonical */
	struct dg_rrset *sets; /* after seal: sorted by dg_name_cmp(owner), then type */
	size_t n;
	size_t cap;
	bool is_complete;
	bool is_sealed;
	struct dg_arena *arena;
	/* What the provider needs to notice an edit between reading and writing; empty when it has none. */
	const char *version; /* zone file: digest of its bytes; others: the SOA serial as text */
	/* Where it was read, for people: "zonefile /etc/…", "127.0.0.1@53 (AXFR)". */
	const char *from;
};

/* An RRset's place. */
struct dg_rrkey {
	const char *owner;
	uint16_t type;
};

struct dg_zone *dg_zone_new(struct dg_arena *a, const char *apex);
void dg_zone_add(struct dg_zone *z, const struct dg_rrset *set);
/* Sorts; several sets of one owner and type become one (records of a transfer come one by one), with the lowest TTL. */
void dg_zone_seal(struct dg_zone *z);
/* 0: *ret_set is it (n == 0: it does not exist). 1: not known. */
int dg_zone_get(
	const struct dg_zone *z, const char *owner, uint16_t type, struct dg_rrset *ret_set);
/* Index of the first set whose owner is not before owner (dg_name_cmp); n: none. So names can be walked from anywhere. */
size_t dg_zone_lower_bound(const struct dg_zone *z, const char *owner);
/* Any RRset at this owner? 0 no, 1 yes, 2 not known. */
int dg_zone_has_name(const struct dg_zone *z, const char *owner);
uint32_t dg_zone_serial(const struct dg_zone *z); /* 0: no SOA was read */
/* min(SOA TTL, MINIMUM), RFC 2308 section 5; 0: no SOA. */
uint32_t dg_zone_negative_ttl(const struct dg_zone *z);
