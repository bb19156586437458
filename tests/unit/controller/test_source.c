/* Letters out of mailboxes that grow, are tidied and written anew: each once, over restarts too. */
#include "tests/unit/unit.h"

#include "controller/letters/source.h"
#include "zones/base/err.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE_S 60

static char dir[64], box[160], what[200];
static struct dg_source *source;
static char *position;
static struct dg_err err;
static unsigned n_made;

/* --- life ------------------------------------------------------------------------------------------------- */
static void begin(void)
{
	struct dg_source_options o = {.is_followed = true, .position = position, .stop_fd = -1};

	if (dg_source_open(what, &o, &source, &err) != 0) {
		fail_msg("%s", err.text);
	}
}

static void end(void)
{
	free(position);
	position = strdup(dg_source_position(source));
	source = dg_source_close(source);
}

static void again(void)
{
	end();
	begin();
}

/* What is there now; text: must be in one of them, or NULL. */
static unsigned take(const char *text)
{
	struct dg_letter l;
	bool has = text == NULL;
	unsigned n = 0;
	int r = 0;

	while ((r = dg_source_next(source, &l, &err)) == 0) {
		has = has || memmem(l.p, l.n, text, strlen(text));
		n++;
	}
	assert_int_equal(r, DG_SOURCE_END);
	assert_true(has || n == 0);
	return n;
}

/* Until there are so many, then once more: not one too many. */
static void expect(unsigned n)
{
	time_t until = time(NULL) + PATIENCE_S;
	unsigned seen = take(NULL);

	while (seen < n && time(NULL) < until) {
		dg_source_wait(source, 100);
		seen += take(NULL);
	}
	dg_source_wait(source, 0);
	assert_int_equal(seen + take(NULL), n);
}

static int set_up(void **state)
{
	(void)state;
	(void)strcpy(dir, "/tmp/source.XXXXXX");
	position = NULL;
	n_made = 0;
	return mkdtemp(dir) ? 0 : -1;
}

static int tear_down(void **state)
{
	char command[128];

	(void)state;
	source = dg_source_close(source);
	free(position);
	position = NULL;
	(void)snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command);
}

static void write_file(const char *path, const char *text, int flags)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(close(fd), 0);
}

/* --- Maildir ------------------------------------------------------------------------------------------------- */
static void make_maildir(void)
{
	static const char *const sub[] = {"", "/tmp", "/new", "/cur"};

	(void)snprintf(box, sizeof(box), "%s/box", dir);
	(void)snprintf(what, sizeof(what), "maildir:%s", box);
	for (size_t i = 0; i < 4; i++) {
		char path[200];

		(void)snprintf(path, sizeof(path), "%s%s", box, sub[i]);
		assert_int_equal(mkdir(path, 0700), 0);
	}
}

static void deliver(unsigned n)
{
	char from[200], to[200], text[100];

	for (; n > 0; n--) {
		unsigned i = n_made++;

		(void)snprintf(from, sizeof(from), "%s/tmp/%u.M%uP1.host", box, 1000 + i, i);
		(void)snprintf(to, sizeof(to), "%s/new/%u.M%uP1.host", box, 1000 + i, i);
		(void)snprintf(text, sizeof(text), "Subject: %u\n\nbody\n", i);
		write_file(from, text, O_TRUNC);
		assert_int_equal(rename(from, to), 0);
	}
}

/* A mail program takes number i into cur. */
static void move(unsigned i, const char *before, const char *flags)
{
	char from[200], to[200];

	(void)snprintf(from, sizeof(from), "%s/%s/%u.M%uP1.host%s", box, *before ? "cur" : "new",
		1000 + i, i, before);
	(void)snprintf(to, sizeof(to), "%s/cur/%u.M%uP1.host%s", box, 1000 + i, i, flags);
	assert_int_equal(rename(from, to), 0);
}

static void test_maildir(void **state)
{
	(void)state;
	make_maildir();
	deliver(3);
	begin();
	expect(0);
	deliver(2);
	expect(2);
	move(4, "", ":2,S");
	move(4, ":2,S", ":2,RS");
	expect(0);
	again();
	expect(0);
	end();
	deliver(5);
	move(6, "", ":2,S"); /* read by a person before it was seen here */
	begin();
	expect(5);
	deliver(1);
	move(n_made - 1, "", ":2,");
	expect(1);
}

static void test_maildir_overflow(void **state)
{
	(void)state;
	make_maildir();
	begin();
	deliver(20000); /* more than the kernel's queue of events, and than one look */
	expect(20000);
	again();
	expect(0);
	end();
	deliver(10000);
	begin();
	assert_int_equal(take("Subject: 20000\n"), 10000);
}

