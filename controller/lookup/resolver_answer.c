/* What libunbound's packet says about one question: only the records that belong to it are read. */
#include "controller/lookup/resolver_internal.h"
#include "providers/net/dns_wire.h"
#include "zones/base/arena.h"
#include "zones/record/name.h"

#include <string.h>

/* The records of one owner in the answer section. */
struct picked {
	struct dg_rdata *rdata; /* of the type asked; room for all that are left */
	size_t n;
	uint32_t ttl;
	struct dg_rdata alias;
	uint32_t alias_ttl;
	size_t n_aliases;
};

struct packet {
	const uint8_t *msg;
	size_t len;
	size_t answer; /* where the section begins */
	struct dg_wire_header header;
};

/* 1: it is not well formed. */
static int open_packet(const uint8_t *msg, size_t len, struct packet *ret)
{
	struct dg_wire_in in;
	struct dg_wire_name name;
	uint16_t type = 0;
	uint16_t class = 0;

	*ret = (struct packet){.msg = msg, .len = len};
	if (dg_wire_open(&in, msg, len, &ret->header) != 0) {
		return 1;
	}
	for (unsigned i = 0; i < ret->header.n[0]; i++) {
		if (dg_wire_read_question(&in, &name, &type, &class) != 0) {
			return 1;
		}
	}
	ret->answer = in.at;
	return 0;
}

static int read_data(struct dg_arena *a, const struct dg_wire_in *in,
	const struct dg_wire_record *rr, struct dg_rdata *ret)
{
	uint8_t buf[DG_WIRE_RDATA_MAX];
	const uint8_t *data = NULL;
	size_t len = 0;

	return dg_wire_rdata(in, rr, buf, &data, &len) != 0 ||
	       dg_rdata_canonical(a, rr->type, data, len, ret) != 0;
}

static int take(struct dg_resolve *q, const struct packet *p, const struct dg_wire_in *in,
	const struct dg_wire_record *rr, struct picked *k)
{
	uint32_t ttl = dg_wire_ttl(rr->ttl);

	if (rr->type != q->type) {
		k->alias_ttl = ttl;
		k->n_aliases++;
		return read_data(q->arena, in, rr, &k->alias);
	}
	if (!k->rdata) {
		size_t left = p->header.n[1];

		k->rdata = dg_newn(
			q->arena, struct dg_rdata, left < DG_RDATA_MAX ? left : DG_RDATA_MAX);
	}
	if (k->n == DG_RDATA_MAX) {
		return 1;
	}
	k->ttl = k->n == 0 || ttl < k->ttl ? ttl : k->ttl;
	return read_data(q->arena, in, rr, &k->rdata[k->n++]);
}

static int pick(struct dg_resolve *q, const struct packet *p, const char *owner, struct picked *ret)
{
	struct dg_wire_in in = {.msg = p->msg, .len = p->len, .at = p->answer};
	uint8_t wire[DG_NAME_WIRE_MAX];
	size_t len = dg_name_to_wire(owner, wire);
	struct dg_wire_record rr;

	*ret = (struct picked){.n = 0};
	for (unsigned i = 0; i < p->header.n[1]; i++) {
		if (dg_wire_read_record(&in, &rr) != 0) {
			return 1;
		}
		if ((rr.type == q->type || rr.type == DG_TYPE_CNAME) && rr.class == DG_CLASS_IN &&
			dg_wire_name_is(&rr.owner, wire, len) && take(q, p, &in, &rr, ret) != 0) {
			return 1;
		}
	}
	return 0;
}

/* Sets q->set when there is one at the end of the chain. 1: not well formed. */
static int follow(struct dg_resolve *q, const struct packet *p)
{
	struct dg_rrset *cnames = NULL;
	const char *at = q->name;
	struct picked k;
	size_t len;

	for (;;) {
		if (pick(q, p, at, &k) != 0) {
			return 1;
		}
		if (k.n > 0) {
			q->set = dg_rrset_make(at, q->type, k.ttl, k.rdata, k.n);
			q->result = DG_RESOLVED_FOUND;
			return 0;
		}
		if (k.n_aliases != 1 || q->n_cnames == DG_RESOLVER_CNAMES_MAX) {
			return 0;
		}
		if (!cnames) {
			cnames = dg_newn(q->arena, struct dg_rrset, DG_RESOLVER_CNAMES_MAX);
			q->cnames = cnames;
		}
		struct dg_rdata *rd = dg_memdup(q->arena, &k.alias, sizeof(k.alias));
		cnames[q->n_cnames++] = dg_rrset_make(at, DG_TYPE_CNAME, k.alias_ttl, rd, 1);
		if (dg_name_from_wire(q->arena, rd->wire, rd->len, &at, &len) != 0) {
			return 0;
		}
	}
}

/* RFC 2308 section 5: the least of the SOA's TTL and its last field. */
static uint32_t negative_ttl(const struct packet *p)
{
	struct dg_wire_in in = {.msg = p->msg, .len = p->len, .at = p->answer};
	struct dg_wire_record rr;

	for (unsigned i = 0; i < (unsigned)p->header.n[1] + p->header.n[2]; i++) {
		if (dg_wire_read_record(&in, &rr) != 0) {
			break;
		}
		if (i >= p->header.n[1] && rr.type == DG_TYPE_SOA && rr.len >= 22) {
			uint32_t minimum = dg_wire_get32(p->msg + rr.data + rr.len - 4);
			uint32_t ttl = dg_wire_ttl(rr.ttl);

			return minimum < ttl ? minimum : ttl;
		}
	}
	return 0;
}

void dg_resolver_read(struct dg_resolve *q, const uint8_t *packet, size_t len)
{
	struct packet p;

	if (open_packet(packet, len, &p) != 0) {
		q->why = "the answer cannot be read";
		return;
	}
	q->rcode = dg_wire_rcode(&p.header);
	if (q->rcode != DG_RCODE_NOERROR && q->rcode != DG_RCODE_NXDOMAIN) {
		q->why = dg_printf(q->arena, "the answer has RCODE %d", q->rcode);
		return;
	}
	if (follow(q, &p) != 0) {
		q->why = "the answer cannot be read";
		q->result = DG_RESOLVED_UNKNOWN;
	} else if (q->result != DG_RESOLVED_FOUND) {
		q->negative_ttl = negative_ttl(&p);
		q->result =
			q->rcode == DG_RCODE_NXDOMAIN ? DG_RESOLVED_NXDOMAIN : DG_RESOLVED_NODATA;
	}
}
