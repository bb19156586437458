/* providers/ovh/ovh.h: the DNS zones of OVH: signed calls, staged until a refresh. */
#pragma once

struct dg_provider_ops;
struct dg_schema;

extern const struct dg_schema dg_schema_ovh;
extern const struct dg_provider_ops dg_provider_ovh;
