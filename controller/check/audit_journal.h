/* controller/check/audit_journal.h: the output, which is also the journal of what is done.
 *
 * Resume   What stands there is read: each row must be one of ours, no line twice. A row that was cut off by a kill goes, and so
 *          does a summary at the end, but not before dg_audit_journal_begin(): the input is looked at first. Which lines are done is remembered with a hash of their input (4 octets a line of the input),
 *          so that another input is noticed.
 * Guard    The file is locked while it is written. Without is_resuming a file that holds something is refused.
 * Writing  Rows are gathered and written whole; to a pipe in pieces that do not block, so that the audit can be ended.
 * Errors   DG_EINPUT: not ours, not of this input, in use. DG_EIO: cannot be written.
 */
#pragma once

#include "zones/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dg_audit_journal;
struct dg_row;

#define DG_AUDIT_JOURNAL_LINES_MAX ((uint64_t)1 << 30) /* of an input that is resumed */

enum dg_audit_journal_answer {
	DG_AUDIT_JOURNAL_DONE = 1,    /* this line */
	DG_AUDIT_JOURNAL_STOPPED = 1, /* stop_fd had something to say before all was written */
};

struct dg_audit_journal_way {
	const char *path; /* NULL: standard output */
	bool is_csv, is_resuming;
	void (*row)(void *arg, const struct dg_row *row); /* for each row that is there already */
	void *arg;
};

int dg_audit_journal_open(const struct dg_audit_journal_way *way,
	struct dg_audit_journal **ret_journal, struct dg_err *err);
struct dg_audit_journal *dg_audit_journal_close(
	struct dg_audit_journal *j); /* NULL is fine; returns NULL */
bool dg_audit_journal_is_resumed(const struct dg_audit_journal *j);
/* 0: to be done, DG_AUDIT_JOURNAL_DONE, or DG_EINPUT: there is another domain at this line. */
int dg_audit_journal_look(
	struct dg_audit_journal *j, uint64_t line, uint32_t key, struct dg_err *err);
/* The input has been read: is all that is done in it? */
int dg_audit_journal_check_end(const struct dg_audit_journal *j, struct dg_err *err);
bool dg_audit_journal_is_met(
	const struct dg_audit_journal *j); /* all that is done was looked for */
/* Before the first write; the second time nothing happens. */
int dg_audit_journal_begin(struct dg_audit_journal *j, struct dg_err *err);
bool dg_audit_journal_has_begun(const struct dg_audit_journal *j);
/* 0, DG_AUDIT_JOURNAL_STOPPED. stop_fd: -1: none. */
int dg_audit_journal_write(
	struct dg_audit_journal *j, const char *text, size_t len, int stop_fd, struct dg_err *err);
int dg_audit_journal_flush(struct dg_audit_journal *j, int stop_fd, struct dg_err *err);
