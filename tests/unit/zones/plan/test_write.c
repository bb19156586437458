/* A zone as it is to a first zone.yaml and back: the plan of what was written is empty. */
#include "tests/unit/unit.h"

#include "tests/unit/zones/policy/want_unit.h"
#include "zones/plan/plan.h"
#include "zones/policy/write.h"

#define SOA      "@ 3600 IN SOA ns1 hostmaster 7 7200 900 1209600 1800\n@ 3600 IN NS ns1\n"
#define PROVIDER "{fake: {server: 192.0.2.1}}"
#define KEY      "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="

struct row {
	const char *zone;
	const char *has[4];
	const char *has_not;
};

static int never(void *arg, const char *owner, uint16_t type, struct dg_rrset *ret_set)
{
	(void)arg;
	(void)owner;
	(void)type;
	(void)ret_set;
	return 1;
}

static struct dg_zone *zone_of(struct dg_arena *a, const char *text)
{
	struct dg_zonefile *f = NULL;
	struct dg_zone *have = NULL;
	struct dg_err err = {0};

	if (dg_zonefile_scan(a, text, strlen(text), "example.com.", "zone", &f, &err) < 0 ||
		dg_zonefile_read(f, &have, &err) < 0) {
		fail_msg("%u: %s", err.pos.line, err.text);
	}
	return have;
}

/* What the text asks to change in the zone: 0. */
static void assert_no_change(struct dg_arena *a, const struct dg_zone *have, const char *yaml)
{
	struct dg_plan_input in = {.have = have, .last = never};
	struct dg_policy *policy = NULL;
	struct dg_want *want = NULL;
	struct dg_plan *plan = NULL;
	struct dg_err err = {0};

	if (load_text(a, yaml, &policy, &err) != 0) {
		fail_msg("%u:%u: %s\n%s", err.pos.line, err.pos.column, err.text, yaml);
	}
	if (dg_want_make(a, policy, have, NULL, 0, &want, &err) != 0) {
		fail_msg("%u:%u: %s\n%s", err.pos.line, err.pos.column, err.text, yaml);
	}
	in.want = want;
	if (dg_plan_make(a, &in, &plan, &err) != 0) {
		fail_msg("%s\n%s", err.text, yaml);
	}
	for (size_t i = 0; i < plan->n; i++) {
		const struct dg_change *c = &plan->changes[i];

		fail_msg("%s %s %s: %s\n%s", dg_action_text(c->action), c->after.owner, c->why,
			c->conflict_text ? c->conflict_text : "", yaml);
	}
}

static void assert_rows(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct dg_arena *a = dg_arena_new(1u << 28);
		struct dg_zone *have = zone_of(a, dg_printf(a, SOA "%s", rows[i].zone));
		struct dg_buf b;

		dg_buf_init(&b, 1u << 20);
		dg_policy_write(&b, have, PROVIDER);
		for (size_t k = 0; k < 4 && rows[i].has[k]; k++) {
			if (!strstr(b.data, rows[i].has[k])) {
				fail_msg("no %s in\n%s", rows[i].has[k], b.data);
			}
		}
		if (rows[i].has_not && strstr(b.data, rows[i].has_not)) {
			fail_msg("%s in\n%s", rows[i].has_not, b.data);
		}
		assert_no_change(a, have, b.data);
		dg_buf_done(&b);
		dg_arena_free(a);
	}
}

static void test_what_is_sound(void **state)
{
	static const struct row rows[] = {
		{"", {"mail: {}\n", "zone: \"example.com.\"", "provider: " PROVIDER}, "# silent:"},
		{"@ 300 MX 20 b\n@ 300 MX 10 a.example.net.\n",
			{"  \"@\":\n    mx: [\"10 a.example.net.\", \"20 b.example.com.\"]\n",
				"no SPF record", "no DKIM key", "no DMARC record"},
			NULL},
		{"@ MX 0 .\n@ TXT \"v=spf1 -all\"\n@ TXT \"site=1\"\n",
			{"    mx: null\n", "    spf: \"v=spf1 -all\"\n"}, "site"},
		{"@ MX 10 m\n@ TXT \"v=spf1 ip4:192.0.2.0/24 \" \"mx -all\"\n"
		 "_dmarc TXT \"v=DMARC1; p=reject; rua=mailto:d@example.com\"\n",
			{"    spf: \"v=spf1 ip4:192.0.2.0/24 mx -all\"\n",
				"    dmarc: \"v=DMARC1; p=reject; rua=mailto:d@example.com\"\n"},
			"left alone"},
		{"@ MX 10 m\ns1._domainkey TXT \"" KEY "\"\ns2._domainkey TXT \"v=DKIM1; p=\"\n"
		 "*._domainkey TXT \"v=DKIM1; p=\"\n",
			{"    dkim:\n", "      \"s1\": \"" KEY "\"\n", "      \"s2\": revoked\n",
				"# *._domainkey.example.com.: left alone"},
			"\"*"},
		{"lists MX 10 m\nlists TXT \"v=spf1 mx ~all\"\n_dmarc.lists TXT \"v=DMARC1; "
		 "p=none\"\n",
			{"  \"lists\":\n", "    spf: \"v=spf1 mx ~all\"\n", "weak: "}, NULL},
		{"@ MX 10 m\n_smtp._tls TXT \"v=TLSRPTv1; rua=mailto:t@example.com\"\n"
		 "_mta-sts TXT \"v=STSv1; id=1\"\n",
			{"    tlsrpt: [\"mailto:t@example.com\"]\n", "mta-sts: left alone"}, NULL},
		{"@ MX 10 m\nm A 192.0.2.1\nwww AAAA 2001:db8::1\nwww A 192.0.2.2\n@ A 192.0.2.3\n",
			{"# silent:\n#   - \"www\"\n"}, "\"m\""},
		{"@ MX 10 m\nx.y MX 10 m\nsub NS ns.sub\nns.sub A 192.0.2.1\nsub MX 10 m\n",
			{"  \"x.y.example.com.\":\n"}, "sub"},
		{"example.net._report._dmarc TXT \"v=DMARC1;\"\n"
		 "example.org._report._dmarc TXT \"v=DMARC1; rua=mailto:x@example.org\"\n",
			{"report-for: [\"example.net\"]\n"}, "example.org"},
		{"@ MX 10 m\n_dmarc CNAME d.example.net.\nk._domainkey CNAME k.example.net.\n",
			{"dmarc: left alone: an alias", "selector k is left alone: an alias"},
			"no DKIM"},
	};

	(void)state;
	assert_rows(rows, sizeof(rows) / sizeof(rows[0]));
}

