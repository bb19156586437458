#include "controller/letters/source.h"

#include "controller/letters/source_parts.h"
#include "zones/base/err.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const struct dg_source_ops *const all[] = {&dg_source_maildir, &dg_source_mbox,
	&dg_source_file, &dg_source_folder, &dg_source_imap, &dg_source_imaps};

/* --- octets --------------------------------------------------------------------------------------------- */
void dg_octets_clear(struct dg_octets *o)
{
	o->n = 0;
	o->size = 0;
}

void dg_octets_add(struct dg_octets *o, const char *p, size_t n)
{
	size_t take = n < o->max - o->n ? n : o->max - o->n;

	o->size += n;
	if (o->n + take > o->cap) {
		size_t cap = o->cap > 0 ? o->cap : (size_t)16 << 10;

		while (cap < o->n + take) {
			cap *= 2;
		}
		o->p = realloc(o->p, cap);
		if (!o->p) {
			abort();
		}
		o->cap = cap;
	}
	if (take > 0) {
		memcpy(o->p + o->n, p, take);
		o->n += take;
	}
}

/* --- what the kinds share ------------------------------------------------------------------------------------ */
int64_t dg_source_now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

const char *dg_source_base(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash && slash[1] != '\0' ? slash + 1 : path;
}

bool dg_source_poll(const struct dg_source *s, int fd, short events, int timeout_ms)
{
	struct pollfd p[2] = {{.fd = fd, .events = events}, {.fd = s->o.stop_fd, .events = POLLIN}};
	int n = poll(p, 2, timeout_ms);

	return n > 0 && p[0].revents != 0;
}

static int64_t ms_of(struct timespec t)
{
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int dg_source_read_file(
	struct dg_source *s, int dir_fd, const char *name, int64_t *ret_at_ms, struct dg_err *err)
{
	int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	char block[4096];
	struct stat st;
	ssize_t n = 0;

	if (fd < 0 && errno == ENOENT) {
		return 1;
	}
	if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		int why = fd < 0 ? errno : EINVAL;

		if (fd >= 0) {
			(void)close(fd);
		}
		return dg_fail(
			err, DG_EIO, "%.200s: cannot be read: %s", name, strerrordesc_np(why));
	}
	dg_octets_clear(&s->letter);
	while (s->letter.n < s->letter.max && (n = read(fd, block, sizeof(block))) > 0) {
		dg_octets_add(&s->letter, block, (size_t)n);
	}
	int why = errno;
	(void)close(fd);
	if (n < 0) {
		return dg_fail(
			err, DG_EIO, "%.200s: cannot be read: %s", name, strerrordesc_np(why));
	}
	s->letter.size = (uint64_t)st.st_size > s->letter.n ? (uint64_t)st.st_size : s->letter.n;
	*ret_at_ms = ms_of(st.st_mtim) < ms_of(st.st_ctim) ? ms_of(st.st_mtim) : ms_of(st.st_ctim);
	return 0;
}

void dg_source_give(struct dg_source *s, int64_t at_ms, struct dg_letter *ret_letter)
{
	*ret_letter = (struct dg_letter){.p = s->letter.p ? s->letter.p : "",
		.n = s->letter.n,
		.size = s->letter.size,
		.name = s->name,
		.at_ms = at_ms};
}

/* --- which kind ------------------------------------------------------------------------------------------------ */
static const struct dg_source_ops *find(const char *what)
{
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		size_t n = strlen(all[i]->name);

		if (strncmp(what, all[i]->name, n) == 0 && what[n] == ':') {
			return all[i];
		}
	}
	return NULL;
}

const char *dg_source_kind(const char *what)
{
	const struct dg_source_ops *ops = find(what);

	return ops ? ops->name : NULL;
}

static bool begins_as_mbox(const char *path)
{
	char head[5];
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	bool is_mbox = fd >= 0 && read(fd, head, sizeof(head)) == (ssize_t)sizeof(head) &&
		       memcmp(head, "From ", sizeof(head)) == 0;

	if (fd >= 0) {
		(void)close(fd);
	}
	return is_mbox;
}

static int look(const char *path, const struct dg_source_ops **ret_ops, struct dg_err *err)
{
	struct stat st;
	struct stat sub;
	char name[DG_SOURCE_PATH_MAX];

	if (strcmp(path, "-") == 0) {
		*ret_ops = &dg_source_mbox;
		return 0;
	}
	if (stat(path, &st) != 0) {
		return dg_fail(err, errno == ENOENT ? DG_EINPUT : DG_EIO, "%.300s: %s", path,
			strerrordesc_np(errno));
	}
	if (S_ISDIR(st.st_mode)) {
		(void)snprintf(name, sizeof(name), "%s/cur", path);
		bool is_maildir = stat(name, &sub) == 0 && S_ISDIR(sub.st_mode);
		(void)snprintf(name, sizeof(name), "%s/new", path);
		is_maildir = is_maildir && stat(name, &sub) == 0 && S_ISDIR(sub.st_mode);
		*ret_ops = is_maildir ? &dg_source_maildir : &dg_source_folder;
		return 0;
	}
	/* An empty file is an mbox without letters. */
	*ret_ops = begins_as_mbox(path) || st.st_size == 0 ? &dg_source_mbox : &dg_source_file;
	return 0;
}

/* --- the door ---------------------------------------------------------------------------------------------------- */
int dg_source_open(const char *what, const struct dg_source_options *o,
	struct dg_source **ret_source, struct dg_err *err)
{
	const struct dg_source_ops *ops = find(what);
	const char *path = ops ? what + strlen(ops->name) + 1 : what;
	int r = ops ? 0 : look(path, &ops, err);

	if (r < 0 || !ops) {
		return r;
	}
	if (path[0] == '\0' || strlen(path) > DG_SOURCE_PATH_MAX - 256) {
		return dg_fail(err, DG_EINPUT, "found '%.100s', expected a path behind it", what);
	}
	if (o->is_followed && !ops->position) {
		return dg_fail(err, DG_EINPUT,
			"found '%.200s', expected a Maildir, an mbox or an IMAP mailbox: this "
			"cannot be followed",
			what);
	}
	struct dg_source *s = calloc(1, sizeof(*s));
	char *copy = strdup(path);
	if (!s || !copy) {
		abort();
	}
	*s = (struct dg_source){.ops = ops, .o = *o, .path = copy};
	s->letter.max = o->letter_max > 0 ? o->letter_max : DG_SOURCE_LETTER_MAX;
	r = ops->open(s, err);
	if (r < 0) {
		(void)dg_source_close(s);
		return r;
	}
	s->o.position = NULL; /* the caller's */
	*ret_source = s;
	return 0;
}

int dg_source_next(struct dg_source *s, struct dg_letter *ret_letter, struct dg_err *err)
{
	return s->ops->next(s, ret_letter, err);
}

const char *dg_source_position(struct dg_source *s)
{
	s->ops->position(s);
	return s->position ? s->position : "";
}

void dg_source_wait(struct dg_source *s, int timeout_ms)
{
	s->ops->wait(s, timeout_ms);
}

const char *dg_source_notice(struct dg_source *s)
{
	if (s->notice[0] == '\0') {
		return NULL;
	}
	(void)snprintf(s->name, sizeof(s->name), "%s", s->notice);
	s->notice[0] = '\0';
	return s->name;
}

struct dg_source *dg_source_close(struct dg_source *s)
{
	if (s) {
		s->ops->close(s);
		free(s->letter.p);
		free(s->position);
		free(s->path);
		free(s);
	}
	return NULL;
}
