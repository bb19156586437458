/* Probes with a sink, labels that mail moves on to, and what happens when something of ours is abused: also across crashes. */
#include "tests/unit/controller/runner_unit.h"

#define EV(x)    DG_GUARD_EV_##x
#define IN(text) assert_string_equal(state_of(NAME), text)

/* Mail at the name itself, or with label >= 0 at one of its labels. */
static void mail(int label, bool is_genuine, double weight)
{
	struct dg_runner_mail m = {.at_ms = f.wall_s * 1000,
		.is_at_label = label >= 0,
		.label = label >= 0 ? (unsigned)label : 0,
		.is_genuine = is_genuine,
		.weight = weight};

	dg_runner_heard(f.runner, NAME, &m);
}

static void followed(unsigned label)
{
	struct dg_runner_evidence e = {.text = "40 bounces at the subdomain", .has_floor = true};

	dg_runner_followed(f.runner, NAME, label, &e);
}

static void to_split(void)
{
	event(NAME, EV(ALARM));
	run_ms(5000);
	event(NAME, EV(READY));
	run_ms(10000);
	IN("split");
}

/* One name alone: one move an hour. */
static void begin_labels(unsigned n_labels)
{
	f.limits.hold_ms = 3 * HOUR;
	f.limits.n_labels = n_labels;
	f.hook = "/usr/lib/hook";
	add_name(NAME, &f.limits);
	to_split();
	run_ms(HOUR);
}

static void begin_sink(void)
{
	f.limits.has_sink = true;
	f.limits.probe_ms = HOUR; /* a minute of drain, 30 to listen, and a margin */
	f.hook = "/usr/lib/hook";
	add_name(NAME, &f.limits);
	to_split();
}

static void to_probe(void)
{
	for (unsigned i = 0; i < 100 && strcmp(state_of(NAME), "probing") != 0; i++) {
		run_ms(MINUTE);
	}
	IN("probing");
	run_ms(5000);
	assert_true(dg_runner_guard(f.runner, NAME)->is_listening);
	assert_string_equal(f.stage, "probing");
}

/* --- probes ------------------------------------------------------------------------------------ */
static void test_silent(void **state)
{
	(void)state;
	begin_sink();
	to_probe();
	mail(-1, false, 1); /* some is normal */
	run_ms(32 * MINUTE);
	IN("probing"); /* it was looked at again, and no sensor saw anything since */
	assert_true(
		count(f.calls, "probe example.com.\n") >= 2); /* the jitter of the hold decides */
	mail(-1, true, 0);
	run_ms(5 * MINUTE);
	IN("cooldown");
	assert_string_equal(f.stage, "calm");
	assert_int_equal(f.n_probes, 1);
	assert_non_null(strstr(f.letters, "\"event\":\"on-probe\""));
	assert_non_null(strstr(f.letters, "the attack is over"));
	assert_non_null(strstr(f.letters, "\"event\":\"on-restore\""));
}

static void test_loud(void **state)
{
	(void)state;
	begin_sink();
	to_probe();
	for (unsigned i = 0; i < 5; i++) {
		mail(-1, false, 1);
	}
	mail(0, false, 1); /* at the subdomain: not the probe's affair */
	mail(-1, true, 0);
	IN("probing");
	mail(-1, false, 1);
	IN("split");
	run_ms(5000);
	assert_string_equal(f.stage, "split");
	assert_int_equal(f.n_renulls, 1);
	const struct dg_guard *g = dg_runner_guard(f.runner, NAME);
	assert_true(g->n_relapses == 1 && !g->is_sink);
	assert_true(g->due_ms - g->since_ms > 3 * HOUR / 2); /* doubled, a tenth less at most */
}

/* Nobody saw anything at the name: that is not silence. */
static void test_dead_sensors(void **state)
{
	(void)state;
	begin_sink();
	mail(-1, true, 0); /* long ago */
	to_probe();
	run_ms(HOUR + MINUTE);
	IN("split");
	assert_int_equal(f.n_renulls, 1);
	assert_int_equal(f.n_backs, 0);
	assert_true(count(f.calls, "probe example.com.\n") > 5); /* again and again */
	assert_non_null(strstr(f.told, "could not tell in time"));
}

static void test_a_sink_that_refuses(void **state)
{
	(void)state;
	begin_sink();
	f.probe_status = 1;
	run_ms(HOUR + HOUR / 3);
	IN("split");
	assert_non_null(strstr(f.told, "the probe could not be made"));
	assert_string_equal(f.stage, "split");
	assert_false(dg_runner_guard(f.runner, NAME)->is_sink); /* verified again */
}

