/* The zone file provider: the reload command, and several at once. */
#include "tests/unit/providers/zonefile_unit.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>

static void test_reload(void **state)
{
	struct scene *s = scene_of(false);
	const char *words[] = {"/bin/sh", "-c", "echo \"$1 $2\" >\"$3\"; test -z \"$SECRET\"", "sh",
		"{zone}", "{path}", NULL};

	(void)state;
	words[6] = dg_printf(s->arena, "%s/seen", s->folder);
	set_reload(s, 7, words);
	assert_int_equal(setenv("SECRET", "x", 1), 0);
	put(s->file, OLD);
	assert_int_equal(apply(s, HAVE, NULL_MX, true), DG_APPLIED);
	assert_int_equal(n_files(s), 1);
	assert_int_equal(apply(s, HAVE, NULL_MX, false), DG_APPLIED);
	assert_string_equal(get(s, words[6]), dg_printf(s->arena, "example.com %s\n", s->file));
	scene_free(s);
}

static void test_reload_fails(void **state)
{
	static const struct {
		const char *words[4];
		const char *text;
		bool is_played;
	} rows[] = {
		{{"/bin/sh", "-c", "echo fine; echo 'no\033 key' >&2; echo more >&2; exit 3", NULL},
			"/bin/sh ended with status 3: no\\x1b key", false},
		{{"/nonexistent/nsd-control", NULL, NULL, NULL},
			"cannot start /nonexistent/nsd-control: No such file", false},
		{{"/bin/sh", "-c", "kill -9 $$", NULL}, "/bin/sh was ended by signal 9", false},
		{{"/bin/sh", "-c", "sleep 1000 & sleep 1000", NULL},
			"/bin/sh was killed after 30 s", true},
		{{"/bin/sh", "-c",
			 "yes >&2 2>&2 & sleep .2; kill %1; yes | head -c 1000000 >&2; exit 1",
			 NULL},
			"/bin/sh ended with status 1: y", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct scene *s = scene_of(rows[i].is_played);

		set_reload(s, rows[i].words[1] ? 3 : 1, rows[i].words);
		put(s->file, OLD);
		assert_int_equal(apply(s, HAVE, NULL_MX, false), DG_PARTIAL);
		if (!strstr(s->apply.err.text, rows[i].text)) {
			fail_msg("%s", s->apply.err.text);
		}
		assert_non_null(strstr(s->apply.err.text, "is written, but the reload failed"));
		assert_string_equal(get(s, s->file), NEW);
		scene_free(s);
	}
}

/* One command for all zones: those that come while it runs share the next run. */
static void test_reloads_are_shared(void **state)
{
	struct scene *s = scene_of(false);
	const char *words[] = {"/bin/sh", "-c", NULL};
	struct dg_apply *applies = dg_newn(s->arena, struct dg_apply, 20);
	struct dg_swap swaps[20];

	(void)state;
	words[2] = dg_printf(s->arena, "echo run >>%s/seen; sleep .1", s->folder);
	set_reload(s, 3, words);
	open_provider(s);
	for (size_t i = 0; i < 20; i++) {
		const char *zone = dg_printf(s->arena, "z%zu.test.", i);
		struct dg_rdata *rd = dg_new(s->arena, struct dg_rdata);

		put(dg_printf(s->arena, "%s/z%zu.test.zone", s->folder, i), OLD);
		*rd = dg_mx_make(s->arena, 0, ".");
		swaps[i].before = dg_rrset_none(zone, DG_TYPE_TXT);
		*rd = dg_txt_make(s->arena, "x", 1);
		swaps[i].after = dg_rrset_make(zone, DG_TYPE_TXT, 60, rd, 1);
		applies[i] = (struct dg_apply){.zone = zone,
			.swaps = &swaps[i],
			.n_swaps = 1,
			.version = "",
			.arena = s->arena,
			.done = on_apply,
			.arg = s};
		s->provider.ops->apply(&s->provider, &applies[i]);
	}
	dg_loop_run(s->loop);
	assert_int_equal(s->n_done, 20);
	assert_int_equal(s->outcome, DG_APPLIED);
	const char *seen = get(s, dg_printf(s->arena, "%s/seen", s->folder));
	assert_in_range(strlen(seen), 4, 12);
	scene_free(s);
}

static void test_closed_in_flight(void **state)
{
	struct scene *s = scene_of(false);
	const char *const words[] = {"/bin/sleep", "1000"};
	struct dg_swap swap = {HAVE, NULL_MX};

	(void)state;
	set_reload(s, 2, words);
	put(s->file, OLD);
	open_provider(s);
	for (int i = 0; i < 2; i++) {
		s->apply = (struct dg_apply){.zone = ZONE,
			.swaps = &swap,
			.n_swaps = 1,
			.version = "",
			.arena = s->arena,
			.done = on_apply,
			.arg = s};
		s->provider.ops->apply(&s->provider, &s->apply);
		if (i == 0) {
			(void)dg_loop_after_ms(s->loop, 100,
				(void (*)(void *))(void (*)(void))dg_loop_stop, s->loop);
			dg_loop_run(s->loop);
		}
	}
	s->provider.ops->close(&s->provider);
	s->provider.ops = NULL;
	dg_loop_run(s->loop);
	assert_int_equal(s->n_done, 0);
	scene_free(s);
}

/* Each child wants something else from the same before: exactly one gets it. */
static void test_two_at_once(void **state)
{
	(void)state;
	for (int round = 0; round < 40; round++) {
		struct scene *s = scene_of(false);
		int n_applied = 0;
		int n_conflict = 0;
		pid_t pids[2];

		put(s->file, OLD);
		for (uint16_t i = 0; i < 2; i++) {
			pids[i] = fork();
			assert_true(pids[i] >= 0);
			if (pids[i] == 0) {
				_exit((int)apply(s, HAVE, mx(s, 60, i, "x."), false));
			}
		}
		for (int i = 0; i < 2; i++) {
			int status = 0;

			assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
			n_applied += WIFEXITED(status) && WEXITSTATUS(status) == DG_APPLIED;
			n_conflict += WIFEXITED(status) && WEXITSTATUS(status) == DG_CONFLICT;
		}
		assert_int_equal(n_applied, 1);
		assert_int_equal(n_conflict, 1);
		assert_int_equal(n_files(s), 1);
		scene_free(s);
	}
}

/* Killed anywhere: the old file or the new one; and the next one cleans up. */
static void test_killed(void **state)
{
	(void)state;
	for (unsigned us = 0; us < 4000; us += 40) {
		struct scene *s = scene_of(false);
		int status = 0;

		put(s->file, OLD);
		pid_t pid = fork();
		assert_true(pid >= 0);
		if (pid == 0) {
			_exit((int)apply(s, HAVE, NULL_MX, false));
		}
		(void)usleep(us);
		(void)kill(pid, SIGKILL);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		const char *text = get(s, s->file);
		bool is_new = strcmp(text, NEW) == 0;
		assert_true(is_new || strcmp(text, OLD) == 0);
		assert_int_equal(
			apply(s, is_new ? NULL_MX : HAVE, mx(s, 60, 1, "y."), false), DG_APPLIED);
		assert_int_equal(n_files(s), 1);
		scene_free(s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reload),
		cmocka_unit_test(test_reload_fails),
		cmocka_unit_test(test_reloads_are_shared),
		cmocka_unit_test(test_closed_in_flight),
		cmocka_unit_test(test_two_at_once),
		cmocka_unit_test(test_killed),
	};
	return cmocka_run_group_tests_name("providers/zonefile_reload", tests, NULL, NULL);
}
