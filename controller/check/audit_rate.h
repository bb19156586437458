/* controller/check/audit_rate.h: no name server is asked more than so many questions a second.
 *
 * Shape    A domain is let in when each of its name servers has room for it: all of its questions are charged to each of its
 *          servers, whichever of them libunbound will ask, so that none gets more than the limit. How many they are is estimated
 *          beforehand and settled afterwards.
 * Limits   DG_RATE_HOSTS servers are remembered; of more, those that had the longest rest are forgotten.
 * Threads  Any.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define DG_RATE_HOSTS 16384u

struct dg_rate;

struct dg_rate *dg_rate_new(uint32_t per_s);
struct dg_rate *dg_rate_free(struct dg_rate *r); /* NULL is fine; returns NULL */
/* When the domain may be asked about: milliseconds from now_ms on, 0: at once. Its questions are charged. */
int64_t dg_rate_reserve(struct dg_rate *r, const char *const *hosts, size_t n_hosts,
	unsigned n_questions, int64_t now_ms);
/* It were so many more (or, negative, fewer) than were charged. */
void dg_rate_settle(struct dg_rate *r, const char *const *hosts, size_t n_hosts, int n_questions);
