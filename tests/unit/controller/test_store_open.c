#include "tests/unit/controller/store_unit.h"

#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/wait.h>

/* --- who may use it --- */
static void test_reading_makes_nothing(void **state)
{
	struct dg_step *steps = NULL;
	struct dg_run *runs = NULL;
	struct stat st;
	size_t n = 9;
	char missing[96];

	(void)state;
	(void)snprintf(missing, sizeof(missing), "%s/none", t.dir);
	must(dg_store_open(missing, true, &t.s, &t.err));
	must(dg_store_log(t.s, t.a, NULL, 10, &steps, &runs, &n, &t.err));
	assert_int_equal(n, 0);
	assert_owned(ZONE, NULL);
	fails(dg_store_begin(t.s, &t.err), DG_EPOLICY, "reading only");
	t.s = dg_store_close(t.s);
	assert_int_equal(stat(missing, &st), -1);
	must(dg_store_open(t.dir, true, &t.s, &t.err));
	t.s = dg_store_close(t.s);
	assert_int_equal(stat(t.path, &st), -1);

	open_it();
	struct dg_step step = make_step(start_run(), ZONE);
	must(dg_store_intend(t.s, &step, &t.err));
	t.s = dg_store_close(t.s);
	must(dg_store_open(t.dir, true, &t.s, &t.err));
	must(dg_store_log(t.s, t.a, NULL, 10, &steps, &runs, &n, &t.err));
	assert_int_equal(n, 1);
	fails(dg_store_intend(t.s, &step, &t.err), DG_EPOLICY, "reading only");
	t.s = dg_store_close(t.s);
	must(chmod(t.dir,
		0500)); /* not even the files that readers share can be made (unless by root) */
	must(dg_store_open(t.dir, true, &t.s, &t.err));
	must(dg_store_log(t.s, t.a, NULL, 10, &steps, &runs, &n, &t.err));
	assert_int_equal(n, 1);
	t.s = dg_store_close(t.s);
	must(chmod(t.dir, 0700));
	assert_int_equal(unlink(t.path), 0);
	char side[112];
	(void)snprintf(side, sizeof(side), "%s-wal", t.path);
	assert_int_equal(stat(side, &st), -1); /* left nothing behind */
}

static void assert_mode_and_remove(const char *dir, const char *name)
{
	char path[128];
	struct stat st;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	must(stat(path, &st));
	assert_int_equal(st.st_mode & 07777, 0600);
	must(unlink(path));
}

static void test_only_its_owner_can_write_to_it(void **state)
{
	struct stat st;
	char deep[96];

	(void)state;
	(void)snprintf(deep, sizeof(deep), "%s/a/b", t.dir);
	mode_t mask = umask(0);
	must(dg_store_open(deep, false, &t.s, &t.err));
	(void)umask(mask);
	t.s = dg_store_close(t.s);
	must(stat(deep, &st));
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_mode_and_remove(deep, "journal.db");
	assert_mode_and_remove(deep, "journal.lock");
	assert_int_equal(rmdir(deep), 0);
	*strrchr(deep, '/') = '\0';
	assert_int_equal(rmdir(deep), 0);

	must(chmod(t.dir, 0770));
	fails(dg_store_open(t.dir, false, &t.s, &t.err), DG_EINPUT,
		"can be written by others (mode 0770)");
	fails(dg_store_open(t.dir, true, &t.s, &t.err), DG_EINPUT, "chmod go-w");
	must(chmod(t.dir, 0755));
	open_it();
	t.s = dg_store_close(t.s);
	must(chmod(t.path, 0602));
	fails(dg_store_open(t.dir, false, &t.s, &t.err), DG_EINPUT, "journal");
	must(unlink(t.path));
	must(symlink("/dev/null", t.path));
	fails(dg_store_open(t.dir, false, &t.s, &t.err), DG_EINPUT, "not a plain file");
	must(unlink(t.path));
	fails(dg_store_open("/dev/null", false, &t.s, &t.err), DG_EINPUT, "not a folder");
	fails(dg_store_open("", false, &t.s, &t.err), DG_EINPUT, "0 bytes");
	fails(dg_store_open("/proc/nobody/x", false, &t.s, &t.err), DG_EIO, "could not be made");
	if (geteuid() == 0) {
		must(chown(t.dir, 4242, 4242));
		open_it(); /* root may; the files stay usable for the folder's owner */
		must(stat(t.path, &st));
		assert_int_equal(st.st_uid, 4242);
	}
}

