/* DNS requests on their way: connections lost, answers out of order, forged, late, never. */
#include "tests/unit/unit.h"

#include "providers/net/dns.h"
#include "providers/net/tsig.h"
#include "tests/unit/providers/fakedns.h"
#include "zones/base/arena.h"
#include "zones/base/err.h"
#include "zones/record/rrset.h"
#include "zones/record/zone.h"

#define MANY 200

struct scene {
	struct dg_loop *loop;
	struct fake fake;
	struct dg_dns_server *server;
	struct dg_tsig_key *key;
	struct dg_arena *a;
	size_t n_expected;
	size_t n_done;
	struct dg_dns_query queries[MANY];
	int rcs[MANY];
	struct dg_dns_update update;
	int update_rc;
	struct dg_dns_axfr transfers[MANY];
	struct fake_request kept[8];
	size_t n_kept;
};

static void plain_answer(const struct fake_request *r, unsigned flags)
{
	uint8_t buf[1024];
	struct dg_wire_out o = {.data = buf, .max = sizeof(buf)};

	fake_begin(&o, r, flags);
	fake_answer(r, buf, o.len);
}

static void answer_all(struct fake_request *r)
{
	plain_answer(r, 0x0400);
}

static void open_scene(struct scene *s, void (*handler)(struct fake_request *r))
{
	struct dg_err err;

	assert_int_equal(0, dg_loop_new(NULL, &s->loop, &err));
	fake_open(&s->fake, s->loop);
	s->fake.handler = handler;
	s->fake.arg = s;
	const struct dg_endpoint at = {.host = "127.0.0.1", .port = s->fake.port};
	assert_int_equal(0, dg_dns_server_new(s->loop, &at, 53, s->key, &s->server, &err));
	s->a = dg_arena_new(64u << 20);
}

static int teardown(void **state)
{
	struct scene *s = *state;

	s->server = dg_dns_server_free(s->server);
	fake_done(&s->fake);
	s->loop = dg_loop_free(s->loop);
	s->a = dg_arena_free(s->a);
	s->key = dg_tsig_key_free(s->key);
	free(s);
	return 0;
}

static int setup(void **state)
{
	*state = calloc(1, sizeof(struct scene));
	return *state ? 0 : -1;
}

static void one_done(struct scene *s)
{
	if (++s->n_done == s->n_expected) {
		dg_loop_stop(s->loop);
	}
}

static void on_query(struct dg_dns_query *q, int rc)
{
	struct scene *s = q->arg;

	s->rcs[q - s->queries] = rc;
	one_done(s);
}

static void ask(struct scene *s, size_t i, enum dg_dns_transport transport, int64_t deadline_ms)
{
	s->queries[i] = (struct dg_dns_query){
		.name = dg_printf(s->a, "n%zu.example.org.", i),
		.type = DG_TYPE_TXT,
		.transport = transport,
		.deadline_ms = deadline_ms,
		.done = on_query,
		.arg = s,
		.arena = s->a,
	};
	s->n_expected++;
	dg_dns_ask(s->server, &s->queries[i]);
}

static void run(struct scene *s)
{
	size_t n = s->n_done;

	dg_loop_run(s->loop);
	assert_true(s->n_done > n);
}

static void on_update(struct dg_dns_update *u, int rc)
{
	struct scene *s = u->arg;

	s->update_rc = rc;
	one_done(s);
}

static void send_update(struct scene *s, int64_t deadline_ms)
{
	s->update = (struct dg_dns_update){
		.zone = "example.org.", .deadline_ms = deadline_ms, .done = on_update, .arg = s};
	s->n_expected++;
	dg_dns_update(s->server, &s->update);
}

/* ---- TCP ---- */

static void keep_five(struct fake_request *r)
{
	struct scene *s = r->fake->arg;

	s->kept[s->n_kept++] = *r;
	if (s->n_kept == 5) {
		for (size_t i = 5; i-- > 0;) {
			plain_answer(&s->kept[i], 0x0400);
		}
	}
}

static void test_answers_in_any_order(void **state)
{
	struct scene *s = *state;

	open_scene(s, keep_five);
	for (size_t i = 0; i < 5; i++) {
		ask(s, i, DG_DNS_TCP, 5000);
	}
	assert_int_equal(0, s->n_done); /* no callback from inside the call */
	run(s);
	for (size_t i = 0; i < 5; i++) {
		assert_int_equal(0, s->rcs[i]);
		assert_true(s->queries[i].is_authoritative);
	}
	assert_int_equal(1, s->fake.n_connections);
}

static void test_many(void **state)
{
	struct scene *s = *state;

	open_scene(s, answer_all);
	for (size_t i = 0; i < MANY; i++) {
		ask(s, i, DG_DNS_TCP, 5000);
	}
	run(s);
	for (size_t i = 0; i < MANY; i++) {
		assert_int_equal(0, s->rcs[i]);
	}
	assert_in_range(s->fake.n_connections, 1, DG_DNS_CONNECTIONS);
	assert_int_equal(MANY, s->fake.n_requests);
}

