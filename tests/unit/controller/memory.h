/* tests/unit/controller/memory.h: a provider in memory whose answers a test decides: lost, lying, late, refused. */
#pragma once

#include "providers/provider.h"

#include <stdbool.h>
#include <stddef.h>

enum memory_fault {
	MEMORY_GOOD,
	MEMORY_LOST_REPLY,   /* applied, but UNKNOWN comes back */
	MEMORY_LOST_REQUEST, /* not applied, UNKNOWN comes back */
	MEMORY_LIES,         /* not applied, APPLIED comes back */
	MEMORY_BUSY,         /* not applied, NOT_APPLIED with retry-after */
	MEMORY_REFUSES,      /* not applied, NOT_APPLIED */
};

#define MEMORY_SETS_MAX 64u

/* The one zone that this provider keeps. Tests write to it as other people would. */
struct memory {
	struct dg_arena *arena;
	struct dg_rrset sets[MEMORY_SETS_MAX];
	size_t n;
	enum memory_fault faults[8]; /* of the next applies, in order; then GOOD */
	size_t n_applies;
	size_t n_reads;
	bool aborts_on_write;
	bool fails_to_read;
	/* called before each read and apply: somebody who edits between our steps */
	void (*meanwhile)(struct memory *m, bool is_apply);
};

extern const struct dg_provider_ops memory_ops;
extern const struct dg_schema memory_schema;

struct memory *memory_zone(void);
void memory_reset(struct dg_arena *a);
/* text: one line of a zone file, "name. ttl TYPE rdata"; replaces the RRset. rdata "-": removes it. */
void memory_set(const char *owner, uint32_t ttl, uint16_t type, const char *rdata);
struct dg_rrset memory_get(const char *owner, uint16_t type);
