#include "providers/powerdns/body.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/base/err.h"
#include "zones/record/name.h"

#define TYPE_ALIAS     65401 /* PowerDNS: pdns/qtype.hh */
#define TYPE_LUA       65402
#define TYPE_OTHER     65534 /* a type name that nobody knows: its owner exists */
#define SHOWN_MAX      200u  /* octets of a server's text that are shown */
#define ERROR_BODY_MAX 65536u

struct parsing {
	struct dg_arena *arena;
	const struct dg_powerdns_wish *wish;
	const struct dg_rrkey **sorted; /* wish->keys by owner and type */
	struct dg_powerdns_zone *zone;
	struct dg_err *err;
};

static int bad(struct parsing *p, const char *what)
{
	return dg_fail(p->err, DG_EREMOTE, "the answer about the zone is not understood: %s", what);
}

static int cmp_keys(const struct dg_rrkey *x, const struct dg_rrkey *y)
{
	int r = strcmp(x->owner, y->owner);

	return r != 0 ? r : (int)x->type - (int)y->type;
}

static int cmp_key_pointers(const void *x, const void *y)
{
	return cmp_keys(*(const struct dg_rrkey *const *)x, *(const struct dg_rrkey *const *)y);
}

static void sort_keys(struct parsing *p)
{
	const struct dg_powerdns_wish *w = p->wish;

	p->sorted = dg_newn(p->arena, const struct dg_rrkey *, w->n_keys);
	for (size_t i = 0; i < w->n_keys; i++) {
		p->sorted[i] = &w->keys[i];
	}
	qsort(p->sorted, w->n_keys, sizeof(const struct dg_rrkey *), cmp_key_pointers);
}

static bool is_wished(const struct parsing *p, const char *owner, uint16_t type)
{
	struct dg_rrkey key = {.owner = owner, .type = type};
	const struct dg_rrkey *at = &key;

	if (!p->wish->keys || type == DG_TYPE_SOA) {
		return true;
	}
	return bsearch(
		&at, p->sorted, p->wish->n_keys, sizeof(const struct dg_rrkey *), cmp_key_pointers);
}

static uint16_t read_type(const char *text, size_t len)
{
	uint16_t type;

	if (dg_type_parse(text, len, &type) == 0) {
		return type;
	}
	if (strcasecmp(text, "ALIAS") == 0) {
		return TYPE_ALIAS;
	}
	return strcasecmp(text, "LUA") == 0 ? TYPE_LUA : TYPE_OTHER;
}

/* What plans are made of must be read; what only has to exist need not. */
static bool is_needed(uint16_t type)
{
	return type == DG_TYPE_MX || type == DG_TYPE_TXT || type == DG_TYPE_NS ||
	       type == DG_TYPE_SOA || type == DG_TYPE_CNAME || type == DG_TYPE_DNAME;
}

static void keep_disabled(struct parsing *p, const struct dg_powerdns_disabled *d)
{
	struct dg_powerdns_zone *z = p->zone;

	if (z->n_disabled == z->cap_disabled) {
		size_t cap = z->cap_disabled ? 2 * z->cap_disabled : 4;
		struct dg_powerdns_disabled *list =
			dg_newn(p->arena, struct dg_powerdns_disabled, cap);
		if (z->n_disabled > 0) {
			memcpy(list, z->disabled, z->n_disabled * sizeof(*list));
		}
		z->disabled = list;
		z->cap_disabled = cap;
	}
	z->disabled[z->n_disabled++] = *d;
}

/* 0: *ret_rdata is one more record of set; 1: a disabled one, kept aside. */
static int read_record(struct parsing *p, const struct dg_rrset *set, const json_t *record,
	struct dg_rdata *ret_rdata)
{
	const json_t *content = json_object_get(record, "content");
	const char *text = json_string_value(content);
	size_t len = json_string_length(content);
	char type[16];

	if (!text) {
		return bad(p, "a record without content");
	}
	if (json_is_true(json_object_get(record, "disabled"))) {
		const struct dg_powerdns_disabled d = {
			.owner = set->owner,
			.type = set->type,
			.ttl = set->ttl,
			.content = dg_strndup(p->arena, text, len),
		};
		keep_disabled(p, &d);
		return 1;
	}
	*ret_rdata = (struct dg_rdata){0};
	if (p->wish->mail_only && !is_needed(set->type)) {
		return 0;
	}
	int r = dg_rdata_parse(p->arena, set->type, text, len, ".", ret_rdata, p->err);
	if (r == 0) {
		return 0;
	}
	*ret_rdata = (struct dg_rdata){0};
	if (!is_needed(set->type)) {
		return 0;
	}
	p->err->rc = DG_EREMOTE;
	return dg_wrap(p->err, DG_EREMOTE, "the server's record %s %s", set->owner,
		dg_type_text(set->type, type));
}

