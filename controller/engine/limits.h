/* controller/engine/limits.h: can the provider hold what is planned? Said before anything is sent, with what to do instead.
 */
#pragma once

struct dg_change;
struct dg_job;

/* 0, or DG_EPOLICY at the place of the policy that wants it. What is not known is tried, and noted in j->note. */
int dg_limits_check(struct dg_job *j, const struct dg_change *c);
