/* providers/cloudflare/cloudflare.h: the DNS of Cloudflare (API v4).
 *
 * Shape    Records with ids. One batch call makes all edits in one transaction; what name servers answer follows record by record.
 * TTL      1 is "automatic": 300 s are served, and that is what is read.
 * TXT      Read as quoted strings only where it begins and ends with a quote; written quoted.
 * Key      An API token with the right "DNS Write" on the zone.
 */
#pragma once

struct dg_provider_ops;
struct dg_schema;

extern const struct dg_provider_ops dg_provider_cloudflare;
extern const struct dg_schema dg_schema_cloudflare;
