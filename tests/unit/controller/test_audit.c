/* The parts of an audit: lines in, rows out and back, their order, the rate, the sum. */
#include "tests/unit/unit.h"

#include "controller/check/audit.h"
#include "controller/check/audit_belt.h"
#include "controller/check/audit_lines.h"
#include "controller/check/audit_rate.h"
#include "controller/check/audit_row.h"
#include "controller/check/audit_tally.h"
#include "zones/base/buf.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct dg_belt_line line_of(uint64_t no, const char *text)
{
	struct dg_belt_line l = {.no = no, .len = strlen(text)};

	memcpy(l.text, text, l.len);
	return l;
}

static void file_with(char path[32], const char *text, size_t len)
{
	memcpy(path, "/tmp/dg-audit-XXXXXX", 21);
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, len), len);
	(void)close(fd);
}

/* --- lines ------------------------------------------------------------------------------------ */
static void check_line(struct dg_lines *l, uint64_t no, const char *text)
{
	struct dg_belt_line line;
	struct dg_err err;

	assert_int_equal(dg_lines_next(l, &line, &err), 0);
	assert_int_equal(line.no, no);
	assert_int_equal(line.len, strlen(text));
	assert_memory_equal(line.text, text, line.len);
}

static void test_lines(void **state)
{
	static const char text[] = "\xef\xbb\xbf"
				   "a.example\n\n  # no\n\t b.example \r\n#c\nd\0e\n   \nlast";
	struct dg_lines *l = NULL;
	struct dg_belt_line line;
	struct dg_err err;
	char path[32];

	(void)state;
	file_with(path, text, sizeof(text) - 1);
	assert_int_equal(dg_lines_open(path, &l, &err), 0);
	assert_true(dg_lines_can_rewind(l));
	for (unsigned i = 0; i < 2; i++) {
		check_line(l, 1, "a.example");
		check_line(l, 4, "b.example");
		assert_int_equal(dg_lines_next(l, &line, &err), 0);
		assert_int_equal(line.no, 6);
		assert_int_equal(line.len, 3);
		assert_memory_equal(line.text, "d\0e", 3);
		check_line(l, 8, "last");
		assert_int_equal(dg_lines_next(l, &line, &err), DG_LINES_END);
		assert_int_equal(dg_lines_next(l, &line, &err), DG_LINES_END);
		assert_int_equal(dg_lines_rewind(l, &err), 0);
	}
	(void)dg_lines_close(l);
	(void)unlink(path);
	assert_int_equal(dg_lines_open("/nonexistent", &l, &err), DG_EINPUT);
	assert_int_equal(dg_lines_open("/", &l, &err), DG_EINPUT);
}

/* Longer than what is kept, and than a block that is read at once. */
static void test_long_lines(void **state)
{
	size_t len = 200000;
	char *text = malloc(len + 16);
	struct dg_lines *l = NULL;
	struct dg_belt_line line;
	struct dg_err err;
	char path[32];

	(void)state;
	assert_non_null(text);
	memset(text, 'x', len);
	memcpy(text + len, "\nb.example\n", 12);
	file_with(path, text, len + 11);
	assert_int_equal(dg_lines_open(path, &l, &err), 0);
	assert_int_equal(dg_lines_next(l, &line, &err), 0);
	assert_int_equal(line.len, DG_BELT_LINE_MAX);
	assert_true(line.is_cut);
	check_line(l, 2, "b.example");
	assert_int_equal(dg_lines_next(l, &line, &err), DG_LINES_END);
	(void)dg_lines_close(l);
	(void)unlink(path);
	free(text);
}

/* --- the belt --------------------------------------------------------------------------------- */
static void put(struct dg_belt *b, uint64_t no)
{
	struct dg_belt_line l = line_of(no, "x");

	assert_int_equal(dg_belt_put(b, &l), 0);
}

static void finish(struct dg_belt *b, const struct dg_belt_line *l)
{
	char text[24];
	int n = snprintf(text, sizeof(text), "%llu", (unsigned long long)l->no);

	dg_belt_done(b, l->slot, strdup(text), (size_t)n);
}

