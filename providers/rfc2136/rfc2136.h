/* providers/rfc2136/rfc2136.h: dynamic update of a primary name server (RFC 2136) with TSIG (RFC 8945).
 *
 * Reading  By transfer where the server allows it, else one question for each RRset. An answer that a wildcard made
 *          (RFC 4592) looks like one from a real RRset: which are real is asked with an UPDATE that holds prerequisites only,
 *          and changes nothing: prerequisites do not see wildcards.
 * Writing  One UPDATE for all swaps: prerequisites (each RRset is still what it was), then changes: all or nothing.
 * Trust    Everything goes over TCP and is signed both ways; without a key only to loopback.
 */
#pragma once

struct dg_provider_ops;
struct dg_schema;

extern const struct dg_provider_ops dg_provider_rfc2136;
extern const struct dg_schema dg_schema_rfc2136;
