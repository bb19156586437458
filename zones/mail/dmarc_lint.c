#include "zones/mail/dmarc.h"
#include "zones/mail/lint.h"

static const char rule[] = "RFC 9989 section 4.7";

static void lint_policies(const struct dg_dmarc *d, struct dg_lints *lints)
{
	enum dg_dmarc_policy below = d->sp != DG_DMARC_UNSET ? d->sp : d->p;

	if (d->p == DG_DMARC_NONE) {
		dg_lint(lints, DG_LEVEL_WARNING, "dmarc-none", rule, 0,
			"p=none asks receivers to take forged mail: it is only for watching "
			"reports");
	} else if (d->p == DG_DMARC_QUARANTINE) {
		dg_lint(lints, DG_LEVEL_NOTE, "dmarc-quarantine", rule, 0,
			"p=quarantine: forged mail is delivered to the spam folder, not refused");
	}
	if (d->sp != DG_DMARC_UNSET && d->sp < d->p) {
		dg_lint(lints, DG_LEVEL_WARNING, "dmarc-weak-sp", rule, 0,
			"sp is weaker than p: names below the domain are easier to forge than "
			"itself");
	}
	if (d->np != DG_DMARC_UNSET && d->np < below) {
		dg_lint(lints, DG_LEVEL_WARNING, "dmarc-weak-np", rule, 0,
			"np is weaker than %s: names that do not exist are the easiest to forge",
			d->sp != DG_DMARC_UNSET ? "sp" : "p");
	}
	if (d->t == 'y') {
		dg_lint(lints, DG_LEVEL_WARNING, "dmarc-testing", rule, 0,
			"t=y: receivers apply the policy one level lower");
	}
}

void dg_dmarc_lint(const struct dg_dmarc *d, struct dg_lints *lints)
{
	lint_policies(d, lints);
	if (d->n_rua == 0) {
		dg_lint(lints, DG_LEVEL_NOTE, "dmarc-no-reports", rule, 0,
			"no rua: nobody will tell who sends as this name");
	}
	if (d->n_rua > 2 || d->n_ruf > 2) {
		dg_lint(lints, DG_LEVEL_NOTE, "dmarc-many-addresses", rule, 0,
			"more than two report addresses: receivers may leave out those behind the "
			"second");
	}
	if (d->fo && d->n_ruf == 0) {
		dg_lint(lints, DG_LEVEL_NOTE, "dmarc-fo-unused", rule, 0,
			"fo is ignored where there is no ruf");
	}
	if (d->psd == 'y') {
		dg_lint(lints, DG_LEVEL_WARNING, "dmarc-psd", "RFC 9989 section 4.10.2", 0,
			"psd=y is for public suffixes: each name one label below is a domain of "
			"its own then");
	}
}

void dg_dmarc_lint_below(const struct dg_dmarc *d, struct dg_lints *lints)
{
	if (d->psd == 'n') {
		return;
	}
	if (d->sp != DG_DMARC_UNSET || d->np != DG_DMARC_UNSET) {
		dg_lint(lints, DG_LEVEL_NOTE, "dmarc-unused-sp", "RFC 9989 section 4.10.1", 0,
			"sp and np are ignored here: names below get the policy of the "
			"organizational domain, the shortest name with a record");
	}
}
