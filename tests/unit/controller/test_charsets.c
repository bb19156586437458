/* Which set a label means: whatever a stranger writes there, nothing outside of the table is looked at. */
#include "tests/unit/unit.h"

#include "controller/letters/charsets.h"
#include "zones/base/arena.h"

#include <string.h>

static void test_labels(void **state)
{
	static const char *const unknown[] = {
		"", " ", " utf-8", "utf-8 ", " utf-8 utf8 ", "tf-8", "utf-", "x-unknown"};
	struct dg_charsets *sets = dg_charsets_open();
	struct dg_arena *a = dg_arena_new((size_t)1 << 20);
	size_t len = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++) {
		assert_null(dg_charsets_to_utf8(sets, a, unknown[i], "x", 1, &len));
	}
	const char *text = dg_charsets_to_utf8(sets, a, "koi8-r", "\xcb\xcf\xd4", 3, &len);
	assert_int_equal(len, strlen("кот"));
	assert_memory_equal(text, "кот", len);
	(void)dg_arena_free(a);
	(void)dg_charsets_free(sets);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_labels)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
