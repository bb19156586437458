/* An SPF record with all that it includes: counts, addresses, what is wrong. */
#include "tests/unit/unit.h"

#include "tests/unit/zones/mail/spf_world.h"
#include "zones/mail/spf_tree.h"

#define OWNER "example.com."

struct scene {
	struct dg_arena *arena;
	struct world *world;
	struct dg_spf_tree tree;
	char *text;
};

static int set_up(void **state)
{
	struct scene *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	s->arena = dg_arena_new(256u << 20);
	s->world = world_new(s->arena);
	*state = s;
	return 0;
}

static int tear_down(void **state)
{
	struct scene *s = *state;

	s->arena = dg_arena_free(s->arena);
	free(s);
	return 0;
}

static struct dg_spf_tree *tree(struct scene *s, const char *record)
{
	struct dg_buf b;

	world_again(s->world);
	dg_spf_tree(s->arena, OWNER, record, &s->world->facts, &s->tree);
	dg_buf_init(&b, 1u << 20);
	dg_spf_tree_print(&b, &s->tree);
	s->text = dg_strdup(s->arena, b.data);
	dg_buf_done(&b);
	return &s->tree;
}

static void both(struct scene *s, const char *name)
{
	world_address(s->world, name, "192.0.2.1");
	world_address(s->world, name, "2001:db8::1");
}

static void test_terms(void **state)
{
	static const struct {
		const char *record;
		unsigned n_lookups;
	} cases[] = {
		{"v=spf1 -all", 0},
		{"v=spf1 ip4:192.0.2.1 ip6:2001:db8::1 exp=e.example.net x=y -all", 0},
		{"v=spf1 a mx ptr exists:e.example.net -all", 4},
		{"v=spf1 mx mx mx -all", 3},
		{"v=spf1 a -all mx", 1}, /* nobody comes to what stands after all */
		{"v=spf1 a all redirect=r.example.net", 1},
		{"v=spf1 a:%{i}.example.net -all", 1},
	};
	struct scene *s = *state;

	both(s, OWNER);
	both(s, "e.example.net");
	world_host(s->world, OWNER, DG_TYPE_MX, 10, OWNER);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct dg_spf_tree *t = tree(s, cases[i].record);

		assert_int_equal(t->n_lookups, cases[i].n_lookups);
		assert_int_equal(t->n_voids, 0);
		assert_null(t->broken);
		assert_null(t->loop);
	}
	assert_int_equal(tree(s, "v=spf1 a:%{i}.x.example include:%{d}.example -all")->n_macros, 2);
}

static void test_tree(void **state)
{
	struct scene *s = *state;

	world_host(s->world, OWNER, DG_TYPE_MX, 10, "x.example.net");
	world_text(
		s->world, "_spf.example.net", "v=spf1 include:b.example.net a:x.example.net ~all");
	world_text(s->world, "b.example.net", "v=spf1 mx redirect=c.example.net");
	world_host(s->world, "b.example.net", DG_TYPE_MX, 0, ".");
	world_text(s->world, "c.example.net",
		"v=spf1 ip4:192.0.2.0/24 ip6:2001:db8::/32 -ip4:192.0.2.7 -all");
	world_address(s->world, "x.example.net", "192.0.2.1");
	const struct dg_spf_tree *t = tree(s,
		"v=spf1 redirect=z.example mx include:_SPF.example.NET. exists:%{i}.e.example.net "
		"ip4:198.51.100.1 -all");
	assert_int_equal(t->n_lookups, 7);
	assert_int_equal(t->n_voids, 1);
	assert_null(t->broken);
	assert_string_equal(s->text,
		"example.com: 7 of 10 look-ups, 1 of 2 void, 259 IPv4 addresses and "
		"4.3 billion IPv6 networks of 64 bits, not counting what depends on the mail\n"
		"  mx, 1 look-up, 1 IPv4 address\n"
		"  include:_SPF.example.NET., 5 look-ups, 1 void, 257 IPv4 addresses "
		"and 4.3 billion IPv6 networks of 64 bits\n"
		"    include:b.example.net, 3 look-ups, 256 IPv4 addresses and 4.3 "
		"billion IPv6 networks of 64 bits\n"
		"      mx, 1 look-up\n"
		"      redirect=c.example.net, 1 look-up, 256 IPv4 addresses and 4.3 "
		"billion IPv6 networks of 64 bits\n"
		"        ip4:192.0.2.0/24 and 2 more, 256 IPv4 addresses and 4.3 "
		"billion IPv6 networks of 64 bits\n"
		"    a:x.example.net, 1 look-up, 1 void, 1 IPv4 address, void for IPv6 "
		"clients\n"
		"  exists:%{i}.e.example.net, 1 look-up, depends on the mail\n"
		"  ip4:198.51.100.1, 1 IPv4 address\n");
	assert_string_equal(t->nodes[2].domain, "_spf.example.net.");
	assert_string_equal(
		t->nodes[2].record, "v=spf1 include:b.example.net a:x.example.net ~all");
	assert_int_equal(t->nodes[2].n_voids, 1);
	assert_null(t->nodes[8].domain);
	assert_true(t->has_all && t->has_fail_all && !t->has_soft_all);
}

