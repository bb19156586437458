#include "tests/unit/controller/store_unit.h"

#include <time.h>

static void test_a_step_from_intent_to_end(void **state)
{
	struct dg_step *open = NULL;
	struct dg_step back;
	const char *marker = NULL;
	size_t n = 0;

	(void)state;
	open_it();
	struct dg_step step = make_step(start_run(), ZONE);
	must(dg_store_intend(t.s, &step, &t.err));
	assert_true(step.id > 0);
	open_it(); /* as after a crash: the intent is there, nothing is owned yet */
	must(dg_store_open_steps(t.s, t.a, NULL, &open, &n, &t.err));
	assert_int_equal(n, 1);
	assert_int_equal(open[0].id, step.id);
	assert_int_equal(open[0].state, DG_STEP_INTENDED);
	assert_int_equal(open[0].n_changes, 2);
	assert_true(dg_rrset_same(&open[0].changes[0].before, &step.changes[0].before));
	assert_true(dg_rrset_same(&open[0].changes[0].after, &step.changes[0].after));
	assert_string_equal(open[0].changes[0].why, "because");
	assert_int_equal(open[0].changes[1].before.n, 0);
	assert_string_equal(open[0].changes[1].before.owner, "m.example.com.");
	assert_null(open[0].changes[1].why);
	assert_string_equal(open[0].marker_before, "v=dg1 x=0");
	assert_string_equal(open[0].marker_after, "v=dg1 x=1");
	assert_string_equal(open[0].document, step.document);
	assert_string_equal(open[0].provider, step.provider);
	assert_memory_equal(open[0].digest, step.digest, DG_DIGEST_LEN);
	assert_int_equal(open[0].intended_at, 1001);
	assert_int_equal(open[0].restores, 7);
	must(dg_store_open_steps(t.s, t.a, "example.net.", &open, &n, &t.err));
	assert_int_equal(n, 0);
	assert_owned(ZONE, NULL);
	assert_int_equal(dg_store_marker(t.s, t.a, ZONE, &marker, &t.err), 1);

	struct dg_rrset same = mx("same.example.com.", 5, ".");
	must(dg_store_end(t.s, &step, DG_STEP_APPLIED, 1002, NULL, &same, 1, &t.err));
	must(dg_store_open_steps(t.s, t.a, ZONE, &open, &n, &t.err));
	assert_int_equal(n, 0);
	assert_owned(ZONE, &step.changes[0].after);
	assert_owned("m.example.com.", &step.changes[1].after);
	assert_owned("same.example.com.", &same);
	must(dg_store_marker(t.s, t.a, ZONE, &marker, &t.err));
	assert_string_equal(marker, "v=dg1 x=1");
	must(dg_store_end(t.s, &step, DG_STEP_VERIFIED, 1003, "ns2 lagged 3 s", NULL, 0, &t.err));
	must(dg_store_step(t.s, t.a, step.id, &back, &t.err));
	assert_int_equal(back.state, DG_STEP_VERIFIED);
	assert_int_equal(back.ended_at, 1003);
	assert_string_equal(back.note, "ns2 lagged 3 s");
	assert_int_equal(dg_store_step(t.s, t.a, 99, &back, &t.err), 1);
}

static void test_what_was_not_applied_is_not_ours(void **state)
{
	static const enum dg_step_state states[] = {
		DG_STEP_FAILED, DG_STEP_CONFLICT, DG_STEP_LOST, DG_STEP_VERIFIED};
	struct dg_step *open = NULL;
	size_t n = 0;

	(void)state;
	open_it();
	int64_t run = start_run();
	for (size_t i = 0; i < 4; i++) {
		struct dg_step step = make_step(run, ZONE);
		struct dg_step back;

		must(dg_store_intend(t.s, &step, &t.err));
		must(dg_store_end(t.s, &step, states[i], 5, "why", NULL, 0, &t.err));
		must(dg_store_step(t.s, t.a, step.id, &back, &t.err));
		assert_int_equal(back.state, states[i]);
		assert_owned(ZONE, NULL);
	}
	must(dg_store_open_steps(t.s, t.a, NULL, &open, &n, &t.err));
	assert_int_equal(n, 0);
	struct dg_step none = {.id = 4711, .zone = ZONE};
	fails(dg_store_end(t.s, &none, DG_STEP_APPLIED, 5, NULL, NULL, 0, &t.err), DG_EINPUT,
		"no step 4711");
	none = make_step(4711, ZONE);
	fails(dg_store_intend(t.s, &none, &t.err), DG_EIO, "FOREIGN KEY");
	assert_int_equal(none.id, 0);
	none.n_changes = DG_STEP_CHANGES_MAX + 1;
	fails(dg_store_intend(t.s, &none, &t.err), DG_ELIMIT, "100001 changes");
}

