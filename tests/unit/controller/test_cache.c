/* The cache of facts that domains share: what it keeps and how long, what it lets go of, and that entries in use outlive it. */
#include "tests/unit/unit.h"

#include "controller/check/cache.h"
#include "zones/base/arena.h"
#include "zones/record/rrset.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define BIG ((size_t)4 << 20)

static struct dg_fact found(struct dg_arena *a, const char *owner, const char *text, uint32_t ttl)
{
	struct dg_rdata *rd = dg_new(a, struct dg_rdata);

	*rd = dg_txt_make(a, text, strlen(text));
	return (struct dg_fact){
		.state = DG_FACT_FOUND, .set = dg_rrset_make(owner, DG_TYPE_TXT, ttl, rd, 1)};
}

static bool has(struct dg_cache *c, const char *owner, int64_t now_ms)
{
	struct dg_cached *e = dg_cache_get(c, owner, DG_TYPE_TXT, now_ms);

	if (e) {
		dg_cached_release(e);
	}
	return e != NULL;
}

static void test_copies(void **state)
{
	struct dg_arena *a = dg_arena_new(1u << 20);
	struct dg_cache *c = dg_cache_new(BIG);
	struct dg_fact f = found(a, "_spf.example.", "v=spf1 -all", 300);

	(void)state;
	f.alias = "_spf.example.";
	dg_cache_put(c, "alias.example.", DG_TYPE_TXT, &f, 0);
	(void)dg_arena_free(a); /* the cache has its own */
	struct dg_cached *e = dg_cache_get(c, "alias.example.", DG_TYPE_TXT, 1);
	assert_non_null(e);
	const struct dg_fact *g = dg_cached_fact(e);
	assert_int_equal(g->state, DG_FACT_FOUND);
	assert_string_equal(g->set.owner, "_spf.example.");
	assert_string_equal(g->alias, "_spf.example.");
	assert_int_equal(g->set.n, 1);
	assert_int_equal(g->set.rdata[0].len, 12);
	assert_memory_equal(g->set.rdata[0].wire + 1, "v=spf1 -all", 11);
	assert_null(dg_cache_get(c, "alias.example.", DG_TYPE_MX, 1));
	assert_null(dg_cache_get(c, "other.example.", DG_TYPE_TXT, 1));
	c = dg_cache_free(c); /* an entry in use stays */
	assert_string_equal(dg_cached_fact(e)->set.owner, "_spf.example.");
	dg_cached_release(e);
}

static void test_time(void **state)
{
	struct dg_arena *a = dg_arena_new(1u << 20);
	struct dg_cache *c = dg_cache_new(BIG);
	struct dg_fact f = found(a, "a.example.", "x", 300);

	(void)state;
	dg_cache_put(c, "a.example.", DG_TYPE_TXT, &f, 1000);
	assert_true(has(c, "a.example.", 300999));
	assert_false(has(c, "a.example.", 301000));
	f.set.ttl = 86400; /* no longer than the cap */
	dg_cache_put(c, "b.example.", DG_TYPE_TXT, &f, 0);
	assert_true(has(c, "b.example.", DG_CACHE_TTL_MAX_S * 1000 - 1));
	assert_false(has(c, "b.example.", DG_CACHE_TTL_MAX_S * 1000));
	f.alias = "a.example.";
	dg_cache_put(c, "c.example.", DG_TYPE_TXT, &f, 0);
	assert_false(has(c, "c.example.", DG_CACHE_ALIAS_S * 1000));
	f = (struct dg_fact){.state = DG_FACT_NXDOMAIN,
		.set = dg_rrset_none("d.example.", DG_TYPE_TXT),
		.negative_ttl = 30};
	dg_cache_put(c, "d.example.", DG_TYPE_TXT, &f, 0);
	assert_true(has(c, "d.example.", 29999));
	assert_false(has(c, "d.example.", 30000));
	f.state = DG_FACT_UNKNOWN;
	f.why = "timeout";
	dg_cache_put(c, "e.example.", DG_TYPE_TXT, &f, 0);
	assert_true(has(c, "e.example.", DG_CACHE_UNKNOWN_S * 1000 - 1));
	assert_false(has(c, "e.example.", DG_CACHE_UNKNOWN_S * 1000));
	f.state = DG_FACT_PENDING;
	dg_cache_put(c, "f.example.", DG_TYPE_TXT, &f, 0);
	assert_false(has(c, "f.example.", 0));
	f.state = DG_FACT_NODATA;
	f.negative_ttl = 0;
	dg_cache_put(c, "g.example.", DG_TYPE_TXT, &f, 0);
	assert_false(has(c, "g.example.", 0));
	(void)dg_cache_free(c);
	(void)dg_arena_free(a);
}

