/* One view: the SOA over UDP and TCP, then every key. */
#include "controller/lookup/address.h"
#include "controller/lookup/authority_internal.h"
#include "controller/lookup/resolver.h"
#include "providers/net/dns.h"
#include "providers/net/loop.h"
#include "zones/base/address.h"
#include "zones/base/arena.h"
#include "zones/base/map.h"
#include "zones/record/zone.h"

#include <string.h>

#define RCODE_NXDOMAIN 3
#define RCODE_REFUSED  5
#define RCODE_NOTAUTH  9
#define SOA_TAIL       20u /* serial, refresh, retry, expire, minimum: RFC 1035 section 3.3.13 */
#define ALMOST(ms)     ((ms) - (ms) / 10)

struct dg_view_task {
	struct dg_asking *asking;
	struct dg_view *view;
	const char *host; /* the address, without port */
	uint16_t port;
	struct dg_seat *seat;
	int64_t start_ms;
	struct dg_dns_query soa_udp, soa_tcp;
	struct dg_dns_query *queries; /* one a question */
	size_t next;                  /* question to ask */
	size_t n_open;                /* questions on their way */
};

void dg_asking_reserve(struct dg_asking *k, size_t n)
{
	k->cap_views = n < DG_AUTHORITY_VIEWS_MAX ? n : DG_AUTHORITY_VIEWS_MAX;
	k->q->views = dg_newn(k->q->arena, struct dg_view, k->cap_views);
	k->tasks = dg_newn(k->q->arena, struct dg_view_task, k->cap_views);
}

void dg_asking_add(
	struct dg_asking *k, const char *name, const char *address, uint16_t port, const char *why)
{
	struct dg_authority_ask *q = k->q;

	if (q->n_views == k->cap_views) {
		q->is_cut = true;
		return;
	}
	struct dg_view_task *t = &k->tasks[q->n_views];
	struct dg_view *v = &q->views[q->n_views++];
	*v = (struct dg_view){.name = name, .text = name, .says = dg_zone_new(q->arena, q->zone)};
	*t = (struct dg_view_task){.asking = k, .view = v, .host = address, .port = port};
	if (!address) {
		v->state = DG_VIEW_ERROR;
		v->why = dg_printf(q->arena, "no address to ask: %s", why);
		return;
	}
	v->address = dg_printf(q->arena, "%s@%u", address, port);
	v->text = strcmp(name, address) == 0 ? v->address
					     : dg_printf(q->arena, "%s %s", name, v->address);
}

/* --- the end of a view ------------------------------------------------------------------------ */
static void leave(struct dg_view_task *t)
{
	struct dg_asking *k = t->asking;

	if (--t->n_open > 0) {
		return;
	}
	t->seat->n_users--;
	if (t->view->state != DG_VIEW_OK) {
		t->view->tcp_why = NULL; /* what is wrong is not TCP alone */
	}
	dg_zone_seal(t->view->says);
	if (--k->n_open == 0) {
		dg_asking_end(k);
	}
}

static void unknown(struct dg_view_task *t, const char *why)
{
	if (t->view->n_unknown++ == 0) {
		t->view->why = why;
	}
}

/* --- what a message says ---------------------------------------------------------------------- */
static const char *type_at(struct dg_arena *a, const struct dg_dns_query *m)
{
	char type[16];

	return dg_printf(a, "%s %s", m->name, dg_type_text(m->type, type));
}

static const char *rcode_text(struct dg_arena *a, int rcode)
{
	static const char *const names[] = {"NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP",
		"REFUSED", "YXDOMAIN", "YXRRSET", "NXRRSET", "NOTAUTH", "NOTZONE"};

	if (rcode >= 0 && (size_t)rcode < sizeof(names) / sizeof(names[0])) {
		return names[rcode];
	}
	return dg_printf(a, "RCODE %d", rcode);
}

static const struct dg_rrset *find(const struct dg_dns_query *m, uint16_t type)
{
	for (size_t i = 0; i < m->n_answer; i++) {
		if (m->answer[i].type == type && strcmp(m->answer[i].owner, m->name) == 0) {
			return &m->answer[i];
		}
	}
	return NULL;
}

