/* A check as text and as JSON: what stands where, nothing hostile reaches the terminal, keys are stable. */
#include "tests/unit/zones/check/world.h"

#include <jansson.h>

#define PRINT_MAX ((size_t)4 << 20)
#define HOSTILE   "evil\033[2J\r\1fake\a\x7f\xc2\x9b\xe2\x80\x8b\xff"

static struct dg_spf_node nodes[] = {
	{.term = "example.com", .record = "v=spf1 mx include:a.test -all", .n_lookups = 3},
	{.depth = 1, .term = "mx", .n_lookups = 1, .n_addresses4 = 1},
	{.depth = 1, .term = "include:a.test", .remark = "could not be looked up", .n_lookups = 1},
};

static struct dg_spf_tree tree = {.nodes = nodes,
	.n_nodes = 3,
	.n_lookups = 3,
	.n_voids = 1,
	.n_addresses4 = 256,
	.n_addresses6_64 = 1,
	.has_all = true,
	.has_fail_all = true};

static const struct dg_ruling weak = {.forgery = DG_FORGEABLE,
	.name = "example.com.",
	.record = "_dmarc.example.com TXT \"v=DMARC1; p=none\"",
	.why = "its DMARC policy asks for nothing"};
static const struct dg_ruling strong = {.identity = DG_IDENTITY_MAIL_FROM,
	.forgery = DG_PROTECTED,
	.name = "example.com.",
	.record = "example.com TXT \"v=spf1 -all\"",
	.why = "SPF lets nobody send"};

static struct dg_finding findings[] = {
	{.severity = DG_SEVERITY_ERROR,
		.owner = "example.com.",
		.text = "the key is too short, and this sentence goes on for long enough that it "
			"has to be broken into two lines or more on a terminal of eighty columns",
		.evidence = "example.com TXT \"v=DKIM1; p=\"",
		.remedy = "example.com. IN TXT \"v=DKIM1; p=abc\"\nsecond. IN TXT \"x\"",
		.server = "ns1.test 192.0.2.1@53",
		.column = 7},
	{.severity = DG_SEVERITY_NOTE, .owner = "example.com.", .text = "a note"},
	{.severity = DG_SEVERITY_GOOD, .owner = "example.com.", .text = "all is well"},
};

static struct dg_check sample(void)
{
	struct dg_check c = {.domain = "example.com.",
		.exists = true,
		.backscatter = DG_BACKSCATTER_NO,
		.backscatter_why = "it has a null MX",
		.mx_state = DG_MX_NULL,
		.findings = findings,
		.n_findings = 3,
		.spf = &tree,
		.spf_record = "v=spf1 mx include:a.test -all",
		.n_spf_records = 1};

	findings[0].kind = dg_kind_find("dkim-short-key");
	findings[1].kind = dg_kind_find("dkim-revoked");
	findings[2].kind = dg_kind_find("dkim-key-good");
	c.n_by_severity[DG_SEVERITY_ERROR] = 1;
	c.n_by_severity[DG_SEVERITY_NOTE] = 1;
	c.n_by_severity[DG_SEVERITY_GOOD] = 1;
	c.rulings[DG_IDENTITY_FROM][DG_CLASS_DOMAIN] = weak;
	c.rulings[DG_IDENTITY_FROM][DG_CLASS_SUBDOMAIN] = weak;
	c.rulings[DG_IDENTITY_MAIL_FROM][DG_CLASS_DOMAIN] = strong;
	c.rulings[DG_IDENTITY_HELO][DG_CLASS_DOMAIN] = strong;
	return c;
}

static void print(struct dg_buf *b, const struct dg_check *c, bool has_colour, bool is_verbose)
{
	struct dg_check_style style = {.has_colour = has_colour, .is_verbose = is_verbose};

	dg_buf_init(b, PRINT_MAX);
	dg_check_print(b, c, &style);
	assert_false(b->is_full);
}

