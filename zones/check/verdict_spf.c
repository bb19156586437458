/* The verdict on MAIL FROM and HELO: what SPF says of a host that no record names. */
#include "zones/base/arena.h"
#include "zones/check/verdict.h"
#include "zones/record/name.h"
#include "zones/record/zone.h"

#include <string.h>

#define MOST_ADDRESSES 2147483648.0 /* half of IPv4: as good as +all */
#define MAIL_NAMES_MAX 64u          /* names of a zone with an MX of their own */

/* --- one record -------------------------------------------------------------------------------------- */
static bool lets_all(const struct dg_spf *spf)
{
	for (size_t i = 0; i < spf->n; i++) {
		const struct dg_spf_term *t = &spf->terms[i];

		if (t->kind == DG_SPF_ALL) {
			return t->qualifier == '+';
		}
		if (t->qualifier == '+' && (t->prefix4 == 0 || t->prefix6 == 0) &&
			t->kind < DG_SPF_REDIRECT) {
			return true;
		}
	}
	return false;
}

static const char *permerror_of(const struct dg_spf_tree *t)
{
	return t->n_lookups > DG_SPF_LOOKUPS_MAX ? "more than ten look-ups: receivers give up"
	       : t->loop                         ? "the record includes itself: receivers give up"
	       : t->broken                       ? "an included record is broken: receivers give up"
	       : t->many_mx ? "an mx term has too many hosts: receivers give up"
	       : t->n_voids4 > DG_SPF_VOIDS_MAX
		       ? "too many look-ups that find nothing: receivers give up"
		       : NULL;
}

static void judge_end(struct dg_ruling *r, char qualifier)
{
	switch (qualifier) {
	case '-':
		r->forgery = DG_PROTECTED;
		r->why = "other hosts get the result fail";
		break;
	case '~':
		r->forgery = DG_FORGEABLE_LENIENT;
		r->why = "other hosts get the result softfail: forged mail is marked, not refused";
		break;
	default:
		r->forgery = DG_FORGEABLE;
		r->why = "other hosts get the result neutral, as if there were no record";
		break;
	}
}

static void judge_tree(struct dg_ruling *r, const struct dg_spf_tree *t)
{
	const char *permerror = permerror_of(t);

	if (t->has_pass_all || t->n_addresses4 >= MOST_ADDRESSES) {
		r->forgery = DG_FORGEABLE;
		r->why = "the record lets every host send";
	} else if (permerror) {
		r->forgery = DG_FORGEABLE;
		r->why = permerror;
	} else if (t->n_failed > 0 || t->n_pending > 0) {
		r->forgery = DG_FORGERY_UNKNOWN;
		r->why = t->failed_why ? t->failed_why
				       : "a part of the record could not be looked up";
	} else {
		judge_end(r, (char)(t->has_fail_all ? '-' : t->has_soft_all ? '~' : '?'));
	}
}

static bool needs_tree(const struct dg_spf *spf)
{
	for (size_t i = 0; i < spf->n; i++) {
		if (spf->terms[i].kind == DG_SPF_INCLUDE || spf->terms[i].kind == DG_SPF_REDIRECT) {
			return true;
		}
	}
	return false;
}

static char end_of(const struct dg_spf *spf)
{
	for (size_t i = 0; i < spf->n; i++) {
		if (spf->terms[i].kind == DG_SPF_ALL) {
			return spf->terms[i].qualifier;
		}
	}
	return '?';
}

/* tree: NULL: made here, where the record alone does not tell. */
static void judge_record(struct check *c, struct dg_ruling *r, const char *owner,
	const char *record, const struct dg_spf_tree *tree)
{
	struct dg_spf_tree own;
	struct dg_lints lints;
	struct dg_spf spf;

	dg_lints_init(&lints, c->arena);
	dg_spf_parse(c->arena, record, strlen(record), &spf, &lints);
	r->record = check_deciding(c, owner, record);
	if (lints.n_errors > 0) {
		r->forgery = DG_FORGEABLE;
		r->why = "the record has a fault: receivers treat it as if there were none";
		return;
	}
	if (lets_all(&spf)) {
		r->forgery = DG_FORGEABLE;
		r->why = "the record lets every host send";
		return;
	}
	if (!tree && c->in->depth == DG_CHECK_FULL && needs_tree(&spf)) {
		dg_spf_tree(c->arena, owner, record, &c->quiet, &own);
		tree = &own;
	}
	if (tree) {
		judge_tree(r, tree);
	} else {
		judge_end(r, end_of(&spf));
	}
}

