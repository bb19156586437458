/* Zone transfers (RFC 5936), message by message. */
#include <stdio.h>
#include <string.h>

#include "providers/net/dns.h"
#include "providers/net/dns_answer.h"
#include "zones/base/arena.h"
#include "zones/record/rrset.h"
#include "zones/record/zone.h"

static bool is_mail_type(uint16_t type)
{
	static const uint16_t types[] = {
		DG_TYPE_SOA, DG_TYPE_NS, DG_TYPE_MX, DG_TYPE_TXT, DG_TYPE_CNAME, DG_TYPE_DNAME};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (types[i] == type) {
			return true;
		}
	}
	return false;
}

static const char *owner_text(
	struct dg_axfr_state *s, struct dg_dns_axfr *x, const struct dg_wire_name *owner)
{
	size_t len = 0;

	if (!s->owner_text || !dg_wire_name_is(owner, s->owner.wire, s->owner.len)) {
		s->owner = *owner;
		if (dg_name_from_wire(x->arena, owner->wire, owner->len, &s->owner_text, &len) !=
			0) {
			s->owner_text = NULL;
		}
	}
	return s->owner_text;
}

static int take_soa(struct dg_axfr_state *s, struct dg_dns_axfr *x, const char *owner,
	const struct dg_rdata *soa)
{
	if (strcmp(owner, x->zone) != 0) {
		return dg_fail(&x->err, DG_EREMOTE,
			"the transfer holds a SOA at %s, which is not the zone", owner);
	}
	if (!s->soa) {
		s->soa = soa->wire;
		s->soa_len = soa->len;
		return 0;
	}
	if (soa->len != s->soa_len || memcmp(soa->wire, s->soa, s->soa_len) != 0) {
		return dg_fail(&x->err, DG_EREMOTE,
			"the transfer ends with another SOA than it began with (RFC 5936 section "
			"2.2): try again");
	}
	s->is_done = true;
	return 0;
}

static int take_record(struct dg_axfr_state *s, struct dg_dns_axfr *x, const struct dg_wire_in *in,
	const struct dg_wire_record *rr)
{
	uint8_t buf[DG_WIRE_RDATA_MAX];
	const uint8_t *data = NULL;
	size_t len = 0;
	struct dg_rdata *rdata = dg_new(x->arena, struct dg_rdata);
	const char *owner = owner_text(s, x, &rr->owner);
	bool is_read = !x->mail_only || is_mail_type(rr->type);

	if (!owner || rr->class != DG_CLASS_IN ||
		(is_read &&
			(dg_wire_rdata(in, rr, buf, &data, &len) != 0 ||
				dg_rdata_canonical(x->arena, rr->type, data, len, rdata) != 0))) {
		return dg_fail(&x->err, DG_EREMOTE,
			"the transfer holds a record of type %u, class %u that is not well formed",
			rr->type, rr->class);
	}
	if (!is_read) {
		rdata->wire = (const uint8_t *)"";
	}
	if (!dg_name_is_at_or_under(owner, x->zone)) {
		return dg_fail(&x->err, DG_EREMOTE,
			"the transfer holds %s, which is outside the zone", owner);
	}
	if (!s->soa && rr->type != DG_TYPE_SOA) {
		return dg_fail(&x->err, DG_EREMOTE,
			"the transfer does not begin with the SOA (RFC 5936 section 2.2)");
	}
	if (rr->type == DG_TYPE_SOA) {
		int r = take_soa(s, x, owner, rdata);
		if (r < 0 || s->is_done) {
			return r;
		}
	}
	const struct dg_rrset set = {.owner = owner,
		.type = rr->type,
		.ttl = dg_wire_ttl(rr->ttl),
		.rdata = rdata,
		.n = 1};
	dg_zone_add(x->zone_data, &set);
	s->n_records++;
	return 0;
}

static int take_rcode(struct dg_dns_axfr *x, int rcode)
{
	(void)dg_fail(&x->err, DG_EREMOTE, "%s", dg_dns_refusal(DG_DNS_ASKED_AXFR, rcode));
	bool is_refused =
		rcode == DG_RCODE_REFUSED || rcode == DG_RCODE_NOTAUTH || rcode == DG_RCODE_NOTIMP;
	return is_refused ? (int)DG_AXFR_REFUSED : (int)DG_EREMOTE;
}

int dg_axfr_take(
	struct dg_axfr_state *s, struct dg_dns_axfr *x, const uint8_t *msg, size_t len, uint16_t id)
{
	struct dg_wire_header h;
	struct dg_wire_in in;
	struct dg_wire_record rr;

	const struct dg_asked asked = {x->zone, DG_TYPE_AXFR, id, DG_OPCODE_QUERY};
	if (dg_answer_check(msg, len, &asked, &h, &in) != 0) {
		return DG_AXFR_OTHER;
	}
	if (dg_wire_rcode(&h) != DG_RCODE_NOERROR) {
		return take_rcode(x, dg_wire_rcode(&h));
	}
	if (h.n[1] == 0) {
		return dg_fail(&x->err, DG_EREMOTE,
			"a message of the transfer holds no records (RFC 5936 section 2.2)");
	}
	if (!s->used) {
		s->used = dg_arena_used(x->arena);
	}
	for (unsigned i = 0; i < h.n[1]; i++) {
		if (s->is_done) {
			return dg_fail(&x->err, DG_EREMOTE,
				"the transfer goes on after its last SOA (RFC 5936 section 2.2)");
		}
		if (dg_wire_read_record(&in, &rr) != 0) {
			return dg_fail(&x->err, DG_EREMOTE,
				"a message of the transfer ends inside record %u (RFC 1035 section "
				"4.1)",
				i);
		}
		int r = take_record(s, x, &in, &rr);
		if (r < 0) {
			return r;
		}
		if (dg_arena_used(x->arena) - s->used > DG_AXFR_MAX) {
			return dg_fail(&x->err, DG_ELIMIT, "the zone takes more than %u bytes",
				DG_AXFR_MAX);
		}
	}
	return s->is_done ? 0 : (int)DG_AXFR_MORE;
}
