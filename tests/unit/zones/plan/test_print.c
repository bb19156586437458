#include "tests/unit/zones/plan/world.h"

#include <jansson.h>

#define APEX "example.com."
#define KEY  "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA7jPgHv3kAbcdefghijklmnopqrstuvwxyz"

static struct world w;
static struct dg_buf out;

static int setup(void **state)
{
	(void)state;
	world_init(&w);
	dg_buf_init(&out, 1u << 20);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	dg_buf_done(&out);
	world_done(&w);
	return 0;
}

static const char *print(enum dg_plan_form form, bool has_colour, bool is_verbose)
{
	struct dg_plan_style style = {
		.form = form, .has_colour = has_colour, .is_verbose = is_verbose};

	dg_buf_clear(&out);
	dg_plan_print(&out, make(&w), &style);
	return out.data;
}

static void assert_says(const char *part)
{
	if (!strstr(out.data, part)) {
		fail_msg("lacks \"%s\":\n%s", part, out.data);
	}
}

static void assert_silent(const char *part)
{
	if (strstr(out.data, part)) {
		fail_msg("has \"%s\":\n%s", part, out.data);
	}
}

static void both(const char *owner, uint16_t type, uint32_t ttl, const char *records)
{
	served(&w, owner, type, ttl, records);
	applied(&w, owner, type, ttl, records);
}

/* One of each kind. */
static void make_a_full_plan(void)
{
	static const struct dg_note notes[] = {{.code = "host-takes-mail",
		.owner = "db.example.com.",
		.text = "has an address and no MX: it takes mail",
		.rule = "RFC 5321 section 5.1",
		.pos = {.file = "zone.yaml", .line = 3, .column = 1}}};

	both(APEX, DG_TYPE_MX, 3600, "10 mx1\n20 mx2");
	wanted(&w, APEX, DG_TYPE_MX, 60, "0 .")->phase = 1;
	both(APEX, DG_TYPE_TXT, 900, "\"v=spf1 a mx ip4:198.51.100.7 ?all\"\n\"site=\\027[31m\"");
	wanted_txt(&w, APEX, 3600, "v=spf1", "\"v=spf1 mx -all\"");
	both("gone.example.com.", DG_TYPE_MX, 300, "10 mx1");
	wanted(&w, "gone.example.com.", DG_TYPE_MX, 300, NULL);
	both("lists.example.com.", DG_TYPE_MX, 3600, "10 mx1");
	wanted(&w, "lists.example.com.", DG_TYPE_MX, 60, "10 mx1");
	served(&w, "ftp.example.com.", DG_TYPE_MX, 60, "10 mx9.example.net.");
	applied(&w, "ftp.example.com.", DG_TYPE_MX, 3600, "0 .");
	wanted(&w, "ftp.example.com.", DG_TYPE_MX, 3600, "0 .");
	served(&w, "www.example.com.", DG_TYPE_A, 300, "192.0.2.1");
	wanted(&w, "www.example.com.", DG_TYPE_MX, 3600, "0 .");
	w.want.notes = (struct dg_note *)dg_memdup(w.a, notes, sizeof(notes));
	w.want.n_notes = 1;
}

static void test_the_text(void **state)
{
	(void)state;
	make_a_full_plan();
	print(DG_FORM_TEXT, false, false);
	assert_says("example.com  as served by zonefile /etc/nsd/example.com.zone\n");
	assert_says("Step 1 of 2\n");
	assert_says("Step 2 of 2, once every name server shows the step before\n");
	assert_says("  ~ example.com  MX  ttl 3600 -> 60  (changed)\n"
		    "      - 10 mx1.example.com.\n"
		    "      - 20 mx2.example.com.\n"
		    "      + 0 .  (null MX: takes no mail)\n"
		    "      why       the policy says so (RFC 7208 section 5)\n"
		    "      cost      mail to @example.com is refused from now on: senders get "
		    "5.1.10\n");
	assert_says("  ~ example.com  TXT  ttl 900  (changed)\n"
		    "      - v=spf1 a mx ip4:198.51.100.7 ?all\n"
		    "      + v=spf1 mx -all\n"
		    "        (1 record stays as it is)\n");
	assert_says("  ~ lists.example.com  MX  ttl 3600 -> 60  (ttl only)\n");
	assert_says("  - gone.example.com  MX  ttl 300  (removed)\n");
	assert_says("  ! ftp.example.com  MX  ttl 60 -> 3600  conflict: edited\n");
	assert_says("      last      dnsguard applied, ttl 3600:\n"
		    "      = 0 .  (null MX: takes no mail)\n"
		    "      conflict  what stands there is not what dnsguard applied last");
	assert_says("      --adopt   mail to @ftp.example.com is refused from now on");
	assert_says("      declared  zone.yaml:5:3\n");
	assert_says("  + www.example.com  MX  ttl 3600  (new)\n");
	assert_says("went to its own address");
	assert_says(
		"  * db.example.com: has an address and no MX: it takes mail (RFC 5321 section");
	assert_says("Caches may hold old answers for up to 1 h 0 min after the change.\n");
	assert_says("6 changes: 1 new, 3 changed, 1 ttl, 1 removed; 1 conflict; plan ");
}

