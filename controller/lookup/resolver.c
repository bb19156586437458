#include "controller/lookup/resolver.h"

#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unbound-event.h>
#include <unbound.h>
#include <unistd.h>

#include "providers/net/dns.h"
#include "providers/net/loop.h"
#include "zones/base/address.h"
#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/record/name.h"

#define CLASS_IN       1
#define PORT_DNS       53u
#define CNAMES_MAX     16u /* a longer chain is a loop */
#define RCODE_NXDOMAIN 3
#define HEADER_LEN     12u
#define WHY_MAX        200u /* octets of libunbound's words */

/* libunbound's last argument but two of a callback. */
enum sec {
	SEC_INSECURE,
	SEC_BOGUS,
	SEC_SECURE,
};

struct question {
	struct dg_resolver *resolver;
	struct dg_resolve *q;
	struct question *prev, *next; /* in resolver->first, oldest first */
	struct dg_timer *timer;       /* the deadline, then the delivery */
	int id;                       /* libunbound's; 0: not with libunbound */
	bool is_started, is_answered;
};

struct dg_resolver {
	struct dg_loop *loop;
	struct ub_ctx *ctx;  /* NULL before the first question */
	const char *failure; /* why there is none; in arena */
	struct dg_arena *arena;
	const char *forward; /* "192.0.2.53@53"; NULL: resolv.conf */
	const char *trust_anchor;
	const char *text;
	struct question *first, *last;
	unsigned n_running;
};

/* --- the context ------------------------------------------------------------------------------ */
static int set(struct ub_ctx *ctx, const char *key, const char *value)
{
	return ub_ctx_set_option(ctx, key, value);
}

/* All that must come before the context is frozen: the last call here freezes it. */
static int configure(struct dg_resolver *r, struct ub_ctx *ctx, const char **ret_what)
{
	int rc = ub_ctx_debugout(ctx, NULL); /* else it writes to stderr */

	*ret_what = "set-up";
	/* The library's own default of 16 sockets caps it at 16 questions a round trip. */
	rc = rc ? rc : set(ctx, "outgoing-range:", "256");
	rc = rc ? rc : set(ctx, "num-queries-per-thread:", "512");
	rc = rc ? rc : set(ctx, "edns-buffer-size:", "1232");
	rc = rc ? rc : set(ctx, "unblock-lan-zones:", "yes");
	if (!r->trust_anchor) {
		rc = rc ? rc : set(ctx, "module-config:", "iterator");
	}
	if (rc) {
		return rc;
	}
	*ret_what = r->forward ? r->forward : "/etc/resolv.conf";
	rc = r->forward ? ub_ctx_set_fwd(ctx, r->forward) : ub_ctx_resolvconf(ctx, NULL);
	if (rc) {
		return rc;
	}
	if (r->trust_anchor) {
		*ret_what = r->trust_anchor;
		rc = ub_ctx_add_ta_file(ctx, r->trust_anchor);
	}
	/* Names under test. are answered by a built-in zone otherwise; a resolver that serves them knows better. */
	return rc ? rc : ub_ctx_zone_remove(ctx, "test.");
}

static void start_context(struct dg_resolver *r)
{
	const char *what = "";
	struct ub_ctx *ctx = ub_ctx_create_event(dg_loop_base(r->loop));
	int rc = ctx ? configure(r, ctx, &what) : UB_NOMEM;

	if (rc != 0) {
		r->failure = dg_printf(
			r->arena, "cannot start the resolver: %s: %s", what, ub_strerror(rc));
		if (ctx) {
			ub_ctx_delete(ctx);
		}
		return;
	}
	r->ctx = ctx;
}

/* --- one question ----------------------------------------------------------------------------- */
static void start_waiting(struct dg_resolver *r);

static void unlink_question(struct question *u)
{
	struct dg_resolver *r = u->resolver;

	if (u->prev) {
		u->prev->next = u->next;
	} else {
		r->first = u->next;
	}
	if (u->next) {
		u->next->prev = u->prev;
	} else {
		r->last = u->prev;
	}
}

/* Takes it from libunbound: no callback comes for it any more. */
static void stop_question(struct question *u)
{
	if (u->is_started && !u->is_answered) {
		if (u->id != 0) {
			(void)ub_cancel(u->resolver->ctx, u->id);
		}
		u->resolver->n_running--;
	}
	u->is_answered = true;
}

static void question_free(struct question *u)
{
	(void)dg_timer_cancel(u->timer);
	unlink_question(u);
	u->q->internal = NULL;
	free(u);
}

