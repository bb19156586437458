/* The resolver: what it makes of answers, its own deadlines, and what it does when nothing can be told. */
#include "tests/unit/unit.h"

#include "controller/lookup/resolver.h"
#include "tests/unit/controller/fakedns.h"
#include "zones/policy/schema.h"
#include "zones/record/zone.h"

static const struct fake_record records[] = {
	{"example.test.", DG_TYPE_SOA, 3600,
		"ns1.example.test. h.example.test. 7 3600 600 86400 300"},
	{"example.test.", DG_TYPE_MX, 300, "10 Mail.example.test."},
	{"example.test.", DG_TYPE_TXT, 60, "\"v=spf1 -all\""},
	{"alias.example.test.", DG_TYPE_CNAME, 60, "example.test."},
	{"loop.example.test.", DG_TYPE_CNAME, 60, "loop.example.test."},
	{NULL, 0, 0, NULL},
};

#define N_ORDER 6u

struct scene {
	struct dg_loop *loop;
	struct dg_arena *arena;
	struct dg_resolver *resolver;
	struct fake_dns server;
	struct dg_timer *guard;
	unsigned n_done, n_expected;
	struct dg_resolve *order[N_ORDER]; /* as they were done, and when */
	int64_t times[N_ORDER];
	bool is_in_ask;
};

static void on_guard(void *arg)
{
	(void)arg;
	fail_msg("no callback within 120 s");
}

static struct scene *scene_new(enum fake_mood mood)
{
	struct scene *s = calloc(1, sizeof(*s));
	struct dg_err err;

	assert_non_null(s);
	s->arena = dg_arena_new(16u << 20);
	assert_int_equal(dg_loop_new(NULL, &s->loop, &err), 0);
	s->server = (struct fake_dns){.records = records, .apex = "example.test.", .mood = mood};
	fake_dns_start(&s->server, s->loop, "127.0.0.1");
	const struct dg_endpoint at = {.host = "127.0.0.1", .port = s->server.port};
	const struct dg_resolver_options o = {.at = &at};
	assert_int_equal(dg_resolver_new(s->loop, &o, &s->resolver, &err), 0);
	s->guard = dg_loop_after_ms(s->loop, 120000, on_guard, NULL);
	s->n_expected = 1;
	return s;
}

static void scene_free(struct scene *s)
{
	(void)dg_timer_cancel(s->guard);
	(void)dg_resolver_free(s->resolver);
	fake_dns_stop(&s->server);
	(void)dg_loop_free(s->loop);
	(void)dg_arena_free(s->arena);
	free(s);
}

static void on_done(struct dg_resolve *q)
{
	struct scene *s = q->arg;

	assert_false(s->is_in_ask);
	s->order[s->n_done % N_ORDER] = q;
	s->times[s->n_done % N_ORDER] = dg_loop_mono_ms(s->loop);
	if (++s->n_done == s->n_expected) {
		dg_loop_stop(s->loop);
	}
}

static struct dg_resolve *ask(struct scene *s, const char *name, uint16_t type, int64_t deadline_ms)
{
	struct dg_resolve *q = dg_new(s->arena, struct dg_resolve);

	*q = (struct dg_resolve){
		.name = name,
		.type = type,
		.deadline_ms = deadline_ms,
		.arena = s->arena,
		.done = on_done,
		.arg = s,
	};
	s->is_in_ask = true;
	dg_resolver_ask(s->resolver, q);
	s->is_in_ask = false;
	return q;
}

static struct dg_resolve *get(struct scene *s, const char *name, uint16_t type)
{
	struct dg_resolve *q = ask(s, name, type, 60000);

	s->n_done = 0;
	dg_loop_run(s->loop);
	assert_int_equal(s->n_done, 1);
	return q;
}

static void test_found(void **state)
{
	struct scene *s = scene_new(FAKE_WELL);
	struct dg_resolve *q = get(s, "example.test.", DG_TYPE_MX);
	uint16_t preference;
	const char *host;

	(void)state;
	assert_int_equal(q->result, DG_RESOLVED_FOUND);
	assert_int_equal(q->set.n, 1);
	assert_true(q->set.ttl <= 300 && q->set.ttl > 290);
	assert_int_equal(dg_mx_read(s->arena, &q->set.rdata[0], &preference, &host), 0);
	assert_string_equal(host, "mail.example.test.");
	assert_int_equal(q->trust, DG_TRUST_NONE);
	assert_null(q->why);
	scene_free(s);
}

