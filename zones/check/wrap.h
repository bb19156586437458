/* zones/check/wrap.h: text for people, in columns, safe for a terminal. Inside zones/check only.
 *
 * Shape    Words are kept whole: one that is longer than the line stands on a line of its own and overhangs, so that a record can be
 *          copied.
 */
#pragma once

#include <stddef.h>

struct dg_buf;

#define CHECK_COLUMNS 96u

/* From column `at` on, further lines indented by `indent`; ends the line. */
void check_wrap(struct dg_buf *b, size_t at, size_t indent, const char *text);
