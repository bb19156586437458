/* zones/bounce/phrases.h: what MTAs say to people, in the languages they say it in. Inside zones/bounce.
 *
 * Shape    One table. A phrase is looked for where a word begins, in text whose letters are lower case, whose blanks are single, and
 *          whose quoted lines were left out. No pattern language: what varies (names, numbers) stands outside of the phrases.
 */
#pragma once

#include "zones/bounce/span.h"

enum dg_phrase_is {
	DG_PHRASE_FAILED,
	DG_PHRASE_DELAYED,
	DG_PHRASE_DELIVERED,
	DG_PHRASE_AWAY,      /* a person is absent, a machine thanks for the mail */
	DG_PHRASE_CHALLENGE, /* confirm that you are a person */
	DG_PHRASE_FORWARD,   /* a person passes on, or answers, what follows */
	DG_PHRASES,
};

struct dg_phrase {
	const char *text;
	const char *shape;    /* the MTA; "" many */
	unsigned char len;    /* 2 and more */
	unsigned char is;     /* enum dg_phrase_is */
	unsigned char weight; /* 3: nobody else writes that; 1: others do, too */
};

struct dg_heard {
	unsigned weight[DG_PHRASES];
	const char *shape; /* of the heaviest phrase of failure that has one; "" */
	unsigned shape_weight;
};

/* Of a text for people. */
void dg_phrases_hear(struct dg_span text, struct dg_heard *heard);
/* Of a subject, with letters in lower case. */
void dg_subject_hear(struct dg_span subject, struct dg_heard *heard);
/* Of any table. */
void dg_phrases_hear_of(
	const struct dg_phrase *table, size_t n, struct dg_span text, struct dg_heard *heard);
