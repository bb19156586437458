/* controller/engine/step.h: the step of one phase: its swaps, with the marker's, and its entry in the journal.
 *
 * Memory   In the job's arena.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct dg_job;
struct dg_zone;

/* j->swaps and j->step of the changes of j->phase. < 0: no random numbers for the marker. */
int dg_step_make(struct dg_job *j);
/* Index of the marker's swap; above n_swaps: there is none. */
size_t dg_step_marker_at(const struct dg_job *j);
/* DG_ECONFLICT: names the RRset of swap odd, which is not what it should be, and what stands there now. */
int dg_step_moved(struct dg_job *j, const struct dg_zone *now, size_t odd, const char *what);
/* DG_ECONFLICT: what another run had sent, killed or not, came in between, and is not what this step was to do. */
int dg_step_late(struct dg_job *j);
/* How long caches may hold the old MX of a mail name that this phase changed, seconds. */
uint32_t dg_step_mail_mx_ttl(const struct dg_job *j);
