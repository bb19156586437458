/* Each finding about MTA-STS, TLSRPT, DANE, DNSSEC and BIMI: where it is there, and where it is not. */
#include "tests/unit/zones/check/check_unit.h"

#include "zones/check/rule.h"

#define MX        "example.com. MX 10 mx.example.com.\nmx.example.com. A 192.0.2.1\n"
#define STS_TXT   "_mta-sts.example.com. TXT v=STSv1; id=1;\n"
#define STS_HOST  "mta-sts.example.com. A 192.0.2.2\n"
#define STS       MX STS_TXT STS_HOST
#define FETCHED   STS "!fetch found\n!body version: STSv1\n"
#define HOUR      "!body max_age: 3600\n"
#define WEEK      "!body max_age: 604800\n"
#define OUR_MX    "!body mx: mx.example.com\n"
#define ENFORCED  FETCHED "!body mode: enforce\n" OUR_MX WEEK
#define RPT(txt)  MX "_smtp._tls.example.com. TXT " txt "\n"
#define GOOD_RPT  RPT("v=TLSRPTv1; rua=mailto:tls@example.com")
#define DIGEST    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define TLSA(x)   MX "_25._tcp.mx.example.com. TLSA " x "\n"
#define SECURE    "!trust _25._tcp.mx.example.com. TLSA secure\n!trust example.com. MX secure\n"
#define PINNED    TLSA("3 1 1 " DIGEST) SECURE
#define REJECT    "_dmarc.example.com. TXT v=DMARC1; p=reject\n"
#define BIMI(x)   MX REJECT "default._bimi.example.com. TXT " x "\n"
#define LOGO      "l=https://example.com/logo.svg; "
#define MARK      "a=https://example.com/mark.pem"
#define GOOD_BIMI BIMI("v=BIMI1; " LOGO MARK)

