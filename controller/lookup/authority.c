#include "controller/lookup/authority.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "controller/lookup/authority_internal.h"
#include "controller/lookup/resolver.h"
#include "providers/net/dns.h"
#include "providers/net/loop.h"
#include "zones/base/address.h"
#include "zones/base/arena.h"
#include "zones/policy/schema.h"
#include "zones/record/name.h"
#include "zones/record/zone.h"

#define PORT_DNS 53u

/* --- sockets, shared by all requests ----------------------------------------------------------- */
static void seat_free(struct dg_authority *a, struct dg_seat *s)
{
	if (s->prev) {
		s->prev->next = s->next;
	} else {
		a->seats = s->next;
	}
	if (s->next) {
		s->next->prev = s->prev;
	}
	a->n_seats--;
	(void)dg_dns_server_free(s->server);
	free(s->text);
	free(s);
}

static void free_an_idle_seat(struct dg_authority *a)
{
	struct dg_seat *idle = NULL;

	for (struct dg_seat *s = a->seats; s; s = s->next) {
		if (s->n_users == 0) {
			idle = s; /* the one that was opened first */
		}
	}
	if (idle) {
		seat_free(a, idle);
	}
}

int dg_seat_take(struct dg_authority *a, const char *address, uint16_t port,
	struct dg_seat **ret_seat, struct dg_err *err)
{
	const struct dg_endpoint at = {.host = address, .port = port};

	for (struct dg_seat *s = a->seats; s; s = s->next) {
		if (s->port == port && strcmp(s->text, address) == 0) {
			s->n_users++;
			*ret_seat = s;
			return 0;
		}
	}
	if (a->n_seats >= DG_AUTHORITY_POOL_MAX) {
		free_an_idle_seat(a);
	}
	struct dg_seat *s = calloc(1, sizeof(*s));
	if (!s) {
		abort();
	}
	int r = dg_dns_server_new(a->loop, &at, PORT_DNS, NULL, &s->server, err);
	if (r < 0) {
		free(s);
		return r;
	}
	s->text = strdup(address);
	if (!s->text) {
		abort();
	}
	s->port = port;
	s->n_users = 1;
	s->next = a->seats;
	if (s->next) {
		/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): what is freed is not in the list */
		s->next->prev = s;
	}
	a->seats = s;
	a->n_seats++;
	*ret_seat = s;
	return 0;
}

/* --- which addresses --------------------------------------------------------------------------- */
/* A name server whose addresses are not known yet, or are. */
struct host {
	struct dg_asking *asking;
	const char *name; /* canonical */
	const char *text; /* as people write it */
	uint16_t port;
	const char *address[DG_AUTHORITY_VIEWS_MAX]; /* literals */
	size_t n_addresses;
	struct dg_resolve questions[2]; /* A, AAAA */
	const char *why;                /* no address: why */
};

static void host_add(struct host *h, const char *address)
{
	if (h->n_addresses < DG_AUTHORITY_VIEWS_MAX) {
		h->address[h->n_addresses++] = address;
	}
}

static void host_add_set(struct host *h, const struct dg_rrset *set)
{
	char buf[DG_ADDRESS_TEXT_MAX];

	for (size_t i = 0; i < set->n; i++) {
		struct dg_address a;
		if (dg_address_of(set->rdata[i].wire, set->rdata[i].len, &a) == 0) {
			host_add(h, dg_strdup(h->asking->q->arena, dg_address_text(&a, buf)));
		}
	}
}

/* 0: the zone told all; 1: ask the resolver. */
static int host_from_zone(struct host *h, const struct dg_zone *have)
{
	static const uint16_t types[] = {DG_TYPE_A, DG_TYPE_AAAA};
	struct dg_rrset set[2];

	for (unsigned i = 0; i < 2; i++) {
		if (!have || dg_zone_get(have, h->name, types[i], &set[i]) != 0 ||
			(set[i].n > 0 && set[i].rdata[0].len == 0)) {
			return 1;
		}
	}
	host_add_set(h, &set[0]);
	host_add_set(h, &set[1]);
	h->why = "it has no A or AAAA in the zone";
	return 0;
}

