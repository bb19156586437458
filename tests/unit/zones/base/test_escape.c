/* Text from outside, for XML and Markdown. */
#include "tests/unit/unit.h"

#include "zones/base/buf.h"
#include "zones/base/escape.h"

#include <string.h>

static void is(void (*put)(struct dg_buf *b, const void *p, size_t n), const char *text, size_t n,
	const char *want)
{
	struct dg_buf b;

	dg_buf_init(&b, 1000);
	put(&b, text, n);
	assert_string_equal(b.data, want);
	dg_buf_done(&b);
}

static void test_xml(void **state)
{
	static const char hostile[] = "</td><script>alert('x')</script>\"&\n\x1b]0;\xe2\x80\xae";

	(void)state;
	is(dg_buf_put_xml, hostile, sizeof(hostile) - 1,
		"&lt;/td&gt;&lt;script&gt;alert(&#39;x&#39;)&lt;/"
		"script&gt;&quot;&amp;\\x0a\\x1b]0;\\u{202e}");
	is(dg_buf_put_xml, "a\0b\xff", 4, "a\\x00b\\xff");
	is(dg_buf_put_xml, "\xe6\x97\xa5", 3, "\xe6\x97\xa5");
	is(dg_buf_put_xml, "", 0, "");
}

static void test_markdown(void **state)
{
	(void)state;
	is(dg_buf_put_markdown, "a|b <i> [x](http://y) `c` *d* _e_", 33,
		"a\\|b \\<i\\> \\[x\\]\\(http\\:\\/\\/y\\) \\`c\\` \\*d\\* \\_e\\_");
	is(dg_buf_put_markdown, "1. x\n# y", 8, "1\\. x\\\\x0a\\# y");
	is(dg_buf_put_markdown, "=cmd|'/C calc'!A0", 17, "\\=cmd\\|\\'\\/C calc\\'\\!A0");
	is(dg_buf_put_markdown, "www.x.example me@x", 18, "www\\.x\\.example me\\@x");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_xml), cmocka_unit_test(test_markdown)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
