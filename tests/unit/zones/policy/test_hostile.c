/* Documents made to cost time or memory, or to be read in two ways. */
#include "tests/unit/zones/policy/policy_unit.h"

#include "zones/base/buf.h"

#include <time.h>

/* Not a measure of speed: what is quadratic takes half a minute of CPU here, what is not some milliseconds. */
#define CPU_MAX (20 * CLOCKS_PER_SEC)

/* head, then n times piece, then tail. Heap. */
static char *repeat(const char *head, const char *piece, size_t n, const char *tail)
{
	struct dg_buf b;

	dg_buf_init(&b, 1u << 28);
	dg_buf_puts(&b, head);
	for (size_t i = 0; i < n; i++) {
		dg_buf_puts(&b, piece);
	}
	dg_buf_puts(&b, tail);
	return b.data;
}

static void assert_quickly_refused(char *text, const char *piece)
{
	struct dg_arena *a = dg_arena_new(1u << 30);
	struct dg_policy *p = NULL;
	struct dg_err err = {0};
	clock_t start = clock();
	int r = load_text(a, text, &p, &err);

	assert_true(clock() - start < CPU_MAX);
	assert_int_equal(r, DG_EINPUT);
	assert_int_not_equal(err.pos.line, 0);
	if (!strstr(err.text, piece)) {
		fail_msg("%.40s...: %s, expected %s", text, err.text, piece);
	}
	dg_arena_free(a);
	free(text);
}

static void test_bombs(void **state)
{
	(void)state;
	assert_quickly_refused(repeat("zone: ", "[", 200000, ""), "nested deeper than 16");
	assert_quickly_refused(repeat("", "[", 200000, ""), "found a list");
	assert_quickly_refused(repeat("zone:\n ", "{\n ", 200000, ""), "");
	assert_quickly_refused(repeat("a:\n  ", "- ", 200000, ""), "nested deeper");
	assert_quickly_refused(repeat("", "? ", 200000, ""), "nested deeper");
	assert_quickly_refused(repeat("zone: ", "aaaaaaaaaa", 1000000, "\n"), "at most 1048576");
	assert_quickly_refused(repeat("zone: \"", "a b ", 2500000, "\"\n"), "at most 1048576");
	assert_quickly_refused(
		repeat("defaults: ", "aaaaaaaaaa", 1000000, "\n"), "larger than 1048576");
	assert_quickly_refused(
		repeat("zones: {a.b: {ttl: ", "aaaaaaaaaa", 1000000, "\n"), "larger than");
	assert_quickly_refused(
		repeat("", "# comment\n", 1000000, "zone: a.b\n"), "larger than 1048576");
	assert_quickly_refused(repeat("zones: [", "&a x, ", 40000, "]"), "anchors");
	assert_quickly_refused(repeat("", "%TAG !a! b\n", 40000, "---\nzone: a.b\n"), "directive");
	assert_quickly_refused(repeat("zone: a.b\n", "k: 1\n", 20000, ""), "twice");
	assert_quickly_refused(
		repeat("zone: a.b\nsilent: [", "x,", 100000, "]"), "more than 65536");
	assert_quickly_refused(
		repeat("zones: {a.b: {silent: [", "xxxxxxxxxxxxxxxxxxxxxxxx,", 50000, "]}}"),
		"1048576 bytes");
	assert_quickly_refused(repeat("zone: a.b\n", "x", 500000, ": 1\n"), "");
}

/* Many names and keys are read in linear time. */
static void test_many(void **state)
{
	(void)state;
	for (int round = 0; round < 2; round++) {
		struct dg_arena *a = dg_arena_new(1u << 30);
		struct dg_buf text;
		struct dg_policy *policy = NULL;
		struct dg_err err = {0};

		dg_buf_init(&text, 1u << 24);
		dg_buf_puts(&text, "defaults: {silent: [");
		for (int i = 0; i < 30000; i++) {
			dg_buf_printf(&text, "k%d,", i);
		}
		dg_buf_puts(&text, "]}\nzones:\n  example.com:\n    mail: {");
		for (int i = 0; i < 30000; i++) {
			dg_buf_printf(&text, "k%d: {}, ", i + round);
		}
		dg_buf_puts(&text, "}\n");
		clock_t start = clock();
		assert_int_equal(load_text(a, text.data, &policy, &err), 0);
		assert_true(clock() - start < CPU_MAX);
		assert_int_equal(policy->n_mail, 30000);
		assert_int_equal(policy->n_silent, round);
		dg_arena_free(a);
		dg_buf_done(&text);
	}
}

