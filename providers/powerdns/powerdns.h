/* providers/powerdns/powerdns.h: the HTTP API of PowerDNS Authoritative. */
#pragma once

struct dg_provider_ops;
struct dg_schema;

extern const struct dg_provider_ops dg_provider_powerdns;
extern const struct dg_schema dg_schema_powerdns;
