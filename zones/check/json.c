/* A check as one JSON object; its form is documented in doc/json.md. */
#include "zones/check/jsons.h"

#include "zones/base/buf.h"

#include <string.h>

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
			dg_json_set(
				j, "identity", json_string(dg_identity_text((enum dg_identity)i)));
			dg_json_set(
				j, "class", json_string(dg_name_class_text((enum dg_name_class)k)));
			dg_json_set(j, "verdict", json_string(dg_forgery_text(r->forgery)));
			dg_json_set(j, "name", dg_json_text(r->name));
			dg_json_set(j, "record", dg_json_text(r->record));
			dg_json_set(j, "why", dg_json_text(r->why));
			(void)json_array_append_new(list, j);
		}
	}
	return list;
}

const char *check_backscatter_text(enum dg_backscatter b)
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

	dg_json_set(j, "code", json_string(f->kind->code));
	dg_json_set(j, "area", json_string(f->kind->area));
	dg_json_set(j, "severity", json_string(dg_severity_text(f->severity)));
	dg_json_set(j, "owner", dg_json_text(f->owner));
	dg_json_set(j, "text", dg_json_text(f->text));
	dg_json_set(j, "evidence", dg_json_text(f->evidence));
	dg_json_set(j, "column", f->column > 0 ? dg_json_count(f->column) : json_null());
	dg_json_set(j, "server", dg_json_text(f->server));
	dg_json_set(j, "rule", dg_json_text(f->kind->rule));
	dg_json_set(j, "remedy", dg_json_text(f->remedy ? f->remedy : f->kind->remedy));
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

static json_t *counts(const struct dg_check *c)
{
	json_t *j = json_object();

	for (int s = DG_SEVERITY_GOOD; s <= DG_SEVERITY_UNKNOWN; s++) {
		dg_json_set(j, dg_severity_text((enum dg_severity)s),
			dg_json_count(c->n_by_severity[s]));
	}
	dg_json_set(j, "not_shown", dg_json_count(c->n_findings_dropped));
	return j;
}

/* --- the whole ------------------------------------------------------------------------------------------ */
static void put_full(json_t *j, const struct dg_check *c)
{
	json_t *dmarc = json_object();

	dg_json_set(j, "verdicts", verdicts(c));
	dg_json_set(j, "backscatter", json_string(check_backscatter_text(c->backscatter)));
	dg_json_set(j, "backscatter_why", dg_json_text(c->backscatter_why));
	dg_json_set(j, "counts", counts(c));
	dg_json_set(j, "findings", findings(c));
	dg_json_set(j, "spf", check_json_spf(c));
	dg_json_set(dmarc, "walk", dg_dmarc_found_json(&c->walk));
	dg_json_set(dmarc, "psl", dg_dmarc_found_json(&c->psl));
	dg_json_set(j, "dmarc", dmarc);
	dg_json_set(j, "mx", check_json_mx(c));
	dg_json_set(j, "keys", check_json_keys(c));
	dg_json_set(j, "servers", check_json_servers(c));
	dg_json_set(j, "records", check_json_records(c));
}

void dg_check_json(struct dg_buf *b, const struct dg_check *c, bool is_short)
{
	if (is_short) {
		check_json_short(b, c);
		return;
	}
	json_t *j = json_object();
	dg_json_set(j, "type", json_string("check"));
	dg_json_set(j, "domain", dg_json_text(c->domain));
	dg_json_set(j, "exists", c->is_unknown ? json_null() : json_boolean(c->exists));
	dg_json_set(j, "unknown", json_boolean(c->is_unknown));
	dg_json_set(j, "sends", c->is_sends_known ? json_boolean(c->sends) : json_null());
	dg_json_set(j, "receives", c->is_receives_known ? json_boolean(c->receives) : json_null());
	dg_json_set(j, "parked", json_boolean(c->is_parked));
	put_full(j, c);
	dg_json_put(b, j);
}
