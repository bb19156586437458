/* providers/net/dns_wire.h: DNS messages octet by octet (RFC 1035 section 4): a writer and a reader that stay in bounds.
 *
 * Shape    Names are read decompressed and in lower case, written from canonical text; a name under the zone that the writer knows
 *          is written with a pointer to it (RFC 1035 section 4.1.4).
 * Calls    The writer may be filled blindly: is_full says at the end that something did not fit.
 * Errors   Readers return 1: not well formed. The position is then of no use.
 * Memory   Nothing is owned; buffers belong to the caller.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "zones/record/name.h"

struct dg_rdata;

#define DG_DNS_HEADER_LEN  12u
#define DG_DNS_MESSAGE_MAX 65535u
#define DG_WIRE_RDATA_MAX        \
	(2u * DG_NAME_WIRE_MAX + \
		32u) /* of a type with names: two of them and a few octets around */

enum {
	DG_OPCODE_QUERY = 0,
	DG_OPCODE_UPDATE = 5,
};

enum {
	DG_CLASS_IN = 1,
	DG_CLASS_NONE = 254,
	DG_CLASS_ANY = 255,
};

enum {
	DG_TYPE_OPT = 41,
	DG_TYPE_TSIG = 250,
	DG_TYPE_AXFR = 252,
};

enum dg_rcode {
	DG_RCODE_NOERROR = 0,
	DG_RCODE_FORMERR = 1,
	DG_RCODE_SERVFAIL = 2,
	DG_RCODE_NXDOMAIN = 3,
	DG_RCODE_NOTIMP = 4,
	DG_RCODE_REFUSED = 5,
	DG_RCODE_YXDOMAIN = 6,
	DG_RCODE_YXRRSET = 7,
	DG_RCODE_NXRRSET = 8,
	DG_RCODE_NOTAUTH = 9,
	DG_RCODE_NOTZONE = 10,
	DG_RCODE_BADSIG = 16,
	DG_RCODE_BADKEY = 17,
	DG_RCODE_BADTIME = 18,
	DG_RCODE_BADTRUNC = 22,
};

struct dg_wire_out {
	uint8_t *data;
	size_t len;
	size_t max;
	const char *zone; /* canonical, stands uncompressed at octet 12; NULL: none */
	bool is_full;
};

void dg_wire_put(struct dg_wire_out *o, const void *p, size_t n);
void dg_wire_put16(struct dg_wire_out *o, unsigned v);
void dg_wire_put32(struct dg_wire_out *o, uint32_t v);
void dg_wire_put_name(struct dg_wire_out *o, const char *name);
/* Header with opcode and RD; the counts are all 0: see dg_wire_count(). */
void dg_wire_put_header(struct dg_wire_out *o, uint16_t id, unsigned opcode, bool rd);
/* One record; data may be NULL: empty. */
void dg_wire_put_record(struct dg_wire_out *o, const char *owner, uint16_t type, uint16_t class,
	uint32_t ttl, const struct dg_rdata *data);
/* Sets count n of section 0 (question, zone) to 3 (additional). */
void dg_wire_count(struct dg_wire_out *o, unsigned section, size_t n);

struct dg_wire_header {
	uint16_t id;
	uint16_t flags;
	uint16_t n[4]; /* question, answer, authority, additional */
};

static inline bool dg_wire_is_answer(const struct dg_wire_header *h)
{
	return (h->flags & 0x8000u) != 0;
}
static inline unsigned dg_wire_opcode(const struct dg_wire_header *h)
{
	return (h->flags >> 11) & 15u;
}
static inline bool dg_wire_is_authoritative(const struct dg_wire_header *h)
{
	return (h->flags & 0x0400u) != 0;
}
static inline bool dg_wire_is_truncated(const struct dg_wire_header *h)
{
	return (h->flags & 0x0200u) != 0;
}
static inline int dg_wire_rcode(const struct dg_wire_header *h)
{
	return h->flags & 15;
}

struct dg_wire_in {
	const uint8_t *msg;
	size_t len;
	size_t at;
};

struct dg_wire_name {
	uint8_t wire[DG_NAME_WIRE_MAX];
	size_t len;
};

struct dg_wire_record {
	struct dg_wire_name owner;
	size_t begin; /* of the record */
	size_t data;  /* of its rdata */
	size_t len;   /* of the rdata */
	uint32_t ttl; /* as sent; see dg_wire_ttl() */
	uint16_t type;
	uint16_t class;
};

unsigned dg_wire_get16(const uint8_t *p);
uint32_t dg_wire_get32(const uint8_t *p);
/* The header; the reader then stands at the first section. */
int dg_wire_open(struct dg_wire_in *in, const uint8_t *msg, size_t len, struct dg_wire_header *ret);
int dg_wire_read_name(struct dg_wire_in *in, struct dg_wire_name *ret);
int dg_wire_read_question(struct dg_wire_in *in, struct dg_wire_name *ret_name, uint16_t *ret_type,
	uint16_t *ret_class);
int dg_wire_read_record(struct dg_wire_in *in, struct dg_wire_record *ret);
/* Passes over a record without looking at its owner. ret_begin: where it began. */
int dg_wire_skip_record(struct dg_wire_in *in, uint16_t *ret_type, size_t *ret_begin);
/* The record's data with its names decompressed (types of RFC 1035, and those of RFC 3597 section 4): in the message itself when
 * the type has no such names, else in buf. */
int dg_wire_rdata(const struct dg_wire_in *in, const struct dg_wire_record *rr,
	uint8_t buf[DG_WIRE_RDATA_MAX], const uint8_t **ret_data, size_t *ret_len);
bool dg_wire_name_is(const struct dg_wire_name *n, const uint8_t *wire, size_t len);
/* RFC 2181 section 8: a TTL with its first bit set is 0. */
uint32_t dg_wire_ttl(uint32_t ttl);
