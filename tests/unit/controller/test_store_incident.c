/* Records of incidents on disk: only added to, one open a name, two hands, and really gone when forgotten. */
#include "tests/unit/controller/store_unit.h"

#include "controller/store/incident.h"

#include <sqlite3.h>

static int64_t id;

static void open_one(void)
{
	const struct dg_incident_row row = {.name = "good.example.",
		.zone = "example.",
		.opened = 100,
		.opened_by = "a@h",
		.reason = "SECRET-REASON",
		.retention = 60};

	assert_int_equal(dg_store_open(t.dir, false, &t.s, &t.err), 0);
	assert_int_equal(dg_incident_open(t.s, &row, &id, &t.err), 0);
}

static int add(const char *text, const char *body, int64_t newest)
{
	struct dg_record_entry e = {.at = 101, .who = "a@h", .kind = DG_RECORD_NOTE, .text = text};
	struct dg_incident_body b = {body, body ? strlen(body) : 0};

	return dg_incident_add(t.s, id, &e, body ? &b : NULL, newest, &t.err);
}

static void test_one_episode_one_record(void **state)
{
	const struct dg_incident_row row = {
		.name = "good.example.", .opened = 200, .opened_by = "b@h", .retention = 60};
	struct dg_incident_row got;
	int64_t second = 0;

	(void)state;
	open_one();
	assert_int_equal(dg_incident_open(t.s, &row, &second, &t.err), 1);
	assert_int_equal(second, id);
	assert_int_equal(dg_incident_close(t.s, id, 300, "b@h", true, &t.err), 0);
	assert_int_equal(dg_incident_find(t.s, t.a, "good.example.", &got, &t.err), 1);
	assert_int_equal(dg_incident_open(t.s, &row, &second, &t.err), 0);
	assert_true(second != id);
	assert_int_equal(dg_incident_get(t.s, t.a, id, &got, &t.err), 0);
	assert_true(got.is_over && got.closed == 300);
	assert_string_equal(got.opened_by, "a@h");
	assert_int_equal(dg_incident_get(t.s, t.a, 99, &got, &t.err), 1);
}

static void test_two_hands(void **state)
{
	struct dg_record_entry *list = NULL;
	struct dg_incident_row row;
	struct dg_incident_body body;
	size_t n = 0;

	(void)state;
	open_one();
	assert_int_equal(add("first", "BODY", 0), 0);
	assert_int_equal(add("too late", NULL, 0), DG_ECONFLICT);
	assert_int_equal(add("second", NULL, 1), 0);
	assert_int_equal(add("whenever", NULL, -1), 0);
	assert_int_equal(dg_incident_entries(t.s, t.a, id, &list, &n, &t.err), 0);
	assert_int_equal(n, 3);
	assert_int_equal(dg_incident_get(t.s, t.a, id, &row, &t.err), 0);
	assert_int_equal(dg_record_broken(list, n, row.n_entries, row.head), 0);
	assert_int_equal(dg_incident_body(t.s, t.a, id, 1, &body, &t.err), 0);
	assert_memory_equal(body.p, "BODY", 4);
	assert_int_equal(dg_incident_body(t.s, t.a, id, 2, &body, &t.err), 1);
}

/* Somebody with the file open: the triggers say no, and where they were dropped the chain tells. */
static void test_only_added_to(void **state)
{
	static const char *const attempts[] = {"UPDATE incident_entry SET text = 'x'",
		"UPDATE incident_body SET body = x'00'", "DELETE FROM incident_entry",
		"DELETE FROM incident_body", "DELETE FROM incident"};
	struct dg_record_entry *list = NULL;
	struct dg_incident_row row;
	sqlite3 *db = NULL;
	size_t n = 0;

	(void)state;
	open_one();
	assert_int_equal(add("first", "BODY", -1), 0);
	t.s = dg_store_close(t.s);
	assert_int_equal(sqlite3_open(t.path, &db), SQLITE_OK);
	for (size_t i = 0; i < sizeof(attempts) / sizeof(attempts[0]); i++) {
		assert_int_equal(
			sqlite3_exec(db, attempts[i], NULL, NULL, NULL), SQLITE_CONSTRAINT);
	}
	assert_int_equal(
		sqlite3_exec(db,
			"DROP TRIGGER incident_entry_stays; UPDATE incident_entry SET text = 'x'",
			NULL, NULL, NULL),
		SQLITE_OK);
	(void)sqlite3_close(db);
	assert_int_equal(dg_store_open(t.dir, true, &t.s, &t.err), 0);
	assert_int_equal(dg_incident_get(t.s, t.a, id, &row, &t.err), 0);
	assert_int_equal(dg_incident_entries(t.s, t.a, id, &list, &n, &t.err), 0);
	assert_int_equal(dg_record_broken(list, n, row.n_entries, row.head), 1);
}

