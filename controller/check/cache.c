#include "controller/check/cache.h"

#include "zones/record/name.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define BYTES_A_BUCKET 512u /* about one entry a bucket when the cache is full */
#define BUCKETS_MIN    16u

struct dg_cached {
	struct dg_cached *next;          /* in its bucket */
	struct dg_cached *newer, *older; /* by use */
	struct dg_fact fact;
	int64_t until_ms;
	uint64_t hash;
	size_t size;
	atomic_uint n_users; /* the cache is one */
	uint16_t type;
	const char *owner;
};

struct shard {
	pthread_mutex_t lock;
	struct dg_cached **buckets;
	struct dg_cached *newest, *oldest;
	size_t n_buckets; /* a power of two */
	size_t bytes, max_bytes;
};

struct dg_cache {
	struct shard shards[DG_CACHE_SHARDS];
	uint64_t seed;
};

static void *must(void *p)
{
	if (!p) {
		abort();
	}
	return p;
}

/* --- entries ---------------------------------------------------------------------------------- */
/* FNV-1a with a start that strangers do not know, mixed at the end. */
static uint64_t hash_of(const struct dg_cache *c, const char *owner, uint16_t type)
{
	uint64_t h = c->seed ^ type;

	for (const char *p = owner; *p != '\0'; p++) {
		h = (h ^ (unsigned char)*p) * 0x100000001b3u;
	}
	h ^= h >> 32;
	h *= 0x9e3779b97f4a7c15u;
	return h ^ h >> 29;
}

static size_t text_size(const char *s)
{
	return s ? strnlen(s, DG_NAME_TEXT_MAX) + 1 : 0;
}

static char *put_text(uint8_t **at, const char *s)
{
	if (!s) {
		return NULL;
	}
	size_t len = strnlen(s, DG_NAME_TEXT_MAX);
	char *to = memcpy(*at, s, len);
	to[len] = '\0';
	*at += len + 1;
	return to;
}

static size_t size_of(const char *owner, const struct dg_fact *f)
{
	size_t n = sizeof(struct dg_cached) + f->set.n * sizeof(struct dg_rdata);

	for (size_t i = 0; i < f->set.n; i++) {
		n += f->set.rdata[i].len;
	}
	return n + text_size(owner) + text_size(f->set.owner) + text_size(f->alias) +
	       text_size(f->why);
}

/* One piece of memory. */
static struct dg_cached *entry_new(
	const char *owner, uint16_t type, const struct dg_fact *f, size_t size)
{
	struct dg_cached *e = must(malloc(size));
	struct dg_rdata *rdata = (struct dg_rdata *)(e + 1);
	uint8_t *at = (uint8_t *)(rdata + f->set.n);

	*e = (struct dg_cached){.fact = *f, .size = size, .type = type};
	atomic_init(&e->n_users, 1);
	for (size_t i = 0; i < f->set.n; i++) {
		size_t len = f->set.rdata[i].len;

		if (len > 0) {
			memcpy(at, f->set.rdata[i].wire, len);
		}
		rdata[i] = (struct dg_rdata){.wire = at, .len = len};
		at += len;
	}
	e->fact.set.rdata = rdata;
	e->fact.set.owner = put_text(&at, f->set.owner);
	e->fact.alias = put_text(&at, f->alias);
	e->fact.why = put_text(&at, f->why);
	e->owner = put_text(&at, owner);
	return e;
}

void dg_cached_release(struct dg_cached *e)
{
	if (atomic_fetch_sub_explicit(&e->n_users, 1, memory_order_acq_rel) == 1) {
		free(e);
	}
}

const struct dg_fact *dg_cached_fact(const struct dg_cached *e)
{
	return &e->fact;
}

/* --- a shard, locked -------------------------------------------------------------------------- */
static void unlink_used(struct shard *s, struct dg_cached *e)
{
	if (e->newer) {
		e->newer->older = e->older;
	} else {
		s->newest = e->older;
	}
	if (e->older) {
		e->older->newer = e->newer;
	} else {
		s->oldest = e->newer;
	}
}

static void link_newest(struct shard *s, struct dg_cached *e)
{
	e->newer = NULL;
	e->older = s->newest;
	if (s->newest) {
		s->newest->newer = e;
	} else {
		s->oldest = e;
	}
	s->newest = e;
}

static struct dg_cached **bucket_of(struct shard *s, uint64_t hash)
{
	return &s->buckets[(hash / DG_CACHE_SHARDS) & (s->n_buckets - 1)];
}

static struct dg_cached *find(struct shard *s, uint64_t hash, const char *owner, uint16_t type)
{
	struct dg_cached *e = *bucket_of(s, hash);

