#include "tests/unit/zones/policy/want_unit.h"

#define SOA                                                                                   \
	"@ 3600 IN SOA ns1 hostmaster 1 3600 600 86400 300\n@ 3600 IN NS ns1\nns1 3600 IN A " \
	"192.0.2.53\n"

static void test_plain(void **state)
{
	(void)state;
	assert_items("zone: example.com\nttl: 1h\n"
		     "mail:\n"
		     "  \"@\":\n"
		     "    mx: [10 mx1.example.com, 20 mx.example.net]\n"
		     "    spf: [mx, \"ip4:192.0.2.0/24\"]\n"
		     "    dkim: {s1: revoked}\n"
		     "    dmarc: {policy: reject, subdomains: reject, aggregate: "
		     "\"mailto:d@example.com\"}\n"
		     "    mta-sts: {mode: enforce, id: abc}\n"
		     "    tlsrpt: mailto:t@example.net\n"
		     "  lists: {mx: [10 mx1.example.com], spf: [mx, \"~all\"], ttl: 5m}\n"
		     "  old: {mx: null}\n"
		     "helo: out1\n"
		     "report-for: [example.org]\n",
		NULL, DG_STAGE_CALM,
		"0 example.com. 3600 MX 10 mx1.example.com. 20 mx.example.net. mail\n"
		"0 example.com. 3600 TXT \"v=spf1 mx ip4:192.0.2.0/24 -all\"\n"
		"0 _dmarc.example.com. 3600 TXT \"v=DMARC1; p=reject; sp=reject; "
		"rua=mailto:d@example.com\"\n"
		"0 example.org._report._dmarc.example.com. 3600 TXT \"v=DMARC1;\"\n"
		"0 s1._domainkey.example.com. 3600 TXT \"v=DKIM1; p=\"\n"
		"0 _mta-sts.example.com. 3600 TXT \"v=STSv1; id=abc;\"\n"
		"0 _smtp._tls.example.com. 3600 TXT \"v=TLSRPTv1; rua=mailto:t@example.net\"\n"
		"0 lists.example.com. 300 MX 10 mx1.example.com. mail\n"
		"0 lists.example.com. 300 TXT \"v=spf1 mx ~all\"\n"
		"0 mx1.example.com. 3600 TXT \"v=spf1 a -all\"\n"
		"0 out1.example.com. 3600 TXT \"v=spf1 a -all\"\n"
		"1 old.example.com. 3600 MX 0 . mail\n");
}

static void test_silent(void **state)
{
	(void)state;
	static const char yaml[] = "zone: example.com\nttl: 1h\n"
				   "mail: {\"@\": {dmarc: {policy: quarantine, aggregate: "
				   "\"mailto:d@example.com\"}}}\n"
				   "silent: [www, \"*\", old, alias, x.sub.example.com]\n";
	static const char zone[] = SOA "www IN A 192.0.2.1\nold 60 IN MX 10 mx1\nmx1 IN A "
				       "192.0.2.2\nalias IN CNAME www\nsub IN NS ns1\n";
	struct bench b = bench_new(yaml, zone, DG_STAGE_CALM, NULL);

	assert_string_equal(items_text(&b),
		"0 *.example.com. 3600 MX 0 .\n"
		"0 *.example.com. 3600 TXT \"v=spf1 -all\"\n"
		"0 _dmarc.example.com. 3600 TXT \"v=DMARC1; p=quarantine; "
		"rua=mailto:d@example.com\"\n"
		"0 _dmarc.alias.example.com. 3600 TXT \"v=DMARC1; p=reject; adkim=s; aspf=s; "
		"rua=mailto:d@example.com\"\n"
		"0 old.example.com. 3600 TXT \"v=spf1 -all\"\n"
		"0 _dmarc.old.example.com. 3600 TXT \"v=DMARC1; p=reject; adkim=s; aspf=s; "
		"rua=mailto:d@example.com\"\n"
		"0 www.example.com. 3600 MX 0 .\n"
		"0 www.example.com. 3600 TXT \"v=spf1 -all\"\n"
		"0 _dmarc.www.example.com. 3600 TXT \"v=DMARC1; p=reject; adkim=s; aspf=s; "
		"rua=mailto:d@example.com\"\n"
		"1 old.example.com. 3600 MX 0 . mail\n");
	assert_string_equal(notes_text(&b),
		"wildcard-hides-nxdomain *.example.com.;wildcard-does-not-reach *.example.com.;"
		"silent-alias alias.example.com.;silent-elsewhere x.sub.example.com.;"
		"host-takes-mail mx1.example.com.;host-takes-mail ns1.example.com.;");
	bench_done(&b);
	assert_items("zone: example.com\nttl: 1h\nsilent: [\"@\"]\n", NULL, DG_STAGE_CALM,
		"0 example.com. 3600 MX 0 .\n"
		"0 example.com. 3600 TXT \"v=spf1 -all\"\n"
		"0 _dmarc.example.com. 3600 TXT \"v=DMARC1; p=reject; sp=reject; np=reject; "
		"adkim=s; aspf=s\"\n");
}

