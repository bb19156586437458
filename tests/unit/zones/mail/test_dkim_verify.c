/* Signatures made by dkimpy (tests/data/dkim/verify): each verifies as it lies, with other line ends, and no longer once a sign is another one. */
#include "tests/unit/unit.h"

#include "zones/base/arena.h"
#include "zones/mail/dkim_verify.h"

#include <stdio.h>
#include <string.h>

#define FOLDER   DG_TEST_DATA "/dkim/verify/"
#define TEXT_MAX 6000

static const char *const names[] = {
	"rsa-relaxed.eml", "rsa-simple.eml", "rsa-mixed-length.eml", "ed25519-relaxed.eml"};
#define N_NAMES (sizeof(names) / sizeof(names[0]))

static char rsa[TEXT_MAX], ed25519[TEXT_MAX];

static size_t read_file(const char *name, char *buf)
{
	char path[512];

	(void)snprintf(path, sizeof(path), FOLDER "%s", name);
	FILE *f = fopen(path, "re");
	assert_non_null(f);
	size_t n = fread(buf, 1, TEXT_MAX - 1, f);
	assert_int_equal(fclose(f), 0);
	buf[n] = '\0';
	return n;
}

static bool verifies(const char *p, size_t n, const char *domain)
{
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new((size_t)4 << 20);
	const struct dg_dkim_public keys[] = {
		{domain, "s1", rsa}, {domain, "e1", ed25519}, {domain, "s1", "v=DKIM1; p="}};

	return dg_dkim_verifies(a, p, n, keys, 3, NULL);
}

static void test_good(void **state)
{
	char text[TEXT_MAX];

	(void)state;
	for (size_t i = 0; i < N_NAMES; i++) {
		size_t n = read_file(names[i], text);
		char *to = text;

		assert_true(verifies(text, n, "example.com"));
		assert_false(verifies(text, n, "example.net"));
		for (char *from = text; from < text + n; from++) { /* as a Maildir has it */
			if (*from != '\r') {
				*to++ = *from;
			}
		}
		assert_true(verifies(text, (size_t)(to - text), "example.com"));
	}
}

/* A sign of what is signed is another one. */
static void test_altered(void **state)
{
	static const char *const places[] = {
		"alice@", "folded", "Hello", "two lines", "<1@", "s=s1", "s=e1"};
	char text[TEXT_MAX];

	(void)state;
	for (size_t i = 0; i < N_NAMES; i++) {
		for (size_t j = 0; j < sizeof(places) / sizeof(places[0]); j++) {
			size_t n = read_file(names[i], text);
			char *at = strstr(text, places[j]);

			if (at) {
				at[strlen(places[j]) - 2] ^= 1;
				assert_false(verifies(text, n, "example.com"));
			}
		}
		size_t n = read_file(names[i], text);
		memcpy(text + n, "more\r\n", 6);
		assert_int_equal(
			verifies(text, n + 6, "example.com"), strstr(names[i], "length") != NULL);
	}
}

/* Cut anywhere: never true, never beyond the end. */
static void test_cut(void **state)
{
	char text[TEXT_MAX];

	(void)state;
	for (size_t i = 0; i < N_NAMES; i++) {
		size_t n = read_file(names[i], text);

		for (size_t cut = 0; cut + 24 < n; cut++) {
			char *copy = malloc(cut + 1);

			memcpy(copy, text, cut);
			assert_false(verifies(copy, cut, "example.com"));
			free(copy);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_altered),
		cmocka_unit_test(test_cut),
	};

	(void)read_file("rsa.txt", rsa);
	(void)read_file("ed25519.txt", ed25519);
	rsa[strcspn(rsa, "\n")] = ed25519[strcspn(ed25519, "\n")] = '\0';
	return cmocka_run_group_tests(tests, NULL, NULL);
}