static bool is_in_files(const char *what)
{
	static const char *const names[] = {"journal.db", "journal.db-wal"};
	static char bytes[1 << 20];
	bool is_there = false;

	for (size_t i = 0; i < 2; i++) {
		char path[96];

		(void)snprintf(path, sizeof(path), "%s/%s", t.dir, names[i]);
		FILE *f = fopen(path, "r");
		size_t n = f ? fread(bytes, 1, sizeof(bytes), f) : 0;
		is_there = is_there || memmem(bytes, n, what, strlen(what));
		if (f) {
			(void)fclose(f);
		}
	}
	return is_there;
}

static void test_forgotten_is_gone(void **state)
{
	struct dg_record_entry *list = NULL;
	struct dg_incident_row row;
	size_t n = 0;

	(void)state;
	open_one();
	assert_int_equal(add("SECRET-NOTE", "SECRET-BODY", -1), 0);
	assert_true(is_in_files("SECRET-NOTE") && is_in_files("SECRET-BODY") &&
		    is_in_files("SECRET-REASON"));
	assert_int_equal(dg_incident_forget(t.s, id, 500, "b@h", &t.err), 0);
	assert_false(is_in_files("SECRET-"));
	assert_int_equal(dg_incident_get(t.s, t.a, id, &row, &t.err), 0);
	assert_int_equal(row.forgotten, 500);
	assert_int_equal(row.n_entries, 1);
	assert_null(row.reason);
	assert_int_equal(dg_incident_entries(t.s, t.a, id, &list, &n, &t.err), 0);
	assert_int_equal(n, 0);
	assert_int_equal(add("more", NULL, -1), DG_EPOLICY);
}

static void test_bounds(void **state)
{
	static char text[DG_RECORD_TEXT_MAX + 2];
	struct dg_record_entry e = {.at = 1, .who = "a", .kind = DG_RECORD_NOTE, .text = text};
	const struct dg_incident_body large = {text, DG_INCIDENT_BODY_MAX + 1};

	(void)state;
	open_one();
	memset(text, 'x', sizeof(text) - 1);
	assert_int_equal(add(text, NULL, -1), DG_ELIMIT);
	e.text = "";
	assert_int_equal(dg_incident_add(t.s, id, &e, &large, -1, &t.err), DG_ELIMIT);
	id = 77;
	assert_int_equal(add("x", NULL, -1), DG_EINPUT);
}

/* A journal of before has none, and becomes one that can. */
static void test_an_older_journal(void **state)
{
	struct dg_incident_row *rows = NULL;
	size_t n = 1;
	sqlite3 *db = NULL;

	(void)state;
	assert_int_equal(dg_store_open(t.dir, false, &t.s, &t.err), 0);
	t.s = dg_store_close(t.s);
	assert_int_equal(sqlite3_open(t.path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db,
				 "DROP TABLE item; DROP TABLE order_; DROP INDEX guard_zone; DROP "
				 "TABLE token; DROP TABLE "
				 "incident_body; DROP TABLE incident_entry; DROP TABLE incident; "
				 "PRAGMA user_version = 4",
				 NULL, NULL, NULL),
		SQLITE_OK);
	(void)sqlite3_close(db);
	assert_int_equal(dg_store_open(t.dir, true, &t.s, &t.err), 0);
	assert_int_equal(dg_incident_list(t.s, t.a, &rows, &n, &t.err), 0);
	assert_int_equal(n, 0);
	t.s = dg_store_close(t.s);
	open_one();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_one_episode_one_record, setup, teardown),
		cmocka_unit_test_setup_teardown(test_two_hands, setup, teardown),
		cmocka_unit_test_setup_teardown(test_only_added_to, setup, teardown),
		cmocka_unit_test_setup_teardown(test_forgotten_is_gone, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bounds, setup, teardown),
		cmocka_unit_test_setup_teardown(test_an_older_journal, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
