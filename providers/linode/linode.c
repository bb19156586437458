#include "providers/linode/linode.h"

#include <string.h>

#include "providers/api/api.h"
#include "zones/base/arena.h"
#include "zones/base/err.h"
#include "zones/record/name.h"

#define TTL_OF_DOMAIN 86400 /* where the domain has none either */

static const uint32_t ttl_steps[] = {
	300, 3600, 7200, 14400, 28800, 57600, 86400, 172800, 345600, 604800, 1209600, 2419200, 0};

static const struct dg_field fields[] = {DG_API_FIELDS("https://api.linode.com/v4")};

const struct dg_schema dg_schema_linode = {
	.name = "linode",
	.help = "The DNS manager of Linode (Akamai).",
	.size = sizeof(struct dg_api_options),
	.fields = fields,
	.n_fields = sizeof(fields) / sizeof(fields[0]),
};

static void find(struct dg_api_work *w, struct dg_api_call *call)
{
	const char **filter = dg_newn(w->arena, const char *, 2);

	filter[0] = dg_printf(w->arena, "X-Filter: {\"domain\": \"%s\"}", w->plain);
	call->path = dg_printf(w->arena, "/domains?page_size=100&page=%s", w->page ? w->page : "1");
	call->headers = filter;
}

/* 1: there are more pages, and w->page is the next. */
static int next_page(struct dg_api_work *w, const json_t *root)
{
	json_int_t page = dg_api_int(root, "page");

	if (page < 1 || page >= dg_api_int(root, "pages")) {
		return 0;
	}
	w->page = dg_printf(w->arena, "%lld", (long long)page + 1);
	return 1;
}

static int found(struct dg_api_work *w, const struct dg_api_reply *reply)
{
	const json_t *domain = NULL;
	size_t i = 0;

	json_array_foreach(json_object_get(reply->json, "data"), i, domain)
	{
		const char *name = dg_api_text(domain, "domain");
		json_int_t ttl = dg_api_int(domain, "ttl_sec");

		if (name && strcmp(name, w->plain) == 0) {
			w->id = dg_api_id(w, json_object_get(domain, "id"));
			w->default_ttl =
				ttl > 0 && ttl <= DG_TTL_MAX ? (uint32_t)ttl : TTL_OF_DOMAIN;
			return w->id ? 0 : dg_api_bad(w, "a domain without id");
		}
	}
	return next_page(w, reply->json)
		       ? 1
		       : dg_fail(w->err, DG_EREMOTE, "%s shows no domain %s to this token",
				 w->api->host, w->plain);
}

static void list(struct dg_api_work *w, struct dg_api_call *call)
{
	call->path = dg_printf(w->arena, "/domains/%s/records?page_size=500&page=%s", w->id,
		w->page ? w->page : "1");
}

static int listed_one(struct dg_api_work *w, const json_t *r)
{
	const char *type = dg_api_text(r, "type");
	const char *target = dg_api_text(r, "target");
	json_int_t ttl = dg_api_int(r, "ttl_sec");
	bool is_mx = type && strcmp(type, "MX") == 0;
	const struct dg_api_raw raw = {
		.id = dg_api_id(w, json_object_get(r, "id")),
		.owner = dg_api_text(r, "name"),
		.origin = w->zone,
		.type = type,
		.value = is_mx && target && !*target ? "." : target,
		.ttl = ttl == 0 ? w->default_ttl : ttl,
		.preference = is_mx ? dg_api_int(r, "priority") : -1,
		.is_plain_txt = true,
	};

	return raw.id ? dg_api_add(w, &raw) : dg_api_bad(w, "a record without id");
}

static int listed(struct dg_api_work *w, const struct dg_api_reply *reply)
{
	const json_t *data = json_object_get(reply->json, "data");
	const json_t *record = NULL;
	size_t i = 0;
	int r = json_is_array(data) ? 0 : dg_api_bad(w, "no list of records");

	json_array_foreach(data, i, record)
	{
		r = r == 0 ? listed_one(w, record) : r;
	}
	return r < 0 ? r : next_page(w, reply->json);
}

