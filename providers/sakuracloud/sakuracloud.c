#include "providers/sakuracloud/sakuracloud.h"

#include <string.h>
#include <strings.h>

#include "providers/api/api.h"
#include "zones/base/arena.h"
#include "zones/base/err.h"
#include "zones/record/name.h"

#define TTL_DEFAULT 3600 /* of a record that names none */
#define PAGE        100u

struct sakura_options {
	struct dg_api_options api;
	const char *token_secret_file;
};

/* What came, to go back whole with the changes. */
struct kept {
	const char *records; /* JSON */
	const char *hash;    /* NULL: none */
};

static const struct dg_field fields[] = {
	DG_API_FIELDS_BARE("https://secure.sakura.ad.jp/cloud/zone/is1a/api/cloud/1.1"),
	DG_FIELD_SECRET(struct dg_api_options, token_file, .is_required = true,
		.help = "File with the access token (API key), and nothing else, that others "
			"cannot read.",
		.example = "sakura.token"),
	DG_FIELD_SECRET(struct sakura_options, token_secret_file, .is_required = true,
		.help = "File with the access token's secret.", .example = "sakura.secret"),
};

const struct dg_schema dg_schema_sakuracloud = {
	.name = "sakura-cloud",
	.help = "The DNS of Sakura Cloud.",
	.size = sizeof(struct sakura_options),
	.fields = fields,
	.n_fields = sizeof(fields) / sizeof(fields[0]),
};

static int load_secret(struct dg_api *p, struct dg_err *err)
{
	const struct sakura_options *o = p->opts;

	return dg_api_basic(p, "token-secret-file", o->token_secret_file, err);
}

/* The query is one JSON object. w->page is how many there were before. */
static void find(struct dg_api_work *w, struct dg_api_call *call)
{
	const char *query = dg_printf(w->arena,
		"{\"From\":%s,\"Count\":%u,\"Filter\":{\"Provider.Class\":\"dns\"}}",
		w->page ? w->page : "0", PAGE);

	call->path = dg_printf(w->arena, "/commonserviceitem?%s", dg_api_escape(w->arena, query));
}

static int found(struct dg_api_work *w, const struct dg_api_reply *reply)
{
	const json_t *items = json_object_get(reply->json, "CommonServiceItems");
	json_int_t from = dg_api_int(reply->json, "From");
	json_int_t count = dg_api_int(reply->json, "Count");
	const json_t *item = NULL;
	size_t i = 0;

	if (!json_is_array(items)) {
		return dg_api_bad(w, "no list of zones");
	}
	json_array_foreach(items, i, item)
	{
		const char *zone = dg_api_text(json_object_get(item, "Status"), "Zone");

		if (zone && strcasecmp(zone, w->plain) == 0) {
			w->id = dg_api_id(w, json_object_get(item, "ID"));
			return w->id ? 0 : dg_api_bad(w, "a zone without ID");
		}
	}
	if (from >= 0 && count > 0 && from + count < dg_api_int(reply->json, "Total")) {
		w->page = dg_printf(w->arena, "%lld", (long long)(from + count));
		return 1;
	}
	return dg_fail(
		w->err, DG_EREMOTE, "%s shows no zone %s to this key", w->api->host, w->plain);
}

static void list(struct dg_api_work *w, struct dg_api_call *call)
{
	call->path = dg_printf(w->arena, "/commonserviceitem/%s", w->id);
}

static int listed_one(struct dg_api_work *w, const json_t *r)
{
	const struct dg_api_raw raw = {
		.owner = dg_api_text(r, "Name"),
		.origin = w->zone,
		.type = dg_api_text(r, "Type"),
		.value = dg_api_text(r, "RData"),
		.ttl = json_object_get(r, "TTL") ? dg_api_int(r, "TTL") : TTL_DEFAULT,
		.preference = -1,
		.is_plain_txt = true,
	};

	return dg_api_add(w, &raw);
}

static int listed(struct dg_api_work *w, const struct dg_api_reply *reply)
{
	const json_t *item = json_object_get(reply->json, "CommonServiceItem");
	json_t *records = json_object_get(
		json_object_get(json_object_get(item, "Settings"), "DNS"), "ResourceRecordSets");
	const char *hash = dg_api_text(item, "SettingsHash");
	struct kept *kept = dg_new(w->arena, struct kept);
	const json_t *record = NULL;
	size_t i = 0;
	int r = json_is_object(item) ? 0 : dg_api_bad(w, "no zone");

	if (r == 0 && records && !json_is_null(records) && !json_is_array(records)) {
		r = dg_api_bad(w, "no list of records");
	}
	json_array_foreach(records, i, record)
	{
		r = r == 0 ? listed_one(w, record) : r;
	}
	kept->records = json_is_array(records) ? dg_api_body(w, json_incref(records)) : "[]";
	kept->hash = hash ? dg_strdup(w->arena, hash) : NULL;
	w->own = kept;
	return r;
}

