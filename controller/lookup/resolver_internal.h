/* controller/lookup/resolver_internal.h: between resolver.c (questions, deadlines), resolver_context.c (libunbound's settings) and
 * resolver_answer.c (what a packet says).
 */
#pragma once

#include "controller/lookup/resolver.h"

struct dg_arena;
struct event_base;
struct ub_ctx;

#define DG_RESOLVER_CNAMES_MAX 16u /* a longer chain is a loop */

/* The options, copied into the resolver's arena. */
struct dg_resolver_set {
	const char *forward; /* "192.0.2.53@53"; NULL: resolv.conf, or nobody with is_recursive */
	const char *trust_anchor, *root_hints;
	bool is_recursive;
	uint32_t n_sockets;
	size_t cache_bytes;
};

/* A context with all of that, frozen; NULL: ret_failure says why, in a. */
struct ub_ctx *dg_resolver_context(struct dg_arena *a, const struct dg_resolver_set *set,
	struct event_base *base, const char **ret_failure);

/* Sets the results of q. */
void dg_resolver_read(struct dg_resolve *q, const uint8_t *packet, size_t len);