static void test_not_there(void **state)
{
	struct scene *s = scene_new(FAKE_WELL);

	(void)state;
	struct dg_resolve *q = get(s, "nope.example.test.", DG_TYPE_TXT);
	assert_int_equal(q->result, DG_RESOLVED_NXDOMAIN);
	assert_int_equal(q->rcode, 3);
	assert_int_equal(q->set.n, 0);
	assert_true(q->negative_ttl > 290 && q->negative_ttl <= 300);
	q = get(s, "example.test.", DG_TYPE_AAAA);
	assert_int_equal(q->result, DG_RESOLVED_NODATA);
	assert_true(q->negative_ttl > 290);
	scene_free(s);
}

static void test_cname(void **state)
{
	struct scene *s = scene_new(FAKE_WELL);

	(void)state;
	struct dg_resolve *q = get(s, "alias.example.test.", DG_TYPE_TXT);
	assert_int_equal(q->result, DG_RESOLVED_FOUND);
	assert_string_equal(q->set.owner, "example.test.");
	assert_int_equal(q->n_cnames, 1);
	q = get(s, "alias.example.test.", DG_TYPE_CNAME);
	assert_int_equal(q->result, DG_RESOLVED_FOUND);
	q = get(s, "loop.example.test.", DG_TYPE_TXT);
	assert_int_not_equal(q->result, DG_RESOLVED_FOUND);
	scene_free(s);
}

/* Answered from libunbound's own data, from inside the call. */
static void test_local_data_is_deferred(void **state)
{
	struct scene *s = scene_new(FAKE_WELL);

	(void)state;
	struct dg_resolve *q = get(s, "localhost.", DG_TYPE_A);
	assert_int_equal(q->result, DG_RESOLVED_FOUND);
	assert_int_equal(s->server.n_udp, 0);
	scene_free(s);
}

static void check_unknown(enum fake_mood mood, int64_t deadline_ms, const char *words)
{
	struct scene *s = scene_new(mood);
	struct dg_resolve *q = ask(s, "example.test.", DG_TYPE_MX, deadline_ms);

	dg_loop_run(s->loop);
	assert_int_equal(q->result, DG_RESOLVED_UNKNOWN);
	assert_int_equal(q->set.n, 0);
	assert_string_equal(q->set.owner, "example.test.");
	if (!q->why || !strstr(q->why, words)) {
		fail_msg("why: %s (expected %s)", q->why, words);
	}
	scene_free(s);
}

static void test_unknown(void **state)
{
	(void)state;
	check_unknown(FAKE_SERVFAIL, 60000, "SERVFAIL");
	check_unknown(FAKE_SILENT, 300, "within 300 ms");
}

static void test_many_cancel_and_free(void **state)
{
	struct scene *s = scene_new(FAKE_SILENT);
	struct dg_resolve *first = NULL;
	char *name;

	(void)state;
	for (unsigned i = 0; i < 3 * DG_RESOLVER_WINDOW; i++) {
		name = dg_printf(s->arena, "n%u.example.test.", i);
		struct dg_resolve *q = ask(s, name, DG_TYPE_TXT, 60000);
		first = first ? first : q;
	}
	dg_resolver_cancel(first);
	dg_resolver_cancel(first); /* nothing */
	(void)dg_loop_after_ms(s->loop, 100, (void (*)(void *))dg_loop_stop, s->loop);
	dg_loop_run(s->loop);
	assert_int_equal(s->n_done, 0);
	scene_free(s); /* with questions on their way: no callback, no leak */
}

static void test_window(void **state)
{
	struct scene *s = scene_new(FAKE_WELL);

	(void)state;
	s->n_expected = 3 * DG_RESOLVER_WINDOW;
	for (unsigned i = 0; i < s->n_expected; i++) {
		(void)ask(s, dg_printf(s->arena, "n%u.example.test.", i), DG_TYPE_TXT, 60000);
	}
	assert_true(dg_resolver_is_full(s->resolver));
	dg_loop_run(s->loop);
	assert_int_equal(s->n_done, s->n_expected);
	assert_false(dg_resolver_is_full(s->resolver));
	assert_int_equal(dg_resolver_n_answered(s->resolver), s->n_expected);
	scene_free(s);
}

