/* One file with one letter, and a folder of such files: what people save from their mail program. */
#include "controller/letters/source_parts.h"
#include "zones/base/err.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- one file --------------------------------------------------------------------------------------------- */
static int file_open(struct dg_source *s, struct dg_err *err)
{
	if (access(s->path, R_OK) != 0) {
		return dg_fail(err, errno == ENOENT ? DG_EINPUT : DG_EIO, "%.300s: %s", s->path,
			strerrordesc_np(errno));
	}
	return 0;
}

static int file_next(struct dg_source *s, struct dg_letter *ret_letter, struct dg_err *err)
{
	int64_t at_ms = 0;

	if (s->own) {
		return DG_SOURCE_END;
	}
	s->own = s;
	int r = dg_source_read_file(s, AT_FDCWD, s->path, &at_ms, err);
	if (r != 0) {
		return r < 0 ? r : dg_fail(err, DG_EIO, "%.300s: is gone", s->path);
	}
	(void)snprintf(s->name, sizeof(s->name), "%s", dg_source_base(s->path));
	dg_source_give(s, at_ms, ret_letter);
	return 0;
}

static void file_close(struct dg_source *s)
{
	(void)s;
}

const struct dg_source_ops dg_source_file = {
	.name = "file", .open = file_open, .next = file_next, .close = file_close};

/* --- a folder ------------------------------------------------------------------------------------------------ */
struct walk {
	DIR *open[DG_SOURCE_DEPTH_MAX];
	size_t at[DG_SOURCE_DEPTH_MAX]; /* where the folder's name ends in path */
	size_t n;
	char path[DG_SOURCE_PATH_MAX];
};

static bool push(struct walk *w, size_t len)
{
	DIR *d = w->n < DG_SOURCE_DEPTH_MAX ? opendir(w->path) : NULL;

	if (!d) {
		return false;
	}
	w->open[w->n] = d;
	w->at[w->n++] = len;
	return true;
}

static int folder_open(struct dg_source *s, struct dg_err *err)
{
	struct walk *w = calloc(1, sizeof(*w));

	if (!w) {
		abort();
	}
	s->own = w;
	(void)snprintf(w->path, sizeof(w->path), "%s", s->path);
	if (!push(w, strlen(w->path))) {
		return dg_fail(err, errno == ENOENT ? DG_EINPUT : DG_EIO, "%.300s: %s", s->path,
			strerrordesc_np(errno));
	}
	return 0;
}

/* The next name, into w->path. False: the folder has no more. */
static bool next_name(struct walk *w, struct stat *ret_st)
{
	size_t len = w->at[w->n - 1];
	struct dirent *e = NULL;

	while ((e = readdir(w->open[w->n - 1])) != NULL) {
		if (e->d_name[0] == '.' || len + 1 + strlen(e->d_name) >= sizeof(w->path)) {
			continue;
		}
		(void)snprintf(w->path + len, sizeof(w->path) - len, "/%s", e->d_name);
		if (fstatat(AT_FDCWD, w->path, ret_st, AT_SYMLINK_NOFOLLOW) == 0) {
			return true;
		}
	}
	return false;
}

static int folder_next(struct dg_source *s, struct dg_letter *ret_letter, struct dg_err *err)
{
	struct walk *w = s->own;
	int64_t at_ms = 0;
	struct stat st;

	while (w->n > 0) {
		if (!next_name(w, &st)) {
			(void)closedir(w->open[--w->n]);
			continue;
		}
		if (S_ISDIR(st.st_mode)) {
			if (!push(w, strlen(w->path))) {
				(void)dg_fail(err, DG_EIO, "%.300s: cannot be read, or too deep",
					w->path);
				return DG_SOURCE_UNREADABLE;
			}
			continue;
		}
		int r = S_ISREG(st.st_mode) ? dg_source_read_file(s, AT_FDCWD, w->path, &at_ms, err)
					    : 1;
		if (r < 0) {
			return DG_SOURCE_UNREADABLE;
		}
		if (r == 0) {
			(void)snprintf(s->name, sizeof(s->name), "%.*s", (int)sizeof(s->name) - 1,
				w->path + strlen(s->path) + 1);
			dg_source_give(s, at_ms, ret_letter);
			return 0;
		}
	}
	return DG_SOURCE_END;
}

static void folder_close(struct dg_source *s)
{
	struct walk *w = s->own;

	while (w && w->n > 0) {
		(void)closedir(w->open[--w->n]);
	}
	free(w);
}

const struct dg_source_ops dg_source_folder = {
	.name = "folder", .open = folder_open, .next = folder_next, .close = folder_close};
