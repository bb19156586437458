/* controller/letters/charsets.h: character sets of mail to UTF-8 (iconv). Inside controller/letters.
 *
 * Calls    dg_charsets_open() reads the tables from files: before the process shuts itself in. Sets that are not in its list are read as
 *          far as they are ASCII.
 */
#pragma once

#include "zones/bounce/bounce.h"

struct dg_charsets;
struct dg_charsets *dg_charsets_open(void);
struct dg_charsets *dg_charsets_free(struct dg_charsets *c); /* NULL is fine; returns NULL */
/* For dg_bounce_charsets; arg: struct dg_charsets. */
const char *dg_charsets_to_utf8(void *arg, struct dg_arena *a, const char *charset, const char *p,
	size_t len, size_t *ret_len);
