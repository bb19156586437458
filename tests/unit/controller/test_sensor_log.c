/* A mail log that is followed: each line counts exactly once. The stamps of all lines are the same, so that the count of
 * foreign bounces tells how many were handed in: all but the three that came before the notice. */
#include "tests/unit/controller/store_unit.h"

#include "controller/watch/sensor.h"
#include "controller/watch/sensor_log.h"
#include "providers/net/loop.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <zlib.h>

#define ROUNDS 20u
#define NOW    1795396377
#define BEFORE 3u /* the notice */

struct life {
	struct dg_loop *loop;
	struct dg_hub *hub;
	struct dg_watched *w;
	struct dg_sensor *sensor;
	int64_t mono_ms;
	unsigned n_told;
};

static struct life l;
static char dir[64], path[96];
static unsigned n_lines, seed;

static int64_t now(void *arg)
{
	(void)arg;
	return NOW;
}

static int64_t mono_ms(void *arg)
{
	return ((struct life *)arg)->mono_ms;
}

static void advance_ms(void *arg, int64_t ms)
{
	((struct life *)arg)->mono_ms += ms;
}

static void tell(void *arg, const char *sensor, const char *text)
{
	(void)sensor;
	(void)text;
	((struct life *)arg)->n_told++;
}

static void begin(void)
{
	static const struct dg_clock clock = {
		.now = now, .mono_ms = mono_ms, .advance_ms = advance_ms, .arg = &l};
	char key[128];

	l = (struct life){.mono_ms = 1000};
	open_it();
	must(dg_loop_new(&clock, &l.loop, &t.err));
	struct dg_hub_options o = {.loop = l.loop, .store = t.s};
	must(dg_hub_new(&o, &l.hub, &t.err));
	must(dg_hub_add(l.hub, ZONE, ZONE, &l.w, &t.err));
	struct dg_sensor_host host = {.loop = l.loop, .hub = l.hub, .tell = tell, .arg = &l};
	(void)snprintf(key, sizeof(key), "log %s", path);
	must(dg_sensor_log.open(&host, key, path, &l.sensor, &t.err));
}

static void stop(void *arg)
{
	dg_loop_stop(arg);
}

/* For so long; the clock does not wait. */
static void run(int64_t ms)
{
	(void)dg_loop_after_ms(l.loop, ms, stop, l.loop);
	dg_loop_run(l.loop);
}

static void end(void)
{
	l.sensor = dg_sensor_log.close(l.sensor);
	l.hub = dg_hub_free(l.hub);
	l.loop = dg_loop_free(l.loop);
	t.s = dg_store_close(t.s);
}

static void put(const char *to, const char *text, size_t n)
{
	int fd = open(to, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, n), n);
	must(close(fd));
}

static const char *line(char buf[400])
{
	unsigned i = n_lines++;

	(void)snprintf(buf, 400,
		"2026-11-23T01:12:57.%06u+00:00 mx postfix/smtpd[132]: NOQUEUE: reject: RCPT from "
		"unknown[198.51.%u.25]: 550 5.1.1 <n%u@example.com>: Recipient address rejected: "
		"User unknown in local recipient table; from=<> to=<n%u@example.com> proto=ESMTP "
		"helo=<mx.r.example>\n",
		i % 1000, i % 250, i, i);
	return buf;
}

static void write_lines(const char *to, unsigned n)
{
	char buf[400];

	for (unsigned i = 0; i < n; i++) {
		const char *text = line(buf);
		put(to, text, strlen(text));
	}
}

static unsigned some(void)
{
	seed = seed * 1103515245u + 12345u;
	return 1 + (seed >> 16) % 9;
}

static void assert_all(void)
{
	const struct dg_heat *heat = dg_watched_heat(l.w);

	assert_true(heat && heat->n_foreign == n_lines - BEFORE);
}

static const char *beside(const char *suffix)
{
	return dg_printf(t.a, "%s%s", path, suffix);
}