static void check_next(struct dg_belt *b, const char *expected)
{
	char *text = NULL;
	size_t len = 0;

	assert_int_equal(dg_belt_next(b, &text, &len), 0);
	assert_int_equal(len, strlen(expected));
	assert_memory_equal(text, expected, len);
	free(text);
}

static void check_nothing(struct dg_belt *b, int answer)
{
	char *text = NULL;
	size_t len = 0;

	assert_int_equal(dg_belt_next(b, &text, &len), answer);
}

static void test_in_order(void **state)
{
	struct dg_belt *b = dg_belt_new(3, 1000, true);
	struct dg_belt_line l[3];
	struct dg_belt_line more = line_of(4, "x");

	(void)state;
	assert_int_equal(dg_belt_take(b, &l[0]), DG_BELT_NOTHING);
	for (uint64_t i = 1; i <= 3; i++) {
		put(b, i);
	}
	assert_int_equal(dg_belt_put(b, &more), DG_BELT_NOTHING); /* no further ahead */
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(dg_belt_take(b, &l[i]), 0);
		assert_int_equal(l[i].no, i + 1);
	}
	finish(b, &l[2]);
	check_nothing(b, DG_BELT_NOTHING);
	finish(b, &l[0]);
	check_next(b, "1");
	check_nothing(b, DG_BELT_NOTHING);
	assert_int_equal(dg_belt_put(b, &more), 0);
	dg_belt_close(b);
	finish(b, &l[1]);
	check_next(b, "2");
	check_next(b, "3");
	check_nothing(b, DG_BELT_NOTHING);
	assert_int_equal(dg_belt_take(b, &l[0]), 0);
	assert_int_equal(dg_belt_take(b, &l[1]), DG_BELT_OVER);
	finish(b, &l[0]);
	check_next(b, "4");
	check_nothing(b, DG_BELT_OVER);
	(void)dg_belt_free(b);
}

static void test_as_they_come(void **state)
{
	struct dg_belt *b = dg_belt_new(2, 1000, false);
	struct dg_belt_line slow;
	struct dg_belt_line l;

	(void)state;
	put(b, 1);
	assert_int_equal(dg_belt_take(b, &slow), 0);
	for (uint64_t i = 2; i < 100; i++) { /* a slow one holds nobody up */
		char text[24];

		(void)snprintf(text, sizeof(text), "%llu", (unsigned long long)i);
		put(b, i);
		assert_int_equal(dg_belt_take(b, &l), 0);
		finish(b, &l);
		check_next(b, text);
	}
	dg_belt_close(b);
	check_nothing(b, DG_BELT_NOTHING);
	finish(b, &slow);
	check_next(b, "1");
	check_nothing(b, DG_BELT_OVER);
	(void)dg_belt_free(b);
}

static void test_bytes(void **state)
{
	struct dg_belt *b = dg_belt_new(100, 10, true);
	struct dg_belt_line l[2];
	struct dg_belt_line more = line_of(3, "x");

	(void)state;
	put(b, 1);
	put(b, 2);
	assert_int_equal(dg_belt_take(b, &l[0]), 0);
	assert_int_equal(dg_belt_take(b, &l[1]), 0);
	dg_belt_done(b, l[1].slot, strdup("more than ten octets"), 20);
	assert_int_equal(dg_belt_put(b, &more), DG_BELT_NOTHING);
	finish(b, &l[0]);
	check_next(b, "1");
	check_next(b, "more than ten octets");
	assert_int_equal(dg_belt_put(b, &more), 0);
	(void)dg_belt_free(b);
}

/* --- rows ------------------------------------------------------------------------------------- */
static void check_error_row(const char *input, bool is_csv, const char *expected)
{
	const struct dg_belt_line l = line_of(7, input);
	struct dg_buf b;
	struct dg_buf scratch;
	struct dg_row row;

	dg_buf_init(&b, DG_ROW_MAX);
	dg_buf_init(&scratch, DG_ROW_MAX);
	dg_row_put_error(&b, &l, "why \"so\"", is_csv);
	assert_string_equal(b.data, expected);
	assert_int_equal(dg_row_read(b.data, b.len - 1, is_csv, &row), 0);
	assert_int_equal(row.kind, DG_ROW_ERROR);
	assert_int_equal(row.line, 7);
	assert_int_equal(row.key, dg_row_key(&scratch, &l, is_csv));
	for (size_t i = 0; i < b.len - 1; i++) { /* every beginning of it may be one, none is one */
		assert_true(i == 0 || dg_row_may_begin(b.data, i, is_csv));
		assert_int_equal(dg_row_read(b.data, i, is_csv, &row), 1);
	}
	dg_buf_done(&b);
	dg_buf_done(&scratch);
}