/* Each question has its own deadline, whatever the order in which they were asked, in flight or waiting. */
static void test_deadlines(void **state)
{
	struct scene *s = scene_new(FAKE_SILENT);
	struct dg_resolve *q[N_ORDER];
	int64_t start = dg_loop_mono_ms(s->loop);

	(void)state;
	dg_resolver_set_window(s->resolver, 2);
	s->n_expected = N_ORDER;
	for (unsigned i = 0; i < N_ORDER; i++) {
		q[i] = ask(s, dg_printf(s->arena, "n%u.example.test.", i), DG_TYPE_TXT,
			600 - 100 * (int64_t)i);
	}
	assert_true(dg_resolver_is_full(s->resolver));
	dg_loop_run(s->loop);
	for (unsigned i = 0; i < N_ORDER; i++) {
		assert_ptr_equal(s->order[N_ORDER - 1 - i], q[i]);
		assert_non_null(q[i]->why);
		assert_true(s->times[N_ORDER - 1 - i] - start >= 600 - 100 * (int64_t)i);
	}
	scene_free(s);
}

static void on_done_free(struct dg_resolve *q)
{
	struct scene *s = q->arg;

	s->resolver = dg_resolver_free(s->resolver);
	s->n_done++;
	dg_loop_stop(s->loop);
}

/* Several answers are ready at once, and the first of them ends it all. */
static void test_free_from_done(void **state)
{
	struct scene *s = scene_new(FAKE_WELL);

	(void)state;
	for (unsigned i = 0; i < 5; i++) {
		struct dg_resolve *q = ask(s, "localhost.", DG_TYPE_A, 60000);

		q->done = on_done_free;
	}
	dg_loop_run(s->loop);
	assert_int_equal(s->n_done, 1);
	scene_free(s);
}

static void on_look(struct dg_resolver_look *q)
{
	dg_loop_stop(((struct scene *)q->arg)->loop);
}

static struct dg_resolver_look look(struct scene *s, const struct dg_rrkey *keys, size_t n)
{
	struct dg_resolver_look q = {
		.zone = "example.test.",
		.keys = keys,
		.n_keys = n,
		.deadline_ms = 3000,
		.arena = s->arena,
		.done = on_look,
		.arg = s,
	};

	dg_resolver_look(s->resolver, &q);
	dg_loop_run(s->loop);
	return q;
}

static void test_look(void **state)
{
	struct scene *s = scene_new(FAKE_WELL);
	const struct dg_rrkey keys[] = {
		{"example.test.", DG_TYPE_MX},
		{"alias.example.test.", DG_TYPE_TXT},
		{"nope.example.test.", DG_TYPE_TXT},
		{"mute.example.test.", DG_TYPE_TXT},
	};
	struct dg_rrset set;

	(void)state;
	s->server.silent_for = "mute.example.test.";
	const struct dg_resolver_look q = look(s, keys, 4);
	assert_int_equal(q.view.state, DG_VIEW_OK);
	assert_true(q.view.is_resolver);
	assert_int_equal(q.view.n_unknown, 1);
	assert_int_equal(dg_zone_get(q.view.says, "example.test.", DG_TYPE_MX, &set), 0);
	assert_int_equal(set.n, 1);
	assert_int_equal(dg_zone_get(q.view.says, "alias.example.test.", DG_TYPE_TXT, &set), 0);
	assert_int_equal(set.n, 1);
	assert_int_equal(dg_zone_get(q.view.says, "alias.example.test.", DG_TYPE_CNAME, &set), 0);
	assert_int_equal(dg_zone_get(q.view.says, "nope.example.test.", DG_TYPE_TXT, &set), 0);
	assert_int_equal(set.n, 0);
	assert_int_equal(dg_zone_get(q.view.says, "mute.example.test.", DG_TYPE_TXT, &set), 1);
	const struct dg_resolver_look none = look(s, keys, 0);
	assert_int_equal(none.view.n_unknown, 0);
	scene_free(s);
}

