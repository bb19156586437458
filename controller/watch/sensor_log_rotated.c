/* Which file is the one that was read last, and what came after it. */
#include "controller/watch/sensor_log.h"

#include "zones/base/arena.h"
#include "zones/base/digest.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

/* Fewer octets at the beginning are no proof: other logs may begin with them, too. */
#define HEAD_PROOF 64u
#define SECOND_NS  ((int64_t)1000000000)

void dg_logplace_print(const struct dg_logplace *p, char ret_text[DG_LOGPLACE_TEXT_MAX])
{
	char hex[2 * sizeof(p->head) + 1];

	(void)snprintf(ret_text, DG_LOGPLACE_TEXT_MAX, "1 %" PRIu64 " %" PRIu64 " %" PRIu32 " %s",
		p->inode, p->offset, p->head_len, dg_digest_text(p->head, sizeof(p->head), hex));
}

static bool number(const char **p, uint64_t *ret_value)
{
	const char *at = *p;
	uint64_t v = 0;

	for (; *at >= '0' && *at <= '9'; at++) {
		if (__builtin_mul_overflow(v, 10u, &v) ||
			__builtin_add_overflow(v, (uint64_t)(*at - '0'), &v)) {
			return false;
		}
	}
	bool is = at != *p && *at == ' ';
	*p = at + 1;
	*ret_value = v;
	return is;
}

static int hex_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool dg_logplace_parse(const char *text, struct dg_logplace *ret_place)
{
	struct dg_logplace p = {0};
	uint64_t version;
	uint64_t head_len;

	if (!number(&text, &version) || version != 1 || !number(&text, &p.inode) ||
		!number(&text, &p.offset) || !number(&text, &head_len) ||
		head_len > DG_LOGPLACE_HEAD || p.offset > INT64_MAX ||
		strlen(text) != 2 * sizeof(p.head)) {
		return false;
	}
	for (size_t i = 0; i < sizeof(p.head); i++) {
		int high = hex_digit(text[2 * i]);
		int low = hex_digit(text[2 * i + 1]);

		if (high < 0 || low < 0) {
			return false;
		}
		p.head[i] = (uint8_t)(high << 4 | low);
	}
	p.head_len = (uint32_t)head_len;
	*ret_place = p;
	return true;
}

/* The first octets, at most max. */
static size_t head_of(int fd, bool is_gzip, char *to, size_t max)
{
	if (!is_gzip) {
		ssize_t n = pread(fd, to, max, 0);
		return n > 0 ? (size_t)n : 0;
	}
	int other = dup(fd);
	if (other < 0 || lseek(other, 0, SEEK_SET) != 0) {
		return 0;
	}
	gzFile f = gzdopen(other, "rb");
	if (!f) {
		(void)close(other);
		return 0;
	}
	int n = gzread(f, to, (unsigned)max);
	(void)gzclose_r(f);
	return n > 0 ? (size_t)n : 0;
}

static void digest(const char *head, size_t n, uint8_t ret_head[8])
{
	uint8_t all[DG_DIGEST_LEN];

	dg_digest(head, n, all);
	memcpy(ret_head, all, 8);
}

void dg_logplace_look(int fd, bool is_gzip, struct dg_logplace *ret_place)
{
	char head[DG_LOGPLACE_HEAD];
	struct stat st = {0};

	(void)fstat(fd, &st);
	ret_place->inode = st.st_ino;
	ret_place->head_len = (uint32_t)head_of(fd, is_gzip, head, sizeof(head));
	digest(head, ret_place->head_len, ret_place->head);
}

bool dg_logplace_is(const struct dg_logplace *p, int fd, bool is_gzip)
{
	char head[DG_LOGPLACE_HEAD];
	uint8_t seen[8];
	struct stat st;

	if (fstat(fd, &st) != 0 || (!is_gzip && (uint64_t)st.st_size < p->offset)) {
		return false;
	}
	bool is_inode = !is_gzip && st.st_ino == p->inode;
	if (p->head_len < HEAD_PROOF && !is_inode) {
		return false;
	}
	if (head_of(fd, is_gzip, head, p->head_len) < p->head_len) {
		return false;
	}
	digest(head, p->head_len, seen);
	return memcmp(seen, p->head, sizeof(seen)) == 0;
}

