/* providers/net/ends.h: how a process beside us is begun, and what we hear it by.
 *
 * Ends     in, and the second of out and error, are its own, and closed here as soon as it runs; word, and the first of them, are ours.
 *          -1: none. The lock is its handle 3 and stays open in it.
 */
#pragma once

#include <sys/types.h>

struct dg_ends {
	int in, word, lock, out[2], error[2];
};

#define DG_ENDS_NONE ((struct dg_ends){-1, -1, -1, {-1, -1}, {-1, -1}})

/* What is not open yet: pipes for what it says; without in, a socket that it reads our words from. < 0: errno says why. */
int dg_ends_open(struct dg_ends *e);
void dg_ends_close(struct dg_ends *e); /* all that are left */
/* argv[0] is a path; env NULL: ours. It leads a group of its own, and gets no other handle of ours. An errno; 0: *ret_pid runs. */
int dg_ends_spawn(
	const struct dg_ends *e, const char *const *argv, const char *const *env, pid_t *ret_pid);
