/* What a probe and a rotation publish, what comes back of it, and the keys that they, shed: and webhooks are asked for with. */
#include "tests/unit/zones/policy/want_unit.h"

#define Z    "zone: example.com\nttl: 1h\nhosts: ignore\nmx-hosts: ignore\n"
#define MAIL "mx: [10 mx1.example.com], spf: [mx], dmarc: {policy: none}"

static const char yaml[] = Z "mail:\n"
			     "  \"@\":\n"
			     "    mx: [10 mx1.example.com]\n"
			     "    spf: [mx]\n"
			     "    dkim: {s1: revoked}\n"
			     "    dmarc: {policy: none, psd: n}\n"
			     "    split: {to: m, armed-ttl: 60s, rotate: [m2, m3], sink: [10 "
			     "sink.example.com, 20 sink.example.net]}\n";

static void assert_state(
	const char *zone_text, const struct dg_name_state *state, const char *expected)
{
	struct bench b = bench_of(yaml, zone_text, state);

	assert_string_equal(items_text(&b), expected);
	bench_done(&b);
}

#define APEX_KEY "0 s1._domainkey.example.com. 3600 TXT \"v=DKIM1; p=\"\n"
#define CLOSED                                                                        \
	"1 example.com. 60 TXT \"v=spf1 -all\"\n"                                     \
	"1 _dmarc.example.com. 3600 TXT \"v=DMARC1; p=reject; sp=reject; np=reject; " \
	"adkim=s; aspf=s; psd=n\"\n"
#define LABEL(name, ttl)                                                 \
	"0 " name ".example.com. " ttl " MX 10 mx1.example.com. mail\n"  \
	"0 " name ".example.com. " ttl " TXT \"v=spf1 mx -all\"\n"       \
	"0 _dmarc." name ".example.com. 3600 TXT \"v=DMARC1; p=none\"\n" \
	"0 s1._domainkey." name ".example.com. 3600 TXT \"v=DKIM1; p=\"\n"
#define NULLED "1 example.com. 60 MX 0 . mail\n" CLOSED

static void test_probe(void **state)
{
	struct dg_name_state st = {.name = "example.com.", .stage = DG_STAGE_PROBING};

	(void)state;
	/* SPF and DMARC stay as in the split; never a null MX beside the sink */
	assert_state(NULL, &st,
		"0 example.com. 60 MX 10 sink.example.com. 20 sink.example.net. mail\n" APEX_KEY
			LABEL("m", "3600") CLOSED);
	struct bench b = bench_of(Z "mail: {\"@\": {" MAIL ", split: {to: m}}}\n", NULL, &st);
	assert_int_equal(b.rc, DG_EPOLICY);
	assert_non_null(strstr(b.err.text, "sink: is gone"));
	bench_done(&b);
}

static void test_rotation(void **state)
{
	struct dg_name_state st = {.name = "example.com.", .stage = DG_STAGE_SPLIT};

	(void)state;
	assert_state(NULL, &st, APEX_KEY LABEL("m", "3600") NULLED);
	st.label = 1; /* both serve, with low TTLs: the old one has to go soon */
	assert_state(NULL, &st, APEX_KEY LABEL("m", "60") LABEL("m2", "60") NULLED);
	st.retired = 1;
	assert_state(NULL, &st,
		APEX_KEY
		"0 s1._domainkey.m.example.com. 3600 TXT \"v=DKIM1; p=\"\n" LABEL("m2", "60") NULLED
		"1 m.example.com. 60 MX 0 . mail\n"
		"1 m.example.com. 60 TXT \"v=spf1 -all\"\n"
		"1 _dmarc.m.example.com. 3600 TXT \"v=DMARC1; p=reject; sp=reject; np=reject; "
		"adkim=s; aspf=s\"\n");
	st.label = 3;
	struct bench b = bench_of(yaml, NULL, &st);
	assert_int_equal(b.rc, DG_EPOLICY);
	assert_non_null(strstr(b.err.text, "gone from zone.yaml"));
	bench_done(&b);
}

/* The first label comes back before anything loosens, the others go last. */
static void test_all_comes_back(void **state)
{
	static const char zone[] =
		"@ 3600 IN SOA ns1 hostmaster 1 3600 600 86400 300\n@ 3600 IN NS ns1\n"
		"@ 60 IN MX 0 .\nm 60 IN MX 0 .\nm2 60 IN MX 10 mx1\n";
	struct dg_name_state st = {
		.name = "example.com.", .stage = DG_STAGE_CALM, .label = 1, .mx_ttl = 3600};

	(void)state;
	assert_state(zone, &st,
		"0 example.com. 3600 MX 10 mx1.example.com. mail\n"
		"0 s1._domainkey.example.com. 3600 TXT \"v=DKIM1; p=\"\n"
		"0 m.example.com. 3600 MX 10 mx1.example.com. mail\n"
		"0 s1._domainkey.m.example.com. 3600 TXT \"v=DKIM1; p=\"\n"
		"1 example.com. 3600 TXT \"v=spf1 mx -all\"\n"
		"1 _dmarc.example.com. 3600 TXT \"v=DMARC1; p=none; psd=n\"\n"
		"1 m.example.com. 3600 TXT \"v=spf1 mx -all\"\n"
		"1 _dmarc.m.example.com. 3600 TXT \"v=DMARC1; p=none\"\n"
		"1 m2.example.com. 3600 MX mail\n"
		"1 m2.example.com. 3600 TXT\n"
		"1 _dmarc.m2.example.com. 3600 TXT\n"
		"1 s1._domainkey.m2.example.com. 3600 TXT\n"
		"1 _mta-sts.m2.example.com. 3600 TXT\n"
		"1 _smtp._tls.m2.example.com. 3600 TXT\n");
	st.label = 0; /* and a label that was never used is nobody's business */
	struct bench b = bench_of(yaml, zone, &st);
	assert_null(strstr(items_text(&b), "m2"));
	bench_done(&b);
}

