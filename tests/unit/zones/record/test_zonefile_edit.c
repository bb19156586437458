#include "tests/unit/unit.h"

#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/base/err.h"
#include "zones/record/zone.h"
#include "zones/record/zonefile.h"

#include <string.h>

#define NOW 1795348800 /* 2026-11-22 12:00:00 UTC */

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

/* A set; data is its records, one a line. */
static struct dg_rrset set_of(
	void **state, const char *owner, uint16_t type, uint32_t ttl, const char *data)
{
	struct dg_rdata *rdata = dg_newn(*state, struct dg_rdata, 16);
	struct dg_err err;
	size_t n = 0;

	for (const char *p = data; *p != '\0'; n++) {
		const char *end = strchrnul(p, '\n');

		assert_int_equal(
			dg_rdata_parse(*state, type, p, (size_t)(end - p), NULL, &rdata[n], &err),
			0);
		p = *end == '\n' ? end + 1 : end;
	}
	return dg_rrset_make(owner, type, ttl, rdata, n);
}

static int edit(void **state, const char *text, const struct dg_rrset *sets, size_t n,
	struct dg_buf *out, struct dg_err *err)
{
	struct dg_zonefile *f = NULL;

	assert_int_equal(
		dg_zonefile_scan(*state, text, strlen(text), "example.com.", "x.zone", &f, err), 0);
	return dg_zonefile_edit(f, sets, n, DG_SERIAL_AUTO, NOW, out, err);
}

static void check(
	void **state, const char *text, const struct dg_rrset *sets, size_t n, const char *want)
{
	struct dg_err err = {0};
	struct dg_buf out;

	dg_buf_init(&out, 1u << 20);
	if (edit(state, text, sets, n, &out, &err) != 0) {
		fail_msg("%s", err.text);
	}
	assert_string_equal(out.data, want);
	dg_buf_done(&out);
}

#define CHECK(text, want, ...)                                     \
	check(state, text, (const struct dg_rrset[]){__VA_ARGS__}, \
		sizeof((const struct dg_rrset[]){__VA_ARGS__}) / sizeof(struct dg_rrset), want)
#define MX(owner, ttl, data)  set_of(state, owner, DG_TYPE_MX, ttl, data)
#define TXT(owner, ttl, data) set_of(state, owner, DG_TYPE_TXT, ttl, data)

#define APEX "example.com."
#define HEAD(serial)                                 \
	"$ORIGIN example.com. ; our zone\n$TTL 1h\n" \
	"@   IN  SOA ns1 host (\n\t" serial " ; serial: raise it!\n\t2h 1h 2w 5m ) ; \"end\n"

static void test_nothing_to_do(void **state)
{
	const char *text = HEAD("2026112105") "@ IN MX 10 a\n";

	CHECK(text, text, MX(APEX, 3600, "10 a.example.com."), TXT("x." APEX, 60, ""));
}

static void test_two_become_the_null_mx(void **state)
{
	CHECK(HEAD("2026112105") "    IN  MX  10 a ; main\n; why\n\n    IN  MX  20 b ; spare\nwww "
				 "IN A 192.0.2.1",
		HEAD("2026112200") "    IN  MX  0 . ; main\n; why\n\nwww IN A 192.0.2.1",
		MX(APEX, 3600, "0 ."));
}

static void test_one_becomes_two(void **state)
{
	CHECK(HEAD("7") "\tIN\tMX\t10 a ; main\nwww IN A 192.0.2.1\n",
		HEAD("8") "\tIN\tMX\t10 a ; main\n\tIN\tMX\t5 c.example.com.\n\tIN\tMX\t20 "
			  "b.example.com.\nwww IN "
			  "A 192.0.2.1\n",
		MX(APEX, 3600, "10 a.example.com.\n20 b.example.com.\n5 c.example.com."));
}

static void test_ttl_only(void **state)
{
	CHECK(HEAD("7") "a IN MX 10 a\na 2h IN MX 20 b\n\t60 MX 30 c\nb\t IN 1h\tMX ( 1\n 2 )\n",
		HEAD("8") "a 60 IN MX 10 a\na 60 IN MX 20 b\n\t60 MX 30 c\nb\t IN 1h\tMX ( 1\n 2 "
			  ")\n",
		MX("a." APEX, 60, "10 a.example.com.\n20 b.example.com.\n30 c.example.com."),
		MX("b." APEX, 3600, "1 2.example.com."));
}

