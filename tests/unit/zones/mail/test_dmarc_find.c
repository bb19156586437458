#include "tests/unit/unit.h"

#include "tests/unit/zones/mail/mail.h"
#include "tests/unit/zones/mail/world.h"
#include "zones/mail/dmarc_find.h"

static struct dg_dmarc_found found(struct world *w, const char *domain)
{
	struct dg_dmarc_found f;

	dg_dmarc_find(w->arena, domain, DG_DMARC_WALK, &w->facts, &f);
	return f;
}

/* What is in force, in one line: "sp=reject at example.com. org example.com.". */
static const char *line(struct dg_arena *a, const struct dg_dmarc_found *f)
{
	if (f->state != DG_DMARC_FOUND) {
		return dg_printf(a, "%s org %s", dg_dmarc_state_text(f->state), f->org_domain);
	}
	return dg_printf(a, "%s=%s at %s org %s%s%s%s", f->tag, dg_dmarc_policy_text(f->policy),
		f->at, f->org_domain, f->is_repaired ? " repaired" : "",
		f->has_two_outcomes ? " two" : "",
		f->applied != f->policy
			? dg_printf(a, " applied %s", dg_dmarc_policy_text(f->applied))
			: "");
}

struct place {
	const char *zone;
	const char *domain;
	const char *expected;
};

static void check_places(const struct place *places, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(TEST_ARENA);
		struct world *w = world_new(a, places[i].zone);
		struct dg_dmarc_found f = found(w, places[i].domain);

		if (strcmp(line(a, &f), places[i].expected) != 0) {
			(void)fprintf(stderr, "%zu: ", i);
		}
		assert_string_equal(line(a, &f), places[i].expected);
		assert_true(f.is_org_certain);
		assert_true(f.state == DG_DMARC_FOUND || f.why);
	}
}

#define N_OF(list) (sizeof(list) / sizeof((list)[0]))

#define ORG  "_dmarc.example.com. TXT \"v=DMARC1; p=reject; sp=quarantine; np=none\"\n"
#define SUB  "m.example.com. A 192.0.2.1\n"
#define OWN  "_dmarc.m.example.com. TXT \"v=DMARC1; p=quarantine; sp=none\"\n"
#define BANK "_dmarc.bank.example. TXT \"v=DMARC1; p=reject; sp=none; np=quarantine; psd=y\"\n"

static void test_which_record(void **state)
{
	static const struct place places[] = {
		{"", "example.com.", "absent org example.com."},
		{ORG, "example.com.", "p=reject at example.com. org example.com."},
		{ORG SUB, "m.example.com.", "sp=quarantine at example.com. org example.com."},
		{ORG SUB, "x.example.com.", "np=none at example.com. org example.com."},
		{ORG SUB, "x.m.example.com.", "np=none at example.com. org example.com."},
		{ORG SUB OWN, "m.example.com.", "p=quarantine at m.example.com. org example.com."},
		/* fewest labels: the record at m is not for what is below it */
		{ORG SUB OWN "a.m.example.com. A 192.0.2.1\n", "a.m.example.com.",
			"sp=quarantine at example.com. org example.com."},
		{OWN "a.m.example.com. A 192.0.2.1\n", "a.m.example.com.",
			"sp=none at m.example.com. org m.example.com."},
		{ORG "_dmarc.m.example.com. TXT \"v=DMARC1; p=none; sp=reject; psd=n\"\n",
			"a.m.example.com.", "sp=reject at m.example.com. org m.example.com."},
		{ORG "_dmarc.com. TXT \"v=DMARC1; p=none\"\n", "m.example.com.",
			"p=none at com. org com."},
		{ORG "_dmarc.com. TXT \"v=DMARC1; p=none; psd=y\"\n", "example.com.",
			"p=reject at example.com. org example.com."},
		{ORG "_dmarc.com. TXT \"v=DMARC1; p=none; psd=y\"\n", "x.example.com.",
			"np=none at example.com. org example.com."},
		/* the public suffix speaks for an organization that says nothing */
		{BANK "giant.bank.example. A 192.0.2.1\n", "giant.bank.example.",
			"sp=none at bank.example. org giant.bank.example."},
		{BANK, "giant.bank.example.",
			"np=quarantine at bank.example. org giant.bank.example."},
		{BANK "_dmarc.b.a.giant.bank.example. TXT \"v=DMARC1; p=none\"\n",
			"c.b.a.giant.bank.example.",
			"np=quarantine at bank.example. org giant.bank.example."},
		{BANK, "bank.example.", "p=reject at bank.example. org bank.example."},
		{BANK "_dmarc.example. TXT \"v=DMARC1; p=none\"\n", "bank.example.",
			"p=reject at bank.example. org bank.example."},
		{ORG, "com.", "absent org com."},
		{ORG, ".", "absent org ."},
	};

	(void)state;
	check_places(places, N_OF(places));
}

