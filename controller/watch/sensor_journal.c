/* The systemd journal: the lines of mail servers, by the same table of shapes as a log. The position is the journal's own cursor. */
#include "controller/watch/sensor.h"
#include "providers/net/loop.h"
#include "zones/base/err.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <systemd/sd-journal.h>
#include <time.h>

#define SLICE     512u /* entries, then the loop's other work has its turn */
#define WARM      5000 /* entries read again before the place, for messages that began there */
#define POLL_MS   1000
#define AGAIN_MS  5000
#define LINE_ROOM (DG_MAILLOG_LINE_MAX + 1u)
#define TAG_MAX   64u
#define HOST      "localhost"

struct dg_sensor {
	struct dg_sensor_host host;
	char *key, *what;
	sd_journal *journal; /* NULL: not open now */
	struct dg_maillog *log;
	struct event *event;
	struct dg_timer *work, *poll;
	char line[LINE_ROOM];
	bool is_muted, is_behind, is_failing;
	bool is_new;  /* entries since the last position */
	char *cursor; /* of the last entry that was handed in */
};

static void tell(struct dg_sensor *s, const char *what, int r)
{
	char text[300];

	if (!s->is_failing) {
		(void)snprintf(
			text, sizeof(text), "%s: %s; it is tried again", what, strerrordesc_np(-r));
		s->host.tell(s->host.arg, s->key, text);
	}
	s->is_failing = true;
}

static void behind(struct dg_sensor *s, bool is_behind)
{
	if (s->is_behind != is_behind) {
		s->is_behind = is_behind;
		dg_hub_behind(s->host.hub, is_behind);
	}
}

/* --- entries ------------------------------------------------------------------------------------------------- */
/* The value of a field of the entry; its length 0: it has none. */
static struct dg_text field(struct dg_sensor *s, const char *name)
{
	const void *data = NULL;
	size_t n = 0;
	size_t skipped = strlen(name) + 1;

	if (sd_journal_get_data(s->journal, name, &data, &n) < 0 || n < skipped) {
		return (struct dg_text){"", 0};
	}
	return (struct dg_text){(const char *)data + skipped, n - skipped};
}

static bool is_word(struct dg_text t)
{
	for (size_t i = 0; i < t.n; i++) {
		if (t.p[i] <= ' ' || t.p[i] == '[' || t.p[i] == ':') {
			return false;
		}
	}
	return t.n > 0 && t.n <= TAG_MAX;
}

/* As it would stand in a log: "2026-11-22T18:52:16.251777Z localhost postfix/smtpd[132]: ...". */
static void hand_in(struct dg_sensor *s)
{
	char head[TAG_MAX + 80];
	char stamp[32];
	uint64_t us = 0;
	struct tm utc;
	struct dg_text tag = field(s, "SYSLOG_IDENTIFIER");
	int n = 0;

	if (!is_word(tag) || sd_journal_get_realtime_usec(s->journal, &us) < 0) {
		return;
	}
	time_t t = (time_t)(us / 1000000);
	(void)strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%S", gmtime_r(&t, &utc));
	n = snprintf(head, sizeof(head), "%s.%06uZ " HOST " %.*s[0]: ", stamp,
		(unsigned)(us % 1000000), (int)tag.n, tag.p);
	memcpy(s->line, head, (size_t)n);
	struct dg_text message = field(s, "MESSAGE"); /* the tag is not valid any more */
	if (message.n == 0 || (size_t)n + message.n > DG_MAILLOG_LINE_MAX ||
		memchr(message.p, '\n', message.n)) {
		return;
	}
	memcpy(s->line + n, message.p, message.n);
	dg_maillog_line(s->log, s->line, (size_t)n + message.n);
}

static void on_event(void *arg, const struct dg_mail_event *e)
{
	struct dg_sensor *s = arg;

	if (!s->is_muted) {
		dg_hub_event(s->host.hub, s->key, e);
	}
}

/* --- where to begin --------------------------------------------------------------------------------------------- */
static int open_journal(struct dg_sensor *s)
{
	struct stat st;
	const char *files[] = {s->what, NULL};

	if (strcmp(s->what, "system") == 0) {
		return sd_journal_open(&s->journal, SD_JOURNAL_SYSTEM | SD_JOURNAL_LOCAL_ONLY);
	}
	bool is_folder = stat(s->what, &st) == 0 && S_ISDIR(st.st_mode);
	return is_folder ? sd_journal_open_directory(&s->journal, s->what, 0)
			 : sd_journal_open_files(&s->journal, files, 0);
}

static int add_matches(sd_journal *j)
{
	/* Facility mail; programs that log without syslog bear no facility. */
	static const char *const matches[] = {
		"SYSLOG_FACILITY=2", "SYSLOG_IDENTIFIER=exim", "SYSLOG_IDENTIFIER=smtpd"};
	int r = 0;

	for (size_t i = 0; r >= 0 && i < sizeof(matches) / sizeof(matches[0]); i++) {
		r = i > 0 ? sd_journal_add_disjunction(j) : 0;
		r = r >= 0 ? sd_journal_add_match(j, matches[i], 0) : r;
	}
	return r;
}

/* Some entries before the place are read without counting, up to the place itself. */
static int warm_up(struct dg_sensor *s, const char *last)
{
	int r = sd_journal_previous_skip(s->journal, WARM);
	int is_there = 0;

	s->is_muted = true;
	for (; r > 0; r = sd_journal_next(s->journal)) {
		is_there = last ? sd_journal_test_cursor(s->journal, last) : 0;
		hand_in(s);
		if (is_there > 0) {
			break;
		}
	}
	s->is_muted = false;
	return r < 0 ? r : is_there;
}

