#include "tests/unit/unit.h"

#include "tests/unit/zones/mail/mail.h"
#include "zones/mail/dmarc.h"

static struct dg_dmarc parse(struct dg_arena *a, const char *text, struct dg_lints *lints)
{
	struct dg_dmarc d;

	dg_lints_init(lints, a);
	dg_dmarc_parse(a, text, strlen(text), &d, lints);
	return d;
}

static const char *print(struct dg_arena *a, const struct dg_dmarc *d)
{
	struct dg_buf b;

	dg_buf_init(&b, DG_DMARC_TEXT_MAX);
	dg_dmarc_print(&b, d);
	const char *text = dg_strdup(a, b.data);
	dg_buf_done(&b);
	return text;
}

static bool is_record(const char *text)
{
	return dg_dmarc_is_record(text, strlen(text));
}

static void test_is_record(void **state)
{
	(void)state;
	assert_true(is_record("v=DMARC1"));
	assert_true(is_record("v=DMARC1;p=none"));
	assert_true(is_record("v = DMARC1 ; p=none"));
	assert_true(is_record("V=DMARC1"));
	assert_false(is_record("v=dmarc1; p=none"));
	assert_false(is_record("v=DMARC1x; p=none"));
	assert_false(is_record("v=DMARC1 p=none"));
	assert_false(is_record(" v=DMARC1; p=none"));
	assert_false(is_record("p=none; v=DMARC1"));
	assert_false(is_record("vv=DMARC1"));
	assert_false(is_record("v"));
	assert_false(is_record(""));
}

static void test_all_tags(void **state)
{
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(TEST_ARENA);
	struct dg_lints lints;
	struct dg_dmarc d = parse(a,
		"v=DMARC1;p = Reject ; sp=quarantine;np=none; adkim=S; aspf=r; fo=1:d:s; t=Y; "
		"psd=n; "
		"rua=mailto:a@example.net , mailto:b+c%2Cd@reports.Example.ORG; "
		"ruf=mailto:f@example.net;",
		&lints);

	(void)state;
	print_lints(&lints);
	assert_int_equal(lints.n, 0);
	assert_int_equal(d.p, DG_DMARC_REJECT);
	assert_int_equal(d.sp, DG_DMARC_QUARANTINE);
	assert_int_equal(d.np, DG_DMARC_NONE);
	assert_int_equal(d.adkim, 's');
	assert_int_equal(d.aspf, 'r');
	assert_int_equal(d.psd, 'n');
	assert_int_equal(d.t, 'y');
	assert_string_equal(d.fo, "1:d:s");
	assert_int_equal(d.n_rua, 2);
	assert_int_equal(d.n_ruf, 1);

	const char *text = print(a, &d);
	assert_string_equal(text,
		"v=DMARC1; p=reject; sp=quarantine; np=none; adkim=s; aspf=r; fo=1:d:s; "
		"rua=mailto:a@example.net,mailto:b+c%2Cd@reports.Example.ORG; "
		"ruf=mailto:f@example.net; psd=n; t=y");
	struct dg_dmarc again = parse(a, text, &lints);
	assert_int_equal(lints.n, 0);
	assert_string_equal(print(a, &again), text);
	assert_string_equal(print(a, &(struct dg_dmarc){.p = DG_DMARC_NONE}), "v=DMARC1; p=none");
}

