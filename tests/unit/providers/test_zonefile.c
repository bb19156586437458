/* The zone file provider, on real files in a folder of its own. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "providers/net/loop.h"
#include "providers/provider.h"
#include "providers/zonefile/zonefile.h"
#include "zones/base/arena.h"
#include "zones/policy/schema.h"

#define ZONE  "example.com."
#define PATHS 256

/* As the loader fills it from the schema: found by the fields' offsets, as it does. */
struct scene {
	struct dg_arena *arena;
	struct dg_loop *loop;
	struct dg_provider provider;
	void *opts;
	char folder[PATHS];
	char file[2 * PATHS];
	int rc;
	enum dg_outcome outcome;
	unsigned n_done;
	int64_t ms; /* of a clock that is played */
	struct dg_read read;
	struct dg_apply apply;
};

static void *option(struct scene *s, const char *key)
{
	for (size_t i = 0; i < dg_schema_zonefile.n_fields; i++) {
		if (strcmp(dg_schema_zonefile.fields[i].key, key) == 0) {
			return (char *)s->opts + dg_schema_zonefile.fields[i].offset;
		}
	}
	fail_msg("no option %s", key);
	return NULL;
}

static int64_t played_ms(void *arg)
{
	return ((struct scene *)arg)->ms;
}

static void advance_ms(void *arg, int64_t ms)
{
	((struct scene *)arg)->ms += ms;
}

static struct scene *scene_of(bool is_played)
{
	struct scene *s = calloc(1, sizeof(*s));
	struct dg_clock clock = {
		.now = played_ms, .mono_ms = played_ms, .advance_ms = advance_ms, .arg = s};
	struct dg_err err;

	assert_non_null(s);
	s->arena = dg_arena_new(1u << 26);
	assert_int_equal(dg_loop_new(is_played ? &clock : NULL, &s->loop, &err), 0);
	(void)snprintf(s->folder, sizeof(s->folder), "%s/dg-zonefile-XXXXXX",
		getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
	assert_non_null(mkdtemp(s->folder));
	(void)snprintf(s->file, sizeof(s->file), "%s/example.com.zone", s->folder);
	s->opts = calloc(1, dg_schema_zonefile.size);
	assert_non_null(s->opts);
	const char *path = dg_printf(s->arena, "%s/{zone}.zone", s->folder);
	memcpy(option(s, "path"), &path, sizeof(path));
	return s;
}

static void open_provider(struct scene *s)
{
	struct dg_err err = {0};

	if (!s->provider.ops) {
		s->provider = (struct dg_provider){
			.ops = &dg_provider_zonefile, .loop = s->loop, .opts = s->opts};
		assert_int_equal(s->provider.ops->open(&s->provider, &err), 0);
	}
}

static void set_reload(struct scene *s, size_t n, const char *const *words)
{
	struct dg_strings argv = {.list = dg_newn(s->arena, struct dg_string, n), .n = n};

	for (size_t i = 0; i < n; i++) {
		argv.list[i].text = words[i];
	}
	memcpy(option(s, "reload"), &argv, sizeof(argv));
}

static void scene_free(struct scene *s)
{
	if (s->provider.ops) {
		s->provider.ops->close(&s->provider);
	}
	dg_loop_free(s->loop);
	const char *line = dg_printf(s->arena, "rm -rf %s", s->folder);
	assert_int_equal(system(line), 0); /* NOLINT: a test's own words */
	dg_arena_free(s->arena);
	free(s->opts);
	free(s);
}

static void put(const char *path, const char *text)
{
	FILE *f = fopen(path, "we");

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, strlen(text), f), strlen(text));
	assert_int_equal(fclose(f), 0);
}

static const char *get(struct scene *s, const char *path)
{
	FILE *f = fopen(path, "re");
	char *text = dg_get(s->arena, 1, 100000);

	assert_non_null(f);
	text[fread(text, 1, 99999, f)] = '\0';
	(void)fclose(f);
	return text;
}

static size_t n_files(const struct scene *s)
{
	char line[3 * PATHS];
	unsigned n = 0;

	(void)snprintf(line, sizeof(line), "ls -A %s | wc -l", s->folder);
	FILE *f = popen(line, "re"); /* NOLINT: a test's own words */
	assert_non_null(f);
	assert_int_equal(fscanf(f, "%u", &n), 1);
	(void)pclose(f);
	return n;
}

static void on_read(struct dg_read *r, int rc)
{
	struct scene *s = r->arg;

	s->rc = rc;
	s->n_done++;
}

static void on_apply(struct dg_apply *a, enum dg_outcome outcome)
{
	struct scene *s = a->arg;

	s->outcome = outcome;
	s->n_done++;
}

