/* zones/mail/dkim_verify.h: does a DKIM signature of ours verify on a whole message (RFC 6376, RFC 8463)?
 *
 * Shape    A message as it lies, lines ending in LF or CRLF. rsa-sha256 and ed25519-sha256; canonicalization simple and relaxed; l=.
 *          rsa-sha1 does not count (RFC 8301 section 3.1). Expiry (x=) is not looked at: the question is who signed, not when.
 * Keys     Those given, by domain and selector: nothing is looked up. One that was revoked, or is weaker than RFC 8301 allows, verifies
 *          nothing.
 * Limits   DG_DKIM_SIGNATURES_MAX signatures are tried, DG_DKIM_FIELDS_MAX header fields looked at, DG_DKIM_MESSAGE_MAX octets.
 */
#pragma once

#include "zones/base/digest.h"

#include <stdbool.h>
#include <stddef.h>

struct dg_arena;

#define DG_DKIM_SIGNATURES_MAX 8u
#define DG_DKIM_FIELDS_MAX     1000u
#define DG_DKIM_MESSAGE_MAX    ((size_t)1 << 20)

struct dg_dkim_public {
	const char *domain;   /* d=, without a final dot */
	const char *selector; /* s= */
	const char *text;     /* the record */
};

/* ret_id: the digest of the signature that verifies, the same for each copy of the message; NULL: not asked for. */
bool dg_dkim_verifies(struct dg_arena *a, const char *p, size_t len,
	const struct dg_dkim_public *keys, size_t n_keys, uint8_t ret_id[DG_DIGEST_LEN]);
