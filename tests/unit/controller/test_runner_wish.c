#include "tests/unit/controller/runner_unit.h"

#define EV(x)      DG_GUARD_EV_##x
#define N_NAMES    10000u
#define N_ATTACKED 500u

static void to_split(void)
{
	event(NAME, EV(ALARM));
	run_ms(5000);
	event(NAME, EV(READY));
	run_ms(10000);
	assert_string_equal(state_of(NAME), "split");
}

/* --- stop -------------------------------------------------------------------------------------- */
static void put_stop(void)
{
	char path[96];

	(void)snprintf(path, sizeof(path), "%s/stop", t.dir);
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	(void)fclose(file);
}

static void drop_stop(void)
{
	char path[96];

	(void)snprintf(path, sizeof(path), "%s/stop", t.dir);
	(void)unlink(path);
}

static void test_the_file_stops_everything(void **state)
{
	(void)state;
	add_name(NAME, &f.limits);
	event(NAME, EV(ALARM));
	run_ms(5000);
	f.takes_ms = 5 * MINUTE;
	event(NAME, EV(READY));
	run_ms(5000);
	assert_int_equal(f.n_running, 1);
	put_stop();
	run_ms(3000);
	assert_string_equal(state_of(NAME), "held");
	assert_true(f.n_ended > 0);
	unsigned n = f.n_calls;
	wish("release", NAME, NULL); /* not while the file is there: held again at once */
	event(NAME, EV(READY));
	run_ms(HOUR);
	assert_string_equal(state_of(NAME), "held");
	assert_int_equal(f.n_calls, n);
	restart();
	run_ms(HOUR);
	assert_string_equal(state_of(NAME), "held");
	assert_int_equal(f.n_calls, n);
	drop_stop();
	run_ms(3000);
	assert_string_equal(state_of(NAME), "held"); /* the file is gone, nobody said go on */
	wish("release", NULL, NULL);
	run_ms(3000);
	assert_string_not_equal(state_of(NAME), "held");
	assert_int_equal(f.n_splits, 0);
}

static void test_stop_of_one(void **state)
{
	(void)state;
	add_name(NAME, &f.limits);
	add_name("example.net.", &f.limits);
	event(NAME, EV(ALARM));
	event("example.net.", EV(ALARM));
	run_ms(5000);
	wish("stop", NAME, NULL);
	wish("stop", "nobody.example.", NULL);
	run_ms(3000);
	assert_string_equal(state_of(NAME), "held");
	assert_string_equal(state_of("example.net."), "elevated");
	assert_int_equal(n_wishes(), 0);
	assert_non_null(strstr(f.told, "nobody.example. a wish about a name that is not guarded"));
	event(NAME, EV(READY));
	run_ms(HOUR);
	assert_int_equal(f.n_splits, 0);
	wish("release", NAME, NULL);
	run_ms(3000);
	assert_string_equal(state_of(NAME), "cooldown");
}

static void test_release_of_all_leaves_conflicts(void **state)
{
	(void)state;
	add_name(NAME, &f.limits);
	event(NAME, EV(ALARM));
	run_ms(5000);
	event(NAME, EV(CONFLICT));
	wish("release", NULL, NULL);
	run_ms(3000);
	assert_string_equal(state_of(NAME), "held");
}

/* --- clocks ------------------------------------------------------------------------------------ */
static void test_a_leap_shortens_nothing(void **state)
{
	(void)state;
	add_name(NAME, &f.limits);
	to_split();
	int64_t due = dg_runner_guard(f.runner, NAME)->due_ms;
	f.wall_s += 366 * 86400; /* somebody set the clock */
	run_ms(HOUR / 2);
	assert_null(proposal_of(NAME));
	restart(); /* and started us again */
	run_ms(HOUR / 4);
	assert_null(proposal_of(NAME));
	f.wall_s -= 800 * 86400;
	restart();
	run_ms(3000);
	assert_null(proposal_of(NAME));
	run_ms(HOUR / 2);
	assert_non_null(proposal_of(NAME)); /* nor makes it longer, in the same boot */
	assert_int_equal(f.n_splits, 1);
	(void)due;
}

static void test_another_boot_goes_by_the_wall_clock(void **state)
{
	(void)state;
	add_name(NAME, &f.limits);
	to_split();
	f.options.boot = "boot-2";
	f.mono_ms = 1000;
	f.wall_s += 1800;
	restart();
	run_ms(3000);
	assert_null(proposal_of(NAME));
	run_ms(HOUR); /* a hold is an hour and at most a tenth more */
	assert_non_null(proposal_of(NAME));
	f.options.boot = "boot-3";
	f.mono_ms = 1000;
	f.wall_s -= 400 * 86400; /* a machine that lost its clock: what was left is left */
	restart();
	assert_true(dg_runner_guard(f.runner, NAME)->due_ms <= f.wall_s * 1000 + 3 * HOUR);
	assert_true(dg_runner_guard(f.runner, NAME)->due_ms > f.wall_s * 1000);
}

/* --- budget ------------------------------------------------------------------------------------ */
static const char *name_at(unsigned i)
{
	return dg_printf(t.a, "z%05u.example.", i);
}

