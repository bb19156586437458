/* Messages to a reader process: the real one (its path is the argument), and this program playing readers that die, hang or lie.
 *
 *     test_letters DNSGUARD
 */
#include "tests/unit/unit.h"

#include "controller/letters/frames.h"
#include "controller/letters/letters.h"
#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/base/err.h"
#include "zones/bounce/bounce.h"
#include "zones/bounce/wire.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* --- a reader that does what the message says ------------------------------------------------------- */
static void say(unsigned char kind, const char *p, size_t n)
{
	char head[DG_FRAME_HEAD + DG_FRAME_KIND];

	dg_frame_put_length(head, (uint32_t)n);
	head[DG_FRAME_HEAD] = (char)kind;
	if (write(STDOUT_FILENO, head, sizeof(head)) < 0 || write(STDOUT_FILENO, p, n) < 0) {
		_exit(1);
	}
}

static void get(char *p, size_t n)
{
	for (size_t at = 0; at < n;) {
		ssize_t got = read(STDIN_FILENO, p + at, n - at);

		if (got <= 0) {
			_exit(0);
		}
		at += (size_t)got;
	}
}

static void obey(const char *text)
{
	struct dg_bounce b;
	struct dg_buf record;

	if (strcmp(text, "die") == 0) {
		(void)raise(SIGKILL);
	} else if (strcmp(text, "hang") == 0) {
		(void)pause();
	} else if (strcmp(text, "lie") == 0) {
		say(DG_FRAME_RECORD, "no record", 9);
	} else if (strcmp(text, "chatter") == 0) {
		say(99, "", 0);
	}
	dg_bounce_unreadable(&b, "");
	b.shape = text;
	dg_buf_init(&record, DG_BOUNCE_WIRE_MAX);
	dg_bounce_encode(&b, &record);
	say(DG_FRAME_RECORD, record.data, record.len);
	say(DG_FRAME_DONE, "", 0);
	dg_buf_done(&record);
}

static int play(void)
{
	char head[DG_FRAME_HEAD];
	char text[64];

	say(DG_FRAME_READY, "", 0);
	for (;;) {
		get(head, sizeof(head));
		size_t n = dg_frame_length(head);
		if (n >= sizeof(text)) {
			return 1;
		}
		get(text, n);
		text[n] = '\0';
		obey(text);
	}
}

/* --- what comes back ----------------------------------------------------------------------------------- */
#define SEEN_MAX 1000u

struct seen {
	size_t n, n_done;
	uint64_t tags[SEEN_MAX];
	char shapes[SEEN_MAX][16];
	enum dg_bounce_kind kinds[SEEN_MAX];
	struct dg_arena *arena;
	struct dg_bounce last;
};

static void on_record(void *arg, uint64_t tag, const struct dg_bounce *b)
{
	struct seen *s = arg;

	assert_true(s->n < SEEN_MAX);
	s->tags[s->n] = tag;
	s->kinds[s->n] = b->kind;
	(void)snprintf(s->shapes[s->n++], sizeof(s->shapes[0]), "%s", b->shape);
	dg_letters_copy(s->arena, b, &s->last);
}

static void on_done(void *arg, uint64_t tag)
{
	struct seen *s = arg;

	assert_int_equal(tag, s->n_done);
	s->n_done++;
}

static struct dg_letters *start(const char *program, struct seen **ret_seen)
{
	struct seen *seen = calloc(1, sizeof(*seen));

	const struct dg_letters_options o = {.program = program,
		.late_ms = 5000,
		.on_record = on_record,
		.on_done = on_done,
		.arg = seen};
	struct dg_letters *l = NULL;
	struct dg_err err;

	seen->arena = dg_arena_new((size_t)64 << 20);
	*ret_seen = seen;
	assert_int_equal(dg_letters_new(&o, &l, &err), 0);
	return l;
}

static void push(struct dg_letters *l, uint64_t tag, const char *text, size_t n)
{
	struct dg_err err;
	int r = 0;

	while ((r = dg_letters_push(l, tag, text, n, &err)) == 1) {
		assert_int_equal(dg_letters_wait(l, DG_LETTERS_WAITING / 2, &err), 0);
	}
	assert_int_equal(r, 0);
}

static void finish(struct dg_letters *l, struct seen *seen)
{
	(void)dg_letters_free(l);
	(void)dg_arena_free(seen->arena);
	free(seen);
}

/* --- tests ------------------------------------------------------------------------------------------------ */
/* Whatever a reader does at a message, the others are answered, in their order, and that one is named. */
static void test_readers_that_fail(void **state)
{
	static const char *const bad[] = {"die", "hang", "lie", "chatter"};
	struct dg_letters_counts counts;
	struct seen *seen = NULL;
	struct dg_err err;
	char text[32];

	(void)state;
	for (size_t k = 0; k < sizeof(bad) / sizeof(bad[0]); k++) {
		struct dg_letters *l = start("/proc/self/exe", &seen);

		for (unsigned i = 0; i < 60; i++) {
			(void)snprintf(text, sizeof(text), "%u", i);
			push(l, i, i == 40 ? bad[k] : text, strlen(i == 40 ? bad[k] : text));
		}
		assert_int_equal(dg_letters_wait(l, 0, &err), 0);
		assert_int_equal(seen->n, 60);
		assert_int_equal(seen->n_done, 60);
		for (unsigned i = 0; i < 60; i++) {
			(void)snprintf(text, sizeof(text), "%u", i);
			assert_int_equal(seen->tags[i], i);
			assert_string_equal(seen->shapes[i], i == 40 ? "" : text);
			assert_int_equal(seen->kinds[i], DG_BOUNCE_UNREADABLE);
		}
		dg_letters_counts(l, &counts);
		assert_int_equal(counts.n_unreadable, 1);
		assert_int_equal(counts.n_readers, 3);
		finish(l, seen);
	}
}

