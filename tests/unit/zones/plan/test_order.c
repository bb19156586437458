#include "tests/unit/zones/plan/world.h"

#include "zones/policy/policy.h"

#define APEX "example.com."
/* of the plan of want_split(); other versions must make the same one: people keep it in tickets and scripts */
#define DIGEST "f40254371829ab054e7fa2af6718ec6e4b2035967ca89e23c4505a24454af993"

static struct world w;

static int setup(void **state)
{
	(void)state;
	world_init(&w);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	world_done(&w);
	return 0;
}

/* A split, with its claims given in the worst order. */
static void want_split(void)
{
	served(&w, APEX, DG_TYPE_MX, 300, "10 mx1");
	applied(&w, APEX, DG_TYPE_MX, 300, "10 mx1");
	served(&w, "old.example.com.", DG_TYPE_MX, 300, "10 mx1");
	applied(&w, "old.example.com.", DG_TYPE_MX, 300, "10 mx1");
	served(&w, "old.example.com.", DG_TYPE_TXT, 300, "\"v=spf1 mx -all\"");
	applied(&w, "old.example.com.", DG_TYPE_TXT, 300, "\"v=spf1 mx -all\"");
	wanted(&w, "old.example.com.", DG_TYPE_MX, 300, NULL);
	wanted_txt(&w, "old.example.com.", 300, "v=spf1", NULL);
	wanted(&w, APEX, DG_TYPE_MX, 60, "0 .")->is_mail_mx = true;
	wanted(&w, "www.example.com.", DG_TYPE_MX, 3600, "0 .");
	wanted(&w, "m.example.com.", DG_TYPE_MX, 300, "10 mx1");
	wanted_txt(&w, APEX, 3600, "v=spf1", "\"v=spf1 -all\"");
	wanted_txt(&w, "m.example.com.", 3600, "v=spf1", "\"v=spf1 mx -all\"");
}

static void test_the_way_out_opens_before_it_closes(void **state)
{
	static const struct {
		const char *owner;
		uint16_t type;
	} expected[] = {
		{"m.example.com.", DG_TYPE_TXT},
		{APEX, DG_TYPE_TXT},
		{"m.example.com.", DG_TYPE_MX},
		{"www.example.com.", DG_TYPE_MX},
		{APEX, DG_TYPE_MX},
		{"old.example.com.", DG_TYPE_TXT},
		{"old.example.com.", DG_TYPE_MX},
	};

	(void)state;
	want_split();
	struct dg_plan *plan = make(&w);
	assert_int_equal(plan->n, 7);
	for (size_t i = 0; i < plan->n; i++) {
		assert_string_equal(plan->changes[i].after.owner, expected[i].owner);
		assert_int_equal(plan->changes[i].after.type, expected[i].type);
	}
	/* the phase comes before all of this */
	w.items[2].phase = 0;
	w.items[4].phase = w.items[5].phase = w.items[6].phase = w.items[3].phase = 1;
	plan = make(&w);
	assert_string_equal(plan->changes[0].after.owner, APEX);
	assert_int_equal(plan->changes[0].after.type, DG_TYPE_MX);
}

static void test_the_mail_name_closes_after_the_hosts(void **state)
{
	(void)state;
	wanted(&w, "a.b.example.com.", DG_TYPE_MX, 60, "0 .")->is_mail_mx = true;
	wanted(&w, "www.example.com.", DG_TYPE_MX, 60, "0 .");
	wanted(&w, "c.example.com.", DG_TYPE_MX, 60, "10 mx1")->is_mail_mx = true;
	struct dg_plan *plan = make(&w);
	assert_string_equal(plan->changes[0].after.owner, "c.example.com.");
	assert_string_equal(plan->changes[1].after.owner, "www.example.com.");
	assert_string_equal(plan->changes[2].after.owner, "a.b.example.com.");
}

