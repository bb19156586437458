/* Which letters were handed in: never one twice, also when more come than are kept. */
#include "tests/unit/unit.h"

#include "zones/base/buf.h"
#include "zones/watch/letterset.h"
#include "zones/watch/sentids.h"
#include "zones/watch/sketch.h"

#include <string.h>

#define NOW  ((int64_t)1796000000000)
#define MANY 200000u

static uint64_t key_of(unsigned i)
{
	return dg_sketch_key(7, &i, sizeof(i));
}

/* The oldest first, as a mailbox is read. */
static void test_many(void **state)
{
	struct dg_letterset s = {0};

	(void)state;
	for (unsigned i = 0; i < MANY; i++) {
		assert_false(dg_letterset_has(&s, NOW + i, key_of(i)));
		dg_letterset_add(&s, NOW + i, NOW + i, key_of(i));
		assert_true(s.n <= DG_LETTERSET_MAX);
	}
	for (unsigned i = 0; i < MANY; i++) {
		assert_true(dg_letterset_has(&s, NOW + i, key_of(i)));
	}
	assert_false(dg_letterset_has(&s, NOW + MANY, key_of(MANY)));
	dg_letterset_done(&s);
}

/* All in one millisecond: those that are kept are known, none is kept without a bound. */
static void test_at_once(void **state)
{
	struct dg_letterset s = {0};

	(void)state;
	for (unsigned i = 0; i < 3 * DG_LETTERSET_MAX; i++) {
		dg_letterset_add(&s, NOW, NOW, key_of(i));
		assert_true(s.n <= DG_LETTERSET_MAX);
		assert_true(dg_letterset_has(&s, NOW, key_of(i)));
	}
	dg_letterset_done(&s);
}

static void test_window(void **state)
{
	struct dg_letterset s = {0};

	(void)state;
	dg_letterset_add(&s, NOW, NOW, 1);
	assert_false(dg_letterset_has(&s, NOW, 2));
	assert_true(
		dg_letterset_has(&s, NOW - DG_LETTERSET_WINDOW_MS - 1, 2)); /* old mail is old */
	dg_letterset_add(&s, NOW + DG_LETTERSET_WINDOW_MS + 5, NOW + 5, 3);
	assert_true(dg_letterset_has(&s, NOW, 1));
	dg_letterset_done(&s);
}

static void test_image(void **state)
{
	struct dg_letterset s = {0};
	struct dg_letterset read = {0};
	struct dg_buf b;

	(void)state;
	for (unsigned i = 0; i < 1000; i++) {
		dg_letterset_add(&s, NOW, NOW - i, key_of(i));
	}
	dg_buf_init(&b, DG_LETTERSET_TEXT_MAX);
	dg_letterset_print(&s, &b);
	assert_false(b.is_full);
	assert_true(dg_letterset_parse(&read, b.data));
	assert_int_equal(read.n, 1000);
	assert_int_equal(read.floor_ms, s.floor_ms);
	for (unsigned i = 0; i < 1000; i++) {
		assert_true(dg_letterset_has_key(&read, key_of(i)));
	}
	dg_letterset_done(&read);
	for (size_t cut = 0; cut < b.len; cut++) { /* a whole number of letters is a smaller set */
		char *text = strndup(b.data, cut);
		struct dg_letterset part = {0};

		if (dg_letterset_parse(&part, text)) {
			assert_true(part.n < 1000);
		}
		dg_letterset_done(&part);
		free(text);
	}
	assert_false(dg_letterset_parse(&read, "2 0 "));
	assert_false(dg_letterset_parse(&read, "1 -5 "));
	assert_false(dg_letterset_parse(&read, "1 9223372036854775807 0123456789ab00000003e8"));
	assert_false(dg_letterset_parse(&read, "1 0 zzzzzzzzzzzzzzzzzzzzzz"));
	dg_letterset_done(&s);
	dg_buf_done(&b);
}

