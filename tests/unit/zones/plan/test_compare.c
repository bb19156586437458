#include "tests/unit/zones/plan/world.h"

#define APEX "example.com."
#define SPF  "v=spf1"

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

static struct dg_change *only_change(void)
{
	struct dg_plan *plan = make(&w);

	assert_int_equal(plan->n, 1);
	return &plan->changes[0];
}

static void test_what_is_wanted_and_served_needs_nothing(void **state)
{
	(void)state;
	served(&w, APEX, DG_TYPE_MX, 3600, "10 mx1\n20 mx2");
	served(&w, APEX, DG_TYPE_TXT, 3600, "\"v=spf1 mx \" \"-all\"");
	wanted(&w, APEX, DG_TYPE_MX, 3600, "20 mx2\n10 mx1");
	wanted_txt(&w, APEX, 3600, SPF, "\"v=spf1 mx -all\"");
	struct dg_plan *plan = make(&w);
	assert_int_equal(plan->n, 0);
	assert_int_equal(plan->n_same, 2);
	assert_int_equal(plan->n_managed, 2);
	assert_int_equal(plan->n_wanted, 2);
	for (size_t i = 0; i < 2; i++) {
		if (plan->wanted[i].type == DG_TYPE_TXT) { /* as it is served, cuts and all */
			assert_set(&w, &plan->wanted[i], 3600, "\"v=spf1 mx \" \"-all\"");
		}
	}
}

static void test_new_records_are_no_conflict(void **state)
{
	(void)state;
	wanted(&w, "m.example.com.", DG_TYPE_MX, 300, "10 mx1");
	struct dg_change *c = only_change();
	assert_int_equal(c->action, DG_ACTION_CREATE);
	assert_int_equal(c->conflict, DG_CONFLICT_NONE);
	assert_int_equal(c->before.n, 0);
	assert_int_equal(c->old_ttl, 1800); /* the SOA's MINIMUM */
	assert_set(&w, &c->after, 300, "10 mx1");
}

static void test_what_we_applied_is_ours_to_change(void **state)
{
	(void)state;
	served(&w, APEX, DG_TYPE_MX, 3600, "10 mx1");
	applied(&w, APEX, DG_TYPE_MX, 3600, "10 mx1");
	wanted(&w, APEX, DG_TYPE_MX, 3600, "10 mx2");
	struct dg_change *c = only_change();
	assert_int_equal(c->action, DG_ACTION_CHANGE);
	assert_int_equal(c->conflict, DG_CONFLICT_NONE);
	assert_int_equal(c->old_ttl, 3600);
	assert_null(c->conflict_text);
}

static void test_what_never_was_ours_is_foreign(void **state)
{
	(void)state;
	served(&w, APEX, DG_TYPE_MX, 3600, "10 mx1");
	wanted(&w, APEX, DG_TYPE_MX, 3600, "10 mx2");
	struct dg_change *c = only_change();
	assert_int_equal(c->conflict, DG_CONFLICT_FOREIGN);
	assert_non_null(strstr(c->conflict_text, "--adopt"));
	w.adopt = true;
	c = only_change();
	assert_int_equal(c->conflict, DG_CONFLICT_NONE);
	assert_non_null(strstr(c->why, "--adopt"));
	assert_set(&w, &c->after, 3600, "10 mx2");
}

static void test_a_foreign_ttl_is_foreign_too(void **state)
{
	(void)state;
	served(&w, APEX, DG_TYPE_MX, 300, "10 mx1");
	wanted(&w, APEX, DG_TYPE_MX, 3600, "10 mx1");
	struct dg_change *c = only_change();
	assert_int_equal(c->action, DG_ACTION_TTL);
	assert_int_equal(c->conflict, DG_CONFLICT_FOREIGN);
}