static void test_owner_is_handed_on(void **state)
{
	/* the line with the name goes: the next one that had its name gets it, columns kept */
	CHECK(HEAD("7") "lists   IN MX 10 a\n        IN TXT x\n        IN A 192.0.2.1\n",
		HEAD("8") "lists   IN TXT x\n        IN A 192.0.2.1\n", MX("lists." APEX, 0, ""));
	CHECK(HEAD("7") "lists IN MX 10 a\n IN TXT x\n IN A 192.0.2.1\n",
		HEAD("8") "lists IN A 192.0.2.1\n", MX("lists." APEX, 0, ""),
		TXT("lists." APEX, 0, ""));
	/* not relative to another origin */
	CHECK(HEAD("7") "lists IN MX 10 a\n$ORIGIN sub\n\tIN TXT x\n",
		HEAD("8") "$ORIGIN sub\nlists.example.com.\tIN TXT x\n", MX("lists." APEX, 0, ""));
	/* @ too */
	CHECK("@ 1 IN SOA a b 7 1 1 1 1\n$ORIGIN m\n@ 1 MX 1 a\n  1 TXT x\n",
		"@ 1 IN SOA a b 8 1 1 1 1\n$ORIGIN m\n@ 1 TXT x\n", MX("m." APEX, 0, ""));
}

static void test_ttl_is_handed_on(void **state)
{
	/* without $TTL a record has the TTL of the one before */
	CHECK("@ 60 IN SOA a b 7 1 1 1 1\n@ 99 MX 1 a\na A 192.0.2.1\nb A 192.0.2.1\n",
		"@ 60 IN SOA a b 8 1 1 1 1\na 99 A 192.0.2.1\nb A 192.0.2.1\n", MX(APEX, 0, ""));
	CHECK("@ 60 IN SOA a b 7 1 1 1 1\n@ 99 MX 1 a\na A 192.0.2.1\n",
		"@ 60 IN SOA a b 8 1 1 1 1\n@ 5 MX 1 a\na 99 A 192.0.2.1\n",
		MX(APEX, 5, "1 a.example.com."));
	/* and without both the SOA's MINIMUM */
	CHECK("@ SOA a b 7 1 1 1 9\n@ 99 MX 1 a\na A 192.0.2.1\n",
		"@ SOA a b 8 1 1 1 9\na A 192.0.2.1\n", MX(APEX, 0, ""));
}

static void test_new_sets(void **state)
{
	/* behind the last record of the owner, in the form of that line */
	CHECK(HEAD("7") "www\tIN\tA\t192.0.2.1\n\tIN\tAAAA\t2001:db8::1 ; v6\n; next\nx IN A "
			"192.0.2.1\n",
		HEAD("8") "www\tIN\tA\t192.0.2.1\n\tIN\tAAAA\t2001:db8::1 ; v6\n"
			  "www.example.com.\t60\tIN\tMX\t0 .\n"
			  "www.example.com.\t60\tIN\tTXT\t\"v=spf1 -all\"\n"
			  "; next\nx IN A 192.0.2.1\n",
		TXT("www." APEX, 60, "\"v=spf1 -all\""), MX("www." APEX, 60, "0 ."));
	/* at the end, whatever $ORIGIN and $TTL are there */
	CHECK(HEAD("7") "$ORIGIN sub\n$TTL 5\na A 192.0.2.1\n; the end",
		HEAD("8") "$ORIGIN sub\n$TTL 5\na A 192.0.2.1\n; the end\n_dmarc.example.com. 3600 "
			  "TXT "
			  "\"v=DMARC1; p=reject\"\n",
		TXT("_dmarc." APEX, 3600, "\"v=DMARC1; p=reject\""));
	/* CRLF stays CRLF */
	CHECK("@ 60 IN SOA a b 7 1 1 1 1\r\nw A 192.0.2.1\r\n",
		"@ 60 IN SOA a b 8 1 1 1 1\r\nw A 192.0.2.1\r\nm.example.com. 60 MX 0 .\r\n",
		MX("m." APEX, 60, "0 ."));
	CHECK("@ 60 IN SOA a b 7 1 1 1 1\r\nw MX 1 a\r\n  A 192.0.2.1\r\n",
		"@ 60 IN SOA a b 8 1 1 1 1\r\nw MX 1 a\r\nw MX 2 b.example.com.\r\n  A "
		"192.0.2.1\r\n",
		MX("w." APEX, 60, "1 a.example.com.\n2 b.example.com."));
}

