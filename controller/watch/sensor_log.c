/* A mail log that grows, is renamed, copied, cut and compressed: each line once. */
#include "controller/watch/sensor_log.h"

#include "controller/watch/logtap.h"
#include "controller/watch/sensor.h"
#include "providers/net/loop.h"
#include "zones/base/arena.h"

#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define SLICE     ((size_t)128 << 10)
#define WARM      ((uint64_t)1 << 20) /* read again before the place, for messages that began there */
#define POLL_MS   1000
#define SOON_MS   20   /* lines come in bursts */
#define LINGER_MS 2000 /* a writer may hold the old file a little longer */
#define GONE_MS   10000
#define LIST_MAX  ((size_t)64 << 20)
#define TELL_MAX  400u
#define DIR_MASK  (IN_CREATE | IN_MOVED_TO)
#define FILE_MASK (IN_MODIFY | IN_ATTRIB | IN_MOVE_SELF)

struct dg_sensor {
	struct dg_sensor_host host;
	char *key, *path, *dir;
	struct dg_maillog *log;
	char *block;

	/* the file that is being read */
	struct dg_logtap tap;
	bool is_live;             /* it is the one that had the path when it was opened */
	uint64_t warm_from;       /* what comes before is left out */
	uint64_t from;            /* what comes before was handed in earlier */
	struct dg_logplace place; /* offset: after the last whole line */
	int64_t quiet_ms; /* mono: since when there is nothing more in it; 0: there may be */
	int64_t gone_ms;  /* mono: since when the path names nothing; 0: it does */

	/* what is to be read before the one that has the path now */
	struct dg_arena *arena;
	struct dg_logfile_found *list;
	size_t n_list, next;
	uint64_t first_from; /* of list[0] */
	uint64_t first_line;

	int watcher;
	struct event *event;
	struct dg_timer *work, *poll;
	bool is_cold; /* the parser has seen nothing yet */
	bool is_muted, is_behind;
	char told[TELL_MAX];
};

/* --- words ---------------------------------------------------------------------------------------------- */
/* Once, until it is better. */
static void tell(struct dg_sensor *s, const char *text)
{
	if (strcmp(s->told, text) != 0) {
		(void)snprintf(s->told, sizeof(s->told), "%s", text);
		s->host.tell(s->host.arg, s->key, s->told);
	}
}

static void tell_errno(struct dg_sensor *s, const char *what)
{
	char text[TELL_MAX];

	(void)snprintf(text, sizeof(text), "%s %s: %s; it is tried again each second", s->path,
		what, strerrordesc_np(errno));
	tell(s, text);
}

static void better(struct dg_sensor *s)
{
	if (s->told[0] != '\0') {
		s->told[0] = '\0';
		s->host.tell(s->host.arg, s->key, "is read again");
	}
}

static void warn(struct dg_sensor *s, const char *text)
{
	s->host.tell(s->host.arg, s->key, text);
}

/* --- files ------------------------------------------------------------------------------------------------ */
/* fd is taken over. from: the first octet that was not read; line: of a line that was not handed in. */
static void take_file(struct dg_sensor *s, int fd, bool is_gzip, uint64_t from, uint64_t line)
{
	uint64_t warm = from > WARM ? from - WARM : 0;

	dg_logplace_look(fd, is_gzip, &s->place);
	s->place.offset = line;
	s->from = from;
	s->warm_from = s->is_cold ? warm : from;
	s->is_cold = false;
	s->quiet_ms = s->gone_ms = 0;
	dg_logtap_start(&s->tap, fd, is_gzip, s->warm_from);
}

static void on_event(void *arg, const struct dg_mail_event *e)
{
	struct dg_sensor *s = arg;

	if (!s->is_muted) {
		dg_hub_event(s->host.hub, s->key, e);
	}
}

