/* TLSRPT (RFC 8460): who is told when encryption between mail servers fails. */
#include "zones/check/tls.h"

#include "zones/base/arena.h"
#include "zones/mail/dmarc.h"
#include "zones/mail/tlspolicy.h"

#include <string.h>

static const struct text_kind tlsrpt_kind = {dg_tlsrpt_is_record, "v=tlsrpt", "tlsrpt-several"};

/* Can the mailbox be reached at all? */
static void look_at_destination(
	struct check *c, const char *owner, const char *uri, const char *evidence)
{
	const char *domain = NULL;

	if (dg_dmarc_uri_domain(c->arena, uri, &domain) != 0) {
		return;
	}
	const struct dg_fact *mx = check_ask_quietly(c, domain, DG_TYPE_MX);
	bool is_null = mx->state == DG_FACT_FOUND && dg_mx_state(&mx->set) == DG_MX_NULL;

	if (is_null || mx->state == DG_FACT_NXDOMAIN) {
		(void)check_find(c, "tlsrpt-dead-destination", owner, evidence,
			"reports go to %s, which %s", check_shown(c, domain),
			is_null ? "takes no mail (null MX)" : "does not exist");
	}
}

static void read_record(struct check *c, const char *owner, const char *text, const char *evidence)
{
	const char *const *rua = NULL;
	struct dg_lints lints;
	size_t n = 0;

	dg_lints_init(&lints, c->arena);
	dg_tlsrpt_parse(c->arena, text, strlen(text), &rua, &n, &lints);
	check_take_lints(c, &lints, owner, evidence);
	for (size_t i = 0; c->in->depth == DG_CHECK_FULL && i < n; i++) {
		look_at_destination(c, owner, rua[i], evidence);
	}
	if (lints.n_errors == 0) {
		(void)check_find(c, "tlsrpt-good", owner, evidence,
			"%zu address%s told when encryption fails", n, n == 1 ? " is" : "es are");
	}
}

void check_tlsrpt(struct check *c)
{
	const char *owner = check_under(c, "_smtp._tls", c->in->domain);
	const char *near = NULL;

	if (c->in->depth == DG_CHECK_FAST || !owner || !c->out->exists) {
		return;
	}
	const struct dg_fact *fact = check_ask(c, owner, DG_TYPE_TXT);

	check_find_unknown(c, "tlsrpt-unknown", fact, owner, "the TLSRPT record");
	if (fact->state == DG_FACT_PENDING || fact->state == DG_FACT_UNKNOWN) {
		return;
	}
	const char *text = check_only_text(c, owner, fact, &tlsrpt_kind, &near);
	const char *const *texts = NULL;
	if (text || near) {
		const char *record = text ? text : near;
		read_record(c, owner, record, check_evidence_txt(c, owner, fact, record));
	} else if (check_texts(c, fact, dg_tlsrpt_is_record, &texts) == 0 &&
		   (check_has_sts(c) || check_has_dane(c))) {
		struct dg_finding *f = check_find(c, "tlsrpt-absent", owner, NULL,
			"nobody is told when senders cannot keep to the %s",
			check_has_sts(c) ? "MTA-STS policy" : "TLSA records");
		f->remedy = dg_printf(c->arena, "%s TXT \"v=TLSRPTv1; rua=mailto:tls-reports@%s\"",
			owner, check_shown(c, c->in->domain));
	}
}
