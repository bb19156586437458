#include "tests/unit/controller/store_unit.h"

#include "controller/store/watch.h"

#include <sqlite3.h>

#define FORMAT_1 DG_TEST_DATA "/journal/format1.sql"

static struct dg_watch_row watch_row(const char *name, const char *image)
{
	return (struct dg_watch_row){
		.name = name, .zone = ZONE, .image = image, .len = strlen(image)};
}

static void assert_image(const char *name, const char *image)
{
	struct dg_watch_row row;

	must(dg_store_watch_get(t.s, t.a, name, &row, &t.err));
	assert_string_equal(row.name, name);
	assert_string_equal(row.zone, ZONE);
	assert_int_equal(row.len, strlen(image));
	assert_memory_equal(row.image, image, row.len);
}

static void test_detectors(void **state)
{
	struct dg_watch_row row;
	struct dg_watch_row *rows = NULL;
	size_t n = 9;

	(void)state;
	open_it();
	assert_int_equal(dg_store_watch_get(t.s, t.a, ZONE, &row, &t.err), 1);
	must(dg_store_watch_all(t.s, t.a, &rows, &n, &t.err));
	assert_int_equal(n, 0);
	row = watch_row(ZONE, "one");
	must(dg_store_watch_put(t.s, &row, &t.err));
	row = watch_row(ZONE, "second");
	must(dg_store_watch_put(t.s, &row, &t.err));
	assert_image(ZONE, "second");
	row = watch_row("empty.example.com.", "");
	must(dg_store_watch_put(t.s, &row, &t.err));
	open_it();
	assert_image(ZONE, "second");
	assert_image("empty.example.com.", "");
	must(dg_store_watch_drop(t.s, ZONE, &t.err));
	assert_int_equal(dg_store_watch_get(t.s, t.a, ZONE, &row, &t.err), 1);
}

static void test_many_detectors_in_one_transaction(void **state)
{
	struct dg_watch_row *rows = NULL;
	const char **names = NULL;
	size_t n = 0;
	char name[32];

	(void)state;
	open_it();
	must(dg_store_begin(t.s, &t.err));
	for (unsigned i = 0; i < 300; i++) {
		(void)snprintf(name, sizeof(name), "n%03u.example.com.", i);
		struct dg_watch_row row = watch_row(name, name + 1);
		must(dg_store_watch_put(t.s, &row, &t.err));
	}
	must(dg_store_position_put(t.s, "log /var/log/mail.log", "here", &t.err));
	must(dg_store_commit(t.s, &t.err));
	must(dg_store_watch_all(t.s, t.a, &rows, &n, &t.err));
	assert_int_equal(n, 300);
	must(dg_store_watch_names(t.s, t.a, &names, &n, &t.err));
	assert_int_equal(n, 300);
	for (unsigned i = 0; i < 300; i++) {
		(void)snprintf(name, sizeof(name), "n%03u.example.com.", i);
		assert_string_equal(names[i], name);
		assert_string_equal(rows[i].name, name);
		assert_memory_equal(rows[i].image, name + 1, strlen(name) - 1);
	}
}

static void test_positions_go_with_their_detectors(void **state)
{
	const char *position = NULL;
	struct dg_watch_row row = watch_row(ZONE, "before");

	(void)state;
	open_it();
	assert_int_equal(dg_store_position_get(t.s, t.a, "log a", &position, &t.err), 1);
	must(dg_store_watch_put(t.s, &row, &t.err));
	must(dg_store_position_put(t.s, "log a", "1", &t.err));
	must(dg_store_begin(t.s, &t.err));
	row = watch_row(ZONE, "after");
	must(dg_store_watch_put(t.s, &row, &t.err));
	must(dg_store_position_put(t.s, "log a", "2", &t.err));
	dg_store_rollback(t.s);
	assert_image(ZONE, "before");
	must(dg_store_position_get(t.s, t.a, "log a", &position, &t.err));
	assert_string_equal(position, "1");
	assert_int_equal(dg_store_position_get(t.s, t.a, "log b", &position, &t.err), 1);
}

