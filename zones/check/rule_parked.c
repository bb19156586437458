/* Names that are not for mail: null MX, -all and reject together lock them. */
#include "zones/base/arena.h"
#include "zones/check/rule.h"
#include "zones/check/rule_dmarc.h"

const struct dg_kind dg_parked_kinds[] = {
	{
		"parked-locked",
		"parked",
		DG_SEVERITY_GOOD,
		"the name is locked: it neither sends nor takes mail, and says so",
		"RFC 7505 section 4.1",
		"SPF says that no host sends, DMARC asks to refuse what claims the name, and mail "
		"to it is given up at the "
		"sender. Neither DKIM nor MTA-STS nor reports are needed.",
		"Nothing is to be done.",
	},
	{
		"parked-dmarc",
		"parked",
		DG_SEVERITY_WARNING,
		"a name that is not for mail has no DMARC policy of reject",
		"RFC 9989 section 4.7",
		"SPF and MX say that the name is not for mail. Without p=reject people may still "
		"see it in the header From "
		"of forged mail. No mail of yours can be hurt: there is none.",
		"Publish p=reject.",
	},
	{
		"parked-open",
		"parked",
		DG_SEVERITY_WARNING,
		"a name that takes no mail does not say that it sends none",
		"RFC 7208 section 10.1.2",
		"Nothing can be delivered to the name, so that nothing should be sent from it, but "
		"there is no SPF record. "
		"Unused domains are what forgers look for.",
		"Publish \"v=spf1 -all\" and DMARC with p=reject.",
	},
	{.code = NULL},
};

/* The policy that is in force, as served; NULL: there is none. */
static const char *policy(struct check *c)
{
	const struct dg_dmarc_found *f = c->dmarc;
	const char *owner = f->state == DG_DMARC_FOUND ? check_under(c, "_dmarc", f->at) : NULL;

	return owner ? check_evidence_txt(c, owner, check_ask(c, owner, DG_TYPE_TXT), f->record)
		     : NULL;
}

void check_parked(struct check *c)
{
	const char *shown = check_shown(c, c->in->domain);
	const struct dg_dmarc_found *f = c->dmarc;

	if (!c->out->exists) {
		return;
	}
	if (c->out->is_parked && f->state == DG_DMARC_FOUND && f->applied == DG_DMARC_REJECT) {
		check_find(c, "parked-locked", c->in->domain, NULL,
			"%s neither sends nor takes mail, and says so", shown);
	} else if (c->out->is_parked &&
		   (f->state == DG_DMARC_FOUND || f->state == DG_DMARC_ABSENT)) {
		check_find(c, "parked-dmarc", c->in->domain, policy(c),
			"%s neither sends nor takes mail, but DMARC does not ask to refuse forged "
			"mail",
			shown)
			->remedy = check_dmarc_line(c);
	}
	if (c->receives == KNOWN_NO && c->sends == KNOWN_YES && c->out->n_spf_records == 0) {
		check_find(c, "parked-open", c->in->domain, NULL,
			"%s takes no mail, but does not say that it sends none", shown)
			->remedy = dg_printf(c->arena, "%s\n%s",
			check_line_txt(c, c->in->domain, "v=spf1 -all"), check_dmarc_line(c));
	}
}
