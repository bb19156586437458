#include "tests/unit/zones/policy/policy_unit.h"

static struct dg_arena *a;

static int setup(void **state)
{
	(void)state;
	a = dg_arena_new(1u << 30);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	a = dg_arena_free(a);
	return 0;
}

static const char whole[] =
	"zone: Example.COM\n"
	"provider: {fake: {server: \"127.0.0.1:5353\", names: [a, b], path: x/y, wait: 1m, strict: "
	"true,\n"
	"  tsig: {name: k, algorithm: hmac-sha512, secret-file: $CREDENTIALS_DIRECTORY/k}}}\n"
	"ttl: 5m\n"
	"mail:\n"
	"  \"@\":\n"
	"    mx: [10 mx1.example.com, 20 mx2, 30 @]\n"
	"    spf: [mx, \"ip4:192.0.2.0/24\", \"include:_spf.example.net\"]\n"
	"    dkim: {s2026: dkim/s2026.pub, Old.X: revoked}\n"
	"    dmarc: {policy: reject, subdomains: quarantine, nonexistent: none, dkim-alignment: "
	"strict,\n"
	"      spf-alignment: relaxed, aggregate: \"mailto:dmarc@example.net\",\n"
	"      failure: [\"mailto:f@example.net\"], failure-options: 1, psd: n, testing: true}\n"
	"    split: {to: m, when: automatic, hold: 1d12h, armed-ttl: 60s}\n"
	"    mta-sts: {mode: enforce, max-age: 30d}\n"
	"    tlsrpt: mailto:tls@example.net\n"
	"  lists: {mx: null, spf: [\"~all\"], ttl: 90}\n"
	"  news.example.com.: {mx: none, spf: \"v=spf1 redirect=_spf.example.net\"}\n"
	"  b\xc3\xbc"
	"cher: {spf: []}\n"
	"silent: [www, no, on, \"*\", \"*.lists\"]\n"
	"hosts: silent\n"
	"helo: out1\n"
	"report-for: [example.net]\n"
	"verify: {servers: [192.0.2.1, \"[2001:db8::1]:53\", 2001:db8::2, ns1.example.net:5300],\n"
	"  resolver: 192.0.2.53, trust-anchor: /etc/root.key, timeout: 7}\n"
	"never: [lists]\n";

static void test_whole(void **state)
{
	(void)state;
	const struct dg_policy *p = load_ok(a, whole);
	const struct fake_opts *o = p->provider.opts;

	assert_string_equal(p->zone, "example.com.");
	assert_int_equal(p->pos.line, 1);
	assert_string_equal(p->provider.name, "fake");
	assert_string_equal(o->server.host, "127.0.0.1");
	assert_int_equal(o->server.port, 5353);
	assert_int_equal(o->names.n, 2);
	assert_string_equal(o->path, "etc/x/y");
	assert_int_equal(o->batch, 3);
	assert_int_equal(o->wait, 60);
	assert_true(o->strict);
	assert_string_equal(o->tsig->secret_file, "$CREDENTIALS_DIRECTORY/k");
	assert_int_equal(o->tsig->algorithm, 1);
	assert_int_equal(p->ttl, 300);
	assert_int_equal(p->hosts, DG_HOSTS_SILENT);
	assert_string_equal(p->helo.list[0].text, "out1.example.com.");
	assert_string_equal(p->report_for.list[0].text, "example.net.");
	assert_string_equal(p->never.list[0].text, "lists.example.com.");
}

