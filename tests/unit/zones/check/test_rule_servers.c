/* Each finding about name servers: where it is there, and where it is not. */
#include "tests/unit/zones/check/check_unit.h"

#include "zones/check/rule.h"

#define SPF   "example.com. TXT v=spf1 -all\n"
#define DMARC "_dmarc.example.com. TXT v=DMARC1; p=reject\n"
#define WORLD SPF DMARC "example.com. MX 0 .\n"
#define NS1   "!server ns1.test 192.0.2.1 ok 7\n=same\n"
#define NS2   "!server ns2.test 192.0.2.2 ok 7\n=same\n"
#define OTHER "!server ns2.test 192.0.2.2 ok 7\n"
#define TWO   WORLD NS1 NS2

static const struct found_case cases[] = {
	{"servers-unknown", DG_SEVERITY_UNKNOWN, "no NS records", WORLD "!no-servers no NS records",
		WORLD},
	{"servers-none", DG_SEVERITY_UNKNOWN, "none of 2",
		WORLD "!server ns1.test 192.0.2.1 timeout\n!server ns2.test 192.0.2.2 refused",
		WORLD NS1 "!server ns2.test 192.0.2.2 refused"},
	{"servers-spf-differ", DG_SEVERITY_ERROR, "2 answers from 2",
		WORLD NS1 OTHER "=example.com. TXT v=spf1 ?all\n=_dmarc.example.com. TXT v=DMARC1; "
				"p=reject\n=example.com. MX 0 .",
		TWO},
	{"servers-spf-differ", DG_SEVERITY_ERROR, "about SPF of example.com",
		WORLD NS1 OTHER "=example.com. TXT v=spf1 -all\n=example.com. TXT v=spf1 +all",
		TWO},
	{"servers-spf-differ", DG_SEVERITY_ERROR, "2 answers", WORLD NS1 OTHER,
		WORLD NS1 OTHER "=example.com. TXT v=spf1 -all\n=example.com. TXT hello"},
	{"servers-dmarc-differ", DG_SEVERITY_ERROR, "about DMARC",
		WORLD NS1 OTHER "=_dmarc.example.com. TXT v=DMARC1; p=none",
		WORLD NS1 OTHER "=_dmarc.example.com. TXT v=DMARC1; p=reject"},
	{"servers-mx-differ", DG_SEVERITY_ERROR, "about MX",
		WORLD NS1 OTHER "=example.com. MX 10 mx.test.",
		WORLD NS1 OTHER "=example.com. MX 0 ."},
	{"servers-differ", DG_SEVERITY_WARNING, "about TXT",
		WORLD NS1 OTHER "=example.com. TXT v=spf1 -all\n=example.com. TXT hello", TWO},
	{"servers-differ", DG_SEVERITY_NOTE, "about A of",
		WORLD "example.com. A 192.0.2.7\n" NS1 OTHER
		      "=example.com. TXT v=spf1 -all\n=_dmarc.example.com. TXT v=DMARC1; p=reject\n"
		      "=example.com. MX 0 .\n=example.com. A 192.0.2.8",
		WORLD "example.com. A 192.0.2.7\n" NS1 NS2},
	{"servers-cname-beside", DG_SEVERITY_ERROR, "a CNAME and TXT stand at _dmarc.example.com",
		WORLD NS1 OTHER "=_dmarc.example.com. TXT v=DMARC1; p=reject\n"
				"=_dmarc.example.com. CNAME dmarc.test.",
		WORLD NS1 OTHER "=_dmarc.example.com. CNAME dmarc.test."},
	{"servers-behind", DG_SEVERITY_WARNING, "serial 4294967295, the newest is 3",
		WORLD "!server ns1.test 192.0.2.1 ok 3\n=same\n!server ns2.test 192.0.2.2 ok "
		      "4294967295\n=same",
		TWO},
	{"servers-lame", DG_SEVERITY_WARNING, "1 of 2", WORLD NS1 "!server ns2.test 192.0.2.2 lame",
		TWO},
	{"servers-refused", DG_SEVERITY_WARNING, "ns2.test 192.0.2.2",
		WORLD NS1 "!server ns2.test 192.0.2.2 refused", TWO},
	{"servers-silent", DG_SEVERITY_WARNING, "did not answer",
		WORLD NS1 "!server ns2.test 192.0.2.2 timeout", TWO},
	{"servers-failing", DG_SEVERITY_WARNING, "(it was so)",
		WORLD NS1 "!server ns2.test 192.0.2.2 error", TWO},
	{"servers-partial", DG_SEVERITY_UNKNOWN, "(SERVFAIL)", TWO "!partial", TWO},
	{"servers-no-tcp", DG_SEVERITY_WARNING, "(refused)", TWO "!tcp refused", TWO},
	{"servers-no-route", DG_SEVERITY_NOTE, "2001:db8::1",
		TWO "!server ns1.test 2001:db8::1 no-route", TWO},
	{"servers-one-name", DG_SEVERITY_NOTE, "one name server only", WORLD NS1,
		WORLD "!server 192.0.2.1 192.0.2.1 ok 7\n=same"},
	{"servers-one-address", DG_SEVERITY_NOTE, "all 2 name servers",
		WORLD NS1 "!server ns2.test 192.0.2.1 ok 7\n=same", TWO},
	{"servers-resolver-differs", DG_SEVERITY_NOTE,
		"the MX of example.com (example.com MX 0 .), for 300 s",
		WORLD OTHER "=example.com. TXT v=spf1 -all\n=example.com. MX 10 mx.test.", TWO},
	{"servers-resolver-differs", DG_SEVERITY_NOTE, "for 60 s",
		DMARC "example.com. MX 0 .\n" OTHER "=example.com. TXT v=spf1 -all\n"
		      "=example.com. MX 0 .",
		TWO "!zone"},
	{"servers-resolver-differs", DG_SEVERITY_NOTE, "for 60 s",
		DMARC "example.com. MX 0 .\n" OTHER "=example.com. TXT v=spf1 -all\n",
		SPF "_dmarc.example.com. CNAME d.test.\nd.test. TXT v=DMARC1; p=reject\n" NS1},
	{"servers-zone-differs", DG_SEVERITY_WARNING, "that stands in the zone",
		WORLD OTHER "=example.com. TXT v=spf1 -all\n!zone", TWO "!zone"},
	{"servers-agree", DG_SEVERITY_GOOD, "2 name server addresses", TWO,
		WORLD NS1 "!server ns2.test 192.0.2.2 timeout"},
};

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct world w;
		struct partly p = {.w = &w};

		expect_found(&cases[i]);
		(void)world_check(&w, cases[i].with);
		expect_convergence(&p);
		world_done(&w);
	}
	expect_kinds(dg_servers_kinds, cases, sizeof(cases) / sizeof(cases[0]), NULL, 0);
}

