#include "providers/net/dns_answer.h"

#include <stdlib.h>
#include <string.h>

#include "providers/net/dns.h"
#include "zones/base/arena.h"
#include "zones/record/rrset.h"
#include "zones/record/zone.h"

/* One record on its way into an RRset. */
struct item {
	const char *owner;
	struct dg_rdata rdata;
	uint32_t ttl;
	uint16_t type;
	size_t order;
};

struct section {
	struct item *items;
	size_t n;
};

int dg_answer_check(const uint8_t *msg, size_t len, const struct dg_asked *asked,
	struct dg_wire_header *ret_header, struct dg_wire_in *ret_in)
{
	struct dg_wire_name name;
	uint16_t type = 0;
	uint16_t class = 0;
	uint8_t wire[DG_NAME_WIRE_MAX];

	if (dg_wire_open(ret_in, msg, len, ret_header) != 0 || ret_header->id != asked->id ||
		!dg_wire_is_answer(ret_header) || dg_wire_opcode(ret_header) != asked->opcode ||
		ret_header->n[0] > 1) {
		return 1;
	}
	if (ret_header->n[0] == 0) {
		/* Errors may come without it; in a transfer so may all messages but the first (RFC 5936 section 2.2.1). */
		return 0;
	}
	if (dg_wire_read_question(ret_in, &name, &type, &class) != 0) {
		return 1;
	}
	return type != asked->type || class != DG_CLASS_IN ||
	       !dg_wire_name_is(&name, wire, dg_name_to_wire(asked->name, wire));
}

int dg_update_answer_parse(
	const uint8_t *msg, size_t len, uint16_t id, const char *zone, int *ret_rcode)
{
	struct dg_wire_header h;
	struct dg_wire_in in;

	const struct dg_asked asked = {zone, DG_TYPE_SOA, id, DG_OPCODE_UPDATE};
	if (dg_answer_check(msg, len, &asked, &h, &in) != 0) {
		return 1;
	}
	*ret_rcode = dg_wire_rcode(&h);
	return 0;
}

static int cmp_item(const void *x, const void *y)
{
	const struct item *a = x;
	const struct item *b = y;
	int c = strcmp(a->owner, b->owner);

	if (c != 0) {
		return c;
	}
	if (a->type != b->type) {
		return a->type < b->type ? -1 : 1;
	}
	return a->order < b->order ? -1 : 1;
}

struct placed {
	struct dg_rrset set;
	size_t order;
};

static int cmp_placed(const void *x, const void *y)
{
	const struct placed *a = x;
	const struct placed *b = y;

	return a->order < b->order ? -1 : 1;
}

/* Records of one owner and type become a set; sets stay in the order in which they came. */
static struct dg_rrset *make_sets(struct dg_arena *a, struct section *s, size_t *ret_n)
{
	struct placed *placed = dg_newn(a, struct placed, s->n);
	struct dg_rdata *all = dg_newn(a, struct dg_rdata, s->n);
	size_t n = 0;

	if (s->n > 0) {
		qsort(s->items, s->n, sizeof(*s->items), cmp_item);
	}
	for (size_t i = 0, end = 0; i < s->n; i = end) {
		struct dg_rdata *rdata = all + i;
		uint32_t ttl = s->items[i].ttl;
		for (end = i; end < s->n && s->items[end].type == s->items[i].type &&
			      strcmp(s->items[end].owner, s->items[i].owner) == 0;
			end++) {
			rdata[end - i] = s->items[end].rdata;
			ttl = s->items[end].ttl < ttl ? s->items[end].ttl : ttl;
		}
		placed[n++] = (struct placed){
			.set = dg_rrset_make(
				s->items[i].owner, s->items[i].type, ttl, rdata, end - i),
			.order = s->items[i].order,
		};
	}
	if (n > 0) {
		qsort(placed, n, sizeof(*placed), cmp_placed);
	}
	struct dg_rrset *sets = dg_newn(a, struct dg_rrset, n);
	for (size_t i = 0; i < n; i++) {
		sets[i] = placed[i].set;
	}
	*ret_n = n;
	return sets;
}

static bool is_wanted(unsigned section, const struct dg_wire_record *rr)
{
	if (rr->class != DG_CLASS_IN || rr->type == DG_TYPE_OPT || rr->type == DG_TYPE_TSIG) {
		return false;
	}
	return section != 3 || rr->type == DG_TYPE_A || rr->type == DG_TYPE_AAAA;
}