static void attack(unsigned from, unsigned n, enum dg_guard_event_kind kind)
{
	for (unsigned i = from; i < from + n; i++) {
		event(name_at(i), kind);
	}
}

static void test_budget_and_order(void **state)
{
	unsigned n_split = 0;
	unsigned n_asked = 0;

	(void)state;
	f.runner = dg_runner_free(f.runner);
	f.options.max_moves = 7;
	f.takes_ms = 200;
	begin_runner();
	must(dg_store_begin(t.s, &t.err));
	for (unsigned i = 0; i < N_NAMES; i++) {
		add_name(name_at(i), &f.limits);
	}
	must(dg_store_commit(t.s, &t.err));
	attack(1000, N_ATTACKED, EV(ALARM));
	run_ms(15 * MINUTE); /* 500 are armed, four at a time */
	attack(1000, N_ATTACKED, EV(READY));
	run_ms(15 * MINUTE);
	for (unsigned i = 0; i < N_ATTACKED; i++) {
		const struct dg_guard *g = dg_runner_guard(f.runner, name_at(1000 + i));
		n_split += g->is_null;
		n_asked += g->is_proposed;
		assert_true(g->is_armed && g->is_null == (i < 7));
	}
	assert_int_equal(n_split, 7);
	assert_int_equal(n_asked, N_ATTACKED - 7);
	assert_int_equal(f.most_running, DG_RUNNER_CHILDREN);
	/* A yes of a person counts too, and waits for room. */
	wish("approve", name_at(1400), DIGEST);
	run_ms(MINUTE);
	assert_int_equal(n_wishes(), 1);
	run_ms(40 * MINUTE);
	attack(1000, N_ATTACKED, EV(READY));
	run_ms(10 * MINUTE);
	n_split = 0;
	for (unsigned i = 0; i < N_ATTACKED; i++) {
		n_split += dg_runner_guard(f.runner, name_at(1000 + i))->is_null;
	}
	assert_int_equal(n_split, 14);
	assert_true(dg_runner_guard(f.runner, name_at(1400))->is_null);
	for (unsigned i = 7; i < 13; i++) {
		assert_true(dg_runner_guard(f.runner, name_at(1000 + i))->is_null);
	}
	assert_int_equal(n_wishes(), 0);
}

static void test_budget_outlives_a_restart(void **state)
{
	(void)state;
	add_name(NAME, &f.limits);
	to_split();
	restart(); /* one name: one move an hour */
	add_name("example.net.", &f.limits);
	event("example.net.", EV(ALARM));
	run_ms(5000);
	event("example.net.", EV(READY));
	run_ms(MINUTE);
	assert_string_equal(state_of("example.net."), "elevated");
}

/* --- letters ----------------------------------------------------------------------------------- */
static void test_letters(void **state)
{
	static const char *const events[] = {"on-alarm", "on-propose", "on-split", "on-held"};
	const char *at = f.letters;

	(void)state;
	f.hook = "/usr/lib/hook";
	f.limits.mode = DG_GUARD_MODE_APPROVED;
	f.hook_status = 1;
	add_name(NAME, &f.limits);
	event(NAME, EV(ALARM));
	run_ms(5000);
	event(NAME, EV(READY));
	run_ms(10 * MINUTE);
	unsigned n = count(f.letters, "\"sequence\":1,");
	assert_true(n >= 6 && n <= 12); /* again and again, ever more seldom */
	assert_int_equal(
		count(f.letters, "\"sequence\":2,"), 0); /* none before the one before it */
	f.letters[0] = '\0';
	f.hook_status = 0;
	restart();
	wish("approve", NAME, DIGEST);
	run_ms(MINUTE);
	assert_string_equal(state_of(NAME), "split");
	event(NAME, EV(CONFLICT));
	run_ms(MINUTE);
	for (unsigned i = 0; i < 4; i++) {
		char head[64];
		(void)snprintf(head, sizeof(head),
			"{\"sequence\":%u,\"type\":\"event\",\"event\":\"%s\"", i + 1, events[i]);
		at = strstr(at, head);
		if (!at) {
			fail_msg("no %s in\n%s", head, f.letters);
		}
	}
	assert_int_equal(count(f.letters, "{\"sequence\""), 4);
	assert_non_null(strstr(f.letters, "\"proposal\":\"" DIGEST "\""));
	assert_non_null(strstr(f.letters, "\"evidence\":{\"text\":\"27 bounces of mail"));
	assert_non_null(strstr(f.letters,
		"\"restore\":\"zone example.com.\\nupdate delete example.com. "
		"MX\\nupdate add example.com. 60 MX 10 mx1.example.com.\\nsend\\n\""));
}

#define T(name) cmocka_unit_test_setup_teardown(name, runner_setup, runner_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_the_file_stops_everything),
		T(test_stop_of_one),
		T(test_release_of_all_leaves_conflicts),
		T(test_a_leap_shortens_nothing),
		T(test_another_boot_goes_by_the_wall_clock),
		T(test_budget_and_order),
		T(test_budget_outlives_a_restart),
		T(test_letters),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
