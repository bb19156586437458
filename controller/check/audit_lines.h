/* controller/check/audit_lines.h: the input: names, one a line.
 *
 * Shape    Blanks around a name and a carriage return go; a byte order mark at the beginning goes; an empty line and one that
 *          begins with # is passed over. Lines are numbered from 1, those passed over counted in.
 * Calls    dg_lines_next() never waits: a pipe that has nothing to say yet is DG_LINES_LATER.
 * Limits   DG_BELT_LINE_MAX octets of a line are kept (is_cut), whatever its length.
 */
#pragma once

#include "controller/check/audit_belt.h"
#include "zones/base/err.h"

struct dg_lines;

enum dg_lines_answer {
	DG_LINES_LATER = 1,
	DG_LINES_END,
};

/* path NULL or "-": standard input. */
int dg_lines_open(const char *path, struct dg_lines **ret_lines, struct dg_err *err);
struct dg_lines *dg_lines_close(struct dg_lines *l); /* NULL is fine; returns NULL */
/* 0, LATER, END, DG_EIO. */
int dg_lines_next(struct dg_lines *l, struct dg_belt_line *ret_line, struct dg_err *err);
bool dg_lines_can_rewind(const struct dg_lines *l); /* a file */
int dg_lines_rewind(struct dg_lines *l, struct dg_err *err);
int dg_lines_fd(const struct dg_lines *l);
const char *dg_lines_name(const struct dg_lines *l); /* as for an error */
