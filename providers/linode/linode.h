/* providers/linode/linode.h: the DNS manager of Linode, now Akamai (API v4).
 *
 * Shape    Records with ids, one call for each edit. TXT is the text itself.
 * TTL      One of twelve; 0 is the domain's. It is not always kept when a record is made: then it is set by a second call.
 * Null MX  Of the zone's own name only, as a record with neither name nor target, and only alone.
 */
#pragma once

struct dg_provider_ops;
struct dg_schema;

extern const struct dg_provider_ops dg_provider_linode;
extern const struct dg_schema dg_schema_linode;
