#include "tests/unit/zones/bounce/bounces.h"

struct expected {
	const char *line;
	const char *helo, *name, *address, *by, *with, *user;
	bool is_authenticated, is_local;
};

static const struct expected lines[] = {
	/* Postfix, Sendmail: HELO, then what it resolved to */
	{"from mx.reporter.example (unknown [198.51.100.25])\n\tby mx.good.example (Postfix) with "
	 "ESMTP id 3E654AEC990\n\tfor <a@good.example>; Sun, 22 Nov 2026 18:52:16 +0000",
		"mx.reporter.example", "unknown", "198.51.100.25", "mx.good.example", "ESMTP", "",
		false, false},
	{"from [192.0.2.7] (mail.example.com. [192.0.2.8] (may be forged)) by b.example "
	 "(8.17.1/8.17.1) with ESMTPSA id x",
		"192.0.2.7", "mail.example.com", "192.0.2.8", "b.example", "ESMTPSA", "", true,
		false},
	{"from pc (c.example [IPv6:2001:db8::1]) (Authenticated sender: hanako) by m.example "
	 "(Postfix) with ESMTPA id 1",
		"pc", "c.example", "2001:db8::1", "m.example", "ESMTPA", "hanako", true, false},
	/* Exim: what it resolved to, then HELO */
	{"from [203.0.113.5] (helo=198.51.100.1) by m.example with esmtp (Exim 4.96) id 1x-2-3",
		"198.51.100.1", "203.0.113.5", "203.0.113.5", "m.example", "esmtp", "", false,
		false},
	{"from mx.example ([203.0.113.9]:50791 helo=mx.example) by m.example with esmtps",
		"mx.example", "mx.example", "203.0.113.9", "m.example", "esmtps", "", false, false},
	/* qmail */
	{"from unknown (HELO 10.1.2.3) (203.0.113.77) by m.example with SMTP; 1 Jan 2020 00:00:00 "
	 "-0000",
		"10.1.2.3", "unknown", "203.0.113.77", "m.example", "SMTP", "", false, false},
	{"(qmail 22022 invoked by uid 33); 29 Apr 2012 23:34:45 -0000", "", "", "", "", "", "33",
		false, true},
	{"(qmail 22022 invoked from network); 29 Apr 2012 23:34:45 -0000", "", "", "", "", "", "",
		false, false},
	/* handed over on the host itself */
	{"by web.example (Postfix, from userid 48) id 17; Sun, 22 Nov 2026 18:52:16 +0000", "", "",
		"", "web.example", "", "48", false, true},
	{"(from www@localhost) by web.example (8.14.4/8.14.4/Submit) id r4B", "", "", "",
		"web.example", "", "", false, false},
	{"from localhost (localhost [127.0.0.1]) by m.example with ESMTP id 2", "localhost",
		"localhost", "127.0.0.1", "m.example", "ESMTP", "", false, true},
	/* a version is no address, nor is what stands behind "by" */
	{"from host.example (built Apr 2 2009) by ms.example (Sun Java(tm) Messaging Server "
	 "7.0.5.33.0 32bit) with ESMTP id <0K>",
		"host.example", "", "", "ms.example", "ESMTP", "", false, false},
	{"from [10.0.0.1] by 198.51.100.9 with HTTP", "10.0.0.1", "", "10.0.0.1", "198.51.100.9",
		"HTTP", "", false, false},
	/* what is broken */
	{"from (((((", "", "", "", "", "", "", false, false},
	{"", "", "", "", "", "", "", false, false},
	{"by", "", "", "", "", "", "", false, false},
	{"from from from by by by", "", "", "", "", "", "", false, false},
};

static void test_lines(void **state)
{
	struct dg_bounce b;

	(void)state;
	dg_bounce_unreadable(&b, "");
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		const struct expected *e = &lines[i];
		struct dg_arena *a = dg_arena_new(DG_BOUNCE_ARENA_MAX);
		struct dg_reading r = {.arena = a, .bounce = &b};
		char text[DG_ADDRESS_TEXT_MAX];
		struct dg_bounce_hop h;

		dg_hop_parse(&r, (struct dg_span){e->line, strlen(e->line)}, &h);
		assert_string_equal(h.helo, e->helo);
		assert_string_equal(h.name, e->name);
		assert_string_equal(
			h.has_address ? dg_address_text(&h.address, text) : "", e->address);
		assert_string_equal(h.by, e->by);
		assert_string_equal(h.with, e->with);
		assert_string_equal(h.user, e->user);
		assert_int_equal(h.is_authenticated, e->is_authenticated);
		assert_int_equal(h.is_local, e->is_local);
		(void)dg_arena_free(a);
	}
}

static void test_dates(void **state)
{
	static const struct {
		const char *text;
		int64_t at;
	} dates[] = {
		{"Sun, 22 Nov 2026 18:52:16 +0000", 1795373536},
		{"Mon, 23 Nov 2026 03:52:16 +0900 (JST)", 1795373536},
		{"22 Nov 2026 18:52:16 -0000", 1795373536},
		{"Sun, 22 Nov 26 13:52:16 EST", 1795373536},
		{"22 nov 2026 18:52 GMT", 1795373520},
		{"29 Feb 2024 00:00:00 +0000", 1709164800},
		{"Thu, 1 Jan 1970 00:00:00 +0000", 0},
		{"yesterday", 0},
		{"32 Nov 2026 18:52:16 +0000", 0},
		{"22 Nov 2026 25:52:16 +0000", 0},
		{"22 Nov 99999 18:52:16 +0000", 0},
		{"22 Nov 2026", 0},
		{"", 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(dates) / sizeof(dates[0]); i++) {
		assert_int_equal(
			dg_date_parse((struct dg_span){dates[i].text, strlen(dates[i].text)}),
			dates[i].at);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_dates),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
