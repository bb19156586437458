/* One connection: what evhttp does with it, and what it does not (controller/serve/door.h). */
#include "controller/serve/door_parts.h"

#include "providers/net/loop.h"
#include "zones/base/arena.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/http_struct.h>
#include <event2/keyvalq_struct.h>
#include <fcntl.h>
#include <netdb.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define LEAVE_MS     2000
#define LATE_MAX     (4u << 20)
#define CHUNK        4096u
#define FIRST_LINE   16u /* "HTTP/1.1 400 Bad" */
#define BAD          400
#define TOO_LATE     408
#define TOO_LARGE    413
#define NOT_EXPECTED 417
#define HEAD_TOO_BIG 431
#define NOT_KNOWN    501

static void on_deadline(void *arg);

static void wait_ms(struct dg_visitor *v, int64_t ms)
{
	struct dg_loop *l = v->door->options.loop;

	v->deadline = dg_timer_cancel(v->deadline);
	v->deadline = dg_loop_after_ms(l, ms, on_deadline, v);
	v->since_ms = dg_loop_mono_ms(l);
}

static void forget(struct dg_visitor *v)
{
	v->door->visitors[v->slot] = NULL;
	v->soon = dg_timer_cancel(v->soon);
	v->deadline = dg_timer_cancel(v->deadline);
	if (v->late) {
		event_free(v->late);
		(void)close(v->fd);
	}
	dg_arena_free(v->call.arena);
	free(v);
}

/* --- what comes --------------------------------------------------------------------------------- */
static void look(struct dg_visitor *v, struct evbuffer *b, size_t at, size_t len)
{
	bool is_first = v->sieve.n == 0 && len > 0;
	bool was_whole = v->sieve.is_whole;
	struct evbuffer_ptr place;
	struct evbuffer_iovec part;

	while (len > 0 && !v->sieve.is_whole &&
		evbuffer_ptr_set(b, &place, at, EVBUFFER_PTR_SET) == 0 &&
		evbuffer_peek(b, (ev_ssize_t)len, &place, &part, 1) > 0 && part.iov_len > 0) {
		size_t n = part.iov_len < len ? part.iov_len : len;

		(void)dg_sieve_put(&v->sieve, part.iov_base, n);
		at += n;
		len -= n;
	}
	if (v->sieve.is_whole && !was_whole) {
		wait_ms(v, DG_DOOR_BODY_MS);
	} else if (is_first) {
		wait_ms(v, DG_DOOR_HEAD_MS);
	}
}

/* Before evhttp sees it. */
static void on_input(struct evbuffer *b, const struct evbuffer_cb_info *info, void *arg)
{
	struct dg_visitor *v = arg;

	if (info->n_added > 0 && v->state == DG_VISITOR_READING) {
		look(v, b, evbuffer_get_length(b) - info->n_added, info->n_added);
	}
}

static void make_call(struct dg_visitor *v)
{
	SSL *ssl = bufferevent_openssl_get_ssl(v->bev);

	if (!v->call.arena) {
		v->call.arena = dg_arena_new(DG_DOOR_CALL_MAX);
	}
	if (ssl && v->certificate.sha256[0] == '\0') {
		dg_tls_name(ssl, &v->certificate);
	}
	v->call.from = v->from;
	v->call.certificate = ssl ? &v->certificate : NULL;
	v->call.is_owner = v->is_owner;
	v->call.internal = v;
	v->state = DG_VISITOR_BUSY;
	v->deadline = dg_timer_cancel(v->deadline);
}

static void refuse(struct dg_visitor *v, int status, const char *why)
{
	v->is_last = true; /* where the next request would begin is not known */
	v->door->options.refuse(v->door->options.arg, &v->call, status, why);
}

static const char *method_of(const struct evhttp_request *q)
{
	static const struct {
		enum evhttp_cmd_type type;
		const char *text;
	} methods[] = {{EVHTTP_REQ_GET, "GET"}, {EVHTTP_REQ_POST, "POST"}, {EVHTTP_REQ_PUT, "PUT"},
		{EVHTTP_REQ_HEAD, "HEAD"}, {EVHTTP_REQ_DELETE, "DELETE"},
		{EVHTTP_REQ_OPTIONS, "OPTIONS"}, {EVHTTP_REQ_PATCH, "PATCH"}};

	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		if (methods[i].type == evhttp_request_get_command(q)) {
			return methods[i].text;
		}
	}
	return ""; /* evhttp refuses the others */
}

