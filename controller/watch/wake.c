#include "controller/watch/wake.h"

#include "providers/net/loop.h"

#include <event2/event.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#define MASK (IN_MODIFY | IN_CREATE | IN_DELETE | IN_MOVED_TO | IN_ATTRIB | IN_ONLYDIR)

struct dg_wake {
	struct dg_loop *loop;
	void (*fn)(void *arg);
	void *arg;
	int fd;
	struct event *readable;
	struct dg_timer *soon;
	int64_t at_ms;         /* its time */
	int64_t not_before_ms; /* by the loop's clock that never goes back */
	int64_t wait_ms;       /* before the next call; doubled with each */
};

static void call(void *arg);

/* A call that comes sooner stays. */
static void call_later(struct dg_wake *w)
{
	int64_t now_ms = dg_loop_mono_ms(w->loop);
	int64_t at_ms = now_ms + w->wait_ms;

	at_ms = at_ms > w->not_before_ms ? at_ms : w->not_before_ms;
	if (!w->soon || at_ms < w->at_ms) {
		(void)dg_timer_cancel(w->soon);
		w->soon = dg_loop_after_ms(w->loop, at_ms - now_ms, call, w);
		w->at_ms = at_ms;
	}
}

static void call(void *arg)
{
	struct dg_wake *w = arg;

	w->soon = NULL;
	w->not_before_ms = dg_loop_mono_ms(w->loop) + DG_WAKE_AGAIN_MS;
	w->wait_ms *= 2;
	if (w->wait_ms <= DG_WAKE_LAST_MS) {
		call_later(w);
	}
	w->fn(w->arg);
}

/* Whether dg_wake_say() is among what happened; of the rest it is enough that it happened. */
static bool read_events(int fd)
{
	char events[4096];
	bool was_said = false;
	ssize_t n;

	while ((n = read(fd, events, sizeof(events))) > 0) {
		struct inotify_event e;

		for (size_t at = 0; at + sizeof(e) <= (size_t)n; at += sizeof(e) + e.len) {
			memcpy(&e, events + at, sizeof(e));
			was_said = was_said ||
				   ((e.mask & IN_ATTRIB) != 0 && e.len == 0); /* of the folder */
		}
	}
	return was_said;
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct dg_wake *w = arg;
	bool was_said = read_events(fd);

	(void)what;
	w->wait_ms = DG_WAKE_MS;
	if (was_said) {
		w->soon = dg_timer_cancel(w->soon);
		call(w);
	} else {
		call_later(w);
	}
}

struct dg_wake *dg_wake_new(
	struct dg_loop *loop, const char *folder, void (*fn)(void *arg), void *arg)
{
	struct dg_wake *w = calloc(1, sizeof(*w));

	if (!w) {
		abort();
	}
	*w = (struct dg_wake){.loop = loop, .fn = fn, .arg = arg};
	w->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (w->fd >= 0 && inotify_add_watch(w->fd, folder, MASK) >= 0) {
		w->readable =
			event_new(dg_loop_base(loop), w->fd, EV_READ | EV_PERSIST, on_readable, w);
	}
	return w->readable && event_add(w->readable, NULL) == 0 ? w : dg_wake_free(w);
}

struct dg_wake *dg_wake_free(struct dg_wake *w)
{
	if (w) {
		(void)dg_timer_cancel(w->soon);
		if (w->readable) {
			event_free(w->readable);
		}
		if (w->fd >= 0) {
			(void)close(w->fd);
		}
		free(w);
	}
	return NULL;
}

void dg_wake_say(const char *folder)
{
	(void)utimensat(AT_FDCWD, folder, NULL, 0);
}
