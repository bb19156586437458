#include "providers/gehirn/gehirn.h"

#include <string.h>

#include "providers/api/api.h"
#include "zones/base/arena.h"
#include "zones/base/err.h"

struct gehirn_options {
	struct dg_api_options api;
	const char *token_secret_file;
};

static const struct dg_field fields[] = {
	DG_API_FIELDS_BARE("https://api.gis.gehirn.jp/dns/v1"),
	DG_FIELD_SECRET(struct dg_api_options, token_file, .is_required = true,
		.help = "File with the API token, and nothing else, that others cannot read.",
		.example = "gehirn.token"),
	DG_FIELD_SECRET(struct gehirn_options, token_secret_file, .is_required = true,
		.help = "File with the API token's secret.", .example = "gehirn.secret"),
};

const struct dg_schema dg_schema_gehirn = {
	.name = "gehirn",
	.help = "Gehirn DNS.",
	.size = sizeof(struct gehirn_options),
	.fields = fields,
	.n_fields = sizeof(fields) / sizeof(fields[0]),
};

static int load_secret(struct dg_api *p, struct dg_err *err)
{
	const struct gehirn_options *o = p->opts;

	return dg_api_basic(p, "token-secret-file", o->token_secret_file, err);
}

/* Asked for each time: another version may have become the current one. */
static void list(struct dg_api_work *w, struct dg_api_call *call)
{
	call->path = w->id ? dg_printf(w->arena, "%s/records", w->id) : "/zones";
}

static int take_zone(struct dg_api_work *w, const json_t *zones)
{
	const json_t *zone = NULL;
	size_t i = 0;

	if (!json_is_array(zones)) {
		return dg_api_bad(w, "no list of zones");
	}
	json_array_foreach(zones, i, zone)
	{
		const char *name = dg_api_text(zone, "name");
		const char *id = dg_api_id(w, json_object_get(zone, "id"));
		const char *version = dg_api_id(w, json_object_get(zone, "current_version_id"));

		if (name && strcmp(name, w->plain) == 0) {
			if (!id || !version) {
				return dg_api_bad(w, "a zone without id or current version");
			}
			w->id = dg_printf(w->arena, "/zones/%s/versions/%s", id, version);
			return 1;
		}
	}
	return dg_fail(
		w->err, DG_EREMOTE, "%s shows no zone %s to this token", w->api->host, w->plain);
}

/* Under which key the value of a type stands; NULL: its owner is enough. */
static const char *key_of(const char *type)
{
	static const char *const keys[][2] = {{"A", "address"}, {"AAAA", "address"},
		{"CNAME", "cname"}, {"NS", "nsdname"}, {"MX", "exchange"}, {"TXT", "data"}};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (strcmp(type, keys[i][0]) == 0) {
			return keys[i][1];
		}
	}
	return NULL;
}

static int listed_one(struct dg_api_work *w, const json_t *rrset)
{
	const json_t *records = json_object_get(rrset, "records");
	const json_t *record = NULL;
	struct dg_api_raw raw = {
		.id = dg_api_id(w, json_object_get(rrset, "id")),
		.owner = dg_api_text(rrset, "name"),
		.origin = w->zone,
		.type = dg_api_text(rrset, "type"),
		.value = "",
		.ttl = json_object_get(rrset, "ttl") ? dg_api_int(rrset, "ttl") : 0,
		.preference = -1,
		.is_plain_txt = true,
	};
	const char *key = raw.type ? key_of(raw.type) : NULL;
	size_t i = 0;
	int r = raw.id && raw.type ? 0 : dg_api_bad(w, "an RRset without id or type");

	if (r < 0 || !key || json_is_true(json_object_get(rrset, "enable_alias"))) {
		return r < 0 ? r : dg_api_add(w, &raw);
	}
	if (!json_is_array(records)) {
		return dg_api_bad(w, "an RRset without records");
	}
	json_array_foreach(records, i, record)
	{
		raw.value = dg_api_text(record, key);
		raw.preference = strcmp(raw.type, "MX") == 0 ? dg_api_int(record, "prio") : -1;
		if (strcmp(raw.type, "MX") == 0 && raw.preference < 0) {
			r = dg_api_bad(w, "an MX without prio");
		}
		r = r == 0 ? dg_api_add(w, &raw) : r;
	}
	return r;
}

