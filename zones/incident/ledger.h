/* zones/incident/ledger.h: what was in all the bounces, in bounded memory. Pure.
 *
 * Shape    dg_ledger_add() for each bounce with its class; any number of them. About 2.5 MB whatever comes.
 * Again    A message that was there before (Message-ID, else a digest by the caller) is asked for with dg_ledger_is_new(): exact for the
 *          first DG_LEDGER_SEEN_MAX, after that nothing counts as seen, and has_lost_seen says so.
 * Memory   Heap; dg_ledger_free().
 */
#pragma once

#include "zones/incident/classify.h"
#include "zones/incident/evidence.h"
#include "zones/incident/timeline.h"
#include "zones/incident/top.h"

#include "zones/base/digest.h"

#include <stdbool.h>
#include <stdint.h>

#define DG_LEDGER_SEEN_MAX (1u << 20) /* 8 octets each, twice that many places */

/* Copies of one signed message by strangers, from which on it proves nothing; messages that are told apart. */
#define DG_LEDGER_COPIES     3u
#define DG_LEDGER_COPIES_MAX 16384u

/* How many recipients one bounce names: 0, 1, 2 to 5, 6 to 15, 16 and more. */
#define DG_LEDGER_RECIPIENT_STEPS 5u

/* What receivers would have done with the originals had SPF -all and DMARC p=reject been in force. */
struct dg_ledger_refusals {
	uint64_t n_asked; /* bounces with a handoff address */
	uint64_t n_spf;   /* MAIL FROM of ours, and SPF comes to fail */
	uint64_t n_dmarc; /* From of ours, and nothing aligned passes */
	uint64_t n_either;
	uint64_t n_passed; /* neither would have refused */
	uint64_t n_unknown;
};

struct dg_ledger {
	uint64_t seed;
	uint64_t n_messages; /* counted: bounces of each kind */
	uint64_t n_kind[16]; /* enum dg_bounce_kind */
	uint64_t n_class[DG_CLASSES];
	uint64_t n_strength[DG_CLASSES][DG_STRENGTHS];
	uint64_t n_rule[DG_RULES];
	struct dg_distinct reporters_of[DG_CLASSES];  /* of each class */
	struct dg_distinct recipients_of[DG_CLASSES]; /* failed recipients */
	struct dg_distinct clients_of[DG_CLASSES];    /* networks that gave it to our host */
	uint64_t n_unreturned;                        /* bounces without a returned header */
	uint64_t n_without_handoff;
	uint64_t n_implausible; /* who brought it is not who it says it is */
	uint64_t n_claims_our_name;
	uint64_t n_logged; /* our log says how they came in */
	uint64_t n_signed[DG_SIGNED_STATES];
	uint64_t n_signed_class[DG_CLASSES]; /* of those that verify */
	uint64_t
		n_passed_on[DG_STRENGTHS]; /* own by a signature, and a stranger handed them over */
	uint64_t n_list_leak;
	uint64_t n_recipients, n_recipients_max;
	uint64_t n_recipients_step[DG_LEDGER_RECIPIENT_STEPS];
	uint64_t n_random_looking, n_locals;
	struct dg_top origins;   /* networks that handed forged mail over */
	struct dg_top addresses; /* their addresses */
	struct dg_top reporters; /* organisations */
	struct dg_top hosts;     /* of ours, or of a provider, that let it through */
	struct dg_top users;     /* who logged in */
	struct dg_top scripts;
	struct dg_top locals; /* local parts that bounces came to */
	struct dg_top lists;  /* lists that bounces leaked to */
	struct dg_top subjects;
	struct dg_top providers;
	struct dg_timeline timeline;
	struct dg_ledger_refusals refusals;
	struct dg_ledger_seen *seen;
	struct dg_ledger_copies_of *copies; /* of signed messages; NULL: none came yet */
	bool has_lost_seen;
};

struct dg_ledger *dg_ledger_new(uint64_t seed);
struct dg_ledger *dg_ledger_free(struct dg_ledger *t); /* NULL is fine; returns NULL */

/* id: octets that name the message. False: it was there before. */
bool dg_ledger_is_new(struct dg_ledger *t, const void *id, size_t n);
/* One more copy of the message with this signature, handed over by a stranger: how many there were with it. When DG_LEDGER_COPIES_MAX different ones
 * came, any further one counts as copied: nobody is passed on so much. */
unsigned dg_ledger_copies(struct dg_ledger *t, const uint8_t id[DG_DIGEST_LEN]);
void dg_ledger_add(struct dg_ledger *t, const struct dg_evidence *e, const struct dg_ruling *r);

/* What the local parts look like that were forged. */
enum dg_locals {
	DG_LOCALS_NONE,
	DG_LOCALS_ONE,        /* nearly all bounces came to one address */
	DG_LOCALS_FEW,        /* to a few */
	DG_LOCALS_DICTIONARY, /* to many, as names and words */
	DG_LOCALS_RANDOM,     /* to many, as made up by a program */
};
enum dg_locals dg_ledger_locals(const struct dg_ledger *t);
const char *dg_locals_text(enum dg_locals l); /* "one", ...: stable, for JSON */
/* Letters and digits as no person strings them together. */
bool dg_is_random_looking(const char *local);
