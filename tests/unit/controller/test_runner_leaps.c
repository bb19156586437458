/* The wall clock leaps while the guard waits for an old TTL, holds and cools down, with and without a start anew: nothing comes sooner than
 * in a run in which no clock leaps, and in the same boot nothing comes later. With DNSGUARD_LEAPS every leap at every moment (`./dev soak`).
 */
#include "tests/unit/controller/runner_unit.h"

#define EV(x)     DG_GUARD_EV_##x
#define N_MOMENTS 4u
#define SLACK_MS  ((int64_t)30000) /* a start anew looks again, after some seconds */
#define STEP_MS   ((int64_t)5000)
#define DAY_S     ((int64_t)86400)

/* When, on the clock that never goes back, since the alarm: the old TTL waited out and split; the way back proposed; back; calm. */
struct story {
	int64_t at_ms[N_MOMENTS];
};

struct leap {
	unsigned phase; /* after so many moments; N_MOMENTS: never */
	int64_t by_s;
	bool has_restart;
};

static void until(const char *state, bool is_proposed, int64_t begin_ms, int64_t *ret_at_ms)
{
	for (unsigned i = 0; i < 4000; i++) {
		bool is_so = strcmp(state_of(NAME), state) == 0 &&
			     (!is_proposed || proposal_of(NAME) != NULL);
		if (is_so) {
			*ret_at_ms = f.mono_ms - begin_ms;
			return;
		}
		run_ms(STEP_MS);
		if (strcmp(state_of(NAME), "elevated") == 0) {
			event(NAME, EV(READY));
		}
	}
	fail_msg("never %s", state);
}

static void maybe_leap(const struct leap *l, unsigned phase)
{
	if (l->phase != phase) {
		return;
	}
	run_ms(2 * MINUTE); /* in the middle of the wait */
	f.wall_s += l->by_s;
	if (l->has_restart) {
		restart();
	}
}

static struct story tell_story(const struct leap *l)
{
	struct story s = {0};
	int64_t begin_ms = f.mono_ms;

	f.stage = "calm";
	f.old_mx_s = 600;
	add_name(NAME, &f.limits);
	event(NAME, EV(ALARM));
	run_ms(STEP_MS);
	maybe_leap(l, 0);
	until("split", false, begin_ms, &s.at_ms[0]);
	maybe_leap(l, 1);
	until("split", true, begin_ms, &s.at_ms[1]);
	maybe_leap(l, 2); /* no wait: a person is asked */
	wish("approve", NAME, DIGEST);
	until("cooldown", false, begin_ms, &s.at_ms[2]);
	event(NAME, EV(QUIET));
	maybe_leap(l, 3);
	until("calm", false, begin_ms, &s.at_ms[3]);
	return s;
}

/* Of a wait, from the moment before to this one. */
static int64_t wait_of(const struct story *s, unsigned i)
{
	return s->at_ms[i] - (i > 0 ? s->at_ms[i - 1] : 0);
}

static void test_leaps(void **state)
{
	static const int64_t by_s[] = {
		3600, -3600, 366 * DAY_S, -366 * DAY_S, 1, -1, DAY_S, -DAY_S};
	bool is_whole = getenv("DNSGUARD_LEAPS"); /* NOLINT(concurrency-mt-unsafe): one thread */
	struct leap none = {.phase = N_MOMENTS};
	unsigned n_by = is_whole ? 8 : 4;
	unsigned n = 0;

	struct story usual = tell_story(&none);
	assert_true(wait_of(&usual, 0) >= 600 * 1000);
	for (unsigned i = 0; i < N_MOMENTS * n_by * 2; i++) {
		struct leap l = {.phase = i % N_MOMENTS,
			.by_s = by_s[i / N_MOMENTS % n_by],
			.has_restart = i / N_MOMENTS / n_by == 0};
		if (!is_whole && (l.phase == 2 || (!l.has_restart && l.phase != 1))) {
			continue; /* nothing waits; nothing is read again */
		}
		(void)runner_teardown(state);
		(void)runner_setup(state);
		struct story s = tell_story(&l);

		for (unsigned k = 0; k < N_MOMENTS; k++) {
			int64_t later_ms = wait_of(&s, k) - wait_of(&usual, k);

			/* A hold is up to a tenth shorter or longer at random. */
			int64_t room_ms = k == 1 ? HOUR / 5 : 0;
			assert_true(later_ms >= -room_ms - STEP_MS);
			assert_true(later_ms <= room_ms + SLACK_MS + (k == 2 ? 2 * MINUTE : 0));
		}
		assert_int_equal(f.n_splits, 1);
		assert_int_equal(f.n_backs, 1);
		n++;
	}
	assert_int_equal(n, is_whole ? 64 : 16);
}

/* --- what is kept of a guard --- */
static void test_bits_of_what_is_kept(void **state)
{
	struct dg_guard_row row;
	unsigned n_held = 0;
	unsigned n = 0;

	add_name(NAME, &f.limits);
	event(NAME, EV(ALARM));
	run_ms(5000);
	event(NAME, EV(READY));
	run_ms(10000);
	assert_string_equal(state_of(NAME), "split");
	must(dg_store_guard_get(t.s, t.a, NAME, &row, &t.err));
	char *image = dg_get(t.a, row.len, 1);
	for (size_t at = 0; at < row.len; at += 23) {
		memcpy(image, row.image, row.len);
		image[at] = (char)(image[at] ^ (1 << at % 8));
		struct dg_guard_row bad = row;
		bad.image = image;
		must(dg_store_guard_put(t.s, &bad, &t.err));
		restart();
		n_held += strcmp(state_of(NAME), "held") == 0;
		n++;
		run_ms(5000);
		assert_string_equal(state_of(NAME), "held"); /* until a person says go on */
		must(dg_store_guard_put(t.s, &row, &t.err));
	}
	assert_int_equal(n_held, n);
	assert_true(n > 20);
	assert_int_equal(f.n_splits, 1);
	assert_int_equal(f.n_backs, 0);
	restart();
	assert_string_equal(state_of(NAME), "split");
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_leaps, runner_setup, runner_teardown),
		cmocka_unit_test_setup_teardown(
			test_bits_of_what_is_kept, runner_setup, runner_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
