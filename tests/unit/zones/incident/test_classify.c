#include "tests/unit/zones/incident/incident_unit.h"

#include "zones/base/map.h"
#include "zones/incident/classify.h"

static struct dg_ruling ruling_of(struct unit *u, enum dg_token token, struct dg_evidence *e)
{
	struct dg_ruling r;

	dg_evidence_of(u->arena, &u->bounce, &u->owner, token, e);
	dg_classify(e, &u->owner, &r);
	return r;
}

static void expect(struct unit *u, enum dg_rule_code rule, enum dg_class class, enum dg_strength s)
{
	struct dg_evidence e;
	struct dg_ruling r = ruling_of(u, DG_TOKEN_NONE, &e);

	assert_string_equal(dg_rule_text(r.rule), dg_rule_text(rule));
	assert_string_equal(dg_class_text(r.class), dg_class_text(class));
	assert_string_equal(dg_strength_text(r.strength), dg_strength_text(s));
}

/* The second line of the original: how it came into our host, which is 192.0.2.10. */
static void take_in(struct unit *u, struct dg_bounce_hop hop)
{
	unit_init(u, "192.0.2.10");
	u->hops[1] = hop;
	u->bounce.original.n_hops = 2;
}

static void test_handoff(void **state)
{
	struct unit u;

	(void)state;
	unit_init(&u, "198.51.100.7");
	expect(&u, DG_RULE_HANDOFF_FOREIGN, DG_CLASS_FORGED, DG_STRENGTH_STRONG);
	u.owner.unresolved = "include:x.test"; /* more may be ours */
	expect(&u, DG_RULE_HANDOFF_STRANGER, DG_CLASS_FORGED, DG_STRENGTH_MEDIUM);
	u.owner.unresolved = NULL;
	u.outer[0].name = "liar.test"; /* not who says that he wrote it */
	expect(&u, DG_RULE_HANDOFF_FOREIGN, DG_CLASS_FORGED, DG_STRENGTH_MEDIUM);
	unit_done(&u);
	unit_init(&u, "192.0.2.10");
	expect(&u, DG_RULE_THROUGH_OWN, DG_CLASS_PASSED, DG_STRENGTH_MEDIUM);
	u.network.provider = "Big Mailer";
	expect(&u, DG_RULE_PROVIDER, DG_CLASS_PROVIDER, DG_STRENGTH_MEDIUM);
	unit_done(&u);
}

static void test_entry(void **state)
{
	struct unit u;
	struct dg_bounce_hop hop = unit_hop("", "198.51.100.99", "mail.good.example");

	(void)state;
	take_in(&u, hop);
	expect(&u, DG_RULE_OPEN_RELAY, DG_CLASS_RELAY, DG_STRENGTH_STRONG);
	u.hops[1].recipient = "info@good.example"; /* it had it for us, and sent it on */
	expect(&u, DG_RULE_FORWARDED, DG_CLASS_FORGED, DG_STRENGTH_MEDIUM);
	u.hops[1].is_authenticated = true;
	u.hops[1].user = "anna";
	expect(&u, DG_RULE_LOGIN, DG_CLASS_ACCOUNT, DG_STRENGTH_STRONG);
	u.bounce.original.list_id = "<news.good.example>"; /* a mailing */
	expect(&u, DG_RULE_LOGIN_USUAL, DG_CLASS_OWN, DG_STRENGTH_MEDIUM);
	u.bounce.original.list_id = "";
	(void)dg_address_parse("192.0.2.99", 10, &u.hops[1].address); /* from our office */
	expect(&u, DG_RULE_LOGIN_USUAL, DG_CLASS_OWN, DG_STRENGTH_MEDIUM);
	unit_done(&u);
	hop.has_address = false;
	hop.user = "userid 33";
	take_in(&u, hop);
	expect(&u, DG_RULE_SCRIPT, DG_CLASS_SCRIPT, DG_STRENGTH_STRONG);
	unit_done(&u);
	take_in(&u, unit_hop("", "10.0.0.5", "mail.good.example"));
	expect(&u, DG_RULE_INSIDE, DG_CLASS_OWN, DG_STRENGTH_MEDIUM);
	u.bounce.original.x_php_script = "1000:mailer.php";
	expect(&u, DG_RULE_SCRIPT, DG_CLASS_SCRIPT, DG_STRENGTH_STRONG);
	unit_done(&u);
}

