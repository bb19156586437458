#include "tests/unit/unit.h"

#include "zones/base/near.h"

static const char *meant(const char *word)
{
	static const char *const known[] = {"apply", "plan", "split", "unsplit", "secret_file"};
	struct dg_near n = {.meant = word};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		dg_near(&n, known[i]);
	}
	return dg_near_word(&n) ? dg_near_word(&n) : "";
}

static void test_meant(void **state)
{
	(void)state;
	assert_string_equal(meant("apply"), "apply");
	assert_string_equal(meant("aplpy"), "apply"); /* a swap counts once */
	assert_string_equal(meant("spilt"), "split");
	assert_string_equal(meant("unsplt"), "unsplit");
	assert_string_equal(meant("secret-fil"), "secret_file");
}

static void test_unlike(void **state)
{
	static const char hundred[] =
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaa";

	(void)state;
	assert_string_equal(meant("frobnicate"), "");
	assert_string_equal(meant("plxx"), ""); /* a short word: one slip only */
	assert_string_equal(meant(""), "");
	assert_string_equal(meant(hundred), "");
	assert_null(dg_near_word(&(struct dg_near){.meant = "plan"}));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_meant),
		cmocka_unit_test(test_unlike),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
