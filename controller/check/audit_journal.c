#include "controller/check/audit_journal.h"

#include "controller/check/audit_row.h"
#include "zones/base/buf.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define GATHERED   (1u << 16) /* octets that are written at once */
#define KEYS_FIRST 4096u
#define READ_MAX   ((size_t)DG_ROW_MAX * 2)

struct dg_audit_journal {
	char *name;
	int fd;
	bool is_csv, is_file, is_ours, is_resuming, has_begun;
	off_t keep; /* what stands behind it goes when writing begins */
	struct dg_buf out;
	uint32_t *keys; /* by line; 0: not done */
	uint64_t n_keys;
	uint64_t n_before, n_met;
};

/* --- what stands there ------------------------------------------------------------------------ */
struct reading {
	struct dg_audit_journal *j;
	void (*row)(void *arg, const struct dg_row *row);
	void *arg;
	uint64_t n;  /* rows so far */
	bool is_end; /* a summary was there: nothing may follow */
};

static int not_ours(const struct reading *r, struct dg_err *err)
{
	return dg_fail(err, DG_EINPUT,
		"%s: row %llu was not written by `dnsguard audit%s`; only an output of its own is "
		"gone on with",
		r->j->name, (unsigned long long)r->n + 1, r->j->is_csv ? " --csv" : "");
}

static int mark(struct dg_audit_journal *j, const struct dg_row *row, struct dg_err *err)
{
	uint64_t n = j->n_keys ? j->n_keys : KEYS_FIRST;

	if (row->line > DG_AUDIT_JOURNAL_LINES_MAX) {
		return dg_fail(err, DG_EINPUT, "%s: there is no line %llu in an input", j->name,
			(unsigned long long)row->line);
	}
	while (n <= row->line) {
		n *= 2;
	}
	if (n > j->n_keys) {
		uint32_t *keys = calloc(n, sizeof(*keys));

		if (!keys) {
			abort();
		}
		if (j->n_keys > 0) {
			memcpy(keys, j->keys, j->n_keys * sizeof(*keys));
		}
		free(j->keys);
		j->keys = keys;
		j->n_keys = n;
	}
	if (j->keys[row->line] != 0) {
		return dg_fail(err, DG_EINPUT, "%s: line %llu of the input is there twice", j->name,
			(unsigned long long)row->line);
	}
	j->keys[row->line] = row->key;
	j->n_before++;
	return 0;
}

static int read_row(struct reading *r, const char *text, size_t len, struct dg_err *err)
{
	struct dg_row row;
	bool is_first = r->n == 0;

	if (r->is_end || dg_row_read(text, len, r->j->is_csv, &row) != 0 ||
		(row.kind == DG_ROW_HEADER) != (is_first && r->j->is_csv)) {
		return not_ours(r, err);
	}
	r->n++;
	if (row.kind == DG_ROW_SUMMARY) {
		r->is_end = true;
		return 0;
	}
	r->j->keep += (off_t)len + 1;
	if (row.kind == DG_ROW_HEADER) {
		return 0;
	}
	int rc = mark(r->j, &row, err);
	if (rc == 0) {
		r->row(r->arg, &row);
	}
	return rc;
}

/* The rows in buf; ret_used: their octets. */
static int read_rows(
	struct reading *r, const char *buf, size_t len, size_t *ret_used, struct dg_err *err)
{
	size_t at = 0;

	for (;;) {
		const char *end = memchr(buf + at, '\n', len - at);

		if (!end) {
			break;
		}
		int rc = read_row(r, buf + at, (size_t)(end - buf) - at, err);
		if (rc < 0) {
			return rc;
		}
		at = (size_t)(end - buf) + 1;
	}
	*ret_used = at;
	return 0;
}

static int read_all(struct reading *r, char *buf, struct dg_err *err)
{
	size_t len = 0;

	for (;;) {
		ssize_t n = read(r->j->fd, buf + len, READ_MAX - len);
		size_t used = 0;

		if (n < 0) {
			return dg_fail(err, DG_EIO, "%s: %s", r->j->name, strerrordesc_np(errno));
		}
		len += (size_t)n;
		int rc = read_rows(r, buf, len, &used, err);
		if (rc < 0) {
			return rc;
		}
		memmove(buf, buf + used, len - used);
		len -= used;
		if (n == 0 || len == READ_MAX) {
			break;
		}
	}
	/* What a kill cut off is at most one row, and begins like one. */
	bool is_torn = len > 0;
	if (is_torn &&
		(len == READ_MAX || r->is_end || !dg_row_may_begin(buf, len, r->j->is_csv))) {
		return not_ours(r, err);
	}
	return 0;
}

static int read_journal(struct reading *r, struct dg_err *err)
{
	char *buf = malloc(READ_MAX);

	if (!buf) {
		abort();
	}
	int rc = read_all(r, buf, err);
	free(buf);
	return rc;
}

/* --- life ------------------------------------------------------------------------------------- */
static int open_file(const char *path, bool is_resuming, int *ret_fd, struct dg_err *err)
{
	struct stat st;
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY, 0666);

	if (fd < 0 && errno == EACCES && !is_resuming) {
		fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY); /* a device, a pipe */
	}
	if (fd < 0 || fstat(fd, &st) != 0) {
		return dg_fail(err, DG_EINPUT, "%s: %s", path, strerrordesc_np(errno));
	}
	int rc = 0;
	if (S_ISREG(st.st_mode) && flock(fd, LOCK_EX | LOCK_NB) != 0) {
		rc = dg_fail(err, DG_EINPUT, "%s: another audit writes to it", path);
	} else if (S_ISREG(st.st_mode) && st.st_size > 0 && !is_resuming) {
		rc = dg_fail(err, DG_EINPUT,
			"%s is there already; --resume goes on with it, or give a new file", path);
	} else if (!S_ISREG(st.st_mode) && is_resuming) {
		rc = dg_fail(
			err, DG_EINPUT, "%s is not a file: there is nothing to go on with", path);
	}
	if (rc < 0) {
		(void)close(fd);
		return rc;
	}
	*ret_fd = fd;
	return 0;
}

