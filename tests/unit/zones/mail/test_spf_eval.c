/* check_host() where the public suites do not look: identities, void look-ups, errors, traces, hostile values, the memo. */
#include "tests/unit/unit.h"

#include "tests/unit/zones/mail/spf_world.h"
#include "zones/mail/spf_eval.h"
#include "zones/mail/spf_tree.h"

struct scene {
	struct dg_arena *arena;
	struct world *world;
	struct dg_spf_query q;
	struct dg_spf_outcome o;
};

static int set_up(void **state)
{
	struct scene *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	s->arena = dg_arena_new(256u << 20);
	s->world = world_new(s->arena);
	s->q = (struct dg_spf_query){.ip = {192, 0, 2, 1},
		.mail_from = "user@example.com",
		.helo = "mail.example.com",
		.wants_trace = true};
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

static enum dg_spf_result eval(struct scene *s)
{
	world_again(s->world);
	dg_spf_eval(s->arena, &s->q, &s->world->facts, &s->o);
	return s->o.result;
}

/* The result for a record of example.com. */
static enum dg_spf_result eval_record(struct scene *s, const char *record)
{
	s->world->rrs = NULL;
	s->world->end = &s->world->rrs;
	world_text(s->world, "example.com", record);
	world_text(s->world, "fail.example", "v=spf1 -all");
	world_text(s->world, "pass.example", "v=spf1 ip4:192.0.2.0/24 -all");
	world_address(s->world, "four.example", "192.0.2.1");
	world_address(s->world, "six.example", "2001:db8::1");
	return eval(s);
}

static const struct dg_fact *same_fact(void *arg, const char *owner, uint16_t type)
{
	(void)owner;
	(void)type;
	return arg;
}

static void test_identities(void **state)
{
	struct scene *s = *state;

	world_text(s->world, "example.com", "v=spf1 +all");
	world_text(s->world, "mail.example.com", "v=spf1 -all exp=e.%{d}");
	world_text(s->world, "e.mail.example.com", "%{s} %{l} %{o} %{d} %{h} %{r} %{t} %{c}");
	assert_int_equal(eval(s), DG_SPF_RESULT_PASS);
	assert_string_equal(s->o.identity, "mailfrom");
	assert_string_equal(s->o.domain, "example.com.");
	s->q.mail_from = "";
	s->q.now = 1700000000;
	assert_int_equal(eval(s), DG_SPF_RESULT_FAIL);
	assert_string_equal(s->o.identity, "helo");
	assert_string_equal(s->o.domain, "mail.example.com.");
	assert_string_equal(s->o.explanation,
		"postmaster@mail.example.com postmaster mail.example.com mail.example.com "
		"mail.example.com unknown 1700000000 192.0.2.1");
	s->q.mail_from = NULL;
	s->q.helo = "MAIL.Example.com.";
	assert_int_equal(eval(s), DG_SPF_RESULT_FAIL);
	s->q.helo = NULL;
	assert_int_equal(eval(s), DG_SPF_RESULT_NONE);
	s->q.mail_from = "\"a@b\"@example.com";
	assert_int_equal(eval(s), DG_SPF_RESULT_PASS);
}

static void test_no_domain(void **state)
{
	static const char *const domains[] = {"user@com", "user@", "user@[192.0.2.1]",
		"user@192.0.2.1", "user@a..example.com", "user@.", "@", "user@\xff.example.com"};
	struct scene *s = *state;

	for (size_t i = 0; i < sizeof(domains) / sizeof(domains[0]); i++) {
		s->q.mail_from = domains[i];
		assert_int_equal(eval(s), DG_SPF_RESULT_NONE);
		assert_non_null(s->o.problem);
		assert_string_equal(s->o.rule, "RFC 7208 section 4.3");
		assert_int_equal(s->world->n_asked, 0);
	}
	char *path = dg_get(s->arena, 3000, 1);
	memset(path, 'a', 2000);
	memcpy(path + 2000, "@example.com", 13);
	s->q.mail_from = path;
	assert_int_equal(eval(s), DG_SPF_RESULT_NONE);
	char *domain = dg_get(s->arena, 400, 1);
	for (size_t i = 0; i < 300; i++) {
		domain[i] = i % 50 == 0 && i > 0 ? '.' : 'a';
	}
	domain[1] = '@';
	s->q.mail_from = domain; /* a name this long is not cut as an expanded one is */
	assert_int_equal(eval(s), DG_SPF_RESULT_NONE);
	assert_int_equal(s->world->n_asked, 0);
}

static void test_mapped(void **state)
{
	static const uint8_t mapped[16] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 192, 0, 2, 1};
	struct scene *s = *state;

	memcpy(s->q.ip, mapped, 16);
	s->q.is_ip6 = true;
	assert_int_equal(eval_record(s, "v=spf1 ip4:192.0.2.1 -all"), DG_SPF_RESULT_PASS);
	assert_int_equal(eval_record(s, "v=spf1 a:four.example -all"), DG_SPF_RESULT_PASS);
	assert_int_equal(eval_record(s, "v=spf1 ip6:::/0 -all"), DG_SPF_RESULT_FAIL);
}

