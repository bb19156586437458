/* controller/incident/triage.h: from mailboxes to a case: every message read once, classed, counted, judged.
 *
 * Shape    Sources as in controller/letters/source.h; letters go to the reader process and come back as records. DMARC aggregate reports
 *          (XML, gzip, zip, or mail that carries one) are taken as such. Records are judged in batches, so that whose bounces
 *          these are can be concluded from the first of them, and unknown addresses can be looked up together.
 * Once     A message counts once, by its Message-ID, else by its bytes.
 * Memory   A batch: at most DG_TRIAGE_BATCH records or DG_TRIAGE_BATCH_BYTES; and the ledger. However many there are.
 * Errors   DG_EINPUT: no such source. A message that cannot be read is told to on_skip() and counted, and the rest goes on.
 */
#pragma once

#include "zones/incident/beside.h"
#include "zones/incident/case.h"
#include "zones/incident/evidence.h"
#include "zones/incident/owner.h"
#include "zones/incident/verdict.h"

#include <stddef.h>
#include <stdint.h>

struct dg_address;
struct dg_arena;
struct dg_err;
struct dg_ruling;
struct dg_bounce_signature;
struct dg_dkim_public;
struct dg_sendlog;
struct dg_triage;

#define DG_TRIAGE_BATCH       2000u
#define DG_TRIAGE_BATCH_BYTES ((size_t)32 << 20)
#define DG_TRIAGE_LETTER_MAX \
	((size_t)4 << 20) /* octets; an aggregate report as mail is longer than a bounce */

struct dg_triage_options {
	const char *const *sources;
	size_t n_sources;
	const char *const *notices; /* sources of notices: mail of ours is spam, somebody says */
	size_t n_notices;
	struct dg_owner owner;  /* what is known; the rest is concluded */
	struct dg_sendlog *log; /* our own mail logs; NULL: none */
	bool has_zone;          /* the owner surely publishes the records of the names */
	int64_t since, until;   /* Unix seconds, until excluded; 0: no bound */
	uint64_t seed;          /* what outsiders do not know */
	const char *password_file, *ca_file; /* of IMAP; NULL */
	/* All NULL, or set. name: of the message, not safe to show. */
	void (*on_bounce)(void *arg, uint64_t number, const char *name, const struct dg_evidence *e,
		const struct dg_ruling *r);
	/* What the address that a bounce came to says, as it stands there, at that time; NULL: no tokens. */
	enum dg_token (*token_of)(void *arg, const char *recipient, int64_t at);
	void (*on_skip)(void *arg, const char *name, const char *why, bool is_ordinary);
	void (*on_progress)(void *arg, uint64_t n_messages);
	/* Addresses that a batch will ask owner.judge about, so that they can be looked up at once; NULL: not wanted. */
	int (*before_batch)(void *arg, const struct dg_owner *owner,
		const struct dg_address *addresses, size_t n, struct dg_err *err);
	/* The keys of these signatures, all of domains of ours; NULL: none is checked. A key that is not known is left out. Borrowed until
	 * the next call. */
	void (*keys_of)(void *arg, const struct dg_bounce_signature *signatures, size_t n,
		const struct dg_dkim_public **ret_keys, size_t *ret_n);
	void *arg;
};

/* options are borrowed until dg_triage_free(). ret_case lives as long as the triage. */
int dg_triage_run(const struct dg_triage_options *o, struct dg_triage **ret_triage,
	const struct dg_case **ret_case, struct dg_err *err);
struct dg_triage *dg_triage_free(struct dg_triage *t); /* NULL is fine; returns NULL */
