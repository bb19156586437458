#include "controller/watch/feed.h"

#include "providers/net/loop.h"
#include "zones/base/err.h"

#include <event2/event.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define AT_ONCE      64u
#define PATIENCE_MIN 1000

enum item_kind {
	LETTER,
	POSITION,
	TELL,
	CAUGHT_UP,
};

struct item {
	struct item *next;
	enum item_kind kind;
	char *octets; /* of the letter, or text */
	size_t n;
	uint64_t size;
	char *name;
	int64_t at_ms;
};

struct dg_feed {
	struct dg_feed_options o;
	char *what, *position, *password_file, *ca_file;
	pthread_t thread;
	bool is_started;
	int stop_fd, ready_fd;
	struct event *ready;
	pthread_mutex_t lock; /* of what follows */
	pthread_cond_t room;
	struct item *first, **last;
	size_t n, n_bytes;
	bool is_stopped;
};

static void *must(void *p)
{
	if (!p) {
		abort();
	}
	return p;
}

static void free_item(struct item *i)
{
	free(i->octets);
	free(i->name);
	free(i);
}

static void signal_fd(int fd)
{
	(void)!eventfd_write(fd, 1);
}

/* --- in the thread ------------------------------------------------------------------------------------------ */
/* i is taken over. */
static void push(struct dg_feed *f, struct item *i)
{
	(void)pthread_mutex_lock(&f->lock);
	while (!f->is_stopped && f->n > 0 &&
		(f->n >= DG_FEED_LETTERS || f->n_bytes + i->n > DG_FEED_BYTES)) {
		(void)pthread_cond_wait(&f->room, &f->lock);
	}
	*f->last = i;
	f->last = &i->next;
	f->n++;
	f->n_bytes += i->n;
	(void)pthread_mutex_unlock(&f->lock);
	signal_fd(f->ready_fd);
}

static void push_text(struct dg_feed *f, enum item_kind kind, const char *text)
{
	struct item *i = must(calloc(1, sizeof(*i)));

	i->kind = kind;
	i->octets = must(strdup(text));
	i->n = strlen(text);
	push(f, i);
}

static void push_letter(struct dg_feed *f, const struct dg_letter *l)
{
	size_t n = l->n;
	char *octets = f->o.prepare ? f->o.prepare(f->o.arg, l, &n) : must(malloc(n + 1));

	if (!octets) {
		return;
	}
	if (!f->o.prepare && n > 0) {
		memcpy(octets, l->p, n);
	}
	struct item *i = must(calloc(1, sizeof(*i)));
	*i = (struct item){.kind = LETTER,
		.octets = octets,
		.n = n,
		.size = l->size,
		.name = must(strdup(l->name)),
		.at_ms = l->at_ms};
	push(f, i);
}

static bool is_stopped(struct dg_feed *f)
{
	(void)pthread_mutex_lock(&f->lock);
	bool is = f->is_stopped;
	(void)pthread_mutex_unlock(&f->lock);
	return is;
}

static void rest(const struct dg_feed *f, int ms)
{
	struct pollfd p = {.fd = f->stop_fd, .events = POLLIN};

	(void)poll(&p, 1, ms);
}

/* What the thread remembers. */
struct walk {
	struct dg_source *source;
	size_t n_letters; /* since the last position */
	bool has_caught_up, is_failing, has_position;
	int patience_ms;
};

static void push_position(struct dg_feed *f, struct walk *w)
{
	const char *position = dg_source_position(w->source);

	if ((w->n_letters > 0 || !w->has_position) && *position != '\0') {
		push_text(f, POSITION, position);
		w->has_position = true;
	}
	w->n_letters = 0;
}

static void fail(struct dg_feed *f, struct walk *w, const struct dg_err *err)
{
	if (!w->is_failing) {
		push_text(f, TELL, err->text);
	}
	w->is_failing = true;
	w->patience_ms = w->patience_ms == 0 ? PATIENCE_MIN : 2 * w->patience_ms;
	w->patience_ms =
		w->patience_ms < DG_FEED_PATIENCE_MS ? w->patience_ms : DG_FEED_PATIENCE_MS;
	rest(f, w->patience_ms);
}

static void at_end(struct dg_feed *f, struct walk *w)
{
	push_position(f, w);
	if (w->is_failing) {
		push_text(f, TELL, "is read again");
	}
	w->is_failing = false;
	w->patience_ms = 0;
	if (!w->has_caught_up) {
		push_text(f, CAUGHT_UP, "");
	}
	w->has_caught_up = true;
	dg_source_wait(w->source, f->o.poll_ms);
}

static void step(struct dg_feed *f, struct walk *w)
{
	struct dg_letter l;
	struct dg_err err;
	int r = w->source ? 0 : dg_source_open(f->what, &f->o.source, &w->source, &err);

	if (r < 0) {
		fail(f, w, &err);
		return;
	}
	r = dg_source_next(w->source, &l, &err);
	if (r == 0) {
		push_letter(f, &l);
		if (++w->n_letters >= DG_FEED_BATCH) {
			push_position(f, w);
		}
	} else if (r == DG_SOURCE_UNREADABLE) {
		push_text(f, TELL, err.text);
	} else if (r < 0) {
		push_position(f, w);
		fail(f, w, &err);
	}
	const char *notice = dg_source_notice(w->source);
	if (notice) {
		push_text(f, TELL, notice);
	}
	if (r == DG_SOURCE_END) {
		at_end(f, w);
	}
}

