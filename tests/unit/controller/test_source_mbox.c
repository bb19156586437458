/* Letters out of an mbox that grows, is tidied and written anew: each once, over restarts too. */
#include "tests/unit/controller/source_unit.h"

/* --- mbox ------------------------------------------------------------------------------------------------------ */
static char *read_box(void)
{
	static char text[100000];
	FILE *f = fopen(box, "re");

	assert_non_null(f);
	text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
	assert_int_equal(fclose(f), 0);
	return text;
}

/* What a mail program does when it closes: the first n are gone, the others have a Status; in place, or as a new file. */
static void tidy(unsigned n, bool in_place)
{
	char other[170];
	char *text = read_box();
	FILE *f = NULL;

	for (; n > 0; n--) {
		text = strstr(text + 1, "\nFrom MAILER") + 1;
	}
	(void)snprintf(other, sizeof(other), "%s%s", box, in_place ? "" : ".new");
	f = fopen(other, "we");
	assert_non_null(f);
	for (char *p = text; *p != '\0';) {
		char *next = strstr(p, "Subject:");

		next = next ? next : p + strlen(p);
		(void)fprintf(f, "%.*s%s", (int)(next - p), p, *next ? "Status: RO\n" : "");
		p = next + (*next ? 8 : 0);
		if (*next) {
			(void)fputs("Subject:", f);
		}
	}
	assert_int_equal(fclose(f), 0);
	if (!in_place) {
		assert_int_equal(rename(other, box), 0);
	}
}

static void test_mbox(void **state)
{
	(void)state;
	make_mbox();
	append(3);
	begin();
	expect(0);
	append(2);
	expect(2);
	again();
	expect(0);
	end();
	append(4);
	begin();
	expect(4);
}

static void tidy_and_look(bool in_place)
{
	make_mbox();
	append(3);
	begin();
	append(3);
	expect(3);
	tidy(2, in_place);
	expect(0);
	append(1);
	expect(1);
	end();
	tidy(1, in_place); /* while nobody looks */
	append(2);
	begin();
	expect(2);
	write_file(box, "", O_TRUNC);
	expect(0);
	append(1);
	expect(1);
	again();
	assert_int_equal(unlink(box), 0);
	expect(0);
	append(2);
	expect(2);
}

static void test_mbox_tidied(void **state)
{
	(void)state;
	tidy_and_look(true);
}

static void test_mbox_replaced(void **state)
{
	(void)state;
	tidy_and_look(false);
}

/* The first letter of a mailbox that was not there is new. */
static void test_mbox_absent(void **state)
{
	(void)state;
	make_mbox();
	begin();
	expect(0);
	append(1);
	expect(1);
}

static void test_mbox_partial(void **state)
{
	char buf[300];
	char lock[180];
	size_t half = strlen(letter(buf, 7)) / 2;
	char rest[300];

	(void)state;
	make_mbox();
	begin();
	(void)snprintf(rest, sizeof(rest), "%s", buf + half);
	buf[half] = '\0'; /* within a line */
	write_file(box, buf, O_APPEND);
	for (unsigned i = 0; i < 8; i++) {
		dg_source_wait(source, 250);
		assert_int_equal(take(NULL), 0);
	}
	(void)snprintf(lock, sizeof(lock), "%s.lock", box);
	write_file(lock, "", O_EXCL);
	write_file(box, rest, O_APPEND);
	for (unsigned i = 0; i < 8; i++) {
		dg_source_wait(source, 250);
		assert_int_equal(take(NULL), 0);
	}
	assert_int_equal(unlink(lock), 0);
	expect(1);
}

/* A mail program holds its lock: nothing is read. */
static void test_mbox_locked(void **state)
{
	int in[2], out[2];
	char c = 0;

	(void)state;
	make_mbox();
	append(1);
	begin();
	append(1);
	assert_int_equal(pipe(in) | pipe(out), 0);
	pid_t pid = fork();
	if (pid == 0) {
		struct flock l = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
		int fd = open(box, O_RDWR | O_CLOEXEC);

		_exit(fcntl(fd, F_SETLK, &l) == 0 && write(out[1], "x", 1) == 1 &&
					read(in[0], &c, 1) == 1
				? 0
				: 1);
	}
	assert_int_equal(read(out[0], &c, 1), 1);
	for (unsigned i = 0; i < 8; i++) {
		dg_source_wait(source, 250);
		assert_int_equal(take(NULL), 0);
	}
	int status = -1;
	assert_int_equal(write(in[1], "x", 1), 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	append(1);
	expect(2);
	(void)close(in[0]);
	(void)close(in[1]);
	(void)close(out[0]);
	(void)close(out[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_mbox, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_mbox_tidied, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_mbox_replaced, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_mbox_absent, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_mbox_partial, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_mbox_locked, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
