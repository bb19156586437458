/* SMTP up to RCPT: what is said, what is kept of the answers, and what a broken or hostile server can do. */
#include "tests/unit/unit.h"

#include "controller/lookup/smtp.h"
#include "controller/lookup/smtp_reply.h"
#include "tests/unit/controller/fakesmtp.h"
#include "zones/base/arena.h"

struct scene {
	struct dg_loop *loop;
	struct dg_arena *arena;
	struct fake_smtp server;
	struct dg_smtp_talk talk;
	struct dg_timer *guard;
	int rc;
	unsigned n_done;
	bool is_in_start;
};

static const char *const nobody[] = {"nobody@example.invalid", "postmaster@example.test"};

static void on_done(struct dg_smtp_talk *t, int rc)
{
	struct scene *s = t->arg;

	assert_false(s->is_in_start);
	assert_null(t->internal);
	s->rc = rc;
	s->n_done++;
	dg_loop_stop(s->loop);
}

static void on_guard(void *arg)
{
	(void)arg;
	fail_msg("no callback within 120 s");
}

static struct scene *scene_new(const char *greeting, const struct fake_line *replies)
{
	struct scene *s = calloc(1, sizeof(*s));
	struct dg_err err;

	assert_non_null(s);
	assert_int_equal(dg_loop_new(NULL, &s->loop, &err), 0);
	s->arena = dg_arena_new(16u << 20);
	s->server = (struct fake_smtp){.greeting = greeting, .replies = replies};
	fake_smtp_start(&s->server, s->loop, "127.0.0.1");
	struct dg_smtp_try *tries = dg_newn(s->arena, struct dg_smtp_try, 2);
	tries[0] = (struct dg_smtp_try){
		.mail_from = "probe@example.test", .rcpt = nobody, .n_rcpt = 2};
	tries[1] = (struct dg_smtp_try){.mail_from = "", .rcpt = nobody, .n_rcpt = 1};
	s->talk = (struct dg_smtp_talk){
		.address = "127.0.0.1",
		.port = s->server.port,
		.helo = "probe.example.test",
		.tries = tries,
		.n_tries = 2,
		.timeout_ms = 60000,
		.arena = s->arena,
		.done = on_done,
		.arg = s,
	};
	s->guard = dg_loop_after_ms(s->loop, 120000, on_guard, s);
	return s;
}

static void run(struct scene *s)
{
	s->is_in_start = true;
	dg_smtp_start(s->loop, &s->talk);
	s->is_in_start = false;
	dg_loop_run(s->loop);
	assert_int_equal(s->n_done, 1);
	if (s->rc < 0) {
		assert_int_equal(s->rc, (int)s->talk.err.rc);
	}
	/* Whatever happens, a message is never begun. */
	assert_null(strcasestr(s->server.heard, "DATA"));
	assert_null(strcasestr(s->server.heard, "BDAT"));
}

static void scene_free(struct scene *s)
{
	(void)dg_timer_cancel(s->guard);
	fake_smtp_stop(&s->server);
	(void)dg_loop_free(s->loop);
	(void)dg_arena_free(s->arena);
	free(s);
}

static void check_code(const struct dg_smtp_reply *r, int code, const char *text)
{
	assert_int_equal(r->code, code);
	if (text) {
		assert_string_equal(r->text, text);
	} else {
		assert_null(r->text);
	}
}

static void check_err(const struct scene *s, int rc, const char *words)
{
	assert_int_equal(s->rc, rc);
	if (!strstr(s->talk.err.text, words)) {
		fail_msg("%s", s->talk.err.text);
	}
}

static void test_whole(void **state)
{
	static const struct fake_line replies[] = {
		{"EHLO", "250-mail.example.test\r\n250-StartTLS\r\n250-SIZE\r\n250 \x1b[2J\r\n"},
		{"MAIL FROM:<>", "550 no bounces\r\n"},
		{"MAIL", "250 2.1.0 Ok\r\n"},
		{"RCPT TO:<nobody", "554-5.7.1 no\r\n554 relaying\r\n"},
		{"RCPT", "250\r\n"},
		{"RSET", "250 flushed\r\n"},
		{"QUIT", "221 bye\r\n"},
		{"", ""},
	};
	struct scene *s = scene_new("220-mail.example.test\r\n220 ESMTP\r\n", replies);
	const struct dg_smtp_try *tries = s->talk.tries;

	(void)state;
	run(s);
	assert_int_equal(s->rc, 0);
	check_code(&s->talk.banner, 220, "mail.example.test ESMTP");
	check_code(&s->talk.ehlo, 250, "mail.example.test StartTLS SIZE \\x1b[2J");
	assert_true(s->talk.has_starttls);
	check_code(&tries[0].mail, 250, "2.1.0 Ok");
	check_code(&tries[0].rcpts[0], 554, "5.7.1 no relaying");
	check_code(&tries[0].rcpts[1], 250, "");
	check_code(&tries[1].mail, 550, "no bounces");
	check_code(&tries[1].rcpts[0], 0, NULL);
	assert_string_equal(s->server.heard, "EHLO probe.example.test\n"
					     "MAIL FROM:<probe@example.test>\n"
					     "RCPT TO:<nobody@example.invalid>\n"
					     "RCPT TO:<postmaster@example.test>\n"
					     "RSET\n"
					     "MAIL FROM:<>\n"
					     "RSET\n"
					     "QUIT\n");
	scene_free(s);
}

