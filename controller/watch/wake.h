/* controller/watch/wake.h: a word when something was written in the state folder: what a person wished with another command is seen at
 * once, not with the next tick.
 *
 * Calls    fn() comes from the loop, DG_WAKE_MS after the first of several changes, also of our own; and not again within
 *          DG_WAKE_AGAIN_MS, so that what it does may itself write there.
 * Errors   Without it nothing is lost, only later: where the kernel has no room for another watch there is none.
 */
#pragma once

struct dg_loop;
struct dg_wake;

#define DG_WAKE_MS       5
#define DG_WAKE_AGAIN_MS 250

/* NULL: the folder cannot be watched. */
struct dg_wake *dg_wake_new(
	struct dg_loop *loop, const char *folder, void (*fn)(void *arg), void *arg);
struct dg_wake *dg_wake_free(struct dg_wake *w); /* NULL is fine; returns NULL */
