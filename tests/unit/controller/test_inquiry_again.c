/* The inquiry: what failed is asked once more. */
#include "tests/unit/controller/inquiry_unit.h"

/* The server recovers when libunbound has given the first question up, by the look of it; silence_again(): when it was asked. */
static void on_recovered(void *arg)
{
	struct scene *s = arg;
	bool is_still = s->server.n_udp > 0 && s->server.n_udp == s->n_seen;

	if (is_still || (s->server.mood == FAKE_SILENT && s->server.n_udp > 0)) {
		s->server.mood = FAKE_WELL;
		return;
	}
	s->n_seen = s->server.n_udp;
	(void)dg_loop_after_ms(s->loop, s->server.mood == FAKE_SILENT ? 10 : 1000, on_recovered, s);
}

/* The first answer is a failure, which libunbound holds for 5 s. */
static void test_again(void **state)
{
	struct scene *s = scene_new(FAKE_SERVFAIL);

	(void)state;
	s->q.again_ms = DG_INQUIRY_AGAIN_MS;
	ask(s, "example.test.", DG_TYPE_MX);
	(void)dg_loop_after_ms(s->loop, 1000, on_recovered, s);
	run(s);
	assert_int_equal(s->facts[0].state, DG_FACT_FOUND);
	assert_int_equal(s->q.n_questions, 2);
	assert_int_equal(s->n_learned, 1); /* not the failure */
	scene_free(s);
}

/* Several fail: one goes first, and the others follow it when it has an answer. */
static void test_others_follow(void **state)
{
	struct scene *s = scene_new(FAKE_SERVFAIL);

	(void)state;
	s->q.again_ms = DG_INQUIRY_AGAIN_MS;
	ask(s, "example.test.", DG_TYPE_MX);
	ask(s, "example.test.", DG_TYPE_TXT);
	ask(s, "mail.example.test.", DG_TYPE_A);
	(void)dg_loop_after_ms(s->loop, 1000, on_recovered, s);
	run(s);
	assert_int_equal(s->facts[0].state, DG_FACT_FOUND);
	assert_int_equal(s->facts[1].state, DG_FACT_NODATA);
	assert_int_equal(s->facts[2].state, DG_FACT_FOUND);
	assert_int_equal(s->q.n_questions, 6);
	assert_int_equal(s->n_learned, 3);
	scene_free(s);
}

/* It fails again: nobody else is asked about a domain that is dead. */
static void test_others_do_not_follow(void **state)
{
	struct scene *s = scene_new(FAKE_SERVFAIL);

	(void)state;
	s->q.again_ms = 10;
	ask(s, "example.test.", DG_TYPE_MX);
	ask(s, "example.test.", DG_TYPE_TXT);
	ask(s, "mail.example.test.", DG_TYPE_A);
	run(s);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(s->facts[i].state, DG_FACT_UNKNOWN);
		assert_non_null(s->facts[i].why);
	}
	assert_int_equal(s->q.n_questions, 4);
	assert_int_equal(s->n_learned, 3);
	assert_false(s->q.is_late);
	scene_free(s);
}

/* A round asks for n0.example.test., and for the next one when all before are known. */
static void round_by_round(struct dg_inquiry *q)
{
	struct scene *s = q->arg;
	char name[64];

	for (unsigned i = 0; i < 3; i++) {
		(void)snprintf(name, sizeof(name), "n%u.example.test.", i);
		s->facts[i] = *dg_fact(&q->facts, name, DG_TYPE_TXT);
		if (s->facts[i].state == DG_FACT_PENDING) {
			return;
		}
	}
}

/* What failed twice is UNKNOWN, and nothing more is asked twice then. */
static void test_again_is_bounded(void **state)
{
	struct scene *s = scene_new(FAKE_SERVFAIL);

	(void)state;
	s->q.again_ms = 10;
	s->q.round = round_by_round;
	run(s);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(s->facts[i].state, DG_FACT_UNKNOWN);
		assert_non_null(s->facts[i].why);
	}
	assert_int_equal(s->q.n_questions, 4);
	assert_false(s->q.is_late);
	scene_free(s);
}

/* Nothing within the time of one question: asked once more at once, as long as there is time. */
static void test_silence_again(void **state)
{
	struct scene *s = scene_new(FAKE_SILENT);

	(void)state;
	s->q.again_ms = DG_INQUIRY_AGAIN_MS;
	s->q.question_ms = 600;
	ask(s, "example.test.", DG_TYPE_MX);
	(void)dg_loop_after_ms(s->loop, 10, on_recovered, s);
	run(s);
	assert_int_equal(s->facts[0].state, DG_FACT_FOUND);
	assert_int_equal(s->q.n_questions, 2);
	scene_free(s);
}

/* No time is left to ask again: what the first answer said is the reason. */
static void test_again_too_late(void **state)
{
	struct scene *s = scene_new(FAKE_SERVFAIL);

	(void)state;
	s->q.deadline_ms = 60000;
	s->q.again_ms = 60000;
	ask(s, "example.test.", DG_TYPE_MX);
	run(s);
	const char *why =
		s->facts[0].why; /* libunbound hands such an answer on, or says that it has none */
	assert_true(strstr(why, "RCODE 2") || strstr(why, "SERVFAIL"));
	assert_int_equal(s->q.n_questions, 1);
	scene_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_again),
		cmocka_unit_test(test_others_follow),
		cmocka_unit_test(test_others_do_not_follow),
		cmocka_unit_test(test_again_is_bounded),
		cmocka_unit_test(test_silence_again),
		cmocka_unit_test(test_again_too_late),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
