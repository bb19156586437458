#include "tests/unit/unit.h"

#include "providers/net/child.h"
#include "providers/net/loop.h"
#include "zones/base/err.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

struct run {
	struct dg_loop *loop;
	struct dg_child child;
	const char *argv[4];
	unsigned n_done, n_heard;
	const char *word;
};

static void on_done(struct dg_child *c)
{
	struct run *r = c->arg;

	r->n_done++;
	dg_loop_stop(r->loop);
}

static int setup(void **state)
{
	static struct run r;
	struct dg_err err;

	r = (struct run){0};
	*state = &r;
	return dg_loop_new(NULL, &r.loop, &err);
}

static int teardown(void **state)
{
	struct run *r = *state;

	dg_child_done(&r->child);
	r->loop = dg_loop_free(r->loop);
	return 0;
}

static void prepare(struct run *r, const char *script)
{
	r->argv[0] = "/bin/sh";
	r->argv[1] = "-c";
	r->argv[2] = script;
	r->child = (struct dg_child){.loop = r->loop, .argv = r->argv, .done = on_done, .arg = r};
}

static void go(struct run *r)
{
	dg_child_start(&r->child);
	assert_int_equal(r->n_done, 0);
	dg_loop_run(r->loop);
	assert_int_equal(r->n_done, 1);
}

static void test_what_it_says(void **state)
{
	struct run *r = *state;

	prepare(r, "read line; echo \"got $line\"; echo complaint >&2; exit 3");
	r->child.input = "{\"a\":1}\n";
	go(r);
	assert_int_equal(r->child.status, 3);
	assert_string_equal(r->child.out, "got {\"a\":1}\n");
	assert_string_equal(r->child.error, "complaint\n");
}

static void test_its_surroundings(void **state)
{
	static const char *const env[] = {"PATH=/usr/bin:/bin", NULL};
	struct run *r = *state;

	assert_int_equal(setenv("DG_SECRET", "12345678", 1), 0);
	prepare(r, "echo \"<$DG_SECRET>\"; cat; ls /proc/self/fd | wc -l");
	r->child.env = env;
	int handle = dup2(STDOUT_FILENO, 77); /* one of ours that nobody thought of */
	go(r);
	(void)close(handle);
	/* its three, and the one to list them with */
	assert_string_equal(r->child.out, "<>\n4\n");
}

static void test_no_end_of_words(void **state)
{
	struct run *r = *state;

	prepare(r, "yes 0123456789 | head -c 3000000; yes no | head -c 100000 >&2; exit 0");
	go(r);
	assert_int_equal(r->child.status, 0);
	assert_int_equal(strlen(r->child.out), DG_CHILD_OUT_MAX);
	assert_int_equal(strlen(r->child.error), DG_CHILD_ERROR_MAX);
}

static void test_too_slow(void **state)
{
	struct run *r = *state;

	prepare(r, "echo begun; sleep 1000; echo never");
	r->child.timeout_ms = 4000; /* to say what it says */
	go(r);
	assert_int_equal(r->child.status, -1);
	assert_true(r->child.is_late);
	assert_string_equal(r->child.out, "begun\n");
}

static void test_not_there(void **state)
{
	struct run *r = *state;

	prepare(r, "");
	r->argv[0] = "/nonexistent/program";
	go(r);
	assert_int_equal(r->child.status, -1);
	assert_non_null(strstr(r->child.error, "could not be started"));
}

static void test_killed(void **state)
{
	struct run *r = *state;

	prepare(r, "kill -9 $$");
	go(r);
	assert_int_equal(r->child.status, -1);
	assert_false(r->child.is_late);
}

/* Held by whoever lives, not by whoever took it. */
static void test_the_lock_outlives_us(void **state)
{
	struct run *r = *state;
	struct run second = {.loop = r->loop};
	char path[] = "/tmp/dg-lock-XXXXXX";
	int handle = mkstemp(path);

	assert_true(handle >= 0);
	prepare(r,
		"exec sleep 1000"); /* alone: what it starts would hold the lock a moment longer */
	r->child.lock = path;
	dg_child_start(&r->child);
	prepare(&second, "echo never");
	second.child.lock = path;
	go(&second);
	assert_true(second.child.is_busy);
	assert_int_equal(second.child.status, -1);
	dg_child_done(&second.child);
	assert_int_equal(flock(handle, LOCK_EX | LOCK_NB), -1);
	dg_child_end(&r->child);
	dg_loop_run(r->loop);
	assert_int_equal(r->n_done, 1);
	assert_int_equal(flock(handle, LOCK_EX | LOCK_NB), 0);
	(void)close(handle);
	(void)unlink(path);
}

/* --- talk -------------------------------------------------------------------------------------- */
static void on_heard(struct dg_child *c)
{
	struct run *r = c->arg;

	if (strstr(c->so_far, "what?\n") && r->n_heard++ == 0) {
		dg_child_say(c, r->word);
		dg_child_say(c, "never\n"); /* once */
	}
}

static void test_a_word(void **state)
{
	struct run *r = *state;

	prepare(r, "echo what?; cat; exit 4");
	r->child.talks = true;
	r->child.heard = on_heard;
	r->word = "go on\n";
	go(r);
	assert_int_equal(r->child.status, 4);
	assert_string_equal(r->child.out, "what?\ngo on\n");
	dg_child_done(&r->child);
	r->n_heard = r->n_done = 0;
	r->word = NULL; /* no: it reads the end */
	go(r);
	assert_string_equal(r->child.out, "what?\n");
}

/* What it said last is heard before its end, and nobody is there to be told. */
static void test_a_word_to_nobody(void **state)
{
	struct run *r = *state;

	prepare(r, "exec <&-; echo what?");
	r->child.talks = true;
	r->child.heard = on_heard;
	r->word = "go on\n";
	go(r);
	assert_int_equal(r->n_heard, 1);
	assert_int_equal(r->child.status, 0);
}

static void forget_it(struct dg_child *c)
{
	struct run *r = c->arg;

	dg_child_forget(c);
	dg_loop_stop(r->loop);
}

static void test_forgotten_when_heard(void **state)
{
	struct run *r = *state;

	prepare(r, "echo what?; exit 0");
	r->child.heard = forget_it;
	dg_child_start(&r->child);
	dg_loop_run(r->loop);
	assert_int_equal(r->n_done, 0);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_what_it_says),
		T(test_its_surroundings),
		T(test_no_end_of_words),
		T(test_too_slow),
		T(test_not_there),
		T(test_killed),
		T(test_the_lock_outlives_us),
		T(test_a_word),
		T(test_a_word_to_nobody),
		T(test_forgotten_when_heard),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
