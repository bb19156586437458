/* The PowerDNS provider: what is read, and what it opens with. */
#include "tests/unit/unit.h"

#include "tests/unit/providers/pdns.h"

/* --- reading ---------------------------------------------------------------------------------- */
static void test_read_whole(void **state)
{
	struct scene *s = scene_new();
	struct dg_rrset set;

	(void)state;
	s->zone = HEAD_OK ZONE(NATIVE,
		SOA "," MX ",{\"name\":\"www.example.test.\",\"type\":\"A\",\"ttl\":60,\"records\":"
		    "[{\"content\":"
		    "\"192.0.2.1\",\"disabled\":false},{\"content\":\"192.0.2.2\"}]}"
		    ",{\"name\":\"alias.example.test.\",\"type\":\"ALIAS\",\"ttl\":60,\"records\":["
		    "{\"content\":"
		    "\"x.example.net.\",\"disabled\":false}]}"
		    ",{\"name\":\"off.example.test.\",\"type\":\"TXT\",\"ttl\":60,\"records\":[{"
		    "\"content\":"
		    "\"\\\"x\\\"\",\"disabled\":true}]}"
		    ",{\"name\":\"note.example.test.\",\"type\":\"TXT\",\"ttl\":0,\"records\":[],"
		    "\"comments\":[{\"content\":\"c\"}]}"
		    ",{\"name\":\"t.example.test.\",\"type\":\"TXT\",\"ttl\":2147483648,"
		    "\"records\":[{\"content\":"
		    "\"\\\"v=spf1 \\\" \\\"-all\\\"\"}]}");
	run_read(s, NULL, 0, false);
	if (s->rc < 0) {
		fail_msg("%s", s->read.err.text);
	}
	const struct dg_zone *have = s->read.have;
	assert_true(have->is_complete && have->is_sealed);
	assert_string_equal(have->version, "2026112207");
	assert_non_null(strstr(have->from, "powerdns http://127.0.0.1:"));
	assert_int_equal(dg_zone_get(have, "example.test.", DG_TYPE_MX, &set), 0);
	struct dg_rrset want = set_of(s, "example.test.", DG_TYPE_MX, 300, "10 mail.example.test.");
	assert_true(dg_rrset_same(&set, &want)); /* lower case, and without the disabled record */
	assert_int_equal(dg_zone_get(have, "www.example.test.", DG_TYPE_A, &set), 0);
	assert_int_equal(set.n, 2);
	assert_int_equal(dg_zone_has_name(have, "alias.example.test."), 1);
	assert_int_equal(dg_zone_has_name(have, "off.example.test."), 0);
	assert_int_equal(dg_zone_has_name(have, "note.example.test."), 0);
	assert_int_equal(dg_zone_get(have, "t.example.test.", DG_TYPE_TXT, &set), 0);
	assert_int_equal(set.ttl, 0); /* RFC 2181 section 8 */
	assert_int_equal(set.rdata[0].len, 13);
	scene_free(s);
}

static void test_read_mail_only(void **state)
{
	struct scene *s = scene_new();
	struct dg_rrset set;

	(void)state;
	s->zone = HEAD_OK ZONE(NATIVE, SOA "," MX ",{\"name\":\"www.example.test.\",\"type\":\"A\","
					   "\"ttl\":60,\"records\":[{\"content\":"
					   "\"192.0.2.1\"},{\"content\":\"192.0.2.2\"}]}");
	run_read(s, NULL, 0, true);
	assert_int_equal(s->rc, 0);
	assert_int_equal(dg_zone_get(s->read.have, "www.example.test.", DG_TYPE_A, &set), 0);
	assert_int_equal(set.n, 2); /* the true count */
	assert_int_equal(set.rdata[0].len, 0);
	assert_int_equal(dg_zone_get(s->read.have, "example.test.", DG_TYPE_MX, &set), 0);
	assert_true(set.n == 1 && set.rdata[0].len > 0);
	scene_free(s);
}