static void test_voids(void **state)
{
	struct scene *s = *state;

	assert_int_equal(
		eval_record(s, "v=spf1 a:n.example mx:n.example -all"), DG_SPF_RESULT_FAIL);
	assert_int_equal(s->o.n_voids, 2);
	assert_int_equal(eval_record(s, "v=spf1 a:n.example mx:n.example exists:n.example -all"),
		DG_SPF_RESULT_PERMERROR);
	assert_string_equal(s->o.rule, "RFC 7208 section 4.6.4");
	/* only the answer for the client's family counts */
	assert_int_equal(
		eval_record(s, "v=spf1 a:four.example/32 a:six.example a:six.example -all"),
		DG_SPF_RESULT_PASS);
	assert_int_equal(eval_record(s, "v=spf1 a:six.example a:six.example a:six.example -all"),
		DG_SPF_RESULT_PERMERROR);
	assert_int_equal(eval_record(s, "v=spf1 ptr ptr ptr -all"), DG_SPF_RESULT_PERMERROR);
	/* macros ask, but are no terms; so is the explanation */
	assert_int_equal(
		eval_record(s, "v=spf1 a:four.example -a:%{p}.n.example exp=n.example -all"),
		DG_SPF_RESULT_PASS);
	assert_int_equal(s->o.n_voids, 0);
}

static void test_errors(void **state)
{
	struct scene *s = *state;

	world_silent(s->world, "silent.example");
	assert_int_equal(eval_record(s, "v=spf1 a:silent.example +all"), DG_SPF_RESULT_TEMPERROR);
	assert_non_null(strstr(s->o.problem, "no answer in time"));
	assert_int_equal(
		eval_record(s, "v=spf1 include:silent.example +all"), DG_SPF_RESULT_TEMPERROR);
	assert_int_equal(
		eval_record(s, "v=spf1 ip4:192.0.2.1 a:silent.example"), DG_SPF_RESULT_PASS);
	world_silent(s->world, "1.2.0.192.in-addr.arpa");
	assert_int_equal(eval_record(s, "v=spf1 ptr ?all"), DG_SPF_RESULT_NEUTRAL);
	assert_int_equal(eval_record(s, "v=spf1 a:%{p}.n.example ?all"), DG_SPF_RESULT_NEUTRAL);
	world_silent(s->world, "host.example");
	world_host(s->world, "example.com", DG_TYPE_MX, 20, "host.example");
	world_host(s->world, "example.com", DG_TYPE_MX, 10, "four.example");
	s->world->rrs->rdata = dg_txt_make(s->arena, "v=spf1 mx -all", 14);
	assert_int_equal(eval(s), DG_SPF_RESULT_PASS); /* the first host matches */
	s->q.ip[3] = 9;
	assert_int_equal(eval(s), DG_SPF_RESULT_TEMPERROR);
}

