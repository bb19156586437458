/* What a split publishes, in every stage and on the way back; and what it would break. */
#include "tests/unit/zones/policy/want_unit.h"

#define SOA                                                                                   \
	"@ 3600 IN SOA ns1 hostmaster 1 3600 600 86400 300\n@ 3600 IN NS ns1\nns1 3600 IN A " \
	"192.0.2.53\n"

static const char yaml[] = "zone: example.com\nttl: 1h\n"
			   "hosts: ignore\n"
			   "mail:\n"
			   "  \"@\":\n"
			   "    mx: [10 mx1.example.com]\n"
			   "    spf: [a, mx, ptr, \"~all\"]\n"
			   "    dkim: {s1: revoked}\n"
			   "    dmarc: {policy: quarantine, subdomains: none, testing: true, psd: "
			   "n, aggregate: \"mailto:d@b.example\"}\n"
			   "    mta-sts: {mode: enforce, id: abc}\n"
			   "    tlsrpt: \"mailto:t@b.example\"\n"
			   "    split: {to: m, armed-ttl: 60s}\n";

/* The subdomain is the same in every stage. */
#define SUB                                                                                   \
	"0 m.example.com. 3600 MX 10 mx1.example.com. mail\n"                                 \
	"0 m.example.com. 3600 TXT \"v=spf1 a:example.com mx ptr:example.com ~all\"\n"        \
	"0 _dmarc.m.example.com. 3600 TXT \"v=DMARC1; p=quarantine; rua=mailto:d@b.example; " \
	"t=y\"\n"                                                                             \
	"0 s1._domainkey.m.example.com. 3600 TXT \"v=DKIM1; p=\"\n"                           \
	"0 _mta-sts.m.example.com. 3600 TXT \"v=STSv1; id=abc;\"\n"                           \
	"0 _smtp._tls.m.example.com. 3600 TXT \"v=TLSRPTv1; rua=mailto:t@b.example\"\n"       \
	"0 mx1.example.com. 3600 TXT \"v=spf1 a -all\"\n"
#define CALM_DMARC "v=DMARC1; p=quarantine; sp=none; rua=mailto:d@b.example; psd=n; t=y"

static void test_calm(void **state)
{
	(void)state;
	assert_items(yaml, NULL, DG_STAGE_CALM,
		"0 example.com. 3600 MX 10 mx1.example.com. mail\n"
		"0 example.com. 3600 TXT \"v=spf1 a mx ptr ~all\"\n"
		"0 _dmarc.example.com. 3600 TXT \"" CALM_DMARC "\"\n"
		"0 s1._domainkey.example.com. 3600 TXT \"v=DKIM1; p=\"\n"
		"0 _mta-sts.example.com. 3600 TXT \"v=STSv1; id=abc;\"\n"
		"0 _smtp._tls.example.com. 3600 TXT \"v=TLSRPTv1; rua=mailto:t@b.example\"\n" SUB);
}

static void test_armed(void **state)
{
	(void)state;
	assert_items(yaml, NULL, DG_STAGE_ARMED,
		"0 example.com. 60 MX 10 mx1.example.com. mail\n"
		"0 example.com. 60 TXT \"v=spf1 a mx ptr ~all\"\n"
		"0 _dmarc.example.com. 3600 TXT \"" CALM_DMARC "\"\n"
		"0 s1._domainkey.example.com. 3600 TXT \"v=DKIM1; p=\"\n"
		"0 _mta-sts.example.com. 3600 TXT \"v=STSv1; id=abc;\"\n"
		"0 _smtp._tls.example.com. 3600 TXT \"v=TLSRPTv1; rua=mailto:t@b.example\"\n" SUB);
}

static void test_split(void **state)
{
	(void)state;
	struct bench b = bench_new(yaml, NULL, DG_STAGE_SPLIT, "example.com.");
	const char *text = items_text(&b);
	const char *id = strstr(text, "1 _mta-sts.example.com. 3600 TXT \"v=STSv1; id=");

	assert_non_null(id);
	assert_null(strstr(id, "id=abc;"));
	char sts[100] = {0};
	memcpy(sts, id, (size_t)(strchr(id, '\n') + 1 - id));
	const char *expected = dg_printf(b.a,
		"0 s1._domainkey.example.com. 3600 TXT \"v=DKIM1; p=\"\n"
		"0 _smtp._tls.example.com. 3600 TXT \"v=TLSRPTv1; rua=mailto:t@b.example\"\n" SUB
		"1 example.com. 60 MX 0 . mail\n"
		"1 example.com. 60 TXT \"v=spf1 -all\"\n"
		"1 _dmarc.example.com. 3600 TXT \"v=DMARC1; p=reject; sp=reject; np=reject; "
		"adkim=s; aspf=s; "
		"rua=mailto:d@b.example; psd=n\"\n"
		"%s",
		sts);
	assert_string_equal(text, expected);
	assert_non_null(strstr(notes_text(&b), "mta-sts-policy-none example.com.;"));
	bench_done(&b);
}

