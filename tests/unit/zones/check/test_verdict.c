/* The verdict: for each identity and class of names, with the record that decides. */
#include "tests/unit/zones/check/check_unit.h"

#define SPF(x)   "example.com. TXT v=spf1 " x "\n"
#define DMARC(x) "_dmarc.example.com. TXT v=DMARC1; " x "\n"
#define MX       "example.com. MX 10 mx.test.\n"
#define STRICT   SPF("ip4:192.0.2.1 -all") MX
#define WWW      "www.example.com. A 203.0.113.80\n"
#define M        "m.example.com. MX 10 mx.test.\n"

struct row {
	const char *world;
	const char *
		rulings; /* of FROM, MAIL FROM, HELO: four letters each, of domain, subdomain, missing, host */
	const char *why; /* a part of one of the reasons */
};

/* F forgeable, L lenient, P protected, ? could not tell */
static const struct row rows[] = {
	{STRICT DMARC("p=reject") WWW "www.example.com. TXT v=spf1 -all", "PPPP PPLP PPLP",
		"asked to refuse"},
	{STRICT DMARC("p=quarantine"), "LLLL P?L? P?L?", "spam folder"},
	{STRICT DMARC("p=none"), "FFFF P?L? P?L?", "deliver forged mail"},
	{STRICT, "FFFF P?L? P?L?", "no DMARC record"},
	{STRICT DMARC("p=reject; t=y"), "LLLL P?L? P?L?", "while t=y stands"},
	{STRICT DMARC("p=quarantine; t=y"), "FFFF P?L? P?L?", "deliver"},
	{STRICT DMARC("p=reject; sp=none"), "PFFF P?L? P?L?", "deliver"},
	{STRICT DMARC("p=reject; sp=none; np=reject"), "PFPF P?L? P?L?", "deliver"},
	{STRICT DMARC("p=none; np=reject"), "FFPF P?L? P?L?", "deliver"},
	{STRICT DMARC("p=rejct; rua=mailto:d@example.com"), "FFFF P?L? P?L?", "counts as p=none"},
	{STRICT DMARC("p=reject; sp=none; np=reject") "*.example.com. TXT v=spf1 -all",
		"PFFF P?P? P?P?", NULL},
	/* a name with a record of its own */
	{STRICT DMARC("p=reject; sp=none") WWW "_dmarc.www.example.com. TXT v=DMARC1; p=reject",
		"PFFP PFLF PFLF", "www.example.com has no SPF record"},
	{STRICT DMARC("p=reject") "m.example.com. TXT v=spf1 ~all\n" M
				  "_dmarc.m.example.com. TXT v=DMARC1; p=none\n!zone",
		"PFPP PLLP PLLP", "softfail"},
	{STRICT DMARC("p=reject") WWW "!zone", "PPPP PFLF PFLF", NULL},
	/* SPF that lets everybody pass makes DMARC pass */
	{SPF("+all") MX DMARC("p=reject"), "FFFF F?L? F?L?", "DMARC passes for everybody"},
	{SPF("+all") MX DMARC("p=reject; aspf=s"), "FPPP F?L? F?L?", "every host"},
	{SPF("ip4:0.0.0.0/1 -all") MX DMARC("p=reject"), "FFFF F?L? F?L?", "every host"},
	{SPF("include:a.test -all") "a.test. TXT v=spf1 +all\n" MX DMARC("p=reject"),
		"FFFF F?L? F?L?", "every host"},
	/* SPF */
	{SPF("~all") MX DMARC("p=reject"), "PPPP L?L? L?L?", "softfail"},
	{SPF("?all") MX DMARC("p=reject"), "PPPP F?L? F?L?", "neutral"},
	{SPF("mx") MX DMARC("p=reject"), "PPPP F?L? F?L?", "neutral"},
	{SPF("oops -all") MX DMARC("p=reject"), "PPPP F?L? F?L?", "has a fault"},
	{SPF("-all") SPF("mx -all") MX DMARC("p=reject"), "PPPP F?L? F?L?", "several"},
	{MX DMARC("p=reject"), "PPPP F?L? F?L?", "no SPF record"},
	{SPF("include:gone.test -all") MX DMARC("p=reject"), "PPPP F?L? F?L?", "broken"},
	{SPF("include:a.test -all") "a.test. TXT v=spf1 include:example.com -all\n" MX DMARC(
		 "p=reject"),
		"PPPP F?L? F?L?", "itself"},
	{SPF("redirect=a.test") "a.test. TXT v=spf1 ~all\n" MX DMARC("p=reject"), "PPPP L?L? L?L?",
		"softfail"},
	/* receivers that differ */
	{STRICT "_dmarc.com. TXT v=DMARC1; p=reject", "LPPP P?L? P?L?", "public suffix"},
	{STRICT DMARC("p=reject") DMARC("p=reject; fo=1") "_dmarc.com. TXT v=DMARC1; p=reject",
		"LPPP P?L? P?L?", "some receivers see no policy"},
	/* could not tell */
	{STRICT "!unknown _dmarc.example.com. TXT", "???? P?L? P?L?", "no answer within"},
	{STRICT DMARC("p=reject") "!unknown _dmarc.com. TXT", "P??? P?L? P?L?",
		"could not be looked up"},
	{MX DMARC("p=reject") "!unknown example.com. TXT", "PPPP ??L? ??L?", "no answer within"},
	{SPF("include:a.test -all") MX DMARC("p=reject") "!unknown a.test. TXT", "PPPP ??L? ??L?",
		"no answer within"},
	{SPF("include:a.test include:gone.test -all") MX DMARC("p=reject") "!unknown a.test. TXT",
		"PPPP F?L? F?L?", "broken"},
	{STRICT DMARC("p=reject") WWW "!unknown www.example.com. TXT", "PPPP P?L? P?L?",
		"no answer within"},
	/* a name that does not exist */
	{"_dmarc.com. TXT v=DMARC1; p=none; np=reject", "LPPP LLLL LLLL", "public suffix"},
	/* without a look at other names */
	{STRICT DMARC("p=reject") WWW "!depth fast", "PPPP P??? P???", "by a full check only"},
	{STRICT DMARC("p=reject; sp=none; np=reject") "!depth fast", "PFPF P??? P???", NULL},
	{STRICT DMARC("p=reject; sp=none; np=reject") "!depth fast\n!no-probe", "PF?F P??? P???",
		"differ"},
	{SPF("redirect=a.test") "a.test. TXT v=spf1 ~all\n" MX DMARC("p=reject") "!depth fast",
		"PPPP L??? L???", "softfail"},
	{SPF("include:a.test -all") "a.test. TXT v=spf1 +all\n" MX DMARC("p=reject") "!depth fast",
		"FFFF F??? F???", "every host"},
	{SPF("include:gone.test -all") MX DMARC("p=reject") "!depth fast", "PPPP F??? F???",
		"broken"},
};

