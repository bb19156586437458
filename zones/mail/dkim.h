/* zones/mail/dkim.h: DKIM key records (RFC 6376 section 3.6.1, RFC 8301, RFC 8463): parse, print, lint, make from a key file.
 *
 * Errors   As in spf.h: faults are lints; n_errors > 0: verifiers do not use the key.
 * Memory   In the arena given.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dg_arena;
struct dg_buf;
struct dg_err;
struct dg_lints;

#define DG_DKIM_TEXT_MAX 16384u /* octets of a record's text */
#define DG_DKIM_FILE_MAX 65536u /* octets of a key file */
#define DG_DKIM_RSA_MIN  1024u  /* bits (RFC 8301 section 3.2) */
#define DG_DKIM_RSA_GOOD 2048u
#define DG_DKIM_RSA_MAX  4096u

enum dg_dkim_key {
	DG_DKIM_RSA,
	DG_DKIM_ED25519,
	DG_DKIM_OTHER,
};

struct dg_dkim {
	enum dg_dkim_key key;
	bool is_revoked; /* p= empty */
	bool is_testing; /* t=y */
	bool is_strict;  /* t=s */
	unsigned n_bits; /* RSA modulus; ed25519: 256; 0: unknown */
	const char *p;   /* base64 without white space */
	const char *h;   /* as written; NULL */
	const char *s;   /* as written; NULL */
};

bool dg_dkim_is_record(const char *text, size_t len); /* has p=, and v=DKIM1 first if there is v= */
void dg_dkim_parse(struct dg_arena *a, const char *text, size_t len, struct dg_dkim *ret_dkim,
	struct dg_lints *lints);
void dg_dkim_lint(const struct dg_dkim *d, struct dg_lints *lints);

/* The record's text from a key file: PEM "PUBLIC KEY" or "RSA PUBLIC KEY" (RSA, Ed25519); a record as OpenDKIM's and
 * rspamd's tools write it (zone file lines with quoted strings, or the bare text "v=DKIM1; ..."). A private
 * key is refused in words that say so. file: for messages. */
int dg_dkim_from_file(struct dg_arena *a, const char *data, size_t len, const char *file,
	const char **ret_text, struct dg_err *err);
#define DG_DKIM_REVOKED "v=DKIM1; p=" /* RFC 6376 section 3.6.1: the key has been revoked */
