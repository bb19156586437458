/* Addresses: what is one, how it reads, and which are not of the public Internet. */
#include "tests/unit/unit.h"

#include "zones/base/address.h"
#include "zones/base/buf.h"

#include <string.h>

static void check_reads(const char *text, const char *as)
{
	struct dg_address a;
	struct dg_buf b;

	if (dg_address_parse(text, strlen(text), &a) != 0) {
		fail_msg("%s is not read", text);
	}
	dg_buf_init(&b, 100);
	dg_address_print(&b, &a);
	assert_string_equal(b.data, as);
	assert_int_equal(a.is_ip6, strchr(as, ':') != NULL);
	dg_buf_done(&b);
}

static void test_reads_and_prints(void **state)
{
	(void)state;
	check_reads("192.0.2.1", "192.0.2.1");
	check_reads("255.255.255.255", "255.255.255.255");
	check_reads("2001:DB8:0:0:0:0:0:1", "2001:db8::1");
	check_reads(
		"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1");  /* one group is not shortened */
	check_reads("2001:0:0:1:0:0:0:1", "2001:0:0:1::1");       /* the longest run */
	check_reads("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"); /* of two the first */
	check_reads("::", "::");
	check_reads("::ffff:192.0.2.1", "192.0.2.1");
	check_reads("::ffff:c000:0201", "192.0.2.1");
	check_reads("64:ff9b::192.0.2.1", "64:ff9b::c000:201");
}

static void test_refuses(void **state)
{
	static const char *const texts[] = {"", "1", "1.2.3", "1.2.3.4.5", "1.2.3.256", "01.2.3.4",
		"1.2.3.4 ", " 1.2.3.4", "0x7f.1.2.3", "1.2.3.4/24", "1.2.3.4:53", ":",
		":::", "::1::", "2001:db8::12345", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "[::1]",
		"fe80::1%lo", "example.com", "::ffff:1.2.3",
		"1111:2222:3333:4444:5555:6666:7777:8888:",
		"00000000000000000000000000000000000000000000000000000000000000001.2.3.4", NULL};
	struct dg_address a = {.is_ip6 = true};

	(void)state;
	for (size_t i = 0; texts[i]; i++) {
		if (dg_address_parse(texts[i], strlen(texts[i]), &a) == 0) {
			fail_msg("\"%s\" is read", texts[i]);
		}
		assert_false(dg_address_is_literal(texts[i]));
	}
	assert_true(dg_address_is_literal("192.0.2.1"));
	assert_int_equal(dg_address_parse("1.2.3.4\0", 8, &a), 1);
	assert_int_equal(dg_address_parse("1.2.3.45", 7, &a), 0); /* len counts, not the NUL */
	assert_int_equal(a.octets[3], 4);
}

static void test_of_record_data(void **state)
{
	static const uint8_t v6[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = 1};
	static const uint8_t mapped[16] = {[10] = 0xff, [11] = 0xff, 192, 0, 2, 1};
	char buf[DG_ADDRESS_TEXT_MAX];
	struct dg_address a;

	(void)state;
	assert_int_equal(dg_address_of(v6, 16, &a), 0);
	assert_string_equal(dg_address_text(&a, buf), "2001:db8::1");
	assert_int_equal(dg_address_of(mapped, 16, &a), 0);
	assert_string_equal(dg_address_text(&a, buf), "192.0.2.1");
	assert_int_equal(dg_address_of(mapped + 12, 4, &a), 0);
	assert_string_equal(dg_address_text(&a, buf), "192.0.2.1");
	assert_int_equal(dg_address_of(v6, 15, &a), 1);
	assert_int_equal(dg_address_of(v6, 0, &a), 1);
}

static void check_special(const char *text, const char *what)
{
	struct dg_address a;

	assert_int_equal(dg_address_parse(text, strlen(text), &a), 0);
	const char *found = dg_address_special(&a);
	if (what ? !found || strcmp(found, what) != 0 : found != NULL) {
		fail_msg("%s: %s, expected %s", text, found ? found : "public",
			what ? what : "public");
	}
}

