/* providers/route53/route53.h: Route 53 of Amazon Web Services (API 2013-04-01, XML).
 *
 * Shape    RRsets. One change batch makes all changes or none, and only when each RRset that goes is exactly what stands there, values
 *          and TTL: DELETE of the old one and CREATE of the new one, never UPSERT. A batch is done when it is INSYNC.
 * Names    Come with octal escapes ("\052" is "*").
 * Key      Of an IAM user or role that may list and change the hosted zone; signed by libcurl (SigV4, us-east-1).
 * Not      RRsets with a routing policy (SetIdentifier) of the types that dnsguard writes: such zones are refused.
 */
#pragma once

struct dg_provider_ops;
struct dg_schema;

extern const struct dg_provider_ops dg_provider_route53;
extern const struct dg_schema dg_schema_route53;
