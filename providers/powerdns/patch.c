/* The PATCH body: one request, one transaction of the server. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "providers/powerdns/body.h"
#include "providers/provider.h"
#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/base/err.h"
#include "zones/record/zonefile.h"

#define CONTENT_MAX (300u << 10) /* 65535 octets, each as \DDD, and quotes */
#define SOA_TAIL    20u /* serial, refresh, retry, expire, minimum: RFC 1035 section 3.3.13 */

static void add_record(json_t *records, const char *content, bool is_disabled)
{
	json_t *record = json_object();

	(void)json_object_set_new(record, "content", json_string(content));
	(void)json_object_set_new(record, "disabled", json_boolean(is_disabled));
	(void)json_array_append_new(records, record);
}

/* Would the disabled record stand beside an equal one? The server refuses that. */
static bool is_in(
	struct dg_arena *a, const struct dg_powerdns_disabled *d, const struct dg_rrset *set)
{
	struct dg_rdata rd;
	struct dg_err err;

	return dg_rdata_parse(a, d->type, d->content, strlen(d->content), ".", &rd, &err) == 0 &&
	       dg_rrset_has(set, &rd);
}

static json_t *records_of(
	struct dg_arena *a, const struct dg_powerdns_zone *z, const struct dg_rrset *set)
{
	json_t *records = json_array();
	struct dg_buf b;

	dg_buf_init(&b, CONTENT_MAX);
	for (size_t i = 0; i < set->n; i++) {
		dg_buf_clear(&b);
		dg_rdata_print(&b, set->type, &set->rdata[i]);
		add_record(records, b.data, false);
	}
	dg_buf_done(&b);
	for (size_t i = 0; i < z->n_disabled; i++) {
		const struct dg_powerdns_disabled *d = &z->disabled[i];
		if (d->type == set->type && strcmp(d->owner, set->owner) == 0 &&
			!is_in(a, d, set)) {
			add_record(records, d->content, true);
		}
	}
	return records;
}

static void add_rrset(struct dg_arena *a, json_t *rrsets, const struct dg_powerdns_zone *z,
	const struct dg_rrset *set, uint32_t ttl)
{
	json_t *rrset = json_object();
	json_t *records = records_of(a, z, set);
	char type[16];

	(void)json_object_set_new(rrset, "name", json_string(set->owner));
	(void)json_object_set_new(rrset, "type", json_string(dg_type_text(set->type, type)));
	(void)json_object_set_new(rrset, "ttl", json_integer(ttl));
	if (json_array_size(records) == 0) {
		(void)json_object_set_new(rrset, "changetype", json_string("DELETE"));
		json_decref(records);
	} else {
		(void)json_object_set_new(rrset, "changetype", json_string("REPLACE"));
		(void)json_object_set_new(rrset, "records", records);
	}
	(void)json_array_append_new(rrsets, rrset);
}

/* Zones made with pdnsutil have no SOA-EDIT-API: without a new serial no secondary would ask for the change. */
static void add_serial(
	struct dg_arena *a, json_t *rrsets, const struct dg_powerdns_zone *z, int64_t now)
{
	struct dg_rrset soa;
	uint8_t *wire;

	if (dg_zone_get(z->have, z->have->apex, DG_TYPE_SOA, &soa) != 0 || soa.n != 1 ||
		soa.rdata[0].len < SOA_TAIL) {
		return;
	}
	uint32_t serial = dg_serial_next(dg_zone_serial(z->have), DG_SERIAL_AUTO, now);
	size_t len = soa.rdata[0].len;
	wire = dg_memdup(a, soa.rdata[0].wire, len);
	for (unsigned i = 0; i < 4; i++) {
		wire[len - SOA_TAIL + i] = (uint8_t)(serial >> (24 - 8 * i));
	}
	const struct dg_rdata rd = {.wire = wire, .len = len};
	soa.rdata = &rd;
	add_rrset(a, rrsets, z, &soa, soa.ttl);
}

const char *dg_powerdns_patch(struct dg_arena *a, const struct dg_powerdns_zone *z,
	const struct dg_swap *swaps, size_t n_swaps, int64_t now)
{
	json_t *root = json_object();
	json_t *rrsets = json_array();

	for (size_t i = 0; i < n_swaps; i++) {
		const struct dg_swap *s = &swaps[i];
		add_rrset(a, rrsets, z, &s->after, s->after.n > 0 ? s->after.ttl : s->before.ttl);
	}
	if (z->has_manual_serial) {
		add_serial(a, rrsets, z, now);
	}
	(void)json_object_set_new(root, "rrsets", rrsets);
	char *text = json_dumps(root, JSON_COMPACT);
	if (!text) {
		abort();
	}
	const char *body = dg_strdup(a, text);
	free(text);
	json_decref(root);
	return body;
}
