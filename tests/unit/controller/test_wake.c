/* What is written in a folder is heard, also by who writes while he hears it, not too often; and looked at again a little later. */
#include "tests/unit/unit.h"

#include "controller/watch/wake.h"
#include "providers/net/loop.h"
#include "zones/base/err.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define CALLS 3u

struct heard {
	struct dg_loop *loop;
	int64_t at_ms[CALLS];
	unsigned n;
};

static char folder[64], path[96];

static void write_there(void)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, "x", 1), 1);
	assert_int_equal(close(fd), 0);
}

static void on_wake(void *arg)
{
	struct heard *h = arg;

	h->at_ms[h->n++] = dg_loop_mono_ms(h->loop);
	if (h->n == CALLS) {
		dg_loop_stop(h->loop);
		return;
	}
	write_there();
	write_there();
}

static void test_heard(void **state)
{
	struct heard h = {.n = 0};
	struct dg_err err;

	(void)state;
	(void)snprintf(folder, sizeof(folder), "/tmp/dg-wake-XXXXXX");
	assert_non_null(mkdtemp(folder));
	(void)snprintf(path, sizeof(path), "%s/journal.db-wal", folder);
	assert_int_equal(dg_loop_new(NULL, &h.loop, &err), 0);
	struct dg_wake *w = dg_wake_new(h.loop, folder, on_wake, &h);
	assert_non_null(w);
	write_there();
	dg_loop_run(h.loop);
	assert_int_equal(h.n, CALLS);
	for (unsigned i = 1; i < CALLS; i++) {
		assert_true(h.at_ms[i] - h.at_ms[i - 1] >= DG_WAKE_AGAIN_MS);
	}
	write_there(); /* nobody is there to hear it */
	assert_null(dg_wake_free(w));
	assert_null(dg_wake_new(h.loop, "/nonexistent", on_wake, &h));
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(folder), 0);
	h.loop = dg_loop_free(h.loop);
}

/* A transaction is there for others only some time after its octets were written. */
static void on_wake_again(void *arg)
{
	struct heard *h = arg;

	if (++h->n == 5) {
		dg_loop_stop(h->loop);
	}
}

static void test_looks_again(void **state)
{
	struct heard h = {.n = 0};
	struct dg_err err;

	(void)state;
	(void)snprintf(folder, sizeof(folder), "/tmp/dg-wake-XXXXXX");
	assert_non_null(mkdtemp(folder));
	(void)snprintf(path, sizeof(path), "%s/journal.db-wal", folder);
	assert_int_equal(dg_loop_new(NULL, &h.loop, &err), 0);
	struct dg_wake *w = dg_wake_new(h.loop, folder, on_wake_again, &h);
	assert_non_null(w);
	write_there(); /* once */
	dg_loop_run(h.loop);
	assert_int_equal(h.n, 5);
	assert_null(dg_wake_free(w));
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(folder), 0);
	h.loop = dg_loop_free(h.loop);
}

/* Said: heard at once, although it was called just before; and what else was written does not say it. */
struct said {
	struct dg_loop *loop;
	int64_t at_ms[2];
	unsigned n;
};

static void on_wake_said(void *arg)
{
	struct said *s = arg;

	s->at_ms[s->n++] = dg_loop_mono_ms(s->loop);
	if (s->n == 2) {
		dg_loop_stop(s->loop);
		return;
	}
	dg_wake_say(folder);
}

static void on_guard(void *arg)
{
	(void)arg;
	fail_msg("nothing was heard within 60 s");
}

static void test_said(void **state)
{
	struct said s = {.n = 0};
	struct dg_err err;

	(void)state;
	(void)snprintf(folder, sizeof(folder), "/tmp/dg-wake-XXXXXX");
	assert_non_null(mkdtemp(folder));
	assert_int_equal(dg_loop_new(NULL, &s.loop, &err), 0);
	struct dg_wake *w = dg_wake_new(s.loop, folder, on_wake_said, &s);
	assert_non_null(w);
	struct dg_timer *guard = dg_loop_after_ms(s.loop, 60000, on_guard, NULL);
	dg_wake_say(folder);
	dg_loop_run(s.loop);
	assert_int_equal(s.n, 2); /* each was a call of its own */
	assert_null(dg_timer_cancel(guard));
	assert_null(dg_wake_free(w));
	dg_wake_say("/nonexistent"); /* nothing to hear */
	assert_int_equal(rmdir(folder), 0);
	s.loop = dg_loop_free(s.loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_heard),
		cmocka_unit_test(test_looks_again), cmocka_unit_test(test_said)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
