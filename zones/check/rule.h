/* zones/check/rule.h: what the rule files share. Inside zones/check only.
 *
 * Shape    A rule file has one function check_NAME(), called by check.c in the order of dg_rules, and its kinds. It asks
 *          facts through check_ask(), so that what is pending is counted and what was seen is shown, and says what it
 *          found by code.
 */
#pragma once

#include "zones/check/check.h"
#include "zones/mail/lint.h"

struct dg_zone_facts;

struct check {
	struct dg_arena *arena;
	const struct dg_check_input *in;
	struct dg_check *out;
	size_t cap_findings, cap_records;
	const struct dg_dmarc_found *dmarc; /* by tree walk: out->walk */
};

/* A rule and its kinds, in the order of the book. */
struct rule {
	void (*run)(struct check *c);
	const struct dg_kind *kinds; /* ends with a NULL code; NULL: none of its own */
};
extern const struct rule dg_rules[]; /* rules.c; ends with a NULL run */

/* The fact, noted among the records; a PENDING one is counted. Never NULL. */
const struct dg_fact *check_ask(struct check *c, const char *owner, uint16_t type);
/* The same, and not shown among the records (probes, hosts by the dozen). */
const struct dg_fact *check_ask_quietly(struct check *c, const char *owner, uint16_t type);
const struct dg_fetch *check_fetch(struct check *c, const char *url);
/* "label.name"; NULL: too long. */
const char *check_under(struct check *c, const char *label, const char *name);
/* As a person reads it: no final dot. */
const char *check_shown(struct check *c, const char *name);

/* A finding. code: of a kind. fact: the evidence is its record that holds text (or all of it); NULL: none. */
struct dg_finding *check_find(struct check *c, const char *code, const char *owner,
	const char *evidence, const char *fmt, ...) __attribute__((format(printf, 5, 6)));
/* For "could not tell": code with the fact's why. */
void check_find_unknown(struct check *c, const char *code, const struct dg_fact *fact,
	const char *owner, const char *what);
/* Each lint becomes a finding of the kind with its code; evidence: the record. */
void check_take_lints(
	struct check *c, const struct dg_lints *lints, const char *owner, const char *evidence);
/* A record as one line: "example.com TXT \"v=spf1 -all\"", escaped. */
const char *check_evidence(
	struct check *c, const char *owner, uint16_t type, const struct dg_rdata *rd);
/* The joined texts of the TXT records at a fact that is_record() says yes to. n: of *ret_texts. */
size_t check_texts(struct check *c, const struct dg_fact *fact,
	bool (*is_record)(const char *text, size_t len), const char *const **ret_texts);

void check_spf(struct check *c);
void check_dmarc(struct check *c);
void check_mx(struct check *c);
void check_hosts(struct check *c);
void check_wildcard(struct check *c);
void check_parked(struct check *c);
void check_verdict(struct check *c); /* rulings and backscatter, from what the others saw */
void check_dkim(struct check *c);
void check_sts(struct check *c);
void check_tlsrpt(struct check *c);
void check_dane(struct check *c);
void check_dnssec(struct check *c);
void check_bimi(struct check *c);
void check_servers(struct check *c);
