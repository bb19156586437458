#include "providers/hetzner/hetzner.h"

#include <string.h>

#include "providers/api/api.h"
#include "zones/base/arena.h"
#include "zones/base/err.h"

static const struct dg_field fields[] = {DG_API_FIELDS("https://api.hetzner.cloud/v1")};

const struct dg_schema dg_schema_hetzner = {
	.name = "hetzner",
	.help = "The DNS of Hetzner's Cloud API. (The older dns.hetzner.com has ended.)",
	.size = sizeof(struct dg_api_options),
	.fields = fields,
	.n_fields = sizeof(fields) / sizeof(fields[0]),
};

static void find(struct dg_api_work *w, struct dg_api_call *call)
{
	call->path = dg_printf(w->arena, "/zones/%s", dg_api_escape(w->arena, w->plain));
}

static int found(struct dg_api_work *w, const struct dg_api_reply *reply)
{
	const json_t *zone = json_object_get(reply->json, "zone");
	const char *mode = dg_api_text(zone, "mode");
	json_int_t ttl = dg_api_int(zone, "ttl");

	w->id = dg_api_id(w, json_object_get(zone, "id"));
	if (!w->id || ttl < 0 || ttl > DG_TTL_MAX) {
		return dg_api_bad(w, "no zone with id and ttl");
	}
	if (mode && strcmp(mode, "secondary") == 0) {
		return dg_fail(w->err, DG_EPOLICY,
			"%s holds %s as a secondary: publish at its primary", w->api->host,
			w->plain);
	}
	w->default_ttl = (uint32_t)ttl;
	return 0;
}

static void list(struct dg_api_work *w, struct dg_api_call *call)
{
	call->path = dg_printf(
		w->arena, "/zones/%s/rrsets?per_page=100&page=%s", w->id, w->page ? w->page : "1");
}

static int listed_one(struct dg_api_work *w, const json_t *rrset)
{
	const json_t *records = json_object_get(rrset, "records");
	const json_t *ttl = json_object_get(rrset, "ttl");
	const json_t *record = NULL;
	struct dg_api_raw raw = {
		.owner = dg_api_text(rrset, "name"),
		.origin = w->zone,
		.type = dg_api_text(rrset, "type"),
		.ttl = json_is_null(ttl) ? w->default_ttl : dg_api_int(rrset, "ttl"),
		.preference = -1,
	};
	size_t i = 0;
	int r = json_is_array(records) ? 0 : dg_api_bad(w, "an RRset without records");

	json_array_foreach(records, i, record)
	{
		raw.value = dg_api_text(record, "value");
		r = r == 0 ? dg_api_add(w, &raw) : r;
	}
	return r;
}

static int listed(struct dg_api_work *w, const struct dg_api_reply *reply)
{
	const json_t *rrsets = json_object_get(reply->json, "rrsets");
	const json_t *paging = json_object_get(json_object_get(reply->json, "meta"), "pagination");
	const json_t *rrset = NULL;
	size_t i = 0;
	int r = json_is_array(rrsets) ? 0 : dg_api_bad(w, "no list of RRsets");

	json_array_foreach(rrsets, i, rrset)
	{
		r = r == 0 ? listed_one(w, rrset) : r;
	}
	json_int_t next = dg_api_int(paging, "next_page");
	w->page = next > 0 ? dg_printf(w->arena, "%lld", (long long)next) : NULL;
	return r < 0 ? r : w->page != NULL;
}

static json_t *records_of(struct dg_api_work *w, const struct dg_swap *s)
{
	json_t *list = json_array();

	for (size_t i = 0; i < s->after.n; i++) {
		(void)json_array_append_new(
			list, json_pack("{s:s}", "value", dg_api_value(w, s, &s->after.rdata[i])));
	}
	return list;
}

static void change(struct dg_api_work *w, struct dg_api_call *call)
{
	const struct dg_api_op *op = w->op;
	const struct dg_rrset *set = &op->swap->after;
	const char *label = dg_api_label(w, set->owner, "@");
	const char *type = dg_api_type(w, set->type);
	const char *all = dg_printf(w->arena, "/zones/%s/rrsets", w->id);
	const char *one =
		dg_printf(w->arena, "%s/%s/%s", all, dg_api_escape(w->arena, label), type);

	if (op->kind == DG_EDIT_DELETE) {
		*call = (struct dg_api_call){.method = "DELETE", .path = one};
		return;
	}
	*call = (struct dg_api_call){.method = "POST", .path = all};
	json_t *body = json_object();
	if (op->kind == DG_EDIT_CREATE) {
		(void)json_object_set_new(body, "name", json_string(label));
		(void)json_object_set_new(body, "type", json_string(type));
	} else {
		call->path = dg_printf(
			w->arena, "%s/actions/%s", one, op->is_ttl ? "change_ttl" : "set_records");
	}
	if (op->kind == DG_EDIT_CREATE || op->is_ttl) {
		(void)json_object_set_new(body, "ttl", json_integer(set->ttl));
	}
	if (!op->is_ttl) {
		(void)json_object_set_new(body, "records", records_of(w, op->swap));
	}
	call->body = dg_api_body(w, body);
}

/* The action: {"id", "status": "running", "success" or "error", "error": {"message"}}. */
static int polled(struct dg_api_work *w, const struct dg_api_reply *reply)
{
	const json_t *action = json_object_get(reply->json, "action");
	const char *status = dg_api_text(action, "status");

	w->ticket = dg_api_id(w, json_object_get(action, "id"));
	if (!status || !w->ticket) {
		return dg_api_bad(w, "no action");
	}
	if (strcmp(status, "error") == 0) {
		return dg_fail(w->err, DG_EREMOTE, "%s could not do it: %s", w->api->host,
			dg_api_words(w, reply));
	}
	return strcmp(status, "success") != 0;
}

static void poll(struct dg_api_work *w, struct dg_api_call *call)
{
	call->path = dg_printf(w->arena, "/actions/%s", w->ticket);
}

static const char *const headers[] = {
	"Accept: application/json", "Content-Type: application/json", NULL};

static const struct dg_api_dialect dialect = {
	.auth = "Authorization: Bearer ",
	.headers = headers,
	.flags = DG_API_TTL_APART,
	.find = find,
	.found = found,
	.list = list,
	.listed = listed,
	.change = change,
	.changed = polled,
	.poll = poll,
	.polled = polled,
};

static int open_it(struct dg_provider *p, struct dg_err *err)
{
	return dg_api_open(p, &dialect, err);
}

const struct dg_provider_ops dg_provider_hetzner = {
	.name = "hetzner",
	.caps = DG_CAP_MARKER | DG_CAP_WHOLE_ZONE | DG_CAP_PUBLISHED,
	.limits =
		{
			.ttl_min = 60,
			.ttl_max = DG_TTL_MAX,
			.txt_max = 4000,
			.null_mx = DG_NULL_MX_ACCEPTED,
			.transaction = DG_TRANSACTION_RRSET,
			.verified_on = "2026-08-18 (hcloud-go, OpenAPI of 2026-02)",
			.doubts = "Its rate limits and the longest TXT. That a null MX is taken is "
				  "known from another "
				  "tool, which has no rule against it.",
		},
	.schema = &dg_schema_hetzner,
	DG_API_OPS(open_it),
};
