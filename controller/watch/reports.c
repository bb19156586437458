#include "controller/watch/reports.h"

#include "controller/watch/reports_parts.h"
#include "zones/base/err.h"
#include "zones/watch/aggregate.h"
#include "zones/watch/rows.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#define GZIP_BITS (MAX_WBITS + 16)
#define PATH_SIZE 4096u

/* --- what it is ------------------------------------------------------------------------------- */
bool dg_span_is_gzip(struct dg_span s)
{
	return s.n >= 3 && memcmp(s.p, "\x1f\x8b\x08", 3) == 0;
}

bool dg_span_is_zip(struct dg_span s)
{
	return s.n >= 4 && (memcmp(s.p, "PK\3\4", 4) == 0 || memcmp(s.p, "PK\5\6", 4) == 0);
}

static struct dg_span without_blanks(struct dg_span s)
{
	if (s.n >= 3 && memcmp(s.p, "\xef\xbb\xbf", 3) == 0) {
		s = (struct dg_span){s.p + 3, s.n - 3};
	}
	while (s.n > 0 && strchr(" \t\r\n", *s.p)) {
		if (*s.p == '\0') {
			break;
		}
		s = (struct dg_span){s.p + 1, s.n - 1};
	}
	return s;
}

bool dg_span_is_report(struct dg_span s)
{
	s = without_blanks(s);
	return (s.n >= 5 && memcmp(s.p, "<?xml", 5) == 0) ||
	       (s.n >= 9 && memcmp(s.p, "<feedback", 9) == 0);
}

static bool is_xml(struct dg_span s)
{
	bool is_utf16 =
		s.n >= 2 && (memcmp(s.p, "\xfe\xff", 2) == 0 || memcmp(s.p, "\xff\xfe", 2) == 0);

	s = without_blanks(s);
	return is_utf16 || (s.n > 0 && *s.p == '<');
}

/* --- one report ------------------------------------------------------------------------------- */
/* Several members are one stream (RFC 1952 section 2.2); what follows and is none is ignored, as gzip does. */
static int read_gzip(struct dg_span s, struct dg_aggregate *g, struct dg_err *err)
{
	size_t used = 0;
	int r = 0;

	while (r == 0 && dg_span_is_gzip(s)) {
		r = dg_reports_inflate(s, GZIP_BITS, g, &used, err);
		s = (struct dg_span){s.p + used, s.n - used};
	}
	return r;
}

static int parse_plain(struct dg_span s, const struct dg_aggregate_options *o, struct dg_err *err)
{
	struct dg_aggregate *g = dg_aggregate_new(o);
	err->pos.line = 0;
	int r = dg_span_is_gzip(s)  ? read_gzip(s, g, err)
		: dg_span_is_zip(s) ? dg_reports_unzip(s, g, err)
				    : dg_aggregate_feed(g, s.p, s.n, err);

	r = r == 0 ? dg_aggregate_end(g, err) : r;
	if (r == DG_EREMOTE && err->pos.line > 0 && !dg_aggregate_has_begun(g) && !is_xml(s)) {
		r = DG_REPORTS_NONE; /* something else is packed in it, as a TLS report */
	}
	(void)dg_aggregate_free(g);
	return r;
}

int dg_reports_parse(
	const uint8_t *p, size_t n, const struct dg_aggregate_options *o, struct dg_err *err)
{
	struct dg_span s = {p, n};
	uint8_t *part = NULL;

	if (n > DG_REPORTS_FILE_MAX) {
		return dg_fail(err, DG_ELIMIT, "longer than %zu octets: this is no report",
			DG_REPORTS_FILE_MAX);
	}
	if (dg_span_is_gzip(s) || dg_span_is_zip(s) || is_xml(s)) {
		return parse_plain(s, o, err);
	}
	int r = dg_reports_find_part(s, &part, &n, err);
	if (r == 0) {
		r = parse_plain((struct dg_span){part, n}, o, err);
		free(part);
	}
	return r;
}

/* --- files ------------------------------------------------------------------------------------ */
static int slurp(const char *path, uint8_t **ret_p, size_t *ret_n, struct dg_err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		const char *why =
			fd < 0 || S_ISREG(st.st_mode) ? strerrordesc_np(errno) : "it is no file";
		if (fd >= 0) {
			(void)close(fd);
		}
		return dg_fail(err, DG_EIO, "%s", why);
	}
	size_t max = (size_t)(st.st_size < 0 ? 0 : st.st_size);
	if (max > DG_REPORTS_FILE_MAX) {
		(void)close(fd);
		return dg_fail(err, DG_ELIMIT, "longer than %zu octets: this is no report",
			DG_REPORTS_FILE_MAX);
	}
	uint8_t *p = malloc(max + 1);
	size_t n = 0;
	ssize_t got = 1;
	while (p && n < max && (got = read(fd, p + n, max - n)) > 0) {
		n += (size_t)got;
	}
	int error = errno;
	(void)close(fd);
	if (!p || got < 0) {
		free(p);
		return dg_fail(err, DG_EIO, "%s", p ? strerrordesc_np(error) : "no memory");
	}
	*ret_p = p;
	*ret_n = n;
	return 0;
}

