#include "providers/digitalocean/digitalocean.h"

#include <stdlib.h>
#include <string.h>

#include "providers/api/api.h"
#include "zones/base/arena.h"
#include "zones/base/err.h"

static const struct dg_field fields[] = {DG_API_FIELDS("https://api.digitalocean.com/v2")};

const struct dg_schema dg_schema_digitalocean = {
	.name = "digitalocean",
	.help = "The DNS of DigitalOcean.",
	.size = sizeof(struct dg_api_options),
	.fields = fields,
	.n_fields = sizeof(fields) / sizeof(fields[0]),
};

static const char *path_of(struct dg_api_work *w)
{
	return dg_printf(w->arena, "/domains/%s/records", dg_api_escape(w->arena, w->plain));
}

static void list(struct dg_api_work *w, struct dg_api_call *call)
{
	call->path =
		dg_printf(w->arena, "%s?per_page=200&page=%s", path_of(w), w->page ? w->page : "1");
}

static int listed_one(struct dg_api_work *w, const json_t *r)
{
	const char *type = dg_api_text(r, "type");
	const struct dg_api_raw raw = {
		.id = dg_api_id(w, json_object_get(r, "id")),
		.owner = dg_api_text(r, "name"),
		.origin = w->zone,
		.type = type,
		.value = dg_api_text(r, "data"),
		.ttl = dg_api_int(r, "ttl"),
		.preference = type && strcmp(type, "MX") == 0 ? dg_api_int(r, "priority") : -1,
		.is_plain_txt = true,
	};

	return raw.id ? dg_api_add(w, &raw) : dg_api_bad(w, "a record without id");
}

static int listed(struct dg_api_work *w, const struct dg_api_reply *reply)
{
	const json_t *records = json_object_get(reply->json, "domain_records");
	const json_t *pages = json_object_get(json_object_get(reply->json, "links"), "pages");
	const json_t *record = NULL;
	size_t i = 0;
	int r = json_is_array(records) ? 0 : dg_api_bad(w, "no list of records");

	json_array_foreach(records, i, record)
	{
		r = r == 0 ? listed_one(w, record) : r;
	}
	if (r < 0 || !dg_api_text(pages, "next")) {
		return r;
	}
	w->page = dg_printf(w->arena, "%lu", w->page ? strtoul(w->page, NULL, 10) + 1 : 2UL);
	return 1;
}

static void change(struct dg_api_work *w, struct dg_api_call *call)
{
	const struct dg_api_op *op = w->op;
	const struct dg_rrset *set = &op->swap->after;
	const char *host = NULL;
	uint16_t preference = 0;

	*call = (struct dg_api_call){.method = "POST", .path = path_of(w)};
	if (op->old) {
		call->method = op->kind == DG_EDIT_DELETE ? "DELETE" : "PUT";
		call->path = dg_printf(w->arena, "%s/%s", call->path, op->old->id);
	}
	if (op->kind == DG_EDIT_DELETE) {
		return;
	}
	json_t *body = json_pack("{s:s, s:s, s:I}", "type", dg_api_type(w, set->type), "name",
		dg_api_label(w, set->owner, "@"), "ttl", (json_int_t)set->ttl);
	if (set->type == DG_TYPE_MX && dg_mx_read(w->arena, op->rdata, &preference, &host) == 0) {
		(void)json_object_set_new(body, "data", json_string(host));
		(void)json_object_set_new(body, "priority", json_integer(preference));
	} else {
		(void)json_object_set_new(
			body, "data", json_string(dg_txt_join(w->arena, op->rdata)));
	}
	call->body = dg_api_body(w, body);
}

static const char *const headers[] = {
	"Accept: application/json", "Content-Type: application/json", NULL};

static const struct dg_api_dialect dialect = {
	.auth = "Authorization: Bearer ",
	.headers = headers,
	.flags = DG_API_PER_RECORD,
	.list = list,
	.listed = listed,
	.change = change,
};

static int open_it(struct dg_provider *p, struct dg_err *err)
{
	return dg_api_open(p, &dialect, err);
}

const struct dg_provider_ops dg_provider_digitalocean = {
	.name = "digitalocean",
	.caps = DG_CAP_MARKER | DG_CAP_WHOLE_ZONE | DG_CAP_PUBLISHED,
	.limits =
		{
			.ttl_min = 30,
			.ttl_max = DG_TTL_MAX,
			.txt_max = 509,
			.txt_refuses = "\\",
			.null_mx = DG_NULL_MX_REFUSED,
			.transaction = DG_TRANSACTION_RECORD,
			.rate = "5000 requests an hour, 250 a minute",
			.verified_on = "2020-12-28 (null MX), 2026-08-07 (OpenAPI)",
			.pace = {.n = 80, .per_s = 60, .burst = 60},
			.doubts =
				"Whether a null MX is still refused: its OpenAPI description would "
				"allow one. The largest TTL.",
		},
	.schema = &dg_schema_digitalocean,
	DG_API_OPS(open_it),
};
