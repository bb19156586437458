/* MX hosts asked whether they relay: all addresses, two connections each, and what becomes of those that do not play along. */
#include "tests/unit/unit.h"

#include "controller/check/relay.h"
#include "tests/unit/controller/fakesmtp.h"
#include "zones/base/arena.h"
#include "zones/base/err.h"

#define SERVERS 12u

static const struct fake_line closed[] = {
	{"RCPT TO:<postmaster@example.test>", "250 Ok\r\n"},
	{"RCPT", "554 5.7.1 Relay access denied\r\n"},
	{"", "250 Ok\r\n"},
};
static const struct fake_line open_to_all[] = {
	{"RCPT TO:<dnsguard-no-such-user", "550 5.1.1 unknown\r\n"},
	{"", "250 Ok\r\n"},
};
static const struct fake_line strict[] = {
	/* hangs up after three errors */
	{"RCPT TO:<dnsguard-relay-test@dnsguard.invalid>", "421 too many errors\r\n"},
	{"RCPT", "554 5.7.1 Relay access denied\r\n"},
	{"", "250 Ok\r\n"},
};

struct scene {
	struct dg_loop *loop;
	struct dg_arena *arena;
	struct fake_smtp servers[SERVERS];
	unsigned n_servers;
	struct dg_relay_test test;
	struct dg_timer *guard;
	unsigned n_done;
	bool is_in_start;
};

static void on_done(struct dg_relay_test *t)
{
	struct scene *s = t->arg;

	assert_false(s->is_in_start);
	assert_null(t->internal);
	s->n_done++;
	dg_loop_stop(s->loop);
}

static void on_guard(void *arg)
{
	(void)arg;
	fail_msg("no callback within 120 s");
}

static struct scene *scene_new(void)
{
	struct scene *s = calloc(1, sizeof(*s));
	struct dg_err err;

	assert_non_null(s);
	assert_int_equal(dg_loop_new(NULL, &s->loop, &err), 0);
	s->arena = dg_arena_new(16u << 20);
	s->test = (struct dg_relay_test){
		.loop = s->loop,
		.helo = "probe.example.test",
		.timeout_ms = 60000,
		.arena = s->arena,
		.done = on_done,
		.arg = s,
	};
	s->guard = dg_loop_after_ms(s->loop, 120000, on_guard, s);
	return s;
}

/* The next server, on the next address of 127.0.1.0/24 and the port of the first. */
static const char *serve(struct scene *s, const char *greeting, const struct fake_line *replies)
{
	struct fake_smtp *f = &s->servers[s->n_servers++];
	const char *address = dg_printf(s->arena, "127.0.1.%u", s->n_servers);

	*f = (struct fake_smtp){.greeting = greeting, .replies = replies, .port = s->test.port};
	fake_smtp_start(f, s->loop, address);
	s->test.port = f->port;
	return address;
}

static void run(struct scene *s, const struct dg_relay_target *targets, size_t n)
{
	s->test.targets = targets;
	s->test.n_targets = n;
	s->is_in_start = true;
	dg_relay_start(&s->test);
	s->is_in_start = false;
	dg_loop_run(s->loop);
	assert_int_equal(s->n_done, 1);
	for (unsigned i = 0; i < s->n_servers; i++) {
		assert_null(strcasestr(s->servers[i].heard, "DATA"));
	}
}

static void scene_free(struct scene *s)
{
	(void)dg_timer_cancel(s->guard);
	for (unsigned i = 0; i < s->n_servers; i++) {
		fake_smtp_stop(&s->servers[i]);
	}
	(void)dg_loop_free(s->loop);
	(void)dg_arena_free(s->arena);
	free(s);
}

static enum dg_relay_outcome outcome(const struct scene *s, size_t i)
{
	const struct dg_relay_form *form;
	const char *why;

	return dg_relay_judge(&s->test.seen[i], &form, &why);
}

static size_t count(const char *text, const char *word)
{
	size_t n = 0;

	for (const char *p = text; (p = strstr(p, word)); p += strlen(word)) {
		n++;
	}
	return n;
}

static void test_two_hosts(void **state)
{
	struct scene *s = scene_new();
	const char *one[] = {serve(s, "220 a\r\n", closed), serve(s, "220 b\r\n", open_to_all)};
	const char *two[] = {serve(s, "220 c\r\n", strict)};
	const struct dg_relay_target targets[] = {
		{.host = "mx1.example.test.",
			.domain = "example.test.",
			.addresses = one,
			.n_addresses = 2},
		{.host = "mx2.example.test.",
			.domain = "example.test.",
			.addresses = two,
			.n_addresses = 1},
		{.host = "mx3.example.test.", .domain = "example.test.", .why = "NXDOMAIN"},
	};

	(void)state;
	run(s, targets, 3);
	assert_int_equal(s->test.n_seen, 4);
	assert_string_equal(s->test.seen[1].host, "mx1.example.test.");
	assert_string_equal(s->test.seen[1].address, "127.0.1.2");
	assert_int_equal(outcome(s, 0), DG_RELAY_REFUSES);
	assert_null(s->test.seen[0].why);
	assert_int_equal(outcome(s, 1), DG_RELAY_ACCEPTS);
	assert_int_equal(outcome(s, 2), DG_RELAY_UNSURE);
	assert_non_null(strstr(s->test.seen[2].why, "421"));
	assert_int_equal(outcome(s, 3), DG_RELAY_UNSURE);
	assert_string_equal(s->test.seen[3].why, "NXDOMAIN");
	for (unsigned i = 0; i < 2; i++) { /* every form once, over two connections */
		const struct dg_relay_host *h = &s->test.seen[i];
		assert_int_equal(s->servers[i].n_connections, 2);
		assert_int_equal(count(s->servers[i].heard, "RCPT TO:<"), h->n_forms);
		assert_int_equal(count(s->servers[i].heard, "MAIL FROM:<"), 4);
		for (size_t j = 0; j < h->n_forms; j++) {
			assert_non_null(strstr(s->servers[i].heard, h->forms[j].rcpt));
			assert_int_not_equal(h->forms[j].rcpt_code, 0);
		}
	}
	assert_int_equal(s->servers[2].n_connections, 1); /* who hung up is left alone */
	scene_free(s);
}

