#include "controller/serve/door.h"

#include "controller/serve/door_parts.h"
#include "providers/net/loop.h"

#include <errno.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/listener.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>

#define PAUSE_MS 1000
#define METHODS                                                                                    \
	(EVHTTP_REQ_GET | EVHTTP_REQ_POST | EVHTTP_REQ_PUT | EVHTTP_REQ_HEAD | EVHTTP_REQ_DELETE | \
		EVHTTP_REQ_OPTIONS | EVHTTP_REQ_PATCH)

int dg_door_place(
	const char *what, bool has_tls, struct dg_line_place *ret_place, struct dg_err *err)
{
	struct dg_line_place place;
	int r = dg_line_place_parse(what, &place, err);

	if (r < 0) {
		return r;
	}
	if (place.is_inet && !has_tls && !dg_line_place_is_loopback(&place)) {
		return dg_fail(err, DG_EINPUT,
			"--socket %.80s: without TLS only a Unix socket or an address of loopback "
			"is listened on; for other hosts add --tls-cert, --tls-key and "
			"--client-ca: the authority whose clients may connect",
			what);
	}
	if (!place.is_inet && has_tls) {
		return dg_fail(err, DG_EINPUT,
			"--socket %.80s: at a Unix socket the kernel says who connects; --tls-cert "
			"is for inet:ADDRESS:PORT",
			what);
	}
	if (place.key_file[0]) {
		return dg_fail(err, DG_EINPUT,
			"--socket: key-file= is for sensors; who may ask here is said by tokens");
	}
	*ret_place = place;
	return 0;
}

/* The one that has kept us waiting longest. NULL: all are being answered. */
static struct dg_visitor *slowest(const struct dg_door *d)
{
	struct dg_visitor *found = NULL;

	for (size_t i = 0; i < DG_DOOR_CONNECTIONS; i++) {
		struct dg_visitor *v = d->visitors[i];

		if (v && v->state != DG_VISITOR_BUSY && (!found || v->since_ms < found->since_ms)) {
			found = v;
		}
	}
	return found;
}

static void end_pause(void *arg)
{
	struct dg_door *d = arg;

	d->pause = NULL;
	(void)evconnlistener_enable(d->listener);
}

static void pause_ms(struct dg_door *d, int64_t ms)
{
	(void)evconnlistener_disable(d->listener);
	d->pause = dg_timer_cancel(d->pause);
	d->pause = dg_loop_after_ms(d->options.loop, ms, end_pause, d);
}

/* Somebody was accepted: the bufferevent that evhttp is to use for him. */
static struct bufferevent *on_connection(struct event_base *base, void *arg)
{
	struct dg_door *d = arg;
	size_t i = 0;

	(void)base;
	for (; i < DG_DOOR_CONNECTIONS && d->visitors[i];) {
		i++;
	}
	bool is_full = i == DG_DOOR_CONNECTIONS;
	struct dg_visitor *v = is_full ? slowest(d) : NULL;
	if (v) {
		i = v->slot;
		dg_visitor_leave(v);
	}
	v = dg_visitor_new(d, i, i == DG_DOOR_CONNECTIONS);
	if (is_full) {
		pause_ms(d, 0); /* descriptors are closed between two turns of the loop */
	}
	return v->bev;
}

static void on_accept_error(struct evconnlistener *listener, void *arg)
{
	(void)listener;
	if (errno == EMFILE || errno == ENFILE) {
		pause_ms(arg, PAUSE_MS);
	}
}

static void on_request(struct evhttp_request *q, void *arg)
{
	struct dg_door *d = arg;
	struct evhttp_connection *connection = evhttp_request_get_connection(q);
	const struct bufferevent *bev = evhttp_connection_get_bufferevent(connection);

	for (size_t i = 0; i <= DG_DOOR_CONNECTIONS; i++) {
		if (d->visitors[i] && d->visitors[i]->bev == bev) {
			dg_visitor_take(d->visitors[i], q);
			return;
		}
	}
	abort(); /* each has one */
}

static int listen_on(struct dg_door *d, struct dg_err *err)
{
	struct event_base *base = dg_loop_base(d->options.loop);

	d->http = evhttp_new(base);
	d->listener = evconnlistener_new(base, NULL, NULL, LEV_OPT_CLOSE_ON_EXEC, 0, d->fd);
	if (!d->http || !d->listener || !evhttp_bind_listener(d->http, d->listener)) {
		return dg_fail(err, DG_EIO, "cannot wait for connections");
	}
	evconnlistener_set_error_cb(d->listener, on_accept_error);
	evhttp_set_bevcb(d->http, on_connection, d);
	evhttp_set_gencb(d->http, on_request, d);
	evhttp_set_allowed_methods(d->http, METHODS);
	evhttp_set_max_headers_size(d->http, DG_REQUEST_HEAD_MAX);
	evhttp_set_max_body_size(d->http, (ev_ssize_t)d->options.body_max);
	return 0;
}

int dg_door_open(const struct dg_door_options *o, struct dg_door **ret_door, struct dg_err *err)
{
	struct dg_door *d = calloc(1, sizeof(*d));

	if (!d) {
		abort();
	}
	d->options = *o;
	d->options.tls = NULL;
	dg_door_set_tls(d, o->tls);
	d->fd = -1;
	int r = dg_line_listen(&d->options.place, &d->fd, err);
	if (r == 0 && !o->place.is_inet) {
		r = dg_line_give_to_group(&d->options.place, err);
	}
	r = r == 0 ? listen_on(d, err) : r;
	if (r < 0) {
		(void)dg_door_close(d);
		return r;
	}
	*ret_door = d;
	return 0;
}

void dg_door_set_tls(struct dg_door *d, struct ssl_ctx_st *tls)
{
	if (tls) {
		(void)SSL_CTX_up_ref(tls);
	}
	(void)dg_tls_free(d->options.tls);
	d->options.tls = tls;
}

struct dg_door *dg_door_close(struct dg_door *d)
{
	if (!d) {
		return NULL;
	}
	for (size_t i = 0; i <= DG_DOOR_CONNECTIONS; i++) {
		dg_visitor_leave(d->visitors[i]);
	}
	d->pause = dg_timer_cancel(d->pause);
	if (d->http) {
		evhttp_free(d->http); /* and the listener */
	}
	dg_line_unlisten(&d->options.place, d->fd);
	(void)dg_tls_free(d->options.tls);
	free(d);
	return NULL;
}
