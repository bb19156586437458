/* providers/api/plugin.h: our own format for programs and HTTP endpoints that keep zones (doc/plugin.md).
 *
 * Shape    One JSON object asks, one answers. Verbs: describe, read, apply. Names are whole, with a final dot, values presentation
 *          form as in a zone file.
 * Answers  An object with "error" did nothing. What apply came to says "outcome".
 */
#pragma once

#include "providers/api/api.h"

#define DG_PLUGIN_PROTOCOL 1
#define DG_PLUGIN_MEDIA    "application/vnd.dnsguard.provider+json;version=1"

/* The verb that w asks now: for argv. */
const char *dg_plugin_verb(const struct dg_api_work *w);

void dg_plugin_find(struct dg_api_work *w, struct dg_api_call *call);
int dg_plugin_found(struct dg_api_work *w, const struct dg_api_reply *reply);
void dg_plugin_list(struct dg_api_work *w, struct dg_api_call *call);
int dg_plugin_listed(struct dg_api_work *w, const struct dg_api_reply *reply);
void dg_plugin_change(struct dg_api_work *w, struct dg_api_call *call);
int dg_plugin_changed(struct dg_api_work *w, const struct dg_api_reply *reply);

/* clang-format off */
#define DG_PLUGIN_DIALECT \
	.flags = DG_API_BATCH, .find = dg_plugin_find, .found = dg_plugin_found, .list = dg_plugin_list, .listed = dg_plugin_listed, \
	.change = dg_plugin_change, .changed = dg_plugin_changed

#define DG_PLUGIN_LIMITS \
	.ttl_min = 0, .ttl_max = DG_TTL_MAX, .txt_max = 4000, .null_mx = DG_NULL_MX_NOT_KNOWN, \
	.transaction = DG_TRANSACTION_RRSET, .rate = "those of what stands behind it"
/* clang-format on */
