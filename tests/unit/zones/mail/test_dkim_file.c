#include "tests/unit/unit.h"

#include "tests/unit/zones/mail/mail.h"
#include "zones/base/err.h"
#include "zones/mail/dkim.h"

#define ED25519_TEXT "v=DKIM1; k=ed25519; p=zeB1kamCAKzV+Sl4qUUrG14nu2deyFuC1F8Oe9oJz6E="

/* The record's text, or NULL with *err. */
static const char *text_of(struct dg_arena *a, const char *data, size_t len, struct dg_err *err)
{
	const char *text = "untouched";
	int r = dg_dkim_from_file(a, data, len, "s.pub", &text, err);

	if (r < 0) {
		assert_string_equal(text, "untouched");
		assert_int_equal(r, DG_EINPUT);
		assert_int_equal(strncmp(err->text, "s.pub: ", 7), 0);
		return NULL;
	}
	return text;
}

static void assert_text(const char *data, const char *expected)
{
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(TEST_ARENA);
	struct dg_err err = {.rc = DG_OK};
	const char *text = text_of(a, data, strlen(data), &err);

	if (!text) {
		fail_msg("%s\n%s", data, err.text);
	}
	assert_string_equal(text, expected);
}

static void assert_refused(const char *data, const char *why)
{
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(TEST_ARENA);
	struct dg_err err = {.rc = DG_OK};

	if (text_of(a, data, strlen(data), &err)) {
		fail_msg("taken: %s", data);
	}
	if (!strstr(err.text, why)) {
		fail_msg("expected \"%s\" in: %s", why, err.text);
	}
}

static const char *with_crlf(struct dg_arena *a, const char *text)
{
	char *out = dg_get(a, 2 * strlen(text) + 1, 1);
	size_t n = 0;

	for (const char *p = text; *p; p++) {
		if (*p == '\n') {
			out[n++] = '\r';
		}
		out[n++] = *p;
	}
	return out;
}

static void test_pem(void **state)
{
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(TEST_ARENA);
	static const char *const files[] = {
		"dkim/rsa1024.pem", "dkim/rsa2048.pem", "dkim/rsa4096.pem"};
	size_t len = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		const char *expected =
			dg_printf(a, "v=DKIM1; k=rsa; p=%s", read_base64(a, files[i]));
		const char *data = read_data(a, files[i], &len);

		assert_text(data, expected);
		assert_text(with_crlf(a, data), expected);
		assert_text(dg_printf(a, "\n \n%s\n\n", data), expected);
	}
	/* the older form gives the same record */
	assert_text(read_data(a, "dkim/rsa2048-pkcs1.pem", &len),
		dg_printf(a, "v=DKIM1; k=rsa; p=%s", read_base64(a, "dkim/rsa2048.pem")));
	assert_text(read_data(a, "dkim/ed25519.pem", &len), ED25519_TEXT);
}

static void test_pem_refused(void **state)
{
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(TEST_ARENA);
	size_t len = 0;
	const char *good = read_data(a, "dkim/rsa2048.pem", &len);

	(void)state;
	assert_refused(read_data(a, "dkim/rsa512.pem", &len), "RSA key of 512 bits");
	assert_refused(read_data(a, "dkim/rsa5120.pem", &len), "RSA key of 5120 bits");
	assert_refused(read_data(a, "dkim/p256.pem", &len), "key of type id-ecPublicKey");
	assert_refused(read_data(a, "dkim/ed448.pem", &len), "key of type ED448");
	assert_refused(read_data(a, "dkim/rsapss2048.pem", &len), "key of type RSASSA-PSS");
	assert_refused(dg_printf(a, "%s%s", good, good), "several keys");
	assert_refused(dg_printf(a, "%sx\n", good), "other text behind");
	assert_refused(dg_printf(a, "key:\n%s", good), "other text before");
	assert_refused(dg_printf(a, "%.200s", good), "damaged");
	assert_refused("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
		"does not hold a public key");
	assert_refused("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
		"holds a CERTIFICATE");
	assert_refused(
		"-----BEGIN PUBLIC KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n"
		"AAAA\n-----END PUBLIC KEY-----\n",
		"headers");
	assert_refused("-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n",
		"private key, which is not for publishing");
	assert_refused(
		dg_printf(a, "%s-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
			good),
		"private key");
}

