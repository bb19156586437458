#include "tests/unit/unit.h"

#include "zones/watch/opensmtpd.h"

#include <stdio.h>
#include <string.h>

#define R "report|0.6|1795374567.5|smtp-in|"

struct told {
	char text[16384];
	size_t len;
};

static void on_event(void *arg, const struct dg_mail_event *e)
{
	static const char *const kinds[] = {"taken", "unknown", "barred", "sent", "received"};
	struct told *t = arg;

	t->len += (size_t)snprintf(t->text + t->len, sizeof(t->text) - t->len,
		"%lld %s %.*s %.*s\n", (long long)e->at_ms, kinds[e->kind], (int)e->address.n,
		e->address.p, (int)e->client.n, e->client.p);
	assert_true(t->len < sizeof(t->text));
}

static int feed(struct dg_opensmtpd *o, const char *text)
{
	int n_ready = 0;

	for (const char *end; (end = strchr(text, '\n')) != NULL; text = end + 1) {
		n_ready += dg_opensmtpd_line(o, text, (size_t)(end - text));
	}
	return n_ready;
}

static void expect(const char *stream, const char *events)
{
	static struct told t;
	struct dg_opensmtpd *o = dg_opensmtpd_new(on_event, &t);

	t.len = 0;
	t.text[0] = '\0';
	(void)feed(o, stream);
	(void)dg_opensmtpd_free(o);
	assert_string_equal(t.text, events);
}

/* A stream of smtpd 6.8.0p2. */
static void test_real(void **state)
{
	static char text[32768];
	static struct told t;
	FILE *f = fopen(DG_TEST_DATA "/logs/opensmtpd-filter.log", "re");

	(void)state;
	assert_non_null(f);
	text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
	(void)fclose(f);
	struct dg_opensmtpd *o = dg_opensmtpd_new(on_event, &t);
	assert_int_equal(feed(o, text), 1);
	(void)dg_opensmtpd_free(o);
	static const char begin[] =
		"1795374567851 taken alice@good.example 198.51.100.25\n"
		"1795374567902 unknown nosuch1@good.example 198.51.100.25\n"
		"1795374567903 unknown nosuch2@good.example 198.51.100.25\n"
		"1795374567966 unknown nosuch3@good.example 198.51.100.26\n"
		"1795374568022 taken alice@good.example 198.51.100.26\n"
		"1795374568077 unknown someone@elsewhere.example 203.0.113.99\n";
	assert_memory_equal(t.text, begin, sizeof(begin) - 1);
	assert_null(strstr(t.text, "evil"));
}

static void test_commit(void **state)
{
	(void)state;
	expect(R "link-connect|s|h|pass|[2001:db8::7]:1|x\n" R "tx-mail|s|m|ok|\n" R
		 "tx-rcpt|s|m|ok|a|b@c.example\n" R "tx-rollback|s|m\n" R "tx-commit|s|m|1\n" R
		 "tx-mail|s|n|ok|\n" R "tx-rcpt|s|n|ok|a|b@c.example\n" R
		 "tx-rcpt|s|n|tempfail|d@c.example\n" R "tx-commit|s|n|1\n" R "tx-commit|s|n|1\n",
		"1795374567500 barred d@c.example 2001:db8::7\n"
		"1795374567500 taken a|b@c.example 2001:db8::7\n");
}

static void test_named_sender(void **state)
{
	(void)state;
	expect(R "link-connect|s|h|pass|192.0.2.9:1|x\n" R "tx-mail|s|m|ok|u@d.example\n" R
		 "tx-rcpt|s|m|ok|a@c.example\n" R "tx-rcpt|s|m|permfail|b@c.example\n" R
		 "tx-commit|s|m|1\n" R "link-auth|s|pass|fail\n" R "tx-mail|s|m|ok|u@d.example\n" R
		 "tx-rcpt|s|m|ok|z@c.example\n" R "tx-commit|s|m|1\n" R "link-auth|s|u|pass\n" R
		 "tx-mail|s|n|ok|u@d.example\n" R "tx-rcpt|s|n|ok|a@c.example\n" R
		 "tx-commit|s|n|1\n",
		"1795374567500 received a@c.example 192.0.2.9\n"
		"1795374567500 received z@c.example 192.0.2.9\n"
		"1795374567500 sent u@d.example 192.0.2.9\n");
}

