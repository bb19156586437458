/* Who writes bounces himself, as many as he likes: nothing may move unless the floors are met, and what is remembered does not grow. The run of all
 * tests sends some thousands; with DNSGUARD_FLOOD=1000000 each scenario is as many (`./dev soak`).
 */
#include "tests/unit/unit.h"

#include "controller/watch/hub.h"
#include "providers/net/loop.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME     "b.example."
#define START    ((int64_t)1795396377)
#define HOUR_MS  ((int64_t)3600 * 1000)
#define WARM     2000u          /* so many, then all is there that will ever be */
#define GROWTH   ((size_t)4096) /* octets, of a million bounces */
#define NAMES    10000u
#define ATTACKED 500u

struct flood {
	struct dg_loop *loop;
	struct dg_hub *hub;
	struct dg_watched *w;
	int64_t wall_s, mono_ms;
	unsigned n_alarms, n_ready; /* levels told: ALARM; and the floors are met */
	uint64_t n_own, n_foreign, n_unknown;
};

static struct flood f;

static int64_t wall(void *arg)
{
	(void)arg;
	return f.wall_s;
}

static int64_t mono(void *arg)
{
	(void)arg;
	return f.mono_ms;
}

static void advance(void *arg, int64_t ms)
{
	(void)arg;
	f.mono_ms += ms;
}

static void on_level(void *arg, struct dg_watched *w)
{
	(void)arg;
	f.n_alarms += w->level == DG_ALARM_ALARM;
	f.n_ready += w->level == DG_ALARM_ALARM && !dg_watched_missing(w, f.wall_s * 1000);
}

static void on_mail(
	void *arg, struct dg_watched *w, const struct dg_mail_event *e, enum dg_arrival class)
{
	(void)arg;
	(void)w;
	if (e->kind != DG_MAIL_SENT && e->kind != DG_MAIL_RECEIVED) {
		f.n_own += class == DG_ARRIVAL_OWN;
		f.n_foreign += class == DG_ARRIVAL_FOREIGN;
		f.n_unknown += class == DG_ARRIVAL_UNKNOWN;
	}
}

