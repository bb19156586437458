/* zones/base/json.h: what every writer of JSON here shares (jansson).
 *
 * Output   One line of ASCII: what stands in a string cannot move a terminal's cursor (DEL too, which jansson leaves as it is).
 * Memory   As jansson does it: what is returned belongs to the caller, values that are put in are taken over.
 */
#pragma once

#include <jansson.h>
#include <stddef.h>

struct dg_buf;

json_t *dg_json_text(
	const char *s); /* null for NULL; text that is not UTF-8 is escaped rather than lost */
json_t *dg_json_count(size_t n);
void dg_json_set(json_t *object, const char *key, json_t *value);
/* The object without a newline; it is released. */
void dg_json_put(struct dg_buf *b, json_t *root);