static void test_addresses(void **state)
{
	struct scene *s = *state;

	both(s, "h.example");
	world_host(s->world, "m.example", DG_TYPE_MX, 10, "h.example");
	world_host(s->world, "m.example", DG_TYPE_MX, 20, "h2.example");
	world_address(s->world, "h2.example", "192.0.2.2");
	world_text(s->world, "open.example", "v=spf1 +all");
	world_text(s->world, "ask.example", "v=spf1 ?ip4:10.0.0.0/8 ip4:192.0.2.0/30 -all");
	assert_true(tree(s, "v=spf1 a:h.example/24//56 -all")->n_addresses4 == 256);
	assert_true(s->tree.n_addresses6_64 == 256);
	assert_true(tree(s, "v=spf1 mx:m.example -all")->n_addresses4 == 2);
	assert_true(s->tree.n_addresses6_64 == 1);
	assert_true(tree(s, "v=spf1 ip4:0.0.0.0/0 ip4:10.0.0.0/8 -all")->n_addresses4 == 0x1p32);
	assert_true(tree(s, "v=spf1 ip6:::/0 ip6:::1 -all")->n_addresses6_64 == 0x1p64);
	assert_true(tree(s, "v=spf1 include:open.example -all")->n_addresses4 == 0x1p32);
	assert_true(tree(s, "v=spf1 ?include:open.example -all")->n_addresses4 == 0);
	assert_true(
		tree(s, "v=spf1 include:ask.example ?ip4:198.51.100.0/24 -all")->n_addresses4 == 4);
	assert_true(tree(s, "v=spf1 ip4:10.0.0.0/8 +all")->n_addresses4 == 0x1p32);
}

static void test_what_ends_it(void **state)
{
	struct scene *s = *state;

	world_text(s->world, "soft.example", "v=spf1 ~all");
	world_text(s->world, "open.example", "v=spf1 all");
	world_text(s->world, "on.example", "v=spf1 redirect=open.example");
	assert_true(tree(s, "v=spf1 include:open.example ?all")->has_neutral_all);
	assert_false(s->tree.has_pass_all);
	assert_true(tree(s, "v=spf1 redirect=soft.example")->has_soft_all);
	assert_true(tree(s, "v=spf1 redirect=on.example")->has_pass_all);
	assert_false(tree(s, "v=spf1 include:open.example")->has_all);
	assert_true(tree(s, "v=spf1 -all all redirect=soft.example")->has_fail_all);
}