static int on_report(void *arg, const struct dg_aggregate_report *report)
{
	return dg_rows_begin(arg, report);
}

static void on_row(void *arg, const struct dg_aggregate_row *row)
{
	dg_rows_row(arg, row);
}

int dg_reports_take(const uint8_t *p, size_t n, struct dg_rows *rows, struct dg_err *err)
{
	struct dg_aggregate_options o = {.on_report = on_report, .on_row = on_row, .arg = rows};
	int r = n == 0 ? DG_REPORTS_NONE : dg_reports_parse(p, n, &o, err);

	if (r == 0) {
		dg_rows_commit(rows);
	} else {
		dg_rows_drop(rows);
	}
	return r;
}

int dg_reports_read(const char *path, struct dg_rows *rows, struct dg_err *err)
{
	uint8_t *p = NULL;
	size_t n = 0;
	int r = slurp(path, &p, &n, err);

	if (r < 0) {
		return dg_wrap(err, r, "%s", path);
	}
	r = dg_reports_take(p, n, rows, err);
	free(p);
	if (r < 0 && err->pos.line > 0) {
		err->pos.file = path;
		return r;
	}
	return r < 0 ? dg_wrap(err, r, "%s", path) : r;
}

/* --- folders ---------------------------------------------------------------------------------- */
struct walk {
	int (*on_file)(void *arg, const char *path, struct dg_err *err);
	void *arg;
	struct dg_err *err;
	unsigned depth;
	char path[PATH_SIZE];
};

/* NOLINTBEGIN(misc-no-recursion): DG_REPORTS_DEPTH_MAX bounds it */
static int walk_folder(struct walk *w, size_t len);

static int walk_entry(struct walk *w, size_t len, const char *name)
{
	struct stat st;
	int n = snprintf(w->path + len, sizeof(w->path) - len, "/%s", name);

	if (n < 0 || (size_t)n >= sizeof(w->path) - len) {
		return dg_fail(w->err, DG_ELIMIT, "a path is longer than %u octets", PATH_SIZE);
	}
	if (lstat(w->path, &st) != 0) { /* moved on meanwhile, as mail in a Maildir is */
		return 0;
	}
	if (S_ISDIR(st.st_mode)) {
		return strcmp(name, "tmp") == 0 ? 0 : walk_folder(w, len + (size_t)n);
	}
	if (S_ISLNK(st.st_mode) && (stat(w->path, &st) != 0 || S_ISDIR(st.st_mode))) {
		return 0;
	}
	return w->on_file(w->arg, w->path, w->err);
}

static int walk_folder(struct walk *w, size_t len)
{
	if (w->depth == DG_REPORTS_DEPTH_MAX) {
		return dg_fail(w->err, DG_ELIMIT, "%s: folders are more than %u deep", w->path,
			DG_REPORTS_DEPTH_MAX);
	}
	DIR *d = opendir(w->path);
	if (!d) {
		return dg_fail(w->err, DG_EIO, "%s: %s", w->path, strerrordesc_np(errno));
	}
	const struct dirent *e;
	int r = 0;
	w->depth++;
	while (r >= 0 &&
		(e = readdir(d)) != NULL) { /* NOLINT(concurrency-mt-unsafe): a stream of its own */
		r = e->d_name[0] == '.' ? 0 : walk_entry(w, len, e->d_name);
	}
	w->depth--;
	(void)closedir(d);
	return r;
}
/* NOLINTEND(misc-no-recursion) */

int dg_reports_walk(const char *path,
	int (*on_file)(void *arg, const char *path, struct dg_err *err), void *arg,
	struct dg_err *err)
{
	struct walk *w = calloc(1, sizeof(*w));
	struct stat st;
	int r;

	if (!w) {
		abort();
	}
	*w = (struct walk){.on_file = on_file, .arg = arg, .err = err};
	int n = snprintf(w->path, sizeof(w->path), "%s", path);
	if (n < 0 || (size_t)n >= sizeof(w->path)) {
		r = dg_fail(err, DG_ELIMIT, "a path is longer than %u octets", PATH_SIZE);
	} else if (stat(path, &st) != 0) {
		r = dg_fail(err, DG_EIO, "%s: %s", path, strerrordesc_np(errno));
	} else {
		r = S_ISDIR(st.st_mode) ? walk_folder(w, (size_t)n) : on_file(arg, path, err);
	}
	free(w);
	return r < 0 ? r : 0;
}
