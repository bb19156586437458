#include "zones/bounce/proof.h"

#include "zones/bounce/bounce.h"

bool dg_proof_is_answer(const struct dg_bounce *b)
{
	switch (b->kind) {
	case DG_BOUNCE_BOUNCE:
	case DG_BOUNCE_DELAY:
	case DG_BOUNCE_AUTOREPLY:
	case DG_BOUNCE_CHALLENGE:
		return true;
	case DG_BOUNCE_ORDINARY:
	case DG_BOUNCE_DELIVERED:
	case DG_BOUNCE_COMPLAINT:
	case DG_BOUNCE_AGGREGATE:
	case DG_BOUNCE_FAILURE:
	case DG_BOUNCE_UNREADABLE:
		break;
	}
	return false;
}

struct dg_proof dg_proof_of(const struct dg_bounce *b, const struct dg_proof_facts *f)
{
	/* Of an answer that was not made by the receiving mail server the chain of hands says little. */
	bool is_bounce = b->kind == DG_BOUNCE_BOUNCE || b->kind == DG_BOUNCE_DELAY;
	bool is_in_force = f->tag != DG_PROOF_NO_TAGS && f->tags_since_s > 0 &&
			   f->now_s - f->tags_since_s >= DG_PROOF_TAGGED_S;

	if (f->tag == DG_PROOF_TAG_VALID) {
		return (struct dg_proof){DG_ARRIVAL_OWN, "token"};
	}
	/* Auto-replies go to the address in From, which bears no tag. */
	if (f->tag == DG_PROOF_TAG_MISSING && is_in_force && is_bounce) {
		return (struct dg_proof){DG_ARRIVAL_FOREIGN, "no-token"};
	}
	if (f->is_sent) {
		return (struct dg_proof){DG_ARRIVAL_OWN, "sent"};
	}
	if (f->is_signed) {
		return (struct dg_proof){DG_ARRIVAL_OWN, "signed"};
	}
	if (is_bounce && f->host == DG_PROOF_HOST_FOREIGN) {
		return (struct dg_proof){DG_ARRIVAL_FOREIGN, "handoff"};
	}
	if (f->has_recipients && !f->is_recipient) {
		return (struct dg_proof){DG_ARRIVAL_FOREIGN, "recipient"};
	}
	if (is_bounce && f->host == DG_PROOF_HOST_OWN) {
		return (struct dg_proof){DG_ARRIVAL_OWN, "ours"};
	}
	return (struct dg_proof){DG_ARRIVAL_UNKNOWN, "none"};
}