static void test_several_lines_become_one(void **state)
{
	CHECK(HEAD("7") "@ TXT ( \"v=spf1\" ; first\n  \" ~all\" ) ; spf\nk._domainkey TXT \"a\"\n",
		HEAD("8") "@ TXT \"v=spf1 -all\" ; spf\nk._domainkey TXT \"a\" \"b\"\n",
		TXT(APEX, 3600, "\"v=spf1 -all\""), TXT("k._domainkey." APEX, 3600, "\"a\" \"b\""));
	/* no blank behind the type */
	CHECK(HEAD("7") "@ MX(10 a)\n@ TXT\"x\"\nb MX(1 b)\nc MX\r 1 a\n",
		HEAD("8") "@ MX 0 .\n@ TXT \"y\"\nb MX(1 b)\nb MX 2 b.example.com.\nc MX 0 .\n",
		MX(APEX, 3600, "0 ."), TXT(APEX, 3600, "y"),
		MX("b." APEX, 3600, "1 b.example.com.\n2 b.example.com."),
		MX("c." APEX, 3600, "0 ."));
	/* a parenthesis before the type: the whole record is written anew */
	CHECK(HEAD("7") "@ ( IN\n MX 10 a ) ; x\n", HEAD("8") "example.com. 3600 IN MX 0 . ; x\n",
		MX(APEX, 3600, "0 ."));
	CHECK(HEAD("7") "@ ( IN\n MX 10 a ) ; x\n", HEAD("8") "@ ( 60 IN\n MX 10 a ) ; x\n",
		MX(APEX, 60, "10 a.example.com."));
}

static void test_other_txt_records_stay(void **state)
{
	CHECK(HEAD("7") "@ TXT google-site-verification=x\n@ TXT \"v=spf1 ~all\"\n@ TXT \"z\" ; "
			"z\n",
		HEAD("8") "@ TXT google-site-verification=x\n@ TXT \"v=spf1 -all\"\n@ TXT \"z\" ; "
			  "z\n",
		TXT(APEX, 3600, "google-site-verification=x\n\"v=spf1 -all\"\nz"));
}

static void test_refusals(void **state)
{
	static const char *const soa = "@ 60 IN SOA a b 7 1 1 1 1\n";
	struct dg_rrset ns = set_of(state, APEX, DG_TYPE_NS, 60, "a.");
	struct dg_rrset mx = MX(APEX, 60, "0 .");
	struct dg_rrset out_of_zone = MX("example.net.", 60, "0 .");
	struct dg_rrset twice[] = {mx, mx};
	struct dg_err err;
	struct dg_buf out;

	dg_buf_init(&out, 1u << 20);
	assert_int_equal(edit(state, soa, &ns, 1, &out, &err), DG_EPOLICY);
	assert_int_equal(edit(state, soa, &out_of_zone, 1, &out, &err), DG_EINPUT);
	assert_int_equal(edit(state, soa, twice, 2, &out, &err), DG_EINPUT);
	assert_int_equal(edit(state, "a 60 A 192.0.2.1\n", &mx, 1, &out, &err), DG_EINPUT);
	assert_int_equal(edit(state, "@ 60 IN SOA a b 7 1 1 1 1\n$INCLUDE x\n", &mx, 1, &out, &err),
		DG_EPOLICY);
	assert_non_null(strstr(err.text, "$INCLUDE"));
	assert_int_equal(
		edit(state,
			"@ 60 IN SOA \\# 24 0161000162000000000700000001000000010000000100000001\n",
			&mx, 1, &out, &err),
		DG_EINPUT);
	assert_int_equal(out.len, 0);
	out.max = 10;
	assert_int_equal(edit(state, soa, &mx, 1, &out, &err), DG_ELIMIT);
	dg_buf_done(&out);
	CHECK("@ 60 IN SOA a b 7 1 1 1 1\n$GENERATE 1-3 h$ A 192.0.2.$\n",
		"@ 60 IN SOA a b 8 1 1 1 1\nexample.com. 60 IN MX 0 .\n$GENERATE 1-3 h$ A "
		"192.0.2.$\n",
		mx);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_nothing_to_do, setup, teardown),
		cmocka_unit_test_setup_teardown(test_two_become_the_null_mx, setup, teardown),
		cmocka_unit_test_setup_teardown(test_one_becomes_two, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ttl_only, setup, teardown),
		cmocka_unit_test_setup_teardown(test_owner_is_handed_on, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ttl_is_handed_on, setup, teardown),
		cmocka_unit_test_setup_teardown(test_new_sets, setup, teardown),
		cmocka_unit_test_setup_teardown(test_several_lines_become_one, setup, teardown),
		cmocka_unit_test_setup_teardown(test_other_txt_records_stay, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refusals, setup, teardown),
	};
	return cmocka_run_group_tests_name("zones/record/zonefile_edit", tests, NULL, NULL);
}
