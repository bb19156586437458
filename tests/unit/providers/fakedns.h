/* tests/unit/providers/fakedns.h: a name server that does what a test tells it: UDP and TCP on one port of the loopback, on the test's own loop. */
#pragma once

#include <arpa/inet.h>
#include <errno.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "providers/net/dns_wire.h"
#include "providers/net/loop.h"

#define FAKE_CONNS 64

struct fake;

/* One message that arrived. answer() may be called any number of times, also later. */
struct fake_request {
	struct fake *fake;
	int fd;
	bool is_udp;
	struct sockaddr_in from;
	uint8_t msg[512];
	size_t len;
};

struct fake {
	struct dg_loop *loop;
	int udp;
	int tcp;
	struct event *events[FAKE_CONNS];
	size_t n_events;
	uint16_t port;
	size_t n_requests;
	size_t n_connections;
	void (*handler)(struct fake_request *r);
	void *arg;
};

static inline void fake_answer(const struct fake_request *r, const uint8_t *msg, size_t len)
{
	uint8_t frame[2048] = {(uint8_t)(len >> 8), (uint8_t)len};

	if (r->is_udp) {
		assert_int_equal(
			(ssize_t)len, sendto(r->fd, msg, len, 0, (const struct sockaddr *)&r->from,
					      sizeof(r->from)));
	} else {
		memcpy(frame + 2, msg, len);
		(void)send(r->fd, frame, len + 2, MSG_NOSIGNAL);
	}
}

static inline void fake_close(const struct fake_request *r)
{
	(void)shutdown(r->fd, SHUT_RDWR);
}

/* Header and question of the request, as an answer; further records may follow. */
static inline void fake_begin(struct dg_wire_out *o, const struct fake_request *r, unsigned flags)
{
	struct dg_wire_in in;
	struct dg_wire_header h;
	struct dg_wire_name name;
	uint16_t type = 0;
	uint16_t class = 0;

	assert_int_equal(0, dg_wire_open(&in, r->msg, r->len, &h));
	assert_int_equal(0, dg_wire_read_question(&in, &name, &type, &class));
	dg_wire_put(o, r->msg, in.at);
	o->data[2] = (uint8_t)((r->msg[2] & 0x79u) | 0x80u | flags >> 8);
	o->data[3] = (uint8_t)flags;
	for (unsigned i = 1; i < 4; i++) {
		dg_wire_count(o, i, 0);
	}
}

static inline void fake_udp(evutil_socket_t fd, short what, void *arg)
{
	struct fake *f = arg;
	struct fake_request r = {.fake = f, .fd = fd, .is_udp = true};
	socklen_t len = sizeof(r.from);
	ssize_t n = recvfrom(fd, r.msg, sizeof(r.msg), 0, (struct sockaddr *)&r.from, &len);

	(void)what;
	assert_true(n > 0);
	r.len = (size_t)n;
	f->n_requests++;
	f->handler(&r);
}

static inline bool fake_read(int fd, uint8_t *to, size_t n)
{
	for (size_t at = 0; at < n;) {
		ssize_t k = recv(fd, to + at, n - at, 0);
		if (k <= 0) {
			return false;
		}
		at += (size_t)k;
	}
	return true;
}

static inline void fake_conn(evutil_socket_t fd, short what, void *arg)
{
	struct fake *f = arg;
	struct fake_request r = {.fake = f, .fd = fd};
	uint8_t head[2];

	(void)what;
	if (!fake_read(fd, head, 2)) {
		for (size_t i = 0; i < f->n_events; i++) {
			if (event_get_fd(f->events[i]) == fd) {
				(void)event_del(f->events[i]);
			}
		}
		return;
	}
	r.len = dg_wire_get16(head);
	assert_true(r.len <= sizeof(r.msg) && fake_read(fd, r.msg, r.len));
	f->n_requests++;
	f->handler(&r);
}

static inline void fake_add(struct fake *f, int fd, event_callback_fn fn)
{
	assert_true(f->n_events < FAKE_CONNS);
	struct event *e = event_new(dg_loop_base(f->loop), fd, EV_READ | EV_PERSIST, fn, f);
	assert_non_null(e);
	assert_int_equal(0, event_add(e, NULL));
	f->events[f->n_events++] = e;
}

static inline void fake_accept(evutil_socket_t fd, short what, void *arg)
{
	struct fake *f = arg;
	int conn = accept(fd, NULL, NULL);

	(void)what;
	assert_true(conn >= 0);
	f->n_connections++;
	fake_add(f, conn, fake_conn);
}

static inline void fake_open(struct fake *f, struct dg_loop *loop)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(at);

	*f = (struct fake){.loop = loop};
	for (int i = 0; i < 100; i++) { /* the same free port for both */
		f->tcp = socket(AF_INET, SOCK_STREAM, 0);
		f->udp = socket(AF_INET, SOCK_DGRAM, 0);
		at.sin_port = 0;
		assert_int_equal(0, bind(f->tcp, (struct sockaddr *)&at, sizeof(at)));
		assert_int_equal(0, getsockname(f->tcp, (struct sockaddr *)&at, &len));
		if (bind(f->udp, (struct sockaddr *)&at, sizeof(at)) == 0) {
			break;
		}
		(void)close(f->tcp);
		(void)close(f->udp);
	}
	assert_int_equal(0, listen(f->tcp, 16));
	f->port = ntohs(at.sin_port);
	fake_add(f, f->tcp, fake_accept);
	fake_add(f, f->udp, fake_udp);
}

static inline void fake_done(struct fake *f)
{
	for (size_t i = 0; i < f->n_events; i++) {
		(void)close(event_get_fd(f->events[i]));
		event_free(f->events[i]);
	}
	f->n_events = 0;
}
