/* providers/net/dns.h: direct questions to one name server address: UDP, TCP, transfers, UPDATE, with TSIG.
 *
 * Shape    A dg_dns_server is one address and port with, if given, one TSIG key. TCP connections are kept and shared:
 *          up to DG_DNS_INFLIGHT messages in flight on each (RFC 7766), answers in any order, a few connections a server.
 * Calls    Each request gets exactly one callback, from the loop, also on error; after dg_dns_server_free() none.
 *          A request must live until its callback.
 * Time     deadline: milliseconds for the whole request. A UDP question is repeated twice within it; truncated answers go on over TCP.
 * Trust    With a key every answer must carry a valid TSIG (RFC 8945): a missing, wrong or late one is DG_EREMOTE, whatever
 *          its rcode says (a NOTAUTH that is unsigned because the server does not know the key is told apart in the text).
 *          Id, question, QR, opcode are compared; what does not fit is dropped as forged.
 * Errors   DG_EIO: no connection, timeout. DG_EREMOTE: nonsense or refusal, in words: server, what was asked, what came.
 * Limits   64 KiB a message; DG_AXFR_MAX octets a transfer.
 */
#pragma once

#include "zones/base/err.h"
#include "zones/policy/schema.h"
#include "zones/record/rrset.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dg_arena;
struct dg_dns_server;
struct dg_loop;
struct dg_zone;

#define DG_DNS_INFLIGHT 64u
#define DG_AXFR_MAX     (256u << 20)

struct dg_tsig_key; /* zeroed when freed; never printed */

/* A key file: BIND's key "name" { algorithm ...; secret "..."; };, Knot's YAML (key: - id: ... algorithm: ... secret: ...), or
 * "[algorithm:]name:secret" / the bare base64 secret (then name and algorithm must be given). hmac-sha256 and hmac-sha512 only.
 * DG_EINPUT: the file is readable for others than owner and group, or does not parse (no part of the secret in the text). */
int dg_tsig_key_load(const char *path, const char *name, const char *algorithm,
	struct dg_tsig_key **ret_key, struct dg_err *err);
struct dg_tsig_key *dg_tsig_key_free(struct dg_tsig_key *k);
const char *dg_tsig_key_name(const struct dg_tsig_key *k);

/* host: an address literal or a name (resolved by the system at once). key is borrowed, NULL: none. */
int dg_dns_server_new(struct dg_loop *l, const struct dg_endpoint *at, uint16_t default_port,
	const struct dg_tsig_key *key, struct dg_dns_server **ret_server, struct dg_err *err);
struct dg_dns_server *dg_dns_server_free(struct dg_dns_server *s);
const char *dg_dns_server_text(const struct dg_dns_server *s); /* "127.0.0.1@5301" */

enum dg_dns_transport {
	DG_DNS_UDP,
	DG_DNS_TCP,
};

struct dg_dns_query {
	const char *name; /* canonical */
	uint16_t type;
	enum dg_dns_transport transport;
	bool recursion_desired;
	int64_t deadline_ms;
	/* rc 0: rcode, is_authoritative and the answer are set. < 0: err. */
	void (*done)(struct dg_dns_query *q, int rc);
	void *arg;
	struct dg_arena *arena; /* the answer lives here */
	/* --- results --- */
	int rcode; /* RFC 6895 */
	bool is_authoritative;
	bool is_referral;
	struct dg_rrset *answer; /* RRsets of the answer section, in canonical form; CNAMEs too */
	size_t n_answer;
	struct dg_rrset *authority;
	size_t n_authority;
	struct dg_rrset *additional; /* A and AAAA only */
	size_t n_additional;
	struct dg_err err;
	void *internal;
};
void dg_dns_ask(struct dg_dns_server *s, struct dg_dns_query *q);

struct dg_dns_axfr {
	const char *zone;
	int64_t deadline_ms;
	void (*done)(struct dg_dns_axfr *x, int rc); /* 0: zone_data is sealed and complete; 1: refused (REFUSED, NOTAUTH, NOTIMP): ask for RRsets instead */
	void *arg;
	struct dg_arena *arena;
	bool mail_only; /* as dg_zonefile_read_mail(): rdata only of the types that mail needs */
	struct dg_zone *zone_data;
	struct dg_err err;
	void *internal;
};
void dg_dns_transfer(struct dg_dns_server *s, struct dg_dns_axfr *x);

/* One UPDATE message (RFC 2136): each swap is a prerequisite "before is exactly what stands there" (section 2.4.2, or 2.4.3
 * when n == 0) and delete RRset plus add. dry_run: prerequisites only. */
struct dg_swap {
	struct dg_rrset before;
	struct dg_rrset after;
};

struct dg_dns_update {
	const char *zone;
	const struct dg_swap *swaps;
	size_t n_swaps;
	bool is_dry_run;
	int64_t deadline_ms;
	void (*done)(struct dg_dns_update *u, int rc); /* 0: rcode is set, the answer's TSIG was right. < 0: err; the UPDATE may or may not have arrived unless was_sent is false */
	void *arg;
	int rcode;
	bool was_sent;
	struct dg_err err;
	void *internal;
};
void dg_dns_update(struct dg_dns_server *s, struct dg_dns_update *u);

/* For tests and fuzzing, pure: a whole answer message as a server's; checks that it answers id, name and type. */
int dg_dns_answer_parse(const uint8_t *wire, size_t len, uint16_t id, struct dg_dns_query *q);
