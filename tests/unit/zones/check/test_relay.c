/* Open relays: what is asked, and what the answers mean. */
#include "tests/unit/unit.h"

#include "zones/base/arena.h"
#include "zones/check/check.h"
#include "zones/check/relay.h"

#include <stdio.h>
#include <string.h>

struct scene {
	struct dg_arena *arena;
	struct dg_relay_host host;
	struct dg_check check;
};

static void set(struct dg_relay_form *f, int code, const char *reply)
{
	f->mail_code = 250;
	f->rcpt_code = code;
	f->reply = reply;
}

/* A closed server of today: takes its own, refuses all else. */
static struct scene *scene_new(void)
{
	struct dg_arena *a = dg_arena_new(16u << 20);
	struct scene *s = dg_new(a, struct scene);

	s->arena = a;
	s->host = (struct dg_relay_host){
		.host = "mx.example.com.", .domain = "example.com.", .address = "192.0.2.25"};
	s->host.n_forms = dg_relay_forms(a, "example.com.", "192.0.2.25", &s->host.forms);
	for (size_t i = 0; i < s->host.n_forms; i++) {
		bool is_own = s->host.forms[i].kind == DG_RELAY_OWN;
		set(&s->host.forms[i], is_own ? 250 : 554,
			is_own ? "2.1.5 Ok" : "5.7.1 Relay access denied");
	}
	return s;
}

static void set_all(struct scene *s, enum dg_relay_kind kind, int code, const char *reply)
{
	for (size_t i = 0; i < s->host.n_forms; i++) {
		if (s->host.forms[i].kind == kind) {
			set(&s->host.forms[i], code, reply);
		}
	}
}

static struct dg_relay_form *form(struct scene *s, const char *name)
{
	for (size_t i = 0; i < s->host.n_forms; i++) {
		if (strcmp(s->host.forms[i].name, name) == 0) {
			return &s->host.forms[i];
		}
	}
	fail_msg("no form %s", name);
	return NULL;
}

static const struct dg_fact *no_fact(void *arg, const char *owner, uint16_t type)
{
	static const struct dg_fact fact = {.state = DG_FACT_UNKNOWN, .why = "not asked"};

	(void)arg;
	(void)owner;
	(void)type;
	return &fact;
}

/* Through the whole check: its only finding about relays. */
static const struct dg_finding *found(struct scene *s)
{
	const struct dg_facts facts = {.dns = no_fact};
	const struct dg_check_input in = {
		.domain = "example.com.",
		.depth = DG_CHECK_FULL,
		.facts = &facts,
		.relays = &s->host,
		.n_relays = 1,
	};
	const struct dg_finding *f = NULL;

	dg_check_make(s->arena, &in, &s->check);
	for (size_t i = 0; i < s->check.n_findings; i++) {
		if (strcmp(s->check.findings[i].kind->area, "relay") == 0) {
			assert_null(f);
			f = &s->check.findings[i];
		}
	}
	assert_non_null(f);
	return f;
}

static void check_found(struct scene *s, const char *code, enum dg_severity severity,
	const char *text, const char *evidence)
{
	const struct dg_finding *f = found(s);

	assert_string_equal(f->kind->code, code);
	assert_int_equal(f->severity, severity);
	assert_string_equal(f->owner, "mx.example.com.");
	if (!strstr(f->text, text)) {
		fail_msg("%s", f->text);
	}
	if (evidence) {
		assert_string_equal(f->evidence, evidence);
	} else {
		assert_null(f->evidence);
	}
	(void)dg_arena_free(s->arena);
}

