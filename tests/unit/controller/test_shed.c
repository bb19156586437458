/* Which null-sender mail is refused. */
#include "tests/unit/unit.h"

#include "controller/watch/shed.h"

#include <stdio.h>
#include <string.h>

static enum dg_shed_why ask(struct dg_shed *s, const char *rcpt)
{
	return dg_shed_ask(s, (struct dg_text){rcpt, strlen(rcpt)});
}

static void test_names_and_addresses(void **state)
{
	static const char *const entries[] = {
		"list@lists.example.com", "@example.com", "@m.example.com"};
	struct dg_shed *s = dg_shed_new();

	(void)state;
	assert_int_equal(ask(NULL, "a@example.com"), DG_SHED_NO);
	assert_int_equal(ask(s, "a@example.com"), DG_SHED_NO);
	dg_shed_put(s, entries, 3);
	assert_int_equal(ask(s, "a@example.com"), DG_SHED_FORGED);
	assert_int_equal(ask(s, "A.b+c@Example.COM"), DG_SHED_FORGED);
	assert_int_equal(ask(s, "\"a@b\"@example.com"), DG_SHED_FORGED);
	assert_int_equal(ask(s, "postmaster@example.com"), DG_SHED_NO); /* RFC 5321 4.5.1 */
	assert_int_equal(ask(s, "PostMaster@example.com"), DG_SHED_NO);
	assert_int_equal(ask(s, "postmasters@example.com"), DG_SHED_FORGED);
	assert_int_equal(ask(s, "a@sub.example.com"), DG_SHED_NO);
	assert_int_equal(ask(s, "a@xexample.com"), DG_SHED_NO);
	assert_int_equal(ask(s, "list@lists.example.com"), DG_SHED_SILENT);
	assert_int_equal(ask(s, "other@lists.example.com"), DG_SHED_NO);
	assert_int_equal(ask(s, "postmaster"), DG_SHED_NO);
	assert_int_equal(ask(s, ""), DG_SHED_NO);
	dg_shed_put(s, NULL, 0);
	assert_int_equal(ask(s, "a@example.com"), DG_SHED_NO);
	(void)dg_shed_free(s);
}

static void test_limits(void **state)
{
	static char text[DG_SHED_MAX + 10][32];
	const char *entries[DG_SHED_MAX + 10];
	char longest[400];
	struct dg_shed *s = dg_shed_new();

	(void)state;
	for (unsigned i = 0; i < DG_SHED_MAX + 10; i++) {
		(void)snprintf(text[i], sizeof(text[i]), "@%u.example.com", i);
		entries[i] = text[i];
	}
	dg_shed_put(s, entries, DG_SHED_MAX + 10);
	assert_int_equal(ask(s, "a@0.example.com"), DG_SHED_FORGED);
	assert_int_equal(ask(s, "a@255.example.com"), DG_SHED_FORGED);
	assert_int_equal(ask(s, "a@256.example.com"), DG_SHED_NO); /* beyond: taken */
	memset(longest, 'a', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	assert_int_equal(ask(s, longest), DG_SHED_NO);
	(void)dg_shed_free(s);
}

static void count(void *arg, const char *entry)
{
	assert_true(entry[0] == '@');
	++*(unsigned *)arg;
}

static void test_generations(void **state)
{
	static const char *const a[] = {"@b.test", "@a.test"}, *const b[] = {"@a.test", "@b.test"};
	struct dg_shed *s = dg_shed_new();
	uint64_t before = dg_shed_generation(s);
	unsigned n = 0;

	(void)state;
	dg_shed_put(s, NULL, 0);
	assert_true(dg_shed_generation(s) == before);
	dg_shed_put(s, a, 2);
	assert_true(dg_shed_generation(s) == before + 1);
	dg_shed_put(s, b, 2); /* the same in another order */
	assert_true(dg_shed_generation(s) == before + 1);
	dg_shed_list(s, count, &n);
	assert_int_equal(n, 2);
	dg_shed_put(s, b, 1);
	assert_true(dg_shed_generation(s) == before + 2);
	(void)dg_shed_free(s);
}

static int64_t clock_ms;

static int64_t now_ms(void)
{
	return clock_ms;
}

/* Who hears nothing any more refuses nothing: to the millisecond, each set anew, an empty one too. */
static void test_it_expires(void **state)
{
	static const char *const name[] = {"@example.com"};
	struct dg_shed *s = dg_shed_new_on(now_ms);

	(void)state;
	clock_ms = 5;
	assert_int_equal(ask(s, "a@example.com"), DG_SHED_NO);
	dg_shed_put(s, name, 1);
	clock_ms += DG_SHED_KEEP_MS - 1;
	assert_int_equal(ask(s, "a@example.com"), DG_SHED_FORGED);
	clock_ms += 1;
	assert_int_equal(ask(s, "a@example.com"), DG_SHED_NO);
	clock_ms += DG_SHED_KEEP_MS;
	dg_shed_put(s, name, 1); /* the same again: no other generation, and a minute more */
	assert_int_equal(dg_shed_generation(s), 1);
	for (unsigned i = 0; i < 10; i++) {
		clock_ms += DG_SHED_AGAIN_MS;
		dg_shed_put(s, name, 1);
		assert_int_equal(ask(s, "a@example.com"), DG_SHED_FORGED);
	}
	clock_ms += DG_SHED_KEEP_MS - 1;
	assert_int_equal(ask(s, "a@example.com"), DG_SHED_FORGED);
	clock_ms += 1;
	assert_int_equal(ask(s, "a@example.com"), DG_SHED_NO);
	dg_shed_put(s, NULL, 0);
	assert_int_equal(ask(s, "a@example.com"), DG_SHED_NO);
	(void)dg_shed_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names_and_addresses),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_generations),
		cmocka_unit_test(test_it_expires),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
