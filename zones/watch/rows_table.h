/* zones/watch/rows_table.h: the table that rows.c fills and rows_sum.c reads. Inside zones/watch. */
#pragma once

#include "zones/base/map.h"
#include "zones/watch/rows.h"
#include "zones/watch/sketch.h"

#define DG_ROWS_DKIM      (1u << 0) /* passed, aligned */
#define DG_ROWS_SPF       (1u << 1)
#define DG_ROWS_PASSED_ON (1u << 2) /* the receiver says: forwarded, or a list */
#define DG_ROWS_SIGNED    (1u << 3) /* by the domain, and it did not verify */

struct dg_rows_entry {
	uint8_t octets[16];
	uint64_t count;
	uint32_t refused;
	uint16_t name; /* of names */
	uint16_t day;
	uint8_t is_ip6;
	uint8_t evidence; /* DG_ROWS_ bits */
	uint8_t standing;
	uint8_t provider; /* of providers, from 1 on; 0: none */
};

struct dg_rows_name {
	const char *text;
	uint16_t at;  /* of names */
	uint16_t org; /* its policy domain, of names; itself when it is one */
	struct dg_distinct reporters, forged_reporters; /* of a policy domain */
};

struct dg_rows {
	struct dg_arena *arena;
	const char *zone;
	uint64_t seed;
	struct dg_rows_counts counts;
	struct dg_map by_name;  /* canonical text to struct dg_rows_name */
	struct dg_map by_words; /* as they stand in reports to struct dg_rows_name */
	struct dg_rows_name **names;
	size_t n_names;
	const char *providers[DG_ROWS_PROVIDERS_MAX + 1];
	size_t n_providers;
	struct dg_rows_entry *entries;
	size_t n, cap;
	size_t n_sound;  /* entries before it are committed, the rest are of the open report */
	uint32_t *index; /* entry + 1 by key; only of committed ones */
	size_t n_index;
	/* the ids of reports, the oldest first, and an index into them */
	uint64_t *ids;
	size_t n_ids, cap_ids;
	uint32_t *id_index;
	size_t n_id_index;
	/* the open report */
	uint64_t id, reporter;
	struct dg_rows_name *org;
	uint16_t day;
	struct dg_rows_counts open;
};

enum dg_rows_class dg_rows_class_of(const struct dg_rows_entry *e);
