/* providers/rfc2136/rfc2136.h: dynamic update of a primary name server (RFC 2136) with TSIG (RFC 8945). */
#pragma once

struct dg_provider_ops;
struct dg_schema;

extern const struct dg_provider_ops dg_provider_rfc2136;
extern const struct dg_schema dg_schema_rfc2136;
