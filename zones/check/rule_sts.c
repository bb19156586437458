/* MTA-STS (RFC 8461): the record, the policy that it stands for, and whether the MX hosts are in it. */
#include "zones/check/tls.h"

#include "zones/base/arena.h"
#include "zones/mail/chars.h"
#include "zones/mail/tlspolicy.h"
#include "zones/record/name.h"

#include <string.h>

static const struct text_kind sts_kind = {dg_sts_is_record, "v=sts", "sts-several"};

static bool begins_with(const char *text, const char *head)
{
	size_t len = strlen(head);

	return strlen(text) >= len && dg_is_word(text, len, head);
}

static bool is_any(const char *text, size_t len)
{
	(void)text;
	(void)len;
	return true;
}

const char *check_only_text(struct check *c, const char *owner, const struct dg_fact *fact,
	const struct text_kind *kind, const char **ret_near)
{
	const char *const *texts = NULL;
	size_t n = check_texts(c, fact, kind->is_record, &texts);

	*ret_near = NULL;
	if (n == 1) {
		return texts[0];
	}
	if (n > 1) {
		(void)check_find(c, kind->several, owner,
			check_evidence_txt(c, owner, fact, texts[0]),
			"%zu such records stand at %s: senders act as if there were none", n,
			check_shown(c, owner));
		return NULL;
	}
	n = check_texts(c, fact, is_any, &texts);
	for (size_t i = 0; i < n && !*ret_near; i++) {
		*ret_near = begins_with(texts[i], kind->near) ? texts[i] : NULL;
	}
	return NULL;
}

bool check_has_sts(struct check *c)
{
	const char *owner = check_under(c, "_mta-sts", c->in->domain);
	const char *const *texts = NULL;

	return owner && check_texts(c, check_ask_quietly(c, owner, DG_TYPE_TXT), dg_sts_is_record,
				&texts) == 1;
}

/* --- the policy ------------------------------------------------------------------------------- */
struct policy {
	struct check *c;
	const char *owner; /* of the TXT record */
	const char *host;  /* "mta-sts.example.com." */
	const char *url;
	struct dg_sts_policy policy;
};

/* RFC 8461 section 4.1: a pattern's "*" stands for exactly one label. Names as people write them. */
static bool is_matched(const struct dg_sts_policy *p, const char *host)
{
	const char *dot = strchr(host, '.');

	for (size_t i = 0; i < p->n_mx; i++) {
		const char *pattern = p->mx[i];

		if (strcmp(pattern, host) == 0 ||
			(pattern[0] == '*' && dot && strcmp(pattern + 1, dot) == 0)) {
			return true;
		}
	}
	return false;
}

static void match_host(struct policy *p, const char *host)
{
	struct check *c = p->c;
	const char *shown = check_shown(c, host);

	if (is_matched(&p->policy, shown)) {
		return;
	}
	bool is_enforced = p->policy.mode == DG_STS_ENFORCE;
	struct dg_finding *f = check_find(c, "sts-mx-unmatched", c->in->domain, NULL,
		"the MX host %s is in no mx: line of the policy: senders %s", shown,
		is_enforced ? "do not deliver to it" : "report it");

	f->severity = is_enforced ? DG_SEVERITY_ERROR : DG_SEVERITY_WARNING;
	f->remedy = dg_printf(c->arena, "mx: %s", shown);
}

static void match_hosts(struct policy *p)
{
	struct check *c = p->c;
	const struct dg_fact *mx = check_ask_quietly(c, c->in->domain, DG_TYPE_MX);
	const char *host = NULL;
	uint16_t preference = 0;

	if (c->out->mx_state == DG_MX_NULL) {
		if (p->policy.mode == DG_STS_ENFORCE) {
			(void)check_find(c, "sts-null-mx", c->in->domain,
				check_evidence_of(c, c->in->domain, mx),
				"the domain takes no mail, but its policy enforces MX hosts: "
				"senders "
				"keep it for %u s",
				(unsigned)p->policy.max_age);
		}
		return;
	}
	if (dg_fact_is_none(mx) && c->receives == KNOWN_YES) {
		match_host(p, c->in->domain);
	}
	for (size_t i = 0; mx->state == DG_FACT_FOUND && i < mx->set.n; i++) {
		if (dg_mx_read(c->arena, &mx->set.rdata[i], &preference, &host) == 0 &&
			strcmp(host, ".") != 0) {
			match_host(p, host);
		}
	}
}

static void judge_mode(struct policy *p)
{
	struct check *c = p->c;
	unsigned max_age = (unsigned)p->policy.max_age;

	switch (p->policy.mode) {
	case DG_STS_NONE:
		(void)check_find(c, "sts-mode-none", p->owner, NULL,
			"the policy's mode is none: senders act as if there were no policy");
		break;
	case DG_STS_TESTING:
		(void)check_find(c, "sts-mode-testing", p->owner, NULL,
			"the policy's mode is testing: senders report failures and deliver all the "
			"same");
		break;
	case DG_STS_ENFORCE:
		(void)check_find(c, "sts-good", p->owner, NULL,
			"the policy is enforced, senders keep it for %u s", max_age);
		break;
	}
}

