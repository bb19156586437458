/* tests/unit/controller/source_unit.h: a mailbox that is followed, and what the tests of sources do with it. */
#pragma once

#include "tests/unit/unit.h"

#include "controller/letters/source.h"
#include "zones/base/err.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE_S 60

static char dir[64], box[160], what[200];
static struct dg_source *source;
static char *position;
static struct dg_err err;
static unsigned n_made;

/* --- life ------------------------------------------------------------------------------------------------- */
static inline void begin(void)
{
	struct dg_source_options o = {.is_followed = true, .position = position, .stop_fd = -1};

	if (dg_source_open(what, &o, &source, &err) != 0) {
		fail_msg("%s", err.text);
	}
}

static inline void end(void)
{
	free(position);
	position = strdup(dg_source_position(source));
	source = dg_source_close(source);
}

static inline void again(void)
{
	end();
	begin();
}

/* What is there now; text: must be in one of them, or NULL. */
static inline unsigned take(const char *text)
{
	struct dg_letter l;
	bool has = text == NULL;
	unsigned n = 0;
	int r = 0;

	while ((r = dg_source_next(source, &l, &err)) == 0) {
		has = has || memmem(l.p, l.n, text, strlen(text));
		n++;
	}
	assert_int_equal(r, DG_SOURCE_END);
	assert_true(has || n == 0);
	return n;
}

/* Until there are so many, then once more: not one too many. */
static inline void expect(unsigned n)
{
	time_t until = time(NULL) + PATIENCE_S;
	unsigned seen = take(NULL);

	while (seen < n && time(NULL) < until) {
		dg_source_wait(source, 100);
		seen += take(NULL);
	}
	dg_source_wait(source, 0);
	assert_int_equal(seen + take(NULL), n);
}

static inline int set_up(void **state)
{
	(void)state;
	(void)snprintf(dir, sizeof(dir), "/tmp/source.XXXXXX");
	position = NULL;
	n_made = 0;
	return mkdtemp(dir) ? 0 : -1;
}

static inline int tear_down(void **state)
{
	char command[128];

	(void)state;
	source = dg_source_close(source);
	free(position);
	position = NULL;
	(void)snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command);
}

static inline void write_file(const char *path, const char *text, int flags)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(close(fd), 0);
}

static inline const char *letter(char buf[300], unsigned i)
{
	time_t now = time(NULL);
	char date[32];

	(void)ctime_r(&now, date);
	date[strcspn(date, "\n")] = '\0';
	(void)snprintf(buf, 300,
		"From MAILER-DAEMON %s\nMessage-ID: <%u@x>\nSubject: number %u\n\n"
		">From here\nFrom what I know\n\nend\n\n",
		date, i, i);
	return buf;
}

static inline void append(unsigned n)
{
	char buf[300];

	for (; n > 0; n--) {
		write_file(box, letter(buf, n_made++), O_APPEND);
	}
}

static inline void make_mbox(void)
{
	(void)snprintf(box, sizeof(box), "%s/box", dir);
	(void)snprintf(what, sizeof(what), "mbox:%s", box);
}
