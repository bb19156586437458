/* zones/mail/uri.h: the URIs that DMARC and TLSRPT send reports to (RFC 3986, RFC 6068).
 *
 * Shape    Stricter than the RFCs where nobody needs the freedom: one address, a dot-atom or percent-encoded local part, a domain
 *          name of letters, digits and hyphens. Comma, semicolon and exclamation mark must be percent-encoded.
 * Errors   *_fault(): NULL when it is sound, else why not (static text).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define DG_URI_MAX 512u /* octets */

bool dg_uri_has_scheme(const char *uri, size_t len, const char *scheme);
const char *dg_uri_fault(const char *uri, size_t len); /* of any scheme */
const char *dg_mailto_fault(const char *uri, size_t len);
const char *dg_https_fault(const char *uri, size_t len);

/* The domain in a sound mailto URI. */
void dg_mailto_domain(const char *uri, size_t len, const char **ret_domain, size_t *ret_len);

/* Two labels or more of letters, digits and inner hyphens, the last not digits alone, at most 253 octets. */
bool dg_is_host_name(const char *p, size_t len);