static void test_mail(void **state)
{
	(void)state;
	const struct dg_policy *p = load_ok(a, whole);
	const struct dg_mail_spec *m = &p->mail[0];

	assert_int_equal(p->n_mail, 4);
	assert_string_equal(m->name, "example.com.");
	assert_int_equal(m->pos.line, 6);
	assert_int_equal(m->ttl, 300);
	assert_int_equal(m->n_mx, 3);
	assert_string_equal(m->mx[1].host, "mx2.example.com.");
	assert_int_equal(m->mx[1].preference, 20);
	assert_string_equal(m->mx[2].host, "example.com.");
	assert_int_equal(m->mx[1].pos.column, 30);
	assert_int_equal(m->spf->n, 4);
	assert_int_equal(m->spf->terms[3].kind, DG_SPF_ALL);
	assert_int_equal(m->spf->terms[3].qualifier, '-');
	assert_int_equal(m->n_dkim, 2);
	assert_string_equal(m->dkim[1].selector, "old.x");
	assert_string_equal(m->dkim[1].text, "v=DKIM1; p=");
	assert_int_equal(m->dmarc->p, DG_DMARC_REJECT);
	assert_int_equal(m->dmarc->sp, DG_DMARC_QUARANTINE);
	assert_int_equal(m->dmarc->np, DG_DMARC_NONE);
	assert_int_equal(m->dmarc->adkim, 's');
	assert_int_equal(m->dmarc->aspf, 'r');
	assert_int_equal(m->dmarc->psd, 'n');
	assert_int_equal(m->dmarc->t, 'y');
	assert_string_equal(m->dmarc->fo, "1");
	assert_string_equal(m->dmarc->rua[0], "mailto:dmarc@example.net");
	assert_string_equal(m->dmarc->ruf[0], "mailto:f@example.net");
	assert_string_equal(m->split->to, "m.example.com.");
	assert_int_equal(m->split->when, DG_SPLIT_AUTOMATIC);
	assert_int_equal(m->split->hold, 129600);
	assert_int_equal(m->split->armed_ttl, 60);
	assert_int_equal(m->mta_sts->policy.n_mx, 3);
	assert_string_equal(m->mta_sts->policy.mx[0], "mx1.example.com");
	assert_int_equal(m->mta_sts->policy.max_age, 2592000);
	assert_string_equal(m->mta_sts->host, "mta-sts.example.com.");
	assert_string_equal(m->tlsrpt.list[0].text, "mailto:tls@example.net");
}

static void test_other_names(void **state)
{
	(void)state;
	const struct dg_policy *p = load_ok(a, whole);

	assert_true(p->mail[1].has_mx && p->mail[1].is_null_mx);
	assert_int_equal(p->mail[1].spf->n, 1);
	assert_int_equal(p->mail[1].spf->terms[0].qualifier, '~');
	assert_int_equal(p->mail[1].ttl, 90);
	assert_string_equal(p->mail[2].name, "news.example.com.");
	assert_int_equal(p->mail[2].spf->n, 1);
	assert_string_equal(p->mail[3].name, "xn--bcher-kva.example.com.");
	assert_int_equal(p->mail[3].spf->n, 1);
	assert_false(p->mail[3].has_mx);
	assert_int_equal(p->n_silent, 5);
	assert_string_equal(p->silent[1].name, "no.example.com.");
	assert_string_equal(p->silent[3].name, "*.example.com.");
	assert_string_equal(p->silent[4].name, "*.lists.example.com.");
}

static void test_verify(void **state)
{
	(void)state;
	const struct dg_policy *p = load_ok(a, whole);
	const struct dg_policy *q = load_ok(a, "zone: example.com\nverify: {servers: none}\n");
	const struct dg_policy *s = load_ok(a, "{zone: example.com}");

	assert_int_equal(p->verify.servers.n, 4);
	assert_string_equal(p->verify.servers.list[1].host, "2001:db8::1");
	assert_int_equal(p->verify.servers.list[1].port, 53);
	assert_string_equal(p->verify.servers.list[2].host, "2001:db8::2");
	assert_int_equal(p->verify.servers.list[2].port, 0);
	assert_int_equal(p->verify.servers.list[3].port, 5300);
	assert_string_equal(p->verify.resolver.host, "192.0.2.53");
	assert_string_equal(p->verify.trust_anchor, "/etc/root.key");
	assert_int_equal(p->verify.timeout, 7);
	assert_true(q->verify.is_off);
	assert_int_equal(s->verify.timeout, 5);
	assert_false(s->verify.is_off);
	assert_null(s->provider.name);
	assert_int_equal(s->ttl, 0); /* records keep theirs */
}