static void test_new(void **state)
{
	struct scene *s = scene_new(FAKE_WELL);
	const struct dg_endpoint name = {.host = "dns.example.net", .port = 53};
	const struct dg_endpoint at = {.host = "127.0.0.1", .port = s->server.port};
	struct dg_resolver *r = NULL;
	struct dg_err err;

	(void)state;
	struct dg_resolver_options o = {.at = &name};
	assert_int_equal(dg_resolver_new(s->loop, &o, &r, &err), DG_EINPUT);
	o = (struct dg_resolver_options){.at = &at, .trust_anchor = "/nonexistent/root.key"};
	assert_int_equal(dg_resolver_new(s->loop, &o, &r, &err), DG_EIO);
	assert_non_null(strstr(err.text, "/nonexistent/root.key"));
	o = (struct dg_resolver_options){.is_recursive = true, .root_hints = "/nonexistent/hints"};
	assert_int_equal(dg_resolver_new(s->loop, &o, &r, &err), DG_EIO);
	assert_non_null(strstr(err.text, "/nonexistent/hints"));
	assert_int_equal(dg_resolver_new(s->loop, NULL, &r, &err), 0);
	assert_string_equal(dg_resolver_text(r), "resolver of this system");
	r = dg_resolver_free(r);
	/* A file that holds no anchor: found when libunbound starts. */
	(void)dg_resolver_free(s->resolver);
	o = (struct dg_resolver_options){.at = &at, .trust_anchor = "/proc/self/cmdline"};
	assert_int_equal(dg_resolver_new(s->loop, &o, &s->resolver, &err), 0);
	struct dg_resolve *q = get(s, "example.test.", DG_TYPE_MX);
	assert_int_equal(q->result, DG_RESOLVED_UNKNOWN);
	assert_non_null(strstr(q->why, "cannot start the resolver"));
	scene_free(s);
}

/* An anchor for a zone that comes unsigned: its data is bogus, whatever the resolver behind says. */
static void test_bogus(void **state)
{
	struct scene *s = scene_new(FAKE_WELL);
	const struct dg_endpoint at = {.host = "127.0.0.1", .port = s->server.port};
	const struct dg_rrkey key = {"example.test.", DG_TYPE_MX};
	char path[] = "/tmp/dg-anchor-XXXXXX";
	int fd = mkstemp(path);
	static const char anchor[] =
		"example.test. 3600 IN DS 12345 13 2 "
		"3490A6806D47F17A34C29E2CE80E8A999FFBE4BE6F1B3B6E4F3A1E2C3D4E5F60\n";
	struct dg_err err;

	(void)state;
	assert_int_equal(write(fd, anchor, strlen(anchor)), strlen(anchor));
	(void)close(fd);
	(void)dg_resolver_free(s->resolver);
	const struct dg_resolver_options o = {.at = &at, .trust_anchor = path};
	assert_int_equal(dg_resolver_new(s->loop, &o, &s->resolver, &err), 0);
	struct dg_resolve *q = get(s, "example.test.", DG_TYPE_MX);
	assert_int_equal(q->result, DG_RESOLVED_UNKNOWN);
	assert_int_equal(q->trust, DG_TRUST_BOGUS);
	assert_int_equal(q->set.n, 0);
	assert_non_null(strstr(q->why, "DNSSEC validation failed"));
	const struct dg_resolver_look l = look(s, &key, 1);
	assert_int_equal(l.view.state, DG_VIEW_BOGUS);
	q = get(s, "localhost.", DG_TYPE_A);
	assert_int_equal(q->trust, DG_TRUST_INSECURE);
	assert_int_equal(q->result, DG_RESOLVED_FOUND);
	(void)unlink(path);
	scene_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_found),
		cmocka_unit_test(test_not_there),
		cmocka_unit_test(test_cname),
		cmocka_unit_test(test_local_data_is_deferred),
		cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_many_cancel_and_free),
		cmocka_unit_test(test_window),
		cmocka_unit_test(test_deadlines),
		cmocka_unit_test(test_free_from_done),
		cmocka_unit_test(test_look),
		cmocka_unit_test(test_bogus),
		cmocka_unit_test(test_new),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
