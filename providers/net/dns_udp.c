/* Questions over UDP: a socket, a port and an id of its own for each, so that a forger has to guess both (RFC 5452). */
#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "providers/net/dns_build.h"
#include "providers/net/dns_server.h"
#include "providers/net/loop.h"

#define SENDS      3 /* within the deadline */
#define QUERY_MAX  1024u
#define ANSWER_MAX 4096u
#define DATAGRAMS  8u /* looked at in one turn: a flood of forged ones does not starve the rest */

void dg_udp_detach(struct dg_exchange *x)
{
	x->again = dg_timer_cancel(x->again);
	if (x->event) {
		event_free(x->event);
		x->event = NULL;
	}
	if (x->fd >= 0) {
		(void)close(x->fd);
		x->fd = -1;
	}
}

/* 0, or why it could not be sent. */
static int transmit(struct dg_exchange *x)
{
	uint8_t buf[QUERY_MAX];
	struct dg_dns_server *s = x->server;
	struct dg_wire_out o = {.data = buf, .max = sizeof(buf)};

	dg_tsig_done(&x->tsig);
	dg_tsig_begin(&x->tsig, s->key);
	x->kind->build(x, &o);
	dg_tsig_sign(&x->tsig, &o, dg_loop_now(s->loop));
	if (o.is_full) {
		return EMSGSIZE;
	}
	ssize_t n = send(x->fd, buf, o.len, MSG_NOSIGNAL);
	return n < 0 && errno != EAGAIN && errno != EINTR ? errno : 0;
}

static void fail_errno(struct dg_exchange *x, int error)
{
	(void)dg_exchange_fail(x, DG_EIO,
		"%s: this usually means that no name server listens there over UDP, or there is no "
		"route",
		strerrordesc_np(error));
	dg_exchange_finish(x, DG_EIO);
}

static void on_again(void *arg)
{
	struct dg_exchange *x = arg;
	struct dg_dns_server *s = x->server;

	x->again = NULL;
	int error = transmit(x);
	if (error != 0) {
		fail_errno(x, error);
		dg_server_settle(s);
		return;
	}
	if (++x->n_again < SENDS - 1) {
		x->again = dg_loop_after_ms(s->loop, x->deadline_ms / SENDS, on_again, x);
	}
}

static void go_on_over_tcp(struct dg_exchange *x)
{
	dg_udp_detach(x);
	x->is_udp = false;
	dg_exchange_move(x, &x->server->waiting);
}

static void on_datagram(evutil_socket_t fd, short what, void *arg)
{
	uint8_t buf[ANSWER_MAX];
	struct dg_exchange *x = arg;
	struct dg_dns_server *s = x->server;

	(void)what;
	for (unsigned i = 0; i < DATAGRAMS; i++) {
		ssize_t n = recv(fd, buf, sizeof(buf), 0);
		if (n < 0) {
			if (errno != EAGAIN && errno != EINTR) {
				fail_errno(x, errno);
			}
			break;
		}
		enum dg_taken taken = x->kind->take(x, buf, (size_t)n);
		if (taken == DG_TAKEN_DONE) {
			dg_exchange_finish(x, x->rc);
			break;
		}
		if (taken == DG_TAKEN_LATER) {
			dg_exchange_rest(x);
			break;
		}
		if (taken == DG_TAKEN_TCP) {
			go_on_over_tcp(x);
			break;
		}
	}
	dg_server_settle(s);
}

static int start(struct dg_exchange *x)
{
	struct dg_dns_server *s = x->server;
	const struct dg_dns_address *a = &s->addresses[s->address];

	x->fd = socket(a->at.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	/* Connected: the kernel picks a random port and drops what comes from elsewhere. */
	if (x->fd < 0 || connect(x->fd, (const struct sockaddr *)&a->at, a->len) != 0) {
		return errno;
	}
	x->event = event_new(dg_loop_base(s->loop), x->fd, EV_READ | EV_PERSIST, on_datagram, x);
	if (!x->event || event_add(x->event, NULL) != 0) {
		return ENOMEM;
	}
	x->id = dg_server_random(s);
	x->again = dg_loop_after_ms(s->loop, x->deadline_ms / SENDS, on_again, x);
	return transmit(x);
}

void dg_udp_pump(struct dg_dns_server *s)
{
	while (s->udp_waiting.first && s->udp.n < DG_DNS_UDP_MAX) {
		struct dg_exchange *x = s->udp_waiting.first;
		dg_exchange_move(x, &s->udp);
		int error = start(x);
		if (error != 0) {
			fail_errno(x, error);
		}
	}
}
