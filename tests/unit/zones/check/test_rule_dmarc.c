/* Each finding about DMARC: where it is there, and where it is not. */
#include "tests/unit/zones/check/check_unit.h"
#include "zones/check/rule.h"

#define DMARC   "_dmarc.example.com. TXT "
#define SENDS   "example.com. TXT v=spf1 ip4:192.0.2.1 -all\nexample.com. MX 10 mx.example.net.\n"
#define PARKED  "example.com. TXT v=spf1 -all\nexample.com. MX 0 .\n"
#define SOUND   SENDS DMARC "v=DMARC1; p=reject; rua=mailto:d@example.com\n"
#define WITH(x) SENDS DMARC "v=DMARC1; " x "\n"
#define REPORTS "mail.test. MX 10 mx.mail.test.\nmx.mail.test. A 192.0.2.9\n"
#define CONSENT "example.com._report._dmarc.mail.test. TXT v=DMARC1;\n"
#define ABOVE   "_dmarc.com. TXT v=DMARC1; p=reject\n"

static const struct found_case cases[] = {
	{"dmarc-missing", DG_SEVERITY_ERROR, "no DMARC policy is in force", SENDS, SOUND},
	{"dmarc-missing", DG_SEVERITY_ERROR, "no valid policy", WITH("p=rejct"), SOUND},
	{"dmarc-missing", DG_SEVERITY_ERROR, "2 DMARC records",
		WITH("p=reject") DMARC "v=DMARC1; p=none", PARKED ABOVE},
	{"dmarc-unknown", DG_SEVERITY_UNKNOWN, "no answer within",
		SENDS "!unknown _dmarc.example.com. TXT", SOUND "!unknown _dmarc.com. TXT"},
	{"dmarc-several", DG_SEVERITY_ERROR, "go on to the domain above find none",
		WITH("p=reject") DMARC "v=DMARC1; p=none", SOUND DMARC "v=spf1 -all"},
	{"dmarc-several", DG_SEVERITY_ERROR, "find p=reject at com",
		WITH("p=reject") DMARC "v=DMARC1; p=none\n" ABOVE, SOUND},
	{"dmarc-several", DG_SEVERITY_ERROR, "find what could not be looked up",
		WITH("p=reject") DMARC "v=DMARC1; p=none\n!unknown _dmarc.com. TXT", SOUND},
	{"dmarc-not-a-record", DG_SEVERITY_WARNING, "in front of", SOUND DMARC " v=DMARC1; p=none",
		SOUND},
	{"dmarc-misplaced", DG_SEVERITY_WARNING, "has no effect",
		SENDS "example.com. TXT v=DMARC1; p=reject", SOUND},
	{"dmarc-not-a-record", DG_SEVERITY_ERROR, "in front of", SENDS DMARC " v=DMARC1; p=reject",
		SOUND},
	{"dmarc-not-a-record", DG_SEVERITY_ERROR, "other letters", SENDS DMARC "v=dmarc1; p=reject",
		SOUND},
	{"dmarc-not-a-record", DG_SEVERITY_ERROR, "does not begin", SENDS DMARC "p=reject", SOUND},
	{"dmarc-not-a-record", DG_SEVERITY_ERROR, "than a semicolon",
		SENDS DMARC "v=DMARC1, p=reject", SOUND},
	{"dmarc-unrelated-txt", DG_SEVERITY_NOTE,
		"1 TXT record at _dmarc.example.com not about DMARC",
		SENDS "*.example.com. TXT v=spf1 -all", SOUND "*.example.com. TXT v=spf1 -all"},
	{"dmarc-alias", DG_SEVERITY_NOTE, "leads to policy.test",
		SENDS "_dmarc.example.com. CNAME policy.test.\npolicy.test. TXT v=DMARC1; p=reject",
		SOUND},
	{"dmarc-inherited", DG_SEVERITY_NOTE, "p=reject of com counts", SENDS ABOVE, SOUND},
	{"dmarc-inherited", DG_SEVERITY_WARNING, "sp=none of com counts",
		SENDS "_dmarc.com. TXT v=DMARC1; p=reject; sp=none", SOUND},
	{"dmarc-repaired", DG_SEVERITY_ERROR, "as if the record said p=none",
		WITH("p=rejct; rua=mailto:d@example.com"), WITH("p=rejct")},
	{"dmarc-psl-differs", DG_SEVERITY_WARNING, "find no policy", SENDS ABOVE, SOUND ABOVE},
	{"dmarc-none", DG_SEVERITY_WARNING, "p=none", WITH("p=none"), SOUND},
	{"dmarc-quarantine", DG_SEVERITY_NOTE, "spam folder", WITH("p=quarantine"), SOUND},
	{"dmarc-testing", DG_SEVERITY_WARNING, "one level lower", WITH("p=reject; t=y"), SOUND},
	{"dmarc-weak-sp", DG_SEVERITY_WARNING, "sp is weaker", WITH("p=reject; sp=none"), SOUND},
	{"dmarc-weak-np", DG_SEVERITY_WARNING, "np is weaker", WITH("p=reject; np=none"),
		WITH("p=none; np=reject")},
	{"dmarc-unused-sp", DG_SEVERITY_NOTE, "ignored here", WITH("p=reject; sp=reject") ABOVE,
		WITH("p=reject; sp=reject")},
	{"dmarc-psd", DG_SEVERITY_WARNING, "public suffixes", WITH("p=reject; psd=y"),
		WITH("p=reject; psd=n")},
	{"dmarc-no-reports", DG_SEVERITY_NOTE, "no rua", WITH("p=reject"),
		PARKED DMARC "v=DMARC1; p=reject"},
	{"dmarc-many-addresses", DG_SEVERITY_NOTE, "more than two",
		WITH("p=reject; "
		     "rua=mailto:a@example.com,mailto:b@example.com,mailto:c@example.com"),
		SOUND},
	{"dmarc-fo-unused", DG_SEVERITY_NOTE, "no ruf", WITH("p=reject; fo=1"), SOUND},
	{"dmarc-ruf", DG_SEVERITY_NOTE, "copies", WITH("p=reject; ruf=mailto:d@example.com"),
		SOUND},
	{"dmarc-consent", DG_SEVERITY_WARNING, "has not agreed",
		WITH("p=reject; rua=mailto:d@mail.test") REPORTS,
		WITH("p=reject; rua=mailto:d@mail.test") REPORTS CONSENT},
	{"dmarc-consent", DG_SEVERITY_WARNING, "ruf names",
		WITH("p=reject; ruf=mailto:d@mail.test") REPORTS,
		WITH("p=reject; rua=mailto:d@sub.example.com")},
	{"dmarc-consent-unknown", DG_SEVERITY_UNKNOWN, "could not be looked up",
		WITH("p=reject; rua=mailto:d@mail.test") REPORTS
		"!unknown example.com._report._dmarc.mail.test. TXT",
		WITH("p=reject; rua=mailto:d@mail.test") REPORTS},
	{"dmarc-external", DG_SEVERITY_GOOD, "has agreed",
		WITH("p=reject; rua=mailto:d@mail.test") REPORTS CONSENT,
		WITH("p=reject; rua=mailto:d@mail.test") REPORTS},
	{"dmarc-report-no-mail", DG_SEVERITY_WARNING, "takes no mail",
		PARKED DMARC "v=DMARC1; p=reject; rua=mailto:d@example.com", SOUND},
	{"dmarc-report-no-mail", DG_SEVERITY_WARNING, "takes no mail",
		WITH("p=reject; rua=mailto:d@mail.test") CONSENT,
		WITH("p=reject; rua=mailto:d@mail.test") CONSENT "mail.test. A 192.0.2.9"},
	{"dmarc-enforced", DG_SEVERITY_GOOD, "p=reject is in force", SOUND, WITH("p=reject; t=y")},
	/* faults */
	{"dmarc-bad-policy", DG_SEVERITY_ERROR, "expected none", WITH("p=rejct"), SOUND},
	{"dmarc-no-policy", DG_SEVERITY_ERROR, "p= is missing", WITH("sp=reject"), SOUND},
	{"dmarc-duplicate-tag", DG_SEVERITY_ERROR, "stands twice", WITH("p=reject; p=none"), SOUND},
	{"dmarc-syntax", DG_SEVERITY_WARNING, "tag=value", WITH("p=reject; oops"), SOUND},
	{"dmarc-order", DG_SEVERITY_WARNING, "p", WITH("sp=none; p=reject"), SOUND},
	{"dmarc-bad-value", DG_SEVERITY_WARNING, "default", WITH("p=reject; adkim=x"), SOUND},
	{"dmarc-bad-uri", DG_SEVERITY_WARNING, "no report is sent",
		WITH("p=reject; rua=d@example.com"), SOUND},
	{"dmarc-uri-scheme", DG_SEVERITY_WARNING, "mailto: addresses",
		WITH("p=reject; rua=https://example.com/d"), SOUND},
	{"dmarc-uri-size", DG_SEVERITY_WARNING, "obsolete",
		WITH("p=reject; rua=mailto:d@example.com!10m"), SOUND},
	{"dmarc-removed-tag", DG_SEVERITY_WARNING, "was removed", WITH("p=reject; pct=50"), SOUND},
	{"dmarc-tag-case", DG_SEVERITY_WARNING, "lower case", WITH("P=reject"), SOUND},
	{"dmarc-unknown-tag", DG_SEVERITY_NOTE, "unknown", WITH("p=reject; x=y"), SOUND},
};