static void test_the_digest_names_what_is_done(void **state)
{
	char hex[DG_DIGEST_TEXT_MAX];

	(void)state;
	want_split();
	struct dg_plan *x = make(&w);
	for (size_t i = 0; i < w.want.n / 2;
		i++) { /* other addresses, other order: the same plan */
		struct dg_item it = w.items[i];

		w.items[i] = w.items[w.want.n - 1 - i];
		w.items[w.want.n - 1 - i] = it;
	}
	struct dg_plan *y = make(&w);
	assert_memory_equal(x->digest, y->digest, DG_DIGEST_LEN);
	assert_string_equal(dg_digest_text(x->digest, DG_DIGEST_LEN, hex), DIGEST);
	assert_true(dg_plan_is(x, hex));
	hex[0] = (char)(hex[0] >= 'a' ? hex[0] - 32 : hex[0]);
	hex[12] = '\0';
	assert_true(dg_plan_is(x, hex));
	hex[11] = '\0';
	assert_false(dg_plan_is(x, hex));
	assert_false(dg_plan_is(x, "000000000000"));
	w.items[0].ttl++;
	struct dg_plan *z = make(&w);
	assert_memory_not_equal(x->digest, z->digest, DG_DIGEST_LEN);
}

static void test_a_plan_remembers_what_it_wants(void **state)
{
	(void)state;
	served(&w, APEX, DG_TYPE_MX, 300, "10 mx1");
	wanted(&w, APEX, DG_TYPE_MX, 300, "10 mx1");
	wanted(&w, "a.example.com.", DG_TYPE_MX, 300, "0 .");
	struct dg_plan *plan = make(&w);
	assert_int_equal(plan->n_same, 1);
	assert_int_equal(plan->n_wanted, 2);
	assert_string_equal(plan->wanted[0].owner, APEX);
	assert_string_equal(plan->wanted[1].owner, "a.example.com.");
	served(&w, "b.example.com.", DG_TYPE_MX, 300,
		"10 mx1"); /* not ours, not to be called applied */
	wanted(&w, "b.example.com.", DG_TYPE_MX, 300, "0 .");
	wanted(&w, "c.example.com.", DG_TYPE_MX, 300, "0 .");
	plan = make(&w);
	assert_int_equal(plan->n_same, 1);
	assert_int_equal(plan->n_wanted, 3);
	assert_int_equal(plan->n_managed, 4);
	assert_string_equal(plan->wanted[1].owner, "a.example.com.");
	assert_string_equal(plan->wanted[2].owner, "c.example.com.");
	assert_set(&w, &plan->wanted[3], 300, "0 .");
	assert_string_equal(plan->wanted[3].owner, "b.example.com.");
}

/* --- rails --- */
static const char *const hosts[] = {"a.example.com.", "b.example.com.", "c.example.com.",
	"d.example.com.", "e.example.com.", "f.example.com.", "g.example.com.", "h.example.com.",
	"i.example.com.", "j.example.com.", "k.example.com."};

static void have_hosts(size_t n, size_t n_changed, const char *to)
{
	for (size_t i = 0; i < n; i++) {
		served(&w, hosts[i], DG_TYPE_MX, 300, "10 mx1");
		applied(&w, hosts[i], DG_TYPE_MX, 300, "10 mx1");
		wanted(&w, hosts[i], DG_TYPE_MX, 300, i < n_changed ? to : "10 mx1");
	}
}

static void test_thirty_percent_of_a_zone_pass_more_does_not(void **state)
{
	(void)state;
	have_hosts(10, 3, "10 mx2");
	assert_int_equal(dg_rail_zone(make(&w), NULL, &w.err), 0);
	w.items[3].n = 0; /* a deletion counts like a change */
	assert_int_equal(dg_rail_zone(make(&w), NULL, &w.err), DG_EPOLICY);
	assert_non_null(strstr(w.err.text, "4 of the 10 RRsets"));
	assert_non_null(strstr(w.err.text, "30 % (at most 3)"));
	assert_non_null(strstr(w.err.text, "--force"));
	/* what a split of one of them changes is what was asked for */
	struct dg_mail_spec staged = {.name = hosts[3]};
	assert_int_equal(dg_rail_zone(make(&w), &staged, &w.err), 0);
	staged.name = "example.com.";
	assert_int_equal(dg_rail_zone(make(&w), &staged, &w.err), DG_EPOLICY);
	w.n_last = 0; /* conflicts are not carried out: they do not count */
	assert_int_equal(dg_rail_zone(make(&w), NULL, &w.err), 0);
}