static int judge(struct dg_visitor *v, struct evhttp_request *q, const char **ret_why)
{
	struct dg_call *c = &v->call;
	const struct evkeyvalq *headers = evhttp_request_get_input_headers(q);
	struct evbuffer *body = evhttp_request_get_input_buffer(q);
	int status = dg_request_octets(&v->sieve, ret_why);

	c->body_len = evbuffer_get_length(body);
	c->body = c->body_len > 0 ? (const char *)evbuffer_pullup(body, -1) : "";
	if (!c->body) {
		abort();
	}
	status = status == 0 ? dg_request_version(q->major, q->minor, ret_why) : status;
	for (const struct evkeyval *h = headers->tqh_first; h && status == 0;
		h = h->next.tqe_next) {
		status = dg_request_header(&c->request, h->key, h->value, ret_why);
	}
	return status == 0 ? dg_request_judge(&c->request, method_of(q), evhttp_request_get_uri(q),
				     c->body_len, ret_why)
			   : status;
}

/* --- who connects ------------------------------------------------------------------------------- */
static void name_peer(struct dg_visitor *v, int fd)
{
	struct ucred who = {.uid = (uid_t)-1};
	socklen_t n = sizeof(who);

	if (v->door->options.place.is_inet) {
		struct sockaddr_storage at;
		socklen_t n_at = sizeof(at);

		if (getpeername(fd, (struct sockaddr *)&at, &n_at) != 0 ||
			getnameinfo((const struct sockaddr *)&at, n_at, v->from, sizeof(v->from),
				NULL, 0, NI_NUMERICHOST) != 0) {
			memcpy(v->from, "somewhere", sizeof("somewhere"));
		}
	} else if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &n) == 0) {
		(void)snprintf(v->from, sizeof(v->from), "uid %u", (unsigned)who.uid);
		v->is_owner = who.uid == 0 || who.uid == geteuid();
	}
}

/* Everything is said; what still comes is read and dropped, so that no reset overtakes the answer. */
static void on_late(evutil_socket_t fd, short what, void *arg)
{
	struct dg_visitor *v = arg;
	char chunk[CHUNK];
	ssize_t n = recv(fd, chunk, sizeof(chunk), 0);

	(void)what;
	v->n_late += n > 0 ? (size_t)n : 0;
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR) || v->n_late > LATE_MAX) {
		forget(v);
	}
}

/* evhttp is about to close its descriptor: one more is ours. 0: then there is no hurry. */
static int linger(struct dg_visitor *v)
{
	SSL *ssl = bufferevent_openssl_get_ssl(v->bev);

	if (ssl) { /* close_notify (RFC 8446 section 6.1) */
		(void)SSL_shutdown(ssl);
	}
	v->fd = fcntl(bufferevent_getfd(v->bev), F_DUPFD_CLOEXEC, 0);
	if (v->fd < 0) {
		return -1;
	}
	v->late = event_new(
		dg_loop_base(v->door->options.loop), v->fd, EV_READ | EV_PERSIST, on_late, v);
	if (!v->late || event_add(v->late, NULL) != 0) {
		abort();
	}
	v->bev = NULL; /* evhttp's, and its address may soon be another one's */
	v->state = DG_VISITOR_LEAVING;
	wait_ms(v, LEAVE_MS);
	return 0;
}

static void on_output(struct evbuffer *b, const struct evbuffer_cb_info *info, void *arg);

/* evhttp lets go of the connection. */
static void on_close(struct evhttp_connection *connection, void *arg)
{
	struct dg_visitor *v = arg;
	struct evbuffer *out = bufferevent_get_output(v->bev);

	(void)connection;
	v->connection = NULL;
	v->soon = dg_timer_cancel(v->soon);
	(void)evbuffer_remove_cb(bufferevent_get_input(v->bev), on_input, v);
	(void)evbuffer_remove_cb(out, on_output, v);
	bool is_said = v->state == DG_VISITOR_WRITING && v->is_last && !v->is_dropped &&
		       evbuffer_get_length(out) == 0;
	if (!is_said || linger(v) != 0) {
		forget(v);
	}
}

