#include "zones/incident/over.h"

#include "zones/base/message.h"

#include <string.h>

static struct dg_over_condition quiet(const struct dg_over_facts *f)
{
	struct dg_over_condition c = {.code = "quiet"};

	if (f->is_watched) {
		c.answer = f->is_below ? DG_OVER_YES : DG_OVER_NO;
		c.text = f->is_below ? DG_MESSAGE("bounces are below the notice level")
				     : DG_MESSAGE("bounces are above the notice level, or were "
						  "within 24 h");
	} else if (f->triaged == 0) {
		c.answer = DG_OVER_UNKNOWN;
		c.text = DG_MESSAGE(
			"nothing watches the name, and no triage is on record: add one of what "
			"came lately");
	} else if (f->last_bounce > f->triaged - DG_OVER_COOLDOWN_S) {
		c.answer = DG_OVER_NO;
		c.text =
			DG_MESSAGE("the newest triage saw a bounce in the 24 h before it was made");
	} else if (f->triaged < f->now - DG_OVER_COOLDOWN_S) {
		c.answer = DG_OVER_UNKNOWN;
		c.text = DG_MESSAGE(
			"the newest triage is older than 24 h: add one of what came since");
	} else {
		c.answer = DG_OVER_YES;
		c.text = DG_MESSAGE("the newest triage saw no bounce of the last 24 h");
	}
	return c;
}

static struct dg_over_condition guard(const struct dg_over_facts *f)
{
	bool is_calm = !f->guard || strcmp(f->guard, "calm") == 0;

	return (struct dg_over_condition){.code = "guard",
		.answer = is_calm ? DG_OVER_YES : DG_OVER_NO,
		.text = !f->guard ? DG_MESSAGE("no guard is at work")
			: is_calm ? DG_MESSAGE("the guard is calm")
				  : DG_MESSAGE("the guard is not calm yet")};
}

static struct dg_over_condition records(const struct dg_over_facts *f)
{
	return (struct dg_over_condition){.code = "records",
		.answer = f->is_moved ? DG_OVER_NO : DG_OVER_YES,
		.text = f->is_moved ? DG_MESSAGE("the mail name is still armed or split")
				    : DG_MESSAGE("the records are as the policy says")};
}

static struct dg_over_condition residue(const struct dg_over_facts *f)
{
	bool is_held = f->old_until > f->now;
	bool is_coming = f->residue_last > f->now - DG_OVER_COOLDOWN_S;

	return (struct dg_over_condition){.code = "residue",
		.answer = is_held || is_coming ? DG_OVER_NO : DG_OVER_YES,
		.text = is_held ? DG_MESSAGE("caches may still hold what stood there before")
			: is_coming
				? DG_MESSAGE("mail for what stood there came in the last 24 h")
				: DG_MESSAGE("nothing comes any more for what stood there before")};
}

bool dg_over(const struct dg_over_facts *f, struct dg_over_condition ret[DG_OVER_CONDITIONS])
{
	bool is_over = true;

	ret[0] = quiet(f);
	ret[1] = guard(f);
	ret[2] = records(f);
	ret[3] = residue(f);
	for (size_t i = 0; i < DG_OVER_CONDITIONS; i++) {
		is_over = is_over && ret[i].answer == DG_OVER_YES;
	}
	return is_over;
}