/* 1: a record is not well formed. */
static int read_item(struct dg_arena *a, const struct dg_wire_in *in,
	const struct dg_wire_record *rr, struct section *s)
{
	uint8_t buf[DG_WIRE_RDATA_MAX];
	const uint8_t *data = NULL;
	size_t len = 0;
	struct item *it = &s->items[s->n];

	*it = (struct item){.type = rr->type, .ttl = dg_wire_ttl(rr->ttl), .order = s->n};
	if (dg_wire_rdata(in, rr, buf, &data, &len) != 0 ||
		dg_rdata_canonical(a, rr->type, data, len, &it->rdata) != 0 ||
		dg_name_from_wire(a, rr->owner.wire, rr->owner.len, &it->owner, &len) != 0) {
		return 1;
	}
	s->n++;
	return 0;
}

static int read_section(struct dg_dns_query *q, struct dg_wire_in *in, unsigned section,
	unsigned n_records, struct section *ret)
{
	struct dg_wire_record rr;
	size_t used = dg_arena_used(q->arena);

	*ret = (struct section){.items = dg_newn(q->arena, struct item, n_records)};
	for (unsigned i = 0; i < n_records; i++) {
		if (dg_wire_read_record(in, &rr) != 0) {
			return dg_fail(&q->err, DG_EREMOTE,
				"the answer ends inside record %u of section %u (RFC 1035 section "
				"4.1)",
				i, section);
		}
		if (section == 3 && rr.type == DG_TYPE_OPT) {
			q->rcode |= (int)(rr.ttl >> 24) << 4; /* RFC 6891 section 6.1.3 */
		}
		if (is_wanted(section, &rr) && read_item(q->arena, in, &rr, ret) != 0) {
			return dg_fail(&q->err, DG_EREMOTE,
				"the answer holds a record of type %u whose data is not of that "
				"type (RFC 1035 section 3.3)",
				rr.type);
		}
		if (dg_arena_used(q->arena) - used > DG_DNS_ANSWER_MAX) {
			return dg_fail(&q->err, DG_ELIMIT,
				"the answer takes more than %u bytes when its names are "
				"decompressed",
				DG_DNS_ANSWER_MAX);
		}
	}
	return 0;
}

int dg_dns_answer_parse(const uint8_t *wire, size_t len, uint16_t id, struct dg_dns_query *q)
{
	struct dg_wire_header h;
	struct dg_wire_in in;
	struct section s[4];

	const struct dg_asked asked = {q->name, q->type, id, DG_OPCODE_QUERY};
	if (dg_answer_check(wire, len, &asked, &h, &in) != 0 ||
		(h.n[0] == 0 && dg_wire_rcode(&h) == DG_RCODE_NOERROR)) {
		return 1;
	}
	if ((size_t)h.n[1] + h.n[2] + h.n[3] > DG_DNS_RECORDS_MAX) {
		return dg_fail(&q->err, DG_EREMOTE,
			"the answer claims %zu records: more than fit in it",
			(size_t)h.n[1] + h.n[2] + h.n[3]);
	}
	q->rcode = dg_wire_rcode(&h);
	for (unsigned i = 1; i < 4; i++) {
		int r = read_section(q, &in, i, h.n[i], &s[i]);
		if (r < 0) {
			return r;
		}
	}
	if (s[1].n > DG_RDATA_MAX) {
		return dg_fail(&q->err, DG_ELIMIT,
			"the answer holds %zu records, at most %u are taken", s[1].n, DG_RDATA_MAX);
	}
	q->is_authoritative = dg_wire_is_authoritative(&h);
	q->answer = make_sets(q->arena, &s[1], &q->n_answer);
	q->authority = make_sets(q->arena, &s[2], &q->n_authority);
	q->additional = make_sets(q->arena, &s[3], &q->n_additional);
	q->is_referral = false;
	if (q->rcode == DG_RCODE_NOERROR && !q->is_authoritative && q->n_answer == 0) {
		for (size_t i = 0; i < q->n_authority; i++) {
			q->is_referral = q->is_referral || q->authority[i].type == DG_TYPE_NS;
		}
	}
	return 0;
}