static void test_records(void **state)
{
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(TEST_ARENA);
	const char *key = read_base64(a, "dkim/rsa2048.pem");
	const char *opendkim = dg_printf(a,
		"default._domainkey\tIN\tTXT\t( \"v=DKIM1; h=sha256; k=rsa; \"\n"
		"\t  \"p=%.200s\"\n\t  \"%s\" )  ; ----- DKIM key default for example.com\n",
		key, key + 200);
	const char *rspamd = dg_printf(a,
		"s._domainkey IN TXT ( \"v=DKIM1; k=rsa; \"\n\t\"p=%.200s\"\n\t\"%s\"\n) ;\n", key,
		key + 200);
	const char *plain = dg_printf(a, "v=DKIM1; k=rsa; p=%s", key);

	(void)state;
	assert_text(opendkim, dg_printf(a, "v=DKIM1; h=sha256; k=rsa; p=%s", key));
	assert_text(with_crlf(a, opendkim), dg_printf(a, "v=DKIM1; h=sha256; k=rsa; p=%s", key));
	assert_text(rspamd, plain);
	assert_text(with_crlf(a, rspamd), plain);
	assert_text(plain, plain);
	assert_text(dg_printf(a, "  %s  \r\n", plain), plain);
	assert_text(dg_printf(a, "v=DKIM1;\n k=rsa;\r\n\tp=%.64s\n  %s\n", key, key + 64),
		dg_printf(a, "v=DKIM1;k=rsa;p=%s", key));
	assert_text("; made by hand\n\ns._domainkey.example.com. 3600 IN TXT \"" ED25519_TEXT
		    "\"\n; end\n",
		ED25519_TEXT);
	assert_text("\"" ED25519_TEXT "\"", ED25519_TEXT);
	assert_text("\"v=DKIM1; \"\n\"p=\"\n", "v=DKIM1; p=");
	assert_text("s TXT v=DKIM1\\; \"\\112=\"", "v=DKIM1;p=");
	assert_text(DG_DKIM_REVOKED, DG_DKIM_REVOKED);
}

static void test_records_refused(void **state)
{
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(TEST_ARENA);

	(void)state;
	assert_refused("", "1 to 65536 octets");
	assert_refused("hello\n", "neither PEM nor a DKIM record");
	assert_refused("; nothing\n", "neither PEM nor a DKIM record");
	assert_refused("a b c d e f TXT \"p=\"", "neither PEM nor a DKIM record");
	assert_refused("s TXT \"p=\"\nt TXT \"p=\"\n", "several records");
	assert_refused("s TXT ( \"p=\"\n", "not closed");
	assert_refused("s TXT \"p=\" )\n", "without an opening one");
	assert_refused("s TXT ( ( \"p=\" ) )\n", "within another");
	assert_refused("s TXT \"p=\n\"", "quote that is not closed");
	assert_refused("s TXT \"p=\\", "quote that is not closed");
	assert_refused("v=spf1 -all", "if there is a version");
	assert_refused("s TXT \"v=DKIM1; k=rsa\"\n", "p= is missing");
	assert_refused("v=DKIM1; k=rsa; p=AAAA\n", "cannot be read");
	assert_refused("v=DKIM1; p=\nv=DKIM1; p=\n", "void");
	char *big = dg_get(a, DG_DKIM_FILE_MAX + 2, 1);
	memset(big, 'A', DG_DKIM_FILE_MAX + 1);
	memcpy(big, "p=", 2);
	assert_refused(big, "1 to 65536 octets");
	big[DG_DKIM_FILE_MAX] = '\0';
	assert_refused(big, "more than 16384");
	memcpy(big, "\"p=", 3);
	big[DG_DKIM_FILE_MAX - 1] = '"';
	assert_refused(big, "too long");

	/* a flood of notes hides no error */
	char *flood = dg_get(a, 600, 1);
	for (size_t i = 0; i < 100; i++) {
		memcpy(flood + 4 * i, "x=y;", 4);
	}
	memcpy(flood + 400, "p=AAAA", 6);
	assert_refused(flood, "cannot be read");

	struct dg_err err;
	assert_null(text_of(a, "p=\0", 3, &err));
	assert_non_null(strstr(err.text, "binary"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pem),
		cmocka_unit_test(test_pem_refused),
		cmocka_unit_test(test_records),
		cmocka_unit_test(test_records_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