	while (e && (e->hash != hash || e->type != type || strcmp(e->owner, owner) != 0)) {
		e = e->next;
	}
	return e;
}

static void drop(struct shard *s, struct dg_cached *e)
{
	struct dg_cached **at = bucket_of(s, e->hash);

	while (*at != e) {
		at = &(*at)->next;
	}
	*at = e->next;
	unlink_used(s, e);
	s->bytes -= e->size;
	dg_cached_release(e);
}

/* --- the door --------------------------------------------------------------------------------- */
struct dg_cache *dg_cache_new(size_t max_bytes)
{
	struct dg_cache *c = must(calloc(1, sizeof(*c)));
	size_t n = BUCKETS_MIN;

	while (n * BYTES_A_BUCKET * DG_CACHE_SHARDS < max_bytes) {
		n *= 2;
	}
	if (getrandom(&c->seed, sizeof(c->seed), 0) != sizeof(c->seed)) {
		c->seed = (uintptr_t)c;
	}
	for (unsigned i = 0; i < DG_CACHE_SHARDS; i++) {
		struct shard *s = &c->shards[i];

		(void)pthread_mutex_init(&s->lock, NULL);
		/* NOLINTNEXTLINE(bugprone-sizeof-expression): an array of pointers */
		s->buckets = must(calloc(n, sizeof(*s->buckets)));
		s->n_buckets = n;
		s->max_bytes = max_bytes / DG_CACHE_SHARDS;
	}
	return c;
}

struct dg_cache *dg_cache_free(struct dg_cache *c)
{
	for (unsigned i = 0; c && i < DG_CACHE_SHARDS; i++) {
		struct shard *s = &c->shards[i];

		while (s->oldest) {
			drop(s, s->oldest);
		}
		free(s->buckets);
		(void)pthread_mutex_destroy(&s->lock);
	}
	free(c);
	return NULL;
}

struct dg_cached *dg_cache_get(struct dg_cache *c, const char *owner, uint16_t type, int64_t now_ms)
{
	uint64_t hash = hash_of(c, owner, type);
	struct shard *s = &c->shards[hash % DG_CACHE_SHARDS];

	(void)pthread_mutex_lock(&s->lock);
	struct dg_cached *e = find(s, hash, owner, type);
	if (e && e->until_ms <= now_ms) {
		drop(s, e);
		e = NULL;
	} else if (e) {
		(void)atomic_fetch_add_explicit(&e->n_users, 1, memory_order_relaxed);
		unlink_used(s, e);
		link_newest(s, e);
	}
	(void)pthread_mutex_unlock(&s->lock);
	return e;
}

static int64_t seconds_of(const struct dg_fact *f)
{
	uint32_t ttl = f->alias ? DG_CACHE_ALIAS_S : DG_CACHE_TTL_MAX_S;
	uint32_t own = 0;

	switch (f->state) {
	case DG_FACT_PENDING:
		return 0;
	case DG_FACT_UNKNOWN:
		return DG_CACHE_UNKNOWN_S;
	case DG_FACT_FOUND:
		own = f->set.ttl;
		break;
	case DG_FACT_NODATA:
	case DG_FACT_NXDOMAIN:
		own = f->negative_ttl;
		break;
	}
	return own < ttl ? own : ttl;
}

void dg_cache_put(struct dg_cache *c, const char *owner, uint16_t type, const struct dg_fact *fact,
	int64_t now_ms)
{
	uint64_t hash = hash_of(c, owner, type);
	struct shard *s = &c->shards[hash % DG_CACHE_SHARDS];
	size_t size = size_of(owner, fact);
	int64_t seconds = seconds_of(fact);

	if (seconds == 0 || size > s->max_bytes) {
		return;
	}
	struct dg_cached *e = entry_new(owner, type, fact, size);
	e->hash = hash;
	e->until_ms = now_ms + seconds * 1000;
	(void)pthread_mutex_lock(&s->lock);
	struct dg_cached *old = find(s, hash, owner, type);
	if (old) {
		drop(s, old);
	}
	while (s->bytes + size > s->max_bytes) {
		drop(s, s->oldest);
	}
	struct dg_cached **at = bucket_of(s, hash);
	e->next = *at;
	*at = e;
	link_newest(s, e);
	s->bytes += size;
	(void)pthread_mutex_unlock(&s->lock);
}

size_t dg_cache_bytes(struct dg_cache *c)
{
	size_t n = 0;

	for (unsigned i = 0; i < DG_CACHE_SHARDS; i++) {
		struct shard *s = &c->shards[i];

		(void)pthread_mutex_lock(&s->lock);
		n += s->bytes;
		(void)pthread_mutex_unlock(&s->lock);
	}
	return n;
}
