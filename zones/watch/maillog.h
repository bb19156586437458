/* zones/watch/maillog.h: the log of a mail server to events: null-sender mail that came, was refused, and our own that went out.
 *
 * Shape    Blocks of text in, events out through a function. Postfix, Exim, Sendmail and OpenSMTPD, told apart line by line; one table of
 *          anchored shapes for each, so that what a stranger writes into a HELO or an address is never taken for
 *          something else. Time stamps of RFC 3339, RFC 3164 (no year) and Exim's main log.
 * Join     Lines of one message are joined by its queue id: a null sender counts only when the message came from outside, so the
 *          bounces that our own server makes do not. Mail that a content filter hands back from loopback counts once.
 * Limits   Lines above DG_MAILLOG_LINE_MAX octets are skipped and counted; DG_MAILLOG_IDS ids are remembered, the oldest of a
 *          bucket are forgotten first. 8 MiB in all.
 * Memory   Heap; dg_maillog_free(). What an event points at lives until the function returns.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DG_MAILLOG_LINE_MAX 16384u
#define DG_MAILLOG_IDS      32768u

enum dg_mail_kind {
	DG_MAIL_TAKEN, /* null-sender mail, delivered to a recipient */
	DG_MAIL_UNKNOWN, /* null-sender mail for a recipient that does not exist: refused, or bounced after it was taken */
	DG_MAIL_BARRED, /* null-sender mail refused for another reason: the recipient may exist */
	DG_MAIL_SENT,   /* our own mail, handed to another host: address is the sender */
	DG_MAIL_RECEIVED, /* mail with a sender, from outside, delivered to a recipient: what a split would cost */
};

/* What a whole message proves (zones/bounce/proof.h); a log proves nothing of it. */
enum dg_mail_proof {
	DG_MAIL_UNPROVED,
	DG_MAIL_PROVED_OWN,
	DG_MAIL_PROVED_FOREIGN,
};

struct dg_text {
	const char *p;
	size_t n;
};

struct dg_mail_event {
	enum dg_mail_kind kind;
	int64_t at_ms;          /* Unix time */
	struct dg_text address; /* recipient; SENT: sender. As in the log, letters as they are */
	struct dg_text client;  /* who handed it to us: "198.51.100.25"; empty: not known */
	enum dg_mail_proof proof;
	/* SENT: */
	struct dg_text user; /* who logged in to send it; empty: nobody, or not known */
	uint64_t message;    /* dg_sent_ids_key() of its Message-ID; 0: not known */
};

/* One message on its way to one recipient, whatever becomes of it: how it came in. */
struct dg_mail_passage {
	uint64_t message;         /* dg_sent_ids_key() of its Message-ID */
	struct dg_text recipient; /* as it was given to us, not what an alias made of it */
	struct dg_text client;    /* who handed it to us; empty: a program on this host */
	struct dg_text user;      /* who logged in; empty: nobody */
	bool is_remote;           /* handed on to another host */
};

struct dg_maillog_options {
	int64_t written_ms; /* when the last line was written (the file's mtime): the year of stamps that have none */
	int32_t utc_offset_s;                                       /* of stamps without a zone */
	void (*on_event)(void *arg, const struct dg_mail_event *e); /* NULL: not asked for */
	/* Of mail with a sender and a Message-ID; NULL: not asked for. */
	void (*on_passage)(void *arg, const struct dg_mail_passage *p);
	void *arg;
};

struct dg_maillog;

struct dg_maillog *dg_maillog_new(const struct dg_maillog_options *o);
struct dg_maillog *dg_maillog_free(struct dg_maillog *m); /* NULL is fine; returns NULL */

/* For a log that is followed: what dg_maillog_options said of the time is this now. */
void dg_maillog_clock(struct dg_maillog *m, int64_t written_ms, int32_t utc_offset_s);
/* The next octets of the log, cut anywhere. */
void dg_maillog_feed(struct dg_maillog *m, const char *data, size_t len);
/* The log ends here: a last line without its newline counts as one. */
void dg_maillog_end(struct dg_maillog *m);
/* One line, without its newline. */
void dg_maillog_line(struct dg_maillog *m, const char *line, size_t len);

struct dg_maillog_counts {
	uint64_t n_lines, n_long,
		n_undated;    /* undated: an event without a stamp that can be read: not given */
	uint64_t n_forgotten; /* ids that had to make room before their message was done */
};
void dg_maillog_counts(const struct dg_maillog *m, struct dg_maillog_counts *ret_counts);
