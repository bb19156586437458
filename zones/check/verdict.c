/* The verdict: can the name be forged, for each identity and each class of names under it.
 *
 * From      What DMARC asks receivers to do with a message that fails (RFC 9989 sections 4.7 and 4.10): reject in force is PROTECTED;
 *           quarantine, and reject while testing (t=y), is LENIENT, because the mail is still delivered; none or no policy is
 *           FORGEABLE. Where receivers of the old and the new standard see different policies, or some see none at all because
 *           there are two records, or the name servers disagree, PROTECTED becomes LENIENT. An SPF record that lets every host
 *           pass makes DMARC pass too: FORGEABLE.
 * Mail From The result of SPF (RFC 7208) for a host that the record does not name: fail is PROTECTED, softfail is LENIENT,
 *           anything else is FORGEABLE. Several records, a fault, too many look-ups: as if there were none.
 *           A name that does not exist cannot have a record: receivers that look the sender up refuse it, so LENIENT.
 * HELO      As MAIL FROM, for the names that hosts say.
 *           A fast check follows other names only where the record ends in redirect=, so that it does not see a broken include.
 * Classes   MISSING is decided by np= only where receivers see NXDOMAIN; with a wildcard sp= counts. Without a look (FAST, AUDIT) and
 *           without a probe it is "could not tell" where the two differ. Names under the domain have no SPF
 *           by inheritance: without a look at them (FULL) MAIL FROM and HELO of the other classes are "could not tell".
 * Unknown   A fact that could not be looked up makes "could not tell", unless what is known decides alone.
 */
#include "zones/check/verdict.h"

#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/record/name.h"
#include "zones/record/zone.h"

#include <string.h>

#define RECORD_SHOWN   512u
#define SUBDOMAINS_MAX 64u /* names of a zone with a DMARC record of their own */

static unsigned weakness(enum dg_forgery f)
{
	switch (f) {
	case DG_FORGEABLE:
		return 3;
	case DG_FORGERY_UNKNOWN:
		return 2;
	case DG_FORGEABLE_LENIENT:
		return 1;
	case DG_PROTECTED:
		break;
	}
	return 0;
}

bool check_is_weaker(enum dg_forgery x, enum dg_forgery y)
{
	return weakness(x) > weakness(y);
}

const char *check_deciding(struct check *c, const char *owner, const char *text)
{
	size_t len = strlen(text);
	struct dg_buf b;

	dg_buf_init(&b, 8192);
	dg_buf_printf(&b, "%s TXT ", check_shown(c, owner));
	dg_buf_put_safe(&b, text, len > RECORD_SHOWN ? RECORD_SHOWN : len);
	if (len > RECORD_SHOWN) {
		dg_buf_puts(&b, "...");
	}
	const char *shown = dg_strndup(c->arena, b.data, b.len);
	dg_buf_done(&b);
	return shown;
}

/* --- header From --------------------------------------------------------------------------------- */
static enum dg_forgery by_policy(enum dg_dmarc_policy applied)
{
	switch (applied) {
	case DG_DMARC_REJECT:
		return DG_PROTECTED;
	case DG_DMARC_QUARANTINE:
		return DG_FORGEABLE_LENIENT;
	case DG_DMARC_NONE:
	case DG_DMARC_UNSET:
		break;
	}
	return DG_FORGEABLE;
}

static enum dg_forgery by_found(const struct dg_dmarc_found *f)
{
	switch (f->state) {
	case DG_DMARC_FOUND:
		return by_policy(f->applied);
	case DG_DMARC_ABSENT:
		return DG_FORGEABLE;
	case DG_DMARC_PENDING:
	case DG_DMARC_UNKNOWN:
		break;
	}
	return DG_FORGERY_UNKNOWN;
}

static const char *at_dmarc(struct check *c, const char *name)
{
	const char *at = check_under(c, "_dmarc", name);

	return at ? at : name;
}