/* Simple names take a short cut past dg_name_parse(): the result is the same. */
static void test_names(void **state)
{
	(void)state;
	static const struct {
		const char *written, *name;
	} cases[] = {{"lists", "lists.example.com."}, {"Lists", "lists.example.com."},
		{"_x-1", "_x-1.example.com."}, {"a.b.example.com", "a.b.example.com."},
		{"A.example.com.", "a.example.com."}, {"*", "*.example.com."},
		{"*.lists", "*.lists.example.com."}, {"*.a.example.com", "*.a.example.com."},
		{"@", "example.com."}, {"a\\.b.example.com", "a\\.b.example.com."},
		{"B\xc3\xbc"
		 "cher",
			"xn--bcher-kva.example.com."},
		{"b\xc3\xbc"
		 "cher.example.com",
			"xn--bcher-kva.example.com."},
		{"*.b\xc3\xbc"
		 "cher.example.com",
			"*.xn--bcher-kva.example.com."},
		{"123456789012345678901234567890123456789012345678901234567890123",
			"123456789012345678901234567890123456789012345678901234567890123.example."
			"com."}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct dg_policy *p = load_ok(
			a, dg_printf(a, "zone: example.com\nsilent: ['%s']\n", cases[i].written));

		assert_string_equal(p->silent[0].name, cases[i].name);
	}
	assert_refused("zone: example.com\nsilent: [a..example.com]\n", 2, 10, "empty label");
	assert_refused("zone: example.com\nsilent: [.example.com]\n", 2, 10, "empty label");
	assert_refused("zone: example.com\nsilent: [\"a b\"]\n", 2, 10, "space");
	assert_refused("zone: example.com\nsilent: "
		       "[1234567890123456789012345678901234567890123456789012345678901234]\n",
		2, 10, "63 octets");
}

/* Records written whole are published to the letter. */
static void test_records_as_text(void **state)
{
	(void)state;
	const struct dg_policy *p =
		load_ok(a, "zone: example.com\nmx-hosts: ignore\nmail:\n"
			   "  \"@\":\n    spf: \"v=spf1  mx\"\n"
			   "    dmarc: \"v=DMARC1;p=none; pct=10\"\n"
			   "    dkim: {s1: \"v=DKIM1; p=\", s2: \"k=ed25519; p=x\"}\n");
	const struct dg_mail_spec *m = &p->mail[0];

	assert_string_equal(m->spf_text, "v=spf1  mx");
	assert_int_equal(m->spf->n, 1); /* no -all is added */
	assert_string_equal(m->dmarc_text, "v=DMARC1;p=none; pct=10");
	assert_int_equal(m->dmarc->p, DG_DMARC_NONE);
	assert_string_equal(m->dkim[1].text, "k=ed25519; p=x");
	assert_int_equal(p->mx_hosts, DG_MX_HOSTS_IGNORE);
	assert_int_equal(load_ok(a, "{zone: example.com}")->mx_hosts, DG_MX_HOSTS_SPF);
}

static void test_provider_key(void **state)
{
	(void)state;
	const char *one =
		load_ok(a, "zone: a.example\nprovider: {fake: {server: 192.0.2.1, wait: 5}}")
			->provider.key;
	const char *same =
		load_ok(a, "zone: b.example\nprovider: {fake: {wait: 5s, server: 192.0.2.1}}")
			->provider.key;
	const char *dflt =
		load_ok(a, "zone: b.example\nprovider: {fake: {server: 192.0.2.1}}")->provider.key;
	const char *other =
		load_ok(a, "zone: b.example\nprovider: {fake: {server: 192.0.2.2}}")->provider.key;
	const char *port =
		load_ok(a, "zone: b.example\nprovider: {fake: {server: \"192.0.2.1:53\"}}")
			->provider.key;
	const char *x =
		load_ok(a, "zone: b.example\nprovider: {fake: {server: 192.0.2.1, names: [a, b]}}")
			->provider.key;
	const char *y = load_ok(
		a, "zone: b.example\nprovider: {fake: {server: 192.0.2.1, names: [\"a1:b\"]}}")
				->provider.key;

	assert_string_equal(one, same);
	assert_string_equal(one, dflt);
	assert_string_not_equal(one, other);
	assert_string_not_equal(one, port);
	assert_string_not_equal(x, y);
	x = load_ok(a, "zone: b.example\nprovider: {fake: {server: a.b, names: [\"a\", \":b\"]}}")
		    ->provider.key;
	y = load_ok(a, "zone: b.example\nprovider: {fake: {server: a.b, names: [\"a:\", \"b\"]}}")
		    ->provider.key;
	assert_string_not_equal(x, y);
}

