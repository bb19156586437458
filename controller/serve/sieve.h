/* controller/serve/sieve.h: the octets of a request's head, looked at before evhttp reads them (RFC 9112 section 2.2, 5.2). Pure.
 *
 * Shape    Lines that end with CRLF, then an empty one. evhttp takes a LF alone for the end of a line, joins folded lines and ends a value at
 *          a NUL; whatever stands in front of us may read each of these differently, so none of them is taken.
 * Calls    The same however the head is cut. What follows the empty line is not looked at.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct dg_sieve {
	size_t n, n_lines; /* octets; lines that ended, the first and the empty one too */
	size_t n_in_line;
	char last;
	bool is_foul;  /* such an octet was there */
	bool is_whole; /* the empty line was there */
};

/* Octets of text that belong to the head. */
size_t dg_sieve_put(struct dg_sieve *s, const char *text, size_t len);
