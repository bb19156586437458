/* Every state that the guard can come to, by every event in every order, with times of a few ticks: what must never be is nowhere, and
 * from everywhere there is a way home when the attack is over. */
#include "tests/unit/unit.h"

#include "zones/watch/guard_table.h"

#include <string.h>

#define NOW      1000
#define STATES   (1u << 20)
#define N_EVENTS (DG_GUARD_EV_RELEASE + 1)
#define FAR      30 /* ticks: later is all the same */

/* A state with times relative to now. */
struct key {
	uint8_t state, more, due, split_age, cooled, n_relapses, flags,
		label; /* label: and 1, so that none is 0 */
};

struct space {
	struct dg_guard_limits limits;
	struct key *list; /* all that were found, in the order of finding */
	size_t n;
	uint32_t *table; /* index + 1 */
	unsigned rows[128];
};

static uint8_t clamp(int64_t ticks)
{
	return (uint8_t)(ticks < 0 ? 0 : ticks > FAR ? FAR : ticks);
}

static struct key key_of(const struct dg_guard *g, int64_t now_ms)
{
	struct key k;

	memset(&k, 0, sizeof(k));
	/* where it came from matters in HELD alone; elsewhere it is only shown */
	k.state = (uint8_t)(g->state | (g->state == DG_GUARD_HELD ? g->back << 4 : 0));
	k.more = (uint8_t)(g->is_sink | g->is_listening << 1 | g->is_overlapping << 2 |
			   g->is_retiring << 3 | g->asks_rotate << 4 | g->is_followed << 5 |
			   g->is_abused << 6);
	k.due = g->due_ms == INT64_MAX ? 255 : clamp(g->due_ms - now_ms);
	k.split_age = g->split_ms == 0 ? 255 : clamp(now_ms - g->split_ms);
	k.cooled = clamp(g->cooled_ms - now_ms);
	k.n_relapses = (uint8_t)(g->n_relapses > 3 ? 3 : g->n_relapses);
	k.flags = (uint8_t)(g->is_armed | g->is_proposed << 1 | g->is_alarm << 2 | g->is_null << 3);
	k.label = (uint8_t)(g->label + 1);
	return k;
}

static struct dg_guard guard_of(const struct key *k)
{
	return (struct dg_guard){
		.state = (enum dg_guard_state)(k->state & 15),
		.back = (enum dg_guard_state)(k->state >> 4),
		.since_ms = NOW,
		.due_ms = k->due == 255 ? INT64_MAX : NOW + k->due,
		.split_ms = k->split_age == 255 ? 0 : NOW - k->split_age,
		.cooled_ms = NOW + k->cooled,
		.n_relapses = k->n_relapses,
		.is_armed = k->flags & 1,
		.is_proposed = k->flags >> 1 & 1,
		.is_alarm = k->flags >> 2 & 1,
		.is_null = k->flags >> 3 & 1,
		.is_sink = k->more & 1,
		.is_listening = k->more >> 1 & 1,
		.is_overlapping = k->more >> 2 & 1,
		.is_retiring = k->more >> 3 & 1,
		.asks_rotate = k->more >> 4 & 1,
		.is_followed = k->more >> 5 & 1,
		.is_abused = k->more >> 6 & 1,
		.label = k->label - 1u,
	};
}

static size_t slot_of(const struct space *s, const struct key *k)
{
	uint64_t bits;

	memcpy(&bits, k, sizeof(bits));
	size_t at = (size_t)((bits * UINT64_C(0x9e3779b97f4a7c15)) >> 40) % STATES;
	while (s->table[at] != 0 && memcmp(&s->list[s->table[at] - 1], k, sizeof(*k)) != 0) {
		at = (at + 1) % STATES;
	}
	return at;
}

static void add(struct space *s, const struct dg_guard *g, int64_t now_ms)
{
	struct key k = key_of(g, now_ms);
	size_t at = slot_of(s, &k);

	if (s->table[at] == 0) {
		assert_true(s->n < STATES / 2);
		s->list[s->n++] = k;
		s->table[at] = (uint32_t)s->n;
	}
}

static struct dg_guard step(
	struct space *s, const struct key *k, enum dg_guard_event_kind kind, bool has_budget)
{
	struct dg_guard g = guard_of(k);
	struct dg_guard before = g;
	struct dg_guard_event e = {.kind = kind, .now_ms = NOW, .has_budget = has_budget};
	struct dg_guard_out out;

	dg_guard_step(&s->limits, &g, &e, &out);
	const char *fault = dg_guard_fault(&s->limits, &g);
	if (fault) {
		fail_msg("%s: %s, %s", fault, dg_guard_state_text(before.state),
			dg_guard_event_text(kind));
	}
	if (out.actions & DG_GUARD_DO_SPLIT) {
		assert_true(before.is_armed && !before.is_null && has_budget);
		assert_true(kind == DG_GUARD_EV_READY || kind == DG_GUARD_EV_APPROVED);
		assert_true(kind != DG_GUARD_EV_READY ||
			    (s->limits.mode == DG_GUARD_MODE_AUTOMATIC && before.cooled_ms <= NOW));
		assert_true(kind != DG_GUARD_EV_APPROVED || before.is_proposed);
	}
	if (before.is_abused || kind == DG_GUARD_EV_ABUSED) {
		assert_false(out.actions &
			     (DG_GUARD_DO_SPLIT | DG_GUARD_DO_PROPOSE | DG_GUARD_DO_ROTATE |
				     DG_GUARD_DO_PROPOSE_ROTATE | DG_GUARD_DO_PROBE));
		assert_true(g.is_abused || kind == DG_GUARD_EV_RELEASE);
	}
	if (out.actions & DG_GUARD_DO_ROTATE) {
		assert_true(
			has_budget && g.label + 1 < s->limits.n_labels && !before.is_overlapping);
		assert_true(s->limits.mode == DG_GUARD_MODE_AUTOMATIC ||
			    (kind == DG_GUARD_EV_APPROVED && before.asks_rotate));
	}
	if (g.state == DG_GUARD_RESTORING && before.state == DG_GUARD_PROBING) {
		assert_true(kind == DG_GUARD_EV_SILENT && before.is_listening);
	}
	if (before.label != g.label) {
		assert_true(
			kind == DG_GUARD_EV_DONE && (g.label == 0 || g.label == before.label + 1));
	}
	if (before.is_null && !g.is_null) {
		assert_true(before.state == DG_GUARD_RESTORING && kind == DG_GUARD_EV_DONE);
	}
	if (out.row >= 0) {
		assert_true((size_t)out.row < sizeof(s->rows) / sizeof(s->rows[0]));
		s->rows[out.row]++;
	}
	return g;
}

