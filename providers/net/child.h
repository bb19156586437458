/* providers/net/child.h: one program beside us: no shell, its time and what it says bounded.
 *
 * Calls    done() comes once, from the loop, never from inside dg_child_start(); not after dg_child_forget(). The child must
 *          live until then. heard() comes from the loop when more was said on standard output, before done().
 * Talk     With talks it waits for a word on standard input: dg_child_say() gives it, once. When we are gone it reads the end.
 * Spare    With a spare (spare.h), one that talks and has our environment is a process that was started before and waits: no start is
 *          waited for. Where there is none it is started as ever.
 * Lock     With a lock it holds an flock() on that file for as long as it lives, also when we are gone: who finds it held knows
 *          that an earlier one is still at work, and starts nothing (is_busy).
 * Limits   out_max octets of standard output, DG_CHILD_ERROR_MAX of standard error are kept; the rest is read and dropped (is_cut).
 *          Handles of ours are not handed on.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dg_loop;
struct dg_spare;

#define DG_CHILD_OUT_MAX   ((size_t)1 << 20)
#define DG_CHILD_ERROR_MAX 4096u
#define DG_CHILD_POLL_MS   5 /* where the kernel does not tell of its end */
#define DG_CHILD_LOOK_MS   100
#define DG_CHILD_KILL_MS   10000 /* from SIGTERM to SIGKILL */

struct dg_child {
	struct dg_loop *loop;
	const char *const *argv;           /* ends with NULL; argv[0] is a path */
	const char *const *env;            /* ends with NULL; NULL: ours */
	const char *input;                 /* what it reads; NULL: nothing */
	bool talks;                        /* dg_child_say() instead of input */
	const char *lock;                  /* path; NULL: none */
	struct dg_spare *spare;            /* NULL: none */
	int64_t timeout_ms;                /* 0: none */
	size_t out_max;                    /* 0: DG_CHILD_OUT_MAX */
	void (*heard)(struct dg_child *c); /* so_far has what it said until now; NULL */
	void (*done)(struct dg_child *c);
	void *arg;
	const char *so_far; /* inside heard() */
	/* --- results; freed by dg_child_done() --- */
	int status; /* exit status; -1: not started, killed, too late */
	bool is_started;
	bool is_busy, is_late; /* of the lock; killed after timeout_ms */
	bool is_cut;           /* it said more on standard output than was kept */
	char *out, *error;     /* texts; never NULL in done() */
	void *internal;
};

void dg_child_start(struct dg_child *c);
void dg_child_say(struct dg_child *c, const char *text); /* NULL: nothing, and the end */
void dg_child_end(struct dg_child *c);    /* SIGTERM, then SIGKILL; done() still comes */
void dg_child_forget(struct dg_child *c); /* it goes on without us */
void dg_child_done(struct dg_child *c);   /* frees the results */