static const char *why_applied(enum dg_dmarc_policy applied, bool is_testing)
{
	switch (applied) {
	case DG_DMARC_REJECT:
		return "receivers are asked to refuse forged mail";
	case DG_DMARC_QUARANTINE:
		return is_testing ? "while t=y stands, forged mail goes to the spam folder"
				  : "forged mail goes to the spam folder";
	case DG_DMARC_NONE:
	case DG_DMARC_UNSET:
		break;
	}
	return "the policy asks to deliver forged mail";
}

static struct dg_ruling rule_by_found(struct check *c, const struct dg_dmarc_found *f)
{
	struct dg_ruling r = {.forgery = by_found(f), .name = f->domain};

	if (f->state == DG_DMARC_FOUND) {
		r.record = check_deciding(c, at_dmarc(c, f->at), f->record);
		r.why = f->is_repaired ? "the policy is not valid and counts as p=none"
				       : why_applied(f->applied, f->is_testing);
	} else {
		r.why = f->why ? f->why : "no DMARC policy is in force";
	}
	if (r.forgery == DG_PROTECTED && f->has_two_outcomes) {
		r.forgery = DG_FORGEABLE_LENIENT;
		r.why = "there are two records at one name: some receivers see no policy at all";
	}
	return r;
}

/* Receivers that use the public suffix list may see less. */
static void weigh_psl(struct dg_ruling *r, const struct dg_dmarc_found *psl)
{
	if (r->forgery == DG_PROTECTED &&
		(psl->state == DG_DMARC_FOUND || psl->state == DG_DMARC_ABSENT) &&
		by_found(psl) != DG_PROTECTED) {
		r->forgery = DG_FORGEABLE_LENIENT;
		r->why = "receivers that use the public suffix list find a weaker policy, or none";
	}
}

static void weigh_spf(struct check *c, struct dg_ruling *r, bool is_strict)
{
	if (!check_passes_all(c) || is_strict || r->forgery == DG_FORGEABLE) {
		return;
	}
	r->forgery = DG_FORGEABLE;
	r->record = check_deciding(c, c->in->domain, c->out->spf_record);
	r->why = "SPF lets every host pass, and so DMARC passes for everybody";
}

/* The record that counts for names below: that of the organizational domain. False: there is none. */
static bool record_for_below(
	struct check *c, struct dg_dmarc *ret_dmarc, const char **ret_at, const char **ret_record)
{
	const struct dg_dmarc_found *f = c->dmarc;
	const char *at = at_dmarc(c, f->org_domain);
	struct dg_lints lints;

	*ret_dmarc = f->dmarc;
	*ret_at = at_dmarc(c, f->at);
	*ret_record = f->record;
	if (strcmp(f->at, f->org_domain) == 0) {
		return true;
	}
	for (size_t i = 0; i < f->n_steps; i++) {
		if (strcmp(f->steps[i].at, at) == 0 && f->steps[i].n_records == 1) {
			dg_lints_init(&lints, c->arena);
			dg_dmarc_parse(c->arena, f->steps[i].record, strlen(f->steps[i].record),
				ret_dmarc, &lints);
			*ret_at = at;
			*ret_record = f->steps[i].record;
			return true;
		}
	}
	return strcmp(f->at, c->in->domain) != 0; /* that of a public suffix above */
}

static enum dg_dmarc_policy policy_below(const struct dg_dmarc *d, bool is_missing)
{
	enum dg_dmarc_policy policy = d->sp != DG_DMARC_UNSET ? d->sp : d->p;

	if (d->p == DG_DMARC_UNSET || d->has_bad_sp || d->has_bad_np) {
		return DG_DMARC_NONE;
	}
	policy = is_missing && d->np != DG_DMARC_UNSET ? d->np : policy;
	return policy - (d->t == 'y' && policy > DG_DMARC_NONE);
}