static void set_clock(struct dg_sensor *s)
{
	struct stat st;
	struct tm local;
	time_t t = (time_t)dg_loop_now(s->host.loop);

	if (!s->is_live && fstat(s->tap.fd, &st) == 0) {
		t = st.st_mtim.tv_sec;
	}
	bool is_known = localtime_r(&t, &local) != NULL;
	dg_maillog_clock(s->log, (int64_t)t * 1000, is_known ? (int32_t)local.tm_gmtoff : 0);
}

static void note(struct dg_sensor *s)
{
	char text[DG_LOGPLACE_TEXT_MAX];

	dg_logplace_print(&s->place, text);
	dg_hub_position(s->host.hub, s->key, text);
}

/* --- which file comes next ---------------------------------------------------------------------------------- */
static void forget_list(struct dg_sensor *s)
{
	s->arena = dg_arena_free(s->arena);
	s->list = NULL;
	s->n_list = s->next = 0;
}

/* What was written after the place and no longer stands under the path. from: where to go on in the first. False: the file of that
 * place is not there any more. */
static bool look_back(
	struct dg_sensor *s, const struct dg_logplace *p, uint64_t from, uint64_t line)
{
	bool has = false;

	forget_list(s);
	s->arena = dg_arena_new(LIST_MAX);
	dg_logplace_rotated(s->arena, s->path, p, &s->list, &s->n_list, &has);
	s->first_from = from;
	s->first_line = line;
	return has;
}

static bool next_of_list(struct dg_sensor *s)
{
	while (s->next < s->n_list) {
		const struct dg_logfile_found *f = &s->list[s->next];
		bool is_first = s->next++ == 0;
		int fd = dg_logtap_open(f->path);

		if (fd >= 0) {
			take_file(s, fd, f->is_gzip, is_first ? s->first_from : 0,
				is_first ? s->first_line : 0);
			s->is_live = false;
			note(s);
			return true;
		}
	}
	forget_list(s);
	return false;
}

/* The file under the path, from its beginning. */
static bool open_live(struct dg_sensor *s)
{
	int fd = dg_logtap_open(s->path);

	if (fd < 0) {
		tell_errno(s, errno == ENOENT ? "is not there" : "cannot be read");
		return false;
	}
	better(s);
	take_file(s, fd, false, 0, 0);
	s->is_live = true;
	note(s);
	return true;
}

/* --- reading --------------------------------------------------------------------------------------------------- */
static void feed(struct dg_sensor *s, size_t n)
{
	uint64_t end = s->tap.at;
	uint64_t begin = end - n;
	size_t skipped =
		s->warm_from > begin ? (size_t)(s->warm_from < end ? s->warm_from - begin : n) : 0;
	size_t old = s->from > begin ? (size_t)(s->from < end ? s->from - begin : n) : 0;
	const char *eol = end >= s->from ? memrchr(s->block, '\n', n) : NULL;

	set_clock(s);
	s->is_muted = true;
	dg_maillog_feed(s->log, s->block + skipped, old - skipped);
	s->is_muted = false;
	dg_maillog_feed(s->log, s->block + old, n - old);
	if (eol) {
		s->place.offset = begin + (uint64_t)(eol - s->block) + 1;
	}
	if (s->is_live && s->place.head_len < DG_LOGPLACE_HEAD) {
		uint64_t offset = s->place.offset;
		dg_logplace_look(s->tap.fd, false, &s->place);
		s->place.offset = offset;
	}
	note(s);
}

/* The file under our hands was cut, or written anew: what it held may stand beside it now. */
static bool was_cut(struct dg_sensor *s, uint64_t at)
{
	struct dg_logplace seen = s->place;

	seen.offset = at;
	if (!s->is_live || dg_logplace_is(&seen, s->tap.fd, false)) {
		return false;
	}
	dg_logtap_stop(&s->tap);
	seen.inode = 0; /* this one still has the number */
	if (!look_back(s, &seen, at, s->place.offset)) {
		warn(s, "was cut, and no copy of it was found: what was not read before is lost");
		dg_maillog_end(s->log);
	}
	return true;
}