static void test_maildir_future(void **state)
{
	char path[200];
	struct timespec times[2] = {
		{.tv_sec = time(NULL) + 1000000}, {.tv_sec = time(NULL) + 1000000}};

	(void)state;
	make_maildir();
	begin();
	deliver(1);
	(void)snprintf(path, sizeof(path), "%s/new/1000.M0P1.host", box);
	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
	expect(1);
	again();
	deliver(1);
	expect(1);
}

/* --- mbox ------------------------------------------------------------------------------------------------------ */
static const char *letter(char buf[300], unsigned i)
{
	time_t now = time(NULL);
	char date[32];

	(void)ctime_r(&now, date);
	date[strcspn(date, "\n")] = '\0';
	(void)snprintf(buf, 300,
		"From MAILER-DAEMON %s\nMessage-ID: <%u@x>\nSubject: number %u\n\n"
		">From here\nFrom what I know\n\nend\n\n",
		date, i, i);
	return buf;
}

static void append(unsigned n)
{
	char buf[300];

	for (; n > 0; n--) {
		write_file(box, letter(buf, n_made++), O_APPEND);
	}
}

static void make_mbox(void)
{
	(void)snprintf(box, sizeof(box), "%s/box", dir);
	(void)snprintf(what, sizeof(what), "mbox:%s", box);
}

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
	(void)strcpy(rest, buf + half);
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

/* --- once through ------------------------------------------------------------------------------------------------ */
static unsigned read_all(const char *from, struct dg_letter *ret_last, char ret_name[100])
{
	struct dg_source_options o = {.stop_fd = -1};
	struct dg_letter l;
	unsigned n = 0;
	int r = 0;

	source = dg_source_close(source);
	if (dg_source_open(from, &o, &source, &err) != 0) {
		fail_msg("%s", err.text);
	}
	while ((r = dg_source_next(source, &l, &err)) == 0) {
		*ret_last = l;
		(void)snprintf(ret_name, 100, "%s", l.name);
		n++;
	}
	assert_int_equal(r, DG_SOURCE_END);
	return n;
}

static void test_once(void **state)
{
	struct dg_letter l;
	char name[100], path[200];

	(void)state;
	make_mbox();
	append(17);
	assert_int_equal(read_all(box, &l, name), 17);
	assert_string_equal(name, "box message 17");
	assert_int_equal(l.n, strlen("Message-ID: <16@x>\nSubject: number 16\n\n>From here\nFrom "
				     "what I know\n\nend\n") -
				      1);
	const char *start = "Message-ID: <16@x>\nSubject: number 16\n\nFrom here\nFrom what";
	assert_memory_equal(l.p, start, strlen(start));
	assert_true(l.at_ms > (int64_t)(time(NULL) - 86400) * 1000);
	(void)snprintf(path, sizeof(path), "%s/one.eml", dir);
	write_file(path, "Subject: x\n\nFrom a Thu Nov 26 10:00:00 2026\n", 0);
	assert_int_equal(read_all(path, &l, name), 1);
	assert_string_equal(name, "one.eml");
	(void)snprintf(path, sizeof(path), "%s/empty", dir);
	write_file(path, "", 0);
	assert_int_equal(read_all(path, &l, name), 0);
	assert_int_equal(unlink(box), 0);
	assert_int_equal(read_all(dir, &l, name), 2);
	make_maildir();
	deliver(3);
	move(18, "", ":2,S");
	assert_int_equal(read_all(box, &l, name), 3);
	assert_string_equal(name, "cur/1018.M18P1.host:2,S");
}

static void test_errors(void **state)
{
	static const char *const wrong[] = {"/nonexistent/x", "maildir:/tmp",
		"mbox:", "imaps://host/INBOX", "imaps:user@host", "imaps://a@b/%0d%0a"};
	struct dg_source_options o = {.stop_fd = -1};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_int_equal(dg_source_open(wrong[i], &o, &source, &err), DG_EINPUT);
		assert_null(source);
	}
	o.is_followed = true;
	assert_int_equal(dg_source_open("file:/etc/passwd", &o, &source, &err), DG_EINPUT);
	assert_string_equal(dg_source_kind("imaps://a@b/c"), "imaps");
	assert_null(dg_source_kind("/tmp"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_maildir, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_maildir_overflow, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_maildir_future, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_mbox, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_mbox_tidied, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_mbox_replaced, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_mbox_absent, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_mbox_partial, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_mbox_locked, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_once, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_errors, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
