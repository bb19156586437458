#include "zones/record/rewrite.h"

#include <string.h>

#include "zones/base/arena.h"
#include "zones/record/rrset.h"

#define NOWHERE ((size_t)-1)

struct rewriting {
	const struct dg_rrset *before, *after;
	size_t *to;     /* of each record of before: what becomes of it; NOWHERE: it goes */
	bool *has_from; /* of each record of after */
	struct dg_edit *edits;
	size_t n;
};

static bool is_null_mx(const struct dg_rrset *s)
{
	static const uint8_t wire[] = {0, 0, 0};

	return s->type == DG_TYPE_MX && s->n == 1 && s->rdata[0].len == sizeof(wire) &&
	       memcmp(s->rdata[0].wire, wire, sizeof(wire)) == 0;
}

/* What may stand only once at a name. 0: anything else. */
static unsigned kind_of(const struct dg_rrset *s, const struct dg_rdata *rd)
{
	static const char *const tags[] = {"v=spf1", "v=DMARC1", "v=STSv1", "v=TLSRPTv1"};

	for (unsigned i = 0; s->type == DG_TYPE_TXT && i < sizeof(tags) / sizeof(tags[0]); i++) {
		if (dg_txt_has_tag(rd, tags[i])) {
			return i + 1;
		}
	}
	return 0;
}

enum pass {
	PASS_SAME, /* stays */
	PASS_KIND, /* one SPF record for the other */
	PASS_ANY,
};

static bool is_pair(const struct rewriting *w, size_t old, size_t new, enum pass pass)
{
	const struct dg_rdata *x = &w->before->rdata[old];
	const struct dg_rdata *y = &w->after->rdata[new];

	switch (pass) {
	case PASS_SAME:
		return dg_rdata_cmp(x, y) == 0;
	case PASS_KIND:
		return kind_of(w->before, x) > 0 && kind_of(w->before, x) == kind_of(w->after, y);
	case PASS_ANY:
		break;
	}
	/* Another record never becomes a second SPF record while the first still stands. */
	return kind_of(w->before, x) == 0 && kind_of(w->after, y) == 0;
}

static void pair(struct rewriting *w, enum pass pass)
{
	for (size_t i = 0; i < w->before->n; i++) {
		for (size_t k = 0; w->to[i] == NOWHERE && k < w->after->n; k++) {
			if (!w->has_from[k] && is_pair(w, i, k, pass)) {
				w->to[i] = k;
				w->has_from[k] = true;
			}
		}
	}
}

static void put(struct rewriting *w, enum dg_edit_kind kind, size_t old, size_t new)
{
	w->edits[w->n++] = (struct dg_edit){kind, old, new};
}

static void updates(struct rewriting *w)
{
	for (size_t i = 0; i < w->before->n; i++) {
		bool is_same = w->to[i] != NOWHERE &&
			       dg_rdata_cmp(&w->before->rdata[i], &w->after->rdata[w->to[i]]) == 0;

		if (w->to[i] != NOWHERE && (!is_same || w->before->ttl != w->after->ttl)) {
			put(w, DG_EDIT_UPDATE, i, w->to[i]);
		}
	}
}

static void creates(struct rewriting *w)
{
	for (size_t k = 0; k < w->after->n; k++) {
		if (!w->has_from[k]) {
			put(w, DG_EDIT_CREATE, 0, k);
		}
	}
}

static void deletes(struct rewriting *w)
{
	for (size_t i = 0; i < w->before->n; i++) {
		if (w->to[i] == NOWHERE) {
			put(w, DG_EDIT_DELETE, i, 0);
		}
	}
}

size_t dg_rewrite_make(struct dg_arena *a, const struct dg_rrset *before,
	const struct dg_rrset *after, bool needs_gap, struct dg_edit **ret_edits)
{
	struct rewriting w = {
		.before = before,
		.after = after,
		.to = dg_newn(a, size_t, before->n),
		.has_from = dg_newn(a, bool, after->n),
		.edits = dg_newn(a, struct dg_edit, before->n + after->n),
	};
	bool to_null = is_null_mx(after);

	for (size_t i = 0; i < before->n; i++) {
		w.to[i] = NOWHERE;
	}
	pair(&w, PASS_SAME);
	if (!needs_gap || to_null == is_null_mx(before)) {
		pair(&w, PASS_KIND);
		pair(&w, PASS_ANY);
	}
	if (to_null || (needs_gap && is_null_mx(before))) {
		deletes(&w); /* the last one that is left becomes the null MX */
		updates(&w);
		creates(&w);
	} else {
		updates(&w);
		creates(&w);
		deletes(&w);
	}
	*ret_edits = w.edits;
	return w.n;
}

/* --- what stands there on the way --------------------------------------------------------------- */
struct standing {
	struct dg_rdata rd;
	uint32_t ttl;
	bool is_there;
};

static bool is_now(struct dg_arena *a, const struct dg_rrset *now, const struct standing *at,
	size_t n_at, bool has_late_ttl)
{
	struct dg_rdata *list = dg_newn(a, struct dg_rdata, n_at);
	uint32_t ttl = DG_TTL_MAX;
	size_t n = 0;

	for (size_t i = 0; i < n_at; i++) {
		if (at[i].is_there) {
			list[n++] = at[i].rd;
			ttl = at[i].ttl < ttl ? at[i].ttl : ttl;
		}
	}
	const struct dg_rrset set = dg_rrset_make(now->owner, now->type, n ? ttl : 0, list, n);
	if (set.n == 0) {
		return now->n == 0;
	}
	return dg_rrset_same_data(&set, now) && (has_late_ttl || set.ttl == now->ttl);
}

static bool is_on_the_way(struct dg_arena *a, const struct dg_rrset *before,
	const struct dg_rrset *after, bool needs_gap, const struct dg_rrset *now, bool has_late_ttl)
{
	bool has_made = false;
	struct dg_edit *edits = NULL;
	size_t n_at = before->n + after->n;
	struct standing *at = dg_newn(a, struct standing, n_at);
	size_t n = dg_rewrite_make(a, before, after, needs_gap, &edits);

	for (size_t i = 0; i < before->n; i++) {
		at[i] = (struct standing){before->rdata[i], before->ttl, true};
	}
	for (size_t i = 0; i < n; i++) {
		const struct dg_edit *e = &edits[i];

		has_made = has_made || (has_late_ttl && e->kind == DG_EDIT_CREATE);

		if (e->kind != DG_EDIT_CREATE) {
			at[e->old].is_there = false;
		}
		if (e->kind != DG_EDIT_DELETE) {
			at[before->n + e->new] =
				(struct standing){after->rdata[e->new], after->ttl, true};
		}
		if (is_now(a, now, at, n_at, has_made)) {
			return true;
		}
	}
	return false;
}

bool dg_rewrite_is_between(struct dg_arena *a, const struct dg_rrset *before,
	const struct dg_rrset *after, const struct dg_rrset *now, bool has_late_ttl)
{
	bool has_both = before->n > 0 && after->n > 0;

	if (has_both && ((now->ttl == before->ttl && dg_rrset_same_data(now, after)) ||
				(now->ttl == after->ttl && dg_rrset_same_data(now, before)))) {
		return true;
	}
	return is_on_the_way(a, before, after, false, now, has_late_ttl) ||
	       is_on_the_way(a, before, after, true, now, has_late_ttl);
}
