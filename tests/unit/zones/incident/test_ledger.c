#include "tests/unit/zones/incident/incident_unit.h"

#include "zones/incident/classify.h"
#include "zones/incident/ledger.h"

#include <stdio.h>

#define SEED 42u

/* --- top -------------------------------------------------------------------------------------- */
static void test_top_counts_exactly_while_all_are_kept(void **state)
{
	struct dg_top t = {0};
	const struct dg_top_item *items[4];
	char text[16];

	(void)state;
	for (unsigned i = 0; i < 300; i++) {
		(void)snprintf(text, sizeof(text), "n%u", i % 30);
		dg_top_add(&t, SEED, text, 1 + i % 7, DG_CLASS_FORGED, 1000 + i);
	}
	dg_top_add(&t, SEED, "", 1, DG_CLASS_FORGED, 1);
	dg_top_add(&t, SEED, "n3", 0, DG_CLASS_OWN, 0);
	assert_int_equal(dg_top_distinct(&t), 30);
	assert_int_equal(dg_top_order(&t, false, items, 4), 4);
	assert_string_equal(items[0]->text, "n3");
	assert_true(items[0]->count == 11 && items[0]->error == 0);
	assert_true(
		items[0]->n_class[DG_CLASS_FORGED] == 10 && items[0]->n_class[DG_CLASS_OWN] == 1);
	assert_true(items[0]->first == 1003 && items[0]->last == 1273);
	dg_top_done(&t);
}

static void test_top_keeps_what_is_frequent(void **state)
{
	struct dg_top t = {0};
	const struct dg_top_item *items[2];
	char text[16];

	(void)state;
	for (unsigned i = 0; i < 200000; i++) {
		(void)snprintf(text, sizeof(text), i % 10 == 0 ? "heavy" : "n%u", i);
		dg_top_add(&t, SEED, text, 1, DG_CLASS_FORGED, 0);
	}
	assert_int_equal(dg_top_order(&t, false, items, 2), 2);
	assert_string_equal(items[0]->text, "heavy");
	assert_in_range(items[0]->count, 20000, 20000 + 200000 / DG_TOP_ITEMS);
	assert_true(items[0]->count - items[0]->error <= 20000);
	assert_in_range(dg_top_distinct(&t), 180000 / 2, 180000 * 2);
	dg_top_done(&t);
}

/* One noisy reporter does not lead. */
static void test_top_by_score(void **state)
{
	struct dg_top t = {0};
	const struct dg_top_item *items[2];

	(void)state;
	for (unsigned i = 0; i < 100; i++) {
		uint64_t one = 7;
		uint64_t many = dg_sketch_key(SEED, &i, sizeof(i));
		dg_top_add(&t, SEED, "noisy", dg_sketch_key(SEED, &one, sizeof(one)),
			DG_CLASS_FORGED, 0);
		if (i < 30) {
			dg_top_add(&t, SEED, "wide", many, DG_CLASS_FORGED, 0);
		}
	}
	(void)dg_top_order(&t, true, items, 2);
	assert_string_equal(items[0]->text, "wide");
	(void)dg_top_order(&t, false, items, 2);
	assert_string_equal(items[0]->text, "noisy");
	dg_top_done(&t);
}

static void test_top_cuts_between_characters(void **state)
{
	struct dg_top t = {0};
	const struct dg_top_item *item = NULL;
	char text[400];

	(void)state;
	text[0] = 'x'; /* so that the limit falls inside a character of three octets */
	for (unsigned i = 0; i < 100; i++) {
		memcpy(text + 1 + (size_t)3 * i, "\xe3\x81\x82", 3);
	}
	text[301] = '\0';
	dg_top_add(&t, SEED, text, 1, DG_CLASS_FORGED, 0);
	(void)dg_top_order(&t, false, &item, 1);
	assert_int_equal(strlen(item->text) % 3, 1);
	assert_true(
		strlen(item->text) < DG_TOP_TEXT_MAX && strlen(item->text) > DG_TOP_TEXT_MAX - 5);
	dg_top_done(&t);
}

/* --- timeline --------------------------------------------------------------------------------- */
static uint64_t sum_of(const struct dg_timeline *t)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < DG_TIMELINE_BUCKETS; i++) {
		sum += dg_timeline_sum(t, i);
	}
	return sum;
}

static void test_timeline_loses_nothing(void **state)
{
	static const int64_t spans[] = {30, 3600, 86400, 14 * 86400, 40LL * 365 * 86400};

	(void)state;
	for (size_t s = 0; s < sizeof(spans) / sizeof(spans[0]); s++) {
		for (unsigned order = 0; order < 3; order++) {
			struct dg_timeline t = {0};
			size_t from = 0;
			for (int64_t i = 0; i < 1000; i++) {
				int64_t k = order == 0 ? i : order == 1 ? 999 - i : i * 617 % 1000;
				dg_timeline_add(
					&t, 1700000000 - spans[s] * k / 1000, DG_CLASS_FORGED);
			}
			size_t n = dg_timeline_span(&t, &from);
			assert_int_equal(sum_of(&t), 1000);
			assert_true(from + n <= DG_TIMELINE_BUCKETS);
			assert_int_equal(t.last, 1700000000);
			assert_true((int64_t)(n * t.width) >= t.last - t.first);
			assert_true(dg_timeline_sum(&t, from) > 0 &&
				    dg_timeline_sum(&t, from + n - 1) > 0);
		}
	}
}

