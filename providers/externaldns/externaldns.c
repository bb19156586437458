#include "providers/externaldns/externaldns.h"

#include <string.h>
#include <strings.h>

#include "providers/api/api.h"
#include "zones/base/arena.h"
#include "zones/base/err.h"
#include "zones/record/name.h"

#define MEDIA       "application/external.dns.webhook+json;version=1"
#define TTL_DEFAULT 300 /* of an endpoint that names none: what most providers make of it */

static const struct dg_field fields[] = {
	DG_API_FIELDS_BARE("http://localhost:8888"),
	DG_FIELD_SECRET(struct dg_api_options, token_file,
		.help = "File with a token for Authorization: Bearer, where something in front of "
			"the "
			"webhook asks for one.",
		.example = "webhook.token"),
};

const struct dg_schema dg_schema_externaldns = {
	.name = "external-dns",
	.help = "A webhook provider of external-dns.",
	.size = sizeof(struct dg_api_options),
	.fields = fields,
	.n_fields = sizeof(fields) / sizeof(fields[0]),
};

static void find(struct dg_api_work *w, struct dg_api_call *call)
{
	(void)w;
	call->path = "/";
}

/* No list at all: every domain. */
static int found(struct dg_api_work *w, const struct dg_api_reply *reply)
{
	const json_t *include = json_object_get(reply->json, "include");
	const json_t *served = include ? include : json_object_get(reply->json, "filters");
	const json_t *domain = NULL;
	size_t i = 0;
	size_t n = 0;

	if (!json_is_object(reply->json)) {
		return dg_api_bad(w, "no list of domains");
	}
	w->id = w->plain;
	json_array_foreach(served, i, domain)
	{
		const char *text = json_string_value(domain);
		const char *at = text && *text == '.' ? text + 1 : text;
		size_t len = at ? strlen(at) : 0;
		size_t have = strlen(w->plain);

		n += len > 0;
		if (len > 0 && len <= have && strcmp(w->plain + have - len, at) == 0 &&
			(len == have || w->plain[have - len - 1] == '.')) {
			return 0;
		}
	}
	return n == 0 ? 0
		      : dg_fail(w->err, DG_EPOLICY, "%s does not serve %s: its domains are others",
				w->api->host, w->plain);
}

static void list(struct dg_api_work *w, struct dg_api_call *call)
{
	(void)w;
	call->path = "/records";
}

/* Those of all its zones come: ours are those under the zone's name. */
static bool is_ours(const struct dg_api_work *w, const char *name)
{
	size_t len = strlen(name);
	size_t have = strlen(w->plain);

	len -= len > 0 && name[len - 1] == '.';
	return len >= have && strncasecmp(name + len - have, w->plain, have) == 0 &&
	       (len == have || name[len - have - 1] == '.');
}

static int listed_one(struct dg_api_work *w, const json_t *endpoint)
{
	const json_t *targets = json_object_get(endpoint, "targets");
	const char *name = dg_api_text(endpoint, "dnsName");
	json_int_t ttl = dg_api_int(endpoint, "recordTTL");
	const json_t *target = NULL;
	struct dg_api_raw raw = {
		.owner = name,
		.type = dg_api_text(endpoint, "recordType"),
		.ttl = ttl > 0 ? ttl : TTL_DEFAULT,
		.preference = -1,
	};
	size_t i = 0;
	int r = name && json_is_array(targets)
			? 0
			: dg_api_bad(w, "an endpoint without name or targets");

	if (r < 0 || !name || !is_ours(w, name)) {
		return r;
	}
	json_array_foreach(targets, i, target)
	{
		raw.value = json_string_value(target);
		size_t len = raw.value ? strlen(raw.value) : 0;
		raw.is_plain_txt = len < 2 || raw.value[0] != '"' || raw.value[len - 1] != '"';
		r = r == 0 ? dg_api_add(w, &raw) : r;
	}
	return r;
}

