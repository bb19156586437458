/* BIMI (draft-brand-indicators-for-message-identification): is there a record, can it work. Nothing is said when there is none. */
#include "zones/check/tls.h"

#include "zones/mail/bimi.h"

#include <string.h>

static const struct text_kind bimi_kind = {dg_bimi_is_record, "v=bimi", "bimi-several"};

/* RFC 9989 says none of it; the draft, section 7.3, asks for quarantine or reject, at the organizational domain too. */
static bool is_enforced(const struct dg_dmarc_found *found)
{
	return found->state == DG_DMARC_FOUND && found->applied >= DG_DMARC_QUARANTINE &&
	       found->dmarc.sp != DG_DMARC_NONE;
}

static void read_record(struct check *c, const char *owner, const char *text, const char *evidence)
{
	struct dg_lints lints;
	struct dg_bimi bimi;

	dg_lints_init(&lints, c->arena);
	dg_bimi_parse(c->arena, text, strlen(text), &bimi, &lints);
	check_take_lints(c, &lints, owner, evidence);
	if (bimi.is_declined) {
		(void)check_find(c, "bimi-declined", owner, evidence,
			"the domain asks for no logo to be shown");
	} else if (c->out->walk.state != DG_DMARC_PENDING &&
		   c->out->walk.state != DG_DMARC_UNKNOWN && !is_enforced(&c->out->walk)) {
		(void)check_find(c, "bimi-no-enforcement", owner, evidence,
			"no logo is shown: the DMARC policy in force is %s",
			c->out->walk.state != DG_DMARC_FOUND ? "none at all"
			: c->out->walk.dmarc.sp == DG_DMARC_NONE
				? "not enforced for subdomains (sp=none)"
				: "not enforced (p=none, or in testing)");
	} else if (lints.n_errors == 0) {
		(void)check_find(c, "bimi-good", owner, evidence, "there is a logo to be shown");
	}
}

void check_bimi(struct check *c)
{
	const char *owner = check_under(c, "default._bimi", c->in->domain);
	const char *near = NULL;

	if (c->in->depth != DG_CHECK_FULL || !owner || !c->out->exists) {
		return;
	}
	const struct dg_fact *fact = check_ask_quietly(c, owner, DG_TYPE_TXT);

	check_find_unknown(c, "bimi-unknown", fact, owner, "the BIMI record");
	const char *text = check_only_text(c, owner, fact, &bimi_kind, &near);
	if (text || near) {
		const char *record = text ? text : near;

		(void)check_ask(c, owner, DG_TYPE_TXT);
		read_record(c, owner, record, check_evidence_txt(c, owner, fact, record));
	}
}
