/* TCP connections to one server: kept, shared, answers in any order (RFC 7766). */
#include <assert.h>
#include <errno.h>
#include <event2/event.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "providers/net/dns_server.h"
#include "providers/net/loop.h"

#define FRAME_MAX      ((size_t)2 + DG_DNS_MESSAGE_MAX)
#define READS_PER_TURN 16u /* so that one busy server does not starve the others */

struct dg_conn {
	struct dg_dns_server *server;
	int fd;
	struct event *readable;
	struct event *writable;
	bool is_connected;
	bool has_abandoned; /* somebody stopped waiting: an answer may still come, or never */
	size_t n_answers;
	struct dg_exchange *inflight[DG_DNS_INFLIGHT];
	size_t n;
	uint8_t *in;
	size_t in_len;
	uint8_t *out;
	size_t out_len;
	size_t out_cap;
	size_t out_sent;     /* of out_len */
	uint64_t out_origin; /* where out begins in the stream */
};

static void conn_close(struct dg_conn *c)
{
	struct dg_dns_server *s = c->server;

	assert(c->n == 0);
	for (size_t i = 0; i < DG_DNS_CONNECTIONS; i++) {
		if (s->conns[i] == c) {
			s->conns[i] = NULL;
		}
	}
	if (c->readable) {
		event_free(c->readable);
	}
	if (c->writable) {
		event_free(c->writable);
	}
	if (c->fd >= 0) {
		(void)close(c->fd);
	}
	free(c->in);
	free(c->out);
	free(c);
}

void dg_tcp_close_all(struct dg_dns_server *s)
{
	for (size_t i = 0; i < DG_DNS_CONNECTIONS; i++) {
		struct dg_conn *c = s->conns[i];
		while (c && c->n > 0) {
			dg_exchange_free(c->inflight[0]);
		}
		if (c) {
			conn_close(c);
		}
	}
}

static bool is_sent(const struct dg_exchange *x)
{
	const struct dg_conn *c = x->conn;

	return c->is_connected && x->stream_at < c->out_origin + c->out_sent;
}

void dg_tcp_detach(struct dg_exchange *x)
{
	struct dg_conn *c = x->conn;

	if (!c) {
		return;
	}
	x->was_sent = is_sent(x);
	for (size_t i = 0; i < c->n; i++) {
		if (c->inflight[i] == x) {
			c->inflight[i] = c->inflight[--c->n];
			break;
		}
	}
	c->has_abandoned = true; /* taken back by whoever detaches because the answer is complete */
	x->conn = NULL;
}

/* The connection is lost: what may go once more goes once more, on another. */
static void conn_lost(struct dg_conn *c, const char *why)
{
	struct dg_dns_server *s = c->server;
	bool was_useful = c->n_answers > 0;

	if (was_useful) {
		s->window =
			1; /* a server that closes after some answers is asked one thing at a time */
	}
	while (c->n > 0) {
		struct dg_exchange *x = c->inflight[0];
		dg_tcp_detach(x);
		x->attempts += !was_useful;
		if (x->was_sent && !x->kind->is_repeatable) {
			(void)dg_exchange_fail(x, DG_EIO,
				"the connection was lost after it had been sent (%s): it may have "
				"been done or not",
				why);
			dg_exchange_finish(x, DG_EIO);
		} else if (x->attempts >= DG_DNS_ATTEMPTS) {
			(void)dg_exchange_fail(x, DG_EIO, "the connection was lost %u times (%s)",
				x->attempts, why);
			dg_exchange_finish(x, DG_EIO);
		} else {
			dg_exchange_move(x, &s->waiting);
		}
	}
	conn_close(c);
}

/* No connection came about: the next address, or nobody gets one. */
static void conn_refused(struct dg_conn *c, int error)
{
	struct dg_dns_server *s = c->server;

	while (c->n > 0) {
		struct dg_exchange *x = c->inflight[0];
		dg_tcp_detach(x);
		dg_exchange_move(x, &s->waiting);
	}
	conn_close(c);
	s->address = (s->address + 1) % s->n_addresses;
	if (++s->n_refused < s->n_addresses) {
		return;
	}
	s->n_refused = 0;
	while (s->waiting.first) {
		struct dg_exchange *x = s->waiting.first;
		(void)dg_exchange_fail(x, DG_EIO,
			"cannot connect: %s: this usually means that no name server listens there "
			"over TCP, or a firewall refuses it",
			strerrordesc_np(error));
		dg_exchange_finish(x, DG_EIO);
	}
}

static struct dg_exchange *find(struct dg_conn *c, uint16_t id)
{
	for (size_t i = 0; i < c->n; i++) {
		if (c->inflight[i]->id == id) {
			return c->inflight[i];
		}
	}
	return NULL;
}

