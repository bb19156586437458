/* Each finding about DKIM keys: where it is there, and where it is not. */
#include "tests/unit/zones/check/check_unit.h"

#include "zones/check/rule.h"

#define SENDS    "example.com. TXT v=spf1 ip4:192.0.2.1 -all\nexample.com. MX 10 mx.example.com.\n"
#define ENFORCED SENDS "_dmarc.example.com. TXT v=DMARC1; p=reject\n"
#define PARKED   "example.com. TXT v=spf1 -all\nexample.com. MX 0 .\n"
#define GOOD_KEY "v=DKIM1; k=rsa; p=@rsa2048.pem@\n"
#define AT(sel)  sel "._domainkey.example.com. TXT "
#define SOUND    ENFORCED AT("google") GOOD_KEY

static const struct found_case cases[] = {
	{"dkim-none", DG_SEVERITY_WARNING, "nothing stands under _domainkey", ENFORCED, SOUND},
	{"dkim-none", DG_SEVERITY_NOTE, "may send mail but has no DKIM key", SENDS, PARKED},
	{"dkim-none", DG_SEVERITY_WARNING, "the zone holds none", ENFORCED "!zone", SOUND "!zone"},
	{"dkim-none", DG_SEVERITY_WARNING, "is revoked", ENFORCED AT("x") "v=DKIM1; p=\n!zone",
		PARKED AT("x") "v=DKIM1; p=\n!zone"},
	{"dkim-not-seen", DG_SEVERITY_WARNING, "could not tell",
		ENFORCED AT("odd") GOOD_KEY "!no-probe", SOUND},
	{"dkim-not-seen", DG_SEVERITY_WARNING, "a wildcard answers",
		ENFORCED "*.example.com. TXT v=spf1 -all\n",
		PARKED "*.example.com. TXT v=spf1 -all\n"},
	{"dkim-not-seen", DG_SEVERITY_NOTE, "cannot be listed",
		SENDS AT("odd") GOOD_KEY "!no-probe", ENFORCED AT("odd") GOOD_KEY "!selector odd"},
	{"dkim-hidden", DG_SEVERITY_NOTE, "something stands under", ENFORCED AT("odd") GOOD_KEY,
		SOUND},
	{"dkim-unknown", DG_SEVERITY_UNKNOWN, "no answer within",
		ENFORCED "!unknown _domainkey.example.com. TXT", SOUND},
	{"dkim-unknown", DG_SEVERITY_UNKNOWN, "1 of 44 common selectors",
		ENFORCED AT("odd") GOOD_KEY "!unknown s1._domainkey.example.com. TXT", SOUND},
	{"dkim-unknown", DG_SEVERITY_UNKNOWN, "the key could not be looked up",
		ENFORCED "!selector s1\n!unknown s1._domainkey.example.com. TXT", SOUND},
	{"dkim-selector-absent", DG_SEVERITY_ERROR, "no key stands at x._domainkey.example.com",
		SOUND "!selector x", SOUND "!selector google"},
	{"dkim-unknown", DG_SEVERITY_UNKNOWN, "cannot be a selector", SOUND "!selector a..b",
		SOUND "!selector GOOGLE"},
	{"dkim-not-a-key", DG_SEVERITY_ERROR, "is not a DKIM key",
		SOUND AT("x") "v=spf1 -all\n!selector x", SOUND "!selector google"},
	{"dkim-several", DG_SEVERITY_ERROR, "2 keys", SOUND AT("google") "v=DKIM1; p=@rsa1024.pem@",
		SOUND AT("google") "hello"},
	{"dkim-cname-dangling", DG_SEVERITY_WARNING, "is an alias of gone.test",
		SOUND "selector1._domainkey.example.com. CNAME gone.test.",
		SOUND
		"selector1._domainkey.example.com. CNAME there.test.\nthere.test. TXT " GOOD_KEY},
	{"dkim-wildcard-key", DG_SEVERITY_WARNING, "the same key", ENFORCED AT("*") GOOD_KEY,
		ENFORCED AT("*") "v=DKIM1; p="},
	{"dkim-all-revoked", DG_SEVERITY_GOOD, "every selector",
		PARKED AT("*") "v=DKIM1; p=", PARKED AT("google") "v=DKIM1; p="},
	{"dkim-parked-key", DG_SEVERITY_NOTE, "still in force", PARKED AT("google") GOOD_KEY,
		PARKED AT("google") "v=DKIM1; p="},
	{"dkim-ed25519-alone", DG_SEVERITY_NOTE, "only Ed25519",
		ENFORCED AT("google") "v=DKIM1; k=ed25519; p=@ed25519.pem@",
		SOUND AT("s1") "v=DKIM1; k=ed25519; p=@ed25519.pem@"},
	{"dkim-key-good", DG_SEVERITY_GOOD, "RSA 2048 bits", SOUND,
		ENFORCED AT("google") "v=DKIM1; p=@rsa1024.pem@"},
	{"dkim-syntax", DG_SEVERITY_ERROR, "not of the form tag=value",
		ENFORCED AT("google") "v=DKIM1; oops; p=@rsa2048.pem@", SOUND},
	{"dkim-duplicate-tag", DG_SEVERITY_ERROR, "stands twice",
		ENFORCED AT("google") "v=DKIM1; k=rsa; k=rsa; p=@rsa2048.pem@", SOUND},
	{"dkim-version", DG_SEVERITY_ERROR, "v=DKIM1 and stands first",
		ENFORCED AT("google") "v=DKIM11; p=@rsa2048.pem@", SOUND},
	{"dkim-unknown-tag", DG_SEVERITY_NOTE, "unknown",
		ENFORCED AT("google") "v=DKIM1; z=1; p=@rsa2048.pem@", SOUND},
	{"dkim-no-key", DG_SEVERITY_ERROR, "p= is missing", ENFORCED AT("google") "v=DKIM1; k=rsa",
		SOUND},
	{"dkim-bad-key", DG_SEVERITY_ERROR, "cannot be read",
		ENFORCED AT("google") "v=DKIM1; p=TWFp", SOUND},
	{"dkim-key-type", DG_SEVERITY_ERROR, "k=dsa",
		ENFORCED AT("google") "v=DKIM1; k=dsa; p=@rsa2048.pem@", SOUND},
	{"dkim-short-key", DG_SEVERITY_ERROR, "512 bits",
		ENFORCED AT("google") "v=DKIM1; p=@rsa512.pem@",
		ENFORCED AT("google") "v=DKIM1; p=@rsa1024.pem@"},
	{"dkim-weak-key", DG_SEVERITY_WARNING, "1024 bits",
		ENFORCED AT("google") "v=DKIM1; p=@rsa1024.pem@", SOUND},
	{"dkim-long-key", DG_SEVERITY_WARNING, "5120 bits",
		ENFORCED AT("google") "v=DKIM1; p=@rsa5120.pem@",
		ENFORCED AT("google") "v=DKIM1; p=@rsa4096.pem@"},
	{"dkim-no-sha256", DG_SEVERITY_ERROR, "h=sha1",
		ENFORCED AT("google") "v=DKIM1; h=sha1; p=@rsa2048.pem@",
		ENFORCED AT("google") "v=DKIM1; h=sha1:sha256; p=@rsa2048.pem@"},
	{"dkim-service", DG_SEVERITY_WARNING, "s=tlsrpt",
		ENFORCED AT("google") "v=DKIM1; s=tlsrpt; p=@rsa2048.pem@",
		ENFORCED AT("google") "v=DKIM1; s=tlsrpt:email; p=@rsa2048.pem@"},
	{"dkim-revoked", DG_SEVERITY_NOTE, "revoked", SOUND AT("s1") "v=DKIM1; p=", SOUND},
	{"dkim-testing", DG_SEVERITY_WARNING, "t=y",
		ENFORCED AT("google") "v=DKIM1; t=y; p=@rsa2048.pem@",
		ENFORCED AT("google") "v=DKIM1; t=s; p=@rsa2048.pem@"},
};

