/* providers/zonefile/disk.h: one file, read whole and replaced whole.
 *
 * Shape    A new text is written beside the file under a fixed temporary name, synced, and renamed over it: whoever looks sees
 *          the old file or the new one. Owner, group, mode, ACL and other extended attributes are taken over.
 * Lock     flock() on the folder, held while a file in it is read, compared and replaced: of two dnsguards one waits.
 * Errors   DG_EIO in words for the night: what was tried, who we are, whose the file is.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

struct dg_arena;
struct dg_err;

struct dg_disk_text {
	char *data; /* heap, NUL added; dg_disk_text_done() */
	size_t len;
	struct stat st; /* as it was when it was read */
};

/* A regular file of at most max bytes, links followed. A file that changes while it is read is read again. */
int dg_disk_read(const char *path, size_t max, struct dg_disk_text *ret_text, struct dg_err *err);
void dg_disk_text_done(struct dg_disk_text *t);

struct dg_disk {
	const char *path; /* links resolved: what is replaced */
	const char *base; /* its last part */
	int folder;       /* file descriptor, locked; -1: none */
};

/* 0: locked. 1: another process holds the lock. Strings live in the arena. */
int dg_disk_lock(
	struct dg_arena *a, const char *path, struct dg_disk *ret_disk, struct dg_err *err);
void dg_disk_unlock(struct dg_disk *d); /* more than once is fine */

/* May we make files in the folder, as replace() does? */
int dg_disk_check(const struct dg_disk *d, struct dg_err *err);

/* 0: replaced. 1: the file is no longer the one that old was read from; nothing was written. DG_EIO: nothing was
 * written, unless *ret_is_written: then the new text stands there, but may not survive a power cut. */
int dg_disk_replace(const struct dg_disk *d, const struct dg_disk_text *old, const char *text,
	size_t len, bool *ret_is_written, struct dg_err *err);

/* "cannot WHAT PATH: reason; we are USER, it is OWNER:GROUP MODE". Returns DG_EIO. */
int dg_disk_fail(struct dg_err *err, const char *what, const char *path, int error);
