/* Letters: whom they are for, once; what is masked; whose contact an answer names. */
#include "tests/unit/unit.h"

#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/base/err.h"
#include "zones/incident/contacts.h"
#include "zones/incident/notice.h"
#include "zones/mail/facts.h"

#include <string.h>

static struct dg_arena *a;

static int setup(void **state)
{
	(void)state;
	a = dg_arena_new((size_t)16 << 20);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	a = dg_arena_free(a);
	return 0;
}

/* --- masks ------------------------------------------------------------------------------------ */
static void test_mask(void **state)
{
	static const char *const rows[][2] = {
		{"from x by y for <hanako.y+z@example.jp>; Mon",
			"from x by y for <***@example.jp>; Mon"},
		{"a@b c@d,e@f", "***@b ***@d,***@f"},
		{"\"Yamada Hanako\"@example.jp", "***@example.jp"},
		{"bounce-hanako=example.jp@list.test", "***@list.test"},
		{"\xe8\x8a\xb1\xe5\xad\x90@example.jp", "***@example.jp"},
		{"no address", "no address"},
		{"@", "@"},
		{"a@@b", "***@@b"},
		{"\"@x", "@x"},
		{"", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct dg_buf b;

		dg_buf_init(&b, 1000);
		dg_notice_mask(&b, rows[i][0]);
		if (strcmp(rows[i][0], "\"@x") == 0) {
			assert_null(strstr(b.data, "\"@")); /* half a quote hides, too */
		} else {
			assert_string_equal(b.data, rows[i][1]);
		}
		dg_buf_done(&b);
	}
}

/* --- what was seen ---------------------------------------------------------------------------- */
static int read_seen(const char *text, struct dg_notice_seen *s)
{
	struct dg_err err;

	return dg_notice_seen_read(a, text, strlen(text), s, &err);
}

#define ORIGIN(ip, n) "{\"text\":\"" ip "\",\"bounces\":" n ",\"by_class\":{\"forged\":" n "}}"
#define FORGED                                                                                   \
	"{\"type\":\"triage\",\"verdict\":\"forged\",\"confidence\":\"high\",\"owner\":{"        \
	"\"domains\":[\"good.example\"]},\"messages\":{\"counted\":9},\"addresses\":{\"first\":" \
	"[" ORIGIN("192.0.2.1", "5") "," ORIGIN("192.0.2.200", "2") "," ORIGIN(                  \
		"198.51.100.1", "2") "]},\"reporters\":{\"first\":[{\"text\":\"r.example\","     \
				     "\"bounces\":9},{\"text\":"                                 \
				     "\"good.example\",\"bounces\":3}]}}"

static void test_seen(void **state)
{
	static const char *const bad[] = {"", "{", "[]", "{\"type\":\"bounce\"}",
		"{\"type\":\"triage\"}", "{\"type\":\"triage\",\"verdict\":\"no such\"}",
		"{\"type\":\"triage\",\"verdict\":7}"};
	struct dg_notice_seen s;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(read_seen(bad[i], &s), DG_EINPUT);
	}
	assert_int_equal(read_seen("{\"type\":\"bounce\"}\n" FORGED "\n", &s), 0);
	assert_int_equal(s.kind, DG_INCIDENT_FORGED);
	assert_int_equal(s.level, DG_LEVEL_HIGH);
	assert_int_equal(s.origins.n, 3);
	assert_true(s.origins.items[0].is_forged);
	/* wrong types where others are expected: nothing is taken, nothing dies */
	assert_int_equal(read_seen("{\"type\":\"triage\",\"verdict\":\"forged\",\"owner\":[],"
				   "\"addresses\":{\"first\":[7,{\"text\":[]},{\"bounces\":-1}]},"
				   "\"reporters\":\"x\",\"timeline\":{\"first\":\"x\"}}",
				 &s),
		0);
	assert_int_equal(s.origins.n + s.reporters.n + s.n_domains, 0);
}

static void test_once_an_organisation(void **state)
{
	const struct dg_notice_wish wish = {.users = "all@good.example", .most = 10};
	struct dg_notice *list = dg_newn(a, struct dg_notice, DG_NOTICE_PARTIES_MAX);
	struct dg_notice_seen s;

	(void)state;
	assert_int_equal(read_seen(FORGED, &s), 0);
	size_t n = dg_notice_plan(a, &s, &wish, list);
	assert_int_equal(n, 7); /* three addresses, two reporters, users, desk */
	list[1].to[list[1].n_to++] = "not an address";
	list[2].to[list[2].n_to++] = "abuse@r.example"; /* it bounces, too */
	list[3].to[list[3].n_to++] = "postmaster@r.example";
	n = dg_notice_join(a, &s, list, n);
	assert_int_equal(n, 4);
	assert_string_equal(list[0].organisation, "192.0.2.0/24");
	assert_int_equal(list[0].n_places, 2);
	assert_int_equal(list[0].n, 7);
	assert_int_equal(list[0].n_to, 0);
	assert_string_equal(list[1].organisation, "r.example");
	assert_int_equal(list[1].kind, DG_NOTICE_ORIGIN);
	assert_int_equal(list[2].kind, DG_NOTICE_USERS);
	assert_string_equal(list[2].to[0], "all@good.example");
	assert_string_equal(dg_notice_file(a, &list[0], 3), "03-origin-192.0.2.0-24.eml");
	list[0].organisation = "../../etc/\x1b";
	assert_string_equal(dg_notice_file(a, &list[0], 3), "03-origin-..-..-etc--.eml");
}

