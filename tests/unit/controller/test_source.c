/* Letters out of mailboxes that grow, are tidied and written anew: each once, over restarts too. */
#include "tests/unit/controller/source_unit.h"

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
		cmocka_unit_test_setup_teardown(test_once, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_errors, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