/* The answers belong to the forms that they were given to. */
static void test_answers_in_place(void **state)
{
	static const struct fake_line replies[] = {
		{"MAIL FROM:<>", "550 no bounces\r\n"},
		{"RCPT TO:<@", "250 routed\r\n"},
		{"RCPT TO:<\"", "501 quotes\r\n"},
		{"RCPT TO:<postmaster", "251 postmaster\r\n"},
		{"RCPT", "554 no\r\n"},
		{"", "250 Ok\r\n"},
	};
	struct scene *s = scene_new();
	const char *one[] = {serve(s, "220 a\r\n", replies)};
	const struct dg_relay_target target = {.host = "mx1.example.test.",
		.domain = "example.test.",
		.addresses = one,
		.n_addresses = 1};

	(void)state;
	run(s, &target, 1);
	const struct dg_relay_host *h = &s->test.seen[0];
	assert_null(h->why);
	for (size_t i = 0; i < h->n_forms; i++) {
		const struct dg_relay_form *f = &h->forms[i];
		bool is_null = f->mail_from[0] == '\0';
		assert_int_equal(f->mail_code, is_null ? 550 : 250);
		assert_int_equal(f->rcpt_code, is_null                   ? 0
					       : f->rcpt[0] == '@'       ? 250
					       : f->rcpt[0] == '"'       ? 501
					       : f->kind == DG_RELAY_OWN ? 251
									 : 554);
		if (is_null) {
			assert_string_equal(f->reply, "no bounces");
		}
	}
	scene_free(s);
}

static void test_no_service(void **state)
{
	static const struct fake_line no_helo[] = {{"QUIT", "221 bye\r\n"}, {"", "550 no\r\n"}};
	struct scene *s = scene_new();
	const char *all[] = {serve(s, "554 not here\r\n", no_helo), serve(s, "220 b\r\n", no_helo),
		serve(s, "", no_helo), serve(s, "SSH-2.0\r\n", no_helo), "not an address"};
	const char *words[] = {"greets with 554 not here", "refuses EHLO and HELO: 550 no",
		"no greeting", "not an SMTP reply", "not an IP address"};
	const struct dg_relay_target target = {.host = "mx1.example.test.",
		.domain = "example.test.",
		.addresses = all,
		.n_addresses = 5};

	(void)state;
	run(s, &target, 1);
	for (unsigned i = 0; i < 5; i++) {
		assert_int_equal(outcome(s, i), DG_RELAY_UNSURE);
		if (!strstr(s->test.seen[i].why, words[i])) {
			fail_msg("%s", s->test.seen[i].why);
		}
	}
	scene_free(s);
}

/* More addresses than are asked at once, and more than are asked at all. */
static void test_many(void **state)
{
	struct scene *s = scene_new();
	const char *all[DG_RELAY_ADDRESSES_MAX + 5];
	struct dg_relay_target target = {
		.host = "mx1.example.test.", .domain = "example.test.", .addresses = all};

	(void)state;
	for (unsigned i = 0; i < SERVERS; i++) {
		all[i] = serve(s, "220 a\r\n", closed);
	}
	for (unsigned i = SERVERS; i < DG_RELAY_ADDRESSES_MAX + 5; i++) {
		all[i] = "127.0.2.1"; /* nobody there */
	}
	target.n_addresses = DG_RELAY_ADDRESSES_MAX + 5;
	run(s, &target, 1);
	assert_int_equal(s->test.n_seen, DG_RELAY_ADDRESSES_MAX + 5);
	for (unsigned i = 0; i < s->test.n_seen; i++) {
		assert_int_equal(outcome(s, i), i < SERVERS ? DG_RELAY_REFUSES : DG_RELAY_UNSURE);
		assert_int_equal(i >= DG_RELAY_ADDRESSES_MAX,
			s->test.seen[i].why && strstr(s->test.seen[i].why, "too many") != NULL);
	}
	scene_free(s);
}

static void test_nothing_to_ask(void **state)
{
	struct scene *s = scene_new();

	(void)state;
	run(s, NULL, 0);
	assert_int_equal(s->test.n_seen, 0);
	scene_free(s);
}

static void test_cancel(void **state)
{
	struct scene *s = scene_new();
	const char *all[] = {serve(s, NULL, closed), serve(s, NULL, closed)};
	const struct dg_relay_target target = {.host = "mx1.example.test.",
		.domain = "example.test.",
		.addresses = all,
		.n_addresses = 2};

	(void)state;
	s->test.targets = &target;
	s->test.n_targets = 1;
	dg_relay_start(&s->test);
	dg_relay_cancel(&s->test); /* before it began */
	dg_relay_start(&s->test);
	(void)dg_loop_after_ms(s->loop, 50, (void (*)(void *))dg_loop_stop, s->loop);
	dg_loop_run(s->loop);
	dg_relay_cancel(&s->test);
	dg_relay_cancel(&s->test);
	assert_int_equal(s->n_done, 0);
	scene_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_two_hosts),
		cmocka_unit_test(test_answers_in_place),
		cmocka_unit_test(test_no_service),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_nothing_to_ask),
		cmocka_unit_test(test_cancel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
