/* controller/serve/limit.h: how often somebody may ask: a bucket of tokens for each name, in bounded memory.
 *
 * Shape    A bucket holds burst at most, and per_s come back each second. Time is an argument (milliseconds that never go back).
 * Limits   DG_LIMIT_SLOTS names; one more takes the place of the one that asked longest ago.
 */
#pragma once

#include <stdint.h>

#define DG_LIMIT_SLOTS    256u
#define DG_LIMIT_NAME_MAX 80u

struct dg_limit_slot {
	char name[DG_LIMIT_NAME_MAX];
	double left;
	int64_t at_ms; /* 0: free */
};

struct dg_limit {
	double per_s, burst;
	struct dg_limit_slot slots[DG_LIMIT_SLOTS];
};

void dg_limit_init(struct dg_limit *l, double per_s, double burst);
/* 0: go on; else whole seconds to wait. */
unsigned dg_limit_take(struct dg_limit *l, const char *name, int64_t now_ms);
