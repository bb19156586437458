/* zones/policy/amend.h: how a line of zone.yaml should read, for whoever writes it: a term taken out, a value put in place of another. Pure.
 *
 * Shape    One line, without its end, and the column (from 1, in characters) where the item or the key begins, as the loader tells it. What is
 *          given back is shown to a person, who changes the file; the next reading of the file decides.
 * Errors   false: the line is not plain enough to say (an item of several lines, an anchor, a key alone); b is as it was.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct dg_buf;

/* The line without the item of a list that begins there. ret_is_gone: nothing is left of it, the line itself goes. n: items of the list; the only
 * item of a block is not taken out, since what is left would be no list. */
bool dg_amend_without(struct dg_buf *b, const char *line, size_t len, unsigned column, size_t n,
	bool *ret_is_gone);
/* The line with this value for the key that begins there. */
bool dg_amend_value(
	struct dg_buf *b, const char *line, size_t len, unsigned column, const char *value);
