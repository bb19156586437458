/* zones/record/zonefile.h: zone files (RFC 1035 section 5.1), read and edited without losing a byte.
 *
 * Shape    dg_zonefile_scan() cuts the text into statements and knows where each begins and ends, its owner,
 *          TTL and type; rdata is parsed (by ldns) when asked for. dg_zonefile_edit() makes a new text in which
 *          only the given RRsets and the SOA serial differ: every other line, comment, blank and $ directive
 *          stays as it was, byte for byte.
 * Known    $ORIGIN, $TTL, parentheses, comments, quoted strings, escapes, blank owner, BIND TTL units
 *          (1h30m), CRLF. $INCLUDE and $GENERATE are left alone; what they would add is not read: the zone is then
 *          not complete, and has_foreign is set.
 * Limits   256 MiB a file, 10 million statements; ends by an error, never by a crash.
 * Errors   DG_EINPUT with file, line and column.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dg_arena;
struct dg_buf;
struct dg_err;
struct dg_rrset;
struct dg_zone;

#define DG_ZONEFILE_MAX            (256u << 20)
#define DG_ZONEFILE_STATEMENTS_MAX 10000000u

struct dg_zonefile; /* lives in its arena; borrows the text */

/* apex is canonical; it is the first $ORIGIN. file: for messages only. */
int dg_zonefile_scan(struct dg_arena *a, const char *text, size_t len, const char *apex,
	const char *file, struct dg_zonefile **ret_file, struct dg_err *err);

/* All RRsets (records outside the zone are an error, and so is a zone without SOA). rdata is parsed for every record; only
 * types whose text dnsguard does not read (dg_rdata_parse()) are there with rdata of length 0. */
int dg_zonefile_read(struct dg_zonefile *f, struct dg_zone **ret_zone, struct dg_err *err);

/* Parses rdata only of SOA, NS, MX, TXT, CNAME and DNAME; the other types are in the zone with their true owner, type,
 * count and TTL, but with rdata of length 0. For plans over many zones, where hosts matter but addresses do not. */
int dg_zonefile_read_mail(struct dg_zonefile *f, struct dg_zone **ret_zone, struct dg_err *err);

bool dg_zonefile_has_foreign(const struct dg_zonefile *f); /* $INCLUDE or $GENERATE seen */

/* May $INCLUDE or $GENERATE add records of this type? Of such types no set can be edited, and what is not listed is not known. */
bool dg_zonefile_may_hide(const struct dg_zonefile *f, uint16_t type);

/* How the SOA serial is raised. AUTO: DATE when the serial reads as YYYYMMDDnn of a possible date, UNIX when it
 * is within 10 years of now as a Unix time, else INCREMENT. */
enum dg_serial_scheme {
	DG_SERIAL_AUTO,
	DG_SERIAL_INCREMENT,
	DG_SERIAL_DATE,
	DG_SERIAL_UNIX,
	DG_SERIAL_KEEP,
};

/* The serial after old; now: Unix seconds (UTC). Always ahead of old in RFC 1982 arithmetic. */
uint32_t dg_serial_next(uint32_t old, enum dg_serial_scheme scheme, int64_t now);

/* Puts n RRsets (n == 0 in a set: remove it) into the text. New records stand where the RRset stood, else after
 * the last record of the same owner, else at the end of the file under an absolute owner name. Nothing to change: the text comes back
 * unaltered, serial included. DG_EPOLICY: type NS, SOA or DNSSEC; a set that partly comes from
 * $INCLUDE or $GENERATE. */
int dg_zonefile_edit(struct dg_zonefile *f, const struct dg_rrset *sets, size_t n,
	enum dg_serial_scheme scheme, int64_t now, struct dg_buf *out, struct dg_err *err);