static void test_it_fits_the_screen_and_moves_nothing_on_it(void **state)
{
	(void)state;
	make_a_full_plan();
	w.items[0].why = "it\033[2Jmoved";
	w.have->from = "zonefile /tmp/\033]0;x\007";
	for (int verbose = 0; verbose < 2; verbose++) {
		const char *text = print(DG_FORM_TEXT, false, verbose == 1);

		for (const char *p = text; *p != '\0'; p += strcspn(p, "\n") + 1) {
			assert_in_range(strcspn(p, "\n"), 0, 80);
		}
		assert_null(strchr(text, '\033'));
		assert_null(strchr(print(DG_FORM_DIFF, false, false), '\033'));
	}
	/* the only control sequences are colours of ours; the one in the record stays escaped */
	print(DG_FORM_TEXT, true, true);
	for (const char *p = out.data; (p = strchr(p, '\033')); p++) {
		assert_int_equal(p[strspn(p + 1, "[;0123456789") + 1], 'm');
	}
	assert_says("site=\\027[31m");
}

static void test_nothing_to_change(void **state)
{
	(void)state;
	both(APEX, DG_TYPE_MX, 3600, "10 mx1");
	wanted(&w, APEX, DG_TYPE_MX, 3600, "10 mx1");
	print(DG_FORM_TEXT, false, false);
	assert_says("Nothing to change: 1 RRset is as wanted.\n");
	assert_string_equal(print(DG_FORM_DIFF, false, false), "");
}

static void test_keys_are_told_apart(void **state)
{
	(void)state;
	both("s._domainkey.example.com.", DG_TYPE_TXT, 3600,
		"\"v=DKIM1; p=" KEY "AAAAAAAAwIDAQAB\"");
	wanted(&w, "s._domainkey.example.com.", DG_TYPE_TXT, 3600,
		"\"v=DKIM1; p=" KEY "BBBBBBBBwIDAQAB\"");
	print(DG_FORM_TEXT, false, false);
	assert_says("- v=DKIM1; p=MIIBIjANBgkq...");
	assert_says("+ v=DKIM1; p=MIIBIjANBgkq...");
	assert_says("sha256");
	assert_says("still under way fails DKIM");
	assert_silent(KEY);
	print(DG_FORM_TEXT, false, true);
	assert_says(KEY "AAAAAAAAwIDAQAB");
}

static void test_a_new_cut_is_shown(void **state)
{
	struct dg_plan *plan = NULL;
	struct dg_plan_style style = {.form = DG_FORM_TEXT};

	(void)state;
	both(APEX, DG_TYPE_TXT, 60, "\"v=spf1 -all\"");
	struct dg_rrset set = rrset(&w, APEX, DG_TYPE_TXT, 60, "\"v=spf1 \" \"-all\"");
	dg_zone_seal(w.have);
	assert_int_equal(
		dg_plan_restore(w.a, w.have, &set, 1, find_last, &w, false, &plan, &w.err), 0);
	dg_plan_print(&out, plan, &style);
	assert_says("- \"v=spf1 -all\"\n");
	assert_says("+ \"v=spf1 \" \"-all\"\n");
}

static void test_the_diff(void **state)
{
	(void)state;
	both(APEX, DG_TYPE_TXT, 900, "\"v=spf1 a ?all\"\n\"other=1\"\n\"zzz\"");
	wanted_txt(&w, APEX, 900, "v=spf1", "\"v=spf1 mx -all\"");
	both("b.example.com.", DG_TYPE_MX, 300, "10 mx1");
	wanted(&w, "b.example.com.", DG_TYPE_MX, 60, "10 mx1");
	wanted(&w, "a.example.com.", DG_TYPE_MX, 60, "0 .");
	served(&w, "c.example.com.", DG_TYPE_MX, 300, "10 mx1");
	wanted(&w, "c.example.com.", DG_TYPE_MX, 300, NULL);
	print(DG_FORM_DIFF, false, false);
	assert_says("# conflict, not applied: c.example.com. MX: foreign: ");
	char *text = strstr(out.data, "@@");
	assert_string_equal(text, "@@ -1,3 +1,3 @@ example.com. TXT\n"
				  " example.com. 900 IN TXT \"zzz\"\n"
				  " example.com. 900 IN TXT \"other=1\"\n"
				  "-example.com. 900 IN TXT \"v=spf1 a ?all\"\n"
				  "+example.com. 900 IN TXT \"v=spf1 mx -all\"\n"
				  "@@ -4,1 +4,1 @@ b.example.com. MX\n"
				  "-b.example.com. 300 IN MX 10 mx1.example.com.\n"
				  "+b.example.com. 60 IN MX 10 mx1.example.com.\n"
				  "@@ -4,0 +5,1 @@ a.example.com. MX\n"
				  "+a.example.com. 60 IN MX 0 .\n"
				  "@@ -5,1 +5,0 @@ c.example.com. MX\n"
				  "-c.example.com. 300 IN MX 10 mx1.example.com.\n");
}

