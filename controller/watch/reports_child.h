/* controller/watch/reports_child.h: a DMARC aggregate report to its rows, read by a process that has nothing to lose.
 *
 * Shape    The reader is this program again (`dnsguard letters reports`): one letter in, text out, shut in as the reader of letters is
 *          (controller/letters/shut.h). Text: "report\tBEGIN\tEND\tID\tORGANISATION", "row\tADDRESS\tCOUNT\tFLAGS\tNAME" (flags: p an aligned
 *          pass, f forwarded or a list, s a signature of the name that does not verify), and "end" when it was read to
 *          its end. What a stranger wrote has no control characters in it.
 * Limits   DG_REPORTS_TEXT_MAX octets of answer, DG_REPORTS_WAIT_MS in all. A reader that dies or is late has read nothing.
 */
#pragma once

#include "zones/base/address.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dg_letter;

#define DG_REPORTS_TEXT_MAX ((size_t)4 << 20)
#define DG_REPORTS_WAIT_MS  30000

/* What `dnsguard letters reports` does. Returns the exit status. */
int dg_reports_child(int in, int out);
/* Blocks. The text, from malloc; NULL: no report in it. */
char *dg_reports_ask(const struct dg_letter *l, size_t *ret_n);

struct dg_reports_line {
	bool is_row;
	int64_t begin, end;       /* of the report; Unix seconds */
	const char *id, *org;     /* of the report */
	struct dg_address source; /* of a row, as the others */
	uint64_t count;
	bool has_passed, is_passed_on, has_signature;
	const char *name; /* in From, as written */
};
/* The next line, cut in place. False: no more. */
bool dg_reports_line(char **text, struct dg_reports_line *ret_line);
/* Was all of it read? */
bool dg_reports_is_whole(const char *text, size_t n);
