/* Transfers from a server that is busy, breaks off, refuses. */
#include "tests/unit/unit.h"

#include "tests/unit/providers/dnsnet.h"

static void on_transfer(struct dg_dns_axfr *x, int rc)
{
	struct scene *s = x->arg;

	s->rcs[x - s->transfers] = rc;
	assert_true((rc == 0) == (x->zone_data != NULL));
	one_done(s);
}

static void transfer(struct scene *s, size_t i, int64_t deadline_ms)
{
	s->transfers[i] = (struct dg_dns_axfr){
		.zone = dg_printf(s->a, "z%zu.example.org.", i),
		.deadline_ms = deadline_ms,
		.done = on_transfer,
		.arg = s,
		.arena = s->a,
	};
	s->n_expected++;
	dg_dns_transfer(s->server, &s->transfers[i]);
}

static void put_soa(struct dg_wire_out *o)
{
	static const uint8_t soa[] = {
		0xc0, 12, 0xc0, 12, 0, 0, 0, 7, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1};

	dg_wire_put(o, "\xc0\x0c", 2);
	dg_wire_put16(o, DG_TYPE_SOA);
	dg_wire_put16(o, DG_CLASS_IN);
	dg_wire_put32(o, 300);
	dg_wire_put16(o, sizeof(soa));
	dg_wire_put(o, soa, sizeof(soa));
}

static void give_zone(struct fake_request *r)
{
	uint8_t buf[1024];

	for (int i = 0; i < 2; i++) { /* two messages, a SOA each */
		struct dg_wire_out o = {.data = buf, .max = sizeof(buf)};
		fake_begin(&o, r, 0x0400);
		put_soa(&o);
		dg_wire_count(&o, 1, 1);
		fake_answer(r, buf, o.len);
	}
}

/* Busy at first: SERVFAIL to every other one. */
static void busy_server(struct fake_request *r)
{
	if (r->fake->n_requests % 2 == 1) {
		plain_answer(r, 0x0402);
	} else {
		give_zone(r);
	}
}

static void test_busy_with_transfers(void **state)
{
	struct scene *s = *state;

	open_scene(s, busy_server);
	for (size_t i = 0; i < 20; i++) {
		transfer(s, i, 60000);
	}
	run(s);
	for (size_t i = 0; i < 20; i++) {
		assert_int_equal(0, s->rcs[i]);
		assert_int_equal(7, dg_zone_serial(s->transfers[i].zone_data));
		assert_true(s->transfers[i].zone_data->is_complete);
		assert_string_equal("7", s->transfers[i].zone_data->version);
	}
	assert_true(s->fake.n_requests > 20);
}

static void keep_transfers(struct fake_request *r)
{
	struct scene *s = r->fake->arg;

	if (s->n_kept < 8) {
		s->kept[s->n_kept++] = *r;
	}
}

static void stop(void *arg)
{
	dg_loop_stop(arg);
}

static void test_few_transfers_at_once(void **state)
{
	struct scene *s = *state;

	open_scene(s, keep_transfers);
	for (size_t i = 0; i < 20; i++) {
		transfer(s, i, 60000);
	}
	(void)dg_loop_after_ms(s->loop, 50, stop, s->loop);
	dg_loop_run(s->loop);
	assert_int_equal(DG_DNS_TRANSFERS, s->fake.n_requests);
	s->fake.handler = give_zone;
	for (size_t i = 0; i < s->n_kept; i++) {
		give_zone(&s->kept[i]);
	}
	run(s);
	assert_int_equal(20, s->n_done);
}

static void half_zone(struct fake_request *r)
{
	uint8_t buf[1024];
	struct dg_wire_out o = {.data = buf, .max = sizeof(buf)};

	if (r->fake->n_requests > 1) {
		give_zone(r);
		return;
	}
	fake_begin(&o, r, 0x0400);
	put_soa(&o);
	dg_wire_count(&o, 1, 1);
	fake_answer(r, buf, o.len);
	fake_close(r);
}

static void refuse(struct fake_request *r)
{
	plain_answer(r, 5);
}

static void test_transfers_that_break(void **state)
{
	struct scene *s = *state;

	open_scene(s, half_zone);
	transfer(s, 0, 60000);
	run(s);
	assert_int_equal(0, s->rcs[0]); /* from the beginning, on another connection */
	assert_int_equal(1, s->transfers[0].zone_data->n);
	s->fake.handler = refuse;
	transfer(s, 1, 60000);
	run(s);
	assert_int_equal(1, s->rcs[1]);
	assert_non_null(strstr(s->transfers[1].err.text, "REFUSED"));
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_busy_with_transfers),
		T(test_few_transfers_at_once),
		T(test_transfers_that_break),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