static void take_message(struct dg_conn *c, const uint8_t *msg, size_t len)
{
	struct dg_exchange *x = len >= 2 ? find(c, (uint16_t)dg_wire_get16(msg)) : NULL;

	if (!x) {
		return; /* the answer to a request that nobody waits for any more */
	}
	bool had_abandoned = c->has_abandoned;
	c->n_answers++;
	switch (x->kind->take(x, msg, len)) {
	case DG_TAKEN_NOT:
	case DG_TAKEN_MORE:
		break;
	case DG_TAKEN_LATER:
		dg_exchange_rest(x);
		c->has_abandoned = had_abandoned;
		break;
	case DG_TAKEN_TCP: /* truncated although it came over TCP */
		x->rc = dg_exchange_fail(
			x, DG_EREMOTE, "the answer is truncated over TCP too (RFC 7766 section 5)");
		__attribute__((fallthrough));
	case DG_TAKEN_DONE:
		dg_exchange_finish(x, x->rc);
		x->was_sent = true;
		c->has_abandoned = had_abandoned || x->rc < 0; /* after nonsense more may come */
		break;
	}
}

/* Takes all whole messages from the input. */
static void take_input(struct dg_conn *c)
{
	size_t at = 0;

	while (c->in_len - at >= 2) {
		size_t len = dg_wire_get16(c->in + at);
		if (c->in_len - at - 2 < len) {
			break;
		}
		take_message(c, c->in + at + 2, len);
		at += 2 + len;
	}
	c->in_len -= at;
	if (at > 0 && c->in_len > 0) {
		memmove(c->in, c->in + at, c->in_len);
	}
}

/* An idle connection has no events: the loop may end. One on which an answer is overdue is of no further use. */
static void settle_events(struct dg_conn *c)
{
	if (c->n == 0 && (c->has_abandoned || !c->is_connected || c->out_sent < c->out_len ||
				 c->in_len > 0)) {
		conn_close(c);
		return;
	}
	if (c->n > 0 && c->is_connected) {
		(void)event_add(c->readable, NULL);
	} else {
		(void)event_del(c->readable);
	}
	if (!c->is_connected || c->out_sent < c->out_len) {
		(void)event_add(c->writable, NULL);
	} else {
		(void)event_del(c->writable);
	}
}

/* 0, or the error that ended the connection. */
static int flush(struct dg_conn *c)
{
	while (c->out_sent < c->out_len) {
		ssize_t n =
			send(c->fd, c->out + c->out_sent, c->out_len - c->out_sent, MSG_NOSIGNAL);
		if (n < 0) {
			return errno == EAGAIN || errno == EINTR ? 0 : errno;
		}
		c->out_sent += (size_t)n;
	}
	c->out_origin += c->out_len;
	c->out_len = 0;
	c->out_sent = 0;
	return 0;
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct dg_conn *c = arg;
	struct dg_dns_server *s = c->server;
	const int on = 1;

	(void)what;
	for (unsigned i = 0; i < READS_PER_TURN; i++) {
		size_t room = FRAME_MAX - c->in_len;
		ssize_t n = recv(fd, c->in + c->in_len, room, 0);
		if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
			break;
		}
		if (n <= 0) {
			conn_lost(c, n == 0 ? "closed by the server" : strerrordesc_np(errno));
			dg_server_settle(s);
			return;
		}
		c->in_len += (size_t)n;
		take_input(c);
		if ((size_t)n < room) {
			break;
		}
	}
	/* A server that holds back its next small answer until this one is acknowledged would wait 40 ms; the
	 * kernel forgets the wish, so it is said again. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof(on));
	settle_events(c);
	dg_server_settle(s);
}

static void on_writable(evutil_socket_t fd, short what, void *arg)
{
	struct dg_conn *c = arg;
	struct dg_dns_server *s = c->server;
	int error = 0;

	(void)what;
	if (!c->is_connected) {
		socklen_t len = sizeof(error);
		if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0) {
			error = errno;
		}
		if (error != 0) {
			conn_refused(c, error);
			dg_server_settle(s);
			return;
		}
		c->is_connected = true;
		s->n_refused = 0;
	}
	error = flush(c);
	if (error != 0) {
		conn_lost(c, strerrordesc_np(error));
	} else {
		settle_events(c);
	}
	dg_server_settle(s);
}

static int conn_start(struct dg_conn *c)
{
	struct dg_dns_server *s = c->server;
	const struct dg_dns_address *a = &s->addresses[s->address];
	const int on = 1;

	c->fd = socket(a->at.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (c->fd < 0) {
		return errno;
	}
	(void)setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	int r = connect(c->fd, (const struct sockaddr *)&a->at, a->len);
	if (r != 0 && errno != EINPROGRESS) {
		return errno;
	}
	c->is_connected = r == 0;
	struct event_base *base = dg_loop_base(s->loop);
	c->readable = event_new(base, c->fd, EV_READ | EV_PERSIST, on_readable, c);
	c->writable = event_new(base, c->fd, EV_WRITE | EV_PERSIST, on_writable, c);
	c->in = malloc(FRAME_MAX);
	return c->readable && c->writable && c->in ? 0 : ENOMEM;
}

/* NULL: it could not even be begun; who waits has been told. */
static struct dg_conn *conn_open(struct dg_dns_server *s, size_t slot)
{
	struct dg_conn *c = calloc(1, sizeof(*c));

