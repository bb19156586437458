#include "tests/unit/unit.h"

#include "zones/watch/sketch.h"

static double distinct_of(uint64_t n, uint64_t seed)
{
	struct dg_distinct d = {0};

	for (uint64_t i = 0; i < n; i++) {
		uint64_t key = dg_sketch_key(seed, &i, sizeof(i));
		dg_distinct_add(&d, key);
		dg_distinct_add(&d, key);
	}
	return dg_distinct_count(&d);
}

static void test_distinct(void **state)
{
	static const uint64_t sizes[] = {1, 2, 5, 20, 100, 1000, 100000};

	(void)state;
	assert_true(distinct_of(0, 1) == 0);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		double worst = 0;
		for (uint64_t seed = 0; seed < 20; seed++) {
			double off = distinct_of(sizes[i], seed) / (double)sizes[i] - 1;
			worst = off > worst ? off : -off > worst ? -off : worst;
		}
		assert_true(worst < 0.55); /* four standard errors of 13 % */
		assert_true(sizes[i] > 5 || worst < 0.3);
	}
}

static void test_distinct_of_few_is_told_from_many(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 50; seed++) {
		assert_true(distinct_of(2, seed) < 5);
		assert_true(distinct_of(40, seed) > 10);
	}
}

static void test_heavy(void **state)
{
	struct dg_heavy h = {0};
	uint8_t order[DG_HEAVY_ITEMS];

	(void)state;
	assert_int_equal(dg_heavy_order(&h, order), 0);
	for (uint64_t i = 0; i < 3000; i++) {
		dg_heavy_add(&h, i % 3 == 0 ? 7 : i % 5 == 0 ? 9 : 1000 + i);
	}
	assert_int_equal(dg_heavy_order(&h, order), DG_HEAVY_ITEMS);
	assert_int_equal(h.items[order[0]].what, 7);
	assert_int_equal(h.items[order[1]].what, 9);
	assert_in_range(h.items[order[0]].count, 1000, 1000 + 3000 / DG_HEAVY_ITEMS);
	assert_true(h.items[order[0]].count - h.items[order[0]].error <= 1000);
	for (size_t i = 1; i < DG_HEAVY_ITEMS; i++) {
		assert_true(h.items[order[i - 1]].count >= h.items[order[i]].count);
	}
}

static void test_keys_depend_on_the_seed(void **state)
{
	(void)state;
	assert_int_equal(dg_sketch_key(1, "a", 1), dg_sketch_key(1, "a", 1));
	assert_int_not_equal(dg_sketch_key(1, "a", 1), dg_sketch_key(2, "a", 1));
	assert_int_not_equal(dg_sketch_key(1, "a", 1), dg_sketch_key(1, "b", 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_distinct),
		cmocka_unit_test(test_distinct_of_few_is_told_from_many),
		cmocka_unit_test(test_heavy),
		cmocka_unit_test(test_keys_depend_on_the_seed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