/* Each of the texts, in this order. */
static void assert_order(const char *text, const char *const *parts)
{
	const char *at = text;

	for (size_t i = 0; parts[i]; i++) {
		const char *next = at ? strstr(at, parts[i]) : NULL;

		if (!next) {
			fail_msg("no \"%s\" where it should be in\n%s", parts[i], text);
		}
		at = next;
	}
}

static void test_order(void **state)
{
	(void)state;
	static const char *const parts[] = {"example.com: can be forged\n", "the domain",
		"subdomains", "missing names", "hosts\n", "header From", "forgeable", "forgeable",
		"-", "MAIL FROM", "protected", "HELO", "header From of the domain, subdomains\n",
		"its DMARC policy asks for nothing\n", "_dmarc.example.com TXT",
		"MAIL FROM of the domain; HELO of the domain\n", "SPF lets nobody send",
		"Backscatter cannot reach it: it has a null MX\n",
		"1 error, 1 note; 1 good (--verbose shows them)\n",
		"error     dkim-short-key  example.com", "the key is too short",
		"seen:   example.com TXT \"v=DKIM1; p=\"", "at column 7", "at:     ns1.test",
		"rule:   RFC 8301", "do:     example.com. IN TXT \"v=DKIM1; p=abc\"\n",
		"second. IN TXT \"x\"\n", "note      dkim-revoked", "\nSPF\n",
		"3 of 10 look-ups, 1 of 2 void, 256 IPv4 addresses and 1 IPv6 network of 64 bits\n",
		"include:a.test", NULL};
	struct dg_check c = sample();
	struct dg_buf b;

	print(&b, &c, false, false);
	assert_order(b.data, parts);
	assert_null(strstr(b.data, "all is well"));
	assert_null(strchr(b.data, '\033'));
	dg_buf_done(&b);
	print(&b, &c, true, true);
	assert_non_null(strstr(b.data, "all is well"));
	assert_non_null(strstr(b.data, "\033[31mforgeable\033[0m"));
	dg_buf_done(&b);
}

static void test_width(void **state)
{
	(void)state;
	struct dg_check c = sample();
	struct dg_buf b;

	print(&b, &c, false, true);
	for (const char *p = b.data; *p; p += strcspn(p, "\n") + 1) {
		if (strcspn(p, "\n") > 100) {
			fail_msg("%zu columns: %.*s", strcspn(p, "\n"), (int)strcspn(p, "\n"), p);
		}
	}
	dg_buf_done(&b);
}

static void test_headlines(void **state)
{
	(void)state;
	struct dg_check c = sample();
	struct dg_buf b;
	static const char *const lines[] = {[DG_FORGEABLE] = "example.com: can be forged\n",
		[DG_FORGEABLE_LENIENT] = "example.com: can be forged at some receivers\n",
		[DG_PROTECTED] = "example.com: is protected\n",
		[DG_FORGERY_UNKNOWN] = "example.com: could not tell whether it can be forged\n"};

	for (int f = DG_FORGEABLE; f <= DG_FORGERY_UNKNOWN; f++) {
		c.rulings[DG_IDENTITY_FROM][DG_CLASS_DOMAIN].forgery = (enum dg_forgery)f;
		print(&b, &c, false, false);
		assert_memory_equal(b.data, lines[f], strlen(lines[f]));
		dg_buf_done(&b);
	}
	c.is_unknown = true;
	c.exists = false;
	print(&b, &c, false, false);
	assert_memory_equal(
		b.data, "example.com: nothing could be looked up (the name does not", 58);
	dg_buf_done(&b);
}

