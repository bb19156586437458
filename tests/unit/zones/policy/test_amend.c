#include "tests/unit/unit.h"

#include "zones/base/buf.h"
#include "zones/policy/amend.h"

#include <string.h>

/* want NULL: it cannot be said; "": the line goes. */
static void say_without(const char *line, const char *item, size_t n, const char *want)
{
	const char *at = strstr(line, item);
	bool is_gone = false;
	struct dg_buf b;
	unsigned column = 1;

	for (const char *p = line; p < at; p++) {
		column += ((unsigned char)*p & 0xC0u) != 0x80;
	}
	dg_buf_init(&b, 4096);
	bool is_said = dg_amend_without(&b, line, strlen(line), column, n, &is_gone);
	assert_int_equal(is_said, want != NULL);
	if (want) {
		assert_int_equal(is_gone, want[0] == '\0');
		assert_string_equal(b.data, want);
	}
	dg_buf_done(&b);
}

static void say_value(const char *line, const char *key, const char *want)
{
	struct dg_buf b;

	dg_buf_init(&b, 4096);
	bool is_said = dg_amend_value(
		&b, line, strlen(line), (unsigned)(strstr(line, key) - line) + 1, "revoked");
	assert_int_equal(is_said, want != NULL);
	assert_string_equal(b.data, want ? want : "");
	dg_buf_done(&b);
}

static void test_item(void **state)
{
	(void)state;
	say_without("    spf: [mx, \"ip4:192.0.2.7\"]", "\"ip4", 2, "    spf: [mx]");
	say_without("    spf: [ip4:192.0.2.7, mx]  # ours", "ip4", 2, "    spf: [mx]  # ours");
	say_without("spf: [mx, 'a:it''s' , -all]", "'a", 3, "spf: [mx, -all]");
	say_without("spf: [mx, \"exists:%{i}.x,\\\"y\"]", "\"exists", 2, "spf: [mx]");
	say_without("spf: [a]", "a]", 1, "spf: []");
	say_without("# \xe3\x81\x82", "\xe3", 2, NULL);
	say_without("\"\xe3\x81\x82\": {spf: [mx, a]}", "a]", 2, "\"\xe3\x81\x82\": {spf: [mx]}");
	say_without("      - ip4:192.0.2.7 # web", "ip4", 2, "");
	say_without("- \"mx\"", "\"mx", 2, "");
	say_without("      - mx", "mx", 1, NULL); /* what is left would be no list */
	say_without("      ip4:192.0.2.7,", "ip4", 3, "");
	say_without("      ip4:192.0.2.7, mx]", "ip4", 3, "      mx]");
	say_without("      mx]", "mx", 3, "      ]");
	say_without("    spf: mx", "mx", 1, NULL);
	say_without("      mx", "mx", 1, NULL);
	say_without("spf: [&x mx, a]", "&x", 2, NULL);
	say_without("spf: [\"mx", "\"mx", 2, NULL);
	say_without("", "", 2, NULL);
}

static void test_value(void **state)
{
	(void)state;
	say_value("    dkim: {s1: \"v=DKIM1; p=x, y\"}", "s1", "    dkim: {s1: revoked}");
	say_value("dkim: {s1: a.pub, s2: b.pub}", "s2", "dkim: {s1: a.pub, s2: revoked}");
	say_value("dkim: {s1: a.pub, s2: b.pub}", "s1", "dkim: {s1: revoked, s2: b.pub}");
	say_value("      s1: dkim/s1.pub  # old", "s1", "      s1: revoked  # old");
	say_value("      \"s1\": dkim/s1.pub", "\"s1", "      \"s1\": revoked");
	say_value("      s1:", "s1", NULL); /* the value stands below */
	say_value("      s1: |", "s1", NULL);
	say_value("      s1", "s1", NULL);
	say_value("      ? s1: x", "s1", NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_item),
		cmocka_unit_test(test_value),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
