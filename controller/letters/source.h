/* controller/letters/source.h: where letters lie: a Maildir, an mbox, files, a stream, an IMAP mailbox. One after the other.
 *
 * Shape    "maildir:PATH", "mbox:PATH", "file:PATH" (one letter), "folder:PATH" (a letter a file, folders below it too), "-" (standard
 *          input: an mbox, or one letter), "imaps://user@host/INBOX", "imap://..." (STARTTLS before anything is said); or a bare
 *          path, whose kind is looked at. Nothing is written anywhere: no flag is set, no file moved, a mailbox is opened
 *          with EXAMINE (RFC 9051 section 6.3.3) and read with BODY.PEEK.
 * Letters  Octets as they lie, lines ending in LF or CRLF; of an mbox without the From_ line, and with one '>' taken off of quoted
 *          ones. At most letter_max octets of each; size tells what it has in all.
 * Follow   A source that is followed hands in what is new since its position, each letter once, and can be asked again and
 *          waited on. Position is opaque text, of the letters handed in so far. Without one, what is there when it is opened is old.
 *            Maildir  a letter is known by its name up to ':'; names of two days are kept, older files are old (zones/watch/letterset.h)
 *            mbox     octet and digests of what stands before; when a mail program wrote it anew, letters are known by
 *                     the digest of what does not change in them. A letter at the end counts once it is whole: nobody holds a
 *                     lock (fcntl, NAME.lock) and the file rests
 *            IMAP     UIDVALIDITY and the last UID (RFC 9051 section 2.3.1.1)
 * Calls    Blocks (IMAP: DG_SOURCE_TIMEOUT_MS for each answer), so the daemon gives each a thread. stop_fd ends a wait.
 * Errors   DG_EINPUT: no such source. DG_EIO, DG_EREMOTE: cannot be read now; a followed source may be asked again.
 * Memory   One letter, and what a kind keeps: at most some MiB, however many letters there are.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dg_err;
struct dg_source;

#define DG_SOURCE_LETTER_MAX ((size_t)256 << 10) /* unless the caller wants more */
#define DG_SOURCE_TIMEOUT_MS 60000
#define DG_SOURCE_DEPTH_MAX  8u /* folders in folders */
#define DG_SOURCE_PATH_MAX   4096u

struct dg_source_options {
	size_t letter_max; /* 0: DG_SOURCE_LETTER_MAX */
	bool is_followed;
	const char *position;      /* followed: where to go on; NULL: what is there is old */
	const char *password_file; /* IMAP: its first line */
	const char *ca_file;       /* IMAP: whom to trust; NULL: the system's */
	int stop_fd;               /* readable: every wait ends; -1: none */
};

struct dg_letter {
	const char *p; /* until the next call */
	size_t n;
	uint64_t size;    /* above n: the rest was left out */
	const char *name; /* for people, not safe to show: "box.mbox message 17" */
	int64_t at_ms; /* when it came (file, From_ line, INTERNALDATE), Unix time; 0: not known */
};

enum dg_source_answer {
	DG_SOURCE_END = 1,    /* no more, for now */
	DG_SOURCE_UNREADABLE, /* one letter could not be read, err says which: go on */
};

int dg_source_open(const char *what, const struct dg_source_options *o,
	struct dg_source **ret_source, struct dg_err *err);
int dg_source_next(struct dg_source *s, struct dg_letter *ret_letter, struct dg_err *err);
/* In the source's memory until the next call. Followed only. */
const char *dg_source_position(struct dg_source *s);
/* Until something may be new, timeout_ms have passed, or stop_fd is readable. Followed only. */
void dg_source_wait(struct dg_source *s, int timeout_ms);
/* What people should know (letters that may be lost, a file that was written anew); NULL: nothing new. Each is told once. */
const char *dg_source_notice(struct dg_source *s);
struct dg_source *dg_source_close(struct dg_source *s); /* NULL is fine; returns NULL */
/* "imaps", "imap", "maildir", ...: what a text names; NULL: a path, or nothing known. */
const char *dg_source_kind(const char *what);
