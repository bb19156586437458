/* What a watch is told of what is ours: files of keys and recipients that it refuses, with the reason; and those that it takes. */
#include "tests/unit/unit.h"

#include "controller/command/app.h"
#include "controller/command/watch_own.h"
#include "controller/command/watch_set.h"
#include "controller/watch/own.h"
#include "providers/net/loop.h"
#include "zones/base/arena.h"
#include "zones/policy/policy.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[64], path[96];
static struct dg_watch_own own;
static struct dg_err err;
static struct dg_app app;
static struct dg_policy policy;
static struct dg_mail_spec mail;

static int set_up(void **state)
{
	(void)state;
	(void)snprintf(folder, sizeof(folder), "/tmp/dg-own-XXXXXX");
	assert_non_null(mkdtemp(folder));
	(void)snprintf(path, sizeof(path), "%s/file", folder);
	memset(&policy, 0, sizeof(policy));
	memset(&mail, 0, sizeof(mail));
	mail.name = policy.zone = "example.com.";
	policy.mail = &mail;
	policy.n_mail = 1;
	return dg_loop_new(NULL, &app.loop, &err);
}

static int tear_down(void **state)
{
	(void)state;
	(void)unlink(path);
	(void)rmdir(folder);
	app.loop = dg_loop_free(app.loop);
	return 0;
}

static void put(const char *text, mode_t mode)
{
	FILE *f = fopen(path, "we");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(path, mode), 0);
}

/* With one sensor that reads whole messages, or none. */
static int look(const struct dg_sensor_ops *ops)
{
	static struct dg_watch_set set;
	static struct dg_policy *policies[1];
	int r = 0;

	memset(&set, 0, sizeof(set));
	memset(&own, 0, sizeof(own));
	memset(&err, 0, sizeof(err));
	policies[0] = &policy;
	set.arena = dg_arena_new((size_t)64 << 20);
	set.policies = policies;
	set.n = set.n_ears = 1;
	set.ears[0].ops = ops;
	r = dg_watch_own_open(&app, &set, &own, &err);
	if (r == 0 && own.own) {
		const struct dg_own_name *n = dg_own_find(own.own, "example.com.");

		assert_non_null(n);
		if (policy.watch.recipients) {
			assert_int_equal(n->n_recipients, 2);
			assert_true(dg_own_is_recipient(n, "alice@example.com"));
			assert_true(dg_own_is_recipient(n, "bob@example.com"));
			assert_false(dg_own_is_recipient(n, "carol@example.com"));
		}
		if (policy.watch.bounce_keys) {
			assert_non_null(n->tags);
			assert_int_equal(
				n->tags_since_s, policy.watch.bounce_tags_since ? 1793491200 : 0);
		}
		dg_watch_own_close(&own);
	}
	assert_null(own.own);
	(void)dg_arena_free(set.arena);
	return r;
}

static void refused(int rc, const char *says)
{
	assert_int_equal(look(&dg_sensor_maildir), rc);
	if (!strstr(err.text, says)) {
		fail_msg("said '%s', not '%s'", err.text, says);
	}
}

static void test_recipients(void **state)
{
	(void)state;
	policy.watch.recipients = path;
	refused(DG_EIO, path); /* not there */
	assert_int_equal(mkdir(path, 0700), 0);
	refused(DG_EINPUT, "is no file");
	assert_int_equal(rmdir(path), 0);
	put("", 0600);
	assert_int_equal(truncate(path, ((off_t)8 << 20) + 1), 0);
	refused(DG_EINPUT, "is larger than anything that belongs here");
	put("# who there is\nbob@example.com OK\n\nALICE@Example.COM\tx\r\n", 0644);
	assert_int_equal(look(&dg_sensor_maildir), 0);
}

static void test_keys(void **state)
{
	(void)state;
	policy.watch.bounce_keys = path;
	refused(DG_EIO, path);
	put("4 secret\n", 0644);
	refused(DG_EINPUT, "can be read by others or written by its group; chmod 0600 it");
	put("4 secret\n", 0660);
	refused(DG_EINPUT, "chmod 0600 it");
	put("secret\n", 0600);
	refused(DG_EINPUT, "file:1: expected a digit, a blank and a secret");
	put("# nothing\n", 0600);
	refused(DG_EINPUT, "holds no key");
	put("", 0600);
	assert_int_equal(truncate(path, 5000), 0);
	refused(DG_EINPUT, "is larger than anything that belongs here");
	put("4 secret\n", 0600);
	assert_int_equal(look(&dg_sensor_maildir), 0);
	policy.watch.bounce_tags_since = "2026-11-01";
	assert_int_equal(look(&dg_sensor_maildir), 0);
	policy.watch.bounce_tags_since = "soon";
	refused(DG_EINPUT,
		"watch: bounce-tags-since: found 'soon', expected a day, for example 2026-11-01");
	policy.watch.bounce_tags_since = "2026-11-01T00:00";
	refused(DG_EINPUT, "found '2026-11-01T00:00'");
}

/* A log proves nothing that these files could help with: they are not even opened. */
static void test_no_whole_messages(void **state)
{
	(void)state;
	policy.watch.recipients = policy.watch.bounce_keys = "/nonexistent";
	assert_int_equal(look(&dg_sensor_log), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_recipients, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_keys, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_no_whole_messages, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
