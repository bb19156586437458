#include "tests/unit/unit.h"

#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/watch/replay.h"

#include <stdio.h>
#include <string.h>

#define MINUTE ((int64_t)60000)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)
#define START  ((int64_t)1790000000000)

static struct dg_replay *begin(struct dg_arena *a, enum dg_guard_mode mode)
{
	struct dg_replay_options o = {.old_ttl_ms = HOUR,
		.armed_ttl_ms = MINUTE,
		.probe_ms = 2 * HOUR,
		.genuine_max = 20};

	dg_guard_limits_init(&o.limits);
	o.limits.has_sink = true;
	o.limits.mode = mode;
	return dg_replay_new(a, "example.com.", &o);
}

static void one(struct dg_replay *r, enum dg_mail_kind kind, int64_t at_ms, const char *address,
	unsigned client)
{
	char text[32];
	struct dg_mail_event e = {
		.kind = kind, .at_ms = at_ms, .address = {address, strlen(address)}};

	e.client.n = (size_t)snprintf(text, sizeof(text), "198.51.%u.7", client % 250);
	e.client.p = text;
	dg_replay_event(r, &e);
}

/* A quiet month with ten letters a day, and a bounce now and then. */
static int64_t quiet_month(struct dg_replay *r)
{
	for (unsigned i = 0; i < 300; i++) {
		int64_t at = START + i * DAY / 10;
		one(r, DG_MAIL_RECEIVED, at, "info@example.com", i);
		if (i % 37 == 0) {
			one(r, DG_MAIL_TAKEN, at + 1, "info@example.com", i);
		}
	}
	return START + 30 * DAY;
}

/* Three a minute to random addresses, from many hosts. */
static int64_t attack(struct dg_replay *r, int64_t t, int64_t length)
{
	char address[32];

	for (int64_t at = t; at < t + length; at += 20000) {
		(void)snprintf(
			address, sizeof(address), "x%lld@example.com", (long long)(at / 20000));
		one(r, DG_MAIL_UNKNOWN, at, address, (unsigned)(at / 20000));
	}
	return t + length;
}

static const struct dg_replay_entry *find(const struct dg_replay *r, const char *what)
{
	for (size_t i = 0; i < r->n_entries; i++) {
		if (strcmp(r->entries[i].what, what) == 0) {
			return &r->entries[i];
		}
	}
	return NULL;
}

static const struct dg_replay_entry *must_find(const struct dg_replay *r, const char *what)
{
	const struct dg_replay_entry *e = find(r, what);

	if (!e) {
		fail_msg("no %s", what);
		abort();
	}
	return e;
}

static void test_attack_in_mode_automatic(void **state)
{
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new((size_t)16 << 20);
	struct dg_replay *r = begin(a, DG_GUARD_MODE_AUTOMATIC);

	(void)state;
	int64_t t = quiet_month(r);
	assert_int_equal(r->n_entries, 0);
	int64_t over = attack(r, t, 12 * HOUR);
	one(r, DG_MAIL_RECEIVED, over, "info@example.com", 1);
	over = attack(r, over, 24 * HOUR);
	dg_replay_end(r, over + 10 * DAY);
	const struct dg_replay_entry *alarm = must_find(r, "alarm");
	const struct dg_replay_entry *split = must_find(r, "split");
	const struct dg_replay_entry *cooldown = must_find(r, "cooldown");
	assert_true(alarm->at_ms - t < 10 * MINUTE);
	/* Armed an hour (the old TTL) after the notice, then at once. */
	assert_true(split->at_ms - t > HOUR && split->at_ms - t < HOUR + 10 * MINUTE);
	assert_null(find(r, "proposed"));
	assert_true(cooldown->at_ms > over && cooldown->at_ms < over + 4 * DAY);
	assert_int_equal(r->n_alarms, 1);
	assert_int_equal(r->n_splits, 1); /* and not again because the alarm stands for long */
	assert_true(r->n_kept_away > 5000 && r->n_kept_away < r->n_foreign);
	assert_int_equal(r->n_refused, 1);
	assert_true(r->split_ms > DAY);
	assert_string_equal(r->entries[r->n_entries - 1].what, "calm");
}

static void test_modes(void **state)
{
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new((size_t)64 << 20);

	(void)state;
	struct dg_replay *approved = begin(a, DG_GUARD_MODE_APPROVED);
	dg_replay_end(approved, attack(approved, quiet_month(approved), 6 * HOUR));
	assert_non_null(find(approved, "proposed"));
	assert_non_null(find(approved, "split"));
	struct dg_replay *never = begin(a, DG_GUARD_MODE_NEVER);
	dg_replay_end(never, attack(never, quiet_month(never), 6 * HOUR));
	assert_non_null(find(never, "alarm"));
	assert_int_equal(never->n_splits, 0);
	/* A letter each minute: a person is asked also in mode automatic. */
	struct dg_replay *busy = begin(a, DG_GUARD_MODE_AUTOMATIC);
	int64_t t = quiet_month(busy);
	for (unsigned i = 0; i < 600; i++) {
		one(busy, DG_MAIL_RECEIVED, t + i * MINUTE, "info@example.com", i);
	}
	dg_replay_end(busy, attack(busy, t + 600 * MINUTE, 3 * HOUR));
	assert_non_null(find(busy, "proposed"));
}

