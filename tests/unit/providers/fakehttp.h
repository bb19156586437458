/* tests/unit/providers/fakehttp.h: an HTTP server on the loop of the test that plays a script.
 *
 * Shape    For each request play() says what to do: which bytes to answer (any bytes, broken ones too), how many of them, and
 *          whether to close then or to stay silent.
 */
#pragma once

#include <arpa/inet.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/listener.h>
#include <stdio.h>
#include <string.h>

#include "providers/net/loop.h"

struct fake_answer {
	const char *bytes; /* NULL: nothing */
	size_t len;        /* 0: all of it */
	bool stays_open;
};

struct fake_http {
	struct evconnlistener *listener;
	struct bufferevent *connections[64];
	unsigned n_connections;
	unsigned n_requests;
	unsigned n_open, n_open_max;
	char last[65536]; /* the last request, head and body */
	void (*play)(struct fake_http *f, const char *request, struct fake_answer *answer);
	void *arg;
	uint16_t port;
	char answer[65536]; /* room for play() */
	bool is_mute;       /* does not even read */
	bool is_rude;       /* talks before it was asked */
};

static inline void fake_on_written(struct bufferevent *b, void *arg)
{
	(void)arg;
	(void)shutdown(bufferevent_getfd(b), SHUT_WR);
}

/* The length of the request at the start of text, 0: not complete. */
static inline size_t fake_request_len(const char *text, size_t len)
{
	const char *end = memmem(text, len, "\r\n\r\n", 4);
	const char *body = memmem(text, len, "Content-Length: ", 16);

	if (!end) {
		return 0;
	}
	size_t head = (size_t)(end + 4 - text);
	size_t n = 0;
	/* The text is not a string: it has no end but len. */
	for (const char *p = body && body < end ? body + 16 : end; *p >= '0' && *p <= '9'; p++) {
		n = n * 10 + (size_t)(*p - '0');
	}
	return len >= head + n ? head + n : 0;
}

static inline void fake_on_read(struct bufferevent *b, void *arg)
{
	struct fake_http *f = arg;
	struct evbuffer *in = bufferevent_get_input(b);
	size_t len = evbuffer_get_length(in);
	const char *text = (const char *)evbuffer_pullup(in, -1);
	size_t n = text ? fake_request_len(text, len) : 0;
	struct fake_answer answer = {0};

	if (n == 0 || n >= sizeof(f->last)) {
		return;
	}
	memcpy(f->last, text, n);
	f->last[n] = '\0';
	(void)evbuffer_drain(in, n);
	f->n_requests++;
	f->play(f, f->last, &answer);
	if (answer.bytes) {
		size_t out = answer.len ? answer.len : strlen(answer.bytes);
		if (!answer.stays_open) {
			bufferevent_setcb(b, fake_on_read, fake_on_written, NULL, f);
		}
		(void)bufferevent_write(b, answer.bytes, out);
	} else if (!answer.stays_open) {
		(void)shutdown(bufferevent_getfd(b), SHUT_RDWR);
	}
}

static inline void fake_on_accept(
	struct evconnlistener *l, evutil_socket_t fd, struct sockaddr *peer, int len, void *arg)
{
	struct fake_http *f = arg;
	struct bufferevent *b =
		bufferevent_socket_new(evconnlistener_get_base(l), fd, BEV_OPT_CLOSE_ON_FREE);

	(void)peer;
	(void)len;
	assert_non_null(b);
	assert_true(f->n_connections < 64);
	f->connections[f->n_connections++] = b;
	bufferevent_setcb(b, fake_on_read, NULL, NULL, f);
	if (f->is_rude) {
		(void)bufferevent_write(b, "220 fake.example.test ESMTP\r\n", 29);
	}
	if (!f->is_mute) {
		(void)bufferevent_enable(b, EV_READ | EV_WRITE);
	}
}

static inline void fake_start(struct fake_http *f, struct dg_loop *l,
	void (*play)(struct fake_http *f, const char *request, struct fake_answer *answer),
	void *arg)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(at);

	f->play = play;
	f->arg = arg;
	f->listener = evconnlistener_new_bind(dg_loop_base(l), fake_on_accept, f,
		LEV_OPT_CLOSE_ON_FREE, 64, (struct sockaddr *)&at, sizeof(at));
	assert_non_null(f->listener);
	assert_int_equal(
		getsockname(evconnlistener_get_fd(f->listener), (struct sockaddr *)&at, &len), 0);
	f->port = ntohs(at.sin_port);
}

static inline void fake_stop(struct fake_http *f)
{
	for (unsigned i = 0; i < f->n_connections; i++) {
		bufferevent_free(f->connections[i]);
	}
	f->n_connections = 0;
	if (f->listener) {
		evconnlistener_free(f->listener);
	}
	f->listener = NULL;
}