static void sql(const char *text)
{
	sqlite3 *db = NULL;

	assert_int_equal(sqlite3_open(t.path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, text, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void test_other_formats_are_left_alone(void **state)
{
	(void)state;
	open_it();
	t.s = dg_store_close(t.s);
	sql("PRAGMA user_version = 99");
	fails(dg_store_open(t.dir, false, &t.s, &t.err), DG_EINPUT, "newer dnsguard (format 99");
	fails(dg_store_open(t.dir, true, &t.s, &t.err), DG_EINPUT, "newer dnsguard (format 99");
	sql("PRAGMA application_id = 1");
	fails(dg_store_open(t.dir, false, &t.s, &t.err), DG_EINPUT, "not a journal of dnsguard");
	FILE *f = fopen(t.path, "w");
	assert_non_null(f);
	for (int i = 0; i < 2000; i++) {
		(void)fputs("not a database\n", f);
	}
	must(fclose(f));
	fails(dg_store_open(t.dir, false, &t.s, &t.err), DG_EIO, "is damaged");
}

static void test_another_dnsguard_at_work(void **state)
{
	struct dg_store *other = NULL;

	(void)state;
	open_it();
	must(dg_store_open(t.dir, false, &other, &t.err));
	int64_t run = start_run();
	struct dg_step step = make_step(run, ZONE);
	must(dg_store_begin(other, &t.err));
	fails(dg_store_intend(t.s, &step, &t.err), DG_ECONFLICT, "locked by another dnsguard");
	assert_int_equal(t.err.retry_after_s, 5);
	dg_store_rollback(other);
	must(dg_store_intend(t.s, &step, &t.err));
	(void)dg_store_close(other);
}

/* --- crashes and full disks; every system call: tests/unit/controller/store_faults.py --- */
static void cut_off(void)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		open_it();
		for (int i = 0; i < 50; i++) {
			struct dg_step step = make_step(start_run(), ZONE);

			must(dg_store_intend(t.s, &step, &t.err));
		}
		(void)kill(getpid(), SIGKILL);
	}
	int status = 0;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
}

static void test_a_cut_off_journal_is_whole(void **state)
{
	struct dg_step *open = NULL;
	size_t n = 0;

	(void)state;
	cut_off();
	must(dg_store_open(t.dir, true, &t.s, &t.err));
	must(dg_store_open_steps(t.s, t.a, NULL, &open, &n, &t.err));
	assert_int_equal(n, 50);
	open_it();
	must(dg_store_open_steps(t.s, t.a, NULL, &open, &n, &t.err));
	assert_int_equal(n, 50);
}

static void test_a_damaged_journal_is_not_acted_upon(void **state)
{
	unsigned char noise[512];
	struct stat st;

	(void)state;
	open_it();
	for (int i = 0; i < 200; i++) {
		struct dg_step step = make_step(start_run(), ZONE);

		must(dg_store_intend(t.s, &step, &t.err));
	}
	t.s = dg_store_close(t.s);
	cut_off(); /* so that it is looked at */
	memset(noise, 0x5a, sizeof(noise));
	int fd = open(t.path, O_WRONLY);
	must(fstat(fd, &st));
	for (off_t at = 8192; at < st.st_size; at += 4096) {
		assert_int_equal(pwrite(fd, noise, sizeof(noise), at), sizeof(noise));
	}
	must(close(fd));
	fails(dg_store_open(t.dir, false, &t.s, &t.err), DG_EIO, "restore --offline");
	assert_null(t.s);
}

static void limit_files(rlim_t bytes)
{
	struct rlimit l;

	must(getrlimit(RLIMIT_FSIZE, &l));
	l.rlim_cur = bytes;
	must(setrlimit(RLIMIT_FSIZE, &l));
}

static void test_no_room(void **state)
{
	const struct sigaction ignore = {.sa_handler = SIG_IGN};
	struct dg_step *open = NULL;
	size_t n = 0;
	size_t n_done = 0;
	int rc = 0;

	(void)state;
	must(sigaction(SIGXFSZ, &ignore, NULL));
	open_it();
	int64_t run = start_run();
	limit_files(200000);
	while (rc == 0) {
		struct dg_step step = make_step(run, ZONE);

		rc = dg_store_intend(t.s, &step, &t.err);
		n_done += rc == 0 ? 1 : 0;
		assert_in_range(n_done, 0, 100000);
	}
	fails(rc, DG_EIO, t.path);
	must(dg_store_open_steps(t.s, t.a, NULL, &open, &n, &t.err));
	assert_int_equal(n, n_done); /* each with both of its changes, or reading it fails */
	limit_files(RLIM_INFINITY);
	struct dg_step step = make_step(run, ZONE);
	must(dg_store_intend(t.s, &step, &t.err));
	open_it();
	must(dg_store_open_steps(t.s, t.a, NULL, &open, &n, &t.err));
	assert_int_equal(n, n_done + 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_reading_makes_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_only_its_owner_can_write_to_it, setup, teardown),
		cmocka_unit_test_setup_teardown(test_other_formats_are_left_alone, setup, teardown),
		cmocka_unit_test_setup_teardown(test_another_dnsguard_at_work, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_cut_off_journal_is_whole, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_a_damaged_journal_is_not_acted_upon, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_room, setup, teardown),
	};
	return cmocka_run_group_tests_name("controller/store_open", tests, NULL, NULL);
}