/* Sets whose rdata was not read keep their count: dg_rrset_make() would take them for duplicates. */
static void add_set(struct parsing *p, const struct dg_rrset *set, struct dg_rdata *rdata, size_t n)
{
	struct dg_rrset made = {
		.owner = set->owner, .type = set->type, .ttl = set->ttl, .rdata = rdata, .n = n};
	bool has_all = true;

	for (size_t i = 0; i < n; i++) {
		has_all = has_all && rdata[i].wire;
	}
	if (has_all) {
		made = dg_rrset_make(set->owner, set->type, set->ttl, rdata, n);
	}
	dg_zone_add(p->zone->have, &made);
}

static int read_records(struct parsing *p, struct dg_rrset *set, const json_t *records)
{
	size_t n_json = json_array_size(records);
	size_t n = 0;

	if (n_json > DG_RDATA_MAX) {
		return dg_fail(p->err, DG_ELIMIT,
			"%s has %zu records of one type; at most %u are read", set->owner, n_json,
			DG_RDATA_MAX);
	}
	struct dg_rdata *rdata = dg_newn(p->arena, struct dg_rdata, n_json);
	for (size_t i = 0; i < n_json; i++) {
		int r = read_record(p, set, json_array_get(records, i), &rdata[n]);
		if (r < 0) {
			return r;
		}
		n += r == 0;
	}
	if (n > 0) {
		add_set(p, set, rdata, n);
	}
	return 0;
}

static int read_rrset(struct parsing *p, const json_t *rrset)
{
	const json_t *name = json_object_get(rrset, "name");
	const json_t *type = json_object_get(rrset, "type");
	const json_t *ttl = json_object_get(rrset, "ttl");
	const json_t *records = json_object_get(rrset, "records");
	struct dg_rrset set = {0};

	if (!json_is_string(name) || !json_is_string(type) || !json_is_integer(ttl) ||
		!json_is_array(records)) {
		return bad(p, "an RRset without name, type, ttl or records");
	}
	if (json_array_size(records) == 0) {
		return 0; /* comments alone */
	}
	if (json_integer_value(ttl) < 0 || json_integer_value(ttl) > UINT32_MAX) {
		return bad(p, "a TTL outside 0..4294967295");
	}
	/* RFC 2181 section 8: a TTL with the highest bit set is zero. */
	set.ttl = json_integer_value(ttl) > DG_TTL_MAX ? 0 : (uint32_t)json_integer_value(ttl);
	set.type = read_type(json_string_value(type), json_string_length(type));
	if (dg_name_parse(p->arena, json_string_value(name), json_string_length(name), NULL,
		    &set.owner, p->err) < 0) {
		p->err->rc = DG_EREMOTE;
		return dg_wrap(p->err, DG_EREMOTE, "a name in the server's answer");
	}
	if (!dg_name_is_at_or_under(set.owner, p->wish->zone)) {
		return dg_fail(p->err, DG_EREMOTE,
			"the server's answer names %s, which is outside the zone", set.owner);
	}
	return is_wished(p, set.owner, set.type) ? read_records(p, &set, records) : 0;
}

static int read_head(struct parsing *p, const json_t *root)
{
	const json_t *name = json_object_get(root, "name");
	const char *kind = json_string_value(json_object_get(root, "kind"));
	const char *edit = json_string_value(json_object_get(root, "soa_edit_api"));
	const char *got = NULL;

	if (!json_is_string(name) || dg_name_parse(p->arena, json_string_value(name),
					     json_string_length(name), NULL, &got, p->err) < 0) {
		return bad(p, "no name of a zone");
	}
	if (strcmp(got, p->wish->zone) != 0) {
		return dg_fail(p->err, DG_EREMOTE,
			"asked for zone %s, the server answers with zone %s", p->wish->zone, got);
	}
	p->zone->is_secondary =
		kind && (strcasecmp(kind, "Slave") == 0 || strcasecmp(kind, "Secondary") == 0 ||
				strcasecmp(kind, "Consumer") == 0);
	p->zone->has_manual_serial = edit && (!*edit || strcasecmp(edit, "OFF") == 0);
	return 0;
}

