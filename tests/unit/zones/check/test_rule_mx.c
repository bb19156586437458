/* Each finding about MX, and about names that are not for mail: where it is there, and where it is not. */
#include "tests/unit/zones/check/check_unit.h"
#include "zones/check/rule.h"

#define SENDS   "example.com. TXT v=spf1 ip4:192.0.2.1 -all\n"
#define SILENT  "example.com. TXT v=spf1 -all\n"
#define MX(x)   "example.com. MX 10 " x "\n"
#define NULL_MX "example.com. MX 0 .\n"
#define WEB     "example.com. A 203.0.113.80\n"
#define HOST    "mx.test. A 9.9.9.9\nmx.test. AAAA 2620:fe::9\n"
#define SOUND   SENDS MX("mx.test.") "example.com. MX 20 mx2.test.\nmx2.test. A 9.9.9.10\n" HOST
#define REJECT  "_dmarc.example.com. TXT v=DMARC1; p=reject\n"

static const struct found_case cases[] = {
	{"mx-unknown", DG_SEVERITY_UNKNOWN, "no answer within", SENDS "!unknown example.com. MX",
		SOUND},
	{"mx-null", DG_SEVERITY_GOOD, "given up at the sender", SILENT NULL_MX, SOUND},
	{"mx-null-sends", DG_SEVERITY_WARNING, "lets hosts send", SENDS NULL_MX, SILENT NULL_MX},
	{"mx-null-sends", DG_SEVERITY_WARNING, "lets hosts send", SENDS NULL_MX,
		"example.com. TXT v=spf1 redirect=a.test\na.test. TXT v=spf1 -all\n" NULL_MX},
	{"mx-null-beside-others", DG_SEVERITY_ERROR, "beside 1 other", SENDS NULL_MX MX("mx.test."),
		SILENT NULL_MX},
	{"mx-null-preference", DG_SEVERITY_ERROR, "preference 0", SILENT MX("."), SILENT NULL_MX},
	{"mx-implicit", DG_SEVERITY_ERROR, "its own address", SILENT WEB, SILENT WEB NULL_MX},
	{"mx-implicit", DG_SEVERITY_WARNING, "its own address", WEB, SOUND WEB},
	{"mx-implicit", DG_SEVERITY_NOTE, "its own address", SENDS "example.com. AAAA 2620:fe::80",
		SENDS},
	{"mx-none", DG_SEVERITY_GOOD, "neither MX nor address", SILENT, SILENT WEB},
	{"mx-receive-only", DG_SEVERITY_NOTE, "its MX takes mail", SILENT MX("mx.test.") HOST,
		SOUND},
	{"mx-alias", DG_SEVERITY_ERROR, "alias of mx.test",
		SENDS MX("a.test.") "a.test. CNAME mx.test.\n" HOST, SOUND},
	{"mx-no-address", DG_SEVERITY_ERROR, "does not exist", SENDS MX("gone.test."), SOUND},
	{"mx-no-address", DG_SEVERITY_ERROR, "neither A nor AAAA",
		SENDS MX("here.test.") "here.test. TXT x", SOUND},
	{"mx-special-address", DG_SEVERITY_ERROR, "10.0.0.1",
		SENDS MX("in.test.") "in.test. A 10.0.0.1", SOUND},
	{"mx-special-address", DG_SEVERITY_WARNING, "127.0.0.1",
		SENDS MX("mx.test.") HOST "mx.test. A 127.0.0.1", SOUND},
	{"mx-host-unknown", DG_SEVERITY_UNKNOWN, "no answer within",
		SENDS MX("mx.test.") "!unknown mx.test. A\n!unknown mx.test. AAAA", SOUND},
	{"mx-no-ipv4", DG_SEVERITY_WARNING, "IPv4",
		SENDS MX("six.test.") "six.test. AAAA 2620:fe::9", SOUND},
	{"mx-single", DG_SEVERITY_NOTE, "only MX host", SENDS MX("mx.test.") HOST,
		SENDS MX("mx.test.") HOST "mx.test. A 9.9.9.11"},
	{"mx-address", DG_SEVERITY_ERROR, "is an address", SENDS MX("192.0.2.1."), SOUND},
	{"mx-localhost", DG_SEVERITY_ERROR, "talk to themselves", SENDS MX("localhost."), SOUND},
	{"mx-single-label", DG_SEVERITY_WARNING, "one label", SENDS MX("mail."), SOUND},
	{"mx-odd-host", DG_SEVERITY_WARNING, "not a host name", SENDS MX("a_b.test."), SOUND},
	{"mx-duplicate-host", DG_SEVERITY_WARNING, "twice", SOUND "example.com. MX 30 mx.test.",
		SOUND},
	{"parked-locked", DG_SEVERITY_GOOD, "and says so", SILENT NULL_MX REJECT,
		SENDS NULL_MX REJECT},
	{"parked-locked", DG_SEVERITY_GOOD, "and says so", SILENT REJECT, SILENT WEB REJECT},
	{"parked-locked", DG_SEVERITY_GOOD, "and says so", SILENT NULL_MX REJECT,
		SILENT NULL_MX "_dmarc.example.com. TXT v=DMARC1; p=none"},
	{"parked-dmarc", DG_SEVERITY_WARNING, "does not ask to refuse", SILENT NULL_MX,
		SILENT NULL_MX REJECT},
	{"parked-open", DG_SEVERITY_WARNING, "does not say that it sends none", NULL_MX,
		SILENT NULL_MX},
	{"parked-open", DG_SEVERITY_WARNING, "does not say", "www.example.com. A 9.9.9.9", WEB},
	{"domain-missing", DG_SEVERITY_NOTE, "NXDOMAIN", "other.test. A 9.9.9.9", SOUND},
	{"domain-missing", DG_SEVERITY_NOTE, "NXDOMAIN", "x.test. A 9.9.9.9",
		"example.com. CNAME gone.test."},
	{"domain-unknown", DG_SEVERITY_UNKNOWN, "nothing about example.com",
		"!unknown example.com. TXT\n!unknown example.com. MX", SOUND},
};