static int read_zone(struct scene *s, const char *zone, const struct dg_rrkey *keys, size_t n)
{
	open_provider(s);
	s->n_done = 0;
	s->read = (struct dg_read){.zone = zone,
		.keys = keys,
		.n_keys = n,
		.whole = true,
		.arena = s->arena,
		.done = on_read,
		.arg = s};
	s->provider.ops->read(&s->provider, &s->read);
	assert_int_equal(s->n_done, 0);
	dg_loop_run(s->loop);
	assert_int_equal(s->n_done, 1);
	return s->rc;
}

static struct dg_rrset mx(struct scene *s, uint32_t ttl, uint16_t preference, const char *host)
{
	struct dg_rdata *rd = dg_new(s->arena, struct dg_rdata);

	*rd = dg_mx_make(s->arena, preference, host);
	return dg_rrset_make(ZONE, DG_TYPE_MX, ttl, rd, 1);
}

static enum dg_outcome apply(
	struct scene *s, struct dg_rrset before, struct dg_rrset after, bool is_dry)
{
	struct dg_swap *swap = dg_new(s->arena, struct dg_swap);

	open_provider(s);
	*swap = (struct dg_swap){before, after};
	s->n_done = 0;
	s->apply = (struct dg_apply){.zone = ZONE,
		.swaps = swap,
		.n_swaps = 1,
		.version = "",
		.is_dry_run = is_dry,
		.arena = s->arena,
		.done = on_apply,
		.arg = s};
	s->provider.ops->apply(&s->provider, &s->apply);
	assert_int_equal(s->n_done, 0);
	dg_loop_run(s->loop);
	assert_int_equal(s->n_done, 1);
	return s->outcome;
}

#define HEAD(serial) \
	"$TTL 60 ; short\n@ IN SOA ns1 host ( " serial " ; serial\n 2 3 4 5 )\n  NS ns1\n"
#define OLD     HEAD("7") "@ MX 10 mail ; our mail\nmail A 192.0.2.1\n"
#define NEW     HEAD("8") "@ MX 0 . ; our mail\nmail A 192.0.2.1\n"
#define HAVE    mx(s, 60, 10, "mail.example.com.")
#define NULL_MX mx(s, 60, 0, ".")

static void test_read(void **state)
{
	struct scene *s = scene_of(false);
	struct dg_rrset set;
	char buf[4 * PATHS];

	(void)state;
	put(s->file, OLD);
	assert_int_equal(read_zone(s, ZONE, NULL, 0), 0);
	assert_true(s->read.have->is_complete);
	assert_int_equal(strlen(s->read.have->version), 64);
	const char *version = s->read.have->version;
	assert_int_equal(dg_zone_get(s->read.have, ZONE, DG_TYPE_MX, &set), 0);
	struct dg_rrset have = HAVE;
	assert_true(dg_rrset_same(&set, &have));
	(void)snprintf(buf, sizeof(buf), "zonefile %s", s->file);
	assert_string_equal(s->read.have->from, buf);
	assert_string_equal(s->provider.ops->describe(&s->provider, ZONE, buf, sizeof(buf)),
		s->read.have->from);
	put(s->file, NEW);
	assert_int_equal(read_zone(s, ZONE, NULL, 0), 0);
	assert_string_not_equal(s->read.have->version, version);
	scene_free(s);
}

static void test_read_says_why_not(void **state)
{
	struct scene *s = scene_of(false);

	(void)state;
	assert_int_equal(read_zone(s, ZONE, NULL, 0), DG_EIO);
	assert_non_null(strstr(s->read.err.text, "example.com.zone: No such file"));
	assert_int_equal(read_zone(s, "../x.", NULL, 0), DG_EINPUT);
	assert_int_equal(mkfifo(s->file, 0600), 0);
	assert_int_equal(read_zone(s, ZONE, NULL, 0), DG_EINPUT);
	assert_non_null(strstr(s->read.err.text, "not a regular file"));
	assert_int_equal(unlink(s->file), 0);
	assert_int_equal(mkdir(s->file, 0700), 0);
	assert_int_equal(read_zone(s, ZONE, NULL, 0), DG_EINPUT);
	assert_int_equal(rmdir(s->file), 0);
	put(s->file, "");
	assert_int_equal(read_zone(s, ZONE, NULL, 0), DG_EINPUT);
	assert_non_null(strstr(s->read.err.text, "no SOA"));
	put(s->file, HEAD("7") "@ MX 10\n");
	assert_int_equal(read_zone(s, ZONE, NULL, 0), DG_EINPUT);
	assert_int_equal(s->read.err.pos.line, 5);
	assert_string_equal(s->read.err.pos.file, s->file);
	if (geteuid() == 0) {
		assert_int_equal(chmod(s->file, 0600), 0);
		assert_int_equal(chmod(s->folder, 0711), 0);
		assert_int_equal(seteuid(65534), 0);
		assert_int_equal(read_zone(s, ZONE, NULL, 0), DG_EIO);
		assert_int_equal(seteuid(0), 0);
		assert_non_null(strstr(s->read.err.text, "Permission denied; we are nobody, and"));
		assert_non_null(strstr(
			s->read.err.text, "example.com.zone belongs to root:root with mode 0600"));
		assert_int_equal(chmod(s->folder, 0700), 0);
		assert_int_equal(seteuid(65534), 0);
		assert_int_equal(read_zone(s, ZONE, NULL, 0), DG_EIO);
		assert_int_equal(seteuid(0), 0);
		assert_non_null(strstr(s->read.err.text, "the folder /"));
	}
	scene_free(s);
}

