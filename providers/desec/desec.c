#include "providers/desec/desec.h"

#include "providers/api/api.h"
#include "zones/base/arena.h"
#include "zones/base/err.h"

#define TTL_MIN 3600
#define TTL_MAX 604800

static const struct dg_field fields[] = {DG_API_FIELDS("https://desec.io/api/v1")};

const struct dg_schema dg_schema_desec = {
	.name = "desec",
	.help = "The DNS of deSEC.",
	.size = sizeof(struct dg_api_options),
	.fields = fields,
	.n_fields = sizeof(fields) / sizeof(fields[0]),
};

static void find(struct dg_api_work *w, struct dg_api_call *call)
{
	call->path = dg_printf(w->arena, "/domains/%s/", dg_api_escape(w->arena, w->plain));
}

/* The lowest minimum of the account's domains: what a domain with a higher one does not take, it refuses itself. */
static int found(struct dg_api_work *w, const struct dg_api_reply *reply)
{
	struct dg_limits *l = &w->api->limits;
	json_int_t min = dg_api_int(reply->json, "minimum_ttl");

	if (!json_is_object(reply->json)) {
		return dg_api_bad(w, "nothing about the domain");
	}
	if (min > 0 && min <= TTL_MAX && (l->ttl_min == TTL_MIN || min < l->ttl_min)) {
		l->ttl_min = (uint32_t)min;
	}
	w->id = w->plain;
	return 0;
}

static const char *path_of(struct dg_api_work *w)
{
	return dg_printf(w->arena, "/domains/%s/rrsets/", dg_api_escape(w->arena, w->plain));
}

static void list(struct dg_api_work *w, struct dg_api_call *call)
{
	call->path = dg_printf(w->arena, "%s?%s", path_of(w), w->page ? w->page : "cursor=");
}

static int listed_one(struct dg_api_work *w, const json_t *rrset)
{
	const json_t *records = json_object_get(rrset, "records");
	const json_t *value = NULL;
	struct dg_api_raw raw = {
		.owner = dg_api_text(rrset, "subname"),
		.origin = w->zone,
		.type = dg_api_text(rrset, "type"),
		.ttl = dg_api_int(rrset, "ttl"),
		.preference = -1,
	};
	size_t i = 0;
	int r = json_is_array(records) ? 0 : dg_api_bad(w, "an RRset without records");

	json_array_foreach(records, i, value)
	{
		raw.value = json_string_value(value);
		r = r == 0 ? dg_api_add(w, &raw) : r;
	}
	return r;
}

static int listed(struct dg_api_work *w, const struct dg_api_reply *reply)
{
	const json_t *rrset = NULL;
	size_t i = 0;
	int r = json_is_array(reply->json) ? 0 : dg_api_bad(w, "no list of RRsets");

	json_array_foreach(reply->json, i, rrset)
	{
		r = r == 0 ? listed_one(w, rrset) : r;
	}
	w->page = reply->next;
	return r < 0 ? r : w->page != NULL;
}

static void change(struct dg_api_work *w, struct dg_api_call *call)
{
	json_t *body = json_array();

	for (size_t i = 0; i < w->n_batch; i++) {
		const struct dg_swap *s = w->op[i].swap;
		const struct dg_rrset *set = s->after.n > 0 ? &s->after : &s->before;
		json_t *o = json_pack("{s:s, s:s, s:I, s:o}", "subname",
			dg_api_label(w, set->owner, ""), "type", dg_api_type(w, set->type), "ttl",
			(json_int_t)set->ttl, "records", dg_api_values(w, s, &s->after));
		(void)json_array_append_new(body, o);
	}
	*call = (struct dg_api_call){
		.method = "PATCH", .path = path_of(w), .body = dg_api_body(w, body)};
}

static int changed(struct dg_api_work *w, const struct dg_api_reply *reply)
{
	return json_is_array(reply->json) ? 0 : dg_api_bad(w, "no list of what was changed");
}

static const char *const headers[] = {
	"Accept: application/json", "Content-Type: application/json", NULL};

static const struct dg_api_dialect dialect = {
	.auth = "Authorization: Token ",
	.headers = headers,
	.flags = DG_API_BATCH,
	.inflight = 2, /* its rates are low */
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

const struct dg_provider_ops dg_provider_desec = {
	.name = "desec",
	.caps = DG_CAP_ATOMIC | DG_CAP_MARKER | DG_CAP_WHOLE_ZONE | DG_CAP_PUBLISHED,
	.limits =
		{
			.ttl_min = TTL_MIN,
			.ttl_max = TTL_MAX,
			.txt_max = 4000,
			.null_mx = DG_NULL_MX_NOT_KNOWN,
			.transaction = DG_TRANSACTION_BATCH,
			.rate = "for each domain 2 writes a second, 15 a minute, 100 an hour, 300 "
				"a day",
			.verified_on = "2026-08-22 (its documentation)",
			.doubts = "Nothing says whether a null MX is taken. The longest TXT.",
		},
	.schema = &dg_schema_desec,
	DG_API_OPS(open_it),
};
