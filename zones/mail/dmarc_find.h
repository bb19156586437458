/* zones/mail/dmarc_find.h: which DMARC policy is in force for a name, and whether a message passes (RFC 9989 sections 4.4, 4.7,
 * 4.10, 5). Pure: asks facts.
 *
 * Methods  WALK: the DNS tree walk of RFC 9989. PSL: the public suffix list (libpsl's built-in one), as RFC 7489 did and receivers
 *          still do: the name, then its organizational domain; np, psd and t are unknown tags there. pct is not looked at.
 * Repair   A record without a valid p, or with an sp or np that is not valid, counts as p=none when its rua has a URI, else the
 *          name has no DMARC at all (section 4.10.1), whatever stands above it.
 * Unknown  FOUND and ABSENT are certain: no answer to a look-up that failed could change the policy.
 * Pending  As in facts.h: state PENDING, nothing else means anything then.
 * Memory   In the arena given.
 */
#pragma once

#include "zones/mail/dmarc.h"
#include "zones/mail/spf_eval.h"

struct dg_facts;

enum dg_dmarc_method {
	DG_DMARC_WALK,
	DG_DMARC_PSL,
};

enum dg_dmarc_state {
	DG_DMARC_PENDING,
	DG_DMARC_FOUND,   /* a policy is in force */
	DG_DMARC_ABSENT,  /* surely none */
	DG_DMARC_UNKNOWN, /* a look-up on the way failed: could not tell */
};

/* One name that was asked on the way. */
struct dg_dmarc_step {
	const char *at;          /* "_dmarc.example.com." */
	size_t n_records;        /* that begin with v=DMARC1 */
	const char *record;      /* the first of them as served (joined); NULL: none */
	const char *const *more; /* those after the first, at most DG_DMARC_MORE_MAX */
	size_t n_more;
	const char *
		text; /* what came of it, for people: "no record", "2 records: all are discarded", ... */
	bool is_used;
};

#define DG_DMARC_STEPS_MAX 8u /* names that a walk asks for (section 4.10) */
#define DG_DMARC_MORE_MAX  8u

struct dg_dmarc_found {
	enum dg_dmarc_state state;
	const char *why;        /* UNKNOWN, ABSENT: in words */
	const char *domain;     /* asked for, canonical */
	const char *org_domain; /* canonical; with what could not be looked up taken as empty */
	bool is_org_certain;    /* false: a look-up failed that could have changed org_domain */
	const char *at;         /* FOUND: the name below _dmarc whose record decides, canonical */
	const char *record;     /* its text as served */
	struct dg_dmarc dmarc;  /* parsed */
	const char *tag;        /* which tag decides: "p", "sp", "np" */
	enum dg_dmarc_policy policy; /* written for this name: NONE, QUARANTINE or REJECT */
	enum dg_dmarc_policy
		applied; /* what receivers apply: one step lower with t=y (section 4.7) */
	bool is_testing; /* t=y */
	bool is_missing; /* the name is NXDOMAIN (np applies); an alias exists, wherever it leads (RFC 8020) */
	bool is_repaired; /* p was missing or invalid and rua is there: taken as p=none (section 4.7) */
	/* Two records at one name: the walk discards them all and goes on; receivers that stop there see no policy at all. This is what
	 * those see: true when they see none although state is FOUND. */
	bool has_two_outcomes;
	struct dg_dmarc_step steps[DG_DMARC_STEPS_MAX];
	size_t n_steps;
};

/* domain: the Author Domain, canonical. Whether it exists is asked of its own facts (NXDOMAIN only, RFC 8020). */
void dg_dmarc_find(struct dg_arena *a, const char *domain, enum dg_dmarc_method method,
	const struct dg_facts *facts, struct dg_dmarc_found *ret_found);
/* The organizational domain alone, of any name. */
enum dg_dmarc_state dg_dmarc_org_domain(struct dg_arena *a, const char *domain,
	enum dg_dmarc_method method, const struct dg_facts *facts, const char **ret_org);
const char *dg_dmarc_state_text(
	enum dg_dmarc_state s); /* "found", "absent", ...: stable, for JSON */
/* By libpsl's built-in list: "co.uk." for "www.example.co.uk."; the name itself when it is one. */
const char *dg_public_suffix(struct dg_arena *a, const char *name);

/* --- one message ------------------------------------------------------------------------------- */
struct dg_dmarc_dkim {
	const char *domain; /* d=, canonical, of a signature that verified */
};

struct dg_dmarc_query {
	const char *from; /* the Author Domain, canonical */
	enum dg_spf_result spf;
	char spf_qualifier; /* as in dg_spf_outcome */
	const char *
		spf_domain; /* of MAIL FROM (or postmaster@HELO when it is null), canonical; NULL: not evaluated */
	const struct dg_dmarc_dkim *dkim;
	size_t n_dkim;
	enum dg_dmarc_method method;
};

enum dg_dmarc_result {
	DG_DMARC_RESULT_PENDING,
	DG_DMARC_RESULT_NONE, /* no policy */
	DG_DMARC_RESULT_PASS,
	DG_DMARC_RESULT_FAIL,
	DG_DMARC_RESULT_TEMPERROR,
};

struct dg_dmarc_outcome {
	enum dg_dmarc_result result;
	struct dg_dmarc_found found;
	bool is_spf_aligned, is_dkim_aligned; /* with a pass */
	enum dg_dmarc_policy disposition;     /* FAIL: what the policy asks for */
	const char *text;                     /* one sentence for a person */
};

void dg_dmarc_eval(struct dg_arena *a, const struct dg_dmarc_query *q, const struct dg_facts *facts,
	struct dg_dmarc_outcome *ret_outcome);
const char *dg_dmarc_result_text(enum dg_dmarc_result r);

/* --- reports to other domains (RFC 9990 section 4) ----------------------------------------------- */
enum dg_dmarc_consent {
	DG_DMARC_CONSENT_PENDING,
	DG_DMARC_CONSENT_NOT_NEEDED, /* the same organizational domain */
	DG_DMARC_CONSENT_GIVEN,
	DG_DMARC_CONSENT_ABSENT,
	DG_DMARC_CONSENT_UNKNOWN,
};
/* domain: where the record stands (found.at); uri: of its rua or ruf. *ret_at: the name that was asked
 * ("example.com._report._dmarc.example.net."), NULL when none was. */
enum dg_dmarc_consent dg_dmarc_report_consent(struct dg_arena *a, const char *domain,
	const char *uri, const struct dg_facts *facts, const char **ret_at);
const char *dg_dmarc_consent_text(enum dg_dmarc_consent c); /* "given", "not-needed", ... */
