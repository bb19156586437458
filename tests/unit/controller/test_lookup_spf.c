/* The look-up budget of an SPF record: from the plan, the zone and the resolver. */
#include "tests/unit/unit.h"

#include "controller/lookup/resolver.h"
#include "controller/lookup/spfbudget.h"
#include "controller/lookup/spfbudget_zone.h"
#include "tests/unit/controller/fakedns.h"
#include "zones/policy/schema.h"
#include "zones/record/zone.h"

static const struct fake_record records[] = {
	{"test.", DG_TYPE_SOA, 3600, "ns1.test. h.test. 7 3600 600 86400 300"},
	{"_spf.other.test.", DG_TYPE_TXT, 60,
		"\"v=spf1 include:a.other.test include:b.other.test -all\""},
	{"a.other.test.", DG_TYPE_TXT, 60, "\"v=spf1 mx a -all\""},
	{"a.other.test.", DG_TYPE_MX, 60, "10 a.other.test."},
	{"a.other.test.", DG_TYPE_A, 60, "192.0.2.1"},
	{"b.other.test.", DG_TYPE_TXT, 60, "\"v=spf1 ip4:192.0.2.0/24 -all\""},
	{"circle.other.test.", DG_TYPE_TXT, 60, "\"v=spf1 include:circle.other.test -all\""},
	{"plain.other.test.", DG_TYPE_TXT, 60, "\"hello\""},
	{NULL, 0, 0, NULL},
};

struct scene {
	struct dg_loop *loop;
	struct dg_arena *arena;
	struct dg_resolver *resolver;
	struct fake_dns server;
	struct dg_zone *have;
	struct dg_timer *guard;
	struct dg_spf_budget budget;
	unsigned n_done;
};

static void on_guard(void *arg)
{
	(void)arg;
	fail_msg("no callback within 120 s");
}

static void on_done(struct dg_spf_budget *b)
{
	struct scene *s = b->arg;

	s->n_done++;
	dg_loop_stop(s->loop);
}

static void add(struct scene *s, const char *owner, uint16_t type, const char *content)
{
	struct dg_rdata *rd = dg_new(s->arena, struct dg_rdata);
	struct dg_err err;

	assert_int_equal(
		dg_rdata_parse(s->arena, type, content, strlen(content), ".", rd, &err), 0);
	const struct dg_rrset set = dg_rrset_make(owner, type, 60, rd, 1);
	dg_zone_add(s->have, &set);
}

static struct scene *scene_new(const char *record)
{
	struct scene *s = calloc(1, sizeof(*s));
	struct dg_err err;

