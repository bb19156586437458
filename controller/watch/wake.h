/* controller/watch/wake.h: a word when something was written in the state folder: what a person wished with another command is seen at
 * once, not with the next tick.
 *
 * Calls    fn() comes from the loop, DG_WAKE_MS after a change, also of our own; then again and again, ever later, up to DG_WAKE_LAST_MS: a
 *          transaction is seen by others only some time after its octets were written, when they are on disk. Never twice within
 *          DG_WAKE_AGAIN_MS, so that what it does may itself write there; but at once when who has written says that it is done.
 * Errors   Without it nothing is lost, only later: where the kernel has no room for another watch there is none.
 */
#pragma once

struct dg_loop;
struct dg_wake;

#define DG_WAKE_MS       1
#define DG_WAKE_AGAIN_MS 4
#define DG_WAKE_LAST_MS  128

/* NULL: the folder cannot be watched. */
struct dg_wake *dg_wake_new(
	struct dg_loop *loop, const char *folder, void (*fn)(void *arg), void *arg);
struct dg_wake *dg_wake_free(struct dg_wake *w); /* NULL is fine; returns NULL */
/* In another process: what was written in folder is there for all to see. Not from inside fn(). */
void dg_wake_say(const char *folder);
