/* Each finding about hosts and wildcards: where it is there, and where it is not. */
#include "tests/unit/zones/check/check_unit.h"
#include "zones/check/rule.h"

#define BASE   "example.com. TXT v=spf1 mx -all\nexample.com. MX 10 mx.example.com.\n"
#define MX     "mx.example.com. A 9.9.9.9\n"
#define MX_SPF "mx.example.com. TXT v=spf1 a -all\n"
#define SERVER MX MX_SPF
#define WWW    "www.example.com. A 203.0.113.80\n"
#define CLOSED "www.example.com. MX 0 .\nwww.example.com. TXT v=spf1 -all\n"
#define WILD   "*.example.com. "
#define NULLED WILD "MX 0 .\n" WILD "TXT v=spf1 -all\n"
#define NP(x)  "_dmarc.example.com. TXT v=DMARC1; p=reject; " x "\n"

static const struct found_case cases[] = {
	{"hosts-implicit-mx", DG_SEVERITY_WARNING, "www.example.com", BASE SERVER WWW,
		BASE SERVER WWW CLOSED},
	{"hosts-implicit-mx", DG_SEVERITY_WARNING, "www.example.com", BASE SERVER WWW "!zone",
		BASE SERVER WWW CLOSED "!zone"},
	{"hosts-implicit-mx", DG_SEVERITY_WARNING, "2 hosts under example.com without an MX",
		BASE SERVER WWW "ftp.example.com. A 203.0.113.81\n!zone",
		BASE SERVER "www.example.com. TXT v=spf1 ip4:203.0.113.80 -all\n" WWW "!zone"},
	{"hosts-no-spf", DG_SEVERITY_WARNING, "www.example.com", BASE SERVER WWW,
		BASE SERVER WWW CLOSED},
	{"hosts-no-spf", DG_SEVERITY_WARNING, "m.example.com",
		BASE SERVER "m.example.com. MX 10 mx.example.com.\n!zone",
		BASE SERVER "m.example.com. MX 10 mx.example.com.\nm.example.com. TXT v=spf1 mx "
			    "-all\n!zone"},
	{"hosts-broken-spf", DG_SEVERITY_WARNING, "www.example.com",
		BASE SERVER WWW "www.example.com. TXT v=spf1 oops", BASE SERVER WWW CLOSED},
	{"hosts-broken-spf", DG_SEVERITY_WARNING, "www.example.com",
		BASE SERVER WWW CLOSED "www.example.com. TXT v=spf1 a -all", BASE SERVER WWW},
	{"helo-no-spf", DG_SEVERITY_NOTE, "mx.example.com", BASE MX WWW, BASE SERVER WWW},
	{"hosts-closed", DG_SEVERITY_GOOD, "none of the 2 hosts", BASE SERVER WWW CLOSED,
		BASE SERVER WWW},
	{"hosts-unknown", DG_SEVERITY_UNKNOWN, "1 name could not",
		BASE SERVER WWW "!unknown www.example.com. MX", BASE SERVER WWW},
	{"wildcard-mx", DG_SEVERITY_WARNING, "every name under example.com takes mail",
		BASE SERVER WILD "MX 10 mx.example.com.", BASE SERVER NULLED},
	{"wildcard-mx", DG_SEVERITY_WARNING, "every name under example.com takes mail",
		BASE SERVER WILD "MX 10 mx.example.com.\n!zone", BASE SERVER NULLED "!zone"},
	{"wildcard-address", DG_SEVERITY_WARNING, "has an address by a wildcard",
		BASE SERVER WILD "A 203.0.113.80", BASE SERVER NULLED WILD "A 203.0.113.80"},
	{"wildcard-address", DG_SEVERITY_WARNING, "has an address by a wildcard",
		BASE SERVER WILD "AAAA 2620:fe::80", BASE SERVER NULLED WILD "AAAA 2620:fe::80"},
	{"wildcard-address", DG_SEVERITY_WARNING, "every name under dyn.example.com has an address",
		BASE SERVER "*.dyn.example.com. A 203.0.113.80\n!zone",
		BASE SERVER
		"dyn.example.com. NS ns.test.\n*.dyn.example.com. A 203.0.113.80\n!zone"},
	{"wildcard-mx", DG_SEVERITY_WARNING, "every name under dyn.example.com takes mail",
		BASE SERVER NULLED "*.dyn.example.com. MX 10 mx.test.\n!zone",
		BASE SERVER NULLED "*.dyn.example.com. MX 0 .\n!zone"},
	{"wildcard-no-spf", DG_SEVERITY_WARNING, "without SPF", BASE SERVER WILD "MX 0 .",
		BASE SERVER NULLED},
	{"wildcard-no-spf", DG_SEVERITY_WARNING, "without SPF", BASE SERVER WILD "TXT x",
		BASE SERVER},
	{"wildcard-np", DG_SEVERITY_WARNING, "get sp= instead",
		BASE SERVER NULLED NP("sp=none; np=reject"), BASE SERVER NP("sp=none; np=reject")},
	{"wildcard-np", DG_SEVERITY_NOTE, "get p= instead", BASE SERVER NULLED NP("np=none"),
		BASE SERVER NULLED NP("sp=none")},
	{"wildcard-np", DG_SEVERITY_NOTE, "get p= instead",
		BASE SERVER NULLED NP("np=reject") "!zone", BASE SERVER NP("np=reject") "!zone"},
	{"wildcard-dmarc", DG_SEVERITY_NOTE, "_dmarc of every name", BASE SERVER NULLED,
		BASE SERVER WILD "MX 0 ."},
	{"wildcard-reach", DG_SEVERITY_NOTE, "does not reach names", BASE SERVER NULLED,
		BASE SERVER WILD "A 203.0.113.80"},
	{"wildcard-unknown", DG_SEVERITY_UNKNOWN, "could not be looked up",
		BASE SERVER "!unknown dnsguard-q7x.example.com. MX",
		BASE SERVER NULLED "!unknown dnsguard-q7x.example.com. MX"},
};