static void test_the_log(void **state)
{
	struct dg_step *steps = NULL;
	struct dg_run *runs = NULL;
	size_t n = 0;

	(void)state;
	open_it();
	for (size_t i = 0; i < 40; i++) {
		int64_t run = start_run();
		struct dg_step a = make_step(run, ZONE);
		struct dg_step b = make_step(run, "example.net.");

		must(dg_store_intend(t.s, &a, &t.err));
		must(dg_store_intend(t.s, &b, &t.err));
		must(dg_store_run_end(t.s, run, 2000, "applied", &t.err));
	}
	must(dg_store_log(t.s, t.a, NULL, 3, &steps, &runs, &n, &t.err));
	assert_int_equal(n, 3);
	assert_int_equal(steps[0].id, 80);
	assert_int_equal(steps[2].id, 78);
	assert_int_equal(steps[0].n_changes, 2);
	assert_int_equal(runs[0].id, 40);
	assert_int_equal(runs[2].id, 39);
	assert_string_equal(runs[0].who, "op@host");
	assert_string_equal(runs[0].why, "dnsguard apply zone.yaml");
	assert_string_equal(runs[0].result, "applied");
	assert_int_equal(runs[0].started, 1000);
	assert_int_equal(runs[0].finished, 2000);
	must(dg_store_log(t.s, t.a, "example.net.", SIZE_MAX, &steps, &runs, &n, &t.err));
	assert_int_equal(n, 40);
	assert_int_equal(steps[39].id, 2);
}

static void test_adoption_waits_and_stages(void **state)
{
	struct dg_rrset sets[3] = {mx(ZONE, 60, "."), dg_rrset_none("b.example.com.", DG_TYPE_TXT)};
	struct dg_rrset *owned = NULL;
	struct dg_wait *waits = NULL;
	struct dg_name_state *names = NULL;
	size_t n = 0;

	(void)state;
	open_it();
	for (int i = 0; i < 20; i++) {
		struct dg_rrset more = mx(dg_printf(t.a, "h%d.example.com.", i), 60, ".");

		must(dg_store_adopt(t.s, ZONE, &more, 1, &t.err));
	}
	must(dg_store_adopt(t.s, ZONE, sets, 2, &t.err));
	must(dg_store_owned_all(t.s, t.a, ZONE, &owned, &n, &t.err));
	assert_int_equal(n, 22);
	assert_string_equal(owned[0].owner, "b.example.com.");
	assert_int_equal(owned[0].n, 0);

	struct dg_wait w = {ZONE, ZONE, DG_TYPE_MX, 5000, 3600};
	must(dg_store_wait_put(t.s, &w, &t.err));
	w.until = 4000; /* a shorter one does not shorten it */
	w.ttl = 60;
	must(dg_store_wait_put(t.s, &w, &t.err));
	must(dg_store_waits(t.s, t.a, NULL, 4999, &waits, &n, &t.err));
	assert_int_equal(n, 1);
	assert_int_equal(waits[0].until, 5000);
	assert_int_equal(waits[0].ttl, 3600);
	assert_int_equal(waits[0].type, DG_TYPE_MX);
	must(dg_store_waits(t.s, t.a, ZONE, 5000, &waits, &n, &t.err));
	assert_int_equal(n, 0);
	must(dg_store_waits(t.s, t.a, "example.net.", 1, &waits, &n, &t.err));
	assert_int_equal(n, 0);

	struct dg_name_state st = {
		.name = "lists.example.com.", .stage = DG_STAGE_ARMED, .mx_ttl = 300};
	must(dg_store_stage_put(t.s, ZONE, &st, 1, &t.err));
	st.name = ZONE;
	must(dg_store_stage_put(t.s, ZONE, &st, 1, &t.err));
	st.stage = DG_STAGE_SPLIT;
	must(dg_store_stage_put(t.s, ZONE, &st, 2, &t.err));
	must(dg_store_stages(t.s, t.a, ZONE, &names, &n, &t.err));
	assert_int_equal(n, 2);
	assert_string_equal(names[0].name, ZONE);
	assert_int_equal(names[0].stage, DG_STAGE_SPLIT);
	assert_int_equal(names[0].mx_ttl, 300);
	assert_int_equal(names[1].stage, DG_STAGE_ARMED);
	st.stage = DG_STAGE_CALM;
	must(dg_store_stage_put(t.s, ZONE, &st, 3, &t.err));
	must(dg_store_stages(t.s, t.a, ZONE, &names, &n, &t.err));
	assert_int_equal(n, 2); /* its TTL from before is not back yet */
	assert_int_equal(names[0].stage, DG_STAGE_CALM);
	assert_int_equal(names[0].mx_ttl, 300);
	st.mx_ttl = 0;
	must(dg_store_stage_put(t.s, ZONE, &st, 4, &t.err));
	must(dg_store_stages(t.s, t.a, ZONE, &names, &n, &t.err));
	assert_int_equal(n, 1);
}