static const struct found_case sts_cases[] = {
	{"sts-unknown", DG_SEVERITY_UNKNOWN, "no answer", MX "!unknown _mta-sts.example.com. TXT",
		MX},
	{"sts-several", DG_SEVERITY_ERROR, "2 such records",
		STS "_mta-sts.example.com. TXT v=STSv1; id=2;",
		STS "_mta-sts.example.com. TXT v=spf1 -all"},
	{"sts-version", DG_SEVERITY_ERROR, "exactly so",
		MX "_mta-sts.example.com. TXT v=stsv1; id=1;",
		MX "_mta-sts.example.com. TXT v=spf1 -all"},
	{"sts-syntax", DG_SEVERITY_ERROR, "name=value",
		MX "_mta-sts.example.com. TXT v=STSv1; id = 1;", STS},
	{"sts-unknown-field", DG_SEVERITY_NOTE, "unknown",
		MX "_mta-sts.example.com. TXT v=STSv1; id=1; x=y", STS},
	{"sts-bad-id", DG_SEVERITY_ERROR, "letters and digits",
		MX "_mta-sts.example.com. TXT v=STSv1; id=1-2;", STS},
	{"sts-duplicate-id", DG_SEVERITY_ERROR, "twice",
		MX "_mta-sts.example.com. TXT v=STSv1; id=1; id=2;", STS},
	{"sts-no-id", DG_SEVERITY_ERROR, "id= is missing", MX "_mta-sts.example.com. TXT v=STSv1;",
		STS},
	{"sts-policy-missing", DG_SEVERITY_ERROR, "has no address", MX STS_TXT, STS},
	{"sts-policy-status", DG_SEVERITY_ERROR, "status 404", STS "!fetch status 404",
		STS "!fetch status 301"},
	{"sts-policy-redirect", DG_SEVERITY_ERROR, "status 301", STS "!fetch status 301",
		STS "!fetch status 404"},
	{"sts-policy-tls", DG_SEVERITY_ERROR, "certificate", STS "!fetch bad-tls", ENFORCED},
	{"sts-policy-private", DG_SEVERITY_ERROR, "not on the Internet", STS "!fetch private",
		ENFORCED},
	{"sts-policy-too-long", DG_SEVERITY_ERROR, "larger than", STS "!fetch too-large", ENFORCED},
	{"sts-policy-unknown", DG_SEVERITY_UNKNOWN, "could not be fetched", STS "!fetch unknown",
		STS "!fetch not-asked"},
	{"sts-policy-type", DG_SEVERITY_WARNING, "text/html",
		STS "!fetch found 200 text/html\n!body version: STSv1", ENFORCED},
	{"sts-policy-version", DG_SEVERITY_ERROR, "STSv1",
		STS "!fetch found\n!body version: STSv2\n!body mode: none\n" WEEK, ENFORCED},
	{"sts-policy-mode", DG_SEVERITY_ERROR, "mode: on", FETCHED "!body mode: on\n" OUR_MX WEEK,
		ENFORCED},
	{"sts-policy-max-age", DG_SEVERITY_ERROR, "31557600",
		FETCHED "!body mode: enforce\n" OUR_MX "!body max_age: 31557601", ENFORCED},
	{"sts-policy-mx", DG_SEVERITY_ERROR, "host name",
		FETCHED "!body mode: enforce\n!body mx: 192.0.2.1\n" WEEK, ENFORCED},
	{"sts-policy-duplicate", DG_SEVERITY_WARNING, "twice", ENFORCED "!body mode: none",
		ENFORCED},
	{"sts-policy-syntax", DG_SEVERITY_WARNING, "key: value", ENFORCED "!body hello", ENFORCED},
	{"sts-policy-incomplete", DG_SEVERITY_ERROR, "max_age: is missing",
		FETCHED "!body mode: enforce\n" OUR_MX, ENFORCED},
	{"sts-policy-no-mx", DG_SEVERITY_ERROR, "no mx: line", FETCHED "!body mode: enforce\n" WEEK,
		FETCHED "!body mode: none\n" WEEK},
	{"sts-policy-short", DG_SEVERITY_WARNING, "below a day",
		FETCHED "!body mode: enforce\n" OUR_MX HOUR, ENFORCED},
	{"sts-mx-unmatched", DG_SEVERITY_ERROR, "do not deliver",
		FETCHED "!body mode: enforce\n!body mx: *.mx.example.com\n" WEEK,
		FETCHED "!body mode: enforce\n!body mx: *.example.com\n" WEEK},
	{"sts-mx-unmatched", DG_SEVERITY_WARNING, "report it",
		FETCHED "!body mode: testing\n!body mx: *.net.example\n" WEEK, ENFORCED},
	{"sts-mx-unmatched", DG_SEVERITY_ERROR, "the MX host example.com",
		"example.com. A 192.0.2.9\n" STS_TXT STS_HOST
		"!fetch found\n!body version: STSv1\n!body mode: enforce\n" OUR_MX WEEK,
		"example.com. A 192.0.2.9\n" STS_TXT STS_HOST
		"!fetch found\n!body version: STSv1\n!body mode: enforce\n"
		"!body mx: example.com\n" WEEK},
	{"sts-null-mx", DG_SEVERITY_WARNING, "takes no mail",
		"example.com. MX 0 .\n" STS_TXT STS_HOST
		"!fetch found\n!body version: STSv1\n!body mode: enforce\n" OUR_MX WEEK,
		ENFORCED},
	{"sts-mode-none", DG_SEVERITY_NOTE, "none", FETCHED "!body mode: none\n" WEEK, ENFORCED},
	{"sts-mode-testing", DG_SEVERITY_NOTE, "testing",
		FETCHED "!body mode: testing\n" OUR_MX WEEK, ENFORCED},
	{"sts-good", DG_SEVERITY_GOOD, "604800 s", ENFORCED, FETCHED "!body mode: none\n" WEEK},
};

static const struct found_case tlsrpt_cases[] = {
	{"tlsrpt-unknown", DG_SEVERITY_UNKNOWN, "no answer",
		MX "!unknown _smtp._tls.example.com. TXT", MX},
	{"tlsrpt-absent", DG_SEVERITY_NOTE, "MTA-STS policy", STS, MX},
	{"tlsrpt-absent", DG_SEVERITY_NOTE, "TLSA records", PINNED, GOOD_RPT},
	{"tlsrpt-several", DG_SEVERITY_ERROR, "2 such records",
		GOOD_RPT "_smtp._tls.example.com. TXT v=TLSRPTv1; rua=mailto:a@example.com",
		GOOD_RPT},
	{"tlsrpt-version", DG_SEVERITY_ERROR, "exactly so",
		RPT("v=TLSRPTv1 ; rua=mailto:tls@example.com"), RPT("v=spf1 -all")},
	{"tlsrpt-syntax", DG_SEVERITY_ERROR, "name=value",
		RPT("v=TLSRPTv1; oops; rua=mailto:tls@example.com"), GOOD_RPT},
	{"tlsrpt-unknown-field", DG_SEVERITY_NOTE, "unknown",
		RPT("v=TLSRPTv1; x=y; rua=mailto:tls@example.com"), GOOD_RPT},
	{"tlsrpt-duplicate-rua", DG_SEVERITY_ERROR, "twice",
		RPT("v=TLSRPTv1; rua=mailto:a@example.com; rua=mailto:b@example.com"), GOOD_RPT},
	{"tlsrpt-bad-uri", DG_SEVERITY_ERROR, "no report is sent",
		RPT("v=TLSRPTv1; rua=tls@example.com"), GOOD_RPT},
	{"tlsrpt-no-rua", DG_SEVERITY_ERROR, "rua= is missing", RPT("v=TLSRPTv1;"), GOOD_RPT},
	{"tlsrpt-dead-destination", DG_SEVERITY_WARNING, "null MX",
		RPT("v=TLSRPTv1; rua=mailto:tls@gone.test") "gone.test. MX 0 .", GOOD_RPT},
	{"tlsrpt-dead-destination", DG_SEVERITY_WARNING, "does not exist",
		RPT("v=TLSRPTv1; rua=mailto:tls@gone.test"),
		RPT("v=TLSRPTv1; rua=mailto:tls@gone.test") "!unknown gone.test. MX"},
	{"tlsrpt-good", DG_SEVERITY_GOOD, "1 address is told", GOOD_RPT, MX},
};