static void test_hosts(void **state)
{
	(void)state;
	static const char zone[] =
		SOA "@ IN A 192.0.2.1\nwww IN A 192.0.2.1\nwww IN AAAA 2001:db8::1\n"
		    "closed IN A 192.0.2.3\nclosed IN MX 0 .\n"
		    "other IN MX 10 mx.example.net.\n"
		    "*.wild IN A 192.0.2.4\n"
		    "sub IN NS ns.sub\nns.sub IN A 192.0.2.5\n"
		    "dn IN DNAME example.net.\ndn IN A 192.0.2.7\n"
		    "mx1 IN A 192.0.2.2\nalias IN CNAME www\n_x IN A 192.0.2.6\nnothing IN TXT x\n";
	struct bench b = {0};

	b = bench_new("zone: example.com\nmail: {lists: {mx: [10 mx1.example.com]}}\n", zone,
		DG_STAGE_CALM, NULL);
	assert_string_equal(notes_text(&b),
		"host-takes-mail example.com.;host-takes-mail dn.example.com.;host-takes-mail "
		"ns1.example.com.;"
		"mail-name-not-declared other.example.com.;host-takes-mail *.wild.example.com.;"
		"host-takes-mail www.example.com.;");
	assert_non_null(
		strstr(b.want->notes[3].text, "mail: {\"other\": {mx: [10 mx.example.net]}}"));
	assert_non_null(strstr(b.want->notes[5].text, "silent: [\"www\"]"));
	bench_done(&b);

	b = bench_new("zone: example.com\nttl: 1h\nhosts: silent\nmail: {lists: {mx: [10 "
		      "mx1.example.com]}}\n",
		zone, DG_STAGE_CALM, NULL);
	assert_string_equal(items_text(&b),
		"0 closed.example.com. 3600 MX 0 .\n"
		"0 closed.example.com. 3600 TXT \"v=spf1 -all\"\n"
		"0 dn.example.com. 3600 MX 0 .\n"
		"0 dn.example.com. 3600 TXT \"v=spf1 -all\"\n"
		"0 lists.example.com. 3600 MX 10 mx1.example.com. mail\n"
		"0 mx1.example.com. 3600 TXT \"v=spf1 a -all\"\n"
		"0 ns1.example.com. 3600 MX 0 .\n"
		"0 ns1.example.com. 3600 TXT \"v=spf1 -all\"\n"
		"0 www.example.com. 3600 MX 0 .\n"
		"0 www.example.com. 3600 TXT \"v=spf1 -all\"\n");
	assert_string_equal(notes_text(&b),
		"host-takes-mail example.com.;mail-name-not-declared other.example.com.;"
		"host-takes-mail *.wild.example.com.;");
	bench_done(&b);

	b = bench_new("zone: example.com\nhosts: ignore\n", zone, DG_STAGE_CALM, NULL);
	assert_int_equal(b.want->n + b.want->n_notes, 0);
	bench_done(&b);
	b = bench_new("zone: example.com\n", NULL, DG_STAGE_CALM, NULL);
	assert_string_equal(notes_text(&b), "hosts-unknown example.com.;");
	bench_done(&b);
	assert_want_refused("zone: example.com\nhosts: silent\nmail: {\"@\": {}}\n", NULL,
		DG_STAGE_CALM, 1, "could not be read whole");
}

static void test_many_hosts(void **state)
{
	(void)state;
	struct dg_buf zone;

	dg_buf_init(&zone, 1u << 20);
	dg_buf_puts(&zone, SOA);
	for (int i = 0; i < 99; i++) {
		dg_buf_printf(&zone, "h%03d IN A 192.0.2.1\n", i);
	}
	struct bench b = bench_new("zone: example.com\n", zone.data, DG_STAGE_CALM, NULL);
	assert_int_equal(b.want->n_notes, DG_WANT_HOST_NOTES_MAX + 1);
	assert_non_null(strstr(b.want->notes[DG_WANT_HOST_NOTES_MAX].text, "50 more names"));
	bench_done(&b);
	dg_buf_done(&zone);
}

