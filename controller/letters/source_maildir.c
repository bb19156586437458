/* A Maildir: each letter once, whatever its flags are by now.
 *
 * What is new is looked for in both folders, since a mail program may move a letter before it was read. Names that inotify tells
 * are looked at alone; after an overflow, and where a folder changed without a word (a network's file system), all are. */
#include "controller/letters/source_parts.h"
#include "zones/base/buf.h"
#include "zones/base/err.h"
#include "zones/watch/letterset.h"
#include "zones/watch/sketch.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOUND_MAX  8192u /* looked at in one go; of more the oldest first */
#define NAME_MAX_  256u
#define LOOK_MS    60000 /* where nothing tells of changes */
#define DIR_MASK   (IN_MOVED_TO | IN_CREATE | IN_CLOSE_WRITE | IN_ONLYDIR)
#define N_FOLDERS  2u
#define FOLDER_NEW 0u

static const char *const folders[N_FOLDERS] = {"new", "cur"};

struct found {
	int64_t at_ms;
	uint64_t key;
	uint8_t folder;
	char *name;
};

struct maildir {
	struct dg_letterset seen;
	struct found found[2 * FOUND_MAX];
	size_t n, next;
	bool is_short; /* there were more than found[] takes */
	bool is_due;   /* all names have to be looked at */
	/* walking without order, when nothing is followed */
	DIR *dir;
	unsigned at;
	int watcher;
	int watched[N_FOLDERS];
	int64_t looked_ms;
	struct timespec changed[N_FOLDERS];
};

/* --- names ------------------------------------------------------------------------------------------------ */
/* Up to the flags. */
static uint64_t key_of(const char *name)
{
	return dg_sketch_key(0, name, strcspn(name, ":"));
}

