/* The state folder: who may write to it, and who has it open. */
#include "controller/store/db.h"

#include "zones/base/err.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define WAIT_MS 20

/* Bytes of the lock file: whoever is just opening holds the first alone, whoever has it open shares the second. */
enum lock_byte {
	LOCK_OPENING = 0,
	LOCK_IN_USE = 1,
};

static const char *words(int number)
{
	const char *text = strerrordesc_np(number);

	return text ? text : "unknown error";
}

/* A new name is only there for good when its folder is on disk. */
static void sync_folder(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0) {
		/* Some file systems refuse it for folders: then they need no such call. */
		(void)fsync(fd);
		(void)close(fd);
	}
}

/* path is as before afterwards. */
static void sync_parent(char *path)
{
	char *slash = strrchr(path, '/');

	if (!slash || slash == path) {
		sync_folder(slash ? "/" : ".");
		return;
	}
	*slash = '\0';
	sync_folder(path);
	*slash = '/';
}

static int make_folders(const char *dir, struct dg_err *err)
{
	char path[PATH_MAX];
	size_t len = strlen(dir);

	if (len == 0 || len >= sizeof(path)) {
		return dg_fail(err, DG_EINPUT,
			"the path of the state folder has %zu bytes, at most %zu are possible", len,
			sizeof(path) - 1);
	}
	memcpy(path, dir, len + 1);
	for (size_t i = 1; i <= len; i++) {
		char kept = path[i];

		if (kept != '/' && kept != '\0') {
			continue;
		}
		path[i] = '\0';
		if (mkdir(path, 0700) == 0) {
			sync_parent(path);
		} else if (errno != EEXIST) {
			return dg_fail(err, DG_EIO, "the state folder %s could not be made: %s: %s",
				dir, path, words(errno));
		}
		path[i] = kept;
	}
	return 0;
}

static int check_rights(
	const char *path, const struct stat *st, const char *what, struct dg_err *err)
{
	if (geteuid() != 0 && st->st_uid != geteuid()) {
		return dg_fail(err, DG_EINPUT,
			"the %s %s belongs to user %u, not to user %u who runs dnsguard: whoever "
			"owns it can undo what is recorded there; give another with --state, or "
			"run as its owner",
			what, path, (unsigned)st->st_uid, (unsigned)geteuid());
	}
	if ((st->st_mode & (S_IWGRP | S_IWOTH)) != 0) {
		return dg_fail(err, DG_EINPUT,
			"the %s %s can be written by others (mode %04o): what is recorded there "
			"could not be trusted; chmod go-w %s",
			what, path, (unsigned)st->st_mode & 07777u, path);
	}
	return 0;
}

int dg_store_folder(const char *dir, bool read_only, struct dg_err *err)
{
	struct stat st;

	if (stat(dir, &st) != 0) {
		if (errno != ENOENT) {
			return dg_fail(err, DG_EIO, "the state folder %s could not be read: %s",
				dir, words(errno));
		}
		if (read_only) {
			return 1;
		}
		int rc = make_folders(dir, err);
		if (rc < 0) {
			return rc;
		}
		if (stat(dir, &st) != 0) {
			return dg_fail(err, DG_EIO, "the state folder %s could not be read: %s",
				dir, words(errno));
		}
	}
	if (!S_ISDIR(st.st_mode)) {
		return dg_fail(err, DG_EINPUT, "%s is not a folder: the journal needs one", dir);
	}
	return check_rights(dir, &st, "state folder", err);
}

/* Opened by root in the folder of the daemon's user, a file must stay usable for that user. */
static void give_to_owner(int fd, const char *dir)
{
	struct stat st;

	if (geteuid() == 0 && stat(dir, &st) == 0) {
		(void)!fchown(
			fd, st.st_uid, st.st_gid); /* else it is root's, which root can read */
	}
}

int dg_store_file(const char *dir, const char *path, bool read_only, struct dg_err *err)
{
	struct stat st;

	if (lstat(path, &st) == 0) {
		return S_ISREG(st.st_mode)
			       ? check_rights(path, &st, "journal", err)
			       : dg_fail(err, DG_EINPUT, "%s is not a plain file", path);
	}
	if (errno != ENOENT) {
		return dg_fail(
			err, DG_EIO, "the journal %s could not be read: %s", path, words(errno));
	}
	if (read_only) {
		return 1;
	}
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0) {
		return dg_fail(
			err, DG_EIO, "the journal %s could not be made: %s", path, words(errno));
	}
	give_to_owner(fd, dir);
	(void)close(fd);
	sync_folder(dir);
	return 0;
}

static int set_lock(int fd, enum lock_byte byte, short type)
{
	struct flock l = {.l_type = type, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1};

	/* locks of the open file, not of the process: a second store in this process counts, too */
	return fcntl(fd, F_OFD_SETLK, &l);
}

static int wait_for_turn(int fd, const char *path, struct dg_err *err)
{
	const struct timespec pause = {.tv_nsec = WAIT_MS * 1000000L};

	for (int waited = 0; set_lock(fd, LOCK_OPENING, F_WRLCK) != 0; waited += WAIT_MS) {
		if (errno != EAGAIN && errno != EACCES && errno != EINTR) {
			return dg_fail(
				err, DG_EIO, "%s could not be locked: %s", path, words(errno));
		}
		if (waited >= DG_DB_BUSY_MS) {
			dg_fail(err, DG_ECONFLICT,
				"another dnsguard has been opening the journal for longer than %d "
				"s (%s): wait until it is done, then run again",
				DG_DB_BUSY_MS / 1000, path);
			err->retry_after_s = DG_DB_BUSY_MS / 1000;
			return DG_ECONFLICT;
		}
		(void)nanosleep(&pause, NULL);
	}
	return 0;
}

int dg_store_lock(const char *dir, int *ret_fd, bool *ret_is_alone, struct dg_err *err)
{
	char path[PATH_MAX];

	(void)snprintf(path, sizeof(path), "%s/journal.lock", dir);
	int fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0) {
		return dg_fail(err, DG_EIO, "%s could not be opened: %s", path, words(errno));
	}
	give_to_owner(fd, dir);
	int rc = wait_for_turn(fd, path, err);
	if (rc < 0) {
		(void)close(fd);
		return rc;
	}
	*ret_is_alone = set_lock(fd, LOCK_IN_USE, F_WRLCK) == 0;
	*ret_fd = fd;
	return 0;
}

int dg_store_share(int fd, struct dg_err *err)
{
	if (set_lock(fd, LOCK_IN_USE, F_RDLCK) != 0 || set_lock(fd, LOCK_OPENING, F_UNLCK) != 0) {
		return dg_fail(err, DG_EIO, "the lock of the journal was lost: %s", words(errno));
	}
	return 0;
}
