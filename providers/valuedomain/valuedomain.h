/* providers/valuedomain/valuedomain.h: VALUE-DOMAIN (XREA): the whole zone as one text. */
#pragma once

struct dg_provider_ops;
struct dg_schema;

extern const struct dg_schema dg_schema_valuedomain;
extern const struct dg_provider_ops dg_provider_valuedomain;
