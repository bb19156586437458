/* The output as a journal: what is gone on with after a kill, and what is refused. */
#include "tests/unit/unit.h"

#include "controller/check/audit_belt.h"
#include "controller/check/audit_journal.h"
#include "controller/check/audit_row.h"
#include "zones/base/buf.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct dg_belt_line line_of(uint64_t no, const char *text)
{
	struct dg_belt_line l = {.no = no, .len = strlen(text)};

	memcpy(l.text, text, l.len);
	return l;
}

static void file_with(char path[32], const char *text, size_t len)
{
	memcpy(path, "/tmp/dg-audit-XXXXXX", 21);
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, len), len);
	(void)close(fd);
}

static void on_row(void *arg, const struct dg_row *row)
{
	(void)row;
	++*(unsigned *)arg;
}

static int start(const char *path, bool is_resuming, unsigned *n, struct dg_audit_journal **ret_j,
	struct dg_err *err)
{
	const struct dg_audit_journal_way way = {
		.path = path, .is_resuming = is_resuming, .row = on_row, .arg = n};

	return dg_audit_journal_open(&way, ret_j, err);
}

#define ROW(n, input)                                             \
	"{\"type\":\"domain\",\"line\":" #n ",\"input\":\"" input \
	"\",\"verdict\":\"protected\",\"codes\":[],\"x\":1}\n"

static int look(struct dg_audit_journal *j, uint64_t no, const char *input)
{
	const struct dg_belt_line l = line_of(no, input);
	struct dg_buf b;
	struct dg_err err;

	dg_buf_init(&b, DG_ROW_MAX);
	int rc = dg_audit_journal_look(j, no, dg_row_key(&b, &l, false), &err);
	dg_buf_done(&b);
	return rc;
}

static off_t len_of(const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return st.st_size;
}

/* Opens a file with this text to go on with it. ret_len: what is left of it when writing begins. */
static int resume(
	const char *text, struct dg_audit_journal **ret_j, off_t *ret_len, unsigned *ret_n)
{
	struct dg_err err;
	char path[32];

	file_with(path, text, strlen(text));
	*ret_n = 0;
	int rc = start(path, true, ret_n, ret_j, &err);
	assert_int_equal(
		len_of(path), strlen(text)); /* not touched before the input was looked at */
	if (rc == 0) {
		assert_false(dg_audit_journal_has_begun(*ret_j));
		assert_int_equal(dg_audit_journal_begin(*ret_j, &err), 0);
		assert_true(dg_audit_journal_has_begun(*ret_j));
	}
	*ret_len = len_of(path);
	(void)unlink(path);
	return rc;
}

static void test_resume(void **state)
{
	static const char text[] = ROW(2, "b.example") ROW(1, "a.example");
	static const char *const tails[] = {"", "{", "{\"type\":\"dom",
		"{\"type\":\"domain\",\"line\":3,\"inp", "{\"type\":\"summary\",\"x\":1}\n"};
	struct dg_audit_journal *j = NULL;
	struct dg_err err;
	unsigned n;
	off_t len;

	(void)state;
	for (size_t i = 0; i < sizeof(tails) / sizeof(tails[0]); i++) {
		char all[512];

		(void)snprintf(all, sizeof(all), "%s%s", text, tails[i]);
		assert_int_equal(resume(all, &j, &len, &n), 0);
		assert_int_equal(n, 2);
		assert_int_equal(len, strlen(text));
		assert_true(dg_audit_journal_is_resumed(j));
		assert_int_equal(look(j, 1, "a.example"), DG_AUDIT_JOURNAL_DONE);
		assert_int_equal(dg_audit_journal_check_end(j, &err), DG_EINPUT);
		assert_int_equal(look(j, 2, "b.example"), DG_AUDIT_JOURNAL_DONE);
		assert_int_equal(look(j, 3, "c.example"), 0);
		assert_int_equal(look(j, 1000000, "c.example"), 0);
		assert_int_equal(look(j, 2, "c.example"), DG_EINPUT);
		assert_int_equal(dg_audit_journal_check_end(j, &err), 0);
		j = dg_audit_journal_close(j);
	}
	assert_int_equal(resume("", &j, &len, &n), 0);
	assert_false(dg_audit_journal_is_resumed(j));
	j = dg_audit_journal_close(j);
}

static void test_not_ours(void **state)
{
	static const char *const texts[] = {"hello\n", "hello", "{\"domain\":\"x\"}\n",
		ROW(1, "a") "hello\n", ROW(1, "a") "hello", ROW(1, "a") ROW(1, "a"),
		"{\"type\":\"summary\",\"x\":1}\n" ROW(1, "a"), ROW(4000000000, "a"), "\n"};
	struct dg_audit_journal *j = NULL;
	unsigned n;
	off_t len;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_int_equal(resume(texts[i], &j, &len, &n), DG_EINPUT);
		assert_int_equal(len, strlen(texts[i])); /* as it was */
	}
}

static void test_journal_guard(void **state)
{
	struct dg_audit_journal *j = NULL;
	struct dg_audit_journal *k = NULL;
	struct dg_err err;
	unsigned n = 0;
	char path[32];

	(void)state;
	file_with(path, ROW(1, "a"), strlen(ROW(1, "a")));
	assert_int_equal(start(path, false, &n, &j, &err), DG_EINPUT);
	assert_non_null(strstr(err.text, "--resume"));
	assert_int_equal(start(path, true, &n, &j, &err), 0);
	assert_int_equal(start(path, true, &n, &k, &err), DG_EINPUT);
	assert_non_null(strstr(err.text, "another audit"));
	assert_int_equal(dg_audit_journal_begin(j, &err), 0);
	assert_int_equal(dg_audit_journal_write(j, ROW(2, "b"), strlen(ROW(2, "b")), -1, &err), 0);
	assert_int_equal(dg_audit_journal_flush(j, -1, &err), 0);
	j = dg_audit_journal_close(j);
	assert_int_equal(start(path, true, &n, &j, &err), 0);
	assert_int_equal(n, 3);
	j = dg_audit_journal_close(j);
	assert_int_equal(start("/dev/full", false, &n, &j, &err), 0);
	assert_int_equal(dg_audit_journal_write(j, "x", 1, -1, &err), 0);
	assert_int_equal(dg_audit_journal_flush(j, -1, &err), DG_EIO);
	(void)dg_audit_journal_close(j);
	(void)unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_resume),
		cmocka_unit_test(test_not_ours),
		cmocka_unit_test(test_journal_guard),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
