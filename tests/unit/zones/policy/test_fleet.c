#include "tests/unit/zones/policy/policy_unit.h"

#include "zones/base/buf.h"

/* Reads all zones into one line: "name ttl n_mail n_silent;" and "!line:column;" for a broken one. */
static const char *read_all(struct dg_arena *a, const char *text, struct dg_err *ret_last)
{
	struct dg_loader *l = NULL;
	struct dg_buf out;
	dg_buf_init(&out, 4096);
	int r = dg_loader_new(
		text, strlen(text), "fleet.yaml", fake_providers, &fake_reader, &l, ret_last);

	assert_int_equal(r, 0);
	for (int i = 0; i < 20; i++) {
		struct dg_policy *policy = NULL;

		r = dg_policy_next(l, a, &policy, ret_last);
		if (r == 1) {
			break;
		}
		if (r < 0) {
			dg_buf_printf(&out, "!%u:%u;", ret_last->pos.line, ret_last->pos.column);
		} else {
			dg_buf_printf(&out, "%s %u %zu %zu;", policy->zone, policy->ttl,
				policy->n_mail, policy->n_silent);
		}
	}
	assert_int_equal(r, 1);
	dg_loader_free(l);
	const char *text_out = dg_strdup(a, out.data);
	dg_buf_done(&out);
	return text_out;
}

static void assert_zones(const char *text, const char *expected, const char *piece)
{
	struct dg_arena *a = dg_arena_new(1u << 24);
	struct dg_err err = {0};

	assert_string_equal(read_all(a, text, &err), expected);
	if (!strstr(err.text, piece)) {
		fail_msg("%s, expected %s", err.text, piece);
	}
	dg_arena_free(a);
}

static void test_shapes(void **state)
{
	(void)state;
	assert_zones("zones: {a.b: , c.d: {ttl: 5m}}\n", "a.b. 0 0 0;c.d. 300 0 0;", "");
	assert_zones(
		"zones:\n- zone: a.b\n- {ttl: 5m, zone: c.d}\n", "a.b. 0 0 0;c.d. 300 0 0;", "");
	assert_zones("defaults: {ttl: 2h, silent: [www]}\nzones:\n  a.b:\n  c.d:\n    ttl: 5m\n",
		"a.b. 7200 0 1;c.d. 300 0 1;", "");
	assert_zones("defaults:\nzones: {a.b: {}}\n", "a.b. 0 0 0;", "");
	assert_zones("zones: {}\n", "", "");
	assert_zones(
		"{\"defaults\": {\"ttl\": 60}, \"zones\": {\"a.b\": null}}", "a.b. 60 0 0;", "");
	assert_zones("zone: a.b\n", "a.b. 0 0 0;", "");
}

static void test_broken(void **state)
{
	(void)state;
	assert_zones("zones:\n  a.b:\n    ttl: x\n  c.d:\n", "!3:10;c.d. 0 0 0;",
		"zone a.b: ttl: found 'x'");
	assert_zones("zones:\n  a.b:\n  c.d:\n  A.b.:\n", "a.b. 0 0 0;c.d. 0 0 0;!4:3;",
		"stands here twice, first in line 2");
	assert_zones("zones:\n  a.b: [x]\n  ..: {}\n  c.d:\n", "!2:8;!3:3;c.d. 0 0 0;", "");
	assert_zones("zones:\n- ttl: 5m\n- zone: c.d\n", "!2:3;c.d. 0 0 0;", "'zone' is missing");
	assert_zones("zones:\n  a.b:\n  c.d: {ttl: 5m\n", "a.b. 0 0 0;!4:1;", "not valid YAML");
	assert_zones("zones:\n  a.b: {zone: a.b}\n", "!2:9;", "unknown key 'zone'");
	assert_zones("zones: {a.b: }\ndefaults: {}\n", "a.b. 0 0 0;!2:1;",
		"defaults: stands before zones:");
	assert_zones("zones: {a.b: }\n---\n", "a.b. 0 0 0;!2:1;", "second document");
	assert_zones("defaults: {ttl: 2h}\n", "!2:1;", "'zones' is missing");
	assert_zones("defaults: {}\nzonse: {}\n", "!2:1;", "did you mean 'zones'?");
	assert_zones("zones: 5\n", "!1:8;", "expected zones");
	assert_zones("zone: a.b\nzones: {}\n", "!1:1;", "no other key");
	/* a fault in defaults: is said once */
	assert_zones(
		"defaults: {tll: 5m}\nzones: {a.b: , c.d: }\n", "!1:12;", "did you mean 'ttl'?");
	assert_zones("defaults: {mail: {\"@\": {mx: [x]}}}\nzones: {a.b: , c.d: }\n", "!1:30;",
		"a preference");
}

