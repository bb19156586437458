/* DNS over TCP: connections lost, closed, refused, silent; answers in any order. */
#include "tests/unit/unit.h"

#include "tests/unit/providers/dnsnet.h"

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
		ask(s, i, DG_DNS_TCP, 60000);
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
		ask(s, i, DG_DNS_TCP, 60000);
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
	ask(s, 0, DG_DNS_TCP, 60000);
	run(s);
	assert_int_equal(0, s->rcs[0]);
	assert_int_equal(2, s->fake.n_connections);
}

static void test_lost_update_is_not(void **state)
{
	struct scene *s = *state;

	open_scene(s, close_first);
	send_update(s, 60000);
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
	ask(s, 0, DG_DNS_TCP, 60000);
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
		ask(s, i, DG_DNS_TCP, 60000);
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
	ask(s, 0, DG_DNS_TCP, 60000);
	run(s);
	for (int i = 0; i < 5; i++) {
		(void)usleep(2000); /* the FIN arrives */
		send_update(s, 60000);
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
		ask(s, i, DG_DNS_TCP, 60000);
	}
	send_update(s, 60000);
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
	send_update(s, 1000);
	ask(s, 0, DG_DNS_TCP, 1000);
	ask(s, 1, DG_DNS_UDP, 1000);
	run(s);
	assert_int_equal(DG_EIO, s->update_rc);
	assert_true(s->update.was_sent);
	assert_int_equal(DG_EIO, s->rcs[0]);
	assert_int_equal(DG_EIO, s->rcs[1]);
	assert_non_null(strstr(s->queries[1].err.text, "within 1000 ms"));
	/* The connection on which answers are overdue is not used again. */
	s->fake.handler = answer_all;
	ask(s, 2, DG_DNS_TCP, 60000);
	run(s);
	assert_int_equal(0, s->rcs[2]);
	assert_int_equal(2, s->fake.n_connections);
}

/* Where one answer is overdue the next question does not go. */
static void test_overdue(void **state)
{
	struct scene *s = *state;

	open_scene(s, ignore);
	ask(s, 0, DG_DNS_TCP, 60000);
	ask(s, 1, DG_DNS_TCP, 50);
	s->n_expected--;
	run(s);
	assert_int_equal(DG_EIO, s->rcs[1]);
	s->fake.handler = answer_all;
	ask(s, 2, DG_DNS_TCP, 60000);
	run(s);
	assert_int_equal(0, s->rcs[2]);
	assert_int_equal(2, s->fake.n_connections);
}

static void test_loop_ends_with_idle_connections(void **state)
{
	struct scene *s = *state;

	open_scene(s, answer_all);
	ask(s, 0, DG_DNS_TCP, 60000);
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
		ask(s, i, i < 5 ? DG_DNS_TCP : DG_DNS_UDP, 60000);
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
		T(test_overdue),
		T(test_loop_ends_with_idle_connections),
		T(test_freed_in_a_callback),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