/* Is this one of the records that change? */
static bool is_changed(struct dg_api_work *w, const json_t *r)
{
	const char *name = dg_api_text(r, "Name");
	const char *type = dg_api_text(r, "Type");
	const char *owner = NULL;
	struct dg_err err;

	if (!name || !type ||
		dg_name_parse(w->arena, *name ? name : "@", strlen(*name ? name : "@"), w->zone,
			&owner, &err) < 0) {
		return false;
	}
	for (size_t i = 0; i < w->n_batch; i++) {
		const struct dg_rrset *set = &w->op[i].swap->after;

		if (strcmp(set->owner, owner) == 0 &&
			strcasecmp(dg_api_type(w, set->type), type) == 0) {
			return true;
		}
	}
	return false;
}

static void put_rrset(struct dg_api_work *w, json_t *list, const struct dg_swap *s)
{
	for (size_t i = 0; i < s->after.n; i++) {
		const struct dg_rdata *rd = &s->after.rdata[i];
		const char *value = s->after.type == DG_TYPE_TXT ? dg_txt_join(w->arena, rd)
								 : dg_api_value(w, s, rd);

		(void)json_array_append_new(
			list, json_pack("{s:s, s:s, s:s, s:I}", "Name",
				      dg_api_label(w, s->after.owner, "@"), "Type",
				      dg_api_type(w, s->after.type), "RData", value, "TTL",
				      (json_int_t)s->after.ttl));
	}
}

static void change(struct dg_api_work *w, struct dg_api_call *call)
{
	const struct kept *kept = w->own;
	json_t *old = json_loads(kept->records, 0, NULL);
	json_t *list = json_array();
	json_t *record = NULL;
	struct dg_map seen; /* what came twice is one record all the same */
	size_t i = 0;

	dg_map_init(&seen, w->arena);
	json_array_foreach(old, i, record)
	{
		if (!is_changed(w, record) &&
			!dg_map_put(&seen, dg_api_body(w, json_incref(record)), w)) {
			(void)json_array_append(list, record);
		}
	}
	json_decref(old);
	for (i = 0; i < w->n_batch; i++) {
		put_rrset(w, list, w->op[i].swap);
	}
	json_t *item = json_pack("{s:{s:{s:o}}}", "Settings", "DNS", "ResourceRecordSets", list);
	if (kept->hash) {
		(void)json_object_set_new(item, "SettingsHash", json_string(kept->hash));
	}
	*call = (struct dg_api_call){
		.method = "PUT",
		.path = dg_printf(w->arena, "/commonserviceitem/%s", w->id),
		.body = dg_api_body(w, json_pack("{s:o}", "CommonServiceItem", item)),
	};
}

static int changed(struct dg_api_work *w, const struct dg_api_reply *reply)
{
	return json_is_object(json_object_get(reply->json, "CommonServiceItem"))
		       ? 0
		       : dg_api_bad(w, "no zone in the answer to a change");
}

static const char *const headers[] = {
	"Accept: application/json", "Content-Type: application/json", NULL};

static const struct dg_api_dialect dialect = {
	.auth = "Authorization: Basic ",
	.headers = headers,
	.flags = DG_API_BATCH,
	.open = load_secret,
	.find = find,
	.found = found,
	.list = list,
	.listed = listed,
	.change = change,
	.changed = changed,
};

static int open_it(struct dg_provider *p, struct dg_err *err)
{
	return dg_api_open(p, &dialect, err);
}

const struct dg_provider_ops dg_provider_sakuracloud = {
	.name = "sakura-cloud",
	.caps = DG_CAP_ATOMIC | DG_CAP_MARKER | DG_CAP_WHOLE_ZONE | DG_CAP_PUBLISHED,
	.limits =
		{
			.ttl_min = 10,
			.ttl_max = 3600000,
			.txt_max = 500,
			.txt_refuses = "\"\\",
			.null_mx = DG_NULL_MX_REFUSED,
			.transaction = DG_TRANSACTION_BATCH,
			.verified_on = "2024-08-09 (null MX), 2026-08-03 (iaas-api-go)",
			.doubts = "Whether a change with an old SettingsHash is refused, as it "
				  "should be: "
				  "it is sent, but not counted on. The bounds of TTLs, its rate "
				  "limits.",
		},
	.schema = &dg_schema_sakuracloud,
	DG_API_OPS(open_it),
};
