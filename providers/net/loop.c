#include "providers/net/loop.h"

#include <assert.h>
#include <event2/event.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "zones/base/err.h"

#define NOT_QUEUED SIZE_MAX
#define FIRST_CAP  16u /* timers, deferred calls */

struct dg_timer {
	struct dg_loop *loop;
	void (*fn)(void *arg);
	void *arg;
	int64_t due_ms;
	uint64_t order; /* timers of the same millisecond run in the order they were asked for */
	size_t at;      /* place in the heap, or NOT_QUEUED while fn runs */
};

struct call {
	void (*fn)(void *arg);
	void *arg;
};

struct dg_loop {
	struct event_base *base;
	struct event *alarm; /* of the system's clock, for the first timer of the heap */
	struct dg_clock clock;
	struct dg_timer **heap;
	size_t n_heap;
	size_t cap_heap;
	uint64_t next_order;
	struct call *calls;
	size_t n_calls;
	size_t cap_calls;
	struct call *running; /* the calls of this turn; swapped with calls so that both keep their
				 memory */
	size_t cap_running;
	bool is_stopped;
	bool is_running;
};

static int64_t system_now(void *arg)
{
	struct timespec ts;

	(void)arg;
	(void)clock_gettime(CLOCK_REALTIME, &ts);
	return ts.tv_sec;
}

static int64_t system_mono_ms(void *arg)
{
	struct timespec ts;

	(void)arg;
	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* Memory for a handful of pointers: what cannot go on without them does not try. */
static void *grow(void *p, size_t *cap, size_t size)
{
	size_t n = *cap ? *cap * 2 : FIRST_CAP;
	void *q = reallocarray(p, n, size);

	if (!q) {
		abort();
	}
	*cap = n;
	return q;
}

static bool is_before(const struct dg_timer *x, const struct dg_timer *y)
{
	return x->due_ms != y->due_ms ? x->due_ms < y->due_ms : x->order < y->order;
}

static void heap_set(struct dg_loop *l, size_t i, struct dg_timer *t)
{
	l->heap[i] = t;
	t->at = i;
}

static void heap_up(struct dg_loop *l, size_t i)
{
	struct dg_timer *t = l->heap[i];

	while (i > 0 && is_before(t, l->heap[(i - 1) / 2])) {
		heap_set(l, i, l->heap[(i - 1) / 2]);
		i = (i - 1) / 2;
	}
	heap_set(l, i, t);
}

static void heap_down(struct dg_loop *l, size_t i)
{
	struct dg_timer *t = l->heap[i];

	for (;;) {
		size_t child = 2 * i + 1;
		if (child >= l->n_heap) {
			break;
		}
		if (child + 1 < l->n_heap && is_before(l->heap[child + 1], l->heap[child])) {
			child++;
		}
		if (!is_before(l->heap[child], t)) {
			break;
		}
		heap_set(l, i, l->heap[child]);
		i = child;
	}
	heap_set(l, i, t);
}

static void heap_remove(struct dg_timer *t)
{
	struct dg_loop *l = t->loop;
	size_t i = t->at;
	struct dg_timer *last = l->heap[--l->n_heap];

	t->at = NOT_QUEUED;
	if (last != t) {
		heap_set(l, i, last);
		heap_up(l, i);
		heap_down(l, last->at);
	}
}

/* The alarm only wakes the loop; the heap says what is due. */
static void on_alarm(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
}

static struct event_base *base_new(void)
{
	struct event_config *config = event_config_new();
	struct event_base *base = NULL;

	if (config) {
		/* The coarse clock may be 4 ms late. */
		(void)event_config_set_flag(config, EVENT_BASE_FLAG_PRECISE_TIMER);
		(void)event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
		base = event_base_new_with_config(config);
		event_config_free(config);
	}
	return base;
}

int dg_loop_new(const struct dg_clock *clock, struct dg_loop **ret_loop, struct dg_err *err)
{
	static const struct dg_clock system_clock = {.now = system_now, .mono_ms = system_mono_ms};
	struct dg_loop *l = calloc(1, sizeof(*l));

	if (!l) {
		return dg_fail(err, DG_EIO, "out of memory");
	}
	l->clock = clock ? *clock : system_clock;
	l->base = base_new();
	if (l->base) {
		l->alarm = evtimer_new(l->base, on_alarm, l);
	}
	if (!l->alarm) {
		(void)dg_loop_free(l);
		return dg_fail(err, DG_EIO,
			"cannot make an event loop (libevent %s): out of memory or file "
			"descriptors",
			event_get_version());
	}
	*ret_loop = l;
	return 0;
}

struct dg_loop *dg_loop_free(struct dg_loop *l)
{
	if (!l) {
		return NULL;
	}
	for (size_t i = 0; i < l->n_heap; i++) {
		free(l->heap[i]);
	}
	free(l->heap);
	free(l->calls);
	free(l->running);
	if (l->alarm) {
		event_free(l->alarm);
	}
	if (l->base) {
		event_base_free(l->base);
	}
	free(l);
	return NULL;
}

struct event_base *dg_loop_base(struct dg_loop *l)
{
	return l->base;
}

int64_t dg_loop_now(const struct dg_loop *l)
{
	return l->clock.now(l->clock.arg);
}

int64_t dg_loop_mono_ms(const struct dg_loop *l)
{
	return l->clock.mono_ms(l->clock.arg);
}

struct dg_timer *dg_loop_after_ms(struct dg_loop *l, int64_t ms, void (*fn)(void *arg), void *arg)
{
	struct dg_timer *t = calloc(1, sizeof(*t));
	int64_t now = dg_loop_mono_ms(l);

	if (!t) {
		abort();
	}
	if (l->n_heap == l->cap_heap) {
		/* NOLINTNEXTLINE(bugprone-sizeof-expression): an array of pointers */
		l->heap = grow(l->heap, &l->cap_heap, sizeof(*l->heap));
	}
	ms = ms < 0 ? 0 : ms;
	*t = (struct dg_timer){
		.loop = l,
		.fn = fn,
		.arg = arg,
		.due_ms = ms > INT64_MAX - now ? INT64_MAX : now + ms,
		.order = l->next_order++,
	};
	heap_set(l, l->n_heap++, t);
	heap_up(l, t->at);
	return t;
}

struct dg_timer *dg_timer_cancel(struct dg_timer *t)
{
	if (t && t->at != NOT_QUEUED) { /* else its own fn cancels it: it is freed after that */
		heap_remove(t);
		free(t);
	}
	return NULL;
}

void dg_loop_defer(struct dg_loop *l, void (*fn)(void *arg), void *arg)
{
	if (l->n_calls == l->cap_calls) {
		l->calls = grow(l->calls, &l->cap_calls, sizeof(*l->calls));
	}
	l->calls[l->n_calls++] = (struct call){.fn = fn, .arg = arg};
}

/* Calls that are added meanwhile wait for the next turn, so that I/O and timers are never starved.
 */
static void run_calls(struct dg_loop *l)
{
	struct call *calls = l->calls;
	size_t n = l->n_calls;
	size_t cap = l->cap_calls;

	l->calls = l->running;
	l->cap_calls = l->cap_running;
	l->n_calls = 0;
	l->running = calls;
	l->cap_running = cap;
	for (size_t i = 0; i < n; i++) {
		calls[i].fn(calls[i].arg);
	}
}

static void run_timers(struct dg_loop *l)
{
	int64_t now = dg_loop_mono_ms(l);
	/* A timer of 0 ms that sets itself again waits for the next turn. */
	uint64_t end = l->next_order;

	/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): each is in the heap once */
	while (l->n_heap > 0 && l->heap[0]->due_ms <= now && l->heap[0]->order < end &&
		!l->is_stopped) {
		struct dg_timer *t = l->heap[0];
		heap_remove(t);
		t->fn(t->arg);
		free(t);
	}
}