static void close_first(struct fake_request *r)
{
	if (r->fake->n_requests == 1) {
		fake_close(r);
	} else {
		answer_all(r);
	}
}

static void test_lost_question_is_asked_again(void **state)
{
	struct scene *s = *state;

	open_scene(s, close_first);
	ask(s, 0, DG_DNS_TCP, 5000);
	run(s);
	assert_int_equal(0, s->rcs[0]);
	assert_int_equal(2, s->fake.n_connections);
}

static void test_lost_update_is_not(void **state)
{
	struct scene *s = *state;

	open_scene(s, close_first);
	send_update(s, 5000);
	run(s);
	assert_int_equal(DG_EIO, s->update_rc);
	assert_true(s->update.was_sent);
	assert_non_null(strstr(s->update.err.text, "may have been done or not"));
	assert_int_equal(1, s->fake.n_requests);
}

static void half_answer(struct fake_request *r)
{
	static const uint8_t half[] = {0, 200, 1, 2, 3};

	(void)send(r->fd, half, sizeof(half), MSG_NOSIGNAL);
	fake_close(r);
}

static void test_closed_in_the_middle(void **state)
{
	struct scene *s = *state;

	open_scene(s, half_answer);
	ask(s, 0, DG_DNS_TCP, 5000);
	run(s);
	assert_int_equal(DG_EIO, s->rcs[0]);
	assert_non_null(strstr(s->queries[0].err.text, "lost 3 times"));
	assert_int_equal(3, s->fake.n_connections);
}

static void answer_and_close(struct fake_request *r)
{
	answer_all(r);
	fake_close(r);
}

static void test_closed_after_each_answer(void **state)
{
	struct scene *s = *state;

	open_scene(s, answer_and_close);
	for (size_t i = 0; i < 20; i++) {
		ask(s, i, DG_DNS_TCP, 5000);
	}
	run(s);
	for (size_t i = 0; i < 20; i++) {
		assert_int_equal(0, s->rcs[i]);
	}
}

/* The server closed an idle connection: an UPDATE does not go there, where its fate would be unknown. */
static void test_stale_connection(void **state)
{
	struct scene *s = *state;

	open_scene(s, answer_and_close);
	ask(s, 0, DG_DNS_TCP, 5000);
	run(s);
	for (int i = 0; i < 5; i++) {
		(void)usleep(2000); /* the FIN arrives */
		send_update(s, 5000);
		run(s);
		assert_int_equal(0, s->update_rc);
		assert_int_equal(0, s->update.rcode);
	}
	assert_int_equal(6, s->fake.n_connections);
}

static void test_refused(void **state)
{
	struct scene *s = *state;

	open_scene(s, answer_all);
	fake_done(&s->fake); /* nobody listens any more */
	for (size_t i = 0; i < 50; i++) {
		ask(s, i, DG_DNS_TCP, 5000);
	}
	send_update(s, 5000);
	run(s);
	assert_int_equal(51, s->n_done);
	for (size_t i = 0; i < 50; i++) {
		assert_int_equal(DG_EIO, s->rcs[i]);
	}
	assert_int_equal(DG_EIO, s->update_rc);
	assert_false(s->update.was_sent);
	assert_int_equal(5, s->update.err.retry_after_s);
	assert_non_null(strstr(s->update.err.text, "Connection refused"));
}

static void ignore(struct fake_request *r)
{
	(void)r;
}

static void test_silent_server(void **state)
{
	struct scene *s = *state;

	open_scene(s, ignore);
	send_update(s, 60);
	ask(s, 0, DG_DNS_TCP, 60);
	ask(s, 1, DG_DNS_UDP, 60);
	run(s);
	assert_int_equal(DG_EIO, s->update_rc);
	assert_true(s->update.was_sent);
	assert_int_equal(DG_EIO, s->rcs[0]);
	assert_int_equal(DG_EIO, s->rcs[1]);
	assert_non_null(strstr(s->queries[1].err.text, "within 60 ms"));
	/* The connection on which answers are overdue is not used again. */
	s->fake.handler = answer_all;
	ask(s, 2, DG_DNS_TCP, 5000);
	run(s);
	assert_int_equal(0, s->rcs[2]);
	assert_int_equal(2, s->fake.n_connections);
}

static void test_loop_ends_with_idle_connections(void **state)
{
	struct scene *s = *state;

	open_scene(s, answer_all);
	ask(s, 0, DG_DNS_TCP, 5000);
	run(s);
	/* Only the fake's own listeners keep the loop: without them it ends by itself. */
	for (size_t i = 0; i < s->fake.n_events; i++) {
		(void)event_del(s->fake.events[i]);
	}
	dg_loop_run(s->loop);
}

static void free_it(struct dg_dns_query *q, int rc)
{
	struct scene *s = q->arg;

	(void)rc;
	s->n_done++;
	s->server = dg_dns_server_free(s->server);
	dg_loop_stop(s->loop);
}

