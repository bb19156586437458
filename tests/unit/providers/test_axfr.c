/* Zone transfers, message by message: whole ones, and broken ones. */
#include "tests/unit/providers/wire_unit.h"

struct scene {
	struct wire w;
	struct dg_dns_axfr x;
	struct dg_axfr_state axfr;
};

static int setup(void **state)
{
	struct scene *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	wire_init(&s->w);
	s->x = (struct dg_dns_axfr){
		.zone = ZONE, .arena = s->w.a, .zone_data = dg_zone_new(s->w.a, ZONE)};
	*state = s;
	return 0;
}

static int teardown(void **state)
{
	struct scene *s = *state;

	s->w.a = dg_arena_free(s->w.a);
	free(s);
	return 0;
}

#define SOA_TEXT "ns1 hostmaster 7 3600 600 604800 300"

static int take(struct scene *s, size_t n)
{
	dg_wire_count(&s->w.o, 1, n);
	return dg_axfr_take(&s->axfr, &s->x, s->w.buf, s->w.o.len, ID);
}

static void fresh(struct scene *s)
{
	memset(&s->axfr, 0, sizeof(s->axfr));
	s->x.zone_data = dg_zone_new(s->w.a, ZONE);
	wire_begin(&s->w, 0x0400, DG_TYPE_AXFR);
}

static void test_transfer(void **state)
{
	struct scene *s = *state;

	fresh(s);
	wire_add(&s->w, ZONE, DG_TYPE_SOA, 300, SOA_TEXT);
	wire_add(&s->w, ZONE, DG_TYPE_MX, 300, "10 mx1");
	assert_int_equal(DG_AXFR_MORE, take(s, 2));
	wire_begin(&s->w, 0x0400, DG_TYPE_AXFR);
	wire_add(&s->w, ZONE, DG_TYPE_MX, 300, "20 mx2");
	wire_add(&s->w, "www." ZONE, DG_TYPE_A, 300, "192.0.2.1");
	wire_add(&s->w, ZONE, DG_TYPE_SOA, 300, SOA_TEXT);
	assert_int_equal(0, take(s, 3));
	struct dg_rrset got;
	dg_zone_seal(s->x.zone_data);
	const struct dg_rrset mx = wire_set(&s->w, ZONE, DG_TYPE_MX, 300, "10 mx1", "20 mx2");
	assert_int_equal(0, dg_zone_get(s->x.zone_data, ZONE, DG_TYPE_MX, &got));
	assert_true(dg_rrset_same(&mx, &got));
	assert_int_equal(7, dg_zone_serial(s->x.zone_data));
	assert_int_equal(4, s->axfr.n_records);
}

static void test_transfer_mail_only(void **state)
{
	struct scene *s = *state;
	struct dg_rrset got;

	s->x.mail_only = true;
	fresh(s);
	wire_add(&s->w, ZONE, DG_TYPE_SOA, 300, SOA_TEXT);
	wire_add(&s->w, "www." ZONE, DG_TYPE_A, 300, "192.0.2.1");
	wire_add_raw(&s->w, "www." ZONE, DG_TYPE_AAAA, "??", 2); /* not looked at */
	wire_add(&s->w, "www." ZONE, DG_TYPE_TXT, 300, "kept");
	wire_add(&s->w, ZONE, DG_TYPE_SOA, 300, SOA_TEXT);
	assert_int_equal(0, take(s, 5));
	dg_zone_seal(s->x.zone_data);
	assert_int_equal(0, dg_zone_get(s->x.zone_data, "www." ZONE, DG_TYPE_A, &got));
	assert_int_equal(1, got.n);
	assert_int_equal(0, got.rdata[0].len);
	assert_int_equal(0, dg_zone_get(s->x.zone_data, "www." ZONE, DG_TYPE_TXT, &got));
	assert_int_equal(5, got.rdata[0].len);
}

static void test_broken_transfers(void **state)
{
	struct scene *s = *state;

	fresh(s); /* no SOA first */
	wire_add(&s->w, ZONE, DG_TYPE_MX, 300, "10 mx1");
	assert_int_equal(DG_EREMOTE, take(s, 1));
	fresh(s); /* another SOA last */
	wire_add(&s->w, ZONE, DG_TYPE_SOA, 300, SOA_TEXT);
	wire_add(&s->w, ZONE, DG_TYPE_SOA, 300, "ns1 hostmaster 8 3600 600 604800 300");
	assert_int_equal(DG_EREMOTE, take(s, 2));
	fresh(s); /* goes on */
	wire_add(&s->w, ZONE, DG_TYPE_SOA, 300, SOA_TEXT);
	wire_add(&s->w, ZONE, DG_TYPE_SOA, 300, SOA_TEXT);
	wire_add(&s->w, ZONE, DG_TYPE_MX, 300, "10 mx1");
	assert_int_equal(DG_EREMOTE, take(s, 3));
	fresh(s); /* another zone's record */
	wire_add(&s->w, ZONE, DG_TYPE_SOA, 300, SOA_TEXT);
	wire_add(&s->w, "example.net.", DG_TYPE_MX, 300, "10 mx1");
	assert_int_equal(DG_EREMOTE, take(s, 2));
	fresh(s); /* nothing */
	assert_int_equal(DG_EREMOTE, take(s, 0));
	fresh(s); /* ends early */
	wire_add(&s->w, ZONE, DG_TYPE_SOA, 300, SOA_TEXT);
	assert_int_equal(DG_EREMOTE, take(s, 2));
	fresh(s);
	s->w.buf[3] = 5;
	assert_int_equal(DG_AXFR_REFUSED, take(s, 0));
	s->w.buf[3] = 2;
	assert_int_equal(DG_EREMOTE, take(s, 0));
	s->w.buf[0] ^= 1;
	assert_int_equal(DG_AXFR_OTHER, take(s, 0));
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_transfer),
		T(test_transfer_mail_only),
		T(test_broken_transfers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
