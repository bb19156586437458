/* detector [ZONE-YEARS]: false alarms and time to alarm of zones/watch/detector.h, beside simpler alarms, on simulated traffic.
 *
 * The traffic models are assumptions: a personal name, a firm, a company with days and weeks, letters to many. Of the bounces of a
 * mailing 60 % come within minutes, 25 % within hours, 15 % over five days. Own arrivals are seen as own with 85 %, as unknown with
 * 14 %, as foreign with 1 % (the worse reader: 70, 25, 5); those of an attack as foreign with 85 %, else as unknown.
 * The same seeds give the same figures.
 */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "zones/watch/detector.h"

#define DAY      1440.0 /* minutes */
#define YEAR     (365 * DAY)
#define START_MS ((int64_t)1700000000000)

struct event {
	double t; /* minutes */
	enum dg_arrival class;
};
struct events {
	struct event *list;
	size_t n, cap;
};

/* --- randomness ------------------------------------------------------------------------------- */
static uint64_t state;

static double uniform(double low, double high)
{
	state += 0x9e3779b97f4a7c15u;
	uint64_t z = state;
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return low + (high - low) * ((double)((z ^ (z >> 31)) >> 11) * 0x1.0p-53);
}
static double exponential(double mean)
{
	return -mean * log(1 - uniform(0, 1));
}
static double normal(void)
{
	return sqrt(-2 * log(1 - uniform(0, 1))) * cos(2 * M_PI * uniform(0, 1));
}

/* --- traffic ---------------------------------------------------------------------------------- */
static void add(struct events *e, double t, enum dg_arrival class)
{
	if (e->n == e->cap) {
		e->cap = e->cap ? 2 * e->cap : 4096;
		e->list = realloc(e->list, e->cap * sizeof(*e->list));
		if (!e->list) {
			abort();
		}
	}
	e->list[e->n++] = (struct event){t, class};
}

static int by_time(const void *x, const void *y)
{
	double a = ((const struct event *)x)->t;
	double b = ((const struct event *)y)->t;

	return (a > b) - (a < b);
}

static double of_day(double t)
{
	double hour = fmod(t, DAY) / 60;
	double f = 0.35 + 1.3 * exp(-(hour - 13) * (hour - 13) / 32);

	return (long)(t / DAY) % 7 >= 5 ? f * 0.35 : f;
}

struct reader {
	const char *name;
	double own, unknown; /* shares of own arrivals seen so; the rest is taken for foreign */
};

static enum dg_arrival seen_own(const struct reader *r)
{
	double u = uniform(0, 1);

	return u < r->own                ? DG_ARRIVAL_OWN
	       : u < r->own + r->unknown ? DG_ARRIVAL_UNKNOWN
					 : DG_ARRIVAL_FOREIGN;
}
static enum dg_arrival seen_foreign(void)
{
	return uniform(0, 1) < 0.85 ? DG_ARRIVAL_FOREIGN : DG_ARRIVAL_UNKNOWN;
}

static void steady(struct events *e, double per_day, double end, const struct reader *r)
{
	double most = per_day / DAY * 1.7;

	for (double t = exponential(1 / most); t < end; t += exponential(1 / most)) {
		if (uniform(0, 1) < per_day / DAY * of_day(t) / most) {
			add(e, t, seen_own(r));
		}
	}
}

struct model {
	const char *name;
	double per_day;
	double recipients, share, every; /* of a letter; every 0: none */
	double first;
	unsigned zones_per_100; /* of 100 zone-years */
};
static const struct model models[] = {
	{"personal 0.3/day", 0.3, 0, 0, 0, 0, 20},
	{"small firm 10/day", 10, 0, 0, 0, 0, 20},
	{"company 500/day", 500, 0, 0, 0, 0, 10},
	{"weekly letter 20k x 2 %", 5, 20000, .02, 7 * DAY, 600, 25},
	{"monthly letter 100k x 2 %", 10, 100000, .02, 30 * DAY, 600, 20},
	{"daily letter 200k x 1 %", 20, 200000, .01, DAY, 540, 5},
};
#define N_MODELS (sizeof(models) / sizeof(models[0]))

