/* zones/mail/spf_expand.h: macros of SPF (RFC 7208 section 7). Inside zones/mail.
 *
 * Shape    Values are octets as the mail brought them: what they expand to is not yet a name (dg_spf_name()) and not yet safe to
 *          show.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dg_buf;

#define DG_SPF_PARTS_MAX \
	256u /* parts of one macro's value; the last of them is not split further */

struct dg_spf_macros {
	const char *sender;    /* s: local part, '@', domain */
	size_t n_local;        /* l: octets of sender before its '@' */
	const char *domain;    /* d: of the record that is evaluated, without final dot */
	const char *helo;      /* h */
	const char *receiver;  /* r */
	const char *validated; /* p: "unknown" when there is none */
	uint8_t address[16];   /* i, c: IPv4 in the first four octets */
	bool is_ip6;
	int64_t now; /* t */
};

/* text has no fault (dg_spf_macro_fault()). b may become full. */
void dg_spf_expand(struct dg_buf *b, const char *text, size_t len, const struct dg_spf_macros *m);

/* Does text hold a macro of one of these letters (lower case)? */
bool dg_spf_has_macro(const char *text, size_t len, const char *letters);