int dg_audit_journal_open(const struct dg_audit_journal_way *way,
	struct dg_audit_journal **ret_journal, struct dg_err *err)
{
	const char *path = way->path;
	struct stat st;
	int fd = STDOUT_FILENO;
	int rc = path ? open_file(path, way->is_resuming, &fd, err) : 0;

	if (rc < 0) {
		return rc;
	}
	struct dg_audit_journal *j = calloc(1, sizeof(*j));
	if (!j) {
		abort();
	}
	j->name = strdup(path ? path : "standard output");
	if (!j->name) {
		abort();
	}
	j->fd = fd;
	j->is_ours = path != NULL;
	j->is_csv = way->is_csv;
	j->is_resuming = path && way->is_resuming;
	j->is_file = fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
	dg_buf_init(&j->out, GATHERED + DG_ROW_MAX * 2);
	struct reading r = {.j = j, .row = way->row, .arg = way->arg};
	if (j->is_resuming) {
		rc = read_journal(&r, err);
	}
	if (rc < 0) {
		(void)dg_audit_journal_close(j);
		return rc;
	}
	if (way->is_csv && j->keep == 0) {
		dg_row_put_header(&j->out);
	}
	*ret_journal = j;
	return 0;
}

struct dg_audit_journal *dg_audit_journal_close(struct dg_audit_journal *j)
{
	if (j) {
		if (j->is_ours) {
			(void)close(j->fd);
		}
		dg_buf_done(&j->out);
		free(j->keys);
		free(j->name);
		free(j);
	}
	return NULL;
}

bool dg_audit_journal_is_resumed(const struct dg_audit_journal *j)
{
	return j->n_before > 0;
}

int dg_audit_journal_look(
	struct dg_audit_journal *j, uint64_t line, uint32_t key, struct dg_err *err)
{
	uint32_t there = line < j->n_keys ? j->keys[line] : 0;

	if (there == 0) {
		return 0;
	}
	if (there != key) {
		return dg_fail(err, DG_EINPUT,
			"%s holds the result of another domain for line %llu: it is not the output "
			"of this input",
			j->name, (unsigned long long)line);
	}
	j->n_met++;
	return DG_AUDIT_JOURNAL_DONE;
}

bool dg_audit_journal_is_met(const struct dg_audit_journal *j)
{
	return j->n_met >= j->n_before;
}

int dg_audit_journal_check_end(const struct dg_audit_journal *j, struct dg_err *err)
{
	if (!dg_audit_journal_is_met(j)) {
		return dg_fail(err, DG_EINPUT,
			"%s holds %llu results of lines that are not in the input: it is not the "
			"output of "
			"this input",
			j->name, (unsigned long long)(j->n_before - j->n_met));
	}
	return 0;
}

int dg_audit_journal_begin(struct dg_audit_journal *j, struct dg_err *err)
{
	if (j->is_resuming && !j->has_begun &&
		(ftruncate(j->fd, j->keep) != 0 || lseek(j->fd, j->keep, SEEK_SET) != j->keep)) {
		return dg_fail(err, DG_EIO, "%s: %s", j->name, strerrordesc_np(errno));
	}
	j->has_begun = true;
	return 0;
}

bool dg_audit_journal_has_begun(const struct dg_audit_journal *j)
{
	return j->has_begun;
}

/* --- writing ---------------------------------------------------------------------------------- */
/* 0: it takes something now. */
static int wait_for_room(const struct dg_audit_journal *j, int stop_fd)
{
	struct pollfd p[2] = {{.fd = j->fd, .events = POLLOUT}, {.fd = stop_fd, .events = POLLIN}};

	if (j->is_file) {
		return 0;
	}
	while (poll(p, 2, -1) < 0 && errno == EINTR) {
	}
	return p[0].revents != 0 ? 0 : DG_AUDIT_JOURNAL_STOPPED;
}

static void forget(struct dg_buf *b, size_t n)
{
	b->len -= n;
	memmove(b->data, b->data + n, b->len + 1);
}

int dg_audit_journal_flush(struct dg_audit_journal *j, int stop_fd, struct dg_err *err)
{
	size_t at = 0;
	int rc = 0;

	while (at < j->out.len && rc == 0) {
		size_t left = j->out.len - at;

		rc = wait_for_room(j, stop_fd);
		if (rc != 0) {
			break;
		}
		ssize_t n = write(
			j->fd, j->out.data + at, j->is_file || left < PIPE_BUF ? left : PIPE_BUF);
		if (n < 0 && errno != EINTR && errno != EAGAIN) {
			rc = dg_fail(err, DG_EIO, "cannot write to %s: %s", j->name,
				strerrordesc_np(errno));
		}
		at += n > 0 ? (size_t)n : 0;
	}
	if (at > 0) {
		forget(&j->out, at);
	}
	return rc;
}

int dg_audit_journal_write(
	struct dg_audit_journal *j, const char *text, size_t len, int stop_fd, struct dg_err *err)
{
	dg_buf_put(&j->out, text, len);
	return j->out.len >= GATHERED ? dg_audit_journal_flush(j, stop_fd, err) : 0;
}
