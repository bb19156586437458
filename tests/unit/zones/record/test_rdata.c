#include "tests/unit/unit.h"

#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/base/err.h"
#include "zones/record/rrset.h"

#include <string.h>

static int setup(void **state)
{
	*state = dg_arena_new(1u << 22);
	return 0;
}

static int teardown(void **state)
{
	dg_arena_free(*state);
	return 0;
}

static int parse(
	void **state, const char *type, const char *text, struct dg_rdata *rd, struct dg_err *err)
{
	uint16_t t = 0;

	assert_int_equal(dg_type_parse(type, strlen(type), &t), 0);
	return dg_rdata_parse(*state, t, text, strlen(text), "example.com.", rd, err);
}

struct row {
	const char *type, *text, *printed;
};

static void assert_there_and_back(void **state, const struct row *row, struct dg_buf *b)
{
	struct dg_rdata rd;
	struct dg_rdata again;
	struct dg_err err;
	uint16_t type = 0;

	int r = parse(state, row->type, row->text, &rd, &err);
	if (!row->printed) {
		assert_int_equal(r, DG_EINPUT);
		return;
	}
	if (r != 0) {
		fail_msg("%s %s: %s", row->type, row->text, err.text);
	}
	dg_buf_clear(b);
	(void)dg_type_parse(row->type, strlen(row->type), &type);
	dg_rdata_print(b, type, &rd);
	assert_string_equal(b->data, row->printed);
	assert_int_equal(parse(state, row->type, b->data, &again, &err), 0);
	assert_int_equal(dg_rdata_cmp(&rd, &again), 0);
	assert_int_equal(dg_rdata_canonical(*state, type, rd.wire, rd.len, &again), 0);
	assert_int_equal(dg_rdata_cmp(&rd, &again), 0);
}

static void test_text_and_back(void **state)
{
	static const struct row rows[] = {
		{"A", "192.0.2.1", "192.0.2.1"},
		{"AAAA", "2001:DB8:0::1", "2001:db8::1"},
		{"NS", "NS1", "ns1.example.com."},
		{"CNAME", "@", "example.com."},
		{"MX", "0 .", "0 ."},
		{"MX", "10\tMail.Example.NET.", "10 mail.example.net."},
		{"MX", "( 10 ; it's \"here\"\n mail )", "10 mail.example.com."},
		{"TXT", "\"v=spf1 -all\"", "\"v=spf1 -all\""},
		{"TXT", "plain text", "\"plain\" \"text\""},
		{"TXT", "\"a;b\" c\\;d \"\" \"\\\"q\\\\\"", "\"a;b\" \"c;d\" \"\" \"\\\"q\\\\\""},
		{"TXT", "\"a\"\"b\"", "\"a\" \"b\""},
		{"TXT", "\"\\000\\t\\255\xc3\xbc\"", "\"\\000t\\255\\195\\188\""},
		{"TXT", "@", "\"@\""},
		{"SOA", "ns1 hostmaster ( 2025010100 2h 1H 2w 5m )",
			"ns1.example.com. hostmaster.example.com. 2025010100 7200 3600 1209600 "
			"300"},
		{"SRV", "0 5 993 imap", "0 5 993 imap.example.com."},
		{"CAA", "0 issue \"ca.example; x=1\"", "0 issue \"ca.example; x=1\""},
		{"NAPTR", "10 20 \"s\" \"SIP+D2U\" \"\" _sip._udp",
			"10 20 \"s\" \"SIP+D2U\" \"\" _sip._udp.example.com."},
		{"TLSA", "3 1 1 AABB ( cc\n dd )", "3 1 1 aabbccdd"},
		{"SSHFP", "4 2 aabb", "4 2 aabb"},
		{"HTTPS", "1 . alpn=\"h2,h3\" port=8443", "1 . alpn=h2,h3 port=8443"},
		{"SVCB", "0 Foo", "0 foo.example.com."},
		{"DS", "1 13 2 aabb", "1 13 2 aabb"},
		{"NSEC", "A TXT MX", "a.example.com. MX TXT"},
		{"TYPE65280", "\\# 3 00 01ff", "\\# 3 0001ff"},
		{"TYPE65280", "\\# 0", "\\# 0"},
		{"A", "\\# 4 c0000201", "192.0.2.1"},
		{"MX", "\\# 6 000A 03 4D5A 31 00", NULL},
	};
	struct dg_buf b;

	dg_buf_init(&b, 70000);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_there_and_back(state, &rows[i], &b);
	}
	dg_buf_done(&b);
}

