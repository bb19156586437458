#include "tests/unit/unit.h"

#include "tests/unit/zones/mail/mail.h"
#include "zones/mail/spf.h"

static const char *lint(struct dg_arena *a, const char *text, struct dg_lints *lints)
{
	struct dg_spf spf;

	dg_lints_init(lints, a);
	dg_spf_parse(a, text, strlen(text), &spf, lints);
	assert_int_equal(lints->n, 0);
	dg_spf_lint(&spf, "example.com.", strlen(text), lints);
	return lint_codes(lints);
}

static void test_codes(void **state)
{
	static const struct {
		const char *text;
		const char *codes;
		size_t n_errors;
	} cases[] = {
		{"v=spf1 -all", "", 0},
		{"v=spf1 a mx ip4:192.0.2.0/24 include:_spf.example.net -all", "", 0},
		{"v=spf1 redirect=_spf.example.net", "", 0},
		{"v=spf1", "spf-no-all", 0},
		{"v=spf1 mx +all", "spf-pass-all", 1},
		{"v=spf1 mx ?all", "spf-neutral-all", 0},
		{"v=spf1 mx ~all", "spf-softfail-all", 0},
		{"v=spf1 -all mx", "spf-after-all", 0},
		{"v=spf1 -all +all", "spf-after-all", 0},
		{"v=spf1 redirect=x.example -all", "spf-redirect-ignored", 0},
		{"v=spf1 ip4:0.0.0.0/0 -all", "spf-pass-all", 1},
		{"v=spf1 -ip4:0.0.0.0/0 mx -all", "", 0},
		{"v=spf1 ip4:10.0.0.0/8 -all", "spf-wide-prefix", 0},
		{"v=spf1 ip6:2000::/3 -all", "spf-wide-prefix", 0},
		{"v=spf1 ip6:2001:db8::/32 -all", "", 0},
		{"v=spf1 ip4:192.0.2.1/24 -all", "spf-host-bits", 0},
		{"v=spf1 mx//0 -all", "spf-pass-all", 1},
		{"v=spf1 ptr -all", "spf-ptr", 0},
		{"v=spf1 exists:%{p}.x.example -all", "spf-ptr", 0},
		{"v=spf1 exists:x.example -all", "spf-exists-fixed", 0},
		{"v=spf1 exists:%{i}.x.example -all", "", 0},
		{"v=spf1 include:Example.COM -all", "spf-loop", 1},
		{"v=spf1 redirect=example.com.", "spf-loop", 1},
		{"v=spf1 a:example.com -all", "", 0},
		{"v=spf1 mx a:x.example A:X.example -all", "spf-duplicate", 0},
		{"v=spf1 mx mx//64 -all", "", 0},
		{"v=spf1 ip6:2001:db8::1 ip6:2001:DB8:0::1 -all", "spf-duplicate", 0},
		{"v=spf1 a:b.example,c.example -all", "spf-odd-name", 0},
		{"v=spf1 include=x.example -all", "spf-mechanism-as-modifier", 0},
		{"v=spf1 mx v=spf1 -all", "spf-mechanism-as-modifier", 0},
		{"v=spf1 ra=postmaster -all", "spf-unknown-modifier", 0},
		{"v=spf1 a mx a:a.example a:b.example a:c.example a:d.example a:e.example "
		 "a:f.example "
		 "a:g.example a:h.example -all",
			"", 0},
		{"v=spf1 a mx a:a.example a:b.example a:c.example a:d.example a:e.example "
		 "a:f.example "
		 "a:g.example a:h.example a:i.example -all",
			"spf-too-many-lookups", 1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(TEST_ARENA);
		struct dg_lints lints;
		const char *codes = lint(a, cases[i].text, &lints);

		if (strcmp(codes, cases[i].codes) != 0 || lints.n_errors != cases[i].n_errors) {
			(void)fprintf(stderr, "%s: \"%s\"\n", cases[i].text, codes);
			fail();
		}
	}
}

static void test_length(void **state)
{
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(TEST_ARENA);
	struct dg_lints lints;
	struct dg_spf spf = {.terms = NULL};

	(void)state;
	dg_lints_init(&lints, a);
	dg_spf_lint(&spf, "example.com.", 438, &lints);
	assert_null(lint_with(&lints, "spf-long"));
	dg_spf_lint(&spf, "example.com.", 439, &lints);
	assert_non_null(lint_with(&lints, "spf-long"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_codes),
		cmocka_unit_test(test_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
