/* Bombs: what they take is counted in octets of the arena and in parts, not in seconds. */
#include "tests/unit/zones/bounce/bounces.h"

#define LARGE ((size_t)4 << 20)
#define TAKEN ((size_t)4 << 20) /* octets: less than a tenth of what a reader has */

struct bomb {
	char *text;
	size_t n;
};

static void add(struct bomb *b, const char *text)
{
	size_t n = strlen(text);

	if (b->n + n <= LARGE) {
		memcpy(b->text + b->n, text, n);
		b->n += n;
	}
}

static struct bomb begin(const char *header)
{
	struct bomb b = {.text = malloc(LARGE)};

	add(&b, "From: a@example.com\nSubject: x\n");
	add(&b, header);
	return b;
}

/* Returns how many parts it was taken apart into; the scanner's answer or none. */
static size_t parts_of(const struct bomb *b)
{
	struct dg_arena *a = dg_arena_new(DG_BOUNCE_ARENA_MAX);
	struct dg_raw raw;
	struct dg_parts parts = {0};

	dg_mime_prepare(a, b->text, b->n, &raw);
	assert_true(raw.text.n <= DG_BOUNCE_READ_MAX);
	(void)dg_mime_scan(a, raw.text.p, raw.text.n, &parts);
	(void)dg_arena_free(a);
	return parts.n;
}

static void explode(struct bomb *b)
{
	struct dg_arena *a = dg_arena_new(DG_BOUNCE_ARENA_MAX);
	struct dg_bounce record;

	if (dg_bounce_read(a, b->text, b->n, NULL, &record) == 0) {
		assert_true(record.is_cut || b->n <= DG_BOUNCE_READ_MAX);
	}
	assert_true(dg_arena_used(a) < TAKEN);
	assert_true(parts_of(b) <= DG_BOUNCE_PARTS_MAX);
	assert_true(dg_mime_bound(b->text, b->n) <= b->n);
	(void)dg_arena_free(a);
	free(b->text);
}

static void test_parts(void **state)
{
	struct bomb b = begin("Content-Type: multipart/mixed; boundary=b\n\n");

	(void)state;
	for (int i = 0; i < 200000; i++) {
		add(&b, "--b\n\nx\n");
	}
	assert_int_equal(parts_of(&b), DG_BOUNCE_PARTS_MAX);
	assert_true(dg_mime_bound(b.text, b.n) < 4000);
	explode(&b);
}

static void test_depth(void **state)
{
	struct bomb b = begin("Content-Type: multipart/mixed; boundary=b0\n\n");
	char text[100];

	(void)state;
	for (int i = 0; i < 10000; i++) {
		(void)snprintf(text, sizeof(text),
			"--b%d\nContent-Type: multipart/mixed; boundary=b%d\n\n", i, i + 1);
		add(&b, text);
	}
	assert_true(parts_of(&b) <= DG_BOUNCE_DEPTH_MAX + 1);
	explode(&b);
	b = begin("Content-Type: message/rfc822\n\n");
	for (int i = 0; i < 20000; i++) {
		add(&b, "Content-Type: message/rfc822\n\n");
	}
	assert_int_equal(parts_of(&b), DG_BOUNCE_DEPTH_MAX + 1);
	explode(&b);
}

static void test_headers(void **state)
{
	struct bomb b = begin("");

	(void)state;
	for (int i = 0; i < 300000; i++) {
		add(&b, "Received: a\n");
	}
	explode(&b);
	b = begin("");
	for (int i = 0; i < 300000; i++) {
		add(&b, "X: a\n");
	}
	explode(&b);
	b = begin("X: ");
	memset(b.text + b.n, 'a',
		LARGE - b.n); /* a line of 4 MiB; 50 would be cut at the same place */
	b.n = LARGE;
	explode(&b);
	b = begin("Subject: ");
	while (b.n + 40 < LARGE) {
		add(&b, "=?utf-8?Q?=41=41=41=41?= ");
	}
	explode(&b);
}

/* Runs of header lines, one behind the other, in a text without and with marks. */
static void test_texts(void **state)
{
	static const char *const lines[] = {"Subject: x\n\n", "> From: a\n\n",
		"Received: a\nx\nx\n", "a@example.com\n", "Received: a\n", "<a@example.com>:\n",
		" \n", "\xff\xfe\n", "=?\n",
		"Final-Recipient: rfc822; a@example.com\nAction: failed\n\n", "(((((\n",
		"&lt;<br\n"};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct bomb b =
			begin("From: MAILER-DAEMON@example.com\nSubject: failure notice\n\n");

		while (b.n + strlen(lines[i]) <= LARGE) {
			add(&b, lines[i]);
		}
		explode(&b);
	}
}

static void test_nothing(void **state)
{
	static const char *const texts[] = {
		"", "\n", "\r", "\0\0\0", "\n\n\n", "From ", "From x\n", ":"};
	struct dg_arena *a = dg_arena_new(DG_BOUNCE_ARENA_MAX);
	struct dg_bounce b;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (dg_bounce_read(a, texts[i], i == 3 ? 3 : strlen(texts[i]), NULL, &b) == 0) {
			assert_int_equal(b.kind, DG_BOUNCE_UNREADABLE);
		}
	}
	(void)dg_arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_headers),
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