/* Each delivery pays for two answers, for five days. */
static void test_sent_ids(void **state)
{
	struct dg_sent_ids s = {0};
	uint64_t key = dg_sent_ids_key("<1@example.com>", 15);

	(void)state;
	assert_true(key == dg_sent_ids_key("1@example.com", 13));
	assert_int_equal(dg_sent_ids_key("<>", 2), 0);
	assert_false(dg_sent_ids_take(&s, key, NOW));
	dg_sent_ids_add(&s, 0, NOW);
	assert_null(s.slots);
	dg_sent_ids_add(&s, key, NOW);
	assert_true(dg_sent_ids_take(&s, key, NOW));
	assert_true(dg_sent_ids_take(&s, key, NOW + 1000));
	assert_false(dg_sent_ids_take(&s, key, NOW + 1000));
	dg_sent_ids_add(&s, key, NOW);
	assert_false(dg_sent_ids_take(&s, key, NOW + (int64_t)6 * 86400000));
	for (unsigned i = 0; i < MANY; i++) {
		dg_sent_ids_add(&s, key_of(i) | 1u, NOW + (int64_t)i * 1000);
	}
	assert_true(dg_sent_ids_take(&s, key_of(MANY - 1) | 1u, NOW + (int64_t)MANY * 1000));
	assert_false(dg_sent_ids_take(&s, key_of(0) | 1u, NOW + (int64_t)MANY * 1000));
	dg_sent_ids_done(&s);
}

/* Page by page, as a checkpoint keeps them: what was paid is paid, what is old is gone, what is damaged is left out. */
static void test_sent_ids_are_kept(void **state)
{
	struct dg_sent_ids s = {0};
	struct dg_sent_ids read = {0};
	unsigned n_dirty = 0;
	struct dg_buf b;

	(void)state;
	dg_buf_init(&b, DG_SENT_IDS_PAGE_MAX);
	for (unsigned i = 0; i < 20000; i++) {
		dg_sent_ids_add(&s, key_of(i) | 1u, NOW);
	}
	dg_sent_ids_add(&s, key_of(MANY) | 1u, NOW - (int64_t)6 * 86400000);
	assert_true(dg_sent_ids_take(&s, key_of(7) | 1u, NOW));
	for (unsigned page = 0; page < DG_SENT_IDS_PAGES; page++) {
		dg_buf_clear(&b);
		dg_sent_ids_page_print(&s, page, NOW, &b);
		assert_false(b.is_full);
		assert_true(dg_sent_ids_page_parse(&read, page, b.data));
		assert_false(strlen(b.data) > 1 &&
			     dg_sent_ids_page_parse(&read, (page + 1) % DG_SENT_IDS_PAGES, b.data));
		n_dirty += s.is_dirty[page];
		assert_false(read.is_dirty[page]);
	}
	assert_int_equal(n_dirty, DG_SENT_IDS_PAGES);
	assert_true(dg_sent_ids_take(&read, key_of(7) | 1u, NOW));
	assert_false(dg_sent_ids_take(&read, key_of(7) | 1u, NOW));
	assert_true(dg_sent_ids_take(&read, key_of(19999) | 1u, NOW));
	assert_false(dg_sent_ids_take(&read, key_of(MANY) | 1u, NOW - (int64_t)5 * 86400000));
	for (unsigned page = 0; page < DG_SENT_IDS_PAGES; page++) {
		n_dirty -= !read.is_dirty[page];
	}
	assert_in_range(n_dirty, 1, 2);
	static const char *const damaged[] = {"", "2", "1 ", "1 1 2", "1 0 1 1", "1 zz 1 1",
		"1 1 1 1g", "1 1 100000000 1", "1 11111111111111111 1 1", "1 -1 1 1", "1  1 1 1"};
	for (size_t i = 0; i < sizeof(damaged) / sizeof(damaged[0]); i++) {
		assert_false(dg_sent_ids_page_parse(&read, 0, damaged[i]));
	}
	dg_sent_ids_done(&s);
	dg_sent_ids_done(&read);
	dg_buf_done(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_at_once),
		cmocka_unit_test(test_window),
		cmocka_unit_test(test_image),
		cmocka_unit_test(test_sent_ids),
		cmocka_unit_test(test_sent_ids_are_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