static void test_helo(void **state)
{
	static const struct fake_line replies[] = {
		{"EHLO", "502 what\r\n"}, {"HELO", "250 STARTTLS\r\n"},
		{"", "250 Ok\n"}, /* a bare LF will do */
	};
	struct scene *s = scene_new("220 old\r\n", replies);

	(void)state;
	run(s);
	assert_int_equal(s->rc, 0);
	check_code(&s->talk.ehlo, 250, "STARTTLS");
	assert_false(s->talk.has_starttls);
	check_code(&s->talk.tries[1].rcpts[0], 250, "Ok");
	assert_non_null(
		strstr(s->server.heard, "EHLO probe.example.test\nHELO probe.example.test\n"));
	scene_free(s);
}

/* A server that takes nobody in is an answer too; we leave politely. */
static void test_refused_early(void **state)
{
	static const struct fake_line replies[] = {
		{"QUIT", "221 bye\r\n"}, {"EHLO", "451 later\r\n"}, {"", ""}};
	struct scene *s = scene_new("554 no SMTP service here\r\n", replies);

	(void)state;
	run(s);
	assert_int_equal(s->rc, 0);
	check_code(&s->talk.banner, 554, "no SMTP service here");
	check_code(&s->talk.ehlo, 0, NULL);
	assert_string_equal(s->server.heard, "QUIT\n");
	scene_free(s);

	s = scene_new("220 hello\r\n", replies);
	run(s);
	assert_int_equal(s->rc, 0);
	check_code(&s->talk.ehlo, 451, "later");
	check_code(&s->talk.tries[0].mail, 0, NULL);
	assert_string_equal(s->server.heard, "EHLO probe.example.test\nQUIT\n");
	scene_free(s);
}

static void test_421_anywhere(void **state)
{
	static const struct {
		const char *command, *heard_last;
	} cases[] = {{"EHLO", "EHLO probe.example.test\n"},
		{"MAIL", "MAIL FROM:<probe@example.test>\n"},
		{"RCPT TO:<post", "RCPT TO:<postmaster@example.test>\n"}, {"RSET", "RSET\n"}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct fake_line replies[] = {
			{cases[i].command, "421 closing\r\n"}, {"", "250 Ok\r\n"}};
		struct scene *s = scene_new("220 hello\r\n", replies);
		run(s);
		assert_int_equal(s->rc, 0);
		const char *heard = s->server.heard;
		size_t n = strlen(cases[i].heard_last);
		assert_string_equal(heard + strlen(heard) - n, cases[i].heard_last);
		check_code(&s->talk.tries[1].mail, 0, NULL);
		assert_int_equal(s->talk.tries[0].rcpts[0].code, i >= 2 ? 250 : 0);
		assert_int_equal(s->talk.tries[0].rcpts[1].code, i == 3 ? 250 : i == 2 ? 421 : 0);
		scene_free(s);
	}
	struct scene *s = scene_new("421 too busy\r\n", NULL);
	run(s);
	assert_int_equal(s->rc, 0);
	check_code(&s->talk.banner, 421, "too busy");
	assert_string_equal(s->server.heard, "");
	scene_free(s);
}

static void test_closes(void **state)
{
	static const struct fake_line at_rcpt[] = {{"RCPT", ""}, {"", "250 Ok\r\n"}};
	static const struct fake_line at_quit[] = {{"QUIT", ""}, {"", "250 Ok\r\n"}};
	struct scene *s = scene_new("220 hello\r\n", at_rcpt);

	(void)state;
	run(s);
	check_err(s, DG_EIO, "no reply to RCPT TO: ");
	check_code(&s->talk.tries[0].mail, 250, "Ok"); /* what was learned is kept */
	check_code(&s->talk.tries[0].rcpts[0], 0, NULL);
	scene_free(s);

	s = scene_new("220 hello\r\n", at_quit);
	run(s);
	assert_int_equal(s->rc, 0);
	scene_free(s);

	s = scene_new("", at_quit);
	run(s);
	check_err(s, DG_EIO, "no greeting: ");
	scene_free(s);
}