static void copy(const char *to, bool is_gzip)
{
	char block[4096];
	int in = open(path, O_RDONLY | O_CLOEXEC);
	gzFile out = gzopen(to, is_gzip ? "wb" : "wbT");

	assert_true(in >= 0 && out);
	for (ssize_t n; (n = read(in, block, sizeof(block))) > 0;) {
		assert_int_equal(gzwrite(out, block, (unsigned)n), n);
	}
	must(close(in));
	must(gzclose(out));
}

static void drop(const char *suffix)
{
	(void)unlink(beside(suffix));
}

/* A log of its own with a few lines that were read. */
static void fresh(void)
{
	remove_all();
	static const char *const all[] = {"", ".1", ".2", ".1.gz", ".2.gz"};
	for (unsigned i = 0; i < 5; i++) {
		drop(all[i]);
	}
	n_lines = 0;
	put(path, "", 0);
	begin();
	write_lines(path, BEFORE + some());
	run(3000);
	assert_all();
}

/* --- the cases --- */
static void test_renamed(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ROUNDS; i++) {
		fresh();
		write_lines(path, some());
		must(rename(path, beside(".1")));
		write_lines(beside(".1"), some()); /* the writer has it open still */
		run(some() * 100);
		write_lines(path, some());
		write_lines(beside(".1"), some());
		run(6000);
		assert_all();
		end();
		begin();
		write_lines(path, some());
		run(3000);
		assert_all();
		assert_int_equal(l.n_told, 0);
		end();
	}
}

static void test_copied_and_cut(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ROUNDS; i++) {
		fresh();
		write_lines(path, some()); /* not read yet when it is cut */
		copy(beside(".1"), false);
		must(truncate(path, 0));
		write_lines(path,
			i % 2 == 0 ? some() : 60); /* more than there was: size tells nothing */
		run(3000);
		assert_all();
		write_lines(path, some());
		run(3000);
		assert_all();
		end();
	}
}

static void test_rotated_twice_while_away(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ROUNDS; i++) {
		fresh();
		end();
		write_lines(path, some());
		copy(beside(".2.gz"), true);
		must(unlink(path));
		write_lines(path, some());
		if (i % 2 == 0) {
			must(rename(path, beside(".1")));
		} else {
			copy(beside(".1.gz"), true);
			must(truncate(path, 0));
		}
		write_lines(path, some());
		begin();
		run(3000);
		assert_all();
		assert_int_equal(l.n_told, 0);
		end();
	}
}

static void test_another_file_with_its_inode(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ROUNDS; i++) {
		fresh();
		end();
		must(truncate(path, 0)); /* the number stays, the content is another */
		write_lines(path, 60);
		begin();
		run(3000);
		assert_all();
		assert_int_equal(l.n_told, 1); /* something may be missing: that is said */
		end();
	}
}

static void test_half_a_line(void **state)
{
	char buf[400];

	(void)state;
	for (unsigned i = 0; i < ROUNDS; i++) {
		fresh();
		size_t n = strlen(line(buf));
		size_t half = some() * 10;
		put(path, buf, half);
		run(2000);
		n_lines--;
		assert_all();
		if (i % 2 == 0) {
			end();
			begin();
		}
		put(path, buf + half, n - half);
		n_lines++;
		run(2000);
		assert_all();
		end();
	}
}

static unsigned long giant_mib(void)
{
	const char *text =
		getenv("DNSGUARD_GIANT_MIB"); /* NOLINT(concurrency-mt-unsafe): one thread */

	return text ? strtoul(text, NULL, 10) : 40; /* ./dev soak: 1024 */
}

static void test_a_line_without_end_and_octets_of_all_kinds(void **state)
{
	char *much = dg_get(t.a, 1, 1u << 20);

	(void)state;
	memset(much, 'x', 1u << 20);
	fresh();
	for (unsigned long i = 0; i < giant_mib(); i++) {
		put(path, much, 1u << 20);
		run(50);
	}
	put(path, "\n", 1);
	write_lines(path, some());
	for (unsigned i = 0; i < 1u << 16; i++) {
		much[i] = (char)(i * 7 ^ i >> 8);
	}
	put(path, much, 1u << 16);
	put(path, "\n", 1);
	write_lines(path, some());
	run(5000);
	assert_all();
	end();
}

