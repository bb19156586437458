/* providers/externaldns/externaldns.h: the webhook protocol of external-dns (version 1), spoken as its client: whatever provider speaks it
 * there serves here too.
 *
 * Shape    GET / tells which domains it serves, GET /records all records as endpoints {dnsName, targets, recordType, recordTTL}, POST
 *          /records takes {create, updateOld, updateNew, delete}.
 * Errors   Nothing says whether a change that fails was done in part: it is read back, and the rest is sent again.
 * Domains  Both bodies of GET / are taken, that of the description ({"filters"}) and that of the program ({"include"}).
 */
#pragma once

struct dg_provider_ops;
struct dg_schema;

extern const struct dg_provider_ops dg_provider_externaldns;
extern const struct dg_schema dg_schema_externaldns;
