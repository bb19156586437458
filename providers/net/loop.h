/* providers/net/loop.h: the one event loop: clock, timers, deferred calls (libevent).
 *
 * Calls    Every callback runs from dg_loop_run(), never inside the call that asked for it.
 * Clock    dg_loop_now() is Unix seconds, dg_loop_mono_ms() a clock that never goes back. Both come from struct dg_clock, so that a
 *          test can play days in milliseconds; with a clock of its own (advance_ms is set) the loop does not sleep: when no socket
 *          has anything to say it asks the clock to go on to the next timer.
 * End      dg_loop_run() ends when no timer, no deferred call and no event of libevent's is left. Who keeps an idle connection
 *          must not keep an event added for it.
 * Threads  None.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct dg_err;
struct dg_loop;
struct dg_timer;
struct event_base;

struct dg_clock {
	int64_t (*now)(void *arg);     /* Unix seconds */
	int64_t (*mono_ms)(void *arg); /* milliseconds */
	void (*advance_ms)(void *arg, int64_t ms);
	void *arg;
};

/* clock NULL: the system's. */
int dg_loop_new(const struct dg_clock *clock, struct dg_loop **ret_loop, struct dg_err *err);
struct dg_loop *dg_loop_free(struct dg_loop *l); /* NULL is fine; returns NULL */
struct event_base *dg_loop_base(struct dg_loop *l);
int64_t dg_loop_now(const struct dg_loop *l);
int64_t dg_loop_mono_ms(const struct dg_loop *l);

/* fn(arg) once, after ms milliseconds. The timer is freed after it ran; dg_timer_cancel() before that. */
struct dg_timer *dg_loop_after_ms(struct dg_loop *l, int64_t ms, void (*fn)(void *arg), void *arg);
struct dg_timer *dg_timer_cancel(struct dg_timer *t); /* NULL is fine; returns NULL */

/* fn(arg) in the next turn of the loop. */
void dg_loop_defer(struct dg_loop *l, void (*fn)(void *arg), void *arg);

/* Until dg_loop_stop(), or nothing is left to wait for. */
void dg_loop_run(struct dg_loop *l);
void dg_loop_stop(struct dg_loop *l);
