#include "tests/unit/unit.h"

#include "tests/unit/zones/mail/mail.h"
#include "zones/base/err.h"
#include "zones/mail/spf.h"

static struct dg_spf parse(struct dg_arena *a, const char *text, size_t len, struct dg_lints *lints)
{
	struct dg_spf spf;

	dg_lints_init(lints, a);
	dg_spf_parse(a, text, len, &spf, lints);
	return spf;
}

static bool same_text(const char *x, const char *y)
{
	return x == y || (x && y && strcmp(x, y) == 0);
}

static bool same_term(const struct dg_spf_term *x, const struct dg_spf_term *y)
{
	return x->kind == y->kind && x->qualifier == y->qualifier && same_text(x->name, y->name) &&
	       same_text(x->domain, y->domain) &&
	       memcmp(x->address, y->address, sizeof(x->address)) == 0 &&
	       x->prefix4 == y->prefix4 && x->prefix6 == y->prefix6 && x->has_macro == y->has_macro;
}

static void assert_round_trip(struct dg_arena *a, const struct dg_spf *spf)
{
	struct dg_lints lints;
	struct dg_buf b;

	dg_buf_init(&b, DG_SPF_TEXT_MAX);
	dg_spf_print(&b, spf);
	struct dg_spf again = parse(a, b.data, b.len, &lints);
	assert_int_equal(lints.n_errors, 0);
	assert_int_equal(again.n, spf->n);
	for (size_t i = 0; i < spf->n; i++) {
		assert_true(same_term(&spf->terms[i], &again.terms[i]));
	}
	dg_buf_done(&b);
}

static void test_is_record(void **state)
{
	(void)state;
	assert_true(dg_spf_is_record("v=spf1", 6));
	assert_true(dg_spf_is_record("V=SPF1 -all", 11));
	assert_false(dg_spf_is_record("v=spf10", 7));
	assert_false(dg_spf_is_record("v=spf1\t-all", 11));
	assert_false(dg_spf_is_record(" v=spf1", 7));
	assert_false(dg_spf_is_record("v=spf", 5));
	assert_false(dg_spf_is_record("", 0));
}

static void test_terms(void **state)
{
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(TEST_ARENA);
	struct dg_lints lints;
	static const char text[] =
		"v=spf1  MX/24 ~a:Mail.Example.COM./30//64 ip4:192.0.2.0/24 "
		"?ip6:2001:db8::1 -exists:%{ir}.%{l1r+-}.x.example Redirect=_spf.%{d2} x-y= ";

	(void)state;
	struct dg_spf spf = parse(a, text, strlen(text), &lints);
	print_lints(&lints);
	assert_int_equal(lints.n, 0);
	assert_int_equal(spf.n, 7);
	assert_int_equal(spf.terms[0].kind, DG_SPF_MX);
	assert_string_equal(spf.terms[0].name, "mx");
	assert_int_equal(spf.terms[0].qualifier, '+');
	assert_null(spf.terms[0].domain);
	assert_int_equal(spf.terms[0].prefix4, 24);
	assert_int_equal(spf.terms[0].prefix6, -1);
	assert_int_equal(spf.terms[0].column, 9);
	assert_string_equal(spf.terms[1].domain, "Mail.Example.COM.");
	assert_int_equal(spf.terms[1].qualifier, '~');
	assert_int_equal(spf.terms[1].prefix4, 30);
	assert_int_equal(spf.terms[1].prefix6, 64);
	assert_string_equal(spf.terms[2].domain, "192.0.2.0");
	assert_memory_equal(spf.terms[2].address, "\xc0\x00\x02\x00", 4);
	assert_int_equal(spf.terms[3].prefix6, -1);
	assert_memory_equal(spf.terms[3].address, "\x20\x01\x0d\xb8", 4);
	assert_true(spf.terms[4].has_macro);
	assert_int_equal(spf.terms[5].kind, DG_SPF_REDIRECT);
	assert_int_equal(spf.terms[5].qualifier, 0);
	assert_string_equal(spf.terms[5].name, "redirect");
	assert_int_equal(spf.terms[6].kind, DG_SPF_UNKNOWN);
	assert_string_equal(spf.terms[6].domain, "");

	struct dg_buf b;
	dg_buf_init(&b, DG_SPF_TEXT_MAX);
	dg_spf_print(&b, &spf);
	assert_string_equal(b.data,
		"v=spf1 mx/24 ~a:Mail.Example.COM./30//64 ip4:192.0.2.0/24 ?ip6:2001:db8::1 "
		"-exists:%{ir}.%{l1r+-}.x.example redirect=_spf.%{d2} x-y=");
	dg_buf_done(&b);
	assert_round_trip(a, &spf);
}

