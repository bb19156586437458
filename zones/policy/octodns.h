/* zones/policy/octodns.h: a zone as octoDNS keeps it (a YAML file for each zone), to a zone. Pure.
 *
 * Shape    name: record, or a list of them; "" is the zone itself. A record has type, perhaps ttl (3600), and value or values: texts, for MX
 *          exchange (value) and preference (priority). "\;" in a TXT is ";". Of types that plans do not look into only the owner is kept.
 * Limits   DG_OCTODNS_MAX octets, DG_OCTODNS_RECORDS_MAX records; aliases are refused.
 * Errors   DG_EINPUT with file, line and column.
 */
#pragma once

#include <stddef.h>

struct dg_arena;
struct dg_err;
struct dg_zone;

#define DG_OCTODNS_MAX         (16u << 20)
#define DG_OCTODNS_RECORDS_MAX 200000u

/* *ret_zone is sealed and complete; file is for messages. */
int dg_octodns_read(struct dg_arena *a, const char *text, size_t len, const char *apex,
	const char *file, struct dg_zone **ret_zone, struct dg_err *err);
