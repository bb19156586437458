#include "tests/unit/unit.h"

#include "tests/unit/zones/mail/mail.h"
#include "zones/base/err.h"
#include "zones/mail/idn.h"
#include "zones/record/name.h"

struct pair {
	const char *text;
	const char *expected; /* the name, or a part of the error */
};

static void test_domains(void **state)
{
	static const struct pair pairs[] = {
		{"example.com", "example.com."},
		{"Example.COM.", "example.com."},
		{"com", "com."},
		{"_dmarc.example.com", "_dmarc.example.com."},
		{"*.example.com", "*.example.com."},
		{"b\xc3\xbc"
		 "cher.example",
			"xn--bcher-kva.example."},
		{"B\xc3\x9c"
		 "CHER.Example",
			"xn--bcher-kva.example."},
		{"bu\xcc\x88"
		 "cher.example",
			"xn--bcher-kva.example."}, /* u and a diaeresis: NFC */
		{"xn--bcher-kva.example", "xn--bcher-kva.example."},
		{"stra\xc3\x9f"
		 "e.example",
			"xn--strae-oqa.example."}, /* non-transitional */
		{"_dmarc.b\xc3\xbc"
		 "cher.example",
			"_dmarc.xn--bcher-kva.example."},
		{"\xe4\xbe\x8b\xe3\x80\x82\xe3\x83\x86\xe3\x82\xb9\xe3\x83\x88",
			"xn--fsq.xn--zckzah."},
		{"a\\.b.example", "a\\.b.example."},
		{"a\\@b.example", "a\\@b.example."},
		{"1.2.0.192.in-addr.arpa", "1.2.0.192.in-addr.arpa."},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(TEST_ARENA);
		const char *name = NULL;
		struct dg_err err = {.rc = DG_OK};

		int r = dg_domain_parse(a, pairs[i].text, strlen(pairs[i].text), &name, &err);
		assert_string_equal(err.text, "");
		assert_int_equal(r, 0);
		assert_string_equal(name, pairs[i].expected);
	}
}