static void test_lint_gate(void **state)
{
	(void)state;
#define Z "zone: example.com\n"
	assert_want_refused(
		Z "mail:\n  \"@\":\n    spf: [\"+all\"]\n", NULL, DG_STAGE_CALM, 4, "+all");
	assert_want_refused(Z "mail: {\"@\": {spf: [a, mx, \"a:b.c\", \"a:c.d\", \"a:d.e\", "
			      "\"a:e.f\", \"a:f.g\", "
			      "\"a:g.h\", \"a:h.i\", \"a:i.j\", \"a:j.k\"]}}\n",
		NULL, DG_STAGE_CALM, 2, "look-ups");
	assert_want_refused(
		Z "mail: {\"@\": {mx: [10 localhost.]}}\n", NULL, DG_STAGE_CALM, 2, "localhost");

	struct bench b =
		bench_new(Z "hosts: ignore\nmail: {\"@\": {dmarc: {policy: none, aggregate: "
			    "\"mailto:a@b.example\"}}}\n",
			NULL, DG_STAGE_CALM, NULL);
	assert_string_equal(notes_text(&b),
		"dmarc-none _dmarc.example.com.;report-authorisation example.com.;");
	assert_non_null(strstr(b.want->notes[1].text, "example.com._report._dmarc.b.example."));
	bench_done(&b);
	/* no word about it when the record stands there already */
	b = bench_new(Z "hosts: ignore\nmail: {\"@\": {dmarc: {policy: reject, aggregate: "
			"\"mailto:a@b.example\"}}}\n",
		SOA "_dmarc IN TXT \"v=DMARC1; p=reject; \" \"rua=mailto:a@b.example\"\n",
		DG_STAGE_CALM, NULL);
	assert_string_equal(notes_text(&b), "");
	bench_done(&b);
}

static void test_contradictions(void **state)
{
	(void)state;
#define M "mx: [10 mx1.example.net], spf: [mx], dmarc: {policy: reject}"
	assert_want_refused(
		Z "mail: {lists: {}}\nsilent: [lists]\n", NULL, 0, 3, "one or the other");
	assert_want_refused(Z "mail:\n  \"@\": {mx: [10 www.example.com]}\nsilent: [www]\n", NULL,
		0, 3, "MX host www.example.com has a null MX (line 4)");
	assert_want_refused(Z "mail: {\"@\": {mx: [10 www.example.com]}, www: {mx: null}}\n", NULL,
		0, 2, "null MX");
	assert_want_refused(Z "silent: [www]\nhelo: www\n", NULL, 0, 3, "HELO host");
	assert_want_refused(Z "mail: {\"@\": {mx: [10 mx1.example.com]}}\n",
		SOA "mx1 IN CNAME ns1\n", 0, 2, "alias");
	assert_want_refused(Z "mail: {a.sub.example.com: {mx: null}}\n",
		SOA "sub IN NS ns.example.net.\n", 0, 2, "leads out of this zone");
	assert_want_refused(Z "mail: {a.sub.example.com: {mx: null}}\n",
		SOA "sub IN DNAME example.net.\n", 0, 2, "leads out of this zone");
	assert_want_refused(Z "mail: {\"@\": {dmarc: {policy: reject, aggregate: "
			      "\"mailto:d@www.example.com\"}}}\n"
			      "silent: [www]\n",
		NULL, 0, 2, "takes no mail (line 3)");
	assert_want_refused(Z "never: [lists]\n", NULL, 0, 2, "no mail name");
	assert_want_refused(Z "mail: {lists: {}}\n", NULL, DG_STAGE_SPLIT, 1, "is gone from mail:");
}

