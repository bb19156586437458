/* The types whose text we leave to ldns; only as a codec between text and wire. */
#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/base/err.h"
#include "zones/record/name.h"
#include "zones/record/rdata.h"
#include "zones/record/rrset.h"

#include <ldns/ldns.h>
#include <stdlib.h>
#include <string.h>

#define HEAD_LEN 11u /* root owner, type, class, TTL, length: RFC 1035 section 3.2.1 */

/* The rdata of rr, fields joined. */
static struct dg_rdata rdata_of(struct dg_arena *a, const ldns_rr *rr)
{
	size_t len = 0;
	size_t at = 0;

	for (size_t i = 0; i < ldns_rr_rd_count(rr); i++) {
		len += ldns_rdf_size(ldns_rr_rdf(rr, i));
	}
	uint8_t *wire = dg_get(a, 1, len);
	for (size_t i = 0; i < ldns_rr_rd_count(rr); i++) {
		const ldns_rdf *f = ldns_rr_rdf(rr, i);

		memcpy(wire + at, ldns_rdf_data(f), ldns_rdf_size(f));
		at += ldns_rdf_size(f);
	}
	return (struct dg_rdata){.wire = wire, .len = len};
}

int dg_rdata_ldns_parse(struct dg_arena *a, uint16_t type, const char *text, const char *origin,
	struct dg_rdata *ret_rdata, struct dg_err *err)
{
	char name[16];
	uint8_t wire[DG_NAME_WIRE_MAX];
	ldns_rr *rr = NULL;
	size_t n = dg_name_to_wire(origin ? origin : ".", wire);
	ldns_rdf *base = ldns_rdf_new_frm_data(LDNS_RDF_TYPE_DNAME, n, wire);
	const char *line = dg_printf(a, ". 0 IN %s %s", dg_type_text(type, name), text);
	ldns_status s = base ? ldns_rr_new_frm_str(&rr, line, 0, base, NULL) : LDNS_STATUS_MEM_ERR;

	ldns_rdf_deep_free(base);
	if (s != LDNS_STATUS_OK) {
		return dg_fail(
			err, DG_EINPUT, "%s data: %s (ldns)", name, ldns_get_errorstr_by_id(s));
	}
	struct dg_rdata rd = rdata_of(a, rr);
	ldns_rr_free(rr);
	if (dg_rdata_canonical(a, type, rd.wire, rd.len, ret_rdata) != 0) {
		return dg_fail(
			err, DG_EINPUT, "%s data does not have the fields of its type", name);
	}
	return 0;
}

static void put_fields(struct dg_buf *b, const ldns_rr *rr)
{
	for (size_t i = 0; i < ldns_rr_rd_count(rr); i++) {
		char *text = ldns_rdf2str(ldns_rr_rdf(rr, i));
		size_t len = text ? strlen(text) : 0;

		while (len > 0 && text[len - 1] == ' ') { /* type bitmaps end in one */
			len--;
		}
		if (len > 0) {
			if (i > 0) {
				dg_buf_putc(b, ' ');
			}
			dg_buf_put(b, text, len);
		}
		free(text);
	}
}

int dg_rdata_ldns_print(struct dg_buf *b, uint16_t type, const struct dg_rdata *rd)
{
	uint8_t *wire = malloc(HEAD_LEN + rd->len);
	ldns_rr *rr = NULL;
	size_t pos = 0;

	if (!wire) {
		return 1;
	}
	memset(wire, 0, HEAD_LEN);
	ldns_write_uint16(wire + 1, type);
	ldns_write_uint16(wire + 3, LDNS_RR_CLASS_IN);
	ldns_write_uint16(wire + 9, (uint16_t)rd->len);
	if (rd->len > 0) {
		memcpy(wire + HEAD_LEN, rd->wire, rd->len);
	}
	ldns_status s = ldns_wire2rr(&rr, wire, HEAD_LEN + rd->len, &pos, LDNS_SECTION_ANSWER);
	if (s == LDNS_STATUS_OK) {
		put_fields(b, rr);
		ldns_rr_free(rr);
	}
	free(wire);
	return s == LDNS_STATUS_OK ? 0 : 1;
}
