#include "controller/lookup/verify.h"

#include <stdlib.h>
#include <string.h>

#include "controller/lookup/verify_words.h"
#include "providers/net/dns.h" /* struct dg_swap */
#include "zones/base/arena.h"
#include "zones/record/zone.h"

/* --- one swap --------------------------------------------------------------------------------- */
static bool is_served(
	const struct dg_view *v, const struct dg_rrset *is, const struct dg_rrset *want)
{
	bool is_same = want->type == DG_TYPE_TXT ? dg_rrset_same_meaning(is, want)
						 : dg_rrset_same_data(is, want);

	if (!is_same || want->n == 0) {
		return is_same;
	}
	return v->is_resolver ? is->ttl <= want->ttl : is->ttl == want->ttl;
}

/* A name server that serves other data beside a CNAME: receivers differ in which they take. */
static bool has_cname_beside(const struct dg_view *v, const struct dg_rrset *is)
{
	struct dg_rrset cname;

	return !v->is_resolver && is->n > 0 && is->type != DG_TYPE_CNAME &&
	       dg_zone_get(v->says, is->owner, DG_TYPE_CNAME, &cname) == 0 && cname.n > 0;
}

enum dg_verdict dg_verify_one(const struct dg_view *view, const struct dg_swap *swap)
{
	struct dg_rrset is;

	if (view->state != DG_VIEW_OK ||
		dg_zone_get(view->says, swap->after.owner, swap->after.type, &is) != 0) {
		return DG_VERDICT_UNKNOWN;
	}
	if (has_cname_beside(view, &is)) {
		return DG_VERDICT_OTHER;
	}
	if (is_served(view, &is, &swap->after)) {
		return DG_VERDICT_IN_FORCE;
	}
	return swap->before.owner && is_served(view, &is, &swap->before) ? DG_VERDICT_OLD
									 : DG_VERDICT_OTHER;
}

/* How long a cache may hold what the view says of the swap, seconds. */
static uint32_t held(const struct dg_view *v, const struct dg_swap *swap)
{
	struct dg_rrset is;

	if (dg_zone_get(v->says, swap->after.owner, swap->after.type, &is) != 0) {
		return 0;
	}
	return is.n > 0 ? is.ttl : dg_zone_negative_ttl(v->says);
}

/* --- one server ------------------------------------------------------------------------------- */
static void judge(struct dg_verify *v, struct dg_verify_server *s, const struct dg_verify_input *in)
{
	for (size_t i = 0; i < in->n_swaps; i++) {
		const struct dg_swap *swap = &in->swaps[i];
		enum dg_verdict verdict = dg_verify_one(s->view, swap);
		s->n_in_force += verdict == DG_VERDICT_IN_FORCE;
		s->n_old += verdict == DG_VERDICT_OLD;
		s->n_other += verdict == DG_VERDICT_OTHER;
		s->n_unknown += verdict == DG_VERDICT_UNKNOWN;
		if (verdict == DG_VERDICT_OLD || verdict == DG_VERDICT_OTHER) {
			uint32_t ttl = held(s->view, swap);
			v->old_ttl = ttl > v->old_ttl ? ttl : v->old_ttl;
		}
	}
	s->verdict = DG_VERDICT_IN_FORCE;
	if (s->n_other > 0) {
		s->verdict = DG_VERDICT_OTHER;
	} else if (s->n_old > 0) {
		s->verdict = DG_VERDICT_OLD;
	} else if (s->n_unknown > 0 || s->view->state != DG_VIEW_OK) {
		s->verdict = DG_VERDICT_UNKNOWN;
	}
	for (size_t i = 0; i < in->n_swaps && !s->first_bad; i++) {
		if (s->verdict != DG_VERDICT_IN_FORCE &&
			dg_verify_one(s->view, &in->swaps[i]) == s->verdict) {
			s->first_bad = &in->swaps[i];
		}
	}
}

static void count(struct dg_verify *v, const struct dg_verify_server *s)
{
	if (s->view->state == DG_VIEW_NO_ROUTE) {
		v->n_no_route++;
		return;
	}
	switch (s->verdict) {
	case DG_VERDICT_IN_FORCE:
		v->n_in_force++;
		return;
	case DG_VERDICT_OLD:
		v->n_old++;
		return;
	case DG_VERDICT_OTHER:
		v->n_other++;
		return;
	case DG_VERDICT_UNKNOWN:
		v->n_unknown++;
		return;
	}
}

