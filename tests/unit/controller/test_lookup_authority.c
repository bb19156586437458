/* Asking every name server directly: states, what each serves, TCP, addresses, sharing, ends. */
#include "tests/unit/unit.h"

#include "controller/lookup/authority.h"
#include "controller/lookup/resolver.h"
#include "tests/unit/controller/fakedns.h"
#include "zones/policy/schema.h"
#include "zones/record/zone.h"

#define N_SERVERS   4u
#define PATIENCE_MS 3000 /* what is not silent has answered by then */
#define SOA         "ns1.example.test. h.example.test. 2026112203 3600 600 86400 300"

static const struct fake_record records[] = {
	{"example.test.", DG_TYPE_SOA, 3600, SOA},
	{"example.test.", DG_TYPE_MX, 300, "10 mail.example.test."},
	{"_dmarc.example.test.", DG_TYPE_TXT, 60, "\"v=DMARC1; p=reject\""},
	{"both.example.test.", DG_TYPE_TXT, 60, "\"x\""},
	{"both.example.test.", DG_TYPE_CNAME, 60, "example.test."},
	{"alias.example.test.", DG_TYPE_CNAME, 60, "example.test."},
	{"ns1.example.test.", DG_TYPE_A, 60, "127.0.0.1"},
	{"ns2.example.test.", DG_TYPE_A, 60, "127.0.0.2"},
	{NULL, 0, 0, NULL},
};

static const struct dg_rrkey keys[] = {
	{"example.test.", DG_TYPE_MX},
	{"_dmarc.example.test.", DG_TYPE_TXT},
	{"both.example.test.", DG_TYPE_TXT},
	{"alias.example.test.", DG_TYPE_TXT},
	{"nope.example.test.", DG_TYPE_TXT},
};
#define N_KEYS (sizeof(keys) / sizeof(keys[0]))

struct scene {
	struct dg_loop *loop;
	struct dg_arena *arena;
	struct dg_authority *authority;
	struct dg_resolver *resolver;
	struct fake_dns servers[N_SERVERS];
	struct dg_endpoint endpoints[N_SERVERS];
	struct dg_endpoints list;
	struct dg_timer *guard;
	struct dg_authority_ask ask;
	int rc;
	unsigned n_done, n_expected;
};

static void on_guard(void *arg)
{
	(void)arg;
	fail_msg("no callback within 120 s");
}

static void on_done(struct dg_authority_ask *q, int rc)
{
	struct scene *s = q->arg;

	s->rc = rc;
	if (++s->n_done == s->n_expected) {
		dg_loop_stop(s->loop);
	}
}

static struct scene *scene_new(unsigned n_servers)
{
	static const char *const addresses[] = {"127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.4"};
	struct scene *s = calloc(1, sizeof(*s));
	struct dg_err err;

	assert_non_null(s);
	s->arena = dg_arena_new(64u << 20);
	assert_int_equal(dg_loop_new(NULL, &s->loop, &err), 0);
	for (unsigned i = 0; i < n_servers; i++) {
		s->servers[i] = (struct fake_dns){
			.records = records, .apex = "example.test.", .port = s->servers[0].port};
		fake_dns_start(&s->servers[i], s->loop, addresses[i]);
		s->endpoints[i] =
			(struct dg_endpoint){.host = addresses[i], .port = s->servers[0].port};
	}
	s->list = (struct dg_endpoints){.list = s->endpoints, .n = n_servers};
	s->guard = dg_loop_after_ms(s->loop, 120000, on_guard, NULL);
	s->ask = (struct dg_authority_ask){
		.zone = "example.test.",
		.keys = keys,
		.n_keys = N_KEYS,
		.servers = &s->list,
		.timeout_ms = 30000,
		.arena = s->arena,
		.done = on_done,
		.arg = s,
	};
	s->n_expected = 1;
	return s;
}

static void run(struct scene *s)
{
	struct dg_err err;

	if (!s->authority) {
		assert_int_equal(dg_authority_new(s->loop, s->resolver, &s->authority, &err), 0);
	}
	s->n_done = 0;
	dg_authority_ask(s->authority, &s->ask);
	assert_int_equal(s->n_done, 0);
	dg_loop_run(s->loop);
	assert_int_equal(s->n_done, 1);
}

static void scene_free(struct scene *s)
{
	(void)dg_timer_cancel(s->guard);
	(void)dg_authority_free(s->authority);
	(void)dg_resolver_free(s->resolver);
	for (unsigned i = 0; i < N_SERVERS; i++) {
		if (s->servers[i].udp) {
			fake_dns_stop(&s->servers[i]);
		}
	}
	(void)dg_loop_free(s->loop);
	(void)dg_arena_free(s->arena);
	free(s);
}

