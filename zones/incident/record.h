/* zones/incident/record.h: the whole record of one incident as a value, and how it reads: text, JSON, Markdown, a page of HTML. Pure.
 *
 * Shape    entries: what is kept, and the changes of DNS in that time (DG_RECORD_CHANGE, n 0), by time. triage: the newest result among the
 *          evidence (doc/json.md: triage). Times are Unix seconds, UTC.
 * Escapes  All of it may come from outside: each writer makes it safe for what reads it. The page brings all that it shows, runs
 *          nothing and loads nothing (Content-Security-Policy default-src 'none').
 * Memory   Borrowed, but what dg_record_new_...() says.
 */
#pragma once

#include "zones/base/message.h"
#include "zones/incident/chain.h"

#include <jansson.h>
#include <stdbool.h>

struct dg_arena;
struct dg_buf;

/* One file of the evidence. */
struct dg_record_file {
	int64_t entry; /* n of its entry */
	int64_t at;
	const char *who, *name, *media, *sha256; /* hex */
	uint64_t size;
};

struct dg_record {
	int64_t id;
	const char *name; /* canonical */
	const char *zone; /* NULL */
	int64_t opened, closed, forgotten, now;
	const char *opened_by, *closed_by, *forgotten_by, *reason; /* NULL: none */
	const char *verdict, *confidence;                          /* NULL: none yet */
	int64_t retention;
	bool is_over;
	int64_t n_entries;
	uint8_t head[DG_DIGEST_LEN];
	int64_t broken; /* dg_record_broken() */
	struct dg_record_entry *entries;
	size_t n;
	struct dg_record_file *files;
	size_t n_files;
	json_t *triage; /* NULL: none */
	const char *(*say)(const char *
			msgid); /* in the reader's language; NULL: as it is (zones/base/message.h) */
};

/* Sorts by time, what is kept before what is not; and takes the files out of the entries. Nothing of data is believed that does not fit. */
void dg_record_order(struct dg_record *r, struct dg_arena *a);
/* "open", "closed", "closed: not over", "forgotten": stable. */
const char *dg_record_state(const struct dg_record *r);
/* A split is refused: the verdict says that a host or an account of ours sends. */
bool dg_record_refuses_split(const struct dg_record *r);

/* For people, but not for programs, in the reader's language: what is written here, and the codes that are on record (kinds, states, verdicts),
 * not the texts on record. NULL: "none". */
const char *dg_record_say(const struct dg_record *r, const char *msgid);
const char *dg_record_code(const struct dg_record *r, const char *code);
/* How long it is kept is over: `forget --expired` deletes it. */
bool dg_record_is_expired(const struct dg_record *r);

void dg_record_print(struct dg_buf *b, const struct dg_record *r, bool is_verbose);
/* One JSON object, no newline (doc/json.md: incident). */
void dg_record_json(struct dg_buf *b, const struct dg_record *r);
json_t *dg_record_json_short(
	const struct dg_record *r); /* without its entries; owned by the caller */
void dg_record_markdown(struct dg_buf *b, const struct dg_record *r);
void dg_record_html(struct dg_buf *b, const struct dg_record *r);

#define DG_RECORD_BROKEN \
	DG_MESSAGE(      \
		"The record was changed by other means: entry {n} and what follows does not fit.")
#define DG_RECORD_SEALED DG_MESSAGE("{n} entries; the last one's hash seals all:")

/* --- the parts of a report: lines that both forms say ------------------------------------------------------- */
/* What was learned: measured spans, then notes that begin with "lesson:". Each line is put by put(). */
void dg_record_lessons(
	const struct dg_record *r, void (*put)(void *arg, const char *line, size_t n), void *arg);
/* Volume over time with the states and what was done; false: nothing to draw. */
bool dg_record_volume_svg(struct dg_buf *b, const struct dg_record *r);
/* which: "origins", "reporters". */
bool dg_record_ranks_svg(
	struct dg_buf *b, const struct dg_record *r, const char *which, const char *title);
/* A text of entry.data; "" when there is none. In *keep, which the caller releases. */
const char *dg_record_data(const struct dg_record_entry *e, const char *key, json_t **keep);
