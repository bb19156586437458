/* The loop: order, ends by itself, a clock that is played. */
#include "tests/unit/unit.h"

#include <event2/event.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "providers/net/loop.h"
#include "zones/base/err.h"

struct played {
	int64_t ms;
	unsigned n_advanced;
};

static int64_t played_now(void *arg)
{
	return 1000000 + ((struct played *)arg)->ms / 1000;
}

static int64_t played_mono(void *arg)
{
	return ((struct played *)arg)->ms;
}

static void played_advance(void *arg, int64_t ms)
{
	struct played *p = arg;

	assert_true(ms > 0);
	p->ms += ms;
	p->n_advanced++;
}

struct scene {
	struct dg_loop *loop;
	struct played clock;
	struct dg_timer *timer;
	char log[64];
	unsigned n;
	int fd[2];
	struct event *event;
};

static void say(struct scene *s, char c)
{
	size_t n = strlen(s->log);

	assert_true(n + 1 < sizeof(s->log));
	s->log[n] = c;
}

static void say_a(void *arg)
{
	say(arg, 'a');
}

static void say_b(void *arg)
{
	say(arg, 'b');
}

static void say_c_defer_a(void *arg)
{
	struct scene *s = arg;

	say(s, 'c');
	dg_loop_defer(s->loop, say_a, s);
	say(s, 'd'); /* before a: nothing runs inside the call that asked for it */
}

static void say_c_then_more(void *arg)
{
	struct scene *s = arg;

	say(s, 'c');
	(void)dg_loop_after_ms(s->loop, 0, say_b, s);
	dg_loop_defer(s->loop, say_a, s);
}

static void stop(void *arg)
{
	struct scene *s = arg;

	say(s, 's');
	dg_loop_stop(s->loop);
}

static void again(void *arg)
{
	struct scene *s = arg;

	if (++s->n < 5) {
		(void)dg_loop_after_ms(s->loop, 0, again, s);
	}
}

static void cancel_other(void *arg)
{
	struct scene *s = arg;

	s->timer = dg_timer_cancel(s->timer);
}

static void open_scene(struct scene *s, bool is_played)
{
	struct dg_err err;

	*s = (struct scene){.fd = {-1, -1}};
	const struct dg_clock clock = {.now = played_now,
		.mono_ms = played_mono,
		.advance_ms = played_advance,
		.arg = &s->clock};
	assert_int_equal(0, dg_loop_new(is_played ? &clock : NULL, &s->loop, &err));
}

static void test_ends_when_nothing_is_left(void **state)
{
	struct scene s;

	(void)state;
	open_scene(&s, false);
	dg_loop_run(s.loop);
	dg_loop_defer(s.loop, say_c_defer_a, &s);
	dg_loop_run(s.loop);
	assert_string_equal("cda", s.log);
	s.loop = dg_loop_free(s.loop);
}

static void test_timers_in_order(void **state)
{
	struct scene s;

	(void)state;
	open_scene(&s, true);
	(void)dg_loop_after_ms(s.loop, 3 * 86400 * 1000, say_b, &s);
	(void)dg_loop_after_ms(s.loop, 10, say_a, &s);
	(void)dg_loop_after_ms(s.loop, 10, say_b, &s);
	(void)dg_loop_after_ms(s.loop, 10, say_c_defer_a, &s);
	(void)dg_loop_after_ms(s.loop, -5, say_b, &s);
	dg_loop_run(s.loop);
	assert_string_equal("babcdab", s.log);
	assert_int_equal(3 * 86400 * 1000, s.clock.ms);
	assert_int_equal(2, s.clock.n_advanced);
	assert_int_equal(1000000 + 3 * 86400, dg_loop_now(s.loop));
	s.loop = dg_loop_free(s.loop);
}

static void test_many_timers(void **state)
{
	struct scene s;
	struct dg_timer *timers[500];
	uint32_t x = 1;

	(void)state;
	open_scene(&s, true);
	for (size_t i = 0; i < 500; i++) {
		x = x * 1103515245u + 12345u;
		timers[i] = dg_loop_after_ms(s.loop, (x >> 16) % 1000, again, &s);
	}
	for (size_t i = 0; i < 500; i += 2) {
		timers[i] = dg_timer_cancel(timers[i]);
	}
	s.n = 1000;
	dg_loop_run(s.loop);
	assert_int_equal(1250, s.n);
	s.loop = dg_loop_free(s.loop);
}