static void test_what_is_read(void **state)
{
	struct dg_arena *a = dg_arena_new(1u << 24);
	const struct dg_policy *p = load_ok(a, yaml);
	struct dg_rrkey *keys = NULL;
	size_t n = 0;
	unsigned n_found = 0;

	(void)state;
	dg_want_keys(a, p, &keys, &n);
	for (size_t i = 0; i < n; i++) {
		n_found +=
			strcmp(keys[i].owner, "m3.example.com.") == 0 && keys[i].type == DG_TYPE_MX;
	}
	assert_int_equal(n_found, 1);
	(void)dg_arena_free(a);
}

static void test_contradictions(void **state)
{
	(void)state;
#define SPLIT(more, rest) \
	Z "mail:\n  \"@\": {" MAIL ", split: {to: m, " more "}}\n" rest, NULL, DG_STAGE_CALM, 6
	assert_want_refused(SPLIT("rotate: [m]", ""), "stands there twice");
	assert_want_refused(SPLIT("rotate: [m2, m2]", ""), "stands there twice");
	assert_want_refused(SPLIT("rotate: [\"@\"]", ""), "is the mail name itself");
	assert_want_refused(SPLIT("rotate: [m2]", "silent: [m2]\n"), "is in silent: too");
	assert_want_refused(SPLIT("rotate: [m2]", "  m: {" MAIL "}\n"), "could not be given up");
	assert_want_refused(SPLIT("sink: [10 s.example.com]", "silent: [s]\n"), "has a null MX");
#undef SPLIT
}

static void test_keys(void **state)
{
	struct dg_arena *a = dg_arena_new(1u << 24);
	const struct dg_policy *p =
		load_ok(a, Z "mail:\n  lists: {shed: attack}\n  news: {shed: {always: "
			     "[list@news.example.com]}}\n"
			     "watch:\n  hooks: [/bin/hook, {webhook: \"https://h.example.net/x\", "
			     "secret-file: k}]\n");

	(void)state;
	assert_int_equal(p->mail[0].shed->when, DG_SHED_ATTACK);
	assert_int_equal(p->mail[1].shed->when, DG_SHED_OFF);
	assert_string_equal(p->mail[1].shed->always.list[0].text, "list@news.example.com");
	assert_int_equal(p->watch.n_hooks, 2);
	assert_string_equal(p->watch.hooks[0].path, "/bin/hook");
	assert_null(p->watch.hooks[0].url);
	assert_string_equal(p->watch.hooks[1].url, "https://h.example.net/x");
	assert_false(p->watch.hooks[1].may_be_private);
	(void)dg_arena_free(a);
#define HOOK(text) Z "watch: {hooks: [" text "]}\n", 5
	assert_refused(HOOK("hook"), 17, "the whole path of a program");
	assert_refused(HOOK("{webhook: \"http://h/x\", secret-file: k}"), 17, "expected https://");
	assert_refused(HOOK("{webhook: \"https://u@h/x\", secret-file: k}"), 17, "without a user");
	assert_refused(HOOK("{webhook: \"https:///x\", secret-file: k}"), 17, "expected https://");
	assert_refused(HOOK("{webhook: \"https://h/x\"}"), 17, "'secret-file' is missing");
	assert_refused(HOOK("{webhook: \"https://h/x\", secret: k}"), 42, "a secret never stands");
#undef HOOK
	assert_refused(Z "mail: {x: {shed: always}}\n", 5, 18, "expected a mapping");
	assert_refused(Z "mail: {x: {shed: {always: [list]}}}\n", 5, 28, "expected an address");
	assert_refused(Z "mail: {x: {split: {to: m, sink: []}}}\n", 5, 33, "a list of hosts");
	assert_refused(Z "mail: {x: {split: {to: m, sink: [10 .]}}}\n", 5, 34, "expected a host");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_probe),
		cmocka_unit_test(test_rotation),
		cmocka_unit_test(test_all_comes_back),
		cmocka_unit_test(test_what_is_read),
		cmocka_unit_test(test_contradictions),
		cmocka_unit_test(test_keys),
	};

	return cmocka_run_group_tests_name("rotate", tests, NULL, NULL);
}
