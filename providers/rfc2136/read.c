/* Reading: a transfer, or questions and a test which of their answers stand in the zone. */
#include <string.h>

#include "providers/net/dns.h"
#include "providers/net/dns_wire.h"
#include "providers/net/loop.h"
#include "providers/provider.h"
#include "providers/rfc2136/server.h"
#include "zones/base/arena.h"
#include "zones/record/name.h"

#define NEIGHBOUR "dnsguard-no-such-name-7f3a9c" /* a label that nobody has */

struct job;

/* One RRset that is asked for. */
struct look {
	struct job *job;
	struct dg_dns_query query;
	struct dg_rrkey seen; /* what the answer shows at the owner: the RRset, or a CNAME */
	bool is_seen;
	bool is_wild; /* it does not stand there: a wildcard made it */
};

/* One test with prerequisites: do these RRsets stand in the zone? */
struct probe {
	struct job *job;
	struct look **looks;
	size_t n;
	struct dg_dns_update update;
};

struct job {
	struct dg_rfc2136 *s;
	struct dg_loop *loop;
	struct dg_read *read;
	int64_t end_ms;
	struct dg_dns_axfr axfr;
	struct look *looks;
	size_t n_looks;
	size_t n_open; /* questions or tests under way */
	bool has_failed;
};

static void finish(struct job *j, int rc)
{
	j->read->internal = NULL;
	j->read->done(j->read, rc);
}

static int64_t time_left(const struct job *j)
{
	int64_t ms = j->end_ms - dg_loop_mono_ms(j->loop);

	return ms > 1 ? ms : 1;
}

static void keep_first_error(struct job *j, const struct dg_err *err)
{
	if (!j->has_failed) {
		j->has_failed = true;
		j->read->err = *err;
	}
}

static const struct dg_rrset *find(
	const struct dg_rrset *sets, size_t n, const char *owner, uint16_t type)
{
	for (size_t i = 0; i < n; i++) {
		if (sets[i].type == type && (!owner || strcmp(sets[i].owner, owner) == 0)) {
			return &sets[i];
		}
	}
	return NULL;
}

/* The zone that says "there is none", when it is not the one that was asked for: a zone of its own below it. */
static const char *other_zone(const struct job *j, const struct dg_dns_query *q)
{
	const struct dg_rrset *soa = find(q->authority, q->n_authority, NULL, DG_TYPE_SOA);

	return soa && strcmp(soa->owner, j->read->zone) != 0 ? soa->owner : NULL;
}

static int check_answer(const struct job *j, struct dg_dns_query *q)
{
	const char *server = dg_dns_server_text(j->s->server);
	char type[16];

	(void)dg_type_text(q->type, type);
	if (q->rcode != DG_RCODE_NOERROR && q->rcode != DG_RCODE_NXDOMAIN) {
		return dg_fail(&q->err, DG_EREMOTE, "%s: question for %s of %s: %s", server, type,
			q->name, dg_dns_refusal(DG_DNS_ASKED_QUERY, q->rcode));
	}
	if (q->is_referral) {
		return dg_fail(&q->err, DG_EREMOTE,
			"%s: question for %s of %s: the name lies below a delegation (NS %s), in "
			"another zone: give that zone a policy of its own",
			server, type, q->name, q->authority[0].owner);
	}
	if (!q->is_authoritative) {
		return dg_fail(&q->err, DG_EREMOTE,
			"%s: question for %s of %s: the answer is not authoritative (RFC 1034 "
			"section 4.3.1): name the primary of %s, not a resolver",
			server, type, q->name, j->read->zone);
	}
	const char *other = other_zone(j, q);
	if (other && q->n_answer == 0) {
		return dg_fail(&q->err, DG_EREMOTE,
			"%s: question for %s of %s: the name lies in zone %s, not in %s: give that "
			"zone a policy of its own",
			server, type, q->name, other, j->read->zone);
	}
	if (q->type == DG_TYPE_SOA && !find(q->answer, q->n_answer, j->read->zone, DG_TYPE_SOA)) {
		return dg_fail(&q->err, DG_EREMOTE,
			"%s: question for SOA of %s: there is none: not a zone's name", server,
			q->name);
	}
	return 0;
}

/* What the answer shows at the owner itself. A CNAME that a DNAME made is not there (RFC 6672 section 3.1). */
static void see(struct look *l)
{
	const struct dg_dns_query *q = &l->query;
	const struct dg_rrset *set = find(q->answer, q->n_answer, q->name, q->type);

	if (!set && !find(q->answer, q->n_answer, NULL, DG_TYPE_DNAME)) {
		set = find(q->answer, q->n_answer, q->name, DG_TYPE_CNAME);
	}
	l->is_seen = set != NULL;
	if (set) {
		l->seen = (struct dg_rrkey){.owner = set->owner, .type = set->type};
	}
}

