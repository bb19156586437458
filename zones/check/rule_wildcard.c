/* Wildcards: names that nobody made, and that exist all the same. */
#include "zones/base/arena.h"
#include "zones/check/rule.h"
#include "zones/record/name.h"
#include "zones/record/zone.h"

#include <string.h>

#define DEEPER_MAX 16u /* wildcards of a known zone that stand below others */

const struct dg_kind dg_wildcard_kinds[] = {
	{
		"wildcard-mx",
		"wildcard",
		DG_SEVERITY_WARNING,
		"a wildcard makes every name take mail",
		"RFC 4592 section 2",
		"The wildcard has an MX with hosts: mail to any name under the domain is delivered "
		"there, also to "
		"names that somebody made up. Bounces of mail that was forged in such names come "
		"to you.",
		"Take the wildcard MX out, or make it a null MX, and give the names that take mail "
		"an MX of "
		"their own.",
	},
	{
		"wildcard-address",
		"wildcard",
		DG_SEVERITY_WARNING,
		"a wildcard gives every name an address, and so a way in for mail",
		"RFC 5321 section 5.1",
		"Any name under the domain has an address and no MX, so that senders deliver mail "
		"for it to "
		"that address.",
		"Put a null MX beside the wildcard address, or take the wildcard out.",
	},
	{
		"wildcard-no-spf",
		"wildcard",
		DG_SEVERITY_WARNING,
		"names made by a wildcard have no SPF record",
		"RFC 7208 section 3.5",
		"Every name under the domain exists, and none has an SPF record: any of them can "
		"be used as a sender of "
		"the envelope, and gets past receivers that refuse senders which do not exist.",
		"Publish \"v=spf1 -all\" at the wildcard too.",
	},
	{
		"wildcard-np",
		"wildcard",
		DG_SEVERITY_NOTE,
		"np= never applies, because every name exists",
		"RFC 9989 section 3.2.13",
		"np= is for names that do not exist, by NXDOMAIN and nothing else. Where a "
		"wildcard, or the name server "
		"itself, answers for every name, receivers never see NXDOMAIN and use sp=, else "
		"p=.",
		"Write in sp= what should hold, or take sp= out so that p= does.",
	},
	{
		"wildcard-dmarc",
		"wildcard",
		DG_SEVERITY_NOTE,
		"the wildcard's TXT record answers at _dmarc of every name",
		"RFC 4592 section 3",
		"Whoever asks for the DMARC record of a name under the domain gets the text of the "
		"wildcard. Receivers pass "
		"over text that is no DMARC record; checkers complain about it, and so may "
		"_mta-sts and others.",
		"Nothing has to be done. If it disturbs, take the wildcard TXT out.",
	},
	{
		"wildcard-reach",
		"wildcard",
		DG_SEVERITY_NOTE,
		"the wildcard does not reach names that exist",
		"RFC 4592 section 2.2",
		"A wildcard answers only where nothing at all stands, and nothing below either. A "
		"host with an address "
		"gets neither the null MX nor the SPF record of the wildcard.",
		"Publish the records at each name that exists.",
	},
	{
		"wildcard-nodata",
		"wildcard",
		DG_SEVERITY_NOTE,
		"the name servers never say that a name does not exist",
		"RFC 8020",
		"For a name that nobody made the answer is \"no data\", as if it existed. Some "
		"providers do so for every "
		"name, to sign answers while they are asked for.",
		"Nothing has to be done. Write in sp= what should hold for such names; np= never "
		"applies.",
	},
	{
		"wildcard-unknown",
		"wildcard",
		DG_SEVERITY_UNKNOWN,
		"whether there is a wildcard could not be looked up",
		"RFC 4592 section 2",
		"The question for a name that nobody made got no answer that can be trusted.",
		"Try again later.",
	},
	{.code = NULL},
};

/* The wildcards of a known zone are at their own names; else a name that nobody made shows them. */
static const char *asked_label(const struct check *c)
{
	return c->in->zone ? "*" : c->in->probe;
}

static enum known answers(const struct dg_fact *fact)
{
	switch (fact->state) {
	case DG_FACT_FOUND:
		return KNOWN_YES;
	case DG_FACT_NODATA:
	case DG_FACT_NXDOMAIN:
		return KNOWN_NO;
	case DG_FACT_PENDING:
	case DG_FACT_UNKNOWN:
		break;
	}
	return KNOWN_NOT_YET;
}

/* What names get that under does not have. */
static void look_at(struct check *c, struct wild *w, const char *under)
{
	const char *label = asked_label(c);
	const char *dmarc = NULL;

	w->name = label ? check_under(c, label, under) : NULL;
	if (!w->name) {
		return;
	}
	w->mx = check_ask_quietly(c, w->name, DG_TYPE_MX);
	w->txt = check_ask_quietly(c, w->name, DG_TYPE_TXT);
	w->a = check_ask_quietly(c, w->name, DG_TYPE_A);
	w->aaaa = check_ask_quietly(c, w->name, DG_TYPE_AAAA);
	dmarc = c->in->zone ? NULL : check_under(c, "_dmarc", w->name);
	w->dmarc = dmarc ? check_ask_quietly(c, dmarc, DG_TYPE_TXT) : w->txt;

	const struct dg_fact *facts[] = {w->mx, w->txt, w->a, w->aaaa};
	w->exists = KNOWN_NO;
	w->hides_missing = KNOWN_NO;
	for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++) {
		enum known known = answers(facts[i]);

		if (known == KNOWN_YES || (known == KNOWN_NOT_YET && w->exists == KNOWN_NO)) {
			w->exists = known;
		}
		if (facts[i]->state == DG_FACT_FOUND || facts[i]->state == DG_FACT_NODATA) {
			w->hides_missing = KNOWN_YES;
		} else if (known == KNOWN_NOT_YET && w->hides_missing == KNOWN_NO) {
			w->hides_missing = KNOWN_NOT_YET;
		}
	}
}