static void test_forms(void **state)
{
	struct scene *s = scene_new();
	struct dg_relay_form *forms;
	size_t n = dg_relay_forms(s->arena, "example.com.", "2001:db8::25", &forms);
	char all[4096] = "";

	(void)state;
	for (size_t i = 0; i < n; i++) {
		size_t at = strlen(all);
		(void)snprintf(all + at, sizeof(all) - at, "%u %s <%s> <%s>\n", forms[i].connection,
			forms[i].name, forms[i].mail_from, forms[i].rcpt);
	}
	assert_string_equal(all,
		"0 postmaster <postmaster@example.com> <postmaster@example.com>\n"
		"0 nobody <postmaster@example.com> <dnsguard-no-such-user@example.com>\n"
		"0 plain <postmaster@example.com> <dnsguard-relay-test@example.org>\n"
		"0 plain <postmaster@example.com> <dnsguard-relay-test@dnsguard.invalid>\n"
		"0 null sender <> <dnsguard-relay-test@example.org>\n"
		"0 foreign sender <dnsguard-relay-test@example.org> "
		"<dnsguard-relay-test@dnsguard.invalid>\n"
		"1 nobody <postmaster@example.com> <dnsguard-no-such-user@example.com>\n"
		"1 source route <postmaster@example.com> "
		"<@example.com:dnsguard-relay-test@example.org>\n"
		"1 percent hack <postmaster@example.com> "
		"<dnsguard-relay-test%example.org@example.com>\n"
		"1 percent hack <postmaster@example.com> "
		"<dnsguard-relay-test%example.org@[IPv6:2001:db8::25]>\n"
		"1 bang path <postmaster@example.com> "
		"<example.org!dnsguard-relay-test@example.com>\n"
		"1 quoted <postmaster@example.com> "
		"<\"dnsguard-relay-test@example.org\"@example.com>\n"
		"1 quoted, no domain <postmaster@example.com> "
		"<\"dnsguard-relay-test@example.org\">\n");
	(void)dg_arena_free(s->arena);
}

static void test_refuses(void **state)
{
	(void)state;
	check_found(scene_new(), "relay-refused", DG_SEVERITY_GOOD,
		"mx.example.com (192.0.2.25) refuses recipients of strangers",
		"MAIL FROM:<postmaster@example.com> RCPT TO:<dnsguard-relay-test@example.org>: 554 "
		"5.7.1 Relay access denied");
}

/* Each form alone makes an open relay of it. */
static void test_accepts(void **state)
{
	static const char *const names[] = {"plain", "null sender", "foreign sender",
		"source route", "percent hack", "bang path", "quoted", "quoted, no domain"};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct scene *s = scene_new();
		set(form(s, names[i]), 250, "2.1.5 Ok");
		const struct dg_finding *f = found(s);
		assert_string_equal(f->kind->code, "relay-open");
		assert_int_equal(f->severity, DG_SEVERITY_ERROR);
		char words[64];
		(void)snprintf(words, sizeof(words), "(%s)", names[i]);
		assert_non_null(strstr(f->text, words));
		assert_non_null(strstr(f->text, "accepts RCPT for a stranger"));
		(void)dg_arena_free(s->arena);
	}
	/* What was learned before it hung up still counts. */
	struct scene *s = scene_new();
	set(form(s, "null sender"), 251, "will forward");
	s->host.why = "it closed the connection";
	check_found(s, "relay-open", DG_SEVERITY_ERROR, "null sender",
		"MAIL FROM:<> RCPT TO:<dnsguard-relay-test@example.org>: 251 will forward");
}

/* Where any local part is taken, "user%example.org" is one too. */
static void test_catch_all(void **state)
{
	struct scene *s = scene_new();

	(void)state;
	set_all(s, DG_RELAY_NOBODY, 250, "2.1.5 Ok");
	set_all(s, DG_RELAY_LOCAL, 250, "2.1.5 Ok");
	assert_string_equal(found(s)->kind->code, "relay-refused");
	set(form(s, "source route"), 250, "Ok"); /* this one is no local part */
	check_found(s, "relay-open", DG_SEVERITY_ERROR, "source route",
		"MAIL FROM:<postmaster@example.com> "
		"RCPT TO:<@example.com:dnsguard-relay-test@example.org>: 250 Ok");

	s = scene_new(); /* greylisting puts off what it would take */
	set_all(s, DG_RELAY_OWN, 451, "4.7.1 greylisted");
	set_all(s, DG_RELAY_NOBODY, 451, "4.7.1 greylisted");
	set_all(s, DG_RELAY_LOCAL, 451, "4.7.1 greylisted");
	check_found(s, "relay-refused", DG_SEVERITY_GOOD, "refuses",
		"MAIL FROM:<postmaster@example.com> RCPT TO:<dnsguard-relay-test@example.org>: 554 "
		"5.7.1 Relay access denied");
}