/* A filter on loopback hands it on: the line below it says who it came from. */
static void test_walk_goes_on_through_our_own_hops(void **state)
{
	struct unit u;
	struct dg_evidence e;
	struct dg_bounce_hop filter = unit_hop("localhost", "127.0.0.1", "mail.good.example");

	(void)state;
	filter.is_local = true;
	take_in(&u, filter);
	u.hops[2] = unit_hop("", "198.51.100.99", "mail.good.example");
	u.hops[2].is_authenticated = true;
	u.hops[2].user = "anna";
	u.hops[3] = unit_hop("", "198.51.100.5", "forged.test");
	u.bounce.original.n_hops = 4;
	assert_int_equal(ruling_of(&u, DG_TOKEN_NONE, &e).rule, DG_RULE_LOGIN);
	assert_int_equal(e.entry_hop, 2);
	assert_string_equal(e.user, "anna");
	unit_done(&u);
}

static void test_our_own_host_reports(void **state)
{
	struct unit u;
	struct dg_evidence e;

	(void)state;
	unit_init(&u, "198.51.100.99");
	u.bounce.outer.n_hops = 0; /* nobody brought it */
	u.hops[0].by = "mail.good.example";
	assert_int_equal(ruling_of(&u, DG_TOKEN_NONE, &e).rule, DG_RULE_OPEN_RELAY);
	assert_true(e.is_own_report && !e.has_handoff);
	u.bounce.outer.n_hops = 1; /* a stranger brought it, and wrote our name into the line */
	assert_int_equal(ruling_of(&u, DG_TOKEN_NONE, &e).rule, DG_RULE_HANDOFF_FOREIGN);
	unit_done(&u);
}

static void test_certain_rules(void **state)
{
	struct unit u;
	struct dg_evidence e;
	struct dg_map sent;

	(void)state;
	unit_init(&u, "198.51.100.7");
	struct dg_ruling r = ruling_of(&u, DG_TOKEN_VALID, &e);
	assert_true(r.rule == DG_RULE_TOKEN_VALID && r.class == DG_CLASS_OWN);
	r = ruling_of(&u, DG_TOKEN_MISSING, &e);
	assert_true(r.rule == DG_RULE_TOKEN_MISSING && r.class == DG_CLASS_FORGED);
	dg_map_init(&sent, u.arena);
	(void)dg_map_put(&sent, "<1@good.example>", &u);
	u.bounce.original.message_id = "<1@good.example>";
	u.owner.sent = &sent;
	expect(&u, DG_RULE_SENT, DG_CLASS_OWN, DG_STRENGTH_CERTAIN);
	u.bounce.original.message_id = "<2@good.example>";
	expect(&u, DG_RULE_HANDOFF_FOREIGN, DG_CLASS_FORGED, DG_STRENGTH_STRONG);
	unit_done(&u);
}

static void test_recipient_that_never_was(void **state)
{
	struct unit u;
	struct dg_map known;

	(void)state;
	unit_init(&u, "");
	expect(&u, DG_RULE_NO_EVIDENCE, DG_CLASS_UNKNOWN, DG_STRENGTH_NONE);
	dg_map_init(&known, u.arena);
	(void)dg_map_put(&known, "you@good.example", &u);
	u.owner.recipients = &known;
	expect(&u, DG_RULE_RECIPIENT_NEVER, DG_CLASS_FORGED, DG_STRENGTH_STRONG);
	(void)dg_map_put(&known, "me@good.example", &u);
	expect(&u, DG_RULE_NO_EVIDENCE, DG_CLASS_UNKNOWN, DG_STRENGTH_NONE);
	u.bounce.kind = DG_BOUNCE_AUTOREPLY;
	expect(&u, DG_RULE_NO_EVIDENCE, DG_CLASS_UNKNOWN, DG_STRENGTH_NONE);
	unit_done(&u);
}

static void test_list_leak_stands_beside_the_class(void **state)
{
	struct unit u;
	struct dg_evidence e;
	const char *list = "me@good.example";

	(void)state;
	unit_init(&u, "198.51.100.7");
	assert_false(ruling_of(&u, DG_TOKEN_NONE, &e).is_list_leak);
	u.owner.lists = &list;
	u.owner.n_lists = 1;
	struct dg_ruling r = ruling_of(&u, DG_TOKEN_NONE, &e);
	assert_true(r.is_list_leak && r.class == DG_CLASS_FORGED);
	u.owner.n_lists = 0;
	u.bounce.outer.list_id = "<l.good.example>";
	assert_true(ruling_of(&u, DG_TOKEN_NONE, &e).is_list_leak);
	unit_done(&u);
}

/* One host that invents reporters is one reporter. */
static void test_reporter_key(void **state)
{
	struct unit u;
	struct dg_evidence e;

	(void)state;
	unit_init(&u, "198.51.100.7");
	(void)ruling_of(&u, DG_TOKEN_NONE, &e);
	assert_string_equal(e.reporter_key, "reporter.example");
	u.outer[0].name = "liar.test";
	(void)ruling_of(&u, DG_TOKEN_NONE, &e);
	assert_string_equal(e.reporter, "reporter.example");
	assert_string_equal(e.reporter_key, "203.0.113.0/24");
	unit_done(&u);
}

