/* zones/record/lex.h: the words of a zone file (RFC 1035 section 5.1). Inside zones/record only.
 *
 * Shape    Words, quoted strings (without their quotes) and line ends. Comments and blanks are
 * passed over; between parentheses line ends are blanks. Escapes are left in the token as they
 * stand: dg_unescape() reads one. Errors   dg_lex_next() returns NULL, or what is wrong at
 * token->at.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DG_LEX_DEPTH_MAX 16u /* parentheses in parentheses */

enum dg_token_kind {
	DG_TOKEN_END,
	DG_TOKEN_NEWLINE,
	DG_TOKEN_WORD,
	DG_TOKEN_STRING,
};

struct dg_token {
	enum dg_token_kind kind;
	size_t at; /* from the start of the text */
	size_t len;
};

struct dg_lex {
	const char *text;
	size_t len;
	size_t pos;
	size_t paren; /* where the outermost open parenthesis is */
	size_t end;   /* behind the last token or parenthesis */
	unsigned depth;
};

const char *dg_lex_next(struct dg_lex *l, struct dg_token *ret_token);

/* The octet that text (behind a backslash) stands for: any octet, or \DDD. Returns the bytes it
 * took; 0: bad. */
size_t dg_unescape(const char *text, size_t len, unsigned char *ret_c);

/* Plain decimal, 0..max. 1: it is not. */
int dg_u32_parse(const char *text, size_t len, uint32_t max, uint32_t *ret_value);
/* Seconds, plain or with BIND's units ("1h30m", "1W"), 0..max. 1: it is not. */
int dg_seconds_parse(const char *text, size_t len, uint32_t max, uint32_t *ret_value);
