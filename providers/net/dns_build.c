#include "providers/net/dns_build.h"

#include <stdlib.h>

#include "providers/net/dns.h"
#include "providers/net/tsig.h"
#include "zones/record/rrset.h"
#include "zones/record/zone.h"

static void put_question(struct dg_wire_out *o, const char *name, uint16_t type)
{
	dg_wire_put_name(o, name);
	dg_wire_put16(o, type);
	dg_wire_put16(o, DG_CLASS_IN);
	dg_wire_count(o, 0, 1);
}

void dg_query_build(struct dg_wire_out *o, uint16_t id, const char *name, uint16_t type, bool rd,
	unsigned udp_size)
{
	dg_wire_put_header(o, id, DG_OPCODE_QUERY, rd);
	put_question(o, name, type);
	if (udp_size > 0) {
		dg_wire_put_record(o, ".", DG_TYPE_OPT, (uint16_t)udp_size, 0, NULL);
		dg_wire_count(o, 3, 1);
	}
}

static size_t put_set(struct dg_wire_out *o, const struct dg_rrset *set, uint32_t ttl)
{
	for (size_t i = 0; i < set->n; i++) {
		dg_wire_put_record(o, set->owner, set->type, DG_CLASS_IN, ttl, &set->rdata[i]);
	}
	return set->n;
}

/* RFC 2136 section 2.4: what must stand there, with TTL 0. */
static size_t put_prerequisites(struct dg_wire_out *o, const struct dg_dns_update *u)
{
	size_t n = 0;

	for (size_t i = 0; i < u->n_swaps; i++) {
		const struct dg_rrset *set = &u->swaps[i].before;
		if (set->n > 0) {
			n += put_set(o, set, 0);
		} else {
			dg_wire_put_record(o, set->owner, set->type, DG_CLASS_NONE, 0, NULL);
			n++;
		}
	}
	for (size_t i = 0; i < u->n_exist; i++) {
		dg_wire_put_record(o, u->exist[i].owner, u->exist[i].type, DG_CLASS_ANY, 0, NULL);
		n++;
	}
	return n;
}

/* A swap of a set for itself is a prerequisite alone: it changes nothing. */
static bool is_prerequisite_only(const struct dg_swap *s)
{
	return dg_rrset_same(&s->before, &s->after);
}

/* All that goes before all that comes. A set is always deleted as a whole and added again: Knot takes an addition of
 * the same record with another TTL for nothing to do. */
static size_t put_changes(struct dg_wire_out *o, const struct dg_dns_update *u)
{
	size_t n = 0;

	for (size_t i = 0; i < u->n_swaps; i++) {
		const struct dg_rrset *set = &u->swaps[i].before;
		if (!is_prerequisite_only(&u->swaps[i]) && set->n > 0) {
			dg_wire_put_record(o, set->owner, set->type, DG_CLASS_ANY, 0, NULL);
			n++;
		}
	}
	for (size_t i = 0; i < u->n_swaps; i++) {
		if (!is_prerequisite_only(&u->swaps[i])) {
			n += put_set(o, &u->swaps[i].after, u->swaps[i].after.ttl);
		}
	}
	return n;
}

void dg_update_build(struct dg_wire_out *o, uint16_t id, const struct dg_dns_update *u)
{
	o->zone = u->zone;
	dg_wire_put_header(o, id, DG_OPCODE_UPDATE, false);
	put_question(o, u->zone, DG_TYPE_SOA);
	dg_wire_count(o, 1, put_prerequisites(o, u));
	dg_wire_count(o, 2, u->is_dry_run ? 0 : put_changes(o, u));
}

int dg_dns_update_fits(
	const struct dg_dns_update *u, const struct dg_tsig_key *key, struct dg_err *err)
{
	struct dg_wire_out o = {.data = malloc(DG_DNS_MESSAGE_MAX), .max = DG_DNS_MESSAGE_MAX};
	struct dg_tsig_session t;

	if (!o.data) {
		return dg_fail(err, DG_EIO, "out of memory");
	}
	dg_tsig_begin(&t, key);
	dg_update_build(&o, 0, u);
	dg_tsig_sign(&t, &o, 0);
	free(o.data);
	if (o.is_full) {
		return dg_fail(err, DG_ELIMIT,
			"the changes of zone %s (%zu RRsets) do not fit in one UPDATE message of "
			"%u octets (RFC 2136): change fewer at a time",
			u->zone, u->n_swaps, DG_DNS_MESSAGE_MAX);
	}
	return 0;
}
