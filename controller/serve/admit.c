/* Who asks, and may he. */
#include "controller/serve/desk_parts.h"
#include "providers/net/loop.h"
#include "zones/base/arena.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define BEARER      "Bearer "
#define ALL_VERBS   0xffu
#define SIGNATURES  16u /* that are looked at */
#define TIME_DIGITS 12u

/* Tries that fail are counted by where they come from; a good token is never kept out by somebody else's tries. */
static int turn_away(struct dg_errand *e, const char *detail)
{
	struct dg_desk *d = e->desk;
	unsigned wait = dg_limit_take(&d->tries, e->call->from, dg_loop_mono_ms(d->loop));

	if (wait > 0) {
		dg_answer_later(e->call, 429, "limit", wait, "too many tries that failed");
	} else {
		dg_errand_problem(e, 401, "unknown", detail);
	}
	return 1;
}

static int identify(struct dg_errand *e)
{
	const char *text = e->call->request.of[DG_REQUEST_AUTHORIZATION];
	const size_t n = sizeof(BEARER) - 1;
	struct dg_err err;

	if (!text && e->call->is_owner) { /* who could run the commands as well */
		e->caller = (struct dg_caller){.verbs = ALL_VERBS, .zones = "*"};
		(void)snprintf(e->caller.name, sizeof(e->caller.name), "%s", e->call->from);
		return 0;
	}
	if (!text || strncasecmp(text, BEARER, n) != 0) {
		return turn_away(e, "expected Authorization: Bearer TOKEN");
	}
	int r = dg_token_check(e->desk->store, e->call->arena, text + n, &e->caller, &err);
	if (r < 0) {
		dg_errand_fail(e, &err);
		return 1;
	}
	return r > 0 ? turn_away(e, "no such token, or it was revoked") : 0;
}

static int slow_down(struct dg_errand *e)
{
	struct dg_desk *d = e->desk;
	unsigned wait = dg_limit_take(&d->rate, e->caller.name, dg_loop_mono_ms(d->loop));

	if (wait > 0) {
		dg_answer_later(e->call, 429, "limit", wait, "too many requests a second");
	}
	return wait > 0 ? 1 : 0;
}

int dg_errand_admit(struct dg_errand *e, enum dg_token_verb verb)
{
	const char *domain = e->route.domain;
	char detail[80];

	if (identify(e) != 0 || slow_down(e) != 0) {
		return 1;
	}
	if ((e->caller.verbs & (unsigned)verb) == 0) {
		(void)snprintf(detail, sizeof(detail), "this token is not for %s",
			dg_token_verb_text(verb));
		dg_errand_problem(e, 403, "scope", detail);
		return 1;
	}
	if (domain && !dg_token_covers(e->caller.zones, domain)) {
		dg_errand_problem(e, 403, "scope", "this token is not for that domain");
		return 1;
	}
	return 0;
}

/* --- webhooks (Standard Webhooks 1.0) ------------------------------------------------------------ */
static int read_time(const char *text, int64_t *ret_time)
{
	size_t n = text ? strspn(text, "0123456789") : 0;

	if (n == 0 || n > TIME_DIGITS || text[n] != '\0') {
		return -1;
	}
	*ret_time = strtoll(text, NULL, 10);
	return 0;
}

/* Several, separated by blanks: while a secret is replaced both sign. All are looked at, whichever is the one. */
static bool is_signed(const char *list, const char *wanted)
{
	size_t n_wanted = strlen(wanted);
	bool is_one = false;

	for (unsigned i = 0; i < SIGNATURES && *list; i++) {
		list += strspn(list, " ");
		size_t n = strcspn(list, " ");

		if (n == n_wanted && CRYPTO_memcmp(list, wanted, n) == 0) {
			is_one = true;
		}
		list += n;
	}
	return is_one;
}

int dg_errand_admit_webhook(struct dg_errand *e)
{
	struct dg_desk *d = e->desk;
	const struct dg_call *c = e->call;
	const char *id = c->request.of[DG_REQUEST_WEBHOOK_ID];
	const char *signatures = c->request.of[DG_REQUEST_WEBHOOK_SIGNATURE];
	char wanted[DG_WEBHOOK_SIGNATURE_MAX];
	int64_t at = 0;

	if (d->secret.n == 0) {
		dg_errand_problem(e, 403, "scope",
			"events are not taken: dnsguard serve has no --webhook-secret");
		return 1;
	}
	if (!id || !signatures || !dg_route_is_key(id) ||
		read_time(c->request.of[DG_REQUEST_WEBHOOK_TIMESTAMP], &at) != 0) {
		return turn_away(e, "expected webhook-id, webhook-timestamp and webhook-signature");
	}
	dg_webhook_sign(&d->secret, id, at, c->body, c->body_len, wanted);
	bool is_ours = is_signed(signatures, wanted);
	int64_t away = dg_loop_now(d->loop) - at;
	if (!is_ours || away > DG_DESK_SKEW_S || away < -DG_DESK_SKEW_S) {
		return turn_away(e, is_ours ? "webhook-timestamp is more than 300 s from our clock"
					    : "the signature is not ours");
	}
	(void)snprintf(e->caller.name, sizeof(e->caller.name), "webhook");
	return slow_down(e);
}
