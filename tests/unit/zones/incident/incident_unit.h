/* tests/unit/zones/incident/incident_unit.h: bounces and owners out of values. */
#pragma once

#include "tests/unit/unit.h"

#include "zones/base/arena.h"
#include "zones/incident/evidence.h"

#include <string.h>

#define UNIT_HOPS 4u

struct unit {
	struct dg_arena *arena;
	struct dg_bounce bounce;
	struct dg_bounce_hop outer[UNIT_HOPS], hops[UNIT_HOPS];
	struct dg_owner owner;
	struct dg_owner_network network;
	const char *domain;
};

static inline struct dg_bounce_hop unit_hop(const char *name, const char *address, const char *by)
{
	struct dg_bounce_hop h = {.text = "",
		.helo = "",
		.name = name,
		.by = by,
		.with = "",
		.id = "",
		.recipient = "",
		.user = ""};

	h.has_address = dg_address_parse(address, strlen(address), &h.address) == 0;
	return h;
}

/* A bounce of reporter.example to me@good.example, brought by 203.0.113.25, whose original came from the given address. Ours are
 * good.example and 192.0.2.0/24. */
static inline void unit_init(struct unit *u, const char *handoff)
{
	*u = (struct unit){.arena = dg_arena_new((size_t)8 << 20), .domain = "good.example"};
	dg_bounce_unreadable(&u->bounce, "");
	u->bounce.kind = DG_BOUNCE_BOUNCE;
	u->bounce.reporting_mta = "mx.reporter.example";
	u->bounce.reporting_organisation = "reporter.example";
	u->bounce.outer.hops = u->outer;
	u->bounce.outer.n_hops = 1;
	u->bounce.outer.delivered_to = "Me@Good.Example";
	u->outer[0] = unit_hop("mx.reporter.example", "203.0.113.25", "mx1.good.example");
	u->bounce.original_is = DG_BOUNCE_ORIGINAL_HEADERS;
	u->bounce.original.hops = u->hops;
	u->bounce.original.from = "me@good.example";
	u->hops[0] = unit_hop("", handoff, "mx.reporter.example");
	u->bounce.original.n_hops = 1;
	u->bounce.handoff.has_address = u->hops[0].has_address;
	u->bounce.handoff.address = u->hops[0].address;
	u->owner.domains = &u->domain;
	u->owner.n_domains = 1;
	u->owner.networks = &u->network;
	u->owner.n_networks = 1;
	(void)dg_network_parse("192.0.2.0/24", 12, &u->network.network);
}

static inline void unit_done(struct unit *u)
{
	u->arena = dg_arena_free(u->arena);
}
