/* DKIM keys (RFC 6376 section 3.6.1, RFC 8301, RFC 8463): at the selectors that were given, that the zone holds, or that are common.
 *
 * Selectors cannot be listed from outside. That there is none at all can be told: _domainkey is NXDOMAIN then (RFC 8020).
 */
#include "zones/check/rule.h"

#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/base/err.h"
#include "zones/mail/chars.h"
#include "zones/mail/dkim.h"
#include "zones/record/name.h"
#include "zones/record/zone.h"

#include <string.h>

#define SELECTORS_MAX 64u

/* What mail services and programs use when nobody chose. */
static const char *const common[] = {"google", "selector1", "selector2", "default", "dkim", "mail",
	"k1", "k2", "k3", "s1", "s2", "s3", "mandrill", "smtp", "smtpapi", "zoho", "zmail", "mx",
	"mxvault", "fm1", "fm2", "fm3", "protonmail", "protonmail2", "protonmail3", "sig1", "pm",
	"mailjet", "krs", "everlytickey1", "everlytickey2", "mesmtp", "dkim1", "dkim2", "key1",
	"key2", "email", "selector", "a1", "cm", "sm", "20230601", "scph0920", "titan1"};

struct search {
	struct check *c;
	const char *base;           /* "_domainkey.example.com." */
	const struct dg_fact *wild; /* what a random selector gets; NULL: not asked */
	bool is_given, is_all;
	size_t n_tried, n_unknown, n_rsa, n_ed25519, n_revoked, n_broken;
	const struct dg_fact *unknown;
	const char *unknown_owner;
	const char *ed25519_owner;
	const char *ed25519_record;
};

static bool is_enforced(const struct check *c)
{
	return c->out->walk.state == DG_DMARC_FOUND && c->out->walk.applied >= DG_DMARC_QUARANTINE;
}

static bool looks_like_key(const char *text, size_t len)
{
	static const char head[] = "v=DKIM1";

	return dg_dkim_is_record(text, len) ||
	       (len >= sizeof(head) - 1 && dg_is_word(text, sizeof(head) - 1, head));
}

static const char *selector_of(const struct search *s, const char *owner)
{
	return dg_name_relative(s->c->arena, owner, s->base);
}

static const char *key_text(struct check *c, const struct dg_dkim *d, const struct dg_lints *lints)
{
	if (d->is_revoked) {
		return "revoked";
	}
	if (lints->n_errors > 0) {
		return "not usable";
	}
	const char *testing = d->is_testing ? ", testing" : "";
	return d->key == DG_DKIM_ED25519 ? dg_printf(c->arena, "Ed25519%s", testing)
					 : dg_printf(c->arena, "RSA %u bits%s", d->n_bits, testing);
}

static void note_key(struct search *s, const char *owner, const char *record,
	const struct dg_dkim *d, bool works)
{
	struct check *c = s->c;

	if (!works) {
		s->n_broken += !d->is_revoked;
		s->n_revoked += d->is_revoked;
		return;
	}
	s->n_rsa += d->key == DG_DKIM_RSA;
	if (d->key == DG_DKIM_ED25519) {
		s->n_ed25519++;
		s->ed25519_owner = owner;
		s->ed25519_record = record;
	}
	if (c->out->is_parked) {
		(void)check_find(c, "dkim-parked-key", owner, record,
			"nobody may send as %s, but the key at %s is still in force: whoever holds "
			"it passes DMARC",
			check_shown(c, c->in->domain), check_shown(c, owner));
	}
}

static void take_key(
	struct search *s, const char *owner, const char *text, size_t len, const char *evidence)
{
	struct check *c = s->c;
	struct dg_check_key *key = &c->out->keys[c->out->n_keys];
	struct dg_lints lints;
	struct dg_dkim d;
	struct dg_buf b;