/* A domain whose every record is hostile. */
static const struct dg_check *hostile_check(struct world *w)
{
	return world_check(w,
		"example.com. TXT v=spf1 include:" HOSTILE " ip4:" HOSTILE " -all\n"
		"_dmarc.example.com. TXT v=DMARC1; p=reject; x=\x7f" HOSTILE "; rua=mailto:" HOSTILE
		"\n"
		"google._domainkey.example.com. TXT v=DKIM1; k=" HOSTILE "; p=" HOSTILE "\n"
		"_mta-sts.example.com. TXT v=STSv1; id=" HOSTILE ";\n"
		"mta-sts.example.com. A 192.0.2.1\n"
		"_smtp._tls.example.com. TXT v=TLSRPTv1; rua=" HOSTILE "\n"
		"default._bimi.example.com. TXT v=BIMI1; l=" HOSTILE "\n"
		"example.com. MX 10 a\\027\\200\\010.test.\n"
		"!fetch found 200 text/\033html\n!body mode: " HOSTILE "\n!selector google\n"
		"!server ns1.test 192.0.2.1 ok 1\n=example.com. TXT v=spf1 " HOSTILE "\n"
		"!server ns2.test 192.0.2.2 ok 1\n=same");
}

static void assert_clean(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if ((c < 0x20 && c != '\n') || c == 0x7f ||
			(c == 0xc2 && (unsigned char)text[i + 1] < 0xa0) || c == 0xff) {
			fail_msg("octet %02x at %zu: %.40s", c, i, text + (i > 20 ? i - 20 : 0));
		}
	}
	assert_null(strstr(text, "\xe2\x80\x8b"));
}

