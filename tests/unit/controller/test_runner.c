#include "tests/unit/controller/runner_unit.h"

#include <sqlite3.h>

#define EV(x) DG_GUARD_EV_##x

static void to_split(void)
{
	event(NAME, EV(ALARM));
	run_ms(5000);
	event(NAME, EV(READY));
	run_ms(10000);
	assert_string_equal(state_of(NAME), "split");
}

static void test_there_and_back(void **state)
{
	(void)state;
	f.old_mx_s = 300;
	add_name(NAME, &f.limits);
	event(NAME, EV(ALARM));
	run_ms(200000);
	event(NAME, EV(READY)); /* not armed: the old MX is still in caches */
	run_ms(20000);
	assert_string_equal(f.calls, "arm example.com.\n");
	assert_string_equal(state_of(NAME), "elevated");
	run_ms(120000); /* armed now, and the evidence is fresh */
	assert_string_equal(state_of(NAME), "split");
	assert_string_equal(f.calls, "arm example.com.\nsplit look example.com.\n"
				     "split plan " DIGEST " example.com.\n");
	run_ms(HOUR + HOUR / 5); /* nothing is seen past a null MX: a person is asked */
	assert_string_equal(state_of(NAME), "split");
	assert_string_equal(proposal_of(NAME), DIGEST);
	wish("approve", NAME, DIGEST);
	run_ms(20000);
	assert_string_equal(state_of(NAME), "cooldown");
	assert_int_equal(f.n_splits, 1);
	assert_int_equal(f.n_backs, 1);
	assert_non_null(strstr(f.calls, "unsplit look example.com.\nunsplit look example.com.\n"
					"unsplit plan " DIGEST " example.com.\n"));
	event(NAME, EV(QUIET));
	run_ms(HOUR + 20000);
	assert_string_equal(state_of(NAME), "calm");
	assert_non_null(strstr(f.calls, "disarm example.com.\n"));
	assert_int_equal(n_wishes(), 0);
}

static void test_a_yes_is_for_one_plan(void **state)
{
	(void)state;
	f.limits.mode = DG_GUARD_MODE_APPROVED;
	add_name(NAME, &f.limits);
	event(NAME, EV(ALARM));
	run_ms(5000);
	event(NAME, EV(READY));
	run_ms(5000);
	assert_string_equal(proposal_of(NAME), DIGEST);
	wish("approve", NAME, "ffffffffffffffff");
	run_ms(5000);
	assert_int_equal(n_wishes(), 0);
	assert_string_equal(state_of(NAME), "elevated");
	f.digest = "fedcba9876543210"; /* somebody changed the zone */
	wish("approve", NAME, DIGEST);
	run_ms(5000);
	assert_int_equal(n_wishes(), 0);
	assert_string_equal(state_of(NAME), "elevated");
	assert_string_equal(proposal_of(NAME), "fedcba9876543210");
	assert_int_equal(f.n_splits, 0);
	wish("approve", NAME, "fedcba9876543210");
	run_ms(10000);
	assert_string_equal(state_of(NAME), "split");
	assert_non_null(strstr(f.calls, "split plan fedcba9876543210 example.com.\n"));
	assert_int_equal(n_wishes(), 0);
}

