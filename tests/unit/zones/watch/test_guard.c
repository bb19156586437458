#include "tests/unit/unit.h"

#include "zones/base/buf.h"
#include "zones/watch/guard.h"

#include <stdio.h>
#include <string.h>

#define HOUR  ((int64_t)3600000)
#define START ((int64_t)1795374567000)

struct walk {
	struct dg_guard_limits limits;
	struct dg_guard g;
	int64_t now_ms;
	bool has_budget;
	struct dg_guard_out out;
};

static void begin(struct walk *w, enum dg_guard_mode mode)
{
	*w = (struct walk){.now_ms = START, .has_budget = true};
	dg_guard_limits_init(&w->limits);
	w->limits.mode = mode;
	w->limits.has_sink = true;
	dg_guard_init(&w->g, START);
}

static unsigned feed(struct walk *w, enum dg_guard_event_kind kind)
{
	struct dg_guard_event e = {
		.kind = kind, .now_ms = w->now_ms, .random = 500, .has_budget = w->has_budget};

	dg_guard_step(&w->limits, &w->g, &e, &w->out);
	const char *fault = dg_guard_fault(&w->limits, &w->g);
	if (fault) {
		fail_msg("%s after %s in %s", fault, dg_guard_event_text(kind),
			dg_guard_state_text(w->g.state));
	}
	return w->out.actions;
}

