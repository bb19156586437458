/* controller/lookup/inquiry.h: runs a pure rule until it has all the facts that it asks for (zones/mail/facts.h).
 *
 * Shape    round() runs the rule with the inquiry's facts; what it asks and is not known yet goes to the resolver at
 *          once, and round() runs again when the answers are there, until nothing new was asked: then done(). While some answers
 *          keep one waiting, round() runs with the others, so that one silent server does not hold up the rest. After
 *          the deadline all that is open is UNKNOWN, and round() runs a last time.
 * Known    known(), when set, is asked before the resolver (a zone that is known, a cache of several inquiries); NULL or
 *          PENDING from it: go on to the resolver. What it returns must live as long as the inquiry. learned() is told each
 *          answer that the resolver gave (UNKNOWN too, but not what the deadline cut off).
 * Again    What the resolver could not tell (no answer, SERVFAIL and its like; not bogus) is asked once more before it is UNKNOWN:
 *          after again_ms when it said so, at once when it said nothing. Resolvers hold a failure for some seconds (RFC 9520 section
 *          3.2; libunbound and Unbound 5, counted in whole ones), so that sooner brings nothing. Only when the deadline leaves the
 *          time. One question goes first: where it fails again, the others that failed are UNKNOWN at once, and nothing is asked again
 *          any more, so that a dead domain costs little; where it has an answer, they follow.
 * Fetches  http NULL: NOT_ASKED. Only https at its own port, no redirects, no private addresses, 64 KiB. The host's
 *          addresses are asked as facts like any other, and the connection goes to one of those.
 * Calls    done() comes once, from the loop, never from inside dg_inquiry_start(). dg_inquiry_cancel(): none comes. The inquiry and
 *          its arena must live until then. Inside round() only the facts may be called.
 * Limits   n_questions_max questions (0: DG_INQUIRY_QUESTIONS), DG_INQUIRY_ROUNDS rounds, a CNAME chain that ends; beyond:
 *          UNKNOWN.
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
#define DG_INQUIRY_FETCHES   8u
#define DG_INQUIRY_AGAIN_MS  6100
#define DG_INQUIRY_FETCH_MAX \
	65536u /* octets of a document (RFC 8461 section 3.3 wants a limit of this size) */

struct dg_inquiry {
	struct dg_loop *loop;
	struct dg_resolver *resolver; /* NULL: what known() does not know is UNKNOWN */
	struct dg_http *http;
	struct dg_arena *arena;
	int64_t deadline_ms; /* for all of it */
	int64_t question_ms; /* for one question; 0: what is left of the deadline */
	int64_t again_ms;    /* 0: nothing is asked again */
	size_t n_questions_max;
	const struct dg_fact *(*known)(void *arg, const char *owner, uint16_t type);
	void (*learned)(void *arg, const char *owner, uint16_t type, const struct dg_fact *fact);
	void (*round)(struct dg_inquiry *q);
	void (*done)(struct dg_inquiry *q);
	void *arg;
	/* Something else that round() looks at is still under way: done() does not come before this is false and
	 * dg_inquiry_again() was called, or the deadline is there (round() then sees is_late). */
	bool is_held;
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