static void test_codes(void **state)
{
	static const struct {
		const char *text;
		const char *codes;
		size_t n_errors;
	} cases[] = {
		{"v=DMARC1; p=reject", "", 0},
		{"v=DMARC1", "dmarc-no-policy", 1},
		{"v=DMARC1; rua=mailto:a@example.net", "dmarc-no-policy", 1},
		{"v=dmarc1; p=reject", "dmarc-version", 1},
		{"v=DMARC1; p=rej", "dmarc-bad-policy", 1},
		{"v=DMARC1; p=", "dmarc-bad-policy", 1},
		{"v=DMARC1; p", "dmarc-syntax dmarc-no-policy", 1},
		{"v=DMARC1; p=reject; sp=no", "dmarc-bad-policy", 1},
		{"v=DMARC1; p=reject; np=reject none", "dmarc-bad-policy", 1},
		{"v=DMARC1; p=reject; p=none", "dmarc-duplicate-tag", 1},
		{"v=DMARC1; p=reject; v=DMARC1", "dmarc-duplicate-tag", 1},
		{"v=DMARC1; sp=none; p=reject", "dmarc-order", 0},
		{"v=DMARC1; P=reject", "dmarc-tag-case", 0},
		{"v=DMARC1; p=reject;; t=n", "dmarc-syntax", 0},
		{"v=DMARC1; p=reject; =x", "dmarc-syntax", 0},
		{"v=DMARC1; p=reject; pct=50; rf=afrf; ri=86400",
			"dmarc-removed-tag dmarc-removed-tag dmarc-removed-tag", 0},
		{"v=DMARC1; p=reject; bimi=x", "dmarc-unknown-tag", 0},
		{"v=DMARC1; p=reject; adkim=strict", "dmarc-bad-value", 0},
		{"v=DMARC1; p=reject; t=u", "dmarc-bad-value", 0},
		{"v=DMARC1; p=reject; psd=", "dmarc-bad-value", 0},
		{"v=DMARC1; p=reject; fo=0:1", "dmarc-bad-value", 0},
		{"v=DMARC1; p=reject; fo=d:d", "dmarc-bad-value", 0},
		{"v=DMARC1; p=reject; fo=d:", "dmarc-bad-value", 0},
		{"v=DMARC1; p=reject; fo=d:s", "", 0},
		{"v=DMARC1; p=reject; rua=", "dmarc-bad-uri", 0},
		{"v=DMARC1; p=reject; rua=dmarc@example.net", "dmarc-bad-uri", 0},
		{"v=DMARC1; p=reject; rua=mailto:a@example.net,", "dmarc-bad-uri", 0},
		{"v=DMARC1; p=reject; rua=mailto:a@example.net!10m", "dmarc-uri-size", 0},
		{"v=DMARC1; p=reject; rua=mailto:a@example.net!m", "dmarc-bad-uri", 0},
		{"v=DMARC1; p=reject; rua=https://example.net/d", "dmarc-uri-scheme", 0},
		{"v=DMARC1; p=reject; rua=mailto:a\x01@example.net", "dmarc-bad-uri", 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(TEST_ARENA);
		struct dg_lints lints;

		(void)parse(a, cases[i].text, &lints);
		if (strcmp(lint_codes(&lints), cases[i].codes) != 0 ||
			lints.n_errors != cases[i].n_errors) {
			(void)fprintf(stderr, "%s\n", cases[i].text);
			print_lints(&lints);
			fail();
		}
	}
}

static void test_values_that_are_not_valid_are_unset(void **state)
{
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(TEST_ARENA);
	struct dg_lints lints;
	struct dg_dmarc d = parse(a,
		"v=DMARC1; p=block; adkim=x; fo=2; psd=z; t=; rua=nobody,mailto:a@example.net!5k",
		&lints);

	(void)state;
	assert_int_equal(d.p, DG_DMARC_UNSET);
	assert_int_equal(d.adkim, 0);
	assert_null(d.fo);
	assert_int_equal(d.psd, 0);
	assert_int_equal(d.t, 0);
	assert_int_equal(d.n_rua, 1);
	assert_string_equal(d.rua[0], "mailto:a@example.net!5k");
	assert_string_equal(lints.list[0].code, "dmarc-bad-policy");
	assert_int_equal(lints.list[0].column, 11);
}

static void test_many_uris(void **state)
{
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(TEST_ARENA);
	struct dg_lints lints;
	struct dg_buf b;

	(void)state;
	dg_buf_init(&b, DG_DMARC_TEXT_MAX + 1);
	dg_buf_puts(&b, "v=DMARC1; p=reject; rua=mailto:a@example.net");
	for (unsigned i = 1; i < DG_DMARC_URIS_MAX; i++) {
		dg_buf_puts(&b, ",mailto:a@example.net");
	}
	struct dg_dmarc d = parse(a, b.data, &lints);
	assert_int_equal(d.n_rua, DG_DMARC_URIS_MAX);
	assert_int_equal(lints.n, 0);
	dg_buf_puts(&b, ",mailto:a@example.net");
	d = parse(a, b.data, &lints);
	assert_int_equal(d.n_rua, DG_DMARC_URIS_MAX);
	assert_string_equal(lint_codes(&lints), "dmarc-many-uris");
	while (!b.is_full) {
		dg_buf_putc(&b, ' ');
	}
	(void)parse(a, b.data, &lints);
	assert_string_equal(lint_codes(&lints), "dmarc-too-long dmarc-many-uris");
	assert_int_equal(d.n_rua, DG_DMARC_URIS_MAX); /* read all the same */
	dg_buf_done(&b);
}

static void test_lint(void **state)
{
	static const struct {
		const char *text;
		const char *codes;
	} cases[] = {
		{"v=DMARC1; p=reject; rua=mailto:a@example.net", ""},
		{"v=DMARC1; p=none; rua=mailto:a@example.net", "dmarc-none"},
		{"v=DMARC1; p=quarantine", "dmarc-quarantine dmarc-no-reports"},
		{"v=DMARC1; p=reject; sp=none; np=none; rua=mailto:a@example.net", "dmarc-weak-sp"},
		{"v=DMARC1; p=reject; sp=none; np=reject; rua=mailto:a@example.net",
			"dmarc-weak-sp"},
		{"v=DMARC1; p=none; sp=reject; np=quarantine; rua=mailto:a@example.net",
			"dmarc-none dmarc-weak-np"},
		{"v=DMARC1; p=reject; np=quarantine; rua=mailto:a@example.net", "dmarc-weak-np"},
		{"v=DMARC1; p=reject; t=y; rua=mailto:a@example.net", "dmarc-testing"},
		{"v=DMARC1; p=reject; fo=1; rua=mailto:a@example.net", "dmarc-fo-unused"},
		{"v=DMARC1; p=reject; psd=y; rua=mailto:a@example.net", "dmarc-psd"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(TEST_ARENA);
		struct dg_lints lints;
		struct dg_dmarc d = parse(a, cases[i].text, &lints);

		assert_int_equal(lints.n, 0);
		dg_dmarc_lint(&d, &lints);
		assert_string_equal(lint_codes(&lints), cases[i].codes);
		assert_int_equal(lints.n_errors, 0);
	}
}

static void test_lint_below(void **state)
{
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(TEST_ARENA);
	struct dg_lints lints;

	(void)state;
	dg_lints_init(&lints, a);
	dg_dmarc_lint_below(&(struct dg_dmarc){.p = DG_DMARC_REJECT}, &lints);
	dg_dmarc_lint_below(&(struct dg_dmarc){.sp = DG_DMARC_REJECT, .psd = 'n'}, &lints);
	assert_int_equal(lints.n, 0);
	dg_dmarc_lint_below(&(struct dg_dmarc){.np = DG_DMARC_REJECT}, &lints);
	assert_string_equal(lint_codes(&lints), "dmarc-unused-sp");
}

static void test_uris(void **state)
{
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(TEST_ARENA);
	static const char *const good[] = {
		"mailto:dmarc@example.net",
		"MAILTO:x%21y@example.net",
		"mailto:dmarc-reports+a=b@m.Example.net?subject=x",
	};
	static const char *const bad[] = {
		"",
		"mailto:",
		"mailto:a",
		"mailto:@example.net",
		"mailto:a@",
		"mailto:a@localhost",
		"mailto:a@[192.0.2.1]",
		"mailto:a@192.0.2.1",
		"mailto:a@-x.example",
		"mailto:a@x..example",
		"mailto:a@example.net.",
		"mailto:a b@example.net",
		"mailto:a@example.net,mailto:b@example.net",
		"mailto:a;b@example.net",
		"mailto:a%2@example.net",
		"mailto:.a@example.net",
		"mailto:a..b@example.net",
		"mailto:a@b@example.net",
		"mailto:a@ex\xc3\xa4mple.net",
		"mailto:a@example.net!10m",
		"https://example.net/dmarc",
		"a@example.net",
	};
	const char *domain = NULL;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_null(dg_dmarc_uri_fault(good[i]));
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (!dg_dmarc_uri_fault(bad[i])) {
			fail_msg("%s has no fault", bad[i]);
		}
	}
	assert_int_equal(dg_dmarc_uri_domain(a, good[2], &domain), 0);
	assert_string_equal(domain, "m.example.net.");
	assert_int_equal(dg_dmarc_uri_domain(a, "mailto:d@Example.net!10m", &domain), 0);
	assert_string_equal(domain, "example.net.");
	assert_int_equal(dg_dmarc_uri_domain(a, "https://example.net/", &domain), 1);
	assert_int_equal(dg_dmarc_uri_domain(a, "mailto:d", &domain), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_is_record),
		cmocka_unit_test(test_all_tags),
		cmocka_unit_test(test_codes),
		cmocka_unit_test(test_values_that_are_not_valid_are_unset),
		cmocka_unit_test(test_many_uris),
		cmocka_unit_test(test_lint),
		cmocka_unit_test(test_lint_below),
		cmocka_unit_test(test_uris),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
