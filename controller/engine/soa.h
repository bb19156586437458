/* controller/engine/soa.h: the SOA as one more thing that must not have changed (RFC 2136 section 2.4.2).
 *
 * Why      Prerequisites cannot see TTLs: a person who changed a TTL between the last look and the UPDATE would be overwritten
 *          in silence. The serial moves with every change; but not every server compares the SOA that it serves.
 */
#pragma once

#include <stdbool.h>

struct dg_job;
struct dg_zone;

#define DG_SOA_ATTEMPTS 3u /* tries with it, in a zone where much else changes */

/* From what was read last, before a step is sent for the first time. */
void dg_soa_begin(struct dg_job *job, const struct dg_zone *now);
/* The step was not applied, and all of it stands as before. true: nothing but the SOA can have been in the way; send it again,
 * with the SOA of now, or without any when that cannot help. */
bool dg_soa_was_all(struct dg_job *job, const struct dg_zone *now);