static void explore(struct space *s)
{
	struct dg_guard g;

	dg_guard_init(&g, NOW);
	add(s, &g, NOW);
	for (size_t i = 0; i < s->n; i++) {
		for (int kind = 0; kind < N_EVENTS; kind++) {
			for (int budget = 0; budget < 2; budget++) {
				struct key k = s->list[i];
				g = step(s, &k, (enum dg_guard_event_kind)kind, budget);
				add(s, &g, NOW);
			}
		}
		g = guard_of(&s->list[i]);
		add(s, &g, NOW + 1);
	}
}

/* The attack is over, steps are done, time passes: calm, or held for a person, within so many ticks. */
static void go_home(struct space *s)
{
	for (size_t i = 0; i < s->n; i++) {
		struct key k = s->list[i];
		unsigned n = 0;
		while (k.state != DG_GUARD_CALM && (k.state & 15) != DG_GUARD_HELD) {
			static const enum dg_guard_event_kind quiet[] = {DG_GUARD_EV_TICK,
				DG_GUARD_EV_QUIET, DG_GUARD_EV_SILENT, DG_GUARD_EV_DONE,
				DG_GUARD_EV_APPROVED};
			/* without a sink only a person's yes leads back */
			for (size_t q = 0; q < (s->limits.has_sink ? 4 : 5); q++) {
				struct dg_guard g = step(s, &k, quiet[q], true);
				k = key_of(&g, NOW);
			}
			struct dg_guard g = guard_of(&k);
			k = key_of(&g, NOW + 1);
			assert_true(++n < 200);
		}
	}
}

static void explore_mode(enum dg_guard_mode mode, unsigned n_labels, bool has_sink, struct space *s)
{
	memset(s->table, 0, STATES * sizeof(*s->table));
	s->n = 0;
	s->limits = (struct dg_guard_limits){.mode = mode,
		.hold_ms = 2,
		.hold_max_ms = 4,
		.arm_ms = 2,
		.step_ms = 1,
		.probe_ms = 2,
		.cooldown_ms = 3,
		.elevated_ms = 3,
		.expiry_ms = 7,
		.remind_ms = 2,
		.n_labels = n_labels,
		.has_sink = has_sink};
	explore(s);
	go_home(s);
	print_message("mode %d: %zu states\n", (int)mode, s->n);
}

static void test_everything(void **state)
{
	struct space *s = calloc(1, sizeof(*s));

	(void)state;
	assert_non_null(s);
	s->list = calloc(STATES / 2 + 1, sizeof(*s->list));
	s->table = calloc(STATES, sizeof(*s->table));
	assert_true(s->list && s->table);
	for (int has_sink = 0; has_sink < 2; has_sink++) {
		explore_mode(DG_GUARD_MODE_NEVER, 1, has_sink, s);
		explore_mode(DG_GUARD_MODE_APPROVED, 1, has_sink, s);
		explore_mode(DG_GUARD_MODE_APPROVED, 3, has_sink, s);
		explore_mode(DG_GUARD_MODE_AUTOMATIC, 1, has_sink, s);
		explore_mode(DG_GUARD_MODE_AUTOMATIC, 3, has_sink, s);
	}
	assert_true(s->n > 500);
	for (size_t i = 0; i < dg_guard_n_rows; i++) {
		if (s->rows[i] == 0) {
			fail_msg(
				"row %zu of the table is never taken: %s", i, dg_guard_rows[i].why);
		}
	}
	free(s->table);
	free(s->list);
	free(s);
}

/* Whether the null MX stands is not known then: it is neither left so nor renewed. */
static void test_release_in_the_middle_goes_back(void **state)
{
	static const enum dg_guard_state middle[] = {DG_GUARD_SPLITTING, DG_GUARD_RESTORING};
	const struct dg_guard_event release = {.kind = DG_GUARD_EV_RELEASE, .now_ms = NOW};
	struct dg_guard_limits l;
	struct dg_guard_out out;

	(void)state;
	dg_guard_limits_init(&l);
	for (size_t i = 0; i < 2; i++) {
		struct dg_guard g = {.state = DG_GUARD_HELD,
			.back = middle[i],
			.due_ms = NOW + 1,
			.is_armed = true,
			.is_null = true,
			.is_sink = i == 1};

		dg_guard_step(&l, &g, &release, &out);
		assert_int_equal(g.state, DG_GUARD_RESTORING);
		assert_int_equal(out.actions, DG_GUARD_DO_RESTORE | DG_GUARD_DO_TELL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_everything),
		cmocka_unit_test(test_release_in_the_middle_goes_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