/* The result stood last before 0.6; link-auth has it first since 0.7. */
static void test_versions(void **state)
{
	(void)state;
	expect("report|0.5|1.25|smtp-in|tx-mail|s|m||ok\n"
	       "report|0.5|1.25|smtp-in|tx-rcpt|s|m|a|b@c.example|permfail\n",
		"1250 unknown a|b@c.example \n");
	expect("report|0.7|1|smtp-in|link-connect|s|h|pass|192.0.2.9:1|x\n"
	       "report|0.7|1|smtp-in|link-auth|s|pass|u|v\n"
	       "report|0.7|1|smtp-in|tx-mail|s|m|ok|u@d.example\n"
	       "report|0.7|1|smtp-in|tx-rcpt|s|m|ok|a@c.example\n"
	       "report|0.7|1|smtp-in|tx-commit|s|m|1\n",
		"1000 sent u@d.example 192.0.2.9\n");
}

static void test_what_does_not_count(void **state)
{
	(void)state;
	expect(R "link-connect|s|h|pass|127.0.0.1:1|x\n" R "tx-mail|s|m|ok|\n" R
		 "tx-rcpt|s|m|permfail|a@c.example\n" R "tx-rcpt|s|m|ok|b@c.example\n" R
		 "tx-commit|s|m|1\n",
		"");
	expect(R "tx-mail|s|m|permfail|\n" R "tx-rcpt|s|m|permfail|a@c.example\n", "");
	expect(R "tx-rcpt|s|m|permfail|a@c.example\n", "");
	expect("report|0.6|x|smtp-in|tx-mail|s|m|ok|\nreport|0.6\n\nfilter|0.6|1|smtp-in|x|s\n"
	       "report|0.6|1|smtp-out|tx-mail|s|m|ok|\nreport|0.6|1|smtp-in|tx-rcpt|s\n" R
	       "tx-mail||m|ok|\n" R "tx-mail|s|ok|\n",
		"");
}

static void test_bounds(void **state)
{
	static struct told t;
	struct dg_opensmtpd *o = dg_opensmtpd_new(on_event, &t);
	static char line[DG_OPENSMTPD_LINE_MAX + 100], address[4000];
	size_t n_held = 0;

	(void)state;
	for (int i = 0; i < 2000; i++) {
		int n = snprintf(line, sizeof(line), R "tx-mail|%d|m|ok|", i);
		(void)dg_opensmtpd_line(o, line, (size_t)n);
	}
	(void)dg_opensmtpd_line(o, line,
		(size_t)snprintf(line, sizeof(line), R "tx-rcpt|0|m|permfail|a@b.example"));
	assert_int_equal(t.len, 0); /* forgotten */
	(void)dg_opensmtpd_line(o, line,
		(size_t)snprintf(line, sizeof(line), R "tx-rcpt|1999|m|permfail|a@b.example"));
	assert_true(t.len > 0);
	t.len = 0;
	memset(address, 'a', sizeof(address));
	while (t.len == 0) { /* until one does not fit */
		int n = snprintf(line, sizeof(line), R "tx-rcpt|1999|m|ok|%.3000s", address);
		(void)dg_opensmtpd_line(o, line, (size_t)n);
		assert_true(++n_held < 10);
	}
	assert_int_equal(n_held, DG_OPENSMTPD_HELD / 3001 + 1);
	t.len = 0;
	memset(line, 'x', sizeof(line));
	memcpy(line, R "tx-rcpt|1999|m|permfail|", strlen(R "tx-rcpt|1999|m|permfail|"));
	(void)dg_opensmtpd_line(o, line, DG_OPENSMTPD_LINE_MAX + 1);
	assert_int_equal(t.len, 0);
	(void)dg_opensmtpd_free(o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_real),
		cmocka_unit_test(test_commit),
		cmocka_unit_test(test_named_sender),
		cmocka_unit_test(test_versions),
		cmocka_unit_test(test_what_does_not_count),
		cmocka_unit_test(test_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
