/* zones/mail/idn.h: domain names and mail addresses as people and messages write them (RFC 5890, RFC 5891, UTS 46; RFC 5321,
 * RFC 6531).
 *
 * Shape    Text in UTF-8, in any letter case, with a final dot or without. U-labels become A-labels: non-transitional, after
 *          normalisation (NFC). Underscore and asterisk may stand in a label, other signs only escaped
 *          (zones/record/name.h).
 * Errors   DG_EINPUT, with what was seen (safe to show) and what was expected.
 * Memory   In the arena.
 */
#pragma once

#include <stddef.h>

struct dg_arena;
struct dg_err;

#define DG_MAIL_LOCAL_MAX \
	256u /* octets; RFC 5321 says 64, and longer ones are sent (VERP, BATV, SRS) */

/* The name in presentation form with A-labels, as dg_name_parse() reads it; ASCII comes back as it is. */
int dg_idn_to_ascii(struct dg_arena *a, const char *text, size_t len, const char **ret_ascii,
	struct dg_err *err);

/* A whole domain name, canonical. What is a mail address, a URL, an IP address, a list, the root is refused, and named. */
int dg_domain_parse(struct dg_arena *a, const char *text, size_t len, const char **ret_name,
	struct dg_err *err);

/* "user@example.com", "\"a b\"@example.com", in angle brackets or not: the local part as written, and the domain, canonical.
 * 1: the null reverse-path: nothing, or "<>". */
int dg_mail_address_domain(struct dg_arena *a, const char *text, size_t len, const char **ret_local,
	const char **ret_domain, struct dg_err *err);

/* The name with U-labels, without its final dot, to show beside the name itself. NULL: it has no A-label, or they do not lead back to
 * this name, or it would not be safe to show. */
const char *dg_name_to_unicode(struct dg_arena *a, const char *name);
