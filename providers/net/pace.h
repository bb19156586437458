/* providers/net/pace.h: when the next call of an account may go, by what its provider allows.
 *
 * Shape    An account that was quiet may make burst calls at once; n come back in per_s seconds, one by one. So no per_s seconds see
 *          more than burst + n calls, and what a provider declares (struct dg_limits) leaves room for a second burst: a process that starts
 *          knows nothing of the one before it.
 *          Accounts are kept by name beyond the providers that were opened for them: a daemon opens its providers again and again.
 * Calls    dg_net_pace_take() reserves a turn, and the caller keeps it: when he comes back after that time he goes.
 * Units    milliseconds of a clock that never goes back.
 * Memory   A name and 32 octets for each account, as long as the paces live.
 */
#pragma once

#include <stdint.h>

struct dg_net_pace_limits {
	uint32_t n, per_s; /* n 0: nothing is known, and calls go as they come */
	uint32_t burst;
};

struct dg_net_pace {
	struct dg_net_pace_limits limits;
	int64_t turn_us; /* of the call that took the last one */
	int64_t shut_ms; /* the other side wants quiet until then */
};

struct dg_net_paces;

struct dg_net_paces *dg_net_paces_new(void);
struct dg_net_paces *dg_net_paces_free(struct dg_net_paces *p); /* NULL is fine; returns NULL */
/* The account of that name; new ones have the limits. */
struct dg_net_pace *dg_net_paces_get(
	struct dg_net_paces *p, const char *name, const struct dg_net_pace_limits *limits);

void dg_net_pace_init(struct dg_net_pace *p, const struct dg_net_pace_limits *limits);
/* How long to wait for the turn that is the caller's now; 0: go. */
int64_t dg_net_pace_take(struct dg_net_pace *p, int64_t now_ms);
/* The other side said that it was too much: nobody goes before that, and then one by one. */
void dg_net_pace_shut(struct dg_net_pace *p, int64_t now_ms, int64_t ms);
/* How long the other side wants quiet; 0: it does not. */
int64_t dg_net_pace_shut_ms(const struct dg_net_pace *p, int64_t now_ms);