static void test_what_it_serves(void **state)
{
	struct scene *s = scene_new(1);
	struct dg_rrset set;

	(void)state;
	run(s);
	assert_int_equal(s->rc, 0);
	assert_int_equal(s->ask.n_views, 1);
	const struct dg_view *v = &s->ask.views[0];
	assert_int_equal(v->state, DG_VIEW_OK);
	assert_null(v->why);
	assert_null(v->tcp_why);
	assert_true(v->has_serial);
	assert_int_equal(v->serial, 2026112203);
	assert_int_equal(v->refresh, 3600);
	assert_int_equal(v->n_unknown, 0);
	assert_non_null(strstr(v->text, "127.0.0.1@"));
	assert_int_equal(dg_zone_get(v->says, "example.test.", DG_TYPE_MX, &set), 0);
	assert_int_equal(set.n, 1);
	assert_int_equal(set.ttl, 300);
	assert_int_equal(dg_zone_get(v->says, "nope.example.test.", DG_TYPE_TXT, &set), 0);
	assert_int_equal(set.n, 0);
	assert_int_equal(dg_zone_get(v->says, "alias.example.test.", DG_TYPE_TXT, &set), 0);
	assert_int_equal(set.n, 0);
	assert_int_equal(dg_zone_get(v->says, "alias.example.test.", DG_TYPE_CNAME, &set), 0);
	assert_int_equal(set.n, 1);
	assert_int_equal(dg_zone_get(v->says, "www.example.test.", DG_TYPE_MX, &set), 1);
	assert_int_equal(s->servers[0].n_udp, 1 + N_KEYS);
	assert_int_equal(s->servers[0].n_tcp, 1);
	scene_free(s);
}

static void test_txt_and_cname(void **state)
{
	struct scene *s = scene_new(1);
	struct dg_rrset set;

	(void)state;
	s->servers[0].mood = FAKE_BOTH;
	s->ask.wants_cname = true;
	run(s);
	const struct dg_view *v = &s->ask.views[0];
	assert_int_equal(dg_zone_get(v->says, "both.example.test.", DG_TYPE_TXT, &set), 0);
	assert_int_equal(set.n, 1);
	assert_int_equal(dg_zone_get(v->says, "both.example.test.", DG_TYPE_CNAME, &set), 0);
	assert_int_equal(set.n, 1);
	assert_int_equal(dg_zone_get(v->says, "nope.example.test.", DG_TYPE_CNAME, &set), 0);
	assert_int_equal(set.n, 0);
	scene_free(s);
}

static void check_state(enum fake_mood mood, enum dg_view_state want, const char *words)
{
	struct scene *s = scene_new(2);
	struct dg_rrset set;

	s->servers[0].mood = mood;
	s->ask.timeout_ms = PATIENCE_MS;
	run(s);
	assert_int_equal(s->rc, 0);
	const struct dg_view *v = &s->ask.views[0];
	if (v->state != want || !v->why || !strstr(v->why, words)) {
		fail_msg("mood %d: %s, %s", (int)mood, dg_view_state_text(v->state), v->why);
	}
	assert_int_equal(v->n_unknown, N_KEYS);
	assert_int_equal(dg_zone_get(v->says, "example.test.", DG_TYPE_MX, &set), 1);
	assert_int_equal(s->ask.views[1].state, DG_VIEW_OK); /* one does not spoil the other */
	assert_int_equal(s->ask.views[1].n_unknown, 0);
	scene_free(s);
}

static void test_states(void **state)
{
	(void)state;
	check_state(FAKE_SILENT, DG_VIEW_TIMEOUT, "127.0.0.1");
	check_state(FAKE_REFUSED, DG_VIEW_REFUSED, "REFUSED");
	check_state(FAKE_LAME, DG_VIEW_LAME, "without authority");
	check_state(FAKE_SERVFAIL, DG_VIEW_ERROR, "SERVFAIL");
	check_state(FAKE_NXDOMAIN, DG_VIEW_LAME, "does not exist");
}