static struct dg_guard_row guard_row(const char *name)
{
	return (struct dg_guard_row){.name = name,
		.zone = ZONE,
		.document = "/etc/dnsguard/zone.yaml",
		.state = "elevated",
		.image = "\0\1\2",
		.len = 3,
		.proposal = "p1",
		.evidence = "{\"score\":17}",
		.since = 1000,
		.due = 2000};
}

static void test_guards(void **state)
{
	struct dg_guard_row row;
	struct dg_guard_row *rows = NULL;
	size_t n = 0;

	(void)state;
	open_it();
	assert_int_equal(dg_store_guard_get(t.s, t.a, ZONE, &row, &t.err), 1);
	row = guard_row("lists.example.com.");
	must(dg_store_guard_put(t.s, &row, &t.err));
	row = guard_row(ZONE);
	must(dg_store_guard_put(t.s, &row, &t.err));
	row.state = "calm";
	row.proposal = row.evidence = NULL;
	row.due = 0;
	must(dg_store_guard_put(t.s, &row, &t.err));
	open_it();
	must(dg_store_guards(t.s, t.a, &rows, &n, &t.err));
	assert_int_equal(n, 2);
	assert_string_equal(rows[0].name, ZONE);
	assert_string_equal(rows[0].state, "calm");
	assert_null(rows[0].proposal);
	assert_null(rows[0].evidence);
	assert_int_equal(rows[0].due, 0);
	must(dg_store_guard_get(t.s, t.a, "lists.example.com.", &row, &t.err));
	assert_string_equal(row.zone, ZONE);
	assert_string_equal(row.document, "/etc/dnsguard/zone.yaml");
	assert_string_equal(row.state, "elevated");
	assert_string_equal(row.proposal, "p1");
	assert_string_equal(row.evidence, "{\"score\":17}");
	assert_int_equal(row.since, 1000);
	assert_int_equal(row.due, 2000);
	assert_int_equal(row.len, 3);
	assert_memory_equal(row.image, "\0\1\2", 3);
}

static void test_wishes_in_their_order_each_once(void **state)
{
	struct dg_wish *wishes = NULL;
	size_t n = 0;
	struct dg_wish stop = {.kind = "stop", .who = "op@host", .at = 10};
	struct dg_wish yes = {
		.kind = "approve", .name = ZONE, .proposal = "p1", .who = "op@host", .at = 11};

	(void)state;
	open_it();
	must(dg_store_wish_put(t.s, &stop, &t.err));
	must(dg_store_wish_put(t.s, &yes, &t.err));
	must(dg_store_wishes(t.s, t.a, &wishes, &n, &t.err));
	assert_int_equal(n, 2);
	assert_string_equal(wishes[0].kind, "stop");
	assert_null(wishes[0].name);
	assert_null(wishes[0].proposal);
	assert_string_equal(wishes[1].kind, "approve");
	assert_string_equal(wishes[1].name, ZONE);
	assert_string_equal(wishes[1].proposal, "p1");
	assert_string_equal(wishes[1].who, "op@host");
	assert_int_equal(wishes[1].at, 11);
	must(dg_store_wish_done(t.s, wishes[0].id, &t.err));
	must(dg_store_wish_done(t.s, wishes[0].id, &t.err)); /* no harm */
	must(dg_store_wishes(t.s, t.a, &wishes, &n, &t.err));
	assert_int_equal(n, 1);
	assert_string_equal(wishes[0].kind, "approve");
}

