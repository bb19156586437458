/* controller/check/cache.h: facts that several domains ask for: includes, MX hosts, the DMARC records of public suffixes.
 *
 * Shape    By owner and type. An entry never changes; it is counted, so that it can be used without a lock and outlives its
 *          place in the cache. A newer fact takes the place of the older.
 * Time     A fact is kept as long as its TTL says, at most DG_CACHE_TTL_MAX_S, behind an alias (whose own TTL is not known here)
 *          DG_CACHE_ALIAS_S; what is UNKNOWN DG_CACHE_UNKNOWN_S (RFC 9520 section 3.2): a dead provider is asked once, not for
 *          each of its customers. Milliseconds come from the caller's clock.
 * Limits   max_bytes in all; what was used least recently goes first.
 * Threads  All functions may be called from any.
 */
#pragma once

#include "zones/mail/facts.h"

#include <stddef.h>
#include <stdint.h>

#define DG_CACHE_TTL_MAX_S 3600u
#define DG_CACHE_ALIAS_S   60u
#define DG_CACHE_UNKNOWN_S 60u
#define DG_CACHE_SHARDS    16u

struct dg_cache;
struct dg_cached;

struct dg_cache *dg_cache_new(size_t max_bytes);
struct dg_cache *dg_cache_free(struct dg_cache *c); /* NULL is fine; returns NULL */

/* NULL: not there, or too old. Else to be released. */
struct dg_cached *dg_cache_get(
	struct dg_cache *c, const char *owner, uint16_t type, int64_t now_ms);
const struct dg_fact *dg_cached_fact(const struct dg_cached *e);
void dg_cached_release(struct dg_cached *e);

/* The fact is copied. PENDING facts, and those with a TTL of 0, are not kept. */
void dg_cache_put(struct dg_cache *c, const char *owner, uint16_t type, const struct dg_fact *fact,
	int64_t now_ms);

size_t dg_cache_bytes(struct dg_cache *c);