/* evhttp has made its connection of the bufferevent, or failed to. */
static void meet(struct dg_visitor *v)
{
	void *connection = NULL;

	v->soon = dg_timer_cancel(v->soon);
	v->is_met = true;
	bufferevent_getcb(v->bev, NULL, NULL, NULL, &connection);
	if (connection) {
		v->connection = connection;
		evhttp_connection_set_closecb(v->connection, on_close, v);
		name_peer(v, bufferevent_getfd(v->bev));
	} else {
		(void)evbuffer_remove_cb(bufferevent_get_input(v->bev), on_input, v);
		(void)evbuffer_remove_cb(bufferevent_get_output(v->bev), on_output, v);
	}
	(void)bufferevent_decref(v->bev);
}

void dg_visitor_leave(struct dg_visitor *v)
{
	if (!v) {
		return;
	}
	v->is_dropped = true;
	if (!v->is_met) {
		meet(v);
	}
	if (v->connection) {
		evhttp_connection_free(v->connection); /* calls on_close() */
	} else {
		forget(v);
	}
}

/* 0: go on with it; 1: it is gone. */
static int welcome(struct dg_visitor *v)
{
	meet(v);
	if (v->connection && !v->is_unwelcome &&
		dg_line_peer_is_allowed(&v->door->options.place, bufferevent_getfd(v->bev))) {
		return 0;
	}
	dg_visitor_leave(v);
	return 1;
}

static void on_said(struct bufferevent *bev, void *arg)
{
	struct dg_visitor *v = arg;

	(void)bev;
	evhttp_connection_free(v->connection); /* calls on_close() */
}

static void on_lost(struct bufferevent *bev, short what, void *arg)
{
	(void)bev;
	(void)what;
	dg_visitor_leave(arg);
}

/* The last answer stands in the buffer. evhttp would take the end of what the client sends for the end of the connection, and go on after a
 * CONNECT: it has no part in this any more. */
static void finish(struct dg_visitor *v)
{
	bufferevent_setcb(v->bev, NULL, on_said, on_lost, v);
	(void)bufferevent_disable(v->bev, EV_READ);
	(void)bufferevent_enable(v->bev, EV_WRITE);
	if (evbuffer_get_length(bufferevent_get_output(v->bev)) == 0) {
		on_said(v->bev, v);
	}
}

static void on_soon(void *arg)
{
	struct dg_visitor *v = arg;

	v->soon = NULL;
	if (!v->is_met) {
		(void)welcome(v);
	} else {
		finish(v);
	}
}

struct dg_visitor *dg_visitor_new(struct dg_door *d, size_t slot, bool is_unwelcome)
{
	struct dg_visitor *v = calloc(1, sizeof(*v));
	struct event_base *base = dg_loop_base(d->options.loop);
	SSL *ssl = d->options.tls ? SSL_new(d->options.tls) : NULL;

	if (!v || (d->options.tls && !ssl)) {
		abort();
	}
	*v = (struct dg_visitor){
		.door = d, .slot = slot, .is_unwelcome = is_unwelcome, .is_owner = false};
	/* Without one evhttp would make one of its own, without TLS. */
	v->bev = ssl ? bufferevent_openssl_socket_new(
			       base, -1, ssl, BUFFEREVENT_SSL_ACCEPTING, BEV_OPT_CLOSE_ON_FREE)
		     : bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE);
	if (!v->bev || !evbuffer_add_cb(bufferevent_get_input(v->bev), on_input, v) ||
		!evbuffer_add_cb(bufferevent_get_output(v->bev), on_output, v)) {
		abort();
	}
	bufferevent_incref(v->bev); /* until meet() */
	bufferevent_setwatermark(
		v->bev, EV_READ, 0, 2 * (size_t)DG_REQUEST_HEAD_MAX + d->options.body_max);
	d->visitors[slot] = v;
	v->soon = dg_loop_after_ms(d->options.loop, 0, on_soon, v);
	wait_ms(v, ssl ? DG_DOOR_HEAD_MS : DG_DOOR_IDLE_MS);
	return v;
}

void dg_visitor_take(struct dg_visitor *v, struct evhttp_request *q)
{
	const char *why = "";

	if (!v->is_met && welcome(v) != 0) {
		return;
	}
	make_call(v);
	v->request = q;
	q->flags &= ~EVHTTP_PROXY_REQUEST; /* by an absolute form: nothing is a proxy here */
	int status = judge(v, q, &why);
	v->is_last = v->call.request.is_last;
	if (status != 0) {
		refuse(v, status, why);
	} else {
		v->door->options.take(v->door->options.arg, &v->call);
	}
}

