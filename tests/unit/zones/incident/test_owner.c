#include "tests/unit/zones/incident/incident_unit.h"

#include "zones/incident/infer.h"

static enum dg_standing standing(const struct dg_owner *o, const char *text, const char *name)
{
	struct dg_address a;
	const char *provider = NULL;

	assert_int_equal(dg_address_parse(text, strlen(text), &a), 0);
	return dg_owner_standing(o, &a, name, &provider);
}

static void test_standing(void **state)
{
	struct unit u;
	const char *provider = "hoster.example";
	const char *host = "mbox1.hoster.example";

	(void)state;
	unit_init(&u, "198.51.100.7");
	assert_int_equal(standing(&u.owner, "192.0.2.1", ""), DG_STANDING_OWN);
	assert_int_equal(standing(&u.owner, "192.0.3.1", "mail.good.example"), DG_STANDING_FOREIGN);
	u.owner.n_networks = 0;
	u.owner.providers = &provider;
	u.owner.n_providers = 1;
	u.owner.hosts = &host;
	u.owner.n_hosts = 1;
	assert_int_equal(
		standing(&u.owner, "192.0.3.1", "Mail.Good.Example"), DG_STANDING_OWN_NAME);
	assert_int_equal(standing(&u.owner, "192.0.3.1", "notgood.example"), DG_STANDING_STRANGER);
	assert_int_equal(
		standing(&u.owner, "192.0.3.1", "mbox1.hoster.example"), DG_STANDING_OWN_NAME);
	assert_int_equal(
		standing(&u.owner, "192.0.3.1", "out7.hoster.example"), DG_STANDING_SHARED);
	assert_int_equal(standing(&u.owner, "192.0.3.1", ""), DG_STANDING_STRANGER);
	unit_done(&u);
}

static void test_names(void **state)
{
	struct dg_arena *a = dg_arena_new((size_t)1 << 20);

	(void)state;
	assert_string_equal(dg_registrable(a, "MX.Mail.Example.co.uk"), "example.co.uk");
	assert_string_equal(dg_registrable(a, "example.com."), "example.com");
	assert_string_equal(dg_registrable(a, "com"), "com");
	assert_string_equal(dg_registrable(a, ""), "");
	assert_string_equal(dg_domain_of_address(a, "\"a@b\"@Good.Example."), "good.example");
	assert_string_equal(dg_domain_of_address(a, "nobody"), "");
	a = dg_arena_free(a);
}

static void test_concluded(void **state)
{
	struct unit u;
	struct dg_owner o = {0};

	(void)state;
	unit_init(&u, "198.51.100.7");
	struct dg_infer *f = dg_new(u.arena, struct dg_infer);
	f->arena = u.arena;
	for (unsigned i = 0; i < 10; i++) {
		u.outer[0].by = i == 0 ? "other.example" : "in.hoster.example";
		u.bounce.original.from = i < 2 ? "x@unrelated.example" : "me@good.example";
		dg_infer_add(f, &u.bounce);
	}
	dg_infer_owner(f, &o);
	assert_int_equal(o.n_domains, 1);
	assert_string_equal(o.domains[0], "good.example");
	assert_int_equal(o.n_hosts, 1);
	assert_string_equal(o.hosts[0], "in.hoster.example");
	assert_int_equal(o.n_providers, 1);
	assert_string_equal(o.providers[0], "hoster.example");
	assert_true(o.are_domains_inferred && o.are_hosts_inferred);
	/* What is told stays. */
	dg_infer_owner(f, &u.owner);
	assert_true(!u.owner.are_domains_inferred && !u.owner.are_hosts_inferred);
	assert_int_equal(u.owner.n_hosts, 0);
	unit_done(&u);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_standing),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_concluded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
