#include "zones/bounce/parts.h"

static void say(
	struct dg_reading *r, enum dg_bounce_kind kind, enum dg_bounce_form form, const char *basis)
{
	r->bounce->kind = kind;
	r->bounce->form = form;
	r->bounce->basis = basis;
}

static bool has_action(const struct dg_bounce *b, enum dg_bounce_action action)
{
	for (size_t i = 0; i < b->n_recipients; i++) {
		if (b->recipients[i].action == action) {
			return true;
		}
	}
	return false;
}

static void by_status(struct dg_reading *r)
{
	const struct dg_bounce *b = r->bounce;

	if (has_action(b, DG_BOUNCE_ACTION_FAILED)) {
		say(r, DG_BOUNCE_BOUNCE, DG_BOUNCE_FORM_DSN,
			"a delivery status with an action \"failed\"");
	} else if (has_action(b, DG_BOUNCE_ACTION_DELAYED)) {
		say(r, DG_BOUNCE_DELAY, DG_BOUNCE_FORM_DSN,
			"a delivery status with an action \"delayed\"");
	} else if (has_action(b, DG_BOUNCE_ACTION_DELIVERED) ||
		   has_action(b, DG_BOUNCE_ACTION_RELAYED) ||
		   has_action(b, DG_BOUNCE_ACTION_EXPANDED)) {
		say(r, DG_BOUNCE_DELIVERED, DG_BOUNCE_FORM_DSN,
			"a delivery status with an action of success");
	} else {
		say(r, DG_BOUNCE_BOUNCE, DG_BOUNCE_FORM_DSN, "a delivery status without an action");
	}
}

void dg_verdict(struct dg_reading *r)
{
	say(r, DG_BOUNCE_ORDINARY, DG_BOUNCE_FORM_NONE, "nothing in it says that it is a report");
	if (r->found.status) {
		by_status(r);
	}
}
