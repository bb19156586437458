/* zones/mail/spf_evaluating.h: an evaluation at work. Inside zones/mail: spf_eval*.c.
 *
 * Shape    A stack of records: the bottom one is that of the domain (or where redirects led), each one above it is an include's.
 */
#pragma once

#include "zones/mail/spf_eval.h"
#include "zones/mail/spf_expand.h"
#include "zones/mail/spf_record.h"

struct dg_fact;
struct dg_rrset;

#define DG_SPF_MX_MAX  10u /* RFC 7208 section 4.6.4 */
#define DG_SPF_PTR_MAX 10u

/* What a term, or a question, comes to. */
enum dg_spf_verdict {
	DG_SPF_NO_MATCH,
	DG_SPF_MATCH,
	DG_SPF_ENTERED, /* another record is on top of the stack now */
	DG_SPF_WAIT,    /* a fact is not known yet */
	DG_SPF_STOP,    /* temperror or permerror: in the outcome */
};

struct dg_spf_frame {
	const struct dg_spf_ready *record;
	const char *name;   /* canonical */
	const char *domain; /* as %{d} has it */
	size_t next;        /* the next term */
};

struct dg_spf_evaluating {
	struct dg_arena *arena;
	const struct dg_spf_query *q;
	const struct dg_facts *facts;
	struct dg_spf_outcome *out;
	struct dg_spf_macros macros;
	bool is_foreign_local; /* the local part is not ASCII (RFC 8616) */
	struct dg_spf_frame frames[DG_SPF_LOOKUPS_MAX + 1];
	size_t n_frames;
	const struct dg_spf_ready *first; /* the record of the domain; NULL: none */
	/* ptr and %{p} */
	bool has_ptr;                          /* the names below are all known */
	const char *validated[DG_SPF_PTR_MAX]; /* canonical */
	size_t n_validated;
};

/* --- spf_eval.c --- */
struct dg_spf_frame *dg_spf_top(struct dg_spf_evaluating *e);
/* One line of the trace about term i of the top record (SIZE_MAX: the record as a whole). */
void dg_spf_trace(struct dg_spf_evaluating *e, size_t i, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Ends the evaluation. Always DG_SPF_STOP. */
enum dg_spf_verdict dg_spf_stop(struct dg_spf_evaluating *e, enum dg_spf_result result,
	const char *rule, const char *fmt, ...) __attribute__((format(printf, 4, 5)));
const char *dg_spf_shown(struct dg_arena *a, const char *name); /* without its final dot */

/* --- spf_eval_ask.c --- */
uint16_t dg_spf_address_type(const struct dg_spf_evaluating *e); /* A or AAAA, by the client */
/* Counts one term that looks something up. */
enum dg_spf_verdict dg_spf_count_lookup(struct dg_spf_evaluating *e);
/* What a term asks for: voids are counted, errors end the evaluation. DG_SPF_MATCH: there is something. */
enum dg_spf_verdict dg_spf_ask_counted(struct dg_spf_evaluating *e, const char *name, uint16_t type,
	const char *rule, const struct dg_fact **ret_fact);
/* Is the client among these addresses, cut to so many bits? */
bool dg_spf_has_client(
	const struct dg_spf_evaluating *e, const struct dg_rrset *set, int prefix4, int prefix6);
bool dg_spf_same_bits(const uint8_t *x, const uint8_t *y, unsigned n_bits);
/* The names of the client (section 5.5): MATCH, or WAIT. */
enum dg_spf_verdict dg_spf_find_validated(struct dg_spf_evaluating *e);
/* What %{p} stands for in f's record: MATCH, or WAIT. */
enum dg_spf_verdict dg_spf_set_validated(struct dg_spf_evaluating *e, const struct dg_spf_frame *f);
const char *dg_spf_reverse_name(struct dg_spf_evaluating *e);
/* The name that term i of f's record asks for, NULL: no name. MATCH; NO_MATCH: the mail has none for it (RFC 8616); WAIT. */
enum dg_spf_verdict dg_spf_target(struct dg_spf_evaluating *e, const struct dg_spf_frame *f,
	size_t i, const char **ret_name, const char **ret_domain);
/* Asks for what the rest of the records on the stack may need, so that few rounds are needed. */
void dg_spf_foresee(struct dg_spf_evaluating *e);
/* Octets from the mail as US-ASCII that is safe to show. */
const char *dg_spf_safe_ascii(struct dg_arena *a, const char *p, size_t len);

/* --- spf_eval_terms.c --- */
enum dg_spf_verdict dg_spf_try_term(struct dg_spf_evaluating *e, size_t i);
/* No term matched: the redirect. ENTERED, NO_MATCH: there is none. */
enum dg_spf_verdict dg_spf_try_redirect(struct dg_spf_evaluating *e);
/* The record of name goes on the stack. */
enum dg_spf_verdict dg_spf_open(struct dg_spf_evaluating *e, const char *name, const char *domain,
	const struct dg_fact *fact);
/* The explanation of a fail by the bottom record. MATCH: done, there may be none. WAIT. */
enum dg_spf_verdict dg_spf_explain(struct dg_spf_evaluating *e);
