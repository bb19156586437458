/* One connection: requests in, answers out, never waiting for long. */
#include "controller/serve/door_parts.h"

#include "providers/net/loop.h"
#include "zones/base/arena.h"
#include "zones/base/buf.h"

#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define IN_FIRST     4096u
#define KEEP_MAX     (64u << 10) /* of a large buffer between two requests */
#define LEAVE_MS     2000
#define DROPPED_MAX  (4u << 20)
#define ANSWER_MAX   ((size_t)64 << 20)
#define TOO_LARGE    413
#define TOO_LATE     408
#define HEAD_TOO_BIG 431

static const char *reason(int status)
{
	static const struct {
		int status;
		const char *text;
	} reasons[] = {{200, "OK"}, {202, "Accepted"}, {400, "Bad Request"}, {401, "Unauthorized"},
		{403, "Forbidden"}, {404, "Not Found"}, {405, "Method Not Allowed"},
		{408, "Request Timeout"}, {409, "Conflict"}, {413, "Content Too Large"},
		{414, "URI Too Long"}, {415, "Unsupported Media Type"}, {417, "Expectation Failed"},
		{422, "Unprocessable Content"}, {429, "Too Many Requests"},
		{431, "Request Header Fields Too Large"}, {500, "Internal Server Error"},
		{501, "Not Implemented"}, {503, "Service Unavailable"},
		{505, "HTTP Version Not Supported"}};

	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		if (reasons[i].status == status) {
			return reasons[i].text;
		}
	}
	return "Unknown";
}

void dg_visitor_leave(struct dg_visitor *v)
{
	if (!v) {
		return;
	}
	v->door->visitors[v->slot] = NULL;
	v->deadline = dg_timer_cancel(v->deadline);
	if (v->readable) {
		event_free(v->readable);
	}
	if (v->writable) {
		event_free(v->writable);
	}
	(void)close(v->fd);
	dg_arena_free(v->call.arena);
	free(v->in);
	free(v->out);
	free(v);
}

static void on_deadline(void *arg);

static void wait_ms(struct dg_visitor *v, int64_t ms)
{
	struct dg_loop *l = v->door->options.loop;

	v->deadline = dg_timer_cancel(v->deadline);
	v->deadline = dg_loop_after_ms(l, ms, on_deadline, v);
	v->since_ms = dg_loop_mono_ms(l);
}

/* --- requests ----------------------------------------------------------------------------------- */
/* From here on the visitor is not read from until it is answered. */
static void make_busy(struct dg_visitor *v)
{
	v->state = DG_VISITOR_BUSY;
	v->deadline = dg_timer_cancel(v->deadline);
	(void)event_del(v->readable);
}

static void make_call(struct dg_visitor *v)
{
	if (!v->call.arena) {
		v->call.arena = dg_arena_new(DG_DOOR_CALL_MAX);
	}
	v->call.from = v->from;
	v->call.is_owner = v->is_owner;
	v->call.internal = v;
}

static void refuse(struct dg_visitor *v, int status, const char *why)
{
	make_call(v);
	make_busy(v);
	v->is_last = true; /* where the next request would begin is not known */
	v->door->options.refuse(v->door->options.arg, &v->call, status, why);
}

static void on_deadline(void *arg)
{
	struct dg_visitor *v = arg;

	v->deadline = NULL;
	if (v->state == DG_VISITOR_READING && v->n_in > 0) {
		refuse(v, TOO_LATE, "the request took too long");
	} else {
		dg_visitor_leave(v);
	}
}

/* The head is whole. 0: go on with its body; 1: it was refused. */
static int take_head(struct dg_visitor *v)
{
	static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
	const char *why = "";

	make_call(v);
	char *text = dg_memdup(v->call.arena, v->in, v->n_head);
	int status = dg_head_parse(text, v->n_head, &v->call.head, &why);
	if (status == 0 && v->call.head.body_len > v->door->options.body_max) {
		status = TOO_LARGE;
		why = "the body is too large";
	}
	if (status != 0) {
		refuse(v, status, why);
		return 1;
	}
	v->is_last = v->call.head.is_last;
	if (v->call.head.wants_to_know && v->n_in < v->n_head + v->call.head.body_len) {
		(void)send(v->fd, go_on, sizeof(go_on) - 1, MSG_NOSIGNAL);
	}
	wait_ms(v, DG_DOOR_BODY_MS);
	return 0;
}

/* What is there may be a whole request. */
static void look(struct dg_visitor *v)
{
	if (v->n_in == 0) {
		return;
	}
	if (v->n_head == 0) {
		size_t n = v->n_in < DG_HEAD_MAX ? v->n_in : DG_HEAD_MAX;

		v->n_head = dg_head_end(v->in, n);
		if (v->n_head == 0) {
			if (n == DG_HEAD_MAX) {
				refuse(v, HEAD_TOO_BIG, "the head is too large");
			}
			return;
		}
		if (take_head(v) != 0) {
			return;
		}
	}
	if (v->n_in - v->n_head >= v->call.head.body_len) {
		v->call.body = v->in + v->n_head;
		v->call.body_len = v->call.head.body_len;
		make_busy(v);
		v->door->options.take(v->door->options.arg, &v->call);
	}
}

