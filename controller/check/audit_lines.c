#include "controller/check/audit_lines.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK (1u << 16)

struct dg_lines {
	const char *name;
	int fd;
	bool is_file, is_ours, is_end;
	uint64_t no;
	size_t at, len; /* in block */
	char block[BLOCK];
	struct dg_belt_line line; /* as far as it has come */
	bool is_open;             /* it has begun */
};

int dg_lines_open(const char *path, struct dg_lines **ret_lines, struct dg_err *err)
{
	bool is_stdin = !path || strcmp(path, "-") == 0;
	int fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) != 0) {
		return dg_fail(err, DG_EINPUT, "%s: %s", path, strerrordesc_np(errno));
	}
	if (S_ISDIR(st.st_mode)) {
		(void)close(fd);
		return dg_fail(err, DG_EINPUT,
			"%s is a folder; expected a file with one domain a line", path);
	}
	struct dg_lines *l = calloc(1, sizeof(*l));
	if (!l) {
		abort();
	}
	l->fd = fd;
	l->is_ours = !is_stdin;
	l->is_file = S_ISREG(st.st_mode);
	l->name = is_stdin ? "standard input" : path;
	*ret_lines = l;
	return 0;
}

struct dg_lines *dg_lines_close(struct dg_lines *l)
{
	if (l && l->is_ours) {
		(void)close(l->fd);
	}
	free(l);
	return NULL;
}

bool dg_lines_can_rewind(const struct dg_lines *l)
{
	return l->is_file;
}

int dg_lines_rewind(struct dg_lines *l, struct dg_err *err)
{
	if (lseek(l->fd, 0, SEEK_SET) != 0) {
		return dg_fail(err, DG_EIO, "%s: %s", l->name, strerrordesc_np(errno));
	}
	l->is_end = false;
	l->is_open = false;
	l->no = 0;
	l->at = 0;
	l->len = 0;
	return 0;
}

int dg_lines_fd(const struct dg_lines *l)
{
	return l->fd;
}

const char *dg_lines_name(const struct dg_lines *l)
{
	return l->name;
}

/* 0, LATER, END, DG_EIO. */
static int fill(struct dg_lines *l, struct dg_err *err)
{
	struct pollfd p = {.fd = l->fd, .events = POLLIN};

	if (l->is_end) {
		return DG_LINES_END;
	}
	if (!l->is_file && poll(&p, 1, 0) == 0) {
		return DG_LINES_LATER;
	}
	ssize_t n = read(l->fd, l->block, sizeof(l->block));
	if (n < 0 && (errno == EINTR || errno == EAGAIN)) {
		return DG_LINES_LATER;
	}
	if (n < 0) {
		return dg_fail(err, DG_EIO, "%s: %s", l->name, strerrordesc_np(errno));
	}
	l->at = 0;
	l->len = (size_t)n;
	l->is_end = n == 0;
	return l->is_end ? DG_LINES_END : 0;
}

/* Blanks in front are not kept, so that they do not use up the room. */
static void add(struct dg_belt_line *line, const char *p, size_t n)
{
	while (line->len == 0 && n > 0 && (*p == ' ' || *p == '\t')) {
		p++;
		n--;
	}
	size_t room = sizeof(line->text) - line->len;
	size_t took = n < room ? n : room;

	memcpy(line->text + line->len, p, took);
	line->len += took;
	line->is_cut = line->is_cut || took < n;
}

static void trim(struct dg_belt_line *line)
{
	static const char mark[] = "\xef\xbb\xbf";

	if (line->no == 1 && line->len >= 3 && memcmp(line->text, mark, 3) == 0) {
		line->len -= 3;
		memmove(line->text, line->text + 3, line->len);
	}
	while (line->len > 0 && !line->is_cut &&
		strchr(" \t\r", line->text[line->len - 1]) != NULL &&
		line->text[line->len - 1] != '\0') {
		line->len--;
	}
}

/* Takes what the block has of the line; true: all of it. */
static bool take(struct dg_lines *l)
{
	const char *begin = l->block + l->at;
	const char *end = memchr(begin, '\n', l->len - l->at);
	size_t n = end ? (size_t)(end - begin) : l->len - l->at;

	if (!l->is_open) {
		l->line.no = ++l->no;
		l->line.len = 0;
		l->line.is_cut = false;
		l->is_open = true;
	}
	add(&l->line, begin, n);
	l->at += n + (end != NULL);
	return end != NULL;
}

int dg_lines_next(struct dg_lines *l, struct dg_belt_line *ret_line, struct dg_err *err)
{
	for (;;) {
		bool is_whole = l->at < l->len && take(l);

		if (!is_whole && l->at == l->len) {
			int rc = fill(l, err);

			if (rc == 0) {
				continue;
			}
			if (rc != DG_LINES_END || !l->is_open) {
				return rc;
			}
			is_whole = true; /* the last line has no end */
		}
		if (is_whole) {
			l->is_open = false;
			trim(&l->line);
			if (l->line.len > 0 && l->line.text[0] != '#') {
				ret_line->no = l->line.no;
				ret_line->len = l->line.len;
				ret_line->is_cut = l->line.is_cut;
				memcpy(ret_line->text, l->line.text, l->line.len);
				return 0;
			}
		}
	}
}
