/* zones/incident/chain.h: the entries of an incident's record as a chain: each seals all before it. Pure.
 *
 * Shape    hash(n) = SHA-256 of hash(n - 1), n and at (8 octets each, big-endian), and of who, kind, text and data, each behind its length
 *          (8 octets, big-endian; all ones: there is none). hash(0) is 32 zero octets. The record keeps the newest hash beside the entries, so that one cut
 *          off at the end is missed too.
 * Means    Whoever can write the file can make the whole chain anew; the hash in an exported report cannot be changed with it.
 */
#pragma once

#include "zones/base/digest.h"

#include <stddef.h>
#include <stdint.h>

#define DG_RECORD_TEXT_MAX    ((size_t)16 << 10) /* octets of a text */
#define DG_RECORD_DATA_MAX    ((size_t)64 << 10)
#define DG_RECORD_ENTRIES_MAX 20000u /* of one incident */

struct dg_record_entry {
	int64_t n;  /* from 1 */
	int64_t at; /* Unix seconds */
	const char *who;
	const char *kind; /* DG_RECORD_*: stable */
	const char *text; /* for people, not safe to show */
	const char *data; /* a JSON object; NULL: none */
	uint8_t hash[DG_DIGEST_LEN];
};

#define DG_RECORD_OPENED   "opened"
#define DG_RECORD_NOTE     "note"
#define DG_RECORD_EVIDENCE "evidence" /* data: name, media, size, sha256 */
#define DG_RECORD_VERDICT  "verdict"  /* data: verdict, confidence, split */
#define DG_RECORD_GUARD    "guard"    /* data: from, to, event, evidence */
#define DG_RECORD_RUN      "run"      /* a playbook begins; data: playbook, entry of its text */
#define DG_RECORD_STEP     "step"     /* data: step, outcome, answer, next */
#define DG_RECORD_NOTICE   "notice"   /* a letter to somebody was written or sent */
#define DG_RECORD_CLOSED   "closed"
#define DG_RECORD_CHANGE   "change" /* not kept but read from the journal: a step of the engine */

/* Sets e->hash. before: of the entry before; NULL: it is the first. */
void dg_record_seal(struct dg_record_entry *e, const uint8_t *before);
/* n of the first entry whose hash or number does not fit, counted from 1; 0: all do. n_all and head: what the record says of itself. */
int64_t dg_record_broken(
	const struct dg_record_entry *list, size_t n, int64_t n_all, const uint8_t *head);
