/* A mailbox that bounces come to: Maildir, mbox, IMAP. Letters are read by a process that has nothing to lose (controller/letters),
 * judged by what is ours (own.h), and counted together with the position behind them. */
#include "controller/letters/letters.h"
#include "controller/watch/feed.h"
#include "controller/watch/mail_judge.h"
#include "controller/watch/mail_place.h"
#include "controller/watch/sensor.h"
#include "providers/net/loop.h"
#include "zones/base/err.h"

#include <stdlib.h>
#include <string.h>

#define WAITING  (DG_LETTERS_WAITING + 1)
#define AGAIN_MS 5000 /* no reader could be started */

/* A letter that is being read. */
struct letter {
	uint64_t tag;
	int64_t at_ms;
	char *octets; /* for a signature */
	size_t n;
	char *position; /* what follows is not handed in yet; NULL: not told here */
	bool is_done;
};

struct dg_sensor {
	struct dg_sensor_host host;
	char *key;
	struct dg_mail_place place;
	struct dg_feed *feed;
	struct dg_letters *letters;
	struct letter ring[WAITING];
	size_t first, n;
	uint64_t tag;
	/* events behind the last position */
	struct dg_mail_judged *judged;
	size_t n_judged, cap_judged;
	bool is_behind, has_caught_up, is_failing;
	struct dg_timer *again;
};

static struct letter *at(struct dg_sensor *s, size_t i)
{
	return &s->ring[(s->first + i) % WAITING];
}

static void behind(struct dg_sensor *s, bool is_behind)
{
	if (s->is_behind != is_behind) {
		s->is_behind = is_behind;
		dg_hub_behind(s->host.hub, is_behind);
	}
}

static void be_at_end(struct dg_sensor *s)
{
	if (s->is_behind) {
		s->host.tell(s->host.arg, s->key,
			"is read to its end; what comes from now on counts as it comes");
	}
	behind(s, false);
}

/* --- counting ------------------------------------------------------------------------------------------------- */
/* A checkpoint holds both, or neither. */
static void count(struct dg_sensor *s, const char *position)
{
	for (size_t i = 0; i < s->n_judged; i++) {
		const struct dg_mail_event e = dg_mail_judged_event(&s->judged[i]);

		dg_hub_event(s->host.hub, s->key, &e);
	}
	struct dg_err err;
	bool is_first = dg_hub_last_position(s->host.hub, s->key) == NULL;

	s->n_judged = 0;
	dg_hub_position(s->host.hub, s->key, position);
	if (is_first && dg_hub_checkpoint(s->host.hub, &err) <
				0) { /* where it began is known from now on */
		s->host.tell(s->host.arg, s->key, err.text);
	}
}

static void on_record(void *arg, uint64_t tag, const struct dg_bounce *record)
{
	struct dg_sensor *s = arg;
	struct letter *l = at(s, 0);

	if (s->n == 0 || l->tag != tag) {
		return;
	}
	if (s->n_judged == s->cap_judged) {
		s->cap_judged = s->cap_judged > 0 ? 2 * s->cap_judged : DG_FEED_BATCH;
		s->judged = realloc(s->judged, s->cap_judged * sizeof(*s->judged));
		if (!s->judged) {
			abort();
		}
	}
	struct dg_mail_whole w = {.record = record,
		.octets = l->octets,
		.n = l->n,
		.at_ms = l->at_ms,
		.now_s = dg_loop_now(s->host.loop)};
	s->n_judged += dg_mail_judge(s->host.hub, s->host.own, &w, &s->judged[s->n_judged]);
}

static void on_done(void *arg, uint64_t tag)
{
	struct dg_sensor *s = arg;
	struct letter *l = at(s, 0);

	if (s->n == 0 || l->tag != tag) {
		return;
	}
	if (l->position) {
		count(s, l->position);
	}
	free(l->octets);
	free(l->position);
	s->first = (s->first + 1) % WAITING;
	s->n--;
	if (s->n == 0 && s->has_caught_up) {
		be_at_end(s);
	}
}

static void on_room(void *arg)
{
	struct dg_sensor *s = arg;

	dg_feed_resume(s->feed);
}

/* --- letters ---------------------------------------------------------------------------------------------------- */
static void on_again(void *arg)
{
	struct dg_sensor *s = arg;

	s->again = NULL;
	dg_feed_resume(s->feed);
}

/* No reader: it is told once, and tried again; nothing is passed over. */
static void wait_for_reader(struct dg_sensor *s, const struct dg_err *err)
{
	if (!s->is_failing) {
		s->host.tell(s->host.arg, s->key, err->text);
	}
	s->is_failing = true;
	if (!s->again) {
		s->again = dg_loop_after_ms(s->host.loop, AGAIN_MS, on_again, s);
	}
}