/* From a null MX to hosts: the MX first, then what was hardened; the subdomain and keys are not touched. */
static void test_back(void **state)
{
	(void)state;
	for (int stage = DG_STAGE_CALM; stage <= DG_STAGE_ARMED; stage++) {
		struct bench b =
			bench_new(yaml, SOA "@ 60 IN MX 0 .\n@ 60 IN TXT \"v=spf1 -all\"\n",
				(enum dg_name_stage)stage, "example.com.");
		unsigned ttl = stage == DG_STAGE_CALM ? 3600 : 60;
		const char *expected = dg_printf(b.a,
			"0 example.com. %u MX 10 mx1.example.com. mail\n"
			"0 s1._domainkey.example.com. 3600 TXT \"v=DKIM1; p=\"\n"
			"0 _smtp._tls.example.com. 3600 TXT \"v=TLSRPTv1; "
			"rua=mailto:t@b.example\"\n" SUB
			"1 example.com. %u TXT \"v=spf1 a mx ptr ~all\"\n"
			"1 _dmarc.example.com. 3600 TXT \"" CALM_DMARC "\"\n"
			"1 _mta-sts.example.com. 3600 TXT \"v=STSv1; id=abc;\"\n",
			ttl, ttl);

		assert_string_equal(items_text(&b), expected);
		bench_done(&b);
	}
}

static void test_ids(void **state)
{
	(void)state;
	static const char *const policies[] = {"mode: enforce", "mode: testing",
		"mode: enforce, max-age: 2w", "mode: enforce, mx: [\"*.example.com\"]"};
	const char *ids[8];
	struct dg_arena *a = dg_arena_new(1u << 20);

	for (size_t i = 0; i < 8; i++) {
		const char *text = dg_printf(a,
			"zone: example.com\nhosts: ignore\nmail: {\"@\": {mx: [10 a.b], spf: [mx], "
			"dmarc: {policy: "
			"reject}, mta-sts: {%s}, split: {to: m, armed-ttl: 2h}}}\n",
			policies[i / 2]);
		struct bench b = bench_new(
			text, NULL, i % 2 ? DG_STAGE_SPLIT : DG_STAGE_CALM, "example.com.");

		ids[i] = dg_strdup(a, strstr(items_text(&b), " _mta-sts.example.com. "));
		bench_done(&b);
		for (size_t k = 0; k < i; k++) {
			size_t n = strcspn(ids[i], "\n");
			bool is_same = strncmp(ids[i], ids[k], n + 1) == 0;
			/* once the mode is none, enforce and testing have the same policy */
			assert_int_equal(is_same, i == 3 && k == 1);
		}
	}
	dg_arena_free(a);
}

static void test_declared_subdomain(void **state)
{
	(void)state;
	assert_items("zone: example.com\nttl: 1h\nhosts: ignore\nmail:\n"
		     "  \"@\": {mx: [10 a.b], spf: [mx], dmarc: {policy: reject}, split: {to: m, "
		     "armed-ttl: 2h}}\n"
		     "  m: {mx: [5 c.d], spf: [mx]}\n",
		NULL, DG_STAGE_SPLIT,
		"0 m.example.com. 3600 MX 5 c.d. mail\n"
		"0 m.example.com. 3600 TXT \"v=spf1 mx -all\"\n"
		"1 example.com. 3600 MX 0 . mail\n"
		"1 example.com. 3600 TXT \"v=spf1 -all\"\n"
		"1 _dmarc.example.com. 3600 TXT \"v=DMARC1; p=reject; sp=reject; np=reject; "
		"adkim=s; aspf=s\"\n");
}

static void test_other_name_calm(void **state)
{
	(void)state;
	struct bench b = bench_new(
		"zone: example.com\nttl: 1h\nhosts: ignore\nmail:\n"
		"  \"@\": {mx: [10 a.b], spf: [mx], dmarc: {policy: reject}, split: {to: m}}\n"
		"  lists: {mx: [10 a.b], spf: [mx], dmarc: {policy: reject}, split: {to: l}}\n",
		NULL, DG_STAGE_SPLIT, "lists.example.com.");
	const char *text = items_text(&b);

	assert_non_null(strstr(text, "0 example.com. 3600 MX 10 a.b. mail\n"));
	assert_non_null(strstr(text, "1 lists.example.com. 60 MX 0 . mail\n"));
	assert_non_null(strstr(text, "0 l.example.com. 3600 MX 10 a.b. mail\n"));
	bench_done(&b);
}

