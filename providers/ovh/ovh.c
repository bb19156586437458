#include "providers/ovh/ovh.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "providers/api/api.h"
#include "providers/net/loop.h"
#include "zones/base/arena.h"
#include "zones/base/digest.h"
#include "zones/base/err.h"

#define TTL_OF_ZONE   3600 /* what a record with TTL 0 has */
#define CLOCK_KEPT_MS 3600000
#define SHA1_LEN      20u

struct ovh_options {
	struct dg_api_options api;
	const char *application_secret_file;
	const char *consumer_key_file;
};

/* Ids come first, then each record. */
struct ids {
	const char **list;
	size_t n, at;
};

static const struct dg_field fields[] = {
	DG_API_FIELDS_BARE("https://eu.api.ovh.com/1.0"),
	DG_FIELD_SECRET(struct dg_api_options, token_file, .is_required = true,
		.help = "File with the application key, and nothing else, that others cannot read.",
		.example = "ovh.key"),
	DG_FIELD_SECRET(struct ovh_options, application_secret_file, .is_required = true,
		.help = "File with the application secret.", .example = "ovh.secret"),
	DG_FIELD_SECRET(struct ovh_options, consumer_key_file, .is_required = true,
		.help = "File with the consumer key. It must be allowed GET, POST, PUT and DELETE "
			"on "
			"/domain/zone/*.",
		.example = "ovh.consumer"),
};

const struct dg_schema dg_schema_ovh = {
	.name = "ovh",
	.help = "The DNS zones of OVH.",
	.size = sizeof(struct ovh_options),
	.fields = fields,
	.n_fields = sizeof(fields) / sizeof(fields[0]),
};

static int load_keys(struct dg_api *p, struct dg_err *err)
{
	const struct ovh_options *o = p->opts;

	int r = dg_secret_read(o->application_secret_file, p->keys[0], DG_SECRET_MAX, err);
	if (r < 0) {
		return dg_wrap(err, r, "application-secret-file");
	}
	p->secrets[1] = p->keys[0];
	r = dg_secret_read(o->consumer_key_file, p->keys[1], DG_SECRET_MAX, err);
	p->secrets[2] = p->keys[1];
	p->priv = dg_new(p->arena, int64_t); /* how far its clock is from ours, in seconds */
	return r < 0 ? dg_wrap(err, r, "consumer-key-file") : 0;
}

/* Signatures hold the time, which must be theirs. */
static void ask_time(struct dg_api_work *w, struct dg_api_call *call)
{
	(void)w;
	*call = (struct dg_api_call){.path = "/auth/time", .is_unsigned = true};
}

static int take_time(struct dg_api_work *w, const struct dg_api_reply *reply)
{
	struct dg_api *p = w->api;
	int64_t *away = p->priv;

	if (!json_is_integer(reply->json)) {
		return dg_api_bad(w, "no time");
	}
	*away = json_integer_value(reply->json) - dg_loop_now(p->loop);
	p->login_until_ms = dg_loop_mono_ms(p->loop) + CLOCK_KEPT_MS;
	return 0;
}

static void sign(struct dg_api_work *w, const struct dg_api_call *call, struct dg_http_request *r)
{
	const struct dg_api *p = w->api;
	const int64_t *away = p->priv;
	long long now = (long long)dg_loop_now(p->loop) + *away;
	uint8_t digest[EVP_MAX_MD_SIZE];
	char hex[2 * SHA1_LEN + 1];

	const char *text = dg_printf(w->arena, "%s+%s+%s+%s+%s+%lld", p->keys[0], p->keys[1],
		r->method, r->url, call->body ? call->body : "", now);
	(void)EVP_Digest(text, strlen(text), digest, NULL, EVP_sha1(), NULL);
	dg_api_header(w, dg_printf(w->arena, "X-Ovh-Consumer: %s", p->keys[1]));
	dg_api_header(w, dg_printf(w->arena, "X-Ovh-Timestamp: %lld", now));
	dg_api_header(w, dg_printf(w->arena, "X-Ovh-Signature: $1$%s",
				 dg_digest_text(digest, SHA1_LEN, hex)));
}

static const char *path_of(struct dg_api_work *w, const char *rest)
{
	return dg_printf(w->arena, "/domain/zone/%s%s", dg_api_escape(w->arena, w->plain), rest);
}

static void refresh(struct dg_api_work *w, struct dg_api_call *call)
{
	*call = (struct dg_api_call){.method = "POST", .path = path_of(w, "/refresh")};
}

/* What a run left staged when it ended between its last edit and the refresh would never be seen at a name server: records stand as wanted, so nothing is
 * planned. So who may write refreshes first, once for each zone. */
static void find(struct dg_api_work *w, struct dg_api_call *call)
{
	if (w->read && !w->read->only_looks) {
		refresh(w, call);
	} else {
		call->path = path_of(w, "");
	}
}

static int found(struct dg_api_work *w, const struct dg_api_reply *reply)
{
	(void)reply;
	w->id = w->plain;
	return 0;
}