static void test_nobody_of_own_mail(void **state)
{
	const struct dg_notice_wish wish = {.most = 10};
	struct dg_notice *list = dg_newn(a, struct dg_notice, DG_NOTICE_PARTIES_MAX);
	struct dg_notice_seen s;

	(void)state;
	assert_int_equal(read_seen("{\"type\":\"triage\",\"verdict\":\"own\"}", &s), 0);
	assert_int_equal(dg_notice_plan(a, &s, &wish, list), 0);
	assert_int_equal(read_seen("{\"type\":\"triage\",\"verdict\":\"undecided\"}", &s), 0);
	assert_int_equal(dg_notice_plan(a, &s, &wish, list), 0);
}

/* Each kind, each form, each verdict: a message whose header ends once. */
static void test_every_letter(void **state)
{
	struct dg_notice_item item = {.text = "192.0.2.1",
		.n = 3,
		.first = 1,
		.last = 951782400, /* 29 February 2000 */
		.name = "h\r\nBcc: x@y.example",
		.sample = "Subject: a\nReceived: from x\r\nBcc: y@z.example\n\xff\x1b\n"};

	(void)state;
	for (enum dg_incident_kind kind = 0; kind < DG_INCIDENT_KINDS; kind++) {
		for (enum dg_notice_kind k = 0; k < DG_NOTICE_KINDS; k++) {
			for (enum dg_notice_form form = DG_NOTICE_TEXT; form <= DG_NOTICE_XARF;
				form++) {
				const char *domain = "good.example\r\nBcc: v@w.example";
				const struct dg_notice_seen s = {.kind = kind,
					.who = "~!x\n.\nFrom x",
					.domains = &domain,
					.n_domains = 1,
					.origins = {&item, 1}};
				const struct dg_notice n = {.kind = k,
					.organisation = "x.jp",
					.to = {"a@x.jp"},
					.n_to = 1,
					.places = {&item},
					.n_places = 1};
				const struct dg_notice_stamp stamp = {
					.from = "p@good.example", .now = 951868799, .form = form};
				struct dg_buf b;

				dg_buf_init(&b, DG_NOTICE_LETTER_MAX);
				dg_notice_put(&b, &n, &s, &stamp);
				assert_false(b.is_full);
				assert_null(strstr(b.data, "\nBcc:"));
				assert_null(strstr(b.data, "\n~"));
				assert_null(strstr(b.data, "\n.\r"));
				assert_non_null(strstr(
					b.data, "Date: Tue, 29 Feb 2000 23:59:59 +0000\r\n"));
				for (size_t i = 0; i < b.len; i++) {
					assert_true(b.data[i] != '\n' ||
						    (i > 0 && b.data[i - 1] == '\r'));
				}
				dg_buf_done(&b);
			}
		}
	}
}

/* --- contacts --------------------------------------------------------------------------------- */
static struct dg_address address_of(const char *text)
{
	struct dg_address address = {0};

	assert_int_equal(dg_address_parse(text, strlen(text), &address), 0);
	return address;
}

static const char *base_of(const char *json, const char *address)
{
	struct dg_address x = address_of(address);

	return dg_rdap_base(a, json, strlen(json), &x);
}

static void test_rdap(void **state)
{
	static const char list[] = "{\"services\":[[[\"192.0.0.0/8\"],[\"http://plain.example/"
				   "\",\"https://wide.example\"]],"
				   "[[\"192.0.2.0/24\"],[\"https://near.example/rdap/"
				   "\"]],[[\"10.0.0.0/8\"],[\"https://u@x/\"]],"
				   "[7,8],[[\"bad\"],[9]]]}";
	static const char answer[] =
		"{\"entities\":[{\"roles\":[\"registrant\"],\"vcardArray\":[\"vcard\",[[\"email\",{"
		"},\"text\","
		"\"no@x.example\"]]],\"entities\":[{\"roles\":[\"abuse\"],\"vcardArray\":["
		"\"vcard\",[[\"email\","
		"{},\"text\",\"a@b.example\\r\\nBcc: "
		"c@d.example\"],[\"email\",{},\"text\",\"abuse@x.example\"]]]}]}]}";

	(void)state;
	assert_string_equal(base_of(list, "192.0.2.9"), "https://near.example/rdap/");
	assert_string_equal(base_of(list, "192.9.9.9"), "https://wide.example/");
	assert_null(base_of(list, "10.0.0.1")); /* a user name in it */
	assert_null(base_of(list, "203.0.113.1"));
	assert_null(base_of("[[[[", "192.0.2.9"));
	assert_string_equal(dg_rdap_abuse(a, answer, strlen(answer)), "abuse@x.example");
	assert_null(dg_rdap_abuse(a, "{\"entities\":[[],7,{\"roles\":\"abuse\"}]}", 39));
}

