#include "providers/net/dns_wire.h"

#include <string.h>

#include "zones/record/rrset.h"

#define POINTER      0xc0u
#define RDATA_NAMES  2u
#define FLAG_RD      0x0100u
#define QUESTION_LEN 4u  /* type, class */
#define RECORD_LEN   10u /* type, class, ttl, length */

void dg_wire_put(struct dg_wire_out *o, const void *p, size_t n)
{
	if (o->is_full || n > o->max - o->len) {
		o->is_full = true;
		return;
	}
	if (n > 0) {
		memcpy(o->data + o->len, p, n);
		o->len += n;
	}
}

void dg_wire_put16(struct dg_wire_out *o, unsigned v)
{
	const uint8_t b[2] = {(uint8_t)(v >> 8), (uint8_t)v};

	dg_wire_put(o, b, sizeof(b));
}

void dg_wire_put32(struct dg_wire_out *o, uint32_t v)
{
	dg_wire_put16(o, v >> 16);
	dg_wire_put16(o, v & 0xffffu);
}

void dg_wire_put_name(struct dg_wire_out *o, const char *name)
{
	uint8_t wire[DG_NAME_WIRE_MAX];
	size_t len = dg_name_to_wire(name, wire);

	/* A pointer to the zone's name, unless this is its first place. */
	if (o->zone && o->len > DG_DNS_HEADER_LEN && o->zone[1] != '\0' &&
		dg_name_is_at_or_under(name, o->zone)) {
		uint8_t zone[DG_NAME_WIRE_MAX];
		dg_wire_put(o, wire, len - dg_name_to_wire(o->zone, zone));
		dg_wire_put16(o, POINTER << 8 | DG_DNS_HEADER_LEN);
		return;
	}
	dg_wire_put(o, wire, len);
}

void dg_wire_put_header(struct dg_wire_out *o, uint16_t id, unsigned opcode, bool rd)
{
	static const uint8_t counts[8];

	dg_wire_put16(o, id);
	dg_wire_put16(o, opcode << 11 | (rd ? FLAG_RD : 0u));
	dg_wire_put(o, counts, sizeof(counts));
}

void dg_wire_put_record(struct dg_wire_out *o, const char *owner, uint16_t type, uint16_t class,
	uint32_t ttl, const struct dg_rdata *data)
{
	dg_wire_put_name(o, owner);
	dg_wire_put16(o, type);
	dg_wire_put16(o, class);
	dg_wire_put32(o, ttl);
	dg_wire_put16(o, data ? (unsigned)data->len : 0);
	if (data) {
		dg_wire_put(o, data->wire, data->len);
	}
}

void dg_wire_count(struct dg_wire_out *o, unsigned section, size_t n)
{
	if (n > UINT16_MAX || o->len < DG_DNS_HEADER_LEN) {
		o->is_full = true;
		return;
	}
	o->data[4 + 2 * section] = (uint8_t)(n >> 8);
	o->data[5 + 2 * section] = (uint8_t)n;
}

unsigned dg_wire_get16(const uint8_t *p)
{
	return (unsigned)p[0] << 8 | p[1];
}

uint32_t dg_wire_get32(const uint8_t *p)
{
	return (uint32_t)dg_wire_get16(p) << 16 | dg_wire_get16(p + 2);
}

int dg_wire_open(struct dg_wire_in *in, const uint8_t *msg, size_t len, struct dg_wire_header *ret)
{
	*in = (struct dg_wire_in){.msg = msg, .len = len, .at = DG_DNS_HEADER_LEN};
	if (len < DG_DNS_HEADER_LEN || len > DG_DNS_MESSAGE_MAX) {
		return 1;
	}
	ret->id = (uint16_t)dg_wire_get16(msg);
	ret->flags = (uint16_t)dg_wire_get16(msg + 2);
	for (size_t i = 0; i < 4; i++) {
		ret->n[i] = (uint16_t)dg_wire_get16(msg + 4 + 2 * i);
	}
	return 0;
}

static void put_lower(struct dg_wire_name *n, const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		uint8_t c = p[i];
		n->wire[n->len++] = c >= 'A' && c <= 'Z' ? (uint8_t)(c + ('a' - 'A')) : c;
	}
}

/* A pointer goes to before where this name began, and each further one to before the last: so there is no loop.
 * Returns where it goes, 0: nowhere. */
static size_t follow(const struct dg_wire_in *in, size_t at, size_t before)
{
	size_t to = at + 2 <= in->len ? dg_wire_get16(in->msg + at) & 0x3fffu : 0;

	return to >= DG_DNS_HEADER_LEN && to < before ? to : 0;
}

/* One label, its length octet included, the final 0 too. */
static int put_label(struct dg_wire_name *n, const struct dg_wire_in *in, size_t at)
{
	size_t len = (size_t)in->msg[at] + 1;
	size_t room = DG_NAME_WIRE_MAX - n->len;

	/* Behind each label the final 0 must have its place. */
	if (len > DG_LABEL_MAX + 1 || len > in->len - at || len + (len > 1) > room) {
		return 1;
	}
	put_lower(n, in->msg + at, len);
	return 0;
}

