/* What serve reads: octets and lines of heads, paths, bodies; and who may how often. */
#include "tests/unit/unit.h"

#include "controller/serve/limit.h"
#include "controller/serve/request.h"
#include "controller/serve/route.h"
#include "controller/serve/sieve.h"
#include "controller/serve/token.h"
#include "zones/base/arena.h"

#include <stdio.h>
#include <string.h>

static bool is_foul(const char *text)
{
	struct dg_sieve s = {.n = 0};
	size_t n = strlen(text);

	for (size_t i = 0; i < n; i++) {
		assert_false(s.is_whole);
		assert_int_equal(dg_sieve_put(&s, text + i, 1), 1);
	}
	assert_true(s.is_whole);
	assert_int_equal(dg_sieve_put(&s, "\0", 1), 0); /* the body is not its business */
	return s.is_foul;
}

static void test_sieve(void **state)
{
	struct dg_sieve s = {.n = 0};
	const char *why = NULL;

	(void)state;
	assert_false(is_foul("GET / HTTP/1.1\r\nHost:\tx y\r\n\r\n"));
	assert_true(is_foul("GET / HTTP/1.1\nHost: x\r\n\r\n"));
	assert_true(is_foul("GET / HTTP/1.1\r\nHost: x\n\n"));
	assert_true(is_foul("GET / HTTP/1.1\r\nHost: x\r\n y\r\n\r\n"));
	assert_true(is_foul("GET / HTTP/1.1\r\nHost: x\ry\r\n\r\n"));
	assert_true(is_foul("GET / HTTP/1.1\r\nHost: x\x7f\r\n\r\n"));
	assert_int_equal(dg_sieve_put(&s, "GET\0\r\n\r\nbody", 12), 8);
	assert_true(s.is_foul && s.is_whole);
	assert_int_equal(s.n_lines, 2);
	assert_int_equal(dg_request_octets(&s, &why), 400);
	s = (struct dg_sieve){.n = 100, .n_lines = 66, .is_whole = true};
	assert_int_equal(dg_request_octets(&s, &why), 0);
	s.n_lines++;
	assert_int_equal(dg_request_octets(&s, &why), 431);
	s = (struct dg_sieve){.n = DG_REQUEST_HEAD_MAX + 1, .n_lines = 3, .is_whole = true};
	assert_int_equal(dg_request_octets(&s, &why), 431);
}

/* headers: name and value in turns, NULL. */
static int judge(const char *path, const char *const *headers, size_t body_len,
	struct dg_request *ret_request)
{
	const char *why = NULL;
	int status = 0;

	*ret_request = (struct dg_request){.method = NULL};
	for (; headers[0] && status == 0; headers += 2) {
		status = dg_request_header(ret_request, headers[0], headers[1], &why);
	}
	status = status == 0 ? dg_request_judge(ret_request, "POST", path, body_len, &why) : status;
	assert_true(status == 0 || why);
	return status;
}