	if (!c) {
		abort();
	}
	c->server = s;
	c->fd = -1;
	s->conns[slot] = c;
	int error = conn_start(c);
	if (error != 0) {
		conn_refused(c, error);
		return NULL;
	}
	return c;
}

/* Idle connections have nobody to read them: has the server closed this one meanwhile? */
static bool is_stale(const struct dg_conn *c)
{
	char byte;

	return c->n == 0 && c->is_connected &&
	       !(recv(c->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && errno == EAGAIN);
}

/* The connection for the next request: the least busy, or a new one when all are busy. */
static struct dg_conn *pick(struct dg_dns_server *s)
{
	struct dg_conn *best = NULL;
	size_t free_slot = DG_DNS_CONNECTIONS;

	for (size_t i = 0; i < DG_DNS_CONNECTIONS; i++) {
		if (s->conns[i] && is_stale(s->conns[i])) {
			conn_close(s->conns[i]);
		}
		if (!s->conns[i]) {
			free_slot = i;
		} else if (!s->conns[i]->has_abandoned && (!best || s->conns[i]->n < best->n)) {
			best = s->conns[i];
		}
	}
	size_t spread = s->window < DG_DNS_SPREAD ? s->window : DG_DNS_SPREAD;
	if ((!best || best->n >= spread) && free_slot < DG_DNS_CONNECTIONS) {
		return conn_open(s, free_slot);
	}
	return best && best->n < s->window ? best : NULL;
}

static uint16_t free_id(struct dg_conn *c)
{
	uint16_t id = dg_server_random(c->server);

	while (find(c, id)) {
		id = dg_server_random(c->server);
	}
	return id;
}

/* Builds and signs the message right into the connection's output. */
static void conn_put(struct dg_conn *c, struct dg_exchange *x)
{
	struct dg_dns_server *s = c->server;

	if (c->out_cap - c->out_len < FRAME_MAX) {
		c->out_cap = c->out_len + 2 * FRAME_MAX;
		c->out = realloc(c->out, c->out_cap);
		if (!c->out) {
			abort();
		}
	}
	struct dg_wire_out o = {.data = c->out + c->out_len + 2, .max = DG_DNS_MESSAGE_MAX};
	x->id = free_id(c);
	dg_tsig_done(&x->tsig);
	dg_tsig_begin(&x->tsig, s->key);
	x->kind->build(x, &o);
	dg_tsig_sign(&x->tsig, &o, dg_loop_now(s->loop));
	if (o.is_full) {
		dg_exchange_finish(
			x, dg_exchange_fail(x, DG_ELIMIT,
				   "does not fit in one message of %u octets", DG_DNS_MESSAGE_MAX));
		return;
	}
	c->out[c->out_len] = (uint8_t)(o.len >> 8);
	c->out[c->out_len + 1] = (uint8_t)o.len;
	x->stream_at = c->out_origin + c->out_len;
	c->out_len += 2 + o.len;
	x->conn = c;
	c->inflight[c->n++] = x;
	dg_exchange_move(x, NULL);
}

void dg_tcp_pump(struct dg_dns_server *s)
{
	while (s->waiting.first) {
		unsigned n_refused = s->n_refused;
		struct dg_conn *c = pick(s);
		if (c) {
			conn_put(c, s->waiting.first);
		} else if (s->n_refused == n_refused) {
			break; /* no room; else the next address is tried, or nobody waits any more */
		}
	}
	for (size_t i = 0; i < DG_DNS_CONNECTIONS; i++) {
		struct dg_conn *c = s->conns[i];
		if (!c) {
			continue;
		}
		int error = c->is_connected && c->out_len > 0 ? flush(c) : 0;
		if (error != 0) {
			conn_lost(c, strerrordesc_np(error));
		} else {
			settle_events(c);
		}
	}
}