static void test_durations(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		uint32_t seconds;
	} good[] = {{"0", 0}, {"90", 90}, {"5m", 300}, {"1h30m", 5400}, {"2d", 172800},
		{"1w", 604800}, {"1w1d1h1m1s", 694861}, {"4294967295", UINT32_MAX}};
	static const char *const bad[] = {"", "5x", "m", "1m1h", "1h1h", "1h30", "1.5h", "-1", "1H",
		"08", "4294967296", "9999999w", "1h ", "0x10"};
	uint32_t v = 0;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(dg_duration_parse(good[i].text, &v), 0);
		assert_int_equal(v, good[i].seconds);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (dg_duration_parse(bad[i], &v) != 1) {
			fail_msg("'%s' was taken", bad[i]);
		}
	}
}

static void test_refused_values(void **state)
{
	(void)state;
#define Z "zone: example.com\n"
	assert_refused(Z "ttl: 5x\n", 2, 6, "ttl: found '5x', expected a duration");
	assert_refused(Z "ttl: 1:30\n", 2, 6, "found '1:30'");
	assert_refused(Z "ttl: [1]\n", 2, 6, "found a list");
	assert_refused(Z "ttl:\n", 2, 5, "found nothing");
	assert_refused(Z "slient: [www]\n", 2, 1, "did you mean 'silent'?");
	assert_refused(Z "colour: red\n", 2, 1, "known here: provider, ttl");
	assert_refused(Z "hosts: reprot\n", 2, 8, "one of report, silent, ignore");
	assert_refused(Z "mail: [a]\n", 2, 7, "found a list, expected a mapping");
	assert_refused(Z "mail: {\"@\": {dmarc: {policy: reject, testing: yes}}}\n", 2, 47,
		"true or false");
	assert_refused(Z "mail: {\"@\": {dmarc: {aggregate: \"mailto:a@b.c\"}}}\n", 2, 21,
		"'policy' is missing");
	assert_refused(
		Z "mail: {\"@\": {dmarc: {policy: reject, aggregate: a@b.c}}}\n", 2, 49, "mailto:");
	assert_refused(Z "mail: {\"@\": {dmarc: {policy: reject, failure-options: q}}}\n", 2, 55,
		"0, 1, d or s");
	assert_refused(Z "mail: {\"@\": {mx: }}\n", 2, 18, "found nothing");
	assert_refused(Z "mail: {\"@\": {mx: []}}\n", 2, 18, "found a list");
	assert_refused(Z "mail: {\"@\": {mx: [mx1.example.com]}}\n", 2, 19,
		"a preference from 0 to 65535 and a host");
	assert_refused(Z "mail: {\"@\": {mx: [0 .]}}\n", 2, 19, "mx: null");
	assert_refused(Z "mail: {\"@\": {mx: [70000 a]}}\n", 2, 19, "a preference");
	assert_refused(Z "mail: {\"@\": {mx: [10 192.0.2.1]}}\n", 2, 19, "names no address");
	assert_refused(Z "mail: {\"@\": {spf: [mx, \"ip4:192.0.2.0/33\"]}}\n", 2, 24, "33");
	assert_refused(
		Z "mail: {\"@\": {spf: \"v=spf1 mx ip4:1.2.3 -all\"}}\n", 2, 19, "column 15");
	assert_refused(Z "mail: {\"@\": {split: {}}}\n", 2, 21, "the key 'to' is missing");
	assert_refused(Z "mail: {\"@\": {split: {to: m.example.org}}}\n", 2, 26, "not in zone");
	assert_refused(Z "mail: {\"@\": {mta-sts: {mode: enforce}}}\n", 2, 23, "'mx' is missing");
	assert_refused(
		Z "mail: {lists.example.net: {mx: null}}\n", 2, 8, "not in zone example.com.");
	assert_refused(Z "mail: {\"*\": {mx: null}}\n", 2, 8, "wildcard");
	assert_refused(Z "mail: {a: {}, a.example.com: {}}\n", 2, 15, "twice, first in line 2");
	assert_refused(Z "silent: [www, WWW]\n", 2, 15, "twice");
	assert_refused(Z "silent: {www: 1}\n", 2, 9, "a list of names");
	assert_refused(Z "silent: [\"a\xcc\x80\xe2\x80\x8d"
			 "b\"]\n",
		2, 10, "\\u{200d}");
	assert_refused(Z "verify: {servers: [\"192.0.2.1:0\"]}\n", 2, 20, "a port from 1");
	assert_refused(Z "verify: {servers: [192.0.2.300]}\n", 2, 20, "an address or a host name");
	assert_refused("zone: [a]\n", 1, 7, "the name of the zone");
	assert_refused("zone: .\n", 1, 7, "the name of a zone");
	assert_refused("ttl: 1h\n", 1, 1, "'zone' is missing");
	assert_refused("zone: a..b\n", 1, 7, "empty label");
}

