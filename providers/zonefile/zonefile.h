/* providers/zonefile/zonefile.h: a zone file on this machine, changed in place (RFC 1035 section 5); the embedded default.
 *
 * Apply    Under a lock on the folder: read again, compare each before, edit, read the new text like a stranger's, write beside,
 *          sync, rename, sync. What a person changed in other lines meanwhile stays; in a managed RRset it is a conflict.
 * Outcome  PARTIAL: the file is written, the reload command failed. UNKNOWN: written, but the folder could not be synced.
 * Refused  A file that is not regular; MX and TXT in a file whose $INCLUDE (or $GENERATE of that type) may hold some.
 */
#pragma once

struct dg_provider_ops;
struct dg_schema;

extern const struct dg_provider_ops dg_provider_zonefile;
extern const struct dg_schema dg_schema_zonefile;