	dg_lints_init(&lints, c->arena);
	dg_dkim_parse(c->arena, text, len, &d, &lints);
	if (lints.n_errors == 0) {
		dg_dkim_lint(&d, &lints);
	}
	check_take_lints(c, &lints, owner, evidence);
	bool works = lints.n_errors == 0 && !d.is_revoked;
	note_key(s, owner, evidence, &d, works);
	if (works && lints.n == 0) {
		(void)check_find(c, "dkim-key-good", owner, evidence, "the key at %s is sound: %s",
			check_shown(c, owner), key_text(c, &d, &lints));
	}
	if (c->out->n_keys < SELECTORS_MAX) {
		dg_buf_init(&b, DG_DKIM_TEXT_MAX);
		dg_buf_put_safe(&b, text, len);
		*key = (struct dg_check_key){.selector = selector_of(s, owner),
			.record = dg_strdup(c->arena, b.data),
			.text = key_text(c, &d, &lints)};
		dg_buf_done(&b);
		c->out->n_keys++;
	}
}

static void take_records(struct search *s, const char *owner, const struct dg_fact *fact)
{
	struct check *c = s->c;
	size_t n = 0;
	const char *first = NULL;

	for (size_t i = 0; i < fact->set.n; i++) {
		const struct dg_rdata *rd = &fact->set.rdata[i];
		const char *text = dg_txt_join(c->arena, rd);
		size_t len = dg_txt_len(rd);

		if (!looks_like_key(text, len)) {
			continue;
		}
		const char *evidence = check_evidence(c, owner, DG_TYPE_TXT, rd);
		first = n++ == 0 ? evidence : first;
		take_key(s, owner, text, len, evidence);
	}
	if (n > 1) {
		(void)check_find(c, "dkim-several", owner, first,
			"%zu keys stand at %s: verifiers may take any of them, or none", n,
			check_shown(c, owner));
	} else if (n == 0 && s->is_given) {
		s->n_broken++;
		(void)check_find(c, "dkim-not-a-key", owner,
			check_evidence(c, owner, DG_TYPE_TXT, &fact->set.rdata[0]),
			"what stands at %s is not a DKIM key", check_shown(c, owner));
	}
	if (n > 0 || s->is_given) {
		(void)check_ask(c, owner, DG_TYPE_TXT);
	}
}

/* The same as a random selector gets: a wildcard made it. */
static bool is_from_wildcard(const struct search *s, const struct dg_fact *fact)
{
	const struct dg_fact *wild = s->wild;

	if (!wild || s->is_all) {
		return false;
	}
	if (wild->state == DG_FACT_FOUND && fact->state == DG_FACT_FOUND) {
		return dg_rrset_same_data(&wild->set, &fact->set);
	}
	return wild->alias && fact->alias && strcmp(wild->alias, fact->alias) == 0;
}

static void look_at(struct search *s, const char *owner)
{
	struct check *c = s->c;
	const struct dg_fact *fact = check_ask_quietly(c, owner, DG_TYPE_TXT);

	s->n_tried++;
	if (fact->state == DG_FACT_UNKNOWN) {
		s->n_unknown++;
		if (s->is_given || s->is_all) {
			check_find_unknown(c, "dkim-unknown", fact, owner, "the key");
		} else if (!s->unknown) {
			s->unknown = fact;
			s->unknown_owner = owner;
		}
	} else if (fact->state == DG_FACT_PENDING || is_from_wildcard(s, fact)) {
		return;
	} else if (fact->state == DG_FACT_FOUND) {
		take_records(s, owner, fact);
	} else if (fact->alias) {
		(void)check_ask(c, owner, DG_TYPE_TXT);
		s->n_broken++;
		(void)check_find(c, "dkim-cname-dangling", owner,
			dg_printf(c->arena, "%s CNAME %s", check_shown(c, owner),
				check_shown(c, fact->alias)),
			"%s is an alias of %s, where no key stands", check_shown(c, owner),
			check_shown(c, fact->alias));
	} else if (s->is_given) {
		s->n_broken++;
		(void)check_find(c, "dkim-selector-absent", owner, NULL, "no key stands at %s",
			check_shown(c, owner));
	}
}

