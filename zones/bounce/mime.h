/* zones/bounce/mime.h: a message taken apart (RFC 5322, RFC 2045, RFC 2046): by our own scanner, or by a MIME library. Inside zones/bounce,
 * and for who has such a library.
 *
 * Shape    A tree: multipart/... has its parts as children, message/rfc822 the message as its one child. Parts point into the text
 *          that was scanned; nothing is decoded before it is asked for.
 * Well-formed  What the scanner takes: header fields only in headers, each multipart with a boundary that begins a part (the end may be missing),
 *          encodings that RFC 2045 names, no encoding on parts that have parts, no message/partial.
 * Limits   Of bounce.h. The scanner stops there (is_cut) and what it has is the answer.
 */
#pragma once

#include "zones/bounce/span.h"

#include <stdint.h>

struct dg_arena;

enum dg_encoding {
	DG_ENCODING_NONE, /* 7bit, 8bit, binary */
	DG_ENCODING_QUOTED,
	DG_ENCODING_BASE64,
	DG_ENCODING_OTHER,
};

#define DG_PART_WORD_MAX 128u /* of a type, a charset */

struct dg_part {
	struct dg_part *first, *next;
	struct dg_span head; /* header, without the empty line */
	struct dg_span body; /* as it was sent */
	const char *type;    /* lower case, "text/plain" when there is none */
	const char *charset; /* lower case; "" */
	struct dg_span boundary;
	enum dg_encoding encoding;
	unsigned depth;
};

struct dg_parts {
	struct dg_part *root;
	size_t n;
	bool is_cut, by_library;
};

/* A message before it is taken apart: without empty lines and the line of an mbox before it, with LF for a line end of CR alone and a
 * blank for NUL, not longer than DG_BOUNCE_READ_MAX. */
struct dg_raw {
	struct dg_span text;
	size_t skipped; /* octets of the message before text */
	bool has_sender, is_cut;
	struct dg_span sender; /* of the line of the mbox */
};
void dg_mime_prepare(struct dg_arena *a, const char *p, size_t len, struct dg_raw *ret_raw);

/* 0, or 1: not well-formed. */
int dg_mime_scan(struct dg_arena *a, const char *p, size_t len, struct dg_parts *ret_parts);
/* Sets what the header says of the part: type, charset, boundary, encoding. 0, or 1: it is not well-formed, and taken as far as it
 * goes. */
int dg_part_describe(struct dg_arena *a, struct dg_part *part);
/* The body without its transfer encoding; in the message, or in the arena. */
struct dg_span dg_part_decoded(struct dg_arena *a, const struct dg_part *part);
struct dg_span dg_quoted_decode(struct dg_arena *a, struct dg_span s, bool is_word);
struct dg_span dg_base64_decode(struct dg_arena *a, struct dg_span s);

/* How much of a message may be given to a MIME library, so that what it makes of it stays small: up to the line that has too many
 * delimiters, types or header fields before it. */
#define DG_MIME_DELIMITERS_MAX 400u
#define DG_MIME_FIELDS_MAX     4000u
size_t dg_mime_bound(const char *p, size_t len);

/* --- headers ---------------------------------------------------------------------------------- */
struct dg_field {
	struct dg_span name, value; /* value: trimmed, folds still in it */
};
/* The next field of a header; lines that are none are passed over. False: no more. */
bool dg_field_next(struct dg_span *rest, struct dg_field *ret_field);
/* Is the line (without blanks before it) the beginning of a field? Returns the length of the name; 0: it is not. */
size_t dg_field_name_len(struct dg_span line);
/* A message into header and body. False: there is no empty line, all is header. */
bool dg_head_split(struct dg_span message, struct dg_span *ret_head, struct dg_span *ret_body);