static void *run(void *arg)
{
	struct dg_feed *f = arg;
	struct walk w = {.has_position = f->position != NULL};

	while (!is_stopped(f)) {
		step(f, &w);
	}
	(void)dg_source_close(w.source);
	return NULL;
}

/* --- in the loop ------------------------------------------------------------------------------------------------ */
static struct item *head(struct dg_feed *f)
{
	(void)pthread_mutex_lock(&f->lock);
	struct item *i = f->first;
	(void)pthread_mutex_unlock(&f->lock);
	return i;
}

static void pop(struct dg_feed *f)
{
	(void)pthread_mutex_lock(&f->lock);
	struct item *i = f->first;
	f->first = i->next;
	f->last = f->first ? f->last : &f->first;
	f->n--;
	f->n_bytes -= i->n;
	(void)pthread_cond_signal(&f->room);
	(void)pthread_mutex_unlock(&f->lock);
	free_item(i);
}

/* False: not now. */
static bool hand_in(struct dg_feed *f, const struct item *i)
{
	struct dg_letter l = {
		.p = i->octets, .n = i->n, .size = i->size, .name = i->name, .at_ms = i->at_ms};

	switch (i->kind) {
	case LETTER:
		return f->o.on_letter(f->o.arg, &l);
	case POSITION:
		f->o.on_position(f->o.arg, i->octets);
		break;
	case TELL:
		f->o.tell(f->o.arg, i->octets);
		break;
	case CAUGHT_UP:
		f->o.on_caught_up(f->o.arg);
		break;
	}
	return true;
}

static void on_ready(evutil_socket_t fd, short what, void *arg)
{
	struct dg_feed *f = arg;
	eventfd_t n = 0;
	unsigned done = 0;

	(void)what;
	(void)eventfd_read(fd, &n);
	for (struct item *i = head(f); i && done < AT_ONCE && hand_in(f, i); i = head(f)) {
		pop(f);
		done++;
	}
	if (done == AT_ONCE) { /* the loop's other work has its turn */
		signal_fd(f->ready_fd);
	}
}

void dg_feed_resume(struct dg_feed *f)
{
	signal_fd(f->ready_fd);
}

static char *copy(const char *text)
{
	return text ? must(strdup(text)) : NULL;
}

static int start(struct dg_feed *f, struct dg_err *err)
{
	sigset_t all;
	sigset_t before;

	f->stop_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	f->ready_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (f->stop_fd < 0 || f->ready_fd < 0) {
		return dg_fail(err, DG_EIO, "cannot make a thread's bell");
	}
	f->o.source.stop_fd = f->stop_fd;
	f->ready = must(
		event_new(dg_loop_base(f->o.loop), f->ready_fd, EV_READ | EV_PERSIST, on_ready, f));
	if (event_add(f->ready, NULL) != 0) {
		abort();
	}
	(void)sigfillset(&all); /* signals are the loop's */
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	f->is_started = pthread_create(&f->thread, NULL, run, f) == 0;
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return f->is_started ? 0 : dg_fail(err, DG_EIO, "cannot start a thread");
}

int dg_feed_new(const struct dg_feed_options *o, struct dg_feed **ret_feed, struct dg_err *err)
{
	struct dg_feed *f = must(calloc(1, sizeof(*f)));

	*f = (struct dg_feed){.o = *o, .stop_fd = -1, .ready_fd = -1};
	f->last = &f->first;
	f->what = copy(o->what);
	f->o.source.position = f->position = copy(o->source.position);
	f->o.source.password_file = f->password_file = copy(o->source.password_file);
	f->o.source.ca_file = f->ca_file = copy(o->source.ca_file);
	f->o.source.is_followed = true;
	(void)pthread_mutex_init(&f->lock, NULL);
	(void)pthread_cond_init(&f->room, NULL);
	int r = start(f, err);
	if (r < 0) {
		(void)dg_feed_free(f);
		return r;
	}
	*ret_feed = f;
	return 0;
}

static void stop(struct dg_feed *f)
{
	(void)pthread_mutex_lock(&f->lock);
	f->is_stopped = true;
	(void)pthread_cond_signal(&f->room);
	(void)pthread_mutex_unlock(&f->lock);
	if (f->is_started) {
		signal_fd(f->stop_fd);
		(void)pthread_join(f->thread, NULL);
	}
}

struct dg_feed *dg_feed_free(struct dg_feed *f)
{
	if (!f) {
		return NULL;
	}
	stop(f);
	if (f->ready) {
		event_free(f->ready);
	}
	while (f->first) {
		pop(f);
	}
	if (f->stop_fd >= 0) {
		(void)close(f->stop_fd);
	}
	if (f->ready_fd >= 0) {
		(void)close(f->ready_fd);
	}
	(void)pthread_cond_destroy(&f->room);
	(void)pthread_mutex_destroy(&f->lock);
	free(f->what);
	free(f->position);
	free(f->password_file);
	free(f->ca_file);
	free(f);
	return NULL;
}