static void test_hostile(void **state)
{
	(void)state;
	struct world w;
	const struct dg_check *c = hostile_check(&w);
	struct dg_buf b;

	assert_true(c->n_findings > 5);
	print(&b, c, false, true);
	assert_clean(b.data, b.len);
	assert_non_null(strstr(b.data, "evil"));
	dg_buf_done(&b);
	dg_buf_init(&b, PRINT_MAX);
	dg_check_json(&b, c, false);
	assert_clean(b.data, b.len);
	assert_null(strchr(b.data, '\n'));
	json_t *j = json_loadb(b.data, b.len, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(j);
	json_decref(j);
	dg_buf_done(&b);
	world_done(&w);
}

/* A record that is UTF-8 goes into JSON as it is, but for what a terminal obeys. */
static void test_delete(void **state)
{
	(void)state;
	struct world w;
	const struct dg_check *c =
		world_check(&w, "_dmarc.example.com. TXT v=DMARC1; p=reject; x=\x7f\033[2J\x7f");
	struct dg_buf b;

	dg_buf_init(&b, PRINT_MAX);
	dg_check_json(&b, c, true);
	assert_clean(b.data, b.len);
	assert_non_null(strstr(b.data, "x=\\u007f\\u001B[2J\\u007f\""));
	dg_buf_done(&b);
	world_done(&w);
}

static json_t *load(const struct dg_check *c, bool is_short)
{
	struct dg_buf b;

	dg_buf_init(&b, PRINT_MAX);
	dg_check_json(&b, c, is_short);
	json_t *j = json_loadb(b.data, b.len, JSON_REJECT_DUPLICATES, NULL);
	dg_buf_done(&b);
	assert_non_null(j);
	return j;
}

static void assert_keys(json_t *j, const char *keys)
{
	const char *key = NULL;
	json_t *value = NULL;
	char all[512] = "";

	json_object_foreach(j, key, value)
	{
		(void)snprintf(all + strlen(all), sizeof(all) - strlen(all), "%s ", key);
	}
	assert_string_equal(all, keys);
}

static void test_json(void **state)
{
	(void)state;
	struct dg_check c = sample();
	json_t *j = load(&c, false);

	assert_keys(j, "type domain exists unknown sends receives parked verdicts backscatter "
		       "backscatter_why counts findings spf dmarc mx keys servers records ");
	json_t *verdicts = json_object_get(j, "verdicts");
	assert_int_equal(json_array_size(verdicts), 4); /* those that were judged */
	assert_keys(json_array_get(verdicts, 0), "identity class verdict name record why ");
	json_t *first = json_array_get(json_object_get(j, "findings"), 0);
	assert_keys(first, "code area severity owner text evidence column server rule remedy ");
	assert_string_equal(json_string_value(json_object_get(first, "code")), "dkim-short-key");
	assert_int_equal(json_integer_value(json_object_get(first, "column")), 7);
	json_t *spf = json_object_get(j, "spf");
	assert_int_equal(json_array_size(json_object_get(spf, "nodes")), 3);
	assert_string_equal(json_string_value(json_object_get(spf, "all")), "fail");
	assert_int_equal(json_integer_value(json_object_get(spf, "addresses4")), 256);
	assert_string_equal(
		json_string_value(json_object_get(json_object_get(j, "mx"), "state")), "null");
	json_decref(j);
}

/* What an audit puts behind its own keys. */
static void test_json_short(void **state)
{
	(void)state;
	struct dg_check c = sample();
	json_t *j = load(&c, true);

	assert_keys(j,
		"domain exists unknown sends receives parked verdicts backscatter findings spf "
		"dmarc policy mx ");
	json_t *from = json_object_get(json_object_get(j, "verdicts"), "from");
	assert_keys(from, "domain subdomain ");
	assert_int_equal(json_array_size(json_object_get(j, "findings")), 2); /* without GOOD */
	json_decref(j);
}

/* The way a whole check reads. */
static void test_whole(void **state)
{
	(void)state;
	struct world w;
	const struct dg_check *c = world_check(&w,
		"example.com. TXT v=spf1 ip4:192.0.2.0/24 -all\n_dmarc.example.com. TXT v=DMARC1; "
		"p=reject\nexample.com. MX 10 mx.example.com.\nmx.example.com. A 192.0.2.1\n"
		"google._domainkey.example.com. TXT v=DKIM1; p=@rsa2048.pem@\n"
		"!trust example.com. MX secure\n!unknown _mta-sts.example.com. TXT");
	struct dg_buf b;
	static const char *const parts[] = {"DKIM keys\n", "google: RSA 2048 bits",
		"Records, as the resolver has them\n", "example.com TXT, 300 s\n", NULL};
	static const char *const more[] = {
		"example.com MX, 300 s, DNSSEC secure\n", "10 mx.example.com.\n", NULL};

	print(&b, c, false, true);
	assert_order(b.data, parts);
	assert_order(b.data, more);
	assert_non_null(strstr(b.data, "_mta-sts.example.com TXT: could not tell (no answer"));
	dg_buf_done(&b);
	world_done(&w);
}

/* What each name server said stands beside what the resolver has: who answers alike, and the whole TTL. */
static void test_servers(void **state)
{
	(void)state;
	struct world w;
	const struct dg_check *c = world_check(&w,
		"example.com. TXT v=spf1 -all\nexample.com. MX 0 .\n"
		"!server ns1.test 192.0.2.1 ok 7\n=same\n"
		"!server ns2.test 192.0.2.2 ok 7\n=same\n"
		"!server ns3.test 192.0.2.3 ok 6\n=example.com. TXT v=spf1 +all\n!tcp closed\n"
		"!server ns4.test 192.0.2.4 timeout");
	static const char *const parts[] = {"\nName servers (the same letter", "  A  ns1.test",
		", serial 7\n", "  A  ns2.test", "  B  ns3.test",
		", serial 6, not over TCP: closed", "  -  ns4.test",
		"Records, as the resolver has them\n", "example.com TXT, 300 s left of 300 s",
		NULL};
	struct dg_buf b;

	print(&b, c, false, true);
	assert_order(b.data, parts);
	dg_buf_done(&b);
	json_t *j = load(c, false);
	json_t *servers = json_object_get(j, "servers");
	assert_int_equal(json_array_size(servers), 4);
	assert_keys(json_array_get(servers, 0), "name address state serial group tcp why ");
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(
			json_integer_value(json_object_get(json_array_get(servers, i), "group")),
			i == 2);
	}
	assert_true(json_is_null(json_object_get(json_array_get(servers, 3), "group")));
	json_t *txt = json_array_get(json_object_get(j, "records"), 0);
	assert_int_equal(json_integer_value(json_object_get(txt, "ttl_served")), 300);
	json_decref(j);
	world_done(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_width),
		cmocka_unit_test(test_headlines),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_delete),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_json_short),
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_servers),
	};

	return cmocka_run_group_tests_name("print", tests, NULL, NULL);
}
