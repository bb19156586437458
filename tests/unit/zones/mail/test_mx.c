#include "tests/unit/unit.h"

#include "tests/unit/zones/mail/mail.h"
#include "zones/mail/mx.h"
#include "zones/record/rrset.h"

/* The MX RRset with these hosts; preferences 10, 20 ... */
static struct dg_rrset mx_of(
	struct dg_arena *a, size_t n, const char *const *hosts, uint16_t preference)
{
	struct dg_rdata *rdata = dg_newn(a, struct dg_rdata, n);

	for (size_t i = 0; i < n; i++) {
		rdata[i] = dg_mx_make(a, (uint16_t)(preference * (i + 1)), hosts[i]);
	}
	return dg_rrset_make("example.com.", DG_TYPE_MX, 300, rdata, n);
}

static void test_states(void **state)
{
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(TEST_ARENA);
	struct dg_rrset null = dg_nullmx(a, "example.com.", 60);
	struct dg_rrset none = dg_rrset_none("example.com.", DG_TYPE_MX);
	struct dg_rrset hosts = mx_of(a, 1, (const char *const[]){"mx.example.com."}, 10);
	struct dg_rrset both = mx_of(a, 2, (const char *const[]){".", "mx.example.com."}, 0);
	struct dg_rrset preferred = mx_of(a, 1, (const char *const[]){"."}, 256);
	struct dg_rrset twice = mx_of(a, 2, (const char *const[]){".", "."}, 1);

	(void)state;
	assert_int_equal(dg_mx_state(NULL), DG_MX_ABSENT);
	assert_int_equal(dg_mx_state(&none), DG_MX_ABSENT);
	assert_int_equal(dg_mx_state(&null), DG_MX_NULL);
	assert_int_equal(dg_mx_state(&hosts), DG_MX_HOSTS);
	assert_int_equal(dg_mx_state(&both), DG_MX_BROKEN);
	assert_int_equal(dg_mx_state(&preferred), DG_MX_BROKEN);
	assert_int_equal(dg_mx_state(&twice), DG_MX_BROKEN);
	assert_int_equal(null.ttl, 60);
	assert_int_equal(null.n, 1);
	assert_memory_equal(null.rdata[0].wire, "\0\0\0", 3);
	struct dg_rrset made = mx_of(a, 1, (const char *const[]){"."}, 0);
	assert_true(dg_rrset_same_data(&null, &made));
}

static const char *codes_of(struct dg_arena *a, const struct dg_rrset *mx)
{
	struct dg_lints lints;

	dg_lints_init(&lints, a);
	dg_mx_lint(mx, &lints);
	return lint_codes(&lints);
}

static void test_lint(void **state)
{
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(TEST_ARENA);
	static const struct {
		const char *hosts[2];
		size_t n;
		uint16_t preference;
		const char *codes;
	} cases[] = {
		{{"mx1.example.com.", "mx2.example.com."}, 2, 10, ""},
		{{"."}, 1, 0, ""},
		{{"."}, 1, 10, "mx-null-preference"},
		{{".", "mx.example.com."}, 2, 0, "mx-null-beside-others"},
		{{".", "mx.example.com."}, 2, 256, "mx-null-preference mx-null-beside-others"},
		{{"192.0.2.1."}, 1, 10, "mx-address"},
		{{"192.0.2.example."}, 1, 10, ""},
		{{"localhost."}, 1, 10, "mx-localhost"},
		{{"mail."}, 1, 10, "mx-single-label"},
		{{"my_mail.example.com."}, 1, 10, "mx-odd-host"},
		{{"mx.example.com.", "mx.example.com."}, 2, 10, "mx-duplicate-host"},
	};

	(void)state;
	assert_string_equal(codes_of(a, NULL), "");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct dg_rrset mx = mx_of(a, cases[i].n, cases[i].hosts, cases[i].preference);

		assert_string_equal(codes_of(a, &mx), cases[i].codes);
	}
}

static void test_malformed(void **state)
{
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(TEST_ARENA);
	struct dg_rdata rdata[] = {{.wire = (const uint8_t *)"\0\x0a\x3fx", .len = 4}};
	struct dg_rrset mx = {.owner = "example.com.", .type = DG_TYPE_MX, .rdata = rdata, .n = 1};

	(void)state;
	assert_string_equal(codes_of(a, &mx), "mx-malformed");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_states),
		cmocka_unit_test(test_lint),
		cmocka_unit_test(test_malformed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