/* Every key is known now: what stands there, or that nothing does. */
static void make_have(struct job *j)
{
	struct dg_read *r = j->read;
	struct dg_zone *z = dg_zone_new(r->arena, r->zone);

	for (size_t i = 0; i < j->n_looks; i++) {
		const struct look *l = &j->looks[i];
		const struct dg_dns_query *q = &l->query;
		const struct dg_rrset *dname = find(q->answer, q->n_answer, NULL, DG_TYPE_DNAME);
		const struct dg_rrset none = dg_rrset_none(q->name, q->type);

		if (l->is_seen && !l->is_wild) {
			dg_zone_add(z, find(q->answer, q->n_answer, l->seen.owner, l->seen.type));
		}
		if (dname) {
			dg_zone_add(z, dname);
		}
		if (!l->is_seen || l->is_wild || l->seen.type != q->type) {
			dg_zone_add(z, &none);
		}
	}
	z->from = dg_printf(r->arena, "%s (questions)", dg_dns_server_text(j->s->server));
	dg_zone_seal(z);
	z->version = dg_printf(r->arena, "%lu", (unsigned long)dg_zone_serial(z));
	r->have = z;
	finish(j, 0);
}

static void start_probe(struct job *j, struct look **looks, size_t n);

static void after_probes(struct job *j)
{
	if (j->n_open > 0) {
		return;
	}
	if (j->has_failed) {
		finish(j, (int)j->read->err.rc);
	} else {
		make_have(j);
	}
}

/* A neighbour that surely does not exist gives the same answer: a wildcard made both. */
static void on_neighbour(struct dg_dns_query *q, int rc)
{
	struct look *l = q->arg;
	struct job *j = l->job;
	const struct dg_rrset *mine =
		find(l->query.answer, l->query.n_answer, l->seen.owner, l->seen.type);
	const struct dg_rrset *theirs =
		rc == 0 ? find(q->answer, q->n_answer, q->name, l->seen.type) : NULL;

	j->n_open--;
	l->is_wild = mine && theirs && dg_rrset_same_data(mine, theirs);
	after_probes(j);
}

/* Whoever may not update cannot test; for looking, a neighbour tells nearly as well. */
static void ask_neighbour(struct look *l)
{
	struct job *j = l->job;
	struct dg_dns_query *q = dg_new(j->read->arena, struct dg_dns_query);
	const char *name = NULL;

	if (dg_name_is_wildcard(l->query.name) ||
		dg_name_join(j->read->arena, NEIGHBOUR, dg_name_parent(l->query.name), &name,
			&l->query.err) < 0) {
		return;
	}
	*q = (struct dg_dns_query){
		.name = name,
		.type = l->query.type,
		.transport = DG_DNS_TCP,
		.deadline_ms = time_left(j),
		.done = on_neighbour,
		.arg = l,
		.arena = j->read->arena,
	};
	j->n_open++;
	dg_dns_ask(j->s->server, q);
}

static void on_probe(struct dg_dns_update *u, int rc)
{
	struct probe *p = u->arg;
	struct job *j = p->job;

	j->n_open--;
	if (rc == 0 && u->rcode == DG_RCODE_NXRRSET && p->n > 1) {
		for (size_t i = 0; i < p->n; i++) {
			start_probe(j, &p->looks[i], 1);
		}
	} else if (rc == 0 && (u->rcode == DG_RCODE_NXRRSET || u->rcode == DG_RCODE_NXDOMAIN)) {
		p->looks[0]->is_wild = true;
	} else if ((rc < 0 || u->rcode != DG_RCODE_NOERROR) && j->read->only_looks) {
		for (size_t i = 0; i < p->n; i++) {
			ask_neighbour(p->looks[i]);
		}
	} else if (rc < 0 || u->rcode != DG_RCODE_NOERROR) {
		if (rc == 0) {
			(void)dg_fail(&u->err, DG_EREMOTE, "%s: test of an UPDATE of zone %s: %s",
				dg_dns_server_text(j->s->server), u->zone,
				dg_dns_refusal(DG_DNS_ASKED_UPDATE, u->rcode));
		}
		(void)dg_wrap(&u->err, (int)u->err.rc,
			"cannot tell whether %s stands in the zone or comes from a wildcard (allow "
			"the transfer, or updates)",
			p->looks[0]->query.name);
		keep_first_error(j, &u->err);
	}
	after_probes(j);
}

