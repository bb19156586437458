/* Attacks that come and go, at the pace that would make the guard flap: square waves of a second to a day, ramps, noise. However they come, a
 * mail name moves at most once a dwell. DNSGUARD_WAVES: how many series (500 by `./dev soak`). */
#include "tests/unit/unit.h"

#include "zones/watch/watched.h"

#include "zones/watch/guard.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECOND   ((int64_t)1000)
#define MINUTE   (60 * SECOND)
#define HOUR     (60 * MINUTE)
#define DAY      (24 * HOUR)
#define START    ((int64_t)1790000000000)
#define LONG     (90 * DAY)
#define ARRIVALS 6000u
#define SERIES   60
#define STEP_MS  (5 * SECOND)

enum shape {
	SQUARE,
	RAMP,
	NOISE
};

struct world {
	uint64_t chance;
	enum shape shape;
	int64_t period_ms;
	double duty, rate; /* of arrivals a minute, while it is on */
	struct dg_watched w;
	struct dg_guard g;
	struct dg_guard_limits limits;
	int64_t now_ms, done_ms; /* what is under way ends then; 0: nothing is */
	int64_t split_ms, back_ms;
	bool is_told, was_sunk;
	unsigned n_moves, n_arrivals;
};

static double uniform(struct world *x)
{
	x->chance = x->chance * 6364136223846793005u + 1442695040888963407u;
	return (double)(x->chance >> 11) / 9007199254740992.0;
}

static double rate_at(struct world *x, int64_t now_ms)
{
	double phase = (double)((now_ms - START) % x->period_ms) / (double)x->period_ms;

	switch (x->shape) {
	case SQUARE:
		return phase < x->duty ? x->rate : 0;
	case RAMP:
		return phase * x->rate;
	case NOISE:
		return uniform(x) < 0.5 ? 2 * x->rate * uniform(x) : 0;
	}
	return 0;
}

/* --- the guard and what it sees --------------------------------------------------------------- */
static void note_move(struct world *x, enum dg_guard_state before)
{
	enum dg_guard_state now = x->g.state;

	if (now == DG_GUARD_SPLITTING && before != now) {
		x->n_moves++;
		assert_true(x->back_ms == 0 || x->now_ms - x->back_ms >= x->limits.cooldown_ms);
		x->split_ms = x->now_ms;
	}
	if (now == DG_GUARD_PROBING && before != now) { /* a tenth less is drawn by chance */
		assert_true(x->now_ms - x->split_ms >= x->limits.hold_ms - x->limits.hold_ms / 10);
	}
	if (before == DG_GUARD_PROBING && now == DG_GUARD_SPLIT) {
		x->split_ms = x->now_ms;
	}
	if (now == DG_GUARD_COOLDOWN && before != now) {
		x->back_ms = x->now_ms;
	}
}

static void step(struct world *x, enum dg_guard_event_kind kind)
{
	enum dg_guard_state before = x->g.state;
	struct dg_guard_event e = {.kind = kind,
		.now_ms = x->now_ms,
		.random = (uint32_t)(uniform(x) * 4294967295.0),
		.has_budget = true};
	struct dg_guard_out out;

	dg_guard_step(&x->limits, &x->g, &e, &out);
	assert_null(dg_guard_fault(&x->limits, &x->g));
	if (out.actions & (DG_GUARD_DO_ARM | DG_GUARD_DO_SPLIT | DG_GUARD_DO_PROBE |
				  DG_GUARD_DO_RENULL | DG_GUARD_DO_RESTORE | DG_GUARD_DO_UNDO)) {
		x->done_ms = x->now_ms + STEP_MS;
	}
	note_move(x, before);
}

/* What is under way ends, deadlines pass, the probe hears the attack or two hours of nothing. */
static void advance(struct world *x, int64_t to_ms)
{
	while (x->done_ms > 0 || x->g.due_ms <= to_ms) {
		bool is_done = x->done_ms > 0 && x->done_ms <= x->g.due_ms;
		int64_t at_ms = is_done ? x->done_ms : x->g.due_ms;

		if (at_ms > to_ms) {
			break;
		}
		x->now_ms = at_ms > x->now_ms ? at_ms : x->now_ms;
		if (is_done) {
			x->done_ms = 0;
			step(x, x->g.state == DG_GUARD_ELEVATED || x->g.state == DG_GUARD_COOLDOWN
					? DG_GUARD_EV_ARMED
					: DG_GUARD_EV_DONE);
			x->was_sunk = x->g.state == DG_GUARD_PROBING;
		} else if (x->g.state == DG_GUARD_PROBING && x->was_sunk) {
			step(x, DG_GUARD_EV_SILENT);
		} else {
			step(x, DG_GUARD_EV_TICK);
		}
	}
	x->now_ms = to_ms;
}

