/* Libraries that are loaded when they are used first, and those that are not there. */
#include "tests/unit/unit.h"

#include "providers/net/late.h"

#include <curl/curl.h>
#include <dlfcn.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOWHERE "libdnsguard-nowhere.so.9"

int nowhere_sum(int a, int b);
void nowhere_say(const char *text);

DG_LATE(NOWHERE, int, nowhere_sum, (int a, int b), (a, b), -7)
DG_LATE_VOID(NOWHERE, nowhere_say, (const char *text), (text))

int nowhere_digest(const char *text);
void nowhere_wipe(char *text);

DG_LATE_MUST(NOWHERE, int, nowhere_digest, (const char *text), (text))
DG_LATE_MUST_VOID(NOWHERE, nowhere_wipe, (char *text), (text))
DG_LATE_MUST("libc.so.6", int, ffsl, (long bits), (bits))

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

/* What it says on stderr before it is ended; it must not come back. */
static void end_in(void (*fn)(void), char *ret_said, size_t size)
{
	int ends[2];
	int status = 0;

	assert_int_equal(pipe(ends), 0);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		(void)signal(SIGABRT, SIG_DFL);
		(void)dup2(ends[1], STDERR_FILENO);
		fn();
		_exit(0);
	}
	(void)close(ends[1]);
	ssize_t n = read(ends[0], ret_said, size - 1);
	(void)close(ends[0]);
	ret_said[n > 0 ? n : 0] = '\0';
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

static void digest(void)
{
	(void)nowhere_digest("text");
}

static void wipe(void)
{
	char text[] = "text";

	nowhere_wipe(text);
}

static void test_not_without(void **state)
{
	char said[256];

	(void)state;
	assert_int_equal(ffsl(8), 4);
	end_in(digest, said, sizeof(said));
	assert_non_null(strstr(said, NOWHERE));
	assert_non_null(strstr(said, "install the library"));
	end_in(wipe, said, sizeof(said));
	assert_non_null(strstr(said, "nowhere_wipe"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_not_there),
		cmocka_unit_test(test_there),
		cmocka_unit_test(test_when_first_used),
		cmocka_unit_test(test_not_without),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
