#include "tests/unit/unit.h"

#include "zones/base/err.h"
#include "zones/watch/policyreq.h"

#include <string.h>

#define HEAD  "request=smtpd_access_policy\nprotocol_state=RCPT\nclient_address=198.51.100.25\n"
#define STATE "request=smtpd_access_policy\nprotocol_state="

static int event_of(const char *text, struct dg_mail_event *ret_event)
{
	struct dg_policyreq r;

	assert_int_equal(dg_policyreq_parse(text, strlen(text), &r), 0);
	return dg_policyreq_event(&r, 1795374567000, ret_event);
}

static void expect(const char *text, enum dg_mail_kind kind, const char *address)
{
	struct dg_mail_event e;

	assert_int_equal(event_of(text, &e), 0);
	assert_int_equal(e.kind, kind);
	assert_int_equal(e.at_ms, 1795374567000);
	assert_int_equal(e.address.n, strlen(address));
	assert_memory_equal(e.address.p, address, e.address.n);
	assert_int_equal(e.client.n, strlen("198.51.100.25"));
	assert_memory_equal(e.client.p, "198.51.100.25", e.client.n);
}

static void test_events(void **state)
{
	(void)state;
	expect(HEAD "sender=\nrecipient=alice@good.example\n\n", DG_MAIL_TAKEN,
		"alice@good.example");
	expect(HEAD "recipient=a=b@good.example\nsender=\nsasl_username=\n\n", DG_MAIL_TAKEN,
		"a=b@good.example");
	expect(HEAD "sender=x@there.example\nrecipient=alice@good.example\n\n", DG_MAIL_RECEIVED,
		"alice@good.example");
	expect(HEAD "sender=alice@good.example\nrecipient=x@there.example\nsasl_username=alice\n\n",
		DG_MAIL_SENT, "alice@good.example");
	expect(HEAD "sender=\nrecipient=x@y.example\nrecipient=z@y.example\n\n", DG_MAIL_TAKEN,
		"z@y.example");
}

static void test_what_does_not_count(void **state)
{
	static const char *const texts[] = {
		STATE "DATA\nsender=\nrecipient=a@b.example\n\n",
		STATE
		"END-OF-MESSAGE\nsender=a@b.example\nrecipient=a@b.example\nsasl_username=a\n\n",
		STATE "\nsender=\nrecipient=a@b.example\n\n",
		HEAD "sender=\nrecipient=\n\n",
		HEAD "sender=\n\n",
		STATE "RCPT\nclient_address=127.0.0.1\nsender=\nrecipient=a@b.example\n\n",
		STATE "RCPT\nclient_address=::1\nsender=c@d.example\nrecipient=a@b.example\n\n",
		"request=smtpd_access_policy\n\n",
	};
	struct dg_mail_event e;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_int_equal(event_of(texts[i], &e), 1);
	}
	assert_int_equal(event_of(STATE "RCPT\nclient_address=127.0.0.1\nsender=a@b.example\n"
					"recipient=c@d.example\nsasl_username=a\n\n",
				 &e),
		0);
}

static void test_not_the_protocol(void **state)
{
	static const char *const texts[] = {"\n", "GET / HTTP/1.0\n\n", "request=junk\n\n",
		"=x\n\n", "request=smtpd_access_policy\nx\n\n",
		"sender=\nrecipient=a@b.example\n\n"};
	struct dg_policyreq r;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_int_equal(dg_policyreq_parse(texts[i], strlen(texts[i]), &r), DG_EINPUT);
	}
	static const char nul[] = HEAD "sender=\0\n\n";
	assert_int_equal(dg_policyreq_parse(nul, sizeof(nul) - 1, &r), DG_EINPUT);
}

static void test_scan(void **state)
{
	static const char text[] = HEAD "sender=\n\n" HEAD "\n";
	size_t whole = strlen(HEAD "sender=\n\n"), len = 0;

	(void)state;
	for (size_t step = 1; step < sizeof(text); step++) {
		struct dg_policyreq_scan s = {.at = 0};
		int r = 1;

		for (size_t n = 0; r == 1; n += step) {
			r = dg_policyreq_scan(
				&s, text, n < sizeof(text) ? n : sizeof(text) - 1, &len);
		}
		assert_int_equal(r, 0);
		assert_int_equal(len, whole);
	}
}

static void test_limits(void **state)
{
	static char text[DG_POLICYREQ_MAX + 2];
	struct dg_policyreq_scan s = {.at = 0};
	size_t len = 0, n;

	(void)state;
	memset(text, 'x', sizeof(text));
	assert_int_equal(dg_policyreq_scan(&s, text, DG_POLICYREQ_LINE_MAX, &len), 1);
	assert_int_equal(dg_policyreq_scan(&s, text, DG_POLICYREQ_LINE_MAX + 1, &len), DG_ELIMIT);
	s = (struct dg_policyreq_scan){.at = 0};
	for (n = 0; n < DG_POLICYREQ_ATTRIBUTES_MAX; n++) {
		memcpy(text + n * 4, "a=b\n", 4);
	}
	text[n * 4] = '\n';
	assert_int_equal(dg_policyreq_scan(&s, text, n * 4 + 1, &len), 0);
	assert_int_equal(len, n * 4 + 1);
	s = (struct dg_policyreq_scan){.at = 0};
	memcpy(text + n * 4, "a=b\n\n", 5);
	assert_int_equal(dg_policyreq_scan(&s, text, n * 4 + 5, &len), DG_ELIMIT);
	s = (struct dg_policyreq_scan){.at = 0};
	memset(text, 'x', sizeof(text));
	for (n = 4000; n < sizeof(text); n += 4000) {
		text[n] = '\n';
	}
	assert_int_equal(dg_policyreq_scan(&s, text, sizeof(text), &len), DG_ELIMIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_events),
		cmocka_unit_test(test_what_does_not_count),
		cmocka_unit_test(test_not_the_protocol),
		cmocka_unit_test(test_scan),
		cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
