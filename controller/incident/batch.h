/* controller/incident/batch.h: records that wait until they are judged together. Inside controller/incident. */
#pragma once

#include "controller/incident/triage.h"
#include "zones/base/digest.h"
#include "zones/bounce/bounce.h"
#include "zones/incident/evidence.h"
#include "zones/incident/infer.h"

struct dg_refuse;
struct dg_rows;
struct dg_ledger;

struct dg_batch_item {
	struct dg_bounce record;
	const char *name;
	int64_t at; /* of the source; 0: not known */
	const char
		*original; /* octets of the original, when a signature on it may be checked; NULL */
	enum dg_signed signed_by;
	uint8_t signature[DG_DIGEST_LEN]; /* of OURS */
};

/* The letter that a record was read from. */
struct dg_batch_letter {
	const char *p;
	size_t n;
	const char *name;
	int64_t at; /* of the source; 0: not known */
};

struct dg_triage {
	const struct dg_triage_options *options;
	struct dg_owner owner;
	struct dg_ledger *ledger;
	struct dg_rows *rows;
	struct dg_beside beside;
	struct dg_verdict verdict;
	struct dg_case found;
	struct dg_refuse *refuse;
	struct dg_arena *arena; /* what the owner is concluded from */
	struct dg_infer infer;
	bool is_inferred; /* the first batch was judged */
	struct dg_batch {
		struct dg_arena *arena;
		struct dg_batch_item *items;
		size_t n;
	} batch;
};

/* Copies the record; judges the batch when it is full. */
int dg_batch_add(struct dg_triage *t, const struct dg_bounce *record,
	const struct dg_batch_letter *letter, struct dg_err *err);
/* Sets what the signatures of the batch say. */
void dg_batch_check_signatures(struct dg_triage *t);
/* Judges what waits. */
int dg_batch_judge(struct dg_triage *t, struct dg_err *err);