static const struct found_case dane_cases[] = {
	{"dane-unknown", DG_SEVERITY_UNKNOWN, "no answer",
		MX "!unknown _25._tcp.mx.example.com. TLSA", MX},
	{"dane-untold", DG_SEVERITY_UNKNOWN, "was not looked at", TLSA("3 1 1 " DIGEST), PINNED},
	{"dane-insecure", DG_SEVERITY_WARNING, "not signed",
		TLSA("3 1 1 " DIGEST) "!trust _25._tcp.mx.example.com. TLSA insecure", PINNED},
	{"dane-mx-insecure", DG_SEVERITY_WARNING, "are not signed",
		TLSA("3 1 1 " DIGEST) "!trust _25._tcp.mx.example.com. TLSA secure\n"
				      "!trust example.com. MX insecure",
		PINNED},
	{"dane-unusable", DG_SEVERITY_ERROR, "certificate authority", TLSA("1 1 1 " DIGEST) SECURE,
		PINNED},
	{"dane-part-unusable", DG_SEVERITY_WARNING, "64 octets",
		TLSA("3 1 1 " DIGEST) "_25._tcp.mx.example.com. TLSA 3 1 2 " DIGEST "\n" SECURE,
		PINNED},
	{"dane-partial", DG_SEVERITY_NOTE, "mx2.example.com has none",
		"example.com. MX 20 mx2.example.com.\n" PINNED, PINNED},
	{"dane-good", DG_SEVERITY_GOOD, "1 TLSA record at", PINNED, TLSA("3 1 1 " DIGEST)},
	{"dnssec-bogus", DG_SEVERITY_ERROR, "fail DNSSEC", MX "!trust example.com. MX bogus", MX},
	{"dnssec-insecure", DG_SEVERITY_NOTE, "not signed", MX "!trust example.com. MX insecure",
		MX},
	{"dnssec-secure", DG_SEVERITY_GOOD, "signatures hold", MX "!trust example.com. MX secure",
		MX},
};

static const struct found_case bimi_cases[] = {
	{"bimi-unknown", DG_SEVERITY_UNKNOWN, "no answer",
		MX "!unknown default._bimi.example.com. TXT", MX},
	{"bimi-several", DG_SEVERITY_WARNING, "2 such records",
		GOOD_BIMI "default._bimi.example.com. TXT v=BIMI1; l=; a=;", GOOD_BIMI},
	{"bimi-no-enforcement", DG_SEVERITY_WARNING, "none at all",
		MX "default._bimi.example.com. TXT v=BIMI1; " LOGO MARK, GOOD_BIMI},
	{"bimi-no-enforcement", DG_SEVERITY_WARNING, "sp=none",
		MX "_dmarc.example.com. TXT v=DMARC1; p=reject; sp=none\n"
		   "default._bimi.example.com. TXT v=BIMI1; " LOGO MARK,
		MX "default._bimi.example.com. TXT v=BIMI1; l=; a="},
	{"bimi-syntax", DG_SEVERITY_ERROR, "tag=value", BIMI("v=BIMI1; oops; " LOGO MARK),
		GOOD_BIMI},
	{"bimi-syntax", DG_SEVERITY_ERROR, "begins with v=BIMI1", BIMI("v=bimi2; " LOGO MARK),
		BIMI("v=spf1 -all")},
	{"bimi-duplicate-tag", DG_SEVERITY_ERROR, "twice", BIMI("v=BIMI1; " LOGO LOGO MARK),
		GOOD_BIMI},
	{"bimi-no-location", DG_SEVERITY_ERROR, "l= says nothing", BIMI("v=BIMI1; " MARK),
		GOOD_BIMI},
	{"bimi-bad-location", DG_SEVERITY_ERROR, "https",
		BIMI("v=BIMI1; l=http://example.com/logo.svg; " MARK), GOOD_BIMI},
	{"bimi-bad-evidence", DG_SEVERITY_ERROR, "a=mark.pem", BIMI("v=BIMI1; " LOGO "a=mark.pem"),
		GOOD_BIMI},
	{"bimi-no-evidence", DG_SEVERITY_NOTE, "no a=", BIMI("v=BIMI1; " LOGO), GOOD_BIMI},
	{"bimi-declined", DG_SEVERITY_GOOD, "no logo", BIMI("v=BIMI1; l=; a=;"), GOOD_BIMI},
	{"bimi-good", DG_SEVERITY_GOOD, "a logo", GOOD_BIMI, MX},
};