/* --- answers ------------------------------------------------------------------------------------ */
/* The answer is out, and the connection stays: what was sent ahead is the beginning of the next request. */
void dg_visitor_answered(struct evhttp_request *q, void *arg)
{
	struct dg_visitor *v = arg;
	struct evbuffer *in = bufferevent_get_input(v->bev);

	(void)q;
	if (v->is_last) {
		return; /* on_close() follows */
	}
	v->call.arena = dg_arena_free(v->call.arena);
	v->call = (struct dg_call){.arena = NULL};
	v->sieve = (struct dg_sieve){.n = 0};
	v->state = DG_VISITOR_READING;
	wait_ms(v, DG_DOOR_IDLE_MS);
	look(v, in, 0, evbuffer_get_length(in));
}

void dg_door_answer(struct dg_call *c, int status, const char *type, struct dg_door_header header,
	const char *body, size_t len)
{
	struct dg_visitor *v = c->internal;

	v->state = DG_VISITOR_WRITING;
	wait_ms(v, DG_DOOR_BODY_MS);
	if (v->is_raw) {
		dg_reply_put_raw(v, status, type, body, len);
	} else {
		dg_reply_put(v, status, type, header, body, len);
	}
}

static void refuse_raw(struct dg_visitor *v, int status, const char *why)
{
	v->is_raw = true;
	make_call(v);
	refuse(v, status, why);
}

static const char *why_of(int status)
{
	switch (status) {
	case TOO_LARGE:
		return "the body is too large";
	case NOT_EXPECTED:
		return "that is not expected of a server";
	case HEAD_TOO_BIG:
		return "the head is too large";
	case NOT_KNOWN:
		return "that method is not known";
	default:
		return "that is no request of HTTP/1.1";
	}
}

/* evhttp begins to speak. When it is an error of its own, in HTML, our problem takes the place of its first line, and the buffer is shut for the
 * rest of it. The connection ends with it in any case. */
static void on_output(struct evbuffer *b, const struct evbuffer_cb_info *info, void *arg)
{
	struct dg_visitor *v = arg;
	bool is_plain = v->door->options.tls == NULL;
	char line[FIRST_LINE + 1] = "";

	if (info->n_added == 0 || info->orig_size > 0 || v->state != DG_VISITOR_READING) {
		return;
	}
	if (is_plain) { /* the front of a socket's buffer is the socket's */
		(void)evbuffer_unfreeze(b, 1);
	}
	(void)evbuffer_copyout(b, line, FIRST_LINE);
	const char *code = strchr(line, ' ');
	long status = code ? strtol(code, NULL, 10) : 0;
	if (status >= BAD) {
		bool is_long = status == BAD && v->sieve.n > DG_REQUEST_HEAD_MAX;

		status = is_long ? HEAD_TOO_BIG : status;
		(void)evbuffer_drain(b, evbuffer_get_length(b));
		refuse_raw(v, (int)status, why_of((int)status));
		(void)evbuffer_freeze(b, 0);
		v->soon = dg_timer_cancel(v->soon);
		v->soon = dg_loop_after_ms(v->door->options.loop, 0, on_soon, v);
	}
	if (is_plain) {
		(void)evbuffer_freeze(b, 1);
	}
}

/* --- too slow ----------------------------------------------------------------------------------- */
static void on_deadline(void *arg)
{
	struct dg_visitor *v = arg;
	SSL *ssl = v->bev ? bufferevent_openssl_get_ssl(v->bev) : NULL;

	bool is_reading = v->state == DG_VISITOR_READING && v->connection;

	v->deadline = NULL;
	if (is_reading &&
		v->sieve.n > 0) { /* evhttp is in the middle of it: this is said without it */
		refuse_raw(v, TOO_LATE, "the request took too long");
		finish(v);
	} else if (is_reading && ssl && !v->has_shaken && SSL_is_init_finished(ssl)) {
		v->has_shaken = true;
		wait_ms(v, DG_DOOR_IDLE_MS);
	} else {
		dg_visitor_leave(v);
	}
}
