/* The inquiry: rounds, what the resolver says as facts, deadlines, limits, and what is known already. */
#include "tests/unit/controller/inquiry_unit.h"

static void test_answers(void **state)
{
	struct scene *s = scene_new(FAKE_WELL);

	(void)state;
	ask(s, "example.test.", DG_TYPE_MX);
	ask(s, "example.test.", DG_TYPE_TXT);
	ask(s, "no.example.test.", DG_TYPE_TXT);
	ask(s, "example.test.", DG_TYPE_MX);
	run(s);
	assert_int_equal(s->facts[0].state, DG_FACT_FOUND);
	assert_int_equal(s->facts[0].set.n, 1);
	assert_null(s->facts[0].alias);
	assert_int_equal(s->facts[1].state, DG_FACT_NODATA);
	assert_string_equal(s->facts[1].set.owner, "example.test.");
	assert_int_equal(s->facts[1].set.type, DG_TYPE_TXT);
	assert_int_equal(s->facts[2].state, DG_FACT_NXDOMAIN);
	assert_in_range(s->facts[2].negative_ttl, 1, 300);
	assert_true(dg_fact_is_none(&s->facts[2]));
	assert_int_equal(s->q.n_questions, 3); /* the same question is asked once */
	assert_int_equal(s->n_learned, 3);
	assert_false(s->q.is_late);
	assert_in_range(s->n_rounds, 2, 4);
	scene_free(s);
}

static void test_cnames(void **state)
{
	struct scene *s = scene_new(FAKE_WELL);

	(void)state;
	ask(s, "alias.example.test.", DG_TYPE_MX);
	ask(s, "dangling.example.test.", DG_TYPE_TXT);
	ask(s, "empty.example.test.", DG_TYPE_TXT);
	ask(s, "alias.example.test.", DG_TYPE_CNAME);
	run(s);
	assert_int_equal(s->facts[0].state, DG_FACT_FOUND);
	assert_string_equal(s->facts[0].alias, "example.test.");
	assert_string_equal(s->facts[0].set.owner, "example.test.");
	assert_int_equal(s->facts[1].state, DG_FACT_NXDOMAIN);
	assert_string_equal(s->facts[1].alias, "nowhere.example.test.");
	assert_int_equal(s->facts[2].state, DG_FACT_NODATA);
	assert_string_equal(s->facts[2].alias, "mail.example.test.");
	assert_int_equal(s->facts[3].state, DG_FACT_FOUND);
	assert_null(s->facts[3].alias);
	scene_free(s);
}

static void test_failure_is_unknown(void **state)
{
	static const enum fake_mood moods[] = {FAKE_SERVFAIL, FAKE_REFUSED};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct scene *s = scene_new(moods[i]);
		ask(s, "example.test.", DG_TYPE_MX);
		run(s);
		assert_int_equal(s->facts[0].state, DG_FACT_UNKNOWN);
		assert_non_null(s->facts[0].why);
		assert_false(dg_fact_is_none(&s->facts[0]));
		scene_free(s);
	}
}

/* One name is silent: the others are known, the silent one is UNKNOWN at the deadline, and what is asked then is too. */
static void test_deadline(void **state)
{
	struct scene *s = scene_new(FAKE_WELL);

	(void)state;
	s->server.silent_for = "mail.example.test.";
	s->q.deadline_ms = 4000;
	ask(s, "example.test.", DG_TYPE_MX);
	ask(s, "mail.example.test.", DG_TYPE_A);
	run(s);
	assert_true(s->q.is_late);
	assert_int_equal(s->facts[0].state, DG_FACT_FOUND);
	assert_int_equal(s->facts[1].state, DG_FACT_UNKNOWN);
	assert_non_null(strstr(s->facts[1].why, "4000 ms"));
	/* the round without the silent one, and the last one */
	assert_in_range(s->n_rounds, 3, 6);
	scene_free(s);
}

static void test_question_deadline(void **state)
{
	struct scene *s = scene_new(FAKE_SILENT);

	(void)state;
	s->q.question_ms = 100;
	ask(s, "example.test.", DG_TYPE_MX);
	run(s);
	assert_false(s->q.is_late);
	assert_int_equal(s->facts[0].state, DG_FACT_UNKNOWN);
	assert_int_equal(s->n_learned, 1);
	scene_free(s);
}

static void test_limit(void **state)
{
	struct scene *s = scene_new(FAKE_WELL);

	(void)state;
	s->q.n_questions_max = 1;
	ask(s, "example.test.", DG_TYPE_MX);
	ask(s, "example.test.", DG_TYPE_TXT);
	run(s);
	assert_int_equal(s->facts[0].state, DG_FACT_FOUND);
	assert_int_equal(s->facts[1].state, DG_FACT_UNKNOWN);
	assert_non_null(strstr(s->facts[1].why, "too many"));
	scene_free(s);
}

static void round_without_end(struct dg_inquiry *q)
{
	struct scene *s = q->arg;
	char name[64];

	s->n_rounds++;
	(void)snprintf(name, sizeof(name), "n%u.example.test.", s->n_rounds);
	s->facts[0] = *dg_fact(&q->facts, name, DG_TYPE_TXT);
}

static void test_rounds_end(void **state)
{
	struct scene *s = scene_new(FAKE_WELL);

	(void)state;
	s->q.round = round_without_end;
	run(s);
	assert_int_equal(s->n_rounds, DG_INQUIRY_ROUNDS + 1);
	assert_int_equal(s->facts[0].state, DG_FACT_UNKNOWN);
	assert_non_null(strstr(s->facts[0].why, "rounds"));
	scene_free(s);
}