static void test_deciding_mechanism(void **state)
{
	struct scene *s = *state;

	assert_int_equal(eval_record(s, "v=spf1 include:fail.example ?include:pass.example -all"),
		DG_SPF_RESULT_NEUTRAL);
	assert_string_equal(s->o.mechanism, "ip4:192.0.2.0/24");
	assert_string_equal(s->o.mechanism_domain, "pass.example.");
	assert_int_equal(s->o.qualifier, '?');
	assert_string_equal(s->o.record, "v=spf1 include:fail.example ?include:pass.example -all");
	assert_int_equal(eval_record(s, "v=spf1 include:fail.example"), DG_SPF_RESULT_NEUTRAL);
	assert_null(s->o.mechanism);
	assert_int_equal(s->o.qualifier, 0);
	assert_int_equal(eval_record(s, "v=spf1 a:n.example -all"), DG_SPF_RESULT_FAIL);
	assert_string_equal(s->o.mechanism, "-all");
	assert_int_equal(eval_record(s, "v=spf1 redirect=pass.example"), DG_SPF_RESULT_PASS);
	assert_string_equal(s->o.mechanism_domain, "pass.example.");
	assert_string_equal(s->o.record, "v=spf1 redirect=pass.example");
}

static void test_trace(void **state)
{
	struct scene *s = *state;

	(void)eval_record(s, "v=spf1 a:six.example include:fail.example -all");
	assert_int_equal(s->o.n_steps, 6);
	assert_string_equal(s->o.steps[0].term, "a:six.example");
	assert_string_equal(
		s->o.steps[0].text, "six.example has no address of this family: does not match");
	assert_int_equal(s->o.steps[0].n_voids, 1);
	assert_string_equal(s->o.steps[1].text, "continues with the record of fail.example");
	assert_int_equal(s->o.steps[2].depth, 1);
	assert_string_equal(s->o.steps[2].domain, "fail.example.");
	assert_string_equal(s->o.steps[2].text, "matches");
	assert_null(s->o.steps[3].term);
	assert_string_equal(s->o.steps[3].text, "fail");
	assert_string_equal(s->o.steps[4].text, "does not match");
	assert_int_equal(s->o.steps[5].n_lookups, 2);
	world_host(s->world, "example.com", DG_TYPE_MX, 1, "four.example");
	world_host(s->world, "1.2.0.192.in-addr.arpa", DG_TYPE_PTR, 0, "four.example");
	s->world->rrs->rdata = dg_txt_make(s->arena,
		"v=spf1 -mx/8 -exists:%{i}.example ptr a:four.example/8 ptr:four.example", 70);
	s->q.ip[3] = 1;
	assert_int_equal(eval(s), DG_SPF_RESULT_FAIL);
	assert_string_equal(s->o.steps[0].text, "four.example is an MX host: matches");
	s->q.ip[0] = 10;
	(void)eval(s);
	assert_string_equal(s->o.steps[0].text, "example.com has 1 MX host: does not match");
	assert_string_equal(s->o.steps[1].text, "10.0.2.1.example has no A record: does not match");
	assert_string_equal(s->o.steps[2].text, "the address has no name: does not match");
	assert_string_equal(s->o.steps[3].text, "four.example has 192.0.2.1: does not match");
	s->q.wants_trace = false;
	(void)eval(s);
	assert_int_equal(s->o.n_steps, 0);

	struct dg_buf b;
	dg_buf_init(&b, DG_SPF_TEXT_MAX);
	dg_buf_puts(&b, "v=spf1");
	for (unsigned i = 0; i < 400; i++) {
		dg_buf_puts(&b, " ip4:10.0.0.1");
	}
	s->q.wants_trace = true;
	(void)eval_record(s, b.data);
	assert_int_equal(s->o.n_steps, DG_SPF_STEPS_MAX);
	assert_int_equal(s->o.n_steps_dropped, 401 - DG_SPF_STEPS_MAX);
	dg_buf_done(&b);
}