static void test_silent(void **state)
{
	static const struct fake_line replies[] = {{"MAIL", NULL}, {"", "250 Ok\r\n"}};
	struct scene *s = scene_new(NULL, NULL);

	(void)state;
	s->talk.timeout_ms = 100;
	run(s);
	check_err(s, DG_EIO, "no greeting: given up after 100 ms");
	scene_free(s);

	s = scene_new("220 hello\r\n", replies);
	s->talk.timeout_ms = 3000;
	run(s);
	check_err(s, DG_EIO, "127.0.0.1 port ");
	check_err(s, DG_EIO, "no reply to MAIL FROM: given up after 3000 ms");
	check_code(&s->talk.ehlo, 250, "Ok");
	scene_free(s);

	s = scene_new("220-hello\r\n", replies); /* and never ends */
	s->talk.timeout_ms = 100;
	run(s);
	check_err(s, DG_EIO, "no greeting: given up");
	scene_free(s);
}

static void test_silent_at_quit(void **state)
{
	static const struct fake_line replies[] = {{"QUIT", NULL}, {"", "250 Ok\r\n"}};
	struct scene *s = scene_new("220 hello\r\n", replies);

	(void)state;
	run(s);
	assert_int_equal(s->rc, 0);
	check_code(&s->talk.tries[1].rcpts[0], 250, "Ok");
	scene_free(s);
}

static void test_nonsense(void **state)
{
	static const char *const greetings[] = {"SSH-2.0-\x1b[2J\r\n", "22 short\r\n", "\r\n",
		"220+hello\r\n", "920 hello\r\n", "2x0 hello\r\n", "HTTP/1.1 400 Bad Request\r\n"};

	(void)state;
	for (size_t i = 0; i < sizeof(greetings) / sizeof(greetings[0]); i++) {
		struct scene *s = scene_new(greetings[i], NULL);
		run(s);
		check_err(s, DG_EREMOTE, "is not an SMTP reply");
		assert_null(strchr(s->talk.err.text, '\x1b'));
		scene_free(s);
	}
}

/* More replies than commands: they must not be taken for replies to what is asked later. */
static void test_talks_on(void **state)
{
	static const struct fake_line replies[] = {
		{"EHLO", "250 Ok\r\n250 Ok\r\n250 Ok\r\n"}, {"", "550 no\r\n"}};
	struct scene *s = scene_new("220 hello\r\n", replies);

	(void)state;
	run(s);
	check_err(s, DG_EREMOTE, "talks on after its reply to EHLO");
	check_code(&s->talk.tries[0].mail, 0, NULL);
	scene_free(s);
}

static char *endless(const char *line, size_t n)
{
	char *text = calloc(n + 1, strlen(line));

	assert_non_null(text);
	for (size_t i = 0; i < n; i++) {
		memcpy(text + i * strlen(line), line, strlen(line));
	}
	return text;
}

static void test_too_much(void **state)
{
	static const struct fake_line replies[] = {{"", "250 Ok\r\n"}};
	char *lines = endless("220-x\r\n", 65);
	char *octets = endless("220-xxxxxxxxxxxxxxxxxxxxxxxxxxxxx", 100);

	(void)state;
	struct scene *s = scene_new(lines, replies);
	run(s);
	check_err(s, DG_ELIMIT, "more than 64 lines");
	scene_free(s);

	lines[63 * 7] = '\0';
	char *fits = calloc(1, 63 * 7 + 20);
	(void)snprintf(fits, 63 * 7 + 20, "%s220 x\r\n", lines);
	s = scene_new(fits, replies);
	run(s);
	assert_int_equal(s->rc, 0);
	scene_free(s);

	s = scene_new(octets, replies);
	run(s);
	check_err(s, DG_ELIMIT, "longer than 2048 octets");
	scene_free(s);
	free(fits);
	free(lines);
	free(octets);
}

/* The text that is kept has a bound of its own, and so has the whole. */
static void test_reader_bounds(void **state)
{
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(1u << 20);
	struct dg_smtp_reader r;
	struct dg_smtp_reply reply;
	struct dg_err err;
	char line[DG_SMTP_LINE_MAX + 3];
	size_t used, total = 0;
	int rc = 1;

	(void)state;
	memset(line, 'x', sizeof(line));
	memcpy(line, "250-", 4);
	memcpy(line + DG_SMTP_LINE_MAX, "\r\n", 3);
	dg_smtp_reader_init(&r);
	for (unsigned i = 0; i < 8; i++) {
		line[3] = i < 7 ? '-' : ' ';
		rc = dg_smtp_reader_put(&r, line, DG_SMTP_LINE_MAX + 2, &used, &err);
		assert_int_equal(rc, i == 7);
		assert_int_equal(used, DG_SMTP_LINE_MAX + 2);
		total += used;
	}
	dg_smtp_reader_take(&r, a, &reply);
	assert_in_range(strlen(reply.text), 1, DG_SMTP_TEXT_MAX + 3);
	assert_string_equal(reply.text + strlen(reply.text) - 3, "...");
	while (total + used <= DG_SMTP_TOTAL_MAX) {
		assert_int_equal(
			dg_smtp_reader_put(&r, line, DG_SMTP_LINE_MAX + 2, &used, &err), 1);
		dg_smtp_reader_take(&r, a, &reply);
		total += used;
	}
	assert_int_equal(
		dg_smtp_reader_put(&r, line, DG_SMTP_LINE_MAX + 2, &used, &err), DG_ELIMIT);
	dg_smtp_reader_done(&r);
}