static void letters(struct events *e, const struct model *m, double end, const struct reader *r)
{
	for (double t = m->first; m->every > 0 && t < end; t += m->every * uniform(.95, 1.05)) {
		long n = (long)(m->recipients * m->share * exp(0.35 * normal()));
		for (long i = 0; i < n; i++) {
			double u = uniform(0, 1);
			double late = u < .6    ? exponential(5)
				      : u < .85 ? exponential(120)
						: uniform(0, 5 * DAY);
			if (t + late < end) {
				add(e, t + late, seen_own(r));
			}
		}
	}
}

struct attack {
	const char *name;
	unsigned n;
	double minutes;
};
static const struct attack attacks[] = {
	{"3 a minute", 180, 60}, {"150 in 1 hour", 150, 60}, {"150 in 1 day", 150, DAY},
	{"1,600 in 4 days", 1600, 4 * DAY},
	{"600,000 in 14 days", 600000 / 14, DAY}, /* its first day */
};
#define N_ATTACKS (sizeof(attacks) / sizeof(attacks[0]))

/* --- alarms ----------------------------------------------------------------------------------- */
struct alarm_state {
	struct dg_detector ours;
	double t, s, mean, variance, rate, frozen, first;
	double last[DG_HEAVY_ITEMS * 10]; /* times of the last arrivals */
	size_t n;
	long hour, count;
	double decayed[4];
	bool is_on, is_begun;
};

static bool fixed(struct alarm_state *a, const struct event *e)
{
	enum {
		KEPT = sizeof(a->last) / sizeof(a->last[0])
	};
	unsigned ten = 0;
	unsigned hour = 0;
	unsigned day = 0;

	a->last[a->n++ % KEPT] = e->t;
	for (size_t i = 0; i < KEPT && i < a->n; i++) {
		ten += a->last[i] > e->t - 10;
		hour += a->last[i] > e->t - 60;
		day += a->last[i] > e->t - DAY;
	}
	return ten >= 30 || hour >= 100 || day >= 150;
}

static bool ewma(struct alarm_state *a, const struct event *e)
{
	long hour = (long)(e->t / 60);

	if (!a->is_begun) {
		*a = (struct alarm_state){
			.mean = .5, .variance = .5, .hour = hour, .is_begun = true};
	}
	for (; a->hour < hour; a->hour++, a->count = 0) {
		double d = (double)a->count - a->mean;
		if (a->count < 20 || d <= 6 * sqrt(a->variance)) {
			a->mean += .05 * d;
			a->variance = .95 * (a->variance + .05 * d * d);
		}
	}
	a->count++;
	return a->count >= 20 &&
	       (double)a->count - a->mean > 6 * sqrt(fmax(fmax(a->variance, a->mean), .25));
}

/* The usual rate for the two below. False: still learning. */
static bool learn(struct alarm_state *a, const struct event *e, bool is_frozen, double *ret_dt)
{
	if (!a->is_begun) {
		*a = (struct alarm_state){
			.t = e->t, .first = e->t, .rate = 2 / DAY, .frozen = -1, .is_begun = true};
	}
	*ret_dt = e->t - a->t;
	a->t = e->t;
	if (e->t - a->first < 14 * DAY) {
		a->n++;
		a->rate = (double)(a->n + 1) / (e->t - a->first + DAY);
		return false;
	}
	a->frozen = !is_frozen ? -1 : a->frozen < 0 ? e->t : a->frozen;
	if (a->frozen < 0 || e->t - a->frozen > 2 * DAY) {
		a->rate = a->rate * exp(-*ret_dt / (28 * DAY)) + 1 / (28 * DAY);
	}
	return true;
}

