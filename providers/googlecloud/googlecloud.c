#include "providers/googlecloud/googlecloud.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>

#include "providers/api/api.h"
#include "providers/net/loop.h"
#include "zones/base/arena.h"
#include "zones/base/err.h"

#define SCOPE       "https://www.googleapis.com/auth/ndev.clouddns.readwrite"
#define GRANT       "urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer"
#define HEAD        "{\"alg\":\"RS256\",\"typ\":\"JWT\"}"
#define LIFE        3600 /* seconds that the assertion is good for */
#define RSA_BYTES   1024u
#define BATCH_MAX   500u
#define PROJECT_MAX 128u

struct google_options {
	struct dg_api_options api;
	const char *key_file;
	const char *project;
	const char *managed_zone;
};

struct account {
	EVP_PKEY *key;
	const char *email, *token_url, *project;
};

static const struct dg_field fields[] = {
	DG_API_FIELDS_BARE("https://dns.googleapis.com/dns/v1"),
	DG_FIELD_SECRET(struct google_options, key_file, .is_required = true,
		.help = "The key file of a service account (JSON), that others cannot read. Its "
			"role "
			"must be allowed to list and change this zone (roles/dns.admin).",
		.example = "google.json"),
	DG_FIELD_STRING(struct google_options, project, 1, PROJECT_MAX,
		.help = "The project that the zone is in (default: that of the key file).",
		.example = "my-project"),
	DG_FIELD_STRING(struct google_options, managed_zone, 1, PROJECT_MAX,
		.help = "The name of the managed zone, where several have this DNS name.",
		.example = "example-com"),
};

const struct dg_schema dg_schema_googlecloud = {
	.name = "google-cloud",
	.help = "Cloud DNS of Google.",
	.size = sizeof(struct google_options),
	.fields = fields,
	.n_fields = sizeof(fields) / sizeof(fields[0]),
};

/* --- the key ---------------------------------------------------------------------------------- */
/* NOLINTNEXTLINE(readability-non-const-parameter): the type of a callback */
static int no_password(char *buf, int size, int rwflag, void *arg)
{
	(void)buf;
	(void)size;
	(void)rwflag;
	(void)arg;
	return 0;
}

static int take_account(
	struct dg_api *p, const struct google_options *o, const json_t *json, struct dg_err *err)
{
	struct account *a = p->priv;
	char host[DG_URL_HOST_MAX];
	const char *pem = dg_api_text(json, "private_key");
	const char *email = dg_api_text(json, "client_email");
	const char *url = dg_api_text(json, "token_uri");
	const char *project = o->project ? o->project : dg_api_text(json, "project_id");
	BIO *bio = pem ? BIO_new_mem_buf(pem, -1) : NULL;

	a->key = bio ? PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL) : NULL;
	(void)BIO_free(bio);
	if (!a->key || EVP_PKEY_get_base_id(a->key) != EVP_PKEY_RSA || !email || !url || !project) {
		return dg_fail(err, DG_EINPUT,
			"%s: expected the key of a service account: JSON with client_email, "
			"token_uri, "
			"project_id and an RSA private_key",
			o->key_file);
	}
	a->email = dg_strdup(p->arena, email);
	a->token_url = dg_strdup(p->arena, url);
	a->project = dg_api_escape(p->arena, project);
	return dg_url_check(url, o->api.insecure_http, host, sizeof(host), err);
}

static int load_key(struct dg_api *p, struct dg_err *err)
{
	const struct google_options *o = p->opts;
	char *text = calloc(1, DG_SECRET_DOCUMENT_MAX);
	size_t len = 0;

	if (!text) {
		return dg_fail(err, DG_EIO, "out of memory");
	}
	p->priv = dg_new(p->arena, struct account);
	int r = dg_secret_document(o->key_file, text, DG_SECRET_DOCUMENT_MAX, &len, err);
	if (r == 0) {
		json_t *json = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
		r = take_account(p, o, json, err);
		json_decref(json);
	}
	explicit_bzero(text, DG_SECRET_DOCUMENT_MAX);
	free(text);
	return r < 0 ? dg_wrap(err, r, "key-file") : 0;
}

static void forget_key(struct dg_api *p)
{
	struct account *a = p->priv;

	if (a) {
		EVP_PKEY_free(a->key);
	}
}

/* --- the token -------------------------------------------------------------------------------- */
/* RFC 4648 section 5, without padding. */
static const char *base64url(struct dg_arena *a, const void *p, size_t n)
{
	char *text = dg_newn(a, char, (n + 2) / 3 * 4 + 1);
	int len = EVP_EncodeBlock((uint8_t *)text, p, (int)n);

	while (len > 0 && text[len - 1] == '=') {
		text[--len] = '\0';
	}
	for (char *c = text; *c; c++) {
		if (*c == '+') {
			*c = '-';
		} else if (*c == '/') {
			*c = '_';
		}
	}
	return text;
}