static void test_a_sequence_number_is_never_used_again(void **state)
{
	struct dg_letter l = {.hook = "/etc/dnsguard/hook", .body = "{}", .at = 5};
	struct dg_letter *letters = NULL;
	size_t n = 0;

	(void)state;
	open_it();
	for (int i = 0; i < 3; i++) {
		must(dg_store_letter_put(t.s, &l, &t.err));
	}
	int64_t last = l.sequence;
	must(dg_store_letters(t.s, t.a, 2, &letters, &n, &t.err));
	assert_int_equal(n, 2);
	assert_int_equal(letters[0].sequence, last - 2);
	assert_int_equal(letters[1].sequence, last - 1);
	must(dg_store_letter_tried(t.s, last - 2, false, &t.err));
	must(dg_store_letter_tried(t.s, last - 1, true, &t.err));
	must(dg_store_letter_tried(t.s, last, true, &t.err));
	open_it();
	must(dg_store_letters(t.s, t.a, 10, &letters, &n, &t.err));
	assert_int_equal(n, 1);
	assert_int_equal(letters[0].n_tries, 1);
	assert_string_equal(letters[0].hook, "/etc/dnsguard/hook");
	assert_string_equal(letters[0].body, "{}");
	assert_int_equal(letters[0].at, 5);
	must(dg_store_letter_tried(t.s, last - 2, true, &t.err));
	must(dg_store_letter_put(t.s, &l, &t.err));
	assert_int_equal(l.sequence, last + 1);
}

/* A journal as the version before wrote it. */
static void make_format_1(void)
{
	sqlite3 *db = NULL;
	FILE *f = fopen(FORMAT_1, "r");
	char *text = dg_get(t.a, 1, 1 << 16);

	assert_non_null(f);
	assert_in_range(fread(text, 1, (1 << 16) - 1, f), 1, (1 << 16) - 2);
	must(fclose(f));
	mode_t mask = umask(077);
	assert_int_equal(sqlite3_open(t.path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, text, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	(void)umask(mask);
}

static void assert_old_rows(void)
{
	struct dg_step *steps = NULL;
	struct dg_run *runs = NULL;
	struct dg_step want = make_step(1, ZONE);
	size_t n = 0;

	must(dg_store_log(t.s, t.a, NULL, 10, &steps, &runs, &n, &t.err));
	assert_int_equal(n, 1);
	assert_int_equal(steps[0].state, DG_STEP_APPLIED);
	assert_string_equal(runs[0].who, "op@host");
	must(dg_store_step(t.s, t.a, 1, &steps[0], &t.err));
	assert_int_equal(steps[0].n_changes, 2);
	assert_true(dg_rrset_same(&steps[0].changes[0].before, &want.changes[0].before));
	assert_owned(ZONE, &want.changes[0].after);
}

static void test_a_journal_of_the_version_before(void **state)
{
	struct dg_watch_row row = watch_row(ZONE, "new");
	struct dg_watch_row *rows = NULL;
	struct dg_guard_row *guards = NULL;
	struct dg_wish *wishes = NULL;
	struct dg_letter *letters = NULL;
	const char *position = NULL;
	size_t n = 9;

	(void)state;
	make_format_1();
	must(dg_store_open(t.dir, true, &t.s, &t.err)); /* read as it is: nothing watched yet */
	assert_old_rows();
	must(dg_store_watch_all(t.s, t.a, &rows, &n, &t.err));
	assert_int_equal(n, 0);
	must(dg_store_guards(t.s, t.a, &guards, &n, &t.err));
	assert_int_equal(n, 0);
	must(dg_store_wishes(t.s, t.a, &wishes, &n, &t.err));
	assert_int_equal(n, 0);
	must(dg_store_letters(t.s, t.a, 1, &letters, &n, &t.err));
	assert_int_equal(n, 0);
	assert_int_equal(dg_store_position_get(t.s, t.a, "log a", &position, &t.err), 1);
	assert_int_equal(dg_store_watch_get(t.s, t.a, ZONE, &row, &t.err), 1);

	open_it();
	assert_old_rows();
	row = watch_row(ZONE, "new");
	must(dg_store_watch_put(t.s, &row, &t.err));
	open_it();
	assert_old_rows();
	assert_image(ZONE, "new");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_detectors, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_many_detectors_in_one_transaction, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_positions_go_with_their_detectors, setup, teardown),
		cmocka_unit_test_setup_teardown(test_guards, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_wishes_in_their_order_each_once, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_a_sequence_number_is_never_used_again, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_a_journal_of_the_version_before, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