/* It stays as it is, and the text says so. */
static void test_what_is_broken(void **state)
{
	static const struct row rows[] = {
		{"@ MX 0 .\n@ MX 10 m\n", {"mx: left alone"}, "    mx: ["},
		{"@ TXT \"v=spf1 -all\"\n@ TXT \"v=spf1 mx -all\"\n", {"spf: left alone: several"},
			"    spf:"},
		{"@ MX 10 m\n@ TXT \"v=spf1 ip4:x -all\"\n",
			{"broken: ", "    # spf: left alone, it is broken: "}, "    spf:"},
		{"_dmarc TXT \"v=DMARC1; p=reject\"\n_dmarc TXT \"v=DMARC1; p=none\"\n",
			{"no MX", "dmarc: left alone: several"}, "    dmarc:"},
		{"@ MX 10 m\n_dmarc TXT \"v=DMARC1; p=perhaps\"\n", {"broken: "}, "    dmarc:"},
		{"@ MX 10 m\ns1._domainkey TXT \"v=DKIM1; p=!!\"\n",
			{"      # left alone, it is broken: \"s1\""}, NULL},
		{"s1._domainkey TXT \"v=DKIM1; p=!!\"\n",
			{"      # left alone, it is broken: \"s1\""}, NULL},
		{"s1._domainkey TXT \"" KEY "\"\ns1._domainkey TXT \"x\"\n",
			{"      # left alone, it is broken: \"s1\""}, NULL},
		{"@ MX 10 m\n_smtp._tls TXT \"v=TLSRPTv1;rua=mailto:t@example.com;;\"\n",
			{"# tlsrpt: left alone"}, "    tlsrpt:"},
	};

	(void)state;
	assert_rows(rows, sizeof(rows) / sizeof(rows[0]));
}

/* What a stranger may have put into the zone stays inside its scalar or its comment. */
static void test_nothing_breaks_out(void **state)
{
	static const struct row rows[] = {
		{"@ TXT \"v=spf1 \\010mail: {} \\\" \\\\ \\255 -all\"\n", {"\\x0a"}, "\nmail: {} "},
		{"_dmarc TXT \"v=DMARC1; p=reject; x=\\010zone: y\"\n", {"\\x0a"}, "\nzone: y"},
		{"@ MX 10 m\n_smtp._tls TXT \"v=TLSRPTv1; rua=mailto:t\\252@example.com\"\n",
			{"# tlsrpt: left alone"}, NULL},
		{"_dmarc TXT \"v=DMARC1; p=\\010zone: y\"\n", {"broken"}, "\nzone: y"},
		{"a\\010b MX 10 m\n", {NULL}, NULL},
		{"a\\\"b._domainkey TXT \"" KEY "\"\n", {NULL}, NULL},
		{"h\\010ost A 192.0.2.1\n", {"# silent:"}, "\nost"},
	};

	(void)state;
	assert_rows(rows, sizeof(rows) / sizeof(rows[0]));
}

static void test_not_the_whole_zone(void **state)
{
	struct dg_arena *a = dg_arena_new(1u << 26);
	struct dg_zone *have = dg_zone_new(a, "example.com.");
	struct dg_buf b;

	(void)state;
	have->from = "192.0.2.1@53\n";
	dg_zone_seal(have);
	dg_buf_init(&b, 1u << 16);
	dg_policy_write(&b, have, PROVIDER);
	assert_non_null(strstr(b.data, "could not be read as a whole"));
	assert_non_null(strstr(b.data, "read from 192.0.2.1@53\\x0a.\n"));
	dg_buf_done(&b);
	dg_arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_sound),
		cmocka_unit_test(test_what_is_broken),
		cmocka_unit_test(test_nothing_breaks_out),
		cmocka_unit_test(test_not_the_whole_zone),
	};
	return cmocka_run_group_tests_name("zones/plan/write", tests, NULL, NULL);
}
