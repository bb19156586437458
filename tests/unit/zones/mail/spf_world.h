/* tests/unit/zones/mail/spf_world.h: a small DNS out of a test's values, answering as facts; every question may be made to wait. */
#pragma once

#include "tests/unit/zones/mail/mail.h"
#include "zones/base/err.h"
#include "zones/base/map.h"
#include "zones/mail/facts.h"
#include "zones/mail/spf_record.h"
#include "zones/record/name.h"

#include <arpa/inet.h>

#define WORLD_CNAMES 8u
#define WORLD_RRS    64u

struct world_rr {
	const char *owner;
	uint16_t type;
	struct dg_rdata rdata;
	struct world_rr *next;
};

struct world_text {
	const char *p;
	size_t len;
};

struct world {
	struct dg_arena *arena;
	struct world_rr *rrs, **end;
	struct dg_map silent; /* owner: what it has not is not told */
	struct dg_map known;  /* "TYPE OWNER" to struct dg_fact, of this run */
	struct dg_map asked;  /* the same keys, of all runs */
	bool is_slow;         /* what was not asked in an earlier run is not known yet */
	bool is_waiting;      /* something was not known in this run */
	struct dg_facts facts;
	size_t n_asked;
};

static inline const char *world_name(struct world *w, const char *text)
{
	const char *name = text[0] == '\0' || strcmp(text, ".") == 0
				   ? "."
				   : dg_spf_name(w->arena, text, strlen(text));

	return name ? name : "unusable.";
}

static inline void world_add(
	struct world *w, const char *owner, uint16_t type, const void *wire, size_t len)
{
	struct world_rr *rr = dg_new(w->arena, struct world_rr);

	*rr = (struct world_rr){.owner = world_name(w, owner),
		.type = type,
		.rdata = {dg_memdup(w->arena, wire, len), len}};
	*w->end = rr;
	w->end = &rr->next;
}

/* strings: one character-string each, cut where one is too long. */
static inline void world_txt(
	struct world *w, const char *owner, const struct world_text *strings, size_t n)
{
	size_t len = n;
	size_t at = 0;

	for (size_t i = 0; i < n; i++) {
		len += strings[i].len + strings[i].len / 255;
	}
	uint8_t *wire = dg_get(w->arena, len, 1);
	for (size_t i = 0; i < n; i++) {
		const struct dg_rdata rd = dg_txt_make(w->arena, strings[i].p, strings[i].len);

		memcpy(wire + at, rd.wire, rd.len);
		at += rd.len;
	}
	world_add(w, owner, DG_TYPE_TXT, wire, at);
}

static inline void world_text(struct world *w, const char *owner, const char *text)
{
	const struct world_text one = {text, strlen(text)};

	world_txt(w, owner, &one, 1);
}

static inline void world_address(struct world *w, const char *owner, const char *text)
{
	uint8_t octets[16];

	if (inet_pton(AF_INET, text, octets) == 1) {
		world_add(w, owner, DG_TYPE_A, octets, 4);
		return;
	}
	assert_int_equal(inet_pton(AF_INET6, text, octets), 1);
	world_add(w, owner, DG_TYPE_AAAA, octets, 16);
}

static inline void world_host(
	struct world *w, const char *owner, uint16_t type, uint16_t preference, const char *host)
{
	uint8_t wire[DG_NAME_WIRE_MAX];
	const char *name = world_name(w, host);

	if (type == DG_TYPE_MX) {
		const struct dg_rdata rd = dg_mx_make(w->arena, preference, name);
		world_add(w, owner, type, rd.wire, rd.len);
		return;
	}
	world_add(w, owner, type, wire, dg_name_to_wire(name, wire));
}

static inline void world_silent(struct world *w, const char *owner)
{
	(void)dg_map_put(&w->silent, world_name(w, owner), w);
}

static inline const struct world_rr *world_find(
	const struct world *w, const char *owner, uint16_t type)
{
	for (const struct world_rr *rr = w->rrs; rr; rr = rr->next) {
		if (rr->type == type && strcmp(rr->owner, owner) == 0) {
			return rr;
		}
	}
	return NULL;
}

static inline void world_set(
	struct world *w, const char *owner, uint16_t type, struct dg_fact *fact)
{
	struct dg_rdata *list = dg_newn(w->arena, struct dg_rdata, WORLD_RRS);
	size_t n = 0;

	for (const struct world_rr *rr = w->rrs; rr; rr = rr->next) {
		if (rr->type == type && strcmp(rr->owner, owner) == 0 && n < WORLD_RRS) {
			list[n++] = rr->rdata;
		}
	}
	fact->state = DG_FACT_FOUND;
	fact->set = dg_rrset_make(owner, type, 60, list, n);
}

static inline bool world_has_name(const struct world *w, const char *owner)
{
	for (const struct world_rr *rr = w->rrs; rr; rr = rr->next) {
		if (dg_name_is_at_or_under(rr->owner, owner)) {
			return true;
		}
	}
	return false;
}

static inline void world_answer(
	struct world *w, const char *owner, uint16_t type, struct dg_fact *fact)
{
	const char *at = owner;

	for (unsigned i = 0; i <= WORLD_CNAMES; i++) {
		const struct world_rr *cname = world_find(w, at, DG_TYPE_CNAME);
		size_t n_read = 0;

		fact->set = dg_rrset_none(at, type);
		if (world_find(w, at, type)) {
			world_set(w, at, type, fact);
			return;
		}
		if (dg_map_get(&w->silent, at)) {
			break;
		}
		if (!cname) {
			fact->state = world_has_name(w, at) ? DG_FACT_NODATA : DG_FACT_NXDOMAIN;
			return;
		}
		assert_int_equal(dg_name_from_wire(w->arena, cname->rdata.wire, cname->rdata.len,
					 &at, &n_read),
			0);
		fact->alias = at;
	}
	fact->state = DG_FACT_UNKNOWN;
	fact->why = "no answer in time";
}

static inline const struct dg_fact *world_dns(void *arg, const char *owner, uint16_t type)
{
	struct world *w = arg;
	const char *key = dg_printf(w->arena, "%u %s", type, owner);
	struct dg_fact *fact = dg_map_get(&w->known, key);
	const char *name = NULL;
	struct dg_err err;

	if (fact) {
		return fact;
	}
	/* every name that is asked for is in canonical form */
	if (dg_name_parse(w->arena, owner, strlen(owner), NULL, &name, &err) != 0 ||
		strcmp(name, owner) != 0) {
		fail_msg("%s is not canonical", owner);
	}
	w->n_asked++;
	fact = dg_new(w->arena, struct dg_fact);
	(void)dg_map_put(&w->known, key, fact);
	if (!dg_map_put(&w->asked, key, fact) && w->is_slow) {
		w->is_waiting = true;
		return fact;
	}
	world_answer(w, strchr(key, ' ') + 1, type, fact);
	return fact;
}

/* A new run: the same answers, and those that had to wait. */
static inline void world_again(struct world *w)
{
	dg_map_init(&w->known, w->arena);
	w->is_waiting = false;
}

static inline struct world *world_new(struct dg_arena *a)
{
	struct world *w = dg_new(a, struct world);

	*w = (struct world){.arena = a};
	w->end = &w->rrs;
	w->facts = (struct dg_facts){.dns = world_dns, .arg = w};
	dg_map_init(&w->silent, a);
	dg_map_init(&w->asked, a);
	world_again(w);
	return w;
}
