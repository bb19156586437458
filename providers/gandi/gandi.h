/* providers/gandi/gandi.h: LiveDNS of Gandi (API v5).
 *
 * Shape    RRsets, one PUT or DELETE for each.
 * Key      A personal access token.
 */
#pragma once

struct dg_provider_ops;
struct dg_schema;

extern const struct dg_provider_ops dg_provider_gandi;
extern const struct dg_schema dg_schema_gandi;
