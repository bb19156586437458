#include "controller/letters/mbox_file.h"

#include "controller/letters/source_parts.h"
#include "zones/base/err.h"
#include "zones/watch/sketch.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#define CAP       (DG_MBOX_BEFORE + DG_MBOX_BLOCK)
#define POLL_MS   1000
#define FILE_MASK (IN_MODIFY | IN_MOVE_SELF | IN_ATTRIB)

static void close_fd(struct dg_mbox_file *f)
{
	if (f->fd > 0) {
		(void)close(f->fd);
	}
	f->fd = -1;
}

static int open_fd(struct dg_mbox_file *f, struct dg_err *err)
{
	struct stat st;
	int fd = open(f->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		int why = fd < 0 ? errno : EINVAL;

		if (fd >= 0) {
			(void)close(fd);
		}
		return dg_fail(err, why == ENOENT && !f->is_followed ? DG_EINPUT : DG_EIO,
			"%.300s: %s", f->path, strerrordesc_np(why));
	}
	close_fd(f);
	f->fd = fd;
	f->inode = (uint64_t)st.st_ino;
	f->size = -1;
	if (f->watcher >= 0) {
		(void)inotify_add_watch(f->watcher, f->path, FILE_MASK);
	}
	return 0;
}

int dg_mbox_file_init(
	struct dg_mbox_file *f, const char *path, bool is_followed, struct dg_err *err)
{
	*f = (struct dg_mbox_file){
		.path = path, .is_followed = is_followed, .fd = -1, .watcher = -1, .size = -1};
	f->block = malloc(CAP);
	if (!f->block) {
		abort();
	}
	f->from = f->next = f->end = DG_MBOX_BEFORE;
	f->is_stream = strcmp(path, "-") == 0;
	if (f->is_stream) {
		f->fd = STDIN_FILENO;
		return 0;
	}
	if (is_followed) {
		f->watcher = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	}
	int r = open_fd(f, err);
	return r < 0 && is_followed && access(path, F_OK) != 0
		       ? 0
		       : r; /* it comes with the first letter */
}

void dg_mbox_file_done(struct dg_mbox_file *f)
{
	close_fd(f);
	if (f->watcher > 0) {
		(void)close(f->watcher);
	}
	free(f->block);
	f->block = NULL;
}

void dg_mbox_file_rewind(struct dg_mbox_file *f)
{
	f->from = f->next = f->end = DG_MBOX_BEFORE;
	f->at = 0;
	f->is_in_line = f->is_at_eof = false;
}

/* --- places ------------------------------------------------------------------------------------------------ */
void dg_mbox_file_place(const struct dg_mbox_file *f, struct dg_mbox_place *ret_place)
{
	size_t n = f->next - f->from;

	n = n < DG_MBOX_BEFORE ? n : DG_MBOX_BEFORE;
	*ret_place = (struct dg_mbox_place){.inode = f->inode,
		.offset = f->at,
		.n_before = (uint32_t)n,
		.before = dg_sketch_key(0, f->block + f->next - n, n)};
}

bool dg_mbox_file_seek(struct dg_mbox_file *f, const struct dg_mbox_place *p)
{
	char before[DG_MBOX_BEFORE];

	/* Another inode with the same octets is the same letters: mail programs write a new file and rename it. */
	if (p->offset < p->n_before || p->offset > INT64_MAX ||
		pread(f->fd, before, p->n_before, (off_t)(p->offset - p->n_before)) !=
			(ssize_t)p->n_before ||
		dg_sketch_key(0, before, p->n_before) != p->before ||
		(p->n_before == 0 && p->offset > 0)) {
		return false;
	}
	dg_mbox_file_rewind(f);
	f->from = f->next - p->n_before;
	memcpy(f->block + f->from, before, p->n_before);
	f->at = p->offset;
	return true;
}

/* Do the octets before the end of the block still stand in the file? */
static bool is_same(const struct dg_mbox_file *f)
{
	char before[DG_MBOX_BEFORE];
	size_t n = f->end - f->from < DG_MBOX_BEFORE ? f->end - f->from : DG_MBOX_BEFORE;
	uint64_t at = f->at + (f->end - f->next);

	return pread(f->fd, before, n, (off_t)(at - n)) == (ssize_t)n &&
	       memcmp(before, f->block + f->end - n, n) == 0;
}

/* --- locks ------------------------------------------------------------------------------------------------- */
static bool has_dot_lock(const struct dg_mbox_file *f)
{
	char name[PATH_MAX];
	struct stat st;

	(void)snprintf(name, sizeof(name), "%s.lock", f->path);
	return stat(name, &st) == 0 &&
	       dg_source_now_ms() / 1000 - (int64_t)st.st_mtim.tv_sec < DG_MBOX_STALE_S;
}

static bool lock(const struct dg_mbox_file *f)
{
	struct flock l = {.l_type = F_RDLCK, .l_whence = SEEK_SET};

	if (has_dot_lock(f) || flock(f->fd, LOCK_SH | LOCK_NB) != 0) {
		return false;
	}
	if (fcntl(f->fd, F_OFD_SETLK, &l) != 0 && (errno == EACCES || errno == EAGAIN)) {
		(void)flock(f->fd, LOCK_UN);
		return false;
	}
	return true;
}