/* What was asked for and did not come is not there: the answer holds the whole zone. */
static void add_absent(struct parsing *p)
{
	struct dg_zone *have = p->zone->have;
	struct dg_rrset set;

	dg_zone_seal(have);
	size_t n = have->n;
	struct dg_rrset *absent = dg_newn(p->arena, struct dg_rrset, p->wish->n_keys);
	size_t n_absent = 0;
	for (size_t i = 0; i < p->wish->n_keys; i++) {
		const struct dg_rrkey *k = p->sorted[i];
		bool is_new = i == 0 || cmp_keys(k, p->sorted[i - 1]) != 0;
		if (is_new && dg_zone_get(have, k->owner, k->type, &set) != 0) {
			absent[n_absent++] = dg_rrset_none(dg_strdup(p->arena, k->owner), k->type);
		}
	}
	for (size_t i = 0; i < n_absent; i++) {
		dg_zone_add(have, &absent[i]);
	}
	if (have->n != n) {
		dg_zone_seal(have);
	}
}

static int read_zone(struct parsing *p, const json_t *root)
{
	const json_t *rrsets = json_object_get(root, "rrsets");
	struct dg_zone *have = p->zone->have;
	int r = read_head(p, root);

	if (r < 0) {
		return r;
	}
	if (!json_is_array(rrsets)) {
		return bad(p, "no list of RRsets");
	}
	for (size_t i = 0; i < json_array_size(rrsets); i++) {
		r = read_rrset(p, json_array_get(rrsets, i));
		if (r < 0) {
			return r;
		}
	}
	if (p->wish->keys) {
		add_absent(p);
	} else {
		dg_zone_seal(have);
		have->is_complete = true;
	}
	have->version = dg_printf(p->arena, "%u", dg_zone_serial(have));
	return 0;
}

int dg_powerdns_zone_parse(struct dg_arena *a, const struct dg_powerdns_wish *wish,
	const char *body, size_t len, struct dg_powerdns_zone **ret_zone, struct dg_err *err)
{
	struct parsing p = {.arena = a, .wish = wish, .err = err};
	json_error_t at;

	if (len > DG_POWERDNS_REPLY_MAX) {
		return dg_fail(err, DG_ELIMIT,
			"the answer about the zone has %zu octets; at most %u are read", len,
			DG_POWERDNS_REPLY_MAX);
	}
	json_t *root = json_loadb(body, len, JSON_REJECT_DUPLICATES, &at);
	if (!json_is_object(root)) {
		json_decref(root);
		return dg_fail(err, DG_EREMOTE,
			"the answer about the zone is not JSON as expected (line %d, column %d)",
			at.line, at.column);
	}
	p.zone = dg_new(a, struct dg_powerdns_zone);
	p.zone->have = dg_zone_new(a, wish->zone);
	if (wish->keys) {
		sort_keys(&p);
	}
	int r = read_zone(&p, root);
	json_decref(root);
	if (r == 0) {
		*ret_zone = p.zone;
	}
	return r;
}

const char *dg_powerdns_error_text(
	struct dg_arena *a, const char *body, size_t len, const char *secret)
{
	struct dg_buf b;
	json_t *root =
		len < ERROR_BODY_MAX ? json_loadb(body, len, JSON_REJECT_DUPLICATES, NULL) : NULL;
	const json_t *error = json_object_get(root, "error");

	if (json_is_string(error)) {
		body = json_string_value(error);
		len = json_string_length(error);
	}
	while (len > 0 &&
		(body[len - 1] == '\n' || body[len - 1] == '\r' || body[len - 1] == ' ')) {
		len--;
	}
	dg_buf_init(&b, (size_t)SHOWN_MAX * 8);
	if (secret && *secret && memmem(body, len, secret, strlen(secret))) {
		dg_buf_puts(&b, "(not shown: it repeats the key)");
	} else {
		dg_buf_put_safe(&b, body, len < SHOWN_MAX ? len : SHOWN_MAX);
		dg_buf_puts(&b, len > SHOWN_MAX ? "..." : "");
	}
	const char *text = dg_strdup(a, b.data ? b.data : "");
	dg_buf_done(&b);
	json_decref(root);
	return text;
}
