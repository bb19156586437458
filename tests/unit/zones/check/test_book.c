/* The table of findings: whole, without contradictions, and doc/checks.md is what it prints. */
#include "tests/unit/unit.h"

#include "zones/base/buf.h"
#include "zones/check/finding.h"

#include <stdio.h>
#include <string.h>

#define BOOK_MAX ((size_t)1 << 20)

static bool is_code(const char *code)
{
	return *code != '\0' && code[strspn(code, "abcdefghijklmnopqrstuvwxyz0123456789-")] == '\0';
}

static bool is_whole(const struct dg_kind *k)
{
	return is_code(k->code) && *k->area && *k->title && *k->rule && *k->explain && *k->remedy &&
	       strchr(".)", k->explain[strlen(k->explain) - 1]);
}

static void test_kinds(void **state)
{
	(void)state;
	size_t n = 0;

	for (; dg_kind_at(n); n++) {
		const struct dg_kind *k = dg_kind_at(n);

		if (!is_whole(k)) {
			fail_msg("%s: something is missing", k->code);
		}
		if (k->title[strlen(k->title) - 1] == '.' || strchr(k->title, '\n')) {
			fail_msg("%s: a title is one line without a full stop", k->code);
		}
		if (dg_kind_find(k->code) != k) {
			fail_msg("%s stands twice", k->code);
		}
	}
	assert_true(n > 150);
	assert_null(dg_kind_find("no-such-code"));
	assert_null(dg_kind_find(""));
}

static void test_explain(void **state)
{
	(void)state;
	struct dg_buf b;

	dg_buf_init(&b, BOOK_MAX);
	dg_kind_explain(&b, dg_kind_find("dkim-short-key"));
	assert_memory_equal(
		b.data, "dkim-short-key (error): the RSA key has less than 1024 bits\n\n", 60);
	assert_non_null(strstr(b.data, "\nTo do:    Make a key"));
	assert_non_null(strstr(b.data, "\nRule:     RFC 8301 section 3.2\n"));
	for (const char *p = b.data; *p; p += strcspn(p, "\n") + 1) {
		assert_true(strcspn(p, "\n") <= 100);
	}
	dg_buf_done(&b);
}

/* A page that differs is made anew by: dnsguard check --explain all >doc/checks.md */
static void test_page(void **state)
{
	(void)state;
	struct dg_buf b;
	char *page = calloc(BOOK_MAX, 1);
	FILE *f = fopen(DG_TEST_SOURCE "/doc/checks.md", "re");

	assert_non_null(page);
	assert_non_null(f);
	size_t len = fread(page, 1, BOOK_MAX - 1, f);
	(void)fclose(f);
	dg_buf_init(&b, BOOK_MAX);
	dg_kinds_book(&b);
	assert_false(b.is_full);
	size_t at = 0;
	while (at < len && at < b.len && page[at] == b.data[at]) {
		at++;
	}
	if (len != b.len || at < len) {
		fail_msg("doc/checks.md is not what the program prints, from \"%.40s\" on: make it "
			 "anew with dnsguard check --explain all",
			b.data + at);
	}
	dg_buf_done(&b);
	free(page);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_explain),
		cmocka_unit_test(test_page),
	};

	return cmocka_run_group_tests_name("book", tests, NULL, NULL);
}
