/* controller/letters/mbox_file.h: the file of an mbox, line by line, while others append to it or write it anew. Inside controller/letters.
 *
 * Locks    Read locks (fcntl of the open file, flock) are tried for each block, and NAME.lock is looked for: who holds one
 *          is not waited for, DG_MBOX_BUSY says to come again. A NAME.lock of DG_MBOX_STALE_S is nobody's any more. Nothing
 *          is locked while letters are looked at.
 * Changed  Each block is read only when the octets before it still are what they were: else the file was written anew.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dg_err;

#define DG_MBOX_BLOCK   ((size_t)64 << 10) /* a longer line comes in pieces */
#define DG_MBOX_BEFORE  256u               /* octets that show that a place is still the same */
#define DG_MBOX_STALE_S 300
#define DG_MBOX_REST_MS 1000 /* without a change, and what is at the end is whole */

enum dg_mbox_answer {
	DG_MBOX_LINE,
	DG_MBOX_END,
	DG_MBOX_BUSY,
	DG_MBOX_CHANGED,
};

struct dg_mbox_place {
	uint64_t inode, offset;
	uint32_t n_before;
	uint64_t before; /* key of the n_before octets before the offset */
};

struct dg_mbox_line {
	const char *p;
	size_t n, whole; /* without and with the line's end */
	bool is_start;   /* else it is a further piece */
};

struct dg_mbox_file {
	const char *path; /* the caller's */
	bool is_stream, is_followed, is_at_eof;
	int fd; /* -1: not open now */
	uint64_t inode;
	char *block; /* DG_MBOX_BEFORE octets of what came before, then what is being read */
	size_t from, next, end; /* in block: the oldest that is there, what comes next, the end */
	uint64_t at;            /* in the file: of next */
	bool is_in_line;
	int64_t size, changed_ms; /* the last size seen, and since when */
	int watcher;
};

int dg_mbox_file_init(
	struct dg_mbox_file *f, const char *path, bool is_followed, struct dg_err *err);
void dg_mbox_file_done(struct dg_mbox_file *f);
/* A line stays until it is skipped. */
int dg_mbox_file_line(struct dg_mbox_file *f, struct dg_mbox_line *ret_line, struct dg_err *err);
void dg_mbox_file_skip(struct dg_mbox_file *f, const struct dg_mbox_line *line);
void dg_mbox_file_place(const struct dg_mbox_file *f, struct dg_mbox_place *ret_place);
/* False: what stands there now is something else. */
bool dg_mbox_file_seek(struct dg_mbox_file *f, const struct dg_mbox_place *p);
uint64_t dg_mbox_file_size(const struct dg_mbox_file *f);
void dg_mbox_file_rewind(struct dg_mbox_file *f);
/* All was read, and what is at the end is whole. is_first: of a file that was never looked at; an end of line is enough. */
bool dg_mbox_file_rests(const struct dg_mbox_file *f, bool is_first);
/* How long to wait before the next look. */
int dg_mbox_file_rest_ms(bool is_open);
/* The watcher has something. */
void dg_mbox_file_told(struct dg_mbox_file *f);
