/* Each finding about SPF: where it is there, and where it is not. */
#include "tests/unit/zones/check/check_unit.h"
#include "zones/check/rule.h"

#define AT      "example.com. TXT "
#define SOUND   AT "v=spf1 ip4:192.0.2.1 -all"
#define HOST    "\nmail.example.net. A 192.0.2.7\nmail.example.net. AAAA 2001:db8::7"
#define LINE(x) "\n" x
#define SIX                                                                                \
	"a:1.example.net a:2.example.net a:3.example.net a:4.example.net a:5.example.net " \
	"a:6.example.net"
#define SIX_THERE                                                                                  \
	"\n1.example.net. A 192.0.2.1\n2.example.net. A 192.0.2.2\n3.example.net. A 192.0.2.3"     \
	"\n4.example.net. A 192.0.2.4\n5.example.net. A 192.0.2.5\n6.example.net. A 192.0.2.6"     \
	"\n1.example.net. AAAA 2001:db8::1\n2.example.net. AAAA 2001:db8::2\n3.example.net. AAAA " \
	"2001:db8::3\n4.example.net. AAAA 2001:db8::4\n5.example.net. AAAA 2001:db8::5\n"          \
	"6.example.net. AAAA 2001:db8::6"
#define MX_TEN(x)                                                                             \
	x "0.example.net.\n" x "1.example.net.\n" x "2.example.net.\n" x "3.example.net.\n" x \
	  "4.example.net.\n" x "5.example.net.\n" x "6.example.net.\n" x "7.example.net.\n" x \
	  "8.example.net.\n" x "9.example.net.\n"
#define FORTY "abcdefghijklmnopqrstuvwxyzabcdefghijklmn"