static void deliver(void *arg)
{
	struct question *u = arg;
	struct dg_resolve *q = u->q;
	struct dg_resolver *r = u->resolver;

	u->timer = NULL;
	question_free(u);
	start_waiting(r);
	q->done(q); /* may free the resolver */
}

static void deliver_later(struct question *u)
{
	(void)dg_timer_cancel(u->timer);
	u->timer = dg_loop_after_ms(u->resolver->loop, 0, deliver, u);
}

static void on_deadline(void *arg)
{
	struct question *u = arg;
	struct dg_resolve *q = u->q;

	u->timer = NULL;
	stop_question(u);
	q->why = dg_printf(q->arena, "no answer from the %s within %lld ms", u->resolver->text,
		(long long)q->deadline_ms);
	deliver(u);
}

/* --- an answer -------------------------------------------------------------------------------- */
static const struct dg_rrset *find(const struct dg_dns_query *m, const char *owner, uint16_t type)
{
	for (size_t i = 0; i < m->n_answer; i++) {
		if (m->answer[i].type == type && strcmp(m->answer[i].owner, owner) == 0) {
			return &m->answer[i];
		}
	}
	return NULL;
}

/* The set at the end of the chain, NULL: there is none. */
static const struct dg_rrset *follow(struct dg_resolve *q, const struct dg_dns_query *m)
{
	struct dg_rrset *cnames = dg_newn(q->arena, struct dg_rrset, CNAMES_MAX);
	const char *at = q->name;
	size_t len;

	q->cnames = cnames;
	while (q->n_cnames < CNAMES_MAX) {
		const struct dg_rrset *set = find(m, at, q->type);
		const struct dg_rrset *cname = find(m, at, DG_TYPE_CNAME);
		if (set || !cname || cname->n != 1 ||
			dg_name_from_wire(q->arena, cname->rdata[0].wire, cname->rdata[0].len, &at,
				&len) != 0) {
			return set;
		}
		cnames[q->n_cnames++] = *cname;
	}
	return NULL;
}

static uint32_t negative_ttl(const struct dg_dns_query *m)
{
	for (size_t i = 0; i < m->n_authority; i++) {
		const struct dg_rrset *s = &m->authority[i];
		if (s->type == DG_TYPE_SOA && s->n == 1 && s->rdata[0].len >= 4) {
			const uint8_t *p = s->rdata[0].wire + s->rdata[0].len - 4;
			uint32_t minimum = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
					   (uint32_t)p[2] << 8 | p[3];
			return minimum < s->ttl ? minimum : s->ttl;
		}
	}
	return 0;
}

static void read_answer(struct dg_resolve *q, const uint8_t *wire, size_t len)
{
	struct dg_dns_query m = {.name = q->name, .type = q->type, .arena = q->arena};

	if (len < HEADER_LEN ||
		dg_dns_answer_parse(wire, len, (uint16_t)(wire[0] << 8 | wire[1]), &m) != 0) {
		q->why = "the answer cannot be read";
		return;
	}
	q->rcode = m.rcode;
	if (m.rcode != 0 && m.rcode != RCODE_NXDOMAIN) {
		q->why = dg_printf(q->arena, "the answer has RCODE %d", m.rcode);
		return;
	}
	const struct dg_rrset *set = follow(q, &m);
	if (set) {
		q->set = *set;
		q->result = DG_RESOLVED_FOUND;
		return;
	}
	q->negative_ttl = negative_ttl(&m);
	q->result = m.rcode == RCODE_NXDOMAIN ? DG_RESOLVED_NXDOMAIN : DG_RESOLVED_NODATA;
}

static void set_bogus(struct dg_resolve *q, const char *why)
{
	struct dg_buf b;

	dg_buf_init(&b, (size_t)WHY_MAX * 8);
	if (why) {
		dg_buf_puts(&b, ": ");
		dg_buf_put_safe(&b, why, strnlen(why, WHY_MAX));
	}
	q->trust = DG_TRUST_BOGUS;
	q->why = dg_printf(q->arena, "DNSSEC validation failed%s", b.len > 0 ? b.data : "");
	dg_buf_done(&b);
}

/* Bogus data comes with rcode 0 and a packet: sec is looked at first. The packet means nothing
 * when rcode is not 0. */