static void tell(struct world *x)
{
	if (x->w.level == DG_ALARM_CALM) {
		step(x, DG_GUARD_EV_QUIET);
		dg_watched_cool(&x->w);
	} else {
		step(x, x->w.level == DG_ALARM_NOTICE ? DG_GUARD_EV_NOTICE : DG_GUARD_EV_ALARM);
	}
}

static void arrive(struct world *x)
{
	char address[40];
	char client[40];
	enum dg_arrival class = DG_ARRIVAL_OWN;
	struct dg_mail_event e = {.kind = DG_MAIL_UNKNOWN, .at_ms = x->now_ms};

	if (x->g.is_null && x->g.state != DG_GUARD_PROBING) {
		return;
	}
	if (x->g.state == DG_GUARD_PROBING && x->was_sunk) {
		step(x, DG_GUARD_EV_LOUD);
		return;
	}
	e.address.p = address;
	e.address.n =
		(size_t)snprintf(address, sizeof(address), "x%u@example.com", ++x->n_arrivals);
	e.client.p = client;
	e.client.n = (size_t)snprintf(
		client, sizeof(client), "198.51.%u.7", (unsigned)(uniform(x) * 200));
	enum dg_alarm level = dg_watched_arrival(&x->w, &e, &class);
	if (level != x->w.level) {
		x->w.level = level;
		tell(x);
	}
	if (!dg_watched_missing(&x->w, x->now_ms)) {
		step(x, DG_GUARD_EV_READY);
	}
}

static void fall(struct world *x)
{
	enum dg_alarm level = dg_detector_tick(&x->w.detector, x->now_ms);

	if (level != x->w.level) {
		x->w.level = level;
		tell(x);
	}
}

/* --- one series ------------------------------------------------------------------------------- */
static unsigned play(uint64_t seed)
{
	struct world x = {.chance = seed * 0x9e3779b97f4a7c15u + 1, .now_ms = START};
	unsigned n = 0;

	x.shape = (enum shape)(seed % 3);
	/* Half of them at any pace, half at those at which a probe may fall into a pause. */
	double least = seed % 2 == 0 ? (double)SECOND : 6.0 * (double)HOUR;
	double most = seed % 2 == 0 ? (double)DAY : 12.0 * (double)DAY;
	x.period_ms = (int64_t)(least * pow(most / least, uniform(&x)));
	x.duty = 0.05 + 0.9 * uniform(&x);
	x.rate = pow(10, 2 * uniform(&x) - 0.7); /* 0.2 to 20 */
	dg_watched_init(&x.w, "example.com.", "example.com.", START);
	dg_guard_init(&x.g, START);
	dg_guard_limits_init(&x.limits);
	x.limits.mode = DG_GUARD_MODE_AUTOMATIC;
	x.limits.has_sink = true;
	while (x.now_ms < START + LONG && n < ARRIVALS) {
		if (x.g.state == DG_GUARD_SPLIT && x.done_ms == 0) {
			advance(&x, x.g.due_ms + 1); /* nobody sees past a null MX */
			continue;
		}
		double rate = rate_at(&x, x.now_ms);
		int64_t most_ms = x.period_ms / 20 < SECOND ? SECOND : x.period_ms / 20;
		int64_t wait_ms =
			rate > 0 ? (int64_t)(-log(1 - uniform(&x)) / rate * MINUTE) : most_ms;
		bool is_there = rate > 0 && wait_ms <= most_ms;

		advance(&x, x.now_ms + (is_there ? wait_ms : most_ms) + 1);
		fall(&x);
		if (is_there) {
			n++;
			arrive(&x);
		}
	}
	int64_t days = (x.now_ms - START) / DAY;
	assert_true(
		x.n_moves <= 1 + (unsigned)(days / 2)); /* a hold and a cooldown are a day each */
	dg_watched_done(&x.w);
	return x.n_moves;
}

static void test_waves(void **state)
{
	const char *wish = getenv("DNSGUARD_WAVES"); /* NOLINT(concurrency-mt-unsafe): one thread */
	long n = wish ? strtol(wish, NULL, 10) : SERIES;
	unsigned n_moves = 0;
	unsigned n_moved = 0;

	(void)state;
	for (long i = 0; i < n; i++) {
		unsigned moves = play((uint64_t)i);

		n_moves += moves;
		n_moved += moves > 0;
	}
	(void)printf("# %ld series, %u with a move, %u moves\n", n, n_moved, n_moves);
	assert_true(n_moved > 0 && n_moves > n_moved); /* some come back: the bound is not empty */
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_waves)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