/* A JWT (RFC 7519) that the account's key signs: RS256 (RFC 7518 section 3.3). */
static const char *assertion(struct dg_api_work *w)
{
	const struct account *a = w->api->priv;
	json_int_t now = dg_loop_now(w->api->loop);
	const char *claims =
		dg_api_body(w, json_pack("{s:s, s:s, s:s, s:I, s:I}", "iss", a->email, "scope",
				       SCOPE, "aud", a->token_url, "iat", now, "exp", now + LIFE));
	const char *text = dg_printf(w->arena, "%s.%s", base64url(w->arena, HEAD, strlen(HEAD)),
		base64url(w->arena, claims, strlen(claims)));
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	uint8_t signature[RSA_BYTES];
	size_t n = sizeof(signature);
	bool is_signed =
		md && EVP_DigestSignInit(md, NULL, EVP_sha256(), NULL, a->key) == 1 &&
		EVP_DigestSign(md, signature, &n, (const uint8_t *)text, strlen(text)) == 1;

	EVP_MD_CTX_free(md);
	return is_signed ? dg_printf(w->arena, "%s.%s", text, base64url(w->arena, signature, n))
			 : "";
}

static void login(struct dg_api_work *w, struct dg_api_call *call)
{
	static const char *const form[] = {"Content-Type: application/x-www-form-urlencoded", NULL};
	const struct account *a = w->api->priv;

	*call = (struct dg_api_call){
		.method = "POST",
		.url = a->token_url,
		.body = dg_printf(w->arena, "grant_type=%s&assertion=%s", GRANT, assertion(w)),
		.headers = form,
		.is_unsigned = true,
	};
}

static int logged_in(struct dg_api_work *w, const struct dg_api_reply *reply)
{
	return dg_api_logged_in(
		w, dg_api_text(reply->json, "access_token"), dg_api_int(reply->json, "expires_in"));
}

/* --- the zone --------------------------------------------------------------------------------- */
static const char *path_of(struct dg_api_work *w, const char *rest)
{
	const struct account *a = w->api->priv;

	return dg_printf(w->arena, "/projects/%s/managedZones%s", a->project, rest);
}

static void find(struct dg_api_work *w, struct dg_api_call *call)
{
	call->path =
		path_of(w, dg_printf(w->arena, "?dnsName=%s%s%s", dg_api_escape(w->arena, w->zone),
				   w->page ? "&pageToken=" : "", w->page ? w->page : ""));
}

static int next_page(struct dg_api_work *w, const json_t *root)
{
	const char *token = dg_api_text(root, "nextPageToken");

	w->page = token ? dg_api_escape(w->arena, token) : NULL;
	return w->page != NULL;
}

static int found(struct dg_api_work *w, const struct dg_api_reply *reply)
{
	const struct google_options *o = w->api->opts;
	const json_t *zone = NULL;
	size_t i = 0;

	if (!json_is_object(reply->json)) {
		return dg_api_bad(w, "no list of zones");
	}
	json_array_foreach(json_object_get(reply->json, "managedZones"), i, zone)
	{
		const char *dns_name = dg_api_text(zone, "dnsName");
		const char *name = dg_api_text(zone, "name");
		const char *visibility = dg_api_text(zone, "visibility");
		bool is_it = dns_name && name && strcmp(dns_name, w->zone) == 0 &&
			     (o->managed_zone ? strcmp(name, o->managed_zone) == 0
					      : !visibility || strcmp(visibility, "public") == 0);

		if (is_it && w->id) {
			return dg_fail(w->err, DG_EPOLICY,
				"%s has several zones %s: say which by managed-zone", w->api->host,
				w->plain);
		}
		if (is_it) {
			w->id = dg_api_id(w, json_object_get(zone, "name"));
		}
		if (is_it && !w->id) {
			return dg_api_bad(w, "a zone without name");
		}
	}
	if (next_page(w, reply->json)) {
		return 1;
	}
	return w->id ? 0
		     : dg_fail(w->err, DG_EREMOTE, "%s shows no public zone %s to this account",
			       w->api->host, w->plain);
}

static void list(struct dg_api_work *w, struct dg_api_call *call)
{
	call->path = path_of(w, dg_printf(w->arena, "/%s/rrsets?maxResults=1000%s%s", w->id,
					w->page ? "&pageToken=" : "", w->page ? w->page : ""));
}

