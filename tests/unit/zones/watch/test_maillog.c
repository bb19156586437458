#include "tests/unit/unit.h"

#include "zones/watch/maillog.h"

#include <stdio.h>
#include <string.h>

#define TEXT_MAX ((size_t)1 << 17)

/* Events as lines of text. */
struct told {
	char text[16384];
	size_t len;
	const char *file;
};

static void on_event(void *arg, const struct dg_mail_event *e)
{
	static const char *const kinds[] = {"taken", "unknown", "barred", "sent", "received"};
	struct told *t = arg;

	if (t->file) {
		t->len += (size_t)snprintf(
			t->text + t->len, sizeof(t->text) - t->len, "%s\t", t->file);
	}
	t->len += (size_t)snprintf(t->text + t->len, sizeof(t->text) - t->len,
		"%lld\t%s\t%.*s\t%.*s\n", (long long)e->at_ms, kinds[e->kind], (int)e->address.n,
		e->address.p, (int)e->client.n, e->client.p);
	assert_true(t->len < sizeof(t->text));
}

static struct dg_maillog *log_new(struct told *t)
{
	struct dg_maillog_options o = {.written_ms = 1795374567000, .on_event = on_event, .arg = t};

	t->len = 0;
	t->text[0] = '\0';
	return dg_maillog_new(&o);
}

static void feed(struct told *t, const char *text, size_t len, size_t step,
	struct dg_maillog_counts *ret_counts)
{
	struct dg_maillog *m = log_new(t);

	for (size_t at = 0; at < len; at += step) {
		dg_maillog_feed(m, text + at, at + step < len ? step : len - at);
	}
	dg_maillog_end(m);
	dg_maillog_counts(m, ret_counts);
	(void)dg_maillog_free(m);
}

static void expect(const char *log, const char *events)
{
	static struct told t;
	struct dg_maillog_counts counts;

	t.file = NULL;
	feed(&t, log, strlen(log), strlen(log), &counts);
	assert_string_equal(t.text, events);
}

static size_t read_file(const char *name, char *text)
{
	char path[512];

	(void)snprintf(path, sizeof(path), DG_TEST_DATA "/logs/%s", name);
	FILE *f = fopen(path, "r");
	assert_non_null(f);
	size_t n = fread(text, 1, TEXT_MAX - 1, f);
	text[n] = '\0';
	(void)fclose(f);
	return n;
}

/* Logs of real servers, cut into pieces of any size: the events of expected.tsv. */
static void test_real_logs(void **state)
{
	static const char *const files[] = {"opensmtpd-mail.log", "postfix-mail-rfc3164.log",
		"postfix-mail-rfc3339.log", "sendmail-mail.log", "exim-mainlog-default",
		"exim-mainlog-verbose"};
	static const size_t steps[] = {1, 7, 64, 1000, TEXT_MAX};
	static char expected[TEXT_MAX];
	static char text[TEXT_MAX];
	static struct told t;

	(void)state;
	(void)read_file("expected.tsv", expected);
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		const char *at = expected;
		for (size_t f = 0; f < sizeof(files) / sizeof(files[0]); f++) {
			struct dg_maillog_counts counts;
			size_t len = read_file(files[f], text);
			t.file = files[f];
			feed(&t, text, len, steps[i], &counts);
			assert_memory_equal(at, t.text, t.len);
			at += t.len;
			assert_int_equal(counts.n_long + counts.n_undated + counts.n_forgotten, 0);
			assert_true(counts.n_lines >= 10);
		}
		assert_string_equal(at, "");
	}
}

#define P "2026-11-22T18:52:16+00:00 mx postfix/"

