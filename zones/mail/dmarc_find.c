#include "zones/mail/dmarc_find.h"

#include "zones/base/arena.h"
#include "zones/mail/dmarc_walk.h"
#include "zones/mail/facts.h"
#include "zones/record/name.h"

#include <assert.h>
#include <string.h>

static_assert(DG_WALK_MAX <= DG_DMARC_STEPS_MAX, "each name of a walk has its step");

static const char by_list_rule[] = "RFC 7489 section 6.6.3";

struct search {
	struct dg_walk walk;
	enum dg_dmarc_method method;
	struct dg_dmarc_found *found;
};

static const char *plain(struct dg_arena *a, const char *name)
{
	return dg_strndup(a, name, strlen(name) - 1);
}

static bool is_same(const char *x, const char *y)
{
	return strcmp(x, y) == 0;
}

/* One label below the public suffix; a public suffix itself stays. */
static const char *org_by_list(struct dg_arena *a, const char *domain)
{
	const char *suffix = dg_public_suffix(a, domain);
	const char *at = domain;

	if (is_same(domain, suffix)) {
		return domain;
	}
	while (!is_same(dg_name_parent(at), suffix)) {
		at = dg_name_parent(at);
	}
	return at;
}

/* RFC 7489 section 6.6.3: the name itself, then its organizational domain. */
static void ask_by_list(struct dg_walk *w)
{
	const char *org = org_by_list(w->arena, w->domain);

	dg_walk_step(w, w->domain);
	if (!is_same(org, w->domain)) {
		dg_walk_step(w, org);
	}
	if (w->steps[0].n_records > 0) { /* several at the name itself end it, too */
		w->n = 1;
	}
}

/* Whose record counts for a name that has none: the organizational domain's, else that of the public suffix above it. */
static size_t find_above(const struct search *s)
{
	const struct dg_walk *w = &s->walk;

	for (size_t i = 1; i < w->n; i++) {
		const struct dg_walk_stop *stop = &w->stops[i];

		if (stop->state == DG_DMARC_FOUND &&
			(is_same(stop->name, s->found->org_domain) ||
				(s->method == DG_DMARC_WALK && stop->dmarc.psd == 'y'))) {
			return i;
		}
	}
	return w->n;
}

static enum dg_dmarc_policy first_set(enum dg_dmarc_policy a, enum dg_dmarc_policy b)
{
	return a != DG_DMARC_UNSET ? a : b;
}

/* Does the record say one thing for names that exist and another for those that do not? */
static bool does_np_matter(const struct search *s, const struct dg_dmarc *d)
{
	return s->method == DG_DMARC_WALK && d->np != DG_DMARC_UNSET &&
	       d->np != first_set(d->sp, d->p);
}

static void choose_tag(const struct search *s, bool is_above)
{
	struct dg_dmarc_found *f = s->found;

	f->tag = "p";
	f->policy = f->dmarc.p;
	if (f->is_repaired) {
		f->policy = DG_DMARC_NONE;
	} else if (is_above && f->is_missing && s->method == DG_DMARC_WALK &&
		   f->dmarc.np != DG_DMARC_UNSET) {
		f->tag = "np";
		f->policy = f->dmarc.np;
	} else if (is_above && f->dmarc.sp != DG_DMARC_UNSET) {
		f->tag = "sp";
		f->policy = f->dmarc.sp;
	}
}

static bool is_broken(const struct search *s, const struct dg_dmarc *d)
{
	return d->p == DG_DMARC_UNSET || d->has_bad_sp ||
	       (d->has_bad_np && s->method == DG_DMARC_WALK);
}

/* The record at stops[i] is the one. */
static void use_record(struct search *s, size_t i)
{
	struct dg_dmarc_found *f = s->found;
	const struct dg_walk_stop *stop = &s->walk.stops[i];

	f->steps[i].is_used = true;
	f->state = DG_DMARC_FOUND;
	f->at = stop->name;
	f->record = s->walk.steps[i].record;
	f->dmarc = stop->dmarc;
	f->is_testing = stop->dmarc.t == 'y' && s->method == DG_DMARC_WALK;
	if (is_broken(s, &f->dmarc)) {
		f->is_repaired = f->dmarc.has_report_uri;
		f->steps[i].text =
			f->is_repaired ? "a record without a valid policy, but with rua: as p=none"
				       : "a record without a valid policy and without rua: "
					 "receivers do not apply DMARC";
	}
	if (is_broken(s, &f->dmarc) && !f->is_repaired) {
		f->state = DG_DMARC_ABSENT;
		f->why = dg_printf(s->walk.arena,
			"the record at %s has no valid policy and no rua, so receivers do not "
			"apply DMARC "
			"(%s)",
			plain(s->walk.arena, f->steps[i].at),
			s->method == DG_DMARC_WALK ? "RFC 9989 section 4.10.1" : by_list_rule);
		return;
	}
	choose_tag(s, i > 0);
	f->applied = f->policy - (f->is_testing && f->policy > DG_DMARC_NONE);
	for (size_t k = 0; k < i; k++) {
		f->has_two_outcomes |= f->steps[k].n_records > 1;
	}
}

