/* tests/unit/zones/check/check_unit.h: what holds for every rule, whatever it looks for.
 *
 * Shape    Each world of a found_case is checked once with all facts, then once for each way in which facts may arrive or fail: one at a
 *          time (the same result), none at all (nothing is claimed), all but one (nothing new is claimed).
 */
#pragma once

#include "tests/unit/zones/check/world.h"

#define ROUNDS_MAX 3000u

/* The facts of a world, told or not. */
struct partly {
	struct world *w;
	struct dg_facts facts;
	struct dg_map told;
	const char *first_asked;  /* of this run and not told */
	const char *const *asked; /* in order */
	size_t n_asked;
	size_t unknown; /* the fact of asked that fails; n_asked: none */
	bool is_slow, is_dead;
};

static inline const struct dg_fact *partly_dns(void *arg, const char *owner, uint16_t type)
{
	static const struct dg_fact unknown = {.state = DG_FACT_UNKNOWN, .why = "SERVFAIL"};
	static const struct dg_fact pending = {.state = DG_FACT_PENDING};
	struct partly *p = arg;
	const char *key = dg_printf(p->w->arena, "%u %s", type, owner);

	if (p->is_dead || (p->unknown < p->n_asked && strcmp(p->asked[p->unknown], key) == 0)) {
		return &unknown;
	}
	if (p->is_slow && !dg_map_get(&p->told, key)) {
		p->first_asked = p->first_asked ? p->first_asked : key;
		return &pending;
	}
	return dg_fact(&p->w->facts, owner, type);
}

static inline const struct dg_fetch *partly_fetch(void *arg, const char *url)
{
	struct partly *p = arg;

	return p->w->facts.fetch(p->w->facts.arg, url);
}

static inline void partly_check(struct partly *p, struct dg_check *ret_check)
{
	struct dg_check_input in = p->w->in;

	p->facts = (struct dg_facts){.dns = partly_dns, .fetch = partly_fetch, .arg = p};
	p->first_asked = NULL;
	in.facts = &p->facts;
	dg_check_make(p->w->arena, &in, ret_check);
}

static inline bool same_word(const char *x, const char *y)
{
	return x == y || (x && y && strcmp(x, y) == 0);
}

static inline bool same_finding(const struct dg_finding *x, const struct dg_finding *y)
{
	return x->kind == y->kind && x->severity == y->severity && x->column == y->column &&
	       same_word(x->text, y->text) && same_word(x->owner, y->owner) &&
	       same_word(x->evidence, y->evidence) && same_word(x->remedy, y->remedy);
}

static inline bool same_rulings(const struct dg_check *x, const struct dg_check *y)
{
	for (unsigned i = 0; i < DG_IDENTITIES; i++) {
		for (unsigned k = 0; k < DG_CLASSES; k++) {
			const struct dg_ruling *a = &x->rulings[i][k];
			const struct dg_ruling *b = &y->rulings[i][k];

			if (a->forgery != b->forgery || !same_word(a->name, b->name) ||
				!same_word(a->record, b->record) || !same_word(a->why, b->why)) {
				return false;
			}
		}
	}
	return true;
}

static inline void expect_same(const struct dg_check *x, const struct dg_check *y)
{
	bool is_same = x->n_findings == y->n_findings && same_rulings(x, y) &&
		       x->backscatter == y->backscatter && x->is_parked == y->is_parked &&
		       x->sends == y->sends && x->receives == y->receives;

	for (size_t i = 0; is_same && i < x->n_findings; i++) {
		is_same = same_finding(&x->findings[i], &y->findings[i]);
	}
	if (!is_same) {
		print_findings(x);
		(void)fprintf(stderr, "  and then:\n");
		print_findings(y);
		fail_msg("the result depends on the order in which facts arrive");
	}
}

/* One fact a round. What was asked is kept in p. */
static inline void expect_convergence(struct partly *p)
{
	const char **asked = dg_newn(p->w->arena, const char *, ROUNDS_MAX);
	struct dg_check c;
	size_t n = 0;

	p->is_slow = true;
	dg_map_init(&p->told, p->w->arena);
	for (partly_check(p, &c); c.n_pending > 0; partly_check(p, &c)) {
		assert_non_null(p->first_asked);
		assert_true(n < ROUNDS_MAX);
		asked[n++] = p->first_asked;
		(void)dg_map_put(&p->told, p->first_asked, p);
	}
	expect_same(&p->w->check, &c);
	p->is_slow = false;
	p->asked = asked;
	p->n_asked = n;
	p->unknown = n;
}