static void test_cancel(void **state)
{
	struct scene s;

	(void)state;
	open_scene(&s, true);
	s.timer = dg_loop_after_ms(s.loop, 20, say_a, &s);
	(void)dg_loop_after_ms(s.loop, 10, cancel_other, &s);
	dg_loop_run(s.loop);
	assert_string_equal("", s.log);
	s.timer = dg_loop_after_ms(s.loop, 10, cancel_other, &s); /* itself */
	dg_loop_run(s.loop);
	assert_null(s.timer);
	assert_null(dg_timer_cancel(NULL));
	s.loop = dg_loop_free(s.loop);
}

/* A timer that is set at once again does not keep the rest from its turn. */
static void test_nobody_starves(void **state)
{
	struct scene s;

	(void)state;
	open_scene(&s, true);
	(void)dg_loop_after_ms(s.loop, 0, say_c_then_more, &s);
	dg_loop_run(s.loop);
	assert_string_equal("cab", s.log);
	s.loop = dg_loop_free(s.loop);
}

static void test_stop_and_go_on(void **state)
{
	struct scene s;

	(void)state;
	open_scene(&s, true);
	(void)dg_loop_after_ms(s.loop, 5, say_a, &s);
	(void)dg_loop_after_ms(s.loop, 5, stop, &s);
	(void)dg_loop_after_ms(s.loop, 5, say_b, &s);
	dg_loop_run(s.loop);
	assert_string_equal("as", s.log);
	dg_loop_run(s.loop);
	assert_string_equal("asb", s.log);
	(void)dg_loop_after_ms(s.loop, 5, say_b, &s); /* freed with the loop */
	s.loop = dg_loop_free(s.loop);
}

static void on_read(evutil_socket_t fd, short what, void *arg)
{
	struct scene *s = arg;
	char c;

	(void)what;
	assert_int_equal(1, read(fd, &c, 1));
	say(s, c);
	if (c == 'x') {
		assert_int_equal(1, write(s->fd[1], "y", 1));
	} else {
		(void)event_del(s->event);
	}
}

/* Sockets that have something to say go before the played clock; the loop ends with the last event.
 */
static void test_sockets_before_time(void **state)
{
	struct scene s;

	(void)state;
	open_scene(&s, true);
	assert_int_equal(0, socketpair(AF_UNIX, SOCK_STREAM, 0, s.fd));
	s.event = event_new(dg_loop_base(s.loop), s.fd[0], EV_READ | EV_PERSIST, on_read, &s);
	assert_int_equal(0, event_add(s.event, NULL));
	assert_int_equal(1, write(s.fd[1], "x", 1));
	(void)dg_loop_after_ms(s.loop, 60000, say_a, &s);
	dg_loop_run(s.loop);
	assert_string_equal("xya", s.log);
	event_free(s.event);
	(void)close(s.fd[0]);
	(void)close(s.fd[1]);
	s.loop = dg_loop_free(s.loop);
}

static void test_real_time(void **state)
{
	struct scene s;

	(void)state;
	open_scene(&s, false);
	int64_t start = dg_loop_mono_ms(s.loop);
	(void)dg_loop_after_ms(s.loop, 30, say_b, &s);
	(void)dg_loop_after_ms(s.loop, 10, say_a, &s);
	(void)dg_loop_after_ms(s.loop, 0, again, &s);
	dg_loop_run(s.loop);
	assert_string_equal("ab", s.log);
	assert_int_equal(5, s.n);
	assert_true(dg_loop_mono_ms(s.loop) - start >= 30);
	assert_true(llabs(dg_loop_now(s.loop) - time(NULL)) <= 1);
	s.loop = dg_loop_free(s.loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ends_when_nothing_is_left),
		cmocka_unit_test(test_timers_in_order),
		cmocka_unit_test(test_many_timers),
		cmocka_unit_test(test_cancel),
		cmocka_unit_test(test_nobody_starves),
		cmocka_unit_test(test_stop_and_go_on),
		cmocka_unit_test(test_sockets_before_time),
		cmocka_unit_test(test_real_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