static struct dg_ruling judge(struct check *c, const char *owner, const struct dg_fact *txt,
	const struct dg_spf_tree *tree)
{
	struct dg_ruling r = {.forgery = DG_FORGEABLE, .name = owner};
	const char *const *texts = NULL;
	size_t n = check_texts(c, txt, dg_spf_is_record, &texts);

	if (txt->state == DG_FACT_UNKNOWN || txt->state == DG_FACT_PENDING) {
		r.forgery = DG_FORGERY_UNKNOWN;
		r.why = txt->why ? txt->why : "the SPF record could not be looked up";
	} else if (n == 1) {
		judge_record(c, &r, owner, texts[0], tree);
	} else {
		r.record = n > 0 ? check_deciding(c, owner, texts[0]) : NULL;
		r.why = n > 0 ? "there are several SPF records: receivers use none of them"
			      : dg_printf(c->arena, "%s has no SPF record", check_shown(c, owner));
	}
	return r;
}

bool check_passes_all(const struct check *c)
{
	return c->out->n_spf_records == 1 && c->spf_lints.n_errors == 0 &&
	       (lets_all(&c->spf) ||
		       (c->out->spf && (c->out->spf->has_pass_all ||
					       c->out->spf->n_addresses4 >= MOST_ADDRESSES)));
}

/* --- names under the domain --------------------------------------------------------------------------- */
struct tally {
	struct dg_ruling weakest;
	size_t n;
};

static void count(struct tally *t, struct dg_ruling r)
{
	if (t->n++ == 0 || check_is_weaker(r.forgery, t->weakest.forgery)) {
		t->weakest = r;
	}
}

/* Names of the zone that have an MX, whether they have an address or not. */
static void count_mail_names(struct check *c, struct tally *t)
{
	const struct dg_zone *z = c->in->zone;
	size_t n = 0;

	for (size_t i = dg_zone_lower_bound(z, c->in->domain);
		i < z->n && n < MAIL_NAMES_MAX &&
		dg_name_is_at_or_under(z->sets[i].owner, c->in->domain);
		i++) {
		const char *owner = z->sets[i].owner;

		if (z->sets[i].type == DG_TYPE_MX && strcmp(owner, c->in->domain) != 0 &&
			!dg_name_is_wildcard(owner)) {
			n++;
			count(t, judge(c, owner, check_ask_quietly(c, owner, DG_TYPE_TXT), NULL));
		}
	}
}

static struct dg_ruling none_of(const struct check *c)
{
	struct dg_ruling r = {.forgery = DG_FORGERY_UNKNOWN, .name = c->in->domain};

	if (c->in->depth != DG_CHECK_FULL) {
		r.why = "names under the domain are looked at by a full check only";
	} else if (c->in->zone) {
		r.forgery = DG_PROTECTED;
		r.why = "the zone has no such name";
	} else {
		r.why = "none of the usual names exists there: --host looks at others";
	}
	return r;
}

static struct dg_ruling judge_missing(struct check *c)
{
	const struct wild *w = &c->wild;
	struct dg_ruling r = {.forgery = DG_FORGEABLE_LENIENT,
		.name = w->name ? w->name : c->in->domain,
		.why = "a name that does not exist has no record: receivers that look it up "
		       "refuse it"};

	if (!c->out->exists) {
		return r;
	}
	if (!w->name) {
		r.forgery = DG_FORGERY_UNKNOWN;
		r.why = "whether there is a wildcard was not looked at";
	} else if (w->exists == KNOWN_YES) {
		return judge(c, w->name, w->txt, NULL);
	} else if (w->exists == KNOWN_NOT_YET) {
		r.forgery = DG_FORGERY_UNKNOWN;
		r.why = "whether there is a wildcard could not be looked up";
	}
	return r;
}

static void put(struct check *c, enum dg_name_class class, struct dg_ruling r)
{
	static const enum dg_identity both[] = {DG_IDENTITY_MAIL_FROM, DG_IDENTITY_HELO};

	r.class = class;
	for (size_t i = 0; i < 2; i++) {
		r.identity = both[i];
		c->out->rulings[both[i]][class] = r;
	}
}

void check_verdict_spf(struct check *c)
{
	struct tally hosts = {.n = 0};
	struct tally all = {.n = 0};

	for (size_t i = 0; i < c->n_hosts; i++) {
		struct dg_ruling r = judge(c, c->hosts[i].name, c->hosts[i].txt, NULL);

		count(&all, r);
		if (check_has_address(&c->hosts[i])) {
			count(&hosts, r);
		}
	}
	if (c->in->zone && c->in->depth == DG_CHECK_FULL) {
		count_mail_names(c, &all);
	}
	struct dg_ruling missing = judge_missing(c);
	put(c, DG_CLASS_DOMAIN,
		c->out->exists ? judge(c, c->in->domain, c->txt, c->out->spf) : missing);
	put(c, DG_CLASS_MISSING, missing);
	put(c, DG_CLASS_SUBDOMAIN, all.n > 0 ? all.weakest : c->out->exists ? none_of(c) : missing);
	put(c, DG_CLASS_HOST, hosts.n > 0 ? hosts.weakest : c->out->exists ? none_of(c) : missing);
}
