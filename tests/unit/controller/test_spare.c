/* A process that waits before it is needed. It is this program itself, which then says who it is, its words and what it reads. */
#include "tests/unit/unit.h"

#include "providers/net/child.h"
#include "providers/net/loop.h"
#include "providers/net/spare.h"
#include "zones/base/arena.h"
#include "zones/base/err.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static char program[4096];

struct run {
	struct dg_loop *loop;
	struct dg_spare *spare;
	struct dg_child child;
	const char *argv[4];
	unsigned n_done;
};

static void on_done(struct dg_child *c)
{
	struct run *r = c->arg;

	r->n_done++;
	dg_loop_stop(r->loop);
}

static void on_heard(struct dg_child *c)
{
	dg_child_say(c, "go on\n");
}

static int setup(void **state)
{
	static struct run r;
	struct dg_err err;

	r = (struct run){.argv = {program, "one", "", NULL}};
	*state = &r;
	if (dg_loop_new(NULL, &r.loop, &err) < 0) {
		return -1;
	}
	r.spare = dg_spare_new(r.loop, program);
	r.child = (struct dg_child){.loop = r.loop,
		.argv = r.argv,
		.talks = true,
		.spare = r.spare,
		.heard = on_heard,
		.done = on_done,
		.arg = &r};
	return 0;
}

static int teardown(void **state)
{
	struct run *r = *state;

	dg_child_done(&r->child);
	r->spare = dg_spare_free(r->spare);
	r->loop = dg_loop_free(r->loop);
	return 0;
}

/* The only child that we have now; 0: none, or it has ended. */
static int child_of_ours(void)
{
	char path[64];
	char text[64] = "";

	(void)snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int)getpid());
	FILE *f = fopen(path, "re");
	assert_non_null(f);
	const char *line = fgets(text, sizeof(text), f);
	(void)fclose(f);
	return line ? (int)strtol(line, NULL, 10) : 0;
}

static const char *expected(int pid)
{
	static char text[200];

	(void)snprintf(text, sizeof(text), "%d of 3: one ()\nread: go on\n", pid);
	return text;
}

static void go(struct run *r)
{
	dg_child_start(&r->child);
	dg_loop_run(r->loop);
	assert_int_equal(r->n_done, 1);
	assert_int_equal(r->child.status, 4);
}

static void stop(void *arg)
{
	dg_loop_stop(arg);
}

/* Until nobody is left, or longer than anything takes. */
static void wait_for_nobody(struct run *r)
{
	for (int i = 0; i < 1000 && child_of_ours() != 0; i++) {
		(void)dg_loop_after_ms(r->loop, 10, stop, r->loop);
		dg_loop_run(r->loop);
	}
	assert_int_equal(child_of_ours(), 0);
}

static void test_it_takes_over(void **state)
{
	struct run *r = *state;

	dg_spare_keep(r->spare, true);
	int pid = child_of_ours();
	assert_true(pid > 0);
	dg_spare_keep(r->spare, true); /* one is enough */
	assert_int_equal(child_of_ours(), pid);
	go(r);
	assert_string_equal(r->child.out, expected(pid));
	assert_string_equal(r->child.error, "waited\n");
	dg_spare_keep(r->spare, true);
	assert_true(child_of_ours() > 0 && child_of_ours() != pid); /* the next */
}

static void test_the_lock_goes_with_it(void **state)
{
	struct run *r = *state;
	char path[] = "/tmp/dg-spare-XXXXXX";
	int handle = mkstemp(path);

	assert_true(handle >= 0);
	dg_spare_keep(r->spare, true);
	r->child.lock = path;
	r->child.heard = NULL;
	dg_child_start(&r->child);
	assert_int_equal(flock(handle, LOCK_EX | LOCK_NB), -1); /* we hold it no more; it does */
	dg_child_say(&r->child, "go on\n");
	dg_loop_run(r->loop);
	assert_int_equal(r->child.status, 4);
	assert_int_equal(flock(handle, LOCK_EX | LOCK_NB), 0);
	dg_child_done(&r->child);

	/* held by somebody: the one that waits is not used up */
	dg_spare_keep(r->spare, true);
	int pid = child_of_ours();
	r->n_done = 0;
	dg_child_start(&r->child);
	dg_loop_run(r->loop);
	assert_true(r->child.is_busy);
	assert_int_equal(child_of_ours(), pid);
	(void)close(handle);
	(void)unlink(path);
}

static void test_one_that_is_gone(void **state)
{
	struct run *r = *state;

	dg_spare_keep(r->spare, true);
	int pid = child_of_ours();
	assert_true(pid > 0);
	assert_int_equal(kill(pid, SIGKILL), 0);
	siginfo_t how;
	assert_int_equal(waitid(P_PID, (id_t)pid, &how, WEXITED | WNOWAIT),
		0); /* gone, and nobody has looked */
	go(r);      /* started as ever */
	assert_null(strstr(r->child.error, "waited"));
	assert_non_null(strstr(r->child.out, "of 3: one ()\nread: go on\n"));
}

