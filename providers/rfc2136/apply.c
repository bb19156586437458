/* Writing: one UPDATE, and what its answer means for the zone. */
#include <string.h>

#include "providers/net/dns.h"
#include "providers/net/dns_wire.h"
#include "providers/provider.h"
#include "providers/rfc2136/server.h"
#include "zones/base/arena.h"

struct job {
	struct dg_rfc2136 *s;
	struct dg_apply *apply;
	struct dg_dns_update update;
};

static int check_set(const struct dg_rrset *set, struct dg_err *err)
{
	char type[16];

	if (!dg_type_is_ours(set->type)) {
		return dg_fail(err, DG_EPOLICY, "%s %s: a type that is never written", set->owner,
			dg_type_text(set->type, type));
	}
	if (set->n > 0 && set->ttl > DG_TTL_MAX) {
		return dg_fail(err, DG_EPOLICY, "%s %s: TTL %lu is above %u (RFC 2181 section 8)",
			set->owner, dg_type_text(set->type, type), (unsigned long)set->ttl,
			DG_TTL_MAX);
	}
	return 0;
}

int dg_rfc2136_check(
	struct dg_provider *p, const struct dg_swap *swaps, size_t n, struct dg_err *err)
{
	const struct dg_rfc2136 *s = p->priv;
	/* Of the root nothing can be left out by a pointer: the longest that the message can get. */
	const struct dg_dns_update u = {.zone = ".", .swaps = swaps, .n_swaps = n};

	if (!s->key && n > 0 && !dg_dns_server_is_loopback(s->server)) {
		return dg_fail(err, DG_EPOLICY,
			"server %s: no tsig: is given and this is not the loopback address: "
			"whoever stands between could write into the zone; "
			"make a key (tsig-keygen, keymgr -t) and name it",
			dg_dns_server_text(s->server));
	}
	for (size_t i = 0; i < n; i++) {
		int r = check_set(&swaps[i].after, err);
		if (r < 0) {
			return r;
		}
	}
	return dg_dns_update_fits(&u, s->key, err) < 0
		       ? dg_fail(err, DG_EPOLICY,
				 "%zu RRsets do not fit in one UPDATE message of %u octets (RFC "
				 "2136): change fewer at a time",
				 n, DG_DNS_MESSAGE_MAX)
		       : 0;
}

/* A signed answer: the server says so itself. */
static enum dg_outcome outcome_of(const struct dg_dns_update *u, struct dg_err *err)
{
	switch ((enum dg_rcode)u->rcode) {
	case DG_RCODE_NOERROR:
		return DG_APPLIED;
	case DG_RCODE_NXDOMAIN:
	case DG_RCODE_YXDOMAIN:
	case DG_RCODE_YXRRSET:
	case DG_RCODE_NXRRSET:
		err->rc = DG_ECONFLICT;
		return DG_CONFLICT;
	case DG_RCODE_FORMERR:
	case DG_RCODE_NOTIMP:
	case DG_RCODE_REFUSED:
	case DG_RCODE_NOTAUTH:
	case DG_RCODE_NOTZONE:
		return DG_NOT_APPLIED;
	case DG_RCODE_SERVFAIL:
	case DG_RCODE_BADSIG:
	case DG_RCODE_BADKEY:
	case DG_RCODE_BADTIME:
	case DG_RCODE_BADTRUNC:
		break;
	}
	/* The server got into trouble half way: it is looked at before anything is said. */
	err->retry_after_s = DG_RFC2136_RETRY_AFTER;
	return u->is_dry_run ? DG_NOT_APPLIED : DG_UNKNOWN;
}

static void on_update(struct dg_dns_update *u, int rc)
{
	struct job *j = u->arg;
	struct dg_apply *a = j->apply;

	a->internal = NULL;
	if (rc < 0) {
		/* Also when a refusal came that is not signed: whoever sent it may have let the UPDATE through. */
		a->err = u->err;
		a->done(a, u->was_sent && !u->is_dry_run ? DG_UNKNOWN : DG_NOT_APPLIED);
		return;
	}
	if (u->rcode != DG_RCODE_NOERROR) {
		(void)dg_fail(&a->err, DG_EREMOTE, "%s: UPDATE of zone %s: %s",
			dg_dns_server_text(j->s->server), u->zone,
			dg_dns_refusal(DG_DNS_ASKED_UPDATE, u->rcode));
	}
	a->done(a, outcome_of(u, &a->err));
}

/* The SOA as one more prerequisite (RFC 2136 section 2.4.2), where the message has room for it. */
static void add_soa(struct dg_rfc2136 *s, struct dg_apply *a, struct dg_dns_update *u)
{
	struct dg_swap *w = dg_newn(a->arena, struct dg_swap, a->n_swaps + 1);
	struct dg_err unused;

	memcpy(w, a->swaps, a->n_swaps * sizeof(*w));
	w[a->n_swaps] = (struct dg_swap){*a->soa, *a->soa};
	u->swaps = w;
	u->n_swaps = a->n_swaps + 1;
	if (dg_dns_update_fits(u, s->key, &unused) < 0) {
		u->swaps = a->swaps;
		u->n_swaps = a->n_swaps;
	}
}

void dg_rfc2136_apply(struct dg_provider *p, struct dg_apply *a)
{
	struct dg_rfc2136 *s = p->priv;
	struct job *j = dg_new(a->arena, struct job);

	*j = (struct job){
		.s = s,
		.apply = a,
		.update =
			{
				.zone = a->zone,
				.swaps = a->swaps,
				.n_swaps = a->n_swaps,
				.is_dry_run = a->is_dry_run,
				.deadline_ms = dg_rfc2136_deadline(s, a->deadline_ms),
				.done = on_update,
				.arg = j,
			},
	};
	if (a->soa) {
		add_soa(s, a, &j->update);
	}
	a->internal = j;
	dg_dns_update(s->server, &j->update);
}
