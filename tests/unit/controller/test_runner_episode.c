/* The guard and the record of the incident: opened by an alarm, once an episode, with every state that the name comes to. */
#include "tests/unit/controller/runner_unit.h"

#include "controller/store/incident.h"

#define EV(x) DG_GUARD_EV_##x

static size_t rows_of(struct dg_incident_row **ret_rows)
{
	size_t n = 0;

	assert_int_equal(dg_incident_list(t.s, t.a, ret_rows, &n, &t.err), 0);
	return n;
}

/* What the record says, a line an entry. */
static const char *texts_of(int64_t id)
{
	static char text[8192];
	struct dg_record_entry *list = NULL;
	struct dg_incident_row row;
	size_t n = 0;

	text[0] = '\0';
	assert_int_equal(dg_incident_get(t.s, t.a, id, &row, &t.err), 0);
	assert_int_equal(dg_incident_entries(t.s, t.a, id, &list, &n, &t.err), 0);
	assert_int_equal(dg_record_broken(list, n, row.n_entries, row.head), 0);
	for (size_t i = 0; i < n; i++) {
		append(text, sizeof(text), list[i].text);
	}
	return text;
}

static void test_one_episode_one_record(void **state)
{
	struct dg_incident_row *rows = NULL;

	(void)state;
	add_name(NAME, &f.limits);
	event(NAME, EV(NOTICE));
	run_ms(5000);
	assert_int_equal(rows_of(&rows), 0);
	event(NAME, EV(ALARM));
	event(NAME, EV(ALARM));
	run_ms(5000);
	restart();
	event(NAME, EV(ALARM));
	event(NAME, EV(READY));
	run_ms(10000);
	assert_string_equal(state_of(NAME), "split");
	assert_int_equal(rows_of(&rows), 1);
	assert_string_equal(rows[0].name, NAME);
	assert_string_equal(rows[0].opened_by, "dnsguard watch");
	const char *texts = texts_of(rows[0].id);
	const char *opened = strstr(texts, "the guard raised an alarm\n");
	const char *splitting = strstr(texts, "to splitting");
	const char *split = strstr(texts, "splitting to split");
	assert_true(opened == texts && splitting > opened && split > splitting);
}

/* Closed by a person while it goes on: it stays closed. */
static void test_what_goes_on_is_no_new_episode(void **state)
{
	struct dg_incident_row *rows = NULL;

	(void)state;
	add_name(NAME, &f.limits);
	event(NAME, EV(ALARM));
	run_ms(5000);
	assert_int_equal(rows_of(&rows), 1);
	assert_int_equal(dg_incident_close(t.s, rows[0].id, f.wall_s, "me", false, &t.err), 0);
	event(NAME, EV(ALARM));
	run_ms(5000);
	restart();
	event(NAME, EV(ALARM));
	event(NAME, EV(READY));
	run_ms(10000);
	assert_string_equal(state_of(NAME), "split");
	assert_int_equal(rows_of(&rows), 1);
}

static void test_abuse_opens_one_too(void **state)
{
	struct dg_incident_row *rows = NULL;
	const struct dg_runner_evidence e = {.text = "an account sends"};

	(void)state;
	add_name(NAME, &f.limits);
	dg_runner_event(f.runner, NAME, EV(ABUSED), &e);
	run_ms(5000);
	assert_string_equal(state_of(NAME), "held");
	assert_int_equal(rows_of(&rows), 1);
	assert_string_equal(rows[0].reason, "an account sends");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_one_episode_one_record, runner_setup, runner_teardown),
		cmocka_unit_test_setup_teardown(
			test_what_goes_on_is_no_new_episode, runner_setup, runner_teardown),
		cmocka_unit_test_setup_teardown(
			test_abuse_opens_one_too, runner_setup, runner_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
