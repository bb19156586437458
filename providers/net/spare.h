/* providers/net/spare.h: a process of our own program that is started before it is needed, and waits.
 *
 * Why      To start a program, to bind its libraries and to get libcrypto ready costs as much as all that a split does then.
 * Life     At most one waits. It reads its words, and the lock that it is to hold, from standard input, and is that command from then on; when
 *          we are gone it reads the end, and ends. One that has ended by itself is not started anew for DG_SPARE_PAUSE_MS.
 * Calls    From the loop's thread.
 */
#pragma once

#include "providers/net/ends.h"

#include <stdbool.h>

struct dg_arena;
struct dg_loop;
struct dg_spare;

#define DG_SPARE_WORD      "--stand-by" /* the only argument of one that waits */
#define DG_SPARE_WORDS_MAX 65536u       /* octets, with their NULs */
#define DG_SPARE_PAUSE_MS  60000

struct dg_spare *dg_spare_new(struct dg_loop *loop, const char *program);
struct dg_spare *dg_spare_free(struct dg_spare *s); /* NULL is fine; returns NULL */
/* One waits from now on; false: none does. Cheap to be said again and again. */
void dg_spare_keep(struct dg_spare *s, bool is_wanted);
/* The one that waits is argv now: *e has our ends of it, the lock in it is its own too. False: none, or it is of another program;
 * *e and *ret_pid are as they were. s NULL: false. */
bool dg_spare_take(struct dg_spare *s, const char *const *argv, struct dg_ends *e, pid_t *ret_pid);

/* In the process that waits, on standard input. 0: *ret_argc words, in the arena; 1: they will not come; -1: nobody can give us any. */
int dg_spare_wait(struct dg_arena *a, int *ret_argc, char ***ret_argv);