/* --- transactions --- */
static void test_many_steps_are_one_transaction(void **state)
{
	struct dg_step *open = NULL;
	size_t n = 0;

	(void)state;
	open_it();
	int64_t run = start_run();
	must(dg_store_begin(t.s, &t.err));
	for (int i = 0; i < 3; i++) {
		struct dg_step step = make_step(run, ZONE);

		must(dg_store_intend(t.s, &step, &t.err));
	}
	dg_store_rollback(t.s);
	must(dg_store_open_steps(t.s, t.a, NULL, &open, &n, &t.err));
	assert_int_equal(n, 0);
	must(dg_store_begin(t.s, &t.err));
	struct dg_step step = make_step(run, ZONE);
	must(dg_store_intend(t.s, &step, &t.err));
	must(dg_store_commit(t.s, &t.err));
	must(dg_store_open_steps(t.s, t.a, NULL, &open, &n, &t.err));
	assert_int_equal(n, 1);
}

static void test_after_a_failure_nothing_of_it_is_committed(void **state)
{
	struct dg_step *open = NULL;
	size_t n = 0;

	(void)state;
	open_it();
	int64_t run = start_run();
	must(dg_store_begin(t.s, &t.err));
	struct dg_step good = make_step(run, ZONE);
	struct dg_step bad = make_step(4711, ZONE);
	must(dg_store_intend(t.s, &good, &t.err));
	assert_int_equal(dg_store_intend(t.s, &bad, &t.err), DG_EIO);
	fails(dg_store_intend(t.s, &good, &t.err), DG_EIO, "earlier part");
	fails(dg_store_commit(t.s, &t.err), DG_EIO, "earlier part");
	must(dg_store_open_steps(t.s, t.a, NULL, &open, &n, &t.err));
	assert_int_equal(n, 0);
	must(dg_store_intend(t.s, &good, &t.err)); /* and the next one is fine */
}

static void test_speed(void **state)
{
	struct timespec from;
	struct timespec to;

	(void)state;
	open_it();
	int64_t run = start_run();
	struct dg_step step = make_step(run, ZONE);
	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
	must(dg_store_begin(t.s, &t.err));
	for (int i = 0; i < 1000; i++) {
		must(dg_store_intend(t.s, &step, &t.err));
	}
	must(dg_store_commit(t.s, &t.err));
	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
	double ms =
		(double)(to.tv_sec - from.tv_sec) * 1e3 + (double)(to.tv_nsec - from.tv_nsec) / 1e6;
	print_message("# 1000 intents: %.1f ms of CPU\n", ms);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_a_step_from_intent_to_end, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_what_was_not_applied_is_not_ours, setup, teardown),
		cmocka_unit_test_setup_teardown(test_the_log, setup, teardown),
		cmocka_unit_test_setup_teardown(test_adoption_waits_and_stages, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_many_steps_are_one_transaction, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_after_a_failure_nothing_of_it_is_committed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_speed, setup, teardown),
	};
	return cmocka_run_group_tests_name("controller/store", tests, NULL, NULL);
}
