/* zones/base/sink.h: text from outside, safe in a table and a mail. (A terminal: buf.h; pages and Markdown: escape.h.)
 *
 * Shape    First as dg_buf_put_safe() makes it (no controls, no bidirectional or invisible characters, well-formed UTF-8), then what means
 *          something there is escaped. One line stays one line.
 * Table    A quoted cell (RFC 4180). A spreadsheet takes what begins with = + - @ for a formula, also behind blanks (OWASP, CSV injection): an
 *          apostrophe stands before it, and before one that stood there.
 * Mail     A line of a body: never one that a mail program takes for a command (~), an mbox for an envelope (From ), or SMTP for the end (.): a
 *          blank goes before. A header: RFC 2047, in lines of at most 75 octets; ASCII of at most DG_SINK_WORD_MAX octets stays as it is.
 *          An address: only if it is plain (RFC 5321 Dot-string and a host name), since it also goes into an envelope.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct dg_buf;

#define DG_SINK_WORD_MAX    500u /* octets of a header's text; what is longer is cut */
#define DG_SINK_ADDRESS_MAX 254u /* octets (RFC 5321 section 4.5.3.1.3, without the brackets) */

/* A cell of what dg_buf_put_safe() made: n octets of it. */
void dg_buf_put_cell(struct dg_buf *b, const char *safe, size_t n);
void dg_buf_put_mail_line(struct dg_buf *b, const void *p, size_t n); /* without its end */
/* The value of an unstructured header field; column: octets that stand in its first line already. Folds with CRLF. */
void dg_buf_put_mail_word(struct dg_buf *b, size_t column, const void *p, size_t n);
bool dg_is_plain_address(const char *text);
/* Lines of 76 octets, each ended by CRLF (RFC 2045 section 6.8). line 0: one line, without an end. */
void dg_buf_put_base64(struct dg_buf *b, size_t line, const void *p, size_t n);
