/* The three kinds of requests: what they send, and what they make of what comes back. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "providers/net/dns.h"
#include "providers/net/dns_answer.h"
#include "providers/net/dns_build.h"
#include "providers/net/dns_server.h"
#include "providers/net/loop.h"
#include "zones/base/arena.h"
#include "zones/record/zone.h"

#define AXFR_TRIES 5u /* 100 ms, 200 ms ... after each other */

static struct dg_exchange *exchange_new(
	const struct dg_exchange_kind *kind, void *request, struct dg_err *err, size_t state_size)
{
	struct dg_exchange *x = calloc(1, sizeof(*x));

	if (x && state_size > 0) {
		x->state = calloc(1, state_size);
	}
	if (!x || (state_size > 0 && !x->state)) {
		abort();
	}
	x->kind = kind;
	x->request = request;
	x->err = err;
	return x;
}

static enum dg_taken taken(struct dg_exchange *x, int rc)
{
	if (rc < 0) {
		(void)dg_wrap(x->err, rc, "%s: %s %.*s", x->server->text, x->what,
			dg_exchange_name_len(x), x->name);
	}
	x->rc = rc;
	return DG_TAKEN_DONE;
}

/* What an unsigned or wrongly signed answer said, for people only. */
static void add_unbelieved(struct dg_exchange *x, enum dg_dns_asked asked, const uint8_t *msg)
{
	char inner[DG_ERR_TEXT_MAX];
	char name[16];
	int rcode = (int)(dg_wire_get16(msg + 2) & 15u);

	if (x->tsig.state != DG_TSIG_MISSING && x->tsig.state != DG_TSIG_FORGED) {
		return;
	}
	memcpy(inner, x->err->text, sizeof(inner));
	if (rcode == DG_RCODE_REFUSED || rcode == DG_RCODE_NOTAUTH) {
		(void)dg_fail(x->err, x->err->rc,
			"%s; it said %s: this usually means that key name, secret or clock are "
			"wrong (PowerDNS does not say which), "
			"that the server does not serve this zone, or that the zone is frozen "
			"(knotc zone-thaw)",
			inner, dg_rcode_text(rcode, name));
	} else {
		(void)dg_fail(x->err, x->err->rc, "%s; it said %s", inner,
			rcode == DG_RCODE_NOERROR ? dg_rcode_text(rcode, name)
						  : dg_dns_refusal(asked, rcode));
	}
}

static int verify(struct dg_exchange *x, enum dg_dns_asked asked, const uint8_t *msg, size_t len)
{
	int64_t now = dg_loop_now(x->server->loop);
	int r = dg_tsig_verify(&x->tsig, msg, len, now, asked == DG_DNS_ASKED_AXFR, x->err);

	if (r < 0) {
		add_unbelieved(x, asked, msg);
	}
	return r;
}

/* ---- questions ---- */

static void query_build(struct dg_exchange *x, struct dg_wire_out *o)
{
	const struct dg_dns_query *q = x->request;

	dg_query_build(
		o, x->id, q->name, q->type, q->recursion_desired, x->is_udp ? DG_DNS_UDP_SIZE : 0);
}

static enum dg_taken query_take(struct dg_exchange *x, const uint8_t *msg, size_t len)
{
	struct dg_dns_query *q = x->request;
	struct dg_wire_header h;
	struct dg_wire_in in;

	const struct dg_asked asked = {q->name, q->type, x->id, DG_OPCODE_QUERY};
	if (dg_answer_check(msg, len, &asked, &h, &in) != 0) {
		return DG_TAKEN_NOT;
	}
	int rcode = dg_wire_rcode(&h);
	/* A server that does not know EDNS may say so: over TCP it is asked without (RFC 6891 section 7). */
	if (dg_wire_is_truncated(&h) ||
		(x->is_udp && (rcode == DG_RCODE_FORMERR || rcode == DG_RCODE_NOTIMP))) {
		return DG_TAKEN_TCP;
	}
	int r = verify(x, DG_DNS_ASKED_QUERY, msg, len);
	if (r < 0) {
		return x->is_udp && x->tsig.state == DG_TSIG_FORGED ? DG_TAKEN_NOT : taken(x, r);
	}
	r = dg_dns_answer_parse(msg, len, x->id, q);
	return r == 1 ? DG_TAKEN_NOT : taken(x, r);
}

static void query_end(struct dg_exchange *x)
{
	struct dg_dns_query *q = x->request;

	q->internal = NULL;
	q->done(q, x->rc);
}

void dg_dns_ask(struct dg_dns_server *s, struct dg_dns_query *q)
{
	static const struct dg_exchange_kind kind = {
		.is_repeatable = true, .build = query_build, .take = query_take, .end = query_end};
	struct dg_exchange *x = exchange_new(&kind, q, &q->err, 0);
	char type[16];

	x->what = dg_printf(q->arena, "question for %s of", dg_type_text(q->type, type));
	x->name = q->name;
	x->deadline_ms = q->deadline_ms;
	x->is_udp = q->transport == DG_DNS_UDP;
	q->internal = x;
	dg_server_submit(s, x);
}

/* ---- transfers ---- */

static void axfr_build(struct dg_exchange *x, struct dg_wire_out *o)
{
	struct dg_dns_axfr *a = x->request;

	memset(x->state, 0, sizeof(struct dg_axfr_state));
	a->zone_data = dg_zone_new(a->arena, a->zone);
	dg_query_build(o, x->id, a->zone, DG_TYPE_AXFR, false, 0);
}

