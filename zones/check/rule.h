/* zones/check/rule.h: what the rule files share. Inside zones/check only.
 *
 * Shape    A rule file has one function check_NAME(), called by check.c in the order of dg_rules, and its kinds. It asks
 *          facts through check_ask(), so that what is pending is counted and what was seen is shown, and says what it
 *          found by code.
 */
#pragma once

#include "zones/check/check.h"
#include "zones/mail/lint.h"
#include "zones/mail/spf.h"

/* What is known of a question that other rules build on. */
enum known {
	KNOWN_NOT_YET, /* not asked, pending, or could not tell */
	KNOWN_NO,
	KNOWN_YES,
};

struct kept {
	struct dg_finding finding;
	size_t order; /* of its kind in the book */
	size_t place; /* in which it was found */
};

/* A name under the domain that has an address or an MX. Full checks only. */
struct host {
	const char *name;
	const struct dg_fact *a, *aaaa, *mx, *txt;
	const char *spf; /* its only SPF record; NULL: none, or several */
	size_t n_spf;
	bool is_mx; /* the domain's MX names it */
};

static inline bool check_has_address(const struct host *h)
{
	return h->a->state == DG_FACT_FOUND || h->aaaa->state == DG_FACT_FOUND;
}

/* What names that do not exist get, by probe or by the zone. Full checks only. */
struct wild {
	const char *name;                                  /* that was asked; NULL: none */
	const struct dg_fact *mx, *txt, *a, *aaaa, *dmarc; /* dmarc: TXT at _dmarc in front of it */
	enum known exists;                                 /* YES: a wildcard answers */
	enum known hides_missing;                          /* YES: never NXDOMAIN */
};

struct check {
	struct dg_arena *arena;
	const struct dg_check_input *in;
	struct dg_check *out;
	struct dg_facts facts;   /* ask through check_ask(): for evaluations of zones/mail */
	struct dg_facts quiet;   /* ask through check_ask_quietly() */
	const struct rule *rule; /* that runs */
	struct kept **kept;
	size_t n_kept, n_found, cap_kept, cap_records;
	const struct dg_dmarc_found *dmarc; /* by tree walk: out->walk */

	/* What check_survey() found. Facts that this depth does not ask for are NULL. */
	const struct dg_fact *txt, *mx, *a, *aaaa; /* of the domain */
	const char *const *spf_texts;              /* all SPF records at it */
	struct dg_spf spf;                         /* the only one, parsed; else no terms */
	struct dg_lints spf_lints;                 /* its faults */
	enum known
		sends; /* NO: SPF says that no host may send; YES: one may, or there is no sound record */
	enum known receives; /* NO: a null MX, or neither MX nor address */

	/* What check_hosts() and check_wildcard() found. */
	struct host *hosts;
	size_t n_hosts;
	bool are_hosts_known; /* all were looked up */
	struct wild wild;
};

/* A rule and its kinds, in the order of the book. */
struct rule {
	void (*run)(struct check *c);
	const struct dg_kind *kinds; /* ends with a NULL code; NULL: none of its own */
};
extern const struct rule dg_rules[]; /* rules.c; ends with a NULL run */

extern const struct dg_kind dg_survey_kinds[], dg_spf_kinds[], dg_spf_syntax_kinds[],
	dg_dmarc_kinds[], dg_dmarc_syntax_kinds[], dg_mx_kinds[], dg_hosts_kinds[],
	dg_wildcard_kinds[], dg_parked_kinds[], dg_dkim_kinds[], dg_sts_kinds[], dg_tlsrpt_kinds[],
	dg_dane_kinds[], dg_dnssec_kinds[], dg_bimi_kinds[], dg_servers_kinds[], dg_relay_kinds[];

/* The fact, noted among the records; a PENDING one is counted. Never NULL. */
const struct dg_fact *check_ask(struct check *c, const char *owner, uint16_t type);
/* The same, and not shown among the records (probes, hosts by the dozen). */
const struct dg_fact *check_ask_quietly(struct check *c, const char *owner, uint16_t type);
/* A PENDING one is counted. Never NULL. */
const struct dg_fetch *check_fetch(struct check *c, const char *url);
/* "label.name"; NULL: too long. */
const char *check_under(struct check *c, const char *label, const char *name);
/* As a person reads it: no final dot. */
const char *check_shown(struct check *c, const char *name);

/* A finding. code: of a kind. evidence: from check_evidence(), NULL: none. Never NULL: severity, remedy, server and column of
 * the result may be set. Owner and evidence are borrowed. */
struct dg_finding *check_find(struct check *c, const char *code, const char *owner,
	const char *evidence, const char *fmt, ...) __attribute__((format(printf, 5, 6)));
/* For "could not tell": "WHAT could not be looked up: timeout". Nothing when the fact is another than UNKNOWN. */
void check_find_unknown(struct check *c, const char *code, const struct dg_fact *fact,
	const char *owner, const char *what);
/* Each lint becomes a finding of the kind with its code and of its own level; evidence: the record. */
void check_take_lints(
	struct check *c, const struct dg_lints *lints, const char *owner, const char *evidence);
struct dg_finding *check_take_lint(
	struct check *c, const struct dg_lint *l, const char *owner, const char *evidence);
/* For a remedy: 'example.com. TXT "v=spf1 -all"', cut into strings; 'www.example.com. MX 0 .'. */
const char *check_line_txt(struct check *c, const char *owner, const char *text);
const char *check_line(struct check *c, const char *owner, const char *rest);
/* As zone.yaml names it: "@", "www"; relative to the zone, where that is known, else to the domain. */
const char *check_yaml_name(struct check *c, const char *owner);
/* A record as one line: "example.com TXT \"v=spf1 -all\"", escaped. */
const char *check_evidence(
	struct check *c, const char *owner, uint16_t type, const struct dg_rdata *rd);
/* The first record of a fact as evidence; NULL: it has none. */
const char *check_evidence_of(struct check *c, const char *owner, const struct dg_fact *fact);
/* The joined texts of the TXT records at a fact that is_record() says yes to. Returns how many. A NUL inside is shown as octet 1,
 * which no reader takes either. */
size_t check_texts(struct check *c, const struct dg_fact *fact,
	bool (*is_record)(const char *text, size_t len), const char *const **ret_texts);

/* The evidence of the TXT record whose joined text this is; NULL: not there. */
const char *check_evidence_txt(
	struct check *c, const char *owner, const struct dg_fact *fact, const char *text);

void check_survey(struct check *c); /* what the domain is; the first rule */
void check_spf(struct check *c);
void check_dmarc(struct check *c);
void check_mx(struct check *c);
/* Who may send by the SPF record of another name than the domain: a sound -all and nothing else is NO. */
enum known check_who_sends(struct check *c, const char *record);
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
void check_relay(struct check *c); /* what MX hosts said to strangers */