#define EV(name) DG_GUARD_EV_##name
#define DO(name) DG_GUARD_DO_##name
#define IN(w, name) \
	assert_string_equal(dg_guard_state_text((w)->g.state), dg_guard_state_text(DG_GUARD_##name))

static void to_split(struct walk *w)
{
	assert_int_equal(feed(w, EV(ALARM)), DO(ARM) | DO(TELL));
	IN(w, ELEVATED);
	(void)feed(w, EV(ARMED));
	assert_int_equal(feed(w, EV(READY)), DO(SPLIT) | DO(TELL));
	IN(w, SPLITTING);
	assert_int_equal(feed(w, EV(DONE)), DO(TELL));
	IN(w, SPLIT);
}

static void test_there_and_back(void **state)
{
	struct walk w;

	(void)state;
	begin(&w, DG_GUARD_MODE_AUTOMATIC);
	to_split(&w);
	w.now_ms = w.g.due_ms - 1;
	assert_int_equal(feed(&w, EV(TICK)), 0);
	w.now_ms++;
	assert_int_equal(feed(&w, EV(TICK)), DO(PROBE));
	IN(&w, PROBING);
	assert_int_equal(feed(&w, EV(SILENT)), 0); /* nobody listens yet */
	assert_true(w.g.due_ms == w.now_ms + w.limits.step_ms);
	assert_int_equal(feed(&w, EV(DONE)), DO(TELL));
	assert_true(w.g.due_ms == w.now_ms + w.limits.probe_ms);
	assert_int_equal(feed(&w, EV(DONE)), 0); /* the sink is looked at again: no more time */
	assert_int_equal(feed(&w, EV(SILENT)), DO(RESTORE) | DO(TELL));
	IN(&w, RESTORING);
	assert_true(w.g.is_sink);
	assert_int_equal(feed(&w, EV(DONE)), DO(TELL));
	IN(&w, COOLDOWN);
	assert_false(w.g.is_null);
	(void)feed(&w, EV(QUIET));
	w.now_ms += w.limits.cooldown_ms;
	assert_int_equal(feed(&w, EV(TICK)), DO(DISARM));
	IN(&w, CALM);
}

/* Past a null MX nobody sees anything: without a sink the way back is asked for, again and again, and never taken. */
static void test_without_a_sink_a_person_decides(void **state)
{
	struct walk w;

	(void)state;
	begin(&w, DG_GUARD_MODE_AUTOMATIC);
	w.limits.has_sink = false;
	to_split(&w);
	w.now_ms = w.g.due_ms - 1;
	assert_int_equal(feed(&w, EV(TICK)), 0);
	w.now_ms++;
	assert_int_equal(feed(&w, EV(TICK)), DO(PROPOSE_RESTORE) | DO(TELL));
	IN(&w, SPLIT);
	for (unsigned i = 0; i < 30; i++) {
		assert_int_equal(feed(&w, EV(TICK)), 0);
		assert_true(w.g.due_ms > w.now_ms);
		w.now_ms = w.g.due_ms;
		assert_int_equal(feed(&w, EV(TICK)), DO(TELL));
		IN(&w, SPLIT);
	}
	assert_int_equal(feed(&w, EV(APPROVED)), DO(RESTORE) | DO(TELL));
	IN(&w, RESTORING);
}

static void test_an_alarm_alone_moves_nothing(void **state)
{
	struct walk w;

	(void)state;
	begin(&w, DG_GUARD_MODE_AUTOMATIC);
	(void)feed(&w, EV(ALARM));
	(void)feed(&w, EV(ARMED));
	for (unsigned i = 0; i < 100; i++) {
		w.now_ms += HOUR;
		assert_int_equal(feed(&w, EV(ALARM)) & DO(SPLIT), 0);
		assert_int_equal(feed(&w, EV(TICK)) & DO(SPLIT), 0);
	}
	IN(&w, ELEVATED);
}

static void test_evidence_before_armed_waits(void **state)
{
	struct walk w;

	(void)state;
	begin(&w, DG_GUARD_MODE_AUTOMATIC);
	(void)feed(&w, EV(ALARM));
	assert_int_equal(feed(&w, EV(READY)), 0);
	IN(&w, ELEVATED);
	(void)feed(&w, EV(ARMED));
	assert_int_equal(feed(&w, EV(READY)) & DO(SPLIT), DO(SPLIT));
}

static void test_approved_asks_first(void **state)
{
	struct walk w;

	(void)state;
	begin(&w, DG_GUARD_MODE_APPROVED);
	(void)feed(&w, EV(NOTICE));
	(void)feed(&w, EV(ARMED));
	assert_int_equal(feed(&w, EV(APPROVED)), 0); /* nothing was proposed */
	assert_int_equal(feed(&w, EV(READY)), DO(PROPOSE));
	assert_int_equal(feed(&w, EV(READY)), 0); /* once */
	IN(&w, ELEVATED);
	assert_int_equal(feed(&w, EV(APPROVED)), DO(SPLIT) | DO(TELL));
	IN(&w, SPLITTING);
}

static void test_a_proposal_ends_with_the_alarm(void **state)
{
	struct walk w;

	(void)state;
	begin(&w, DG_GUARD_MODE_APPROVED);
	(void)feed(&w, EV(ALARM));
	(void)feed(&w, EV(ARMED));
	(void)feed(&w, EV(READY));
	assert_int_equal(feed(&w, EV(QUIET)), DO(DISARM));
	IN(&w, CALM);
	assert_int_equal(feed(&w, EV(APPROVED)), 0);
	IN(&w, CALM);
}

static void test_no_budget_asks(void **state)
{
	struct walk w;

	(void)state;
	begin(&w, DG_GUARD_MODE_AUTOMATIC);
	w.has_budget = false;
	(void)feed(&w, EV(ALARM));
	(void)feed(&w, EV(ARMED));
	assert_int_equal(feed(&w, EV(READY)), DO(PROPOSE));
	assert_int_equal(feed(&w, EV(APPROVED)), 0);
	IN(&w, ELEVATED);
}

static void test_never_watches_only(void **state)
{
	struct walk w;

	(void)state;
	begin(&w, DG_GUARD_MODE_NEVER);
	assert_int_equal(feed(&w, EV(ALARM)), DO(TELL));
	assert_int_equal(feed(&w, EV(ARMED)), 0);
	assert_int_equal(feed(&w, EV(READY)), 0);
	assert_int_equal(feed(&w, EV(APPROVED)), 0);
	IN(&w, CALM);
}

static void test_abuse_of_our_own_is_held(void **state)
{
	struct walk w;

	(void)state;
	begin(&w, DG_GUARD_MODE_AUTOMATIC);
	(void)feed(&w, EV(ALARM));
	(void)feed(&w, EV(ARMED));
	assert_int_equal(feed(&w, EV(ABUSED)), DO(TELL));
	IN(&w, HELD);
	assert_int_equal(feed(&w, EV(READY)), 0);
	IN(&w, HELD);
	assert_int_equal(feed(&w, EV(ABUSED)), 0); /* told once */
	(void)feed(&w, EV(RELEASE));
	IN(&w, COOLDOWN);
	assert_false(w.g.is_abused);
	(void)feed(&w, EV(STOP));
	assert_int_equal(
		feed(&w, EV(ABUSED)), DO(TELL)); /* also while it is held for another reason */
}

/* What is under way is ended first: a split is taken back, a sink replaced by the null MX. */
static void test_abuse_ends_what_is_under_way(void **state)
{
	struct walk w;

	(void)state;
	begin(&w, DG_GUARD_MODE_AUTOMATIC);
	(void)feed(&w, EV(ALARM));
	(void)feed(&w, EV(ARMED));
	(void)feed(&w, EV(READY));
	assert_int_equal(feed(&w, EV(ABUSED)), DO(UNDO) | DO(TELL));
	IN(&w, RESTORING);
	assert_int_equal(feed(&w, EV(DONE)), DO(TELL));
	IN(&w, HELD);
	assert_false(w.g.is_null);

	begin(&w, DG_GUARD_MODE_AUTOMATIC);
	to_split(&w);
	w.now_ms = w.g.due_ms;
	(void)feed(&w, EV(TICK));
	(void)feed(&w, EV(DONE));
	assert_true(dg_guard_is_under_attack(&w.g));
	assert_int_equal(feed(&w, EV(ABUSED)), DO(RENULL) | DO(TELL));
	assert_false(dg_guard_is_under_attack(&w.g));
	IN(&w, SPLIT);
	assert_int_equal(feed(&w, EV(ABUSED)), 0);
	w.now_ms = w.g.due_ms;
	assert_int_equal(feed(&w, EV(TICK)), 0); /* no new probe */
	assert_int_equal(feed(&w, EV(DONE)), DO(TELL));
	IN(&w, HELD);
	assert_true(w.g.is_null && !w.g.is_sink);

	begin(&w, DG_GUARD_MODE_AUTOMATIC);
	w.limits.n_labels = 2;
	to_split(&w);
	(void)feed(&w, EV(FOLLOWED));
	assert_int_equal(feed(&w, EV(ABUSED)), DO(TELL));
	IN(&w, HELD);
}

static void test_conflicts_and_stop_are_held(void **state)
{
	struct walk w;

	(void)state;
	begin(&w, DG_GUARD_MODE_AUTOMATIC);
	to_split(&w);
	(void)feed(&w, EV(CONFLICT));
	IN(&w, HELD);
	w.now_ms = w.g.due_ms;
	assert_int_equal(feed(&w, EV(TICK)), DO(TELL)); /* a reminder, and the next one */
	assert_true(w.g.due_ms > w.now_ms);
	(void)feed(&w, EV(RELEASE));
	IN(&w, SPLIT); /* the null MX still stands */
	(void)feed(&w, EV(STOP));
	IN(&w, HELD);
}

static void test_unverified_is_taken_back(void **state)
{
	struct walk w;

	(void)state;
	begin(&w, DG_GUARD_MODE_AUTOMATIC);
	(void)feed(&w, EV(ALARM));
	(void)feed(&w, EV(ARMED));
	(void)feed(&w, EV(READY));
	w.now_ms = w.g.due_ms;
	assert_int_equal(feed(&w, EV(TICK)), DO(UNDO) | DO(TELL));
	IN(&w, RESTORING);
	(void)feed(&w, EV(DONE));
	IN(&w, COOLDOWN);
	assert_int_equal(feed(&w, EV(READY)) & DO(SPLIT), 0); /* not by itself for a day */
}

static void test_hold_doubles_up_to_its_limit(void **state)
{
	struct walk w;
	int64_t before = 0;

	(void)state;
	begin(&w, DG_GUARD_MODE_AUTOMATIC);
	w.limits.expiry_ms = INT64_MAX / 4;
	to_split(&w);
	for (unsigned i = 0; i < 10; i++) {
		int64_t hold = w.g.due_ms - w.now_ms;
		assert_true(hold >= before - before / 4);
		assert_true(hold <= w.limits.hold_max_ms + w.limits.hold_max_ms / 9);
		before = hold;
		w.now_ms = w.g.due_ms;
		assert_int_equal(feed(&w, EV(TICK)), DO(PROBE));
		assert_int_equal(feed(&w, i % 2 ? EV(LOUD) : EV(FAILED)) & DO(RENULL), DO(RENULL));
		IN(&w, SPLIT);
	}
	assert_true(before > 6 * w.limits.hold_ms);
}

static void test_expiry_proposes_the_way_back(void **state)
{
	struct walk w;

	(void)state;
	begin(&w, DG_GUARD_MODE_AUTOMATIC);
	to_split(&w);
	int64_t due = w.g.due_ms;
	w.now_ms += w.limits.expiry_ms;
	assert_int_equal(feed(&w, EV(TICK)), DO(PROPOSE_RESTORE));
	assert_true(w.g.due_ms == due); /* and the probe comes all the same */
	assert_int_equal(feed(&w, EV(TICK)), DO(PROBE));
	(void)feed(&w, EV(LOUD));
	assert_int_equal(feed(&w, EV(APPROVED)), DO(RESTORE) | DO(TELL));
	IN(&w, RESTORING);
}

static void test_rotation(void **state)
{
	struct walk w;

	(void)state;
	begin(&w, DG_GUARD_MODE_AUTOMATIC);
	to_split(&w);
	assert_int_equal(feed(&w, EV(FOLLOWED)), DO(TELL));
	assert_int_equal(feed(&w, EV(FOLLOWED)), 0); /* told once */
	w.limits.n_labels = 3;
	assert_int_equal(feed(&w, EV(FOLLOWED)), DO(ROTATE) | DO(TELL));
	IN(&w, ROTATING);
	assert_int_equal(feed(&w, EV(FOLLOWED)), 0);
	assert_int_equal(feed(&w, EV(DONE)), DO(TELL));
	IN(&w, SPLIT);
	assert_true(w.g.label == 1 && w.g.is_overlapping);
	/* both serve: the old one is given up before anything else is rotated */
	assert_int_equal(feed(&w, EV(FOLLOWED)), 0);
	int64_t due = w.g.due_ms;
	assert_int_equal(feed(&w, EV(DRAINED)), DO(RETIRE));
	assert_int_equal(feed(&w, EV(DRAINED)), 0);
	assert_true(w.g.due_ms == due);
	assert_int_equal(feed(&w, EV(DONE)), DO(TELL));
	assert_true(!w.g.is_overlapping && !w.g.is_retiring && w.g.label == 1);
	/* not by itself beyond the budget: a person is asked, once, and his yes waits for room */
	w.has_budget = false;
	assert_int_equal(feed(&w, EV(FOLLOWED)), DO(PROPOSE_ROTATE) | DO(TELL));
	assert_int_equal(feed(&w, EV(FOLLOWED)), 0);
	assert_int_equal(feed(&w, EV(APPROVED)), 0);
	w.has_budget = true;
	w.limits.mode = DG_GUARD_MODE_APPROVED;
	assert_int_equal(feed(&w, EV(APPROVED)), DO(ROTATE) | DO(TELL));
	assert_int_equal(feed(&w, EV(DONE)), DO(TELL));
	/* nothing drains: the hold ends it */
	w.now_ms = w.g.due_ms;
	assert_int_equal(feed(&w, EV(TICK)), DO(RETIRE));
	(void)feed(&w, EV(DONE));
	assert_int_equal(feed(&w, EV(FOLLOWED)), DO(TELL)); /* none is left */
	w.g.is_proposed = true;
	assert_int_equal(feed(&w, EV(APPROVED)), DO(RESTORE) | DO(TELL));
	(void)feed(&w, EV(DONE));
	IN(&w, COOLDOWN);
	assert_int_equal(w.g.label, 0);
}

static uint32_t roll(uint64_t *seed)
{
	*seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(*seed >> 33);
}

/* Random events in random order: no invariant breaks, and from everywhere time alone leads to a reminder or out. */
static void test_random_walks(void **state)
{
	unsigned seen[9] = {0};

	(void)state;
	for (uint64_t walk = 0; walk < 10000; walk++) {
		uint64_t seed = walk;
		struct walk w;
		begin(&w, (enum dg_guard_mode)(roll(&seed) % 3));
		w.limits.n_labels = 1 + roll(&seed) % 3;
		w.limits.has_sink = roll(&seed) % 2;
		for (unsigned i = 0; i < 200; i++) {
			w.now_ms += roll(&seed) % 5 == 0 ? roll(&seed) % 200000000
							 : roll(&seed) % 10000;
			w.has_budget = roll(&seed) % 8 != 0;
			enum dg_guard_state before = w.g.state;
			bool was_null = w.g.is_null;
			unsigned actions =
				feed(&w, (enum dg_guard_event_kind)(
						 roll(&seed) % (DG_GUARD_EV_RELEASE + 1)));
			seen[w.g.state]++;
			if (actions & DO(SPLIT)) {
				assert_true(w.g.is_armed && !was_null && w.has_budget);
				assert_true(
					before == DG_GUARD_ELEVATED || before == DG_GUARD_COOLDOWN);
			}
			assert_true(
				!(actions & DO(SPLIT)) || !(actions & (DO(RESTORE) | DO(UNDO))));
			assert_true(w.limits.mode != DG_GUARD_MODE_NEVER ||
				    !(actions & ~(unsigned)DO(TELL)));
			assert_true(w.g.due_ms > w.now_ms || w.g.state == before);
		}
	}
	for (unsigned i = 0; i < 9; i++) {
		assert_true(seen[i] > 30);
	}
}

/* doc/guard.md shows the table that the code uses. */
static void test_the_page_shows_the_table(void **state)
{
	static char page[65536];
	struct dg_buf b;
	FILE *f = fopen(DG_TEST_DATA "/../../doc/guard.md", "r");

	(void)state;
	assert_non_null(f);
	page[fread(page, 1, sizeof(page) - 1, f)] = '\0';
	(void)fclose(f);
	dg_buf_init(&b, 65536);
	dg_guard_table_print(&b);
	assert_non_null(strstr(page, b.data));
	dg_buf_clear(&b);
	dg_buf_puts(&b, "```mermaid\n");
	dg_guard_diagram_print(&b);
	dg_buf_puts(&b, "```\n");
	assert_non_null(strstr(page, b.data));
	dg_buf_done(&b);
}

static void test_words(void **state)
{
	bool is_known = false;
	struct dg_buf b;

	(void)state;
	for (int s = DG_GUARD_CALM; s <= DG_GUARD_HELD; s++) {
		assert_int_equal(
			dg_guard_state_find(dg_guard_state_text((enum dg_guard_state)s), &is_known),
			s);
		assert_true(is_known);
	}
	assert_int_equal(dg_guard_state_find("asleep", &is_known), DG_GUARD_HELD);
	assert_false(is_known);
	dg_buf_init(&b, 65536);
	dg_guard_table_print(&b);
	assert_non_null(strstr(b.data, "| elevated | floors of evidence"));
	dg_buf_clear(&b);
	dg_guard_diagram_print(&b);
	assert_non_null(strstr(b.data, "elevated --> splitting: "));
	dg_buf_done(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_there_and_back),
		cmocka_unit_test(test_without_a_sink_a_person_decides),
		cmocka_unit_test(test_an_alarm_alone_moves_nothing),
		cmocka_unit_test(test_evidence_before_armed_waits),
		cmocka_unit_test(test_approved_asks_first),
		cmocka_unit_test(test_a_proposal_ends_with_the_alarm),
		cmocka_unit_test(test_no_budget_asks),
		cmocka_unit_test(test_never_watches_only),
		cmocka_unit_test(test_abuse_of_our_own_is_held),
		cmocka_unit_test(test_abuse_ends_what_is_under_way),
		cmocka_unit_test(test_conflicts_and_stop_are_held),
		cmocka_unit_test(test_unverified_is_taken_back),
		cmocka_unit_test(test_hold_doubles_up_to_its_limit),
		cmocka_unit_test(test_expiry_proposes_the_way_back),
		cmocka_unit_test(test_rotation),
		cmocka_unit_test(test_random_walks),
		cmocka_unit_test(test_the_page_shows_the_table),
		cmocka_unit_test(test_words),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
