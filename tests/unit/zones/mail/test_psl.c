#include "tests/unit/unit.h"

#include "tests/unit/zones/mail/mail.h"
#include "tests/unit/zones/mail/world.h"
#include "zones/mail/dmarc_find.h"

/* The list that libpsl has built in changes with time: only rules that are old, or are the algorithm itself. */
static void test_suffixes(void **state)
{
	static const struct {
		const char *name, *suffix;
	} cases[] = {
		{"www.example.co.uk.", "co.uk."},
		{"example.co.uk.", "co.uk."},
		{"co.uk.", "co.uk."},
		{"uk.", "uk."},
		{"www.example.com.", "com."},
		{"com.", "com."},
		{".", "."},
		{"user.github.io.", "github.io."}, /* the private section */
		{"github.io.", "github.io."},
		{"a.b.ck.", "b.ck."}, /* *.ck */
		{"b.ck.", "b.ck."},
		{"a.www.ck.", "ck."}, /* !www.ck */
		{"www.ck.", "ck."},
		{"example.nosuchtld.", "nosuchtld."},
		{"www.xn--85x722f.xn--55qx5d.cn.", "xn--55qx5d.cn."},
		{"xn--85x722f.com.cn.", "com.cn."},
		{"xn--85x722f.xn--fiqs8s.", "xn--fiqs8s."},
		{"_dmarc.example.co.uk.", "co.uk."},
		{"a.co\\.uk.", "co\\.uk."}, /* one label */
		{"a\\.co.uk.", "uk."},
		{"example.co\\.uk.com.", "com."},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(TEST_ARENA);

		assert_string_equal(dg_public_suffix(a, cases[i].name), cases[i].suffix);
	}
}

static struct dg_dmarc_found found(struct world *w, const char *domain)
{
	struct dg_dmarc_found f;

	w->n_asked = 0;
	dg_dmarc_find(w->arena, domain, DG_DMARC_PSL, &w->facts, &f);
	return f;
}

static void test_own_then_org(void **state)
{
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(TEST_ARENA);
	struct world *w = world_new(a,
		"_dmarc.example.co.uk. TXT \"v=DMARC1; p=reject; sp=quarantine; np=none; t=y\"\n"
		"_dmarc.m.example.co.uk. TXT \"v=DMARC1; p=none\"\n"
		"_dmarc.co.uk. TXT \"v=DMARC1; p=none; psd=y\"\n");

	(void)state;
	struct dg_dmarc_found f = found(w, "example.co.uk.");
	assert_int_equal(f.policy, DG_DMARC_REJECT);
	assert_int_equal(f.applied, DG_DMARC_REJECT); /* t is not a tag of RFC 7489 */
	assert_string_equal(f.org_domain, "example.co.uk.");
	/* not existing: np is not one either; the record at m is for m alone */
	f = found(w, "a.m.example.co.uk.");
	assert_string_equal(f.tag, "sp");
	assert_int_equal(f.policy, DG_DMARC_QUARANTINE);
	assert_string_equal(f.at, "example.co.uk.");
	assert_int_equal(f.n_steps, 2);
	f = found(w, "m.example.co.uk.");
	assert_string_equal(f.at, "m.example.co.uk.");
	assert_string_equal(f.org_domain, "example.co.uk.");
	/* what is above the organizational domain is not asked */
	f = found(w, "other.co.uk.");
	assert_int_equal(f.state, DG_DMARC_ABSENT);
	assert_int_equal(f.n_steps, 1);
	/* a suffix is asked for itself */
	f = found(w, "co.uk.");
	assert_int_equal(f.state, DG_DMARC_FOUND);
	assert_string_equal(f.org_domain, "co.uk.");
}

static void test_bad_records(void **state)
{
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(TEST_ARENA);
	struct world *w = world_new(a, "_dmarc.two.example.com. TXT \"v=DMARC1; p=reject\"\n"
				       "_dmarc.two.example.com. TXT \"v=DMARC1; p=none\"\n"
				       "_dmarc.example.com. TXT \"v=DMARC1; p=reject; np=x\"\n"
				       "_dmarc.example.net. TXT \"v=DMARC1; p=reject; sp=x\"\n");

	(void)state;
	struct dg_dmarc_found f = found(w, "two.example.com.");
	assert_int_equal(f.state, DG_DMARC_ABSENT); /* several end it (RFC 7489 section 6.6.3) */
	assert_non_null(strstr(f.why, "RFC 7489"));
	f = found(w, "example.com.");
	assert_int_equal(f.policy, DG_DMARC_REJECT);
	f = found(w, "example.net.");
	assert_int_equal(f.state, DG_DMARC_ABSENT);
	assert_non_null(strstr(f.why, "RFC 7489"));
}

static void test_not_known(void **state)
{
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(TEST_ARENA);
	struct world *w = world_new(a, "_dmarc.m.example.com. TXT \"v=DMARC1; p=reject\"\n");
	const char *org = NULL;

	(void)state;
	w->pending = "*";
	struct dg_dmarc_found f = found(w, "m.example.com.");
	assert_int_equal(f.state, DG_DMARC_PENDING);
	assert_int_equal(w->n_asked, 3);
	w->pending = NULL;
	w->unknown = "16 _dmarc.example.com.,";
	f = found(w, "m.example.com.");
	assert_int_equal(f.state, DG_DMARC_FOUND);
	assert_true(f.is_org_certain);
	f = found(w, "n.example.com.");
	assert_int_equal(f.state, DG_DMARC_UNKNOWN);
	w->n_asked = 0;
	assert_int_equal(dg_dmarc_org_domain(a, "a.b.example.com.", DG_DMARC_PSL, &w->facts, &org),
		DG_DMARC_FOUND);
	assert_string_equal(org, "example.com.");
	assert_int_equal(w->n_asked, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_suffixes),
		cmocka_unit_test(test_own_then_org),
		cmocka_unit_test(test_bad_records),
		cmocka_unit_test(test_not_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