/* The first and the last address of each range, and its neighbours. */
static void test_special_ip4(void **state)
{
	static const struct {
		const char *text, *what;
	} cases[] = {
		{"0.0.0.0", "unspecified"},
		{"0.255.255.255", "unspecified"},
		{"1.0.0.0", NULL},
		{"9.255.255.255", NULL},
		{"10.0.0.0", "private"},
		{"10.255.255.255", "private"},
		{"11.0.0.0", NULL},
		{"100.63.255.255", NULL},
		{"100.64.0.0", "shared (carrier NAT)"},
		{"100.127.255.255", "shared (carrier NAT)"},
		{"100.128.0.0", NULL},
		{"126.255.255.255", NULL},
		{"127.0.0.0", "loopback"},
		{"127.255.255.255", "loopback"},
		{"128.0.0.0", NULL},
		{"169.253.255.255", NULL},
		{"169.254.0.0", "link-local"},
		{"169.255.0.0", NULL},
		{"172.15.255.255", NULL},
		{"172.16.0.0", "private"},
		{"172.31.255.255", "private"},
		{"172.32.0.0", NULL},
		{"191.255.255.255", NULL},
		{"192.0.0.255", "for protocols"},
		{"192.0.1.0", NULL},
		{"192.0.2.255", "documentation"},
		{"192.0.3.0", NULL},
		{"192.88.99.1", "deprecated (6to4 relays)"},
		{"192.88.98.255", NULL},
		{"192.167.255.255", NULL},
		{"192.168.0.0", "private"},
		{"192.169.0.0", NULL},
		{"198.17.255.255", NULL},
		{"198.18.0.0", "benchmarking"},
		{"198.19.255.255", "benchmarking"},
		{"198.20.0.0", NULL},
		{"198.51.100.0", "documentation"},
		{"203.0.113.255", "documentation"},
		{"203.0.114.0", NULL},
		{"223.255.255.255", NULL},
		{"224.0.0.1", "multicast"},
		{"239.255.255.255", "multicast"},
		{"240.0.0.0", "reserved"},
		{"255.255.255.254", "reserved"},
		{"255.255.255.255", "broadcast"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		check_special(cases[i].text, cases[i].what);
	}
}

static void test_special_ip6(void **state)
{
	static const struct {
		const char *text, *what;
	} cases[] = {
		{"::", "unspecified"},
		{"::1", "loopback"},
		{"::2", "deprecated (IPv4-compatible)"},
		{"::8.8.8.8", "deprecated (IPv4-compatible)"},
		{"::ffff:8.8.8.8", NULL},
		{"::ffff:127.0.0.1", "loopback"},
		{"::fffe:8.8.8.8", "not allocated"},
		{"64:ff9b::8.8.8.8", NULL},
		{"64:ff9b::10.0.0.1", "private"},
		{"64:ff9b:0:0:0:1::", "not allocated"},
		{"64:ff9b:1::8.8.8.8", "private (NAT64)"},
		{"64:ff9b:1:ffff:ffff:ffff:ffff:ffff", "private (NAT64)"},
		{"64:ff9b:2::", "not allocated"},
		{"100::", "discard"},
		{"100::ffff:ffff:ffff:ffff", "discard"},
		{"100:0:0:1::1", "dummy"},
		{"100:0:0:2::", "not allocated"},
		{"2000::", NULL},
		{"2001::1", "deprecated (Teredo)"},
		{"2001:1::1", "for protocols"},
		{"2001:2::1", "benchmarking"},
		{"2001:2:1::1", "for protocols"},
		{"2001:1ff:ffff::", "for protocols"},
		{"2001:200::", NULL},
		{"2001:db7:ffff::", NULL},
		{"2001:db8::", "documentation"},
		{"2001:db8:ffff::", "documentation"},
		{"2001:db9::", NULL},
		{"2002:0808:0808::1", NULL},
		{"2002:c0a8:0001::1", "private"},
		{"2002:7f00:0001::", "loopback"},
		{"2606:4700::1111", NULL},
		{"3fff::", "documentation"},
		{"3fff:fff:ffff::", "documentation"},
		{"3fff:1000::", NULL},
		{"4000::", "not allocated"},
		{"5f00::1", "segment routing"},
		{"fbff::", "not allocated"},
		{"fc00::", "private"},
		{"fdff:ffff::", "private"},
		{"fe00::", "not allocated"},
		{"fe80::1", "link-local"},
		{"febf:ffff::", "link-local"},
		{"fec0::1", "deprecated (site-local)"},
		{"ff02::1", "multicast"},
		{"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "multicast"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		check_special(cases[i].text, cases[i].what);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reads_and_prints),
		cmocka_unit_test(test_refuses),
		cmocka_unit_test(test_of_record_data),
		cmocka_unit_test(test_special_ip4),
		cmocka_unit_test(test_special_ip6),
	};
	return cmocka_run_group_tests_name("zones/base/address", tests, NULL, NULL);
}
