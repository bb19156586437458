#include "tests/unit/unit.h"

#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/base/err.h"
#include "zones/record/zone.h"
#include "zones/record/zonefile.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static int setup(void **state)
{
	*state = dg_arena_new(1u << 24);
	return 0;
}

static int teardown(void **state)
{
	dg_arena_free(*state);
	return 0;
}

static int scan(void **state, const char *text, struct dg_zonefile **f, struct dg_err *err)
{
	return dg_zonefile_scan(*state, text, strlen(text), "example.com.", "x.zone", f, err);
}

static struct dg_zone *read_zone(void **state, const char *text)
{
	struct dg_zonefile *f = NULL;
	struct dg_zone *z = NULL;
	struct dg_err err = {0};
	char line[DG_ERR_TEXT_MAX];

	if (scan(state, text, &f, &err) != 0 || dg_zonefile_read(f, &z, &err) != 0) {
		fail_msg("%s", dg_err_line(&err, line, sizeof(line)));
	}
	return z;
}

static void put_zone(struct dg_buf *b, const struct dg_zone *z)
{
	for (size_t i = 0; i < z->n; i++) {
		dg_rrset_print(b, &z->sets[i]);
	}
}

static void check_zone(void **state, const char *text, const char *want)
{
	struct dg_zone *z = read_zone(state, text);
	struct dg_buf b;

	dg_buf_init(&b, 1u << 20);
	put_zone(&b, z);
	assert_string_equal(b.data, want);
	dg_buf_done(&b);
}

#define SOA     "@ 3600 IN SOA ns1 host 1 2 3 4 300\n"
#define SOA_OUT "example.com. 3600 IN SOA ns1.example.com. host.example.com. 1 2 3 4 300\n"

static void test_owners_origins_and_ttls(void **state)
{
	check_zone(state,
		"$ORIGIN com.\n"
		"$TTL 1h30m ; BIND's units\n"
		"example\tIN\tSOA\tns1.example hostmaster.example ( ; it's a \"comment\" (\n"
		"\t2026112201 ; serial\n"
		"\t2h 1h 2w ; \xc3\xbc\n"
		"\t5m )\n"
		"        NS ns1.example\r\n"
		"\tIN 60 MX 10 mail.example\n"
		"\t60 IN MX 20 \\109ail2.example\n"
		"$ORIGIN example.com.\n"
		"www A 192.0.2.1\n"
		"$ORIGIN sub\n"
		"@ TXT \"a;b\" ( \"c\"\n \"d)\" ) ; end\n"
		"\n"
		"   ; only a comment\n"
		"   \n"
		"a\\.b TXT @\n"
		"$TTL 7\n"
		"x.example.com. CNAME @\n"
		"*.y 2w TXT z",
		"example.com. 5400 IN NS ns1.example.com.\n"
		"example.com. 5400 IN SOA ns1.example.com. hostmaster.example.com. 2026112201 7200 "
		"3600 "
		"1209600 300\n"
		"example.com. 60 IN MX 10 mail.example.com.\n"
		"example.com. 60 IN MX 20 mail2.example.com.\n"
		"sub.example.com. 5400 IN TXT \"a;b\" \"c\" \"d)\"\n"
		"a\\.b.sub.example.com. 5400 IN TXT \"@\"\n"
		"*.y.sub.example.com. 1209600 IN TXT \"z\"\n"
		"www.example.com. 5400 IN A 192.0.2.1\n"
		"x.example.com. 7 IN CNAME sub.example.com.\n");
}

static void test_ttl_that_is_not_written(void **state)
{
	/* the SOA's MINIMUM, for all behind it */
	check_zone(state, "@ IN SOA ns1 host 1 2 3 4 300\n@ 60 MX 0 .\na A 192.0.2.1\n",
		"example.com. 300 IN SOA ns1.example.com. host.example.com. 1 2 3 4 300\n"
		"example.com. 60 IN MX 0 .\n"
		"a.example.com. 300 IN A 192.0.2.1\n");
	/* the record's before */
	check_zone(state, SOA "@ 60 MX 0 .\na A 192.0.2.1\n$TTL 5\nb A 192.0.2.1\n",
		SOA_OUT "example.com. 60 IN MX 0 .\na.example.com. 60 IN A "
			"192.0.2.1\nb.example.com. 5 IN A "
			"192.0.2.1\n");
}

