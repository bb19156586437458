/* HTTP on the loop: what comes back, what is refused, what a hostile or broken server can do. */
#include "tests/unit/unit.h"

#include "tests/unit/providers/http_unit.h"

static void test_get(void **state)
{
	struct scene *s = scene_new(play_ok);
	static const char *const headers[] = {"Accept: application/json", NULL};

	(void)state;
	s->request.headers = headers;
	run(s);
	assert_int_equal(s->rc, 0);
	assert_int_equal(s->request.status, 200);
	assert_int_equal(s->request.reply_len, 5);
	assert_string_equal(s->request.reply, "hello");
	assert_true(s->request.was_sent);
	assert_non_null(strstr(s->server->last, "GET /zones/x HTTP/1.1\r\n"));
	assert_non_null(strstr(s->server->last, SECRET "\r\n"));
	assert_non_null(strstr(s->server->last, "Accept: application/json\r\n"));
	scene_free(s);
}

static void play_patch(struct fake_http *f, const char *request, struct fake_answer *answer)
{
	(void)f;
	(void)request;
	answer->bytes = "HTTP/1.1 429 Slow down\r\nRetry-After: 17\r\nContent-Length: 0\r\n\r\n";
}

static void test_patch_and_retry_after(void **state)
{
	struct scene *s = scene_new(play_patch);

	(void)state;
	s->request.method = "PATCH";
	s->request.body = "{\"rrsets\":[]}";
	s->request.body_len = strlen(s->request.body);
	run(s);
	assert_int_equal(s->rc, 0);
	assert_int_equal(s->request.status, 429);
	assert_int_equal(s->request.retry_after_s, 17);
	assert_string_equal(s->request.reply, "");
	assert_non_null(strstr(s->server->last, "PATCH /zones/x HTTP/1.1\r\n"));
	assert_non_null(strstr(s->server->last, "\r\n\r\n{\"rrsets\":[]}"));
	assert_null(strstr(s->server->last, "Expect:"));
	scene_free(s);
}

static void play_redirect(struct fake_http *f, const char *request, struct fake_answer *answer)
{
	(void)request;
	(void)snprintf(f->answer, sizeof(f->answer),
		"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:%u/other\r\nContent-Length: "
		"0\r\n\r\n",
		f->port);
	answer->bytes = f->answer;
}

static void test_no_redirect(void **state)
{
	struct scene *s = scene_new(play_redirect);

	(void)state;
	run(s);
	assert_int_equal(s->rc, 0);
	assert_int_equal(s->request.status, 302);
	assert_int_equal(s->server->n_requests, 1);
	scene_free(s);
}

static void play_close(struct fake_http *f, const char *request, struct fake_answer *answer)
{
	(void)f;
	(void)request;
	(void)answer;
}

static void test_closed_without_answer(void **state)
{
	struct scene *s = scene_new(play_close);

	(void)state;
	s->request.method = "PATCH";
	s->request.body = "{}";
	s->request.body_len = 2;
	run(s);
	assert_int_equal(s->rc, DG_EIO);
	assert_true(s->request.was_sent);
	assert_int_equal(s->server->n_requests, 1);
	scene_free(s);
}

static void play_once_then_close(
	struct fake_http *f, const char *request, struct fake_answer *answer)
{
	if (f->n_requests == 1) {
		play_ok(f, request, answer);
	}
}

/* libcurl repeats a request on a kept connection that dies; a PATCH must not be repeated. */
static void test_patch_is_not_repeated(void **state)
{
	struct scene *s = scene_new(play_once_then_close);

	(void)state;
	run(s);
	assert_int_equal(s->rc, 0);
	dg_http_request_done(&s->request);
	s->n_done = 0;
	s->request.method = "PATCH";
	s->request.body = "{}";
	s->request.body_len = 2;
	run(s);
	assert_int_equal(s->rc, DG_EIO);
	assert_true(s->request.was_sent);
	assert_int_equal(s->server->n_requests, 2);
	scene_free(s);
}

static void play_silent(struct fake_http *f, const char *request, struct fake_answer *answer)
{
	(void)f;
	(void)request;
	answer->stays_open = true;
}