static char letter(enum dg_forgery f)
{
	return f == DG_FORGEABLE           ? 'F'
	       : f == DG_FORGEABLE_LENIENT ? 'L'
	       : f == DG_PROTECTED         ? 'P'
					   : '?';
}

static bool has_why(const struct dg_check *c, const char *why)
{
	for (unsigned i = 0; i < DG_IDENTITIES * DG_CLASSES; i++) {
		if (strstr(c->rulings[i / DG_CLASSES][i % DG_CLASSES].why, why)) {
			return true;
		}
	}
	return false;
}

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[DG_IDENTITIES * (DG_CLASSES + 1)] = "";
		struct world *w = calloc(1, sizeof(*w));
		const struct dg_check *c = world_check(w, rows[i].world);

		for (unsigned k = 0; k < DG_IDENTITIES; k++) {
			for (unsigned m = 0; m < DG_CLASSES; m++) {
				const struct dg_ruling *r = &c->rulings[k][m];

				text[k * 5 + m] = letter(r->forgery);
				assert_int_equal(r->identity, k);
				assert_int_equal(r->class, m);
				assert_non_null(r->name);
				assert_non_null(r->why);
			}
			text[k * 5 + 4] = k == 2 ? '\0' : ' ';
		}
		if (strcmp(text, rows[i].rulings) != 0 ||
			(rows[i].why && !has_why(c, rows[i].why))) {
			print_findings(c);
			fail_msg("%s\nis %s, not %s", rows[i].world, text, rows[i].rulings);
		}
		world_done(w);
		free(w);
		expect_sound(rows[i].world);
	}
}