/* The finding with this code, which must be there. */
static inline const struct dg_finding *need(const struct dg_check *c, const char *code)
{
	static const struct dg_finding none;
	const struct dg_finding *f = finding_with(c, code);

	if (!f) {
		print_findings(c);
		fail_msg("%s is not there", code);
	}
	return f ? f : &none;
}

/* Its remedy; "" when it has none of its own. */
static inline const char *remedy_of(const struct dg_check *c, const char *code)
{
	const char *remedy = need(c, code)->remedy;

	return remedy ? remedy : "";
}

static inline bool is_claim(const struct dg_finding *f)
{
	return f->severity == DG_SEVERITY_WARNING || f->severity == DG_SEVERITY_ERROR;
}

/* Whatever could not be looked up, nothing is claimed that is not claimed when it could. */
static inline void expect_modesty(struct partly *p)
{
	struct dg_check c;

	for (p->unknown = 0; p->unknown < p->n_asked; p->unknown++) {
		partly_check(p, &c);
		for (size_t i = 0; i < c.n_findings; i++) {
			const struct dg_finding *f = &c.findings[i];

			if (is_claim(f) && !finding_with(&p->w->check, f->kind->code)) {
				print_findings(&p->w->check);
				(void)fprintf(stderr, "  without %s:\n", p->asked[p->unknown]);
				print_findings(&c);
				fail_msg("%s is claimed without knowing", f->kind->code);
			}
		}
	}
}

static inline void expect_silence(struct partly *p)
{
	struct dg_check c;

	p->is_dead = true;
	partly_check(p, &c);
	p->is_dead = false;
	assert_true(c.is_unknown);
	assert_int_equal(c.backscatter, DG_BACKSCATTER_UNKNOWN);
	for (size_t i = 0; i < c.n_findings; i++) {
		if (is_claim(&c.findings[i])) {
			print_findings(&c);
			fail_msg(
				"%s is claimed without knowing anything", c.findings[i].kind->code);
		}
	}
	for (unsigned i = 0; i < DG_IDENTITIES; i++) {
		for (unsigned k = 0; k < DG_CLASSES; k++) {
			assert_int_equal(c.rulings[i][k].forgery, DG_FORGERY_UNKNOWN);
		}
	}
}

static inline void expect_sound(const char *text)
{
	struct world w;
	struct partly p = {.w = &w};
	const struct dg_check *c = world_check(&w, text);

	for (size_t i = 0; i < c->n_findings; i++) {
		assert_non_null(c->findings[i].owner);
		assert_true(strlen(c->findings[i].text) > 0);
		assert_null(strpbrk(c->findings[i].text, "\n\r\t\x1b"));
		assert_true(!c->findings[i].evidence ||
			    !strpbrk(c->findings[i].evidence, "\n\r\t\x1b"));
	}
	expect_convergence(&p);
	if (!w.in.zone) { /* a known zone tells without being asked */
		expect_modesty(&p);
		expect_silence(&p);
	}
	world_done(&w);
}

static inline void expect_cases(const struct found_case *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		expect_found(&cases[i]);
		expect_sound(cases[i].with);
		expect_sound(cases[i].without);
	}
}

/* Each kind of the table has a case, or stands among others (codes that a test of their own looks for). */
static inline void expect_kinds(const struct dg_kind *kinds, const struct found_case *cases,
	size_t n, const char *const *others, size_t n_others)
{
	for (; kinds->code; kinds++) {
		bool has_case = false;

		for (size_t i = 0; i < n; i++) {
			has_case = has_case || strcmp(cases[i].code, kinds->code) == 0;
		}
		for (size_t i = 0; i < n_others; i++) {
			has_case = has_case || strcmp(others[i], kinds->code) == 0;
		}
		if (!has_case) {
			fail_msg("%s has no test", kinds->code);
		}
	}
}