static void test_foreign(void **state)
{
	struct scene *s = scene_of(false);
	struct dg_rrkey key = {"x.example.com.", DG_TYPE_MX};
	struct dg_rrset set;

	(void)state;
	put(s->file, OLD "$GENERATE 1-3 h$ A 192.0.2.$\n");
	assert_int_equal(read_zone(s, ZONE, &key, 1), 0);
	assert_false(s->read.have->is_complete);
	assert_int_equal(dg_zone_get(s->read.have, key.owner, key.type, &set), 0);
	assert_int_equal(set.n, 0);
	assert_int_equal(apply(s, HAVE, NULL_MX, false), DG_APPLIED);
	put(s->file, OLD "$INCLUDE more\n");
	assert_int_equal(read_zone(s, ZONE, &key, 1), DG_EPOLICY);
	assert_int_equal(apply(s, HAVE, NULL_MX, false), DG_NOT_APPLIED);
	assert_non_null(strstr(s->apply.err.text, "$INCLUDE"));
	assert_string_equal(get(s, s->file), OLD "$INCLUDE more\n");
	scene_free(s);
}

static void test_apply(void **state)
{
	struct scene *s = scene_of(false);
	struct stat before;
	struct stat after;

	(void)state;
	put(s->file, OLD);
	assert_int_equal(chmod(s->file, 0640), 0);
	if (geteuid() == 0) {
		assert_int_equal(chown(s->file, 65534, 12), 0);
	}
	bool has_xattr = setxattr(s->file, "user.note", "x", 1, 0) == 0;
	assert_int_equal(stat(s->file, &before), 0);
	assert_int_equal(apply(s, HAVE, NULL_MX, true), DG_APPLIED);
	assert_int_equal(stat(s->file, &after), 0);
	assert_int_equal(before.st_ino, after.st_ino);
	assert_string_equal(get(s, s->file), OLD);

	assert_int_equal(apply(s, HAVE, NULL_MX, false), DG_APPLIED);
	assert_string_equal(get(s, s->file), NEW);
	assert_int_equal(stat(s->file, &after), 0);
	assert_int_not_equal(before.st_ino, after.st_ino);
	assert_int_equal(before.st_mode, after.st_mode);
	assert_int_equal(before.st_uid, after.st_uid);
	assert_int_equal(before.st_gid, after.st_gid);
	char value[4];
	assert_true(!has_xattr || getxattr(s->file, "user.note", value, sizeof(value)) == 1);
	assert_int_equal(n_files(s), 1);
	/* the same again: nothing to do, nothing written */
	assert_int_equal(apply(s, NULL_MX, NULL_MX, false), DG_APPLIED);
	assert_int_equal(stat(s->file, &before), 0);
	assert_int_equal(before.st_ino, after.st_ino);
	scene_free(s);
}

static void test_a_persons_edit_is_kept(void **state)
{
	struct scene *s = scene_of(false);

	(void)state;
	/* elsewhere: both */
	put(s->file, HEAD("9") "@ MX 10 mail ; our mail\nmail A 192.0.2.2\nnew A 192.0.2.3\n");
	assert_int_equal(apply(s, HAVE, NULL_MX, false), DG_APPLIED);
	assert_string_equal(get(s, s->file),
		HEAD("10") "@ MX 0 . ; our mail\nmail A 192.0.2.2\nnew A 192.0.2.3\n");
	/* the same set, its TTL, all of it */
	static const char *const edits[] = {
		"@ MX 10 mail2\n", "@ 61 MX 10 mail\n", "@ MX 10 mail\n MX 20 b\n", ""};
	for (size_t i = 0; i < 4; i++) {
		const char *text = dg_printf(s->arena, HEAD("9") "%s", edits[i]);

		put(s->file, text);
		assert_int_equal(apply(s, HAVE, NULL_MX, false), DG_CONFLICT);
		assert_non_null(strstr(s->apply.err.text, "example.com. MX is no longer"));
		assert_string_equal(get(s, s->file), text);
	}
	put(s->file, "rubbish\n");
	assert_int_equal(apply(s, HAVE, NULL_MX, false), DG_NOT_APPLIED);
	assert_int_equal(s->apply.err.pos.line, 1);
	assert_string_equal(s->apply.err.pos.file, s->file);
	assert_string_equal(get(s, s->file), "rubbish\n");
	scene_free(s);
}