static void test_key_file(void **state)
{
	(void)state;
	struct dg_policy *p = NULL;
	struct dg_err err = {0};

	assert_int_equal(
		load_text(a, Z "mail: {\"@\": {dkim: {s1: gone.pub}}}\n", &p, &err), DG_EIO);
	assert_int_equal(err.pos.column, 25);
	assert_non_null(strstr(err.text, "gone.pub: no such file"));
}

static void test_refused_provider(void **state)
{
	(void)state;
	assert_refused(Z "provider: fakee\n", 2, 11, "did you mean 'fake'?");
	assert_refused(Z "provider: fake\n", 2, 11, "'server' is missing");
	assert_refused(Z "provider: {fake: {server: a}, x: 1}\n", 2, 11, "one provider");
	assert_refused(Z "provider: {fake: {server: a, secret: hunter2}}\n", 2, 30,
		"secret-file: api.key");
	assert_refused(Z "provider: {fake: {server: a, tsig: {name: k, secret: x}}}\n", 2, 46,
		"secret-file: tsig.key");
	assert_refused(Z "provider: {fake: {server: a, batch: 11}}\n", 2, 37, "from 1 to 10");
	assert_refused(Z "provider: {fake: {server: a, batch: 010}}\n", 2, 37, "from 1 to 10");
	assert_refused(
		Z "provider: {fake: {server: a, names: [abcdefghijk]}}\n", 2, 38, "1 to 10 bytes");

	struct dg_policy *p = NULL;
	struct dg_err err = {0};
	char text[5000];
	memset(text, 'x', sizeof(text));
	memcpy(text, Z "provider: {fake: {server: a, secret-file: ", strlen(Z) + 42);
	memcpy(text + sizeof(text) - 4, "}}\n", 4);
	assert_int_equal(load_text(a, text, &p, &err), DG_EINPUT);
	assert_null(strstr(err.text, "xxx")); /* what stands there may be the secret itself */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_whole, setup, teardown),
		cmocka_unit_test_setup_teardown(test_mail, setup, teardown),
		cmocka_unit_test_setup_teardown(test_other_names, setup, teardown),
		cmocka_unit_test_setup_teardown(test_verify, setup, teardown),
		cmocka_unit_test_setup_teardown(test_names, setup, teardown),
		cmocka_unit_test_setup_teardown(test_records_as_text, setup, teardown),
		cmocka_unit_test_setup_teardown(test_provider_key, setup, teardown),
		cmocka_unit_test_setup_teardown(test_durations, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refused_values, setup, teardown),
		cmocka_unit_test_setup_teardown(test_key_file, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refused_provider, setup, teardown),
	};

	return cmocka_run_group_tests_name("load", tests, NULL, NULL);
}