	assert_non_null(s);
	s->arena = dg_arena_new(64u << 20);
	assert_int_equal(dg_loop_new(NULL, &s->loop, &err), 0);
	s->server = (struct fake_dns){.records = records, .apex = "test."};
	fake_dns_start(&s->server, s->loop, "127.0.0.1");
	const struct dg_endpoint at = {.host = "127.0.0.1", .port = s->server.port};
	const struct dg_resolver_options o = {.at = &at};
	assert_int_equal(dg_resolver_new(s->loop, &o, &s->resolver, &err), 0);
	s->guard = dg_loop_after_ms(s->loop, 120000, on_guard, NULL);
	s->have = dg_zone_new(s->arena, "example.test.");
	s->have->is_complete = true;
	add(s, "example.test.", DG_TYPE_MX, "10 mail.example.test.");
	add(s, "example.test.", DG_TYPE_NS, "ns1.example.test.");
	add(s, "mail.example.test.", DG_TYPE_A, "192.0.2.7");
	s->budget = (struct dg_spf_budget){
		.owner = "example.test.",
		.record = record,
		.have = s->have,
		.resolver = s->resolver,
		.deadline_ms = 60000,
		.arena = s->arena,
		.done = on_done,
		.arg = s,
	};
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

static void run(struct scene *s)
{
	dg_zone_seal(s->have);
	dg_spf_budget_start(s->loop, &s->budget);
	assert_int_equal(s->n_done, 0);
	dg_loop_run(s->loop);
	assert_int_equal(s->n_done, 1);
}

static bool has(const struct scene *s, const char *code, enum dg_level level)
{
	for (size_t i = 0; i < s->budget.lints.n; i++) {
		if (strcmp(s->budget.lints.list[i].code, code) == 0) {
			return s->budget.lints.list[i].level == level;
		}
	}
	return false;
}

static void test_from_the_zone_alone(void **state)
{
	struct scene *s = scene_new("v=spf1 mx a:mail.example.test -all");

	(void)state;
	run(s);
	assert_int_equal(s->budget.tree.n_lookups, 2);
	assert_int_equal(s->budget.tree.n_voids, 1); /* for IPv6 clients */
	assert_int_equal(s->budget.lints.n, 0);
	assert_int_equal(s->server.n_udp, 0);
	scene_free(s);
}

static void test_with_the_resolver(void **state)
{
	struct scene *s = scene_new("v=spf1 mx include:_spf.other.test -all");

	(void)state;
	run(s);
	/* mx, include, two more, and mx and a of the first of them */
	assert_int_equal(s->budget.tree.n_lookups, 6);
	assert_int_equal(s->budget.tree.n_failed, 0);
	assert_int_equal(s->budget.lints.n_errors, 0);
	assert_true(s->server.n_udp > 0);
	scene_free(s);
}

static void test_too_many(void **state)
{
	struct scene *s =
		scene_new("v=spf1 include:_spf.other.test include:_spf.other.test mx -all");

	(void)state;
	run(s);
	assert_int_equal(s->budget.tree.n_lookups, 11);
	assert_true(has(s, "spf-too-many-lookups", DG_LEVEL_ERROR));
	scene_free(s);
}

static void test_too_many_voids(void **state)
{
	struct scene *s = scene_new("v=spf1 a:x.example.test a:y.example.test a:z.other.test -all");

	(void)state;
	run(s);
	assert_int_equal(s->budget.tree.n_voids, 3);
	assert_true(has(s, "spf-too-many-voids", DG_LEVEL_ERROR));
	scene_free(s);
}

/* Hosts with A alone are void for IPv6 clients: worth a word, no reason to refuse. */
static void test_voids_of_one_family(void **state)
{
	struct scene *s =
		scene_new("v=spf1 a:mail.example.test a:m2.example.test a:m3.example.test -all");

	(void)state;
	add(s, "m2.example.test.", DG_TYPE_A, "192.0.2.8");
	add(s, "m3.example.test.", DG_TYPE_A, "192.0.2.9");
	run(s);
	assert_int_equal(s->budget.tree.n_voids, 3);
	assert_true(has(s, "spf-voids-one-family", DG_LEVEL_WARNING));
	assert_int_equal(s->budget.lints.n_errors, 0);
	scene_free(s);
}

/* What is about to be published counts as being there, what goes counts as gone. */
static void test_overlay(void **state)
{
	struct scene *s = scene_new("v=spf1 a:new.example.test include:spf.example.test mx -all");
	struct dg_rdata rd[2];
	struct dg_rrset overlay[3];
	struct dg_err err;

	(void)state;
	assert_int_equal(dg_rdata_parse(s->arena, DG_TYPE_A, "192.0.2.9", 9, ".", &rd[0], &err), 0);
	rd[1] = dg_txt_make(s->arena, "v=spf1 -all", 11);
	overlay[0] = dg_rrset_make("new.example.test.", DG_TYPE_A, 60, &rd[0], 1);
	overlay[1] = dg_rrset_make("spf.example.test.", DG_TYPE_TXT, 60, &rd[1], 1);
	overlay[2] = dg_rrset_none("example.test.", DG_TYPE_MX);
	s->budget.overlay = overlay;
	s->budget.n_overlay = 3;
	run(s);
	assert_int_equal(s->budget.tree.n_lookups, 3);
	assert_null(s->budget.tree.broken);
	assert_true(s->budget.tree.n_voids >= 1); /* the MX that goes */
	assert_int_equal(s->server.n_udp, 0);
	scene_free(s);
}

static void test_loop_and_broken(void **state)
{
	struct scene *s = scene_new("v=spf1 include:circle.other.test -all");

	(void)state;
	run(s);
	assert_true(has(s, "spf-include-loop", DG_LEVEL_ERROR));
	scene_free(s);

	s = scene_new("v=spf1 include:plain.other.test -all");
	run(s);
	assert_true(has(s, "spf-include-broken", DG_LEVEL_ERROR));
	scene_free(s);
}

static void test_could_not_tell(void **state)
{
	struct scene *s = scene_new("v=spf1 include:_spf.other.test mx -all");

	(void)state;
	s->server.mood = FAKE_SILENT;
	s->budget.deadline_ms = 300;
	run(s);
	assert_true(has(s, "spf-count-unsure", DG_LEVEL_WARNING));
	assert_int_equal(s->budget.lints.n_errors, 0);
	assert_int_equal(s->budget.tree.n_lookups, 2);
	scene_free(s);

	s = scene_new("v=spf1 include:_spf.other.test mx -all");
	s->budget.resolver = NULL;
	run(s);
	assert_true(has(s, "spf-count-unsure", DG_LEVEL_WARNING));
	scene_free(s);
}

static void test_cancel(void **state)
{
	struct scene *s = scene_new("v=spf1 include:_spf.other.test mx -all");

	(void)state;
	s->server.mood = FAKE_SILENT;
	dg_zone_seal(s->have);
	dg_spf_budget_start(s->loop, &s->budget);
	(void)dg_loop_after_ms(s->loop, 50, (void (*)(void *))dg_loop_stop, s->loop);
	dg_loop_run(s->loop);
	dg_spf_budget_cancel(&s->budget);
	dg_spf_budget_cancel(&s->budget); /* nothing */
	(void)dg_loop_after_ms(s->loop, 50, (void (*)(void *))dg_loop_stop, s->loop);
	dg_loop_run(s->loop);
	assert_int_equal(s->n_done, 0);
	scene_free(s);
}

/* What the zone tells: r, and how many records; r 1: ask for name. */
static void check_zone(
	struct scene *s, const char *owner, uint16_t type, int r, size_t n, const char *name)
{
	struct dg_rrset set = {0};
	const char *at = owner;
	int got = dg_spf_zone_get(&s->budget, &at, type, &set);

