#include "providers/azure/azure.h"

#include <string.h>
#include <strings.h>

#include "providers/api/api.h"
#include "zones/base/arena.h"
#include "zones/base/err.h"

#define VERSION  "api-version=2018-05-01"
#define SCOPE    "https%3A%2F%2Fmanagement.azure.com%2F.default"
#define TEXT_MAX 200u
#define ETAG_MAX 256u
#define CHUNK    255u

struct azure_options {
	struct dg_api_options api;
	const char *login_url;
	const char *tenant;
	const char *client_id;
	const char *client_secret_file;
	const char *subscription;
	const char *resource_group;
};

static const struct dg_field fields[] = {
	DG_API_FIELDS_BARE("https://management.azure.com"),
	DG_FIELD_STRING(struct azure_options, login_url, 8, 300,
		.dflt = "https://login.microsoftonline.com", .help = "Where tokens come from."),
	DG_FIELD_STRING(struct azure_options, tenant, 1, TEXT_MAX, .is_required = true,
		.help = "The directory (tenant) of the application.",
		.example = "11111111-2222-3333-4444-555555555555"),
	DG_FIELD_STRING(struct azure_options, client_id, 1, TEXT_MAX, .is_required = true,
		.help = "The application (client) id. It needs the role DNS Zone Contributor.",
		.example = "11111111-2222-3333-4444-555555555555"),
	DG_FIELD_SECRET(struct azure_options, client_secret_file, .is_required = true,
		.help = "File with the client secret, and nothing else, that others cannot read.",
		.example = "azure.secret"),
	DG_FIELD_STRING(struct azure_options, subscription, 1, TEXT_MAX, .is_required = true,
		.help = "The subscription that the zone is in.",
		.example = "11111111-2222-3333-4444-555555555555"),
	DG_FIELD_STRING(struct azure_options, resource_group, 1, TEXT_MAX, .is_required = true,
		.help = "The resource group that the zone is in.", .example = "dns"),
};

const struct dg_schema dg_schema_azure = {
	.name = "azure",
	.help = "Azure DNS (public zones).",
	.size = sizeof(struct azure_options),
	.fields = fields,
	.n_fields = sizeof(fields) / sizeof(fields[0]),
};

static int load_secret(struct dg_api *p, struct dg_err *err)
{
	const struct azure_options *o = p->opts;
	char host[DG_URL_HOST_MAX];

	int r = dg_url_check(o->login_url, o->api.insecure_http, host, sizeof(host), err);
	if (r < 0) {
		return dg_wrap(err, r, "login-url");
	}
	r = dg_secret_read(o->client_secret_file, p->keys[0], DG_SECRET_MAX, err);
	p->secrets[0] = p->keys[0];
	return r < 0 ? dg_wrap(err, r, "client-secret-file") : 0;
}

/* Client credentials (RFC 6749 section 4.4). */
static void login(struct dg_api_work *w, struct dg_api_call *call)
{
	static const char *const form[] = {"Content-Type: application/x-www-form-urlencoded", NULL};
	const struct azure_options *o = w->api->opts;

	*call = (struct dg_api_call){
		.method = "POST",
		.url = dg_printf(w->arena, "%s/%s/oauth2/v2.0/token", o->login_url,
			dg_api_escape(w->arena, o->tenant)),
		.body = dg_printf(w->arena,
			"grant_type=client_credentials&client_id=%s&client_secret=%s&scope=%s",
			dg_api_escape(w->arena, o->client_id),
			dg_api_escape(w->arena, w->api->keys[0]), SCOPE),
		.headers = form,
		.is_unsigned = true,
	};
}

static int logged_in(struct dg_api_work *w, const struct dg_api_reply *reply)
{
	w->api->secrets[1] = w->api->keys[0];
	return dg_api_logged_in(
		w, dg_api_text(reply->json, "access_token"), dg_api_int(reply->json, "expires_in"));
}

static const char *path_of(struct dg_api_work *w, const char *rest)
{
	const struct azure_options *o = w->api->opts;

	return dg_printf(w->arena,
		"/subscriptions/%s/resourceGroups/%s/providers/Microsoft.Network/dnsZones/%s/%s",
		dg_api_escape(w->arena, o->subscription),
		dg_api_escape(w->arena, o->resource_group), dg_api_escape(w->arena, w->plain),
		rest);
}

static void list(struct dg_api_work *w, struct dg_api_call *call)
{
	call->path = path_of(w, dg_printf(w->arena, "recordsets?%s", w->page ? w->page : VERSION));
}