static void test_error_rows(void **state)
{
	(void)state;
	check_error_row("a b", false,
		"{\"type\":\"error\",\"line\":7,\"input\":\"a b\",\"error\":\"why \\\"so\\\"\"}\n");
	check_error_row("\"\\\x1b", false,
		"{\"type\":\"error\",\"line\":7,\"input\":\"\\\"\\\\\\\\x1b\",\"error\":\"why "
		"\\\"so\\\"\"}\n");
	check_error_row(
		"a,\"b", true, "7,\"a,\"\"b\",error,,,,,,,,,,,,,,,,,,,,,,,\"why \"\"so\"\"\"\r\n");
	check_error_row("=HYPERLINK(1)", true,
		"7,\"'=HYPERLINK(1)\",error,,,,,,,,,,,,,,,,,,,,,,,\"why \"\"so\"\"\"\r\n");
}

static void test_read_rows(void **state)
{
	static const char good[] =
		"{\"type\":\"domain\",\"line\":12,\"input\":\"a]\\\"b\",\"verdict\":\"forgeable\","
		"\"codes\":[\"spf-none\",\"dmarc-none\"],\"domain\":\"a\"}";
	static const char *const bad[] = {"", "x", "{}", "{\"type\":\"domain\"}",
		"{\"type\":\"domain\",\"line\":0,\"input\":\"a\",\"verdict\":\"x\",\"codes\":[],}",
		"{\"type\":\"domain\",\"line\":-1,\"input\":\"a\",\"verdict\":\"x\",\"codes\":[],}",
		"{\"type\":\"domain\",\"line\":99999999999999999999,\"input\":\"a\",\"verdict\":"
		"\"x\","
		"\"codes\":[],}",
		"{\"type\":\"domain\",\"line\":1,\"input\":\"a,\"verdict\":\"x\",\"codes\":[],}"};
	const char *code = NULL;
	const char *at = NULL;
	size_t len = 0;
	struct dg_row row;

	(void)state;
	assert_int_equal(dg_row_read(good, sizeof(good) - 1, false, &row), 0);
	assert_int_equal(row.line, 12);
	assert_int_equal(row.verdict_len, 9);
	at = row.codes;
	assert_true(dg_row_next_code(&row, &at, &code, &len));
	assert_memory_equal(code, "spf-none", len);
	assert_true(dg_row_next_code(&row, &at, &code, &len));
	assert_memory_equal(code, "dmarc-none", len);
	assert_false(dg_row_next_code(&row, &at, &code, &len));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(dg_row_read(bad[i], strlen(bad[i]), false, &row), 1);
	}
	assert_int_equal(dg_row_read("{\"type\":\"summary\",\"x\":1}", 24, false, &row), 0);
	assert_int_equal(row.kind, DG_ROW_SUMMARY);
	struct dg_buf b;
	dg_buf_init(&b, 4096);
	dg_row_put_header(&b);
	assert_int_equal(dg_row_read(b.data, b.len - 1, true, &row), 0);
	assert_int_equal(row.kind, DG_ROW_HEADER);
	dg_buf_done(&b);
}

/* --- the rate --------------------------------------------------------------------------------- */
static void test_rate(void **state)
{
	static const char *const ab[] = {"a.", "b."};
	static const char *const bc[] = {"b.", "c."};
	static const char *const d[] = {"d."};
	struct dg_rate *r = dg_rate_new(100);

	(void)state;
	assert_int_equal(dg_rate_reserve(r, ab, 2, 10, 1000), 0);
	assert_int_equal(dg_rate_reserve(r, ab, 2, 10, 1000), 100);
	assert_int_equal(dg_rate_reserve(r, bc, 2, 10, 1000), 200); /* b is busy */
	assert_int_equal(dg_rate_reserve(r, d, 1, 10, 1000), 0);
	dg_rate_settle(r, d, 1, -5);
	assert_int_equal(dg_rate_reserve(r, d, 1, 10, 1000), 50);
	assert_int_equal(dg_rate_reserve(r, ab, 2, 10, 9000), 0); /* after a rest */
	assert_int_equal(dg_rate_reserve(r, ab, 2, 10, 9000), 100);
	(void)dg_rate_free(r);
}