static void look_at_given(struct search *s, const char *selector, size_t len)
{
	struct check *c = s->c;
	const char *owner = NULL;
	struct dg_err err;

	if (dg_name_parse(c->arena, selector, len, s->base, &owner, &err) != 0 ||
		!dg_name_is_at_or_under(owner, s->base)) {
		struct dg_lints lints;

		dg_lints_init(&lints, c->arena);
		s->n_broken++;
		(void)check_find(c, "dkim-unknown", s->base, NULL,
			"\"%s\" cannot be a selector: no name can be made of it",
			dg_lint_seen(&lints, selector, len));
		return;
	}
	look_at(s, owner);
}

/* --- which selectors -------------------------------------------------------------------------- */
/* All of the zone is known, and what is under _domainkey is not given to other name servers. */
static bool is_listed(const struct search *s)
{
	const struct dg_zone *zone = s->c->in->zone;
	struct dg_rrset set;

	return zone && zone->is_complete && dg_name_is_at_or_under(s->base, zone->apex) &&
	       !(dg_zone_get(zone, s->base, DG_TYPE_NS, &set) == 0 && set.n > 0);
}

static void look_at_listed(struct search *s)
{
	const struct dg_zone *zone = s->c->in->zone;
	size_t n = 0;

	s->is_all = true;
	for (size_t i = dg_zone_lower_bound(zone, s->base);
		i < zone->n && dg_name_is_at_or_under(zone->sets[i].owner, s->base); i++) {
		const struct dg_rrset *set = &zone->sets[i];

		if (set->n > 0 && (set->type == DG_TYPE_TXT || set->type == DG_TYPE_CNAME) &&
			strcmp(set->owner, s->base) != 0 && !dg_name_is_wildcard(set->owner) &&
			n++ < SELECTORS_MAX) {
			look_at(s, set->owner);
		}
	}
}

static void look_at_common(struct search *s)
{
	for (size_t i = 0; i < sizeof(common) / sizeof(common[0]); i++) {
		const char *owner = check_under(s->c, common[i], s->base);

		if (owner) {
			look_at(s, owner);
		}
	}
	if (s->unknown) {
		(void)check_find(s->c, "dkim-unknown", s->unknown_owner, NULL,
			"%zu of %zu common selectors could not be looked up: %s", s->n_unknown,
			s->n_tried, s->unknown->why ? s->unknown->why : "no answer");
	}
}

/* --- what came of it ---------------------------------------------------------------------------- */
static void find_none(struct search *s, const char *how)
{
	struct check *c = s->c;
	struct dg_finding *f = check_find(c, "dkim-none", s->base, NULL,
		"%s may send mail but has no DKIM key: %s", check_shown(c, c->in->domain), how);

	if (f && !is_enforced(c)) {
		f->severity = DG_SEVERITY_NOTE;
	}
}

static void find_not_seen(struct search *s, const struct dg_fact *base)
{
	struct check *c = s->c;
	bool is_told =
		base->state == DG_FACT_NODATA && s->wild && s->wild->state == DG_FACT_NXDOMAIN;

	if (s->wild && s->wild->state == DG_FACT_UNKNOWN) {
		check_find_unknown(c, "dkim-unknown", s->wild, s->base, "a selector at random");
		return;
	}
	if (is_told) {
		(void)check_find(c, "dkim-hidden", s->base, NULL,
			"something stands under %s, at selectors that are not among the %zu common "
			"ones",
			check_shown(c, s->base), s->n_tried);
		return;
	}
	struct dg_finding *f = check_find(c, "dkim-not-seen", s->base, NULL,
		"could not tell whether %s signs its mail: none of %zu common selectors has a key, "
		"and selectors cannot be listed%s",
		check_shown(c, c->in->domain), s->n_tried,
		s->wild && s->wild->state == DG_FACT_FOUND ? " (a wildcard answers for each)" : "");
	if (f && !is_enforced(c)) {
		f->severity = DG_SEVERITY_NOTE;
	}
}

