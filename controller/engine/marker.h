/* controller/engine/marker.h: the marker: one TXT record at _dnsguard.<zone> that every change replaces.
 *
 * Shape    "v=dg1 x=<24 hex>": an opaque nonce. It is a prerequisite of, and replaced by, the UPDATE that carries the change: fence
 *          against other writers and record of what was committed in one. What it stands for is in the journal.
 */
#pragma once

#include "zones/record/rrset.h"

struct dg_arena;
struct dg_err;
struct dg_limits;
struct dg_zone;

#define DG_MARKER_LABEL "_dnsguard"
#define DG_MARKER_TTL   60u /* seconds; more where the provider takes no less */

/* Where the marker of zone stands. */
int dg_marker_owner(
	struct dg_arena *a, const char *zone, const char **ret_owner, struct dg_err *err);
/* A new one, from the system's random source. */
int dg_marker_new(struct dg_arena *a, const char **ret_text, struct dg_err *err);
/* The RRset of a marker text; NULL: none. */
struct dg_rrset dg_marker_rrset(
	struct dg_arena *a, const char *owner, const char *text, const struct dg_limits *limits);
/* The text that stands there, NULL when there is none. 1: not read. */
int dg_marker_read(struct dg_arena *a, const struct dg_zone *have, const char *owner,
	struct dg_rrset *ret_set, const char **ret_text);