/* Octets from the mail reach names and texts escaped. */
static void test_hostile_values(void **state)
{
	struct scene *s = *state;

	s->q.mail_from = "a\x1b[2J.$;@example.com";
	assert_int_equal(eval_record(s, "v=spf1 exists:%{l}.n.example -all exp=e.example"),
		DG_SPF_RESULT_FAIL);
	world_text(s->world, "e.example", "no %{l} at %{h}");
	s->q.helo = "h\xc3\xa4\r\nx";
	assert_int_equal(eval(s), DG_SPF_RESULT_FAIL);
	assert_non_null(s->o.explanation);
	assert_null(strchr(s->o.explanation, '\r'));
	assert_null(strchr(s->o.explanation, 0x1b));
	assert_null(strchr(s->o.explanation, 0xc3));
	assert_non_null(strstr(s->o.explanation, "a\\x1B[2J.$;"));
	world_text(s->world, "odd.example", "v=spf1 \x1b[2J -all");
	s->q.mail_from = "x@odd.example";
	assert_int_equal(eval(s), DG_SPF_RESULT_PERMERROR);
	assert_string_equal(s->o.record, "v=spf1 \\x1b[2J -all");
	assert_null(strchr(s->o.problem, 0x1b));
}

/* RFC 8616: a local part that is not ASCII matches nothing; domains become A-labels. */
static void test_internationalized(void **state)
{
	struct scene *s = *state;

	s->q.mail_from = "j\xc3\xbcrgen@example.com";
	assert_int_equal(
		eval_record(s, "v=spf1 include:%{l}.pass.example exists:%{s}.example ?all"),
		DG_SPF_RESULT_NEUTRAL);
	assert_int_equal(s->o.n_voids, 0);
	assert_int_equal(
		eval_record(s, "v=spf1 redirect=%{l}.pass.example"), DG_SPF_RESULT_NEUTRAL);
	assert_int_equal(eval_record(s, "v=spf1 a:four.example"), DG_SPF_RESULT_PASS);
	s->q.mail_from = "x@b\xc3\xbc"
			 "cher.example";
	world_text(s->world, "xn--bcher-kva.example", "v=spf1 exists:%{d}.%{o} -all");
	world_address(s->world, "xn--bcher-kva.example.xn--bcher-kva.example", "127.0.0.1");
	assert_int_equal(eval(s), DG_SPF_RESULT_PASS);
	assert_string_equal(s->o.domain, "xn--bcher-kva.example.");
}

static void test_names_that_cannot_be(void **state)
{
	struct scene *s = *state;

	s->q.mail_from = "a..b@example.com";
	assert_int_equal(eval_record(s, "v=spf1 a:%{l}.example exists:%{l}.example ?all"),
		DG_SPF_RESULT_NEUTRAL);
	assert_int_equal(s->o.n_voids, 0);
	assert_int_equal(
		eval_record(s, "v=spf1 include:%{l}.example ?all"), DG_SPF_RESULT_PERMERROR);
	assert_int_equal(eval_record(s, "v=spf1 redirect=%{l}.example"), DG_SPF_RESULT_PERMERROR);
	assert_string_equal(s->o.rule, "RFC 7208 section 6.1");
}

/* What can be foreseen is asked for in the same round. */
static void test_rounds(void **state)
{
	struct scene *s = *state;
	unsigned n = 0;

	world_text(s->world, "example.com",
		"v=spf1 include:fail.example mx:m.example a:n.example -exists:n.example "
		"include:fail.example -all");
	world_text(s->world, "fail.example", "v=spf1 a:n.example mx:m.example ~all");
	for (unsigned i = 0; i < 5; i++) {
		world_host(s->world, "m.example", DG_TYPE_MX, 1,
			dg_printf(s->arena, "h%u.example", i));
		world_address(s->world, dg_printf(s->arena, "h%u.example", i), "198.51.100.1");
	}
	world_address(s->world, "n.example", "198.51.100.1");
	s->world->is_slow = true;
	while (eval(s) == DG_SPF_RESULT_PENDING) {
		n++;
	}
	assert_int_equal(s->o.result, DG_SPF_RESULT_FAIL);
	assert_int_equal(n, 3); /* the record; what it names; the MX hosts */

	world_text(s->world, "m.example", "v=spf1 mx ~all");
	s->q.mail_from = "x@m.example";
	dg_map_init(&s->world->asked, s->arena);
	for (n = 0; eval(s) == DG_SPF_RESULT_PENDING;) {
		n++;
	}
	assert_int_equal(s->o.result, DG_SPF_RESULT_SOFTFAIL);
	assert_int_equal(n, 3);
}

