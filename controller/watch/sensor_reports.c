/* DMARC aggregate reports in a mailbox: the slower view, which does not hang on bounces; also while a name is split.
 *
 * What was sent in our name from elsewhere and failed is foreign: of a row with N letters 1 + log2(N) count, as coming from one reporter
 * whoever reports, since anybody can write reports. What passed out of our own networks goes to the rules of abuse. */
#include "controller/watch/feed.h"
#include "controller/watch/mail_place.h"
#include "controller/watch/own.h"
#include "controller/watch/reports.h"
#include "controller/watch/reports_child.h"
#include "controller/watch/sensor.h"
#include "providers/net/loop.h"
#include "zones/base/buf.h"
#include "zones/base/err.h"
#include "zones/mail/chars.h"
#include "zones/watch/letterset.h"
#include "zones/watch/sketch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_ROOM  260u
#define EVENTS_MAX 24u /* of a row */
#define REPORTER   "aggregate-reports"

struct dg_sensor {
	struct dg_sensor_host host;
	char *key;
	struct dg_mail_place place;
	struct dg_feed *feed;
	/* behind the last position */
	char **texts;
	size_t n_texts, cap_texts;
	bool is_behind;
	char *seen_key;           /* under which they are kept */
	struct dg_letterset seen; /* reports that were counted, by organisation and id */
	bool has_seen_more;
};

/* --- counting -------------------------------------------------------------------------------------------------- */
/* In canonical form. False: too long. */
static bool canonical(const char *name, char ret_name[NAME_ROOM])
{
	size_t n = strlen(name);

	if (n == 0 || n + 2 > NAME_ROOM) {
		return false;
	}
	for (size_t i = 0; i < n; i++) {
		ret_name[i] = dg_lower(name[i]);
	}
	n -= ret_name[n - 1] == '.';
	ret_name[n] = '.';
	ret_name[n + 1] = '\0';
	return true;
}

static void count_foreign(struct dg_sensor *s, const char *name, uint64_t count)
{
	char address[NAME_ROOM + 4];
	int n = snprintf(address, sizeof(address), "*@%s", name);
	struct dg_mail_event e = {.kind = DG_MAIL_TAKEN,
		.proof = DG_MAIL_PROVED_FOREIGN,
		.at_ms = dg_loop_now(s->host.loop) * 1000,
		.address = {address, (size_t)n - 1},
		.client = {REPORTER, strlen(REPORTER)}};

	for (unsigned i = 0; i < EVENTS_MAX && count > 0; i++, count /= 2) {
		dg_hub_event(s->host.hub, s->key, &e);
	}
}

static void count_row(struct dg_sensor *s, const struct dg_reports_line *row,
	const struct dg_reports_line *report)
{
	char name[NAME_ROOM];
	const struct dg_own_name *own =
		s->host.own && canonical(row->name, name) ? dg_own_find(s->host.own, name) : NULL;

	if (!own) {
		return;
	}
	enum dg_proof_host host = dg_own_host(s->host.own, own, &row->source);
	if (host == DG_PROOF_HOST_FOREIGN && !row->has_passed && !row->is_passed_on &&
		!row->has_signature) {
		count_foreign(s, name, row->count);
	} else if (host == DG_PROOF_HOST_OWN && row->has_passed) {
		dg_hub_reported(s->host.hub, name, report->begin, row->count, report->org);
	}
}

/* A report that comes again, to another address, by another way or after a restart, counts once. */
static bool is_again(struct dg_sensor *s, const struct dg_reports_line *report)
{
	int64_t now_ms = dg_loop_now(s->host.loop) * 1000;
	uint64_t key = dg_sketch_key(
		dg_sketch_key(0, report->org, strlen(report->org)), report->id, strlen(report->id));

	if (dg_letterset_has_key(&s->seen, key)) {
		return true;
	}
	dg_letterset_add(&s->seen, now_ms, now_ms, key);
	s->has_seen_more = true;
	return false;
}

/* Before the position that goes with it: both are in the next checkpoint. */
static void keep_seen(struct dg_sensor *s)
{
	struct dg_buf b;

	if (s->has_seen_more) {
		dg_buf_init(&b, DG_LETTERSET_TEXT_MAX);
		dg_letterset_print(&s->seen, &b);
		dg_hub_position(s->host.hub, s->seen_key, b.data);
		dg_buf_done(&b);
		s->has_seen_more = false;
	}
}