static void test_one_that_ends_by_itself(void **state)
{
	struct run *r = *state;

	dg_spare_keep(r->spare, true);
	assert_int_equal(kill(child_of_ours(), SIGKILL), 0);
	wait_for_nobody(r);
	dg_spare_keep(r->spare, true);
	assert_int_equal(child_of_ours(), 0); /* not again and again */
	go(r);
}

static void test_not_wanted_any_more(void **state)
{
	struct run *r = *state;

	dg_spare_keep(r->spare, false);
	assert_int_equal(child_of_ours(), 0);
	dg_spare_keep(r->spare, true);
	dg_spare_keep(r->spare, false);
	dg_spare_keep(r->spare, false);
	wait_for_nobody(r);
	dg_spare_keep(r->spare, true); /* it went because it was told to */
	assert_true(child_of_ours() > 0);
}

static void test_what_it_is_not_for(void **state)
{
	static const char *const env[] = {"PATH=/usr/bin:/bin", NULL};
	struct run *r = *state;

	dg_spare_keep(r->spare, true);
	int pid = child_of_ours();
	r->child.env = env;
	go(r);
	dg_child_done(&r->child);
	r->child.env = NULL;
	r->child.talks = false;
	r->child.heard = NULL;
	r->child.input = "go on\n";
	r->n_done = 0;
	go(r);
	dg_child_done(&r->child);
	r->argv[0] = "/bin/sh";
	r->argv[1] = "-c";
	r->argv[2] = "exit 4";
	r->child.talks = true;
	r->n_done = 0;
	go(r);
	assert_int_equal(child_of_ours(), pid);
}

static void test_too_many_words(void **state)
{
	struct run *r = *state;
	static char many[DG_SPARE_WORDS_MAX + 1];

	memset(many, 'x', sizeof(many) - 1);
	r->argv[2] = many;
	dg_spare_keep(r->spare, true);
	go(r);
	assert_null(strstr(r->child.error, "waited"));
}

/* What is not a word from whoever keeps it. */
static void test_nonsense(void **state)
{
	static const struct {
		uint32_t head[2];
		const char *rest;
		int status;
	} cases[] = {
		{{0, 0}, "", 2}, {{4, 9}, "abcd", 2}, {{DG_SPARE_WORDS_MAX + 1, 1}, "", 2},
		{{4, 1}, "abcd", 0}, /* no NUL */
		{{9, 1}, "abcd", 0}, /* cut off */
	};
	const char *const argv[] = {program, DG_SPARE_WORD, NULL};
	struct run *r = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct dg_ends e = DG_ENDS_NONE;
		pid_t pid = 0;
		int how = 0;

		assert_int_equal(dg_ends_open(&e), 0);
		assert_int_equal(dg_ends_spawn(&e, argv, NULL, &pid), 0);
		(void)send(e.word, cases[i].head, sizeof(cases[i].head), MSG_NOSIGNAL);
		(void)send(e.word, cases[i].rest, strlen(cases[i].rest), MSG_NOSIGNAL);
		(void)shutdown(e.word, SHUT_WR);
		assert_int_equal(waitpid(pid, &how, 0), pid);
		assert_true(WIFEXITED(how));
		assert_int_equal(WEXITSTATUS(how), cases[i].status);
		dg_ends_close(&e);
	}
	r->argv[1] = DG_SPARE_WORD; /* from a file: nobody can give it words */
	r->argv[2] = NULL;
	r->child.talks = false;
	r->child.heard = NULL;
	dg_child_start(&r->child);
	dg_loop_run(r->loop);
	assert_int_equal(r->child.status, 2);
}

/* --- the one that waits, and the one that is started as ever -------------------------------- */
static int say_it(int argc, char **argv)
{
	char line[64];

	printf("%d of %d: %s (%.10s)\n", (int)getpid(), argc, argv[1], argv[2]);
	(void)fflush(stdout);
	printf("read: %s", fgets(line, sizeof(line), stdin) ? line : "nothing\n");
	return 4;
}

static int stand_by(void)
{
	int argc = 0;
	char **argv = NULL;
	struct dg_arena *a = dg_arena_new(1u << 20);
	int r = dg_spare_wait(a, &argc, &argv);
	int status = r < 0 ? 2 : 0;

	if (r == 0) {
		(void)fputs("waited\n", stderr);
		status = argc == 3 ? say_it(argc, argv) : 5;
	}
	dg_arena_free(a);
	return status;
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		T(test_it_takes_over),
		T(test_the_lock_goes_with_it),
		T(test_one_that_is_gone),
		T(test_one_that_ends_by_itself),
		T(test_not_wanted_any_more),
		T(test_what_it_is_not_for),
		T(test_too_many_words),
		T(test_nonsense),
	};

	if (argc == 2 && strcmp(argv[1], DG_SPARE_WORD) == 0) {
		return stand_by();
	}
	if (argc == 3) {
		return say_it(argc, argv);
	}
	if (readlink("/proc/self/exe", program, sizeof(program) - 1) < 0) {
		return 1;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
