/* The DNSSEC state of the domain's own answers (RFC 4035 section 4.3). Nothing is said when no validation was asked for. */
#include "zones/check/rule.h"

#include <string.h>

void check_dnssec(struct check *c)
{
	const char *domain = c->in->domain;

	if (c->in->depth == DG_CHECK_FAST) {
		return;
	}
	const struct dg_fact *fact = check_ask_quietly(c, domain, DG_TYPE_MX);

	switch (fact->trust) {
	case DG_TRUST_NONE:
		break;
	case DG_TRUST_INSECURE:
		(void)check_find(c, "dnssec-insecure", domain, NULL,
			"the records of %s are not signed", check_shown(c, domain));
		break;
	case DG_TRUST_SECURE:
		(void)check_find(c, "dnssec-secure", domain, check_evidence_of(c, domain, fact),
			"the records of %s are signed, and the signatures hold",
			check_shown(c, domain));
		break;
	case DG_TRUST_BOGUS:
		(void)check_find(c, "dnssec-bogus", domain, NULL,
			"the answers of %s fail DNSSEC validation: %s", check_shown(c, domain),
			fact->why ? fact->why : "no reason was told");
		break;
	}
}