/* Evidence is the wildcard's own record, also when a probe has shown it. */
static void check_mail(struct check *c, const struct wild *w, const char *under)
{
	const char *star = check_under(c, "*", under);
	const char *at = star ? star : under;
	const char *shown = check_shown(c, under);
	bool is_null = w->mx->state == DG_FACT_FOUND && dg_mx_state(&w->mx->set) == DG_MX_NULL;
	const struct dg_fact *address = w->a->state == DG_FACT_FOUND ? w->a : w->aaaa;
	const char *const *texts = NULL;
	size_t n_spf = check_texts(c, w->txt, dg_spf_is_record, &texts);

	if (w->mx->state == DG_FACT_FOUND && !is_null) {
		check_find(c, "wildcard-mx", at, check_evidence_of(c, at, w->mx),
			"every name under %s takes mail by a wildcard", shown)
			->remedy = check_line(c, at, "MX 0 .");
	}
	if (address->state == DG_FACT_FOUND && dg_fact_is_none(w->mx)) {
		check_find(c, "wildcard-address", at, check_evidence_of(c, at, address),
			"every name under %s has an address by a wildcard, and no MX", shown)
			->remedy = check_line(c, at, "MX 0 .");
	}
	if (n_spf == 0 && answers(w->txt) != KNOWN_NOT_YET) {
		check_find(c, "wildcard-no-spf", at, check_evidence_of(c, at, w->txt),
			"every name under %s exists by a wildcard, without SPF", shown)
			->remedy = check_line_txt(c, at, "v=spf1 -all");
	}
	if (is_null || n_spf > 0) {
		check_find(c, "wildcard-reach", at,
			check_evidence_of(c, at, is_null ? w->mx : w->txt),
			"%s does not reach names that exist: each needs records of its own",
			check_shown(c, at));
	}
	if (w->dmarc->state == DG_FACT_FOUND) {
		check_find(c, "wildcard-dmarc", at, check_evidence_of(c, at, w->dmarc),
			"_dmarc of every name under %s answers with the text of a wildcard", shown);
	}
}

static bool is_delegated(const struct dg_zone *z, const char *name)
{
	struct dg_rrset ns;

	while (strcmp(name, z->apex) != 0 && strcmp(name, ".") != 0) {
		if (dg_zone_get(z, name, DG_TYPE_NS, &ns) == 0 && ns.n > 0) {
			return true;
		}
		name = dg_name_parent(name);
	}
	return false;
}

static bool is_for_mail(const struct dg_rrset *set)
{
	return set->n > 0 &&
	       (set->type == DG_TYPE_A || set->type == DG_TYPE_AAAA || set->type == DG_TYPE_MX);
}

/* Those of a known zone that stand deeper: "*.dyn.example.com". */
static void check_deeper(struct check *c)
{
	const struct dg_zone *z = c->in->zone;
	const char *last = "";
	size_t n = 0;

	for (size_t i = dg_zone_lower_bound(z, c->in->domain);
		i < z->n && n < DEEPER_MAX &&
		dg_name_is_at_or_under(z->sets[i].owner, c->in->domain);
		i++) {
		const char *owner = z->sets[i].owner;
		const char *under = dg_name_parent(owner);
		struct wild w = {.name = NULL};

		if (!is_for_mail(&z->sets[i]) || !dg_name_is_wildcard(owner) ||
			strcmp(under, c->in->domain) == 0 || strcmp(owner, last) == 0 ||
			is_delegated(z, under)) {
			continue;
		}
		last = owner;
		n++;
		look_at(c, &w, under);
		if (w.name && w.exists == KNOWN_YES) {
			check_mail(c, &w, under);
		}
	}
}

/* np= is written, and nobody can see it. */
static void check_np(struct check *c)
{
	const struct dg_dmarc_found *f = c->dmarc;
	enum dg_dmarc_policy below = f->dmarc.sp != DG_DMARC_UNSET ? f->dmarc.sp : f->dmarc.p;

	if (f->state != DG_DMARC_FOUND || f->dmarc.np == DG_DMARC_UNSET ||
		c->wild.hides_missing != KNOWN_YES) {
		return;
	}
	check_find(c, "wildcard-np", c->in->domain, NULL,
		"np= never applies under %s: names that do not exist get %s instead",
		check_shown(c, c->in->domain), f->dmarc.sp != DG_DMARC_UNSET ? "sp=" : "p=")
		->severity = f->dmarc.np > below ? DG_SEVERITY_WARNING : DG_SEVERITY_NOTE;
}

void check_wildcard(struct check *c)
{
	const struct wild *w = &c->wild;

	if (c->in->depth != DG_CHECK_FULL || !c->out->exists || c->out->is_unknown) {
		return;
	}
	look_at(c, &c->wild, c->in->domain);
	if (!w->name) {
		return;
	}
	if (c->in->zone) {
		check_deeper(c);
	}
	if (w->exists == KNOWN_YES) {
		check_mail(c, w, c->in->domain);
	} else if (w->hides_missing == KNOWN_YES && w->exists == KNOWN_NO && !c->in->zone) {
		check_find(c, "wildcard-nodata", c->in->domain, NULL,
			"%s, which nobody made, is answered with \"no data\"",
			check_shown(c, w->name));
	} else if (w->exists == KNOWN_NOT_YET) {
		check_find_unknown(
			c, "wildcard-unknown", w->mx, c->in->domain, "a name that nobody made");
	}
	check_np(c);
}
