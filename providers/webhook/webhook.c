#include "providers/webhook/webhook.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "providers/api/plugin.h"
#include "providers/net/loop.h"
#include "providers/net/webhook.h"
#include "zones/base/arena.h"
#include "zones/base/err.h"

struct webhook_options {
	struct dg_api_options api;
	const char *secret_file;
};

static const struct dg_field fields[] = {
	DG_API_FIELDS_BARE(NULL),
	DG_FIELD_SECRET(struct dg_api_options, token_file,
		.help = "File with a token for Authorization: Bearer, where the endpoint asks for "
			"one.",
		.example = "webhook.token"),
	DG_FIELD_SECRET(struct webhook_options, secret_file,
		.help = "File with the secret that requests are signed with, as Standard Webhooks "
			"says "
			"(webhook-id, webhook-timestamp, webhook-signature).",
		.example = "webhook.secret"),
};

const struct dg_schema dg_schema_webhooks = {
	.name = "webhook",
	.help = "Any HTTP endpoint that speaks our own format: one JSON object asks, one answers.",
	.size = sizeof(struct webhook_options),
	.fields = fields,
	.n_fields = sizeof(fields) / sizeof(fields[0]),
};

static int load_secret(struct dg_api *p, struct dg_err *err)
{
	const struct webhook_options *o = p->opts;

	if (!o->secret_file) {
		return 0;
	}
	struct dg_webhook_secret *s = dg_new(p->arena, struct dg_webhook_secret);
	int r = dg_webhook_secret_read(o->secret_file, s, err);
	p->priv = s;
	return r < 0 ? dg_wrap(err, r, "secret-file") : 0;
}

static void forget_secret(struct dg_api *p)
{
	if (p->priv) {
		dg_webhook_secret_forget(p->priv);
	}
}

/* Each try of a call has an id of its own: what asks is read again before it is repeated. */
static void sign(struct dg_api_work *w, const struct dg_api_call *call, struct dg_http_request *r)
{
	char signature[DG_WEBHOOK_SIGNATURE_MAX];
	uint64_t number[2] = {0, 0};

	if (!w->api->priv) {
		return;
	}
	if (getrandom(number, sizeof(number), 0) != (ssize_t)sizeof(number)) {
		number[0] = (uint64_t)dg_loop_mono_ms(w->api->loop);
	}
	const char *id = dg_printf(w->arena, "msg_%016llx%016llx", (unsigned long long)number[0],
		(unsigned long long)number[1]);
	int64_t now = dg_loop_now(w->api->loop);
	dg_webhook_sign(w->api->priv, id, now, call->body, strlen(call->body), signature);
	dg_api_header(w, dg_printf(w->arena, "webhook-id: %s", id));
	dg_api_header(w, dg_printf(w->arena, "webhook-timestamp: %lld", (long long)now));
	dg_api_header(w, dg_printf(w->arena, "webhook-signature: %s", signature));
	(void)r;
}

static const char *const headers[] = {
	"Accept: " DG_PLUGIN_MEDIA, "Content-Type: " DG_PLUGIN_MEDIA, NULL};

static const struct dg_api_dialect dialect = {
	.auth = "Authorization: Bearer ",
	.headers = headers,
	.open = load_secret,
	.close = forget_secret,
	.sign = sign,
	DG_PLUGIN_DIALECT,
};

static int open_it(struct dg_provider *p, struct dg_err *err)
{
	const struct dg_api_options *o = p->opts;

	if (!o->url) {
		return dg_fail(err, DG_EINPUT, "url is missing: where the endpoint is");
	}
	return dg_api_open(p, &dialect, err);
}

const struct dg_provider_ops dg_provider_webhook = {
	.name = "webhook",
	.caps = DG_CAP_MARKER | DG_CAP_WHOLE_ZONE | DG_CAP_PUBLISHED,
	.limits =
		{
			DG_PLUGIN_LIMITS,
			.verified_on = "2026-11-30 (doc/plugin.md)",
			.doubts = "All that depends on what stands behind it: it says so itself, "
				  "when it is asked to describe itself.",
		},
	.schema = &dg_schema_webhooks,
	DG_API_OPS(open_it),
};
