/* providers/exec/exec.h: any program that speaks our own format on its standard input and output (doc/plugin.md).
 *
 * Trust    No shell; a small environment of its own, with the token of token-file as DNSGUARD_TOKEN; its time and what it says are bounded.
 */
#pragma once

struct dg_provider_ops;
struct dg_schema;

extern const struct dg_schema dg_schema_exec;
extern const struct dg_provider_ops dg_provider_exec;
