/* controller/letters/letters.h: messages from outside to records (zones/bounce/bounce.h), read by a process that has nothing to lose.
 *
 * Shape    The reader is this program again (`dnsguard letters`), with one pipe in and one out: no files, no network, no secrets in its
 *          environment; it can only read, write, and end (seccomp), with DG_LETTERS_CPU_S of processor time a batch and
 *          DG_LETTERS_MEMORY of memory. Messages go in batches; each is answered by a record.
 * Failure  A message at which the reader dies, or does not come to an end, is answered as DG_BOUNCE_UNREADABLE with the reason, and the
 *          next one goes on in a new reader. Readers that cannot be started at all are an error.
 * Order    Answers come in the order in which the messages were pushed.
 * Calls    on_record() comes from the loop, or from dg_letters_wait(), never from inside dg_letters_push(). The record and what it points
 *          to lives until on_record() returns: dg_letters_copy() keeps it.
 * Memory   At most DG_LETTERS_WAITING messages wait; bounded whatever comes.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct dg_arena;
struct dg_bounce;
struct dg_err;
struct dg_letters;
struct dg_loop;

#define DG_LETTERS_CPU_S   5u
#define DG_LETTERS_MEMORY  ((size_t)256 << 20)
#define DG_LETTERS_WAITING 256u              /* messages */
#define DG_LETTERS_BYTES   ((size_t)4 << 20) /* octets of them */
#define DG_LETTERS_LATE_MS 30000             /* a reader that says nothing for that long is ended */

struct dg_letters_options {
	struct dg_loop *loop; /* NULL: one of its own, for dg_letters_wait() */
	const char *program;  /* path of dnsguard; NULL: /proc/self/exe */
	int64_t late_ms;      /* 0: DG_LETTERS_LATE_MS */
	/* tag: as pushed. A feed (JSON) gives a record for each event, any number of them, then done. */
	void (*on_record)(void *arg, uint64_t tag, const struct dg_bounce *record);
	/* All records of that message were given. NULL: not wanted. */
	void (*on_done)(void *arg, uint64_t tag);
	/* There is room again, after a push said that there was none. NULL: not wanted. */
	void (*on_room)(void *arg);
	void *arg;
};

struct dg_letters_counts {
	uint64_t n_messages, n_records;
	uint64_t n_unreadable; /* readers that died or were late over a message */
	uint64_t n_by_library; /* messages that were not well-formed */
	uint64_t n_readers;    /* processes that were started */
};

int dg_letters_new(
	const struct dg_letters_options *o, struct dg_letters **ret_letters, struct dg_err *err);
struct dg_letters *dg_letters_free(
	struct dg_letters *l); /* NULL is fine; returns NULL; what waits is dropped */
/* The message is copied, up to DG_BOUNCE_READ_MAX of it. 0, or 1: no room: later (on_room, or dg_letters_wait()). DG_EIO: no
 * reader can be started. */
int dg_letters_push(
	struct dg_letters *l, uint64_t tag, const char *p, size_t len, struct dg_err *err);
/* Runs the loop of its own until at most n messages wait for their record. */
int dg_letters_wait(struct dg_letters *l, size_t n, struct dg_err *err);
void dg_letters_counts(const struct dg_letters *l, struct dg_letters_counts *ret_counts);

/* A record with all that it points to, in the arena. */
void dg_letters_copy(
	struct dg_arena *a, const struct dg_bounce *record, struct dg_bounce *ret_record);

/* The reader itself: what `dnsguard letters` does. Returns the exit status. */
int dg_letters_read(int in, int out);
