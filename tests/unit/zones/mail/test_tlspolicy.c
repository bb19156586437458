#include "tests/unit/unit.h"

#include "tests/unit/zones/mail/mail.h"
#include "zones/mail/tlspolicy.h"

static void test_sts_record(void **state)
{
	static const struct {
		const char *text;
		const char *id;
		const char *codes;
	} cases[] = {
		{"v=STSv1; id=20261122T1;", "20261122T1", ""},
		{"v=STSv1;id=1", "1", ""},
		{"v=STSv1; id=1; x-y=z;", "1", "sts-unknown-field"},
		{"v=STSv1;", NULL, "sts-no-id"},
		{"v=STSv1; ID=1", NULL, "sts-unknown-field sts-no-id"},
		{"v=STSv1; id=", NULL, "sts-bad-id"},
		{"v=STSv1; id=a-b", NULL, "sts-bad-id"},
		{"v=STSv1; id=123456789012345678901234567890123", NULL, "sts-bad-id"},
		{"v=STSv1; id=12345678901234567890123456789012", "12345678901234567890123456789012",
			""},
		{"v=STSv1; id=1; id=2", "1", "sts-duplicate-id"},
		{"v=STSv1; id = 1", NULL, "sts-syntax sts-no-id"},
		{"v=STSv1; x", NULL, "sts-syntax sts-no-id"},
		{"v=STSv1 ; id=1", NULL, "sts-version"},
		{"V=STSv1; id=1", NULL, "sts-version"},
		{"v=stsv1; id=1", NULL, "sts-version"},
		{"v=STSv1", NULL, "sts-version"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(TEST_ARENA);
		struct dg_lints lints;
		const char *id = NULL;

		dg_lints_init(&lints, a);
		dg_sts_parse(a, cases[i].text, strlen(cases[i].text), &id, &lints);
		assert_string_equal(lint_codes(&lints), cases[i].codes);
		assert_true((id == NULL) == (cases[i].id == NULL));
		if (id && cases[i].id) {
			assert_string_equal(id, cases[i].id);
		}
	}
	assert_null(dg_sts_id_fault("abc123"));
	assert_non_null(dg_sts_id_fault(""));
	assert_non_null(dg_sts_id_fault("a b"));
}

static const char *policy_codes(struct dg_arena *a, const char *text, struct dg_sts_policy *p)
{
	struct dg_lints lints;

	dg_lints_init(&lints, a);
	dg_sts_policy_parse(a, text, strlen(text), p, &lints);
	return lint_codes(&lints);
}

static void test_sts_policy(void **state)
{
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(TEST_ARENA);
	static const struct {
		const char *text;
		const char *codes;
	} cases[] = {
		{"version: STSv1\nmode: testing\nmx: mx.example.com\nmax_age: 86400", ""},
		{"version: STSv1\nmode: none\nmax_age: 0\n", ""},
		{"version: STSv1\nmode: none\nmax_age: 1\nnew: thing\n", ""},
		{"", "sts-policy-incomplete"},
		{"version: STSv2\nmode: none\nmax_age: 1\n", "sts-policy-version"},
		{"version: STSv1\nmode: Enforce\nmax_age: 1\n", "sts-policy-mode"},
		{"version: STSv1\nmode: none\nmax_age: 31557601\n", "sts-policy-max-age"},
		{"version: STSv1\nmode: none\nmax_age: 99999999999\n", "sts-policy-max-age"},
		{"version: STSv1\nmode: none\nmax_age: -1\n", "sts-policy-max-age"},
		{"version: STSv1\nmode: none\n", "sts-policy-incomplete"},
		{"version: STSv1\nmode: enforce\nmax_age: 604800\n", "sts-policy-no-mx"},
		{"version: STSv1\nmode: enforce\nmax_age: 60\nmx: a.example\n", "sts-policy-short"},
		{"version: STSv1\nmode: none\nmax_age: 1\nmx: *.*.example\n", "sts-policy-mx"},
		{"version: STSv1\nmode: none\nmode: enforce\nmax_age: 1\n", "sts-policy-duplicate"},
		{"version: STSv1\nmode: none\nmax_age: 1\n\nx",
			"sts-policy-syntax sts-policy-syntax"},
	};
	struct dg_sts_policy p;
	struct dg_buf b;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_string_equal(policy_codes(a, cases[i].text, &p), cases[i].codes);
	}
	assert_string_equal(policy_codes(a,
				    "version: STSv1\r\nmode: enforce\r\nmx: MX1.example.com\r\n"
				    "mx:*.example.net\r\nmax_age: 604800\r\n",
				    &p),
		"");
	assert_int_equal(p.mode, DG_STS_ENFORCE);
	assert_int_equal(p.max_age, 604800);
	assert_int_equal(p.n_mx, 2);
	dg_buf_init(&b, DG_STS_POLICY_MAX);
	dg_sts_policy_print(&b, &p);
	assert_string_equal(b.data, "version: STSv1\r\nmode: enforce\r\nmx: mx1.example.com\r\n"
				    "mx: *.example.net\r\nmax_age: 604800\r\n");
	dg_buf_clear(&b);
	dg_sts_policy_print(&b,
		&(struct dg_sts_policy){.mx = (const char *const[]){"mx.example.com."}, .n_mx = 1});
	assert_string_equal(
		b.data, "version: STSv1\r\nmode: none\r\nmx: mx.example.com\r\nmax_age: 0\r\n");
	dg_buf_clear(&b);
	dg_sts_print(&b, "x1");
	assert_string_equal(b.data, "v=STSv1; id=x1;");
	dg_buf_done(&b);
}

