/* controller/lookup/inquiry.h: runs a pure rule until it has all the facts that it asks for (zones/mail/facts.h).
 *
 * Shape    round() runs the rule with the inquiry's facts; what it asked and is not known yet goes to the resolver, all at
 *          once, and round() runs again when the answers are there, until nothing new was asked: then done(). After
 *          the deadline all that is open is UNKNOWN, and round() runs a last time.
 * Known    known(), when set, is asked before the resolver (a zone that is known, a cache of several inquiries); NULL or
 *          PENDING from it: go on to the resolver. learned() is told each answer that the resolver gave.
 * Fetches  http NULL: NOT_ASKED. Only https, no redirects, no private addresses, 64 KiB.
 * Calls    done() comes once, from the loop, never from inside dg_inquiry_start(). dg_inquiry_cancel(): none comes.
 * Limits   n_questions_max questions (0: DG_INQUIRY_QUESTIONS), DG_INQUIRY_ROUNDS rounds; beyond: UNKNOWN.
 * Memory   Facts live in the arena.
 */
#pragma once

#include "zones/mail/facts.h"

#include <stdbool.h>
#include <stdint.h>

struct dg_arena;
struct dg_http;
struct dg_loop;
struct dg_resolver;

#define DG_INQUIRY_QUESTIONS 600u
#define DG_INQUIRY_ROUNDS    40u

struct dg_inquiry {
	struct dg_loop *loop;
	struct dg_resolver *resolver; /* NULL: what known() does not know is UNKNOWN */
	struct dg_http *http;
	struct dg_arena *arena;
	int64_t deadline_ms; /* for all of it */
	int64_t question_ms; /* for one question; 0: what is left of the deadline */
	size_t n_questions_max;
	const struct dg_fact *(*known)(void *arg, const char *owner, uint16_t type);
	void (*learned)(void *arg, const char *owner, uint16_t type, const struct dg_fact *fact);
	void (*round)(struct dg_inquiry *q);
	void (*done)(struct dg_inquiry *q);
	void *arg;
	/* --- set by dg_inquiry_start() --- */
	struct dg_facts facts; /* for round() */
	size_t n_questions;    /* that the resolver was asked */
	bool is_late;          /* the deadline came first */
	void *internal;
};

void dg_inquiry_start(struct dg_inquiry *q);
/* Another round although nothing new was learned: something else that round() looks at has changed. */
void dg_inquiry_again(struct dg_inquiry *q);
void dg_inquiry_cancel(struct dg_inquiry *q);
