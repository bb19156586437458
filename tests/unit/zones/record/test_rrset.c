#include "tests/unit/unit.h"

#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/base/err.h"
#include "zones/record/rrset.h"
#include "zones/record/zone.h"

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

/* A set from up to three texts. */
static struct dg_rrset set_of(
	void **state, const char *owner, uint16_t type, uint32_t ttl, const char *const *texts)
{
	struct dg_rdata *rdata = dg_newn(*state, struct dg_rdata, 3);
	struct dg_err err;
	size_t n = 0;

	while (n < 3 && texts[n]) {
		assert_int_equal(dg_rdata_parse(*state, type, texts[n], strlen(texts[n]),
					 "example.com.", &rdata[n], &err),
			0);
		n++;
	}
	return dg_rrset_make(owner, type, ttl, rdata, n);
}
#define SET(owner, type, ttl, ...) \
	set_of(state, owner, type, ttl, (const char *const[]){__VA_ARGS__, NULL, NULL, NULL})

static void test_sets(void **state)
{
	struct dg_rrset x = SET("a.", DG_TYPE_MX, 60, "20 b", "10 a", "10 A");
	struct dg_rrset y = SET("a.", DG_TYPE_MX, 60, "10 a", "20 b");
	struct dg_rrset z = SET("a.", DG_TYPE_MX, 61, "10 a", "20 b");
	struct dg_rrset none = dg_rrset_none("a.", DG_TYPE_MX);
	struct dg_rrset none2 = dg_rrset_none("a.", DG_TYPE_MX);

	none2.ttl = 5;
	assert_int_equal(x.n, 2);
	assert_true(dg_rrset_same(&x, &y));
	assert_false(dg_rrset_same(&x, &z));
	assert_true(dg_rrset_same_data(&x, &z));
	assert_false(dg_rrset_same_data(&x, &none));
	assert_true(dg_rrset_same(&none, &none2));
	assert_true(dg_rrset_has(&x, &y.rdata[1]));
	struct dg_rdata other = dg_mx_make(*state, 11, "a.example.com.");
	assert_false(dg_rrset_has(&x, &other));
	struct dg_rrset copy = dg_rrset_dup(*state, &x);
	assert_true(dg_rrset_same(&x, &copy));
	assert_ptr_not_equal(x.rdata[0].wire, copy.rdata[0].wire);

	struct dg_buf b;
	dg_buf_init(&b, 1000);
	dg_rrset_print(&b, &x);
	assert_string_equal(
		b.data, "a. 60 IN MX 10 a.example.com.\na. 60 IN MX 20 b.example.com.\n");
	dg_buf_done(&b);
}

static void test_meaning(void **state)
{
	struct dg_rrset x = SET("a.", DG_TYPE_TXT, 60, "\"v=spf1\" \" -all\"", "z");
	struct dg_rrset y = SET("a.", DG_TYPE_TXT, 60, "z \"\"", "\"v=spf1 -\" all");
	struct dg_rrset z = SET("a.", DG_TYPE_TXT, 60, "z", "\"v=spf1 -al\"");
	struct dg_rrset w = SET("a.", DG_TYPE_TXT, 60, "z");

	assert_false(dg_rrset_same_data(&x, &y));
	assert_true(dg_rrset_same_meaning(&x, &y));
	assert_false(dg_rrset_same_meaning(&x, &z));
	assert_false(dg_rrset_same_meaning(&x, &w));
	assert_false(dg_rrset_same_meaning(&w, &x));
}

static void test_image(void **state)
{
	struct dg_rrset sets[] = {
		SET("a\\.b.example.com.", DG_TYPE_TXT, DG_TTL_MAX, "\"a\" \"\" b", "c"),
		SET("example.com.", DG_TYPE_MX, 0, "0 ."),
		dg_rrset_none("_dmarc.example.com.", DG_TYPE_TXT),
	};
	struct dg_buf b;

	dg_buf_init(&b, 1u << 16);
	for (size_t i = 0; i < 3; i++) {
		struct dg_rrset back;

		dg_buf_clear(&b);
		dg_rrset_encode(&b, &sets[i]);
		assert_int_equal(dg_rrset_decode(*state, b.data, b.len, &back), 0);
		assert_true(dg_rrset_same(&sets[i], &back));
		for (size_t n = 0; n < b.len; n++) {
			assert_int_equal(dg_rrset_decode(*state, b.data, n, &back), 1);
			b.data[n] ^= 4;
			assert_int_equal(dg_rrset_decode(*state, b.data, b.len, &back), 1);
			b.data[n] ^= 4;
		}
		dg_buf_putc(&b, 0);
		assert_int_equal(dg_rrset_decode(*state, b.data, b.len, &back), 1);
	}
	dg_buf_done(&b);
}

static void test_zone(void **state)
{
	struct dg_zone *z = dg_zone_new(*state, "example.com.");
	struct dg_rrset mx1 = SET("example.com.", DG_TYPE_MX, 60, "10 a");
	struct dg_rrset mx2 = SET("example.com.", DG_TYPE_MX, 30, "20 b");
	struct dg_rrset www = SET("www.example.com.", DG_TYPE_A, 60, "192.0.2.1");
	struct dg_rrset soa = SET("example.com.", DG_TYPE_SOA, 200, "a b 7 1 1 1 300");
	struct dg_rrset mx3 = SET("example.com.", DG_TYPE_MX, 90, "20 b");
	struct dg_rrset none = dg_rrset_none("m.example.com.", DG_TYPE_MX);
	struct dg_rrset got;

	assert_int_equal(dg_zone_serial(z), 0);
	dg_zone_add(z, &www);
	dg_zone_add(z, &mx1);
	dg_zone_add(z, &none);
	dg_zone_add(z, &soa);
	dg_zone_add(z, &mx2);
	dg_zone_add(z, &mx3);
	dg_zone_seal(z);
	assert_int_equal(z->n, 4);
	assert_int_equal(dg_zone_get(z, "example.com.", DG_TYPE_MX, &got), 0);
	assert_int_equal(got.n, 2);
	assert_int_equal(got.ttl, 30);
	assert_int_equal(dg_zone_get(z, "m.example.com.", DG_TYPE_MX, &got), 0);
	assert_int_equal(got.n, 0);
	assert_int_equal(dg_zone_get(z, "n.example.com.", DG_TYPE_MX, &got), 1);
	assert_int_equal(dg_zone_has_name(z, "www.example.com."), 1);
	assert_int_equal(dg_zone_has_name(z, "m.example.com."), 2);
	assert_int_equal(dg_zone_serial(z), 7);
	assert_int_equal(dg_zone_negative_ttl(z), 200);
	z->is_complete = true;
	assert_int_equal(dg_zone_get(z, "n.example.com.", DG_TYPE_MX, &got), 0);
	assert_int_equal(got.n, 0);
	assert_int_equal(dg_zone_get(z, "example.net.", DG_TYPE_MX, &got), 1);
	assert_int_equal(dg_zone_has_name(z, "m.example.com."), 0);
	assert_int_equal(dg_zone_has_name(z, "example.net."), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_sets, setup, teardown),
		cmocka_unit_test_setup_teardown(test_meaning, setup, teardown),
		cmocka_unit_test_setup_teardown(test_image, setup, teardown),
		cmocka_unit_test_setup_teardown(test_zone, setup, teardown),
	};
	return cmocka_run_group_tests_name("zones/record/rrset", tests, NULL, NULL);
}