static void test_cases(void **state)
{
	(void)state;
	expect_cases(cases, sizeof(cases) / sizeof(cases[0]));
}

/* A record longer than any reader takes cannot stand in a case. */
static void test_too_long(void **state)
{
	(void)state;
	struct world w;
	char *text = malloc(20000);

	assert_non_null(text);
	memset(text, 'a', 20000);
	memcpy(text, SOUND AT("x"), sizeof(SOUND AT("x")) - 1);
	memcpy(text + sizeof(SOUND AT("x")) - 1, "v=DKIM1; p=", 11);
	memcpy(text + 19980, "\n!selector x", 13);
	assert_non_null(finding_with(world_check(&w, text), "dkim-too-long"));
	world_done(&w);
	free(text);
}

static void test_kinds(void **state)
{
	(void)state;
	static const char *const others[] = {"dkim-too-long"};

	expect_kinds(dg_dkim_kinds, cases, sizeof(cases) / sizeof(cases[0]), others, 1);
}

static void test_keys(void **state)
{
	(void)state;
	struct world w;
	const struct dg_check *c = world_check(
		&w, SOUND AT("s1") "v=DKIM1; p=\n" AT("k2") "v=DKIM1; t=y; p=@rsa1024.pem@\n" AT(
			    "k3") "v=DKIM1; p=broken");

	assert_int_equal(c->n_keys, 4);
	assert_string_equal(c->keys[0].selector, "google");
	assert_string_equal(c->keys[0].text, "RSA 2048 bits");
	assert_string_equal(c->keys[1].selector, "k2");
	assert_string_equal(c->keys[1].text, "RSA 1024 bits, testing");
	assert_string_equal(c->keys[2].text, "not usable");
	assert_string_equal(c->keys[3].text, "revoked");
	assert_string_equal(c->keys[3].record, "v=DKIM1; p=");
	world_done(&w);
	assert_int_equal(world_check(&w, ENFORCED AT("*") GOOD_KEY)->n_keys, 0);
	world_done(&w);
}

/* Little is asked when little is wanted; nothing when the domain is not there. */
static void test_depth(void **state)
{
	(void)state;
	struct world w;

	assert_int_equal(world_check(&w, SOUND "!depth fast")->n_keys, 0);
	world_done(&w);
	assert_null(finding_with(world_check(&w, ENFORCED "!depth fast"), "dkim-none"));
	world_done(&w);
	assert_non_null(finding_with(world_check(&w, ENFORCED "!depth audit"), "dkim-none"));
	world_done(&w);
	assert_null(finding_with(world_check(&w, "other.com. TXT x"), "dkim-none"));
	world_done(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_depth),
	};

	return cmocka_run_group_tests_name("rule_dkim", tests, NULL, NULL);
}
