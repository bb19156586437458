/* What the domain is, before anything is judged: its records, and whether mail comes from it or goes to it. */
#include "zones/base/arena.h"
#include "zones/check/rule.h"

#include <string.h>

#define REDIRECTS_MAX 4u

const struct dg_kind dg_survey_kinds[] = {
	{
		"domain-missing",
		"domain",
		DG_SEVERITY_NOTE,
		"the domain does not exist",
		"RFC 8020",
		"The name servers above it say that there is no such name (NXDOMAIN). Nothing that "
		"is published "
		"at the name itself protects it; a DMARC record of a parent domain does, by its "
		"np= or "
		"sp= tag. A domain that was just registered, or that was not paid for, looks the "
		"same.",
		"If the domain should exist, look at its delegation at the registrar. If it should "
		"not, "
		"see to the DMARC record of the domain above it (np=reject).",
	},
	{
		"domain-unknown",
		"domain",
		DG_SEVERITY_UNKNOWN,
		"nothing about the domain could be looked up",
		"RFC 1034 section 4.3.1",
		"No question about the domain got an answer that can be trusted: time-outs, "
		"SERVFAIL, or answers "
		"that fail DNSSEC validation. That does not mean that records are missing. "
		"Receivers of mail "
		"may have the same trouble, and then put mail off.",
		"Try again, from another network or with --resolver. If it stays so, ask each name "
		"server of the "
		"domain directly, and look at DNSSEC.",
	},
	{.code = NULL},
};

/* --- does mail come from it? ---------------------------------------------------------------------- */
/* The first term that decides: all, or redirect= where nothing stands before it. NULL: others may match first. */
static const struct dg_spf_term *only_term(const struct dg_spf *spf)
{
	const struct dg_spf_term *redirect = NULL;

	for (size_t i = 0; i < spf->n; i++) {
		if (spf->terms[i].kind == DG_SPF_ALL) {
			return &spf->terms[i];
		}
		if (spf->terms[i].kind < DG_SPF_REDIRECT) {
			return NULL;
		}
		redirect = spf->terms[i].kind == DG_SPF_REDIRECT ? &spf->terms[i] : redirect;
	}
	return redirect;
}

static const struct dg_spf_term *parse_only(struct check *c, const char *text)
{
	struct dg_lints lints;
	struct dg_spf spf;

	dg_lints_init(&lints, c->arena);
	dg_spf_parse(c->arena, text, strlen(text), &spf, &lints);
	return lints.n_errors == 0 ? only_term(&spf) : NULL;
}

/* Does the record say that no host at all may send? redirect= is followed. */
enum known check_who_sends(struct check *c, const char *record)
{
	const struct dg_spf_term *t = parse_only(c, record);
	const char *const *texts = NULL;

	for (unsigned i = 0; t && t->kind == DG_SPF_REDIRECT && !t->has_macro; i++) {
		const char *at = i < REDIRECTS_MAX ? check_under(c, t->domain, ".") : NULL;
		const struct dg_fact *fact = at ? check_ask(c, at, DG_TYPE_TXT) : NULL;

		if (fact && (fact->state == DG_FACT_PENDING || fact->state == DG_FACT_UNKNOWN)) {
			return KNOWN_NOT_YET;
		}
		t = fact && check_texts(c, fact, dg_spf_is_record, &texts) == 1
			    ? parse_only(c, texts[0])
			    : NULL;
	}
	return t && t->kind == DG_SPF_ALL && t->qualifier == '-' ? KNOWN_NO : KNOWN_YES;
}

static void see_spf(struct check *c)
{
	struct dg_check *out = c->out;

	dg_lints_init(&c->spf_lints, c->arena);
	if (c->txt->state == DG_FACT_PENDING || c->txt->state == DG_FACT_UNKNOWN) {
		return;
	}
	out->n_spf_records = check_texts(c, c->txt, dg_spf_is_record, &c->spf_texts);
	out->spf_record = out->n_spf_records > 0 ? c->spf_texts[0] : NULL;
	c->sends = KNOWN_YES;
	if (out->n_spf_records == 1) {
		dg_spf_parse(
			c->arena, out->spf_record, strlen(out->spf_record), &c->spf, &c->spf_lints);
		c->sends = check_who_sends(c, out->spf_record);
	}
}

/* --- does mail go to it? -------------------------------------------------------------------------- */
static void see_addresses(struct check *c)
{
	c->a = check_ask(c, c->in->domain, DG_TYPE_A);
	if (c->in->depth != DG_CHECK_FAST || dg_fact_is_none(c->a)) {
		c->aaaa = check_ask(c, c->in->domain, DG_TYPE_AAAA);
	}
}