static void test_own_bounces_do_not_count(void **state)
{
	(void)state;
	/* A bounce that our own server makes: no client line; and one that a content filter hands back. */
	expect(P "qmgr[1]: AAAA1: from=<>, size=10, nrcpt=1 (queue active)\n" P
		 "local[2]: AAAA1: to=<a@x.example>, relay=local, dsn=2.0.0, status=sent (ok)\n" P
		 "smtpd[3]: BBBB1: client=localhost[127.0.0.1]\n" P
		 "qmgr[1]: BBBB1: from=<>, size=10, nrcpt=1 (queue active)\n" P
		 "local[2]: BBBB1: to=<a@x.example>, relay=local, dsn=2.0.0, status=sent (ok)\n",
		"");
}

static void test_id_is_used_again(void **state)
{
	(void)state;
	expect(P "smtpd[3]: AAAA1: client=a[192.0.2.9]\n" P
		 "qmgr[1]: AAAA1: from=<>, size=10, nrcpt=1 (queue active)\n" P
		 "qmgr[1]: AAAA1: removed\n" P
		 "qmgr[1]: AAAA1: from=<>, size=10, nrcpt=1 (queue active)\n" P
		 "local[2]: AAAA1: to=<a@x.example>, relay=local, dsn=2.0.0, status=sent (ok)\n",
		"");
}

static void test_deferred_counts_once(void **state)
{
	(void)state;
	expect(P "smtpd[3]: AAAA1: client=a[192.0.2.9]\n" P
		 "qmgr[1]: AAAA1: from=<>, size=10, nrcpt=1 (queue active)\n" P
		 "lmtp[2]: AAAA1: to=<b@x.example>, orig_to=<a@x.example>, relay=none, dsn=4.4.1, "
		 "status=deferred (no)\n" P
		 "lmtp[2]: AAAA1: to=<b@x.example>, orig_to=<a@x.example>, relay=d[/run/l], "
		 "dsn=2.0.0, status=sent (ok)\n",
		"1795373536000\ttaken\ta@x.example\t192.0.2.9\n");
}

/* What goes through a content filter counts at the first hop; whoever reads the events knows which addresses are its own. */
static void test_own_mail_going_out(void **state)
{
	(void)state;
	expect(P "submission/smtpd[3]: AAAA1: client=u[192.0.2.7], sasl_method=PLAIN, "
		 "sasl_username=u\n" P
		 "qmgr[1]: AAAA1: from=<u@x.example>, size=10, nrcpt=1 (queue active)\n" P
		 "smtp[2]: AAAA1: to=<c@y.example>, relay=127.0.0.1[127.0.0.1]:10024, dsn=2.0.0, "
		 "status=sent (ok)\n" P
		 "smtp[2]: AAAA1: to=<c@y.example>, relay=mx.y.example[198.51.100.1]:25, "
		 "dsn=2.0.0, status=sent (ok)\n" P
		 "smtp[2]: AAAA1: to=<d@y.example>, relay=mx.y.example[198.51.100.1]:25, "
		 "dsn=5.1.1, status=bounced (no)\n" P
		 "local[2]: AAAA1: to=<e@x.example>, relay=local, dsn=2.0.0, status=sent (ok)\n",
		"1795373536000\treceived\tc@y.example\t192.0.2.7\n"
		"1795373536000\tsent\tu@x.example\t192.0.2.7\n"
		"1795373536000\treceived\te@x.example\t192.0.2.7\n");
}

/* What strangers write (HELO, addresses, reverse names) changes neither who nor what. */
static void test_strangers_words(void **state)
{
	(void)state;
	expect(P "smtpd[1]: NOQUEUE: reject: RCPT from x[203.0.113.9]: 550 5.1.1 <\"; from=<> "
		 "to=<victim@v.example>\"@x.example>: "
		 "Recipient address rejected: User unknown; from=<spam@e.example> to=<\"; from=<> "
		 "to=<victim@v.example>\"@x.example> "
		 "proto=SMTP helo=<a>\n" P
		 "smtpd[1]: NOQUEUE: reject: RCPT from x[203.0.113.9]: 550 5.1.1 <q@x.example>: "
		 "Recipient address rejected: User unknown; "
		 "from=<a@b.example> to=<q@x.example> proto=SMTP helo=<; from=<> "
		 "to=<victim@v.example>>\n"
		 "2026-11-22 18:58:18 H=([9.9.9.9] F=<> rejected RCPT <victim@v.example>) "
		 "[198.51.100.25] F=<a@b.example> rejected RCPT "
		 "<c@x.example>: Unknown user\n",
		"");
}