static void test_the_json(void **state)
{
	const char *owner = NULL;
	const char *code = NULL;
	json_error_t e;
	json_int_t ttl = 0;
	json_int_t line = 0;

	(void)state;
	make_a_full_plan();
	w.items[0].why = "caf\xc3\xa9 \xc2\x9b";
	w.have->from = "zonefile /tmp/\xff";
	dg_plan_json(&out, make(&w));
	for (size_t i = 0; i < out.len; i++) {
		assert_in_range(out.data[i], ' ', '~');
	}
	json_t *j = json_loads(out.data, JSON_REJECT_DUPLICATES, &e);
	assert_non_null(j);
	assert_string_equal(json_string_value(json_object_get(j, "zone")), APEX);
	assert_string_equal(json_string_value(json_object_get(j, "from")), "zonefile /tmp/\\xff");
	assert_int_equal(strlen(json_string_value(json_object_get(j, "digest"))), 64);
	json_int_t n[7];
	assert_int_equal(json_unpack(json_object_get(j, "counts"), "{sI sI sI sI sI sI sI!}",
				 "managed", &n[0], "same", &n[1], "create", &n[2], "change", &n[3],
				 "ttl", &n[4], "delete", &n[5], "conflicts", &n[6]),
		0);
	assert_int_equal(n[0] * 100 + n[2] * 10 + n[3], 613);
	assert_int_equal(n[4] * 100 + n[5] * 10 + n[6], 111);
	json_t *changes = json_object_get(j, "changes");
	assert_int_equal(json_array_size(changes), 6);
	bool has_conflict = false;
	for (size_t i = 0; i < json_array_size(changes); i++) {
		json_t *c = json_array_get(changes, i);

		assert_int_equal(json_object_size(c), 12);
		if (json_is_null(json_object_get(c, "conflict"))) {
			continue;
		}
		has_conflict = true;
		assert_int_equal(json_unpack_ex(c, &e, 0, "{ss s{ss s{sI}} s{sI}}", "owner", &owner,
					 "conflict", "code", &code, "last_applied", "ttl", &ttl,
					 "position", "line", &line),
			0);
		assert_string_equal(owner, "ftp.example.com.");
		assert_string_equal(code, "edited");
		assert_int_equal(ttl, 3600);
		assert_int_equal(line, 5);
	}
	assert_true(has_conflict);
	assert_string_equal(json_string_value(json_object_get(
				    json_array_get(json_object_get(j, "notes"), 0), "code")),
		"host-takes-mail");
	json_decref(j);
}