static void test_what_is_no_domain(void **state)
{
	static const struct pair pairs[] = {
		{"", "is empty"},
		{".", "is the root"},
		{"\xe3\x80\x82", "is the root"},
		{"user@example.com", "is a mail address"},
		{"@", "is a mail address"},
		{"https://example.com/", "is a URL"},
		{"example.com/path", "has a path like a URL"},
		{"example.com:25", "has a colon"},
		{"mailto:example.com", "has a colon"},
		{"192.0.2.1", "is an IP address"},
		{"2001:db8::1", "is an IP address"},
		{" example.com", "has a space"},
		{"example.com ", "has a space"},
		{"example.com\texample.net", "has a space"},
		{"example.com,example.net", "is a list"},
		{"exam$ple.com", "has a character in it that no domain name has"},
		{"example.com\r", "\"example.com\\x0d\" has a character"},
		{"example..com", "empty label"},
		{".example.com", "empty label"},
		{"...", "empty label"},
		{"a\\256.example", "bad escape"},
		{"b\xfc"
		 "cher.example",
			"is not an internationalised domain name"},
		{"b\xe2\x80\xae"
		 "cher.example",
			"\"b\\u{202e}cher.example\" is not an internationalised"},
		{"b\xc3\xbc\xef\xbc\xa0"
		 "cher.example",
			"is not an internationalised domain name"},
		{"a\xef\xbc\xa0"
		 "b.example",
			"stands for a sign or a space"},
		{"a\xc2\xa0"
		 "b.example",
			"stands for a sign or a space"},
		{"\xef\xbc\x8f.b\xc3\xbc"
		 "cher.example",
			"stands for a sign or a space"},
		{"-\xc3\xbc.example", "is not an internationalised domain name"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(TEST_ARENA);
		const char *name = NULL;
		struct dg_err err = {.rc = DG_OK};

		int r = dg_domain_parse(a, pairs[i].text, strlen(pairs[i].text), &name, &err);
		if (r != DG_EINPUT || !strstr(err.text, pairs[i].expected)) {
			(void)fprintf(stderr, "%zu: %d %s\n", i, r, err.text);
			fail();
		}
		assert_null(name);
	}
}

static void test_limits(void **state)
{
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(TEST_ARENA);
	const char *name = NULL;
	struct dg_err err;
	char text[2000];

	(void)state;
	memset(text, 'a', sizeof(text));
	assert_int_equal(dg_domain_parse(a, text, 63, &name, &err), 0);
	assert_int_equal(dg_domain_parse(a, text, 64, &name, &err), DG_EINPUT);
	assert_non_null(strstr(err.text, "a label above 63 octets"));
	assert_int_equal(dg_domain_parse(a, text, sizeof(text), &name, &err), DG_EINPUT);
	assert_non_null(strstr(err.text, "longer than a domain name can be"));
	for (size_t i = 1; i < 260; i += 2) {
		text[i] = '.';
	}
	assert_int_equal(dg_domain_parse(a, text, 253, &name, &err), 0);
	assert_int_equal(dg_domain_parse(a, text, 255, &name, &err), DG_EINPUT);
	assert_non_null(strstr(err.text, "longer than 255 octets"));
	assert_int_equal(dg_domain_parse(a, "a\0b", 3, &name, &err), DG_EINPUT);
	assert_int_equal(dg_domain_parse(a, "\xc3\xbc\0b", 4, &name, &err), DG_EINPUT);
}

static void test_unicode(void **state)
{
	static const struct pair pairs[] = {
		{"xn--bcher-kva.example.", "b\xc3\xbc"
					   "cher.example"},
		{"_dmarc.xn--bcher-kva.example.", "_dmarc.b\xc3\xbc"
						  "cher.example"},
		{"xn--strae-oqa.example.", "stra\xc3\x9f"
					   "e.example"},
		{"xn--e1afmkfd.xn--p1ai.",
			"\xd0\xbf\xd1\x80\xd0\xb8\xd0\xbc\xd0\xb5\xd1\x80.\xd1\x80\xd1\x84"},
		{"example.com.", NULL}, {".", NULL}, {"xn--.example.", NULL},
		{"xn--a.example.", NULL}, {"xn--example-.com.", NULL},
		{"xn--bcher-kva.a\\.b.", NULL},
		{"xn--11b2ezcw70k.example.",
			NULL},                   /* a zero-width joiner, which is allowed there */
		{"xn--abc-7q0a.example.", NULL}, /* a right-to-left override inside */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(TEST_ARENA);
		const char *text = dg_name_to_unicode(a, pairs[i].text);

		if (pairs[i].expected) {
			assert_non_null(text);
			assert_string_equal(text, pairs[i].expected);
		} else {
			assert_null(text);
		}
	}
}

static void test_addresses(void **state)
{
	static const struct {
		const char *text, *local, *domain;
	} good[] = {
		{"user@example.com", "user", "example.com."},
		{"<user@Example.com>", "user", "example.com."},
		{"a+b=c/d@example.com", "a+b=c/d", "example.com."},
		{"a..b.@example.com", "a..b.", "example.com."},
		{"\"a b\"@example.com", "\"a b\"", "example.com."},
		{"\"a\\\"@b\"@example.com", "\"a\\\"@b\"", "example.com."},
		{"j\xc3\xb6rg@b\xc3\xbc"
		 "cher.example",
			"j\xc3\xb6rg", "xn--bcher-kva.example."},
	};
	static const struct pair bad[] = {
		{"example.com", "is not a mail address"},
		{"@example.com", "has nothing before its @"},
		{"user@", "is empty"},
		{"user@a@example.com", "behind the @: \"a@example.com\" is a mail address"},
		{"user@[192.0.2.1]", "address literal"},
		{"a b@example.com", "has a space before its @"},
		{"User <user@example.com>", "has a space before its @"},
		{"a(b)@example.com", "must be quoted"},
		{"\"a@example.com", "is not a mail address"},
		{"\"a\"b@example.com", "is not a mail address"},
		{"\"a\x01\"@example.com", "cannot be there"},
		{"a\xff@example.com", "cannot be there"},
		{"<user@example.com", "must be quoted"},
		{"user@exam ple.com", "has a space"},
	};
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(TEST_ARENA);
	const char *local = NULL;
	const char *domain = NULL;
	struct dg_err err;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(dg_mail_address_domain(a, good[i].text, strlen(good[i].text),
					 &local, &domain, &err),
			0);
		assert_string_equal(local, good[i].local);
		assert_string_equal(domain, good[i].domain);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		int r = dg_mail_address_domain(
			a, bad[i].text, strlen(bad[i].text), &local, &domain, &err);
		if (r != DG_EINPUT || !strstr(err.text, bad[i].expected)) {
			(void)fprintf(stderr, "%zu: %d %s\n", i, r, err.text);
			fail();
		}
	}
	assert_int_equal(dg_mail_address_domain(a, "", 0, &local, &domain, &err), 1);
	assert_int_equal(dg_mail_address_domain(a, "<>", 2, &local, &domain, &err), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_domains),
		cmocka_unit_test(test_what_is_no_domain),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_unicode),
		cmocka_unit_test(test_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