static void test_voids(void **state)
{
	struct scene *s = *state;

	world_address(s->world, "only6.example", "2001:db8::6");
	world_address(s->world, "only4.example", "192.0.2.4");
	/* a client has one family: the two are not added */
	assert_int_equal(tree(s, "v=spf1 a:only4.example a:only6.example -all")->n_voids, 1);
	assert_int_equal(
		tree(s, "v=spf1 a:only4.example a:only4.example a:only6.example -all")->n_voids, 2);
	assert_int_equal(s->tree.n_voids4, 1);
	assert_int_equal(s->tree.n_voids6, 2);
	assert_int_equal(tree(s, "v=spf1 a:none.example -all")->n_voids, 1);
	assert_int_equal(tree(s, "v=spf1 mx:none.example -all")->n_voids, 1);
	assert_int_equal(tree(s, "v=spf1 exists:none.example -all")->n_voids, 1);
	assert_int_equal(tree(s, "v=spf1 exists:only4.example -all")->n_voids, 0);
	assert_int_equal(tree(s, "v=spf1 include:none.example a:none.example -all")->n_voids, 2);
	assert_string_equal(s->tree.broken, "none.example.");
	assert_string_equal(s->tree.broken_why, "it has no TXT record");
	assert_int_equal(tree(s, "v=spf1 redirect=none.example")->n_voids, 1);
	world_host(s->world, "m.example", DG_TYPE_MX, 10, "none.example");
	assert_int_equal(tree(s, "v=spf1 mx:m.example -all")->n_voids, 0);
}

static void test_broken(void **state)
{
	struct scene *s = *state;

	world_text(s->world, "zero.example", "v=spf10");
	world_text(s->world, "two.example", "v=spf1 -all");
	world_text(s->world, "two.example", "v=spf1 mx");
	world_text(s->world, "bad.example", "v=spf1 ip4:1 \x1b[2J mx -all");
	assert_string_equal(tree(s, "v=spf1 include:zero.example -all")->broken, "zero.example.");
	assert_int_equal(s->tree.n_voids, 0);
	(void)tree(s, "v=spf1 include:two.example include:zero.example -all");
	assert_string_equal(s->tree.broken, "two.example.");
	assert_string_equal(s->tree.broken_why, "it has 2 SPF records, not one");
	assert_string_equal(tree(s, "v=spf1 include:bad.example -all")->broken, "bad.example.");
	assert_int_equal(s->tree.n_lookups, 2);
	assert_string_equal(s->tree.nodes[1].record, "v=spf1 ip4:1 \\x1b[2J mx -all");
	assert_string_equal(tree(s, "v=spf1 nonsense -all")->broken, OWNER);
	assert_non_null(strstr(s->tree.broken_why, "nonsense"));
}

static void test_loops(void **state)
{
	struct scene *s = *state;

	both(s, "c.example");
	world_text(s->world, "a.example", "v=spf1 include:b.example -all");
	world_text(s->world, "b.example", "v=spf1 redirect=A.Example.");
	world_text(s->world, "c.example", "v=spf1 a -all");
	assert_string_equal(tree(s, "v=spf1 include:a.example -all")->loop, "a.example.");
	assert_int_equal(s->tree.n_lookups, 3);
	assert_non_null(strstr(s->text, "redirect=A.Example., 1 look-up, it includes itself\n"));
	assert_string_equal(tree(s, "v=spf1 include:Example.com -all")->loop, OWNER);
	/* the same name on two branches is no loop, and counts twice */
	assert_null(tree(s, "v=spf1 include:c.example include:c.example -all")->loop);
	assert_int_equal(s->tree.n_lookups, 4);
}

static void test_pending_goes_on(void **state)
{
	struct scene *s = *state;
	const char record[] = "v=spf1 include:p.example a:p.example include:q.example -all";

	world_silent(s->world, "f.example");
	world_text(s->world, "p.example", "v=spf1 -all");
	world_text(s->world, "q.example", "v=spf1 mx:f.example -all");
	s->world->is_slow = true;
	assert_int_equal(tree(s, record)->n_pending, 4);
	assert_int_equal(s->tree.n_failed, 0);
	assert_null(s->tree.broken);
	assert_int_equal(s->tree.n_voids, 0);
	assert_non_null(strstr(s->text, "include:p.example, 1 look-up, not known yet\n"));
	assert_int_equal(tree(s, record)->n_pending, 1);
	assert_int_equal(tree(s, record)->n_pending, 0);
	assert_int_equal(s->tree.n_failed, 1);
	assert_int_equal(s->tree.n_lookups, 4);
	assert_string_equal(s->tree.failed_why, "f.example: no answer in time");
	assert_non_null(strstr(s->text, "mx:f.example, 1 look-up, could not be looked up\n"));
}