/* Bounces of our own letters are own, as many as there were letters. */
static void test_a_newsletter_is_no_attack(void **state)
{
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new((size_t)16 << 20);
	struct dg_replay *r = begin(a, DG_GUARD_MODE_AUTOMATIC);

	(void)state;
	int64_t t = quiet_month(r);
	for (unsigned i = 0; i < 2000; i++) {
		one(r, DG_MAIL_SENT, t + i * 10, "News@example.com", 0);
	}
	for (unsigned i = 0; i < 400; i++) {
		one(r, DG_MAIL_TAKEN, t + MINUTE + i * 1000, "news@example.com", i);
	}
	dg_replay_end(r, t + DAY);
	assert_int_equal(r->n_own, 400);
	assert_int_equal(r->n_entries, 0);
}

static void test_what_was_sent_pays_once(void **state)
{
	struct dg_senders all = {0};
	struct dg_senders *s = &all;
	struct dg_mail_event e = {
		.kind = DG_MAIL_TAKEN, .at_ms = START, .address = {"a@b.example", 11}};

	(void)state;
	assert_int_equal(dg_senders_classify(s, &e), DG_ARRIVAL_UNKNOWN);
	dg_senders_sent(s, e.address, START);
	assert_int_equal(dg_senders_classify(s, &e), DG_ARRIVAL_OWN);
	assert_int_equal(dg_senders_classify(s, &e), DG_ARRIVAL_UNKNOWN);
	dg_senders_sent(s, e.address, START);
	e.at_ms = START + 10 * DAY;
	assert_int_equal(dg_senders_classify(s, &e), DG_ARRIVAL_UNKNOWN);
	e.kind = DG_MAIL_UNKNOWN;
	assert_int_equal(dg_senders_classify(s, &e), DG_ARRIVAL_FOREIGN);
	e.kind = DG_MAIL_BARRED;
	assert_int_equal(dg_senders_classify(s, &e), DG_ARRIVAL_UNKNOWN);
	dg_senders_done(s);
}

static void test_how_it_reads(void **state)
{
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new((size_t)16 << 20);
	struct dg_replay *r = begin(a, DG_GUARD_MODE_AUTOMATIC);
	struct dg_replay *empty = begin(a, DG_GUARD_MODE_AUTOMATIC);
	struct dg_buf b;

	(void)state;
	dg_replay_end(r, attack(r, quiet_month(r), 6 * HOUR));
	dg_buf_init(&b, 1 << 20);
	dg_replay_print(&b, r);
	assert_non_null(
		strstr(b.data, "example.com: 2026-09-21 14:13:20 to 2026-10-21 20:13:20 UTC\n"));
	assert_non_null(strstr(b.data, "  alarm            an attack; since the notice "));
	assert_non_null(strstr(b.data, "bounces kept away; cost: 0 letters"));
	dg_buf_clear(&b);
	dg_replay_json(&b, r);
	assert_true(b.data[0] == '{' && b.data[b.len - 1] == '}');
	assert_non_null(strstr(b.data, "\"what\":\"split\""));
	dg_buf_clear(&b);
	dg_replay_svg(&b, r);
	assert_true(strncmp(b.data, "<svg ", 5) == 0 && strstr(b.data, "</svg>\n"));
	assert_non_null(strstr(b.data, "<title>split</title>"));
	dg_buf_clear(&b);
	dg_replay_end(empty, START);
	dg_replay_print(&b, empty);
	assert_string_equal(b.data, "example.com: the logs say nothing of it\n");
	dg_replay_svg(&b, empty);
	dg_replay_json(&b, empty);
	dg_buf_done(&b);
}

static void test_years_of_log(void **state)
{
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new((size_t)16 << 20);
	struct dg_replay *r = begin(a, DG_GUARD_MODE_NEVER);
	uint64_t sum = 0;

	(void)state;
	for (int64_t t = START; t < START + 3650 * DAY; t += 7 * DAY / 5) {
		one(r, DG_MAIL_RECEIVED, t, "info@example.com", 1);
	}
	one(r, DG_MAIL_RECEIVED, START, "info@example.com", 1); /* a line out of order */
	dg_replay_end(r, 0);
	assert_true(r->n_bins <= DG_REPLAY_BINS_MAX && r->bin_ms > HOUR);
	for (size_t i = 0; i < r->n_bins; i++) {
		sum += r->bins[i].received;
	}
	assert_int_equal(sum, r->n_received);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_attack_in_mode_automatic),
		cmocka_unit_test(test_modes),
		cmocka_unit_test(test_a_newsletter_is_no_attack),
		cmocka_unit_test(test_what_was_sent_pays_once),
		cmocka_unit_test(test_how_it_reads),
		cmocka_unit_test(test_years_of_log),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
