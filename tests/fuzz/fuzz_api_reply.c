/* Fuzz: what the APIs of providers answer: the first octet chooses the dialect, the second the call that it is taken for. */
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "providers/api/api.h"
#include "providers/api/xml.h"
#include "providers/net/loop.h"
#include "zones/base/arena.h"
#include "zones/base/err.h"

#define LOGIN 0x80u /* in the second octet: the answer to a log-in */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool is_true)
{
	if (!is_true) {
		abort();
	}
}

/* Every dialect, as the registry has it. */
static const struct dg_provider_ops *choose(uint8_t octet)
{
	static const char *const names[] = {"cloudflare", "desec", "digitalocean", "gandi",
		"hetzner", "linode", "route53", "external-dns", "azure", "conoha", "gehirn", "ovh",
		"sakura-cloud", "value-domain", "webhook", "google-cloud"};

	return dg_provider_find(names[octet % (sizeof(names) / sizeof(names[0]))]);
}

/* What is in the file of a key: of a service account, where ops wants one. Made once. */
static const char *key_of(const struct dg_provider_ops *ops)
{
	static char *account;
	char *pem = NULL;

	if (strcmp(ops->name, "google-cloud") != 0) {
		return "key-key-key-key-key\n";
	}
	if (!account) {
		EVP_PKEY *key = EVP_RSA_gen(2048);
		BIO *bio = BIO_new(BIO_s_mem());
		check(key && bio && PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL));
		long len = BIO_get_mem_data(bio, &pem);
		json_t *json = json_pack("{s:s, s:s, s:s, s:s%}", "project_id", "lab",
			"client_email", "dns@lab.example", "token_uri", "http://127.0.0.1:1/token",
			"private_key", pem, (size_t)len);
		account = json_dumps(json, 0);
		json_decref(json);
		(void)BIO_free(bio);
		EVP_PKEY_free(key);
		check(account);
	}
	return account;
}

/* A list from outside becomes a zone, or an error with words. */
static void take(struct dg_api_work *w, uint8_t call, const struct dg_api_reply *reply)
{
	const struct dg_api_dialect *d = w->api->dialect;
	int (*const takes[])(struct dg_api_work *, const struct dg_api_reply *) = {
		d->listed, d->found, d->changed, d->polled};
	const struct dg_swap swap = {
		.before = dg_rrset_none("example.test.", DG_TYPE_MX),
		.after = dg_rrset_none("example.test.", DG_TYPE_MX),
	};
	const struct dg_api_op op = {.kind = DG_EDIT_CREATE, .swap = &swap};
	int (*const taken)(struct dg_api_work *, const struct dg_api_reply *) =
		call & LOGIN ? d->logged_in : takes[call % 4];

	if (!taken) {
		return;
	}
	w->op = &op;
	int r = taken(w, reply);
	w->op = NULL;
	check(r >= 0 || (w->err->rc == r && w->err->text[0]));
	if (r >= 0 && taken == d->listed) {
		struct dg_zone *z = dg_api_zone(w);
		check(z->is_sealed && z->is_complete);
	}
	check(!strchr(dg_api_words(w, reply), '\033'));
}

static void run(struct dg_provider *p, uint8_t call, const char *body, size_t len)
{
	struct dg_arena *a = dg_arena_new(256u << 20);
	struct dg_err err = {0};
	struct dg_api_work *w = dg_new(a, struct dg_api_work);
	const struct dg_api *api = p->priv;
	json_t *json =
		api->dialect->flags & DG_API_XML
			? dg_xml_parse(body, len)
			: json_loadb(body, len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, NULL);
	const struct dg_api_reply reply = {.status = 200, .json = json, .body = body, .len = len};

	*w = (struct dg_api_work){.api = p->priv,
		.arena = a,
		.err = &err,
		.zone = "example.test.",
		.plain = "example.test",
		.id = "1",
		.default_ttl = 3600};
	take(w, call, &reply);
	json_decref(json);
	(void)dg_arena_free(a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char path[] = "/tmp/dnsguard-fuzz-XXXXXX";
	struct dg_loop *loop = NULL;
	struct dg_provider *p = NULL;
	struct dg_err err = {0};

	if (size < 2 || size > 65536) {
		return 0;
	}
	const struct dg_provider_ops *ops = choose(data[0]);
	const char *text = key_of(ops);
	int fd = mkstemp(path);
	check(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	(void)close(fd);
	union {
		struct dg_api_options api;
		char bytes[512];
	} opts = {.api = {.url = "http://127.0.0.1:1", .timeout = 1}};
	const char *key = path;
	const char *url = "http://127.0.0.1:1";
	for (size_t i = 0; i < ops->schema->n_fields; i++) {
		const struct dg_field *f = &ops->schema->fields[i];
		check(ops->schema->size <= sizeof(opts));
		if (f->kind == DG_SECRET) {
			memcpy(opts.bytes + f->offset, (const void *)&key, sizeof(key));
		} else if (f->kind == DG_STRING) {
			memcpy(opts.bytes + f->offset, (const void *)&url, sizeof(url));
		}
	}
	check(dg_loop_new(NULL, &loop, &err) == 0);
	check(dg_provider_open(ops, &opts, loop, NULL, &p, &err) == 0);
	char *body = calloc(1, size - 1);
	check(body);
	memcpy(body, data + 2, size - 2);
	run(p, data[1], body, size - 2);
	free(body);
	(void)dg_provider_close(p);
	(void)dg_loop_free(loop);
	(void)unlink(path);
	return 0;
}