/* NOLINTNEXTLINE(readability-function-size): libunbound has this form */
static void on_answer(
	void *arg, int rcode, void *packet, int len, int sec, char *why_bogus, int was_limited)
{
	struct question *u = arg;
	struct dg_resolve *q = u->q;
	struct dg_resolver *r = u->resolver;

	(void)was_limited;
	u->is_answered = true;
	r->n_running--;
	q->rcode = rcode;
	if (sec == SEC_BOGUS) {
		set_bogus(q, why_bogus);
	} else if (rcode != 0 || !packet || len < 0) {
		q->why = dg_printf(q->arena, "the %s has no answer (%s)", r->text,
			rcode == 2 ? "SERVFAIL" : "RCODE other than NOERROR");
	} else {
		if (r->trust_anchor) {
			q->trust = sec == SEC_SECURE ? DG_TRUST_SECURE : DG_TRUST_INSECURE;
		}
		read_answer(q, packet, (size_t)len);
	}
	deliver_later(u);
}

static void start(struct question *u)
{
	struct dg_resolver *r = u->resolver;

	u->is_started = true;
	if (!r->ctx && !r->failure) {
		start_context(r);
	}
	r->n_running++;
	int rc = UB_NOERROR;
	if (r->ctx) {
		/* The callback may come from inside this call. */
		rc = ub_resolve_event(
			r->ctx, u->q->name, u->q->type, CLASS_IN, u, on_answer, &u->id);
	}
	if (r->failure || rc != UB_NOERROR) {
		u->is_answered = true;
		r->n_running--;
		u->q->why = r->failure ? r->failure : ub_strerror(rc);
		deliver_later(u);
	}
}

static void start_waiting(struct dg_resolver *r)
{
	for (struct question *u = r->first; u && r->n_running < DG_RESOLVER_WINDOW; u = u->next) {
		if (!u->is_started) {
			start(u);
		}
	}
}

void dg_resolver_ask(struct dg_resolver *r, struct dg_resolve *q)
{
	struct question *u = calloc(1, sizeof(*u));

	if (!u) {
		abort();
	}
	*u = (struct question){.resolver = r, .q = q, .prev = r->last};
	if (r->last) {
		r->last->next = u;
	} else {
		r->first = u;
	}
	r->last = u;
	q->internal = u;
	q->result = DG_RESOLVED_UNKNOWN;
	q->set = dg_rrset_none(q->name, q->type);
	q->cnames = NULL;
	q->n_cnames = 0;
	q->negative_ttl = 0;
	q->trust = DG_TRUST_NONE;
	q->rcode = 0;
	q->why = NULL;
	u->timer = dg_loop_after_ms(r->loop, q->deadline_ms, on_deadline, u);
	start_waiting(r);
}

void dg_resolver_cancel(struct dg_resolve *q)
{
	struct question *u = q->internal;

	if (u) {
		struct dg_resolver *r = u->resolver;
		stop_question(u);
		question_free(u);
		start_waiting(r);
	}
}

/* --- life ------------------------------------------------------------------------------------- */
int dg_resolver_new(struct dg_loop *l, const struct dg_endpoint *at, const char *trust_anchor,
	struct dg_resolver **ret_resolver, struct dg_err *err)
{
	bool is_given = at && at->host;

	if (is_given && !dg_address_is_literal(at->host)) {
		return dg_fail_at(err, &at->pos, DG_EINPUT,
			"resolver \"%s\" is not an address; expected an IPv4 or IPv6 address, as "
			"192.0.2.53 "
			"or [2001:db8::53]:53",
			at->host);
	}
	if (trust_anchor && access(trust_anchor, R_OK) != 0) {
		return dg_fail(
			err, DG_EIO, "trust anchor %s: %s", trust_anchor, strerrordesc_np(errno));
	}
	struct dg_arena *a = dg_arena_new(1u << 20);
	struct dg_resolver *r = dg_new(a, struct dg_resolver);
	r->arena = a;
	r->loop = l;
	r->trust_anchor = trust_anchor ? dg_strdup(a, trust_anchor) : NULL;
	r->text = "resolver of this system";
	if (is_given) {
		r->forward = dg_printf(a, "%s@%u", at->host, at->port ? at->port : PORT_DNS);
		r->text = dg_printf(a, "resolver %s", r->forward);
	}
	*ret_resolver = r;
	return 0;
}

struct dg_resolver *dg_resolver_free(struct dg_resolver *r)
{
	if (!r) {
		return NULL;
	}
	while (r->first) {
		/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): that takes it out of the list */
		stop_question(r->first);
		question_free(r->first);
	}
	if (r->ctx) {
		ub_ctx_delete(r->ctx);
	}
	(void)dg_arena_free(r->arena);
	return NULL;
}

const char *dg_resolver_text(const struct dg_resolver *r)
{
	return r->text;
}

struct dg_loop *dg_resolver_loop(const struct dg_resolver *r)
{
	return r->loop;
}