static int make_room(struct dg_visitor *v)
{
	size_t max = DG_HEAD_MAX + v->door->options.body_max + 1;
	size_t cap = v->cap_in > 0 ? v->cap_in : IN_FIRST;

	while (cap < max && v->n_in == cap) {
		cap *= 2;
	}
	cap = cap < max ? cap : max;
	if (cap > v->cap_in) {
		char *grown = realloc(v->in, cap);

		if (!grown) {
			return -1;
		}
		v->in = grown;
		v->cap_in = cap;
	}
	return v->n_in < v->cap_in ? 0 : -1;
}

/* Everything is said; what still comes is read and dropped, so that no reset overtakes the answer. */
static void drop(struct dg_visitor *v)
{
	char chunk[IN_FIRST];
	ssize_t n = recv(v->fd, chunk, sizeof(chunk), 0);

	v->n_dropped += n > 0 ? (size_t)n : 0;
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR) || v->n_dropped > DROPPED_MAX) {
		dg_visitor_leave(v);
	}
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct dg_visitor *v = arg;

	(void)what;
	if (v->state == DG_VISITOR_LEAVING) {
		drop(v);
		return;
	}
	if (make_room(v) != 0) {
		dg_visitor_leave(v);
		return;
	}
	ssize_t n = recv(fd, v->in + v->n_in, v->cap_in - v->n_in, 0);
	if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
		return;
	}
	if (n <= 0) {
		dg_visitor_leave(v);
		return;
	}
	if (v->n_in == 0) {
		wait_ms(v, DG_DOOR_HEAD_MS);
	}
	v->n_in += (size_t)n;
	look(v);
}

/* --- answers ------------------------------------------------------------------------------------ */
static void say_goodbye(struct dg_visitor *v)
{
	v->state = DG_VISITOR_LEAVING;
	(void)shutdown(v->fd, SHUT_WR);
	wait_ms(v, LEAVE_MS);
	(void)event_add(v->readable, NULL);
}

static void begin_next(struct dg_visitor *v)
{
	size_t used = v->n_head + v->call.head.body_len;

	v->n_in -= used;
	memmove(v->in, v->in + used, v->n_in);
	if (v->cap_in > KEEP_MAX && v->n_in < KEEP_MAX) {
		char *less = realloc(v->in, KEEP_MAX);

		if (less) {
			v->in = less;
			v->cap_in = KEEP_MAX;
		}
	}
	v->n_head = 0;
	v->call.arena = dg_arena_free(v->call.arena);
	v->call = (struct dg_call){.arena = NULL};
	v->state = DG_VISITOR_READING;
	wait_ms(v, v->n_in > 0 ? DG_DOOR_HEAD_MS : DG_DOOR_IDLE_MS);
	(void)event_add(v->readable, NULL);
	if (v->n_in >
		0) { /* in the next turn: who sends many ahead does not keep the others waiting */
		event_active(v->writable, EV_WRITE, 0);
	}
}

static void push(struct dg_visitor *v)
{
	while (v->at_out < v->n_out) {
		ssize_t n = send(v->fd, v->out + v->at_out, v->n_out - v->at_out, MSG_NOSIGNAL);

		if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
			(void)event_add(v->writable, NULL);
			return;
		}
		if (n <= 0) {
			dg_visitor_leave(v);
			return;
		}
		v->at_out += (size_t)n;
	}
	free(v->out);
	v->out = NULL;
	if (v->is_last) {
		say_goodbye(v);
	} else {
		begin_next(v);
	}
}

static void take_more(struct dg_visitor *v)
{
	if (v->state == DG_VISITOR_WRITING) {
		push(v);
	} else if (v->state == DG_VISITOR_READING) {
		look(v);
	}
}

static void on_writable(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	take_more(arg);
}

static const char *date(int64_t now, char buf[64])
{
	time_t when = (time_t)now;
	struct tm tm;

	if (!gmtime_r(&when, &tm) || strftime(buf, 64, "%a, %d %b %Y %H:%M:%S GMT", &tm) == 0) {
		buf[0] = '\0';
	}
	return buf;
}

void dg_door_answer(struct dg_call *c, int status, const char *type, const char *headers,
	const char *body, size_t len)
{
	struct dg_visitor *v = c->internal;
	char when[64];
	struct dg_buf b;

	dg_buf_init(&b, ANSWER_MAX);
	dg_buf_printf(&b,
		"HTTP/1.1 %d %s\r\nDate: %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n"
		"Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n%s%s\r\n",
		status, reason(status), date(dg_loop_now(v->door->options.loop), when), type, len,
		headers, v->is_last ? "Connection: close\r\n" : "");
	dg_buf_put(&b, body, len);
	v->out = b.data; /* taken over */
	v->n_out = b.len;
	v->at_out = 0;
	v->state = DG_VISITOR_WRITING;
	wait_ms(v, DG_DOOR_BODY_MS);
	(void)event_active(v->writable, EV_WRITE, 0); /* whoever answers is not in our hands */
}

int dg_visitor_begin(struct dg_visitor *v)
{
	struct event_base *base = dg_loop_base(v->door->options.loop);

	v->readable = event_new(base, v->fd, EV_READ | EV_PERSIST, on_readable, v);
	v->writable = event_new(base, v->fd, EV_WRITE, on_writable, v);
	if (!v->readable || !v->writable || event_add(v->readable, NULL) != 0) {
		return -1;
	}
	wait_ms(v, DG_DOOR_IDLE_MS);
	return 0;
}
