#include "tests/unit/unit.h"
#include "zones/watch/detector.h"
#include <string.h>

#define MINUTE ((int64_t)60000)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)
#define START  ((int64_t)1795374567000)

/* n arrivals, every so often, from *t on; the last level. */
static enum dg_alarm feed(
	struct dg_detector *d, int64_t *t, unsigned n, int64_t every, enum dg_arrival class)
{
	enum dg_alarm level = DG_ALARM_CALM;

	for (unsigned i = 0; i < n; i++) {
		*t += every;
		level = dg_detector_arrival(d, *t, class);
	}
	return level;
}

static void test_attack_is_found_in_minutes(void **state)
{
	struct dg_detector d;
	int64_t t = START;

	(void)state;
	dg_detector_init(&d, t);
	t += 30 * DAY;
	assert_int_equal(dg_detector_tick(&d, t), DG_ALARM_CALM);
	assert_int_equal(feed(&d, &t, 3, 20000, DG_ARRIVAL_FOREIGN), DG_ALARM_CALM);
	assert_int_equal(feed(&d, &t, 17, 20000, DG_ARRIVAL_FOREIGN), DG_ALARM_ALARM);
}

static void test_notice_comes_before_alarm(void **state)
{
	struct dg_detector d;
	int64_t t = START;
	int64_t noticed = 0;

	(void)state;
	dg_detector_init(&d, t);
	t += DAY;
	for (unsigned i = 0; i < 60; i++) {
		enum dg_alarm level = feed(&d, &t, 1, 20000, DG_ARRIVAL_FOREIGN);
		noticed = level == DG_ALARM_NOTICE && noticed == 0 ? t : noticed;
		if (level == DG_ALARM_ALARM) {
			assert_true(noticed > 0 && noticed < t);
			return;
		}
	}
	fail_msg("no alarm");
}

static void test_own_bounces_never_alarm(void **state)
{
	struct dg_detector d;
	int64_t t = START;

	(void)state;
	dg_detector_init(&d, t);
	t += DAY;
	assert_int_equal(feed(&d, &t, 20000, 100, DG_ARRIVAL_OWN), DG_ALARM_CALM);
	assert_true(d.score == 0);
}

/* A mailing of our own with a few foreign ones in it: the score is high, yet it is no attack. */
static void test_share_of_foreign(void **state)
{
	struct dg_detector d;
	int64_t t = START;

	(void)state;
	dg_detector_init(&d, t);
	t += DAY;
	for (unsigned i = 0; i < 200; i++) {
		(void)feed(&d, &t, 9, 1000, DG_ARRIVAL_OWN);
		assert_int_not_equal(feed(&d, &t, 1, 1000, DG_ARRIVAL_FOREIGN), DG_ALARM_ALARM);
	}
	assert_true(d.score > 16);
}

static void test_unknown_alone_is_no_alarm(void **state)
{
	struct dg_detector d;
	int64_t t = START;

	(void)state;
	dg_detector_init(&d, t);
	t += DAY;
	assert_int_equal(feed(&d, &t, 500, 1000, DG_ARRIVAL_UNKNOWN), DG_ALARM_NOTICE);
}

static void test_clears_after_a_quiet_day(void **state)
{
	struct dg_detector d;
	int64_t t = START;

	(void)state;
	dg_detector_init(&d, t);
	t += DAY;
	assert_int_equal(feed(&d, &t, 200, 20000, DG_ARRIVAL_FOREIGN), DG_ALARM_ALARM);
	int64_t next = dg_detector_next_ms(&d);
	assert_true(next > t + DAY);
	struct dg_detector early = d;
	assert_int_equal(dg_detector_tick(&early, next - 2 * MINUTE), DG_ALARM_ALARM);
	struct dg_detector stepwise = d;
	for (int64_t at = t; at < next; at += HOUR) {
		(void)dg_detector_tick(&stepwise, at);
	}
	assert_int_equal(dg_detector_tick(&stepwise, next), DG_ALARM_CALM);
	assert_int_equal(dg_detector_tick(&d, next), DG_ALARM_CALM);
	assert_true(dg_detector_next_ms(&d) == INT64_MAX);
	assert_int_equal(d.raised_s, 0);
}

static void test_a_straggler_keeps_it_raised(void **state)
{
	struct dg_detector d;
	int64_t t = START;

	(void)state;
	dg_detector_init(&d, t);
	t += DAY;
	assert_int_equal(feed(&d, &t, 200, 20000, DG_ARRIVAL_FOREIGN), DG_ALARM_ALARM);
	t = dg_detector_next_ms(&d) - HOUR;
	assert_int_equal(feed(&d, &t, 8, 1000, DG_ARRIVAL_FOREIGN), DG_ALARM_ALARM);
	assert_int_equal(dg_detector_tick(&d, t + 2 * HOUR), DG_ALARM_ALARM);
}

