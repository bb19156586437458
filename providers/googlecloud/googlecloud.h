/* providers/googlecloud/googlecloud.h: Cloud DNS of Google: changes that compare. */
#pragma once

struct dg_provider_ops;
struct dg_schema;

extern const struct dg_schema dg_schema_googlecloud;
extern const struct dg_provider_ops dg_provider_googlecloud;