static void test_a_small_zone_has_no_rail(void **state)
{
	(void)state;
	have_hosts(9, 9, NULL);
	assert_int_equal(dg_rail_zone(make(&w), NULL, &w.err), 0);
	/* new RRsets do not make it a large one */
	wanted(&w, "n.example.com.", DG_TYPE_MX, 300, "0 .");
	assert_int_equal(dg_rail_zone(make(&w), NULL, &w.err), 0);
}

static void test_additions_and_ttls_are_not_counted(void **state)
{
	(void)state;
	have_hosts(10, 0, NULL);
	for (size_t i = 0; i < 10; i++) {
		w.items[i].ttl = 60;
		served(&w, hosts[i], DG_TYPE_TXT, 300, "\"other=1\"");
		wanted_txt(&w, hosts[i], 300, "v=spf1", "\"v=spf1 -all\"");
	}
	wanted(&w, "n.example.com.", DG_TYPE_MX, 300, "0 .");
	struct dg_plan *plan = make(&w);
	assert_int_equal(plan->n, 21);
	assert_int_equal(dg_rail_zone(plan, NULL, &w.err), 0);
	struct dg_rail_counts c = {0};
	dg_rail_add(&c, plan);
	assert_int_equal(c.n_zones, 1);
	assert_int_equal(c.n_managed, 10);
	assert_int_equal(c.n_changed, 0);
}

static void test_the_rail_of_a_fleet(void **state)
{
	struct dg_rail_counts c = {.n_zones = 10, .n_managed = 100, .n_changed = 30};

	(void)state;
	assert_int_equal(dg_rail_fleet(&c, &w.err), 0);
	c.n_changed = 31;
	assert_int_equal(dg_rail_fleet(&c, &w.err), DG_EPOLICY);
	assert_non_null(strstr(w.err.text, "31 of the 100 RRsets"));
	assert_non_null(strstr(w.err.text, "--force"));
	c.n_zones = 9;
	assert_int_equal(dg_rail_fleet(&c, &w.err), 0);
	c = (struct dg_rail_counts){.n_zones = 10, .n_managed = 3, .n_changed = 1};
	assert_int_equal(dg_rail_fleet(&c, &w.err), DG_EPOLICY);
	c = (struct dg_rail_counts){.n_zones = 1000};
	assert_int_equal(dg_rail_fleet(&c, &w.err), 0);
}

/* --- restore --- */
static struct dg_plan *restore(const struct dg_rrset *sets, size_t n)
{
	struct dg_plan *plan = NULL;

	dg_zone_seal(w.have);
	if (dg_plan_restore(w.a, w.have, sets, n, find_last, &w, w.adopt, &plan, &w.err) != 0) {
		fail_msg("%s", w.err.text);
	}
	return plan;
}

static void test_restore_puts_back_every_octet(void **state)
{
	(void)state;
	served(&w, APEX, DG_TYPE_MX, 60, "0 .");
	applied(&w, APEX, DG_TYPE_MX, 60, "0 .");
	served(&w, APEX, DG_TYPE_TXT, 60, "\"v=spf1 -all\"");
	applied(&w, APEX, DG_TYPE_TXT, 60, "\"v=spf1 -all\"");
	served(&w, "m.example.com.", DG_TYPE_MX, 60, "10 mx1");
	applied(&w, "m.example.com.", DG_TYPE_MX, 60, "10 mx1");
	served(&w, "same.example.com.", DG_TYPE_MX, 60, "10 mx1");
	const struct dg_rrset sets[] = {
		dg_rrset_none("m.example.com.", DG_TYPE_MX),
		rrset(&w, APEX, DG_TYPE_MX, 3600, "10 mx1\n20 mx2"),
		rrset(&w, APEX, DG_TYPE_TXT, 3600, "\"v=spf1 \" \"-all\""),
		rrset(&w, "same.example.com.", DG_TYPE_MX, 60, "10 mx1"),
	};
	struct dg_plan *plan = restore(sets, 4);
	assert_int_equal(plan->n, 3);
	assert_int_equal(plan->n_same, 1);
	assert_int_equal(plan->n_conflicts, 0);
	assert_set(&w, &plan->changes[0].after, 3600, "\"v=spf1 \" \"-all\"");
	assert_set(&w, &plan->changes[1].after, 3600, "10 mx1\n20 mx2");
	assert_int_equal(plan->changes[1].phase, 0);
	/* the subdomain goes only when the old way is seen to be open */
	assert_int_equal(plan->changes[2].action, DG_ACTION_DELETE);
	assert_int_equal(plan->changes[2].phase, 1);
	assert_int_equal(restore(sets, 1)->changes[0].phase, 0);
}