#define N_CASES (sizeof(cases) / sizeof(cases[0]))

static void test_cases(void **state)
{
	(void)state;
	expect_cases(cases, N_CASES);
}

static const char *const huge[] = {"dmarc-many-uris", "dmarc-too-long",
	"dmarc-version"}; /* a record that does not begin so is never read as one */

static void test_huge(void **state)
{
	static const struct {
		size_t n;
		const char *code;
	} rows[] = {{40, "dmarc-many-uris"}, {1000, "dmarc-too-long"}};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct dg_buf b;
		struct world w;

		dg_buf_init(&b, 1u << 20);
		dg_buf_puts(&b, DMARC "v=DMARC1; p=reject; rua=mailto:a@example.com");
		for (size_t k = 0; k < rows[i].n; k++) {
			dg_buf_puts(&b, ",mailto:a@example.com");
		}
		assert_non_null(finding_with(world_check(&w, b.data), rows[i].code));
		world_done(&w);
		dg_buf_done(&b);
		assert_null(finding_with(world_check(&w, SOUND), rows[i].code));
		world_done(&w);
	}
}

static void test_kinds(void **state)
{
	(void)state;
	expect_kinds(dg_dmarc_kinds, cases, N_CASES, NULL, 0);
	expect_kinds(dg_dmarc_syntax_kinds, cases, N_CASES, huge, sizeof(huge) / sizeof(huge[0]));
}