/* --- what stands beside it ------------------------------------------------------------------------------------- */
struct candidate {
	const char *path;
	bool is_gzip, is_dated;
	uint64_t number; /* of its name */
	int64_t written_ns;
};

/* ".1", ".12.gz", "-20261122", "-20261122.gz" after the log's own name. */
static bool is_rotated(const char *rest, struct candidate *c)
{
	size_t n = *rest == '.' || *rest == '-' ? strspn(rest + 1, "0123456789") : 0;
	const char *end = rest + 1 + n;

	if (n == 0 || n > 18 || (*end != '\0' && strcmp(end, ".gz") != 0)) {
		return false;
	}
	c->is_dated = *rest == '-';
	c->is_gzip = *end != '\0';
	c->number = strtoull(rest + 1, NULL, 10);
	return true;
}

/* Newer last: by their numbers where they are of one kind, else by when they were written. */
static int by_age(const void *x, const void *y)
{
	const struct candidate *a = x;
	const struct candidate *b = y;

	if (a->is_dated == b->is_dated && a->number != b->number) {
		return (a->number < b->number) == a->is_dated ? -1 : 1;
	}
	return a->written_ns < b->written_ns ? -1 : a->written_ns > b->written_ns;
}

static size_t list_rotated(struct dg_arena *a, const char *path, struct candidate *list)
{
	const char *slash = strrchr(path, '/');
	const char *base = slash ? slash + 1 : path;
	const char *dir = slash ? dg_strndup(a, path, (size_t)(slash - path) + 1) : "./";
	size_t base_len = strlen(base);
	DIR *d = opendir(dir);
	size_t n = 0;

	struct dirent *e;

	/* NOLINTNEXTLINE(concurrency-mt-unsafe): one thread */
	while (d && n < DG_LOGPLACE_ROTATED && (e = readdir(d)) != NULL) {
		struct stat st;

		if (strncmp(e->d_name, base, base_len) != 0 ||
			!is_rotated(e->d_name + base_len, &list[n])) {
			continue;
		}
		list[n].path = dg_printf(a, "%s%s", dir, e->d_name);
		if (stat(list[n].path, &st) == 0 && S_ISREG(st.st_mode)) {
			list[n++].written_ns =
				(int64_t)st.st_mtim.tv_sec * SECOND_NS + st.st_mtim.tv_nsec;
		}
	}
	if (d) {
		(void)closedir(d);
	}
	qsort(list, n, sizeof(*list), by_age);
	return n;
}

void dg_logplace_rotated(struct dg_arena *a, const char *path, const struct dg_logplace *p,
	struct dg_logfile_found **ret_list, size_t *ret_n, bool *ret_has)
{
	struct candidate *list = dg_newn(a, struct candidate, DG_LOGPLACE_ROTATED);
	size_t n = list_rotated(a, path, list);
	size_t at = n;

	while (at > 0) {
		int fd = open(list[at - 1].path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
		bool is_it = fd >= 0 && dg_logplace_is(p, fd, list[at - 1].is_gzip);

		if (fd >= 0) {
			(void)close(fd);
		}
		if (is_it) {
			break;
		}
		at--;
	}
	*ret_has = at > 0;
	*ret_n = 0;
	*ret_list = dg_newn(a, struct dg_logfile_found, n);
	for (size_t i = at; i > 0 && i <= n; i++) {
		const struct candidate *c = &list[i - 1];

		/* A name may say newer of one that was not written since: what it holds was read. */
		if (c->written_ns / SECOND_NS >= list[at - 1].written_ns / SECOND_NS) {
			(*ret_list)[(*ret_n)++] = (struct dg_logfile_found){c->path, c->is_gzip};
		}
	}
}