/* Attacked from the first day on: learning must not take the attack for the usual, nor stand still for ever. */
static void test_cold_start_ends(void **state)
{
	struct dg_detector d;
	int64_t t = START;
	enum dg_alarm level = DG_ALARM_CALM;

	(void)state;
	dg_detector_init(&d, t);
	level = feed(&d, &t, 60, 20000, DG_ARRIVAL_FOREIGN);
	assert_int_equal(level, DG_ALARM_ALARM);
	level = feed(&d, &t, 60 * 24 * 30 * 3, 20000, DG_ARRIVAL_FOREIGN);
	assert_int_equal(level, DG_ALARM_CALM);
	assert_true(d.rate > 0.5);
}

static void test_clock_leaps(void **state)
{
	struct dg_detector d;
	int64_t t = START;

	(void)state;
	dg_detector_init(&d, t);
	t += DAY;
	(void)feed(&d, &t, 20, 20000, DG_ARRIVAL_FOREIGN);
	struct dg_detector before = d;
	/* A little back: as if it stood still. */
	(void)dg_detector_arrival(&d, t - MINUTE, DG_ARRIVAL_OWN);
	assert_true(d.last_ms == t && d.score == before.score);
	/* A year back, and on from there: nothing is stuck. */
	t -= 365 * DAY;
	(void)dg_detector_arrival(&d, t, DG_ARRIVAL_FOREIGN);
	assert_true(d.last_ms == t && d.enrolled_ms <= t);
	assert_int_equal(dg_detector_tick(&d, t + 3 * DAY), DG_ALARM_CALM);
	/* And to the end of time: no overflow. */
	(void)dg_detector_arrival(&d, INT64_MAX / 2, DG_ARRIVAL_FOREIGN);
	(void)dg_detector_next_ms(&d);
}

static void test_floors(void **state)
{
	struct dg_detector d;
	struct dg_heat h;
	int64_t t = START;

	(void)state;
	dg_detector_init(&d, t);
	dg_heat_init(&h, t);
	t += DAY;
	assert_string_equal(dg_detector_floor(&d, &h, t), "there is no alarm");
	assert_int_equal(feed(&d, &t, 30, 20000, DG_ARRIVAL_FOREIGN), DG_ALARM_ALARM);
	assert_non_null(strstr(dg_detector_floor(&d, &h, t), "15 minutes"));
	t += 20 * MINUTE;
	/* Time alone is not enough: of a log that is caught up with the rest has not been read. */
	assert_non_null(strstr(dg_detector_floor(&d, &h, t), "15 minutes"));
	(void)dg_detector_arrival(&d, t, DG_ARRIVAL_FOREIGN);
	for (uint64_t i = 0; i < 24; i++) {
		dg_heat_add(&h, DG_ARRIVAL_FOREIGN, 1, i * UINT64_C(0x9e3779b97f4a7c15));
	}
	dg_heat_add(&h, DG_ARRIVAL_OWN, 2, 0);
	assert_non_null(strstr(dg_detector_floor(&d, &h, t), "fewer than 25"));
	dg_heat_add(&h, DG_ARRIVAL_FOREIGN, 1, 0);
	assert_non_null(strstr(dg_detector_floor(&d, &h, t), "fewer than 5"));
	for (uint64_t i = 0; i < 12; i++) {
		dg_heat_add(&h, DG_ARRIVAL_FOREIGN, 100 + i, 0);
	}
	assert_null(dg_detector_floor(&d, &h, t));
	/* The alarm still stands hours after the last bounce, but it may be over. */
	assert_non_null(strstr(dg_detector_floor(&d, &h, t + 4 * HOUR), "last hour"));
	assert_int_equal(d.level, DG_ALARM_ALARM);
	assert_int_equal(h.n_own, 1);
	assert_int_equal(h.n_foreign, 37);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_attack_is_found_in_minutes),
		cmocka_unit_test(test_notice_comes_before_alarm),
		cmocka_unit_test(test_own_bounces_never_alarm),
		cmocka_unit_test(test_share_of_foreign),
		cmocka_unit_test(test_unknown_alone_is_no_alarm),
		cmocka_unit_test(test_clears_after_a_quiet_day),
		cmocka_unit_test(test_a_straggler_keeps_it_raised),
		cmocka_unit_test(test_cold_start_ends),
		cmocka_unit_test(test_clock_leaps),
		cmocka_unit_test(test_floors),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