static void behind(struct dg_sensor *s, bool is_behind)
{
	if (s->is_behind != is_behind) {
		s->is_behind = is_behind;
		dg_hub_behind(s->host.hub, is_behind);
	}
}

/* Has the path another file by now, with something in it? */
static bool was_renamed(struct dg_sensor *s, int64_t now)
{
	struct stat ours;
	struct stat st;

	if (fstat(s->tap.fd, &ours) != 0 || stat(s->path, &st) != 0) {
		s->gone_ms = s->gone_ms ? s->gone_ms : now;
		if (now - s->gone_ms >= GONE_MS) {
			tell_errno(s, "is gone");
		}
		return false;
	}
	s->gone_ms = 0;
	better(s);
	return (st.st_ino != ours.st_ino || st.st_dev != ours.st_dev) && st.st_size > 0;
}

/* The end of the file under our hands. True: there is another one to go on with. */
static bool at_end(struct dg_sensor *s)
{
	int64_t now = dg_loop_mono_ms(s->host.loop);

	if (!s->is_live) {
		dg_maillog_end(s->log);
		dg_logtap_stop(&s->tap);
		return true;
	}
	behind(s, false);
	if (!was_renamed(s, now)) {
		s->quiet_ms = 0;
		return false;
	}
	s->quiet_ms = s->quiet_ms ? s->quiet_ms : now;
	if (now - s->quiet_ms < LINGER_MS) {
		return false;
	}
	dg_maillog_end(s->log);
	struct dg_logplace done = s->place;
	done.offset = 0;
	if (look_back(s, &done, 0, 0)) {
		s->next = 1; /* it is read already */
	}
	dg_logtap_stop(&s->tap);
	return true;
}

static void on_work(void *arg);

static void wake(struct dg_sensor *s, int64_t ms)
{
	if (!s->work) {
		s->work = dg_loop_after_ms(s->host.loop, ms, on_work, s);
	}
}

static void on_work(void *arg)
{
	struct dg_sensor *s = arg;

	s->work = NULL;
	if (s->tap.fd < 0 && !next_of_list(s) && !open_live(s)) {
		behind(s, false);
		return;
	}
	uint64_t at = s->tap.at;
	bool is_bomb = false;
	ssize_t n = dg_logtap_read(&s->tap, s->block, SLICE, &is_bomb);
	if (was_cut(s, at)) {
		wake(s, 0);
	} else if (n > 0) {
		s->quiet_ms = 0;
		feed(s, (size_t)n);
		wake(s, 0);
	} else {
		if (n < 0) {
			tell(s, is_bomb ? "a compressed log gives more than any log does: the rest "
					  "of it is left out"
					: "cannot be read to its end");
		}
		if (at_end(s)) {
			wake(s, 0);
		}
	}
}

/* --- being woken -------------------------------------------------------------------------------------------------- */
static void watch(struct dg_sensor *s)
{
	if (s->watcher >= 0) { /* what is watched already stays so */
		(void)inotify_add_watch(s->watcher, s->dir, DIR_MASK);
		(void)inotify_add_watch(s->watcher, s->path, FILE_MASK);
	}
}

static void on_watcher(evutil_socket_t fd, short what, void *arg)
{
	struct dg_sensor *s = arg;
	char events[4096];

	(void)what;
	for (ssize_t n = sizeof(events); n > 0;) {
		n = read(fd, events, sizeof(events)); /* that something happened is enough */
	}
	wake(s, SOON_MS);
}

/* Where nothing tells of changes (a network's file system, a folder that is gone). */
static void on_poll(void *arg)
{
	struct dg_sensor *s = arg;

	s->poll = dg_loop_after_ms(s->host.loop, POLL_MS, on_poll, s);
	watch(s);
	wake(s, 0);
}