static void test_many_hosts(void **state)
{
	struct scene *s = *state;

	for (unsigned i = 0; i < 11; i++) {
		const char *host = dg_printf(s->arena, "h%u.example", i);

		world_host(s->world, "m.example", DG_TYPE_MX, (uint16_t)i, host);
		world_address(s->world, host, "192.0.2.1");
		if (i == 9) {
			assert_null(tree(s, "v=spf1 mx:m.example -all")->many_mx);
		}
	}
	assert_string_equal(tree(s, "v=spf1 mx:m.example -all")->many_mx, "m.example.");
	assert_true(s->tree.n_addresses4 == 10);
}

static void test_shared(void **state)
{
	static const struct {
		const char *name, *shared;
	} cases[] = {
		{"_spf.google.com", "Google Workspace"},
		{"spf.protection.outlook.com", "Microsoft 365"},
		{"AmazonSES.com", "Amazon SES"},
		{"eu.mailgun.org", "Mailgun"},
		{"u1.wl.sendgrid.net", "SendGrid"},
		{"spf.sender.xserver.jp", "Xserver"},
		{"www1.sakura.ne.jp", "SAKURA internet"},
		{"google.com", NULL},
		{"notsendgrid.net", NULL},
	};
	struct scene *s = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		(void)tree(s, dg_printf(s->arena, "v=spf1 include:%s -all", cases[i].name));
		if (cases[i].shared) {
			assert_non_null(s->tree.nodes[1].shared);
			assert_string_equal(s->tree.nodes[1].shared, cases[i].shared);
		} else {
			assert_null(s->tree.nodes[1].shared);
		}
	}
}

/* Each record includes the next one twice: 2^n without a bound. */
static const struct dg_fact *ask_doubling(void *arg, const char *owner, uint16_t type)
{
	struct dg_arena *a = arg;
	struct dg_fact *fact = dg_new(a, struct dg_fact);
	struct dg_rdata *rd = dg_new(a, struct dg_rdata);
	long i = strtol(owner + 1, NULL, 10);
	const char *text =
		dg_printf(a, "v=spf1 include:n%ld.example include:n%ld.example -all", i + 1, i + 1);

	assert_int_equal(type, DG_TYPE_TXT);
	*rd = dg_txt_make(a, text, strlen(text));
	*fact = (struct dg_fact){
		.state = DG_FACT_FOUND, .set = dg_rrset_make(owner, type, 60, rd, 1)};
	return fact;
}

static void test_bounds(void **state)
{
	struct scene *s = *state;
	const struct dg_facts facts = {.dns = ask_doubling, .arg = s->arena};
	struct dg_buf b;

	dg_spf_tree(s->arena, "n0.example.", "v=spf1 include:n1.example -all", &facts, &s->tree);
	assert_true(s->tree.n_lookups > DG_SPF_LOOKUPS_MAX);
	assert_true(s->tree.n_lookups < 4 * DG_SPF_RECORDS_MAX);

	dg_buf_init(&b, DG_SPF_TEXT_MAX);
	dg_buf_puts(&b, "v=spf1");
	for (unsigned i = 0; i < DG_SPF_TERMS_MAX; i++) {
		dg_buf_printf(&b, " include:%03u.xxxxxxxxxx.example", i);
		world_text(s->world, dg_printf(s->arena, "%03u.xxxxxxxxxx.example", i),
			"v=spf1 a:x.example -all");
	}
	(void)tree(s, b.data);
	assert_true(s->tree.n_lookups > DG_SPF_NODES_MAX);
	assert_true(s->tree.n_hidden > 0);
	assert_non_null(strstr(s->text, "further lines are not shown\n"));
	assert_non_null(strstr(s->text, "not followed"));
	dg_buf_done(&b);
}

/* Characters that a zone file would take for something else are escaped, as in every name (the world looks). */
static void test_odd_names(void **state)
{
	struct scene *s = *state;

	assert_int_equal(tree(s, "v=spf1 a:X;y@$Z\\:/.Example -all")->n_voids, 1);
	assert_string_equal(s->tree.nodes[1].domain, "x\\;y\\@\\$z\\\\:/.example.");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_terms, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_tree, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_addresses, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_what_ends_it, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_voids, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_broken, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_loops, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_pending_goes_on, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_many_hosts, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_shared, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_bounds, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_odd_names, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