static void test_merge(void **state)
{
	(void)state;
	struct dg_arena *a = dg_arena_new(1u << 24);
	const struct dg_policy *p = load_ok(a,
		"defaults:\n"
		"  provider: {fake: {server: 192.0.2.1}}\n"
		"  mail:\n"
		"    \"@\": {mx: [10 mx.example.net], spf: [mx], dmarc: {policy: reject}}\n"
		"    lists: {mx: null}\n"
		"    news: {mx: null}\n"
		"  silent: [www, ftp, shop]\n"
		"zones:\n"
		"  example.com:\n"
		"    mail:\n"
		"      example.com: {spf: [\"include:_spf.example.net\"], dkim: {s1: a.pub}}\n"
		"      shop: {mx: [10 mx.example.net]}\n"
		"      news:\n"
		"    silent: [lists, www, old]\n");

	assert_int_equal(p->n_mail, 3);
	assert_string_equal(p->mail[0].name, "example.com.");
	assert_int_equal(p->mail[0].n_mx, 1);                            /* of defaults */
	assert_int_equal(p->mail[0].spf->terms[0].kind, DG_SPF_INCLUDE); /* its own */
	assert_int_equal(p->mail[0].n_dkim, 1);
	assert_non_null(p->mail[0].dmarc);
	assert_int_equal(p->mail[0].dmarc_pos.line, 4);
	assert_string_equal(p->mail[1].name, "shop.example.com.");
	assert_string_equal(p->mail[2].name, "news.example.com.");
	assert_true(p->mail[2].is_null_mx);
	/* lists: the zone says silent; shop: the zone says mail */
	assert_int_equal(p->n_silent, 4);
	assert_string_equal(p->silent[0].name, "lists.example.com.");
	assert_string_equal(p->silent[2].name, "old.example.com.");
	assert_string_equal(p->silent[3].name, "ftp.example.com.");
	assert_string_equal(p->provider.name, "fake");
	dg_arena_free(a);
}

/* One zone's memory, whatever the number of zones. */
static void test_memory(void **state)
{
	(void)state;
	size_t n = 20000;
	struct dg_buf text;
	struct dg_loader *l = NULL;
	struct dg_err err = {0};

	dg_buf_init(&text, 1u << 24);
	dg_buf_puts(
		&text, "defaults: {mail: {\"@\": {mx: [10 mx.example.net], spf: [mx]}}}\nzones:\n");
	for (size_t i = 0; i < n; i++) {
		dg_buf_printf(&text, "  z%06zu.example: {silent: [www, ftp]}\n", i);
	}
	assert_int_equal(
		dg_loader_new(text.data, text.len, NULL, fake_providers, NULL, &l, &err), 0);
	for (size_t i = 0; i < n; i++) {
		struct dg_arena *a = dg_arena_new(4096); /* above it the process ends */
		struct dg_policy *policy = NULL;

		assert_int_equal(dg_policy_next(l, a, &policy, &err), 0);
		assert_int_equal(policy->n_silent, 2);
		dg_arena_free(a);
	}
	dg_loader_free(l);
	dg_buf_done(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shapes),
		cmocka_unit_test(test_broken),
		cmocka_unit_test(test_merge),
		cmocka_unit_test(test_memory),
	};

	return cmocka_run_group_tests_name("fleet", tests, NULL, NULL);
}
