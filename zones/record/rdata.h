/* zones/record/rdata.h: what the fields of each type are. Inside zones/record only.
 *
 * Shape    One letter a field: 1 2 4 numbers of so many octets, T seconds (4 octets, units in
 * text), N name, a IPv4, A IPv6, S character-string, * one or more of them, G tag of a CAA (length,
 * letters and digits, RFC 8659), R text to the end of the rdata, X anything to the end: there ldns
 * does the text.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct dg_arena;
struct dg_buf;
struct dg_err;
struct dg_rdata;

/* NULL: only as RFC 3597 data. */
const char *dg_rdata_form(uint16_t type);

/* Canonical text of the uncompressed name at wire. 1: not a name. */
int dg_name_wire_text(
	const uint8_t *wire, size_t len, char *ret_text, size_t *ret_text_len, size_t *ret_len);

/* Longest text of one record that ldns gets to see. */
#define DG_RDATA_LDNS_TEXT_MAX 32768u

/* Text is words and strings in quotes with one blank between, NUL-terminated. */
int dg_rdata_ldns_parse(struct dg_arena *a, uint16_t type, const char *text, const char *origin,
	struct dg_rdata *ret_rdata, struct dg_err *err);
/* 1: ldns cannot print it; nothing was put. */
int dg_rdata_ldns_print(struct dg_buf *b, uint16_t type, const struct dg_rdata *rd);
