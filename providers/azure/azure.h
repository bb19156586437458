/* providers/azure/azure.h: Azure DNS: RRsets with ETags. */
#pragma once

struct dg_provider_ops;
struct dg_schema;

extern const struct dg_schema dg_schema_azure;
extern const struct dg_provider_ops dg_provider_azure;
