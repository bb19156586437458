/* TSIG key files: the forms they come in, who may read them, and no secret in any message. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "providers/net/dns.h"
#include "providers/net/dns_build.h"
#include "providers/net/dns_wire.h"
#include "providers/net/tsig.h"
#include "zones/base/err.h"

#define SECRET64 "c2VjcmV0IG9mIGEgdGVzdCwgMzIgb2N0ZXRzIGxvbmc="
#define SECRET   "secret of a test, 32 octets long"
#define NOW      1700000000
#define ID       0x1234

struct scene {
	struct dg_tsig_key *key;
	uint8_t mac[DG_TSIG_MAC_MAX]; /* of a request, with key */
	char folder[64];
};

/* What the key signs. */
static void mac_of(const struct dg_tsig_key *key, uint8_t mac[DG_TSIG_MAC_MAX])
{
	uint8_t buf[1024];
	struct dg_tsig_session t;
	struct dg_wire_out o = {.data = buf, .max = sizeof(buf)};

	dg_tsig_begin(&t, key);
	dg_query_build(&o, ID, "example.org.", 15, false, 0);
	dg_tsig_sign(&t, &o, NOW);
	assert_false(o.is_full);
	memcpy(mac, t.mac, DG_TSIG_MAC_MAX);
}

static int setup(void **state)
{
	struct scene *s = calloc(1, sizeof(*s));
	struct dg_err err;

	assert_non_null(s);
	assert_int_equal(0, dg_tsig_key_new("k1.", "hmac-sha256", (const uint8_t *)SECRET,
				    strlen(SECRET), &s->key, &err));
	mac_of(s->key, s->mac);
	*state = s;
	return 0;
}

static int teardown(void **state)
{
	struct scene *s = *state;

	s->key = dg_tsig_key_free(s->key);
	free(s);
	return 0;
}

static const char *put_file(struct scene *s, const char *text, mode_t mode)
{
	static const char name[] = "/tmp/dg-tsig-test-XXXXXX";

	memcpy(s->folder, name, sizeof(name));
	int fd = mkstemp(s->folder);
	assert_true(fd >= 0);
	assert_int_equal((ssize_t)strlen(text), write(fd, text, strlen(text)));
	assert_int_equal(0, fchmod(fd, mode));
	assert_int_equal(0, close(fd));
	return s->folder;
}

static int load(struct scene *s, const char *text, const char *name, const char *algorithm,
	struct dg_err *err)
{
	struct dg_tsig_key *key = NULL;
	int r = dg_tsig_key_load(put_file(s, text, 0600), name, algorithm, &key, err);

	if (r == 0) {
		uint8_t mac[DG_TSIG_MAC_MAX];
		assert_string_equal("k1", dg_tsig_key_name(key));
		mac_of(key, mac);
		assert_memory_equal(s->mac, mac, 32); /* the same secret */
	} else {
		assert_null(strstr(err->text, "c2Vjc"));
		assert_null(strstr(err->text, "bG9uZ"));
	}
	key = dg_tsig_key_free(key);
	(void)unlink(s->folder);
	return r;
}

