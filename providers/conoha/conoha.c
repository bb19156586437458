#include "providers/conoha/conoha.h"

#include <string.h>

#include "providers/api/api.h"
#include "zones/base/arena.h"
#include "zones/base/err.h"
#include "zones/record/name.h"

#define TEXT_MAX 200u
#define LIFE     3600 /* seconds that a token is used for; it is good for a day */

struct conoha_options {
	struct dg_api_options api;
	const char *identity_url;
	const char *user_id;
	const char *tenant_id;
	const char *password_file;
};

static const struct dg_field fields[] = {
	DG_API_FIELDS_BARE("https://dns-service.c3j1.conoha.io/v1"),
	DG_FIELD_STRING(struct conoha_options, identity_url, 8, 300,
		.dflt = "https://identity.c3j1.conoha.io/v3", .help = "Where tokens come from."),
	DG_FIELD_STRING(struct conoha_options, user_id, 1, TEXT_MAX, .is_required = true,
		.help = "The id of the API user.", .example = "0123456789abcdef0123456789abcdef"),
	DG_FIELD_STRING(struct conoha_options, tenant_id, 1, TEXT_MAX, .is_required = true,
		.help = "The id of the tenant.", .example = "0123456789abcdef0123456789abcdef"),
	DG_FIELD_SECRET(struct conoha_options, password_file, .is_required = true,
		.help = "File with the API user's password, and nothing else, that others cannot "
			"read.",
		.example = "conoha.password"),
};

const struct dg_schema dg_schema_conoha = {
	.name = "conoha",
	.help = "The DNS of ConoHa (version 3).",
	.size = sizeof(struct conoha_options),
	.fields = fields,
	.n_fields = sizeof(fields) / sizeof(fields[0]),
};

static int load_password(struct dg_api *p, struct dg_err *err)
{
	const struct conoha_options *o = p->opts;
	char host[DG_URL_HOST_MAX];

	int r = dg_url_check(o->identity_url, o->api.insecure_http, host, sizeof(host), err);
	if (r < 0) {
		return dg_wrap(err, r, "identity-url");
	}
	r = dg_secret_read(o->password_file, p->keys[0], DG_SECRET_MAX, err);
	p->secrets[0] = p->keys[0];
	return r < 0 ? dg_wrap(err, r, "password-file") : 0;
}

/* Identity API v3 of OpenStack: the token comes in a header field. */
static void login(struct dg_api_work *w, struct dg_api_call *call)
{
	const struct conoha_options *o = w->api->opts;

	*call = (struct dg_api_call){
		.method = "POST",
		.url = dg_printf(w->arena, "%s/auth/tokens", o->identity_url),
		.body = dg_api_body(
			w, json_pack("{s:{s:{s:[s], s:{s:{s:s, s:s}}}, s:{s:{s:s}}}}", "auth",
				   "identity", "methods", "password", "password", "user", "id",
				   o->user_id, "password", w->api->keys[0], "scope", "project",
				   "id", o->tenant_id)),
		.is_unsigned = true,
	};
}

static int logged_in(struct dg_api_work *w, const struct dg_api_reply *reply)
{
	w->api->secrets[1] = w->api->keys[0];
	return dg_api_logged_in(w, reply->kept, LIFE);
}

static void find(struct dg_api_work *w, struct dg_api_call *call)
{
	(void)w;
	call->path = "/domains";
}

static int found(struct dg_api_work *w, const struct dg_api_reply *reply)
{
	const json_t *domains = json_object_get(reply->json, "domains");
	const json_t *domain = NULL;
	size_t i = 0;

	if (!json_is_array(domains)) {
		return dg_api_bad(w, "no list of domains");
	}
	json_array_foreach(domains, i, domain)
	{
		const char *name = dg_api_text(domain, "name");

		if (name && strcmp(name, w->zone) == 0) {
			w->id = dg_api_id(w, json_object_get(domain, "uuid"));
			return w->id ? 0 : dg_api_bad(w, "a domain without uuid");
		}
	}
	return dg_fail(
		w->err, DG_EREMOTE, "%s shows no domain %s to this user", w->api->host, w->plain);
}