static void host_views(struct host *h)
{
	struct dg_asking *k = h->asking;

	for (size_t i = 0; i < h->n_addresses; i++) {
		dg_asking_add(k, h->text, h->address[i], h->port, NULL);
	}
	if (h->n_addresses == 0) {
		dg_asking_add(k, h->text, NULL, h->port, h->why);
	}
}

/* All addresses are known: now the servers are asked. */
static void addresses_known(struct dg_asking *k)
{
	size_t n = 0;

	for (size_t i = 0; i < k->n_hosts; i++) {
		n += k->hosts[i].n_addresses > 0 ? k->hosts[i].n_addresses : 1;
	}
	dg_asking_reserve(k, n);
	for (size_t i = 0; i < k->n_hosts; i++) {
		host_views(&k->hosts[i]);
	}
	dg_asking_start(k);
}

static void on_address(struct dg_resolve *r)
{
	struct host *h = r->arg;
	struct dg_asking *k = h->asking;

	if (--k->n_open > 0) {
		return;
	}
	for (size_t i = 0; i < k->n_hosts; i++) {
		struct host *each = &k->hosts[i];
		for (unsigned t = 0; t < 2 && each->questions[t].name; t++) {
			const struct dg_resolve *a = &each->questions[t];
			host_add_set(each, &a->set);
			if (a->why || !each->why) {
				each->why = a->why ? a->why : "its name has no A or AAAA";
			}
		}
	}
	addresses_known(k);
}

static void host_resolve(struct host *h, int64_t deadline_ms)
{
	static const uint16_t types[] = {DG_TYPE_A, DG_TYPE_AAAA};
	struct dg_asking *k = h->asking;

	if (!k->authority->resolver) {
		host_add(h, h->text); /* the system resolves it when the socket is made */
		return;
	}
	for (unsigned i = 0; i < 2; i++) {
		k->n_open++;
		h->questions[i] = (struct dg_resolve){
			.name = h->name,
			.type = types[i],
			.deadline_ms = deadline_ms,
			.arena = k->q->arena,
			.done = on_address,
			.arg = h,
		};
	}
}

static const char *without_dot(struct dg_arena *a, const char *name)
{
	size_t len = strlen(name);

	return len > 1 ? dg_strndup(a, name, len - 1) : name;
}

static struct host *hosts_new(struct dg_asking *k, size_t n)
{
	n = n < DG_AUTHORITY_VIEWS_MAX ? n : DG_AUTHORITY_VIEWS_MAX;
	return dg_newn(k->q->arena, struct host, n);
}

/* verify: servers: */
static int hosts_given(struct dg_asking *k)
{
	struct dg_authority_ask *q = k->q;

	k->hosts = hosts_new(k, q->servers->n);
	for (size_t i = 0; i < q->servers->n && i < DG_AUTHORITY_VIEWS_MAX; i++) {
		const struct dg_endpoint *e = &q->servers->list[i];
		struct host *h = &k->hosts[k->n_hosts++];
		*h = (struct host){
			.asking = k, .text = e->host, .port = e->port ? e->port : PORT_DNS};
		if (dg_address_is_literal(e->host)) {
			host_add(h, e->host);
			continue;
		}
		if (dg_name_parse(q->arena, e->host, strlen(e->host), NULL, &h->name, &q->err) <
			0) {
			return dg_wrap(&q->err, (int)q->err.rc, "server %s", e->host);
		}
		if (host_from_zone(h, q->have) != 0) {
			host_resolve(h, q->timeout_ms);
		}
	}
	q->is_cut = q->servers->n > DG_AUTHORITY_VIEWS_MAX;
	return 0;
}