/* In any ten seconds no server gets more than its share. */
static void test_rate_holds(void **state)
{
	struct dg_rate *r = dg_rate_new(50);
	char names[40][8];
	unsigned n_in[40][30] = {{0}};

	(void)state;
	for (unsigned i = 0; i < 40; i++) {
		(void)snprintf(names[i], sizeof(names[i]), "n%u.", i);
	}
	for (unsigned i = 0; i < 3000; i++) {
		unsigned x = i * 7919 % 40;
		unsigned y = (x + 1 + i % 3) % 40;
		const char *const hosts[] = {names[x], names[y]};
		int64_t at = dg_rate_reserve(r, hosts, 2, 10, i);
		size_t slice = (size_t)(i + at) / 10000;

		if (slice < 30) {
			n_in[x][slice] += 10;
			n_in[y][slice] += 10;
		}
	}
	for (unsigned i = 0; i < 40; i++) {
		for (unsigned k = 0; k < 30; k++) {
			assert_true(n_in[i][k] <= 510);
		}
	}
	(void)dg_rate_free(r);
}

/* --- what they add up to ---------------------------------------------------------------------- */
static void add(struct dg_tally *t, const char *text)
{
	struct dg_row row;

	assert_int_equal(dg_row_read(text, strlen(text), false, &row), 0);
	dg_tally_add(t, &row);
}

static void test_tally(void **state)
{
	struct dg_audit a = {.n_questions = 3};
	struct dg_tally *t = dg_tally_new(&a);
	struct dg_buf b;

	(void)state;
#define TALLY(verdict, codes)                                                    \
	"{\"type\":\"domain\",\"line\":1,\"input\":\"a\",\"verdict\":\"" verdict \
	"\",\"codes\":[" codes "],}"
	add(t, TALLY("forgeable", "\"spf-none\",\"dmarc-none\""));
	add(t, TALLY("lenient", "\"dmarc-none\""));
	add(t, TALLY("protected", "\"spf-long\""));
	add(t, TALLY("unknown", "\"spf-long\""));
	add(t, "{\"type\":\"error\",\"line\":1,\"input\":\"a\",\"error\":\"x\"}");
	dg_tally_sort(t);
	assert_int_equal(a.n_done, 5);
	assert_int_equal(a.n_bad_lines, 1);
	assert_int_equal(a.n_forgeable, 1);
	assert_int_equal(a.n_lenient, 1);
	assert_int_equal(a.n_protected, 1);
	assert_int_equal(a.n_unknown, 1);
	assert_int_equal(a.n_causes, 2);
	assert_string_equal(a.causes[0].code, "dmarc-none");
	assert_int_equal(a.causes[0].n, 2);
	dg_buf_init(&b, 4096);
	dg_tally_put(&b, &a);
	assert_string_equal(b.data,
		"{\"type\":\"summary\",\"complete\":true,\"domains\":4,\"errors\":1,\"forgeable\":"
		"1,"
		"\"lenient\":1,\"protected\":1,\"unknown\":1,\"share_forgeable\":0.2500,"
		"\"questions\":3,\"cached\":0,\"seconds\":0.0,\"causes\":[{\"code\":\"dmarc-none\","
		"\"domains\":2},{\"code\":\"spf-none\",\"domains\":1}]}\n");
	dg_buf_done(&b);
	dg_audit_done(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_long_lines),
		cmocka_unit_test(test_in_order),
		cmocka_unit_test(test_as_they_come),
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_error_rows),
		cmocka_unit_test(test_read_rows),
		cmocka_unit_test(test_rate),
		cmocka_unit_test(test_rate_holds),
		cmocka_unit_test(test_tally),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