static void test_parentheses_anywhere(void **state)
{
	check_zone(state, SOA "a 60 MX 1 b\n ( 60 TXT\n x )\n",
		SOA_OUT
		"a.example.com. 60 IN MX 1 b.example.com.\na.example.com. 60 IN TXT \"x\"\n");
	check_zone(state, SOA "a ( 60 IN\nMX ( 10\nb ) )\n( c )\t( 60 ) TXT ( x ) ( y\n )\n",
		SOA_OUT "a.example.com. 60 IN MX 10 b.example.com.\nc.example.com. 60 IN TXT \"x\" "
			"\"y\"\n");
}

static void test_same_word_other_origin(void **state)
{
	check_zone(state, SOA "a 60 A 192.0.2.1\n$ORIGIN sub\na 60 A 192.0.2.1\n",
		SOA_OUT "a.example.com. 60 IN A 192.0.2.1\na.sub.example.com. 60 IN A 192.0.2.1\n");
}

static void test_records_apart_are_one_set(void **state)
{
	struct dg_zone *z = read_zone(
		state, SOA "@ 60 MX 20 b\na 60 A 192.0.2.1\n@ 50 MX 10 a\n@ 60 MX 20 B\n");
	struct dg_rrset set;

	assert_true(z->is_complete);
	assert_int_equal(dg_zone_get(z, "example.com.", DG_TYPE_MX, &set), 0);
	assert_int_equal(set.n, 2);
	assert_int_equal(set.ttl, 50);
	assert_int_equal(dg_zone_get(z, "b.example.com.", DG_TYPE_MX, &set), 0);
	assert_int_equal(set.n, 0);
	assert_int_equal(dg_zone_serial(z), 1);
}