/* The NS RRset at the apex. */
static int hosts_of_zone(struct dg_asking *k)
{
	struct dg_authority_ask *q = k->q;
	struct dg_rrset ns;
	size_t len;

	if (!q->have || dg_zone_get(q->have, q->zone, DG_TYPE_NS, &ns) != 0 || ns.n == 0) {
		return dg_fail(&q->err, DG_EINPUT,
			"the name servers of %s are not known: its NS records could not be read; "
			"name them "
			"in verify: servers:",
			q->zone);
	}
	k->hosts = hosts_new(k, ns.n);
	for (size_t i = 0; i < ns.n && k->n_hosts < DG_AUTHORITY_VIEWS_MAX; i++) {
		struct host *h = &k->hosts[k->n_hosts];
		*h = (struct host){.asking = k, .port = q->port ? q->port : PORT_DNS};
		if (dg_name_from_wire(
			    q->arena, ns.rdata[i].wire, ns.rdata[i].len, &h->name, &len) != 0) {
			continue;
		}
		h->text = without_dot(q->arena, h->name);
		k->n_hosts++;
		if (host_from_zone(h, q->have) != 0) {
			host_resolve(h, q->timeout_ms);
		}
	}
	q->is_cut = ns.n > DG_AUTHORITY_VIEWS_MAX;
	return 0;
}

static void start_deferred(void *arg)
{
	struct dg_asking *k = arg;

	k->timer = NULL;
	if (k->rc < 0) {
		dg_asking_end(k);
		return;
	}
	addresses_known(k);
}

void dg_authority_ask(struct dg_authority *a, struct dg_authority_ask *q)
{
	struct dg_asking *k = dg_new(q->arena, struct dg_asking);

	q->internal = k;
	q->views = NULL;
	q->n_views = 0;
	q->is_cut = false;
	*k = (struct dg_asking){
		.authority = a,
		.q = q,
		.next = a->askings,
	};
	if (k->next) {
		k->next->prev = k;
	}
	a->askings = k;
	if (q->n_keys > DG_AUTHORITY_KEYS_MAX) {
		k->rc = dg_fail(&q->err, DG_ELIMIT,
			"%zu RRsets to verify; at most %u are asked for", q->n_keys,
			DG_AUTHORITY_KEYS_MAX);
	} else {
		k->rc = q->servers && q->servers->n > 0 ? hosts_given(k) : hosts_of_zone(k);
	}
	if (k->rc < 0 || k->n_open == 0) {
		k->timer = dg_loop_after_ms(a->loop, 0, start_deferred, k);
		return;
	}
	for (size_t i = 0; i < k->n_hosts; i++) {
		for (unsigned t = 0; t < 2 && k->hosts[i].questions[t].name; t++) {
			dg_resolver_ask(a->resolver, &k->hosts[i].questions[t]);
		}
	}
}

void dg_asking_end(struct dg_asking *k)
{
	dg_asking_forget(k);
	k->q->done(k->q, k->rc);
}

void dg_asking_forget(struct dg_asking *k)
{
	struct dg_authority *a = k->authority;

	k->timer = dg_timer_cancel(k->timer);
	for (size_t i = 0; i < k->n_hosts; i++) {
		dg_resolver_cancel(&k->hosts[i].questions[0]);
		dg_resolver_cancel(&k->hosts[i].questions[1]);
	}
	if (k->prev) {
		k->prev->next = k->next;
	} else {
		a->askings = k->next;
	}
	if (k->next) {
		k->next->prev = k->prev;
	}
	k->q->internal = NULL;
}

/* --- life ------------------------------------------------------------------------------------- */
int dg_authority_new(struct dg_loop *l, struct dg_resolver *resolver,
	struct dg_authority **ret_authority, struct dg_err *err)
{
	struct dg_authority *a = calloc(1, sizeof(*a));

	if (!a) {
		return dg_fail(err, DG_EIO, "out of memory");
	}
	*a = (struct dg_authority){.loop = l, .resolver = resolver};
	*ret_authority = a;
	return 0;
}

struct dg_authority *dg_authority_free(struct dg_authority *a)
{
	if (!a) {
		return NULL;
	}
	while (a->askings) {
		dg_asking_forget(a->askings);
	}
	while (a->seats) {
		/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): that takes it out of the list */
		seat_free(a, a->seats);
	}
	free(a);
	return NULL;
}