static void test_link(void **state)
{
	struct scene *s = scene_of(false);
	const char *target = dg_printf(s->arena, "%s/sub/real", s->folder);
	struct stat st;

	(void)state;
	assert_int_equal(mkdir(dg_printf(s->arena, "%s/sub", s->folder), 0700), 0);
	put(target, OLD);
	assert_int_equal(symlink("sub/real", s->file), 0);
	assert_int_equal(apply(s, HAVE, NULL_MX, false), DG_APPLIED);
	assert_int_equal(lstat(s->file, &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_string_equal(get(s, target), NEW);
	scene_free(s);
}

static void test_failures_leave_the_old_file(void **state)
{
	struct scene *s = scene_of(false);
	struct rlimit was;

	(void)state;
	put(s->file, OLD);
	/* a full disk, as far as a process can make one for itself */
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &was), 0);
	struct rlimit small = {.rlim_cur = 20, .rlim_max = was.rlim_max};
	(void)signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	enum dg_outcome outcome = apply(s, HAVE, NULL_MX, false);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &was), 0);
	assert_int_equal(outcome, DG_NOT_APPLIED);
	assert_non_null(strstr(s->apply.err.text, "cannot write"));
	assert_string_equal(get(s, s->file), OLD);
	assert_int_equal(n_files(s), 1);
	if (geteuid() == 0) {
		assert_int_equal(chmod(s->folder, 0755), 0);
		assert_int_equal(seteuid(65534), 0);
		outcome = apply(s, HAVE, NULL_MX, true);
		enum dg_outcome wet = apply(s, HAVE, NULL_MX, false);
		assert_int_equal(seteuid(0), 0);
		assert_int_equal(outcome, DG_NOT_APPLIED);
		assert_int_equal(wet, DG_NOT_APPLIED);
		assert_non_null(strstr(s->apply.err.text, "cannot make files in"));
		assert_non_null(strstr(s->apply.err.text, "belongs to root:root with mode 0755"));
		/* whose owner we cannot keep */
		assert_int_equal(chmod(s->folder, 0777), 0);
		assert_int_equal(seteuid(65534), 0);
		outcome = apply(s, HAVE, NULL_MX, false);
		assert_int_equal(seteuid(0), 0);
		assert_int_equal(outcome, DG_NOT_APPLIED);
		assert_non_null(strstr(s->apply.err.text, "keep owner, group and mode"));
		assert_int_equal(n_files(s), 1);
		assert_string_equal(get(s, s->file), OLD);
	}
	scene_free(s);
}

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

static void test_check(void **state)
{
	struct scene *s = scene_of(false);
	struct dg_swap swap = {HAVE, NULL_MX};
	struct dg_err err;

	(void)state;
	open_provider(s);
	assert_int_equal(s->provider.ops->check(&s->provider, &swap, 1, &err), 0);
	swap.after.type = DG_TYPE_NS;
	assert_int_equal(s->provider.ops->check(&s->provider, &swap, 1, &err), DG_EPOLICY);
	swap.after.type = DG_TYPE_MX;
	swap.after.ttl = DG_TTL_MAX + 1u;
	assert_int_equal(s->provider.ops->check(&s->provider, &swap, 1, &err), DG_EPOLICY);
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
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_read_says_why_not),
		cmocka_unit_test(test_foreign),
		cmocka_unit_test(test_apply),
		cmocka_unit_test(test_a_persons_edit_is_kept),
		cmocka_unit_test(test_link),
		cmocka_unit_test(test_failures_leave_the_old_file),
		cmocka_unit_test(test_reload),
		cmocka_unit_test(test_reload_fails),
		cmocka_unit_test(test_reloads_are_shared),
		cmocka_unit_test(test_closed_in_flight),
		cmocka_unit_test(test_check),
		cmocka_unit_test(test_two_at_once),
		cmocka_unit_test(test_killed),
	};
	return cmocka_run_group_tests_name("providers/zonefile", tests, NULL, NULL);
}