static void test_which_names_exist(void **state)
{
	static const struct place places[] = {
		/* an empty non-terminal, a wildcard, an alias that leads nowhere: they exist */
		{ORG "a.x.example.com. A 192.0.2.1\n", "x.example.com.",
			"sp=quarantine at example.com. org example.com."},
		{ORG "*.example.com. A 192.0.2.1\n", "x.example.com.",
			"sp=quarantine at example.com. org example.com."},
		{ORG "x.example.com. CNAME nowhere.invalid.\n", "x.example.com.",
			"sp=quarantine at example.com. org example.com."},
		{"_dmarc.example.com. TXT \"v=DMARC1; p=reject; np=none\"\n", "x.example.com.",
			"np=none at example.com. org example.com."},
		{"_dmarc.example.com. TXT \"v=DMARC1; p=reject; sp=none\"\n", "x.example.com.",
			"sp=none at example.com. org example.com."},
		{"_dmarc.example.com. TXT \"v=DMARC1; p=reject\"\n", "x.example.com.",
			"p=reject at example.com. org example.com."},
	};

	(void)state;
	check_places(places, N_OF(places));
}

static void test_what_is_a_record(void **state)
{
	static const struct place places[] = {
		{"_dmarc.a.com. TXT \"v=DMARC1; p=re\" \"ject\"\n", "a.com.",
			"p=reject at a.com. org a.com."},
		{"_dmarc.a.com. TXT \"v\\009=  DMARC1 \\009;p = Reject;;\"\n", "a.com.",
			"p=reject at a.com. org a.com."},
		{"_dmarc.a.com. TXT \"V=DMARC1; P=reject\"\n", "a.com.",
			"p=reject at a.com. org a.com."},
		{"_dmarc.a.com. TXT \"v=dmarc1; p=reject\"\n", "a.com.", "absent org a.com."},
		{"_dmarc.a.com. TXT \"v=DMARC1x; p=reject\"\n", "a.com.", "absent org a.com."},
		{"_dmarc.a.com. TXT \"v=DMARC1 p=reject\"\n", "a.com.", "absent org a.com."},
		{"_dmarc.a.com. TXT \" v=DMARC1; p=reject\"\n", "a.com.", "absent org a.com."},
		{"_dmarc.a.com. TXT \"p=reject; v=DMARC1\"\n", "a.com.", "absent org a.com."},
		{"_dmarc.a.com. TXT \"v=spf1 -all\"\n_dmarc.a.com. TXT \"\"\n"
		 "_dmarc.a.com. TXT \"v=DMARC1;p=reject\"\n",
			"a.com.", "p=reject at a.com. org a.com."},
		{"_dmarc.a.com. CNAME other.example.\nother.example. TXT \"v=DMARC1;p=reject\"\n",
			"a.com.", "p=reject at a.com. org a.com."},
		{"_dmarc.a.com. TXT \"v=DMARC1; p=reject; unknown=1; nonsense; pct=0; t=n\"\n",
			"a.com.", "p=reject at a.com. org a.com."},
		{"_dmarc.a.com. TXT \"v=DMARC1; p=reject\\000\"\n", "a.com.", "absent org a.com."},
	};

	(void)state;
	check_places(places, N_OF(places));
}

#define RUA "rua=mailto:r@example.net"