static const struct found_case cases[] = {
	{"spf-none", DG_SEVERITY_ERROR, "has no SPF record", "example.com. A 192.0.2.1", SOUND},
	{"spf-none", DG_SEVERITY_ERROR, "has no SPF record", AT "v=spf10 -all",
		"other.test. A 192.0.2.1"},
	{"spf-several", DG_SEVERITY_ERROR, "has 2 SPF records", SOUND LINE(AT "v=spf1 mx -all"),
		SOUND LINE(AT "v=spf2.0/pra -all")},
	{"spf-not-a-record", DG_SEVERITY_ERROR, "a semicolon", AT "v=spf1; mx -all", SOUND},
	{"spf-not-a-record", DG_SEVERITY_ERROR, "in front of", AT " v=spf1 mx -all", SOUND},
	{"spf-not-a-record", DG_SEVERITY_ERROR, "in front of", AT "'v=spf1 mx -all'", SOUND},
	{"spf-not-a-record", DG_SEVERITY_WARNING, "does not begin with",
		SOUND LINE(AT "spf1 mx -all"), SOUND LINE(AT "spfx")},
	{"spf-joined", DG_SEVERITY_ERROR, "without a space",
		AT "\"v=spf1 a:mail.example.net\" \"-all\"" HOST,
		AT "\"v=spf1 a:mail.example.net \" \"-all\"" HOST},
	{"spf-joined", DG_SEVERITY_ERROR, "without a space",
		AT "\"v=spf1 include:a.example.net\" \"include:b.example.net -all\"",
		AT "\"v=spf1 include:a.exam\" \"ple.net -\" \"all\""},
	{"spf-joined", DG_SEVERITY_ERROR, "without a space", AT "\"v=spf1\" \"ip4:192.0.2.1 -all\"",
		AT "\"v=spf1 ip4:192.0.2.\" \"1 -all\""},
	{"spf-joined", DG_SEVERITY_ERROR, "without a space", AT "\"v=spf1 a\" \"mx -all\"",
		AT "\"v=spf1 exists:%{i}._x.\" \"mx.example.net -all\""},
	{"spf-unknown", DG_SEVERITY_UNKNOWN, "could not be looked up",
		"example.com. MX 0 .\n!unknown example.com. TXT", SOUND},
	{"spf-part-unknown", DG_SEVERITY_UNKNOWN, "could not be looked up",
		AT "v=spf1 include:a.example.net -all\n!unknown a.example.net. TXT",
		AT
		"v=spf1 include:a.example.net -all\na.example.net. TXT v=spf1 ip4:192.0.2.9 -all"},
	{"spf-pass-all", DG_SEVERITY_ERROR, "+all", AT "v=spf1 +all", SOUND},
	{"spf-pass-all", DG_SEVERITY_ERROR, "every address", AT "v=spf1 ip4:0.0.0.0/0 -all", SOUND},
	{"spf-neutral-all", DG_SEVERITY_WARNING, "?all", AT "v=spf1 mx ?all", SOUND},
	{"spf-no-all", DG_SEVERITY_WARNING, "neither all nor redirect", AT "v=spf1 ip4:192.0.2.1",
		AT "v=spf1 redirect=a.example.net\na.example.net. TXT v=spf1 -all"},
	{"spf-softfail-all", DG_SEVERITY_NOTE, "~all", AT "v=spf1 ip4:192.0.2.1 ~all",
		AT "v=spf1 ip4:192.0.2.1 ~all\n_dmarc.example.com. TXT v=DMARC1; p=reject"},
	{"spf-softfail-all", DG_SEVERITY_NOTE, "~all",
		AT "v=spf1 ip4:192.0.2.1 ~all\n_dmarc.example.com. TXT v=DMARC1; p=reject; t=y",
		SOUND},
	{"spf-enforced", DG_SEVERITY_GOOD, "get the result fail", SOUND, AT "v=spf1 mx ~all"},
	{"spf-enforced", DG_SEVERITY_GOOD, "get the result fail", SOUND,
		AT "v=spf1 include:a.example.net -all"},
	{"spf-too-many-lookups", DG_SEVERITY_ERROR, "needs 13 look-ups",
		AT "v=spf1 " SIX " include:a.example.net -all\na.example.net. TXT v=spf1 " SIX
		   " -all" SIX_THERE,
		AT "v=spf1 " SIX " -all" SIX_THERE},
	{"spf-lookups-near", DG_SEVERITY_NOTE, "needs 9 of 10",
		AT "v=spf1 " SIX " include:a.example.net -all\na.example.net. TXT v=spf1 "
		   "a:1.example.net a:2.example.net -all" SIX_THERE,
		AT "v=spf1 " SIX " include:a.example.net -all\na.example.net. TXT v=spf1 "
		   "a:1.example.net -all" SIX_THERE},
	{"spf-too-many-voids", DG_SEVERITY_ERROR, "3 look-ups find nothing",
		AT "v=spf1 a:1.example.net a:2.example.net a:3.example.net -all",
		AT "v=spf1 a:1.example.net a:2.example.net -all"},
	{"spf-too-many-voids", DG_SEVERITY_WARNING, "for clients with IPv6",
		AT "v=spf1 a:1.example.net a:2.example.net a:3.example.net -all\n1.example.net. A "
		   "192.0.2.1\n2.example.net. A 192.0.2.1\n3.example.net. A 192.0.2.1",
		SOUND},
	{"spf-void-term", DG_SEVERITY_WARNING, "a:gone.example.net finds nothing",
		AT "v=spf1 a:gone.example.net -all", AT "v=spf1 a:mail.example.net -all" HOST},
	{"spf-loop", DG_SEVERITY_ERROR, "includes itself",
		AT
		"v=spf1 include:a.example.net -all\na.example.net. TXT v=spf1 include:example.com "
		"-all",
		SOUND},
	{"spf-loop", DG_SEVERITY_ERROR, "itself", AT "v=spf1 include:example.com -all", SOUND},
	{"spf-broken-include", DG_SEVERITY_ERROR, "a.example.net",
		AT "v=spf1 include:a.example.net -all",
		AT "v=spf1 include:a.example.net -all\na.example.net. TXT v=spf1 -all"},
	{"spf-many-mx", DG_SEVERITY_ERROR, "more than ten",
		AT "v=spf1 mx -all\n" MX_TEN(
			"example.com. MX 10 a") "example.com. MX 10 b.example.net.",
		AT "v=spf1 mx -all\n" MX_TEN("example.com. MX 10 a")},
	{"spf-ptr", DG_SEVERITY_WARNING, "reverse names", AT "v=spf1 ptr -all", SOUND},
	{"spf-after-all", DG_SEVERITY_WARNING, "all", AT "v=spf1 -all mx", SOUND},
	{"spf-redirect-ignored", DG_SEVERITY_WARNING,
		"redirect=", AT "v=spf1 -all redirect=a.example.net", SOUND},
	{"spf-duplicate", DG_SEVERITY_WARNING, "twice",
		AT "v=spf1 ip4:192.0.2.1 ip4:192.0.2.1 -all", SOUND},
	{"spf-long", DG_SEVERITY_WARNING, "octets",
		AT "v=spf1 exists:%{i}." FORTY "." FORTY "." FORTY " exists:%{i}.x." FORTY "." FORTY
		   "." FORTY " exists:%{i}.y." FORTY "." FORTY "." FORTY " exists:%{i}.z." FORTY
		   "." FORTY " -all",
		SOUND},
	{"spf-answer-large", DG_SEVERITY_NOTE, "4 TXT records at example.com make an answer of",
		SOUND LINE(AT FORTY FORTY FORTY FORTY FORTY) LINE(AT FORTY FORTY FORTY FORTY "x")
			LINE(AT FORTY FORTY "y"),
		SOUND LINE(AT FORTY)},
	{"spf-many-addresses", DG_SEVERITY_NOTE, "131072 IPv4", AT "v=spf1 ip4:198.18.0.0/15 -all",
		AT "v=spf1 ip4:198.18.0.0/16 -all"},
	{"spf-many-addresses", DG_SEVERITY_WARNING, "IPv4 addresses",
		AT "v=spf1 ip4:12.0.0.0/7 -all", SOUND},
	{"spf-wide-prefix", DG_SEVERITY_WARNING, "very large", AT "v=spf1 ip4:12.0.0.0/7 -all",
		SOUND},
	{"spf-shared", DG_SEVERITY_NOTE, "others send from too",
		AT "v=spf1 include:amazonses.com -all\namazonses.com. TXT v=spf1 "
		   "ip4:199.255.192.0/22 -all",
		SOUND},
	{"spf-type99", DG_SEVERITY_NOTE, "1 record of type SPF",
		SOUND "\nexample.com. TYPE99 \\# 12 0b763d73706631202d616c6c", SOUND},
	{"spf-sender-id", DG_SEVERITY_NOTE, "Sender ID", SOUND LINE(AT "spf2.0/pra -all"), SOUND},
	{"spf-macro", DG_SEVERITY_NOTE, "1 term with", AT "v=spf1 exists:%{i}._x.example.net -all",
		SOUND},
	{"spf-exp-broken", DG_SEVERITY_WARNING, "0 TXT records",
		AT "v=spf1 -all exp=why.example.com",
		AT "v=spf1 -all exp=why.example.com\nwhy.example.com. TXT go away"},
	{"spf-exists-fixed", DG_SEVERITY_WARNING, "no macro", AT "v=spf1 exists:a.example.net -all",
		SOUND},
	{"spf-odd-name", DG_SEVERITY_WARNING, "looked up as it stands",
		AT "v=spf1 a:a,b.example.net -all", SOUND},
	{"spf-host-bits", DG_SEVERITY_NOTE, "bits set", AT "v=spf1 ip4:192.0.2.7/24 -all", SOUND},
	/* faults */
	{"spf-unknown-mechanism", DG_SEVERITY_ERROR, "not a mechanism",
		AT "v=spf1 ip:192.0.2.1 -all", SOUND},
	{"spf-bad-domain", DG_SEVERITY_ERROR, "cannot be looked up", AT "v=spf1 a:a..example -all",
		SOUND},
	{"spf-no-domain", DG_SEVERITY_ERROR, "expected include:DOMAIN", AT "v=spf1 include -all",
		SOUND},
	{"spf-bad-address", DG_SEVERITY_ERROR, "not an IPv4", AT "v=spf1 ip4:mail -all", SOUND},
	{"spf-no-address", DG_SEVERITY_ERROR, "needs an address", AT "v=spf1 ip4 -all", SOUND},
	{"spf-bad-prefix", DG_SEVERITY_ERROR, "prefix length", AT "v=spf1 mx/99 -all", SOUND},
	{"spf-extra-text", DG_SEVERITY_ERROR, "after all", AT "v=spf1 -all:x", SOUND},
	{"spf-bad-octet", DG_SEVERITY_ERROR, "visible ASCII", AT "v=spf1 mx\t-all", SOUND},
	{"spf-bad-modifier", DG_SEVERITY_ERROR, "name of a modifier",
		AT "v=spf1 -redirect=a.example.net", SOUND},
	{"spf-bad-macro", DG_SEVERITY_ERROR, "x=%{", AT "v=spf1 x=%{ -all", SOUND},
	{"spf-duplicate-modifier", DG_SEVERITY_ERROR, "twice",
		AT "v=spf1 exp=a.example.net exp=b.example.net -all", SOUND},
	{"spf-mechanism-as-modifier", DG_SEVERITY_WARNING, "unknown modifier",
		AT "v=spf1 include=a.example.net -all", SOUND},
	{"spf-unknown-modifier", DG_SEVERITY_NOTE, "unknown modifier", AT "v=spf1 x=y -all", SOUND},
};