static void test_split_contradictions(void **state)
{
	(void)state;
	assert_want_refused(
		Z "mail: {\"@\": {" M "}}\n", NULL, DG_STAGE_ARMED, 2, "its split: is gone");
	assert_want_refused(
		Z "mail: {\"@\": {mx: null, split: {to: m}}}\n", NULL, 0, 2, "mx is null");
	assert_want_refused(
		Z "mail: {\"@\": {spf: [mx], split: {to: m}}}\n", NULL, 0, 2, "'mx' is missing");
	assert_want_refused(Z "mail: {\"@\": {mx: [10 a.b], split: {to: m}}}\n", NULL, 0, 2,
		"'spf' is missing");
	assert_want_refused(Z "mail: {\"@\": {mx: [10 a.b], spf: [mx], split: {to: m}}}\n", NULL, 0,
		2, "'dmarc' is missing");
	assert_want_refused(Z "mail: {\"@\": {" M ", split: {to: \"@\"}}}\n", NULL, 0, 2,
		"the mail name itself");
	assert_want_refused(
		Z "mail: {lists: {" M ", split: {to: \"@\"}}}\n", NULL, 0, 2, "own name");
	assert_want_refused(
		Z "mail: {\"@\": {" M ", split: {to: \"*\"}}}\n", NULL, 0, 2, "wildcard");
	assert_want_refused(
		Z "mail: {\"@\": {" M ", split: {to: m}}}\nsilent: [m]\n", NULL, 0, 2, "silent:");
	assert_want_refused(Z "mail: {\"@\": {" M ", split: {to: m}}, m: {mx: null}}\n", NULL, 0, 2,
		"without hosts");
	assert_want_refused(Z "mail: {\"@\": {" M ", split: {to: m}}, lists: {" M
			      ", split: {to: m}}}\n",
		NULL, 0, 2, "another mail name");
	assert_want_refused(Z "mail: {\"@\": {" M ", split: {to: m}}}\n", SOA "m IN CNAME ns1\n", 0,
		2, "alias");
	assert_want_refused(Z "mail: {\"@\": {" M ", split: {to: m}}}\n", SOA "m IN NS ns1\n", 0, 2,
		"delegated");
	assert_want_refused(Z "mail: {\"@\": {" M
			      ", split: {to: m, when: automatic}}}\nnever: [\"@\"]\n",
		NULL, 0, 2, "when: is automatic");
	assert_want_refused(Z "mail: {\"@\": {" M ", split: {to: m}}}\nnever: [\"@\"]\n", NULL,
		DG_STAGE_SPLIT, 2, "it is split now");
	assert_want_refused(Z
		"mail: {\"@\": {mx: [10 a.b], spf: [mx], dmarc: {policy: reject, aggregate: "
		"\"mailto:d@example.com\"}, split: {to: m}}}\n",
		NULL, 0, 2, "name an address at m.example.com, or outside");
	assert_want_refused(Z "mail: {\"@\": {" M
			      ", split: {to: m}}, lists: {tlsrpt: \"mailto:d@example.com\"}}\n",
		NULL, 0, 2, "would be lost");
}

static void test_addressless_mx(void **state)
{
	(void)state;
	static const char yaml[] =
		Z "hosts: ignore\nmail: {\"@\": {mx: [10 mx1.example.com, 20 mx.w.example.com]}}\n";
	struct bench b = bench_new(yaml, SOA "*.w IN A 192.0.2.1\n", DG_STAGE_CALM, NULL);

	assert_string_equal(notes_text(&b), "mx-host-without-address mx1.example.com.;");
	bench_done(&b);
	b = bench_new(yaml, NULL, DG_STAGE_CALM, NULL);
	assert_string_equal(notes_text(&b), "");
	bench_done(&b);
}

static void test_keys(void **state)
{
	(void)state;
	struct bench b = bench_new(Z "hosts: ignore\nmail: {\"@\": {" M
				     ", split: {to: m}}}\nsilent: [www]\nhelo: out\n",
		NULL, DG_STAGE_CALM, NULL);
	static const struct dg_rrkey expected[] = {
		{"example.com.", DG_TYPE_SOA},
		{"example.com.", DG_TYPE_NS},
		{"example.com.", DG_TYPE_MX},
		{"example.com.", DG_TYPE_TXT},
		{"example.com.", DG_TYPE_A},
		{"example.com.", DG_TYPE_CNAME},
		{"_dmarc.example.com.", DG_TYPE_TXT},
		{"_dmarc.example.com.", DG_TYPE_CNAME},
		{"m.example.com.", DG_TYPE_MX},
		{"_dmarc.m.example.com.", DG_TYPE_TXT},
		{"www.example.com.", DG_TYPE_MX},
		{"www.example.com.", DG_TYPE_TXT},
		{"_dmarc.www.example.com.", DG_TYPE_TXT},
		{"out.example.com.", DG_TYPE_TXT},
		{"out.example.com.", DG_TYPE_AAAA},
	};
	struct dg_rrkey *keys = NULL;
	size_t n = 0;

	dg_want_keys(b.a, b.policy, &keys, &n);
	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
		size_t found = 0;

		for (size_t k = 0; k < n; k++) {
			found += keys[k].type == expected[i].type &&
				 strcmp(keys[k].owner, expected[i].owner) == 0;
		}
		if (found != 1) {
			fail_msg("%s type %u stands %zu times", expected[i].owner, expected[i].type,
				found);
		}
	}
	for (size_t i = 0; i < b.want->n; i++) { /* whatever is wanted can be compared */
		bool is_there = false;

		for (size_t k = 0; k < n; k++) {
			is_there = is_there ||
				   (keys[k].type == b.want->items[i].type &&
					   strcmp(keys[k].owner, b.want->items[i].owner) == 0);
		}
		assert_true(is_there);
	}
	bench_done(&b);
}