#define N(cases) (sizeof(cases) / sizeof((cases)[0]))

static void test_sts(void **state)
{
	(void)state;
	expect_cases(sts_cases, N(sts_cases));
	expect_kinds(dg_sts_kinds, sts_cases, N(sts_cases), NULL, 0);
}

/* More addresses than fit into a case. */
static void test_many_uris(void **state)
{
	(void)state;
	struct world w;
	char text[2000] = RPT("v=TLSRPTv1; rua=mailto:a@example.com");

	text[strlen(text) - 1] = '\0';
	for (int i = 0; i < 40; i++) {
		(void)snprintf(
			text + strlen(text), sizeof(text) - strlen(text), ",mailto:b@example.com");
	}
	const struct dg_finding *f = finding_with(world_check(&w, text), "tlsrpt-many-uris");
	assert_true(f && f->severity == DG_SEVERITY_ERROR);
	world_done(&w);
	assert_null(finding_with(world_check(&w, GOOD_RPT), "tlsrpt-many-uris"));
	world_done(&w);
}

static void test_tlsrpt(void **state)
{
	(void)state;
	static const char *const others[] = {"tlsrpt-many-uris"};

	expect_cases(tlsrpt_cases, N(tlsrpt_cases));
	expect_kinds(dg_tlsrpt_kinds, tlsrpt_cases, N(tlsrpt_cases), others, 1);
}

static void test_dane(void **state)
{
	(void)state;
	expect_cases(dane_cases, N(dane_cases));
	expect_kinds(dg_dane_kinds, dane_cases, N(dane_cases), NULL, 0);
	expect_kinds(dg_dnssec_kinds, dane_cases, N(dane_cases), NULL, 0);
}

static void test_bimi(void **state)
{
	(void)state;
	expect_cases(bimi_cases, N(bimi_cases));
	expect_kinds(dg_bimi_kinds, bimi_cases, N(bimi_cases), NULL, 0);
}

/* The record may be an alias (RFC 8461 section 3.1), unrelated TXT is no fault, and no policy is asked for without a record. */
static void test_quiet(void **state)
{
	(void)state;
	struct world w;
	const struct dg_check *c = world_check(&w,
		MX STS_HOST "_mta-sts.example.com. CNAME sts.provider.test.\n"
			    "sts.provider.test. TXT v=STSv1; id=1;\n!fetch found\n"
			    "!body version: STSv1\n!body mode: enforce\n" OUR_MX WEEK);

	assert_non_null(finding_with(c, "sts-good"));
	assert_string_equal(w.fetch.url, "https://mta-sts.example.com/.well-known/mta-sts.txt");
	world_done(&w);
	c = world_check(&w, MX STS_HOST "_mta-sts.example.com. TXT v=spf1 -all\n!fetch found");
	for (size_t i = 0; i < c->n_findings; i++) {
		assert_string_not_equal(c->findings[i].kind->area, "mta-sts");
	}
	assert_null(w.fetch.url);
	world_done(&w);
	(void)world_check(&w, STS "!fetch found\n!depth audit");
	assert_null(w.fetch.url); /* only in depth */
	world_done(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sts),
		cmocka_unit_test(test_tlsrpt),
		cmocka_unit_test(test_many_uris),
		cmocka_unit_test(test_dane),
		cmocka_unit_test(test_bimi),
		cmocka_unit_test(test_quiet),
	};

	return cmocka_run_group_tests_name("rule_tls", tests, NULL, NULL);
}
