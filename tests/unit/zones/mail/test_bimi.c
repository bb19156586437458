/* BIMI records: what is read, what is refused. */
#include "tests/unit/unit.h"

#include "tests/unit/zones/mail/mail.h"

#include "zones/mail/bimi.h"

static const struct {
	const char *text;
	const char *codes; /* in order */
	bool is_declined;
} cases[] = {
	{"v=BIMI1; l=https://example.com/logo.svg; a=https://example.com/vmc.pem", "", false},
	{"v=BIMI1; l=https://example.com/logo.svg; a=https://example.com/vmc.pem; avp=brand", "",
		false},
	{"v=BIMI1; l=https://example.com/logo.svg", "bimi-no-evidence", false},
	{"v=BIMI1; l=; a=;", "", true},
	{"v=BIMI1; l=", "", true},
	{"v=BIMI1", "bimi-no-location", false},
	{"v=BIMI1; l=; a=https://example.com/vmc.pem", "bimi-no-location", false},
	{"v=BIMI1; l=http://example.com/logo.svg; a=https://example.com/v.pem", "bimi-bad-location",
		false},
	{"v=BIMI1; l=https://example.com/a.svg,https://example.com/b.svg; a=",
		"bimi-bad-location bimi-no-evidence", false},
	{"v=BIMI1; l=https://example.com/a.svg; a=vmc.pem", "bimi-bad-evidence", false},
	{"v=BIMI1; l=https://example.com/a.svg; l=https://example.com/b.svg; a=https://e.example/v",
		"bimi-duplicate-tag", false},
	{"v=BIMI1; logo; l=https://example.com/a.svg; a=https://e.example/v", "bimi-syntax", false},
	{"v=BIMI2; l=", "bimi-syntax", false},
};

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(TEST_ARENA);
		struct dg_lints lints;
		struct dg_bimi bimi;

		dg_lints_init(&lints, a);
		dg_bimi_parse(a, cases[i].text, strlen(cases[i].text), &bimi, &lints);
		if (strcmp(lint_codes(&lints), cases[i].codes) != 0 ||
			bimi.is_declined != cases[i].is_declined) {
			print_lints(&lints);
			fail_msg("%s: \"%s\", declined %d", cases[i].text, lint_codes(&lints),
				bimi.is_declined);
		}
	}
}

static void test_is_record(void **state)
{
	(void)state;
	assert_true(dg_bimi_is_record("v=BIMI1", 7));
	assert_true(dg_bimi_is_record("v = BIMI1 ; l=", 14));
	assert_false(dg_bimi_is_record("v=bimi1;", 8));
	assert_false(dg_bimi_is_record("v=spf1 -all", 11));
	assert_false(dg_bimi_is_record("l=; v=BIMI1", 11));
	assert_false(dg_bimi_is_record("", 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_is_record),
	};

	return cmocka_run_group_tests_name("bimi", tests, NULL, NULL);
}