/* Five levels of entities are not followed to the end. */
static void test_rdap_depth(void **state)
{
	struct dg_buf b;

	(void)state;
	dg_buf_init(&b, 100000);
	for (size_t i = 0; i < 500; i++) {
		dg_buf_puts(&b, "{\"entities\":[");
	}
	dg_buf_puts(&b, "{\"roles\":[\"abuse\"],\"vcardArray\":[\"vcard\",[[\"email\",{},\"text\","
			"\"a@b.example\"]]]}");
	for (size_t i = 0; i < 500; i++) {
		dg_buf_puts(&b, "]}");
	}
	assert_null(dg_rdap_abuse(a, b.data, b.len));
	dg_buf_done(&b);
}

static const struct dg_fact *pending(void *arg, const char *owner, uint16_t type)
{
	static const struct dg_fact none = {.state = DG_FACT_PENDING};

	(void)arg;
	(void)owner;
	(void)type;
	return &none;
}

static void test_contacts(void **state)
{
	const struct dg_facts facts = {.dns = pending};
	struct dg_contact_question q = {.domain = "x.example"};
	struct dg_contact c;

	(void)state;
	assert_true(dg_contact_find(a, &q, &facts, &c)); /* nothing is asked */
	assert_string_equal(c.address, "abuse@x.example");
	assert_string_equal(c.basis, "RFC 2142");
	q.wants_postmaster = true;
	assert_true(dg_contact_find(a, &q, &facts, &c));
	assert_string_equal(c.address, "postmaster@x.example");
	q.asks_dns = true;
	assert_false(dg_contact_find(a, &q, &facts, &c));
	q = (struct dg_contact_question){.domain = "a b\r\n", .has_address = true};
	assert_true(dg_contact_find(a, &q, &facts, &c));
	assert_string_equal(c.address, "");
}

static int read_draft(const char *text, struct dg_notice_draft *ret)
{
	struct dg_err err;

	return dg_notice_draft_read(a, text, strlen(text), ret, &err);
}

/* What somebody wrote into a draft is taken as a mail server takes it, or not at all. */
static void test_draft(void **state)
{
	static const char *const refused[] = {"To: c@d.test\n\n", "From: a@b.test\n\n",
		"From: a@b.test\nTo: c@d.test\nBcc: e@f.test\n\n",
		"From: a@b.test\nTo: c@d.test\nBcc : e@f.test\n\n",
		"From: a@b.test\nTo: c@d.test\nResent-To: e@f.test\n\n",
		"From: a@b.test\nTo: c@d.test\nTo: e@f.test\n\n",
		"From: a@b.test\nSubject: x\rTo: c@d.test\n\n",
		"From: a@b.test\nTo: c@d.test, ,\n\n", "From: a@b.test\nTo: -oQ@d.test\n\n"};
	static const char good[] =
		"From: a@b.test\r\nTo : <c@d.test>,\r\n e@f.test\r\nX-Unsent: 1\r\n"
		" 2\r\nSubject: s\r\n\r\nBcc: in the text\rx\n.\n";
	struct dg_notice_draft d;
	struct dg_buf b;

	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		if (read_draft(refused[i], &d) != DG_EINPUT) {
			fail_msg("taken: %s", refused[i]);
		}
	}
	assert_int_equal(read_draft(good, &d), 0);
	assert_string_equal(d.from, "a@b.test");
	assert_int_equal(d.n_to, 2);
	assert_string_equal(d.to[0], "c@d.test");
	assert_string_equal(d.to[1], "e@f.test");
	assert_string_equal(d.subject, "s");
	dg_buf_init(&b, 4096);
	dg_notice_draft_put(&b, good);
	assert_string_equal(b.data, "From: a@b.test\r\nTo : <c@d.test>,\r\n e@f.test\r\nSubject: "
				    "s\r\n\r\nBcc: in the text x\r\n.\r\n");
	dg_buf_done(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mask),
		cmocka_unit_test(test_seen),
		cmocka_unit_test(test_once_an_organisation),
		cmocka_unit_test(test_nobody_of_own_mail),
		cmocka_unit_test(test_every_letter),
		cmocka_unit_test(test_rdap),
		cmocka_unit_test(test_rdap_depth),
		cmocka_unit_test(test_contacts),
		cmocka_unit_test(test_draft),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