static void list(struct dg_api_work *w, struct dg_api_call *call)
{
	call->path = dg_printf(w->arena, "/domains/%s/records", w->id);
}

static int listed_one(struct dg_api_work *w, const json_t *r)
{
	const char *type = dg_api_text(r, "type");
	bool is_mx = type && strcmp(type, "MX") == 0;
	const struct dg_api_raw raw = {
		.id = dg_api_id(w, json_object_get(r, "uuid")),
		.owner = dg_api_text(r, "name"),
		.type = type,
		.value = dg_api_text(r, "data"),
		.ttl = dg_api_int(r, "ttl"),
		.preference = is_mx ? dg_api_int(r, "priority") : -1,
		.is_plain_txt = true,
	};

	if (!raw.id || (is_mx && raw.preference < 0)) {
		return dg_api_bad(w, "a record without uuid, or an MX without priority");
	}
	return dg_api_add(w, &raw);
}

static int listed(struct dg_api_work *w, const struct dg_api_reply *reply)
{
	const json_t *records = json_object_get(reply->json, "records");
	const json_t *record = NULL;
	size_t i = 0;
	int r = json_is_array(records) ? 0 : dg_api_bad(w, "no list of records");

	json_array_foreach(records, i, record)
	{
		r = r == 0 ? listed_one(w, record) : r;
	}
	return r;
}

static void change(struct dg_api_work *w, struct dg_api_call *call)
{
	const struct dg_api_op *op = w->op;
	const struct dg_rrset *set = &op->swap->after;
	uint16_t preference = 0;
	const char *host = NULL;

	*call = (struct dg_api_call){
		.method = "POST", .path = dg_printf(w->arena, "/domains/%s/records", w->id)};
	if (op->old) {
		call->method = op->kind == DG_EDIT_DELETE ? "DELETE" : "PUT";
		call->path = dg_printf(w->arena, "%s/%s", call->path, op->old->id);
	}
	if (op->kind == DG_EDIT_DELETE) {
		return;
	}
	json_t *o = json_pack("{s:s, s:s, s:I}", "name", set->owner, "type",
		dg_api_type(w, set->type), "ttl", (json_int_t)set->ttl);
	if (set->type == DG_TYPE_MX && dg_mx_read(w->arena, op->rdata, &preference, &host) == 0) {
		(void)json_object_set_new(o, "data", json_string(host));
		(void)json_object_set_new(o, "priority", json_integer(preference));
	} else {
		(void)json_object_set_new(o, "data", json_string(dg_txt_join(w->arena, op->rdata)));
	}
	call->body = dg_api_body(w, o);
}

static const char *const headers[] = {
	"Accept: application/json", "Content-Type: application/json", NULL};

static const struct dg_api_dialect dialect = {
	.auth = "X-Auth-Token: ",
	.headers = headers,
	.kept_name = "X-Subject-Token",
	.flags = DG_API_PER_RECORD,
	.open = load_password,
	.login = login,
	.logged_in = logged_in,
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

const struct dg_provider_ops dg_provider_conoha = {
	.name = "conoha",
	.caps = DG_CAP_MARKER | DG_CAP_WHOLE_ZONE | DG_CAP_PUBLISHED,
	.limits =
		{
			.ttl_min = 60,
			.ttl_max = DG_TTL_MAX,
			.txt_max = 4000,
			.null_mx = DG_NULL_MX_NOT_KNOWN,
			.transaction = DG_TRANSACTION_RECORD,
			.verified_on = "2026-07-21 (lego, its documentation)",
			.doubts = "Whether a null MX is taken, the longest TXT, its rate limits, "
				  "whether "
				  "lists are paged, how texts are quoted. What it says of TTLs is "
				  "of its "
				  "older version.",
		},
	.schema = &dg_schema_conoha,
	DG_API_OPS(open_it),
};
