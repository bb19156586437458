/* Two sensors of one mail server are told apart from two that see different mail, at the numbers of twins.h. */
#include "tests/unit/unit.h"

#include "zones/watch/twins.h"

#include <stdio.h>
#include <string.h>

#define NOW ((int64_t)1795396377000)

static struct dg_twins t;
static const char one[] = "log /a", two[] = "journal", three[] = "policy unix:/p";

static int set_up(void **state)
{
	(void)state;
	memset(&t, 0, sizeof(t));
	return 0;
}

static const void *see(const char *sensor, unsigned i, enum dg_mail_kind kind, int64_t at_ms)
{
	char address[64], client[32];
	struct dg_mail_event e = {
		.kind = kind, .at_ms = at_ms, .address = {address, 0}, .client = {client, 0}};

	e.address.n = (size_t)snprintf(address, sizeof(address), "u%u@example.com", i);
	e.client.n = (size_t)snprintf(client, sizeof(client), "198.51.100.%u", i % 250);
	return dg_twins_add(&t, sensor, &e, at_ms);
}

static void test_told_at_the_twentieth_pair(void **state)
{
	(void)state;
	for (unsigned i = 0; i < DG_TWINS_MIN; i++) {
		assert_null(see(one, i, DG_MAIL_TAKEN, NOW + i));
		const void *other = see(two, i, DG_MAIL_TAKEN, NOW + i + DG_TWINS_MS);
		assert_ptr_equal(other, i + 1 == DG_TWINS_MIN ? one : NULL);
	}
	assert_null(see(one, 100, DG_MAIL_TAKEN, NOW)); /* counted anew from there */
	assert_null(see(two, 100, DG_MAIL_TAKEN, NOW));
}

/* One log twice, in blocks: as two sensors that poll hand it in. */
static void test_in_blocks(void **state)
{
	const void *other = NULL;

	(void)state;
	for (unsigned i = 0; i < DG_TWINS_MIN; i++) {
		assert_null(see(one, i, DG_MAIL_UNKNOWN, NOW));
	}
	for (unsigned i = 0; i < DG_TWINS_MIN; i++) {
		other = see(two, i, DG_MAIL_UNKNOWN, NOW + 1000);
	}
	assert_ptr_equal(other, one);
}

static void test_no_twins(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 10 * DG_TWINS_MAX; i++) {
		assert_null(see(one, i, DG_MAIL_TAKEN, NOW)); /* each its own mail */
		assert_null(see(two, 100000 + i, DG_MAIL_TAKEN, NOW));
		assert_null(see(three, i, DG_MAIL_TAKEN, NOW + DG_TWINS_MS + 1)); /* too late */
		assert_null(
			see(one, 5, DG_MAIL_SENT, NOW)); /* mail with a sender is not looked at */
		assert_null(see(two, 5, DG_MAIL_SENT, NOW));
		assert_null(see(one, 5, DG_MAIL_RECEIVED, NOW));
		assert_null(see(two, 5, DG_MAIL_RECEIVED, NOW));
	}
}

/* One sensor that tells the same a hundred times is no pair; and who tells no client cannot be one. */
static void test_one_alone(void **state)
{
	struct dg_mail_event e = {.kind = DG_MAIL_TAKEN, .address = {"a@example.com", 13}};

	(void)state;
	for (unsigned i = 0; i < 100; i++) {
		assert_null(see(one, 7, DG_MAIL_TAKEN, NOW + i));
		assert_null(dg_twins_add(&t, i % 2 ? one : two, &e, NOW));
	}
}

/* Nineteen of sixty-four are chance, and the next sixty-four begin at nothing. */
static void test_too_few(void **state)
{
	(void)state;
	for (unsigned round = 0; round < 20; round++) {
		unsigned base = round * 1000;

		for (unsigned i = 0; i < DG_TWINS_MIN - 1; i++) {
			assert_null(see(one, base + i, DG_MAIL_TAKEN, NOW + round));
			assert_null(see(two, base + i, DG_MAIL_TAKEN, NOW + round));
		}
		for (unsigned i = 2 * (DG_TWINS_MIN - 1); i < DG_TWINS_OF; i++) {
			assert_null(see(one, base + 500 + i, DG_MAIL_TAKEN, NOW + round));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_told_at_the_twentieth_pair, set_up),
		cmocka_unit_test_setup(test_in_blocks, set_up),
		cmocka_unit_test_setup(test_no_twins, set_up),
		cmocka_unit_test_setup(test_one_alone, set_up),
		cmocka_unit_test_setup(test_too_few, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
