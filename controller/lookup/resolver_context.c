/* libunbound's settings. */
#include "controller/lookup/resolver_internal.h"
#include "zones/base/arena.h"

#include <stdio.h>
#include <unbound-event.h>
#include <unbound.h>

/* The library's own default of 16 sockets caps it at 16 questions a round trip. */
#define SOCKETS 256u
/* libunbound asks again after twice the time that answers took, and gives up (SERVFAIL) after five times. A resolver in this network
 * answers from its cache in no time, but a domain with a dead name server costs it a second or more. */
#define FORWARD_RETRY_MS 1000u

static int set(struct ub_ctx *ctx, const char *key, const char *value)
{
	return ub_ctx_set_option(ctx, key, value);
}

static int set_number(struct ub_ctx *ctx, const char *key, size_t n)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%zu", n);
	return set(ctx, key, text);
}

static int set_sizes(const struct dg_resolver_set *s, struct ub_ctx *ctx)
{
	uint32_t n = s->n_sockets ? s->n_sockets : SOCKETS;
	int rc = set_number(ctx, "outgoing-range:", n);

	rc = rc ? rc : set_number(ctx, "num-queries-per-thread:", (size_t)n * 2);
	if (s->cache_bytes > 0) {
		rc = rc ? rc : set_number(ctx, "msg-cache-size:", s->cache_bytes / 3);
		rc = rc ? rc : set_number(ctx, "rrset-cache-size:", s->cache_bytes / 3 * 2);
	}
	return rc;
}

/* Who is asked: one resolver, those of the system, or the root. */
static int set_way(const struct dg_resolver_set *s, struct ub_ctx *ctx, const char **ret_what)
{
	if (s->is_recursive) {
		*ret_what = s->root_hints ? s->root_hints : "root hints";
		return s->root_hints ? set(ctx, "root-hints:", s->root_hints) : 0;
	}
	int rc = set_number(ctx, "infra-cache-min-rtt:", FORWARD_RETRY_MS);
	if (rc) {
		return rc;
	}
	*ret_what = s->forward ? s->forward : "/etc/resolv.conf";
	return s->forward ? ub_ctx_set_fwd(ctx, s->forward) : ub_ctx_resolvconf(ctx, NULL);
}

/* All that must come before the context is frozen: the last call here freezes it. */
static int configure(const struct dg_resolver_set *s, struct ub_ctx *ctx, const char **ret_what)
{
	int rc = ub_ctx_debugout(ctx, NULL); /* else it writes to stderr */

	*ret_what = "set-up";
	rc = rc ? rc : set_sizes(s, ctx);
	rc = rc ? rc : set(ctx, "edns-buffer-size:", "1232");
	rc = rc ? rc : set(ctx, "unblock-lan-zones:", "yes");
	if (!s->trust_anchor) {
		rc = rc ? rc : set(ctx, "module-config:", "iterator");
	}
	rc = rc ? rc : set_way(s, ctx, ret_what);
	if (rc == 0 && s->trust_anchor) {
		*ret_what = s->trust_anchor;
		rc = ub_ctx_add_ta_file(ctx, s->trust_anchor);
	}
	/* Names under test. are answered by a built-in zone otherwise; a resolver that serves them knows better. */
	return rc ? rc : ub_ctx_zone_remove(ctx, "test.");
}

struct ub_ctx *dg_resolver_context(struct dg_arena *a, const struct dg_resolver_set *set,
	struct event_base *base, const char **ret_failure)
{
	const char *what = "";
	struct ub_ctx *ctx = ub_ctx_create_event(base);
	int rc = ctx ? configure(set, ctx, &what) : UB_NOMEM;

	if (rc == 0) {
		return ctx;
	}
	*ret_failure = dg_printf(a, "cannot start the resolver: %s: %s", what, ub_strerror(rc));
	if (ctx) {
		ub_ctx_delete(ctx);
	}
	return NULL;
}
