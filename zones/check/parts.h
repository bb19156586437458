/* zones/check/parts.h: parts of a check as JSON that other commands show too (doc/json.md).
 *
 * Memory   As jansson does it: what is returned belongs to the caller.
 */
#pragma once

#include "zones/mail/dmarc_find.h"
#include "zones/mail/spf_tree.h"

#include <jansson.h>

json_t *dg_spf_tree_json(const struct dg_spf_tree *t);
json_t *dg_dmarc_found_json(const struct dg_dmarc_found *found);
