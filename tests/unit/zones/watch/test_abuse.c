/* Abuse is said of accounts and relays that are in other hands, never of letters to many. */
#include "tests/unit/unit.h"

#include "zones/watch/abuse.h"

#include <stdio.h>
#include <string.h>

#define HOUR ((int64_t)3600 * 1000)
#define DAY  (24 * HOUR)
#define NOW  ((int64_t)1796000000000)

static struct dg_abuse a;
static int64_t now;
static unsigned n_said[4];

static int set_up(void **state)
{
	(void)state;
	memset(&a, 0, sizeof(a));
	memset(n_said, 0, sizeof(n_said));
	now = NOW;
	return 0;
}

static void say(enum dg_abuse_kind kind)
{
	n_said[kind]++;
}

/* n letters within ms, out of so many networks; of each hundred so many come back. */
static void send(const char *user, unsigned n, int64_t ms, unsigned n_networks, unsigned percent)
{
	char client[32];

	for (unsigned i = 0; i < n; i++) {
		(void)snprintf(client, sizeof(client), "203.%u.113.9", i % n_networks);
		struct dg_mail_event e = {.kind = DG_MAIL_SENT,
			.at_ms = now + ms * i / n,
			.address = {"a@example.com", 13},
			.client = {client, strlen(client)},
			.user = {user, strlen(user)}};
		say(dg_abuse_sent(&a, &e));
		if (i % 100 < percent) {
			say(dg_abuse_own_bounce(&a, e.at_ms + 1));
		}
	}
	now += ms;
}

static void usual(unsigned days)
{
	for (; days > 0; days--) {
		send("alice", 20, DAY, 1, 2);
	}
}

static void assert_nothing(void)
{
	assert_int_equal(n_said[DG_ABUSE_ACCOUNT], 0);
	assert_int_equal(n_said[DG_ABUSE_BOUNCED], 0);
	assert_int_equal(n_said[DG_ABUSE_REPORTED], 0);
}

/* The traffic of the detector's simulation: weekly 20,000 x 2 %, monthly 100,000 x 2 %, daily 20,000 x 1 %; an old list 8 %. */
static void test_letters(void **state)
{
	(void)state;
	for (unsigned week = 0; week < 12; week++) {
		usual(7);
		send("news", 20000, 2 * HOUR, 1, 2);
		if (week % 4 == 3) {
			send("", 100000, 4 * HOUR, 1, 2);
		}
	}
	send("news", 50000, HOUR, 1, 8);
	for (unsigned day = 0; day < 30; day++) {
		send("daily", 20000, HOUR, 1, 1);
		now += 23 * HOUR;
	}
	assert_nothing();
}

/* A traveller, a new office: new places without the volume. */
static void test_places(void **state)
{
	(void)state;
	usual(20);
	send("alice", 30, DAY, 30, 0);
	assert_nothing();
}

static void test_account(void **state)
{
	(void)state;
	usual(20);
	send("alice", 2000, HOUR, 40, 0);
	assert_true(n_said[DG_ABUSE_ACCOUNT] > 0);
	assert_int_equal(n_said[DG_ABUSE_BOUNCED], 0);
	assert_string_equal(dg_abuse_account(&a)->user, "alice");
}

/* Not from new places: what was sent comes back. */
static void test_relay(void **state)
{
	(void)state;
	usual(20);
	send("", 5000, 3 * HOUR, 1, 30);
	assert_true(n_said[DG_ABUSE_BOUNCED] > 0);
	assert_int_equal(n_said[DG_ABUSE_ACCOUNT], 0);
}

/* Nothing is known of what is usual yet. */
static void test_new(void **state)
{
	(void)state;
	usual(3);
	send("alice", 2000, HOUR, 40, 30);
	assert_nothing();
}

static void report(int64_t day, unsigned count, const char *org)
{
	say(dg_abuse_reported(&a, (NOW / DAY + day) * 86400, count, org));
}

static void test_reports(void **state)
{
	(void)state;
	for (int64_t day = 0; day < 40; day++) {
		report(day, 100, "one.example");
		report(day, 100, "two.example");
		report(day, day % 28 == 27 ? 30000 : 0, "two.example"); /* the monthly letter */
	}
	report(41, 50000, "one.example");
	report(41, 50000, "two.example");
	assert_nothing();
	report(42, 300000, "one.example");
	assert_nothing(); /* one organisation may make it up */
	report(42, 300000, "two.example");
	assert_int_equal(n_said[DG_ABUSE_REPORTED], 0);
	report(43, 600000, "one.example");
	report(30, 9000000, "late.example");
	report(43, 600000, "two.example");
	assert_nothing();
}

static void test_reports_abused(void **state)
{
	(void)state;
	for (int64_t day = 0; day < 40; day++) {
		report(day, 100, "one.example");
		report(day, 100, "two.example");
	}
	report(41, 5000, "one.example");
	assert_nothing();
	report(41, 5000, "two.example");
	assert_int_equal(n_said[DG_ABUSE_REPORTED], 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_letters, set_up),
		cmocka_unit_test_setup(test_places, set_up),
		cmocka_unit_test_setup(test_account, set_up),
		cmocka_unit_test_setup(test_relay, set_up),
		cmocka_unit_test_setup(test_new, set_up),
		cmocka_unit_test_setup(test_reports, set_up),
		cmocka_unit_test_setup(test_reports_abused, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