static void count_text(struct dg_sensor *s, char *text)
{
	struct dg_reports_line report = {0};
	struct dg_reports_line l;
	bool is_wanted = false;

	while (dg_reports_line(&text, &l)) {
		if (!l.is_row) {
			report = l;
			is_wanted = !is_again(s, &report);
		} else if (is_wanted) {
			count_row(s, &l, &report);
		}
	}
}

static void on_position(void *arg, const char *position)
{
	struct dg_sensor *s = arg;
	struct dg_err err;
	bool is_first = dg_hub_last_position(s->host.hub, s->key) == NULL;

	for (size_t i = 0; i < s->n_texts; i++) {
		count_text(s, s->texts[i]);
		free(s->texts[i]);
	}
	s->n_texts = 0;
	keep_seen(s);
	dg_hub_position(s->host.hub, s->key, position);
	if (is_first && dg_hub_checkpoint(s->host.hub, &err) < 0) {
		s->host.tell(s->host.arg, s->key, err.text);
	}
}

/* --- reports ----------------------------------------------------------------------------------------------------- */
/* In the feed's thread. */
static char *prepare(void *arg, const struct dg_letter *l, size_t *ret_n)
{
	(void)arg;
	return dg_reports_ask(l, ret_n);
}

static bool on_letter(void *arg, const struct dg_letter *l)
{
	struct dg_sensor *s = arg;

	if (s->n_texts == s->cap_texts) {
		s->cap_texts = s->cap_texts > 0 ? 2 * s->cap_texts : 16;
		s->texts = realloc(s->texts, s->cap_texts * sizeof(*s->texts));
		if (!s->texts) {
			abort();
		}
	}
	char *text = strndup(l->p, l->n);
	if (!text) {
		abort();
	}
	s->texts[s->n_texts++] = text;
	return true;
}

static void behind(struct dg_sensor *s, bool is_behind)
{
	if (s->is_behind != is_behind) {
		s->is_behind = is_behind;
		dg_hub_behind(s->host.hub, is_behind);
	}
}

static void on_caught_up(void *arg)
{
	struct dg_sensor *s = arg;

	s->host.tell(s->host.arg, s->key,
		"is read to its end; what comes from now on counts as it comes");
	behind(s, false);
}

static void on_tell(void *arg, const char *text)
{
	struct dg_sensor *s = arg;

	s->host.tell(s->host.arg, s->key, text);
}

/* --- life ---------------------------------------------------------------------------------------------------------- */
static struct dg_sensor *reports_close(struct dg_sensor *s)
{
	if (!s) {
		return NULL;
	}
	behind(s, false);
	(void)dg_feed_free(s->feed);
	for (size_t i = 0; i < s->n_texts;
		i++) { /* they are read again: the position is before them */
		free(s->texts[i]);
	}
	free(s->texts);
	dg_letterset_done(&s->seen);
	free(s->seen_key);
	free(s->key);
	free(s);
	return NULL;
}

/* A text that cannot be read is as if it were not there. */
static void load_seen(struct dg_sensor *s)
{
	if (asprintf(&s->seen_key, "%s counted", s->key) < 0) {
		abort();
	}
	const char *text = dg_hub_last_position(s->host.hub, s->seen_key);
	if (text) {
		(void)dg_letterset_parse(&s->seen, text);
	}
}

static int reports_open(const struct dg_sensor_host *host, const char *key, const char *what,
	struct dg_sensor **ret_sensor, struct dg_err *err)
{
	struct dg_sensor *s = calloc(1, sizeof(*s));

	if (!s) {
		abort();
	}
	s->host = *host;
	s->key = strdup(key);
	load_seen(s);
	int r = dg_mail_place_parse(what, NULL, &s->place, err);
	struct dg_feed_options o = {.loop = host->loop,
		.what = s->place.what,
		.source = {.position = dg_hub_last_position(host->hub, key),
			.letter_max = DG_REPORTS_FILE_MAX},
		.poll_ms = s->place.poll_ms,
		.prepare = prepare,
		.on_letter = on_letter,
		.on_position = on_position,
		.on_caught_up = on_caught_up,
		.tell = on_tell,
		.arg = s};
	dg_mail_place_apply(&s->place, &o.source);
	behind(s, r == 0);
	r = r == 0 ? dg_feed_new(&o, &s->feed, err) : r;
	if (r < 0) {
		(void)reports_close(s);
		return r;
	}
	*ret_sensor = s;
	return 0;
}

const struct dg_sensor_ops dg_sensor_reports = {.name = "reports",
	.is_whole = true,
	.summary = "DMARC aggregate reports in a Maildir, an mbox or an IMAP mailbox",
	.open = reports_open,
	.close = reports_close};
