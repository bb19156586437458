/* controller/lookup/inquiry_internal.h: what inquiry.c and inquiry_fetch.c share. Nobody else includes it.
 *
 * Shape    One map for all: "TTTTowner" (the type in four hex digits) to struct known, "url ..." to struct fetching.
 */
#pragma once

#include "controller/lookup/inquiry.h"

#include "controller/lookup/resolver.h"
#include "zones/base/map.h"

struct fetching;

struct known {
	const struct dg_fact *fact; /* own, or known()'s */
	struct dg_fact own;
	struct inquiry *inquiry;
	struct dg_resolve question;
	struct known *next;     /* that the resolver was asked, newest first */
	struct dg_timer *again; /* until it is asked once more */
	bool is_again;
	bool is_held;          /* it waits for what comes of inquiry.leader */
	int64_t again_due_ms;  /* not sooner */
	const char *first_why; /* of the first time */
};

struct inquiry {
	struct dg_inquiry *q;
	struct dg_map map;
	struct known *asked;
	struct fetching *fetches;
	size_t n_fetches;
	size_t n_open;  /* questions and fetches under way */
	size_t n_asked; /* of both, ever: tells whether a round asked for something */
	unsigned n_rounds;
	int64_t due_ms;
	struct dg_timer *deadline, *next_round;
	struct known *leader; /* the first to be asked again, until its answer */
	bool has_failed_again, has_recovered;
	bool is_closed; /* nothing more is asked */
	const char *closed_why;
};

int64_t dg_inquiry_left_ms(const struct inquiry *u);
const struct dg_fact *dg_inquiry_dns(void *arg, const char *owner, uint16_t type);
const struct dg_fetch *dg_inquiry_fetch(void *arg, const char *url);
/* One of n_open came: a round now, or soon. The caller touches nothing of the inquiry afterwards. */
void dg_inquiry_came(struct inquiry *u);
/* No callback of a fetch comes any more; what is open is UNKNOWN. */
void dg_inquiry_drop_fetches(struct inquiry *u, const char *why);
