/* A check as one JSON object; its form is documented in doc/json.md. */
#include "zones/check/jsons.h"

#include "zones/base/buf.h"

#include <string.h>

json_t *check_json_text(const char *s)
{
	struct dg_buf b;
	json_t *j = NULL;

	if (!s) {
		return json_null();
	}
	j = json_string(s);
	if (!j) { /* not UTF-8: escaped rather than lost */
		dg_buf_init(&b, 4 * strlen(s) + 1);
		dg_buf_put_safe(&b, s, strlen(s));
		j = json_string(b.data);
		dg_buf_done(&b);
	}
	return j;
}

json_t *check_json_count(size_t n)
{
	return json_integer((json_int_t)n);
}

void check_json_set(json_t *j, const char *key, json_t *value)
{
	(void)json_object_set_new(j, key, value);
}

/* --- verdicts ------------------------------------------------------------------------------------------ */
static json_t *verdicts(const struct dg_check *c)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < DG_IDENTITIES; i++) {
		for (unsigned k = 0; k < DG_CLASSES; k++) {
			const struct dg_ruling *r = &c->rulings[i][k];
			json_t *j = NULL;

			if (!r->name) {
				continue;
			}
			j = json_object();
			check_json_set(
				j, "identity", json_string(dg_identity_text((enum dg_identity)i)));
			check_json_set(
				j, "class", json_string(dg_name_class_text((enum dg_name_class)k)));
			check_json_set(j, "verdict", json_string(dg_forgery_text(r->forgery)));
			check_json_set(j, "name", check_json_text(r->name));
			check_json_set(j, "record", check_json_text(r->record));
			check_json_set(j, "why", check_json_text(r->why));
			(void)json_array_append_new(list, j);
		}
	}
	return list;
}

/* {"from":{"domain":"protected"}} */
static json_t *verdicts_short(const struct dg_check *c)
{
	json_t *all = json_object();

	for (unsigned i = 0; i < DG_IDENTITIES; i++) {
		json_t *j = json_object();

		for (unsigned k = 0; k < DG_CLASSES; k++) {
			const struct dg_ruling *r = &c->rulings[i][k];

			if (r->name) {
				check_json_set(j, dg_name_class_text((enum dg_name_class)k),
					json_string(dg_forgery_text(r->forgery)));
			}
		}
		check_json_set(all, dg_identity_text((enum dg_identity)i), j);
	}
	return all;
}

static const char *backscatter_text(enum dg_backscatter b)
{
	switch (b) {
	case DG_BACKSCATTER_YES:
		return "yes";
	case DG_BACKSCATTER_NO:
		return "no";
	case DG_BACKSCATTER_UNKNOWN:
		break;
	}
	return "unknown";
}

/* --- findings ------------------------------------------------------------------------------------------- */
static json_t *finding(const struct dg_finding *f)
{
	json_t *j = json_object();

	check_json_set(j, "code", json_string(f->kind->code));
	check_json_set(j, "area", json_string(f->kind->area));
	check_json_set(j, "severity", json_string(dg_severity_text(f->severity)));
	check_json_set(j, "owner", check_json_text(f->owner));
	check_json_set(j, "text", check_json_text(f->text));
	check_json_set(j, "evidence", check_json_text(f->evidence));
	check_json_set(j, "column", f->column > 0 ? check_json_count(f->column) : json_null());
	check_json_set(j, "server", check_json_text(f->server));
	check_json_set(j, "rule", check_json_text(f->kind->rule));
	check_json_set(j, "remedy", check_json_text(f->remedy ? f->remedy : f->kind->remedy));
	return j;
}

static json_t *findings(const struct dg_check *c)
{
	json_t *list = json_array();

	for (size_t i = 0; i < c->n_findings; i++) {
		(void)json_array_append_new(list, finding(&c->findings[i]));
	}
	return list;
}

