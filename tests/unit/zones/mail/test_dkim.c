#include "tests/unit/unit.h"

#include "tests/unit/zones/mail/mail.h"
#include "zones/mail/dkim.h"

#define ED25519_KEY "zeB1kamCAKzV+Sl4qUUrG14nu2deyFuC1F8Oe9oJz6E="

static struct dg_dkim parse(struct dg_arena *a, const char *text, struct dg_lints *lints)
{
	struct dg_dkim d;

	dg_lints_init(lints, a);
	dg_dkim_parse(a, text, strlen(text), &d, lints);
	return d;
}

static bool is_record(const char *text)
{
	return dg_dkim_is_record(text, strlen(text));
}

static void test_is_record(void **state)
{
	(void)state;
	assert_true(is_record("v=DKIM1; p="));
	assert_true(is_record("p=abc"));
	assert_true(is_record("k=rsa; p=abc;"));
	assert_true(is_record(" v = DKIM1 ; k=rsa; p=abc"));
	assert_false(is_record("v=DKIM1"));
	assert_false(is_record("v=DKIM2; p="));
	assert_false(is_record("v=dkim1; p="));
	assert_false(is_record("p=; v=DKIM1"));
	assert_false(is_record("v=spf1 -all"));
	assert_false(is_record(""));
}

static void test_keys(void **state)
{
	static const struct {
		const char *file;
		unsigned n_bits;
		const char *codes;
		const char *lint;
	} cases[] = {
		{"dkim/rsa512.pem", 512, "dkim-short-key", "dkim-short-key"},
		{"dkim/rsa1024.pem", 1024, "", "dkim-weak-key"},
		{"dkim/rsa2048.pem", 2048, "", ""},
		{"dkim/rsa2048-pkcs1.pem", 2048, "", ""},
		{"dkim/rsa4096.pem", 4096, "", ""},
		{"dkim/rsa5120.pem", 5120, "", "dkim-long-key"},
		{"dkim/p256.pem", 0, "dkim-bad-key", "dkim-bad-key"},
		{"dkim/ed25519.pem", 0, "dkim-bad-key", "dkim-bad-key"},
		{"dkim/rsapss2048.pem", 0, "dkim-bad-key", "dkim-bad-key"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(TEST_ARENA);
		struct dg_lints lints;
		const char *key = read_base64(a, cases[i].file);
		struct dg_dkim d = parse(a, dg_printf(a, "v=DKIM1; p=%s", key), &lints);

		assert_string_equal(lint_codes(&lints), cases[i].codes);
		assert_int_equal(d.n_bits, cases[i].n_bits);
		assert_int_equal(d.key, DG_DKIM_RSA);
		assert_string_equal(d.p, key);
		dg_dkim_lint(&d, &lints);
		assert_string_equal(lint_codes(&lints), cases[i].lint);
	}
}

static void test_damaged_rsa(void **state)
{
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(TEST_ARENA);
	struct dg_lints lints;
	const char *key = read_base64(a, "dkim/rsa2048.pem");
	size_t len = strlen(key);

	(void)state;
	(void)parse(a, dg_printf(a, "p=%.*s", (int)len - 4, key), &lints); /* cut off */
	assert_string_equal(lint_codes(&lints), "dkim-bad-key");
	(void)parse(a, dg_printf(a, "p=%sAAAA", key), &lints); /* three octets too many */
	assert_string_equal(lint_codes(&lints), "dkim-bad-key");
	(void)parse(a, dg_printf(a, "p=%.*s", (int)len - 1, key), &lints); /* not base64 */
	assert_string_equal(lint_codes(&lints), "dkim-bad-key");
	struct dg_dkim d = parse(a, dg_printf(a, "p= %.100s \r\n\t%s ;", key, key + 100), &lints);
	assert_string_equal(lint_codes(&lints), "");
	assert_string_equal(d.p, key);
}

static void test_codes(void **state)
{
	static const struct {
		const char *text;
		const char *codes;
		size_t n_errors;
	} cases[] = {
		{"v=DKIM1; k=ed25519; p=" ED25519_KEY, "", 0},
		{"v=DKIM1; k=ed25519; p=" ED25519_KEY ";", "", 0},
		{"v=DKIM1; k=ed25519; p=AAAA", "dkim-bad-key", 1},
		{"v=DKIM1; p=", "", 0},
		{"v=DKIM1; k=rsa", "dkim-no-key", 1},
		{"v=DKIM1; k=RSA; p=AAAA", "dkim-key-type", 1},
		{"v=DKIM2; p=", "dkim-version", 1},
		{"p=; v=DKIM1", "dkim-version", 1},
		{"v=DKIM1; p=; p=", "dkim-duplicate-tag", 1},
		{"v=DKIM1; p=; h=sha256:x", "", 0},
		{"v=DKIM1; p=; h=sha1", "dkim-no-sha256", 1},
		{"v=DKIM1; p=; h=", "dkim-no-sha256", 1},
		{"v=DKIM1; p=; s=email:x", "", 0},
		{"v=DKIM1; p=; s=tlsrpt", "dkim-service", 0},
		{"v=DKIM1; p=; t=y:s; n=a note", "", 0},
		{"v=DKIM1; p=; g=*", "dkim-unknown-tag", 0},
		{"v=DKIM1; p=;;", "dkim-syntax", 1},
		{"v=DKIM1; p=; x", "dkim-syntax", 1},
		{"v=DKIM1; p=; 1x=y", "dkim-syntax", 1},
		{"v=DKIM1; p=; n=\x01", "dkim-syntax", 1},
		{"", "dkim-no-key", 1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(TEST_ARENA);
		struct dg_lints lints;

		(void)parse(a, cases[i].text, &lints);
		if (strcmp(lint_codes(&lints), cases[i].codes) != 0 ||
			lints.n_errors != cases[i].n_errors) {
			(void)fprintf(stderr, "%s\n", cases[i].text);
			print_lints(&lints);
			fail();
		}
	}
}

static void test_fields(void **state)
{
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(TEST_ARENA);
	struct dg_lints lints;
	struct dg_dkim d =
		parse(a, "v=DKIM1; k=ed25519; h=sha256; s=email; t=y : s; p=" ED25519_KEY, &lints);

	(void)state;
	assert_int_equal(d.key, DG_DKIM_ED25519);
	assert_int_equal(d.n_bits, 256);
	assert_true(d.is_testing);
	assert_true(d.is_strict);
	assert_false(d.is_revoked);
	assert_string_equal(d.h, "sha256");
	assert_string_equal(d.s, "email");
	dg_dkim_lint(&d, &lints);
	assert_string_equal(lint_codes(&lints), "dkim-testing");
	d = parse(a, DG_DKIM_REVOKED, &lints);
	assert_true(d.is_revoked);
	assert_string_equal(d.p, "");
	assert_null(d.h);
	dg_dkim_lint(&d, &lints);
	assert_string_equal(lint_codes(&lints), "dkim-revoked");

	char *text = dg_get(a, DG_DKIM_TEXT_MAX + 2, 1);
	memset(text, ' ', DG_DKIM_TEXT_MAX + 1);
	memcpy(text, "p=;", 3);
	(void)parse(a, text, &lints);
	assert_string_equal(lint_codes(&lints), "dkim-too-long");
	text[DG_DKIM_TEXT_MAX] = '\0';
	(void)parse(a, text, &lints);
	assert_string_equal(lint_codes(&lints), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_is_record),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_damaged_rsa),
		cmocka_unit_test(test_codes),
		cmocka_unit_test(test_fields),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