/* Every fault is found, with its place, and what stands around it is still read. */
static void test_faults(void **state)
{
	static const struct {
		const char *text;
		const char *code;
		size_t column;
	} cases[] = {
		{"v=spf1 a:%{d0}.example.com -all", "spf-bad-domain", 10},
		{"v=spf1 a:x.%{da}.example.com -all", "spf-bad-domain", 12},
		{"v=spf1 a:%{d -all", "spf-bad-domain", 10},
		{"v=spf1 a:%{c}.example.com -all", "spf-bad-domain", 10},
		{"v=spf1 a:%{d}. -all", "spf-bad-domain", 14},
		{"v=spf1 a:%{d}com -all", "spf-bad-domain", 14},
		{"v=spf1 a:%{d}.com/2x -all", "spf-bad-domain", 15},
		{"v=spf1 a:.example.com -all", "spf-bad-domain", 10},
		{"v=spf1 a:x..%{d} -all", "spf-bad-domain", 12},
		{"v=spf1 a:x%%{..example -all", "spf-bad-domain", 15},
		{"v=spf1 mx:a.example/00 -all", "spf-bad-prefix", 21},
		{"v=spf1 mx:a.example/01 -all", "spf-bad-prefix", 21},
		{"v=spf1 mx/ -all", "spf-bad-prefix", 11},
		{"v=spf1 mx//64/24 -all", "spf-bad-prefix", 10},
		{"v=spf1 mx//0x1 -all", "spf-bad-prefix", 10},
		{"v=spf1 mx/24=x -all", "spf-bad-prefix", 10},
		{"v=spf1 ip4:192.0.2.01 -all", "spf-bad-address", 12},
		{"v=spf1 ip4:192.0.2.0/24/24 -all", "spf-bad-address", 12},
		{"v=spf1 ip4: -all", "spf-bad-address", 12},
		{"v=spf1 ip4/24 -all", "spf-no-address", 11},
		{"v=spf1 ip6:fe80::1%eth0 -all", "spf-bad-address", 12},
		{"v=spf1 ip6:2001:db8::/032 -all", "spf-bad-prefix", 23},
		{"v=spf1 include=x.example +-all", "spf-unknown-mechanism", 27},
		{"v=spf1 ip:192.0.2.1 -all", "spf-unknown-mechanism", 8},
		{"v=spf1 exp:x.example -all", "spf-unknown-mechanism", 8},
		{"v=spf1 - -all", "spf-unknown-mechanism", 9},
		{"v=spf1 mx\t-all", "spf-bad-octet", 10},
		{"v=spf1 mx\xc3\xa9 -all", "spf-bad-octet", 10},
		{"v=spf1 -redirect=x.example ?all", "spf-bad-modifier", 8},
		{"v=spf1 all=%{x} -all", "spf-bad-macro", 12},
		{"v=spf1 exp=a.example EXP=b.example -all", "spf-duplicate-modifier", 22},
		{"v=spf2.0/pra -all", "spf-version", 1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(TEST_ARENA);
		struct dg_lints lints;
		struct dg_spf spf = parse(a, cases[i].text, strlen(cases[i].text), &lints);

		if (lints.n != 1 || strcmp(lints.list[0].code, cases[i].code) != 0 ||
			lints.list[0].column != cases[i].column) {
			(void)fprintf(stderr, "%s\n", cases[i].text);
			print_lints(&lints);
			fail();
		}
		assert_int_equal(lints.n_errors, 1);
		assert_true(spf.n <= 3);
	}
}

static void test_unknown_modifier_takes_all_macros(void **state)
{
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(TEST_ARENA);
	struct dg_lints lints;
	static const char text[] = "v=spf1 x=%{c}%{R}%{t}%%%_%- -all";
	size_t at = 0;

	(void)state;
	(void)parse(a, text, strlen(text), &lints);
	assert_int_equal(lints.n, 0);
	assert_null(dg_spf_macro_fault("See http://%{d} for %{C}", 24, true, &at));
	assert_non_null(dg_spf_macro_fault("See %{d}", 8, false, &at));
	assert_int_equal(at, 3);
}

static bool has_domain_fault(const char *text)
{
	size_t at = 0;

	return dg_spf_domain_fault(text, strlen(text), &at) != NULL;
}

static const char *repeat(struct dg_arena *a, const char *text, size_t n)
{
	size_t len = strlen(text);
	char *all = dg_get(a, n * len + 1, 1);

	for (size_t i = 0; i < n * len; i++) {
		all[i] = text[i % len];
	}
	return all;
}

static void test_names_have_bounds(void **state)
{
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(TEST_ARENA);
	const char *label = repeat(a, "a", 63);
	const char *head = dg_printf(a, "%s.%s.%s.", label, label, label); /* 192 octets */

	(void)state;
	assert_false(has_domain_fault(dg_printf(a, "%s.example", label)));
	assert_true(has_domain_fault(dg_printf(a, "%sa.example", label)));
	assert_false(has_domain_fault(dg_printf(a, "%sa%%{d}.example", label)));
	assert_false(has_domain_fault(dg_printf(a, "%s%.61s", head, label)));
	assert_false(has_domain_fault(dg_printf(a, "%s%.61s.", head, label)));
	assert_true(has_domain_fault(dg_printf(a, "%s%.62s", head, label)));
	assert_false(has_domain_fault(dg_printf(a, "%s%.62s.%%{d}", head, label)));
}

static void test_records_have_bounds(void **state)
{
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(TEST_ARENA);
	struct dg_lints lints;

	(void)state;
	const char *text = dg_printf(a, "v=spf1%s", repeat(a, " a", DG_SPF_TERMS_MAX));
	struct dg_spf spf = parse(a, text, strlen(text), &lints);
	assert_int_equal(spf.n, DG_SPF_TERMS_MAX);
	assert_int_equal(lints.n, 0);
	text = dg_printf(a, "%s mx", text);
	(void)parse(a, text, strlen(text), &lints);
	assert_string_equal(lint_codes(&lints), "spf-too-many-terms");
	text = dg_printf(a, "v=spf1%s", repeat(a, " ", DG_SPF_TEXT_MAX - 5));
	(void)parse(a, text, DG_SPF_TEXT_MAX, &lints);
	assert_int_equal(lints.n, 0);
	(void)parse(a, text, DG_SPF_TEXT_MAX + 1, &lints);
	assert_string_equal(lint_codes(&lints), "spf-too-long");
}

/* However many faults: the list is bounded, the count is right. */
static void test_many_faults(void **state)
{
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(1u << 20);
	struct dg_lints lints;
	const char *text = dg_printf(a, "v=spf1%s", repeat(a, " \x1bz", 300));
	struct dg_spf spf = parse(a, text, strlen(text), &lints);

	(void)state;
	assert_int_equal(spf.n, 0);
	assert_int_equal(lints.n, DG_LINTS_MAX);
	assert_int_equal(lints.n_errors, 300);
	assert_int_equal(lints.n_dropped, 300 - DG_LINTS_MAX);
	assert_null(strchr(lints.list[0].text, 0x1b));
	assert_non_null(strstr(lints.list[0].text, "\\x1bz"));
}

static void test_term(void **state)
{
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(TEST_ARENA);
	struct dg_spf_term t = {.kind = DG_SPF_PTR};
	struct dg_err err;

	(void)state;
	assert_int_equal(dg_spf_term_parse(a, "include:_spf.example.net", 24, &t, &err), DG_OK);
	assert_int_equal(t.kind, DG_SPF_INCLUDE);
	assert_string_equal(t.domain, "_spf.example.net");
	assert_int_equal(dg_spf_term_parse(a, "-all", 4, &t, &err), DG_OK);
	assert_int_equal(t.qualifier, '-');
	assert_int_equal(dg_spf_term_parse(a, "ip4:192.0.2.0/33", 16, &t, &err), DG_EINPUT);
	assert_string_equal(err.text,
		"SPF term prefix length \"33\": expected a number from 0 to 32 "
		"without leading zeros (RFC 7208 section 5.6)");
	assert_int_equal(t.kind, DG_SPF_ALL); /* untouched */
	assert_int_equal(dg_spf_term_parse(a, "mx/32//128", 10, &t, &err), DG_OK);
	assert_int_equal(t.prefix4, 32);
	assert_int_equal(t.prefix6, 128);
	assert_int_equal(dg_spf_term_parse(a, "mx -all", 7, &t, &err), DG_EINPUT);
	assert_int_equal(dg_spf_term_parse(a, "", 0, &t, &err), DG_EINPUT);
}

/* \xHH of a line in the data file. */
static size_t unescape(char *s)
{
	size_t n = 0;

	for (size_t i = 0; s[i] != '\0'; n++) {
		if (s[i] == '\\' && s[i + 1] == 'x') {
			char hex[] = {s[i + 2], s[i + 3], '\0'};

			s[n] = (char)strtoul(hex, NULL, 16);
			i += 4;
		} else {
			s[n] = s[i++];
		}
	}
	return n;
}

static void check_suite_line(char *line, unsigned *n)
{
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(TEST_ARENA);
	struct dg_lints lints;
	char *save = NULL;
	const char *verdict = strtok_r(line, "\t", &save);
	char *text = strtok_r(NULL, "\t", &save);

	assert_non_null(text);
	size_t len = unescape(text);
	struct dg_spf spf = parse(a, text, len, &lints);
	if (strcmp(verdict, "either") != 0 &&
		(lints.n_errors > 0) != (strcmp(verdict, "bad") == 0)) {
		(void)fprintf(stderr, "%s should be %s\n", text, verdict);
		print_lints(&lints);
		fail();
	}
	if (lints.n_errors == 0) {
		assert_round_trip(a, &spf);
	}
	(*n)++;
}

static void test_suite_records(void **state)
{
	FILE *f = fopen(DG_TEST_DATA "/spf/rfc7208-records.tsv", "re");
	char line[1024];
	unsigned n = 0;

	(void)state;
	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		if (line[0] != '#') {
			check_suite_line(line, &n);
		}
	}
	(void)fclose(f);
	assert_true(n > 150);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_is_record),
		cmocka_unit_test(test_terms),
		cmocka_unit_test(test_faults),
		cmocka_unit_test(test_unknown_modifier_takes_all_macros),
		cmocka_unit_test(test_names_have_bounds),
		cmocka_unit_test(test_records_have_bounds),
		cmocka_unit_test(test_many_faults),
		cmocka_unit_test(test_term),
		cmocka_unit_test(test_suite_records),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