static void test_without_valid_policy(void **state)
{
	static const struct place places[] = {
		{"_dmarc.a.com. TXT \"v=DMARC1; " RUA "\"\n", "a.com.",
			"p=none at a.com. org a.com. repaired"},
		{"_dmarc.a.com. TXT \"v=DMARC1; p=refuse; " RUA "\"\n", "a.com.",
			"p=none at a.com. org a.com. repaired"},
		{"_dmarc.a.com. TXT \"v=DMARC1; p=reject; sp=; " RUA "\"\n", "a.com.",
			"p=none at a.com. org a.com. repaired"},
		{"_dmarc.a.com. TXT \"v=DMARC1; p=reject; np=x; " RUA "\"\n", "a.com.",
			"p=none at a.com. org a.com. repaired"},
		/* as if p=none stood there and nothing else */
		{"_dmarc.a.com. TXT \"v=DMARC1; sp=reject; np=reject; " RUA "\"\n", "b.a.com.",
			"p=none at a.com. org a.com. repaired"},
		{"_dmarc.a.com. TXT \"v=DMARC1\"\n", "a.com.", "absent org a.com."},
		{"_dmarc.a.com. TXT \"v=DMARC1; p=reject; sp=x\"\n", "a.com.", "absent org a.com."},
		{"_dmarc.a.com. TXT \"v=DMARC1; p=reject; np=x\"\n", "a.com.", "absent org a.com."},
		{"_dmarc.a.com. TXT \"v=DMARC1; rua=r@example.net\"\n", "a.com.",
			"absent org a.com."},
		{"_dmarc.a.com. TXT \"v=DMARC1; rua=,mailto:\"\n", "a.com.", "absent org a.com."},
		{"_dmarc.a.com. TXT \"v=DMARC1; rua=x, https://example.net/r\"\n", "a.com.",
			"p=none at a.com. org a.com. repaired"},
		{"_dmarc.a.com. TXT \"v=DMARC1; rua=mailto:r@localhost!10m\"\n", "a.com.",
			"p=none at a.com. org a.com. repaired"},
		{"_dmarc.a.com. TXT \"v=DMARC1; ruf=mailto:r@example.net\"\n", "a.com.",
			"absent org a.com."},
		/* it is the record of this name all the same: the one above does not count */
		{"_dmarc.b.a.com. TXT \"v=DMARC1\"\n_dmarc.a.com. TXT \"v=DMARC1;p=reject\"\n",
			"b.a.com.", "absent org a.com."},
	};

	(void)state;
	check_places(places, N_OF(places));
}

#define TWO(at) "_dmarc." at " TXT \"v=DMARC1; p=reject\"\n_dmarc." at " TXT \"v=DMARC1; p=none\"\n"

static void test_testing_and_two_records(void **state)
{
	static const struct place places[] = {
		{"_dmarc.a.com. TXT \"v=DMARC1; p=reject; t=y\"\n", "a.com.",
			"p=reject at a.com. org a.com. applied quarantine"},
		{"_dmarc.a.com. TXT \"v=DMARC1; p=none; sp=quarantine; t=Y\"\n", "b.a.com.",
			"sp=quarantine at a.com. org a.com. applied none"},
		{"_dmarc.a.com. TXT \"v=DMARC1; p=none; t=y\"\n", "a.com.",
			"p=none at a.com. org a.com."},
		{"_dmarc.a.com. TXT \"v=DMARC1; p=reject; t=yes\"\n", "a.com.",
			"p=reject at a.com. org a.com."},
		{TWO("a.com."), "a.com.", "absent org a.com."},
		{TWO("b.a.com.") "_dmarc.a.com. TXT \"v=DMARC1;p=reject\"\n", "b.a.com.",
			"p=reject at a.com. org a.com. two"},
		{TWO("b.a.com.") "_dmarc.a.com. TXT \"v=DMARC1;p=reject\"\n", "c.b.a.com.",
			"p=reject at a.com. org a.com. two"},
		{TWO("com.") "_dmarc.a.com. TXT \"v=DMARC1;p=reject\"\n", "b.a.com.",
			"p=reject at a.com. org a.com."},
		{"_dmarc.a.com. TXT \"v=DMARC1; p=reject; psd=n\"\n_dmarc.a.com. TXT "
		 "\"v=DMARC1;p=none;psd=n\"\n_dmarc.com. TXT \"v=DMARC1;p=none\"\n",
			"b.a.com.", "p=none at com. org com. two"},
	};

	(void)state;
	check_places(places, N_OF(places));
}

static void check_asked(const struct world *w, const char *const *names, size_t n)
{
	size_t n_seen = 0;

	for (size_t i = 0; i < w->n_asked; i++) {
		if (strncmp(w->asked[i], "16 _dmarc.", 10) == 0) {
			assert_true(n_seen < n);
			assert_string_equal(w->asked[i] + 3, names[n_seen++]);
		}
	}
	assert_int_equal(n_seen, n);
}

