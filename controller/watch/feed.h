/* controller/watch/feed.h: letters of a mailbox that is followed, from a thread of its own to the loop.
 *
 * Shape    The thread walks the source (controller/letters/source.h), so that a mail server or a file system that is silent delays
 *          nothing. Letters wait in a queue until the loop takes them; after DG_FEED_BATCH letters, and whenever there are no more, the
 *          position comes behind them.
 * Calls    on_letter() and the others from the loop. on_letter() false: it cannot take it now, and gets it again after dg_feed_resume().
 * Errors   What cannot be read is told once and tried again, at first after a second, later every DG_FEED_PATIENCE_MS.
 * Memory   At most DG_FEED_LETTERS letters, DG_FEED_BYTES octets of them, or one that is larger.
 */
#pragma once

#include "controller/letters/source.h"

#define DG_FEED_BATCH       256u
#define DG_FEED_LETTERS     64u
#define DG_FEED_BYTES       ((size_t)4 << 20)
#define DG_FEED_PATIENCE_MS 300000

struct dg_feed;
struct dg_loop;

struct dg_feed_options {
	struct dg_loop *loop;
	const char *what;                /* of dg_source_open(): copied */
	struct dg_source_options source; /* position and files are copied; stop_fd is the feed's */
	int poll_ms;                     /* between two looks when nobody tells of changes */
	/* In the thread: other octets in the letter's place, from malloc. NULL from it: the letter is passed over. May be NULL. */
	char *(*prepare)(void *arg, const struct dg_letter *l, size_t *ret_n);
	bool (*on_letter)(void *arg, const struct dg_letter *l);
	void (*on_position)(void *arg, const char *position);
	void (*on_caught_up)(void *arg); /* all that was there is handed in; once */
	void (*tell)(void *arg, const char *text);
	void *arg;
};

int dg_feed_new(const struct dg_feed_options *o, struct dg_feed **ret_feed, struct dg_err *err);
void dg_feed_resume(struct dg_feed *f);
struct dg_feed *dg_feed_free(
	struct dg_feed *f); /* NULL is fine; returns NULL; what waits is dropped */