/* Where no TTL is written, the served one stays; arming lowers it, and calm raises what arming lowered. */
static void test_ttl_not_written(void **state)
{
	(void)state;
	static const struct {
		enum dg_name_stage stage;
		const char *zone;
		unsigned ttl;
	} cases[] = {
		{DG_STAGE_CALM, NULL, 0},
		{DG_STAGE_CALM, SOA "@ 300 IN MX 10 a.b.\n", 0},
		{DG_STAGE_CALM, SOA "@ 60 IN MX 10 a.b.\n", DG_TTL_NEW},
		{DG_STAGE_ARMED, SOA "@ 300 IN MX 10 a.b.\n", 60},
		{DG_STAGE_SPLIT, SOA "@ 60 IN MX 10 a.b.\n", 60},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bench b =
			bench_new("zone: example.com\nhosts: ignore\nmail: {\"@\": {mx: [10 a.b], "
				  "spf: [mx], dmarc: {policy: reject}, split: {to: m}}}\n",
				cases[i].zone, cases[i].stage, "example.com.");

		assert_int_equal(b.rc, 0);
		for (size_t k = 0; k < b.want->n; k++) {
			bool is_own = strcmp(b.want->items[k].owner, "example.com.") == 0;

			assert_int_equal(b.want->items[k].ttl, is_own ? cases[i].ttl : 0);
		}
		bench_done(&b);
	}
}

static const char *hazards(struct bench *b)
{
	struct dg_note *notes = NULL;
	struct dg_buf t;
	size_t n = 0;

	dg_split_hazards(b->a, b->policy, "example.com.", b->have, &notes, &n);
	dg_buf_init(&t, 1u << 16);
	for (size_t i = 0; i < n; i++) {
		dg_buf_printf(&t, "%s %s;", notes[i].code, notes[i].owner);
		assert_non_null(notes[i].text);
		assert_non_null(notes[i].rule);
	}
	const char *text = dg_strdup(b->a, t.data);
	dg_buf_done(&t);
	return text;
}

static void test_hazards(void **state)
{
	(void)state;
	struct bench b = bench_new(yaml,
		"@ 3600 IN SOA ns1 hostmaster 1 3600 600 86400 300\n@ IN NS ns1\nns1 IN A "
		"192.0.2.53\n"
		"@ 7200 IN MX 10 mx1\n@ IN TXT \"v=spf1 mx -all\"\nmx1 IN A 192.0.2.2\n"
		"news IN TXT \"v=spf1 include:example.com -all\"\nother IN TXT \"v=spf1 "
		"a:example.com -all\"\n"
		"third IN TXT \"v=spf1 redirect=example.com\"\nfourth IN TXT \"v=spf1 "
		"mx:example.com.au -all\"\n"
		"_dmarc.news IN TXT \"v=DMARC1; p=none; rua=mailto:x@example.com,mailto:y@b.c\"\n"
		"_dmarc.more IN TXT \"v=DMARC1; p=none; rua=mailto:x@m.example.com\"\n"
		"www IN A 192.0.2.1\n",
		DG_STAGE_CALM, NULL);

	assert_string_equal(hazards(&b),
		"still-sends example.com.;addresses-go example.com.;contact-addresses example.com.;"
		"mailing-lists example.com.;soa-contact example.com.;"
		"spf-depends news.example.com.;reports-lost _dmarc.news.example.com.;"
		"spf-depends third.example.com.;mta-sts-cached "
		"example.com.;"
		"ttl-not-armed example.com.;host-takes-mail ns1.example.com.;host-takes-mail "
		"www.example.com.;");
	bench_done(&b);
	/* armed, and nothing of the zone is known but its MX */
	b = bench_new("zone: example.com\nmail: {\"@\": {mx: [10 a.b], spf: [], dmarc: {policy: "
		      "reject}, split: {to: m}}}\n",
		NULL, DG_STAGE_CALM, NULL);
	assert_string_equal(hazards(&b), "addresses-go example.com.;contact-addresses example.com.;"
					 "mailing-lists example.com.;hosts-unknown example.com.;");
	bench_done(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_calm),
		cmocka_unit_test(test_armed),
		cmocka_unit_test(test_split),
		cmocka_unit_test(test_back),
		cmocka_unit_test(test_ids),
		cmocka_unit_test(test_declared_subdomain),
		cmocka_unit_test(test_other_name_calm),
		cmocka_unit_test(test_ttl_not_written),
		cmocka_unit_test(test_hazards),
	};

	return cmocka_run_group_tests_name("split", tests, NULL, NULL);
}