/* Our key proves that it left our side; how, our own lines say better. */
static void test_signed_by_us(void **state)
{
	static const struct {
		const char *handoff;
		bool is_authenticated;
		enum dg_rule_code rule;
		enum dg_strength strength;
	} rows[] = {
		{"198.51.100.7", false, DG_RULE_SIGNED, DG_STRENGTH_STRONG},
		{"192.0.2.10", true, DG_RULE_LOGIN, DG_STRENGTH_STRONG},
		{"192.0.2.10", false, DG_RULE_OPEN_RELAY, DG_STRENGTH_STRONG},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct unit u;
		struct dg_evidence e;
		struct dg_ruling r;

		unit_init(&u, rows[i].handoff);
		u.hops[1] = unit_hop("", "198.51.100.99", "mail.good.example");
		u.hops[1].is_authenticated = rows[i].is_authenticated;
		u.bounce.original.n_hops = 2;
		dg_evidence_of(u.arena, &u.bounce, &u.owner, DG_TOKEN_NONE, &e);
		for (enum dg_signed s = DG_SIGNED_NOT_CHECKED; s < DG_SIGNED_OURS; s++) {
			e.signed_by = s; /* anybody can copy a signature */
			dg_classify(&e, &u.owner, &r);
			assert_int_not_equal(r.rule, DG_RULE_SIGNED);
		}
		e.signed_by = DG_SIGNED_COPIED; /* who has one can send it a million times */
		dg_classify(&e, &u.owner, &r);
		assert_int_equal(r.class, DG_CLASS_UNKNOWN);
		assert_int_equal(dg_evidence_is_passed_on(&e), rows[i].rule == DG_RULE_SIGNED);
		e.signed_by = DG_SIGNED_OURS;
		dg_classify(&e, &u.owner, &r);
		assert_string_equal(dg_rule_text(r.rule), dg_rule_text(rows[i].rule));
		assert_int_equal(r.strength, rows[i].strength);
		unit_done(&u);
	}
}

/* The one of ours counts, of an original that came back whole, and was not itself a bounce. */
static void test_which_signature(void **state)
{
	struct unit u;

	(void)state;
	unit_init(&u, "198.51.100.7");
	u.bounce.original.signatures[0] = (struct dg_bounce_signature){"other.example", "a"};
	u.bounce.original.signatures[1] = (struct dg_bounce_signature){"m.good.example", "b"};
	u.bounce.original.n_signatures = 2;
	assert_null(dg_evidence_signature(&u.bounce, &u.owner));
	u.bounce.original_is = DG_BOUNCE_ORIGINAL_MESSAGE;
	u.bounce.original_len = 1;
	assert_string_equal(dg_evidence_signature(&u.bounce, &u.owner)->selector, "b");
	u.bounce.innermost = &u.bounce.original;
	assert_null(dg_evidence_signature(&u.bounce, &u.owner));
	unit_done(&u);
}

static void test_address_that_never_sends(void **state)
{
	static const char *const lists[] = {"me@good.example"};
	struct unit u;

	(void)state;
	unit_init(&u, "none");
	expect(&u, DG_RULE_NO_EVIDENCE, DG_CLASS_UNKNOWN, DG_STRENGTH_NONE);
	u.owner.lists = lists;
	u.owner.n_lists = 1;
	expect(&u, DG_RULE_NEVER_SENDS, DG_CLASS_FORGED, DG_STRENGTH_STRONG);
	unit_done(&u);
}

static void test_our_name_in_helo(void **state)
{
	struct unit u;
	struct dg_evidence e;

	(void)state;
	unit_init(&u, "198.51.100.7");
	u.hops[0].helo = "mail.good.example";
	(void)ruling_of(&u, DG_TOKEN_NONE, &e);
	assert_true(e.claims_our_name);
	unit_done(&u);
	unit_init(&u, "192.0.2.7");
	u.hops[0].helo = "mail.good.example";
	(void)ruling_of(&u, DG_TOKEN_NONE, &e);
	assert_false(e.claims_our_name);
	unit_done(&u);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_handoff),
		cmocka_unit_test(test_entry),
		cmocka_unit_test(test_walk_goes_on_through_our_own_hops),
		cmocka_unit_test(test_our_own_host_reports),
		cmocka_unit_test(test_certain_rules),
		cmocka_unit_test(test_recipient_that_never_was),
		cmocka_unit_test(test_list_leak_stands_beside_the_class),
		cmocka_unit_test(test_reporter_key),
		cmocka_unit_test(test_our_name_in_helo),
		cmocka_unit_test(test_signed_by_us),
		cmocka_unit_test(test_which_signature),
		cmocka_unit_test(test_address_that_never_sends),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