static void test_later(void **state)
{
	struct scene *s = scene_new();

	(void)state;
	set(form(s, "null sender"), 450, "4.2.0 greylisted");
	check_found(s, "relay-unsure", DG_SEVERITY_UNKNOWN, "puts a stranger's mail off",
		"MAIL FROM:<> RCPT TO:<dnsguard-relay-test@example.org>: 450 4.2.0 greylisted");
	s = scene_new();
	*form(s, "foreign sender") = (struct dg_relay_form){.name = "foreign sender",
		.kind = DG_RELAY_PLAIN,
		.mail_from = "a@example.org",
		.rcpt = "b@example.org",
		.mail_code = 450,
		.reply = "4.1.8 not now"};
	check_found(s, "relay-unsure", DG_SEVERITY_UNKNOWN, "puts a stranger's mail off",
		"MAIL FROM:<a@example.org> RCPT TO:<b@example.org>: 450 4.1.8 not now");
}

/* Refused because nobody gets mail at those names: that is not about relaying. */
static void test_names_without_mail(void **state)
{
	static const struct {
		int code;
		const char *reply;
	} cases[] = {{550, "5.1.2 Domain not found"}, {556, "5.1.10 null MX"}, {556, ""},
		{550, "Unrouteable address"}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct scene *s = scene_new();
		set_all(s, DG_RELAY_PLAIN, cases[i].code, cases[i].reply);
		set_all(s, DG_RELAY_ROUTED, cases[i].code, cases[i].reply);
		set_all(s, DG_RELAY_LOCAL, cases[i].code, cases[i].reply);
		assert_string_equal(found(s)->kind->code, "relay-unsure");
		set(form(s, "foreign sender"), 554, "5.7.1 no"); /* one refusal that counts */
		assert_string_equal(found(s)->kind->code, "relay-refused");
		(void)dg_arena_free(s->arena);
	}
}

/* Whoever is refused altogether learns nothing of relaying. */
static void test_we_are_refused(void **state)
{
	struct scene *s = scene_new();

	(void)state;
	for (size_t i = 0; i < s->host.n_forms; i++) {
		set(&s->host.forms[i], 554, "5.7.1 blocked: your network");
	}
	assert_string_equal(found(s)->kind->code, "relay-unsure");
	set(form(s, "plain"), 554, "5.7.1 Relaying denied");
	assert_string_equal(found(s)->kind->code, "relay-refused");
	for (size_t i = 0; i < s->host.n_forms; i++) { /* at MAIL already */
		s->host.forms[i].mail_code = 550;
		s->host.forms[i].rcpt_code = 0;
	}
	check_found(s, "relay-unsure", DG_SEVERITY_UNKNOWN, "or the senders", NULL);
}

static void test_no_answer(void **state)
{
	struct scene *s = scene_new();

	(void)state;
	s->host.why = "192.0.2.25 port 25: cannot connect: Connection refused";
	for (size_t i = 0; i < s->host.n_forms; i++) {
		s->host.forms[i].mail_code = s->host.forms[i].rcpt_code = 0;
		s->host.forms[i].reply = NULL;
	}
	check_found(
		s, "relay-unsure", DG_SEVERITY_UNKNOWN, "cannot connect: Connection refused", NULL);

	s = scene_new(); /* refused what was asked, but not all was */
	s->host.why = "it closed the connection (421) before all was asked";
	check_found(s, "relay-unsure", DG_SEVERITY_UNKNOWN, "(421)", NULL);

	s = scene_new();
	s->host = (struct dg_relay_host){
		.host = "mx.example.com.", .domain = "example.com.", .why = "it has no address"};
	check_found(s, "relay-unsure", DG_SEVERITY_UNKNOWN,
		"mx.example.com (no address) relays could not be told: it has no address", NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_refuses),
		cmocka_unit_test(test_accepts),
		cmocka_unit_test(test_catch_all),
		cmocka_unit_test(test_later),
		cmocka_unit_test(test_names_without_mail),
		cmocka_unit_test(test_we_are_refused),
		cmocka_unit_test(test_no_answer),
	};
	return cmocka_run_group_tests_name("zones/check/relay", tests, NULL, NULL);
}
