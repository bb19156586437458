/* tests/unit/providers/http_unit.h: one request to a server that plays a script. */
#pragma once

#include "providers/net/http.h"
#include "tests/unit/providers/fakehttp.h"

#define SECRET "X-API-Key: s3cr3t-t0ken"

struct scene {
	struct dg_loop *loop;
	struct dg_http *http;
	struct fake_http *server;
	struct dg_http_request request;
	struct dg_timer *guard;
	char url[128];
	int rc;
	unsigned n_done, n_expected;
	bool is_in_send;
};

static inline void on_done(struct dg_http_request *r, int rc)
{
	struct scene *s = r->arg;

	assert_false(s->is_in_send);
	s->rc = rc;
	if (++s->n_done == s->n_expected) {
		dg_loop_stop(s->loop);
	}
}

static inline void on_guard(void *arg)
{
	(void)arg;
	fail_msg("no callback within 120 s");
}

static inline struct scene *scene_new(
	void (*play)(struct fake_http *f, const char *request, struct fake_answer *answer))
{
	struct scene *s = calloc(1, sizeof(*s));
	struct dg_err err;

	assert_non_null(s);
	s->server = calloc(1, sizeof(*s->server));
	assert_non_null(s->server);
	assert_int_equal(dg_loop_new(NULL, &s->loop, &err), 0);
	assert_int_equal(dg_http_new(s->loop, &s->http, &err), 0);
	fake_start(s->server, s->loop, play, s);
	(void)snprintf(s->url, sizeof(s->url), "http://127.0.0.1:%u/zones/x", s->server->port);
	s->request = (struct dg_http_request){
		.method = "GET",
		.url = s->url,
		.secret_header = SECRET,
		.timeout_ms = 30000,
		.done = on_done,
		.arg = s,
	};
	s->n_expected = 1;
	s->guard = dg_loop_after_ms(s->loop, 120000, on_guard, s);
	return s;
}

static inline void send_request(struct scene *s, struct dg_http_request *r)
{
	s->is_in_send = true;
	dg_http_send(s->http, r);
	s->is_in_send = false;
}

static inline void run(struct scene *s)
{
	send_request(s, &s->request);
	dg_loop_run(s->loop);
	assert_int_equal(s->n_done, 1);
	if (s->rc < 0) {
		assert_int_equal(s->rc, (int)s->request.err.rc);
		assert_null(strstr(s->request.err.text, "s3cr3t"));
	}
}

static inline void scene_free(struct scene *s)
{
	(void)dg_timer_cancel(s->guard);
	dg_http_request_done(&s->request);
	(void)dg_http_free(s->http);
	fake_stop(s->server);
	(void)dg_loop_free(s->loop);
	free(s->server);
	free(s);
}

static inline void play_ok(struct fake_http *f, const char *request, struct fake_answer *answer)
{
	(void)f;
	(void)request;
	answer->bytes = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
	answer->stays_open = true;
}

static inline void play_garbage(
	struct fake_http *f, const char *request, struct fake_answer *answer)
{
	(void)f;
	(void)request;
	answer->bytes = "\x1b[31mSSH-2.0-OpenSSH\r\n\r\n";
}