/* Refused before it began: signed or not, nothing is believed but that questions must be asked instead, and those are signed. */
static bool is_refused_unsigned(const struct dg_exchange *x, const struct dg_wire_header *h)
{
	int rcode = dg_wire_rcode(h);

	return x->tsig.state == DG_TSIG_MISSING && !x->tsig.has_answer &&
	       (rcode == DG_RCODE_REFUSED || rcode == DG_RCODE_NOTAUTH || rcode == DG_RCODE_NOTIMP);
}

/* SERVFAIL is also what BIND says when all its slots for transfers are taken: it is asked again. */
static bool is_busy(const struct dg_exchange *x, const struct dg_wire_header *h)
{
	return dg_wire_rcode(h) == DG_RCODE_SERVFAIL && x->n_again < AXFR_TRIES;
}

static enum dg_taken axfr_take(struct dg_exchange *x, const uint8_t *msg, size_t len)
{
	struct dg_dns_axfr *a = x->request;
	struct dg_axfr_state *s = x->state;
	struct dg_wire_header h;
	struct dg_wire_in in;

	const struct dg_asked asked = {a->zone, DG_TYPE_AXFR, x->id, DG_OPCODE_QUERY};
	if (dg_answer_check(msg, len, &asked, &h, &in) != 0) {
		return DG_TAKEN_NOT;
	}
	int r = verify(x, DG_DNS_ASKED_AXFR, msg, len);
	if (r < 0) {
		(void)taken(x, r);
		x->rc = is_refused_unsigned(x, &h) ? 1 : r;
		return is_busy(x, &h) ? DG_TAKEN_LATER : DG_TAKEN_DONE;
	}
	r = dg_axfr_take(s, a, msg, len, x->id);
	if (r == DG_AXFR_OTHER) {
		return DG_TAKEN_NOT;
	}
	if (r == DG_AXFR_MORE) {
		return DG_TAKEN_MORE;
	}
	if (r == DG_AXFR_REFUSED) {
		(void)taken(x, DG_EREMOTE);
		x->rc = 1;
		return DG_TAKEN_DONE;
	}
	if (r == 0 && x->tsig.n_unsigned > 0) {
		r = dg_fail(x->err, DG_EREMOTE,
			"the last message of the transfer is not signed (RFC 8945 section 5.3.1): "
			"it is not believed");
	}
	(void)taken(x, r);
	return r < 0 && is_busy(x, &h) ? DG_TAKEN_LATER : DG_TAKEN_DONE;
}

/* 0, or DG_ELIMIT. */
static int seal(struct dg_exchange *x, struct dg_dns_axfr *a)
{
	struct dg_zone *z = a->zone_data;
	char type[16];

	z->is_complete = true;
	z->from = dg_printf(a->arena, "%s (AXFR)", x->server->text);
	dg_zone_seal(z);
	z->version = dg_printf(a->arena, "%lu", (unsigned long)dg_zone_serial(z));
	for (size_t i = 0; i < z->n; i++) {
		if (z->sets[i].n > DG_RDATA_MAX) {
			return dg_exchange_fail(x, DG_ELIMIT,
				"%s %s has %zu records, at most %u are taken", z->sets[i].owner,
				dg_type_text(z->sets[i].type, type), z->sets[i].n, DG_RDATA_MAX);
		}
	}
	return 0;
}

static void axfr_end(struct dg_exchange *x)
{
	struct dg_dns_axfr *a = x->request;

	a->internal = NULL;
	if (x->rc == 0) {
		x->rc = seal(x, a);
	}
	if (x->rc != 0) {
		a->zone_data = NULL; /* never half a zone */
	}
	a->done(a, x->rc);
}

void dg_dns_transfer(struct dg_dns_server *s, struct dg_dns_axfr *a)
{
	static const struct dg_exchange_kind kind = {.is_repeatable = true,
		.is_transfer = true,
		.build = axfr_build,
		.take = axfr_take,
		.end = axfr_end};
	struct dg_exchange *x = exchange_new(&kind, a, &a->err, sizeof(struct dg_axfr_state));

	x->what = "transfer of zone";
	x->name = a->zone;
	x->deadline_ms = a->deadline_ms;
	a->internal = x;
	dg_server_submit(s, x);
}

/* ---- updates ---- */

static void update_build(struct dg_exchange *x, struct dg_wire_out *o)
{
	dg_update_build(o, x->id, x->request);
}

static enum dg_taken update_take(struct dg_exchange *x, const uint8_t *msg, size_t len)
{
	struct dg_dns_update *u = x->request;

	if (dg_update_answer_parse(msg, len, x->id, u->zone, &u->rcode) != 0) {
		return DG_TAKEN_NOT;
	}
	return taken(x, verify(x, DG_DNS_ASKED_UPDATE, msg, len));
}

static void update_end(struct dg_exchange *x)
{
	struct dg_dns_update *u = x->request;

	u->internal = NULL;
	u->was_sent = x->was_sent;
	u->done(u, x->rc);
}

void dg_dns_update(struct dg_dns_server *s, struct dg_dns_update *u)
{
	/* May a message that changes things be sent twice? Not when it may have arrived: by then somebody may have changed it back. */
	static const struct dg_exchange_kind kind = {.is_repeatable = false,
		.build = update_build,
		.take = update_take,
		.end = update_end};
	static const struct dg_exchange_kind dry_kind = {.is_repeatable = true,
		.build = update_build,
		.take = update_take,
		.end = update_end};
	struct dg_exchange *x = exchange_new(u->is_dry_run ? &dry_kind : &kind, u, &u->err, 0);

	x->what = u->is_dry_run ? "test of an UPDATE of zone" : "UPDATE of zone";
	x->name = u->zone;
	x->deadline_ms = u->deadline_ms;
	u->internal = x;
	dg_server_submit(s, x);
}