static void sum_up(struct search *s, const struct dg_fact *base)
{
	struct check *c = s->c;
	size_t n_good = s->n_rsa + s->n_ed25519;

	if (s->n_ed25519 > 0 && s->n_rsa == 0) {
		(void)check_find(c, "dkim-ed25519-alone", s->ed25519_owner, s->ed25519_record,
			"only Ed25519 keys were found: many receivers cannot verify them yet");
	}
	if (n_good > 0 || s->n_broken > 0 || s->n_unknown > 0 || s->is_given ||
		c->sends != KNOWN_YES || c->out->n_pending > 0) {
		return;
	}
	if (s->is_all) {
		find_none(s, s->n_revoked > 0 ? "each one in the zone is revoked"
					      : "the zone holds none");
	} else {
		find_not_seen(s, base);
	}
}

/* A random selector gets a key that is revoked: so does every selector that has no record of its own. */
static void see_wildcard(struct search *s)
{
	struct check *c = s->c;
	const char *probe = c->in->probe ? check_under(c, c->in->probe, s->base) : NULL;
	struct dg_lints lints;
	struct dg_dkim d;

	if (!probe || c->in->depth != DG_CHECK_FULL) {
		return;
	}
	s->wild = check_ask_quietly(c, probe, DG_TYPE_TXT);
	if (s->wild->state != DG_FACT_FOUND || s->wild->set.n != 1) {
		return;
	}
	const struct dg_rdata *rd = &s->wild->set.rdata[0];
	const char *text = dg_txt_join(c->arena, rd);
	const char *owner = check_under(c, "*", s->base);

	dg_lints_init(&lints, c->arena);
	dg_dkim_parse(c->arena, text, dg_txt_len(rd), &d, &lints);
	if (!owner || !looks_like_key(text, dg_txt_len(rd)) || lints.n_errors > 0) {
		return;
	}
	(void)check_find(c, d.is_revoked ? "dkim-all-revoked" : "dkim-wildcard-key", owner,
		check_evidence(c, owner, DG_TYPE_TXT, rd),
		d.is_revoked ? "every selector of %s that has no record of its own is revoked"
			     : "every selector of %s has the same key",
		check_shown(c, c->in->domain));
}

static void search(struct search *s, const struct dg_fact *base)
{
	struct check *c = s->c;

	s->is_given = c->in->n_selectors > 0;
	c->out->keys = dg_newn(c->arena, struct dg_check_key, SELECTORS_MAX + 1);
	see_wildcard(s);
	for (size_t i = 0; i < c->in->n_selectors && i < SELECTORS_MAX; i++) {
		look_at_given(s, c->in->selectors[i], strlen(c->in->selectors[i]));
	}
	if (s->is_given) {
		/* nothing else is asked */
	} else if (is_listed(s)) {
		look_at_listed(s);
	} else if (base->state != DG_FACT_NXDOMAIN) {
		look_at_common(s);
	}
}

void check_dkim(struct check *c)
{
	struct search s = {.c = c, .base = check_under(c, "_domainkey", c->in->domain)};

	if (c->in->depth == DG_CHECK_FAST || !s.base || !c->out->exists) {
		return;
	}
	const struct dg_fact *base = check_ask_quietly(c, s.base, DG_TYPE_TXT);

	if (base->state == DG_FACT_PENDING) {
		return;
	}
	if (base->state == DG_FACT_UNKNOWN && c->in->n_selectors == 0) {
		check_find_unknown(c, "dkim-unknown", base, s.base, "whether there are DKIM keys");
		return;
	}
	if (c->in->depth == DG_CHECK_FULL) {
		search(&s, base);
	}
	if (base->state == DG_FACT_NXDOMAIN && c->in->n_selectors == 0 && !s.is_all) {
		if (c->sends == KNOWN_YES) {
			find_none(&s, "nothing stands under _domainkey");
		}
	} else if (c->in->depth == DG_CHECK_FULL) {
		sum_up(&s, base);
	}
}
