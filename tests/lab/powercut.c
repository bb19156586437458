/* powercut: what a disk forgets when the power goes. Loaded before the C library (LD_PRELOAD) into the program under test.
 *
 * Shape    POWERCUT="K SEED KEEP": at the K-th fsync or fdatasync, before it does anything, the power is cut: of what was written since the last
 *          sync of its file each block of 4 KiB is lost or not, and so is the new size; of new, renamed and removed names whose folder was not
 *          synced since then the last few are (a file system keeps those in order). Then the program ends with EXIT_CODE. K 0: never. At a
 *          regular end the number of syncs is written to KEEP/syncs.
 *          SEED chooses what is lost; KEEP is an empty folder on the same file system, for files that nobody has a name for any more.
 * Limits   Regular files that are written with write, pwrite, ftruncate; memory maps are left alone: of SQLite's nothing in them has to last.
 * Errors   A program that cannot lose what it should lose does not start.
 */
#undef _FORTIFY_SOURCE /* its open() is another */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define BLOCK     4096
#define EXIT_CODE 96
#define BAD_START 98

struct block {
	struct block *next;
	off_t at;
	ssize_t len; /* of what stood there; 0: nothing */
	unsigned char bytes[BLOCK];
};

/* A file that was written. Its descriptor stays open: closing one would give up the locks of the whole process. */
struct file {
	struct file *next;
	dev_t dev;
	ino_t ino;
	int fd;
	bool is_dirty;
	off_t size; /* when it was synced last */
	struct block *blocks;
};

enum deed {
	DEED_MADE,
	DEED_FOLDER,
	DEED_REMOVED,
	DEED_RENAMED,
	DEED_EXCHANGED,
};

struct place {
	int folder;
	dev_t dev;
	ino_t ino;
	char name[NAME_MAX + 1];
};