static bool cusum(struct alarm_state *a, const struct event *e)
{
	double dt;

	if (!learn(a, e, a->s >= 7, &dt)) {
		return false;
	}
	double r0 = fmax(a->rate, 2 / DAY);
	double r1 = fmax(8 * r0, r0 + 48 / DAY);
	a->s = fmin(60, fmax(0, a->s - (r1 - r0) * dt) + log(r1 / r0));
	return a->s > 14;
}

static bool windows(struct alarm_state *a, const struct event *e)
{
	static const double width[4] = {10, 60, 360, DAY};
	static const double least[4] = {12, 20, 30, 40};
	double dt;
	bool is_on = false;

	if (!learn(a, e, a->is_on, &dt)) {
		return false;
	}
	for (unsigned i = 0; i < 4; i++) {
		a->decayed[i] = a->decayed[i] * exp(-dt / width[i]) + 1;
		double n = a->decayed[i];
		double mu = fmax(a->rate, 2 / DAY) * width[i] * (width[i] < DAY ? 3 : 1.5);
		is_on = is_on ||
			(n >= .8 * least[i] && n > mu && -(n * log(n / mu) - n + mu) / M_LN10 < -9);
	}
	a->is_on = is_on;
	return is_on;
}

static int64_t to_ms(double minutes)
{
	return START_MS + (int64_t)(minutes * 60000);
}

static bool ours(struct alarm_state *a, const struct event *e)
{
	return dg_detector_arrival(&a->ours, to_ms(e->t), e->class) == DG_ALARM_ALARM;
}

static const struct {
	const char *name;
	bool (*on)(struct alarm_state *a, const struct event *e);
} alarms[] = {
	{"dnsguard", ours},
	{"fixed", fixed},
	{"ewma", ewma},
	{"cusum", cusum},
	{"poisson", windows},
};
#define N_ALARMS (sizeof(alarms) / sizeof(alarms[0]))

/* Alarms that begin: those within quiet minutes of the one before are the same. ret_first: after from, -1: none. */
static unsigned count_alarms(size_t which, const struct events *e, double enrolled, double quiet,
	double from, double *ret_first)
{
	struct alarm_state a = {0};
	unsigned n = 0;
	double last = -1e12;

	dg_detector_init(&a.ours, to_ms(enrolled));
	*ret_first = -1;
	for (size_t i = 0; i < e->n; i++) {
		if (!alarms[which].on(&a, &e->list[i])) {
			continue;
		}
		double t = e->list[i].t;
		n += t - last > quiet;
		if (t - last > quiet && t >= from && *ret_first < 0) {
			*ret_first = t;
		}
		last = t;
	}
	return n;
}

static int by_value(const void *x, const void *y)
{
	double a = *(const double *)x;
	double b = *(const double *)y;

	return (a > b) - (a < b);
}

static void base_traffic(
	struct events *e, const struct model *m, unsigned zone, double end, const struct reader *r)
{
	state = 7777u * (zone + 1) + strlen(m->name);
	e->n = 0;
	steady(e, m->per_day, end, r);
	letters(e, m, end, r);
	qsort(e->list, e->n, sizeof(*e->list), by_time);
}

/* base from 60 days before the attack until two days after its start, with the attack. */
static void with_attack(
	struct events *m, const struct events *base, const struct attack *k, double t0)
{
	m->n = 0;
	for (size_t i = 0; i < base->n; i++) {
		if (base->list[i].t > t0 - 60 * DAY && base->list[i].t < t0 + 2 * DAY) {
			add(m, base->list[i].t, base->list[i].class);
		}
	}
	for (unsigned i = 0; i < k->n; i++) {
		double t = t0 + uniform(0, k->minutes);
		if (t < t0 + 2 * DAY) {
			add(m, t, seen_foreign());
		}
	}
	qsort(m->list, m->n, sizeof(*m->list), by_time);
}

