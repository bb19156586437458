/* providers/net/tsig.h: transaction signatures (RFC 8945) with hmac-sha256 and hmac-sha512.
 *
 * Shape    A session is one request with its answer, or the many messages of one transfer: dg_tsig_sign() the request, then
 *          dg_tsig_verify() each message of the answer in order.
 * Rules    MACs are whole, never truncated. The first and the last message of a transfer are signed, at most
 *          DG_TSIG_UNSIGNED_MAX in a row between them are not (section 5.3.1).
 * Units    Times are Unix seconds.
 * Memory   The key is borrowed. dg_tsig_done() frees what a session holds; it may be begun again.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "zones/base/err.h"

struct dg_tsig_key;
struct dg_wire_out;
struct evp_mac_ctx_st;

#define DG_TSIG_MAC_MAX      64u
#define DG_TSIG_FUDGE        300u /* seconds, RFC 8945 section 10 */
#define DG_TSIG_UNSIGNED_MAX 99u
#define DG_TSIG_SECRET_MIN \
	16u /* octets; RFC 8945 section 8 asks for at least the length of the digest */
#define DG_TSIG_SECRET_MAX 512u
#define DG_TSIG_FILE_MAX   65536u

enum dg_tsig_state {
	DG_TSIG_VALID,
	DG_TSIG_MISSING, /* no signature although the request had one */
	DG_TSIG_BADKEY,  /* the server says so, without a signature */
	DG_TSIG_BADSIG,
	DG_TSIG_BADTIME, /* signed; or the answer's own time is off */
	DG_TSIG_FORGED,  /* a signature that is not right */
};

struct dg_tsig_session {
	const struct dg_tsig_key *key;  /* NULL: nothing is signed, everything is taken */
	struct evp_mac_ctx_st *running; /* unsigned messages since the last signed one */
	unsigned n_unsigned;
	bool has_answer; /* the first message of the answer was verified */
	enum dg_tsig_state state;
	size_t mac_len;
	uint8_t mac[DG_TSIG_MAC_MAX]; /* the request's, then the last signed message's */
};

/* algorithm: "hmac-sha256" or "hmac-sha512". name is canonical. */
int dg_tsig_key_new(const char *name, const char *algorithm, const uint8_t *secret, size_t len,
	struct dg_tsig_key **ret_key, struct dg_err *err);

void dg_tsig_begin(struct dg_tsig_session *t, const struct dg_tsig_key *key);
void dg_tsig_done(struct dg_tsig_session *t);
/* Adds the TSIG record to a complete message. */
void dg_tsig_sign(struct dg_tsig_session *t, struct dg_wire_out *o, int64_t now);
/* len: of the message, which is well formed as far as its TSIG record. 0: believed. 1: unsigned, and may_be_unsigned. < 0: DG_EREMOTE; t->state tells why. */
int dg_tsig_verify(struct dg_tsig_session *t, const uint8_t *msg, size_t len, int64_t now,
	bool may_be_unsigned, struct dg_err *err);