#define N_CASES (sizeof(cases) / sizeof(cases[0]))

static void test_cases(void **state)
{
	(void)state;
	expect_cases(cases, N_CASES);
}

static const char *const other_hosts[] = {"hosts-many"};
static const char *const other_wildcards[] = {"wildcard-nodata"};

/* More hosts than are named: all are counted, and the result stays small. */
static void test_many(void **state)
{
	struct dg_buf b;
	struct world w;

	(void)state;
	dg_buf_init(&b, 1u << 20);
	dg_buf_puts(&b, BASE SERVER);
	for (unsigned i = 0; i < 1000; i++) {
		dg_buf_printf(&b, "h%03u.example.com. A 203.0.113.80\n", i);
	}
	dg_buf_puts(&b, "!zone");
	const struct dg_check *c = world_check(&w, b.data);
	assert_non_null(strstr(need(c, "hosts-many")->text, "1001 hosts"));
	assert_non_null(strstr(need(c, "hosts-implicit-mx")->text, "1000 hosts"));
	assert_non_null(strstr(need(c, "hosts-implicit-mx")->text, "and 992 more"));
	assert_non_null(strstr(remedy_of(c, "hosts-implicit-mx"), "silent: [\"h000"));
	assert_true(c->n_findings < 30);
	world_done(&w);
	dg_buf_done(&b);
	assert_null(finding_with(world_check(&w, BASE SERVER WWW "!zone"), "hosts-many"));
	world_done(&w);
}

/* Delegated names and what is under a wildcard's own name are no hosts of this zone; a remedy leaves SPF records alone. */
static void test_which(void **state)
{
	struct world w;
	const struct dg_check *c = world_check(&w, BASE SERVER WWW
		"www.example.com. TXT v=spf1 -all\n"
		"sub.example.com. NS ns.sub.example.com.\nns.sub.example.com. A 9.9.9.1\n"
		"sub.example.com. A 9.9.9.2\n*.example.com. A 9.9.9.3\n!zone");

	(void)state;
	assert_non_null(strstr(need(c, "hosts-implicit-mx")->text, "1 host under"));
	const char *remedy = remedy_of(c, "hosts-implicit-mx");
	assert_non_null(strstr(remedy, "www.example.com. MX 0 ."));
	assert_null(strstr(remedy, "www.example.com. TXT"));
	world_done(&w);
}

/* A name server that never says NXDOMAIN. */
static void test_nodata(void **state)
{
	static const char *const types[] = {"MX", "TXT", "A"};
	struct world w;
	struct dg_check c;

	(void)state;
	(void)world_check(&w, BASE SERVER NP("np=reject; sp=none"));
	assert_null(finding_with(&w.check, "wildcard-nodata"));
	assert_int_equal(w.check.rulings[DG_IDENTITY_FROM][DG_CLASS_MISSING].forgery, DG_PROTECTED);
	for (size_t i = 0; i < 3; i++) {
		world_fact(&w, "dnsguard-q7x.example.com.", types[i])->state = DG_FACT_NODATA;
	}
	dg_check_make(w.arena, &w.in, &c);
	(void)need(&c, "wildcard-nodata");
	(void)need(&c, "wildcard-np");
	assert_int_equal(c.rulings[DG_IDENTITY_FROM][DG_CLASS_MISSING].forgery, DG_FORGEABLE);
	world_done(&w);
}

/* Without the zone: name servers under the domain, www, and what was given. */
static void test_likely(void **state)
{
	static const struct dg_rdata ns = {
		.wire = (const uint8_t *)"\2ns\7example\3com", .len = 16};
	static const char *const hosts[] = {"given.example.com.", "out.test.", "gone.example.com."};
	struct world w;
	struct dg_check c;

	(void)state;
	(void)world_check(&w, BASE SERVER WWW "ns.example.com. AAAA 2620:fe::53\n"
					      "given.example.com. A 9.9.9.1\nout.test. A 9.9.9.2\n"
					      "other.example.com. A 9.9.9.3");
	assert_non_null(strstr(need(&w.check, "hosts-implicit-mx")->text, "1 host under"));
	struct dg_fact *fact = world_fact(&w, "example.com.", "NS");
	fact->state = DG_FACT_FOUND;
	fact->set.rdata = &ns;
	fact->set.n = 1;
	w.in.hosts = hosts;
	w.in.n_hosts = 3;
	dg_check_make(w.arena, &w.in, &c);
	assert_non_null(strstr(need(&c, "hosts-implicit-mx")->text,
		"3 hosts under example.com without an MX: given.example.com, "
		"ns.example.com, www.example.com"));
	world_done(&w);
}

static void test_kinds(void **state)
{
	(void)state;
	expect_kinds(dg_hosts_kinds, cases, N_CASES, other_hosts, 1);
	expect_kinds(dg_wildcard_kinds, cases, N_CASES, other_wildcards, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_which),
		cmocka_unit_test(test_nodata),
		cmocka_unit_test(test_likely),
		cmocka_unit_test(test_kinds),
	};

	return cmocka_run_group_tests_name("rule_hosts", tests, NULL, NULL);
}
