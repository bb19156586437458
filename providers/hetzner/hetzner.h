/* providers/hetzner/hetzner.h: the DNS of Hetzner's Cloud API (v1); the older dns.hetzner.com is no more.
 *
 * Shape    RRsets. Each change is an action that is polled; records and TTL are changed by two of them.
 * TTL      An RRset without one has that of the zone.
 */
#pragma once

struct dg_provider_ops;
struct dg_schema;

extern const struct dg_provider_ops dg_provider_hetzner;
extern const struct dg_schema dg_schema_hetzner;
