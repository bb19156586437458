/* A zone made by whoever likes to: a check of it ends, stays within its bounds, and shows nothing that a terminal would obey; facts that come
 * late or never change no bound either. The first octet chooses the depth, whether the zone is known, and which facts fail. */
#include "zones/base/arena.h"
#include "zones/base/err.h"
#include "zones/check/check.h"
#include "zones/record/zone.h"
#include "zones/record/zonefile.h"

#include <stdlib.h>
#include <string.h>

#define INPUT_MAX (32u << 10)
#define APEX      "example.com."

struct world {
	const struct dg_facts *whole;
	unsigned seed;
	enum dg_fact_state instead;
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds) {
		abort();
	}
}

static const struct dg_fact *on_dns(void *arg, const char *owner, uint16_t type)
{
	static const struct dg_fact unknown = {.state = DG_FACT_UNKNOWN, .why = "SERVFAIL"};
	static const struct dg_fact pending = {.state = DG_FACT_PENDING};
	const struct world *w = arg;
	unsigned hash = w->seed + type;

	for (const char *p = owner; *p; p++) {
		hash = hash * 31 + (unsigned char)*p;
	}
	if (w->seed > 0 && hash % 4 == 0) {
		return w->instead == DG_FACT_UNKNOWN ? &unknown : &pending;
	}
	return dg_fact(w->whole, owner, type);
}

static void must_be_safe(const char *text, bool may_have_lines)
{
	for (const char *p = text ? text : ""; *p; p++) {
		must((unsigned char)*p >= 0x20 || (may_have_lines && *p == '\n'));
		must(*p != 0x7f);
	}
}

static void must_be_sound(const struct dg_check *c)
{
	must(c->n_findings <= DG_CHECK_FINDINGS_MAX && c->n_records <= DG_CHECK_RECORDS_MAX);
	for (size_t i = 0; i < c->n_findings; i++) {
		const struct dg_finding *f = &c->findings[i];

		must(f->kind && f->owner && f->text && dg_kind_find(f->kind->code) == f->kind);
		must_be_safe(f->text, false);
		must_be_safe(f->evidence, false);
		must_be_safe(f->remedy, true);
	}
	for (unsigned i = 0; i < DG_IDENTITIES * DG_CLASSES; i++) {
		const struct dg_ruling *r = &c->rulings[i / DG_CLASSES][i % DG_CLASSES];

		must(r->name && r->why);
		must_be_safe(r->why, false);
		must_be_safe(r->record, false);
	}
	must(c->backscatter_why != NULL);
}

static bool is_same(const struct dg_check *x, const struct dg_check *y)
{
	bool is_same = x->n_findings == y->n_findings && x->backscatter == y->backscatter;

	for (size_t i = 0; is_same && i < x->n_findings; i++) {
		is_same = x->findings[i].kind == y->findings[i].kind &&
			  strcmp(x->findings[i].text, y->findings[i].text) == 0;
	}
	return is_same;
}

static void check(struct dg_arena *a, const struct dg_zone *z, uint8_t die)
{
	const struct dg_zone **zones = dg_newn(a, const struct dg_zone *, 1);
	struct dg_check c;
	struct dg_check again;
	struct dg_check less;

	zones[0] = z;
	struct world w = {.whole = dg_zone_facts(dg_zone_facts_new(a, zones, 1, NULL)),
		.instead = die & 4 ? DG_FACT_UNKNOWN : DG_FACT_PENDING};
	struct dg_facts facts = {.dns = on_dns, .arg = &w};
	struct dg_check_input in = {.domain = APEX,
		.depth = die % 4 == 3 ? DG_CHECK_FULL : (enum dg_check_depth)(die % 4),
		.facts = &facts,
		.zone = die & 8 ? z : NULL,
		.probe = "dnsguard-q7x",
		.wants_trees = die & 16};

	dg_check_make(a, &in, &c);
	must(c.n_pending == 0);
	must_be_sound(&c);
	w.seed = 1 + (die >> 4);
	dg_check_make(a, &in, &less);
	must_be_sound(&less);
	w.seed = 0;
	dg_check_make(a, &in, &again);
	must(is_same(&c, &again));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char head[] = "@ 60 SOA ns.test. host.test. 1 2 3 4 5\n";
	struct dg_arena *a = NULL;
	struct dg_zonefile *f = NULL;
	struct dg_zone *z = NULL;
	struct dg_err err;

	if (size == 0 || size > INPUT_MAX) {
		return 0;
	}
	a = dg_arena_new((size_t)1 << 30);
	size_t len = sizeof(head) - 1 + size - 1;
	char *text = dg_get(a, 1, len);
	memcpy(text, head, sizeof(head) - 1);
	memcpy(text + sizeof(head) - 1, data + 1, size - 1);
	if (dg_zonefile_scan(a, text, len, APEX, "x", &f, &err) == 0 &&
		dg_zonefile_read(f, &z, &err) == 0) {
		check(a, z, data[0]);
	}
	dg_arena_free(a);
	return 0;
}
