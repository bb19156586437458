/* DANE for SMTP (RFC 7672) and the DNSSEC state of the domain (RFC 4035), as far as the facts were validated. */
#include "zones/check/tls.h"

#include "zones/base/arena.h"
#include "zones/mail/tlsa.h"

#include <string.h>

#define HOSTS_MAX 20u

struct hosts {
	struct check *c;
	const struct dg_fact *mx;
	size_t n_asked, n_secure, n_none, n_unvalidated;
	const char *bare; /* a host without TLSA records */
};

static const struct dg_fact *ask_tlsa(struct check *c, const char *host, const char **ret_owner)
{
	*ret_owner = check_under(c, "_25._tcp", host);
	return *ret_owner ? check_ask_quietly(c, *ret_owner, DG_TYPE_TLSA) : NULL;
}

/* The i-th MX host, NULL: it is no host. */
static const char *host_at(struct check *c, const struct dg_fact *mx, size_t i)
{
	const char *host = NULL;
	uint16_t preference = 0;

	return dg_mx_read(c->arena, &mx->set.rdata[i], &preference, &host) == 0 &&
			       strcmp(host, ".") != 0
		       ? host
		       : NULL;
}

static const struct dg_fact *mx_of(struct check *c)
{
	return check_ask_quietly(c, c->in->domain, DG_TYPE_MX);
}

bool check_has_dane(struct check *c)
{
	const struct dg_fact *mx = mx_of(c);
	const char *owner = NULL;

	if (c->in->depth != DG_CHECK_FULL || mx->state != DG_FACT_FOUND) {
		return false;
	}
	for (size_t i = 0; i < mx->set.n && i < HOSTS_MAX; i++) {
		const char *host = host_at(c, mx, i);
		const struct dg_fact *fact = host ? ask_tlsa(c, host, &owner) : NULL;

		if (fact && fact->state == DG_FACT_FOUND) {
			return true;
		}
	}
	return false;
}

/* --- one host --------------------------------------------------------------------------------- */
static void judge_records(struct hosts *h, const char *owner, const struct dg_fact *fact)
{
	struct check *c = h->c;
	size_t n_usable = 0;
	const char *fault = NULL;
	size_t at = 0;

	for (size_t i = 0; i < fact->set.n; i++) {
		struct dg_tlsa tlsa;
		const char *why = dg_tlsa_read(&fact->set.rdata[i], &tlsa) == 0
					  ? dg_tlsa_fault(&tlsa)
					  : "it is cut off";

		n_usable += why == NULL;
		at = why && !fault ? i : at;
		fault = fault ? fault : why;
	}
	if (n_usable == 0) {
		(void)check_find(c, "dane-unusable", owner,
			check_evidence(c, owner, DG_TYPE_TLSA, &fact->set.rdata[at]),
			"no TLSA record at %s can be used: %s", check_shown(c, owner), fault);
	} else if (fault) {
		(void)check_find(c, "dane-part-unusable", owner,
			check_evidence(c, owner, DG_TYPE_TLSA, &fact->set.rdata[at]),
			"a TLSA record at %s is ignored: %s", check_shown(c, owner), fault);
	} else {
		(void)check_find(c, "dane-good", owner, check_evidence_of(c, owner, fact),
			"%zu TLSA record%s at %s, signed and usable", fact->set.n,
			fact->set.n == 1 ? "" : "s", check_shown(c, owner));
	}
}

static void judge_trust(struct hosts *h, const char *owner, const struct dg_fact *fact)
{
	struct check *c = h->c;

	switch (fact->trust) {
	case DG_TRUST_NONE:
		h->n_unvalidated++;
		break;
	case DG_TRUST_SECURE:
		h->n_secure++;
		judge_records(h, owner, fact);
		break;
	case DG_TRUST_INSECURE:
	case DG_TRUST_BOGUS:
		(void)check_find(c, "dane-insecure", owner, check_evidence_of(c, owner, fact),
			"the TLSA records at %s are not signed, so senders ignore them",
			check_shown(c, owner));
		break;
	}
}

static void look_at_host(struct hosts *h, const char *host)
{
	struct check *c = h->c;
	const char *owner = NULL;
	const struct dg_fact *fact = ask_tlsa(c, host, &owner);

	if (!fact) {
		return;
	}
	h->n_asked++;
	if (fact->state == DG_FACT_FOUND) {
		(void)check_ask(c, owner, DG_TYPE_TLSA);
		judge_trust(h, owner, fact);
	} else if (dg_fact_is_none(fact)) {
		h->n_none++;
		h->bare = h->bare ? h->bare : host;
	} else {
		check_find_unknown(c, "dane-unknown", fact, owner, "the TLSA records");
	}
}

static void sum_up(struct hosts *h)
{
	struct check *c = h->c;
	const char *domain = c->in->domain;

	if (h->n_unvalidated > 0) {
		(void)check_find(c, "dane-untold", domain, NULL,
			"%zu MX host%s TLSA records; whether they are signed was not looked at",
			h->n_unvalidated, h->n_unvalidated == 1 ? " has" : "s have");
	}
	if (h->n_secure > 0 && h->mx->trust == DG_TRUST_INSECURE) {
		(void)check_find(c, "dane-mx-insecure", domain, check_evidence_of(c, domain, h->mx),
			"the MX hosts have signed TLSA records, but the MX records of %s that lead "
			"to them are not signed",
			check_shown(c, domain));
	} else if (h->n_secure > 0 && h->n_none > 0) {
		(void)check_find(c, "dane-partial", domain, NULL,
			"%zu of %zu MX hosts have signed TLSA records, %s has none", h->n_secure,
			h->n_asked, check_shown(c, h->bare));
	}
}

void check_dane(struct check *c)
{
	struct hosts h = {.c = c, .mx = mx_of(c)};

	if (c->in->depth != DG_CHECK_FULL || h.mx->state != DG_FACT_FOUND) {
		return;
	}
	for (size_t i = 0; i < h.mx->set.n && i < HOSTS_MAX; i++) {
		const char *host = host_at(c, h.mx, i);

		if (host) {
			look_at_host(&h, host);
		}
	}
	sum_up(&h);
}
