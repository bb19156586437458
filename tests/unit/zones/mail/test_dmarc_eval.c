#include "tests/unit/unit.h"

#include "tests/unit/zones/mail/mail.h"
#include "tests/unit/zones/mail/world.h"
#include "zones/mail/dmarc_find.h"

#define N_OF(list) (sizeof(list) / sizeof((list)[0]))

#define ORG    "_dmarc.example.com. TXT \"v=DMARC1; p=reject\"\n"
#define STRICT "_dmarc.example.com. TXT \"v=DMARC1; p=reject; adkim=s; aspf=s\"\n"

static struct dg_dmarc_outcome judged(struct world *w, enum dg_spf_result spf, char qualifier,
	const char *spf_domain, const char *dkim)
{
	struct dg_dmarc_dkim signatures[] = {{.domain = "other.example."}, {.domain = dkim}};
	struct dg_dmarc_query q = {
		.from = "m.example.com.",
		.spf = spf,
		.spf_qualifier = qualifier,
		.spf_domain = spf_domain,
		.dkim = signatures,
		.n_dkim = dkim ? 2 : 0,
	};
	struct dg_dmarc_outcome out;

	w->n_asked = 0;
	dg_dmarc_eval(w->arena, &q, &w->facts, &out);
	return out;
}

static void test_alignment(void **state)
{
	static const struct {
		const char *zone;
		enum dg_spf_result spf;
		char qualifier;
		const char *spf_domain, *dkim;
		enum dg_dmarc_result expected;
	} cases[] = {
		{ORG, DG_SPF_RESULT_PASS, '+', "m.example.com.", NULL, DG_DMARC_RESULT_PASS},
		{ORG, DG_SPF_RESULT_PASS, '+', "bounce.example.com.", NULL, DG_DMARC_RESULT_PASS},
		{ORG, DG_SPF_RESULT_PASS, '+', "example.com.", NULL, DG_DMARC_RESULT_PASS},
		{ORG, DG_SPF_RESULT_PASS, '+', "example.net.", NULL, DG_DMARC_RESULT_FAIL},
		{ORG, DG_SPF_RESULT_PASS, '+', "notexample.com.", NULL, DG_DMARC_RESULT_FAIL},
		{ORG, DG_SPF_RESULT_PASS, '?', "m.example.com.", NULL, DG_DMARC_RESULT_FAIL},
		{ORG, DG_SPF_RESULT_NEUTRAL, '?', "m.example.com.", NULL, DG_DMARC_RESULT_FAIL},
		{ORG, DG_SPF_RESULT_SOFTFAIL, '~', "m.example.com.", NULL, DG_DMARC_RESULT_FAIL},
		{ORG, DG_SPF_RESULT_PERMERROR, '\0', "m.example.com.", NULL, DG_DMARC_RESULT_FAIL},
		{ORG, DG_SPF_RESULT_TEMPERROR, '\0', "m.example.com.", NULL,
			DG_DMARC_RESULT_TEMPERROR},
		{ORG, DG_SPF_RESULT_TEMPERROR, '\0', "example.com.", NULL,
			DG_DMARC_RESULT_TEMPERROR},
		{ORG, DG_SPF_RESULT_TEMPERROR, '\0', "example.net.", NULL, DG_DMARC_RESULT_FAIL},
		{ORG, DG_SPF_RESULT_TEMPERROR, '\0', "m.example.com.", "m.example.com.",
			DG_DMARC_RESULT_PASS},
		{ORG, DG_SPF_RESULT_PENDING, '\0', "m.example.com.", "m.example.com.",
			DG_DMARC_RESULT_PENDING},
		{ORG, DG_SPF_RESULT_PASS, '+', NULL, NULL, DG_DMARC_RESULT_FAIL},
		{ORG, DG_SPF_RESULT_FAIL, '-', "m.example.com.", "example.com.",
			DG_DMARC_RESULT_PASS},
		{ORG, DG_SPF_RESULT_NONE, '\0', NULL, "a.b.example.com.", DG_DMARC_RESULT_PASS},
		{ORG, DG_SPF_RESULT_NONE, '\0', NULL, "com.", DG_DMARC_RESULT_FAIL},
		{STRICT, DG_SPF_RESULT_PASS, '+', "example.com.", "example.com.",
			DG_DMARC_RESULT_FAIL},
		{STRICT, DG_SPF_RESULT_PASS, '+', "m.example.com.", NULL, DG_DMARC_RESULT_PASS},
		{STRICT, DG_SPF_RESULT_NONE, '\0', NULL, "m.example.com.", DG_DMARC_RESULT_PASS},
		/* psd=n: b.example.com is an organization of its own */
		{ORG "_dmarc.b.example.com. TXT \"v=DMARC1; p=none; psd=n\"\n", DG_SPF_RESULT_PASS,
			'+', "b.example.com.", NULL, DG_DMARC_RESULT_FAIL},
		{"", DG_SPF_RESULT_PASS, '+', "m.example.com.", NULL, DG_DMARC_RESULT_NONE},
	};

	(void)state;
	for (size_t i = 0; i < N_OF(cases); i++) {
		struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(TEST_ARENA);
		struct dg_dmarc_outcome out = judged(world_new(a, cases[i].zone), cases[i].spf,
			cases[i].qualifier, cases[i].spf_domain, cases[i].dkim);

		if (out.result != cases[i].expected) {
			(void)fprintf(stderr, "%zu: %s\n", i, out.text);
		}
		assert_string_equal(
			dg_dmarc_result_text(out.result), dg_dmarc_result_text(cases[i].expected));
		assert_int_equal(out.disposition,
			out.result == DG_DMARC_RESULT_FAIL ? DG_DMARC_REJECT : DG_DMARC_NONE);
	}
}