#define N_CASES (sizeof(cases) / sizeof(cases[0]))

static void test_cases(void **state)
{
	(void)state;
	expect_cases(cases, N_CASES);
}

/* The evidence is the record that names the host, not the first one. */
static void test_evidence(void **state)
{
	static const char *const codes[] = {"mx-alias", "mx-no-address", "mx-special-address"};
	static const char *const records[] = {"example.com MX 20 a.test.",
		"example.com MX 30 gone.test.", "example.com MX 40 in.test."};
	struct world w;

	(void)state;
	(void)world_check(&w,
		SENDS MX("mx.test.") HOST "example.com. MX 20 a.test.\na.test. CNAME mx.test.\n"
					  "example.com. MX 30 gone.test.\n"
					  "example.com. MX 40 in.test.\nin.test. A 10.0.0.1\n"
					  "example.com. MX 50 192.0.2.1.\n");
	for (size_t i = 0; i < 3; i++) {
		const struct dg_finding *f = finding_with(&w.check, codes[i]);

		assert_true(f && strcmp(f->evidence, records[i]) == 0);
	}
	const struct dg_finding *f = finding_with(&w.check, "mx-address");
	assert_true(f && strstr(f->evidence, "MX 50 192.0.2.1."));
	world_done(&w);
}

/* Records that zone text cannot hold, and a domain that is not example.com. */
static const char *const others[] = {"mx-malformed", "mx-top-level"};

static void test_top_level(void **state)
{
	struct world w;
	struct dg_check c;

	(void)state;
	(void)world_check(&w, "com. MX 10 mx.test.\nexample.com. MX 10 mx.test.\n" HOST);
	assert_null(finding_with(&w.check, "mx-top-level"));
	w.in.domain = "com.";
	dg_check_make(w.arena, &w.in, &c);
	assert_non_null(finding_with(&c, "mx-top-level"));
	world_done(&w);
}

static void test_malformed(void **state)
{
	static const struct dg_rdata rd = {.wire = (const uint8_t *)"\0", .len = 1};
	struct world w;
	struct dg_check c;

	(void)state;
	(void)world_check(&w, SOUND);
	assert_null(finding_with(&w.check, "mx-malformed"));
	world_fact(&w, "example.com.", "MX")->set.rdata = &rd;
	world_fact(&w, "example.com.", "MX")->set.n = 1;
	dg_check_make(w.arena, &w.in, &c);
	assert_non_null(finding_with(&c, "mx-malformed"));
	assert_int_equal(c.n_mx, 0);
	world_done(&w);
}

static void test_kinds(void **state)
{
	(void)state;
	expect_kinds(dg_mx_kinds, cases, N_CASES, others, sizeof(others) / sizeof(others[0]));
	expect_kinds(dg_parked_kinds, cases, N_CASES, NULL, 0);
	expect_kinds(dg_survey_kinds, cases, N_CASES, NULL, 0);
}

/* A name that is locked as it should be is not scolded. */
static void test_locked(void **state)
{
	struct world w;
	const struct dg_check *c = world_check(&w, SILENT NULL_MX REJECT WEB);

	(void)state;
	assert_true(c->is_parked && !c->sends && !c->receives);
	assert_int_equal(c->backscatter, DG_BACKSCATTER_NO);
	for (size_t i = 0; i < c->n_findings; i++) {
		if (is_claim(&c->findings[i])) {
			print_findings(c);
			fail_msg("%s scolds", c->findings[i].kind->code);
		}
	}
	world_done(&w);
}

/* A null MX is advised only where nothing is sent (RFC 7505 section 4.2). */
static void test_no_null_mx(void **state)
{
	struct world w;
	const struct dg_check *c = world_check(&w, SENDS WEB);

	(void)state;
	assert_null(strstr(remedy_of(c, "mx-implicit"), "MX 0 ."));
	world_done(&w);
	c = world_check(&w, SILENT WEB);
	assert_non_null(strstr(remedy_of(c, "mx-implicit"), "example.com. MX 0 .\n"));
	world_done(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_top_level),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_evidence),
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_locked),
		cmocka_unit_test(test_no_null_mx),
	};

	return cmocka_run_group_tests_name("rule_mx", tests, NULL, NULL);
}