static void test_bad_text_says_why(void **state)
{
	static const struct row rows[] = {
		{"MX", "", "empty"},
		{"MX", "10", "too early"},
		{"MX", "x mail", "0 to 65535"},
		{"MX", "65536 mail", "0 to 65535"},
		{"MX", "10 mail extra", "more than"},
		{"MX", "10 \"mail\"", "without quotes"},
		{"MX", "10 a..b", "empty label"},
		{"A", "192.0.2", "IPv4"},
		{"A", "192.0.2.256", "IPv4"},
		{"AAAA", "192.0.2.1", "IPv6"},
		{"TXT", "\"open", "does not end"},
		{"TXT", "\"\\256\"", "escape"},
		{"TXT", "( \"a\"", "never closed"},
		{"TXT", "a )", "never opened"},
		{"CAA", "0 is.sue \"x\"", "letters and digits"},
		{"CERT", "0 0 0 aa", "RFC 3597"},
		{"TYPE65280", "\\# 2 00", "length"},
		{"TYPE65280", "\\# 1 zz", "hexadecimal"},
		{"A", "\\# 3 c00002", "fields"},
		{"TLSA", "3 1 1 zz", "ldns"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct dg_rdata rd;
		struct dg_err err = {0};

		assert_int_equal(parse(state, rows[i].type, rows[i].text, &rd, &err), DG_EINPUT);
		if (!strstr(err.text, rows[i].printed)) {
			fail_msg("%s %s: %s", rows[i].type, rows[i].text, err.text);
		}
	}
}

static void test_long_strings_are_cut(void **state)
{
	char text[1200];

	for (size_t n = 1; n < 1100; n++) {
		struct dg_rdata rd;
		struct dg_rdata made;
		struct dg_err err;

		memset(text, 'x', sizeof(text));
		for (size_t i = 0; i < n; i++) {
			text[i + 1] = (char)('a' + i % 26);
		}
		text[0] = text[n + 1] = '"';
		assert_int_equal(
			dg_rdata_parse(*state, DG_TYPE_TXT, text, n + 2, NULL, &rd, &err), 0);
		made = dg_txt_make(*state, text + 1, n);
		assert_int_equal(rd.len, n + (n + 254) / 255);
		assert_int_equal(dg_rdata_cmp(&rd, &made), 0);
		assert_int_equal(dg_txt_len(&rd), n);
		assert_memory_equal(dg_txt_join(*state, &rd), text + 1, n);
		if (n < 600) {
			continue;
		}
		n += 50;
	}
	struct dg_rdata rd;
	struct dg_err err;
	char naptr[400] = "1 1 \"";
	memset(naptr + 5, 'a', 300);
	memcpy(naptr + 305, "\" \"\" \"\" .", 10);
	assert_int_equal(parse(state, "NAPTR", naptr, &rd, &err), DG_EINPUT);
	assert_non_null(strstr(err.text, "255 octets"));
	static char huge[70000];
	memset(huge, 'a', sizeof(huge));
	assert_int_equal(dg_rdata_parse(*state, DG_TYPE_TXT, huge, sizeof(huge), NULL, &rd, &err),
		DG_EINPUT);
	assert_non_null(strstr(err.text, "65535"));
}

static void test_txt(void **state)
{
	struct dg_rdata rd = dg_txt_make(*state, "v=spf1 -all", 11);

	assert_true(dg_txt_has_tag(&rd, "v=spf1"));
	assert_true(dg_txt_has_tag(&rd, "V=SPF1"));
	assert_false(dg_txt_has_tag(&rd, "v=spf"));
	assert_false(dg_txt_has_tag(&rd, "v=spf1 -all more"));
	rd = dg_txt_make(*state, "v=spf10", 7);
	assert_false(dg_txt_has_tag(&rd, "v=spf1"));
	rd = dg_txt_make(*state, "v=DMARC1;p=none", 15);
	assert_true(dg_txt_has_tag(&rd, "v=dmarc1"));
	rd = dg_txt_make(*state, "", 0);
	assert_int_equal(rd.len, 1);
	assert_false(dg_txt_has_tag(&rd, "v"));
	struct dg_err err;
	assert_int_equal(parse(state, "TXT", "\"v=s\" \"\" \"pf1\" \" -all\"", &rd, &err), 0);
	assert_true(dg_txt_has_tag(&rd, "v=spf1"));
	assert_string_equal(dg_txt_join(*state, &rd), "v=spf1 -all");
}

static void test_mx(void **state)
{
	struct dg_rdata rd = dg_mx_make(*state, 10, "mx1.example.com.");
	uint16_t preference = 0;
	const char *host = NULL;
	struct dg_rdata parsed;
	struct dg_err err;

	assert_int_equal(dg_mx_read(*state, &rd, &preference, &host), 0);
	assert_int_equal(preference, 10);
	assert_string_equal(host, "mx1.example.com.");
	assert_int_equal(parse(state, "MX", "10 mx1", &parsed, &err), 0);
	assert_int_equal(dg_rdata_cmp(&rd, &parsed), 0);
	rd = dg_mx_make(*state, 0, ".");
	assert_int_equal(rd.len, 3);
	rd.len = 2;
	assert_int_equal(dg_mx_read(*state, &rd, &preference, &host), 1);
}

static void test_wire_is_checked(void **state)
{
	struct dg_rdata rd;

	assert_int_equal(
		dg_rdata_canonical(*state, DG_TYPE_MX, (const uint8_t *)"\0\1\1A\0", 5, &rd), 0);
	assert_memory_equal(rd.wire, "\0\1\1a\0", 5);
	assert_int_equal(
		dg_rdata_canonical(*state, DG_TYPE_MX, (const uint8_t *)"\0\1\1A\0x", 6, &rd), 1);
	assert_int_equal(
		dg_rdata_canonical(*state, DG_TYPE_MX, (const uint8_t *)"\0\1\xc0\0", 4, &rd), 1);
	assert_int_equal(
		dg_rdata_canonical(*state, DG_TYPE_TXT, (const uint8_t *)"\2a", 2, &rd), 1);
	assert_int_equal(dg_rdata_canonical(*state, DG_TYPE_TXT, (const uint8_t *)"", 0, &rd), 1);
	assert_int_equal(dg_rdata_canonical(*state, DG_TYPE_A, (const uint8_t *)"abc", 3, &rd), 1);
	assert_int_equal(dg_rdata_canonical(*state, 65280, (const uint8_t *)"", 0, &rd), 0);
}

static void test_types(void **state)
{
	char buf[16];
	uint16_t type = 0;

	(void)state;
	for (unsigned i = 1; i <= UINT16_MAX; i++) {
		const char *text = dg_type_text((uint16_t)i, buf);

		assert_int_equal(dg_type_parse(text, strlen(text), &type), 0);
		assert_int_equal(type, i);
	}
	assert_int_equal(dg_type_parse("mx", 2, &type), 0);
	assert_int_equal(type, DG_TYPE_MX);
	assert_int_equal(dg_type_parse("type15", 6, &type), 0);
	assert_int_equal(type, DG_TYPE_MX);
	assert_int_equal(dg_type_parse("TYPE65536", 9, &type), 1);
	assert_int_equal(dg_type_parse("MXX", 3, &type), 1);
	assert_int_equal(dg_type_parse("", 0, &type), 1);
	for (unsigned i = 0; i <= UINT16_MAX; i++) {
		assert_int_equal(dg_type_is_ours((uint16_t)i), i == 15 || i == 16);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_text_and_back, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bad_text_says_why, setup, teardown),
		cmocka_unit_test_setup_teardown(test_long_strings_are_cut, setup, teardown),
		cmocka_unit_test_setup_teardown(test_txt, setup, teardown),
		cmocka_unit_test_setup_teardown(test_mx, setup, teardown),
		cmocka_unit_test_setup_teardown(test_wire_is_checked, setup, teardown),
		cmocka_unit_test(test_types),
	};
	return cmocka_run_group_tests_name("zones/record/rdata", tests, NULL, NULL);
}