static void test_timeout(void **state)
{
	struct scene *s = scene_new(play_silent);

	(void)state;
	s->request.timeout_ms = 1500;
	run(s);
	assert_int_equal(s->rc, DG_EIO);
	assert_true(s->request.was_sent);
	assert_non_null(strstr(s->request.err.text, "no complete answer within 1500 ms"));
	scene_free(s);
}

static void test_refused(void **state)
{
	struct scene *s = scene_new(play_ok);

	(void)state;
	fake_stop(s->server);
	run(s);
	assert_int_equal(s->rc, DG_EIO);
	assert_false(s->request.was_sent);
	assert_non_null(strstr(s->request.err.text, "GET http://127.0.0.1:"));
	scene_free(s);
}

static void play_large(struct fake_http *f, const char *request, struct fake_answer *answer)
{
	(void)request;
	int n = snprintf(f->answer, sizeof(f->answer), "HTTP/1.1 200 OK\r\n\r\n");
	memset(f->answer + n, 'x', 20000);
	answer->bytes = f->answer;
	answer->len = (size_t)n + 20000;
}

static void test_too_large(void **state)
{
	struct scene *s = scene_new(play_large);

	(void)state;
	s->request.reply_max = 19999;
	run(s);
	assert_int_equal(s->rc, DG_ELIMIT);
	scene_free(s);

	s = scene_new(play_large);
	s->request.reply_max = 20000;
	run(s);
	assert_int_equal(s->rc, 0);
	assert_int_equal(s->request.reply_len, 20000);
	scene_free(s);
}

static void play_announced(struct fake_http *f, const char *request, struct fake_answer *answer)
{
	(void)f;
	(void)request;
	answer->bytes = "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\nx";
	answer->stays_open = true;
}

static void test_announced_too_large(void **state)
{
	struct scene *s = scene_new(play_announced);

	(void)state;
	run(s);
	assert_int_equal(s->rc, DG_ELIMIT);
	scene_free(s);
}

static void play_cut(struct fake_http *f, const char *request, struct fake_answer *answer)
{
	(void)f;
	(void)request;
	answer->bytes = "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello";
}

static void test_broken_answers(void **state)
{
	struct scene *s = scene_new(play_cut);

	(void)state;
	run(s);
	assert_int_equal(s->rc, DG_EIO);
	scene_free(s);

	s = scene_new(play_garbage);
	run(s);
	assert_true(s->rc < 0);
	assert_null(strchr(s->request.err.text, '\x1b'));
	scene_free(s);
}

static void check_refused_url(const char *url, int rc, const char *words)
{
	struct scene *s = scene_new(play_ok);

	s->request.url = url;
	run(s);
	assert_int_equal(s->rc, rc);
	assert_false(s->request.was_sent);
	if (!strstr(s->request.err.text, words)) {
		fail_msg("%s: %s", url, s->request.err.text);
	}
	scene_free(s);
}

static void test_refused_urls(void **state)
{
	(void)state;
	check_refused_url("http://192.0.2.1:8081/", DG_EPOLICY, "plain http");
	check_refused_url("http://127.0.0.1.example.com/", DG_EPOLICY, "plain http");
	check_refused_url("file:///etc/passwd", DG_EINPUT, "http");
	check_refused_url("gopher://127.0.0.1/", DG_EINPUT, "expected http or https");
	check_refused_url("http://user:hunter2@127.0.0.1/", DG_EINPUT, "user name or password");
	check_refused_url("http://", DG_EINPUT, "not a URL");
	check_refused_url("", DG_EINPUT, "not a URL");
}

static void test_header_injection(void **state)
{
	struct scene *s = scene_new(play_ok);
	static const char *const headers[] = {"Accept: x\r\nX-Other: y", NULL};

	(void)state;
	s->request.headers = headers;
	run(s);
	assert_int_equal(s->rc, DG_EINPUT);
	assert_int_equal(s->server->n_requests, 0);
	scene_free(s);
}

static void play_count(struct fake_http *f, const char *request, struct fake_answer *answer)
{
	if (f->n_connections > f->n_open_max) {
		f->n_open_max = f->n_connections;
	}
	play_ok(f, request, answer);
}

