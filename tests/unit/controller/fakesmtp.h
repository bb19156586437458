/* tests/unit/controller/fakesmtp.h: a mail server on the loop of the test that plays a script.
 *
 * Shape    replies: a command's beginning and what is said to it, the first that fits; a "" fits everything. NULL as a reply: silence;
 *          "" as a reply: closes. heard: all that came, as it came.
 */
#pragma once

#include <arpa/inet.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/listener.h>
#include <stdio.h>
#include <string.h>

#include "providers/net/loop.h"

struct fake_line {
	const char *command, *reply;
};

struct fake_smtp {
	const char *greeting;
	const struct fake_line *replies;
	struct evconnlistener *listener;
	struct bufferevent *connections[16];
	unsigned n_connections;
	char heard[8192];
	uint16_t port;
};

static inline void fake_smtp_written(struct bufferevent *b, void *arg)
{
	(void)arg;
	(void)shutdown(bufferevent_getfd(b), SHUT_WR);
}

static inline void fake_smtp_say(struct bufferevent *b, const char *text)
{
	if (text && *text == '\0') {
		bufferevent_setcb(b, NULL, fake_smtp_written, NULL, NULL);
		(void)bufferevent_flush(b, EV_WRITE, BEV_FINISHED);
		(void)shutdown(bufferevent_getfd(b), SHUT_RDWR);
	} else if (text) {
		(void)bufferevent_write(b, text, strlen(text));
	}
}

static inline void fake_smtp_read(struct bufferevent *b, void *arg)
{
	struct fake_smtp *f = arg;
	char *line;
	size_t len;

	while ((line = evbuffer_readln(bufferevent_get_input(b), &len, EVBUFFER_EOL_CRLF))) {
		size_t at = strlen(f->heard);
		(void)snprintf(f->heard + at, sizeof(f->heard) - at, "%s\n", line);
		const struct fake_line *l = f->replies;
		while (strncmp(line, l->command, strlen(l->command)) != 0) {
			l++;
		}
		fake_smtp_say(b, l->reply);
		free(line);
	}
}

static inline void fake_smtp_accept(
	struct evconnlistener *l, evutil_socket_t fd, struct sockaddr *peer, int len, void *arg)
{
	struct fake_smtp *f = arg;
	struct bufferevent *b =
		bufferevent_socket_new(evconnlistener_get_base(l), fd, BEV_OPT_CLOSE_ON_FREE);

	(void)peer;
	(void)len;
	assert_non_null(b);
	assert_true(f->n_connections < 16);
	f->connections[f->n_connections++] = b;
	bufferevent_setcb(b, fake_smtp_read, NULL, NULL, f);
	(void)bufferevent_enable(b, EV_READ | EV_WRITE);
	fake_smtp_say(b, f->greeting);
}

static inline void fake_smtp_start(struct fake_smtp *f, struct dg_loop *l, const char *address)
{
	struct sockaddr_in at = {.sin_family = AF_INET};
	socklen_t len = sizeof(at);

	assert_int_equal(inet_pton(AF_INET, address, &at.sin_addr), 1);
	at.sin_port = htons(f->port);
	f->listener = evconnlistener_new_bind(dg_loop_base(l), fake_smtp_accept, f,
		LEV_OPT_CLOSE_ON_FREE | LEV_OPT_REUSEABLE, 16, (struct sockaddr *)&at, sizeof(at));
	assert_non_null(f->listener);
	assert_int_equal(
		getsockname(evconnlistener_get_fd(f->listener), (struct sockaddr *)&at, &len), 0);
	f->port = ntohs(at.sin_port);
}

static inline void fake_smtp_stop(struct fake_smtp *f)
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