static void test_yaml_extras(void **state)
{
	(void)state;
	assert_refused("zone: example.com\nmail: &a\n  x: *a\n", 2, 7, "anchors");
	assert_refused("zone: *a\n", 1, 7, "aliases");
	assert_refused("zone: !!str example.com\n", 1, 7, "tags");
	assert_refused("zone: ! example.com\n", 1, 7, "tags");
	assert_refused("zone: example.com\nmail:\n  <<: {a: {}}\n", 3, 3, "merge keys");
	assert_refused("zone: a.b\n---\nzone: c.d\n", 2, 1, "second document");
	assert_refused("zone: a.b\nmail:\n\t\"@\": {mx: null}\n", 3, 1, "found a tab");
	assert_refused(
		"zone: a.b\nttl: 1h\nttl: 2h\n", 3, 1, "'ttl' stands twice, first in line 2");
	assert_refused("zone: a.b\n\"zone\": c.d\n", 2, 1, "twice");
	assert_refused("zone: a.b\n[a, b]: c\n", 2, 1, "expected a key");
	assert_refused("zone: a.b\n\"\": c\n", 2, 1, "expected a key");
	assert_refused("[a, b]: c\n", 1, 1, "expected a key");
	assert_refused("%YAML 1.1\n---\nzone: a.b\n", 1, 1, "directive");
	assert_refused("zone: a.b\nmail: {\"@\": {mx: [10 a.b}\n", 2, 25, "not valid YAML");
	assert_refused("zone: \"a\\0.b\"\n", 1, 7, "control character 0x00");
	assert_refused("zone: |\n  a.b\n", 1, 7, "line break");
	assert_refused("", 1, 1, "empty");
	assert_refused("# nothing\n", 2, 1, "empty");
	assert_refused("{}\n", 1, 2, "empty");
	assert_refused("hello\n", 1, 1, "single value");
	assert_refused("- zone: a.b\n", 1, 1, "found a list");
}

static void test_bytes(void **state)
{
	(void)state;
	assert_refused("zone: exa\xffmple.com\n", 1, 10, "byte 0xff at offset 9");
	assert_refused("zone: a.b\nttl: \xc0\x80\n", 2, 6, "byte 0xc0 at offset 15");
	assert_refused("zone: \xed\xa0\x80\n", 1, 7, "offset 6");
	assert_refused("zone: \xf4\x90\x80\x80\n", 1, 7, "offset 6");
	assert_refused("zone: \xe2\x80\xa8\n", 1, 7,
		"offset 6"); /* U+2028 is a line to libyaml, to no editor */
	assert_refused("zone: \xc3", 1, 7, "offset 6");
	assert_refused("zone: b\xc3\xbc"
		       "cher\x1b",
		1, 13, "byte 0x1b at offset 13");
	assert_refused("zone: a.b\x7f", 1, 10, "0x7f");
	assert_refused("zone: aaaaaaaaaaaaaaaaaaaaaaaaa\x7f"
		       "aaaaaaaa",
		1, 32, "0x7f");
	assert_refused("\xff\xfez\0o\0", 1, 1, "0xff");

	struct dg_arena *a = dg_arena_new(1u << 20);
	assert_string_equal(load_ok(a, "\xef\xbb\xbfzone: a.b\n")->zone, "a.b.");
	assert_string_equal(load_ok(a, "zone: a.b\r\nttl: 5m\r\n")->zone, "a.b.");
	assert_string_equal(load_ok(a, "{\"zone\": \"a.b\", \"ttl\": 300}")->zone, "a.b.");
	dg_arena_free(a);
}

static void test_nul_in_text(void **state)
{
	(void)state;
	static const char text[] = "zone: a.b\n\0ttl: 1h\n";
	struct dg_loader *l = NULL;
	struct dg_err err = {0};

	assert_int_equal(
		dg_loader_new(text, sizeof(text) - 1, NULL, fake_providers, NULL, &l, &err),
		DG_EINPUT);
	assert_int_equal(err.pos.line, 2);
	assert_null(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bombs),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_yaml_extras),
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_nul_in_text),
	};

	return cmocka_run_group_tests_name("hostile", tests, NULL, NULL);
}