static void test_sts_policy_bounds(void **state)
{
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(TEST_ARENA);
	struct dg_sts_policy p;
	struct dg_buf b;

	(void)state;
	dg_buf_init(&b, DG_STS_POLICY_MAX + 1);
	dg_buf_puts(&b, "version: STSv1\nmode: none\nmax_age: 1\n");
	for (unsigned i = 0; i < DG_STS_MX_MAX; i++) {
		dg_buf_puts(&b, "mx: mx.example.com\n");
	}
	assert_string_equal(policy_codes(a, b.data, &p), "");
	dg_buf_puts(&b, "mx: mx.example.com\n");
	assert_string_equal(policy_codes(a, b.data, &p), "sts-policy-mx");
	assert_int_equal(p.n_mx, DG_STS_MX_MAX);
	while (!b.is_full) {
		dg_buf_putc(&b, ' ');
	}
	assert_string_equal(policy_codes(a, b.data, &p), "sts-policy-too-long");
	dg_buf_done(&b);
}

static void test_tlsrpt(void **state)
{
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(TEST_ARENA);
	static const struct {
		const char *text;
		const char *codes;
		size_t n;
	} cases[] = {
		{"v=TLSRPTv1; rua=mailto:tls@example.net", "", 1},
		{"v=TLSRPTv1;rua=mailto:tls@example.net , https://r.example.net:8443/v1;", "", 2},
		{"v=TLSRPTv1; rua=mailto:tls@example.net; x=y", "tlsrpt-unknown-field", 1},
		{"v=TLSRPTv1;", "tlsrpt-no-rua", 0},
		{"v=TLSRPTv1; rua=", "tlsrpt-bad-uri", 0},
		{"v=TLSRPTv1; rua=http://r.example.net/", "tlsrpt-bad-uri", 0},
		{"v=TLSRPTv1; rua=mailto:a@example.net; rua=mailto:b@example.net",
			"tlsrpt-duplicate-rua", 1},
		{"v=TLSRPTv1; rua", "tlsrpt-syntax tlsrpt-no-rua", 0},
		{"v=TLSRPTv1 rua=mailto:a@example.net", "tlsrpt-version", 0},
		{"v=tlsrptv1; rua=mailto:a@example.net", "tlsrpt-version", 0},
	};
	const char *const *rua = NULL;
	size_t n = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct dg_lints lints;

		dg_lints_init(&lints, a);
		dg_tlsrpt_parse(a, cases[i].text, strlen(cases[i].text), &rua, &n, &lints);
		assert_string_equal(lint_codes(&lints), cases[i].codes);
		assert_int_equal(n, cases[i].n);
	}
	assert_null(dg_tlsrpt_uri_fault("https://r.example.net"));
	assert_null(dg_tlsrpt_uri_fault("mailto:a@example.net"));
	assert_non_null(dg_tlsrpt_uri_fault("https:/r.example.net"));
	assert_non_null(dg_tlsrpt_uri_fault("https://192.0.2.1/"));
	assert_non_null(dg_tlsrpt_uri_fault("https://r.example.net:0/"));
	assert_non_null(dg_tlsrpt_uri_fault("https://r.example.net:65536/"));
	assert_non_null(dg_tlsrpt_uri_fault("https://user@r.example.net/"));
	assert_non_null(dg_tlsrpt_uri_fault("https://r.example.net/a;b"));
	struct dg_buf b;
	dg_buf_init(&b, DG_TLS_TEXT_MAX);
	dg_tlsrpt_print(
		&b, (const char *const[]){"mailto:a@example.net", "https://b.example/x"}, 2);
	assert_string_equal(b.data, "v=TLSRPTv1; rua=mailto:a@example.net,https://b.example/x");
	dg_buf_done(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sts_record),
		cmocka_unit_test(test_sts_policy),
		cmocka_unit_test(test_sts_policy_bounds),
		cmocka_unit_test(test_tlsrpt),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
