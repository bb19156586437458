/* What fits a terminal. */
#include "tests/unit/unit.h"

#include "controller/command/screen.h"
#include "zones/base/buf.h"

#include <string.h>

static void assert_fit(const char *text, size_t rows, size_t columns, const char *expected)
{
	struct dg_buf b;

	dg_buf_init(&b, 65536);
	dg_screen_fit(&b, text, rows, columns);
	assert_string_equal(b.data ? b.data : "", expected);
	dg_buf_done(&b);
}

static void test_fit(void **state)
{
	(void)state;
	assert_fit("", 24, 80, "");
	assert_fit("abc\nde\n", 24, 80, "abc\x1b[K\nde\x1b[K\n");
	assert_fit("abcdef\n", 24, 3, "abc\x1b[K\n");
	/* colours take no room, and end even where the text is cut */
	assert_fit("a\x1b[31mbcd\x1b[0me\n", 24, 3, "a\x1b[31mbc\x1b[0m\x1b[K\n");
	assert_fit("1\n2\n3\n4\n5\n", 4, 80, "1\x1b[K\n2\x1b[K\n... 3 more lines\x1b[K\n");
	assert_fit("1\n2\n3\n", 1, 80, "... 3 more lines\x1b[K\n");
	assert_fit("1\n2\n3\n", 4, 80, "1\x1b[K\n2\x1b[K\n3\x1b[K\n");
	assert_fit("a\x1b[31", 4, 80, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_fit)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
