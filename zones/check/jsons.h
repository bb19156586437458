/* zones/check/jsons.h: what the parts of dg_check_json() share. Inside zones/check only.
 *
 * Memory   What is returned belongs to the caller, as jansson does it.
 */
#pragma once

#include "zones/check/check.h"

#include <jansson.h>

json_t *check_json_text(const char *s); /* null for NULL */
json_t *check_json_count(size_t n);
void check_json_set(json_t *j, const char *key, json_t *value); /* value is taken over */

const char *check_policy_text(enum dg_dmarc_policy p); /* "none", "quarantine", "reject"; NULL */
const char *check_mx_text(const struct dg_check *c); /* "hosts", "null", "broken", "absent"; NULL */

json_t *check_json_spf(const struct dg_check *c);
json_t *check_json_dmarc(const struct dg_dmarc_found *found);
json_t *check_json_mx(const struct dg_check *c);
json_t *check_json_keys(const struct dg_check *c);
json_t *check_json_records(const struct dg_check *c);