static void read_key(struct dg_view_task *t, struct dg_dns_query *m, int rc)
{
	struct dg_arena *a = t->asking->q->arena;
	struct dg_zone *says = t->view->says;

	if (rc < 0) {
		unknown(t, dg_strdup(a, m->err.text));
		return;
	}
	if (m->rcode != 0 && m->rcode != RCODE_NXDOMAIN) {
		unknown(t,
			dg_printf(a, "answers %s for %s", rcode_text(a, m->rcode), type_at(a, m)));
		return;
	}
	if (!m->is_authoritative) {
		unknown(t,
			dg_printf(a, "answers without authority for %s: it is delegated elsewhere",
				type_at(a, m)));
		return;
	}
	const struct dg_rrset *set = find(m, m->type);
	const struct dg_rrset *cname = find(m, DG_TYPE_CNAME);
	const struct dg_rrset none = dg_rrset_none(m->name, m->type);
	dg_zone_add(says, set ? set : &none);
	if (cname && cname != set) {
		dg_zone_add(says, cname);
	}
}

static void ask_more(struct dg_view_task *t);

static void on_key(struct dg_dns_query *m, int rc)
{
	struct dg_view_task *t = m->arg;

	read_key(t, m, rc);
	ask_more(t);
	leave(t);
}

static int64_t left_ms(const struct dg_view_task *t)
{
	const struct dg_asking *k = t->asking;
	int64_t ms = t->start_ms + k->q->timeout_ms - dg_loop_mono_ms(k->authority->loop);

	return ms < 1 ? 1 : ms;
}

static void ask_more(struct dg_view_task *t)
{
	const struct dg_asking *k = t->asking;

	/* The view itself and the SOA over TCP may count among the open ones. */
	while (t->next < k->n_questions && t->n_open < DG_AUTHORITY_WINDOW) {
		struct dg_dns_query *m = &t->queries[t->next];
		*m = (struct dg_dns_query){
			.name = k->questions[t->next].owner,
			.type = k->questions[t->next].type,
			.transport = DG_DNS_UDP,
			.deadline_ms = left_ms(t),
			.done = on_key,
			.arg = t,
			.arena = k->q->arena,
		};
		t->next++;
		t->n_open++;
		dg_dns_ask(t->seat->server, m);
	}
}

/* --- the SOA ---------------------------------------------------------------------------------- */
static uint32_t be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void set_state(struct dg_view_task *t, enum dg_view_state state, const char *why)
{
	t->view->state = state;
	t->view->why = why;
}

/* 0: it serves the zone; else the view's state is set. */
static int read_soa(struct dg_view_task *t, struct dg_dns_query *m, int rc)
{
	struct dg_arena *a = t->asking->q->arena;
	struct dg_view *v = t->view;
	const struct dg_rrset *soa = rc == 0 ? find(m, DG_TYPE_SOA) : NULL;

	if (rc < 0) {
		int64_t ms = dg_loop_mono_ms(t->asking->authority->loop) - t->start_ms;
		bool is_silent = rc == DG_EIO && ms >= ALMOST(t->asking->q->timeout_ms);
		set_state(
			t, is_silent ? DG_VIEW_TIMEOUT : DG_VIEW_ERROR, dg_strdup(a, m->err.text));
	} else if (m->rcode == RCODE_REFUSED || m->rcode == RCODE_NOTAUTH) {
		set_state(t, DG_VIEW_REFUSED, dg_printf(a, "answers %s", rcode_text(a, m->rcode)));
	} else if (m->rcode == 0 && !m->is_authoritative) {
		set_state(t, DG_VIEW_LAME, "answers without authority: it has not loaded the zone");
	} else if (m->rcode == RCODE_NXDOMAIN) {
		set_state(t, DG_VIEW_LAME, "says that the zone does not exist (NXDOMAIN)");
	} else if (m->rcode != 0) {
		set_state(t, DG_VIEW_ERROR, dg_printf(a, "answers %s", rcode_text(a, m->rcode)));
	} else if (!soa || soa->n != 1 || soa->rdata[0].len < SOA_TAIL) {
		set_state(t, DG_VIEW_LAME, "answers without an SOA: it serves another zone there");
	} else {
		const uint8_t *tail = soa->rdata[0].wire + soa->rdata[0].len - SOA_TAIL;
		v->has_serial = true;
		v->serial = be32(tail);
		v->refresh = be32(tail + 4);
		dg_zone_add(v->says, soa);
		return 0;
	}
	v->n_unknown = t->asking->n_questions;
	return 1;
}