static int listed_one(struct dg_api_work *w, const json_t *rrset)
{
	const json_t *values = json_object_get(rrset, "rrdatas");
	const json_t *value = NULL;
	struct dg_api_raw raw = {
		.owner = dg_api_text(rrset, "name"),
		.type = dg_api_text(rrset, "type"),
		.ttl = dg_api_int(rrset, "ttl"),
		.value = "",
		.preference = -1,
	};
	size_t i = 0;
	int r = 0;

	if (json_object_get(rrset, "routingPolicy")) { /* its owner exists */
		bool is_mail =
			raw.type && (strcmp(raw.type, "MX") == 0 || strcmp(raw.type, "TXT") == 0);
		raw.ttl = raw.ttl < 0 ? 0 : raw.ttl;
		return is_mail ? dg_fail(w->err, DG_EPOLICY,
					 "%s %s has a routing policy, which a policy for mail "
					 "cannot "
					 "say: make it a simple record",
					 raw.owner ? raw.owner : "?", raw.type)
			       : dg_api_add(w, &raw);
	}
	if (!json_is_array(values)) {
		return dg_api_bad(w, "an RRset without rrdatas");
	}
	json_array_foreach(values, i, value)
	{
		raw.value = json_string_value(value);
		r = r == 0 ? dg_api_add(w, &raw) : r;
	}
	return r;
}

static int listed(struct dg_api_work *w, const struct dg_api_reply *reply)
{
	const json_t *rrsets = json_object_get(reply->json, "rrsets");
	const json_t *rrset = NULL;
	size_t i = 0;
	int r = json_is_array(rrsets) ? 0 : dg_api_bad(w, "no list of RRsets");

	json_array_foreach(rrsets, i, rrset)
	{
		r = r == 0 ? listed_one(w, rrset) : r;
	}
	return r < 0 ? r : next_page(w, reply->json);
}

/* --- changes ---------------------------------------------------------------------------------- */
static void put_rrset(
	struct dg_api_work *w, json_t *list, const struct dg_swap *s, const struct dg_rrset *set)
{
	if (set->n > 0) {
		(void)json_array_append_new(
			list, json_pack("{s:s, s:s, s:I, s:o}", "name", set->owner, "type",
				      dg_api_type(w, set->type), "ttl", (json_int_t)set->ttl,
				      "rrdatas", dg_api_values(w, s, set)));
	}
}

/* What is deleted is compared with what stands there. */
static void change(struct dg_api_work *w, struct dg_api_call *call)
{
	json_t *additions = json_array();
	json_t *deletions = json_array();

	for (size_t i = 0; i < w->n_batch; i++) {
		const struct dg_swap *s = w->op[i].swap;

		put_rrset(w, deletions, s, &s->before);
		put_rrset(w, additions, s, &s->after);
	}
	*call = (struct dg_api_call){
		.method = "POST",
		.path = path_of(w, dg_printf(w->arena, "/%s/changes", w->id)),
		.body = dg_api_body(
			w, json_pack("{s:o, s:o}", "additions", additions, "deletions", deletions)),
	};
}

static int changed(struct dg_api_work *w, const struct dg_api_reply *reply)
{
	const char *status = dg_api_text(reply->json, "status");

	w->ticket = dg_api_id(w, json_object_get(reply->json, "id"));
	return status && w->ticket ? strcmp(status, "done") != 0
				   : dg_api_bad(w, "no change with id and status");
}

static void poll(struct dg_api_work *w, struct dg_api_call *call)
{
	call->path = path_of(w, dg_printf(w->arena, "/%s/changes/%s", w->id, w->ticket));
}

static const char *const headers[] = {"Accept: application/json", NULL};

static const struct dg_api_dialect dialect = {
	.auth = "Authorization: Bearer ",
	.headers = headers,
	.flags = DG_API_BATCH,
	.batch_max = BATCH_MAX,
	.open = load_key,
	.close = forget_key,
	.login = login,
	.logged_in = logged_in,
	.sign = dg_api_json_type,
	.find = find,
	.found = found,
	.list = list,
	.listed = listed,
	.change = change,
	.changed = changed,
	.poll = poll,
	.polled = changed,
};

static int open_it(struct dg_provider *p, struct dg_err *err)
{
	return dg_api_open(p, &dialect, err);
}

const struct dg_provider_ops dg_provider_googlecloud = {
	.name = "google-cloud",
	.caps = DG_CAP_ATOMIC | DG_CAP_CAS | DG_CAP_MARKER | DG_CAP_WHOLE_ZONE | DG_CAP_PUBLISHED,
	.limits =
		{
			.ttl_min = 0,
			.ttl_max = DG_TTL_MAX,
			.txt_max = 4000,
			.null_mx = DG_NULL_MX_ACCEPTED,
			.transaction = DG_TRANSACTION_SWAP,
			.verified_on = "2026-05-31 (dnscontrol, lexicon, its documentation)",
			.doubts = "The bounds of TTLs, the longest TXT, its rate limits. Managed "
				  "identities of its machines are not used: a key file is needed.",
		},
	.schema = &dg_schema_googlecloud,
	DG_API_OPS(open_it),
};
