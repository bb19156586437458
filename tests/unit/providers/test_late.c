/* Libraries that are loaded when they are used first, and those that are not there. */
#include "tests/unit/unit.h"

#include "providers/net/late.h"

#include <curl/curl.h>
#include <dlfcn.h>

#define NOWHERE "libdnsguard-nowhere.so.9"

int nowhere_sum(int a, int b);
void nowhere_say(const char *text);

DG_LATE(NOWHERE, int, nowhere_sum, (int a, int b), (a, b), -7)
DG_LATE_VOID(NOWHERE, nowhere_say, (const char *text), (text))

static void test_not_there(void **state)
{
	void *at = NULL;

	(void)state;
	assert_int_equal(nowhere_sum(1, 2), -7);
	nowhere_say("nothing");
	assert_null(dg_late(&at, NOWHERE, "nowhere_sum"));
	assert_null(dg_late(&at, "libc.so.6", "nowhere_sum"));
	assert_null(at);
}

static void test_there(void **state)
{
	void *at = NULL;

	(void)state;
	void *found = dg_late(&at, NOWHERE, "strlen"); /* of a library that is there already */
	assert_non_null(found);
	assert_ptr_equal(found, at);
	assert_ptr_equal(found, dg_late(&at, NOWHERE, "strlen"));
}

static void test_when_first_used(void **state)
{
	long code = -1;

	(void)state;
	assert_null(dlopen("libcurl.so.4", RTLD_NOW | RTLD_NOLOAD));
	assert_non_null(curl_version_info(CURLVERSION_NOW));
	assert_non_null(dlopen("libcurl.so.4", RTLD_NOW | RTLD_NOLOAD));
	CURL *h = curl_easy_init();
	assert_non_null(h);
	/* a number, a large one, a text, and where an answer goes to */
	assert_int_equal(curl_easy_setopt(h, CURLOPT_TIMEOUT, 1234L), CURLE_OK);
	assert_int_equal(
		curl_easy_setopt(h, CURLOPT_INFILESIZE_LARGE, (curl_off_t)1 << 40), CURLE_OK);
	assert_int_equal(curl_easy_setopt(h, CURLOPT_URL, "http://127.0.0.1/"), CURLE_OK);
	assert_int_equal(curl_easy_setopt(h, CURLOPT_TIMEOUT, -1L), CURLE_BAD_FUNCTION_ARGUMENT);
	assert_int_equal(curl_easy_getinfo(h, CURLINFO_RESPONSE_CODE, &code), CURLE_OK);
	assert_int_equal(code, 0);
	curl_easy_cleanup(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_not_there),
		cmocka_unit_test(test_there),
		cmocka_unit_test(test_when_first_used),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
