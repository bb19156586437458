#include "tests/unit/unit.h"

#include "tests/unit/zones/mail/mail.h"

static void test_errors_push_out_notes(void **state)
{
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(TEST_ARENA);
	struct dg_lints l;

	(void)state;
	dg_lints_init(&l, a);
	for (unsigned i = 0; i < DG_LINTS_MAX; i++) {
		dg_lint(&l, i == 10 ? DG_LEVEL_WARNING : DG_LEVEL_NOTE, "x-note", "none", i, "%u",
			i);
	}
	dg_lint(&l, DG_LEVEL_WARNING, "x-late-warning", "none", 0, "dropped");
	assert_int_equal(l.n, DG_LINTS_MAX);
	assert_int_equal(l.n_dropped, 1);
	assert_int_equal(l.n_errors, 0);
	for (unsigned i = 0; i < DG_LINTS_MAX; i++) {
		dg_lint(&l, DG_LEVEL_ERROR, "x-error", "none", 100 + i, "%s",
			dg_lint_seen(&l, "v", 1));
		assert_int_equal(l.n, DG_LINTS_MAX);
		assert_int_equal(l.n_errors, i + 1);
		assert_int_equal(l.n_dropped, i + 2);
		assert_string_equal(l.list[DG_LINTS_MAX - 1].text, "v");
		assert_int_equal(l.list[DG_LINTS_MAX - 1].column, 100 + i);
	}
	assert_int_equal(l.list[0].column, 100);
	dg_lint(&l, DG_LEVEL_ERROR, "x-error", "none", 1, "dropped");
	assert_int_equal(l.n_dropped, DG_LINTS_MAX + 2);
	assert_int_equal(l.list[DG_LINTS_MAX - 1].column, 100 + DG_LINTS_MAX - 1);
	assert_string_equal(dg_lint_seen(&l, "v", 1), "");
}

static void test_seen_is_safe(void **state)
{
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(TEST_ARENA);
	struct dg_lints l;
	char text[DG_LINT_SEEN_MAX + 1];

	(void)state;
	dg_lints_init(&l, a);
	assert_string_equal(dg_lint_seen(&l, "a\x1b[31m", 6), "a\\x1b[31m");
	assert_string_equal(dg_lint_seen(&l, "", 0), "");
	memset(text, 1, sizeof(text));
	assert_int_equal(strlen(dg_lint_seen(&l, text, sizeof(text))), 4 * DG_LINT_SEEN_MAX + 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_errors_push_out_notes),
		cmocka_unit_test(test_seen_is_safe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