static void test_words(void **state)
{
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(TEST_ARENA);
	struct world *w = world_new(a, "_dmarc.example.com. TXT \"v=DMARC1; p=reject; t=y\"\n");
	struct dg_dmarc_outcome out;

	(void)state;
	out = judged(w, DG_SPF_RESULT_PASS, '+', "example.com.", "m.example.com.");
	assert_true(out.is_spf_aligned && out.is_dkim_aligned);
	assert_string_equal(out.text, "SPF for example.com and DKIM for m.example.com passed, "
				      "aligned with m.example.com");
	out = judged(w, DG_SPF_RESULT_PASS, '+', "example.net.", NULL);
	assert_false(out.is_spf_aligned || out.is_dkim_aligned);
	assert_string_equal(out.text,
		"example.net passed, which is not aligned with m.example.com: p=reject at "
		"_dmarc.example.com with t=y, so one step lower");
	assert_int_equal(out.disposition, DG_DMARC_QUARANTINE);
	out = judged(w, DG_SPF_RESULT_NONE, '\0', NULL, NULL);
	assert_non_null(
		strstr(out.text, "neither SPF nor DKIM passed for m.example.com: p=reject"));
}

static void test_not_known(void **state)
{
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(TEST_ARENA);
	struct world *w =
		world_new(a, "_dmarc.m.example.com. TXT \"v=DMARC1; "
			     "p=reject\"\n_dmarc.example.com. TXT \"v=DMARC1; p=none\"\n");
	struct dg_dmarc_outcome out;

	(void)state;
	w->pending = "*";
	out = judged(w, DG_SPF_RESULT_PASS, '+', "b.example.com.", "c.example.com.");
	assert_int_equal(out.result, DG_DMARC_RESULT_PENDING);
	/* in one round: m, its existence, example.com, com; b; c. other.example cannot share an organization. */
	assert_int_equal(w->n_asked, 6);
	w->pending = NULL;
	w->unknown = "16 _dmarc.com.,";
	out = judged(w, DG_SPF_RESULT_PASS, '+', "b.example.com.", NULL);
	assert_int_equal(out.result, DG_DMARC_RESULT_TEMPERROR);
	assert_non_null(strstr(out.text, "aligned"));
	/* certain in spite of it */
	out = judged(w, DG_SPF_RESULT_PASS, '+', "b.example.com.", "m.example.com.");
	assert_int_equal(out.result, DG_DMARC_RESULT_PASS);
	out = judged(w, DG_SPF_RESULT_PASS, '+', "example.net.", NULL);
	assert_int_equal(out.result, DG_DMARC_RESULT_FAIL);
	w->unknown = "*";
	out = judged(w, DG_SPF_RESULT_PASS, '+', "m.example.com.", NULL);
	assert_int_equal(out.result, DG_DMARC_RESULT_TEMPERROR);
	assert_string_equal(out.text, "_dmarc.m.example.com: could not tell: SERVFAIL");
}

static void test_method(void **state)
{
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(TEST_ARENA);
	struct world *w = world_new(a, "_dmarc.co.uk. TXT \"v=DMARC1; p=none\"\n_dmarc.a.co.uk. "
				       "TXT \"v=DMARC1; p=reject\"\n");
	struct dg_dmarc_query q = {.from = "a.co.uk.",
		.spf = DG_SPF_RESULT_PASS,
		.spf_qualifier = '+',
		.spf_domain = "b.co.uk."};
	struct dg_dmarc_outcome out;

	(void)state;
	dg_dmarc_eval(a, &q, &w->facts,
		&out); /* a record at co.uk without psd=y makes it one organization */
	assert_int_equal(out.result, DG_DMARC_RESULT_PASS);
	q.method = DG_DMARC_PSL;
	dg_dmarc_eval(a, &q, &w->facts, &out);
	assert_int_equal(out.result, DG_DMARC_RESULT_FAIL);
}

struct consent {
	const char *zone, *uri;
	enum dg_dmarc_consent expected;
	const char *at;
};

