#include "providers/cloudflare/cloudflare.h"

#include <string.h>

#include "providers/api/api.h"
#include "zones/base/arena.h"
#include "zones/base/err.h"
#include "zones/record/name.h"

#define TTL_AUTOMATIC 1
#define TTL_SERVED    300
#define BATCH_MAX     200u /* records of one batch in the free plan; the others allow more */

static const struct dg_field fields[] = {DG_API_FIELDS("https://api.cloudflare.com/client/v4")};

const struct dg_schema dg_schema_cloudflare = {
	.name = "cloudflare",
	.help = "The DNS of Cloudflare.",
	.size = sizeof(struct dg_api_options),
	.fields = fields,
	.n_fields = sizeof(fields) / sizeof(fields[0]),
};

static void find(struct dg_api_work *w, struct dg_api_call *call)
{
	call->path = dg_printf(w->arena, "/zones?name=%s", dg_api_escape(w->arena, w->plain));
}

/* {"success": true, "result": ...}: everything comes in it. */
static int check_success(struct dg_api_work *w, const struct dg_api_reply *reply)
{
	const json_t *success = json_object_get(reply->json, "success");

	if (json_is_false(success)) {
		return dg_fail(
			w->err, DG_EPOLICY, "%s says no: %s", w->api->host, dg_api_words(w, reply));
	}
	return json_is_true(success) ? 0 : dg_api_bad(w, "no \"success\"");
}

static int found(struct dg_api_work *w, const struct dg_api_reply *reply)
{
	const json_t *result = json_object_get(reply->json, "result");
	const json_t *zone = NULL;
	size_t i = 0;

	int r = check_success(w, reply);
	json_array_foreach(result, i, zone)
	{
		const char *name = dg_api_text(zone, "name");
		if (r == 0 && name && strcmp(name, w->plain) == 0) {
			w->id = dg_api_id(w, json_object_get(zone, "id"));
			return w->id ? 0 : dg_api_bad(w, "a zone without id");
		}
	}
	return r < 0 ? r
		     : dg_fail(w->err, DG_EREMOTE,
			       "%s shows no zone %s to this token: is it in the account, and may "
			       "the token read it",
			       w->api->host, w->plain);
}

static void list(struct dg_api_work *w, struct dg_api_call *call)
{
	call->path = dg_printf(w->arena, "/zones/%s/dns_records?per_page=1000&page=%s", w->id,
		w->page ? w->page : "1");
}

static int listed_one(struct dg_api_work *w, const json_t *r)
{
	const char *type = dg_api_text(r, "type");
	const char *content = dg_api_text(r, "content");
	json_int_t ttl = dg_api_int(r, "ttl");
	size_t len = content ? strlen(content) : 0;
	const struct dg_api_raw raw = {
		.id = dg_api_id(w, json_object_get(r, "id")),
		.owner = dg_api_text(r, "name"),
		.type = type,
		.value = content,
		.ttl = ttl == TTL_AUTOMATIC ? TTL_SERVED : ttl,
		.preference = type && strcmp(type, "MX") == 0 ? dg_api_int(r, "priority") : -1,
		.is_plain_txt = len < 2 || content[0] != '"' || content[len - 1] != '"',
	};

	return raw.id ? dg_api_add(w, &raw) : dg_api_bad(w, "a record without id");
}

static int listed(struct dg_api_work *w, const struct dg_api_reply *reply)
{
	const json_t *result = json_object_get(reply->json, "result");
	const json_t *info = json_object_get(reply->json, "result_info");
	const json_t *record = NULL;
	size_t i = 0;

	int r = check_success(w, reply);
	if (r == 0 && !json_is_array(result)) {
		r = dg_api_bad(w, "no list of records");
	}
	json_array_foreach(result, i, record)
	{
		r = r == 0 ? listed_one(w, record) : r;
	}
	json_int_t page = dg_api_int(info, "page");
	if (r < 0 || page < 1 || page >= dg_api_int(info, "total_pages")) {
		return r;
	}
	w->page = dg_printf(w->arena, "%lld", (long long)page + 1);
	return 1;
}

static json_t *record_of(struct dg_api_work *w, const struct dg_api_op *op)
{
	const struct dg_rrset *set = &op->swap->after;
	uint16_t preference = 0;
	const char *host = NULL;
	json_t *o = json_object();

	if (op->old) {
		(void)json_object_set_new(o, "id", json_string(op->old->id));
	}
	if (op->kind == DG_EDIT_DELETE) {
		return o;
	}
	(void)json_object_set_new(o, "name", json_string(dg_name_plain(w->arena, set->owner)));
	(void)json_object_set_new(o, "type", json_string(dg_api_type(w, set->type)));
	(void)json_object_set_new(o, "ttl", json_integer(set->ttl));
	if (dg_mx_read(w->arena, op->rdata, &preference, &host) == 0 && set->type == DG_TYPE_MX) {
		(void)json_object_set_new(o, "content", json_string(dg_name_plain(w->arena, host)));
		(void)json_object_set_new(o, "priority", json_integer(preference));
	} else {
		(void)json_object_set_new(
			o, "content", json_string(dg_api_value(w, op->swap, op->rdata)));
	}
	return o;
}

static void change(struct dg_api_work *w, struct dg_api_call *call)
{
	/* By enum dg_edit_kind; the other side works them off as deletes, patches, posts. */
	static const char *const keys[] = {"patches", "posts", "deletes"};
	json_t *body = json_object();

	for (size_t i = 0; i < w->n_batch; i++) {
		const struct dg_api_op *op = &w->op[i];
		json_t *group = json_object_get(body, keys[op->kind]);

		if (!group) {
			group = json_array();
			(void)json_object_set_new(body, keys[op->kind], group);
		}
		(void)json_array_append_new(group, record_of(w, op));
	}
	*call = (struct dg_api_call){
		.method = "POST",
		.path = dg_printf(w->arena, "/zones/%s/dns_records/batch", w->id),
		.body = dg_api_body(w, body),
	};
}

static const char *const headers[] = {
	"Accept: application/json", "Content-Type: application/json", NULL};

static const struct dg_api_dialect dialect = {
	.auth = "Authorization: Bearer ",
	.headers = headers,
	.flags = DG_API_PER_RECORD | DG_API_BATCH,
	.batch_max = BATCH_MAX,
	.find = find,
	.found = found,
	.list = list,
	.listed = listed,
	.change = change,
	.changed = check_success,
};

static int open_it(struct dg_provider *p, struct dg_err *err)
{
	return dg_api_open(p, &dialect, err);
}

const struct dg_provider_ops dg_provider_cloudflare = {
	.name = "cloudflare",
	.caps = DG_CAP_ATOMIC | DG_CAP_MARKER | DG_CAP_WHOLE_ZONE | DG_CAP_PUBLISHED,
	.limits =
		{
			.ttl_min = 60,
			.ttl_max = 86400,
			.txt_max = 2048,
			.null_mx = DG_NULL_MX_ACCEPTED,
			.transaction = DG_TRANSACTION_BATCH,
			.rate = "1200 requests in 5 minutes",
			.verified_on = "2026-08-22 (documentation; dnscontrol 4, terraform issues)",
			.pace = {.n = 1080, .per_s = 300, .burst = 60},
			.doubts = "The schema of the batch call is known from its page alone. "
				  "Enterprise zones take TTLs from 30 s. The longest TXT.",
		},
	.schema = &dg_schema_cloudflare,
	DG_API_OPS(open_it),
};