static void test_key_files(void **state)
{
	struct scene *s = *state;
	struct dg_err err;
	static const struct {
		const char *text;
		const char *name;
		const char *algorithm;
		const char *error; /* NULL: it is taken */
	} rows[] = {
		{"key \"k1\" {\n\talgorithm hmac-sha256;\n\tsecret \"" SECRET64 "\";\n};\n", NULL,
			NULL, NULL},
		{"# made by hand\nkey k1. { secret \"" SECRET64 "\"; algorithm HMAC-SHA256; };",
			"K1", "hmac-sha256", NULL},
		{"/* key \"k2\" { */ // more\nkey \"k1\" { algorithm hmac-sha256; secret "
		 "\"" SECRET64 "\"; };",
			NULL, NULL, NULL},
		{"key:\n  - id: k1\n    algorithm: hmac-sha256\n    secret: " SECRET64 "\n", NULL,
			NULL, NULL},
		{"key:\n  - id: k2\n    algorithm: hmac-sha512\n    secret: AAAA\n  - id: "
		 "\"k1.\"\n    algorithm: hmac-sha256\n    secret: " SECRET64 " \n",
			"k1", NULL, NULL},
		{"hmac-sha256:k1:" SECRET64 "\n", NULL, NULL, NULL},
		{"k1:" SECRET64, NULL, "hmac-sha256", NULL},
		{SECRET64 "\n", "k1", "hmac-sha256", NULL},
		{SECRET64 "\n", NULL, "hmac-sha256", "no name"},
		{SECRET64 "\n", "k1", NULL, "no algorithm"},
		{"k1:" SECRET64, NULL, "hmac-md5", "hmac-md5 is not supported"},
		{"hmac-sha256:k1:" SECRET64, NULL, "hmac-sha512", "another algorithm"},
		{"hmac-sha256:k1:" SECRET64, "k2", NULL, "no key k2"},
		{SECRET64 ":k1:hmac-sha256", NULL, NULL, "key file"},
		{"k1:" SECRET64 ":hmac-sha256", NULL, NULL, "key file"},
		{"hmac-sha256:k1:c2VjcmV0", NULL, NULL, "6 octets"},
		{"hmac-sha256:k1:c2VjcmV0!", NULL, NULL, "not base64"},
		{"hmac-sha256:k1:c2Vjcm=0", NULL, NULL, "not base64"},
		{"key a { algorithm hmac-sha256; secret \"" SECRET64
		 "\"; }; key b { algorithm hmac-sha256; secret \"" SECRET64 "\"; };",
			NULL, NULL, "holds 2 keys"},
		{"", NULL, NULL, "no key found"},
		{"key \"k1\" {", NULL, NULL, "key file"},
		{"two words", NULL, NULL, "no key found"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int r = load(s, rows[i].text, rows[i].name, rows[i].algorithm, &err);
		if (!rows[i].error) {
			assert_int_equal(0, r);
		} else {
			assert_int_equal(DG_EINPUT, r);
			assert_non_null(strstr(err.text, rows[i].error));
		}
	}
}

/* One secret in 4,096 begins like a comment. */
static void test_key_that_looks_like_a_comment(void **state)
{
	struct scene *s = *state;
	struct dg_tsig_key *key = NULL;
	struct dg_err err;
	const char *path = put_file(s, "//CyZWNyZXQgc2VjcmV0IHNlY3JldCBzZWNyZXQgMw==\n", 0640);

	assert_int_equal(0, dg_tsig_key_load(path, "k1", "hmac-sha256", &key, &err));
	key = dg_tsig_key_free(key);
	(void)unlink(path);
}

static void test_key_file_rights(void **state)
{
	struct scene *s = *state;
	struct dg_tsig_key *key = NULL;
	struct dg_err err;
	static const mode_t bad[] = {0644, 0604, 0660, 0666, 0601};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const char *path = put_file(s, "hmac-sha256:k1:" SECRET64, bad[i]);
		assert_int_equal(DG_EINPUT, dg_tsig_key_load(path, NULL, NULL, &key, &err));
		assert_non_null(strstr(err.text, "chmod 0640"));
		(void)unlink(path);
	}
	assert_int_equal(DG_EINPUT, dg_tsig_key_load("/tmp", NULL, NULL, &key, &err));
	assert_int_equal(DG_EINPUT, dg_tsig_key_load("/nowhere/at/all", NULL, NULL, &key, &err));
	assert_null(key);
}

static void test_credentials_directory(void **state)
{
	struct scene *s = *state;
	struct dg_tsig_key *key = NULL;
	struct dg_err err;
	char path[128];
	const char *file = put_file(s, "hmac-sha256:k1:" SECRET64, 0600);

	(void)unsetenv("CREDENTIALS_DIRECTORY");
	(void)snprintf(path, sizeof(path), "/etc/dnsguard/$CREDENTIALS_DIRECTORY/%s",
		strrchr(file, '/') + 1);
	assert_int_equal(DG_EINPUT, dg_tsig_key_load(path, NULL, NULL, &key, &err));
	assert_non_null(strstr(err.text, "LoadCredential"));
	assert_int_equal(0, setenv("CREDENTIALS_DIRECTORY", "/tmp", 1));
	assert_int_equal(0, dg_tsig_key_load(path, NULL, NULL, &key, &err));
	key = dg_tsig_key_free(key);
	assert_int_equal(0, dg_tsig_key_load(strstr(path, "$CRED"), NULL, NULL, &key, &err));
	key = dg_tsig_key_free(key);
	(void)unsetenv("CREDENTIALS_DIRECTORY");
	(void)unlink(file);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_key_files),
		T(test_key_that_looks_like_a_comment),
		T(test_key_file_rights),
		T(test_credentials_directory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
