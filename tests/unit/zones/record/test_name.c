#include "tests/unit/unit.h"

#include "zones/base/arena.h"
#include "zones/base/err.h"
#include "zones/record/name.h"

#include <string.h>

static int setup(void **state)
{
	*state = dg_arena_new(1u << 22);
	return 0;
}

static int teardown(void **state)
{
	dg_arena_free(*state);
	return 0;
}

static void test_parse(void **state)
{
	static const char *const rows[][3] = {
		{"@", "example.com.", "example.com."},
		{"@", NULL, "."},
		{".", "example.com.", "."},
		{"Lists", "example.com.", "lists.example.com."},
		{"WWW.Example.ORG.", "example.com.", "www.example.org."},
		{"a.b", NULL, "a.b."},
		{"a", ".", "a."},
		{"_dmarc", "example.com.", "_dmarc.example.com."},
		{"*", "example.com.", "*.example.com."},
		{"a\\.b", "c.", "a\\.b.c."},
		{"a\\046b", "c.", "a\\.b.c."},
		{"\\065b", "c.", "ab.c."},
		{"a\\ b", "c.", "a\\032b.c."},
		{"\\@", "c.", "\\@.c."},
		{"a\\;b\\\"\\(\\)\\$", "c.", "a\\;b\\\"\\(\\)\\$.c."},
		{"a@b$", "c.", "a\\@b\\$.c."},
		{"\\000\\255", "c.", "\\000\\255.c."},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *name = NULL;
		const char *again = NULL;
		struct dg_err err;

		assert_int_equal(dg_name_parse(*state, rows[i][0], strlen(rows[i][0]), rows[i][1],
					 &name, &err),
			0);
		assert_string_equal(name, rows[i][2]);
		assert_int_equal(dg_name_parse(*state, name, strlen(name), "x.", &again, &err), 0);
		assert_string_equal(again, name);
	}
}

static void test_parse_refuses(void **state)
{
	static const char *const rows[][2] = {
		{"", "empty"},
		{"a..b", "empty label"},
		{".a", "empty label"},
		{"a b", "space"},
		{"a\"b", "space"},
		{"a\\", "escape"},
		{"a\\25", "escape"},
		{"a\\256", "escape"},
		{"m\xc3\xbcller", "A-label"},
		{"a\tb", "control"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *name = "kept";
		struct dg_err err;

		assert_int_equal(
			dg_name_parse(*state, rows[i][0], strlen(rows[i][0]), "c.", &name, &err),
			DG_EINPUT);
		assert_non_null(strstr(err.text, rows[i][1]));
		assert_string_equal(name, "kept");
	}
}

static void test_limits(void **state)
{
	char text[400];
	const char *name = NULL;
	struct dg_err err;

	memset(text, 'a', sizeof(text));
	assert_int_equal(dg_name_parse(*state, text, 63, NULL, &name, &err), 0);
	assert_int_equal(dg_name_parse(*state, text, 64, NULL, &name, &err), DG_EINPUT);
	assert_non_null(strstr(err.text, "63 octets"));
	text[63] = text[127] = text[191] = '.';
	/* 3 * 64 + 62 + root = 255 */
	assert_int_equal(dg_name_parse(*state, text, 192 + 61, NULL, &name, &err), 0);
	uint8_t wire[DG_NAME_WIRE_MAX];
	assert_int_equal(dg_name_to_wire(name, wire), 255);
	assert_int_equal(dg_name_parse(*state, text, 192 + 62, NULL, &name, &err), DG_EINPUT);
	assert_non_null(strstr(err.text, "255 octets"));
	assert_int_equal(dg_name_parse(*state, text, 192 + 59, "b.", &name, &err), 0);
	assert_int_equal(dg_name_parse(*state, text, 192 + 60, "b.", &name, &err), DG_EINPUT);

	char escaped[4 * 250 + 1];
	for (size_t i = 0; i < 250; i++) {
		memcpy(escaped + 4 * i, i % 64 == 63 ? "\\001" : "\\255", 4);
	}
	memcpy(escaped + 4 * 62, ".", 1);
	assert_int_equal(dg_name_parse(*state, escaped, 4 * 62, NULL, &name, &err), 0);
	assert_int_equal(dg_name_to_wire(name, wire), 64);
}

static void test_wire(void **state)
{
	static const char *const names[] = {
		".", "com.", "a\\.b.example.com.", "\\000.\\255\\032.", "*.x."};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		uint8_t wire[DG_NAME_WIRE_MAX];
		const char *name = NULL;
		size_t took = 0;
		size_t len = dg_name_to_wire(names[i], wire);

		assert_int_equal(dg_name_from_wire(*state, wire, len, &name, &took), 0);
		assert_string_equal(name, names[i]);
		assert_int_equal(took, len);
		for (size_t cut = 0; cut < len; cut++) {
			assert_int_equal(dg_name_from_wire(*state, wire, cut, &name, &took), 1);
		}
	}
	const char *name = NULL;
	size_t took = 0;
	assert_int_equal(
		dg_name_from_wire(*state, (const uint8_t *)"\3WwW\0x", 6, &name, &took), 0);
	assert_string_equal(name, "www.");
	assert_int_equal(took, 5);
	assert_int_equal(dg_name_from_wire(*state, (const uint8_t *)"\xc0\0", 2, &name, &took), 1);
}

