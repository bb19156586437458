/* The pace of an account: a burst, then one by one; quiet when it is asked for; the same account again. */
#include "tests/unit/unit.h"

#include "providers/net/pace.h"

#define BURST 5u

static const struct dg_net_pace_limits limits = {.n = 60, .per_s = 60, .burst = BURST};

static void test_burst_then_one_by_one(void **state)
{
	struct dg_net_pace p;
	int64_t now = 1000000;

	(void)state;
	dg_net_pace_init(&p, &limits);
	for (unsigned i = 0; i < BURST; i++) {
		assert_int_equal(dg_net_pace_take(&p, now), 0);
	}
	assert_int_equal(dg_net_pace_take(&p, now), 1000);
	assert_int_equal(dg_net_pace_take(&p, now), 2000);
	assert_int_equal(dg_net_pace_take(&p, now + 2000), 1000);
	/* After a long rest it is a burst again, and no more. */
	now += 1000000;
	for (unsigned i = 0; i < BURST; i++) {
		assert_int_equal(dg_net_pace_take(&p, now), 0);
	}
	assert_int_equal(dg_net_pace_take(&p, now), 1000);
}

/* Whoever asks whenever: no minute sees more than burst + n. */
static void test_no_window_sees_more(void **state)
{
	static int64_t at[4000];
	struct dg_net_pace p;
	uint32_t seed = 1;
	int64_t now = 0;

	(void)state;
	dg_net_pace_init(&p, &limits);
	for (unsigned i = 0; i < 4000; i++) {
		seed = seed * 1664525u + 1013904223u;
		now += (int64_t)(seed >> 16) % 1500;
		at[i] = now + dg_net_pace_take(&p, now);
		if (i >= limits.n + BURST) {
			assert_true(at[i] - at[i - limits.n - BURST] >= 60000);
		}
	}
}

static void test_quiet(void **state)
{
	struct dg_net_pace p;

	(void)state;
	dg_net_pace_init(&p, &limits);
	assert_int_equal(dg_net_pace_take(&p, 5000), 0);
	dg_net_pace_shut(&p, 5000, 9000);
	dg_net_pace_shut(&p, 5000, 100); /* the longer one counts */
	assert_int_equal(dg_net_pace_shut_ms(&p, 6000), 8000);
	assert_int_equal(dg_net_pace_take(&p, 6000), 9000);
	assert_int_equal(dg_net_pace_shut_ms(&p, 14000), 0);
	dg_net_pace_shut(&p, 20000, INT64_C(1) << 40);
	assert_int_equal(dg_net_pace_shut_ms(&p, 20000), 3600 * 1000);
}

static void test_nothing_known(void **state)
{
	static const struct dg_net_pace_limits none = {0};
	struct dg_net_pace p;

	(void)state;
	dg_net_pace_init(&p, &none);
	for (unsigned i = 0; i < 1000; i++) {
		assert_int_equal(dg_net_pace_take(&p, 1), 0);
	}
	dg_net_pace_shut(&p, 1, 1000);
	assert_int_equal(dg_net_pace_shut_ms(&p, 1), 0);
}

static void test_same_account(void **state)
{
	struct dg_net_paces *all = dg_net_paces_new();
	struct dg_net_pace *a = dg_net_paces_get(all, "a", &limits);

	(void)state;
	(void)dg_net_pace_take(a, 1000);
	assert_ptr_equal(dg_net_paces_get(all, "a", &limits), a);
	assert_ptr_not_equal(dg_net_paces_get(all, "b", &limits), a);
	assert_null(dg_net_paces_free(all));
	assert_null(dg_net_paces_free(NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_burst_then_one_by_one),
		cmocka_unit_test(test_no_window_sees_more),
		cmocka_unit_test(test_quiet),
		cmocka_unit_test(test_nothing_known),
		cmocka_unit_test(test_same_account),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
