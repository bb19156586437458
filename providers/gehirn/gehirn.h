/* providers/gehirn/gehirn.h: Gehirn DNS: RRsets in the current version of a zone. */
#pragma once

struct dg_provider_ops;
struct dg_schema;

extern const struct dg_schema dg_schema_gehirn;
extern const struct dg_provider_ops dg_provider_gehirn;