/* What was done to a name. kept: number of the file in KEEP that had it before, -1: none had. */
struct name {
	struct name *before;
	enum deed deed;
	struct place from, to;
	int kept;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct file *files;
static struct name *names; /* the last first */
static unsigned long syncs, cut_at;
static uint64_t chance;
static int keep = -1;
static int n_kept;

__attribute__((constructor)) static void begin(void)
{
	const char *text = getenv("POWERCUT"); /* NOLINT(concurrency-mt-unsafe): before main */
	char folder[PATH_MAX] = "";
	unsigned long seed = 0;

	/* NOLINTNEXTLINE(cert-err34-c): what is no number leaves no folder */
	if (!text || sscanf(text, "%lu %lu %4095s", &cut_at, &seed, folder) != 3) {
		_exit(BAD_START);
	}
	keep = (int)syscall(SYS_openat, AT_FDCWD, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	if (keep < 0) {
		_exit(BAD_START);
	}
	chance = seed * 2862933555777941757u + 3037000493u;
}

__attribute__((destructor)) static void end(void)
{
	char text[32];
	int len = snprintf(text, sizeof(text), "%lu\n", syncs);
	int fd = (int)syscall(
		SYS_openat, keep, "syncs", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	(void)syscall(SYS_write, fd, text, len);
	(void)syscall(SYS_close, fd);
}

static uint64_t draw(uint64_t n)
{
	chance = chance * 6364136223846793005u + 1442695040888963407u;
	return (chance >> 33) % n;
}

/* --- what was written --------------------------------------------------------------------------- */
static struct file *file_of(int fd)
{
	struct stat st;
	char path[64];

	if (fd <= STDERR_FILENO || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		return NULL;
	}
	for (struct file *f = files; f; f = f->next) {
		if (f->dev == st.st_dev && f->ino == st.st_ino) {
			return f;
		}
	}
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	struct file *f = calloc(1, sizeof(*f));
	if (!f || (f->fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC, 0)) < 0) {
		_exit(BAD_START);
	}
	f->dev = st.st_dev;
	f->ino = st.st_ino;
	f->next = files;
	return files = f;
}

static void keep_block(struct file *f, off_t at)
{
	for (const struct block *b = f->blocks; b; b = b->next) {
		if (b->at == at) {
			return;
		}
	}
	struct block *b = calloc(1, sizeof(*b));
	if (!b) {
		_exit(BAD_START);
	}
	b->at = at;
	b->len = syscall(SYS_pread64, f->fd, b->bytes, BLOCK, at);
	b->len = b->len < 0 ? 0 : b->len;
	b->next = f->blocks;
	f->blocks = b;
}

/* [at, end) is about to change. */
static void before_change(int fd, off_t at, off_t end)
{
	int error = errno;
	(void)pthread_mutex_lock(&lock);
	struct file *f = file_of(fd);
	struct stat st;

	if (f && fstat(fd, &st) == 0) {
		f->size = f->is_dirty ? f->size : st.st_size;
		f->is_dirty = true;
		for (at -= at % BLOCK; at < end; at += BLOCK) {
			keep_block(f, at);
		}
	}
	(void)pthread_mutex_unlock(&lock);
	errno = error;
}

static off_t place_of(int fd)
{
	struct stat st;
	bool is_end = (fcntl(fd, F_GETFL) & O_APPEND) != 0;

	return is_end && fstat(fd, &st) == 0 ? st.st_size : lseek(fd, 0, SEEK_CUR);
}

static void is_clean(struct file *f)
{
	for (struct block *b = f->blocks, *next; b; b = next) {
		next = b->next;
		free(b);
	}
	f->blocks = NULL;
	f->is_dirty = false;
}

ssize_t write(int fd, const void *bytes, size_t n)
{
	if (fd > STDERR_FILENO) {
		off_t at = place_of(fd);
		before_change(fd, at, at + (off_t)n);
	}
	return syscall(SYS_write, fd, bytes, n);
}

/* With 64 bits for offsets, as everything is built: what stands here as pwrite, ftruncate, open is pwrite64 and so on. */
ssize_t pwrite(int fd, const void *bytes, size_t n, off_t at)
{
	before_change(fd, at, at + (off_t)n);
	return syscall(SYS_pwrite64, fd, bytes, n, at);
}

int ftruncate(int fd, off_t size)
{
	struct stat st;

	before_change(fd, size, fstat(fd, &st) == 0 ? st.st_size : size);
	return (int)syscall(SYS_ftruncate, fd, size);
}

/* --- names -------------------------------------------------------------------------------------- */
static bool is_placed(int folder, const char *path, struct place *ret_place)
{
	char parent[PATH_MAX];
	const char *slash = strrchr(path, '/');
	struct stat st;

	(void)snprintf(parent, sizeof(parent), "%.*s", slash ? (int)(slash - path) + 1 : 1,
		slash ? path : ".");
	(void)snprintf(ret_place->name, sizeof(ret_place->name), "%s", slash ? slash + 1 : path);
	ret_place->folder =
		(int)syscall(SYS_openat, folder, parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	if (ret_place->folder < 0 || fstat(ret_place->folder, &st) != 0) {
		return false;
	}
	ret_place->dev = st.st_dev;
	ret_place->ino = st.st_ino;
	return true;
}

/* A second name for what stands there, where nobody looks. */
static int keep_file(const struct place *p)
{
	char name[32];

	(void)snprintf(name, sizeof(name), "%d", n_kept);
	return syscall(SYS_linkat, p->folder, p->name, keep, name, 0) == 0 ? n_kept++ : -1;
}

static struct name *about_to(enum deed deed, int folder, const char *path)
{
	struct name *n = calloc(1, sizeof(*n));

	if (!n) {
		_exit(BAD_START);
	}
	n->deed = deed;
	n->kept = -1;
	n->to.folder = -1;
	if (!is_placed(folder, path, &n->from)) {
		free(n);
		return NULL;
	}
	return n;
}

static void forget_name(struct name *n)
{
	(void)syscall(SYS_close, n->from.folder);
	if (n->to.folder >= 0) {
		(void)syscall(SYS_close, n->to.folder);
	}
	free(n);
}

static int did(struct name *n, long rc)
{
	int error = errno;

	if (n && rc >= 0) {
		n->before = names;
		names = n;
	} else if (n) {
		forget_name(n);
	}
	(void)pthread_mutex_unlock(&lock);
	errno = error;
	return (int)rc;
}

static int open_file(int folder, const char *path, int flags, mode_t mode)
{
	struct stat st;
	bool is_there = syscall(SYS_newfstatat, folder, path, &st, 0) == 0;

	if ((flags & O_TRUNC) && is_there && S_ISREG(st.st_mode)) {
		int fd = (int)syscall(SYS_openat, folder, path, O_RDWR | O_CLOEXEC, 0);

		before_change(fd, 0, st.st_size);
		(void)syscall(SYS_close, fd);
	}
	(void)pthread_mutex_lock(&lock);
	struct name *n = (flags & O_CREAT) && !is_there ? about_to(DEED_MADE, folder, path) : NULL;
	return did(n, syscall(SYS_openat, folder, path, flags, mode));
}

#define MODE_OF(flags, mode)                                         \
	do {                                                         \
		va_list more;                                        \
		va_start(more, flags);                               \
		(mode) = (flags)&O_CREAT ? va_arg(more, mode_t) : 0; \
		va_end(more);                                        \
	} while (false)

int openat(int folder, const char *path, int flags, ...)
{
	mode_t mode = 0;

	MODE_OF(flags, mode);
	return open_file(folder, path, flags, mode);
}

int open(const char *path, int flags, ...)
{
	mode_t mode = 0;

	MODE_OF(flags, mode);
	return open_file(AT_FDCWD, path, flags, mode);
}

int mkdir(const char *path, mode_t mode)
{
	(void)pthread_mutex_lock(&lock);
	struct name *n = about_to(DEED_FOLDER, AT_FDCWD, path);
	return did(n, syscall(SYS_mkdirat, AT_FDCWD, path, mode));
}

int unlinkat(int folder, const char *path, int flags)
{
	(void)pthread_mutex_lock(&lock);
	struct name *n = about_to(DEED_REMOVED, folder, path);

	if (n) {
		n->kept = keep_file(&n->from);
	}
	return did(n, syscall(SYS_unlinkat, folder, path, flags));
}

int unlink(const char *path)
{
	return unlinkat(AT_FDCWD, path, 0);
}

int renameat2(int from, const char *path, int to, const char *new_path, unsigned flags)
{
	bool is_exchange = (flags & RENAME_EXCHANGE) != 0;

	(void)pthread_mutex_lock(&lock);
	struct name *n = about_to(is_exchange ? DEED_EXCHANGED : DEED_RENAMED, from, path);
	if (n && !is_placed(to, new_path, &n->to)) {
		forget_name(n);
		n = NULL;
	}
	if (n && !is_exchange) {
		n->kept = keep_file(&n->to);
	}
	return did(n, syscall(SYS_renameat2, from, path, to, new_path, flags));
}

int renameat(int from, const char *path, int to, const char *new_path)
{
	return renameat2(from, path, to, new_path, 0);
}

int rename(const char *path, const char *new_path)
{
	return renameat2(AT_FDCWD, path, AT_FDCWD, new_path, 0);
}

/* --- the cut ------------------------------------------------------------------------------------ */
static void put_back(const struct name *n, const struct place *p)
{
	char name[32];

	(void)snprintf(name, sizeof(name), "%d", n->kept);
	if (n->kept >= 0) {
		(void)syscall(SYS_linkat, keep, name, p->folder, p->name, 0);
	}
}

static void undo_name(const struct name *n)
{
	const struct place *from = &n->from;
	const struct place *to = &n->to;

	switch (n->deed) {
	case DEED_MADE:
		(void)syscall(SYS_unlinkat, from->folder, from->name, 0);
		break;
	case DEED_FOLDER:
		(void)syscall(SYS_unlinkat, from->folder, from->name, AT_REMOVEDIR);
		break;
	case DEED_REMOVED:
		put_back(n, from);
		break;
	case DEED_RENAMED:
		(void)syscall(SYS_renameat2, to->folder, to->name, from->folder, from->name, 0);
		put_back(n, to);
		break;
	case DEED_EXCHANGED:
		(void)syscall(SYS_renameat2, to->folder, to->name, from->folder, from->name,
			RENAME_EXCHANGE);
		break;
	}
}

static void lose_blocks(const struct file *f)
{
	static const unsigned char nothing[BLOCK];
	struct stat st;

	if (draw(2) == 0) {
		(void)syscall(SYS_ftruncate, f->fd, f->size);
	}
	for (const struct block *b = f->blocks; b; b = b->next) {
		if (fstat(f->fd, &st) != 0 || b->at >= st.st_size || draw(2) == 0) {
			continue;
		}
		off_t len = st.st_size - b->at < BLOCK ? st.st_size - b->at : BLOCK;
		(void)syscall(SYS_pwrite64, f->fd, nothing, len, b->at);
		(void)syscall(SYS_pwrite64, f->fd, b->bytes, b->len < len ? b->len : len, b->at);
	}
}

static void cut(void)
{
	uint64_t n_names = 0;

	for (const struct name *n = names; n; n = n->before) {
		n_names++;
	}
	for (uint64_t lost = draw(n_names + 1); lost > 0; lost--) {
		undo_name(names);
		names = names->before;
	}
	for (const struct file *f = files; f; f = f->next) {
		if (f->is_dirty) {
			lose_blocks(f);
		}
	}
	_exit(EXIT_CODE);
}

static void forget_names(const struct stat *folder)
{
	for (struct name **at = &names; *at;) {
		struct name *n = *at;
		bool is_here = n->from.dev == folder->st_dev && n->from.ino == folder->st_ino;

		if (is_here) { /* renamed from one folder to another: no program of ours does that */
			*at = n->before;
			forget_name(n);
		} else {
			at = &n->before;
		}
	}
}

static int sync_file(long call, int fd)
{
	struct stat st;

	(void)pthread_mutex_lock(&lock);
	syncs++;
	if (syncs == cut_at) {
		cut();
	}
	if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode)) {
		forget_names(&st);
	}
	for (struct file *f = files; f; f = f->next) {
		if (f->dev == st.st_dev && f->ino == st.st_ino) {
			is_clean(f);
		}
	}
	(void)pthread_mutex_unlock(&lock);
	return (int)syscall(call, fd);
}

int fsync(int fd)
{
	return sync_file(SYS_fsync, fd);
}

int fdatasync(int fd)
{
	return sync_file(SYS_fdatasync, fd);
}
