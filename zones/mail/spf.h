/* zones/mail/spf.h: SPF records (RFC 7208 sections 4 to 7): parse, print, lint.
 *
 * Shape    A record is terms in order: directives (qualifier, mechanism, domain-spec, CIDR lengths) and modifiers. Text in, struct
 *          out, text out again: printing what was parsed gives the same record (mechanism names in lower case).
 * Limits   DG_SPF_TEXT_MAX octets, DG_SPF_TERMS_MAX terms.
 * Errors   Parsing never stops at the first fault: faults go to the lints with their column, and the terms
 *          that could be read are there. n_errors > 0 means permerror at a receiver.
 * Memory   In the arena given.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dg_arena;
struct dg_buf;
struct dg_err;
struct dg_lints;

#define DG_SPF_TEXT_MAX    16384u
#define DG_SPF_TERMS_MAX   512u
#define DG_SPF_LOOKUPS_MAX 10u /* RFC 7208 section 4.6.4 */
#define DG_SPF_VOIDS_MAX   2u

enum dg_spf_kind {
	DG_SPF_ALL,
	DG_SPF_INCLUDE,
	DG_SPF_A,
	DG_SPF_MX,
	DG_SPF_PTR,
	DG_SPF_IP4,
	DG_SPF_IP6,
	DG_SPF_EXISTS,
	DG_SPF_REDIRECT, /* modifiers from here on */
	DG_SPF_EXP,
	DG_SPF_UNKNOWN, /* an unknown modifier: ignored (section 6) */
};

struct dg_spf_term {
	enum dg_spf_kind kind;
	char qualifier;   /* '+' '-' '~' '?'; modifiers: 0 */
	const char *name; /* as written, lower case; of unknown modifiers too */
	/* domain-spec as written, macros and all; NULL: none. ip4, ip6: the address text. Unknown modifiers: the value, may be
	 * empty. */
	const char *domain;
	uint8_t address[16]; /* ip4 (4 octets), ip6 */
	int prefix4;         /* -1: not given */
	int prefix6;         /* -1: not given; ip6 uses this one */
	bool has_macro;      /* domain holds a '%': it is to be expanded (section 7) */
	size_t column;       /* of the term in the record, from 1 */
};

struct dg_spf {
	struct dg_spf_term *terms;
	size_t n;
};

/* "v=spf1" alone or followed by SP, any letter case (section 4.5). */
bool dg_spf_is_record(const char *text, size_t len);

/* Reads a record. Syntax faults are lints of level ERROR. */
void dg_spf_parse(struct dg_arena *a, const char *text, size_t len, struct dg_spf *ret_spf,
	struct dg_lints *lints);

/* Reads one term as a person writes it in zone.yaml ("mx", "ip4:192.0.2.0/24", "include:_spf.example.net", "-all"). */
int dg_spf_term_parse(struct dg_arena *a, const char *text, size_t len,
	struct dg_spf_term *ret_term, struct dg_err *err);

/* A macro-string's first fault (section 7): NULL none, else why (static text) with its offset. is_exp: the text that an exp=
 * modifier leads to, where the letters c, r and t and the space are allowed too. */
const char *dg_spf_macro_fault(const char *text, size_t len, bool is_exp, size_t *ret_at);

/* The first fault of a domain-spec (section 7.1): macros, a last label that is not a top label, empty or overlong labels
 * where no macro can change them. */
const char *dg_spf_domain_fault(const char *text, size_t len, size_t *ret_at);

void dg_spf_term_print(struct dg_buf *b, const struct dg_spf_term *t); /* "ip4:192.0.2.0/24" */
void dg_spf_print(struct dg_buf *b, const struct dg_spf *spf);         /* "v=spf1 mx -all" */

/* What the record alone tells: +all, ?all, no all, terms after all, ptr, duplicates, overlong for one answer
 * (section 3.4, with the octets of the owner name), include of itself ... owner is canonical. */
void dg_spf_lint(
	const struct dg_spf *spf, const char *owner, size_t text_len, struct dg_lints *lints);

/* Bounds of resolving a record with all that it includes (zones/mail/spf_tree.h). Whoever reaches one is far above the limit of 10
 * already. */
#define DG_SPF_DEPTH_MAX   20u
#define DG_SPF_RECORDS_MAX 64u
#define DG_SPF_NODES_MAX   512u