static void test_errors_have_a_place(void **state)
{
	static const struct {
		const char *text, *line;
	} rows[] = {
		{"", "x.zone: no SOA"},
		{"; nothing\n", "x.zone: no SOA"},
		{SOA "example.net. 60 A 192.0.2.1\n",
			"x.zone:2:1: example.net. is not in zone example.com."},
		{SOA "example.com 60 A 192.0.2.1\n@ 60 MX 10 a..b\n",
			"x.zone:3:6: MX data \"a..b\""},
		{SOA "a 60 CH A 192.0.2.1\n", "x.zone:2:6: \"CH\": only class IN"},
		{SOA "a 60 IN\n", "x.zone:2:8: a record without type"},
		{SOA "a 60 IN MX\n", "x.zone:2:9: a record without data"},
		{SOA "a 60 IN MXX 10 a\n", "x.zone:2:9: \"MXX\": not a known record type"},
		{SOA "a 60x IN MX 10 a\n", "x.zone:2:3: \"60x\": expected a TTL"},
		{SOA "a 60 70 IN MX 10 a\n", "x.zone:2:6: \"70\""},
		{SOA "a 4294967296 MX 10 a\n", "x.zone:2:3: \"4294967296\": expected a TTL"},
		{SOA "\"@\" 60 MX 10 a\n", "x.zone:2:2: \"@\": a name in quotes"},
		{SOA "a 60 TXT \"open\nb 60 A 192.0.2.1\n",
			"x.zone:2:10: a quoted string that does not end"},
		{SOA "\na 60 TXT ( x\nb 60 A 192.0.2.1\n",
			"x.zone:3:10: a parenthesis that is never closed"},
		{SOA "a 60 TXT x )\n", "x.zone:2:12: a closing parenthesis"},
		{SOA "a 60 TXT x \\\n", "x.zone:2:12: a backslash"},
		{SOA "$FOO 1\n", "x.zone:2:1: \"$FOO\": not a directive"},
		{SOA "$TTL\n", "x.zone:2:5: "},
		{SOA "$TTL x\n", "x.zone:2:6: \"x\": expected a TTL"},
		{SOA "$ORIGIN\n", "x.zone:2:8: a name was expected"},
		{SOA "$ORIGIN a b\n", "x.zone:2:1: a directive with more words"},
		{SOA SOA, "x.zone:2:11: a second SOA"},
		{SOA "a 60 SOA a b 1 2 3 4 5\n", "x.zone:2:6: a SOA that is not at the top"},
		{" 60 A 192.0.2.1\n", "x.zone:1:2: a record without owner"},
		{"a A 192.0.2.1\n", "x.zone:1:3: no TTL"},
		{SOA "m\xc3\xbcller 60 A 192.0.2.1\n", "x.zone:2:1: name"},
		{SOA "a 60 A 192.0.2.256\n",
			"x.zone:2:6: A data \"192.0.2.256\": expected an IPv4"},
		{"\xef\xbb\xbf" SOA, "x.zone:1:1: a byte order mark"},
		{SOA "a 60 TXT \x1b[31m\n", NULL},
		{SOA "a 60 \x1b[31m x\n", "x.zone:2:6: \"\\x1b[31m\""},
		{SOA "((((((((((((((((((", "x.zone:2:17: parentheses nested too deeply"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct dg_zonefile *f = NULL;
		struct dg_zone *z = NULL;
		struct dg_err err = {0};
		char line[DG_ERR_TEXT_MAX];

		int r = scan(state, rows[i].text, &f, &err);
		r = r < 0 ? r : dg_zonefile_read(f, &z, &err);
		assert_int_equal(r, rows[i].line ? DG_EINPUT : 0);
		if (rows[i].line && strncmp(dg_err_line(&err, line, sizeof(line)), rows[i].line,
					    strlen(rows[i].line)) != 0) {
			fail_msg("want %s\ngot %s", rows[i].line, line);
		}
	}
}

static void test_nul_is_refused(void **state)
{
	struct dg_zonefile *f = NULL;
	struct dg_err err = {0};

	assert_int_equal(
		dg_zonefile_scan(*state, "a\0b", 3, "example.com.", "x", &f, &err), DG_EINPUT);
	assert_non_null(strstr(err.text, "NUL"));
}

static void test_mail_only(void **state)
{
	static const char text[] =
		SOA "@ 60 MX 10 a\n@ 60 TXT x\na 60 A not-an-address\na 60 A also-not\n"
		    "a 60 CAA 0 issue x\nb 60 CNAME a\nc 60 NS a\nd 60 DNAME a\n";
	struct dg_zonefile *f = NULL;
	struct dg_zone *z = NULL;
	struct dg_rrset set;
	struct dg_err err;

	assert_int_equal(scan(state, text, &f, &err), 0);
	assert_int_equal(dg_zonefile_read(f, &z, &err), DG_EINPUT);
	assert_int_equal(dg_zonefile_read_mail(f, &z, &err), 0);
	assert_int_equal(z->n, 8);
	assert_int_equal(dg_zone_get(z, "a.example.com.", DG_TYPE_A, &set), 0);
	assert_int_equal(set.n, 2);
	assert_int_equal(set.rdata[0].len, 0);
	assert_int_equal(dg_zone_get(z, "d.example.com.", DG_TYPE_DNAME, &set), 0);
	assert_int_equal(set.rdata[0].len, 15);
}

static void test_foreign(void **state)
{
	struct dg_zonefile *f = NULL;
	struct dg_err err;

	assert_int_equal(scan(state, SOA "$GENERATE 1-9 h$ 60 IN A 192.0.2.$\n", &f, &err), 0);
	assert_true(dg_zonefile_has_foreign(f));
	assert_true(dg_zonefile_may_hide(f, DG_TYPE_A));
	assert_false(dg_zonefile_may_hide(f, DG_TYPE_MX));
	struct dg_zone *z = read_zone(state, SOA "$INCLUDE keys/k.key sub ; comment\n");
	assert_false(z->is_complete);
	assert_int_equal(scan(state, SOA "$INCLUDE \"k.key\"\n", &f, &err), 0);
	assert_true(dg_zonefile_may_hide(f, DG_TYPE_MX));
	assert_int_equal(scan(state, SOA, &f, &err), 0);
	assert_false(dg_zonefile_has_foreign(f));
	assert_false(dg_zonefile_may_hide(f, DG_TYPE_MX));
}

/* Types that are read by no codec do not stand in the way. */
static void test_opaque_types(void **state)
{
	struct dg_zone *z =
		read_zone(state, SOA "a 60 CERT PGP 0 0 aaaa\na 60 TYPE65280 \\# 1 00\n");

	assert_int_equal(z->n, 3);
	assert_int_equal(z->sets[1].rdata[0].len, 0);
	assert_int_equal(z->sets[2].rdata[0].len, 1);
}

static void test_serials(void **state)
{
	static const int64_t now = 1795348800; /* 2026-11-22 12:00:00 UTC */
	static const struct {
		uint32_t old;
		enum dg_serial_scheme scheme;
		uint32_t want;
	} rows[] = {
		{1, DG_SERIAL_AUTO, 2},
		{UINT32_MAX, DG_SERIAL_AUTO, 0},
		{2026112105, DG_SERIAL_AUTO, 2026112200},
		{2026112200, DG_SERIAL_AUTO, 2026112201},
		{2026112299, DG_SERIAL_AUTO, 2026112300},
		{2027010100, DG_SERIAL_AUTO, 2027010101},
		{2024022900, DG_SERIAL_AUTO, 2026112200},
		{2023022900, DG_SERIAL_AUTO, 1795348800u > 2023022900u ? 1795348800 : 2023022901},
		{1700000000, DG_SERIAL_AUTO, 1795348800},
		{1795348800, DG_SERIAL_AUTO, 1795348801},
		{1000000000, DG_SERIAL_AUTO, 1000000001},
		{7, DG_SERIAL_DATE, 2026112200},
		{4000000000, DG_SERIAL_DATE, 4000000001},
		{4294967295, DG_SERIAL_UNIX, 1795348800},
		{7, DG_SERIAL_INCREMENT, 8},
		{7, DG_SERIAL_KEEP, 7},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(dg_serial_next(rows[i].old, rows[i].scheme, now), rows[i].want);
	}
	for (int64_t day = 0; day < 40000; day++) {
		time_t t = day * 86400 + 5;
		struct tm tm;
		char text[64];

		assert_non_null(gmtime_r(&t, &tm));
		(void)snprintf(text, sizeof(text), "%04d%02d%02d00", tm.tm_year + 1900,
			tm.tm_mon + 1, tm.tm_mday);
		assert_int_equal(
			dg_serial_next(3000000, DG_SERIAL_DATE, t), strtoul(text, NULL, 10));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_owners_origins_and_ttls, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ttl_that_is_not_written, setup, teardown),
		cmocka_unit_test_setup_teardown(test_parentheses_anywhere, setup, teardown),
		cmocka_unit_test_setup_teardown(test_same_word_other_origin, setup, teardown),
		cmocka_unit_test_setup_teardown(test_records_apart_are_one_set, setup, teardown),
		cmocka_unit_test_setup_teardown(test_errors_have_a_place, setup, teardown),
		cmocka_unit_test_setup_teardown(test_nul_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_mail_only, setup, teardown),
		cmocka_unit_test_setup_teardown(test_foreign, setup, teardown),
		cmocka_unit_test_setup_teardown(test_opaque_types, setup, teardown),
		cmocka_unit_test(test_serials),
	};
	return cmocka_run_group_tests_name("zones/record/zonefile", tests, NULL, NULL);
}