static void test_bounded(void **state)
{
	struct dg_cache *c = dg_cache_new(1u << 18);
	size_t n_kept = 0;
	char name[64];

	(void)state;
	for (unsigned i = 0; i < 20000; i++) {
		struct dg_arena *a = dg_arena_new(1u << 16);
		(void)snprintf(name, sizeof(name), "n%u.example.", i);
		const struct dg_fact f = found(a, name, "some text that takes a little room", 60);
		dg_cache_put(c, name, DG_TYPE_TXT, &f, 0);
		(void)dg_arena_free(a);
		assert_true(has(c, name, 0));
		assert_true(i == 0 || has(c, "n0.example.", 0)); /* what is used stays */
		assert_true(dg_cache_bytes(c) <= 1u << 18);
	}
	for (unsigned i = 0; i < 20000; i++) {
		(void)snprintf(name, sizeof(name), "n%u.example.", i);
		n_kept += has(c, name, 0);
	}
	assert_true(n_kept > 300 && n_kept < 2000);
	(void)dg_cache_free(c);
}

static void test_newer_wins(void **state)
{
	struct dg_arena *a = dg_arena_new(1u << 20);
	struct dg_cache *c = dg_cache_new(BIG);
	struct dg_fact f = found(a, "a.example.", "old", 300);

	(void)state;
	dg_cache_put(c, "a.example.", DG_TYPE_TXT, &f, 0);
	size_t bytes = dg_cache_bytes(c);
	f = found(a, "a.example.", "new", 300);
	dg_cache_put(c, "a.example.", DG_TYPE_TXT, &f, 0);
	assert_int_equal(dg_cache_bytes(c), bytes);
	struct dg_cached *e = dg_cache_get(c, "a.example.", DG_TYPE_TXT, 0);
	assert_memory_equal(dg_cached_fact(e)->set.rdata[0].wire, "\3new", 4);
	dg_cached_release(e);
	(void)dg_cache_free(c);
	(void)dg_arena_free(a);
}

/* For the thread sanitizer, and that counts add up: the address sanitizer sees the rest. */
static void *use(void *arg)
{
	struct dg_cache *c = arg;
	struct dg_arena *a = dg_arena_new(1u << 20);
	char name[32];

	for (unsigned i = 0; i < 4000; i++) {
		(void)snprintf(name, sizeof(name), "n%u.example.", i * 7 % 97);
		struct dg_cached *e = dg_cache_get(c, name, DG_TYPE_TXT, i);
		if (e) {
			if (strcmp(dg_cached_fact(e)->set.owner, name) != 0) {
				abort();
			}
			dg_cached_release(e);
		} else {
			const struct dg_fact f = found(a, name, "x", 1);
			dg_cache_put(c, name, DG_TYPE_TXT, &f, i);
		}
	}
	(void)dg_arena_free(a);
	return NULL;
}

static void test_threads(void **state)
{
	struct dg_cache *c = dg_cache_new(1u << 14);
	pthread_t threads[4];

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(pthread_create(&threads[i], NULL, use, c), 0);
	}
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	}
	(void)dg_cache_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_copies),
		cmocka_unit_test(test_time),
		cmocka_unit_test(test_bounded),
		cmocka_unit_test(test_newer_wins),
		cmocka_unit_test(test_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
