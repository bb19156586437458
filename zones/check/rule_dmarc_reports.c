/* Do DMARC reports arrive? */
#include "zones/base/arena.h"
#include "zones/check/rule.h"
#include "zones/check/rule_dmarc.h"

#include <string.h>

#define ADDRESSES_MAX 8u /* of one tag that are looked at */

/* A domain to which no mail can be delivered. */
static bool takes_no_mail(struct check *c, const char *domain)
{
	const struct dg_fact *mx = check_ask_quietly(c, domain, DG_TYPE_MX);

	if (mx->state == DG_FACT_FOUND) {
		return dg_mx_state(&mx->set) == DG_MX_NULL;
	}
	return dg_fact_is_none(mx) && dg_fact_is_none(check_ask_quietly(c, domain, DG_TYPE_A)) &&
	       dg_fact_is_none(check_ask_quietly(c, domain, DG_TYPE_AAAA));
}

static void check_consent(
	struct check *c, const char *tag, const char *uri, const char *to, const char *evidence)
{
	const char *shown = check_shown(c, to);
	const char *at = NULL;

	switch (dg_dmarc_report_consent(c->arena, c->in->domain, uri, &c->quiet, &at)) {
	case DG_DMARC_CONSENT_PENDING:
	case DG_DMARC_CONSENT_NOT_NEEDED:
		break;
	case DG_DMARC_CONSENT_GIVEN:
		check_find(c, "dmarc-external", c->in->domain, evidence,
			"%s has agreed to take reports (%s)", shown, tag);
		break;
	case DG_DMARC_CONSENT_ABSENT:
		check_find(c, "dmarc-consent", c->in->domain, evidence,
			"%s names an address at %s, which has not agreed: reports are not sent "
			"there",
			tag, shown)
			->remedy = at ? dg_printf(c->arena, "published by whoever runs %s:\n%s",
						shown, check_line_txt(c, at, "v=DMARC1;"))
				      : NULL;
		break;
	case DG_DMARC_CONSENT_UNKNOWN:
		check_find(c, "dmarc-consent-unknown", c->in->domain, evidence,
			"whether %s has agreed to take reports (%s) could not be looked up", shown,
			tag);
		break;
	}
}

static void check_addresses(
	struct check *c, const char *tag, const char *const *uris, size_t n, const char *evidence)
{
	for (size_t i = 0; i < n && i < ADDRESSES_MAX; i++) {
		const char *to = NULL;

		if (dg_dmarc_uri_domain(c->arena, uris[i], &to) != 0) {
			continue;
		}
		check_consent(c, tag, uris[i], to, evidence);
		if (takes_no_mail(c, to)) {
			check_find(c, "dmarc-report-no-mail", c->in->domain, evidence,
				"%s names an address at %s, which takes no mail", tag,
				check_shown(c, to));
		}
	}
}

void check_dmarc_reports(struct check *c, const char *evidence)
{
	const struct dg_dmarc *d = &c->dmarc->dmarc;

	if (c->dmarc->state == DG_DMARC_FOUND && strcmp(c->dmarc->at, c->in->domain) == 0) {
		check_addresses(c, "rua", d->rua, d->n_rua, evidence);
		check_addresses(c, "ruf", d->ruf, d->n_ruf, evidence);
	}
}
