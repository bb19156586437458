#include "zones/watch/detector.h"

#include <math.h>

#define MINUTE_MS     60000.0
#define DAY_MIN       1440.0
#define LEARN_MIN     (14 * DAY_MIN)
#define MEMORY_MIN    (28 * DAY_MIN)
#define HOUR_MIN      60.0
#define FLOOR_RATE    (2 / DAY_MIN)
#define STEP_RATE     (48 / DAY_MIN)
#define SCORE_MAX     80.0
#define SCORE_NOTICE  8.0
#define SCORE_ALARM   16.0
#define SCORE_LOW     4.0
#define FOREIGN_MIN   6.0F
#define FOREIGN_SHARE 0.35F
#define FREEZE_S      (48u * 3600u)
#define CLEAR_S       (24u * 3600u)
#define LEAP_MS       ((int64_t)5 * 60 * 1000)

void dg_detector_init(struct dg_detector *d, int64_t now_ms)
{
	*d = (struct dg_detector){.enrolled_ms = now_ms, .last_ms = now_ms};
}

static uint32_t seconds(const struct dg_detector *d, int64_t now_ms)
{
	int64_t s = (now_ms - d->enrolled_ms) / 1000 + 1;

	return s < 1 ? 1 : s > UINT32_MAX ? UINT32_MAX : (uint32_t)s;
}

static void rates(const struct dg_detector *d, double *ret_r0, double *ret_r1)
{
	double r = d->rate > FLOOR_RATE ? d->rate : FLOOR_RATE;

	*ret_r0 = 2 * r;
	*ret_r1 = fmax(4 * *ret_r0, *ret_r0 + STEP_RATE);
}

/* When S has sunk to SCORE_LOW if nothing comes, Unix milliseconds. */
static int64_t low_ms(const struct dg_detector *d)
{
	double r0;
	double r1;

	rates(d, &r0, &r1);
	return d->last_ms + (int64_t)ceil(fmax(0, (d->score - SCORE_LOW) / (r1 - r0)) * MINUTE_MS);
}

static void learn(struct dg_detector *d, double dt, double weight)
{
	uint32_t now_s = seconds(d, d->last_ms);
	double age = (double)(d->last_ms - d->enrolled_ms) / MINUTE_MS;

	if (d->frozen_s != 0 && now_s - d->frozen_s <= FREEZE_S) {
		return;
	}
	d->learned += (float)weight;
	d->rate = age < LEARN_MIN ? (double)d->learned / (age + DAY_MIN)
				  : d->rate * exp(-dt / MEMORY_MIN) + weight / MEMORY_MIN;
}

/* Time passes until now; the clock may have gone back. */
static void advance(struct dg_detector *d, int64_t now_ms)
{
	int64_t dt_ms = now_ms - d->last_ms;

	if (dt_ms < -LEAP_MS) {
		d->last_ms = now_ms;
		d->enrolled_ms = now_ms < d->enrolled_ms ? now_ms : d->enrolled_ms;
	}
	if (dt_ms <= 0) {
		return;
	}
	double dt = (double)dt_ms / MINUTE_MS;
	float decay = (float)exp(-dt / HOUR_MIN);
	int64_t low = low_ms(d);
	double r0;
	double r1;

	if (d->low_s == 0 && low <= now_ms) {
		d->low_s = seconds(d, low);
	}
	rates(d, &r0, &r1);
	d->last_ms = now_ms;
	d->score = fmax(0, d->score - (r1 - r0) * dt);
	d->own *= decay;
	d->unknown *= decay;
	d->foreign *= decay;
	learn(d, dt, 0);
	if (d->level != DG_ALARM_CALM && d->low_s != 0 &&
		seconds(d, now_ms) - d->low_s >= CLEAR_S) {
		d->raised_s = 0;
		d->level = DG_ALARM_CALM;
	}
}

