/* zones/mail/dmarc_walk.h: the names that are asked for a DMARC record, and what was found there (RFC 9989 section 4.10). Inside
 * zones/mail only.
 *
 * Shape    stops[i] is read from steps[i], longest name first. A stop whose record ends the walk (psd=y, psd=n) is the last one.
 *          Several records at one name are none.
 * Memory   In the arena of the walk.
 */
#pragma once

#include "zones/mail/dmarc_find.h"

#define DG_WALK_MAX 8u /* queries (section 4.10) */

struct dg_walk_stop {
	const char *name; /* without _dmarc, canonical */
	enum dg_dmarc_state state;
	struct dg_dmarc dmarc; /* FOUND */
};

struct dg_walk {
	struct dg_arena *arena;
	const struct dg_facts *facts;
	const char *domain; /* where it starts, canonical */
	struct dg_walk_stop stops[DG_WALK_MAX];
	struct dg_dmarc_step steps[DG_WALK_MAX];
	size_t n;
};

void dg_walk_step(struct dg_walk *w, const char *name); /* one name more, at most DG_WALK_MAX */
void dg_walk_go(struct dg_walk *w);                     /* the whole walk, from domain up */
bool dg_walk_has(const struct dg_walk *w, enum dg_dmarc_state state);

/* The organizational domain by what was found (section 4.10.2); stops that are not known count as empty. */
const char *dg_walk_org(const struct dg_walk *w);