static void by_hand(const char *sql)
{
	sqlite3 *db = NULL;

	assert_int_equal(sqlite3_open(t.path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* The split that waits gets its word when the state and the yes are on disk, not before. */
static void test_no_word_before_it_is_on_disk(void **state)
{
	(void)state;
	f.limits.mode = DG_GUARD_MODE_APPROVED;
	add_name(NAME, &f.limits);
	event(NAME, EV(ALARM));
	run_ms(5000);
	event(NAME, EV(READY));
	run_ms(5000);
	wish("approve", NAME, DIGEST);
	by_hand("CREATE TRIGGER full BEFORE INSERT ON guard BEGIN SELECT RAISE(ABORT, 'full'); "
		"END");
	run_ms(5 * MINUTE);
	assert_int_equal(f.n_running, 1);
	assert_int_equal(f.n_splits, 0);
	assert_int_equal(n_wishes(), 1);
	assert_non_null(strstr(f.told, "nothing is done before this can be kept"));
	by_hand("DROP TRIGGER full");
	run_ms(10000);
	assert_int_equal(f.n_splits, 1);
	assert_int_equal(n_wishes(), 0);
	assert_string_equal(state_of(NAME), "split");
	assert_int_equal(
		count(f.calls, "split "), 3); /* for the proposal; for the yes, and the word */
}

/* Wherever it dies, with the child's work done or not: it goes on, and nothing is done twice. */
static void crash_at(unsigned k, bool is_deaf, bool is_approved)
{
	f.dies_at = k;
	f.is_deaf = is_deaf;
	f.limits.mode = is_approved ? DG_GUARD_MODE_APPROVED : DG_GUARD_MODE_AUTOMATIC;
	add_name(NAME, &f.limits);
	event(NAME, EV(ALARM));
	for (unsigned i = 0; i < 12 && strcmp(state_of(NAME), "split") != 0; i++) {
		run_ms(20000);
		if (f.is_dead) {
			restart();
		}
		event(NAME, EV(READY));
		const char *proposal = proposal_of(NAME);
		if (proposal && n_wishes() == 0) {
			wish("approve", NAME, proposal);
		}
	}
	assert_string_equal(state_of(NAME), "split");
	assert_int_equal(f.n_splits, 1);
	assert_true(dg_runner_guard(f.runner, NAME)->is_null);
	unsigned way = 0;
	for (f.dies_at = f.n_calls + k; way < 40 && strcmp(state_of(NAME), "cooldown") != 0;
		way++) {
		run_ms(5 * MINUTE);
		if (f.is_dead) {
			restart();
		}
		const char *proposal = proposal_of(NAME);
		if (proposal && n_wishes() == 0) {
			wish("approve", NAME, proposal);
		}
	}
	assert_string_equal(state_of(NAME), "cooldown");
	assert_int_equal(f.n_splits, 1);
	assert_int_equal(f.n_backs, 1);
	assert_string_equal(f.stage, "calm");
}

static void test_a_crash_anywhere(void **state)
{
	(void)runner_teardown(state);
	for (unsigned k = 1; k <= 5; k++) {
		for (unsigned how = 0; how < 4; how++) {
			(void)runner_setup(state);
			crash_at(k, how & 1, how & 2);
			(void)runner_teardown(state);
		}
	}
	(void)runner_setup(state);
}

static void test_conflict_is_a_persons(void **state)
{
	(void)state;
	add_name(NAME, &f.limits);
	event(NAME, EV(ALARM));
	run_ms(5000);
	f.split_status = 1;
	f.split_out = "{\"type\":\"result\",\"end\":\"conflict\",\"error\":{\"code\":\"conflict\","
		      "\"text\":"
		      "\"somebody else changed it\"}}\n";
	event(NAME, EV(READY));
	run_ms(10000);
	assert_string_equal(state_of(NAME), "held");
	assert_non_null(strstr(f.told, "somebody else changed it"));
	unsigned n = f.n_calls;
	event(NAME, EV(READY));
	event(NAME, EV(ALARM));
	run_ms(3 * HOUR);
	assert_int_equal(f.n_calls, n);
	assert_true(count(f.told, "still held") >= 2); /* but it is not forgotten */
	wish("release", NAME, NULL);
	run_ms(3000);
	assert_string_equal(
		state_of(NAME), "cooldown"); /* what was under way is taken back first */
}

static void test_out_of_reach_is_tried_again(void **state)
{
	(void)state;
	add_name(NAME, &f.limits);
	event(NAME, EV(ALARM));
	run_ms(5000);
	f.split_status = 1;
	f.split_out =
		"{\"type\":\"error\",\"error\":{\"code\":\"io\",\"text\":\"no connection\"}}\n";
	event(NAME, EV(READY));
	run_ms(2 * MINUTE);
	assert_string_equal(state_of(NAME), "splitting");
	assert_true(count(f.calls, "split plan") >= 3 && count(f.calls, "split plan") < 8);
	f.split_status = 0;
	run_ms(3 * MINUTE);
	assert_string_equal(state_of(NAME), "split");
	assert_int_equal(f.n_splits, 1);
}

static void test_too_late_is_taken_back(void **state)
{
	(void)state;
	add_name(NAME, &f.limits);
	event(NAME, EV(ALARM));
	run_ms(5000);
	f.split_status = 3; /* never at every name server */
	f.split_out = "";
	event(NAME, EV(READY));
	run_ms(f.limits.step_ms - MINUTE);
	assert_string_equal(state_of(NAME), "splitting");
	run_ms(2 * MINUTE);
	assert_string_equal(state_of(NAME), "cooldown");
	assert_non_null(strstr(f.calls, "unsplit example.com.\n"));
}

static void test_refused_mail_does_not_arm(void **state)
{
	(void)state;
	f.arm_status = 3;
	add_name(NAME, &f.limits);
	event(NAME, EV(ALARM));
	run_ms(2 * HOUR);
	event(NAME, EV(READY));
	run_ms(HOUR);
	assert_string_equal(state_of(NAME), "elevated");
	assert_int_equal(count(f.calls, "split"), 0);
	unsigned n = count(f.calls, "arm ");
	assert_true(n >= 5 && n <= 12); /* ever more seldom */
	f.arm_status = 0;
	run_ms(HOUR);
	event(NAME, EV(READY));
	run_ms(MINUTE);
	assert_string_equal(state_of(NAME), "split");
}

static void test_our_own_relay(void **state)
{
	(void)state;
	add_name(NAME, &f.limits);
	event(NAME, EV(ALARM));
	run_ms(5000);
	event(NAME, EV(ABUSED));
	event(NAME, EV(READY));
	run_ms(HOUR);
	assert_string_equal(state_of(NAME), "held");
	assert_int_equal(f.n_splits, 0);
}

static void test_only_with_floors(void **state)
{
	struct dg_runner_evidence e = {.text = "much", .n_foreign = 100000};

	(void)state;
	add_name(NAME, &f.limits);
	event(NAME, EV(ALARM));
	run_ms(5000);
	for (int i = 0; i < 100; i++) {
		dg_runner_event(f.runner, NAME, EV(READY), &e);
		run_ms(MINUTE);
	}
	assert_string_equal(state_of(NAME), "elevated");
}

/* Automatic, but much genuine mail would be refused: that is a person's to say. */
static void test_much_at_stake_is_asked(void **state)
{
	struct dg_runner_evidence e = {
		.text = "much", .n_foreign = 100, .has_floor = true, .asks_first = true};

	(void)state;
	add_name(NAME, &f.limits);
	event(NAME, EV(ALARM));
	run_ms(5000);
	dg_runner_event(f.runner, NAME, EV(READY), &e);
	run_ms(5000);
	assert_string_equal(state_of(NAME), "elevated");
	assert_string_equal(proposal_of(NAME), DIGEST);
	wish("approve", NAME, DIGEST);
	run_ms(10000);
	assert_string_equal(state_of(NAME), "split");
}

static void test_one_armed_by_hand_stays_so(void **state)
{
	struct dg_name_state s = {.name = NAME, .stage = DG_STAGE_ARMED, .mx_ttl = 3600};

	(void)state;
	must(dg_store_stage_put(t.s, NAME, &s, 1, &t.err));
	add_name(NAME, &f.limits);
	event(NAME, EV(NOTICE));
	run_ms(5000);
	event(NAME, EV(QUIET));
	run_ms(5000);
	assert_string_equal(state_of(NAME), "calm");
	assert_string_equal(f.calls, "arm example.com.\n");
}

static void test_one_split_by_hand_is_held(void **state)
{
	struct dg_name_state s = {.name = NAME, .stage = DG_STAGE_SPLIT, .mx_ttl = 3600};

	(void)state;
	must(dg_store_stage_put(t.s, NAME, &s, 1, &t.err));
	add_name(NAME, &f.limits);
	assert_string_equal(state_of(NAME), "held");
	event(NAME, EV(ALARM));
	run_ms(HOUR);
	assert_string_equal(f.calls, "");
	wish("release", NAME, NULL);
	run_ms(5000);
	assert_string_equal(state_of(NAME), "split");
}

static void test_an_image_that_cannot_be_read(void **state)
{
	struct dg_guard_row row;

	(void)state;
	add_name(NAME, &f.limits);
	to_split();
	must(dg_store_guard_get(t.s, t.a, NAME, &row, &t.err));
	char *image = dg_memdup(t.a, row.image, row.len);
	image[row.len / 2] ^= 1;
	row.image = image;
	must(dg_store_guard_put(t.s, &row, &t.err));
	restart();
	assert_string_equal(state_of(NAME), "held");
	assert_non_null(strstr(f.told, "cannot be read"));
}

#define T(name) cmocka_unit_test_setup_teardown(name, runner_setup, runner_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_there_and_back),
		T(test_a_yes_is_for_one_plan),
		T(test_no_word_before_it_is_on_disk),
		T(test_a_crash_anywhere),
		T(test_conflict_is_a_persons),
		T(test_out_of_reach_is_tried_again),
		T(test_too_late_is_taken_back),
		T(test_refused_mail_does_not_arm),
		T(test_our_own_relay),
		T(test_only_with_floors),
		T(test_much_at_stake_is_asked),
		T(test_one_armed_by_hand_stays_so),
		T(test_one_split_by_hand_is_held),
		T(test_an_image_that_cannot_be_read),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
