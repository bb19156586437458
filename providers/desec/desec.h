/* providers/desec/desec.h: the DNS of deSEC (API v1).
 *
 * Shape    RRsets; one PATCH takes all of them or none.
 * TTL      Each domain has a minimum, an hour as a rule: the answer about the domain tells.
 * Rate     2 writes a second, 15 a minute, 100 an hour, 300 a day for each domain.
 */
#pragma once

struct dg_provider_ops;
struct dg_schema;

extern const struct dg_provider_ops dg_provider_desec;
extern const struct dg_schema dg_schema_desec;