static json_t *findings_short(const struct dg_check *c)
{
	json_t *list = json_array();

	for (size_t i = 0; i < c->n_findings; i++) {
		const struct dg_finding *f = &c->findings[i];

		if (f->severity != DG_SEVERITY_GOOD) {
			json_t *j = json_object();

			check_json_set(j, "code", json_string(f->kind->code));
			check_json_set(j, "severity", json_string(dg_severity_text(f->severity)));
			(void)json_array_append_new(list, j);
		}
	}
	return list;
}

static json_t *counts(const struct dg_check *c)
{
	json_t *j = json_object();

	for (int s = DG_SEVERITY_GOOD; s <= DG_SEVERITY_UNKNOWN; s++) {
		check_json_set(j, dg_severity_text((enum dg_severity)s),
			check_json_count(c->n_by_severity[s]));
	}
	check_json_set(j, "not_shown", check_json_count(c->n_findings_dropped));
	return j;
}

/* --- the whole ------------------------------------------------------------------------------------------ */
static const char *policy_of(const struct dg_dmarc_found *found)
{
	return found->state == DG_DMARC_FOUND ? check_policy_text(found->applied) : NULL;
}

static void put_short(json_t *j, const struct dg_check *c)
{
	check_json_set(j, "verdicts", verdicts_short(c));
	check_json_set(j, "backscatter", json_string(backscatter_text(c->backscatter)));
	check_json_set(j, "findings", findings_short(c));
	check_json_set(j, "spf", check_json_text(c->spf_record));
	check_json_set(j, "dmarc", check_json_text(c->walk.record));
	check_json_set(j, "policy", check_json_text(policy_of(&c->walk)));
	check_json_set(j, "mx", check_json_text(check_mx_text(c)));
}

static void put_full(json_t *j, const struct dg_check *c)
{
	json_t *dmarc = json_object();

	check_json_set(j, "verdicts", verdicts(c));
	check_json_set(j, "backscatter", json_string(backscatter_text(c->backscatter)));
	check_json_set(j, "backscatter_why", check_json_text(c->backscatter_why));
	check_json_set(j, "counts", counts(c));
	check_json_set(j, "findings", findings(c));
	check_json_set(j, "spf", check_json_spf(c));
	check_json_set(dmarc, "walk", check_json_dmarc(&c->walk));
	check_json_set(dmarc, "psl", check_json_dmarc(&c->psl));
	check_json_set(j, "dmarc", dmarc);
	check_json_set(j, "mx", check_json_mx(c));
	check_json_set(j, "keys", check_json_keys(c));
	check_json_set(j, "records", check_json_records(c));
}

/* jansson leaves DEL as it is. It stands in strings only, so that its escape may take its place anywhere. */
static int put_chunk(const char *data, size_t len, void *arg)
{
	const char *del = NULL;

	while (len > 0 && (del = memchr(data, 0x7f, len)) != NULL) {
		size_t n = (size_t)(del - data);

		dg_buf_put(arg, data, n);
		dg_buf_puts(arg, "\\u007f");
		data += n + 1;
		len -= n + 1;
	}
	dg_buf_put(arg, data, len);
	return 0;
}

void dg_check_json(struct dg_buf *b, const struct dg_check *c, bool is_short)
{
	json_t *j = json_object();

	if (!is_short) {
		check_json_set(j, "type", json_string("check"));
	}
	check_json_set(j, "domain", check_json_text(c->domain));
	check_json_set(j, "exists", json_boolean(c->exists));
	check_json_set(j, "unknown", json_boolean(c->is_unknown));
	check_json_set(j, "sends", json_boolean(c->sends));
	check_json_set(j, "receives", json_boolean(c->receives));
	check_json_set(j, "parked", json_boolean(c->is_parked));
	if (is_short) {
		put_short(j, c);
	} else {
		put_full(j, c);
	}
	/* ASCII only: what a name or a record holds cannot move a terminal's cursor. */
	(void)json_dump_callback(
		j, put_chunk, b, JSON_COMPACT | JSON_ENSURE_ASCII | JSON_PRESERVE_ORDER);
	json_decref(j);
}
