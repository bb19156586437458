/* DNS over UDP: forged, truncated, lost; and a server that does not sign. */
#include "tests/unit/unit.h"

#include "tests/unit/providers/dnsnet.h"

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
		ask(s, i, DG_DNS_UDP, 60000);
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
	ask(s, 0, DG_DNS_UDP, 60000);
	run(s);
	s->fake.handler = formerr_udp;
	ask(s, 1, DG_DNS_UDP, 60000);
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
	ask(s, 0, DG_DNS_UDP, 60000);
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
	ask(s, 0, DG_DNS_UDP, 3000);
	run(s);
	assert_int_equal(0, s->rcs[0]);
	assert_int_equal(3, s->fake.n_requests);
}

static void test_lying_server(void **state)
{
	static const uint8_t secret[32] = "0123456789abcdef0123456789abcde";
	struct scene *s = *state;
	struct dg_err err;

	assert_int_equal(
		0, dg_tsig_key_new("k1.", "hmac-sha256", secret, sizeof(secret), &s->key, &err));
	open_scene(s, answer_all); /* NOERROR, but unsigned */
	send_update(s, 60000);
	ask(s, 0, DG_DNS_TCP, 60000);
	run(s);
	assert_int_equal(DG_EREMOTE, s->update_rc);
	assert_true(s->update.was_sent);
	assert_non_null(strstr(s->update.err.text, "not signed"));
	assert_non_null(strstr(s->update.err.text, "it said NOERROR"));
	assert_int_equal(DG_EREMOTE, s->rcs[0]);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_forged_datagrams),
		T(test_goes_on_over_tcp),
		T(test_truncated_over_tcp),
		T(test_udp_is_repeated),
		T(test_lying_server),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