static void test_stamps(void **state)
{
#define REST                                                                                    \
	" mx postfix/smtpd[1]: NOQUEUE: reject: RCPT from x[1.2.3.4]: 550 5.1.1 <a@b.c>: User " \
	"unknown; from=<> to=<a@b.c> proto=SMTP\n"
	static const struct {
		const char *stamp;
		const char *ms; /* NULL: undated */
	} cases[] = {
		{"1970-01-01T00:00:00Z", "0"},
		{"2000-02-29T12:00:00.5+00:00", "951825600500"},
		{"2026-11-22T20:52:16.251777+02:00", "1795373536251"},
		{"2026-11-22T13:22:16-0530", "1795373536000"},
		{"Nov 22 18:52:16", "1795373536000"},
		{"Dec  1 00:00:00", "1764547200000"}, /* of the year before */
		{"Nov 23 10:00:00", "1795428000000"}, /* clocks differ by less than a day */
		{"2026-13-22T18:52:16Z", NULL},
		{"2026-11-22T25:52:16Z", NULL},
		{"Foo 22 18:52:16", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char log[512];
		char events[256] = "";
		(void)snprintf(log, sizeof(log), "%s" REST, cases[i].stamp);
		if (cases[i].ms) {
			(void)snprintf(events, sizeof(events), "%s\tunknown\ta@b.c\t1.2.3.4\n",
				cases[i].ms);
		}
		expect(log, events);
	}
}

static void test_bounds(void **state)
{
	static struct told t;
	static char text[TEXT_MAX];
	struct dg_maillog_counts counts;
	const char *tail = "\nDec  1 00:00:00" REST;

	(void)state;
	memset(text, 'x', sizeof(text));
	memcpy(text + 60000, tail, strlen(tail));
	t.file = NULL;
	for (size_t step = 999; step < TEXT_MAX; step *= 3) {
		feed(&t, text, 60000 + strlen(tail), step, &counts);
		assert_string_equal(t.text, "1764547200000\tunknown\ta@b.c\t1.2.3.4\n");
		assert_int_equal(counts.n_long, 1);
		assert_int_equal(counts.n_lines, 1);
	}
	/* More messages in the queue than are remembered: the old ones make room, the new ones count. */
	struct dg_maillog *m = log_new(&t);
	for (unsigned i = 0; i < 3 * DG_MAILLOG_IDS; i++) {
		int n = snprintf(text, sizeof(text), P "smtpd[3]: %08X: client=a[192.0.2.9]\n", i);
		dg_maillog_feed(m, text, (size_t)n);
	}
	int n = snprintf(text, sizeof(text),
		P "qmgr[1]: %08X: from=<>, size=1, nrcpt=1 (queue active)\n" P
		  "local[2]: %08X: to=<a@x.example>, relay=local, dsn=2.0.0, status=sent (ok)\n",
		3 * DG_MAILLOG_IDS - 1, 3 * DG_MAILLOG_IDS - 1);
	dg_maillog_feed(m, text, (size_t)n);
	dg_maillog_counts(m, &counts);
	assert_true(counts.n_forgotten >= 2 * DG_MAILLOG_IDS);
	assert_string_equal(t.text, "1795373536000\ttaken\ta@x.example\t192.0.2.9\n");
	(void)dg_maillog_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_real_logs),
		cmocka_unit_test(test_own_bounces_do_not_count),
		cmocka_unit_test(test_id_is_used_again),
		cmocka_unit_test(test_deferred_counts_once),
		cmocka_unit_test(test_own_mail_going_out),
		cmocka_unit_test(test_strangers_words),
		cmocka_unit_test(test_stamps),
		cmocka_unit_test(test_bounds),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
