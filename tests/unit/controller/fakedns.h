/* tests/unit/controller/fakedns.h: a name server on the loop of the test, over UDP and TCP, that can misbehave.
 *
 * Shape    Records are lines {owner, type, ttl, content}. Names that exist answer NOERROR, others NXDOMAIN, with the SOA of
 *          the zone as authority; a CNAME at the owner is answered in place of other types.
 */
#pragma once

#include <arpa/inet.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <string.h>
#include <unistd.h>

#include "providers/net/loop.h"
#include "zones/base/arena.h"
#include "zones/base/err.h"
#include "zones/record/name.h"
#include "zones/record/rrset.h"

#define FAKE_PACKET_MAX 2048u

struct fake_record {
	const char *owner;
	uint16_t type;
	uint32_t ttl;
	const char *content;
};

enum fake_mood {
	FAKE_WELL,
	FAKE_SILENT,
	FAKE_REFUSED,
	FAKE_LAME,
	FAKE_SERVFAIL,
	FAKE_NXDOMAIN,  /* knows no name at all */
	FAKE_DELEGATES, /* no authority but for the SOA */
	FAKE_BOTH,      /* TXT and CNAME at one owner, each as it is asked */
};

struct fake_dns {
	struct dg_arena *arena;
	const struct fake_record *records; /* ends with an owner of NULL */
	const char *apex;
	enum fake_mood mood;
	bool has_no_tcp;
	const char *silent_for; /* questions for this owner get no answer */
	struct event *udp;
	struct evconnlistener *tcp;
	struct bufferevent *connections[64];
	unsigned n_connections;
	unsigned n_udp, n_tcp;
	uint16_t port;
};

static inline size_t fake_put16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
	return 2;
}

static inline size_t fake_put_record(struct fake_dns *f, uint8_t *p, const struct fake_record *r)
{
	struct dg_rdata rd;
	struct dg_err err;
	size_t n = dg_name_to_wire(r->owner, p);

	if (dg_rdata_parse(f->arena, r->type, r->content, strlen(r->content), ".", &rd, &err) < 0) {
		fail_msg("%s: %s", r->content, err.text);
	}
	n += fake_put16(p + n, r->type);
	n += fake_put16(p + n, 1);
	n += fake_put16(p + n, r->ttl >> 16);
	n += fake_put16(p + n, r->ttl & 0xffff);
	n += fake_put16(p + n, (unsigned)rd.len);
	memcpy(p + n, rd.wire, rd.len);
	return n + rd.len;
}

/* Appends the records of owner and type; returns how many. */
static inline unsigned fake_put_answer(struct fake_dns *f, uint8_t *out, size_t *len,
	const char *owner, uint16_t type, bool *ret_exists)
{
	unsigned n = 0;

	for (const struct fake_record *r = f->records; r->owner; r++) {
		bool is_under = dg_name_is_at_or_under(r->owner, owner);
		bool is_cname = r->type == DG_TYPE_CNAME && f->mood != FAKE_BOTH;
		*ret_exists = *ret_exists || is_under;
		if (strcmp(r->owner, owner) == 0 && (r->type == type || is_cname)) {
			*len += fake_put_record(f, out + *len, r);
			n++;
		}
	}
	return n;
}

/* Length of the answer in out; 0: none. */
static inline size_t fake_answer(struct fake_dns *f, const uint8_t *in, size_t in_len, uint8_t *out)
{
	const char *name = NULL;
	size_t name_len = 0;
	bool exists = false;
	unsigned rcode = 0;
	bool is_authoritative = f->mood != FAKE_LAME;

	assert_true(in_len >= 17);
	assert_int_equal(dg_name_from_wire(f->arena, in + 12, in_len - 12, &name, &name_len), 0);
	uint16_t type = (uint16_t)(in[12 + name_len] << 8 | in[13 + name_len]);
	if (f->mood == FAKE_SILENT || (f->silent_for && strcmp(name, f->silent_for) == 0)) {
		return 0;
	}
	memset(out, 0, 12);
	memcpy(out, in, 2);
	memcpy(out + 12, in + 12, name_len + 4);
	size_t len = 16 + name_len;
	unsigned n = 0;
	if (f->mood == FAKE_REFUSED || f->mood == FAKE_SERVFAIL || f->mood == FAKE_NXDOMAIN) {
		rcode = f->mood == FAKE_REFUSED ? 5 : f->mood == FAKE_SERVFAIL ? 2 : 3;
	} else if (f->mood != FAKE_LAME) {
		n = fake_put_answer(f, out, &len, name, type, &exists);
		rcode = exists ? 0 : 3;
		is_authoritative = f->mood != FAKE_DELEGATES || type == DG_TYPE_SOA;
	}
	fake_put16(out + 2, 0x8080u | (is_authoritative ? 0x0400u : 0) | (in[2] & 1u) << 8 | rcode);
	fake_put16(out + 4, 1);
	fake_put16(out + 6, n);
	if (n == 0 && (rcode == 0 || rcode == 3) && f->mood != FAKE_LAME &&
		f->mood != FAKE_NXDOMAIN) {
		bool ignored = false;
		fake_put16(out + 8, fake_put_answer(f, out, &len, f->apex, DG_TYPE_SOA, &ignored));
	}
	return len;
}