/* --- reading ---------------------------------------------------------------------------------- */
/* What is put into If-Match: as it came. NULL: not a text for a header field. */
static const char *etag_of(struct dg_api_work *w, const json_t *set)
{
	const char *etag = dg_api_text(set, "etag");
	size_t len = etag ? strlen(etag) : 0;

	for (size_t i = 0; i < len; i++) {
		if (etag[i] < 0x21 || etag[i] > 0x7e) {
			return NULL;
		}
	}
	return len > 0 && len <= ETAG_MAX ? dg_strdup(w->arena, etag) : NULL;
}

/* ["chunk", ...] of one TXT record, joined. */
static const char *text_of(struct dg_api_work *w, const json_t *chunks)
{
	const json_t *chunk = NULL;
	const char *text = "";
	size_t i = 0;

	json_array_foreach(chunks, i, chunk)
	{
		if (!json_is_string(chunk)) {
			return NULL;
		}
		text = dg_printf(w->arena, "%s%s", text, json_string_value(chunk));
	}
	return json_is_array(chunks) ? text : NULL;
}

static int add_all(struct dg_api_work *w, struct dg_api_raw *raw, const json_t *properties)
{
	bool is_mx = strcmp(raw->type, "MX") == 0;
	const json_t *records = json_object_get(properties, is_mx ? "MXRecords" : "TXTRecords");
	const json_t *record = NULL;
	size_t i = 0;
	int r = json_is_array(records) ? 0 : dg_api_bad(w, "an RRset without records");

	json_array_foreach(records, i, record)
	{
		raw->value = is_mx ? dg_api_text(record, "exchange")
				   : text_of(w, json_object_get(record, "value"));
		raw->preference = is_mx ? dg_api_int(record, "preference") : -1;
		raw->is_plain_txt = true;
		if (is_mx && raw->preference < 0) {
			r = dg_api_bad(w, "an MX without preference");
		}
		r = r == 0 ? dg_api_add(w, raw) : r;
	}
	return r;
}

/* NS and CNAME hold names that plans ask for; of the others their owner is enough. */
static int add_names(struct dg_api_work *w, struct dg_api_raw *raw, const json_t *properties)
{
	const json_t *cname = json_object_get(properties, "CNAMERecord");
	const json_t *record = NULL;
	size_t i = 0;
	int r = 0;

	if (cname) {
		raw->value = dg_api_text(cname, "cname");
		return dg_api_add(w, raw);
	}
	json_array_foreach(json_object_get(properties, "NSRecords"), i, record)
	{
		raw->value = dg_api_text(record, "nsdname");
		r = r == 0 ? dg_api_add(w, raw) : r;
	}
	return r;
}

static int add_addresses(struct dg_api_work *w, struct dg_api_raw *raw, const json_t *properties)
{
	bool is_four = strcmp(raw->type, "A") == 0;
	const json_t *records = json_object_get(properties, is_four ? "ARecords" : "AAAARecords");
	const json_t *record = NULL;
	size_t i = 0;
	int r = 0;

	json_array_foreach(records, i, record)
	{
		raw->value = dg_api_text(record, is_four ? "ipv4Address" : "ipv6Address");
		r = r == 0 ? dg_api_add(w, raw) : r;
	}
	if (r == 0 && json_array_size(records) == 0) { /* an alias */
		raw->value = "";
		r = dg_api_add(w, raw);
	}
	return r;
}

static int listed_one(struct dg_api_work *w, const json_t *set)
{
	const json_t *properties = json_object_get(set, "properties");
	const char *type = dg_api_text(set, "type");
	const char *slash = type ? strrchr(type, '/') : NULL;
	struct dg_api_raw raw = {
		.id = etag_of(w, set),
		.owner = dg_api_text(set, "name"),
		.origin = w->zone,
		.type = slash ? slash + 1 : NULL,
		.value = "",
		.ttl = dg_api_int(properties, "TTL"),
		.preference = -1,
	};

	if (!raw.type || !raw.id) {
		return dg_api_bad(w, "an RRset without type or etag");
	}
	if (strcmp(raw.type, "MX") == 0 || strcmp(raw.type, "TXT") == 0) {
		return add_all(w, &raw, properties);
	}
	if (strcmp(raw.type, "CNAME") == 0 || strcmp(raw.type, "NS") == 0) {
		return add_names(w, &raw, properties);
	}
	if (strcmp(raw.type, "A") == 0 || strcmp(raw.type, "AAAA") == 0) {
		return add_addresses(w, &raw, properties);
	}
	return dg_api_add(w, &raw);
}