static void test_some_unknown(void **state)
{
	struct scene *s = scene_new(2);
	struct dg_rrset set;

	(void)state;
	s->servers[0].silent_for = "_dmarc.example.test.";
	s->servers[1].mood = FAKE_DELEGATES;
	s->ask.timeout_ms = PATIENCE_MS;
	run(s);
	const struct dg_view *v = &s->ask.views[0];
	assert_int_equal(v->state, DG_VIEW_OK);
	assert_int_equal(v->n_unknown, 1);
	assert_non_null(v->why);
	assert_int_equal(dg_zone_get(v->says, "_dmarc.example.test.", DG_TYPE_TXT, &set), 1);
	assert_int_equal(dg_zone_get(v->says, "example.test.", DG_TYPE_MX, &set), 0);
	assert_int_equal(s->ask.views[1].n_unknown, N_KEYS);
	assert_non_null(strstr(s->ask.views[1].why, "delegated"));
	scene_free(s);
}

static void test_no_tcp(void **state)
{
	struct scene *s = scene_new(0);

	(void)state;
	s->servers[0] =
		(struct fake_dns){.records = records, .apex = "example.test.", .has_no_tcp = true};
	fake_dns_start(&s->servers[0], s->loop, "127.0.0.1");
	s->endpoints[0] = (struct dg_endpoint){.host = "127.0.0.1", .port = s->servers[0].port};
	s->list.n = 1;
	run(s);
	assert_int_equal(s->ask.views[0].state, DG_VIEW_OK);
	assert_non_null(s->ask.views[0].tcp_why);
	scene_free(s);
}

/* Nobody waits for what a firewall does with TCP. */
static void test_over_udp(void **state)
{
	struct scene *s = scene_new(1);

	(void)state;
	s->ask.is_over_udp = true;
	run(s);
	assert_int_equal(s->ask.views[0].state, DG_VIEW_OK);
	assert_int_equal(s->ask.views[0].n_unknown, 0);
	assert_null(s->ask.views[0].tcp_why);
	assert_int_equal(s->servers[0].n_udp, 1 + N_KEYS);
	assert_int_equal(s->servers[0].n_tcp, 0);
	scene_free(s);
}

static void test_many_keys(void **state)
{
	struct scene *s = scene_new(1);
	struct dg_rrkey *many = dg_newn(s->arena, struct dg_rrkey, DG_AUTHORITY_KEYS_MAX + 1);
	struct dg_rrset set;

	(void)state;
	for (unsigned i = 0; i <= DG_AUTHORITY_KEYS_MAX; i++) {
		many[i] =
			(struct dg_rrkey){dg_printf(s->arena, "n%u.example.test.", i), DG_TYPE_TXT};
	}
	s->ask.keys = many;
	s->ask.n_keys = 200; /* more than the window */
	run(s);
	assert_int_equal(s->ask.views[0].n_unknown, 0);
	assert_int_equal(
		dg_zone_get(s->ask.views[0].says, "n199.example.test.", DG_TYPE_TXT, &set), 0);
	s->ask.n_keys = DG_AUTHORITY_KEYS_MAX + 1;
	run(s);
	assert_int_equal(s->rc, DG_ELIMIT);
	scene_free(s);
}

static void add_ns(struct dg_zone *z, const char *host, const char *address)
{
	struct dg_rdata *rd = dg_newn(z->arena, struct dg_rdata, 2);
	struct dg_rrset set;
	struct dg_err err;

	assert_int_equal(
		dg_rdata_parse(z->arena, DG_TYPE_NS, host, strlen(host), ".", &rd[0], &err), 0);
	set = dg_rrset_make("example.test.", DG_TYPE_NS, 60, &rd[0], 1);
	dg_zone_add(z, &set);
	if (address) {
		assert_int_equal(dg_rdata_parse(z->arena, DG_TYPE_A, address, strlen(address), ".",
					 &rd[1], &err),
			0);
		set = dg_rrset_make(host, DG_TYPE_A, 60, &rd[1], 1);
		dg_zone_add(z, &set);
	}
}