/* A set as large as a set can be costs no more than its first record. */
static void test_many_records(void **state)
{
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(16u << 20);
	struct scene *s = *state;
	struct dg_rdata *list = dg_newn(s->arena, struct dg_rdata, DG_RDATA_MAX);
	struct dg_fact fact = {.state = DG_FACT_FOUND};
	const struct dg_facts facts = {.dns = same_fact, .arg = &fact};
	struct dg_spf_tree tree;

	for (unsigned i = 0; i < DG_RDATA_MAX; i++) {
		const char *text = dg_printf(s->arena, "v=spf1 x%u y z include:a%u.example", i, i);
		list[i] = dg_txt_make(s->arena, text, strlen(text));
	}
	fact.set = dg_rrset_make("example.com.", DG_TYPE_TXT, 60, list, DG_RDATA_MAX);
	dg_spf_eval(a, &s->q, &facts, &s->o);
	assert_int_equal(s->o.result, DG_SPF_RESULT_PERMERROR);
	assert_string_equal(s->o.rule, "RFC 7208 section 4.5");
	assert_non_null(s->o.record);
	dg_spf_tree(a, "example.org.", "v=spf1 include:example.com -all", &facts, &tree);
	assert_string_equal(tree.broken_why, "it has 2048 SPF records, not one");
	assert_true(dg_arena_used(a) < 1u << 20);
}

/* The version may be cut into strings anywhere. */
static void test_strings(void **state)
{
	static const struct world_text strings[][4] = {
		{{"v=", 2}, {"", 0}, {"spf1", 4}, {" +all", 5}},
		{{"", 0}, {"v=spf1 +", 8}, {"a", 1}, {"ll", 2}},
		{{"v=spf1", 6}, {"0", 1}, {" +all", 5}, {"", 0}},
		{{"v=spf", 5}, {"", 0}, {"", 0}, {"", 0}},
	};
	static const enum dg_spf_result results[] = {
		DG_SPF_RESULT_PASS, DG_SPF_RESULT_PASS, DG_SPF_RESULT_NONE, DG_SPF_RESULT_NONE};
	struct scene *s = *state;

	for (size_t i = 0; i < sizeof(results) / sizeof(results[0]); i++) {
		s->world->rrs = NULL;
		s->world->end = &s->world->rrs;
		world_txt(s->world, "example.com", strings[i], 4);
		assert_int_equal(eval(s), results[i]);
	}
}

/* Full, it forgets and goes on; the outcome does not point into it. */
static void test_memo(void **state)
{
	struct scene *s = *state;
	const char *kept[2] = {NULL, NULL};

	s->q.memo = dg_spf_memo_new();
	for (unsigned i = 0; i < 4400; i++) {
		unsigned k =
			i %
			2200; /* two records each: all come once more, when the first are forgotten */
		const char *domain = dg_printf(s->arena, "d%u.example", k);

		s->world->rrs = NULL;
		s->world->end = &s->world->rrs;
		world_text(s->world, domain,
			dg_printf(s->arena, "v=spf1 include:i%u.example -all", k));
		world_text(s->world, dg_printf(s->arena, "i%u.example", k),
			dg_printf(s->arena, "v=spf1 ip4:10.0.%u.%u ip4:192.0.2.1 ?all", k / 250,
				k % 250));
		s->q.mail_from = dg_printf(s->arena, "x@%s", domain);
		assert_int_equal(eval(s), DG_SPF_RESULT_PASS);
		if (i == 0) {
			kept[0] = s->o.record;
			kept[1] = s->o.mechanism_domain;
		}
	}
	s->q.memo = dg_spf_memo_free(s->q.memo);
	assert_string_equal(kept[0], "v=spf1 include:i0.example -all");
	assert_string_equal(kept[1], "i0.example.");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_identities, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_no_domain, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_mapped, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_voids, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_errors, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_deciding_mechanism, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_trace, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_hostile_values, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_internationalized, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_names_that_cannot_be, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_rounds, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_many_records, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_strings, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_memo, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