int dg_wire_read_name(struct dg_wire_in *in, struct dg_wire_name *ret)
{
	size_t at = in->at;
	size_t end = 0; /* behind the first pointer */
	size_t before = in->at;

	ret->len = 0;
	while (at < in->len) {
		if ((in->msg[at] & POINTER) == POINTER) {
			end = end ? end : at + 2;
			before = follow(in, at, before);
			if (before == 0) {
				return 1;
			}
			at = before;
			continue;
		}
		if (put_label(ret, in, at) != 0) {
			return 1;
		}
		size_t len = in->msg[at];
		at += len + 1;
		if (len == 0) {
			in->at = end ? end : at;
			return 0;
		}
	}
	return 1;
}

int dg_wire_read_question(struct dg_wire_in *in, struct dg_wire_name *ret_name, uint16_t *ret_type,
	uint16_t *ret_class)
{
	if (dg_wire_read_name(in, ret_name) != 0 || in->len - in->at < QUESTION_LEN) {
		return 1;
	}
	*ret_type = (uint16_t)dg_wire_get16(in->msg + in->at);
	*ret_class = (uint16_t)dg_wire_get16(in->msg + in->at + 2);
	in->at += QUESTION_LEN;
	return 0;
}

int dg_wire_read_record(struct dg_wire_in *in, struct dg_wire_record *ret)
{
	ret->begin = in->at;
	if (dg_wire_read_name(in, &ret->owner) != 0 || in->len - in->at < RECORD_LEN) {
		return 1;
	}
	const uint8_t *p = in->msg + in->at;
	ret->type = (uint16_t)dg_wire_get16(p);
	ret->class = (uint16_t)dg_wire_get16(p + 2);
	ret->ttl = dg_wire_get32(p + 4);
	ret->len = dg_wire_get16(p + 8);
	ret->data = in->at + RECORD_LEN;
	if (ret->len > in->len - ret->data) {
		return 1;
	}
	in->at = ret->data + ret->len;
	return 0;
}

int dg_wire_skip_record(struct dg_wire_in *in, uint16_t *ret_type, size_t *ret_begin)
{
	size_t at = in->at;

	*ret_begin = at;
	while (at < in->len && in->msg[at] != 0 && (in->msg[at] & POINTER) != POINTER) {
		at += (size_t)in->msg[at] + 1;
	}
	if (at >= in->len) {
		return 1;
	}
	at += in->msg[at] == 0 ? 1 : 2;
	if (at > in->len || in->len - at < RECORD_LEN) {
		return 1;
	}
	size_t len = dg_wire_get16(in->msg + at + 8);
	*ret_type = (uint16_t)dg_wire_get16(in->msg + at);
	at += RECORD_LEN;
	if (len > in->len - at) {
		return 1;
	}
	in->at = at + len;
	return 0;
}

/* Where names stand in the data of types whose names may come compressed: fixed octets in front, then names, then a rest. */
static void names_of(uint16_t type, size_t *ret_front, unsigned *ret_n)
{
	*ret_front = 0;
	*ret_n = 0;
	switch (type) {
	case DG_TYPE_NS:
	case DG_TYPE_CNAME:
	case DG_TYPE_PTR:
	case DG_TYPE_DNAME:
	case 3: /* MD */
	case 4: /* MF */
	case 7: /* MB */
	case 8: /* MG */
	case 9: /* MR */
		*ret_n = 1;
		break;
	case DG_TYPE_SOA:
	case 14: /* MINFO */
	case 17: /* RP */
		*ret_n = RDATA_NAMES;
		break;
	case DG_TYPE_MX:
	case 18: /* AFSDB */
	case 21: /* RT */
	case 36: /* KX */
		*ret_front = 2;
		*ret_n = 1;
		break;
	case 26: /* PX */
		*ret_front = 2;
		*ret_n = RDATA_NAMES;
		break;
	case 33: /* SRV */
		*ret_front = 6;
		*ret_n = 1;
		break;
	default: /* any of 65,536 numbers: no names, or never compressed */
		break;
	}
}

int dg_wire_rdata(const struct dg_wire_in *in, const struct dg_wire_record *rr,
	uint8_t buf[DG_WIRE_RDATA_MAX], const uint8_t **ret_data, size_t *ret_len)
{
	struct dg_wire_in data = {.msg = in->msg, .len = rr->data + rr->len, .at = rr->data};
	size_t n = 0;
	size_t front = 0;
	unsigned n_names = 0;

	names_of(rr->type, &front, &n_names);
	if (n_names == 0) {
		*ret_data = in->msg + rr->data;
		*ret_len = rr->len;
		return 0;
	}
	if (front > rr->len) {
		return 1;
	}
	memcpy(buf, in->msg + data.at, front);
	n = front;
	data.at += front;
	for (unsigned i = 0; i < n_names; i++) {
		struct dg_wire_name name;
		if (dg_wire_read_name(&data, &name) != 0) {
			return 1;
		}
		memcpy(buf + n, name.wire, name.len);
		n += name.len;
	}
	size_t rest = data.len - data.at;
	if (rest > DG_WIRE_RDATA_MAX - n) {
		return 1;
	}
	memcpy(buf + n, in->msg + data.at, rest);
	*ret_data = buf;
	*ret_len = n + rest;
	return 0;
}

bool dg_wire_name_is(const struct dg_wire_name *n, const uint8_t *wire, size_t len)
{
	return n->len == len && memcmp(n->wire, wire, len) == 0;
}

uint32_t dg_wire_ttl(uint32_t ttl)
{
	return ttl > DG_TTL_MAX ? 0 : ttl;
}