static void test_read_keys(void **state)
{
	struct scene *s = scene_new();
	const struct dg_rrkey keys[] = {
		{"example.test.", DG_TYPE_TXT},
		{"example.test.", DG_TYPE_MX},
		{"_dnsguard.example.test.", DG_TYPE_TXT},
		{"example.test.", DG_TYPE_MX},
	};
	struct dg_rrset set;

	(void)state;
	run_read(s, keys, 4, false);
	assert_int_equal(s->rc, 0);
	assert_false(s->read.have->is_complete);
	assert_int_equal(dg_zone_get(s->read.have, "example.test.", DG_TYPE_MX, &set), 0);
	assert_int_equal(set.n, 1);
	assert_int_equal(dg_zone_get(s->read.have, "example.test.", DG_TYPE_TXT, &set), 0);
	assert_int_equal(set.n, 0);
	assert_int_equal(
		dg_zone_get(s->read.have, "_dnsguard.example.test.", DG_TYPE_TXT, &set), 0);
	assert_int_equal(set.n, 0);
	assert_int_equal(dg_zone_get(s->read.have, "www.example.test.", DG_TYPE_A, &set), 1);
	assert_string_equal(s->read.have->version, "2026112207");
	scene_free(s);
}

static void check_broken(const char *body, int rc, const char *words)
{
	struct scene *s = scene_new();

	s->zone = body;
	run_read(s, NULL, 0, false);
	if (s->rc != rc || !strstr(s->read.err.text, words)) {
		fail_msg("%s: %d %s (expected %s)", body + strlen(HEAD_OK), s->rc, s->read.err.text,
			words);
	}
	assert_null(s->read.have);
	scene_free(s);
}

static void test_read_broken(void **state)
{
	(void)state;
	check_broken(HEAD_OK "", DG_EREMOTE, "not JSON");
	check_broken(HEAD_OK "<html>", DG_EREMOTE, "not JSON");
	check_broken(HEAD_OK "[]", DG_EREMOTE, "not JSON as expected");
	check_broken(HEAD_OK "{\"name\":\"example.test.\",\"name\":\"x.\",\"rrsets\":[]}",
		DG_EREMOTE, "not JSON");
	check_broken(HEAD_OK "{\"rrsets\":[]}", DG_EREMOTE, "no name");
	check_broken(HEAD_OK "{\"name\":\"other.test.\",\"rrsets\":[]}", DG_EREMOTE, "other.test.");
	check_broken(HEAD_OK "{\"name\":\"example.test.\"}", DG_EREMOTE, "no list of RRsets");
	check_broken(HEAD_OK ZONE(NATIVE, "7"), DG_EREMOTE, "without name");
	check_broken(
		HEAD_OK ZONE(NATIVE, RRSET("www.other.test.", "A", "1", "[{\"content\":\"1\"}]")),
		DG_EREMOTE, "outside the zone");
	check_broken(
		HEAD_OK ZONE(NATIVE, RRSET("a..example.test.", "A", "1", "[{\"content\":\"1\"}]")),
		DG_EREMOTE, "name in the server's answer");
	check_broken(
		HEAD_OK ZONE(NATIVE, RRSET("example.test.", "MX", "-1", "[{\"content\":\"0 .\"}]")),
		DG_EREMOTE, "TTL");
	check_broken(HEAD_OK ZONE(NATIVE,
			     RRSET("example.test.", "MX", "4294967296", "[{\"content\":\"0 .\"}]")),
		DG_EREMOTE, "TTL");
	check_broken(HEAD_OK ZONE(NATIVE, RRSET("example.test.", "MX", "1", "[{\"content\":7}]")),
		DG_EREMOTE, "without content");
	check_broken(HEAD_OK ZONE(NATIVE, RRSET("example.test.", "MX", "1", "null")), DG_EREMOTE,
		"without name, type, ttl or records");
	check_broken(
		HEAD_OK ZONE(NATIVE, RRSET("example.test.", "MX", "1", "[{\"content\":\"x\"}]")),
		DG_EREMOTE, "the server's record example.test. MX");
	check_broken(HEAD_OK ZONE(NATIVE,
			     RRSET("example.test.", "TXT", "1", "[{\"content\":\"\\\"x\"}]")),
		DG_EREMOTE, "the server's record example.test. TXT");
}

/* A broken record of a type that no plan is made of does not hide the rest. */
static void test_read_foreign_garbage(void **state)
{
	struct scene *s = scene_new();

	(void)state;
	s->zone = HEAD_OK ZONE(NATIVE,
		SOA "," RRSET("www.example.test.", "A", "1", "[{\"content\":\"999.2.3.4\"}]"));
	run_read(s, NULL, 0, false);
	assert_int_equal(s->rc, 0);
	assert_int_equal(dg_zone_has_name(s->read.have, "www.example.test."), 1);
	scene_free(s);
}

