/* 500 texts through each sink: what one of them takes for a command, a cell, a header or a formula never gets there. */
#include "tests/unit/unit.h"

#include "zones/base/buf.h"
#include "zones/base/escape.h"
#include "zones/base/sink.h"

#include <stdio.h>
#include <string.h>

#define N_TEXTS  500u
#define TEXT_MAX 400u

/* What bites somewhere. */
static const char *const bites[] = {"\x1b[31m", "\x1b]0;owned\x07",
	"\x9b"
	"2J",
	"\xc2\x9b"
	"31m",
	"\r\nBcc: v@x.test", "\n.\n", "\n", "\r", "\t", "\b\b\b", "\x7f", "=cmd|' /C calc'!A0",
	"+1+1", "-2+3", "@SUM(A1)", "~!id", "From x@y", ".", "<script>alert(1)</script>",
	"\"><img src=x>", "' onload='x", "&amp;", "]]>", "[x](javascript:y)", "![](http://x.test)",
	"`rm`", "**b**", "# head", "- item", "1. one", "> quote", "| a | b |", "http://x.test/",
	"<http://x.test>",
	"\xe2\x80\xae"
	"evil",
	"\xe2\x80\x8b", "\xe2\x81\xa6", "\xef\xbb\xbf", "\xff\xfe", "\xc0\xaf", "\xed\xa0\x80",
	"\xf4\x90\x80\x80", "=?utf-8?q?=0d=0aX:_y?=", "\\", "\"", "'", "${x}", "$(id)", "%n%s",
	"\xe3\x81\x82\xe3\x81\x84", "plain"};
#define N_BITES (sizeof(bites) / sizeof(bites[0]))

/* The i-th text: a bite alone, or between others. */
static size_t text_of(size_t i, char text[TEXT_MAX])
{
	const char *first = bites[i % N_BITES];
	const char *second = bites[(i / N_BITES * 7 + i * 3) % N_BITES];
	const char *const forms[] = {"%s", "%s%s", " %s", "x%s y%s", "%s\r\n%s", "\t%s%s"};
	size_t n_forms = sizeof(forms) / sizeof(forms[0]);
	size_t form = i < N_BITES ? 0 : (i / N_BITES) % n_forms;

	switch (form) {
	case 0:
		return (size_t)snprintf(text, TEXT_MAX, "%s", first);
	case 1:
		return (size_t)snprintf(text, TEXT_MAX, "%s%s", first, second);
	case 2:
		return (size_t)snprintf(text, TEXT_MAX, " %s", first);
	case 3:
		return (size_t)snprintf(text, TEXT_MAX, "x%s y%s", first, second);
	case 4:
		return (size_t)snprintf(text, TEXT_MAX, "%s\r\n%s", first, second);
	default:
		return (size_t)snprintf(text, TEXT_MAX, "\t%s%s", first, second);
	}
}

/* No control character, well-formed, nothing invisible: what is safe once stays as it is when made safe again, backslashes and all. */
static void expect_clean(const struct dg_buf *b)
{
	struct dg_buf again;

	dg_buf_init(&again, 100000);
	for (size_t i = 0; i < b->len; i++) {
		unsigned char c = (unsigned char)b->data[i];
		assert_true(c >= 0x20 && c != 0x7f);
	}
	dg_buf_put_safe(&again, b->data, b->len);
	assert_string_equal(again.data, b->data);
	dg_buf_done(&again);
}

static void each(void (*put)(struct dg_buf *b, const void *p, size_t n),
	void (*look)(const struct dg_buf *b))
{
	char text[TEXT_MAX];

	for (size_t i = 0; i < N_TEXTS; i++) {
		size_t n = text_of(i, text);
		struct dg_buf b;

		dg_buf_init(&b, 100000);
		put(&b, text, n);
		assert_false(b.is_full);
		look(&b);
		dg_buf_done(&b);
	}
}

static void test_terminal(void **state)
{
	(void)state;
	each(dg_buf_put_safe, expect_clean);
}