static int listed(struct dg_api_work *w, const struct dg_api_reply *reply)
{
	const json_t *sets = json_object_get(reply->json, "value");
	const json_t *set = NULL;
	size_t i = 0;
	int r = json_is_array(sets) ? 0 : dg_api_bad(w, "no list of RRsets");

	json_array_foreach(sets, i, set)
	{
		r = r == 0 ? listed_one(w, set) : r;
	}
	const char *next = dg_api_text(reply->json, "nextLink");
	w->page = next && *next ? dg_api_query(w->arena, next) : NULL;
	if (r == 0 && next && *next && !w->page) {
		r = dg_api_bad(w, "a nextLink that is no URL");
	}
	return r < 0 ? r : w->page != NULL;
}

/* --- changes ---------------------------------------------------------------------------------- */
static json_t *chunks_of(struct dg_api_work *w, const struct dg_rdata *rd)
{
	const char *text = dg_txt_join(w->arena, rd);
	json_t *chunks = json_array();

	for (size_t len = strlen(text); len > 0; len = strlen(text)) {
		size_t n = len < CHUNK ? len : CHUNK;

		(void)json_array_append_new(chunks, json_stringn(text, n));
		text += n;
	}
	return chunks;
}

static json_t *records_of(struct dg_api_work *w, const struct dg_rrset *set)
{
	json_t *list = json_array();
	uint16_t preference = 0;
	const char *host = NULL;

	for (size_t i = 0; i < set->n; i++) {
		json_t *o = NULL;

		if (set->type == DG_TYPE_MX &&
			dg_mx_read(w->arena, &set->rdata[i], &preference, &host) == 0) {
			o = json_pack(
				"{s:i, s:s}", "preference", (int)preference, "exchange", host);
		} else {
			o = json_pack("{s:o}", "value", chunks_of(w, &set->rdata[i]));
		}
		(void)json_array_append_new(list, o);
	}
	return list;
}

static void change(struct dg_api_work *w, struct dg_api_call *call)
{
	const struct dg_api_op *op = w->op;
	const struct dg_rrset *set = &op->swap->after;
	const char **condition = dg_newn(w->arena, const char *, 2);

	condition[0] =
		op->old ? dg_printf(w->arena, "If-Match: %s", op->old->id) : "If-None-Match: *";
	*call = (struct dg_api_call){
		.method = op->kind == DG_EDIT_DELETE ? "DELETE" : "PUT",
		.path = path_of(
			w, dg_printf(w->arena, "%s/%s?" VERSION, dg_api_type(w, set->type),
				   dg_api_escape(w->arena, dg_api_label(w, set->owner, "@")))),
		.headers = condition,
	};
	if (op->kind != DG_EDIT_DELETE) {
		call->body = dg_api_body(
			w, json_pack("{s:{s:I, s:o}}", "properties", "TTL", (json_int_t)set->ttl,
				   set->type == DG_TYPE_MX ? "MXRecords" : "TXTRecords",
				   records_of(w, set)));
	}
}

static const char *const headers[] = {"Accept: application/json", NULL};

static const struct dg_api_dialect dialect = {
	.auth = "Authorization: Bearer ",
	.headers = headers,
	.open = load_secret,
	.login = login,
	.logged_in = logged_in,
	.sign = dg_api_json_type,
	.list = list,
	.listed = listed,
	.change = change,
};

static int open_it(struct dg_provider *p, struct dg_err *err)
{
	return dg_api_open(p, &dialect, err);
}

const struct dg_provider_ops dg_provider_azure = {
	.name = "azure",
	.caps = DG_CAP_CAS | DG_CAP_MARKER | DG_CAP_WHOLE_ZONE | DG_CAP_PUBLISHED,
	.limits =
		{
			.ttl_min = 1,
			.ttl_max = DG_TTL_MAX,
			.txt_max = 4000,
			.null_mx = DG_NULL_MX_REFUSED,
			.transaction = DG_TRANSACTION_RRSET,
			.verified_on = "2020 (null MX), 2026-05-31 (its description, dnscontrol)",
			.doubts = "Whether a null MX is still refused. The bounds of TTLs, the "
				  "longest "
				  "TXT (it takes chunks of 255 octets). Managed identities are not "
				  "used: "
				  "an application with a secret is needed.",
		},
	.schema = &dg_schema_azure,
	DG_API_OPS(open_it),
};