static void test_restore_keeps_a_cut_apart(void **state)
{
	(void)state;
	served(&w, APEX, DG_TYPE_TXT, 60, "\"v=spf1 -all\"");
	applied(&w, APEX, DG_TYPE_TXT, 60, "\"v=spf1 -all\"");
	struct dg_rrset set = rrset(&w, APEX, DG_TYPE_TXT, 60, "\"v=spf1 \" \"-all\"");
	struct dg_plan *plan = restore(&set, 1);
	assert_int_equal(plan->n, 1);
	assert_set(&w, &plan->changes[0].after, 60, "\"v=spf1 \" \"-all\"");
}

static void test_restore_overwrites_nobody(void **state)
{
	(void)state;
	served(&w, "a.example.com.", DG_TYPE_MX, 61, "10 mx1"); /* TTL edited */
	applied(&w, "a.example.com.", DG_TYPE_MX, 60, "10 mx1");
	applied(&w, "b.example.com.", DG_TYPE_MX, 60, "10 mx1"); /* removed */
	served(&w, "c.example.com.", DG_TYPE_MX, 60, "10 mx1");  /* never ours */
	served(&w, "d.example.com.", DG_TYPE_CNAME, 60, "x.example.com.");
	applied(&w, "d.example.com.", DG_TYPE_MX, 60, NULL);
	struct dg_rrset sets[5];
	for (size_t i = 0; i < 4; i++) {
		sets[i] = rrset(&w, hosts[i], DG_TYPE_MX, 60, "10 mx0");
	}
	sets[4] = rrset(&w, "x.example.net.", DG_TYPE_MX, 60, "10 mx0");
	struct dg_plan *plan = restore(sets, 4);
	static const enum dg_conflict expected[] = {
		DG_CONFLICT_EDITED, DG_CONFLICT_DELETED, DG_CONFLICT_FOREIGN, DG_CONFLICT_CNAME};
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(plan->changes[i].conflict, expected[i]);
	}
	assert_int_equal(plan->n_conflicts, 4);
	w.adopt = true;
	assert_int_equal(restore(sets, 4)->n_conflicts, 1);
	w.have->is_complete = false;
	assert_int_equal(restore(&sets[1], 1)->changes[0].conflict, DG_CONFLICT_UNKNOWN);
	assert_int_equal(
		dg_plan_restore(w.a, w.have, &sets[4], 1, find_last, &w, false, &plan, &w.err),
		DG_EPOLICY);
	w.last_rc = DG_EIO;
	w.have->is_complete = true;
	assert_int_equal(
		dg_plan_restore(w.a, w.have, sets, 1, find_last, &w, false, &plan, &w.err), DG_EIO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_the_way_out_opens_before_it_closes, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_the_mail_name_closes_after_the_hosts, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_the_digest_names_what_is_done, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_a_plan_remembers_what_it_wants, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_thirty_percent_of_a_zone_pass_more_does_not, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_small_zone_has_no_rail, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_additions_and_ttls_are_not_counted, setup, teardown),
		cmocka_unit_test_setup_teardown(test_the_rail_of_a_fleet, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_restore_puts_back_every_octet, setup, teardown),
		cmocka_unit_test_setup_teardown(test_restore_keeps_a_cut_apart, setup, teardown),
		cmocka_unit_test_setup_teardown(test_restore_overwrites_nobody, setup, teardown),
	};
	return cmocka_run_group_tests_name("zones/plan/order", tests, NULL, NULL);
}