static void test_request(void **state)
{
	static const char *const good[] = {
		"Host", "x", "content-LENGTH", "\t12", "Authorization", "Bearer x y", NULL};
	static const char *const last[] = {"Host", "", "Connection", "Close", NULL};
	static const char *const plain[] = {"Host", "x", NULL};
	static const char *const bad[][7] = {{"Host", "x", "Host", "x"}, {"X", "y"},
		{"Host", "x", "Content-Length", "+0"}, {"Host", "x", "Content-Length", "0, 0"},
		{"Host", "x", "Content-Length", ""}, {"Host", "x", "Content-Length ", "0"},
		{"Host", "x", "", "y"}, {"Host", "x", "Content-Length", "1"}};
	static const char *const paths[] = {"/a/../b", "/a b", "a", "*", "http://x/a", "//a",
		"/a?b", "/a%2e", "/a\\b", "", "/a#b", "/.a", "/a.."};
	static const char *const encoded[] = {"Host", "x", "Transfer-Encoding", "gzip", NULL};
	static const char *const hopeful[] = {"Host", "x", "Expect", "miracles", NULL};
	struct dg_request q;
	const char *why = NULL;

	(void)state;
	assert_int_equal(judge("/v1/domains/a.test/plan", good, 12, &q), 0);
	assert_string_equal(q.path, "/v1/domains/a.test/plan");
	assert_string_equal(q.of[DG_REQUEST_AUTHORIZATION], "Bearer x y");
	assert_null(q.of[DG_REQUEST_WEBHOOK_ID]);
	assert_false(q.is_last);
	assert_int_equal(judge("/", good, 11, &q), 400); /* such as behind HEAD */
	assert_int_equal(judge("/", last, 0, &q), 0);
	assert_true(q.is_last);
	assert_int_equal(judge("/", encoded, 0, &q), 501);
	assert_int_equal(judge("/", hopeful, 0, &q), 417);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(judge("/", bad[i], 0, &q), 400);
	}
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		assert_int_equal(judge(paths[i], plain, 0, &q), 400);
	}
	assert_int_equal(dg_request_version(1, 1, &why), 0);
	assert_int_equal(dg_request_version(1, 0, &why), 505);
	assert_int_equal(dg_request_version(2, 0, &why), 505);
}

static void test_routes(void **state)
{
	static const struct {
		const char *method, *path;
		int status;
	} rows[] = {{"GET", "/v1/health", 0}, {"POST", "/v1/health", 405},
		{"GET", "/v1/healthy", 404}, {"GET", "/v1/jobs/17", 0},
		{"GET", "/v1/jobs/017", 404}, {"GET", "/v1/jobs/9999999999999999999", 404},
		{"GET", "/v1/jobs/-1", 404}, {"GET", "/v1/domains/a.test", 0},
		{"GET", "/v1/domains/a.test/incidents", 0},
		{"POST", "/v1/domains/a.test/incidents", 0},
		{"PUT", "/v1/domains/a.test/incidents", 405},
		{"GET", "/v1/domains/a.test/incidents/7", 0},
		{"GET", "/v1/domains/a.test/incidents/", 404},
		{"POST", "/v1/domains/a.test/incidents/7", 405}, {"GET", "/v1/domains/A.TEST.", 0},
		{"GET", "/v1/domains/test", 404}, {"GET", "/v1/domains/a.test/", 404},
		{"GET", "/v1/domains/a.test/plan", 405}, {"POST", "/v1/domains/a.test/plan", 0},
		{"POST", "/v1/domains/a.test/plan/x", 404}, {"get", "/v1/health", 405}};
	struct dg_arena *a = dg_arena_new((size_t)1 << 20);
	struct dg_route r;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *allow = NULL;

		assert_int_equal(
			dg_route_find(a, rows[i].method, rows[i].path, &r, &allow), rows[i].status);
		assert_true(rows[i].status != 405 || allow);
	}
	assert_int_equal(
		dg_route_find(a, "GET", "/v1/domains/A.TEST.", &r, &(const char *){NULL}), 0);
	assert_string_equal(r.domain, "a.test");
	dg_arena_free(a);
}

static int ask(
	struct dg_arena *a, enum dg_route_verb verb, const char *body, struct dg_ask *ret_ask)
{
	const struct dg_route route = {.verb = verb};
	struct dg_err err;

	return dg_route_ask(a, &route, body, strlen(body), ret_ask, &err);
}