static int listed(struct dg_api_work *w, const struct dg_api_reply *reply)
{
	const json_t *endpoint = NULL;
	size_t i = 0;
	int r = json_is_array(reply->json) ? 0 : dg_api_bad(w, "no list of endpoints");

	json_array_foreach(reply->json, i, endpoint)
	{
		r = r == 0 ? listed_one(w, endpoint) : r;
	}
	return r;
}

/* A text that is new goes as it is, without quotes: endpoints hold texts, not lines of a zone file. */
static json_t *endpoint_of(struct dg_api_work *w, const struct dg_rrset *set)
{
	json_t *targets = json_array();

	for (size_t i = 0; i < set->n; i++) {
		const struct dg_swap as_it_came = {.before = *set, .after = *set};
		const char *text = set->type == DG_TYPE_TXT
					   ? dg_txt_join(w->arena, &set->rdata[i])
					   : dg_api_value(w, &as_it_came, &set->rdata[i]);
		size_t len = strlen(text);

		/* "10 mail.example.com": the final dot is left out, but that of the root. */
		if (set->type == DG_TYPE_MX && len > 2 && text[len - 1] == '.' &&
			text[len - 2] != ' ') {
			text = dg_strndup(w->arena, text, len - 1);
		}
		(void)json_array_append_new(targets, json_string(text));
	}
	return json_pack("{s:s, s:s, s:I, s:o}", "dnsName", dg_name_plain(w->arena, set->owner),
		"recordType", dg_api_type(w, set->type), "recordTTL", (json_int_t)set->ttl,
		"targets", targets);
}

static void change(struct dg_api_work *w, struct dg_api_call *call)
{
	json_t *create = json_array();
	json_t *old = json_array();
	json_t *new = json_array();
	json_t *delete = json_array();

	for (size_t i = 0; i < w->n_batch; i++) {
		const struct dg_swap *s = w->op[i].swap;

		switch (w->op[i].kind) {
		case DG_EDIT_CREATE:
			(void)json_array_append_new(create, endpoint_of(w, &s->after));
			break;
		case DG_EDIT_UPDATE:
			(void)json_array_append_new(old, endpoint_of(w, &s->before));
			(void)json_array_append_new(new, endpoint_of(w, &s->after));
			break;
		case DG_EDIT_DELETE:
			(void)json_array_append_new(delete, endpoint_of(w, &s->before));
			break;
		}
	}
	*call = (struct dg_api_call){
		.method = "POST",
		.path = "/records",
		.body = dg_api_body(
			w, json_pack("{s:o, s:o, s:o, s:o}", "create", create, "updateOld", old,
				   "updateNew", new, "delete", delete)),
	};
}

static const char *const headers[] = {"Accept: " MEDIA, "Content-Type: " MEDIA, NULL};

static const struct dg_api_dialect dialect = {
	.auth = "Authorization: Bearer ",
	.headers = headers,
	.flags = DG_API_BATCH | DG_API_UNSURE,
	.find = find,
	.found = found,
	.list = list,
	.listed = listed,
	.change = change,
};

static int open_it(struct dg_provider *p, struct dg_err *err)
{
	return dg_api_open(p, &dialect, err);
}

const struct dg_provider_ops dg_provider_externaldns = {
	.name = "external-dns",
	.caps = DG_CAP_MARKER | DG_CAP_WHOLE_ZONE | DG_CAP_PUBLISHED,
	.limits =
		{
			.ttl_min = 1,
			.ttl_max = DG_TTL_MAX,
			.txt_max = 4000,
			.null_mx = DG_NULL_MX_NOT_KNOWN,
			.transaction = DG_TRANSACTION_RRSET,
			.rate = "those of the provider behind it",
			.verified_on = "2026-08-22 (its description and its code)",
			.doubts =
				"All that depends on the provider behind it: whether a null MX and "
				"long texts are taken, whether records of every type are listed, "
				"and which TTL a record without one has (300 s is taken for it).",
		},
	.schema = &dg_schema_externaldns,
	DG_API_OPS(open_it),
};