/* What is heard outlives a restart, and so does how far the probe is. */
static void test_a_restart_in_a_probe(void **state)
{
	(void)state;
	begin_sink();
	to_probe();
	for (unsigned i = 0; i < 4; i++) {
		mail(-1, false, 1);
	}
	run_ms(2 * MINUTE); /* kept */
	restart();
	mail(-1, false, 1);
	IN("probing");
	mail(-1, false, 1);
	IN("split");
	run_ms(5000);
	assert_int_equal(f.n_renulls, 1);
}

static void crash_in_probe(unsigned k, bool is_deaf, bool is_loud)
{
	begin_sink();
	f.dies_at = f.n_calls + k;
	f.is_deaf = is_deaf;
	for (unsigned i = 0; i < 400 && strcmp(f.stage, "calm") != 0 && f.n_renulls == 0; i++) {
		run_ms(MINUTE);
		if (f.is_dead) {
			restart();
		}
		mail(-1, !is_loud, 1);
		assert_string_not_equal(state_of(NAME), "held");
	}
	run_ms(5 * MINUTE);
	if (f.is_dead) {
		restart();
		run_ms(5 * MINUTE);
	}
	IN(is_loud ? "split" : "cooldown");
	assert_string_equal(f.stage, is_loud ? "split" : "calm");
	assert_int_equal(f.n_probes, 1);
	assert_int_equal(f.n_splits, 1);
	assert_int_equal(f.n_backs, !is_loud);
}

static void test_a_crash_anywhere_in_a_probe(void **state)
{
	(void)runner_teardown(state);
	for (unsigned k = 1; k <= 6; k++) {
		for (unsigned how = 0; how < 4; how++) {
			(void)runner_setup(state);
			crash_in_probe(k, how & 1, how & 2);
			(void)runner_teardown(state);
		}
	}
	(void)runner_setup(state);
}

/* --- labels ------------------------------------------------------------------------------------ */
static void test_followed(void **state)
{
	(void)state;
	begin_labels(2);
	followed(1); /* mail does not live there */
	run_ms(5000);
	assert_int_equal(f.n_rotates, 0);
	followed(0);
	IN("rotating");
	run_ms(5000);
	IN("split");
	assert_string_equal(f.label, "m2.example.com.");
	assert_non_null(strstr(f.letters, "\"event\":\"on-rotate\""));
	assert_non_null(strstr(f.letters, "\"subdomain\":\"m2.example.com.\""));
	assert_non_null(
		strstr(f.letters, "\"subdomains\":[\"m.example.com.\",\"m2.example.com.\"]"));
	/* as long as letters come to the old one it serves */
	for (unsigned i = 0; i < 3; i++) {
		run_ms(15 * MINUTE);
		mail(0, true, 0);
		mail(0, false, 1);
	}
	assert_int_equal(f.n_retires, 0);
	run_ms(19 * MINUTE);
	mail(1, true, 0); /* to the new one */
	assert_int_equal(f.n_retires, 0);
	run_ms(2 * MINUTE);
	assert_int_equal(f.n_retires, 1);
	assert_non_null(strstr(f.letters, "\"event\":\"on-retire\""));
	followed(1);
	followed(1);
	run_ms(5000);
	assert_int_equal(count(f.told, "no label is left"), 1);
	/* all comes back */
	const char *proposal = NULL;
	for (unsigned i = 0; i < 300 && !proposal; i++) {
		run_ms(MINUTE);
		proposal = proposal_of(NAME);
	}
	wish("approve", NAME, proposal);
	run_ms(MINUTE);
	IN("cooldown");
	assert_string_equal(f.label, "");
	assert_int_equal(dg_runner_guard(f.runner, NAME)->label, 0);
}

static void test_the_hold_ends_an_overlap(void **state)
{
	(void)state;
	begin_labels(2);
	followed(0);
	for (unsigned i = 0; i < 22 && f.n_retires == 0; i++) {
		assert_true(i < 21); /* three hours, a tenth more at most */
		run_ms(10 * MINUTE);
		mail(0, true, 0);
	}
}