static void start_probe(struct job *j, struct look **looks, size_t n)
{
	struct probe *p = dg_new(j->read->arena, struct probe);
	struct dg_rrkey *keys = dg_newn(j->read->arena, struct dg_rrkey, n);

	for (size_t i = 0; i < n; i++) {
		keys[i] = looks[i]->seen;
	}
	*p = (struct probe){
		.job = j,
		.looks = looks,
		.n = n,
		.update =
			{
				.zone = j->read->zone,
				.exist = keys,
				.n_exist = n,
				.is_dry_run = true,
				.deadline_ms = time_left(j),
				.done = on_probe,
				.arg = p,
			},
	};
	j->n_open++;
	dg_dns_update(j->s->server, &p->update);
}

/* The apex is never made by a wildcard, nor is the wildcard's own RRset. */
static void start_probes(struct job *j)
{
	struct look **looks = dg_newn(j->read->arena, struct look *, j->n_looks);
	size_t n = 0;

	for (size_t i = 0; i < j->n_looks; i++) {
		struct look *l = &j->looks[i];
		if (l->is_seen && strcmp(l->query.name, j->read->zone) != 0) {
			looks[n++] = l;
		}
	}
	if (n == 0) {
		make_have(j);
		return;
	}
	for (size_t i = 0; i < n; i += DG_RFC2136_PROBE_MAX) {
		start_probe(
			j, looks + i, n - i < DG_RFC2136_PROBE_MAX ? n - i : DG_RFC2136_PROBE_MAX);
	}
}

static void on_look(struct dg_dns_query *q, int rc)
{
	struct look *l = q->arg;
	struct job *j = l->job;

	j->n_open--;
	if (rc == 0) {
		rc = check_answer(j, q);
	}
	if (rc < 0) {
		keep_first_error(j, &q->err);
	} else {
		see(l);
	}
	if (j->n_open > 0) {
		return;
	}
	if (j->has_failed) {
		finish(j, (int)j->read->err.rc); /* one unknown key, and nothing is known */
	} else {
		start_probes(j);
	}
}

static void start_look(struct job *j, const char *owner, uint16_t type)
{
	struct look *l = &j->looks[j->n_looks++];

	*l = (struct look){
		.job = j,
		.query =
			{
				.name = owner,
				.type = type,
				.transport = DG_DNS_TCP,
				.deadline_ms = time_left(j),
				.done = on_look,
				.arg = l,
				.arena = j->read->arena,
			},
	};
	j->n_open++;
	dg_dns_ask(j->s->server, &l->query);
}

static void ask_each(struct job *j)
{
	const struct dg_read *r = j->read;

	j->looks = dg_newn(r->arena, struct look, r->n_keys + 2);
	start_look(j, r->zone, DG_TYPE_SOA);
	start_look(j, r->zone, DG_TYPE_NS);
	for (size_t i = 0; i < r->n_keys; i++) {
		bool is_asked = strcmp(r->keys[i].owner, r->zone) == 0 &&
				(r->keys[i].type == DG_TYPE_SOA || r->keys[i].type == DG_TYPE_NS);
		if (!is_asked) {
			start_look(j, r->keys[i].owner, r->keys[i].type);
		}
	}
}

static void on_transfer(struct dg_dns_axfr *x, int rc)
{
	struct job *j = x->arg;

	if (rc == 1) {
		ask_each(j);
		return;
	}
	if (rc < 0) {
		j->read->err = x->err;
	} else {
		j->read->have = x->zone_data;
	}
	finish(j, rc);
}

void dg_rfc2136_read(struct dg_provider *p, struct dg_read *r)
{
	struct dg_rfc2136 *s = p->priv;
	struct job *j = dg_new(r->arena, struct job);

	*j = (struct job){.s = s, .loop = p->loop, .read = r};
	j->end_ms = dg_loop_mono_ms(p->loop) + dg_rfc2136_deadline(s, r->deadline_ms);
	r->internal = j;
	if (!r->whole || !s->opts->transfer) {
		ask_each(j);
		return;
	}
	j->axfr = (struct dg_dns_axfr){
		.zone = r->zone,
		.deadline_ms = time_left(j),
		.done = on_transfer,
		.arg = j,
		.arena = r->arena,
		.mail_only = r->mail_only,
	};
	dg_dns_transfer(s->server, &j->axfr);
}