/* --- serials (RFC 1982) ----------------------------------------------------------------------- */
static bool is_newer(uint32_t x, uint32_t y)
{
	return x != y && x - y < 0x80000000u;
}

static void find_serial(struct dg_verify *v, const struct dg_verify_input *in)
{
	v->has_serial = in->has_serial;
	v->serial = in->has_serial ? in->serial : 0;
	for (size_t i = 0; i < in->n_views; i++) {
		const struct dg_view *w = &in->views[i];
		if (w->has_serial && (!v->has_serial || is_newer(w->serial, v->serial))) {
			v->has_serial = true;
			v->serial = w->serial;
		}
	}
}

/* --- groups ----------------------------------------------------------------------------------- */
static bool is_same_answer(const struct dg_verify_server *x, const struct dg_verify_server *y,
	const struct dg_verify_input *in)
{
	if (x->verdict != y->verdict || x->view->state != y->view->state ||
		x->view->is_resolver != y->view->is_resolver) {
		return false;
	}
	for (size_t i = 0; i < in->n_swaps; i++) {
		const struct dg_rrset *k = &in->swaps[i].after;
		struct dg_rrset a;
		struct dg_rrset b;
		int r = dg_zone_get(x->view->says, k->owner, k->type, &a);
		if (r != dg_zone_get(y->view->says, k->owner, k->type, &b) ||
			(r == 0 && !dg_rrset_same_data(&a, &b))) {
			return false;
		}
	}
	return true;
}

static int cmp_groups(const void *x, const void *y)
{
	const struct dg_verify_group *a = x;
	const struct dg_verify_group *b = y;

	if (a->n_servers != b->n_servers) {
		return a->n_servers > b->n_servers ? -1 : 1;
	}
	return a->first < b->first ? -1 : 1;
}

static void make_groups(struct dg_arena *a, struct dg_verify *v, const struct dg_verify_input *in)
{
	size_t *place =
		dg_newn(a, size_t, v->n); /* of the server that a group began with: its index */

	v->groups = dg_newn(a, struct dg_verify_group, v->n);
	for (size_t i = 0; i < v->n; i++) {
		size_t g = 0;
		while (g < v->n_groups &&
			!is_same_answer(&v->servers[v->groups[g].first], &v->servers[i], in)) {
			g++;
		}
		if (g == v->n_groups) {
			v->groups[v->n_groups++] = (struct dg_verify_group){
				.verdict = v->servers[i].verdict, .first = i};
		}
		v->groups[g].n_servers++;
		v->servers[i].group = v->groups[g].first;
	}
	if (v->n_groups > 0) {
		qsort(v->groups, v->n_groups, sizeof(*v->groups), cmp_groups);
	}
	for (size_t g = 0; g < v->n_groups; g++) {
		place[v->groups[g].first] = g;
	}
	for (size_t i = 0; i < v->n; i++) {
		v->servers[i].group = place[v->servers[i].group];
	}
}

void dg_verify_make(
	struct dg_arena *a, const struct dg_verify_input *in, struct dg_verify **ret_verify)
{
	struct dg_verify *v = dg_new(a, struct dg_verify);

	v->zone = dg_strdup(a, in->zone);
	v->n = in->n_views;
	v->n_swaps = in->n_swaps;
	v->servers = dg_newn(a, struct dg_verify_server, v->n);
	find_serial(v, in);
	for (size_t i = 0; i < v->n; i++) {
		struct dg_verify_server *s = &v->servers[i];
		s->view = &in->views[i];
		if (s->view->has_serial && is_newer(v->serial, s->view->serial)) {
			s->n_behind = v->serial - s->view->serial;
		}
		judge(v, s, in);
		count(v, s);
	}
	v->is_in_force = v->n_in_force > 0 && v->n_in_force + v->n_no_route == v->n;
	make_groups(a, v, in);
	for (size_t i = 0; i < v->n; i++) {
		dg_verify_say(a, v, &v->servers[i]);
	}
	*ret_verify = v;
}

const char *dg_verdict_text(enum dg_verdict v)
{
	switch (v) {
	case DG_VERDICT_IN_FORCE:
		return "in-force";
	case DG_VERDICT_OLD:
		return "old";
	case DG_VERDICT_OTHER:
		return "other";
	case DG_VERDICT_UNKNOWN:
		return "unknown";
	}
	return "unknown";
}