/* Without an MX the addresses take the mail (RFC 5321 section 5.1). */
static enum known who_receives(const struct check *c)
{
	if (c->mx->state == DG_FACT_FOUND) {
		return c->out->mx_state == DG_MX_NULL ? KNOWN_NO : KNOWN_YES;
	}
	if (!dg_fact_is_none(c->mx)) {
		return KNOWN_NOT_YET;
	}
	if (c->a->state == DG_FACT_FOUND || (c->aaaa && c->aaaa->state == DG_FACT_FOUND)) {
		return KNOWN_YES;
	}
	return dg_fact_is_none(c->a) && c->aaaa && dg_fact_is_none(c->aaaa) ? KNOWN_NO
									    : KNOWN_NOT_YET;
}

static void see_mx(struct check *c)
{
	c->mx = check_ask(c, c->in->domain, DG_TYPE_MX);
	if (c->mx->state == DG_FACT_FOUND) {
		c->out->mx_state = dg_mx_state(&c->mx->set);
	}
	if (c->in->depth != DG_CHECK_FAST || dg_fact_is_none(c->mx)) {
		see_addresses(c);
	}
	c->receives = who_receives(c);
}

static void see_dmarc(struct check *c)
{
	dg_dmarc_find(c->arena, c->in->domain, DG_DMARC_WALK, &c->facts, &c->out->walk);
	if (c->in->depth != DG_CHECK_FAST) {
		dg_dmarc_find(c->arena, c->in->domain, DG_DMARC_PSL, &c->quiet, &c->out->psl);
	}
}

/* Whether others let everybody send, or break the record, stands elsewhere. */
static bool is_continued(const struct dg_spf *spf)
{
	for (size_t i = 0; i < spf->n && spf->terms[i].kind != DG_SPF_ALL; i++) {
		if (spf->terms[i].kind == DG_SPF_INCLUDE || spf->terms[i].kind == DG_SPF_REDIRECT) {
			return true;
		}
	}
	return false;
}

static void see_further_trees(struct check *c)
{
	struct dg_check *out = c->out;
	size_t n = out->n_spf_records - 1;

	n = n < DG_CHECK_SPF_MORE_MAX ? n : DG_CHECK_SPF_MORE_MAX;
	out->spf_more = dg_newn(c->arena, struct dg_check_spf, n);
	for (; out->n_spf_more < n; out->n_spf_more++) {
		struct dg_check_spf *more = &out->spf_more[out->n_spf_more];

		more->record = c->spf_texts[out->n_spf_more + 1];
		dg_spf_tree(c->arena, c->in->domain, more->record, &c->quiet, &more->tree);
	}
}

/* An audit does without the tree where the record alone gives the verdict, and a fast one does more often. */
static void see_trees(struct check *c)
{
	bool is_needed = c->out->n_spf_records == 1 &&
			 (c->in->depth != DG_CHECK_FAST || is_continued(&c->spf));

	if (is_needed || (c->in->wants_trees && c->out->n_spf_records > 0)) {
		c->out->spf = dg_new(c->arena, struct dg_spf_tree);
		dg_spf_tree(c->arena, c->in->domain, c->out->spf_record, &c->quiet, c->out->spf);
	}
	if (c->in->wants_trees && c->out->n_spf_records > 1) {
		see_further_trees(c);
	}
}

/* An alias exists, wherever it leads (RFC 8020 section 2). */
static bool is_missing(const struct dg_fact *fact)
{
	return fact->state == DG_FACT_NXDOMAIN && !fact->alias;
}

void check_survey(struct check *c)
{
	struct dg_check *out = c->out;
	const char *domain = c->in->domain;

	c->txt = check_ask(c, domain, DG_TYPE_TXT);
	see_mx(c);
	see_spf(c);
	see_trees(c);
	see_dmarc(c);
	out->exists = !is_missing(c->txt) && !is_missing(c->mx);
	out->is_unknown = c->txt->state == DG_FACT_UNKNOWN && c->mx->state == DG_FACT_UNKNOWN;
	out->is_parked = c->sends == KNOWN_NO && c->receives == KNOWN_NO;
	if (!out->exists) {
		check_find(c, "domain-missing", domain, NULL, "%s does not exist (NXDOMAIN)",
			check_shown(c, domain));
	}
	if (out->is_unknown) {
		check_find(c, "domain-unknown", domain, NULL,
			"nothing about %s could be looked up: %s", check_shown(c, domain),
			c->txt->why ? c->txt->why : "no answer");
	}
}