static void test_consent(void **state)
{
#define AT "example.com._report._dmarc.example.net."
	static const struct consent cases[] = {
		{"", "mailto:r@example.com", DG_DMARC_CONSENT_NOT_NEEDED, NULL},
		{ORG, "mailto:r@m.example.com", DG_DMARC_CONSENT_NOT_NEEDED, NULL},
		{ORG, "MAILTO:r@M.Example.COM!10m", DG_DMARC_CONSENT_NOT_NEEDED, NULL},
		{ORG, "mailto:r@example.net", DG_DMARC_CONSENT_ABSENT, AT},
		{ORG AT " TXT \"v=DMARC1\"\n", "mailto:r@example.net", DG_DMARC_CONSENT_GIVEN, AT},
		{ORG AT " TXT \"v=DMARC1;\"\n", "https://Example.net:8443/r",
			DG_DMARC_CONSENT_GIVEN, AT},
		{ORG AT " TXT \"v=DMARC1; rua=mailto:x@example.net\"\n" AT " TXT \"x\"\n",
			"mailto:r@example.net", DG_DMARC_CONSENT_GIVEN, AT},
		{ORG AT " TXT \"v=dmarc1\"\n", "mailto:r@example.net", DG_DMARC_CONSENT_ABSENT, AT},
		{ORG AT " TXT \"v=DMARC1\"\n" AT " TXT \"v=DMARC1;\"\n", "mailto:r@example.net",
			DG_DMARC_CONSENT_GIVEN, AT},
		{ORG "*._report._dmarc.example.net. TXT \"v=DMARC1\"\n", "mailto:r@example.net",
			DG_DMARC_CONSENT_GIVEN, AT},
		{ORG "_dmarc.m.example.com. TXT \"v=DMARC1; p=none; psd=n\"\n",
			"mailto:r@m.example.com", DG_DMARC_CONSENT_ABSENT,
			"example.com._report._dmarc.m.example.com."},
		{ORG, "ftp://example.net/", DG_DMARC_CONSENT_ABSENT, NULL},
		{ORG, "r@example.net", DG_DMARC_CONSENT_ABSENT, NULL},
		{ORG, "", DG_DMARC_CONSENT_ABSENT, NULL},
	};

	(void)state;
	for (size_t i = 0; i < N_OF(cases); i++) {
		struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(TEST_ARENA);
		struct world *w = world_new(a, cases[i].zone);
		const char *at = "untouched";
		enum dg_dmarc_consent c =
			dg_dmarc_report_consent(a, "example.com.", cases[i].uri, &w->facts, &at);

		assert_string_equal(
			dg_dmarc_consent_text(c), dg_dmarc_consent_text(cases[i].expected));
		assert_string_equal(at ? at : "none", cases[i].at ? cases[i].at : "none");
	}
}

/* Nobody can publish the consent, so there is none. */
static void test_consent_too_long(void **state)
{
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(TEST_ARENA);
	struct world *w = world_new(a, ORG);
	const char *label = "a23456789012345678901234567890123456789012345678901234567890123";
	const char *host = dg_printf(a, "%s.%s.%s.example.net", label, label, label);
	const char *at = "untouched";

	(void)state;
	assert_int_equal(dg_dmarc_report_consent(a, dg_printf(a, "%s.example.com.", label),
				 dg_printf(a, "mailto:r@%s", host), &w->facts, &at),
		DG_DMARC_CONSENT_ABSENT);
	assert_null(at);
}

static enum dg_dmarc_consent asked(struct world *w)
{
	const char *at = NULL;

	w->n_asked = 0;
	return dg_dmarc_report_consent(
		w->arena, "example.com.", "mailto:r@example.net", &w->facts, &at);
}

static void test_consent_not_known(void **state)
{
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(TEST_ARENA);
	struct world *w = world_new(a, ORG AT " TXT \"v=DMARC1\"\n");

	(void)state;
	w->pending = "*";
	assert_int_equal(asked(w), DG_DMARC_CONSENT_PENDING);
	assert_int_equal(w->n_asked, 5); /* both walks and the consent in one round */
	w->pending = NULL;
	w->unknown = "16 _dmarc.com.,";
	assert_int_equal(asked(w), DG_DMARC_CONSENT_GIVEN); /* whether it was needed or not */
	w->unknown = "16 " AT ",";
	assert_int_equal(asked(w), DG_DMARC_CONSENT_UNKNOWN);
	w->unknown = "16 _dmarc.com.,";
	w->nodata = "16 " AT ",";
	assert_int_equal(asked(w), DG_DMARC_CONSENT_UNKNOWN); /* may not be needed */
	w->unknown = NULL;
	assert_int_equal(asked(w), DG_DMARC_CONSENT_ABSENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_alignment),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_not_known),
		cmocka_unit_test(test_method),
		cmocka_unit_test(test_consent),
		cmocka_unit_test(test_consent_not_known),
		cmocka_unit_test(test_consent_too_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