static bool on_letter(void *arg, const struct dg_letter *l)
{
	struct dg_sensor *s = arg;
	struct dg_err err;

	if (s->n == WAITING) {
		return false;
	}
	struct letter *x = at(s, s->n);
	*x = (struct letter){.tag = ++s->tag, .at_ms = l->at_ms, .n = l->n};
	x->octets = malloc(l->n + 1);
	if (!x->octets) {
		abort();
	}
	memcpy(x->octets, l->p, l->n);
	s->n++; /* before: a record never comes from inside a push */
	int r = dg_letters_push(s->letters, x->tag, l->p, l->n, &err);
	if (r != 0) {
		s->n--;
		free(x->octets);
		if (r < 0) {
			wait_for_reader(s, &err);
		}
		return false;
	}
	s->is_failing = false;
	return true;
}

static void on_position(void *arg, const char *position)
{
	struct dg_sensor *s = arg;

	if (s->n == 0) {
		count(s, position);
		return;
	}
	struct letter *last = at(s, s->n - 1);
	free(last->position);
	last->position = strdup(position);
	if (!last->position) {
		abort();
	}
}

static void on_caught_up(void *arg)
{
	struct dg_sensor *s = arg;

	s->has_caught_up = true;
	if (s->n == 0) {
		be_at_end(s);
	}
}

static void on_tell(void *arg, const char *text)
{
	struct dg_sensor *s = arg;

	s->host.tell(s->host.arg, s->key, text);
}

/* --- life ---------------------------------------------------------------------------------------------------------- */
static struct dg_sensor *mail_close(struct dg_sensor *s)
{
	if (!s) {
		return NULL;
	}
	behind(s, false);
	(void)dg_timer_cancel(s->again);
	(void)dg_feed_free(s->feed);
	(void)dg_letters_free(s->letters);
	for (; s->n > 0; s->n--) { /* they are read again: the position is before them */
		free(at(s, 0)->octets);
		free(at(s, 0)->position);
		s->first = (s->first + 1) % WAITING;
	}
	free(s->judged);
	free(s->key);
	free(s);
	return NULL;
}

static int start(struct dg_sensor *s, struct dg_err *err)
{
	struct dg_letters_options letters = {.loop = s->host.loop,
		.on_record = on_record,
		.on_done = on_done,
		.on_room = on_room,
		.arg = s};
	struct dg_feed_options feed = {.loop = s->host.loop,
		.what = s->place.what,
		.source = {.position = dg_hub_last_position(s->host.hub, s->key)},
		.poll_ms = s->place.poll_ms,
		.on_letter = on_letter,
		.on_position = on_position,
		.on_caught_up = on_caught_up,
		.tell = on_tell,
		.arg = s};

	dg_mail_place_apply(&s->place, &feed.source);
	int r = dg_letters_new(&letters, &s->letters, err);
	return r == 0 ? dg_feed_new(&feed, &s->feed, err) : r;
}

static int open_kind(const struct dg_sensor_host *host, const char *kind, const char *key,
	const char *what, struct dg_sensor **ret_sensor, struct dg_err *err)
{
	struct dg_sensor *s = calloc(1, sizeof(*s));

	if (!s) {
		abort();
	}
	s->host = *host;
	s->key = strdup(key);
	int r = dg_mail_place_parse(what, kind, &s->place, err);
	behind(s, r == 0);
	r = r == 0 ? start(s, err) : r;
	if (r < 0) {
		(void)mail_close(s);
		return r;
	}
	*ret_sensor = s;
	return 0;
}

static int maildir_open(const struct dg_sensor_host *host, const char *key, const char *what,
	struct dg_sensor **ret_sensor, struct dg_err *err)
{
	return open_kind(host, "maildir", key, what, ret_sensor, err);
}

static int mbox_open(const struct dg_sensor_host *host, const char *key, const char *what,
	struct dg_sensor **ret_sensor, struct dg_err *err)
{
	return open_kind(host, "mbox", key, what, ret_sensor, err);
}

static int imap_open(const struct dg_sensor_host *host, const char *key, const char *what,
	struct dg_sensor **ret_sensor, struct dg_err *err)
{
	return open_kind(host, "imap", key, what, ret_sensor, err);
}

const struct dg_sensor_ops dg_sensor_maildir = {.name = "maildir",
	.is_whole = true,
	.summary = "a Maildir that bounces come to",
	.open = maildir_open,
	.close = mail_close};

const struct dg_sensor_ops dg_sensor_mbox = {.name = "mbox",
	.is_whole = true,
	.summary = "an mbox that bounces come to",
	.open = mbox_open,
	.close = mail_close};

const struct dg_sensor_ops dg_sensor_imap = {.name = "imap",
	.is_whole = true,
	.summary = "a mailbox at an IMAP server that bounces come to",
	.open = imap_open,
	.close = mail_close};
