/* providers/powerdns/body.h: the bodies of the zones API (JSON, RFC 8259) from and to RRsets. Pure.
 *
 * Shape    A zone comes as {"name", "kind", "soa_edit_api", "rrsets": [{"name", "type", "ttl", "records": [{"content",
 *          "disabled"}]}]}. Disabled records are not served: they are in no RRset, but are kept aside, since a replacement of
 *          their RRset would lose them. Types of PowerDNS alone (ALIAS, LUA) make their owner exist, with a type number
 *          of the private range and rdata of length 0.
 * Trust    Duplicate keys, wrong types, names outside the zone and rdata of MX, TXT, NS, SOA, CNAME and DNAME that cannot
 *          be read are errors (DG_EREMOTE): what was not understood is never taken for absent.
 * Limits   DG_POWERDNS_REPLY_MAX octets, DG_RDATA_MAX records an RRset.
 * Memory   In the arena given; the JSON values do not outlive a call.
 */
#pragma once

#include "zones/record/rrset.h"
#include "zones/record/zone.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dg_arena;
struct dg_err;
struct dg_swap;

#define DG_POWERDNS_REPLY_MAX (32u << 20)

struct dg_powerdns_disabled {
	const char *owner;
	uint16_t type;
	uint32_t ttl;
	const char *content; /* as it came */
};

struct dg_powerdns_zone {
	struct dg_zone *have;
	struct dg_powerdns_disabled *disabled;
	size_t n_disabled;
	size_t cap_disabled;
	bool is_secondary;      /* a copy of another server's zone: what is written here is lost */
	bool has_manual_serial; /* the server does not raise the serial itself */
};

struct dg_powerdns_wish {
	const char *zone; /* canonical */
	const struct dg_rrkey
		*keys; /* NULL: everything, have is complete; else these, and the SOA */
	size_t n_keys;
	bool mail_only;
};

int dg_powerdns_zone_parse(struct dg_arena *a, const struct dg_powerdns_wish *wish,
	const char *body, size_t len, struct dg_powerdns_zone **ret_zone, struct dg_err *err);

/* The PATCH that makes all swaps, in the arena. now (Unix seconds): for the serial, when it is ours to raise. */
const char *dg_powerdns_patch(struct dg_arena *a, const struct dg_powerdns_zone *z,
	const struct dg_swap *swaps, size_t n_swaps, int64_t now);

/* {"error": "..."} or plain text, on one line, made safe and short; never with secret in it. In the arena. */
const char *dg_powerdns_error_text(
	struct dg_arena *a, const char *body, size_t len, const char *secret);