static void test_an_edit_is_a_conflict(void **state)
{
	(void)state;
	served(&w, APEX, DG_TYPE_MX, 3600, "10 mx9.example.net.");
	applied(&w, APEX, DG_TYPE_MX, 3600, "10 mx1");
	wanted(&w, APEX, DG_TYPE_MX, 3600, "10 mx1");
	struct dg_plan *plan = make(&w);
	assert_int_equal(plan->n, 1);
	assert_int_equal(plan->n_conflicts, 1);
	assert_int_equal(plan->n_wanted, 0); /* never journaled as ours */
	assert_int_equal(plan->changes[0].conflict, DG_CONFLICT_EDITED);
	assert_set(&w, &plan->changes[0].last, 3600, "10 mx1");
	w.adopt = true;
	assert_int_equal(only_change()->conflict, DG_CONFLICT_NONE);
}

static void test_an_edit_of_the_ttl_is_a_conflict(void **state)
{
	(void)state;
	served(&w, APEX, DG_TYPE_MX, 60, "10 mx1");
	applied(&w, APEX, DG_TYPE_MX, 3600, "10 mx1");
	wanted(&w, APEX, DG_TYPE_MX, 3600, "10 mx1");
	struct dg_change *c = only_change();
	assert_int_equal(c->action, DG_ACTION_TTL);
	assert_int_equal(c->conflict, DG_CONFLICT_EDITED);
	assert_non_null(strstr(c->conflict_text, "TTL from 3600 to 60"));
}

static void test_no_wish_for_a_ttl_keeps_the_one_served(void **state)
{
	(void)state;
	served(&w, APEX, DG_TYPE_MX, 77, "10 mx1");
	wanted(&w, APEX, DG_TYPE_MX, 0, "10 mx1");
	served(&w, APEX, DG_TYPE_TXT, 78, "\"other=1\"");
	wanted_txt(&w, APEX, 0, SPF, "\"v=spf1 -all\"");
	served(&w, "a.example.com.", DG_TYPE_MX, 79,
		"10 mx1"); /* the TTL was edited, and is kept */
	applied(&w, "a.example.com.", DG_TYPE_MX, 3600, "10 mx1");
	wanted(&w, "a.example.com.", DG_TYPE_MX, 0, "10 mx2");
	wanted(&w, "b.example.com.", DG_TYPE_MX, 0, "10 mx2");
	struct dg_plan *plan = make(&w);
	assert_int_equal(plan->n, 3);
	assert_int_equal(plan->n_conflicts, 0);
	assert_set(&w, &plan->changes[0].after, 78, "\"other=1\"\n\"v=spf1 -all\"");
	assert_string_equal(plan->changes[0].why, "the policy says so");
	assert_set(&w, &plan->changes[1].after, 79, "10 mx2");
	assert_set(&w, &plan->changes[2].after, DG_TTL_NEW, "10 mx2");
}

static void test_an_edit_towards_the_policy_is_welcome(void **state)
{
	(void)state;
	served(&w, APEX, DG_TYPE_MX, 3600, "10 mx2");
	applied(&w, APEX, DG_TYPE_MX, 3600, "10 mx1");
	wanted(&w, APEX, DG_TYPE_MX, 3600, "10 mx2");
	assert_int_equal(make(&w)->n, 0);
}

static void test_a_deletion_is_a_conflict(void **state)
{
	(void)state;
	applied(&w, APEX, DG_TYPE_MX, 3600, "10 mx1");
	wanted(&w, APEX, DG_TYPE_MX, 3600, "10 mx1");
	struct dg_change *c = only_change();
	assert_int_equal(c->conflict, DG_CONFLICT_DELETED);
	assert_int_equal(c->last.n, 1);
	w.adopt = true;
	assert_int_equal(only_change()->conflict, DG_CONFLICT_NONE);
}

static void test_something_where_we_left_nothing(void **state)
{
	(void)state;
	served(&w, APEX, DG_TYPE_MX, 3600, "10 mx1");
	applied(&w, APEX, DG_TYPE_MX, 0, NULL);
	wanted(&w, APEX, DG_TYPE_MX, 3600, NULL);
	struct dg_change *c = only_change();
	assert_int_equal(c->action, DG_ACTION_DELETE);
	assert_int_equal(c->conflict, DG_CONFLICT_EDITED);
}

