/* zones/mail/tags.h: tag=value lists (RFC 6376 section 3.2), as DKIM, DMARC, MTA-STS and TLSRPT records use them.
 *
 * Shape    Pieces between semicolons, in order, white space around name and value taken off. A piece without '=' has
 *          value NULL and all its text as name; an empty last piece (a final semicolon) is not given.
 * Memory   Points into the text.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct dg_tag {
	const char *name;
	size_t name_len;
	const char *value; /* NULL: no '=' */
	size_t value_len;
	size_t column; /* of the name, from 1 */
};

/* The next piece from *pos on, which starts at 0. False: none left. */
bool dg_tag_next(const char *text, size_t len, size_t *pos, struct dg_tag *ret_tag);

/* The next item of a list between separators, white space taken off, from *pos on. False: none left. An empty value is one empty
 * item. */
bool dg_item_next(const char *text, size_t len, char separator, size_t *pos, const char **ret_item,
	size_t *ret_len);
