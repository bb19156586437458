/* Records as an API tells them: to RRsets, and back to the edits that change them. */
#include <stdlib.h>
#include <string.h>

#include "providers/api/api.h"
#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/record/name.h"

#define TYPE_OTHER 65534        /* a type name that nobody knows: its owner exists */
#define VALUE_MAX  (300u << 10) /* 65535 octets, each as \DDD, and quotes */

/* What plans are made of must be read; what only has to exist need not. */
static bool is_needed(uint16_t type)
{
	return type == DG_TYPE_MX || type == DG_TYPE_TXT || type == DG_TYPE_NS ||
	       type == DG_TYPE_CNAME || type == DG_TYPE_DNAME;
}

static struct dg_api_record *grow(struct dg_api_work *w)
{
	if (w->n_records == w->cap_records) {
		size_t cap = w->cap_records ? 2 * w->cap_records : 64;
		struct dg_api_record *list = dg_newn(w->arena, struct dg_api_record, cap);

		if (w->n_records > 0) {
			memcpy(list, w->records, w->n_records * sizeof(*list));
		}
		w->records = list;
		w->cap_records = cap;
	}
	return &w->records[w->n_records];
}

static int read_value(struct dg_api_work *w, const struct dg_api_raw *raw, struct dg_api_record *r)
{
	struct dg_err *err = w->err;
	const char *text = raw->value;

	if (r->type == DG_TYPE_TXT && raw->is_plain_txt) {
		size_t len = strlen(text);
		if (len > DG_API_TXT_MAX) {
			return dg_fail(err, DG_ELIMIT, "a text of %zu octets", len);
		}
		r->rdata = dg_txt_make(w->arena, text, len);
		return 0;
	}
	if (r->type == DG_TYPE_MX && raw->preference >= 0) {
		text = dg_printf(w->arena, "%lld %s", (long long)raw->preference, text);
	}
	int rc = dg_rdata_parse(w->arena, r->type, text, strlen(text), ".", &r->rdata, err);
	if (rc == 0 && r->type == DG_TYPE_TXT) {
		size_t len = dg_txt_len(&r->rdata);
		if (len > DG_API_TXT_MAX) {
			return dg_fail(err, DG_ELIMIT, "a text of %zu octets", len);
		}
		r->rdata = dg_txt_make(w->arena, dg_txt_join(w->arena, &r->rdata), len);
	}
	return rc;
}

static int fail_record(struct dg_api_work *w, const struct dg_api_record *r, enum dg_rc rc)
{
	char type[16];

	w->err->rc = rc;
	return dg_wrap(w->err, rc, "%s: its record %s %s", w->api->host, r->owner,
		dg_type_text(r->type, type));
}

int dg_api_add(struct dg_api_work *w, const struct dg_api_raw *raw)
{
	struct dg_api_record *r = grow(w);
	struct dg_api_record new = {
		.id = raw->id ? raw->id : "", .rdata.wire = (const uint8_t *)""};

	if (!raw->owner || !raw->type || !raw->value) {
		return dg_api_bad(w, "a record without name, type or value");
	}
	if (w->n_records >= DG_API_RECORDS_MAX) {
		return dg_fail(w->err, DG_ELIMIT, "%s: more than %u records in the zone %s",
			w->api->host, DG_API_RECORDS_MAX, w->zone);
	}
	if (raw->ttl < 0 || raw->ttl > UINT32_MAX) {
		return dg_api_bad(w, "a TTL outside 0..4294967295");
	}
	/* RFC 2181 section 8: a TTL with the highest bit set is zero. */
	new.ttl = raw->ttl > DG_TTL_MAX ? 0 : (uint32_t)raw->ttl;
	if (dg_type_parse(raw->type, strlen(raw->type), &new.type) != 0) {
		new.type = TYPE_OTHER;
	}
	const char *owner = raw->origin && !*raw->owner ? "@" : raw->owner;
	if (dg_name_parse(w->arena, owner, strlen(owner), raw->origin, &new.owner, w->err) < 0) {
		w->err->rc = DG_EREMOTE;
		return dg_wrap(w->err, DG_EREMOTE, "a name in the answer of %s", w->api->host);
	}
	if (!dg_name_is_at_or_under(new.owner, w->zone)) {
		return dg_fail(w->err, DG_EREMOTE,
			"the answer of %s names %s, which is outside the zone %s", w->api->host,
			new.owner, w->zone);
	}
	new.text = dg_strdup(w->arena, raw->value);
	if (new.type != TYPE_OTHER && read_value(w, raw, &new) < 0) {
		new.rdata = (struct dg_rdata){.wire = (const uint8_t *)""};
		if (is_needed(new.type)) {
			return fail_record(
				w, &new, w->err->rc == DG_ELIMIT ? DG_ELIMIT : DG_EREMOTE);
		}
	}
	*r = new;
	w->n_records++;
	return 0;
}

struct dg_zone *dg_api_zone(struct dg_api_work *w)
{
	struct dg_zone *z = dg_zone_new(w->arena, w->zone);

