#include "zones/mail/dmarc_find.h"

#include "zones/base/arena.h"
#include "zones/base/err.h"
#include "zones/mail/facts.h"
#include "zones/mail/uri.h"
#include "zones/record/name.h"

#include <string.h>

#define LABEL "_report._dmarc"

/* The host of an https URI, canonical; NULL: it is none. */
static const char *https_host(struct dg_arena *a, const char *uri)
{
	size_t len = strnlen(uri, (size_t)DG_URI_MAX + 1);
	const char *name = NULL;
	struct dg_err err;

	if (dg_https_fault(uri, len)) {
		return NULL;
	}
	uri += sizeof("https://") - 1;
	return dg_name_parse(a, uri, strcspn(uri, ":/?#"), NULL, &name, &err) == 0 ? name : NULL;
}

static enum dg_dmarc_consent read_consent(struct dg_arena *a, const struct dg_fact *fact)
{
	switch (fact->state) {
	case DG_FACT_PENDING:
		return DG_DMARC_CONSENT_PENDING;
	case DG_FACT_UNKNOWN:
		return DG_DMARC_CONSENT_UNKNOWN;
	case DG_FACT_NODATA:
	case DG_FACT_NXDOMAIN:
		return DG_DMARC_CONSENT_ABSENT;
	case DG_FACT_FOUND:
		break;
	}
	for (size_t i = 0; i < fact->set.n; i++) {
		const struct dg_rdata *rd = &fact->set.rdata[i];

		if (dg_dmarc_is_record(dg_txt_join(a, rd), dg_txt_len(rd))) {
			return DG_DMARC_CONSENT_GIVEN;
		}
	}
	return DG_DMARC_CONSENT_ABSENT;
}

/* PENDING, UNKNOWN, NOT_NEEDED, or ABSENT: they belong to different organizations. */
static enum dg_dmarc_consent compare_orgs(
	struct dg_arena *a, const char *domain, const char *host, const struct dg_facts *facts)
{
	const char *org = NULL;
	const char *org_host = NULL;
	enum dg_dmarc_state x = dg_dmarc_org_domain(a, domain, DG_DMARC_WALK, facts, &org);
	enum dg_dmarc_state y = dg_dmarc_org_domain(a, host, DG_DMARC_WALK, facts, &org_host);

	if (strcmp(domain, host) == 0) {
		return DG_DMARC_CONSENT_NOT_NEEDED;
	}
	if (x == DG_DMARC_PENDING || y == DG_DMARC_PENDING) {
		return DG_DMARC_CONSENT_PENDING;
	}
	if (!org || !org_host) {
		return DG_DMARC_CONSENT_UNKNOWN;
	}
	return strcmp(org, org_host) == 0 ? DG_DMARC_CONSENT_NOT_NEEDED : DG_DMARC_CONSENT_ABSENT;
}

enum dg_dmarc_consent dg_dmarc_report_consent(struct dg_arena *a, const char *domain,
	const char *uri, const struct dg_facts *facts, const char **ret_at)
{
	const char *host = NULL;
	const char *at = NULL;
	struct dg_err err;

	*ret_at = NULL;
	if (dg_dmarc_uri_domain(a, uri, &host) != 0) {
		host = https_host(a, uri);
	}
	if (!host) {
		return DG_DMARC_CONSENT_ABSENT;
	}
	enum dg_dmarc_consent orgs = compare_orgs(a, domain, host, facts);
	if (orgs == DG_DMARC_CONSENT_NOT_NEEDED) {
		return orgs;
	}
	if (dg_name_join(a, LABEL, host, &at, &err) < 0 ||
		dg_name_join(a, dg_strndup(a, domain, strlen(domain) - 1), at, &at, &err) < 0) {
		return orgs; /* too long: nobody can publish it */
	}
	*ret_at = at;
	enum dg_dmarc_consent given = read_consent(a, dg_fact(facts, at, DG_TYPE_TXT));
	if (given == DG_DMARC_CONSENT_GIVEN || orgs == DG_DMARC_CONSENT_ABSENT) {
		return given;
	}
	return orgs == DG_DMARC_CONSENT_PENDING || given == DG_DMARC_CONSENT_PENDING
		       ? DG_DMARC_CONSENT_PENDING
		       : DG_DMARC_CONSENT_UNKNOWN;
}

const char *dg_dmarc_consent_text(enum dg_dmarc_consent c)
{
	switch (c) {
	case DG_DMARC_CONSENT_PENDING:
		return "pending";
	case DG_DMARC_CONSENT_NOT_NEEDED:
		return "not-needed";
	case DG_DMARC_CONSENT_GIVEN:
		return "given";
	case DG_DMARC_CONSENT_ABSENT:
		return "absent";
	case DG_DMARC_CONSENT_UNKNOWN:
		return "unknown";
	}
	return "unknown";
}