/* What each change costs, as the plan says it; cost NULL: nothing but the caches. */
static const struct {
	const char *owner;
	uint16_t type;
	const char *before, *after, *cost;
} cases[] = {
	{"a.example.com.", DG_TYPE_MX, "10 mx1", "10 mx2",
		"the old MX, which must go on taking it: mx1.example.com;"},
	{"b.example.com.", DG_TYPE_MX, "0 .", "10 mx2",
		"senders that still hold the null MX go on refusing mail to "
		"@b.example.com"},
	{"c.example.com.", DG_TYPE_MX, "10 mx1", NULL,
		"mail to @c.example.com bounces from now on"},
	{"www.example.com.", DG_TYPE_MX, "10 mx1", NULL,
		"mail to @www.example.com goes to its own address"},
	{"d.example.com.", DG_TYPE_MX, "0 .", NULL,
		"nothing says any more that @d.example.com takes no mail"},
	{"w2.example.com.", DG_TYPE_MX, NULL, "10 mx1", "it goes to the MX from now on"},
	{"w3.example.com.", DG_TYPE_MX, NULL, "0 .", "it is refused from now on"},
	{"e.example.com.", DG_TYPE_MX, NULL, "0 .", NULL},
	{"f.example.com.", DG_TYPE_MX, "10 mx1", "10 mx1\n20 mx2", NULL},
	{"a.example.com.", DG_TYPE_TXT, "\"v=spf1 mx -all\"", "\"v=spf1 -all\"",
		"no host may send it"},
	{"b.example.com.", DG_TYPE_TXT, "\"v=spf1 -all\"", "\"v=spf1 mx -all\"", NULL},
	{"c.example.com.", DG_TYPE_TXT, "\"v=spf1 mx ~all\"", "\"v=spf1 +MX -all\"",
		"(until now: ~all);"},
	{"h.example.com.", DG_TYPE_TXT, "\"v=spf1 redirect=_spf.example.net\"",
		"\"v=spf1 mx -all\"",
		"may no longer send mail as @h.example.com: redirect=_spf.example.net;"},
	{"i.example.com.", DG_TYPE_TXT, "\"v=spf1 mx +all\"", "\"v=spf1 mx -all\"",
		"(until now: allowed);"},
	{"j.example.com.", DG_TYPE_TXT, "\"v=spf1 mx\"", "\"v=spf1 mx -all\"",
		"(until now: neutral);"},
	{"d.example.com.", DG_TYPE_TXT, "\"v=spf1 mx a:x.example.net ip4:192.0.2.1 -all\"",
		"\"v=spf1 ip4:192.0.2.1 -all\"",
		"may no longer send mail as @d.example.com: mx, a:x.example.net;"},
	{"e.example.com.", DG_TYPE_TXT, NULL, "\"v=spf1 mx -all\"", "(until now: no SPF);"},
	{"f.example.com.", DG_TYPE_TXT, "\"v=spf1 mx -all\"", NULL, "without SPF"},
	{"g.example.com.", DG_TYPE_TXT, "\"v=spf1 a b c d e f -all\"", "\"v=spf1 mx ?all\"",
		": a, b, c, d and 2 more;"},
	{"_dmarc.a.example.com.", DG_TYPE_TXT, "\"v=DMARC1; p=none\"", "\"v=DMARC1; p=reject\"",
		"mail from @a.example.com that passes neither SPF nor DKIM in alignment is "
		"refused"},
	{"_dmarc.b.example.com.", DG_TYPE_TXT, NULL, "\"v=DMARC1; p=quarantine\"", "is put aside"},
	{"_dmarc.c.example.com.", DG_TYPE_TXT, "\"v=DMARC1; p=reject\"",
		"\"v=DMARC1; p=reject; rua=mailto:x@example.net\"", NULL},
	{"_dmarc.d.example.com.", DG_TYPE_TXT, "\"v=DMARC1; p=reject\"", "\"v=DMARC1; p=none\"",
		NULL},
	{"s._domainkey.example.com.", DG_TYPE_TXT, NULL, "\"v=DKIM1; p=\"", NULL},
};

static void test_costs(void **state)
{
	const size_t n = sizeof(cases) / sizeof(cases[0]);

	(void)state;
	served(&w, "www.example.com.", DG_TYPE_A, 60, "192.0.2.1");
	served(&w, "w2.example.com.", DG_TYPE_A, 60, "192.0.2.1");
	served(&w, "w3.example.com.", DG_TYPE_AAAA, 60, "2001:db8::1");
	for (size_t i = 0; i < n; i++) {
		if (cases[i].before) {
			both(cases[i].owner, cases[i].type, 300, cases[i].before);
		}
		wanted(&w, cases[i].owner, cases[i].type, 300, cases[i].after);
	}
	struct dg_plan *plan = make(&w);
	assert_int_equal(plan->n, n);
	for (size_t i = 0; i < n; i++) {
		size_t k = 0;

		while (strcmp(plan->changes[k].after.owner, cases[i].owner) != 0 ||
			plan->changes[k].after.type != cases[i].type) {
			k++;
		}
		const char *cost = plan->changes[k].cost;
		if (cases[i].cost ? !strstr(cost, cases[i].cost)
				  : strncmp(cost, "caches ", 7) != 0) {
			fail_msg("%s: \"%s\" lacks \"%s\"", cases[i].owner, cost,
				cases[i].cost ? cases[i].cost : "nothing but caches");
		}
		assert_non_null(
			strstr(cost, cases[i].before ? "for up to 5 min" : "for up to 30 min"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_the_text, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_it_fits_the_screen_and_moves_nothing_on_it, setup, teardown),
		cmocka_unit_test_setup_teardown(test_nothing_to_change, setup, teardown),
		cmocka_unit_test_setup_teardown(test_keys_are_told_apart, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_new_cut_is_shown, setup, teardown),
		cmocka_unit_test_setup_teardown(test_the_diff, setup, teardown),
		cmocka_unit_test_setup_teardown(test_the_json, setup, teardown),
		cmocka_unit_test_setup_teardown(test_costs, setup, teardown),
	};
	return cmocka_run_group_tests_name("zones/plan/print", tests, NULL, NULL);
}
