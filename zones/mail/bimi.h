/* zones/mail/bimi.h: BIMI assertion records (draft-brand-indicators-for-message-identification section 4.3): parse and lint.
 *
 * Shape    "v=BIMI1; l=https://...svg; a=https://...pem". l= and a= both there and empty: the domain declines to take part.
 * Errors   As in spf.h: faults are lints; n_errors > 0: receivers show no logo.
 * Memory   In the arena given.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct dg_arena;
struct dg_lints;

#define DG_BIMI_TEXT_MAX 16384u /* octets of a record's text */

struct dg_bimi {
	const char *location; /* l=: the logo; "": declined; NULL: not there */
	const char *evidence; /* a=: the certificate of the mark; ""; NULL: not there */
	bool is_declined;
};

bool dg_bimi_is_record(const char *text, size_t len); /* "v=BIMI1" first */
void dg_bimi_parse(struct dg_arena *a, const char *text, size_t len, struct dg_bimi *ret_bimi,
	struct dg_lints *lints);