static void test_rotation_is_asked_for(void **state)
{
	(void)state;
	begin_labels(2);
	f.runner = dg_runner_free(f.runner);
	f.limits.mode = DG_GUARD_MODE_APPROVED;
	begin_runner();
	add_name(NAME, &f.limits);
	followed(0);
	run_ms(5000);
	IN("split");
	assert_string_equal(proposal_of(NAME), DIGEST);
	assert_non_null(strstr(f.letters, "\"proposes\":\"rotate\""));
	f.runner =
		dg_runner_free(f.runner); /* the budget of this hour is spent: wait for the next */
	f.options.max_moves = 5;
	f.options.max_share = 1;
	begin_runner();
	add_name(NAME, &f.limits);
	wish("approve", NAME, DIGEST);
	run_ms(HOUR + MINUTE);
	assert_int_equal(f.n_rotates, 1);
	assert_non_null(strstr(f.calls, "rotate plan " DIGEST " m2.example.com.\n"));
}

static void test_a_label_that_takes_no_mail(void **state)
{
	(void)state;
	begin_labels(2);
	f.rotate_status = 3; /* not yet: the hook is at work */
	followed(0);
	run_ms(2 * MINUTE);
	IN("rotating");
	run_ms(15 * MINUTE);
	IN("held");
	assert_non_null(strstr(f.told, "the one before serves"));
	wish("release", NAME, NULL);
	run_ms(5000);
	IN("split");
	f.rotate_status = 0;
	run_ms(HOUR);
	followed(0);
	run_ms(5000);
	assert_int_equal(dg_runner_guard(f.runner, NAME)->label, 1);
}

static void crash_in_rotation(unsigned k, bool is_deaf)
{
	begin_labels(3);
	f.dies_at = f.n_calls + k;
	f.is_deaf = is_deaf;
	for (unsigned i = 0; i < 100 && (f.n_retires == 0 || f.is_dead); i++) {
		if (f.n_rotates == 0) {
			followed(0);
		}
		run_ms(MINUTE);
		if (f.is_dead) {
			restart();
		}
	}
	run_ms(MINUTE);
	IN("split");
	assert_int_equal(f.n_rotates, 1);
	assert_true(f.n_retires >= 1);
	assert_false(dg_runner_guard(f.runner, NAME)->is_overlapping);
}

static void test_a_crash_anywhere_in_a_rotation(void **state)
{
	(void)runner_teardown(state);
	for (unsigned k = 1; k <= 4; k++) {
		for (unsigned how = 0; how < 2; how++) {
			(void)runner_setup(state);
			crash_in_rotation(k, how & 1);
			(void)runner_teardown(state);
		}
	}
	(void)runner_setup(state);
}

/* --- something of ours is abused ----------------------------------------------------------------- */
static void test_a_person_says_abused(void **state)
{
	struct dg_wish w = {.kind = "abused",
		.name = NAME,
		.who = "op@host",
		.at = WALL_0,
		.why = "web1 is open"};

	(void)state;
	f.hook = "/usr/lib/hook";
	add_name(NAME, &f.limits);
	event(NAME, EV(ALARM));
	run_ms(5000);
	must(dg_store_wish_put(t.s, &w, &t.err));
	run_ms(5000);
	IN("held");
	assert_non_null(strstr(f.letters, "\"abuse\":\"op@host said so: web1 is open\""));
	assert_non_null(strstr(f.letters, "\"advice\":\"a split would not stop this"));
	restart();
	event(NAME, EV(READY));
	run_ms(HOUR);
	IN("held");
	assert_int_equal(f.n_splits, 0);
	wish("release", NAME, NULL);
	run_ms(5000);
	IN("cooldown");
	assert_false(dg_runner_guard(f.runner, NAME)->is_abused);
	f.letters[0] = '\0';
	event(NAME, EV(CONFLICT));
	run_ms(5000);
	assert_non_null(strstr(f.letters, "\"abuse\":null,\"advice\":null"));
}

static void test_abuse_in_a_probe(void **state)
{
	(void)state;
	begin_sink();
	to_probe();
	event(NAME, EV(ABUSED));
	IN("split");
	restart();
	run_ms(10000);
	IN("held");
	assert_string_equal(f.stage, "split"); /* no sink is left behind */
	assert_non_null(strstr(f.letters, "\"event\":\"on-abuse\""));
}

#define T(name) cmocka_unit_test_setup_teardown(name, runner_setup, runner_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_silent),
		T(test_loud),
		T(test_dead_sensors),
		T(test_a_sink_that_refuses),
		T(test_a_restart_in_a_probe),
		T(test_a_crash_anywhere_in_a_probe),
		T(test_followed),
		T(test_the_hold_ends_an_overlap),
		T(test_rotation_is_asked_for),
		T(test_a_label_that_takes_no_mail),
		T(test_a_crash_anywhere_in_a_rotation),
		T(test_a_person_says_abused),
		T(test_abuse_in_a_probe),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