/* For names below that have no record of their own. missing: do receivers see NXDOMAIN for them? */
static struct dg_ruling rule_below(struct check *c, enum known missing)
{
	const struct dg_dmarc_found *f = c->dmarc;
	struct dg_ruling r = {.forgery = by_found(f), .name = c->in->domain};
	const char *at = NULL;
	const char *record = NULL;
	struct dg_dmarc d;

	if (f->state != DG_DMARC_FOUND || !f->is_org_certain) {
		r.forgery = f->state == DG_DMARC_ABSENT ? DG_FORGEABLE : DG_FORGERY_UNKNOWN;
		r.why = f->why ? f->why : "a record above the name could not be looked up";
		return r;
	}
	if (!record_for_below(c, &d, &at, &record)) {
		r.forgery = DG_FORGEABLE;
		r.why = "no DMARC policy is in force for names below";
		return r;
	}
	enum dg_dmarc_policy existing = policy_below(&d, false);
	enum dg_dmarc_policy absent = policy_below(&d, true);
	enum dg_dmarc_policy applied = missing == KNOWN_YES ? absent : existing;
	r.record = check_deciding(c, at, record);
	r.forgery = by_policy(applied);
	r.why = why_applied(applied, d.t == 'y');
	if (missing == KNOWN_NOT_YET && by_policy(existing) != by_policy(absent)) {
		r.forgery = DG_FORGERY_UNKNOWN;
		r.why = "sp= and np= differ, and whether a wildcard makes every name exist is not "
			"known";
	}
	weigh_spf(c, &r, d.aspf == 's');
	return r;
}

static void put(struct check *c, enum dg_name_class class, struct dg_ruling r)
{
	r.identity = DG_IDENTITY_FROM;
	r.class = class;
	c->out->rulings[DG_IDENTITY_FROM][class] = r;
}

static void put_weaker(struct check *c, enum dg_name_class class, struct dg_ruling r)
{
	if (check_is_weaker(r.forgery, c->out->rulings[DG_IDENTITY_FROM][class].forgery)) {
		put(c, class, r);
	}
}

/* A name that is known, with a record of its own or without. */
static struct dg_ruling rule_name(struct check *c, const char *name)
{
	struct dg_dmarc_found found;

	dg_dmarc_find(c->arena, name, DG_DMARC_WALK, &c->quiet, &found);
	struct dg_ruling r = rule_by_found(c, &found);
	weigh_spf(c, &r, found.state == DG_DMARC_FOUND && found.dmarc.aspf == 's');
	return r;
}

static void weigh_zone(struct check *c)
{
	const struct dg_zone *z = c->in->zone;
	size_t n = 0;

	for (size_t i = dg_zone_lower_bound(z, c->in->domain);
		i < z->n && n < SUBDOMAINS_MAX &&
		dg_name_is_at_or_under(z->sets[i].owner, c->in->domain);
		i++) {
		const char *owner = z->sets[i].owner;

		if (z->sets[i].type == DG_TYPE_TXT && strncmp(owner, "_dmarc.", 7) == 0 &&
			strcmp(owner + 7, c->in->domain) != 0 && !dg_name_is_wildcard(owner + 7)) {
			put_weaker(c, DG_CLASS_SUBDOMAIN, rule_name(c, owner + 7));
			n++;
		}
	}
}

/* Do receivers see NXDOMAIN for names that nobody made? */
static enum known is_missing_seen(struct check *c)
{
	if (!c->out->exists) {
		return KNOWN_YES;
	}
	if (c->wild.name) {
		return c->wild.hides_missing == KNOWN_NO    ? KNOWN_YES
		       : c->wild.hides_missing == KNOWN_YES ? KNOWN_NO
							    : KNOWN_NOT_YET;
	}
	const char *name = c->in->probe && c->dmarc->state == DG_DMARC_FOUND &&
					   c->dmarc->dmarc.np != DG_DMARC_UNSET
				   ? check_under(c, c->in->probe, c->in->domain)
				   : NULL;
	const struct dg_fact *fact = name ? check_ask_quietly(c, name, DG_TYPE_TXT) : NULL;
	if (!fact || fact->state == DG_FACT_PENDING || fact->state == DG_FACT_UNKNOWN) {
		return KNOWN_NOT_YET;
	}
	return fact->state == DG_FACT_NXDOMAIN ? KNOWN_YES : KNOWN_NO;
}

