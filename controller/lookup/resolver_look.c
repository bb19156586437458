/* All keys through the resolver, as one view. */
#include "controller/lookup/resolver.h"
#include "providers/net/loop.h"
#include "zones/base/arena.h"
#include "zones/record/zone.h"

struct look {
	struct dg_resolver_look *q;
	struct dg_resolve *questions;
	size_t n_open;
};

static enum dg_trust lower(enum dg_trust x, enum dg_trust y)
{
	if (x == DG_TRUST_BOGUS || y == DG_TRUST_BOGUS) {
		return DG_TRUST_BOGUS;
	}
	return x < y ? x : y;
}

static void add_answer(struct dg_view *v, const struct dg_resolve *a)
{
	struct dg_rrset set = a->set;

	if (a->result == DG_RESOLVED_UNKNOWN) {
		if (v->n_unknown++ == 0) {
			v->why = a->why;
		}
		return;
	}
	set.owner = a->name; /* what stands at the end of a CNAME is what this name answers */
	dg_zone_add(v->says, &set);
	for (size_t i = 0; i < a->n_cnames; i++) {
		dg_zone_add(v->says, &a->cnames[i]);
	}
}

static void finish(struct look *l)
{
	struct dg_resolver_look *q = l->q;
	struct dg_view *v = &q->view;

	for (size_t i = 0; i < q->n_keys; i++) {
		add_answer(v, &l->questions[i]);
		v->trust = i == 0 ? l->questions[i].trust : lower(v->trust, l->questions[i].trust);
	}
	if (v->trust == DG_TRUST_BOGUS) {
		v->state = DG_VIEW_BOGUS;
	} else if (q->n_keys > 0 && v->n_unknown == q->n_keys) {
		v->state = DG_VIEW_ERROR;
	}
	dg_zone_seal(v->says);
	q->done(q);
}

static void on_answer(struct dg_resolve *a)
{
	struct look *l = a->arg;

	if (--l->n_open == 0) {
		finish(l);
	}
}

static void on_nothing(void *arg)
{
	finish(arg);
}

void dg_resolver_look(struct dg_resolver *r, struct dg_resolver_look *q)
{
	struct look *l = dg_new(q->arena, struct look);
	const char *text = dg_strdup(q->arena, dg_resolver_text(r));

	q->internal = l;
	q->view = (struct dg_view){
		.name = text,
		.address = text,
		.text = text,
		.is_resolver = true,
		.says = dg_zone_new(q->arena, q->zone),
	};
	*l = (struct look){
		.q = q,
		.questions = dg_newn(q->arena, struct dg_resolve, q->n_keys),
		.n_open = q->n_keys,
	};
	for (size_t i = 0; i < q->n_keys; i++) {
		l->questions[i] = (struct dg_resolve){
			.name = q->keys[i].owner,
			.type = q->keys[i].type,
			.deadline_ms = q->deadline_ms,
			.arena = q->arena,
			.done = on_answer,
			.arg = l,
		};
		dg_resolver_ask(r, &l->questions[i]);
	}
	if (q->n_keys == 0) {
		dg_loop_defer(dg_resolver_loop(r), on_nothing, l);
	}
}
