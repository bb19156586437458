/* Letters by HTTPS, signed (Standard Webhooks). */
#include "providers/net/webhook.h"
#include "controller/guard/running.h"
#include "providers/net/http.h"
#include "providers/net/loop.h"
#include "zones/base/digest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEADER_MAX 160u
#define ID_BYTES   12u
#define REPLY_MAX  4096u
#define ID_MAX     100u
#define TEXT_MAX   600u
#define GONE       410 /* the spec: the receiver wants no more */

struct dg_webhook {
	struct dg_http_request request;
	char id[HEADER_MAX], at[HEADER_MAX], signature[HEADER_MAX];
	const char *headers[5];
};

/* The same for each try of one letter, and for no other letter of any journal. */
static void name_it(struct dg_webhook *w, const struct dg_letter *l, char id[ID_MAX])
{
	uint8_t digest[DG_DIGEST_LEN];
	char hex[DG_DIGEST_TEXT_MAX];

	dg_digest(l->body, strlen(l->body), digest);
	(void)snprintf(id, ID_MAX, "dnsguard_%s_%lld", dg_digest_text(digest, ID_BYTES, hex),
		(long long)l->sequence);
	(void)snprintf(w->id, sizeof(w->id), "webhook-id: %s", id);
}

static void put_headers(struct dg_webhook *w, const struct dg_webhook_secret *secret,
	const struct dg_letter *l, int64_t now, const char *body)
{
	char id[ID_MAX], signature[DG_WEBHOOK_SIGNATURE_MAX];

	name_it(w, l, id);
	(void)snprintf(w->at, sizeof(w->at), "webhook-timestamp: %lld", (long long)now);
	dg_webhook_sign(secret, id, now, body, strlen(body), signature);
	(void)snprintf(w->signature, sizeof(w->signature), "webhook-signature: %s", signature);
	w->headers[0] = "Content-Type: application/json";
	w->headers[1] = w->id;
	w->headers[2] = w->at;
	w->headers[3] = w->signature;
	w->headers[4] = NULL;
}

static void drop(struct dg_post *p)
{
	if (p->webhook) {
		dg_http_request_done(&p->webhook->request);
		free(p->webhook);
		p->webhook = NULL;
	}
}

static void on_done(struct dg_http_request *q, int rc)
{
	struct dg_post *p = q->arg;
	char text[TEXT_MAX];
	bool is_taken = rc == 0 && q->status / 100 == 2;

	p->is_unwanted = rc == 0 && q->status == GONE;
	p->wait_ms = (int64_t)q->retry_after_s * 1000;
	if (rc < 0) {
		(void)snprintf(text, sizeof(text), "%s", q->err.text);
	} else {
		(void)snprintf(text, sizeof(text), "it answered with status %ld", q->status);
	}
	drop(p);
	dg_post_ended(p, is_taken ? NULL : text);
}

/* What went wrong before anything was sent is told from the loop as well: whoever called is not done yet. */
static void on_refused(void *arg)
{
	struct dg_post *p = arg;

	p->refusal_timer = NULL;
	dg_post_ended(p, p->refusal);
}

static void refuse(struct dg_post *p, const char *why)
{
	(void)snprintf(p->refusal, sizeof(p->refusal), "%s", why);
	p->refusal_timer = dg_loop_after_ms(p->running->o.loop, 0, on_refused, p);
}

void dg_webhook_send(struct dg_post *p, const struct dg_letter *l)
{
	struct dg_runner *r = p->running;
	struct dg_webhook_secret secret;
	struct dg_err err;

	if (!p->known) {
		refuse(p, "no policy names this address any more");
		return;
	}
	int rc = r->http ? 0 : dg_http_new(r->o.loop, &r->http, &err);
	rc = rc == 0 ? dg_webhook_secret_read(p->known->secret_file, &secret, &err) : rc;
	if (rc < 0) {
		refuse(p, err.text);
		return;
	}
	struct dg_webhook *w = calloc(1, sizeof(*w));
	if (!w) {
		abort();
	}
	put_headers(w, &secret, l, dg_loop_now(r->o.loop), p->body);
	dg_webhook_secret_forget(&secret);
	w->request = (struct dg_http_request){.method = "POST",
		.url = p->known->url,
		.headers = w->headers,
		.body = p->body,
		.body_len = strlen(p->body),
		.timeout_ms = DG_RUNNER_HOOK_MS,
		.reply_max = REPLY_MAX,
		.is_public_only = !p->known->may_be_private,
		.done = on_done,
		.arg = p};
	p->webhook = w;
	dg_http_send(r->http, &w->request);
}

void dg_webhook_forget(struct dg_post *p)
{
	p->refusal_timer = dg_timer_cancel(p->refusal_timer);
	if (p->webhook) {
		dg_http_cancel(&p->webhook->request);
		drop(p);
	}
}
