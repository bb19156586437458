#include "tests/unit/unit.h"

#include "zones/base/buf.h"
#include "zones/watch/watched.h"

#include <stdio.h>
#include <string.h>

#define START ((int64_t)1795396377000)
#define MIN   ((int64_t)60000)

static struct dg_mail_event event(enum dg_mail_kind kind, int64_t at_ms, const char *address)
{
	return (struct dg_mail_event){.kind = kind,
		.at_ms = at_ms,
		.address = {address, strlen(address)},
		.client = {"198.51.100.25", 13}};
}

/* An attack, and letters of 100 senders. */
static void make(struct dg_watched *w)
{
	char address[64];
	enum dg_arrival class;

	dg_watched_init(w, "b.example.", "b.example.", START);
	for (unsigned i = 0; i < 100; i++) {
		(void)snprintf(address, sizeof(address), "u%u@b.example", i);
		struct dg_mail_event e = event(DG_MAIL_SENT, START + i, address);
		dg_watched_sent(w, &e);
		e.kind = DG_MAIL_RECEIVED;
		dg_watched_genuine(w, &e);
		e = event(DG_MAIL_UNKNOWN, START + i * MIN, address);
		w->level = dg_watched_arrival(w, &e, &class);
		assert_int_equal(class, DG_ARRIVAL_FOREIGN);
	}
	assert_int_equal(w->level, DG_ALARM_ALARM);
}

static void assert_same(const struct dg_watched *x, const struct dg_watched *y)
{
	struct dg_buf a;
	struct dg_buf b;

	dg_buf_init(&a, DG_WATCHED_IMAGE_MAX);
	dg_buf_init(&b, DG_WATCHED_IMAGE_MAX);
	dg_watched_encode(x, &a);
	dg_watched_encode(y, &b);
	assert_int_equal(a.len, b.len);
	assert_memory_equal(a.data, b.data, a.len);
	dg_buf_done(&a);
	dg_buf_done(&b);
}

static void test_an_image_is_all_of_it(void **state)
{
	struct dg_watched w;
	struct dg_watched back;
	struct dg_buf b;
	enum dg_arrival class;

	(void)state;
	make(&w);
	dg_buf_init(&b, DG_WATCHED_IMAGE_MAX);
	dg_watched_encode(&w, &b);
	dg_watched_init(&back, "b.example.", "b.example.", 5);
	assert_int_equal(dg_watched_decode(&back, b.data, b.len), 0);
	assert_same(&w, &back);
	struct dg_mail_event e = event(DG_MAIL_TAKEN, START + 101 * MIN, "u7@b.example");
	(void)dg_watched_arrival(&w, &e, &class);
	(void)dg_watched_arrival(&back, &e, &class);
	assert_int_equal(class, DG_ARRIVAL_OWN); /* what it sent is known still */
	assert_same(&w, &back);
	dg_watched_done(&w);
	dg_watched_done(&back);
	dg_buf_done(&b);
}

static void test_a_damaged_image_is_refused(void **state)
{
	struct dg_watched w;
	struct dg_watched back;
	struct dg_buf b;

	(void)state;
	make(&w);
	dg_buf_init(&b, DG_WATCHED_IMAGE_MAX);
	dg_watched_encode(&w, &b);
	dg_watched_init(&back, "b.example.", "b.example.", 5);
	for (size_t i = 0; i < b.len; i++) {
		b.data[i] ^= 0x10;
		assert_int_equal(dg_watched_decode(&back, b.data, b.len), 1);
		b.data[i] ^= 0x10;
		assert_int_equal(dg_watched_decode(&back, b.data, i), 1);
	}
	assert_null(back.more);
	assert_int_equal(back.detector.enrolled_ms, 5);
	assert_int_equal(dg_watched_decode(&back, b.data, b.len), 0);
	dg_watched_done(&w);
	dg_watched_done(&back);
	dg_buf_done(&b);
}

static void test_what_is_missing_before_records_move(void **state)
{
	struct dg_watched w;

	(void)state;
	make(&w);
	assert_null(strstr(dg_watched_missing(&w, START + 100 * MIN), "alarm"));
	w.level = DG_ALARM_NOTICE;
	assert_string_equal(dg_watched_missing(&w, START + 100 * MIN), "there is no alarm");
	dg_watched_done(&w);
}

static void test_quiet_names_cost_little(void **state)
{
	struct dg_watched w;
	struct dg_buf b;

	(void)state;
	assert_true(sizeof(w) <= 112);
	dg_watched_init(&w, "b.example.", "b.example.", START);
	dg_buf_init(&b, DG_WATCHED_IMAGE_MAX);
	dg_watched_encode(&w, &b);
	assert_true(b.len <= 128);
	assert_null(w.more);
	dg_buf_done(&b);
	dg_watched_done(&w);
}

/* A letter in and a bounce cost nothing either; an attack does while it lasts, and what was sent stays. */
static void test_what_a_name_has_besides_comes_and_goes(void **state)
{
	struct dg_watched w;
	struct dg_watched back;
	struct dg_buf b;
	enum dg_arrival class;
	struct dg_mail_event e = event(DG_MAIL_RECEIVED, START, "u@b.example");

	(void)state;
	dg_watched_init(&w, "b.example.", "b.example.", START);
	dg_watched_genuine(&w, &e);
	e.kind = DG_MAIL_UNKNOWN;
	(void)dg_watched_arrival(&w, &e, &class);
	assert_null(w.more);
	dg_buf_init(&b, DG_WATCHED_IMAGE_MAX);
	dg_watched_encode(&w, &b);
	dg_watched_init(&back, "b.example.", "b.example.", 5);
	assert_int_equal(dg_watched_decode(&back, b.data, b.len), 0);
	assert_null(back.more);
	assert_same(&w, &back);
	for (unsigned i = 0; i < 100 && !w.more; i++) {
		(void)dg_watched_arrival(&w, &e, &class);
	}
	assert_non_null(dg_watched_heat(&w));
	assert_null(dg_watched_abuse(&w));
	dg_watched_cool(&w);
	assert_null(w.more);
	e.kind = DG_MAIL_SENT;
	(void)dg_watched_sent(&w, &e);
	dg_watched_cool(&w);
	assert_null(dg_watched_heat(&w));
	assert_non_null(dg_watched_abuse(&w));
	e.kind = DG_MAIL_TAKEN;
	(void)dg_watched_arrival(&w, &e, &class);
	assert_int_equal(class, DG_ARRIVAL_OWN);
	dg_buf_done(&b);
	dg_watched_done(&w);
	assert_null(w.more);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_image_is_all_of_it),
		cmocka_unit_test(test_a_damaged_image_is_refused),
		cmocka_unit_test(test_what_is_missing_before_records_move),
		cmocka_unit_test(test_quiet_names_cost_little),
		cmocka_unit_test(test_what_a_name_has_besides_comes_and_goes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