static void test_freed_in_a_callback(void **state)
{
	struct scene *s = *state;

	open_scene(s, keep_five);
	for (size_t i = 0; i < 8; i++) {
		ask(s, i, i < 5 ? DG_DNS_TCP : DG_DNS_UDP, 5000);
		s->queries[i].done = free_it;
	}
	run(s);
	assert_int_equal(1, s->n_done);
	(void)usleep(1000);
	for (size_t i = 0; i < s->fake.n_events; i++) {
		(void)event_del(s->fake.events[i]);
	}
	dg_loop_run(s->loop);
	assert_int_equal(1, s->n_done);
}

/* ---- UDP ---- */

static void forge_then_answer(struct fake_request *r)
{
	struct fake_request forged = *r;

	forged.msg[0] ^= 1; /* another id */
	plain_answer(&forged, 0x0405);
	forged = *r;
	forged.msg[13] ^= 1; /* another question */
	plain_answer(&forged, 0x0405);
	fake_answer(r, r->msg, r->len); /* no answer at all */
	fake_answer(r, r->msg, 5);
	answer_all(r);
}

static void test_forged_datagrams(void **state)
{
	struct scene *s = *state;

	open_scene(s, forge_then_answer);
	for (size_t i = 0; i < MANY; i++) {
		ask(s, i, DG_DNS_UDP, 5000);
	}
	run(s);
	for (size_t i = 0; i < MANY; i++) {
		assert_int_equal(0, s->rcs[i]);
		assert_int_equal(0, s->queries[i].rcode);
	}
	assert_int_equal(0, s->fake.n_connections);
}

static void truncate_udp(struct fake_request *r)
{
	plain_answer(r, r->is_udp ? 0x0600 : 0x0400);
}

static void formerr_udp(struct fake_request *r)
{
	plain_answer(r, r->is_udp ? 0x0001 : 0x0400);
}

static void test_goes_on_over_tcp(void **state)
{
	struct scene *s = *state;

	open_scene(s, truncate_udp);
	ask(s, 0, DG_DNS_UDP, 5000);
	run(s);
	s->fake.handler = formerr_udp;
	ask(s, 1, DG_DNS_UDP, 5000);
	run(s);
	assert_int_equal(0, s->rcs[0] | s->rcs[1]);
	assert_int_equal(0, s->queries[1].rcode);
	assert_int_equal(4, s->fake.n_requests);
	assert_int_equal(1, s->fake.n_connections);
}

static void truncate_always(struct fake_request *r)
{
	plain_answer(r, 0x0600);
}

static void test_truncated_over_tcp(void **state)
{
	struct scene *s = *state;

	open_scene(s, truncate_always);
	ask(s, 0, DG_DNS_UDP, 5000);
	run(s);
	assert_int_equal(DG_EREMOTE, s->rcs[0]);
}

static void answer_third(struct fake_request *r)
{
	if (r->fake->n_requests == 3) {
		answer_all(r);
	}
}

static void test_udp_is_repeated(void **state)
{
	struct scene *s = *state;

	open_scene(s, answer_third);
	ask(s, 0, DG_DNS_UDP, 300);
	run(s);
	assert_int_equal(0, s->rcs[0]);
	assert_int_equal(3, s->fake.n_requests);
}

/* ---- trust ---- */

static void test_lying_server(void **state)
{
	static const uint8_t secret[32] = "0123456789abcdef0123456789abcde";
	struct scene *s = *state;
	struct dg_err err;

	assert_int_equal(
		0, dg_tsig_key_new("k1.", "hmac-sha256", secret, sizeof(secret), &s->key, &err));
	open_scene(s, answer_all); /* NOERROR, but unsigned */
	send_update(s, 5000);
	ask(s, 0, DG_DNS_TCP, 5000);
	run(s);
	assert_int_equal(DG_EREMOTE, s->update_rc);
	assert_true(s->update.was_sent);
	assert_non_null(strstr(s->update.err.text, "not signed"));
	assert_non_null(strstr(s->update.err.text, "it said NOERROR"));
	assert_int_equal(DG_EREMOTE, s->rcs[0]);
}

/* ---- transfers ---- */

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
		transfer(s, i, 8000);
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
	transfer(s, 0, 5000);
	run(s);
	assert_int_equal(0, s->rcs[0]); /* from the beginning, on another connection */
	assert_int_equal(1, s->transfers[0].zone_data->n);
	s->fake.handler = refuse;
	transfer(s, 1, 5000);
	run(s);
	assert_int_equal(1, s->rcs[1]);
	assert_non_null(strstr(s->transfers[1].err.text, "REFUSED"));
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_answers_in_any_order),
		T(test_many),
		T(test_lost_question_is_asked_again),
		T(test_lost_update_is_not),
		T(test_closed_in_the_middle),
		T(test_closed_after_each_answer),
		T(test_stale_connection),
		T(test_refused),
		T(test_silent_server),
		T(test_loop_ends_with_idle_connections),
		T(test_freed_in_a_callback),
		T(test_forged_datagrams),
		T(test_goes_on_over_tcp),
		T(test_truncated_over_tcp),
		T(test_udp_is_repeated),
		T(test_lying_server),
		T(test_busy_with_transfers),
		T(test_few_transfers_at_once),
		T(test_transfers_that_break),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
