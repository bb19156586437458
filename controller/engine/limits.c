#include "controller/engine/limits.h"

#include "controller/engine/job.h"
#include "zones/base/arena.h"
#include "zones/mail/mx.h"
#include "zones/record/rrset.h"

#include <string.h>

#define INSTEAD                                                                                  \
	"Instead the MX can name a host of yours that refuses all mail (550 at RCPT); or leave " \
	"the MX as it is and rely on SPF -all and DMARC p=reject: then bounces go on to come "   \
	"from servers that look at neither"

/* The TTL next to ttl that is taken. */
static uint32_t nearest_ttl(const struct dg_limits *l, uint32_t ttl)
{
	uint32_t at = ttl < l->ttl_min ? l->ttl_min : ttl;

	at = l->ttl_max > 0 && at > l->ttl_max ? l->ttl_max : at;
	for (size_t i = 0; l->ttl_steps && l->ttl_steps[i]; i++) {
		if (l->ttl_steps[i] >= at) {
			return l->ttl_steps[i];
		}
	}
	return at;
}

static int check_ttl(struct dg_job *j, const struct dg_change *c, const struct dg_limits *l)
{
	const struct dg_rrset *s = &c->after;
	uint32_t near = nearest_ttl(l, s->ttl);

	if (near == s->ttl) {
		return 0;
	}
	return dg_fail_at(&j->err, &c->pos, DG_EPOLICY,
		"%s: a TTL of %u s cannot be held by provider %s: it takes %s%u to %u s; write "
		"ttl: %us",
		s->owner, s->ttl, j->provider->ops->name, l->ttl_steps ? "certain values of " : "",
		l->ttl_min, l->ttl_max, near);
}

static int check_null_mx(struct dg_job *j, const struct dg_change *c, const struct dg_limits *l)
{
	const char *name = j->provider->ops->name;
	const char *owner = c->after.owner;

	if (l->is_null_mx_apex_only && strcmp(owner, j->policy->zone) != 0) {
		return dg_fail_at(&j->err, &c->pos, DG_EPOLICY,
			"%s: provider %s takes a null MX for the zone's own name only. " INSTEAD,
			owner, name);
	}
	switch (l->null_mx) {
	case DG_NULL_MX_ACCEPTED:
	case DG_NULL_MX_EXCLUSIVE: /* the provider's own check says what that means */
		break;
	case DG_NULL_MX_REFUSED:
		return dg_fail_at(&j->err, &c->pos, DG_EPOLICY,
			"%s: provider %s refuses a null MX (seen on %s). " INSTEAD
			". Where it takes one by now, write `null-mx: accepted` in its section",
			owner, name, l->verified_on);
	case DG_NULL_MX_NOT_KNOWN:
		j->note = dg_printf(j->arena,
			"nobody has seen yet whether %s takes a null MX: it is tried, and when it "
			"is "
			"refused nothing is changed",
			name);
		break;
	}
	return 0;
}

static int check_txt(struct dg_job *j, const struct dg_change *c, const struct dg_limits *l)
{
	const struct dg_rrset *s = &c->after;

	for (size_t i = 0; i < s->n; i++) {
		size_t len = dg_txt_len(&s->rdata[i]);

		if (l->txt_max > 0 && len > l->txt_max) {
			return dg_fail_at(&j->err, &c->pos, DG_EPOLICY,
				"%s: a TXT record of %zu octets, provider %s takes %zu", s->owner,
				len, j->provider->ops->name, l->txt_max);
		}
		const char *text = dg_txt_join(j->arena, &s->rdata[i]);
		if (l->txt_refuses && strlen(text) == len && !strpbrk(text, l->txt_refuses)) {
			continue;
		}
		if (l->txt_refuses) {
			return dg_fail_at(&j->err, &c->pos, DG_EPOLICY,
				"%s: a TXT record with one of the characters %s, which provider %s "
				"does not keep",
				s->owner, l->txt_refuses, j->provider->ops->name);
		}
	}
	return 0;
}

/* The mail name whose split moves its mail to owner; NULL: none does. */
static const char *split_from(const struct dg_policy *p, const char *owner)
{
	for (size_t i = 0; i < p->n_mail; i++) {
		const struct dg_split_spec *s = p->mail[i].split;

		for (size_t k = 0; s && k < dg_split_n_labels(s); k++) {
			if (strcmp(dg_split_label(s, k), owner) == 0) {
				return p->mail[i].name;
			}
		}
	}
	return NULL;
}

/* Where no name but the zone's own can have an MX, nothing can be split either: the subdomain would be that other name. */
static int fail_below_apex(struct dg_job *j, const struct dg_change *c)
{
	const char *name = j->provider->ops->name;
	const char *owner = c->after.owner;
	const char *from = split_from(j->policy, owner);

	if (!from) {
		return dg_fail_at(&j->err, &c->pos, DG_EPOLICY,
			"%s: provider %s takes an MX for the zone's own name only, as far as is "
			"known: mail of other names has to live in a zone elsewhere",
			owner, name);
	}
	return dg_fail_at(&j->err, &c->pos, DG_EPOLICY,
		"%s cannot be split: its mail would move to %s, and provider %s takes an MX for "
		"the zone's own name only, as far as is known. Instead move the DNS of the zone "
		"to a provider that takes one (`dnsguard providers` lists them); or take split: "
		"out, and let the MX name a host of yours that refuses bounces at RCPT (shed:)",
		from, owner, name);
}

static int check_mx(struct dg_job *j, const struct dg_change *c, const struct dg_limits *l)
{
	const struct dg_rrset *s = &c->after;
	uint16_t preference = 0;
	const char *host = NULL;

	if (l->is_mx_apex_only && strcmp(s->owner, j->policy->zone) != 0) {
		return fail_below_apex(j, c);
	}
	if (dg_mx_state(s) == DG_MX_NULL) {
		return check_null_mx(j, c, l);
	}
	for (size_t i = 0; l->preference_max > 0 && i < s->n; i++) {
		if (dg_mx_read(j->arena, &s->rdata[i], &preference, &host) == 0 &&
			preference > l->preference_max) {
			return dg_fail_at(&j->err, &c->pos, DG_EPOLICY,
				"%s: an MX of preference %u, provider %s takes up to %u: lower all "
				"of the name's preferences, their order is what counts",
				s->owner, preference, j->provider->ops->name, l->preference_max);
		}
	}
	return 0;
}

int dg_limits_check(struct dg_job *j, const struct dg_change *c)
{
	const struct dg_limits *l = dg_provider_limits(j->provider);

	if (c->after.n == 0) {
		return 0;
	}
	int r = check_ttl(j, c, l);
	if (r == 0) {
		r = c->after.type == DG_TYPE_MX ? check_mx(j, c, l) : check_txt(j, c, l);
	}
	return r;
}
