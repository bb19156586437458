/* providers/powerdns/powerdns.h: the HTTP API of PowerDNS Authoritative (4.1 and later).
 *
 * Shape    read() is one GET of the zone. apply() reads again, compares before with what stands
 *          there, TTLs included, and sends one PATCH: the server makes it one transaction.
 * Race     Between the second GET and the PATCH another writer may come: the API has no
 *          compare-and-swap. The marker shows afterwards who was last.
 * Dry run  The second GET and the comparison alone: reach, key, zone, kind, before. APPLIED says
 *          that nothing speaks against it.
 * Kept     Comments, and disabled records of an RRset that is replaced. The SOA serial is raised by
 *          the server, or by the PATCH where the zone has no SOA-EDIT-API.
 * Load     At most 8 requests at once: the server listens with a backlog of 10. After its first 500
 *          one apply() follows the other, with the server to itself: the SQLite back end fails when
 *          a PATCH meets another request.
 */
#pragma once

struct dg_provider_ops;
struct dg_schema;

extern const struct dg_provider_ops dg_provider_powerdns;
extern const struct dg_schema dg_schema_powerdns;
