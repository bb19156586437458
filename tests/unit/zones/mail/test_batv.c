/* Bounce address tags: made here with the same key, so they verify; made by others, they do not. */
#include "tests/unit/unit.h"

#include "zones/base/err.h"
#include "zones/mail/batv.h"

#include <string.h>

#define DAY 86400
#define TAG "df63e5"

static const char file[] = "# keys\n3 the old one\n4\tsecret key\n";
static struct dg_batv_keys keys;
static struct dg_err err;

static void test_known(void **state)
{
	char buf[100];

	(void)state;
	assert_int_equal(dg_batv_keys_parse(file, strlen(file), "keys", &keys, &err), 0);
	/* HMAC-SHA1("secret key", "4123alice@example.com") = 6 digits by openssl dgst -sha1 -hmac */
	const char *tagged = "prvs=4123" TAG "=alice@example.com";
	int64_t ends = (int64_t)20123 * DAY; /* day 20123: 123 modulo 1000 */
	assert_int_equal(dg_batv_check(&keys, tagged, ends), DG_BATV_VALID);
	assert_int_equal(dg_batv_check(&keys, tagged, ends - 7 * DAY), DG_BATV_VALID);
	assert_int_equal(dg_batv_check(&keys, tagged, ends + 7 * DAY), DG_BATV_VALID);
	assert_int_equal(dg_batv_check(&keys, tagged, ends + 9 * DAY), DG_BATV_INVALID);
	assert_int_equal(dg_batv_check(&keys, tagged, ends - 9 * DAY), DG_BATV_INVALID);
	assert_int_equal(
		dg_batv_check(&keys, "prvs=alice=4123" TAG "@example.com", ends), DG_BATV_VALID);
	assert_int_equal(
		dg_batv_check(&keys, "prvs=4123" TAG "=bob@example.com", ends), DG_BATV_INVALID);
	assert_int_equal(
		dg_batv_check(&keys, "prvs=3123" TAG "=alice@example.com", ends), DG_BATV_INVALID);
	assert_int_equal(
		dg_batv_check(&keys, "prvs=5123" TAG "=alice@example.com", ends), DG_BATV_INVALID);
	assert_int_equal(dg_batv_check(&keys, "alice@example.com", ends), DG_BATV_NONE);
	assert_int_equal(dg_batv_check(&keys, "prvs=alice@example.com", ends), DG_BATV_NONE);
	assert_int_equal(dg_batv_check(&keys, "prvs=@", ends), DG_BATV_NONE);
	assert_string_equal(dg_batv_plain(tagged, buf, sizeof(buf)), "alice@example.com");
	assert_string_equal(dg_batv_plain("bob@x", buf, sizeof(buf)), "bob@x");
	assert_ptr_equal(dg_batv_plain(tagged, buf, 10), tagged);
}

static void test_files(void **state)
{
	static const char *const wrong[] = {"", "# nothing\n", "x secret\n", "1\n", "1secret\n"};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_int_equal(
			dg_batv_keys_parse(wrong[i], strlen(wrong[i]), "keys", &keys, &err),
			DG_EINPUT);
		assert_non_null(strstr(err.text, "keys"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known),
		cmocka_unit_test(test_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
