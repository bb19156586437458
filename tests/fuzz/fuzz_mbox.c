/* Any octets as an mbox, read at once, with a limit for letters, and while it grows. The first octet says where it is cut: for the limit, and for what
 * is there at first. */
#include "controller/letters/source.h"
#include "zones/base/err.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define INPUT_MAX (64u << 10)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool is_true)
{
	if (!is_true) {
		abort();
	}
}

/* An mbox that has a path and no place on a disk. */
struct box {
	int fd;
	char what[64];
};

static struct box make_box(void)
{
	struct box b = {.fd = memfd_create("mbox", MFD_CLOEXEC)};

	check(b.fd >= 0);
	(void)snprintf(b.what, sizeof(b.what), "mbox:/proc/self/fd/%d", b.fd);
	return b;
}

static void append(const struct box *b, const char *p, size_t n)
{
	check(n == 0 || write(b->fd, p, n) == (ssize_t)n);
}

static struct dg_source *open_box(const struct box *b, const struct dg_source_options *o)
{
	struct dg_source *s = NULL;
	struct dg_err err;

	check(dg_source_open(b->what, o, &s, &err) == 0);
	return s;
}

/* How many octets come out of it, and of how many letters. */
static size_t take_all(struct dg_source *s, size_t *n_letters)
{
	struct dg_letter l;
	struct dg_err err;
	size_t n = 0;

	while (dg_source_next(s, &l, &err) == 0) {
		n += l.n;
		check(l.size >= l.n && strlen(l.name) > 0);
		++*n_letters;
	}
	return n;
}

/* The limit shortens letters and leaves the rest as it is. */
static void read_twice(const struct box *b, size_t max, size_t size)
{
	struct dg_source *whole = open_box(b, &(struct dg_source_options){.stop_fd = -1});
	struct dg_source *cut =
		open_box(b, &(struct dg_source_options){.stop_fd = -1, .letter_max = max});
	struct dg_letter x, y;
	struct dg_err err;
	size_t n = 0;
	int r = 0;

	while ((r = dg_source_next(whole, &x, &err)) == 0) {
		check(dg_source_next(cut, &y, &err) == 0);
		check(x.size == y.size && x.at_ms == y.at_ms && strcmp(x.name, y.name) == 0);
		check(y.n == (x.n < max ? x.n : max) && memcmp(x.p, y.p, y.n) == 0);
		n += x.n;
	}
	check(r == DG_SOURCE_END && dg_source_next(cut, &y, &err) == DG_SOURCE_END && n <= size);
	dg_source_close(cut);
	dg_source_close(whole);
}

/* It grows; in between the reader is started anew from its position. Nothing comes twice. */
static void follow(const char *p, size_t size, size_t first)
{
	struct box b = make_box();
	struct dg_source_options o = {.is_followed = true, .stop_fd = -1};
	struct dg_source *s = open_box(&b, &o);
	size_t n_letters = 0;

	append(&b, p, first);
	size_t n = take_all(s, &n_letters);
	char *position = strdup(dg_source_position(s));
	dg_source_close(s);
	append(&b, p + first, size - first);
	o.position = position;
	s = open_box(&b, &o);
	check(dg_source_notice(s) == NULL);
	n += take_all(s, &n_letters);
	check(n <= size && n_letters <= size / strlen("From  Thu Nov 26 10:00 2026\n") + 1);
	n_letters = 0;
	check(strcmp(position, "") != 0 && strncmp(dg_source_position(s), "1 ", 2) == 0);
	dg_source_close(s);
	free(position);
	(void)close(b.fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2 || size > INPUT_MAX) {
		return 0;
	}
	const char *text = (const char *)data + 1;
	size_t n = size - 1;
	struct box b = make_box();

	append(&b, text, n);
	read_twice(&b, 1 + (size_t)data[0] * 4, n);
	(void)close(b.fd);
	follow(text, n, n * data[0] / 255);
	return 0;
}