static void test_eight_queries(void **state)
{
	static const char *const nine[] = {"_dmarc.a.b.c.d.e.f.g.h.i.", "_dmarc.c.d.e.f.g.h.i.",
		"_dmarc.d.e.f.g.h.i.", "_dmarc.e.f.g.h.i.", "_dmarc.f.g.h.i.", "_dmarc.g.h.i.",
		"_dmarc.h.i.", "_dmarc.i."};
	static const char *const eight[] = {"_dmarc.b.c.d.e.f.g.h.i.", "_dmarc.c.d.e.f.g.h.i.",
		"_dmarc.d.e.f.g.h.i.", "_dmarc.e.f.g.h.i.", "_dmarc.f.g.h.i.", "_dmarc.g.h.i.",
		"_dmarc.h.i.", "_dmarc.i."};
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(TEST_ARENA);
	struct world *w = world_new(a, "_dmarc.b.c.d.e.f.g.h.i. TXT \"v=DMARC1; p=reject\"\n"
				       "_dmarc.d.e.f.g.h.i. TXT \"v=DMARC1; p=none; psd=y\"\n");
	struct dg_dmarc_found f = found(w, "a.b.c.d.e.f.g.h.i.");

	(void)state;
	check_asked(w, nine, 8);
	assert_string_equal(line(a, &f), "p=none at d.e.f.g.h.i. org c.d.e.f.g.h.i.");
	assert_int_equal(f.n_steps, 3);
	assert_true(f.steps[2].is_used);
	assert_string_equal(f.steps[2].record, "v=DMARC1; p=none; psd=y");

	w->n_asked = 0;
	f = found(w, "b.c.d.e.f.g.h.i.");
	check_asked(w, eight, 8);
	assert_string_equal(line(a, &f), "p=reject at b.c.d.e.f.g.h.i. org c.d.e.f.g.h.i.");
}

static void test_names_that_are_too_long(void **state)
{
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(TEST_ARENA);
	struct world *w = world_new(a, ORG "example.com. A 192.0.2.1\n");
	const char *label = "a23456789012345678901234567890123456789012345678901234567890123";
	const char *name =
		dg_printf(a, "%s.%s.%s.a23456789012345678901234567890123456789012345.example.com.",
			label, label, label);
	struct dg_dmarc_found f = found(w, name);

	(void)state;
	assert_string_equal(line(a, &f), "np=none at example.com. org example.com.");
	assert_non_null(strstr(f.steps[0].text, "too long"));
	assert_string_equal(f.steps[0].at, name);
}

static void test_large_records(void **state)
{
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(64u << 20);
	struct dg_buf b;

	(void)state;
	dg_buf_init(&b, 1u << 20);
	for (unsigned i = 0; i < 1000; i++) {
		dg_buf_printf(&b, "_dmarc.example.com. TXT \"v=DMARC1x; %u\"\n", i);
	}
	dg_buf_puts(&b, "_dmarc.example.com. TXT \"v=DMARC1; p=reject;\"");
	for (unsigned i = 0; i < 200; i++) {
		dg_buf_printf(&b, " \"%0200u\"", 0U);
	}
	dg_buf_puts(&b, " \"; sp=none\"\n");
	struct world *w = world_new(a, b.data);
	struct dg_dmarc_found f = found(w, "example.com.");
	assert_string_equal(line(a, &f), "p=reject at example.com. org example.com.");
	assert_int_equal(f.dmarc.sp, DG_DMARC_NONE);
	assert_int_equal(f.steps[0].n_records, 1);
	dg_buf_done(&b);
}

static struct dg_dmarc_found found_without(
	struct dg_arena *a, const char *zone, const char *domain, const char *unknown)
{
	struct world *w = world_new(a, zone);

	w->unknown = unknown;
	return found(w, domain);
}