static int begin(struct dg_sensor *s)
{
	const char *last = s->cursor ? s->cursor : dg_hub_last_position(s->host.hub, s->key);
	int r = last ? sd_journal_seek_cursor(s->journal, last) : sd_journal_seek_tail(s->journal);

	if (!last) {
		return r < 0 ? r : warm_up(s, NULL);
	}
	r = r < 0 ? r : sd_journal_next(s->journal);
	bool is_known = r > 0 && sd_journal_test_cursor(s->journal, last) > 0;
	if (is_known) {
		return warm_up(s, last);
	}
	/* Vacuumed meanwhile: the journal stands at the first entry after it; that one is the next to be read. */
	s->host.tell(s->host.arg, s->key,
		"the entry that was read last is not there any more: it goes on with the next one "
		"that "
		"is, entries between them are lost");
	return r > 0 ? sd_journal_previous(s->journal) : r;
}

static void take_position(struct dg_sensor *s)
{
	char *cursor = NULL;

	if (sd_journal_get_cursor(s->journal, &cursor) >= 0) {
		free(s->cursor);
		s->cursor = cursor;
		dg_hub_position(s->host.hub, s->key, cursor);
	}
}

/* --- reading ---------------------------------------------------------------------------------------------------- */
static void on_work(void *arg);

static void wake(struct dg_sensor *s, int64_t ms)
{
	if (!s->work) {
		s->work = dg_loop_after_ms(s->host.loop, ms, on_work, s);
	}
}

static void on_fd(evutil_socket_t fd, short what, void *arg)
{
	struct dg_sensor *s = arg;

	(void)fd;
	(void)what;
	(void)sd_journal_process(s->journal);
	wake(s, 0);
}

static void close_journal(struct dg_sensor *s)
{
	if (s->event) {
		event_free(s->event);
	}
	s->event = NULL;
	sd_journal_close(s->journal);
	s->journal = NULL;
}

static int start(struct dg_sensor *s)
{
	int r = open_journal(s);

	r = r < 0 ? r : add_matches(s->journal);
	int fd = r < 0 ? r : sd_journal_get_fd(s->journal);
	r = fd < 0 ? fd : begin(s);
	if (r < 0) {
		close_journal(s);
		return r;
	}
	s->event = event_new(dg_loop_base(s->host.loop), fd, EV_READ | EV_PERSIST, on_fd, s);
	if (!s->event || event_add(s->event, NULL) != 0) {
		abort();
	}
	return 0;
}

static void on_work(void *arg)
{
	struct dg_sensor *s = arg;
	int r = 0;
	unsigned n = 0;

	s->work = NULL;
	if (!s->journal && (r = start(s)) < 0) {
		tell(s, "the journal cannot be opened", r);
		wake(s, AGAIN_MS);
		return;
	}
	while (n < SLICE && (r = sd_journal_next(s->journal)) > 0) {
		hand_in(s);
		n++;
	}
	if (n > 0 || (!s->cursor && r == 0)) {
		take_position(s);
	}
	if (r < 0) {
		tell(s, "the journal cannot be read", r);
		close_journal(s);
		wake(s, AGAIN_MS);
		return;
	}
	if (s->is_failing) {
		s->host.tell(s->host.arg, s->key, "is read again");
		s->is_failing = false;
	}
	if (n == SLICE) {
		wake(s, 0);
	} else {
		behind(s, false);
	}
}

/* Where nothing tells of changes. */
static void on_poll(void *arg)
{
	struct dg_sensor *s = arg;

	s->poll = dg_loop_after_ms(s->host.loop, POLL_MS, on_poll, s);
	if (s->journal) {
		on_fd(-1, 0, s);
	}
}

/* --- life --------------------------------------------------------------------------------------------------------- */
static struct dg_sensor *journal_close(struct dg_sensor *s)
{
	if (!s) {
		return NULL;
	}
	behind(s, false);
	(void)dg_timer_cancel(s->work);
	(void)dg_timer_cancel(s->poll);
	close_journal(s);
	(void)dg_maillog_free(s->log);
	free(s->cursor);
	free(s->key);
	free(s->what);
	free(s);
	return NULL;
}

static int journal_open(const struct dg_sensor_host *host, const char *key, const char *what,
	struct dg_sensor **ret_sensor, struct dg_err *err)
{
	if (strcmp(what, "system") != 0 && what[0] != '/') {
		return dg_fail(err, DG_EINPUT,
			"found '%.200s', expected system, or the whole path of a journal's folder "
			"or "
			"file",
			what);
	}
	struct dg_sensor *s = calloc(1, sizeof(*s));
	if (!s) {
		abort();
	}
	s->host = *host;
	s->key = strdup(key);
	s->what = strdup(what);
	struct dg_maillog_options o = {.on_event = on_event, .arg = s};
	s->log = dg_maillog_new(&o);
	behind(s, true);
	on_work(s);
	s->poll = dg_loop_after_ms(host->loop, POLL_MS, on_poll, s);
	*ret_sensor = s;
	return 0;
}

const struct dg_sensor_ops dg_sensor_journal = {
	.name = "journal",
	.summary = "the systemd journal: lines of Postfix, Exim, Sendmail or OpenSMTPD",
	.open = journal_open,
	.close = journal_close,
};