static void judge(struct dg_detector *d)
{
	uint32_t now_s = seconds(d, d->last_ms);
	bool is_foreign =
		d->foreign >= FOREIGN_MIN && d->foreign >= FOREIGN_SHARE * (d->foreign + d->own);

	if (d->score >= SCORE_LOW) {
		d->low_s = 0;
	} else if (d->low_s == 0) {
		d->low_s = now_s;
	}
	if (d->score <= SCORE_NOTICE) {
		d->frozen_s = 0;
		return;
	}
	d->frozen_s = d->frozen_s ? d->frozen_s : now_s;
	if (d->score > SCORE_ALARM && is_foreign) {
		d->raised_s = d->raised_s ? d->raised_s : now_s;
		d->level = DG_ALARM_ALARM;
	} else if (d->level == DG_ALARM_CALM) {
		d->level = DG_ALARM_NOTICE;
	}
}

double dg_arrival_weight(enum dg_arrival class)
{
	static const double weights[] = {
		[DG_ARRIVAL_OWN] = 0,
		[DG_ARRIVAL_UNKNOWN] = 0.25,
		[DG_ARRIVAL_FOREIGN] = 1,
	};

	return weights[class];
}

enum dg_alarm dg_detector_arrival(struct dg_detector *d, int64_t now_ms, enum dg_arrival class)
{
	double r0;
	double r1;

	advance(d, now_ms);
	d->own += class == DG_ARRIVAL_OWN ? 1.0F : 0.0F;
	d->unknown += class == DG_ARRIVAL_UNKNOWN ? 1.0F : 0.0F;
	d->foreign += class == DG_ARRIVAL_FOREIGN ? 1.0F : 0.0F;
	learn(d, 0, dg_arrival_weight(class));
	rates(d, &r0, &r1);
	d->score = fmin(SCORE_MAX, d->score + dg_arrival_weight(class) * log(r1 / r0));
	judge(d);
	return (enum dg_alarm)d->level;
}

enum dg_alarm dg_detector_tick(struct dg_detector *d, int64_t now_ms)
{
	advance(d, now_ms);
	return (enum dg_alarm)d->level;
}

int64_t dg_detector_next_ms(const struct dg_detector *d)
{
	int64_t low = d->low_s != 0 ? d->enrolled_ms + (int64_t)(d->low_s - 1) * 1000 : low_ms(d);

	return d->level == DG_ALARM_CALM ? INT64_MAX : low + (int64_t)(CLEAR_S + 1) * 1000;
}

/* --- what is going on at an active name ------------------------------------------------------- */
void dg_heat_init(struct dg_heat *h, int64_t now_ms)
{
	*h = (struct dg_heat){.since_ms = now_ms};
}

static void count(uint32_t *n)
{
	*n += *n < UINT32_MAX;
}

void dg_heat_add(struct dg_heat *h, enum dg_arrival class, uint64_t reporter, uint64_t recipient)
{
	if (class == DG_ARRIVAL_OWN) {
		count(&h->n_own);
		return;
	}
	count(class == DG_ARRIVAL_FOREIGN ? &h->n_foreign : &h->n_unknown);
	dg_distinct_add(&h->reporters, dg_sketch_key(0, &reporter, sizeof(reporter)));
	dg_distinct_add(&h->recipients, recipient);
	dg_heavy_add(&h->by_reporter, reporter);
	dg_heavy_add(&h->by_recipient, recipient);
}

const char *dg_detector_floor(const struct dg_detector *d, const struct dg_heat *h, int64_t now_ms)
{
	int64_t raised_ms = d->enrolled_ms + (int64_t)d->raised_s * 1000;

	if (d->level != DG_ALARM_ALARM || d->raised_s == 0) {
		return "there is no alarm";
	}
	/* By the events: a log that is caught up with has not been read to its end yet. */
	if (now_ms - raised_ms < DG_ACT_SUSTAINED_MS ||
		d->last_ms - raised_ms < DG_ACT_SUSTAINED_MS) {
		return "the alarm has not stood for 15 minutes";
	}
	double since_min = now_ms > d->last_ms ? (double)(now_ms - d->last_ms) / MINUTE_MS : 0;
	if ((double)d->foreign * exp(-since_min / HOUR_MIN) < (double)FOREIGN_MIN) {
		return "few such bounces came in the last hour: it may be over";
	}
	if (h->n_foreign < DG_ACT_FOREIGN_MIN) {
		return "fewer than 25 bounces are of mail that was not sent from here";
	}
	return dg_distinct_count(&h->reporters) < DG_ACT_REPORTERS_MIN ? "fewer than 5 hosts report"
								       : NULL;
}
