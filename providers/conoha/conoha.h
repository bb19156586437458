/* providers/conoha/conoha.h: the DNS of ConoHa: records, with a token of its identity service. */
#pragma once

struct dg_provider_ops;
struct dg_schema;

extern const struct dg_schema dg_schema_conoha;
extern const struct dg_provider_ops dg_provider_conoha;