static int listed(struct dg_api_work *w, const struct dg_api_reply *reply)
{
	const json_t *rrset = NULL;
	size_t i = 0;
	int r = json_is_array(reply->json) ? 0 : dg_api_bad(w, "no list of RRsets");

	if (!w->id) {
		return take_zone(w, reply->json);
	}
	json_array_foreach(reply->json, i, rrset)
	{
		r = r == 0 ? listed_one(w, rrset) : r;
	}
	return r;
}

static json_t *records_of(struct dg_api_work *w, const struct dg_rrset *set)
{
	json_t *list = json_array();
	uint16_t preference = 0;
	const char *host = NULL;

	for (size_t i = 0; i < set->n; i++) {
		bool is_mx = set->type == DG_TYPE_MX &&
			     dg_mx_read(w->arena, &set->rdata[i], &preference, &host) == 0;

		(void)json_array_append_new(list,
			is_mx ? json_pack("{s:i, s:s}", "prio", (int)preference, "exchange", host)
			      : json_pack("{s:s}", "data", dg_txt_join(w->arena, &set->rdata[i])));
	}
	return list;
}

static void change(struct dg_api_work *w, struct dg_api_call *call)
{
	const struct dg_api_op *op = w->op;
	const struct dg_rrset *set = &op->swap->after;
	const char *all = dg_printf(w->arena, "%s/records", w->id);

	*call = (struct dg_api_call){.method = "POST", .path = all};
	if (op->old) {
		call->method = op->kind == DG_EDIT_DELETE ? "DELETE" : "PUT";
		call->path = dg_printf(w->arena, "%s/%s", all, op->old->id);
	}
	if (op->kind == DG_EDIT_DELETE) {
		return;
	}
	json_t *o = json_pack("{s:s, s:s, s:b, s:I, s:o}", "name", set->owner, "type",
		dg_api_type(w, set->type), "enable_alias", 0, "ttl", (json_int_t)set->ttl,
		"records", records_of(w, set));
	if (op->old) {
		(void)json_object_set_new(o, "id", json_string(op->old->id));
	}
	call->body = dg_api_body(w, o);
}

static const char *const headers[] = {
	"Accept: application/json", "Content-Type: application/json", NULL};

static const struct dg_api_dialect dialect = {
	.auth = "Authorization: Basic ",
	.headers = headers,
	.open = load_secret,
	.list = list,
	.listed = listed,
	.change = change,
};

static int open_it(struct dg_provider *p, struct dg_err *err)
{
	return dg_api_open(p, &dialect, err);
}

const struct dg_provider_ops dg_provider_gehirn = {
	.name = "gehirn",
	.caps = DG_CAP_MARKER | DG_CAP_WHOLE_ZONE | DG_CAP_PUBLISHED,
	.limits =
		{
			.ttl_min = 30,
			.ttl_max = DG_TTL_MAX,
			.txt_max = 4000,
			.preference_max = 32767,
			.null_mx = DG_NULL_MX_NOT_KNOWN,
			.transaction = DG_TRANSACTION_RRSET,
			.verified_on = "2026-04-27 (its schema, lexicon)",
			.doubts =
				"Whether a null MX is taken (its schema wants an exchange of 1 to "
				"256 "
				"characters). The current version of the zone is edited, as other "
				"clients do; building a new version and switching to it at once "
				"could "
				"not be verified. Its rate limits.",
		},
	.schema = &dg_schema_gehirn,
	DG_API_OPS(open_it),
};
