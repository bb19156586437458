/* Replacing a file: temporary name, sync, rename, sync (rename(2), fsync(2)). */
#include "providers/zonefile/disk.h"

#include "zones/base/digest.h"
#include "zones/base/err.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#define ID_BYTES    8u /* of the digest that makes the temporary name */
#define TEMP_MAX    64u
#define ATTRS_MAX   ((size_t)65536) /* what Linux gives at most (xattr(7)) */
#define TEMP_PREFIX ".dnsguard-"

/* Fixed for each file, and made under the lock: what a killed process left is found and removed by the next. */
static void temp_name(const struct dg_disk *d, char name[TEMP_MAX])
{
	uint8_t digest[DG_DIGEST_LEN];
	char hex[2 * ID_BYTES + 1];

	dg_digest(d->base, strlen(d->base), digest);
	(void)snprintf(name, TEMP_MAX, TEMP_PREFIX "%s.tmp", dg_digest_text(digest, ID_BYTES, hex));
}

int dg_disk_check(const struct dg_disk *d, struct dg_err *err)
{
	if (faccessat(d->folder, ".", W_OK | X_OK, AT_EACCESS) != 0) {
		int error = errno;
		char *folder = strndup(d->path, (size_t)(strrchr(d->path, '/') - d->path));

		int r = dg_disk_fail(err, "make files in", folder && *folder ? folder : "/", error);
		free(folder);
		return r;
	}
	return 0;
}

static int write_all(int fd, const char *text, size_t len)
{
	for (size_t at = 0; at < len;) {
		ssize_t n = write(fd, text + at, len - at);

		if (n < 0 && errno == EINTR) {
			continue;
		}
		if (n <= 0) {
			return n < 0 ? errno : EIO;
		}
		at += (size_t)n;
	}
	return 0;
}

/* One extended attribute. What only the kernel or root may set is left to them. */
static int copy_attr(int from, int to, const char *name, char *value)
{
	ssize_t n = fgetxattr(from, name, value, ATTRS_MAX);
	bool is_acl = strcmp(name, "system.posix_acl_access") == 0;

	if (n < 0 || fsetxattr(to, name, value, (size_t)n, 0) == 0) {
		return 0;
	}
	return is_acl || strncmp(name, "user.", 5) == 0 ? errno : 0;
}

static int copy_attrs(int from, int to)
{
	char *names = malloc(2 * ATTRS_MAX);
	int error = names ? 0 : ENOMEM;
	ssize_t n = names ? flistxattr(from, names, ATTRS_MAX) : 0;

	for (ssize_t i = 0; i < n && error == 0; i += (ssize_t)strlen(names + i) + 1) {
		error = copy_attr(from, to, names + i, names + ATTRS_MAX);
	}
	free(names);
	return error;
}

/* Owner, group, attributes and mode of the old file. Returns errno. */
static int take_over(int from, int to, const struct stat *st)
{
	struct stat now;

	if (fstat(to, &now) != 0) {
		return errno;
	}
	if ((now.st_uid != st->st_uid || now.st_gid != st->st_gid) &&
		fchown(to, st->st_uid, st->st_gid) != 0) {
		return errno;
	}
	int error = copy_attrs(from, to);
	if (error == 0 && fchmod(to, st->st_mode & 07777) != 0) {
		error = errno;
	}
	return error;
}

/* The temporary file with everything in it, on the disk. */
static int write_temp(const struct dg_disk *d, const char *temp, int from, const char *text,
	size_t len, struct dg_err *err)
{
	struct stat st;
	const char *what = "write";
	int fd =
		openat(d->folder, temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0) {
		int error = errno;
		struct dg_err why;

		if (dg_disk_check(d, &why) < 0 && error == EACCES) {
			*err = why;
			return DG_EIO;
		}
		return dg_disk_fail(err, "write beside", d->path, error);
	}
	int error = write_all(fd, text, len);
	if (error == 0) {
		what = "keep owner, group and mode of";
		error = fstat(from, &st) == 0 ? take_over(from, fd, &st) : errno;
	}
	if (error == 0 && fsync(fd) != 0) {
		what = "sync the new text of";
		error = errno;
	}
	if (close(fd) != 0 && error == 0) {
		what = "close the new text of";
		error = errno;
	}
	return error == 0 ? 0 : dg_disk_fail(err, what, d->path, error);
}

/* Is the file of this name the one that was read, as it was then? 0, 1: no. */
static int compare(const struct dg_disk *d, const char *name, const struct stat *old)
{
	struct stat st;

	if (fstatat(d->folder, name, &st, AT_SYMLINK_NOFOLLOW) != 0) {
		return 1;
	}
	return st.st_dev == old->st_dev && st.st_ino == old->st_ino && st.st_size == old->st_size &&
			       st.st_mtim.tv_sec == old->st_mtim.tv_sec &&
			       st.st_mtim.tv_nsec == old->st_mtim.tv_nsec
		       ? 0
		       : 1;
}

/* The two names change places: what an editor saved after the last look is not lost, it has the temporary name now, and
 * goes back. 0, 1: it did. File systems that cannot do it get a plain rename. */
static int exchange(
	const struct dg_disk *d, const char *temp, const struct stat *old, int *ret_error)
{
	*ret_error = 0;
	if (renameat2(d->folder, temp, d->folder, d->base, RENAME_EXCHANGE) != 0) {
		bool is_unknown = errno == EINVAL || errno == ENOSYS || errno == EOPNOTSUPP;

		*ret_error = is_unknown && renameat(d->folder, temp, d->folder, d->base) == 0
				     ? 0
				     : errno;
		return 0;
	}
	if (compare(d, temp, old) == 0) {
		return 0;
	}
	*ret_error =
		renameat2(d->folder, temp, d->folder, d->base, RENAME_EXCHANGE) != 0 ? errno : 0;
	return 1;
}

/* temp holds the new text. */
static int put_in_place(const struct dg_disk *d, const char *temp, const struct dg_disk_text *old,
	bool *ret_is_written, struct dg_err *err)
{
	int error = 0;

	if (compare(d, d->base, &old->st) != 0) {
		return 1;
	}
	int r = exchange(d, temp, &old->st, &error);
	if (error != 0) {
		*ret_is_written = r > 0; /* both are there, the edit under the temporary name */
		return dg_disk_fail(err, "replace", d->path, error);
	}
	if (r > 0) {
		return 1;
	}
	*ret_is_written = true;
	(void)unlinkat(d->folder, temp, 0);
	if (fsync(d->folder) != 0) {
		return dg_disk_fail(err, "sync the folder of", d->path, errno);
	}
	return 0;
}

int dg_disk_replace(const struct dg_disk *d, const struct dg_disk_text *old, const char *text,
	size_t len, bool *ret_is_written, struct dg_err *err)
{
	char temp[TEMP_MAX];
	bool is_written = false;

	temp_name(d, temp);
	(void)unlinkat(d->folder, temp, 0);
	int from = openat(d->folder, d->base, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
	if (from < 0) {
		return errno == ENOENT || errno == ELOOP
			       ? 1
			       : dg_disk_fail(err, "open", d->path, errno);
	}
	int r = write_temp(d, temp, from, text, len, err);
	(void)close(from);
	if (r == 0) {
		r = put_in_place(d, temp, old, &is_written, err);
	}
	if (!is_written) {
		(void)unlinkat(d->folder, temp, 0);
	}
	*ret_is_written = is_written;
	return r;
}