	if (got != r || (r == 0 && set.n != n) || strcmp(at, name) != 0) {
		fail_msg("%s %u: %d, %zu records, %s", owner, type, got, set.n, at);
	}
}

static void test_zone_rules(void **state)
{
	struct scene *s = scene_new("v=spf1 -all");

	(void)state;
	add(s, "*.example.test.", DG_TYPE_TXT, "\"w\"");
	add(s, "a.b.example.test.", DG_TYPE_A, "192.0.2.1");
	add(s, "sub.example.test.", DG_TYPE_NS, "ns.sub.example.test.");
	add(s, "ns.sub.example.test.", DG_TYPE_A, "192.0.2.2");
	add(s, "in.example.test.", DG_TYPE_CNAME, "mail.example.test.");
	add(s, "out.example.test.", DG_TYPE_CNAME, "x.other.test.");
	add(s, "ring.example.test.", DG_TYPE_CNAME, "ring.example.test.");
	dg_zone_seal(s->have);
	check_zone(s, "mail.example.test.", DG_TYPE_A, 0, 1, "mail.example.test.");
	check_zone(s, "mail.example.test.", DG_TYPE_TXT, 0, 0,
		"mail.example.test."); /* exists: no wildcard */
	check_zone(s, "foo.example.test.", DG_TYPE_TXT, 0, 1, "foo.example.test.");
	check_zone(s, "foo.example.test.", DG_TYPE_A, 0, 0, "foo.example.test.");
	check_zone(s, "x.b.example.test.", DG_TYPE_TXT, 0, 0,
		"x.b.example.test."); /* b exists: RFC 4592 */
	check_zone(s, "b.example.test.", DG_TYPE_TXT, 0, 0, "b.example.test.");
	check_zone(s, "sub.example.test.", DG_TYPE_TXT, 1, 0, "sub.example.test."); /* delegated */
	check_zone(s, "ns.sub.example.test.", DG_TYPE_A, 1, 0, "ns.sub.example.test.");
	check_zone(s, "in.example.test.", DG_TYPE_A, 0, 1, "mail.example.test.");
	check_zone(s, "out.example.test.", DG_TYPE_A, 1, 0, "x.other.test.");
	check_zone(s, "ring.example.test.", DG_TYPE_A, 0, 0, "ring.example.test.");
	check_zone(s, "x.other.test.", DG_TYPE_A, 1, 0, "x.other.test.");
	s->have->is_complete = false;
	check_zone(s, "mail.example.test.", DG_TYPE_A, 0, 1, "mail.example.test.");
	check_zone(s, "mail.example.test.", DG_TYPE_TXT, 1, 0, "mail.example.test.");
	const struct dg_rrset none = dg_rrset_none("in.example.test.", DG_TYPE_TXT);
	dg_zone_add(s->have, &none); /* it was asked for TXT, not for the CNAME that is there */
	dg_zone_seal(s->have);
	check_zone(s, "in.example.test.", DG_TYPE_TXT, 1, 0, "in.example.test.");
	s->budget.have = NULL;
	check_zone(s, "mail.example.test.", DG_TYPE_A, 1, 0, "mail.example.test.");
	scene_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_from_the_zone_alone),
		cmocka_unit_test(test_with_the_resolver),
		cmocka_unit_test(test_too_many),
		cmocka_unit_test(test_too_many_voids),
		cmocka_unit_test(test_voids_of_one_family),
		cmocka_unit_test(test_overlay),
		cmocka_unit_test(test_loop_and_broken),
		cmocka_unit_test(test_could_not_tell),
		cmocka_unit_test(test_cancel),
		cmocka_unit_test(test_zone_rules),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