static void start_watcher(struct dg_sensor *s)
{
	s->watcher = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (s->watcher >= 0) {
		s->event = event_new(dg_loop_base(s->host.loop), s->watcher, EV_READ | EV_PERSIST,
			on_watcher, s);
		if (!s->event || event_add(s->event, NULL) != 0) {
			abort();
		}
	}
}

/* --- where to begin -------------------------------------------------------------------------------------------------- */
/* Nothing is known: what comes from now on counts. What came before warms up. */
static void begin_at_end(struct dg_sensor *s)
{
	struct stat st;
	int fd = dg_logtap_open(s->path);

	if (fd >= 0 && fstat(fd, &st) == 0) {
		take_file(s, fd, false, (uint64_t)st.st_size, (uint64_t)st.st_size);
		s->is_live = true;
		note(s);
	}
}

static void begin_at(struct dg_sensor *s, const struct dg_logplace *p)
{
	int fd = dg_logtap_open(s->path);

	if (fd >= 0 && dg_logplace_is(p, fd, false)) {
		take_file(s, fd, false, p->offset, p->offset);
		s->is_live = true;
		return;
	}
	if (fd >= 0) {
		(void)close(fd);
	}
	if (!look_back(s, p, p->offset, p->offset)) {
		warn(s, "the file that was read last is not there any more: it begins anew with "
			"the "
			"present one, lines between them are lost");
	}
}

static struct dg_sensor *log_close(struct dg_sensor *s)
{
	if (!s) {
		return NULL;
	}
	behind(s, false);
	(void)dg_timer_cancel(s->work);
	(void)dg_timer_cancel(s->poll);
	if (s->event) {
		event_free(s->event);
	}
	if (s->watcher >= 0) {
		(void)close(s->watcher);
	}
	dg_logtap_stop(&s->tap);
	forget_list(s);
	(void)dg_maillog_free(s->log);
	free(s->block);
	free(s->key);
	free(s->path);
	free(s->dir);
	free(s);
	return NULL;
}

static int log_open(const struct dg_sensor_host *host, const char *key, const char *what,
	struct dg_sensor **ret_sensor, struct dg_err *err)
{
	struct dg_logplace p;

	if (what[0] != '/' || what[strlen(what) - 1] == '/') {
		return dg_fail(err, DG_EINPUT,
			"found '%.200s', expected the whole path of a mail log, for example "
			"/var/log/mail.log",
			what);
	}
	struct dg_sensor *s = calloc(1, sizeof(*s));
	if (!s) {
		return dg_fail(err, DG_EIO, "out of memory");
	}
	*s = (struct dg_sensor){.host = *host, .tap = {.fd = -1}, .watcher = -1, .is_cold = true};
	s->key = strdup(key);
	s->path = strdup(what);
	s->dir = strndup(what, (size_t)(strrchr(what, '/') - what) + 1);
	s->block = malloc(SLICE);
	if (!s->key || !s->path || !s->dir || !s->block) {
		(void)log_close(s);
		return dg_fail(err, DG_EIO, "out of memory");
	}
	struct dg_maillog_options o = {.on_event = on_event, .arg = s};
	s->log = dg_maillog_new(&o);
	const char *last = dg_hub_last_position(host->hub, key);
	behind(s, true);
	if (last && dg_logplace_parse(last, &p)) {
		begin_at(s, &p);
	} else {
		if (last) {
			warn(s, "how far it was read is not known any more: it begins at the end");
		}
		begin_at_end(s);
	}
	start_watcher(s);
	watch(s);
	wake(s, 0);
	s->poll = dg_loop_after_ms(host->loop, POLL_MS, on_poll, s);
	*ret_sensor = s;
	return 0;
}

const struct dg_sensor_ops dg_sensor_log = {
	.name = "log",
	.summary = "a mail log on disk: Postfix, Exim, Sendmail or OpenSMTPD",
	.open = log_open,
	.close = log_close,
};