static int folder_fd(const struct dg_source *s, unsigned folder)
{
	char path[DG_SOURCE_PATH_MAX];

	(void)snprintf(path, sizeof(path), "%s/%s", s->path, folders[folder]);
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static int64_t came_ms(const struct stat *st)
{
	int64_t m = (int64_t)st->st_mtim.tv_sec * 1000 + st->st_mtim.tv_nsec / 1000000;
	int64_t c = (int64_t)st->st_ctim.tv_sec * 1000 + st->st_ctim.tv_nsec / 1000000;
	int64_t now = dg_source_now_ms();
	int64_t at = m < c ? m : c;

	return at < now ? at : now;
}

/* --- what is new --------------------------------------------------------------------------------------------- */
static int by_time(const void *a, const void *b)
{
	const struct found *x = a;
	const struct found *y = b;
	int order = (x->at_ms > y->at_ms) - (x->at_ms < y->at_ms);

	return order != 0 ? order : (x->key > y->key) - (x->key < y->key);
}

static void sort_found(struct maildir *m)
{
	qsort(m->found + m->next, m->n - m->next, sizeof(m->found[0]), by_time);
}

static void forget_found(struct maildir *m, size_t from)
{
	for (size_t i = from; i < m->n; i++) {
		free(m->found[i].name);
	}
	m->n = from;
}

/* The oldest FOUND_MAX stay. */
static void keep_oldest(struct maildir *m)
{
	sort_found(m);
	forget_found(m, FOUND_MAX);
	m->is_short = true;
}

static void look_at(struct maildir *m, int fd, unsigned folder, const char *name)
{
	struct stat st;
	uint64_t key = key_of(name);

	if (name[0] == '.' || strlen(name) >= NAME_MAX_ || dg_letterset_has_key(&m->seen, key) ||
		fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(st.st_mode) ||
		dg_letterset_has(&m->seen, came_ms(&st), key)) {
		return;
	}
	if (m->n == 2 * (size_t)FOUND_MAX) {
		keep_oldest(m);
	}
	char *copy = strdup(name);
	if (!copy) {
		abort();
	}
	m->found[m->n++] = (struct found){
		.at_ms = came_ms(&st), .key = key, .folder = (uint8_t)folder, .name = copy};
}

static void begin_again(struct maildir *m)
{
	forget_found(m, 0);
	m->next = 0;
}

/* All names. on_name: for the first look of a source that begins at its end. */
static int scan(struct dg_source *s, struct dg_err *err)
{
	struct maildir *m = s->own;
	struct stat st;

	begin_again(m);
	m->is_short = false;
	m->looked_ms = dg_source_now_ms();
	for (unsigned i = 0; i < N_FOLDERS; i++) {
		int fd = folder_fd(s, i);
		DIR *d = fd >= 0 ? fdopendir(fd) : NULL;

		if (!d) {
			int why = errno;
			if (fd >= 0) {
				(void)close(fd);
			}
			return dg_fail(err, DG_EIO, "%.300s/%s: %s", s->path, folders[i],
				strerrordesc_np(why));
		}
		if (fstat(fd, &st) == 0) {
			m->changed[i] = st.st_mtim;
		}
		for (struct dirent *e = readdir(d); e; e = readdir(d)) {
			look_at(m, fd, i, e->d_name);
		}
		(void)closedir(d);
	}
	sort_found(m);
	if (m->n > FOUND_MAX) {
		keep_oldest(m);
	}
	m->is_due = m->is_short;
	return 0;
}

/* --- giving --------------------------------------------------------------------------------------------------- */
/* A mail program may have moved it: under the same name with flags, in the other folder. */
static int read_moved(struct dg_source *s, struct found *f, int64_t *ret_at_ms, struct dg_err *err)
{
	static const char *const flags[] = {"", ":2,", ":2,S"};
	char name[NAME_MAX_ + 8];
	int fd = folder_fd(s, FOLDER_NEW + 1);
	int r = 1;

	for (size_t i = 0; fd >= 0 && r == 1 && i < sizeof(flags) / sizeof(flags[0]); i++) {
		(void)snprintf(name, sizeof(name), "%.*s%s", (int)strcspn(f->name, ":"), f->name,
			flags[i]);
		r = dg_source_read_file(s, fd, name, ret_at_ms, err);
	}
	if (fd >= 0) {
		(void)close(fd);
	}
	return r;
}

static int read_found(struct dg_source *s, struct found *f, int64_t *ret_at_ms, struct dg_err *err)
{
	int fd = folder_fd(s, f->folder);
	int r = fd >= 0 ? dg_source_read_file(s, fd, f->name, ret_at_ms, err) : 1;

	if (fd >= 0) {
		(void)close(fd);
	}
	return r == 1 ? read_moved(s, f, ret_at_ms, err) : r;
}

/* The next of found[]. 1: none. */
static int give_found(struct dg_source *s, struct dg_letter *ret_letter, struct dg_err *err)
{
	struct maildir *m = s->own;
	int64_t at_ms = 0;

	while (m->next < m->n) {
		struct found *f = &m->found[m->next++];

		if (dg_letterset_has_key(&m->seen, f->key)) {
			continue; /* told twice */
		}
		int r = read_found(s, f, &at_ms, err);
		if (r == 1) { /* with other flags, or deleted */
			m->is_due = true;
			continue;
		}
		dg_letterset_add(&m->seen, dg_source_now_ms(), f->at_ms, f->key);
		if (r < 0) {
			return DG_SOURCE_UNREADABLE;
		}
		(void)snprintf(s->name, sizeof(s->name), "%s/%s", folders[f->folder], f->name);
		dg_source_give(s, f->at_ms, ret_letter);
		return 0;
	}
	begin_again(m);
	return DG_SOURCE_END;
}

static int walk(struct dg_source *s, struct dg_letter *ret_letter, struct dg_err *err)
{
	struct maildir *m = s->own;
	int64_t at_ms = 0;

	while (m->at < N_FOLDERS) {
		if (!m->dir) {
			int fd = folder_fd(s, m->at);
			m->dir = fd >= 0 ? fdopendir(fd) : NULL;
		}
		struct dirent *e = m->dir ? readdir(m->dir) : NULL;
		if (!e) {
			if (m->dir) {
				(void)closedir(m->dir);
			}
			m->dir = NULL;
			m->at++;
			continue;
		}
		int r = e->d_name[0] == '.'
				? 1
				: dg_source_read_file(s, dirfd(m->dir), e->d_name, &at_ms, err);
		if (r < 0) {
			return DG_SOURCE_UNREADABLE;
		}
		if (r == 0) {
			(void)snprintf(
				s->name, sizeof(s->name), "%s/%s", folders[m->at], e->d_name);
			dg_source_give(s, at_ms, ret_letter);
			return 0;
		}
	}
	return DG_SOURCE_END;
}

static int maildir_next(struct dg_source *s, struct dg_letter *ret_letter, struct dg_err *err)
{
	struct maildir *m = s->own;

	if (!s->o.is_followed) {
		return walk(s, ret_letter, err);
	}
	int r = give_found(s, ret_letter, err);
	if (r == DG_SOURCE_END && m->is_due) {
		r = scan(s, err);
		r = r == 0 ? give_found(s, ret_letter, err) : r;
	}
	return r;
}

/* --- being told ------------------------------------------------------------------------------------------------- */
static void watch(struct dg_source *s)
{
	struct maildir *m = s->own;
	char path[DG_SOURCE_PATH_MAX];

	for (unsigned i = 0; m->watcher >= 0 && i < N_FOLDERS; i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", s->path, folders[i]);
		int wd = inotify_add_watch(m->watcher, path, DIR_MASK);

		m->is_due = m->is_due || wd != m->watched[i]; /* it was made anew */
		m->watched[i] = wd;
	}
}

static void take_event(struct dg_source *s, const struct inotify_event *e)
{
	struct maildir *m = s->own;
	unsigned folder = e->wd == m->watched[FOLDER_NEW] ? 0 : 1;
	int fd = -1;

	if ((e->mask & (IN_Q_OVERFLOW | IN_IGNORED)) != 0) {
		m->is_due = true;
	} else if (e->len > 0 && !m->is_due && (fd = folder_fd(s, folder)) >= 0) {
		look_at(m, fd, folder, e->name);
		(void)close(fd);
		m->is_due = m->is_due || m->is_short;
	}
}

static void take_events(struct dg_source *s)
{
	struct maildir *m = s->own;
	_Alignas(struct inotify_event) char events[2048];

	for (ssize_t n = read(m->watcher, events, sizeof(events)); n > 0;
		n = read(m->watcher, events, sizeof(events))) {
		for (char *p = events; p < events + n;) {
			const struct inotify_event *e = (const void *)p;

			take_event(s, e);
			p += sizeof(*e) + e->len;
		}
	}
	sort_found(m);
}

/* A folder that changed without a word, on a network's file system. */
static void look_now_and_then(struct dg_source *s)
{
	struct maildir *m = s->own;
	char path[DG_SOURCE_PATH_MAX];
	struct stat st;

	for (unsigned i = 0; i < N_FOLDERS; i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", s->path, folders[i]);
		m->is_due = m->is_due || stat(path, &st) != 0 ||
			    st.st_mtim.tv_sec != m->changed[i].tv_sec ||
			    st.st_mtim.tv_nsec != m->changed[i].tv_nsec;
	}
}

static void maildir_wait(struct dg_source *s, int timeout_ms)
{
	struct maildir *m = s->own;

	watch(s);
	if (m->is_due || m->next < m->n) {
		(void)dg_source_poll(s, -1, 0, m->watched[FOLDER_NEW] < 0 ? timeout_ms : 0);
		return;
	}
	if (dg_source_poll(s, m->watcher, POLLIN, timeout_ms)) {
		take_events(s);
	} else if (dg_source_now_ms() - m->looked_ms >= LOOK_MS) {
		m->looked_ms = dg_source_now_ms();
		look_now_and_then(s);
	}
}

/* --- life ---------------------------------------------------------------------------------------------------------- */
/* What is there is old. */
static int begin_at_end(struct dg_source *s, struct dg_err *err)
{
	struct maildir *m = s->own;
	int64_t now = dg_source_now_ms();
	int r = 0;

	m->seen.floor_ms = now - DG_LETTERSET_WINDOW_MS;
	do {
		r = scan(s, err);
		for (size_t i = 0; i < m->n; i++) {
			dg_letterset_add(&m->seen, now, m->found[i].at_ms, m->found[i].key);
		}
	} while (r == 0 && m->is_short);
	begin_again(m);
	m->is_due = false;
	return r;
}

static int maildir_open(struct dg_source *s, struct dg_err *err)
{
	struct maildir *m = calloc(1, sizeof(*m));

	if (!m) {
		abort();
	}
	s->own = m;
	*m = (struct maildir){.watcher = -1, .watched = {-1, -1}};
	int fd = folder_fd(s, FOLDER_NEW);
	if (fd < 0) {
		return dg_fail(err, errno == ENOENT ? DG_EINPUT : DG_EIO,
			"%.300s/new: %s; expected a Maildir", s->path, strerrordesc_np(errno));
	}
	(void)close(fd);
	if (!s->o.is_followed) {
		return 0;
	}
	m->watcher = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	watch(s);
	m->is_due = true;
	if (s->o.position && dg_letterset_parse(&m->seen, s->o.position)) {
		return 0;
	}
	if (s->o.position) {
		(void)snprintf(s->notice, sizeof(s->notice),
			"how far it was read is not known any more: what is there now is old");
	}
	return begin_at_end(s, err);
}

static void maildir_position(struct dg_source *s)
{
	struct maildir *m = s->own;
	struct dg_buf b;

	dg_buf_init(&b, DG_LETTERSET_TEXT_MAX);
	dg_letterset_print(&m->seen, &b);
	free(s->position);
	s->position = strdup(b.data);
	dg_buf_done(&b);
}

static void maildir_close(struct dg_source *s)
{
	struct maildir *m = s->own;

	if (!m) {
		return;
	}
	forget_found(m, 0);
	dg_letterset_done(&m->seen);
	if (m->dir) {
		(void)closedir(m->dir);
	}
	if (m->watcher >= 0) {
		(void)close(m->watcher);
	}
	free(m);
}

const struct dg_source_ops dg_source_maildir = {.name = "maildir",
	.open = maildir_open,
	.next = maildir_next,
	.position = maildir_position,
	.wait = maildir_wait,
	.close = maildir_close};
