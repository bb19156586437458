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
 * Limits   64 KiB a message. Names come compressed: what an answer or a transfer may take of the arena is bounded besides.
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
struct dg_rrkey;
struct dg_zone;

#define DG_DNS_INFLIGHT    64u   /* messages in flight on one TCP connection */
#define DG_DNS_CONNECTIONS 4u    /* TCP connections to one server */
#define DG_DNS_TRANSFERS   8u    /* transfers at once from one server: BIND serves 10 by default */
#define DG_DNS_UDP_MAX     128u  /* UDP questions in flight to one server, a socket each */
#define DG_DNS_ATTEMPTS    3u    /* connections that one request may be tried on */
#define DG_DNS_RECORDS_MAX 6000u /* of one answer: more do not fit in a message */
#define DG_DNS_ANSWER_MAX  (1u << 20)   /* bytes of arena for one section of an answer */
#define DG_AXFR_MAX        (256u << 20) /* bytes of arena for a transfer */

struct dg_tsig_key; /* zeroed when freed; never printed */

/* A key file: BIND's key "name" { algorithm ...; secret "..."; };, Knot's YAML (key: - id: ... algorithm: ... secret: ...), or
 * "[algorithm:]name:secret" / the bare base64 secret (then name and algorithm must be given). hmac-sha256 and hmac-sha512 only.
 * DG_EINPUT: the file is readable for others than owner and group, or does not parse (no part of the secret in the text). */
int dg_tsig_key_load(const char *path, const char *name, const char *algorithm,
	struct dg_tsig_key **ret_key, struct dg_err *err);
struct dg_tsig_key *dg_tsig_key_free(struct dg_tsig_key *k);
const char *dg_tsig_key_name(const struct dg_tsig_key *k); /* without the final dot */

/* host: an address literal or a name (resolved by the system at once). key is borrowed, NULL: none. */
int dg_dns_server_new(struct dg_loop *l, const struct dg_endpoint *at, uint16_t default_port,
	const struct dg_tsig_key *key, struct dg_dns_server **ret_server, struct dg_err *err);
struct dg_dns_server *dg_dns_server_free(struct dg_dns_server *s);
const char *dg_dns_server_text(const struct dg_dns_server *s); /* "127.0.0.1@5301" */
bool dg_dns_server_is_loopback(const struct dg_dns_server *s);

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
	/* 0: zone_data is sealed and complete. 1: refused (REFUSED, NOTAUTH, NOTIMP): ask for RRsets instead; err says why. */
	void (*done)(struct dg_dns_axfr *x, int rc);
	void *arg;
	struct dg_arena *arena;
	bool mail_only; /* as dg_zonefile_read_mail(): rdata only of the types that mail needs */
	struct dg_zone *zone_data;
	struct dg_err err;
	void *internal;
};
void dg_dns_transfer(struct dg_dns_server *s, struct dg_dns_axfr *a);

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
	/* Further prerequisites: an RRset stands there, whatever it holds (section 2.4.1); a wildcard does not count. */
	const struct dg_rrkey *exist;
	size_t n_exist;
	bool is_dry_run;
	int64_t deadline_ms;
	/* 0: rcode is set, the answer's TSIG was right. < 0: err; the UPDATE may or may not have arrived unless was_sent is false. */
	void (*done)(struct dg_dns_update *u, int rc);
	void *arg;
	int rcode;
	bool was_sent;
	struct dg_err err;
	void *internal;
};
void dg_dns_update(struct dg_dns_server *s, struct dg_dns_update *u);
/* Offline: does it fit in one message? 0, or DG_ELIMIT. */
int dg_dns_update_fits(
	const struct dg_dns_update *u, const struct dg_tsig_key *key, struct dg_err *err);

enum dg_dns_asked {
	DG_DNS_ASKED_QUERY,
	DG_DNS_ASKED_AXFR,
	DG_DNS_ASKED_UPDATE,
};
/* What an rcode that is no success means in the mouths of BIND, Knot and PowerDNS, and what to do: "REFUSED: this usually means ...". */
const char *dg_dns_refusal(enum dg_dns_asked asked, int rcode);
/* "NXRRSET", "RCODE23". In buf, returned. */
const char *dg_rcode_text(int rcode, char buf[16]);

/* For tests and fuzzing, pure: a whole answer message as a server's. 0: the results of q are set. 1: it does not answer id, name and
 * type. < 0: not well formed. */
int dg_dns_answer_parse(const uint8_t *wire, size_t len, uint16_t id, struct dg_dns_query *q);