static void test_servers_of_the_zone(void **state)
{
	struct scene *s = scene_new(2);
	struct dg_zone *z = dg_zone_new(s->arena, "example.test.");
	const struct dg_endpoint at = {.host = "127.0.0.1", .port = s->servers[0].port};
	struct dg_err err;

	(void)state;
	add_ns(z, "ns1.example.test.", "127.0.0.1");
	add_ns(z, "ns3.example.test.", NULL); /* in the zone, without an address */
	add_ns(z, "ns2.other.test.", NULL);   /* for the resolver */
	dg_zone_seal(z);
	z->is_complete = true;
	s->ask.servers = NULL;
	s->ask.have = z;
	s->ask.port = s->servers[0].port;
	const struct dg_resolver_options o = {.at = &at};
	assert_int_equal(dg_resolver_new(s->loop, &o, &s->resolver, &err), 0);
	run(s);
	assert_int_equal(s->rc, 0);
	assert_int_equal(s->ask.n_views, 3);
	assert_string_equal(s->ask.views[0].name, "ns1.example.test");
	assert_int_equal(s->ask.views[0].state, DG_VIEW_OK);
	for (unsigned i = 1; i < 3; i++) {
		assert_int_equal(s->ask.views[i].state, DG_VIEW_ERROR);
		assert_null(s->ask.views[i].address);
		assert_non_null(strstr(s->ask.views[i].why, "no address to ask"));
		assert_int_equal(s->ask.views[i].n_unknown, N_KEYS);
	}
	/* A zone read for mail only: the addresses come from the resolver. */
	s->ask.have = z = dg_zone_new(s->arena, "example.test.");
	add_ns(z, "ns2.example.test.", NULL);
	const struct dg_rdata unread = {0};
	const struct dg_rrset address = {
		.owner = "ns2.example.test.", .type = DG_TYPE_A, .rdata = &unread, .n = 1};
	dg_zone_add(z, &address);
	dg_zone_seal(z);
	z->is_complete = true;
	run(s);
	assert_int_equal(s->ask.n_views, 1);
	assert_non_null(strstr(s->ask.views[0].text, "ns2.example.test 127.0.0.2@"));
	assert_int_equal(s->ask.views[0].state, DG_VIEW_OK);
	scene_free(s);
}

static void test_servers_not_known(void **state)
{
	struct scene *s = scene_new(0);

	(void)state;
	s->ask.servers = NULL;
	run(s);
	assert_int_equal(s->rc, DG_EINPUT);
	assert_non_null(strstr(s->ask.err.text, "verify: servers:"));
	s->ask.have = dg_zone_new(s->arena, "example.test.");
	run(s);
	assert_int_equal(s->rc, DG_EINPUT);
	scene_free(s);
}

static void test_too_many_servers(void **state)
{
	struct scene *s = scene_new(1);
	struct dg_endpoint many[DG_AUTHORITY_VIEWS_MAX + 5];

	(void)state;
	for (unsigned i = 0; i < DG_AUTHORITY_VIEWS_MAX + 5; i++) {
		many[i] = s->endpoints[0];
	}
	s->list = (struct dg_endpoints){.list = many, .n = DG_AUTHORITY_VIEWS_MAX + 5};
	run(s);
	assert_true(s->ask.is_cut);
	assert_int_equal(s->ask.n_views, DG_AUTHORITY_VIEWS_MAX);
	assert_int_equal(s->ask.views[DG_AUTHORITY_VIEWS_MAX - 1].state, DG_VIEW_OK);
	scene_free(s);
}

static void test_many_zones_and_free(void **state)
{
	struct scene *s = scene_new(2);
	struct dg_err err;

	(void)state;
	assert_int_equal(dg_authority_new(s->loop, NULL, &s->authority, &err), 0);
	s->n_expected = 50;
	for (unsigned i = 0; i < 50; i++) {
		struct dg_authority_ask *q = dg_new(s->arena, struct dg_authority_ask);
		*q = s->ask;
		dg_authority_ask(s->authority, q);
	}
	dg_loop_run(s->loop);
	assert_int_equal(s->n_done, 50);
	assert_true(s->servers[0].n_connections <= 8); /* shared */

	s->servers[0].mood = FAKE_SILENT;
	for (unsigned i = 0; i < 10; i++) {
		struct dg_authority_ask *q = dg_new(s->arena, struct dg_authority_ask);
		*q = s->ask;
		dg_authority_ask(s->authority, q);
	}
	(void)dg_loop_after_ms(s->loop, 50, (void (*)(void *))dg_loop_stop, s->loop);
	dg_loop_run(s->loop);
	assert_int_equal(s->n_done, 50);
	scene_free(s); /* on their way: no callback, no leak */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_it_serves),
		cmocka_unit_test(test_txt_and_cname),
		cmocka_unit_test(test_states),
		cmocka_unit_test(test_some_unknown),
		cmocka_unit_test(test_no_tcp),
		cmocka_unit_test(test_over_udp),
		cmocka_unit_test(test_many_keys),
		cmocka_unit_test(test_servers_of_the_zone),
		cmocka_unit_test(test_servers_not_known),
		cmocka_unit_test(test_too_many_servers),
		cmocka_unit_test(test_many_zones_and_free),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