	for (size_t i = 0; i < w->n_records; i++) {
		const struct dg_api_record *r = &w->records[i];
		const struct dg_rrset set = {.owner = r->owner,
			.type = r->type,
			.ttl = r->ttl,
			.rdata = &r->rdata,
			.n = 1};
		dg_zone_add(z, &set);
	}
	dg_zone_seal(z);
	z->is_complete = true;
	z->version = w->version;
	z->from = dg_printf(w->arena, "%s %s", w->api->ops->name, w->api->host);
	return z;
}

int dg_api_compare(struct dg_api_work *w)
{
	for (size_t i = 0; i < w->n_swaps; i++) {
		const struct dg_rrset *before = &w->swaps[i].before;
		struct dg_rrset is;
		char type[16];

		if (dg_zone_get(w->have, before->owner, before->type, &is) != 0) {
			is = dg_rrset_none(before->owner, before->type);
		}
		if (!dg_rrset_same(&is, before)) {
			return dg_fail(w->err, DG_ECONFLICT,
				"%s %s is not what it was when the change was planned: somebody "
				"else edited it; look at a new plan",
				before->owner, dg_type_text(before->type, type));
		}
	}
	return 0;
}

/* --- edits ------------------------------------------------------------------------------------ */
static const struct dg_api_record *find_record(
	const struct dg_api_work *w, const struct dg_rrset *set, const struct dg_rdata *rd)
{
	for (size_t i = 0; i < w->n_records; i++) {
		const struct dg_api_record *r = &w->records[i];

		if (r->type == set->type && strcmp(r->owner, set->owner) == 0 &&
			(!rd || dg_rdata_cmp(&r->rdata, rd) == 0)) {
			return r;
		}
	}
	return NULL;
}

static size_t rrset_op(const struct dg_api_work *w, const struct dg_swap *s, struct dg_api_op *op)
{
	if (s->after.n == 0 && s->before.n == 0) {
		return 0;
	}
	*op = (struct dg_api_op){
		.kind = s->after.n == 0    ? DG_EDIT_DELETE
			: s->before.n == 0 ? DG_EDIT_CREATE
					   : DG_EDIT_UPDATE,
		.swap = s,
		.old = find_record(w, &s->before, NULL),
	};
	if (op->kind != DG_EDIT_UPDATE || !(w->api->dialect->flags & DG_API_TTL_APART) ||
		s->before.ttl == s->after.ttl) {
		return 1;
	}
	op->is_ttl = true;
	if (dg_rrset_same_data(&s->before, &s->after)) {
		return 1;
	}
	op[1] = op[0];
	op[1].is_ttl = false;
	return 2;
}

static size_t record_ops(struct dg_api_work *w, const struct dg_swap *s, struct dg_api_op *ops)
{
	bool needs_gap = (w->api->dialect->flags & DG_API_NEEDS_GAP) &&
			 w->api->limits.null_mx == DG_NULL_MX_EXCLUSIVE;
	struct dg_edit *edits = NULL;
	size_t n = dg_rewrite_make(w->arena, &s->before, &s->after, needs_gap, &edits);

	for (size_t i = 0; i < n; i++) {
		const struct dg_edit *e = &edits[i];

		ops[i] = (struct dg_api_op){.kind = e->kind, .swap = s};
		if (e->kind != DG_EDIT_CREATE) {
			ops[i].old = find_record(w, &s->before, &s->before.rdata[e->old]);
		}
		if (e->kind != DG_EDIT_DELETE) {
			ops[i].rdata = &s->after.rdata[e->new];
		}
	}
	return n;
}

void dg_api_make_ops(struct dg_api_work *w)
{
	size_t n_max = 2 * w->n_swaps;

	for (size_t i = 0; i < w->n_swaps; i++) {
		n_max += w->swaps[i].before.n + w->swaps[i].after.n;
	}
	w->ops = dg_newn(w->arena, struct dg_api_op, n_max);
	for (size_t i = 0; i < w->n_swaps; i++) {
		w->n_ops += w->api->dialect->flags & DG_API_PER_RECORD
				    ? record_ops(w, &w->swaps[i], &w->ops[w->n_ops])
				    : rrset_op(w, &w->swaps[i], &w->ops[w->n_ops]);
	}
}

const char *dg_api_value(struct dg_api_work *w, const struct dg_swap *s, const struct dg_rdata *rd)
{
	const struct dg_api_record *r = find_record(w, &s->after, rd);
	struct dg_buf b;

	if (r) {
		return r->text;
	}
	dg_buf_init(&b, VALUE_MAX);
	dg_rdata_print(&b, s->after.type, rd);
	const char *text = dg_strdup(w->arena, b.data);
	dg_buf_done(&b);
	return text;
}

json_t *dg_api_values(struct dg_api_work *w, const struct dg_swap *s, const struct dg_rrset *set)
{
	json_t *list = json_array();

	for (size_t i = 0; i < set->n; i++) {
		(void)json_array_append_new(list, json_string(dg_api_value(w, s, &set->rdata[i])));
	}
	return list;
}
