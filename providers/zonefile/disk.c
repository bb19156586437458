#include "providers/zonefile/disk.h"

#include "zones/base/arena.h"
#include "zones/base/err.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define READ_TRIES  3
#define FIRST_BYTES 4096u
#define NAME_BYTES  64u
#define ENTRY_BYTES 2048u /* one line of passwd or group */

static const char *user_text(uid_t uid, char buf[NAME_BYTES])
{
	struct passwd pw;
	struct passwd *found = NULL;
	char entry[ENTRY_BYTES];

	if (getpwuid_r(uid, &pw, entry, sizeof(entry), &found) == 0 && found) {
		(void)snprintf(buf, NAME_BYTES, "%s", found->pw_name);
	} else {
		(void)snprintf(buf, NAME_BYTES, "uid %u", (unsigned)uid);
	}
	return buf;
}

static const char *group_text(gid_t gid, char buf[NAME_BYTES])
{
	struct group gr;
	struct group *found = NULL;
	char entry[ENTRY_BYTES];

	if (getgrgid_r(gid, &gr, entry, sizeof(entry), &found) == 0 && found) {
		(void)snprintf(buf, NAME_BYTES, "%s", found->gr_name);
	} else {
		(void)snprintf(buf, NAME_BYTES, "gid %u", (unsigned)gid);
	}
	return buf;
}

/* The nearest of path and the folders above it that can be looked at: it is the one that keeps us out. */
static int nearest(const char *path, char near[PATH_MAX], struct stat *ret_st)
{
	(void)snprintf(near, PATH_MAX, "%s", path);
	while (stat(near, ret_st) != 0) {
		char *slash = strrchr(near, '/');

		if (!slash) {
			(void)snprintf(near, PATH_MAX, ".");
			return stat(near, ret_st);
		}
		slash[slash == near ? 1 : 0] = '\0';
		if (slash == near && stat(near, ret_st) != 0) {
			return -1;
		}
	}
	return 0;
}

int dg_disk_fail(struct dg_err *err, const char *what, const char *path, int error)
{
	char near[PATH_MAX];
	char we[NAME_BYTES];
	char owner[NAME_BYTES];
	char group[NAME_BYTES];
	struct stat st;

	if ((error != EACCES && error != EPERM) || nearest(path, near, &st) != 0) {
		return dg_fail(err, DG_EIO, "cannot %s %s: %s", what, path, strerrordesc_np(error));
	}
	return dg_fail(err, DG_EIO,
		"cannot %s %s: %s; we are %s, and %s%s belongs to %s:%s with mode %04o", what, path,
		strerrordesc_np(error), user_text(geteuid(), we),
		S_ISDIR(st.st_mode) ? "the folder " : "", near, user_text(st.st_uid, owner),
		group_text(st.st_gid, group), (unsigned)(st.st_mode & 07777));
}

/* Same file, and nobody has written to it. */
static bool is_same(const struct stat *x, const struct stat *y)
{
	return x->st_dev == y->st_dev && x->st_ino == y->st_ino && x->st_size == y->st_size &&
	       x->st_mtim.tv_sec == y->st_mtim.tv_sec && x->st_mtim.tv_nsec == y->st_mtim.tv_nsec;
}

void dg_disk_text_done(struct dg_disk_text *t)
{
	free(t->data);
	t->data = NULL;
}

/* All bytes of fd. errno on failure; EFBIG: more than max. */
static int read_all(int fd, size_t max, struct dg_disk_text *t)
{
	size_t cap = (size_t)t->st.st_size < FIRST_BYTES ? FIRST_BYTES : (size_t)t->st.st_size + 1;

	t->len = 0;
	t->data = malloc(cap + 1);
	for (;;) {
		if (!t->data) {
			return ENOMEM;
		}
		ssize_t n = read(fd, t->data + t->len, cap - t->len);
		if (n < 0 && errno != EINTR) {
			return errno;
		}
		t->len += n > 0 ? (size_t)n : 0;
		if (n == 0) {
			break;
		}
		if (t->len > max) {
			return EFBIG;
		}
		if (t->len == cap) {
			char *grown = realloc(t->data, cap * 2 + 1);
			if (!grown) {
				return ENOMEM;
			}
			t->data = grown;
			cap *= 2;
		}
	}
	t->data[t->len] = '\0';
	return 0;
}

/* 0, 1: it changed meanwhile. */
static int read_once(
	int fd, const char *path, size_t max, struct dg_disk_text *t, struct dg_err *err)
{
	struct stat after;

	if (fstat(fd, &t->st) != 0) {
		return dg_disk_fail(err, "read", path, errno);
	}
	if (!S_ISREG(t->st.st_mode)) {
		return dg_fail(err, DG_EINPUT, "%s is not a regular file", path);
	}
	if (t->st.st_size > (off_t)max) {
		return dg_fail(err, DG_ELIMIT, "%s has %jd bytes; at most %zu are read", path,
			(intmax_t)t->st.st_size, max);
	}
	int error = read_all(fd, max, t);
	if (error == EFBIG) {
		return dg_fail(err, DG_ELIMIT, "%s has more than %zu bytes", path, max);
	}
	if (error != 0 || fstat(fd, &after) != 0) {
		return dg_disk_fail(err, "read", path, error != 0 ? error : errno);
	}
	return is_same(&t->st, &after) && t->len == (size_t)after.st_size ? 0 : 1;
}

int dg_disk_read(const char *path, size_t max, struct dg_disk_text *ret_text, struct dg_err *err)
{
	for (int i = 0; i < READ_TRIES; i++) {
		struct dg_disk_text t = {0};
		int fd = open(path,
			O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY); /* a FIFO must not hold us */

		if (fd < 0) {
			return dg_disk_fail(err, "open", path, errno);
		}
		int r = read_once(fd, path, max, &t, err);
		(void)close(fd);
		if (r == 0) {
			*ret_text = t;
			return 0;
		}
		dg_disk_text_done(&t);
		if (r < 0) {
			return r;
		}
	}
	(void)dg_fail(err, DG_EIO, "%s is being written by somebody else", path);
	err->retry_after_s = 1;
	return DG_EIO;
}

int dg_disk_lock(struct dg_arena *a, const char *path, struct dg_disk *ret_disk, struct dg_err *err)
{
	char real[PATH_MAX];

	if (!realpath(path, real)) {
		return dg_disk_fail(err, "open", path, errno);
	}
	char *slash = strrchr(real, '/');
	struct dg_disk d = {.path = dg_strdup(a, real)};
	d.base = dg_strdup(a, slash + 1);
	slash[slash == real ? 1 : 0] = '\0';
	d.folder = open(real, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (d.folder < 0) {
		return dg_disk_fail(err, "open the folder", real, errno);
	}
	if (flock(d.folder, LOCK_EX | LOCK_NB) != 0) {
		int error = errno;

		(void)close(d.folder);
		return error == EWOULDBLOCK || error == EINTR
			       ? 1
			       : dg_disk_fail(err, "lock the folder", real, error);
	}
	*ret_disk = d;
	return 0;
}

void dg_disk_unlock(struct dg_disk *d)
{
	if (d->folder >= 0) {
		(void)close(d->folder);
	}
	d->folder = -1;
}