static json_t *record_of(struct dg_api_work *w, const struct dg_api_op *op)
{
	const struct dg_rrset *set = &op->swap->after;
	const char *host = NULL;
	uint16_t preference = 0;
	json_t *o = json_pack("{s:s, s:I}", "name", dg_api_label(w, set->owner, ""), "ttl_sec",
		(json_int_t)set->ttl);

	if (set->type == DG_TYPE_MX && dg_mx_read(w->arena, op->rdata, &preference, &host) == 0) {
		bool is_null = strcmp(host, ".") == 0;
		(void)json_object_set_new(
			o, "target", json_string(is_null ? "" : dg_name_plain(w->arena, host)));
		(void)json_object_set_new(o, "priority", json_integer(preference));
	} else {
		(void)json_object_set_new(
			o, "target", json_string(dg_txt_join(w->arena, op->rdata)));
	}
	return o;
}

static void change(struct dg_api_work *w, struct dg_api_call *call)
{
	const struct dg_api_op *op = w->op;

	*call = (struct dg_api_call){
		.method = "POST", .path = dg_printf(w->arena, "/domains/%s/records", w->id)};
	if (op->old) {
		call->method = op->kind == DG_EDIT_DELETE ? "DELETE" : "PUT";
		call->path = dg_printf(w->arena, "%s/%s", call->path, op->old->id);
	}
	if (op->kind != DG_EDIT_DELETE) {
		json_t *o = record_of(w, op);
		if (!op->old) { /* what it is does not change, and its description takes none then */
			(void)json_object_set_new(
				o, "type", json_string(dg_api_type(w, op->swap->after.type)));
		}
		call->body = dg_api_body(w, o);
	}
}

/* A new record whose TTL was not kept gets it by a second call. */
static int changed(struct dg_api_work *w, const struct dg_api_reply *reply)
{
	if (w->op->kind == DG_EDIT_DELETE) {
		return 0;
	}
	w->ticket = dg_api_id(w, json_object_get(reply->json, "id"));
	if (!w->ticket) {
		return dg_api_bad(w, "no record with an id");
	}
	return w->op->kind == DG_EDIT_CREATE &&
	       dg_api_int(reply->json, "ttl_sec") != (json_int_t)w->op->swap->after.ttl;
}

static void set_ttl(struct dg_api_work *w, struct dg_api_call *call)
{
	*call = (struct dg_api_call){
		.method = "PUT",
		.path = dg_printf(w->arena, "/domains/%s/records/%s", w->id, w->ticket),
		.body = dg_api_body(w, record_of(w, w->op)),
	};
}

static int ttl_set(struct dg_api_work *w, const struct dg_api_reply *reply)
{
	return dg_api_int(reply->json, "ttl_sec") == (json_int_t)w->op->swap->after.ttl
		       ? 0
		       : dg_api_bad(w, "it keeps another TTL than it was given");
}

static const char *const headers[] = {
	"Accept: application/json", "Content-Type: application/json", NULL};

static const struct dg_api_dialect dialect = {
	.auth = "Authorization: Bearer ",
	.headers = headers,
	.flags = DG_API_PER_RECORD | DG_API_NEEDS_GAP,
	.find = find,
	.found = found,
	.list = list,
	.listed = listed,
	.change = change,
	.changed = changed,
	.poll = set_ttl,
	.polled = ttl_set,
};

static int open_it(struct dg_provider *p, struct dg_err *err)
{
	return dg_api_open(p, &dialect, err);
}

const struct dg_provider_ops dg_provider_linode = {
	.name = "linode",
	.caps = DG_CAP_MARKER | DG_CAP_WHOLE_ZONE | DG_CAP_PUBLISHED,
	.limits =
		{
			.ttl_min = 300,
			.ttl_max = 2419200,
			.ttl_steps = ttl_steps,
			.txt_max = 4000,
			.preference_max = 255,
			.null_mx = DG_NULL_MX_EXCLUSIVE,
			.is_null_mx_apex_only = true,
			.has_late_ttl = true,
			.transaction = DG_TRANSACTION_RECORD,
			.verified_on = "2024-10-21 (OpenAPI)",
			.doubts = "Its rate limits, the longest TXT, and whether a TTL is kept "
				  "when a "
				  "record is made.",
		},
	.schema = &dg_schema_linode,
	DG_API_OPS(open_it),
};