static void test_deciding(void **state)
{
	struct world w;
	const struct dg_check *c = world_check(&w, STRICT DMARC("p=none"));

	(void)state;
	assert_string_equal(c->rulings[DG_IDENTITY_FROM][DG_CLASS_DOMAIN].record,
		"_dmarc.example.com TXT v=DMARC1; p=none");
	assert_string_equal(c->rulings[DG_IDENTITY_MAIL_FROM][DG_CLASS_DOMAIN].record,
		"example.com TXT v=spf1 ip4:192.0.2.1 -all");
	world_done(&w);
	c = world_check(
		&w, STRICT DMARC("p=none") WWW "_dmarc.www.example.com. TXT v=DMARC1; p=reject");
	assert_string_equal(c->rulings[DG_IDENTITY_FROM][DG_CLASS_HOST].record,
		"_dmarc.www.example.com TXT v=DMARC1; p=reject");
	world_done(&w);
	c = world_check(&w, MX WWW);
	assert_null(c->rulings[DG_IDENTITY_FROM][DG_CLASS_DOMAIN].record);
	assert_string_equal(c->rulings[DG_IDENTITY_HELO][DG_CLASS_HOST].name, "www.example.com.");
	world_done(&w);
}

static void test_backscatter(void **state)
{
	static const struct {
		const char *world;
		enum dg_backscatter is;
		const char *why;
	} ways[] = {
		{SPF("-all") MX, DG_BACKSCATTER_YES, "MX hosts"},
		{SPF("-all") "example.com. MX 0 .", DG_BACKSCATTER_NO, "null MX"},
		{SPF("-all") "example.com. MX 0 .\nexample.com. MX 10 mx.test.", DG_BACKSCATTER_YES,
			"MX hosts"},
		{SPF("-all") "example.com. A 9.9.9.9", DG_BACKSCATTER_YES, "own address"},
		{SPF("-all") "example.com. AAAA 2620:fe::9", DG_BACKSCATTER_YES, "own address"},
		{SPF("-all") "example.com. AAAA 2620:fe::9\n!depth fast", DG_BACKSCATTER_YES,
			"own address"},
		{SPF("-all"), DG_BACKSCATTER_NO, "neither"},
		{"www.test. A 9.9.9.9", DG_BACKSCATTER_NO, "does not exist"},
		{SPF("-all") "!unknown example.com. MX", DG_BACKSCATTER_UNKNOWN, "no answer"},
		{SPF("-all") "!unknown example.com. AAAA", DG_BACKSCATTER_UNKNOWN, ""},
		{SPF("-all") "example.com. A 9.9.9.9\n!unknown example.com. AAAA",
			DG_BACKSCATTER_YES, ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		struct world w;
		const struct dg_check *c = world_check(&w, ways[i].world);

		assert_int_equal(c->backscatter, ways[i].is);
		assert_non_null(strstr(c->backscatter_why, ways[i].why));
		world_done(&w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_deciding),
		cmocka_unit_test(test_backscatter),
	};

	return cmocka_run_group_tests_name("verdict", tests, NULL, NULL);
}