static int setup(void **state)
{
	static const struct dg_clock clock = {.now = wall, .mono_ms = mono, .advance_ms = advance};
	struct dg_err err;

	(void)state;
	f = (struct flood){.wall_s = START, .mono_ms = 1000};
	assert_int_equal(dg_loop_new(&clock, &f.loop, &err), 0);
	struct dg_hub_options o = {.loop = f.loop, .on_level = on_level, .on_mail = on_mail};
	assert_int_equal(dg_hub_new(&o, &f.hub, &err), 0);
	assert_int_equal(dg_hub_add(f.hub, NAME, NAME, &f.w, &err), 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	f.hub = dg_hub_free(f.hub);
	f.loop = dg_loop_free(f.loop);
	return 0;
}

static unsigned flood_size(void)
{
	const char *text = getenv("DNSGUARD_FLOOD"); /* NOLINT(concurrency-mt-unsafe): one thread */
	unsigned long n = text ? strtoul(text, NULL, 10) : 0;

	return n > 0 ? (unsigned)n : 20000u;
}

static size_t in_use(void)
{
#ifdef __SANITIZE_ADDRESS__
	return 0; /* its own allocator does not tell */
#else
	return mallinfo2().uordblks;
#endif
}

static void tell(enum dg_mail_kind kind, const char *address, unsigned network)
{
	char client[32];

	(void)snprintf(client, sizeof(client), "%u.%u.%u.25", 11 + network / 62500,
		network / 250 % 250, network % 250);
	struct dg_mail_event e = {.kind = kind,
		.at_ms = f.wall_s * 1000,
		.address = {address, strlen(address)},
		.client = {client, strlen(client)}};
	dg_hub_event(f.hub, "log", &e);
}

/* Three hours, in which n come; one(i) says each. */
static void flood(void (*one)(unsigned i, unsigned networks), unsigned networks)
{
	unsigned n = flood_size();
	size_t before = 0;

	for (unsigned i = 0; i < n; i++) {
		f.wall_s = START + (int64_t)i * (3 * HOUR_MS / 1000) / n;
		one(i, networks);
		before = i == WARM ? in_use() : before;
	}
	assert_true(in_use() <= before + GROWTH);
}

static void forged(unsigned i, unsigned networks)
{
	char address[64];

	(void)snprintf(address, sizeof(address), "n%u@b.example", i);
	tell(DG_MAIL_UNKNOWN, address, i % networks);
}

/* --- from few hosts, from many --- */
static void test_from_four_networks(void **state)
{
	(void)state;
	for (unsigned networks = 1; networks <= 4; networks++) {
		flood(forged, networks);
		assert_true(f.n_alarms > 0); /* it is seen */
		assert_int_equal(f.n_ready, 0);
		assert_string_equal(dg_watched_missing(f.w, f.wall_s * 1000),
			dg_detector_floor(&f.w->detector, dg_watched_heat(f.w), f.wall_s * 1000));
		(void)teardown(state);
		(void)setup(state);
	}
}

static void test_from_a_thousand_networks(void **state)
{
	(void)state;
	flood(forged, 1000);
	assert_true(f.n_ready > 0); /* this is what it is for */
	(void)teardown(state);
	(void)setup(state);
	/* ... but not before it has stood for a while, and not when it is a burst. */
	for (unsigned i = 0; i < flood_size(); i++) {
		f.wall_s = START + (int64_t)i * 600 / flood_size();
		forged(i, 1000);
	}
	assert_true(f.n_alarms > 0);
	assert_int_equal(f.n_ready, 0);
}

/* --- one real bounce, again and again --- */
static void replayed(unsigned i, unsigned networks)
{
	if (i == 0) {
		tell(DG_MAIL_SENT, "alice@b.example", 7);
	}
	tell(DG_MAIL_TAKEN, "alice@b.example", i % networks);
}

static void test_a_replayed_bounce(void **state)
{
	(void)state;
	flood(replayed, 1000);
	assert_int_equal(f.n_own, 1);
	assert_int_equal(f.n_foreign, 0);
	assert_int_equal(f.n_alarms, 0);
	assert_int_equal(f.n_ready, 0);
}

/* --- names that nobody watches, names that look like it --- */
static void elsewhere(unsigned i, unsigned networks)
{
	static const char *const form[] = {"n%u@other.example", "n%u@x%u.b.example", "n%u", "@",
		"n%u@b.example.evil.example", "\"n@b.example\"@n%u.example", "n%u@\xff\xfe", ""};
	char address[80];

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	(void)snprintf(address, sizeof(address), form[i % 8], i, i);
#pragma GCC diagnostic pop
	tell(DG_MAIL_UNKNOWN, address, i % networks);
}

static void test_unlisted_names(void **state)
{
	struct dg_hub_counts counts;

	(void)state;
	flood(elsewhere, 1000);
	dg_hub_counts(f.hub, &counts);
	assert_int_equal(counts.n_foreign_names, flood_size());
	assert_int_equal(f.n_alarms, 0);
	assert_null(dg_watched_heat(f.w));
}

/* --- between genuine ones --- */
static void mixed(unsigned i, unsigned networks)
{
	char address[64];

	if (i % 2 == 0) {
		(void)snprintf(address, sizeof(address), "u%u@b.example", i % 1000);
		tell(DG_MAIL_SENT, address, 7);
		tell(DG_MAIL_TAKEN, address, i % networks);
	} else {
		forged(i, networks);
	}
}

static void test_mixed_with_genuine_ones(void **state)
{
	(void)state;
	flood(mixed, 1000);
	assert_int_equal(f.n_own, flood_size() / 2);
	assert_int_equal(f.n_foreign, flood_size() / 2);
	assert_true(f.n_alarms > 0);
	assert_int_equal(f.n_ready, 0); /* half of it is ours: forged is not proved */
}

/* Own mail that bounces, and a newsletter's worth of it: no alarm. */
static void own(unsigned i, unsigned networks)
{
	char address[64];

	(void)snprintf(address, sizeof(address), "u%u@b.example", i % 1000);
	tell(DG_MAIL_SENT, address, 7);
	tell(DG_MAIL_TAKEN, address, i % networks);
}

static void test_genuine_ones_alone(void **state)
{
	(void)state;
	flood(own, 1000);
	assert_int_equal(f.n_own, flood_size());
	assert_int_equal(f.n_alarms, 0);
}

/* --- many names at once --- */
static void add_names(void)
{
	struct dg_watched *w = NULL;
	struct dg_err err;
	char name[32];

	for (unsigned i = 0; i < NAMES; i++) {
		(void)snprintf(name, sizeof(name), "z%u.example.", i);
		assert_int_equal(dg_hub_add(f.hub, name, name, &w, &err), 0);
	}
}

static void test_500_of_10_000(void **state)
{
	char address[64];
	size_t before = in_use();

	(void)state;
	add_names();
	for (unsigned round = 0; round < 40; round++) {
		f.wall_s = START + (int64_t)round * 60;
		for (unsigned i = 0; i < ATTACKED; i++) {
			(void)snprintf(address, sizeof(address), "n%u@Z%u.example", round, i * 20);
			tell(DG_MAIL_UNKNOWN, address, round * 7 + i % 5);
		}
	}
	unsigned n_hot = 0;
	for (size_t i = 0; i < NAMES + 1; i++) {
		const struct dg_watched *w = dg_hub_at(f.hub, i);
		bool is_attacked = w != f.w && (i - 1) % 20 == 0;

		n_hot += dg_watched_heat(w) != NULL;
		assert_int_equal(w->level, is_attacked ? DG_ALARM_ALARM : DG_ALARM_CALM);
	}
	assert_int_equal(n_hot, ATTACKED);
	assert_true(in_use() - before < (size_t)16 << 20);
}

#define TEST(x) cmocka_unit_test_setup_teardown(x, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_from_four_networks),
		TEST(test_from_a_thousand_networks),
		TEST(test_a_replayed_bounce),
		TEST(test_unlisted_names),
		TEST(test_mixed_with_genuine_ones),
		TEST(test_genuine_ones_alone),
		TEST(test_500_of_10_000),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
