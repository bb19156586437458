/* The zone file provider: what it reads and writes. */
#include "tests/unit/providers/zonefile_unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/xattr.h>

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
		cmocka_unit_test(test_check),
	};
	return cmocka_run_group_tests_name("providers/zonefile", tests, NULL, NULL);
}
