/* An open provider: its options, its key, its limits. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "providers/api/api.h"
#include "providers/net/loop.h"
#include "zones/base/arena.h"
#include "zones/mail/mx.h"
#include "zones/record/name.h"

#define MEMORY_MAX ((size_t)512 << 20)
#define LOGIN_MIN  120 /* seconds; a minute before its end a token is no longer used */
#define LOGIN_MAX  86400
#define BURST_PART 20u
#define BURST_MAX  60u

const char *const dg_api_null_mx_words[] = {"as-known", "accepted", "refused", "with-a-gap", NULL};

const struct dg_api_options *dg_api_options(const struct dg_api *p)
{
	return p->opts;
}

static int load_token(struct dg_api *p, struct dg_err *err)
{
	size_t n = p->dialect->auth ? strlen(p->dialect->auth) : 0;
	const char *path = dg_api_options(p)->token_file;

	if (!path) {
		return 0;
	}
	memcpy(p->header, p->dialect->auth ? p->dialect->auth : "", n);
	int r = dg_secret_read(path, p->header + n, DG_SECRET_MAX, err);
	p->secrets[0] = p->header + n;
	return r < 0 ? dg_wrap(err, r, "token-file") : 0;
}

/* What the owner of the account says goes before what was seen elsewhere. */
static void set_limits(struct dg_api *p)
{
	p->limits = p->ops->limits;
	switch ((enum dg_api_null_mx)dg_api_options(p)->null_mx) {
	case DG_API_NULL_MX_KNOWN:
		break;
	case DG_API_NULL_MX_ACCEPTED:
		p->limits.null_mx = DG_NULL_MX_ACCEPTED;
		break;
	case DG_API_NULL_MX_REFUSED:
		p->limits.null_mx = DG_NULL_MX_REFUSED;
		break;
	case DG_API_NULL_MX_GAP:
		p->limits.null_mx = DG_NULL_MX_EXCLUSIVE;
		break;
	}
}

/* Of what the account may do in a minute two bursts are kept: one at a start, and one for a start before it. */
static struct dg_net_pace_limits pace_of(const struct dg_api *p)
{
	uint32_t n = dg_api_options(p)->calls_per_minute;
	uint32_t burst = n / BURST_PART < 1           ? 1
			 : n / BURST_PART < BURST_MAX ? n / BURST_PART
						      : BURST_MAX;

	return n == 0 ? p->ops->limits.pace
		      : (struct dg_net_pace_limits){
				.n = n - 2 * burst, .per_s = 60, .burst = burst};
}

static void set_pace(struct dg_api *p, struct dg_net_paces *paces)
{
	const struct dg_api_options *o = dg_api_options(p);
	struct dg_net_pace_limits limits = pace_of(p);

	dg_net_pace_init(&p->own_pace, &limits);
	p->pace = &p->own_pace;
	if (paces && limits.n > 0) {
		const char *name =
			dg_printf(p->arena, "%s %s %s %u", p->ops->name, o->url ? o->url : "",
				o->token_file ? o->token_file : "", o->calls_per_minute);
		p->pace = dg_net_paces_get(paces, name, &limits);
	}
}

static void api_free(struct dg_api *p)
{
	if (p->dialect->close) {
		p->dialect->close(p);
	}
	(void)dg_http_free(p->http);
	(void)dg_arena_free(p->arena);
	explicit_bzero(p->header, sizeof(p->header));
	explicit_bzero(p->keys, sizeof(p->keys));
	free(p);
}

int dg_api_open(struct dg_provider *provider, const struct dg_api_dialect *d, struct dg_err *err)
{
	struct dg_api *p = calloc(1, sizeof(*p));

	if (!p) {
		return dg_fail(err, DG_EIO, "out of memory");
	}
	p->ops = provider->ops;
	p->opts = provider->opts;
	p->loop = provider->loop;
	p->dialect = d;
	p->arena = dg_arena_new(MEMORY_MAX);
	dg_map_init(&p->zones, p->arena);
	set_limits(p);
	set_pace(p, provider->paces);
	const struct dg_api_options *o = dg_api_options(p);
	int r = 0;
	if (!d->send) {
		r = dg_url_check(o->url, o->insecure_http, p->host, sizeof(p->host), err);
	}
	if (r == 0) {
		r = load_token(p, err);
	}
	if (r == 0 && d->open) {
		r = d->open(p, err);
	}
	if (r == 0) {
		r = dg_http_new(p->loop, &p->http, err);
	}
	if (r < 0) {
		api_free(p);
		return r;
	}
	provider->priv = p;
	return 0;
}

int dg_api_basic(
	struct dg_api *p, const char *second_option, const char *second, struct dg_err *err)
{
	char both[DG_SECRET_MAX + 1 + DG_SECRET_MAX];
	size_t n_auth = strlen(p->dialect->auth);
	size_t n = strlen(p->header + n_auth);