static void test_many(void **state)
{
	struct scene *s = scene_new(play_count);
	struct dg_http_request *many = calloc(200, sizeof(*many));

	(void)state;
	s->n_expected = 200;
	for (unsigned i = 0; i < 200; i++) {
		many[i] = s->request;
		send_request(s, &many[i]);
	}
	dg_loop_run(s->loop);
	assert_int_equal(s->n_done, 200);
	assert_int_equal(s->server->n_requests, 200);
	assert_true(s->server->n_open_max <= DG_HTTP_INFLIGHT); /* connections are used again */
	for (unsigned i = 0; i < 200; i++) {
		assert_int_equal(many[i].status, 200);
		dg_http_request_done(&many[i]);
	}
	free(many);
	scene_free(s);
}

static void test_line_has_a_deadline(void **state)
{
	struct scene *s = scene_new(play_silent);
	struct dg_http_request *many = calloc(DG_HTTP_INFLIGHT + 1, sizeof(*many));

	(void)state;
	s->n_expected = DG_HTTP_INFLIGHT + 1;
	s->request.timeout_ms = 4000;
	for (unsigned i = 0; i < s->n_expected; i++) {
		many[i] = s->request;
		if (i == DG_HTTP_INFLIGHT) {
			many[i].timeout_ms = 500; /* over long before anybody makes room */
		}
		send_request(s, &many[i]);
	}
	dg_loop_run(s->loop);
	for (unsigned i = 0; i < s->n_expected; i++) {
		assert_int_equal(many[i].err.rc, DG_EIO);
		dg_http_request_done(&many[i]);
	}
	assert_false(many[DG_HTTP_INFLIGHT].was_sent);
	free(many);
	scene_free(s);
}

static void test_free_in_flight(void **state)
{
	struct scene *s = scene_new(play_silent);
	struct dg_http_request *many = calloc(30, sizeof(*many));

	(void)state;
	for (unsigned i = 0; i < 30; i++) {
		many[i] = s->request;
		send_request(s, &many[i]);
	}
	dg_loop_after_ms(s->loop, 50, (void (*)(void *))dg_loop_stop, s->loop);
	dg_loop_run(s->loop);
	assert_int_equal(s->n_done, 0);
	scene_free(s); /* no callback, no leak */
	free(many);
}

/* One that is on its way and one that waits in line; the others go on. */
static void test_cancel(void **state)
{
	struct scene *s = scene_new(play_silent);
	struct dg_http_request *many = calloc(DG_HTTP_INFLIGHT + 2, sizeof(*many));

	(void)state;
	for (unsigned i = 0; i < DG_HTTP_INFLIGHT + 2; i++) {
		many[i] = s->request;
		many[i].timeout_ms = 4000;
		send_request(s, &many[i]);
	}
	dg_loop_after_ms(s->loop, 50, (void (*)(void *))dg_loop_stop, s->loop);
	dg_loop_run(s->loop);
	dg_http_cancel(&many[0]);
	dg_http_cancel(&many[DG_HTTP_INFLIGHT + 1]);
	dg_http_cancel(&many[0]);
	s->n_expected = DG_HTTP_INFLIGHT;
	dg_loop_run(s->loop);
	dg_loop_after_ms(s->loop, 300, (void (*)(void *))dg_loop_stop, s->loop);
	dg_loop_run(s->loop);
	assert_int_equal(s->n_done, DG_HTTP_INFLIGHT);
	free(many);
	scene_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_get),
		cmocka_unit_test(test_patch_and_retry_after),
		cmocka_unit_test(test_no_redirect),
		cmocka_unit_test(test_closed_without_answer),
		cmocka_unit_test(test_patch_is_not_repeated),
		cmocka_unit_test(test_timeout),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_too_large),
		cmocka_unit_test(test_announced_too_large),
		cmocka_unit_test(test_broken_answers),
		cmocka_unit_test(test_refused_urls),
		cmocka_unit_test(test_header_injection),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_line_has_a_deadline),
		cmocka_unit_test(test_free_in_flight),
		cmocka_unit_test(test_cancel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