static void test_bodies(void **state)
{
	struct dg_arena *a = dg_arena_new((size_t)1 << 20);
	struct dg_ask k;

	(void)state;
	assert_int_equal(ask(a, DG_ROUTE_PLAN, "", &k), 0);
	assert_int_equal(
		ask(a, DG_ROUTE_PLAN, "{\"template\": \"parked\", \"adopt\": true}", &k), 0);
	assert_string_equal(k.template, "parked");
	assert_true(k.adopts);
	assert_int_equal(ask(a, DG_ROUTE_PLAN, "{\"plan\": \"01234567\"}", &k), DG_EINPUT);
	assert_int_equal(ask(a, DG_ROUTE_APPLY, "", &k), DG_EINPUT);
	assert_int_equal(ask(a, DG_ROUTE_APPLY, "{\"plan\": \"0123456\"}", &k), DG_EINPUT);
	assert_int_equal(ask(a, DG_ROUTE_APPLY, "{\"plan\": \"0123456G\"}", &k), DG_EINPUT);
	assert_int_equal(ask(a, DG_ROUTE_APPLY, "{\"plan\": \"01234567\"}", &k), 0);
	assert_int_equal(ask(a, DG_ROUTE_STOP, "{\"x\": 1}", &k), DG_EINPUT);
	assert_int_equal(
		ask(a, DG_ROUTE_EVENT,
			"{\"type\": \"domain.parked\", \"data\": {\"domains\": [\"A.test\", "
			"\"b.test.\"]}}",
			&k),
		0);
	assert_int_equal(k.n_domains, 2);
	assert_string_equal(k.domains[0], "a.test");
	assert_string_equal(k.domains[1], "b.test");
	assert_int_equal(k.event, DG_EVENT_PARKED);
	assert_int_equal(ask(a, DG_ROUTE_STOP, "{\"\\\"[[[[[[[[[[[[\": 1}", &k), DG_EINPUT);
	assert_int_equal(ask(a, DG_ROUTE_STOP, "[[[[[[[[[1]]]]]]]]]", &k), DG_EINPUT);
	dg_arena_free(a);
}

static void test_limit(void **state)
{
	static struct dg_limit l;
	char name[16];

	(void)state;
	dg_limit_init(&l, 2.0, 3.0);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(dg_limit_take(&l, "a", 1000), 0);
	}
	assert_int_equal(dg_limit_take(&l, "a", 1000), 1);
	assert_int_equal(dg_limit_take(&l, "b", 1000), 0); /* others are others */
	assert_int_equal(dg_limit_take(&l, "a", 1500), 0);
	assert_int_equal(dg_limit_take(&l, "a", 1500), 1);
	assert_int_equal(dg_limit_take(&l, "a", 1000000), 0); /* and never more than the burst */
	assert_int_equal(dg_limit_take(&l, "a", 1000000), 0);
	assert_int_equal(dg_limit_take(&l, "a", 1000000), 0);
	assert_int_equal(dg_limit_take(&l, "a", 1000000), 1);
	dg_limit_init(&l, 0.001, 1.0);
	assert_int_equal(dg_limit_take(&l, "a", 0), 0);
	assert_int_equal(dg_limit_take(&l, "a", 0), 1000);
	for (unsigned i = 0; i < 2 * DG_LIMIT_SLOTS; i++) { /* bounded: the oldest is forgotten */
		(void)snprintf(name, sizeof(name), "n%u", i);
		assert_int_equal(dg_limit_take(&l, name, 10 + i), 0);
	}
	assert_int_equal(dg_limit_take(&l, "a", 1000), 0);
}

static void test_covers(void **state)
{
	(void)state;
	assert_true(dg_token_covers("*", "a.test"));
	assert_true(dg_token_covers("b.test a.test", "a.test"));
	assert_false(dg_token_covers("a.test", "x.a.test"));
	assert_false(dg_token_covers("a.test", "a.tes"));
	assert_true(dg_token_covers("*.test", "x.a.test"));
	assert_true(dg_token_covers("*.a.test", "x.a.test"));
	assert_false(dg_token_covers("*.a.test", "a.test"));
	assert_false(dg_token_covers("*.a.test", "xa.test"));
	assert_false(dg_token_covers("", "a.test"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sieve),
		cmocka_unit_test(test_request),
		cmocka_unit_test(test_routes),
		cmocka_unit_test(test_bodies),
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_covers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
