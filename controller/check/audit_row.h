/* controller/check/audit_row.h: one result as a line of the output, and the way back. Pure.
 *
 * Shape    JSON: {"type":"domain","line":7,"input":"...","verdict":"forgeable","codes":["..."], then what dg_check_json() says of
 *          the domain, flat; {"type":"error","line":7,"input":"...","error":"..."}. CSV (RFC 4180) with a header; a field that a
 *          spreadsheet would take for a formula begins with an apostrophe. In both a row is one line.
 *          input is the line as it stood there, safe to show; codes are those of the warnings and errors.
 * Back     dg_row_read() takes only what dg_row_put_*() wrote: what it does not know is not ours.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dg_belt_line;
struct dg_buf;
struct dg_check;

#define DG_ROW_MAX (1u << 20) /* octets */

enum dg_row_kind {
	DG_ROW_DOMAIN,
	DG_ROW_ERROR,
	DG_ROW_SUMMARY, /* JSON only */
	DG_ROW_HEADER,  /* CSV only */
};

struct dg_row {
	enum dg_row_kind kind;
	uint64_t line;
	uint32_t key;        /* of the input: never 0 */
	const char *verdict; /* into the row, with its length; DOMAIN */
	size_t verdict_len;
	const char *codes; /* into the row: separated by what is neither letter, digit nor hyphen */
	size_t codes_len;
};

/* The key that a row of this line has. b: for scratch. */
uint32_t dg_row_key(struct dg_buf *b, const struct dg_belt_line *line, bool is_csv);

void dg_row_put_header(struct dg_buf *b); /* CSV */
void dg_row_put_check(
	struct dg_buf *b, const struct dg_belt_line *line, const struct dg_check *c, bool is_csv);
void dg_row_put_error(
	struct dg_buf *b, const struct dg_belt_line *line, const char *why, bool is_csv);
/* text as a JSON string, with its quotes. text is safe to show. */
void dg_row_put_string(struct dg_buf *b, const char *text, size_t len);

/* A row without its line end. 0, or 1: not a row of ours. */
int dg_row_read(const char *text, size_t len, bool is_csv, struct dg_row *ret_row);
/* Could this, where the file ends, be the beginning of one? */
bool dg_row_may_begin(const char *text, size_t len, bool is_csv);
/* The next code; false: there is none. *at begins as row->codes. */
bool dg_row_next_code(
	const struct dg_row *row, const char **at, const char **ret_code, size_t *ret_len);