static void test_timeline_without_a_time(void **state)
{
	struct dg_timeline t = {0};
	size_t from = 0;

	(void)state;
	dg_timeline_add(&t, 0, DG_CLASS_FORGED);
	dg_timeline_add(&t, -5, DG_CLASS_FORGED);
	dg_timeline_add(&t, INT64_MAX, DG_CLASS_FORGED);
	assert_int_equal(dg_timeline_span(&t, &from), 0);
	dg_timeline_add(&t, 1, DG_CLASS_FORGED);
	dg_timeline_add(&t, (int64_t)1 << 39,
		DG_CLASS_FORGED); /* thousands of years: one that does not fit is left out */
	assert_true(sum_of(&t) >= 1);
}

/* --- ledger ----------------------------------------------------------------------------------- */
static void test_seen(void **state)
{
	struct dg_ledger *l = dg_ledger_new(SEED);

	(void)state;
	for (unsigned i = 0; i < 5000; i++) {
		assert_true(dg_ledger_is_new(l, &i, sizeof(i)));
	}
	for (unsigned i = 0; i < 5000; i++) {
		assert_false(dg_ledger_is_new(l, &i, sizeof(i)));
	}
	assert_false(l->has_lost_seen);
	l = dg_ledger_free(l);
}

#ifdef __SANITIZE_ADDRESS__
#define MANY 66000u
#else
#define MANY 600000u
#endif

/* 600,000 bounces (a tenth of them where a sanitizer counts along) from anywhere to anybody: the same memory, and counts that hold. */
static void test_many(void **state)
{
	struct unit u;
	struct dg_ledger *l = dg_ledger_new(SEED);
	struct dg_bounce_recipient to = {.address = "x@y.example"};
	char subject[32];
	char local[32];

	(void)state;
	unit_init(&u, "198.51.100.7");
	u.bounce.recipients = &to;
	u.bounce.n_recipients = 1;
	struct dg_evidence e;
	dg_evidence_of(u.arena, &u.bounce, &u.owner, DG_TOKEN_NONE, &e);
	struct dg_ruling r;
	dg_classify(&e, &u.owner, &r);
	size_t used = dg_arena_used(u.arena);
	for (unsigned i = 0; i < MANY; i++) {
		(void)snprintf(subject, sizeof(subject), "s%u", i);
		(void)snprintf(local, sizeof(local), "l%u", i);
		u.bounce.original.subject = subject;
		e.local = local;
		e.at = 1700000000 + i;
		e.handoff.octets[1] = (uint8_t)(i >> 8);
		e.handoff.octets[2] = (uint8_t)i;
		assert_true(dg_ledger_is_new(l, &i, sizeof(i)));
		dg_ledger_add(l, &e, &r);
	}
	assert_int_equal(dg_arena_used(u.arena), used);
	assert_int_equal(l->n_class[DG_CLASS_FORGED], MANY);
	assert_int_equal(sum_of(&l->timeline), MANY);
	assert_int_equal(l->n_recipients, MANY);
	assert_in_range(dg_top_distinct(&l->origins), 65536 / 2, 65536 * 2);
	l = dg_ledger_free(l);
	unit_done(&u);
}

static enum dg_locals look_of(const char *const *locals, size_t n, unsigned each)
{
	struct unit u;
	struct dg_ledger *l = dg_ledger_new(SEED);
	struct dg_evidence e;
	struct dg_ruling r = {.class = DG_CLASS_FORGED};

	unit_init(&u, "198.51.100.7");
	dg_evidence_of(u.arena, &u.bounce, &u.owner, DG_TOKEN_NONE, &e);
	for (size_t i = 0; i < n * each; i++) {
		e.local = locals[i % n];
		dg_ledger_add(l, &e, &r);
	}
	enum dg_locals look = dg_ledger_locals(l);
	l = dg_ledger_free(l);
	unit_done(&u);
	return look;
}

static void test_locals(void **state)
{
	static const char *const one[] = {"taro"};
	static const char *const few[] = {"info", "sales", "taro"};
	static const char *const words[] = {"anna", "bernard", "christopher", "daniel", "elisabeth",
		"franz", "giovanni", "hans", "info", "schmidt", "kenji", "sales"};
	static const char *const random[] = {"xk7qz2p", "bvtrwq9", "a8f3k2m1", "qqzxcvb",
		"p0o9i8u7", "zzkrtwp4", "m3n4b5v6", "hjklzxc", "w1e2r3t4", "ghtrwpx", "k9j8h7g6",
		"tyrwqpl0"};

	(void)state;
	assert_string_equal(dg_locals_text(look_of(one, 0, 0)), "none");
	assert_string_equal(dg_locals_text(look_of(one, 1, 5)), "one");
	assert_string_equal(dg_locals_text(look_of(few, 3, 5)), "few");
	assert_string_equal(dg_locals_text(look_of(words, 12, 2)), "dictionary");
	assert_string_equal(dg_locals_text(look_of(random, 12, 2)), "random");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_top_counts_exactly_while_all_are_kept),
		cmocka_unit_test(test_top_keeps_what_is_frequent),
		cmocka_unit_test(test_top_by_score),
		cmocka_unit_test(test_top_cuts_between_characters),
		cmocka_unit_test(test_timeline_loses_nothing),
		cmocka_unit_test(test_timeline_without_a_time),
		cmocka_unit_test(test_seen),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_locals),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