static void one_model(
	const struct model *m, unsigned years, const struct reader *r, unsigned sums[N_ALARMS])
{
	unsigned n_zones = years * m->zones_per_100 / 50; /* half a year each */
	unsigned n_false[N_ALARMS] = {0};
	double *delays = calloc((size_t)N_ATTACKS * N_ALARMS * n_zones, sizeof(*delays));
	unsigned found[N_ATTACKS][N_ALARMS] = {0};
	struct events base = {0};
	struct events mixed = {0};
	double first;

	for (unsigned z = 0; delays && z < n_zones; z++) {
		base_traffic(&base, m, z, YEAR / 2, r);
		for (size_t i = 0; i < N_ALARMS; i++) {
			n_false[i] += count_alarms(i, &base, 0, DAY, 0, &first);
		}
		double t0 = 90 * DAY + uniform(0, 7 * DAY);
		for (size_t k = 0; k < N_ATTACKS && z < 20; k++) {
			with_attack(&mixed, &base, &attacks[k], t0);
			for (size_t i = 0; i < N_ALARMS; i++) {
				(void)count_alarms(i, &mixed, t0 - 60 * DAY, 30, t0, &first);
				if (first >= 0) {
					delays[(k * N_ALARMS + i) * n_zones + found[k][i]++] =
						first - t0;
				}
			}
		}
	}
	printf("%s, %.1f zone-years: false alarms a year:", m->name, n_zones / 2.0);
	for (size_t i = 0; i < N_ALARMS; i++) {
		printf("  %s %.2f", alarms[i].name, n_false[i] / (n_zones / 2.0));
		sums[i] += n_false[i];
	}
	printf("\n");
	for (size_t k = 0; delays && k < N_ATTACKS; k++) {
		printf("    %-20s minutes to alarm, median (worst):", attacks[k].name);
		for (size_t i = 0; i < N_ALARMS; i++) {
			double *list = &delays[(k * N_ALARMS + i) * n_zones];
			unsigned n = found[k][i];
			unsigned all = n_zones < 20 ? n_zones : 20;
			qsort(list, n, sizeof(*list), by_value);
			printf("  %s ", alarms[i].name);
			n ? printf("%.0f (%.0f)", list[n / 2], list[n - 1]) : printf("-");
			n < all ? printf(" missed %u/%u", all - n, all) : 0;
		}
		printf("\n");
	}
	free(delays);
	free(base.list);
	free(mixed.list);
}

static void speed(void)
{
	enum {
		NAMES = 100000,
		EVENTS = 10000000
	};
	struct dg_detector *d = calloc(NAMES, sizeof(*d));
	struct timespec from;
	struct timespec to;

	for (size_t i = 0; d && i < NAMES; i++) {
		dg_detector_init(&d[i], START_MS);
	}
	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
	for (int64_t i = 0; d && i < EVENTS; i++) {
		(void)dg_detector_arrival(&d[(uint64_t)i * 2654435761u % NAMES], START_MS + i,
			(enum dg_arrival)(i % 3));
	}
	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
	double s = (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9;
	printf("%d mail names, %zu bytes each: %.1f million arrivals a CPU second\n", NAMES,
		sizeof(*d), EVENTS / s / 1e6);
	free(d);
}

int main(int argc, char **argv)
{
	static const struct reader readers[] = {
		{"returned headers read (85 % own, 14 % unknown, 1 % taken for foreign)", .85, .14},
		{"a worse reader (70 % own, 25 % unknown, 5 % taken for foreign)", .70, .25},
	};
	unsigned years = argc > 1 ? (unsigned)atoi(argv[1]) : 100;

	for (size_t r = 0; r < 2; r++) {
		unsigned sums[N_ALARMS] = {0};
		printf("== %s\n", readers[r].name);
		for (size_t i = 0; i < N_MODELS; i++) {
			one_model(&models[i], years, &readers[r], sums);
		}
		printf("all %u zone-years, false alarms:", years);
		for (size_t i = 0; i < N_ALARMS; i++) {
			printf("  %s %u", alarms[i].name, sums[i]);
		}
		printf("\n");
	}
	speed();
	return 0;
}