static void unlock(const struct dg_mbox_file *f)
{
	struct flock l = {.l_type = F_UNLCK, .l_whence = SEEK_SET};

	(void)fcntl(f->fd, F_OFD_SETLK, &l);
	(void)flock(f->fd, LOCK_UN);
}

/* --- reading ------------------------------------------------------------------------------------------------ */
/* What was read stays, with some of what came before it. */
static void make_room(struct dg_mbox_file *f)
{
	size_t keep = f->next - f->from < DG_MBOX_BEFORE ? f->next - f->from : DG_MBOX_BEFORE;
	size_t n = keep + (f->end - f->next);

	memmove(f->block, f->block + f->next - keep, n);
	f->from = 0;
	f->next = keep;
	f->end = n;
}

static int read_on(struct dg_mbox_file *f, struct dg_err *err)
{
	make_room(f);
	off_t at = (off_t)(f->at + (f->end - f->next));
	ssize_t n = f->is_stream ? read(f->fd, f->block + f->end, CAP - f->end)
				 : pread(f->fd, f->block + f->end, CAP - f->end, at);

	if (n < 0) {
		return dg_fail(
			err, DG_EIO, "%.300s: cannot be read: %s", f->path, strerrordesc_np(errno));
	}
	f->end += (size_t)n;
	f->is_at_eof = n == 0;
	return n > 0 ? DG_MBOX_LINE : DG_MBOX_END;
}

/* Mail programs write a new file and rename it. */
static void open_other(struct dg_mbox_file *f)
{
	struct stat st;
	struct stat ours;
	struct dg_err err;

	if (stat(f->path, &st) == 0 &&
		(f->fd < 0 || fstat(f->fd, &ours) != 0 || st.st_ino != ours.st_ino ||
			st.st_dev != ours.st_dev)) {
		(void)open_fd(f, &err); /* the one under our hands is as good until then */
	}
}

/* False: it is not what was read. */
static bool look(struct dg_mbox_file *f)
{
	struct stat st;

	if (fstat(f->fd, &st) == 0 && st.st_size != f->size) {
		int64_t now = dg_source_now_ms();
		int64_t written_ms = (int64_t)st.st_mtim.tv_sec * 1000;

		f->changed_ms = f->size < 0 && written_ms < now ? written_ms : now;
		f->size = st.st_size;
	}
	return is_same(f);
}

static int fill(struct dg_mbox_file *f, struct dg_err *err)
{
	if (!f->is_followed) {
		return read_on(f, err);
	}
	open_other(f);
	if (f->fd < 0) {
		return DG_MBOX_END;
	}
	if (!lock(f)) {
		f->changed_ms = dg_source_now_ms();
		return DG_MBOX_BUSY;
	}
	int r = look(f) ? read_on(f, err) : DG_MBOX_CHANGED;
	unlock(f);
	return r;
}

int dg_mbox_file_line(struct dg_mbox_file *f, struct dg_mbox_line *ret_line, struct dg_err *err)
{
	for (;;) {
		const char *p = f->block + f->next;
		size_t n = f->end - f->next;
		const char *lf = n > 0 ? memchr(p, '\n', n) : NULL;
		bool is_piece = n > 0 && !lf && f->next <= DG_MBOX_BEFORE && f->end == CAP;

		if (lf || is_piece || (n > 0 && f->is_at_eof && !f->is_followed)) {
			size_t whole = lf ? (size_t)(lf - p) + 1 : n;
			size_t len = lf ? whole - 1 : n;

			len -= lf && len > 0 && p[len - 1] == '\r';
			*ret_line = (struct dg_mbox_line){
				.p = p, .n = len, .whole = whole, .is_start = !f->is_in_line};
			return DG_MBOX_LINE;
		}
		int r = fill(f, err);
		if (r == DG_MBOX_END && f->end > f->next && !f->is_followed) {
			continue; /* the last line has no end */
		}
		if (r != DG_MBOX_LINE) {
			return r;
		}
	}
}

void dg_mbox_file_skip(struct dg_mbox_file *f, const struct dg_mbox_line *line)
{
	f->is_in_line = line->whole > 0 && line->p[line->whole - 1] != '\n';
	f->next += line->whole;
	f->at += line->whole;
}

uint64_t dg_mbox_file_size(const struct dg_mbox_file *f)
{
	struct stat st;

	return f->fd >= 0 && fstat(f->fd, &st) == 0 ? (uint64_t)st.st_size : 0;
}

/* --- following ------------------------------------------------------------------------------------------------ */
bool dg_mbox_file_rests(const struct dg_mbox_file *f, bool is_first)
{
	bool ends_in_line = f->next == f->end && f->next > f->from && f->block[f->next - 1] == '\n';

	return ends_in_line && (is_first || dg_source_now_ms() - f->changed_ms >= DG_MBOX_REST_MS);
}

int dg_mbox_file_rest_ms(bool is_open)
{
	return is_open ? DG_MBOX_REST_MS / 4 : POLL_MS;
}

void dg_mbox_file_told(struct dg_mbox_file *f)
{
	char events[4096];

	while (read(f->watcher, events, sizeof(events)) > 0) {
		/* that something happened is enough */
	}
}
