/* zones/check/jsons.h: what the parts of dg_check_json() share. Inside zones/check only.
 *
 * Memory   What is returned belongs to the caller, as jansson does it.
 */
#pragma once

#include "zones/base/json.h"
#include "zones/check/check.h"
#include "zones/check/parts.h"

const char *check_mx_text(const struct dg_check *c); /* "hosts", "null", "broken", "absent"; NULL */
const char *check_backscatter_text(enum dg_backscatter b);

/* The short form, written without a tree of values: an audit writes millions of it. */
void check_json_short(struct dg_buf *b, const struct dg_check *c);
json_t *check_json_spf(const struct dg_check *c);
json_t *check_json_mx(const struct dg_check *c);
json_t *check_json_keys(const struct dg_check *c);
json_t *check_json_records(const struct dg_check *c);
json_t *check_json_servers(const struct dg_check *c);