static void test_others_txt_stays_beside_ours(void **state)
{
	(void)state;
	served(&w, APEX, DG_TYPE_TXT, 900, "\"site-verification=a\" \"b\"");
	wanted_txt(&w, APEX, 3600, SPF, "\"v=spf1 -all\"");
	struct dg_change *c = only_change();
	assert_int_equal(c->action, DG_ACTION_CHANGE);
	assert_int_equal(c->conflict, DG_CONFLICT_NONE);
	/* the RRset keeps the TTL that others gave it, and their cut of the string */
	assert_set(&w, &c->after, 900, "\"site-verification=a\" \"b\"\n\"v=spf1 -all\"");
	assert_non_null(strstr(c->why, "the TTL stays 900, not 3600"));
}

static void test_others_txt_may_change_as_they_like(void **state)
{
	(void)state;
	served(&w, APEX, DG_TYPE_TXT, 900, "\"other=2\"\n\"v=spf1 a -all\"");
	applied(&w, APEX, DG_TYPE_TXT, 3600, "\"other=1\"\n\"v=spf1 a -all\"");
	wanted_txt(&w, APEX, 3600, SPF, "\"v=spf1 mx -all\"");
	struct dg_change *c = only_change();
	assert_int_equal(c->conflict, DG_CONFLICT_NONE);
	assert_set(&w, &c->after, 900, "\"other=2\"\n\"v=spf1 mx -all\"");
}

static void test_an_edit_of_our_txt_is_a_conflict(void **state)
{
	(void)state;
	served(&w, APEX, DG_TYPE_TXT, 3600, "\"other=1\"\n\"v=spf1 +all\"");
	applied(&w, APEX, DG_TYPE_TXT, 3600, "\"other=1\"\n\"v=spf1 a -all\"");
	wanted_txt(&w, APEX, 3600, SPF, "\"v=spf1 mx -all\"");
	struct dg_change *c = only_change();
	assert_int_equal(c->conflict, DG_CONFLICT_EDITED);
	assert_set(&w, &c->last, 3600, "\"v=spf1 a -all\"");
	w.adopt = true;
	assert_set(&w, &only_change()->after, 3600, "\"other=1\"\n\"v=spf1 mx -all\"");
}

static void test_our_txt_removed_beside_others(void **state)
{
	(void)state;
	served(&w, APEX, DG_TYPE_TXT, 3600, "\"other=1\"");
	applied(&w, APEX, DG_TYPE_TXT, 3600, "\"other=1\"\n\"v=spf1 -all\"");
	wanted_txt(&w, APEX, 3600, SPF, "\"v=spf1 -all\"");
	assert_int_equal(only_change()->conflict, DG_CONFLICT_DELETED);
}

static void test_a_foreign_spf_record_is_foreign(void **state)
{
	(void)state;
	served(&w, APEX, DG_TYPE_TXT, 3600, "\"V=SPF1 +a ?all\"\n\"v=spf1 mx\"\n\"v=spf10 mx\"");
	wanted_txt(&w, APEX, 3600, SPF, "\"v=spf1 mx -all\"");
	struct dg_change *c = only_change();
	assert_int_equal(c->conflict, DG_CONFLICT_FOREIGN);
	/* both SPF records go: two are a permanent error; the one that only looks like SPF is not ours */
	assert_set(&w, &c->after, 3600, "\"v=spf10 mx\"\n\"v=spf1 mx -all\"");
}

static void test_removing_our_txt_leaves_others(void **state)
{
	(void)state;
	served(&w, APEX, DG_TYPE_TXT, 3600, "\"other=1\"\n\"v=spf1 -all\"");
	applied(&w, APEX, DG_TYPE_TXT, 3600, "\"v=spf1 -all\"");
	wanted_txt(&w, APEX, 60, SPF, NULL);
	struct dg_change *c = only_change();
	assert_int_equal(c->action, DG_ACTION_CHANGE);
	assert_int_equal(c->conflict, DG_CONFLICT_NONE);
	assert_set(&w, &c->after, 3600, "\"other=1\"");
}

