/* zones/policy/want.h: a policy to the RRsets that it wants. Pure: no look-ups, no clock.
 *
 * Shape    An item is one claim on one RRset: "the MX of lists.example.com. is exactly this", "among the TXT records of
 *          example.com. the one that begins with v=spf1 is this". What a claim does not cover in its RRset
 *          (a site verification TXT beside the SPF record) is not ours and stays.
 * Order    phase is the order on the way: all of phase 0 is published and verified before phase 1 is sent.
 * Source   What is published where: DESIGN "zone.yaml, a sketch"; RFC 7505, RFC 7208 section 10.1, RFC 9989 section 4.10.
 */
#pragma once

#include "zones/base/err.h"
#include "zones/record/rrset.h"

struct dg_arena;
struct dg_policy;
struct dg_zone;

/* Where a mail name with a split: section stands; kept by the store, not by zone.yaml. */
enum dg_name_stage {
	DG_STAGE_CALM,  /* the mail name takes mail; the subdomain is published beside it */
	DG_STAGE_ARMED, /* as calm, with TTLs at the mail name lowered to armed-ttl */
	DG_STAGE_SPLIT, /* mail lives at the subdomain, the mail name has a null MX */
	DG_STAGE_PROBING, /* as split, but the MX of the mail name is the sink: somebody looks what still comes */
};

struct dg_name_state {
	const char *name; /* canonical mail name */
	enum dg_name_stage stage;
	uint32_t mx_ttl; /* of its MX before it was armed, seconds; 0: not known */
	unsigned
		label; /* which name of the split mail lives at (dg_split_label()); those up to it may be published */
	unsigned
		retired; /* names of the split before this one take no mail any more; at most label */
};

struct dg_item {
	const char *owner;
	uint16_t type;
	const char *
		tag; /* TXT: only the records that dg_txt_has_tag() are ours. NULL: the whole RRset */
	struct dg_rdata *rdata;
	size_t n;     /* 0: must not be there */
	uint32_t ttl; /* 0: as it is served, DG_TTL_NEW for a new RRset */
	unsigned phase;
	bool is_mail_mx;  /* the MX of a mail name: nulling it costs mail */
	const char *why;  /* "no mail is sent from or to www.example.com" */
	const char *rule; /* "RFC 7505 section 3" */
	struct dg_pos pos;
};

/* Something a person should know that is not a change: a host that still takes mail by implicit MX, a wildcard's side effect. */
struct dg_note {
	const char *code; /* stable: "host-takes-mail" */
	const char *owner;
	const char *text;
	const char *rule;
	struct dg_pos pos;
};

struct dg_want {
	const char *zone;
	struct dg_item *items; /* sorted by phase, then owner (dg_name_cmp), then type */
	size_t n;
	struct dg_note *notes;
	size_t n_notes;
};

#define DG_TTL_NEW             3600u /* seconds, of a new RRset when no item of the policy asks for a TTL */
#define DG_WANT_HOST_NOTES_MAX 50u /* hosts named one by one; the rest is counted */

/* have: what the zone holds (for hosts with A/AAAA, wildcards, implicit MX); may be incomplete: then notes say what could not be
 * computed. states: of names that are not calm. DG_EINPUT/DG_EPOLICY with the place in zone.yaml: the policy contradicts itself, or
 * our own lint calls a record broken. */
int dg_want_make(struct dg_arena *a, const struct dg_policy *policy, const struct dg_zone *have,
	const struct dg_name_state *states, size_t n_states, struct dg_want **ret_want,
	struct dg_err *err);

/* The RRsets that must be read before dg_want_make() and dg_plan_make() can say everything, when the whole zone cannot be read. */
struct dg_rrkey;
void dg_want_keys(struct dg_arena *a, const struct dg_policy *policy, struct dg_rrkey **ret_keys,
	size_t *ret_n);

/* What would break when name is split, before it is: one note a hazard (facts: mail still sent from it, contact
 * addresses, cached MTA-STS, mailing lists, hosts with implicit MX). */
void dg_split_hazards(struct dg_arena *a, const struct dg_policy *policy, const char *name,
	const struct dg_zone *have, struct dg_note **ret_notes, size_t *ret_n);
