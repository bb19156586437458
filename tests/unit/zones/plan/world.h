/* tests/unit/zones/plan/world.h: a zone, a policy's claims and a journal of what was applied last, made from text. */
#pragma once

#include "tests/unit/unit.h"

#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/base/err.h"
#include "zones/plan/plan.h"
#include "zones/record/zone.h"

#include <string.h>

#define WORLD_MAX 400u

struct world {
	struct dg_arena *a;
	struct dg_zone *have;
	struct dg_rrset last[WORLD_MAX];
	size_t n_last;
	struct dg_item items[WORLD_MAX];
	struct dg_want want;
	bool adopt;
	int last_rc; /* below 0: the journal cannot be read */
	struct dg_err err;
};

/* records: one a line; NULL: none. */
static inline struct dg_rrset rrset(
	struct world *w, const char *owner, uint16_t type, uint32_t ttl, const char *records)
{
	struct dg_rdata *rdata = dg_newn(w->a, struct dg_rdata, WORLD_MAX);
	size_t n = 0;

	while (records && *records != '\0') {
		size_t len = strcspn(records, "\n");

		assert_int_equal(dg_rdata_parse(w->a, type, records, len, "example.com.",
					 &rdata[n++], &w->err),
			0);
		records += len + (records[len] == '\n' ? 1 : 0);
	}
	return n > 0 ? dg_rrset_make(owner, type, ttl, rdata, n) : dg_rrset_none(owner, type);
}

static inline void world_init(struct world *w)
{
	memset(w, 0, sizeof(*w));
	w->a = dg_arena_new((size_t)64 << 20);
	w->have = dg_zone_new(w->a, "example.com.");
	w->have->is_complete = true;
	w->have->from = "zonefile /etc/nsd/example.com.zone";
	struct dg_rrset soa = rrset(w, "example.com.", DG_TYPE_SOA, 3600,
		"ns1.example.com. hostmaster.example.com. 2026112201 7200 900 1209600 1800");
	dg_zone_add(w->have, &soa);
	struct dg_rrset ns = rrset(w, "example.com.", DG_TYPE_NS, 3600, "ns1.example.com.");
	dg_zone_add(w->have, &ns);
	w->want = (struct dg_want){.zone = "example.com.", .items = w->items};
}

static inline void world_done(struct world *w)
{
	w->a = dg_arena_free(w->a);
}

static inline void served(
	struct world *w, const char *owner, uint16_t type, uint32_t ttl, const char *records)
{
	struct dg_rrset set = rrset(w, owner, type, ttl, records);

	dg_zone_add(w->have, &set);
}

static inline void applied(
	struct world *w, const char *owner, uint16_t type, uint32_t ttl, const char *records)
{
	w->last[w->n_last++] = rrset(w, owner, type, ttl, records);
}

static inline struct dg_item *wanted(
	struct world *w, const char *owner, uint16_t type, uint32_t ttl, const char *records)
{
	struct dg_rrset set = rrset(w, owner, type, ttl, records);
	struct dg_item *it = &w->items[w->want.n++];

	*it = (struct dg_item){.owner = owner,
		.type = type,
		.rdata = dg_memdup(w->a, set.rdata, set.n * sizeof(set.rdata[0])),
		.n = set.n,
		.ttl = ttl,
		.why = "the policy says so",
		.rule = "RFC 7208 section 5",
		.pos = {.file = "zone.yaml", .line = (unsigned)w->want.n, .column = 3}};
	return it;
}

static inline struct dg_item *wanted_txt(
	struct world *w, const char *owner, uint32_t ttl, const char *tag, const char *records)
{
	struct dg_item *it = wanted(w, owner, DG_TYPE_TXT, ttl, records);

	it->tag = tag;
	return it;
}

static inline int find_last(void *arg, const char *owner, uint16_t type, struct dg_rrset *ret_set)
{
	struct world *w = arg;

	if (w->last_rc < 0) {
		return w->last_rc;
	}
	for (size_t i = 0; i < w->n_last; i++) {
		if (w->last[i].type == type && strcmp(w->last[i].owner, owner) == 0) {
			*ret_set = w->last[i];
			return 0;
		}
	}
	return 1;
}

static inline int try_plan(struct world *w, struct dg_plan **ret_plan)
{
	struct dg_plan_input in = {.have = w->have,
		.want = &w->want,
		.last = find_last,
		.last_arg = w,
		.adopt = w->adopt};

	if (!w->have->is_sealed) {
		dg_zone_seal(w->have);
	}
	return dg_plan_make(w->a, &in, ret_plan, &w->err);
}

static inline struct dg_plan *make(struct world *w)
{
	struct dg_plan *plan = NULL;

	if (try_plan(w, &plan) != 0) {
		fail_msg("%s", w->err.text);
	}
	return plan;
}

static inline void assert_set(
	struct world *w, const struct dg_rrset *set, uint32_t ttl, const char *records)
{
	struct dg_rrset expected = rrset(w, set->owner, set->type, ttl, records);

	if (!dg_rrset_same(set, &expected)) {
		struct dg_buf b;

		dg_buf_init(&b, 1u << 20);
		dg_rrset_print(&b, set);
		dg_buf_puts(&b, "instead of\n");
		dg_rrset_print(&b, &expected);
		fail_msg("%s", b.data);
	}
}