static void set_unknown(struct search *s)
{
	struct dg_dmarc_found *f = s->found;

	f->state = DG_DMARC_UNKNOWN;
	for (size_t i = 0; i < s->walk.n; i++) {
		if (s->walk.stops[i].state == DG_DMARC_UNKNOWN) {
			f->why = dg_printf(s->walk.arena, "%s: %s",
				plain(s->walk.arena, f->steps[i].at), f->steps[i].text);
			return;
		}
	}
}

static void set_absent(struct search *s)
{
	struct dg_dmarc_found *f = s->found;
	struct dg_arena *a = s->walk.arena;

	f->state = DG_DMARC_ABSENT;
	f->why = dg_printf(
		a, "there is no DMARC record at _dmarc.%s or above it", plain(a, s->walk.domain));
	for (size_t i = 0; i < s->walk.n; i++) {
		if (f->steps[i].n_records > 1) {
			f->why = dg_printf(a, "%s has %zu DMARC records: all are discarded (%s)",
				plain(a, f->steps[i].at), f->steps[i].n_records,
				s->method == DG_DMARC_WALK ? "RFC 9989 section 4.10"
							   : by_list_rule);
			return;
		}
	}
}

/* The name has no record of its own. */
static void decide_above(struct search *s, const struct dg_fact *existence)
{
	struct dg_dmarc_found *f = s->found;
	size_t i = find_above(s);

	if (existence->state == DG_FACT_PENDING) {
		f->state = DG_DMARC_PENDING;
		return;
	}
	if (dg_walk_has(&s->walk, DG_DMARC_UNKNOWN)) {
		set_unknown(s);
		return;
	}
	if (i == s->walk.n) {
		set_absent(s);
		return;
	}
	const struct dg_dmarc *d = &s->walk.stops[i].dmarc;
	if (!is_broken(s, d) && does_np_matter(s, d) && existence->state == DG_FACT_UNKNOWN) {
		f->state = DG_DMARC_UNKNOWN;
		f->why = dg_printf(s->walk.arena, "np or sp? could not tell whether %s exists: %s",
			plain(s->walk.arena, s->walk.domain),
			existence->why ? existence->why : "the look-up failed");
		return;
	}
	use_record(s, i);
}

/* A name that is an alias exists, wherever that leads (RFC 8020 section 2). */
static bool is_missing(const struct dg_fact *existence)
{
	return existence->state == DG_FACT_NXDOMAIN && !existence->alias;
}

void dg_dmarc_find(struct dg_arena *a, const char *domain, enum dg_dmarc_method method,
	const struct dg_facts *facts, struct dg_dmarc_found *ret_found)
{
	struct dg_dmarc_found *f = ret_found;
	struct search s = {
		.walk = {.arena = a, .facts = facts, .domain = dg_strdup(a, domain)},
		.method = method,
		.found = f,
	};
	const struct dg_fact *existence = dg_fact(facts, domain, DG_TYPE_TXT);

	if (method == DG_DMARC_WALK) {
		dg_walk_go(&s.walk);
	} else {
		ask_by_list(&s.walk);
	}
	*f = (struct dg_dmarc_found){
		.domain = s.walk.domain,
		.org_domain = method == DG_DMARC_WALK ? dg_walk_org(&s.walk)
						      : org_by_list(a, s.walk.domain),
		.is_org_certain = method == DG_DMARC_PSL || !dg_walk_has(&s.walk, DG_DMARC_UNKNOWN),
		.is_missing = is_missing(existence),
		.n_steps = s.walk.n,
	};
	memcpy(f->steps, s.walk.steps, s.walk.n * sizeof(f->steps[0]));
	if (dg_walk_has(&s.walk, DG_DMARC_PENDING)) {
		f->state = DG_DMARC_PENDING;
	} else if (s.walk.n > 0 && s.walk.stops[0].state == DG_DMARC_FOUND) {
		use_record(&s, 0);
	} else {
		decide_above(&s, existence);
	}
}

enum dg_dmarc_state dg_dmarc_org_domain(struct dg_arena *a, const char *domain,
	enum dg_dmarc_method method, const struct dg_facts *facts, const char **ret_org)
{
	struct dg_walk w = {.arena = a, .facts = facts, .domain = dg_strdup(a, domain)};

	if (method == DG_DMARC_PSL) {
		*ret_org = org_by_list(a, w.domain);
		return DG_DMARC_FOUND;
	}
	dg_walk_go(&w);
	if (dg_walk_has(&w, DG_DMARC_PENDING)) {
		return DG_DMARC_PENDING;
	}
	if (dg_walk_has(&w, DG_DMARC_UNKNOWN)) {
		return DG_DMARC_UNKNOWN;
	}
	*ret_org = dg_walk_org(&w);
	return DG_DMARC_FOUND;
}