static void test_remedies(void **state)
{
	struct world w;
	const struct dg_check *c =
		world_check(&w, WITH("p=none; sp=none; t=y; adkim=s; rua=mailto:d@example.com"));

	(void)state;
	assert_string_equal(remedy_of(c, "dmarc-none"),
		"when the reports show that all mail of yours passes:\n_dmarc.example.com. TXT "
		"\"v=DMARC1; p=reject; adkim=s; rua=mailto:d@example.com\"");
	assert_string_equal(remedy_of(c, "dmarc-testing"),
		"_dmarc.example.com. TXT \"v=DMARC1; p=none; sp=none; adkim=s; "
		"rua=mailto:d@example.com\"");
	assert_string_equal(need(c, "dmarc-none")->owner, "_dmarc.example.com.");
	world_done(&w);

	c = world_check(&w, WITH("p=reject") DMARC "other text, longer than the record");
	assert_string_equal(need(c, "dmarc-unrelated-txt")->evidence,
		"_dmarc.example.com TXT \"other text, longer than the record\"");
	assert_null(strstr(need(c, "dmarc-unrelated-txt")->text, "wildcard"));
	world_done(&w);

	c = world_check(&w, WITH("p=none") DMARC "v=DMARC1; p=reject; rua=mailto:d@example.com");
	assert_string_equal(remedy_of(c, "dmarc-several"),
		"one record in place of all 2, for instance:\n_dmarc.example.com. TXT \"v=DMARC1; "
		"p=reject; rua=mailto:d@example.com\"");
	assert_string_equal(remedy_of(c, "dmarc-missing"), remedy_of(c, "dmarc-several"));
	world_done(&w);

	c = world_check(&w, PARKED);
	assert_string_equal(
		remedy_of(c, "dmarc-missing"), "_dmarc.example.com. TXT \"v=DMARC1; p=reject\"");
	world_done(&w);

	c = world_check(&w, WITH("p=reject; rua=mailto:d@mail.test") REPORTS);
	assert_non_null(strstr(remedy_of(c, "dmarc-consent"),
		"example.com._report._dmarc.mail.test. TXT \"v=DMARC1;\""));
	world_done(&w);
}

/* Both kinds of receivers find a policy, and not the same: com is above what the list calls the organizational domain. */
static void test_two_policies(void **state)
{
	static const char *const worlds[] = {
		"_dmarc.com. TXT v=DMARC1; p=none; sp=reject\nm.example.com. A 9.9.9.9\n" DMARC
		"v=DMARC1; p=reject",
		"_dmarc.com. TXT v=DMARC1; p=none; sp=reject\nm.example.com. A 9.9.9.9\n" DMARC
		"v=DMARC1; p=reject; sp=none",
	};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct world w;
		struct dg_check c;

		(void)world_check(&w, worlds[i]);
		w.in.domain = "m.example.com.";
		dg_check_make(w.arena, &w.in, &c);
		assert_int_equal(c.walk.policy, DG_DMARC_REJECT);
		assert_int_equal(finding_with(&c, "dmarc-psl-differs") != NULL, i == 1);
		assert_int_equal(c.rulings[DG_IDENTITY_FROM][DG_CLASS_DOMAIN].forgery,
			i == 1 ? DG_FORGEABLE_LENIENT : DG_PROTECTED);
		world_done(&w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_huge),
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_remedies),
		cmocka_unit_test(test_two_policies),
	};

	return cmocka_run_group_tests_name("rule_dmarc", tests, NULL, NULL);
}