static void read_policy(struct policy *p, const struct dg_fetch *fetch)
{
	static const char type[] = "text/plain";
	struct check *c = p->c;
	struct dg_lints lints;

	if (!begins_with(fetch->content_type, type)) {
		dg_lints_init(&lints, c->arena);
		(void)check_find(c, "sts-policy-type", p->host, NULL,
			"%s is sent as \"%s\", expected text/plain", p->url,
			dg_lint_seen(&lints, fetch->content_type, strlen(fetch->content_type)));
	}
	dg_lints_init(&lints, c->arena);
	dg_sts_policy_parse(c->arena, fetch->body, fetch->len, &p->policy, &lints);
	for (size_t i = 0; i < lints.n; i++) {
		lints.list[i].column = 0; /* of a document, not of a record */
	}
	check_take_lints(c, &lints, p->host, p->url);
	if (lints.n_errors > 0) {
		return;
	}
	judge_mode(p);
	if (p->policy.mode != DG_STS_NONE) {
		match_hosts(p);
	}
}

static void judge_status(struct policy *p, const struct dg_fetch *fetch)
{
	bool is_redirect = fetch->status >= 300 && fetch->status < 400;

	(void)check_find(p->c, is_redirect ? "sts-policy-redirect" : "sts-policy-status", p->host,
		NULL, "%s is answered with status %ld%s", p->url, fetch->status,
		is_redirect ? ", a redirect, which senders do not follow" : ", expected 200");
}

static void judge_fetch(struct policy *p, const struct dg_fetch *fetch)
{
	struct check *c = p->c;
	const char *why = fetch->why ? fetch->why : "";

	switch (fetch->state) {
	case DG_FETCH_PENDING:
	case DG_FETCH_NOT_ASKED:
		break;
	case DG_FETCH_FOUND:
		read_policy(p, fetch);
		break;
	case DG_FETCH_STATUS:
		judge_status(p, fetch);
		break;
	case DG_FETCH_BAD_TLS:
		(void)check_find(c, "sts-policy-tls", p->host, NULL,
			"%s does not show a certificate that senders accept: %s", p->url, why);
		break;
	case DG_FETCH_PRIVATE:
		(void)check_find(c, "sts-policy-private", p->host, NULL,
			"%s is at an address that is not on the Internet: %s", p->url, why);
		break;
	case DG_FETCH_TOO_LARGE:
		(void)check_find(c, "sts-policy-too-long", p->host, NULL,
			"%s is larger than %u octets", p->url, DG_STS_POLICY_MAX);
		break;
	case DG_FETCH_UNKNOWN:
		(void)check_find(c, "sts-policy-unknown", p->host, NULL,
			"%s could not be fetched: %s", p->url, why);
		break;
	}
}

static void check_policy(struct check *c, const char *owner)
{
	struct policy p = {
		.c = c, .owner = owner, .host = check_under(c, "mta-sts", c->in->domain)};

	if (!p.host) {
		return;
	}
	const struct dg_fact *a = check_ask(c, p.host, DG_TYPE_A);
	const struct dg_fact *aaaa = check_ask(c, p.host, DG_TYPE_AAAA);

	p.url = dg_printf(c->arena, "https://%s/.well-known/mta-sts.txt", check_shown(c, p.host));
	if (dg_fact_is_none(a) && dg_fact_is_none(aaaa)) {
		(void)check_find(c, "sts-policy-missing", p.host, NULL,
			"%s has no address, so senders find no policy", check_shown(c, p.host));
		return;
	}
	judge_fetch(&p, check_fetch(c, p.url));
}

void check_sts(struct check *c)
{
	const char *owner = check_under(c, "_mta-sts", c->in->domain);
	const char *near = NULL;
	const char *id = NULL;
	struct dg_lints lints;

	if (c->in->depth == DG_CHECK_FAST || !owner || !c->out->exists) {
		return;
	}
	const struct dg_fact *fact = check_ask(c, owner, DG_TYPE_TXT);

	check_find_unknown(c, "sts-unknown", fact, owner, "the MTA-STS record");
	const char *text = check_only_text(c, owner, fact, &sts_kind, &near);
	if (!text && !near) {
		return;
	}
	const char *record = text ? text : near;
	dg_lints_init(&lints, c->arena);
	dg_sts_parse(c->arena, record, strlen(record), &id, &lints);
	check_take_lints(c, &lints, owner, check_evidence_txt(c, owner, fact, record));
	if (text && c->in->depth == DG_CHECK_FULL) {
		check_policy(c, owner);
	}
}