static void test_read_limits(void **state)
{
	struct scene *s = scene_new();
	char *body = calloc(1, 300000);
	int n = snprintf(body, 300000, "%s",
		"{\"name\":\"example.test.\",\"rrsets\":[{\"name\":\"example.test.\","
		"\"type\":\"A\",\"ttl\":1,\"records\":[");
	const struct dg_powerdns_wish wish = {.zone = "example.test."};
	struct dg_powerdns_zone *zone = NULL;
	struct dg_err err;

	(void)state;
	for (unsigned i = 0; i <= DG_RDATA_MAX; i++) {
		n += snprintf(body + n, (size_t)(300000 - n), "%s{\"content\":\"192.0.2.1\"}",
			i ? "," : "");
	}
	n += snprintf(body + n, (size_t)(300000 - n), "]}]}");
	assert_int_equal(
		dg_powerdns_zone_parse(s->arena, &wish, body, (size_t)n, &zone, &err), DG_ELIMIT);
	memset(body, '[', 200000);
	assert_int_equal(
		dg_powerdns_zone_parse(s->arena, &wish, body, 200000, &zone, &err), DG_EREMOTE);
	assert_null(zone);
	free(body);
	scene_free(s);
}

/* --- opening ---------------------------------------------------------------------------------- */
static void check_open(struct scene *s, int rc, const char *words)
{
	struct dg_provider p = {.ops = &dg_provider_powerdns, .loop = s->loop, .opts = &s->opts};
	struct dg_err err;
	int r = dg_provider_powerdns.open(&p, &err);

	if (r != rc || (r < 0 && !strstr(err.text, words))) {
		fail_msg("%d: %s (expected %s)", r, r < 0 ? err.text : "", words);
	}
	assert_true(r == 0 || !strstr(err.text, "S3CR3T"));
	if (r == 0) {
		dg_provider_powerdns.close(&p);
	}
}

static void test_open(void **state)
{
	struct scene *s = scene_new();
	bool yes = true;

	(void)state;
	check_open(s, 0, "");
	write_key(s, KEY, 0640);
	check_open(s, 0, "");
	write_key(s, KEY, 0644);
	check_open(s, DG_EINPUT, "mode 0644");
	write_key(s, KEY, 0602);
	check_open(s, DG_EINPUT, "mode 0602");
	write_key(s, "\n", 0600);
	check_open(s, DG_EINPUT, "expected the key alone");
	write_key(s, "api-key=" KEY "\nwebserver=yes\n", 0600);
	check_open(s, DG_EINPUT, "expected the key alone");
	assert_int_equal(unlink(s->key_path), 0);
	check_open(s, DG_EIO, "No such file");
	write_key(s, KEY, 0600);
	set_text(s, "api_key_file", "/");
	check_open(s, DG_EINPUT, "not a file");
	set_text(s, "api_key_file", s->key_path);
	set_text(s, "server", "x/../y");
	check_open(s, DG_EINPUT, "server \"x/../y\"");
	set_text(s, "server", "localhost");
	set_text(s, "url", "http://192.0.2.1:8081");
	check_open(s, DG_EPOLICY, "plain http");
	set_option(s, "insecure_http", &yes, sizeof(yes));
	check_open(s, 0, "");
	scene_free(s);
}

static void test_check_and_describe(void **state)
{
	struct scene *s = scene_new();
	struct dg_swap swap = null_mx(s);
	struct dg_err err;
	char buf[200];

	(void)state;
	open_provider(s);
	assert_int_equal(dg_provider_powerdns.check(&s->provider, &swap, 1, &err), 0);
	swap.after = set_of(s, "example.test.", DG_TYPE_NS, 60, "ns1.example.test.");
	assert_int_equal(dg_provider_powerdns.check(&s->provider, &swap, 1, &err), DG_EPOLICY);
	const char *text =
		dg_provider_powerdns.describe(&s->provider, "example.test.", buf, sizeof(buf));
	assert_non_null(strstr(text, "powerdns http://127.0.0.1:"));
	scene_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read_whole),
		cmocka_unit_test(test_read_mail_only),
		cmocka_unit_test(test_read_keys),
		cmocka_unit_test(test_read_broken),
		cmocka_unit_test(test_read_foreign_garbage),
		cmocka_unit_test(test_read_limits),
		cmocka_unit_test(test_open),
		cmocka_unit_test(test_check_and_describe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
