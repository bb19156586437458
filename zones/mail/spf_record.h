/* zones/mail/spf_record.h: SPF records made ready for evaluation, found among the TXT records of a name. Inside zones/mail.
 *
 * Shape    A record with its terms, the place of what ends it, and the canonical names of the domain-specs that hold no macro. A
 *          record with a syntax error anywhere keeps its first fault: no receiver looks further (RFC 7208 section 4.6).
 * Memory   In the arena given, or in the memo: then until dg_spf_memo_begin().
 */
#pragma once

#include "zones/mail/lint.h"
#include "zones/mail/spf.h"

#define DG_SPF_DOMAIN_MAX 253u /* octets of a name without its final dot (section 7.3) */

struct dg_rrset;
struct dg_spf_memo;

struct dg_spf_ready {
	const char *text; /* joined, NUL added; may hold NULs */
	size_t len;
	struct dg_spf spf;
	const char **targets;        /* of each term; NULL: no domain-spec, or one with macros */
	size_t all, redirect, exp;   /* index of the first; spf.n: none */
	const struct dg_lint *fault; /* NULL: none */
};

const struct dg_spf_ready *dg_spf_ready_make(struct dg_arena *a, const char *text, size_t len);

/* The SPF records among the TXT records of set: how many, and the first (NULL: none). m may be NULL. */
size_t dg_spf_ready_find(struct dg_arena *a, struct dg_spf_memo *m, const struct dg_rrset *set,
	const struct dg_spf_ready **ret_record);

/* Before an evaluation: forgets everything when the memo is full. */
void dg_spf_memo_begin(struct dg_spf_memo *m);

/* The name that these octets mean, cut at labels from the left to 253 octets (section 7.3), canonical. NULL: it is not
 * a name (empty or overlong labels). A final dot is allowed. */
const char *dg_spf_name(struct dg_arena *a, const char *text, size_t len);

/* A term as it stands in its record. */
const char *dg_spf_ready_term(struct dg_arena *a, const struct dg_spf_ready *r, size_t i);

/* The record as served; what no terminal should get is escaped. */
const char *dg_spf_ready_shown(struct dg_arena *a, const struct dg_spf_ready *r);
