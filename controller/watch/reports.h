/* controller/watch/reports.h: DMARC aggregate reports out of files into zones/watch/rows.h.
 *
 * Shape    A file is plain XML, gzip, a zip archive with one entry, or a mail message with one of these (RFC 9990 section 6.3: most come
 *          as a base64 part; 7bit and 8bit XML is read too, quoted-printable is not). What it is, the content tells, not the name.
 *          Nothing is unpacked twice: an archive inside an archive is not well-formed XML.
 * Limits   DG_REPORTS_FILE_MAX octets of a file, DG_REPORTS_RATIO_MAX octets out of one (after the first MiB), DG_AGGREGATE_XML_MAX of XML;
 *          of a mail DG_REPORTS_PARTS_MAX parts and DG_REPORTS_BOUNDARIES_MAX boundaries.
 * Errors   DG_EIO: cannot be read. DG_EREMOTE: broken. DG_ELIMIT. A report counts whole or not at all.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct dg_aggregate_options;
struct dg_err;
struct dg_rows;

#define DG_REPORTS_FILE_MAX       ((size_t)20 << 20)
#define DG_REPORTS_RATIO_MAX      200u
#define DG_REPORTS_PARTS_MAX      100u
#define DG_REPORTS_BOUNDARIES_MAX 8u
#define DG_REPORTS_DEPTH_MAX      8u /* folders in folders */

enum dg_reports_answer {
	DG_REPORTS_AGAIN = 1, /* it was counted before: on_report() did not want it */
	DG_REPORTS_NONE,      /* a mail without one, something else packed, an empty file */
};

/* In memory. */
int dg_reports_parse(
	const uint8_t *p, size_t n, const struct dg_aggregate_options *o, struct dg_err *err);
/* The same, into rows. */
int dg_reports_take(const uint8_t *p, size_t n, struct dg_rows *rows, struct dg_err *err);
/* One file, into rows. */
int dg_reports_read(const char *path, struct dg_rows *rows, struct dg_err *err);
/* Each file of a folder and of the folders in it (not those that begin with a dot, nor tmp of a Maildir; links to folders are not
 * followed), in no order; or path alone when it is a file. Ends when on_file() returns negative. */
int dg_reports_walk(const char *path,
	int (*on_file)(void *arg, const char *path, struct dg_err *err), void *arg,
	struct dg_err *err);