static void test_two_claims_on_one_rrset(void **state)
{
	(void)state;
	served(&w, APEX, DG_TYPE_TXT, 3600, "\"other=1\"\n\"v=spf1 \" \"-all\"\n\"v=x; old\"");
	applied(&w, APEX, DG_TYPE_TXT, 3600, "\"v=spf1 \" \"-all\"\n\"v=x; old\"");
	wanted_txt(&w, APEX, 3600, SPF, "\"v=spf1 -all\"");
	struct dg_item *x = wanted_txt(&w, APEX, 3600, "v=x", "\"v=x; new\"");
	x->why = "because of x";
	x->phase = 1;
	struct dg_change *c = only_change();
	assert_int_equal(c->phase, 1); /* what has to wait does */
	assert_string_equal(c->why, "because of x");
	/* only x changes; SPF stays cut as it is served */
	assert_set(&w, &c->after, 3600, "\"other=1\"\n\"v=spf1 \" \"-all\"\n\"v=x; new\"");
}

static void test_a_cut_alone_is_no_change(void **state)
{
	(void)state;
	served(&w, APEX, DG_TYPE_TXT, 300, "\"v=spf1 \" \"-all\"");
	applied(&w, APEX, DG_TYPE_TXT, 300, "\"v=spf1 \" \"-all\"");
	wanted_txt(&w, APEX, 60, SPF, "\"v=spf1 -all\"");
	struct dg_change *c = only_change();
	assert_int_equal(c->action, DG_ACTION_TTL);
	assert_set(&w, &c->after, 60, "\"v=spf1 \" \"-all\"");
	assert_non_null(strstr(c->why, "TTL of 60, 300 is served"));
}

static void test_a_cname_is_in_the_way(void **state)
{
	(void)state;
	served(&w, "www.example.com.", DG_TYPE_CNAME, 300, "web.example.net.");
	wanted(&w, "www.example.com.", DG_TYPE_MX, 300, "0 .");
	struct dg_change *c = only_change();
	assert_int_equal(c->conflict, DG_CONFLICT_CNAME);
	assert_non_null(strstr(c->conflict_text, "CNAME web.example.net."));
	w.adopt = true;
	assert_int_equal(only_change()->conflict, DG_CONFLICT_CNAME);
}

static void test_a_dname_above_and_a_delegation_are_in_the_way(void **state)
{
	(void)state;
	served(&w, "d.example.com.", DG_TYPE_DNAME, 300, "example.net.");
	served(&w, "sub.example.com.", DG_TYPE_NS, 300, "ns.example.net.");
	wanted(&w, "d.example.com.", DG_TYPE_MX, 300, "0 .");
	wanted(&w, "x.d.example.com.", DG_TYPE_MX, 300, "0 .");
	wanted(&w, "a.b.sub.example.com.", DG_TYPE_MX, 300, "0 .");
	struct dg_plan *plan = make(&w);
	assert_int_equal(plan->n, 3);
	assert_int_equal(plan->n_conflicts, 2);
	for (size_t i = 0; i < 3;
		i++) { /* a DNAME's own name may hold other records (RFC 6672 section 2.4) */
		bool is_owner = strcmp(plan->changes[i].after.owner, "d.example.com.") == 0;

		assert_int_equal(
			plan->changes[i].conflict, is_owner ? DG_CONFLICT_NONE : DG_CONFLICT_CNAME);
	}
}