static void list(struct dg_api_work *w, struct dg_api_call *call)
{
	call->path = path_of(w, w->page ? dg_printf(w->arena, "/record/%s", w->page) : "/record");
}

static int listed_ids(struct dg_api_work *w, const json_t *list)
{
	struct ids *ids = dg_new(w->arena, struct ids);
	const json_t *id = NULL;
	size_t i = 0;

	if (!json_is_array(list)) {
		return dg_api_bad(w, "no list of records");
	}
	*ids = (struct ids){.list = dg_newn(w->arena, const char *, json_array_size(list) + 1)};
	json_array_foreach(list, i, id)
	{
		ids->list[ids->n] = dg_api_id(w, id);
		if (!ids->list[ids->n++]) {
			return dg_api_bad(w, "a record without id");
		}
	}
	w->own = ids;
	return 0;
}

/* SPF, DKIM and DMARC are types of their own there, and TXT records in DNS. */
static int listed_one(struct dg_api_work *w, const json_t *r)
{
	const char *type = dg_api_text(r, "fieldType");
	const char *value = dg_api_text(r, "target");
	json_int_t ttl = dg_api_int(r, "ttl");
	bool is_text = type && (strcmp(type, "SPF") == 0 || strcmp(type, "DKIM") == 0 ||
				       strcmp(type, "DMARC") == 0);
	const struct dg_api_raw raw = {
		.id = dg_api_id(w, json_object_get(r, "id")),
		.owner = dg_api_text(r, "subDomain"),
		.origin = w->zone,
		.type = is_text ? "TXT" : type,
		.value = value,
		.ttl = ttl == 0 ? TTL_OF_ZONE : ttl,
		.preference = -1,
		.is_plain_txt = value && value[0] != '"',
	};

	return raw.id ? dg_api_add(w, &raw) : dg_api_bad(w, "a record without id");
}

static int listed(struct dg_api_work *w, const struct dg_api_reply *reply)
{
	int r = w->page ? listed_one(w, reply->json) : listed_ids(w, reply->json);
	struct ids *ids = w->own;

	if (r < 0 || ids->at == ids->n) {
		return r;
	}
	w->page = ids->list[ids->at++];
	return 1;
}

static void change(struct dg_api_work *w, struct dg_api_call *call)
{
	const struct dg_api_op *op = w->op;
	const struct dg_rrset *set = &op->swap->after;

	*call = (struct dg_api_call){.method = "POST", .path = path_of(w, "/record")};
	if (op->old) {
		call->method = op->kind == DG_EDIT_DELETE ? "DELETE" : "PUT";
		call->path = path_of(w, dg_printf(w->arena, "/record/%s", op->old->id));
	}
	if (op->kind == DG_EDIT_DELETE) {
		return;
	}
	json_t *o = json_pack("{s:s, s:s, s:I}", "subDomain", dg_api_label(w, set->owner, ""),
		"target", dg_api_value(w, op->swap, op->rdata), "ttl", (json_int_t)set->ttl);
	if (op->kind == DG_EDIT_CREATE) {
		(void)json_object_set_new(o, "fieldType", json_string(dg_api_type(w, set->type)));
	}
	call->body = dg_api_body(w, o);
}

static const char *const headers[] = {
	"Accept: application/json", "Content-Type: application/json", NULL};

static const struct dg_api_dialect dialect = {
	.auth = "X-Ovh-Application: ",
	.headers = headers,
	.flags = DG_API_PER_RECORD,
	.inflight = 2, /* a call for each record */
	.open = load_keys,
	.login = ask_time,
	.logged_in = take_time,
	.sign = sign,
	.find = find,
	.found = found,
	.list = list,
	.listed = listed,
	.change = change,
	.publish = refresh,
};

static int open_it(struct dg_provider *p, struct dg_err *err)
{
	return dg_api_open(p, &dialect, err);
}

const struct dg_provider_ops dg_provider_ovh = {
	.name = "ovh",
	.caps = DG_CAP_MARKER | DG_CAP_WHOLE_ZONE | DG_CAP_PUBLISHED,
	.limits =
		{
			.ttl_min = 60,
			.ttl_max = DG_TTL_MAX,
			.txt_max = 4000,
			.null_mx = DG_NULL_MX_ACCEPTED,
			.transaction = DG_TRANSACTION_RECORD,
			.rate = "20 requests a second are what others keep to",
			.verified_on = "2025-12-21 (null MX), 2026-05-31 (dnscontrol)",
			.pace = {.n = 20, .per_s = 1, .burst = 40}, /* each record is a call */
			.doubts = "The bounds of TTLs (0 is taken for 3600), the longest TXT, its "
				  "rate "
				  "limits. Zones above 1998 records are refused here: each record "
				  "is a "
				  "call. What is staged by others goes public with our refresh.",
		},
	.schema = &dg_schema_ovh,
	DG_API_OPS(open_it),
};
