#include "tests/unit/unit.h"

#include "zones/base/network.h"

#include <string.h>

static bool holds(const char *network, const char *address)
{
	struct dg_network n;
	struct dg_address a;

	assert_int_equal(dg_network_parse(network, strlen(network), &n), 0);
	assert_int_equal(dg_address_parse(address, strlen(address), &a), 0);
	return dg_network_holds(&n, &a);
}

static void test_holds(void **state)
{
	(void)state;
	assert_true(holds("192.0.2.0/24", "192.0.2.255") && !holds("192.0.2.0/24", "192.0.3.0"));
	assert_true(holds("192.0.2.1", "192.0.2.1") && !holds("192.0.2.1", "192.0.2.2"));
	assert_true(
		holds("192.0.2.128/25", "192.0.2.200") && !holds("192.0.2.128/25", "192.0.2.127"));
	assert_true(holds("0.0.0.0/0", "203.0.113.9") && !holds("0.0.0.0/0", "2001:db8::1"));
	assert_true(holds("2001:db8::/33", "2001:db8:7fff::1") &&
		    !holds("2001:db8::/33", "2001:db8:8000::1"));
}

static void test_parse(void **state)
{
	static const char *const bad[] = {"", "/", "192.0.2.0/", "192.0.2.0/33", "192.0.2.0/-1",
		"192.0.2.0/2x", "2001:db8::/129", "192.0.2/24", "192.0.2.0/0024", "x/24"};
	struct dg_network n;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(dg_network_parse(bad[i], strlen(bad[i]), &n), 1);
	}
}

static void test_around(void **state)
{
	char text[DG_NETWORK_TEXT_MAX];
	struct dg_address a;

	(void)state;
	(void)dg_address_parse("198.51.100.77", 13, &a);
	struct dg_network n = dg_network_around(&a);
	assert_string_equal(dg_network_text(&n, text), "198.51.100.0/24");
	(void)dg_address_parse("2001:db8:1:2::3", 15, &a);
	n = dg_network_around(&a);
	assert_string_equal(dg_network_text(&n, text), "2001:db8:1::/48");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_holds),
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_around),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