static void check_input(struct scene *s, const char *words)
{
	run(s);
	check_err(s, DG_EINPUT, words);
	assert_int_equal(s->server.n_connections, 0);
	scene_free(s);
}

static void test_refuses_input(void **state)
{
	static const char *const injected[] = {"a@example.test>\r\nDATA\r\n"};
	char path[DG_SMTP_PATH_MAX + 2] = {0};

	(void)state;
	struct scene *s = scene_new("220 hello\r\n", NULL);
	s->talk.tries[0].rcpt = injected;
	s->talk.tries[0].n_rcpt = 1;
	check_input(s, "does not fit");
	s = scene_new("220 hello\r\n", NULL);
	s->talk.helo = "x\nRSET";
	check_input(s, "does not fit");
	s = scene_new("220 hello\r\n", NULL);
	s->talk.helo = "";
	check_input(s, "does not fit");
	s = scene_new("220 hello\r\n", NULL);
	memset(path, 'x', DG_SMTP_PATH_MAX + 1);
	s->talk.tries[1].mail_from = path;
	check_input(s, "does not fit");
	s = scene_new("220 hello\r\n", NULL);
	s->talk.address = "localhost";
	check_input(s, "not an IP address");
}

static void test_longest_path(void **state)
{
	static const struct fake_line replies[] = {{"", "250 Ok\r\n"}};
	struct scene *s = scene_new("220 hello\r\n", replies);
	char path[DG_SMTP_PATH_MAX + 1] = {0};

	(void)state;
	memset(path, 'x', DG_SMTP_PATH_MAX);
	s->talk.tries[0].mail_from = path;
	run(s);
	assert_int_equal(s->rc, 0);
	assert_non_null(strstr(s->server.heard, "xxx>\nRCPT TO"));
	scene_free(s);
}

static void test_no_name(void **state)
{
	static const struct fake_line replies[] = {{"EHLO", "500 what\r\n"}, {"", "250 Ok\r\n"}};
	struct scene *s = scene_new("220 hello\r\n", replies);

	(void)state;
	s->talk.helo = NULL;
	run(s);
	assert_int_equal(s->rc, 0);
	assert_ptr_equal(
		strstr(s->server.heard, "EHLO [127.0.0.1]\nHELO [127.0.0.1]\n"), s->server.heard);
	scene_free(s);
}

static void test_nobody_listens(void **state)
{
	struct scene *s = scene_new(NULL, NULL);

	(void)state;
	fake_smtp_stop(&s->server);
	run(s);
	check_err(s, DG_EIO, "cannot connect: Connection refused");
	scene_free(s);
}

static void test_cancel(void **state)
{
	struct scene *s = scene_new(NULL, NULL);

	(void)state;
	dg_smtp_start(s->loop, &s->talk);
	(void)dg_loop_after_ms(s->loop, 50, (void (*)(void *))dg_loop_stop, s->loop);
	dg_loop_run(s->loop);
	dg_smtp_cancel(&s->talk);
	dg_smtp_cancel(&s->talk);
	(void)dg_loop_after_ms(s->loop, 50, (void (*)(void *))dg_loop_stop, s->loop);
	dg_loop_run(s->loop);
	assert_int_equal(s->n_done, 0);
	scene_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_helo),
		cmocka_unit_test(test_refused_early),
		cmocka_unit_test(test_421_anywhere),
		cmocka_unit_test(test_closes),
		cmocka_unit_test(test_silent),
		cmocka_unit_test(test_silent_at_quit),
		cmocka_unit_test(test_nonsense),
		cmocka_unit_test(test_talks_on),
		cmocka_unit_test(test_too_much),
		cmocka_unit_test(test_reader_bounds),
		cmocka_unit_test(test_refuses_input),
		cmocka_unit_test(test_longest_path),
		cmocka_unit_test(test_no_name),
		cmocka_unit_test(test_nobody_listens),
		cmocka_unit_test(test_cancel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
