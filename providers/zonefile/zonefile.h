/* providers/zonefile/zonefile.h: a zone file on this machine, changed in place (RFC 1035 section 5); the embedded default. */
#pragma once

struct dg_provider_ops;
struct dg_schema;

extern const struct dg_provider_ops dg_provider_zonefile;
extern const struct dg_schema dg_schema_zonefile;
