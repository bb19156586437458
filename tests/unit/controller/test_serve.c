/* What serve reads: heads of requests, paths, bodies; and who may how often. */
#include "tests/unit/unit.h"

#include "controller/serve/head.h"
#include "controller/serve/limit.h"
#include "controller/serve/route.h"
#include "controller/serve/token.h"
#include "zones/base/arena.h"

#include <stdio.h>
#include <string.h>

static int parse(const char *text, struct dg_head *ret_head)
{
	static char copy[4096];
	const char *why = NULL;
	size_t n = strlen(text);

	assert_int_equal(dg_head_end(text, n), n);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(dg_head_end(text, i), 0);
	}
	memcpy(copy, text, n + 1);
	int r = dg_head_parse(copy, n, ret_head, &why);
	assert_true(r == 0 || why);
	return r;
}

static void test_head(void **state)
{
	struct dg_head h;

	(void)state;
	assert_int_equal(parse("POST /v1/domains/a.test/plan HTTP/1.1\r\nHost: x\r\n"
			       "content-LENGTH:\t12 \r\nAuthorization: Bearer x y\r\n\r\n",
				 &h),
		0);
	assert_string_equal(h.method, "POST");
	assert_string_equal(h.path, "/v1/domains/a.test/plan");
	assert_string_equal(h.of[DG_HEAD_AUTHORIZATION], "Bearer x y");
	assert_null(h.of[DG_HEAD_WEBHOOK_ID]);
	assert_int_equal(h.body_len, 12);
	assert_false(h.is_last);
	assert_int_equal(parse("GET / HTTP/1.1\r\nHost:\r\nConnection: Close\r\nExpect: "
			       "100-Continue\r\n\r\n",
				 &h),
		0);
	assert_true(h.is_last);
	assert_true(h.wants_to_know);
	assert_int_equal(h.body_len, 0);
	assert_int_equal(parse("GET /a/../b HTTP/1.1\r\nHost: x\r\n\r\n", &h), 400);
	assert_int_equal(parse("GET /a b HTTP/1.1\r\nHost: x\r\n\r\n", &h), 400);
	assert_int_equal(parse("G@T / HTTP/1.1\r\nHost: x\r\n\r\n", &h), 400);
	assert_int_equal(parse("GET / HTTP/1.1\r\nHost: x\r\nX\x7f: y\r\n\r\n", &h), 400);
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
		cmocka_unit_test(test_head),
		cmocka_unit_test(test_routes),
		cmocka_unit_test(test_bodies),
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_covers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