static void test_known(void **state)
{
	struct scene *s = scene_new(FAKE_WELL);

	(void)state;
	s->known_owner = "mail.example.test.";
	s->known = (struct dg_fact){.state = DG_FACT_NODATA, .negative_ttl = 77};
	ask(s, "mail.example.test.", DG_TYPE_A);
	ask(s, "example.test.", DG_TYPE_MX);
	run(s);
	assert_int_equal(s->facts[0].state, DG_FACT_NODATA);
	assert_int_equal(s->facts[0].negative_ttl, 77);
	assert_int_equal(s->q.n_questions, 1);
	assert_int_equal(s->n_learned, 1);
	scene_free(s);
	/* PENDING: it does not know either. */
	s = scene_new(FAKE_WELL);
	s->known_owner = "mail.example.test.";
	ask(s, "mail.example.test.", DG_TYPE_A);
	run(s);
	assert_int_equal(s->facts[0].state, DG_FACT_FOUND);
	scene_free(s);
}

static void test_no_resolver(void **state)
{
	struct scene *s = scene_new(FAKE_WELL);
	const struct dg_fetch *f;

	(void)state;
	s->q.resolver = NULL;
	ask(s, "example.test.", DG_TYPE_MX);
	run(s);
	assert_int_equal(s->facts[0].state, DG_FACT_UNKNOWN);
	f = s->q.facts.fetch(s->q.facts.arg, "https://mta-sts.example.test/");
	assert_int_equal(f->state, DG_FETCH_NOT_ASKED);
	scene_free(s);
}

static void round_with_fetch(struct dg_inquiry *q)
{
	struct scene *s = q->arg;

	s->n_rounds++;
	s->fetch = *q->facts.fetch(q->facts.arg, s->url);
}

static void fetch(struct scene *s, const char *url)
{
	struct dg_http *http = NULL;
	struct dg_err err;

	assert_int_equal(dg_http_new(s->loop, &http, &err), 0);
	s->q.http = http;
	s->q.round = round_with_fetch;
	s->url = url;
	run(s);
	(void)dg_http_free(http);
}

static void test_fetch_refused(void **state)
{
	static const struct {
		const char *url;
		enum dg_fetch_state state;
		const char *why;
	} cases[] = {
		{"https://private.example.test/x", DG_FETCH_PRIVATE, "no address on the Internet"},
		{"https://no.example.test/x", DG_FETCH_UNKNOWN, "has no address"},
		{"http://mail.example.test/x", DG_FETCH_UNKNOWN, "not an https URL"},
		{"https://mail.example.test:8080/x", DG_FETCH_UNKNOWN, "not an https URL"},
		{"https://me@mail.example.test/x", DG_FETCH_UNKNOWN, "not an https URL"},
		{"https:///x", DG_FETCH_UNKNOWN, "not an https URL"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct scene *s = scene_new(FAKE_WELL);
		fetch(s, cases[i].url);
		assert_int_equal(s->fetch.state, cases[i].state);
		assert_non_null(strstr(s->fetch.why, cases[i].why));
		assert_string_equal(s->fetch.url, cases[i].url);
		assert_string_equal(s->fetch.content_type, "");
		scene_free(s);
	}
}

/* Its address is silent: that is no absence. */
static void test_fetch_without_address(void **state)
{
	struct scene *s = scene_new(FAKE_SILENT);

	(void)state;
	s->q.question_ms = 100;
	fetch(s, "https://mail.example.test/x");
	assert_int_equal(s->fetch.state, DG_FETCH_UNKNOWN);
	assert_non_null(strstr(s->fetch.why, "could not be looked up"));
	scene_free(s);
}

static void let_go(void *arg)
{
	struct scene *s = arg;

	assert_int_equal(s->n_done, 0);
	s->q.is_held = false;
	dg_inquiry_again(&s->q);
}

static void test_held(void **state)
{
	struct scene *s = scene_new(FAKE_WELL);

	(void)state;
	s->q.is_held = true;
	ask(s, "example.test.", DG_TYPE_MX);
	(void)dg_loop_after_ms(s->loop, 300, let_go, s);
	run(s);
	assert_false(s->q.is_late);
	scene_free(s);
	/* Nobody lets go: the deadline does. */
	s = scene_new(FAKE_WELL);
	s->q.is_held = true;
	s->q.deadline_ms = 100;
	run(s);
	assert_true(s->q.is_late);
	scene_free(s);
}

static void stop(void *arg)
{
	dg_loop_stop(arg);
}

static void test_cancel(void **state)
{
	struct scene *s = scene_new(FAKE_SILENT);

	(void)state;
	ask(s, "example.test.", DG_TYPE_MX);
	s->q.question_ms = 2000;
	dg_inquiry_start(&s->q);
	(void)dg_loop_after_ms(s->loop, 50, stop, s->loop);
	dg_loop_run(s->loop);
	dg_inquiry_cancel(&s->q);
	dg_inquiry_cancel(&s->q);
	dg_inquiry_again(&s->q);
	(void)dg_loop_after_ms(s->loop, 2200, stop, s->loop); /* past the question's time */
	dg_loop_run(s->loop);
	assert_int_equal(s->n_learned, 0);
	assert_int_equal(s->n_done, 0);
	scene_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_cnames),
		cmocka_unit_test(test_failure_is_unknown),
		cmocka_unit_test(test_deadline),
		cmocka_unit_test(test_question_deadline),
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_rounds_end),
		cmocka_unit_test(test_known),
		cmocka_unit_test(test_no_resolver),
		cmocka_unit_test(test_fetch_refused),
		cmocka_unit_test(test_fetch_without_address),
		cmocka_unit_test(test_held),
		cmocka_unit_test(test_cancel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