static void test_could_not_tell(void **state)
{
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(TEST_ARENA);
	struct dg_dmarc_found f;

	(void)state;
	f = found_without(a, ORG, "example.com.", "*");
	assert_string_equal(line(a, &f), "unknown org example.com.");
	assert_string_equal(f.why, "_dmarc.example.com: could not tell: SERVFAIL");
	f = found_without(a, ORG, "m.example.com.", "16 _dmarc.m.example.com.,");
	assert_string_equal(line(a, &f), "unknown org example.com.");
	assert_false(f.is_org_certain);
	/* nothing on the way, but one name was not to be had: it could have been there */
	f = found_without(a, "", "m.example.com.", "16 _dmarc.com.,");
	assert_int_equal(f.state, DG_DMARC_UNKNOWN);
	f = found_without(a, ORG, "a.m.example.com.", "16 _dmarc.m.example.com.,");
	assert_int_equal(f.state, DG_DMARC_UNKNOWN); /* it could say psd=n */
	/* certain: the name has a record of its own */
	f = found_without(a, ORG SUB OWN, "m.example.com.", "16 _dmarc.com.,");
	assert_string_equal(line(a, &f), "p=quarantine at m.example.com. org example.com.");
	assert_false(f.is_org_certain);
	/* certain: the walk ends before it */
	f = found_without(a, BANK, "giant.bank.example.", "16 _dmarc.example.,");
	assert_int_equal(f.state, DG_DMARC_FOUND);
	assert_true(f.is_org_certain);
	/* whether the name exists matters only when np and sp differ */
	f = found_without(a, ORG, "x.example.com.", "16 x.example.com.,");
	assert_int_equal(f.state, DG_DMARC_UNKNOWN);
	assert_non_null(strstr(f.why, "whether x.example.com exists: SERVFAIL"));
	f = found_without(a, "_dmarc.example.com. TXT \"v=DMARC1; p=reject; np=reject\"\n",
		"x.example.com.", "16 x.example.com.,");
	assert_string_equal(line(a, &f), "p=reject at example.com. org example.com.");
}

static void test_pending(void **state)
{
	static const char *const names[] = {"_dmarc.a.m.example.com.", "_dmarc.m.example.com.",
		"_dmarc.example.com.", "_dmarc.com."};
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(TEST_ARENA);
	struct world *w = world_new(a, ORG);
	struct dg_dmarc_found f;

	(void)state;
	w->pending = "*";
	f = found(w, "a.m.example.com.");
	assert_int_equal(f.state, DG_DMARC_PENDING);
	check_asked(w, names, 4); /* all in one round */
	assert_int_equal(w->n_asked, 5);
	w->pending = "16 a.m.example.com.,";
	f = found(w, "a.m.example.com.");
	assert_int_equal(f.state, DG_DMARC_PENDING);
	w->pending = "16 _dmarc.com.,";
	f = found(w, "a.m.example.com.");
	assert_int_equal(f.state, DG_DMARC_PENDING);
	w->pending = NULL;
	f = found(w, "a.m.example.com.");
	assert_string_equal(line(a, &f), "np=none at example.com. org example.com.");
	assert_true(f.is_missing);
}

static void test_steps(void **state)
{
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(TEST_ARENA);
	struct world *w =
		world_new(a, TWO("m.example.com.") "_dmarc.example.com. TXT "
						   "\"x\"\n_dmarc.example.com. TXT \"y\"\n"
						   "_dmarc.com. TXT \"v=DMARC1; p=none\"\n");
	struct dg_dmarc_found f = found(w, "a.m.example.com.");

	(void)state;
	assert_int_equal(f.n_steps, 4);
	assert_string_equal(f.steps[0].at, "_dmarc.a.m.example.com.");
	assert_string_equal(f.steps[0].text, "no such name");
	assert_null(f.steps[0].record);
	assert_string_equal(f.steps[1].text, "2 DMARC records: all are discarded");
	assert_int_equal(f.steps[1].n_records, 2);
	assert_non_null(f.steps[1].record);
	assert_int_equal(f.steps[1].n_more, 1);
	assert_string_not_equal(f.steps[1].more[0], f.steps[1].record);
	assert_true(dg_dmarc_is_record(f.steps[1].more[0], strlen(f.steps[1].more[0])));
	assert_int_equal(f.steps[3].n_more, 0);
	assert_string_equal(f.steps[2].text, "no DMARC record among 2 TXT records");
	assert_true(f.steps[3].is_used);
	w = world_new(a, TWO("example.com."));
	f = found(w, "example.com.");
	assert_string_equal(f.why, "_dmarc.example.com has 2 DMARC records: all are discarded (RFC "
				   "9989 section 4.10)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_which_record),
		cmocka_unit_test(test_which_names_exist),
		cmocka_unit_test(test_what_is_a_record),
		cmocka_unit_test(test_without_valid_policy),
		cmocka_unit_test(test_testing_and_two_records),
		cmocka_unit_test(test_eight_queries),
		cmocka_unit_test(test_names_that_are_too_long),
		cmocka_unit_test(test_large_records),
		cmocka_unit_test(test_could_not_tell),
		cmocka_unit_test(test_pending),
		cmocka_unit_test(test_steps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
