/* tests/unit/zones/mail/world.h: facts for tests: one zone text that is the whole DNS, with names that are not known yet or
 * cannot be looked up, and a list of what was asked. */
#pragma once

#include "zones/base/arena.h"
#include "zones/base/err.h"
#include "zones/mail/facts.h"
#include "zones/record/zone.h"
#include "zones/record/zonefile.h"

#include <stdio.h>
#include <string.h>

#define WORLD_ASKED_MAX 64u

struct world {
	struct dg_arena *arena;
	const struct dg_facts *inner;
	const char *
		pending; /* "TYPE OWNER" words between commas: "16 _dmarc.example.com.,"; "*" is everything */
	const char *unknown;
	const char *nodata;
	const char *asked[WORLD_ASKED_MAX]; /* the first question for each "TYPE OWNER", in order */
	size_t n_asked;
	struct dg_facts facts;
};

/* The zone of a text. "" has an SOA alone. */
static inline const struct dg_zone *world_zone(
	struct dg_arena *a, const char *apex, const char *text)
{
	struct dg_zonefile *file = NULL;
	struct dg_zone *zone = NULL;
	struct dg_err err;
	const char *all = dg_printf(a,
		"$TTL 300\n%s 3600 SOA ns.invalid. hostmaster.invalid. 1 2 3 4 60\n%s\n", apex,
		text);

	if (dg_zonefile_scan(a, all, strlen(all), apex, "test", &file, &err) < 0 ||
		dg_zonefile_read(file, &zone, &err) < 0) {
		(void)fprintf(stderr, "%s\n", err.text);
		fail();
	}
	return zone;
}

static inline bool world_lists(const char *list, const char *question)
{
	char item[1100];

	(void)snprintf(item, sizeof(item), "%s,", question);
	return list && (strcmp(list, "*") == 0 || strstr(list, item));
}

static inline const struct dg_fact *world_dns(void *arg, const char *owner, uint16_t type)
{
	static const struct dg_fact pending = {.state = DG_FACT_PENDING};
	static const struct dg_fact unknown = {.state = DG_FACT_UNKNOWN, .why = "SERVFAIL"};
	static const struct dg_fact nodata = {.state = DG_FACT_NODATA};
	struct world *w = arg;
	const char *question = dg_printf(w->arena, "%u %s", type, owner);
	bool is_new = true;

	for (size_t i = 0; i < w->n_asked; i++) {
		is_new = is_new && strcmp(w->asked[i], question) != 0;
	}
	if (is_new && w->n_asked < WORLD_ASKED_MAX) {
		w->asked[w->n_asked++] = question;
	}
	if (world_lists(w->pending, question)) {
		return &pending;
	}
	if (world_lists(w->nodata, question)) {
		return &nodata;
	}
	return world_lists(w->unknown, question) ? &unknown : dg_fact(w->inner, owner, type);
}

static inline struct world *world_new(struct dg_arena *a, const char *text)
{
	struct world *w = dg_new(a, struct world);
	const struct dg_zone **zones = dg_new(a, const struct dg_zone *);

	zones[0] = world_zone(a, ".", text);
	w->arena = a;
	w->inner = dg_zone_facts(dg_zone_facts_new(a, zones, 1, NULL));
	w->facts = (struct dg_facts){.dns = world_dns, .arg = w};
	return w;
}
