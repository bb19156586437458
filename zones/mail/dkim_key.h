/* zones/mail/dkim_key.h: the public key inside a DKIM record (RFC 6376 section 3.6.1, RFC 8463 section 4.2).
 *
 * Shape    RSA: base64 of a SubjectPublicKeyInfo (or of the bare RSAPublicKey that RFC 6376 names); Ed25519: base64 of the
 *          32 octets themselves.
 */
#pragma once

#include "zones/mail/dkim.h"

/* Reads base64 text without white space. NULL: sound, else why not (static text). */
const char *dg_dkim_key_fault(
	struct dg_arena *a, enum dg_dkim_key kind, const char *p, size_t len, unsigned *ret_bits);

/* The key itself (OpenSSL's EVP_PKEY), the caller's to free. NULL: it is none. */
struct evp_pkey_st;
struct evp_pkey_st *dg_dkim_key_read(
	struct dg_arena *a, enum dg_dkim_key kind, const char *p, size_t len);
/* RFC 4648 section 4 with its padding; out has room for 3/4 of it. */
bool dg_dkim_base64(const char *p, size_t len, uint8_t *out, size_t *ret_len);

/* The record's text from a PEM file with one public key. */
int dg_dkim_from_pem(struct dg_arena *a, const char *data, size_t len, const char *file,
	const char **ret_text, struct dg_err *err);
