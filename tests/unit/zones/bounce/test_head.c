#include "tests/unit/zones/bounce/bounces.h"

static const char header[] =
	"From b.o@example.com Thu Apr 29 23:34:45 2010\n"
	"Received: from a.example ([192.0.2.1]) by b.example with ESMTP id 1\n"
	"received : from c.example ([192.0.2.2]) by a.example with SMTP id 2\n"
	"From: \"Hanako, <no@example.net>\" (work <x@y.example>) <hanako@example.com>\n"
	"To: undisclosed: ;, Taro <taro@example.org>,\n jiro@example.org\n"
	"Subject: =?iso-8859-1?Q?caf=E9_?=\n =?UTF-8?B?44Gt44GT?= and\n\t=?x?z?broken?= more\n"
	"Message-ID:\n <id@example.com>\n"
	"Date: Sun, 22 Nov 2026 18:52:16 +0000\n"
	"DKIM-Signature: v=1; d=example.com;\n s=s1; b=abc\n"
	"X-Originating-IP: [198.51.100.7]\n"
	"X-PHP-Originating-Script: 33:mailer.php\n"
	"List-Post: <mailto:list@example.com>\n"
	"X-Original-To: user@example.org\n"
	"not a field\n"
	"X-Mailer: evil \x1b[31m\x01 \xff mailer\n"
	"\n"
	"hello\n";

static void test_fields(void **state)
{
	struct dg_arena *a = dg_arena_new(DG_BOUNCE_ARENA_MAX);
	struct dg_bounce b;
	struct dg_raw raw;
	struct dg_parts parts = {0};

	(void)state;
	/* "not a field" is not well-formed: what a library would make of it */
	assert_int_equal(dg_bounce_read(a, header, strlen(header), NULL, &b), 1);
	dg_mime_prepare(a, header, strlen(header), &raw);
	parts.root = dg_new(a, struct dg_part);
	assert_true(dg_head_split(raw.text, &parts.root->head, &parts.root->body));
	(void)dg_part_describe(a, parts.root);
	dg_bounce_read_parts(a, &raw, &parts, NULL, &b);
	assert_int_equal(b.kind, DG_BOUNCE_ORDINARY);
	assert_string_equal(b.outer.from, "hanako@example.com");
	assert_string_equal(b.outer.to, "taro@example.org");
	assert_string_equal(b.outer.return_path, "b.o@example.com");
	assert_string_equal(
		b.outer.subject, "caf\xc3\xa9 \xe3\x81\xad\xe3\x81\x93 and =?x?z?broken?= more");
	assert_string_equal(b.outer.message_id, "<id@example.com>");
	assert_int_equal(b.outer.at, 1795373536);
	assert_int_equal(b.outer.n_signatures, 1);
	assert_string_equal(b.outer.signatures[0].domain, "example.com");
	assert_string_equal(b.outer.signatures[0].selector, "s1");
	assert_string_equal(b.outer.x_originating_ip, "198.51.100.7");
	assert_string_equal(b.outer.x_php_script, "33:mailer.php");
	assert_string_equal(b.outer.list_id, "mailto:list@example.com");
	assert_string_equal(b.outer.delivered_to, "user@example.org");
	assert_string_equal(b.outer.x_mailer, "evil [31m \xef\xbf\xbd mailer");
	assert_int_equal(b.outer.n_hops, 2);
	assert_string_equal(b.outer.hops[0].by, "b.example");
	assert_string_equal(b.outer.hops[1].by, "a.example");
	(void)dg_arena_free(a);
}

static void test_null_sender(void **state)
{
	struct dg_arena *a = dg_arena_new(DG_BOUNCE_ARENA_MAX);
	const struct dg_bounce *b =
		read_text(a, "Return-Path: < >\nFrom: MAILER-DAEMON (Mail Delivery System)\n\nx\n");

	(void)state;
	assert_true(b->outer.is_null && b->outer.has_return_path);
	assert_string_equal(b->outer.return_path, "");
	assert_string_equal(b->outer.from, "MAILER-DAEMON");
	b = read_text(a, "Return-Path: <MAILER-DAEMON>\nFrom: a@example.com\n\nx\n");
	assert_false(b->outer.is_null);
	assert_string_equal(b->outer.return_path, "MAILER-DAEMON");
	(void)dg_arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_null_sender),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