static void set_alarm(struct dg_loop *l)
{
	int64_t ms = l->heap[0]->due_ms - dg_loop_mono_ms(l);

	ms = ms < 0 ? 0 : ms;
	const struct timeval tv = {
		.tv_sec = (time_t)(ms / 1000), .tv_usec = (suseconds_t)(ms % 1000 * 1000)};
	(void)event_add(l->alarm, &tv);
}

/* One turn of libevent. Returns false when nothing at all is left to wait for. */
static bool turn(struct dg_loop *l)
{
	bool has_calls = l->n_calls > 0;
	bool has_timers = l->n_heap > 0;
	bool is_played = l->clock.advance_ms != NULL;

	if (has_timers && !has_calls && !is_played) {
		set_alarm(l);
	}
	int none = event_base_loop(
		l->base, has_calls || (is_played && has_timers) ? EVLOOP_NONBLOCK : EVLOOP_ONCE);
	(void)event_del(l->alarm);
	if (l->is_stopped || l->n_calls > 0) {
		return true;
	}
	if (l->n_heap == 0) {
		return none != 1 || has_timers;
	}
	if (is_played) { /* EVLOOP_NONBLOCK ended when no socket had anything to say any more */
		int64_t ms = l->heap[0]->due_ms - dg_loop_mono_ms(l);
		if (ms > 0) {
			l->clock.advance_ms(l->clock.arg, ms);
		}
	}
	return true;
}

void dg_loop_run(struct dg_loop *l)
{
	assert(!l->is_running);
	l->is_running = true;
	l->is_stopped = false;
	while (!l->is_stopped) {
		run_calls(l);
		if (!l->is_stopped) {
			run_timers(l);
		}
		if (!l->is_stopped && !turn(l)) {
			break;
		}
	}
	l->is_running = false;
}

void dg_loop_stop(struct dg_loop *l)
{
	l->is_stopped = true;
	(void)event_base_loopbreak(l->base);
}
