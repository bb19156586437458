/* providers/sakuracloud/sakuracloud.h: the DNS of Sakura Cloud: the whole zone in one call. */
#pragma once

struct dg_provider_ops;
struct dg_schema;

extern const struct dg_schema dg_schema_sakuracloud;
extern const struct dg_provider_ops dg_provider_sakuracloud;