static inline void fake_on_udp(evutil_socket_t fd, short what, void *arg)
{
	struct fake_dns *f = arg;
	uint8_t in[FAKE_PACKET_MAX];
	uint8_t out[FAKE_PACKET_MAX];
	struct sockaddr_in peer;
	socklen_t peer_len = sizeof(peer);

	(void)what;
	ssize_t n = recvfrom(fd, in, sizeof(in), 0, (struct sockaddr *)&peer, &peer_len);
	if (n < 0) {
		return;
	}
	f->n_udp++;
	size_t len = fake_answer(f, in, (size_t)n, out);
	if (len > 0) {
		(void)sendto(fd, out, len, 0, (struct sockaddr *)&peer, peer_len);
	}
}

static inline void fake_on_tcp(struct bufferevent *b, void *arg)
{
	struct fake_dns *f = arg;
	struct evbuffer *in = bufferevent_get_input(b);
	uint8_t out[FAKE_PACKET_MAX + 2];

	while (evbuffer_get_length(in) >= 2) {
		const uint8_t *p = evbuffer_pullup(in, -1);
		size_t len = (size_t)(p[0] << 8 | p[1]);
		if (evbuffer_get_length(in) < len + 2) {
			return;
		}
		f->n_tcp++;
		size_t n = fake_answer(f, p + 2, len, out + 2);
		(void)evbuffer_drain(in, len + 2);
		if (n > 0) {
			fake_put16(out, (unsigned)n);
			(void)bufferevent_write(b, out, n + 2);
		}
	}
}

static inline void fake_on_accept(
	struct evconnlistener *l, evutil_socket_t fd, struct sockaddr *peer, int len, void *arg)
{
	struct fake_dns *f = arg;

	(void)peer;
	(void)len;
	assert_true(f->n_connections < 64);
	struct bufferevent *b =
		bufferevent_socket_new(evconnlistener_get_base(l), fd, BEV_OPT_CLOSE_ON_FREE);
	f->connections[f->n_connections++] = b;
	bufferevent_setcb(b, fake_on_tcp, NULL, NULL, f);
	(void)bufferevent_enable(b, EV_READ | EV_WRITE);
}

/* False: the port is another's. */
static inline bool fake_dns_bind(struct fake_dns *f, struct dg_loop *l, struct sockaddr_in at)
{
	socklen_t len = sizeof(at);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (bind(fd, (struct sockaddr *)&at, sizeof(at)) != 0 ||
		getsockname(fd, (struct sockaddr *)&at, &len) != 0) {
		(void)close(fd);
		return false;
	}
	if (!f->has_no_tcp) {
		f->tcp = evconnlistener_new_bind(dg_loop_base(l), fake_on_accept, f,
			LEV_OPT_CLOSE_ON_FREE | LEV_OPT_REUSEABLE, 16, (struct sockaddr *)&at,
			sizeof(at));
		if (!f->tcp) {
			(void)close(fd);
			return false;
		}
	}
	f->port = ntohs(at.sin_port);
	f->udp = event_new(dg_loop_base(l), fd, EV_READ | EV_PERSIST, fake_on_udp, f);
	assert_int_equal(event_add(f->udp, NULL), 0);
	return true;
}

/* f->port 0: any that is free for UDP and TCP: what is free for one may be taken for the other. */
static inline void fake_dns_start(struct fake_dns *f, struct dg_loop *l, const char *address)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(f->port)};
	bool is_bound = false;

	f->arena = dg_arena_new(16u << 20);
	assert_int_equal(inet_pton(AF_INET, address, &at.sin_addr), 1);
	for (int i = 0; i < 20 && !is_bound; i++) {
		is_bound = fake_dns_bind(f, l, at);
	}
	assert_true(is_bound);
}

static inline void fake_dns_stop(struct fake_dns *f)
{
	if (f->udp) {
		(void)close(event_get_fd(f->udp));
		event_free(f->udp);
	}
	if (f->tcp) {
		evconnlistener_free(f->tcp);
	}
	for (unsigned i = 0; i < f->n_connections; i++) {
		bufferevent_free(f->connections[i]);
	}
	(void)dg_arena_free(f->arena);
	*f = (struct fake_dns){0};
}