/* A mail server whose clock is set, or that lost it: its lines count once all the same, and as of now at the latest. */
static void test_stamps_leap(void **state)
{
	static const char *const when[] = {"2027-11-23T01:12:57", "2026-11-23T02:12:57",
		"2026-11-22T23:12:57", "2025-11-23T01:12:57", "1970-01-01T00:00:00",
		"2026-12-31T23:59:60", "2038-01-19T03:14:08", "9999-12-31T23:59:59"};
	char buf[400];

	(void)state;
	for (unsigned i = 0; i < ROUNDS; i++) {
		fresh();
		for (unsigned k = 0; k < 8; k++) {
			const char *text = line(buf);
			memcpy(buf, when[(i + k) % 8], strlen(when[0]));
			put(path, text, strlen(text));
			write_lines(path, some());
			if (k == i % 8) {
				run(2000);
				end();
				begin();
				write_lines(path,
					1); /* what a sensor told before its start is not known */
			}
		}
		run(6000);
		assert_all();
		assert_true(l.w->detector.last_ms <= (int64_t)NOW * 1000 + 999);
		assert_int_equal(l.n_told, 0);
		end();
	}
}

static void test_the_folder_goes_and_comes_back(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ROUNDS; i++) {
		fresh();
		must(unlink(path));
		must(rmdir(dir));
		run(15000);
		assert_int_equal(l.n_told, 1);
		must(mkdir(dir, 0700));
		write_lines(path, some());
		run(6000);
		assert_int_equal(l.n_told, 2);
		assert_all();
		end();
	}
}

static void test_killed_at_any_time(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ROUNDS; i++) {
		fresh();
		end();
		unsigned before = some();
		unsigned after = some();
		pid_t child = fork();
		if (child == 0) {
			begin();
			write_lines(path, before);
			run(3000);
			(void)dg_hub_checkpoint(l.hub, &t.err);
			write_lines(path, after); /* read, but not on disk */
			run(3000);
			_exit(0);
		}
		int status = 0;
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_int_equal(status, 0);
		n_lines += before + after;
		begin();
		write_lines(path, some());
		run(3000);
		assert_all();
		end();
	}
}

static void test_places_as_text(void **state)
{
	static const char *const bad[] = {"", "1", "2 1 1 1 0123456789abcdef", "1 1 1 1 0123",
		"1 1 1 2000 0123456789abcdef", "1 1 99999999999999999999 1 0123456789abcdef",
		"1 1 1 1 0123456789abcdeg", "1 -1 1 1 0123456789abcdef"};
	struct dg_logplace p = {.inode = 7, .offset = 1u << 30, .head_len = 99, .head = {1, 0xff}};
	struct dg_logplace q;
	char text[DG_LOGPLACE_TEXT_MAX];

	(void)state;
	dg_logplace_print(&p, text);
	assert_true(dg_logplace_parse(text, &q));
	assert_memory_equal(&p, &q, sizeof(p));
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_false(dg_logplace_parse(bad[i], &q));
	}
}

static int make_dir(void **state)
{
	(void)snprintf(dir, sizeof(dir), "/tmp/dg-log-XXXXXX");
	assert_non_null(mkdtemp(dir));
	(void)snprintf(path, sizeof(path), "%s/mail.log", dir);
	seed = 1;
	return setup(state);
}

static int drop_dir(void **state)
{
	static const char *const all[] = {"", ".1", ".2", ".1.gz", ".2.gz"};

	for (unsigned i = 0; i < 5; i++) {
		drop(all[i]);
	}
	(void)rmdir(dir);
	return teardown(state);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make_dir, drop_dir)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_renamed),
		TEST(test_copied_and_cut),
		TEST(test_rotated_twice_while_away),
		TEST(test_another_file_with_its_inode),
		TEST(test_half_a_line),
		TEST(test_a_line_without_end_and_octets_of_all_kinds),
		TEST(test_stamps_leap),
		TEST(test_the_folder_goes_and_comes_back),
		TEST(test_killed_at_any_time),
		TEST(test_places_as_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