/* A host may have a better record of its own. */
static void weigh_hosts(struct check *c)
{
	bool is_first = true;

	for (size_t i = 0; i < c->n_hosts; i++) {
		if (!check_has_address(&c->hosts[i])) {
			continue;
		}
		struct dg_ruling r = rule_name(c, c->hosts[i].name);
		if (is_first) {
			put(c, DG_CLASS_HOST, r);
		}
		put_weaker(c, DG_CLASS_HOST, r);
		is_first = false;
	}
}

static void rule_from(struct check *c)
{
	struct dg_ruling own = rule_by_found(c, c->dmarc);
	enum known missing = is_missing_seen(c);

	if (c->in->depth != DG_CHECK_FAST) {
		weigh_psl(&own, &c->out->psl);
	}
	weigh_spf(c, &own, false);
	put(c, DG_CLASS_DOMAIN, own);
	put(c, DG_CLASS_MISSING, rule_below(c, missing));

	struct dg_ruling existing = rule_below(c, c->out->exists ? KNOWN_NO : KNOWN_YES);
	put(c, DG_CLASS_SUBDOMAIN, existing);
	put(c, DG_CLASS_HOST, existing);
	weigh_hosts(c);
	if (c->in->zone && c->in->depth == DG_CHECK_FULL) {
		weigh_zone(c);
	}
}

/* --- bounces --------------------------------------------------------------------------------------- */
static void rule_backscatter(struct check *c)
{
	struct dg_check *out = c->out;

	if (c->receives == KNOWN_NOT_YET) {
		const struct dg_fact *fact = dg_fact_is_none(c->mx) && c->a ? c->a : c->mx;

		out->backscatter = DG_BACKSCATTER_UNKNOWN;
		out->backscatter_why =
			fact->why ? fact->why : "where mail goes could not be looked up";
	} else if (c->receives == KNOWN_YES) {
		out->backscatter = DG_BACKSCATTER_YES;
		out->backscatter_why = c->mx->state == DG_FACT_FOUND
					       ? "its MX hosts take mail for it"
					       : "it has no MX, so its own address takes mail";
	} else {
		out->backscatter = DG_BACKSCATTER_NO;
		out->backscatter_why = c->mx->state == DG_FACT_FOUND
					       ? "a null MX ends bounces at the sender"
				       : out->exists ? "it has neither MX nor address"
						     : "it does not exist";
	}
}

/* --- name servers that disagree --------------------------------------------------------------------- */
static bool was_found(const struct check *c, const char *code)
{
	for (size_t i = 0; i < c->n_kept; i++) {
		if (strcmp(c->kept[i]->finding.kind->code, code) == 0) {
			return true;
		}
	}
	return false;
}

static void weigh_servers(struct dg_ruling *r)
{
	if (r->forgery == DG_PROTECTED) {
		r->forgery = DG_FORGEABLE_LENIENT;
		r->why = "the name servers disagree: some receivers get another record";
	}
}

void check_verdict(struct check *c)
{
	struct dg_check *out = c->out;

	rule_from(c);
	check_verdict_spf(c);
	rule_backscatter(c);
	for (unsigned k = 0; k < DG_CLASSES && was_found(c, "servers-dmarc-differ"); k++) {
		weigh_servers(&out->rulings[DG_IDENTITY_FROM][k]);
	}
	if (was_found(c, "servers-spf-differ")) {
		weigh_servers(&out->rulings[DG_IDENTITY_MAIL_FROM][DG_CLASS_DOMAIN]);
		weigh_servers(&out->rulings[DG_IDENTITY_HELO][DG_CLASS_DOMAIN]);
	}
}