#define N_CASES (sizeof(cases) / sizeof(cases[0]))

static void test_cases(void **state)
{
	(void)state;
	expect_cases(cases, N_CASES);
}

static const char *const huge[] = {"spf-too-many-terms", "spf-too-long",
	"spf-version"}; /* a record that does not begin so is never read as one */

static void test_huge(void **state)
{
	static const struct {
		const char *term;
		size_t n;
		const char *code;
	} rows[] = {
		{" a", 513, "spf-too-many-terms"}, {" a:mail.example.net", 1000, "spf-too-long"}};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct dg_buf b;
		struct world w;

		dg_buf_init(&b, 1u << 20);
		dg_buf_puts(&b, AT "v=spf1");
		for (size_t k = 0; k < rows[i].n; k++) {
			dg_buf_puts(&b, rows[i].term);
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
	expect_kinds(dg_spf_kinds, cases, N_CASES, NULL, 0);
	expect_kinds(dg_spf_syntax_kinds, cases, N_CASES, huge, sizeof(huge) / sizeof(huge[0]));
}

/* The record is shown as it is served, broken or not, and the remedy is a line to publish. */
static void test_evidence(void **state)
{
	struct world w;
	const struct dg_check *c = world_check(&w, AT "v=spf1 ip4:192.0.2.1 mx +all");
	const struct dg_finding *f = need(c, "spf-pass-all");

	(void)state;
	assert_string_equal(f->evidence, "example.com TXT \"v=spf1 ip4:192.0.2.1 mx +all\"");
	assert_string_equal(f->remedy, "example.com. TXT \"v=spf1 ip4:192.0.2.1 mx -all\"");
	assert_int_equal(f->column, 25);
	assert_string_equal(f->owner, "example.com.");
	world_done(&w);

	c = world_check(&w, AT "v=spf1 ip:1 \x1b[2J -all");
	assert_string_equal(c->spf_record, "v=spf1 ip:1 \x1b[2J -all");
	f = need(c, "spf-unknown-mechanism");
	assert_int_equal(f->column, 8);
	assert_string_equal(f->evidence, "example.com TXT \"v=spf1 ip:1 \\027[2J -all\"");
	world_done(&w);

	c = world_check(&w, AT "v=spf1 mx include:a.test ~all\n" AT "v=spf1 ip4:192.0.2.1 mx -all");
	f = need(c, "spf-several");
	assert_non_null(strstr(remedy_of(c, "spf-several"),
		"example.com. TXT \"v=spf1 ip4:192.0.2.1 mx include:a.test -all\""));
	assert_int_equal(c->n_spf_records, 2);
	world_done(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_huge),
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_evidence),
	};

	return cmocka_run_group_tests_name("rule_spf", tests, NULL, NULL);
}
