/* zones/record/rrset.h: resource records that share owner, class IN and type (RFC 2181 section 5).
 *
 * Shape    owner is a canonical name (zones/record/name.h). rdata is uncompressed wire form with the
 *          names inside in lower case (RFC 4034 section 6.2), sorted as section 6.3 there says, without
 *          duplicates: equal sets are equal byte for byte. n == 0 says "there is no such RRset".
 *          A TXT record keeps its character-strings as they are: they are part of the rdata.
 * Units    ttl is seconds, at most 2147483647 (RFC 2181 section 8).
 * Memory   All parts live in the arena the set was made in; the struct is small and copied by value.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dg_arena;
struct dg_buf;
struct dg_err;

enum dg_type {
	DG_TYPE_A = 1,
	DG_TYPE_NS = 2,
	DG_TYPE_CNAME = 5,
	DG_TYPE_SOA = 6,
	DG_TYPE_PTR = 12,
	DG_TYPE_MX = 15,
	DG_TYPE_TXT = 16,
	DG_TYPE_AAAA = 28,
	DG_TYPE_DNAME = 39,
	DG_TYPE_TLSA = 52,
};

#define DG_TTL_MAX   2147483647u
#define DG_RDATA_MAX 2048u /* records of one RRset; more is refused */

struct dg_rdata {
	const uint8_t *wire;
	size_t len; /* 0..65535 */
};

struct dg_rrset {
	const char *owner;
	const struct dg_rdata *rdata;
	size_t n;
	uint32_t ttl;
	uint16_t type;
};

/* "MX", "TYPE65280" (RFC 3597 section 5). In buf, returned. 16 bytes suffice. */
const char *dg_type_text(uint16_t type, char buf[16]);
/* 0, or 1: no such type. Any letter case; "TYPE123" too. */
int dg_type_parse(const char *text, size_t len, uint16_t *ret_type);

/* May dnsguard write RRsets of this type? Never NS, SOA or DNSSEC types; only what mail needs. */
bool dg_type_is_ours(uint16_t type); /* MX, TXT */

/* One record's data from presentation form ("10 mail.example.com."), relative names completed by
 * origin; canonical. Types outside an allow-list are only read as RFC 3597 \# data (ldns leaks on
 * hostile text of some types). DG_EINPUT with what ldns said. */
int dg_rdata_parse(struct dg_arena *a, uint16_t type, const char *text, size_t len,
	const char *origin, struct dg_rdata *ret_rdata, struct dg_err *err);

/* Presentation form, with final dots, TXT strings quoted; unknown types as \# (RFC 3597). */
void dg_rdata_print(struct dg_buf *b, uint16_t type, const struct dg_rdata *rd);

/* Canonical form of rdata that came from the wire uncompressed: lower-cases the names inside.
 * 1: not valid for the type. */
int dg_rdata_canonical(struct dg_arena *a, uint16_t type, const uint8_t *wire, size_t len,
	struct dg_rdata *ret_rdata);

/* Sorts rdata in place, drops duplicates, returns the set. */
struct dg_rrset dg_rrset_make(
	const char *owner, uint16_t type, uint32_t ttl, struct dg_rdata *rdata, size_t n);
/* "There is none." */
struct dg_rrset dg_rrset_none(const char *owner, uint16_t type);
struct dg_rrset dg_rrset_dup(struct dg_arena *a, const struct dg_rrset *set); /* deep */

int dg_rdata_cmp(const struct dg_rdata *x, const struct dg_rdata *y);
bool dg_rrset_has(const struct dg_rrset *set, const struct dg_rdata *rd);
/* Byte for byte; the TTL does not count. */
bool dg_rrset_same_data(const struct dg_rrset *x, const struct dg_rrset *y);
/* And the same TTL; two absent sets are the same. */
bool dg_rrset_same(const struct dg_rrset *x, const struct dg_rrset *y);
/* As same_data, but TXT records are equal when their joined octets are (RFC 7208 section 3.3). */
bool dg_rrset_same_meaning(const struct dg_rrset *x, const struct dg_rrset *y);

/* The set as lines of a zone file, one a record: "owner ttl IN TYPE rdata\n". */
void dg_rrset_print(struct dg_buf *b, const struct dg_rrset *set);

/* A flat image for the journal and digests: same set, same bytes. decode: 1 = not an image (a truncated
 * or altered one is never taken for a set). */
void dg_rrset_encode(struct dg_buf *b, const struct dg_rrset *set);
int dg_rrset_decode(struct dg_arena *a, const void *image, size_t len, struct dg_rrset *ret_set);

/* TXT (RFC 1035 section 3.3.14): the octets of the character-strings, joined with nothing between. */
size_t dg_txt_len(const struct dg_rdata *rd);
/* NUL added; may hold NULs. */
const char *dg_txt_join(struct dg_arena *a, const struct dg_rdata *rd);
/* True when the joined octets begin with tag, any letter case, followed by the end, SP, TAB or ';'.
 * "v=spf1" does not match "v=spf10". */
bool dg_txt_has_tag(const struct dg_rdata *rd, const char *tag);
/* Text cut into character-strings of at most 255 octets. len at most 65000. */
struct dg_rdata dg_txt_make(struct dg_arena *a, const char *text, size_t len);

/* MX (RFC 1035 section 3.3.9). host is canonical, "." for the null MX (RFC 7505). */
struct dg_rdata dg_mx_make(struct dg_arena *a, uint16_t preference, const char *host);
int dg_mx_read(struct dg_arena *a, const struct dg_rdata *rd, uint16_t *ret_preference,
	const char **ret_host); /* 1: not an MX */
