/* zones/mail/spf_eval.h: check_host(), the evaluation of SPF (RFC 7208 sections 4 to 7). Pure: asks facts.
 *
 * Source   RFC 7208; RFC 8616 (internationalized addresses); limits of section 4.6.4: ten terms with look-ups, two void look-ups,
 *          counted per answer, ten MX names and ten PTR names.
 * Voids    Of what a term itself asks for, A or AAAA by the client's family. The answers for the hosts of an MX set, the names of the
 *          client, macros and the explanation are not counted: section 4.6.4 counts terms.
 * MX       Hosts in the order of preference: who is not among the first ten gets permerror when there are more.
 * Names    Static names that cannot be (empty labels) are syntax errors; where a macro makes one, include and redirect are permerror,
 *          the other mechanisms do not match (section 4.8 leaves it open).
 * Pending  When a fact is not known yet the result is PENDING; what can be foreseen is asked for at the same time, so that few
 *          rounds are needed. Nothing else of the result means anything then.
 * Memory   In the arena given, and none of it in the memo; 16 MiB are enough for any records.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dg_arena;
struct dg_facts;
struct dg_spf_memo;

enum dg_spf_result {
	DG_SPF_RESULT_PENDING,
	DG_SPF_RESULT_NONE,
	DG_SPF_RESULT_NEUTRAL,
	DG_SPF_RESULT_PASS,
	DG_SPF_RESULT_FAIL,
	DG_SPF_RESULT_SOFTFAIL,
	DG_SPF_RESULT_TEMPERROR,
	DG_SPF_RESULT_PERMERROR,
};

struct dg_spf_query {
	uint8_t ip
		[16]; /* IPv4: the first four octets. An IPv4-mapped IPv6 address is taken as IPv4. */
	bool is_ip6;
	const char *
		mail_from; /* "user@example.com"; "" or NULL: the null reverse-path, so postmaster@HELO (section 2.4) */
	const char *helo;     /* as the client said it; NULL: not known */
	const char *receiver; /* %{r}; NULL: "unknown" */
	int64_t now;          /* %{t}, Unix seconds */
	bool wants_trace;
	struct dg_spf_memo
		*memo; /* parsed records, kept from one evaluation to the next; NULL: none */
};

/* One line of the trace. */
struct dg_spf_step {
	unsigned depth;     /* includes above it */
	const char *domain; /* whose record, canonical */
	const char *term;   /* as written; NULL: about the record as a whole */
	const char *text;   /* "does not match", "198.51.100.0/24 matches", ... safe to show */
	unsigned n_lookups, n_voids; /* so far */
};

#define DG_SPF_STEPS_MAX 256u

struct dg_spf_outcome {
	enum dg_spf_result result;
	const char *identity; /* "mailfrom"; "helo": for the null reverse-path */
	const char *domain;   /* that was evaluated, canonical */
	const char *
		record; /* its record as served (joined), safe to show; the first of several; NULL: none */
	const char *mechanism; /* that decided, as written ("ip4:192.0.2.0/24"); NULL: none did */
	const char
		*mechanism_domain; /* whose record it stands in (an include's), canonical; NULL */
	char qualifier; /* that made the result: of the include when the mechanism is in its record; 0: none.
	                 * RFC 9989 section 11.1 cares about '?' */
	const char *explanation; /* FAIL with exp=: the text, US-ASCII, safe to show; NULL: none */
	const char *problem;     /* PERMERROR, TEMPERROR, NONE: why, in words; else NULL */
	const char *rule;        /* the section that says so; NULL: none */
	unsigned n_lookups, n_voids;
	struct dg_spf_step *steps;
	size_t n_steps, n_steps_dropped;
};

void dg_spf_eval(struct dg_arena *a, const struct dg_spf_query *q, const struct dg_facts *facts,
	struct dg_spf_outcome *ret_outcome);

/* "pass", "fail", ... as RFC 7208 section 2.6 and RFC 8601 spell them. */
const char *dg_spf_result_text(enum dg_spf_result r);

/* A bounded store of parsed records for many evaluations, in an arena of its own. Not shared among threads. */
struct dg_spf_memo *dg_spf_memo_new(void);
struct dg_spf_memo *dg_spf_memo_free(struct dg_spf_memo *m); /* NULL is fine; returns NULL */
