/* controller/serve/token.h: who may ask for what.
 *
 * Shape    "dgt_", 12 hex digits that name it, "_", 43 characters of Base64 for URLs (RFC 4648 section 5): 256 random bits. Of these only the
 *          SHA-256 is kept. A slow hash is for secrets that can be guessed; 2^256 cannot, however fast one tries.
 * Zones    "example.com": that one. "*.example.com": all under it. "*": all.
 * Compare  In constant time, also when there is no such token.
 */
#pragma once

#include "controller/store/serve.h"
#include "zones/base/err.h"

#include <stdbool.h>

#define DG_TOKEN_TEXT_MAX    64u /* "dgt_", 12, "_", 43, NUL */
#define DG_TOKEN_ID_LEN      12u
#define DG_TOKEN_NAME_MAX    64u
#define DG_TOKEN_ZONES_MAX   256u /* patterns */
#define DG_TOKEN_PATTERN_MAX 255u

enum dg_token_verb {
	DG_TOKEN_PLAN = 1,
	DG_TOKEN_APPLY = 2, /* and choosing a template */
	DG_TOKEN_STATUS = 4,
	DG_TOKEN_APPROVE = 8,
	DG_TOKEN_STOP = 16,     /* and release */
	DG_TOKEN_INCIDENT = 32, /* open and read */
};

/* Who asks. */
struct dg_caller {
	char name[DG_TOKEN_NAME_MAX + DG_TOKEN_ID_LEN + 16]; /* "token 3f9a… (shop)", "uid 0" */
	unsigned verbs;
	const char *zones; /* patterns, separated by blanks; in the arena of the look-up */
};

/* Makes one and keeps it: ret_text is the only copy of the secret. zones and verbs: words separated by commas or blanks.
 * DG_EINPUT: which word is wrong. */
int dg_token_new(struct dg_store *s, const char *name, const char *zones, const char *verbs,
	int64_t now, char ret_text[DG_TOKEN_TEXT_MAX], char ret_id[DG_TOKEN_ID_LEN + 1],
	struct dg_err *err);
/* text: as the caller sent it. 1: none that is good. */
int dg_token_check(struct dg_store *s, struct dg_arena *a, const char *text,
	struct dg_caller *ret_caller, struct dg_err *err);
/* domain: "example.com", without a final dot. */
bool dg_token_covers(const char *patterns, const char *domain);
const char *dg_token_verb_text(enum dg_token_verb v);
