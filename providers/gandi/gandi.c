#include "providers/gandi/gandi.h"

#include <stdlib.h>
#include <string.h>

#include "providers/api/api.h"
#include "zones/base/arena.h"
#include "zones/base/err.h"

#define PER_PAGE 500u

static const struct dg_field fields[] = {DG_API_FIELDS("https://api.gandi.net/v5/livedns")};

const struct dg_schema dg_schema_gandi = {
	.name = "gandi",
	.help = "LiveDNS of Gandi.",
	.size = sizeof(struct dg_api_options),
	.fields = fields,
	.n_fields = sizeof(fields) / sizeof(fields[0]),
};

static void list(struct dg_api_work *w, struct dg_api_call *call)
{
	call->path = dg_printf(w->arena, "/domains/%s/records?per_page=%u&page=%s",
		dg_api_escape(w->arena, w->plain), PER_PAGE, w->page ? w->page : "1");
}

static int listed_one(struct dg_api_work *w, const json_t *rrset)
{
	const json_t *values = json_object_get(rrset, "rrset_values");
	const json_t *value = NULL;
	struct dg_api_raw raw = {
		.owner = dg_api_text(rrset, "rrset_name"),
		.origin = w->zone,
		.type = dg_api_text(rrset, "rrset_type"),
		.ttl = dg_api_int(rrset, "rrset_ttl"),
		.preference = -1,
	};
	size_t i = 0;
	int r = json_is_array(values) ? 0 : dg_api_bad(w, "an RRset without values");

	json_array_foreach(values, i, value)
	{
		raw.value = json_string_value(value);
		r = r == 0 ? dg_api_add(w, &raw) : r;
	}
	return r;
}

/* Whether pages are obeyed is not documented for certain: a page that is not full, or that begins as the last one did, is the end. */
static bool is_last(const struct dg_api_work *w, const json_t *page, size_t n_before)
{
	size_t n = json_array_size(page);

	return n != PER_PAGE ||
	       (n_before > 0 && n_before < w->n_records &&
		       strcmp(w->records[0].owner, w->records[n_before].owner) == 0 &&
		       w->records[0].type == w->records[n_before].type);
}

static int listed(struct dg_api_work *w, const struct dg_api_reply *reply)
{
	const json_t *rrset = NULL;
	size_t n_before = w->n_records;
	size_t i = 0;
	int r = json_is_array(reply->json) ? 0 : dg_api_bad(w, "no list of RRsets");

	json_array_foreach(reply->json, i, rrset)
	{
		r = r == 0 ? listed_one(w, rrset) : r;
	}
	if (r < 0 || is_last(w, reply->json, n_before)) {
		return r;
	}
	w->page = dg_printf(w->arena, "%lu", w->page ? strtoul(w->page, NULL, 10) + 1 : 2UL);
	return 1;
}

static void change(struct dg_api_work *w, struct dg_api_call *call)
{
	const struct dg_swap *s = w->op->swap;
	const struct dg_rrset *set = &s->after;
	const char *label = dg_api_label(w, set->owner, "@");
	json_t *body = NULL;

	*call = (struct dg_api_call){
		.method = set->n > 0 ? "PUT" : "DELETE",
		.path = dg_printf(w->arena, "/domains/%s/records/%s/%s",
			dg_api_escape(w->arena, w->plain), dg_api_escape(w->arena, label),
			dg_api_type(w, set->type)),
	};
	if (set->n > 0) {
		body = json_pack("{s:I, s:o}", "rrset_ttl", (json_int_t)set->ttl, "rrset_values",
			dg_api_values(w, s, set));
		call->body = dg_api_body(w, body);
	}
}

static const char *const headers[] = {
	"Accept: application/json", "Content-Type: application/json", NULL};

static const struct dg_api_dialect dialect = {
	.auth = "Authorization: Bearer ",
	.headers = headers,
	.list = list,
	.listed = listed,
	.change = change,
};

static int open_it(struct dg_provider *p, struct dg_err *err)
{
	return dg_api_open(p, &dialect, err);
}

const struct dg_provider_ops dg_provider_gandi = {
	.name = "gandi",
	.caps = DG_CAP_MARKER | DG_CAP_WHOLE_ZONE | DG_CAP_PUBLISHED,
	.limits =
		{
			.ttl_min = 300,
			.ttl_max = 2592000,
			.txt_max = 4000,
			.null_mx = DG_NULL_MX_ACCEPTED,
			.transaction = DG_TRANSACTION_RRSET,
			.verified_on = "2022 (null MX), 2026-08-22 (its documentation)",
			.doubts = "Its rate limits, the longest TXT, and how lists are paged.",
		},
	.schema = &dg_schema_gandi,
	DG_API_OPS(open_it),
};
