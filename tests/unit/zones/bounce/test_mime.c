#include "tests/unit/zones/bounce/bounces.h"

static int scan(struct dg_arena *a, const char *text, struct dg_parts *parts)
{
	*parts = (struct dg_parts){0};
	return dg_mime_scan(a, text, strlen(text), parts);
}

static void test_tree(void **state)
{
	struct dg_arena *a = dg_arena_new(DG_BOUNCE_ARENA_MAX);
	struct dg_parts p;

	(void)state;
	assert_int_equal(scan(a,
				 "Content-Type: Multipart/Report; "
				 "report-type=\"Delivery-Status\";\n boundary=\"=_b (1)\"\n"
				 "\npreamble\n--=_b (1)  \r\n\r\none\r\n--=_b (1)\nContent-Type: "
				 "text/html; charset=KOI8-R\n"
				 "Content-Transfer-Encoding: Quoted-Printable\n\n=41=\nB=3\n--=_b "
				 "(1)x\n--=_b (1)--\nrest\n",
				 &p),
		0);
	assert_int_equal(p.n, 3);
	assert_string_equal(p.root->type, "multipart/report");
	const struct dg_part *one = p.root->first;
	assert_int_equal(one->body.n, 3);
	assert_memory_equal(one->body.p, "one", 3);
	const struct dg_part *two = one->next;
	assert_string_equal(two->charset, "koi8-r");
	struct dg_span text = dg_part_decoded(a, two);
	assert_int_equal(text.n, strlen("AB=3\n--=_b (1)x"));
	assert_memory_equal(text.p, "AB=3\n--=_b (1)x", text.n);
	assert_null(two->next);
	(void)dg_arena_free(a);
}

/* What our scanner leaves to a library. */
static void test_not_well_formed(void **state)
{
	static const char *const texts[] = {
		"Content-Type: multipart/mixed\n\n--b\n\nx\n--b--\n",
		"Content-Type: multipart/mixed; boundary=b\n\nno delimiter\n",
		"Content-Type: multipart/mixed; boundary=b\n\n--b\n\nx\n--c\n\ny\n",
		"Content-Type: multipart/mixed; boundary*0=b\n\n--b\n\nx\n--b--\n",
		("Content-Transfer-Encoding: base64\nContent-Type: multipart/mixed; boundary=b\n"
		 "\n--b\n\nx\n--b--\n"),
		"Content-Type: message/partial\n\nx\n",
		"Content-Transfer-Encoding: x-uuencode\n\nx\n",
		"From: a\nno field\n\nx\n",
		" fold of nothing\n\nx\n",
	};
	struct dg_arena *a = dg_arena_new(DG_BOUNCE_ARENA_MAX);
	struct dg_parts p;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_int_equal(scan(a, texts[i], &p), 1);
	}
	(void)dg_arena_free(a);
}

static void test_prepared(void **state)
{
	struct dg_arena *a = dg_arena_new(DG_BOUNCE_ARENA_MAX);
	static const char cr[] = "\r\rFrom x@y Mon\rFrom: a@example.com\rSubject: x\r\rbody\r";
	static const char nul[] = "From: a@exam\0ple.com\n\nx\n";
	struct dg_raw raw;

	(void)state;
	dg_mime_prepare(a, cr, sizeof(cr) - 1, &raw);
	assert_true(raw.has_sender);
	assert_memory_equal(raw.sender.p, "x@y", 3);
	assert_memory_equal(raw.text.p, "From: a@example.com\nSubject: x\n\nbody\n", raw.text.n);
	assert_int_equal(raw.skipped, 15);
	dg_mime_prepare(a, nul, sizeof(nul) - 1, &raw);
	assert_memory_equal(raw.text.p, "From: a@exam ple.com\n\nx\n", raw.text.n);
	(void)dg_arena_free(a);
}

static void test_base64(void **state)
{
	static const struct {
		const char *text, *out;
	} codes[] = {{"", ""}, {"QQ==", "A"}, {"QUI=", "AB"}, {"QUJD\nREVG", "ABCDEF"},
		{"Q*U?J!D", "ABC"}, {"QQ==QUJD", "AABC"}, {"Q", ""}};
	struct dg_arena *a = dg_arena_new(DG_BOUNCE_ARENA_MAX);

	(void)state;
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		struct dg_span s =
			dg_base64_decode(a, (struct dg_span){codes[i].text, strlen(codes[i].text)});

		assert_int_equal(s.n, strlen(codes[i].out));
		assert_memory_equal(s.p, codes[i].out, s.n);
	}
	(void)dg_arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tree),
		cmocka_unit_test(test_not_well_formed),
		cmocka_unit_test(test_prepared),
		cmocka_unit_test(test_base64),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