static void test_tree(void **state)
{
	assert_true(dg_name_is_at_or_under("example.com.", "example.com."));
	assert_true(dg_name_is_at_or_under("a.example.com.", "example.com."));
	assert_true(dg_name_is_at_or_under("a.", "."));
	assert_false(dg_name_is_at_or_under("badexample.com.", "example.com."));
	assert_false(dg_name_is_at_or_under("a\\.example.com.", "example.com."));
	assert_true(dg_name_is_at_or_under("a\\\\.example.com.", "example.com."));
	assert_false(dg_name_is_at_or_under("com.", "example.com."));
	assert_true(dg_name_is_wildcard("*.example.com."));
	assert_false(dg_name_is_wildcard("*a.example.com."));
	assert_int_equal(dg_name_n_labels("."), 0);
	assert_int_equal(dg_name_n_labels("_dmarc.example.com."), 3);
	assert_int_equal(dg_name_n_labels("a\\.b.c."), 2);
	assert_string_equal(dg_name_parent("a\\.b.c."), "c.");
	assert_string_equal(dg_name_parent("c."), ".");
	assert_string_equal(dg_name_parent("."), ".");
	assert_string_equal(dg_name_relative(*state, "example.com.", "example.com."), "@");
	assert_string_equal(
		dg_name_relative(*state, "*.lists.example.com.", "example.com."), "*.lists");
	assert_string_equal(
		dg_name_relative(*state, "example.net.", "example.com."), "example.net");
	assert_string_equal(dg_name_relative(*state, "com.", "."), "com");

	const char *name = NULL;
	struct dg_err err;
	assert_int_equal(dg_name_join(*state, "s1._domainkey", "example.com.", &name, &err), 0);
	assert_string_equal(name, "s1._domainkey.example.com.");
	assert_int_equal(dg_name_join(*state, "a", ".", &name, &err), 0);
	assert_string_equal(name, "a.");
	char text[260];
	memset(text, 'a', sizeof(text));
	text[64] = '\0';
	assert_int_equal(dg_name_join(*state, text, "example.com.", &name, &err), DG_ELIMIT);
}

/* RFC 4034 section 6.1, its own example, and a few more. */
static void test_order(void **state)
{
	static const char *const names[] = {".", "com.", "example.", "a.example.",
		"yljkjljk.a.example.", "z.a.example.", "zabc.a.example.", "z.example.",
		"\\001.z.example.", "*.z.example.", "a\\.b.z.example.", "\\200.z.example.",
		"examples."};
	size_t n = sizeof(names) / sizeof(names[0]);

	(void)state;
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < n; k++) {
			int d = dg_name_cmp(names[i], names[k]);

			assert_int_equal((d > 0) - (d < 0), (i > k) - (i < k));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_parse, setup, teardown),
		cmocka_unit_test_setup_teardown(test_parse_refuses, setup, teardown),
		cmocka_unit_test_setup_teardown(test_limits, setup, teardown),
		cmocka_unit_test_setup_teardown(test_wire, setup, teardown),
		cmocka_unit_test_setup_teardown(test_tree, setup, teardown),
		cmocka_unit_test_setup_teardown(test_order, setup, teardown),
	};
	return cmocka_run_group_tests_name("zones/record/name", tests, NULL, NULL);
}