	memcpy(both, p->header + n_auth, n + 1);
	if (second_option) {
		memcpy(p->keys[1], both, n + 1);
		both[n++] = ':';
		int r = dg_secret_read(second, both + n, DG_SECRET_MAX, err);
		if (r < 0) {
			return dg_wrap(err, r, "%s", second_option);
		}
		size_t n_second = strlen(both + n);
		memcpy(p->keys[0], both + n, n_second + 1);
		p->secrets[1] = p->keys[0];
		p->secrets[2] = p->keys[1];
		n += n_second;
	}
	(void)EVP_EncodeBlock((uint8_t *)p->header + n_auth, (const uint8_t *)both, (int)n);
	explicit_bzero(both, sizeof(both));
	return 0;
}

int dg_api_logged_in(struct dg_api_work *w, const char *token, json_int_t seconds)
{
	struct dg_api *p = w->api;
	size_t n_auth = strlen(p->dialect->auth);
	size_t len = token ? strlen(token) : 0;
	bool is_clean = len > 0 && len < sizeof(p->header) - n_auth;

	for (size_t i = 0; i < len && is_clean; i++) {
		is_clean = token[i] > 0x20 && token[i] < 0x7f;
	}
	if (!is_clean) {
		return dg_api_bad(w, "no token");
	}
	memcpy(p->header, p->dialect->auth, n_auth);
	memcpy(p->header + n_auth, token, len + 1);
	p->secrets[0] = p->header + n_auth;
	seconds = seconds < LOGIN_MIN ? LOGIN_MIN : seconds > LOGIN_MAX ? LOGIN_MAX : seconds;
	p->login_until_ms = dg_loop_mono_ms(p->loop) + seconds * 1000;
	return 0;
}

void dg_api_close(struct dg_provider *provider)
{
	api_free(provider->priv);
}

const char *dg_api_describe(
	const struct dg_provider *provider, const char *zone, char *buf, size_t len)
{
	const struct dg_api *p = provider->priv;

	(void)zone;
	(void)snprintf(buf, len, "%s %s", p->ops->name, p->host);
	return buf;
}

const struct dg_limits *dg_api_limits(const struct dg_provider *provider)
{
	const struct dg_api *p = provider->priv;

	return &p->limits;
}

/* Where a null MX must be alone, rewriting one MX after the other ends in a moment with none: implicit MX (RFC 5321 section 5.1). */
static int check_gap(const struct dg_api *p, const struct dg_swap *s, struct dg_err *err)
{
	bool is_null =
		s->after.type == DG_TYPE_MX &&
		(dg_mx_state(&s->after) == DG_MX_NULL || dg_mx_state(&s->before) == DG_MX_NULL);

	if (!is_null || s->before.n == 0 || s->after.n == 0 ||
		p->limits.null_mx != DG_NULL_MX_EXCLUSIVE ||
		dg_api_options(p)->null_mx == DG_API_NULL_MX_GAP) {
		return 0;
	}
	return dg_fail(err, DG_EPOLICY,
		"%s: %s takes a null MX only after every other MX was removed, so for a moment "
		"there is no MX and mail goes to the A and AAAA records (RFC 5321 section 5.1). "
		"Write `null-mx: with-a-gap` in the section of the provider to accept that, or let "
		"the "
		"MX name a host that refuses all mail",
		s->after.owner, p->ops->name);
}

/* Where a zone has one TTL for all of its records, changing it is nothing that a policy for mail may do. */
static int check_one_ttl(const struct dg_api *p, const struct dg_swap *s, struct dg_err *err)
{
	const struct dg_api_place *place = NULL;

	for (const char *at = s->after.owner; !place && strcmp(at, ".") != 0;
		at = dg_name_parent(at)) {
		place = dg_map_get(&p->zones, at);
	}
	if (!(p->dialect->flags & DG_API_ONE_TTL) || !place || s->after.n == 0 ||
		s->after.ttl == place->default_ttl) {
		return 0;
	}
	return dg_fail(err, DG_EPOLICY,
		"%s: a TTL of %u s cannot be held by provider %s: the zone has one TTL for all of "
		"its records, write ttl: %us",
		s->after.owner, s->after.ttl, p->ops->name, place->default_ttl);
}

int dg_api_check(
	struct dg_provider *provider, const struct dg_swap *swaps, size_t n, struct dg_err *err)
{
	const struct dg_api *p = provider->priv;
	char type[16];
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++) {
		if (!dg_type_is_ours(swaps[i].after.type)) {
			return dg_fail(err, DG_EPOLICY, "%s %s: dnsguard writes MX and TXT only",
				swaps[i].after.owner, dg_type_text(swaps[i].after.type, type));
		}
		r = check_gap(p, &swaps[i], err);
		r = r == 0 ? check_one_ttl(p, &swaps[i], err) : r;
	}
	return r;
}
