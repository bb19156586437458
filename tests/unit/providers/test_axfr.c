/* Zone transfers, message by message: whole ones, and broken ones. */
#include "tests/unit/unit.h"

#include <string.h>

#include "providers/net/dns.h"
#include "providers/net/dns_answer.h"
#include "providers/net/dns_build.h"
#include "providers/net/dns_wire.h"
#include "zones/base/arena.h"
#include "zones/base/err.h"
#include "zones/record/rrset.h"
#include "zones/record/zone.h"

#define ID   0x4242
#define ZONE "example.org."

struct scene {
	struct dg_arena *a;
	uint8_t buf[4096];
	struct dg_wire_out o;
	struct dg_dns_axfr x;
	struct dg_axfr_state axfr;
};

static int setup(void **state)
{
	struct scene *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	s->a = dg_arena_new(64u << 20);
	s->o = (struct dg_wire_out){.data = s->buf, .max = sizeof(s->buf)};
	s->x = (struct dg_dns_axfr){
		.zone = ZONE, .arena = s->a, .zone_data = dg_zone_new(s->a, ZONE)};
	*state = s;
	return 0;
}

static int teardown(void **state)
{
	struct scene *s = *state;

	s->a = dg_arena_free(s->a);
	free(s);
	return 0;
}

static struct dg_rdata rdata(struct scene *s, uint16_t type, const char *text)
{
	struct dg_rdata rd = {0};
	struct dg_err err;

	assert_int_equal(0, dg_rdata_parse(s->a, type, text, strlen(text), ZONE, &rd, &err));
	return rd;
}

/* A set of up to two records. */
static struct dg_rrset set(struct scene *s, const char *owner, uint16_t type, uint32_t ttl,
	const char *first, const char *second)
{
	struct dg_rdata *list = dg_newn(s->a, struct dg_rdata, 2);

	list[0] = rdata(s, type, first);
	if (second) {
		list[1] = rdata(s, type, second);
	}
	return dg_rrset_make(owner, type, ttl, list, second ? 2 : 1);
}

static void begin(struct scene *s, unsigned flags, uint16_t type)
{
	s->o.len = 0;
	s->o.zone = ZONE;
	dg_query_build(&s->o, ID, ZONE, type, false, 0);
	s->buf[2] = (uint8_t)(0x80 | flags >> 8);
	s->buf[3] = (uint8_t)flags;
}

static void add(struct scene *s, const char *owner, uint16_t type, uint32_t ttl, const char *text)
{
	struct dg_rdata rd = rdata(s, type, text);

	dg_wire_put_record(&s->o, owner, type, DG_CLASS_IN, ttl, &rd);
}

static void add_raw(struct scene *s, const char *owner, uint16_t type, const char *data, size_t len)
{
	const struct dg_rdata rd = {(const uint8_t *)data, len};

	dg_wire_put_record(&s->o, owner, type, DG_CLASS_IN, 5, &rd);
}

#define SOA_TEXT "ns1 hostmaster 7 3600 600 604800 300"

static int take(struct scene *s, size_t n)
{
	dg_wire_count(&s->o, 1, n);
	return dg_axfr_take(&s->axfr, &s->x, s->buf, s->o.len, ID);
}

static void fresh(struct scene *s)
{
	memset(&s->axfr, 0, sizeof(s->axfr));
	s->x.zone_data = dg_zone_new(s->a, ZONE);
	begin(s, 0x0400, DG_TYPE_AXFR);
}

static void test_transfer(void **state)
{
	struct scene *s = *state;

	fresh(s);
	add(s, ZONE, DG_TYPE_SOA, 300, SOA_TEXT);
	add(s, ZONE, DG_TYPE_MX, 300, "10 mx1");
	assert_int_equal(DG_AXFR_MORE, take(s, 2));
	begin(s, 0x0400, DG_TYPE_AXFR);
	add(s, ZONE, DG_TYPE_MX, 300, "20 mx2");
	add(s, "www." ZONE, DG_TYPE_A, 300, "192.0.2.1");
	add(s, ZONE, DG_TYPE_SOA, 300, SOA_TEXT);
	assert_int_equal(0, take(s, 3));
	struct dg_rrset got;
	dg_zone_seal(s->x.zone_data);
	const struct dg_rrset mx = set(s, ZONE, DG_TYPE_MX, 300, "10 mx1", "20 mx2");
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
	add(s, ZONE, DG_TYPE_SOA, 300, SOA_TEXT);
	add(s, "www." ZONE, DG_TYPE_A, 300, "192.0.2.1");
	add_raw(s, "www." ZONE, DG_TYPE_AAAA, "??", 2); /* not looked at */
	add(s, "www." ZONE, DG_TYPE_TXT, 300, "kept");
	add(s, ZONE, DG_TYPE_SOA, 300, SOA_TEXT);
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
	add(s, ZONE, DG_TYPE_MX, 300, "10 mx1");
	assert_int_equal(DG_EREMOTE, take(s, 1));
	fresh(s); /* another SOA last */
	add(s, ZONE, DG_TYPE_SOA, 300, SOA_TEXT);
	add(s, ZONE, DG_TYPE_SOA, 300, "ns1 hostmaster 8 3600 600 604800 300");
	assert_int_equal(DG_EREMOTE, take(s, 2));
	fresh(s); /* goes on */
	add(s, ZONE, DG_TYPE_SOA, 300, SOA_TEXT);
	add(s, ZONE, DG_TYPE_SOA, 300, SOA_TEXT);
	add(s, ZONE, DG_TYPE_MX, 300, "10 mx1");
	assert_int_equal(DG_EREMOTE, take(s, 3));
	fresh(s); /* another zone's record */
	add(s, ZONE, DG_TYPE_SOA, 300, SOA_TEXT);
	add(s, "example.net.", DG_TYPE_MX, 300, "10 mx1");
	assert_int_equal(DG_EREMOTE, take(s, 2));
	fresh(s); /* nothing */
	assert_int_equal(DG_EREMOTE, take(s, 0));
	fresh(s); /* ends early */
	add(s, ZONE, DG_TYPE_SOA, 300, SOA_TEXT);
	assert_int_equal(DG_EREMOTE, take(s, 2));
	fresh(s);
	s->buf[3] = 5;
	assert_int_equal(DG_AXFR_REFUSED, take(s, 0));
	s->buf[3] = 2;
	assert_int_equal(DG_EREMOTE, take(s, 0));
	s->buf[0] ^= 1;
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