/* Records that were written whole are published to the letter, and MX hosts are left alone when asked. */
static void test_as_written(void **state)
{
	(void)state;
	struct bench b = bench_new(Z
		"ttl: 1h\nhosts: ignore\nmx-hosts: ignore\nhelo: out\nmail: {\"@\": {mx: [10 "
		"mx1.example.com], spf: \"v=spf1  MX\", dmarc: \"v=DMARC1;p=reject\"}}\n",
		NULL, DG_STAGE_CALM, NULL);

	assert_string_equal(items_text(&b), "0 example.com. 3600 MX 10 mx1.example.com. mail\n"
					    "0 example.com. 3600 TXT \"v=spf1  MX\"\n"
					    "0 _dmarc.example.com. 3600 TXT \"v=DMARC1;p=reject\"\n"
					    "0 out.example.com. 3600 TXT \"v=spf1 a -all\"\n");
	bench_done(&b);
}

/* What is published unlinted is as good as if it had been linted. */
static void test_constants(void **state)
{
	(void)state;
	struct bench b =
		bench_new(Z "ttl: 1h\nhosts: ignore\nmail: {a: {spf: []}, b: {spf: [a]}}\n", NULL,
			DG_STAGE_CALM, NULL);

	assert_string_equal(items_text(&b), "0 a.example.com. 3600 TXT \"v=spf1 -all\"\n"
					    "0 b.example.com. 3600 TXT \"v=spf1 a -all\"\n");
	assert_string_equal(notes_text(&b), "");
	bench_done(&b);
}

/* Many names are found by a map, few by looking: the same either way. */
static void test_many_names(void **state)
{
	(void)state;
	struct dg_buf yaml;

	dg_buf_init(&yaml, 1u << 20);
	dg_buf_puts(&yaml, Z "hosts: ignore\nmail:\n  \"@\": {mx: [10 n5.example.com]}\nsilent: [");
	for (int i = 0; i < 1000; i++) {
		dg_buf_printf(&yaml, "n%d, ", i);
	}
	dg_buf_puts(&yaml, "]\n");
	assert_want_refused(
		yaml.data, NULL, DG_STAGE_CALM, 4, "MX host n5.example.com has a null MX");
	dg_buf_done(&yaml);
}

/* People see names without the final dot. */
static void test_names_in_words(void **state)
{
	(void)state;
	struct bench b =
		bench_new(Z "mail:\n"
			    "  \"@\": {mx: [10 mx.example.com], spf: [mx], dmarc: {policy: "
			    "reject}, split: {to: m}}\n"
			    "  lists: {mx: none, dmarc: {policy: reject}}\n"
			    "silent: [ftp]\n",
			SOA "mx 60 A 192.0.2.1\nwww 60 A 192.0.2.2\nx 60 MX 10 mx\n", DG_STAGE_CALM,
			"example.com.");

	assert_non_null(b.want);
	assert_true(b.want->n > 6 && b.want->n_notes > 1);
	for (size_t i = 0; i < b.want->n; i++) {
		assert_null(strstr(b.want->items[i].why, "example.com. "));
		assert_null(strstr(strrchr(b.want->items[i].why, ' '), "example.com."));
	}
	for (size_t i = 0; i < b.want->n_notes; i++) {
		assert_null(strstr(b.want->notes[i].text, "example.com. "));
	}
	bench_done(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_silent),
		cmocka_unit_test(test_hosts),
		cmocka_unit_test(test_many_hosts),
		cmocka_unit_test(test_lint_gate),
		cmocka_unit_test(test_contradictions),
		cmocka_unit_test(test_split_contradictions),
		cmocka_unit_test(test_addressless_mx),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_as_written),
		cmocka_unit_test(test_constants),
		cmocka_unit_test(test_many_names),
		cmocka_unit_test(test_names_in_words),
	};

	return cmocka_run_group_tests_name("want", tests, NULL, NULL);
}