/* No mark-up of theirs: each < and & begins a reference of ours. */
static void look_at_html(const struct dg_buf *b)
{
	static const char *const references[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&#39;"};

	expect_clean(b);
	assert_null(strpbrk(b->data, "<>\"'"));
	for (const char *p = strchr(b->data, '&'); p; p = strchr(p + 1, '&')) {
		bool is_ours = false;
		for (size_t i = 0; i < 5; i++) {
			is_ours = is_ours || strncmp(p, references[i], strlen(references[i])) == 0;
		}
		assert_true(is_ours);
	}
}

static void test_html(void **state)
{
	(void)state;
	each(dg_buf_put_xml, look_at_html);
}

/* Before each mark that means something stands a backslash of its own. */
static void look_at_markdown(const struct dg_buf *b)
{
	bool is_escaped = false;

	expect_clean(b);
	for (const char *p = b->data; *p; p++) {
		assert_true(is_escaped || !strchr("!\"#$%&'()*+./:;<=>?@[]^_`{|}~-", *p));
		is_escaped = *p == '\\' && !is_escaped;
	}
	assert_false(is_escaped);
}

static void test_markdown(void **state)
{
	(void)state;
	each(dg_buf_put_markdown, look_at_markdown);
}

/* One quoted cell that no spreadsheet takes for a formula. */
static void look_at_csv(const struct dg_buf *b)
{
	expect_clean(b);
	assert_true(b->len >= 2 && b->data[0] == '"' && b->data[b->len - 1] == '"');
	const char *begin = b->data + 1 + strspn(b->data + 1, " ");
	assert_null(*begin != '\0' ? strchr("=+-@\t\r", *begin) : NULL);
	for (size_t i = 1; i + 1 < b->len; i++) {
		if (b->data[i] == '"') {
			assert_true(i + 2 < b->len && b->data[i + 1] == '"');
			i++;
		}
	}
}

static void put_safe_cell(struct dg_buf *b, const void *p, size_t n)
{
	struct dg_buf safe;

	dg_buf_init(&safe, 100000);
	dg_buf_put_safe(&safe, p, n);
	dg_buf_put_cell(b, safe.data, safe.len);
	dg_buf_done(&safe);
}

static void test_csv(void **state)
{
	(void)state;
	each(put_safe_cell, look_at_csv);
}

static void look_at_mail_line(const struct dg_buf *b)
{
	expect_clean(b);
	assert_true(b->data[0] != '~' && b->data[0] != '.' && strncmp(b->data, "From ", 5) != 0);
}

static void put_subject(struct dg_buf *b, const void *p, size_t n)
{
	dg_buf_put_mail_word(b, 9, p, n);
}

/* ASCII; each line break is a fold; no line is longer than RFC 2047 has it, but for what has no blank. */
static void look_at_header(const struct dg_buf *b)
{
	size_t column = 9;
	bool is_encoded = strncmp(b->data, "=?UTF-8?B?", 10) == 0;

	for (size_t i = 0; i < b->len; i++, column++) {
		if (b->data[i] == '\r') {
			assert_true(b->data[i + 1] == '\n' && b->data[i + 2] == ' ');
			i++;
			column = 0;
			continue;
		}
		assert_true(b->data[i] >= 0x20 && b->data[i] < 0x7f);
		assert_true(!is_encoded || column <= 85);
	}
	assert_true(is_encoded || !strstr(b->data, "=?"));
}

static void test_mail(void **state)
{
	(void)state;
	each(dg_buf_put_mail_line, look_at_mail_line);
	each(put_subject, look_at_header);
}

static void test_addresses(void **state)
{
	static const char *const good[] = {
		"abuse@example.com", "a.b+c@x-y.example", "x_1%2@a.b.c.example"};
	static const char *const bad[] = {"", "@", "a@", "@b.example", "a@b", "a b@c.example",
		"a@b.example\r\nBcc: x@y.example", "a@b..example", "a@-b.example", "a@b.example.",
		"<a@b.example>", "\"a\"@b.example", ".a@b.example", "a.@b.example",
		"a..b@c.example", "-oQ@b.example", "a@b.example,c@d.example", "a@[192.0.2.1]",
		"a\x80@b.example", "a@b_c.example"};
	char text[TEXT_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_true(dg_is_plain_address(good[i]));
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_false(dg_is_plain_address(bad[i]));
	}
	memset(text, 'a', sizeof(text));
	memcpy(text + 300, "@b.example", 11);
	assert_false(dg_is_plain_address(text));
}

static void test_base64(void **state)
{
	static const char *const rows[][2] = {
		{"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}};
	struct dg_buf b;

	(void)state;
	for (size_t i = 0; i < 5; i++) { /* RFC 4648 section 10 */
		dg_buf_init(&b, 1000);
		dg_buf_put_base64(&b, 0, rows[i][0], strlen(rows[i][0]));
		assert_string_equal(b.data, rows[i][1]);
		dg_buf_done(&b);
	}
	dg_buf_init(&b, 1000);
	dg_buf_put_base64(&b, 8, "0123456789", 10);
	assert_string_equal(b.data, "MDEyMzQ1\r\nNjc4OQ==\r\n");
	dg_buf_done(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_terminal),
		cmocka_unit_test(test_html),
		cmocka_unit_test(test_markdown),
		cmocka_unit_test(test_csv),
		cmocka_unit_test(test_mail),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_base64),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