static void test_no_reader(void **state)
{
	struct seen *seen = NULL;
	struct dg_err err;
	/* one that cannot be started, one that ends before it begins */
	static const char *const programs[] = {"/nonexistent/dnsguard", "/bin/false"};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct dg_letters *l = start(programs[i], &seen);

		push(l, 0, "x", 1);
		assert_int_equal(dg_letters_wait(l, 0, &err), DG_EIO);
		assert_non_null(strstr(err.text, programs[i]));
		assert_int_equal(seen->n, 1);
		assert_int_equal(seen->kinds[0], DG_BOUNCE_UNREADABLE);
		assert_int_equal(dg_letters_push(l, 1, "x", 1, &err), DG_EIO);
		finish(l, seen);
	}
}

static pid_t child_of_ours(void)
{
	char path[64];
	int pid = 0;

	(void)snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int)getpid());
	FILE *f = fopen(path, "re");
	assert_non_null(f);
	char line[64] = "";
	assert_non_null(fgets(line, sizeof(line), f));
	(void)fclose(f);
	pid = (int)strtol(line, NULL, 10);
	assert_true(pid > 0);
	return pid;
}

static bool status_has(pid_t pid, const char *wanted)
{
	char path[64];
	char line[256];
	bool found = false;

	(void)snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	FILE *f = fopen(path, "re");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		found = found || strncmp(line, wanted, strlen(wanted)) == 0;
	}
	(void)fclose(f);
	return found;
}

/* The real reader has shut itself in, and one that is killed from outside costs nothing. */
static void test_real_reader(void **state)
{
	const char *program = *state;
	static const char text[] = "From: MAILER-DAEMON@example.com\nSubject: failure notice\n\n"
				   "Hi. This is the qmail-send program at example.com.\n";
	struct dg_letters_counts counts;
	struct seen *seen = NULL;
	struct dg_err err;
	struct dg_letters *l = start(program, &seen);

	push(l, 0, text, strlen(text));
	assert_int_equal(dg_letters_wait(l, 0, &err), 0);
	assert_int_equal(seen->kinds[0], DG_BOUNCE_BOUNCE);
	pid_t pid = child_of_ours();
	assert_true(status_has(pid, "Seccomp:\t2"));
	assert_true(status_has(pid, "NoNewPrivs:\t1"));
	(void)kill(pid, SIGKILL);
	for (unsigned i = 1; i < 300; i++) {
		push(l, i, text, strlen(text));
	}
	assert_int_equal(dg_letters_wait(l, 0, &err), 0);
	assert_int_equal(seen->n, 300);
	for (unsigned i = 0; i < 300; i++) {
		assert_int_equal(seen->kinds[i], DG_BOUNCE_BOUNCE);
		assert_string_equal(seen->shapes[i], "qmail");
	}
	dg_letters_counts(l, &counts);
	assert_int_equal(counts.n_unreadable, 0);
	assert_int_equal(counts.n_messages, 300);
	finish(l, seen);
}

/* Character sets that only iconv knows, inside the reader that can open no file any more. */
static void test_charsets(void **state)
{
	const char *program = *state;
	static const char *const texts[] = {
		"From: a@example.com\nSubject: =?ISO-2022-JP?B?GyRCRy0bKEI=?=\n\nx\n",
		"From: a@example.com\nSubject: =?Shift_JIS?B?lEw=?=\n\nx\n",
		"From: a@example.com\nSubject: =?EUC-JP?B?x60=?=\n\nx\n",
		"From: a@example.com\nSubject: =?GB2312?B?w6g=?=\n\nx\n",
		"From: a@example.com\nSubject: =?KOI8-R?B?y8/U?=\n\nx\n",
		"From: a@example.com\nSubject: =?windows-1251?B?6u7y?=\n\nx\n",
		"From: a@example.com\nSubject: =?x-unknown?B?6u7y?=\n\nx\n",
	};
	static const char *const subjects[] = {
		"猫", "猫", "猫", "猫", "кот", "кот", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"};
	struct seen *seen = NULL;
	struct dg_err err;
	struct dg_letters *l = start(program, &seen);

	for (unsigned i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		push(l, i, texts[i], strlen(texts[i]));
		assert_int_equal(dg_letters_wait(l, 0, &err), 0);
		assert_string_equal(seen->last.outer.subject, subjects[i]);
	}
	finish(l, seen);
}

int main(int argc, char **argv)
{
	char *program = argc > 1 ? argv[1] : NULL;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_readers_that_fail),
		cmocka_unit_test(test_no_reader),
		cmocka_unit_test_prestate(test_real_reader, program),
		cmocka_unit_test_prestate(test_charsets, program),
	};

	if (argc > 1 && strcmp(argv[1], "letters") == 0) {
		return play();
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