static void on_soa_udp(struct dg_dns_query *m, int rc)
{
	struct dg_view_task *t = m->arg;

	if (read_soa(t, m, rc) == 0) {
		ask_more(t);
	}
	leave(t);
}

static void on_soa_tcp(struct dg_dns_query *m, int rc)
{
	struct dg_view_task *t = m->arg;
	struct dg_arena *a = t->asking->q->arena;

	if (rc < 0) {
		t->view->tcp_why = dg_strdup(a, m->err.text);
	} else if (m->rcode != 0 || !find(m, DG_TYPE_SOA)) {
		t->view->tcp_why = dg_printf(a, "answers %s over TCP", rcode_text(a, m->rcode));
	}
	leave(t);
}

/* --- start ------------------------------------------------------------------------------------ */
static void ask_soa(struct dg_view_task *t, struct dg_dns_query *m, enum dg_dns_transport over,
	void (*done)(struct dg_dns_query *q, int rc))
{
	*m = (struct dg_dns_query){
		.name = t->asking->q->zone,
		.type = DG_TYPE_SOA,
		.transport = over,
		.deadline_ms = t->asking->q->timeout_ms,
		.done = done,
		.arg = t,
		.arena = t->asking->q->arena,
	};
	t->n_open++;
	dg_dns_ask(t->seat->server, m);
}

static void start(struct dg_view_task *t)
{
	struct dg_asking *k = t->asking;

	if (!t->host) {
		return;
	}
	if (dg_address_is_literal(t->host) && !dg_address_has_route(t->host, t->port)) {
		set_state(t, DG_VIEW_NO_ROUTE,
			"this machine has no route to the address: it could not be asked from "
			"here");
		return;
	}
	if (dg_seat_take(k->authority, t->host, t->port, &t->seat, &k->q->err) < 0) {
		set_state(t, DG_VIEW_ERROR, dg_strdup(k->q->arena, k->q->err.text));
		return;
	}
	t->start_ms = dg_loop_mono_ms(k->authority->loop);
	t->queries = dg_newn(k->q->arena, struct dg_dns_query, k->n_questions);
	k->n_open++;
	ask_soa(t, &t->soa_udp, DG_DNS_UDP, on_soa_udp);
	if (!k->q->is_over_udp) {
		ask_soa(t, &t->soa_tcp, DG_DNS_TCP, on_soa_tcp);
	}
}

/* The keys, and once for each owner of a TXT key its CNAME. */
static void make_questions(struct dg_asking *k)
{
	const struct dg_authority_ask *q = k->q;
	struct dg_map seen;

	k->questions = dg_newn(q->arena, struct dg_rrkey, 2 * q->n_keys);
	dg_map_init(&seen, q->arena);
	for (size_t i = 0; i < q->n_keys; i++) {
		k->questions[k->n_questions++] = q->keys[i];
	}
	for (size_t i = 0; i < q->n_keys && q->wants_cname; i++) {
		const char *owner = q->keys[i].owner;
		if (q->keys[i].type == DG_TYPE_TXT && !dg_map_put(&seen, owner, &seen)) {
			k->questions[k->n_questions++] =
				(struct dg_rrkey){.owner = owner, .type = DG_TYPE_CNAME};
		}
	}
}

static void end_empty(void *arg)
{
	struct dg_asking *k = arg;

	k->timer = NULL;
	dg_asking_end(k);
}

void dg_asking_start(struct dg_asking *k)
{
	struct dg_authority_ask *q = k->q;

	make_questions(k);
	k->n_open = 0;
	for (size_t i = 0; i < q->n_views; i++) {
		start(&k->tasks[i]);
		if (!k->tasks[i].seat) {
			q->views[i].n_unknown = k->n_questions;
			dg_zone_seal(q->views[i].says);
		}
	}
	if (k->n_open == 0) {
		k->timer = dg_loop_after_ms(k->authority->loop, 0, end_empty, k);
	}
}
