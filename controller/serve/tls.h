/* controller/serve/tls.h: TLS with client certificates (OpenSSL).
 *
 * Shape    TLS 1.2 or later (RFC 9325), no resumption: each connection shows its certificate. PEM files: our certificate with its chain, its key
 *          without a passphrase, and the authorities whose clients may connect; perhaps their lists of withdrawn certificates (RFC 5280).
 * Trust    The key stands in a file that others cannot read (providers/net/secret.h).
 * Withdrawn  With lists, each client's certificate must have an authority with one that is in force, and not stand in it: a list that
 *          cannot be had is no reason to let somebody in who may stand in it.
 * Errors   DG_EINPUT, DG_EIO: which file, and what to do about it.
 * Memory   dg_tls_free(). Whoever needs it longer holds it (SSL_CTX_up_ref()).
 */
#pragma once

#include "zones/base/err.h"

#include <stdint.h>

struct ssl_ctx_st;
struct ssl_st;

struct dg_tls_files {
	const char *certificate, *key, *client_ca; /* all of them, or none */
	const char *client_crl; /* lists of withdrawn certificates; NULL: none is looked at */
};

/* Who shows a certificate. */
struct dg_tls_peer {
	char subject[256]; /* RFC 4514, cut when it is longer */
	char sha256[65];   /* of the whole certificate (DER), in hex */
};

/* now: Unix seconds. *ret_tls NULL: no files were named. */
int dg_tls_load(
	const struct dg_tls_files *f, int64_t now, struct ssl_ctx_st **ret_tls, struct dg_err *err);
struct ssl_ctx_st *dg_tls_free(struct ssl_ctx_st *tls); /* NULL is fine; returns NULL */
/* After the handshake. */
void dg_tls_name(const struct ssl_st *ssl, struct dg_tls_peer *ret_peer);