static void test_what_could_not_be_read_is_unknown(void **state)
{
	(void)state;
	w.have->is_complete = false;
	applied(&w, APEX, DG_TYPE_MX, 3600, "10 mx1");
	wanted(&w, APEX, DG_TYPE_MX, 3600, "10 mx1");
	w.adopt = true;
	struct dg_plan *plan = make(&w);
	assert_int_equal(plan->n_conflicts, 1);
	assert_int_equal(plan->changes[0].conflict, DG_CONFLICT_UNKNOWN);
	assert_int_equal(plan->n_wanted, 0);
}

static void test_an_unreadable_journal_stops_the_plan(void **state)
{
	struct dg_plan *plan = NULL;

	(void)state;
	wanted(&w, APEX, DG_TYPE_MX, 3600, "10 mx1");
	w.last_rc = DG_EIO;
	assert_int_equal(try_plan(&w, &plan), DG_EIO);
	assert_null(plan);
}

static void assert_refused(const char *part)
{
	struct dg_plan *plan = NULL;

	assert_int_equal(try_plan(&w, &plan), DG_EPOLICY);
	assert_null(plan);
	if (!strstr(w.err.text, part)) {
		fail_msg("\"%s\" lacks \"%s\"", w.err.text, part);
	}
	w.want.n = 0;
}

static void test_what_is_never_planned(void **state)
{
	(void)state;
	wanted(&w, APEX, DG_TYPE_NS, 3600, "ns2.example.com.");
	assert_refused("NS of example.com: ");
	wanted(&w, APEX, DG_TYPE_SOA, 3600, NULL);
	assert_refused("SOA");
	wanted(&w, APEX, 43, 3600, NULL);
	assert_refused("DS");
	wanted(&w, "example.net.", DG_TYPE_MX, 3600, "10 mx1");
	assert_refused("not in the zone");
	wanted(&w, APEX, DG_TYPE_MX, 3600, "0 .\n10 mx1");
	assert_refused("RFC 7505 section 3");
	wanted(&w, APEX, DG_TYPE_MX, 3600, "10 .");
	assert_refused("RFC 7505 section 3");
	wanted(&w, APEX, DG_TYPE_MX, 3600, "10 mx1");
	wanted(&w, APEX, DG_TYPE_MX, 3600, "0 .");
	assert_refused("in two ways");
	wanted_txt(&w, APEX, 3600, SPF, "\"v=spf1 mx -all\"");
	wanted_txt(&w, APEX, 3600, SPF, "\"v=spf1 -all\"");
	assert_refused("in two ways");
	/* said twice alike is fine */
	wanted(&w, APEX, DG_TYPE_MX, 3600, "10 mx1");
	wanted(&w, APEX, DG_TYPE_MX, 3600, "10 mx1");
	assert_set(&w, &only_change()->after, 3600, "10 mx1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_what_is_wanted_and_served_needs_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(test_new_records_are_no_conflict, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_what_we_applied_is_ours_to_change, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_what_never_was_ours_is_foreign, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_foreign_ttl_is_foreign_too, setup, teardown),
		cmocka_unit_test_setup_teardown(test_an_edit_is_a_conflict, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_an_edit_of_the_ttl_is_a_conflict, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_no_wish_for_a_ttl_keeps_the_one_served, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_an_edit_towards_the_policy_is_welcome, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_deletion_is_a_conflict, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_something_where_we_left_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(test_others_txt_stays_beside_ours, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_others_txt_may_change_as_they_like, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_an_edit_of_our_txt_is_a_conflict, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_our_txt_removed_beside_others, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_a_foreign_spf_record_is_foreign, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_removing_our_txt_leaves_others, setup, teardown),
		cmocka_unit_test_setup_teardown(test_two_claims_on_one_rrset, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_cut_alone_is_no_change, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_cname_is_in_the_way, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_a_dname_above_and_a_delegation_are_in_the_way, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_what_could_not_be_read_is_unknown, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_an_unreadable_journal_stops_the_plan, setup, teardown),
		cmocka_unit_test_setup_teardown(test_what_is_never_planned, setup, teardown),
	};
	return cmocka_run_group_tests_name("zones/plan/compare", tests, NULL, NULL);
}