/* The groups are named, the largest first, each with the record that it serves. */
static void test_groups(void **state)
{
	(void)state;
	struct world w;
	const struct dg_finding *f = finding_with(
		world_check(&w,
			WORLD "!server ns1.test 192.0.2.1 ok 7\n=example.com. TXT v=spf1 ?all\n"
			      "!server ns2.test 192.0.2.2 ok 7\n=same\n"
			      "!server ns3.test 192.0.2.3 ok 7\n=same\n"
			      "!server ns4.test 192.0.2.4 timeout"),
		"servers-spf-differ");

	assert_true(f && f->evidence && f->server);
	assert_string_equal(f ? f->evidence : "",
		"example.com TXT \"v=spf1 -all\" (ns2.test 192.0.2.2@53, ns3.test 192.0.2.3@53); "
		"example.com TXT \"v=spf1 ?all\" (ns1.test 192.0.2.1@53)");
	assert_string_equal(f ? f->server : "", "ns1.test 192.0.2.1@53");
	world_done(&w);
}

/* What is protected by one server's record alone is not. */
static void test_verdict_where_they_disagree(void **state)
{
	(void)state;
	struct world w;
	const struct dg_check *c = world_check(&w, TWO);

	assert_int_equal(c->rulings[DG_IDENTITY_FROM][DG_CLASS_DOMAIN].forgery, DG_PROTECTED);
	assert_int_equal(c->rulings[DG_IDENTITY_MAIL_FROM][DG_CLASS_DOMAIN].forgery, DG_PROTECTED);
	world_done(&w);
	c = world_check(&w, WORLD NS1 OTHER
		"=example.com. TXT v=spf1 -all\n=_dmarc.example.com. TXT v=DMARC1; p=none");
	assert_int_equal(
		c->rulings[DG_IDENTITY_FROM][DG_CLASS_DOMAIN].forgery, DG_FORGEABLE_LENIENT);
	assert_int_equal(c->rulings[DG_IDENTITY_MAIL_FROM][DG_CLASS_DOMAIN].forgery, DG_PROTECTED);
	world_done(&w);
	c = world_check(&w, WORLD NS1 OTHER
		"=example.com. TXT v=spf1 ?all\n=_dmarc.example.com. TXT v=DMARC1; p=reject");
	assert_int_equal(c->rulings[DG_IDENTITY_FROM][DG_CLASS_DOMAIN].forgery, DG_PROTECTED);
	assert_int_equal(
		c->rulings[DG_IDENTITY_MAIL_FROM][DG_CLASS_DOMAIN].forgery, DG_FORGEABLE_LENIENT);
	world_done(&w);
}

static void test_pending(void **state)
{
	(void)state;
	struct world w;
	struct dg_check again;

	(void)world_check(&w, WORLD NS1 OTHER);
	assert_non_null(finding_with(&w.check, "servers-spf-differ"));
	w.in.are_servers_pending = true;
	dg_check_make(w.arena, &w.in, &again);
	assert_null(finding_with(&again, "servers-spf-differ"));
	assert_int_equal(again.n_pending, 1);
	world_done(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_groups),
		cmocka_unit_test(test_verdict_where_they_disagree),
		cmocka_unit_test(test_pending),
	};

	return cmocka_run_group_tests_name("rule_servers", tests, NULL, NULL);
}
