#include "tests/unit/unit.h"

#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/watch/rows.h"

#include <stdio.h>
#include <string.h>

#define DAY0 ((int64_t)20000)

static struct dg_aggregate_report report_of(const char *org, const char *id, int64_t day)
{
	return (struct dg_aggregate_report){.org = org,
		.email = "",
		.id = id,
		.begin = day * 86400,
		.end = day * 86400 + 86399,
		.domain = "Example.com",
		.policy = "none",
		.subdomain_policy = ""};
}

static struct dg_aggregate_row row_of(const char *from, const char *source, unsigned count,
	const char *passes, enum dg_aggregate_disposition disposition)
{
	struct dg_aggregate_row row = {.count = count,
		.disposition = disposition,
		.dkim = strchr(passes, 'd') ? DG_AGGREGATE_RESULT_PASS : DG_AGGREGATE_RESULT_FAIL,
		.spf = strchr(passes, 's') ? DG_AGGREGATE_RESULT_PASS : DG_AGGREGATE_RESULT_FAIL,
		.header_from = from,
		.envelope_from = "",
		.envelope_to = ""};

	if (strchr(passes, 'f')) {
		row.reasons[row.n_reasons++].type = DG_AGGREGATE_REASON_FORWARDED;
	}
	if (strchr(passes, 'x')) {
		row.dkims[row.n_dkims++] = (struct dg_aggregate_auth){.domain = "news.EXAMPLE.com",
			.selector = "s",
			.scope = "",
			.result = DG_AGGREGATE_RESULT_FAIL};
	}
	if (strchr(passes, 'y')) { /* ends alike, and is another's */
		row.dkims[row.n_dkims++] = (struct dg_aggregate_auth){.domain = "notexample.com",
			.selector = "s",
			.scope = "",
			.result = DG_AGGREGATE_RESULT_FAIL};
	}
	assert_int_equal(dg_address_parse(source, strlen(source), &row.source), 0);
	return row;
}

static void put(
	struct dg_rows *r, const char *from, const char *source, unsigned count, const char *passes)
{
	struct dg_aggregate_row row = row_of(from, source, count, passes, DG_AGGREGATE_NONE);
	dg_rows_row(r, &row);
}

/* By the first octet: 10 own, 20 shared, 30 foreign; else unknown. */
static void judge(struct dg_rows *r)
{
	struct dg_rows_source s;

	dg_rows_seal(r);
	for (size_t at = 0; dg_rows_next(r, &at, &s);) {
		uint8_t o = s.address.octets[0];
		dg_rows_judge(r, &s,
			o == 10   ? DG_ROWS_OWN
			: o == 20 ? DG_ROWS_SHARED
			: o == 30 ? DG_ROWS_FOREIGN
				  : DG_ROWS_UNKNOWN,
			o == 20 ? "Some ESP" : NULL);
	}
}

static void test_classes(void **state)
{
	static const struct {
		const char *source, *passes;
		enum dg_rows_class class;
	} rows[] = {
		{"10.0.0.1", "ds", DG_ROWS_CLASS_OWN},
		{"10.0.0.1", "d", DG_ROWS_CLASS_OWN},
		{"10.0.0.1", "s", DG_ROWS_CLASS_OWN},
		{"10.0.0.1", "", DG_ROWS_CLASS_OWN_FAILING},
		{"10.0.0.1", "fx", DG_ROWS_CLASS_OWN_FAILING},
		{"20.0.0.1", "s", DG_ROWS_CLASS_PROVIDER},
		{"20.0.0.1", "d", DG_ROWS_CLASS_PROVIDER},
		{"20.0.0.1", "", DG_ROWS_CLASS_PROVIDER_FAILING},
		{"30.0.0.1", "d", DG_ROWS_CLASS_FORWARDED},
		{"30.0.0.1", "s", DG_ROWS_CLASS_OTHER},
		{"30.0.0.1", "ds", DG_ROWS_CLASS_OTHER},
		{"30.0.0.1", "", DG_ROWS_CLASS_FORGED},
		{"30.0.0.1", "y", DG_ROWS_CLASS_FORGED},
		{"30.0.0.1", "f", DG_ROWS_CLASS_FORWARDED_FAILING},
		{"30.0.0.1", "x", DG_ROWS_CLASS_UNDECIDED},
		{"40.0.0.1", "d", DG_ROWS_CLASS_OTHER},
		{"40.0.0.1", "s", DG_ROWS_CLASS_OTHER},
		{"40.0.0.1", "", DG_ROWS_CLASS_UNDECIDED},
		{"40.0.0.1", "f", DG_ROWS_CLASS_FORWARDED_FAILING},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(1 << 20);
		struct dg_rows *r = dg_rows_new(NULL, 1);
		struct dg_aggregate_report report = report_of("o", "1", DAY0);
		struct dg_rows_sum s;

		assert_int_equal(dg_rows_begin(r, &report), 0);
		put(r, "example.com", rows[i].source, 7, rows[i].passes);
		dg_rows_commit(r);
		judge(r);
		assert_true(dg_rows_sum(r, a, 0, &s));
		if (s.n[rows[i].class] != 7) {
			print_message("row %zu: %s\n", i, dg_rows_class_text(s.networks[0].class));
		}
		assert_int_equal(s.n[rows[i].class], 7);
		assert_int_equal(s.n_all, 7);
		assert_int_equal(s.n_fail, strpbrk(rows[i].passes, "ds") ? 0 : 7);
		assert_false(dg_rows_sum(r, a, 1, &s));
		(void)dg_rows_free(r);
	}
}

static void test_once(void **state)
{
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(1 << 20);
	struct dg_rows *r = dg_rows_new(NULL, 1);
	struct dg_aggregate_report one = report_of("org", "1", DAY0);
	struct dg_aggregate_report two = report_of("org", "2", DAY0);
	struct dg_aggregate_report other = report_of("other", "1", DAY0);
	struct dg_rows_counts c;
	struct dg_rows_sum s;

	(void)state;
	assert_int_equal(dg_rows_begin(r, &one), 0);
	put(r, "example.com", "30.0.0.1", 5, "");
	dg_rows_drop(r); /* it was broken: counts not at all, and may come again */
	assert_int_equal(dg_rows_begin(r, &one), 0);
	put(r, "example.com", "30.0.0.1", 5, "");
	dg_rows_commit(r);
	assert_int_equal(dg_rows_begin(r, &one), 1);
	assert_int_equal(dg_rows_begin(r, &two), 0);
	put(r, "example.com", "30.0.0.1", 1, "");
	dg_rows_commit(r);
	assert_int_equal(dg_rows_begin(r, &other), 0);
	put(r, "example.com", "30.0.0.1", 1, "ds");
	dg_rows_commit(r);
	assert_int_equal(dg_rows_begin(r, &other), 1);
	dg_rows_counts(r, &c);
	assert_int_equal(c.n_reports, 3);
	assert_int_equal(c.n_again, 2);
	assert_int_equal(c.n_rows, 3);
	judge(r);
	assert_true(dg_rows_sum(r, a, 0, &s));
	assert_int_equal(s.n_all, 7);
	assert_int_equal(s.n[DG_ROWS_CLASS_FORGED], 6);
	assert_int_equal(s.n_reporters, 2);
	assert_int_equal(s.n_forged_reporters, 1);
	(void)dg_rows_free(r);
}

static void test_networks_and_days(void **state)
{
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(1 << 20);
	struct dg_rows *r = dg_rows_new(NULL, 1);
	struct dg_rows_sum s;

	(void)state;
	for (int64_t day = 0; day < 3; day++) {
		char id[2] = {(char)('0' + day), 0};
		struct dg_aggregate_report report = report_of("org", id, DAY0 + day);
		struct dg_aggregate_row refused =
			row_of("example.com", "30.0.0.9", 3, "", DG_AGGREGATE_REJECT);
		assert_int_equal(dg_rows_begin(r, &report), 0);
		put(r, "example.com", "30.0.0.1", 10, "");
		dg_rows_row(r, &refused);
		put(r, "www.Example.COM.", "30.0.1.1", 1, "");
		if (day == 1) {
			put(r, "example.com", "10.0.0.1", 2, "s");
		}
		put(r, "example.com", "2001:db8:1:2::3", 1, "");
		put(r, "example.com", "2001:db8:1:3::3", 1, "");
		dg_rows_commit(r);
	}
	judge(r);
	assert_true(dg_rows_sum(r, a, 0, &s));
	assert_string_equal(s.domain, "example.com.");
	assert_int_equal(s.n_names, 2);
	assert_int_equal(s.n_networks, 4);
	assert_int_equal(s.networks[0].count, 39);
	assert_int_equal(s.networks[0].prefix, 24);
	assert_int_equal(s.networks[0].n_sources, 2);
	assert_int_equal(s.networks[0].n_refused, 9);
	assert_int_equal(s.networks[0].first, DAY0);
	assert_int_equal(s.networks[0].last, DAY0 + 2);
	assert_int_equal(s.networks[1].prefix, 48);
	assert_int_equal(s.networks[1].count, 6);
	assert_int_equal(s.networks[2].prefix, 32);
	assert_int_equal(s.networks[2].address.octets[3], 1);
	assert_true(s.networks[3].has_spf && !s.networks[3].has_dkim);
	assert_int_equal(s.n_days, 3);
	assert_int_equal(s.days[1].n[DG_ROWS_CLASS_OWN], 2);
	assert_int_equal(s.days[2].n[DG_ROWS_CLASS_OWN], 0);
	assert_int_equal(s.days[2].n[DG_ROWS_CLASS_FORGED], 14);
	assert_int_equal(s.sent_last, DAY0 + 1);
	(void)dg_rows_free(r);
}

static void test_names(void **state)
{
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(1 << 20);
	struct dg_rows *r = dg_rows_new("example.com.", 1);
	struct dg_aggregate_report report = report_of("org", "1", DAY0);
	struct dg_rows_counts c;
	struct dg_rows_sum s;

	(void)state;
	assert_int_equal(dg_rows_begin(r, &report), 0);
	put(r, "", "30.0.0.1", 1, ""); /* counts for the domain */
	put(r, "\033[2J..", "30.0.0.1", 1, "");
	put(r, "other.example", "30.0.0.1", 1, "");
	put(r, "notexample.com", "30.0.0.1", 1, "");
	put(r, "a.example.com", "30.0.0.1", 1, "");
	dg_rows_commit(r);
	dg_rows_counts(r, &c);
	assert_int_equal(c.n_elsewhere, 2);
	judge(r);
	assert_true(dg_rows_sum(r, a, 0, &s));
	assert_int_equal(s.n_all, 3);
	assert_int_equal(s.n_names, 2);
	assert_false(dg_rows_sum(r, a, 1, &s));
	(void)dg_rows_free(r);
}

static void test_many(void **state)
{
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new((size_t)256 << 20);
	struct dg_rows *r = dg_rows_new(NULL, 1);
	struct dg_rows_counts c;
	struct dg_rows_sum s;
	char text[64];

	(void)state;
	for (unsigned i = 0; i < 5; i++) {
		(void)snprintf(text, sizeof(text), "%u", i);
		struct dg_aggregate_report report = report_of("org", text, DAY0);
		assert_int_equal(dg_rows_begin(r, &report), 0);
		for (unsigned k = 0; k < 50000; k++) { /* names and sources without end */
			struct dg_aggregate_row row =
				row_of("", "30.0.0.0", 1, "", DG_AGGREGATE_NONE);
			char from[64];
			(void)snprintf(from, sizeof(from), "n%u.example.com", k);
			row.header_from = from;
			row.source.octets[1] = (uint8_t)i;
			row.source.octets[2] = (uint8_t)(k >> 8);
			row.source.octets[3] = (uint8_t)k;
			dg_rows_row(r, &row);
		}
		dg_rows_commit(r);
	}
	dg_rows_counts(r, &c);
	assert_int_equal(c.left_out, 50000);
	judge(r);
	assert_true(dg_rows_sum(r, a, 0, &s));
	assert_int_equal(s.n_all, DG_ROWS_ENTRIES_MAX);
	assert_int_equal(s.n_names, DG_ROWS_NAMES_MAX);
	assert_false(dg_rows_sum(r, a, 1, &s));
	(void)dg_rows_free(r);
}

static void test_text(void **state)
{
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(1 << 20);
	struct dg_rows *r = dg_rows_new(NULL, 1);
	struct dg_aggregate_report report = report_of("org", "1", DAY0);
	struct dg_rows_sum s;
	struct dg_buf b;

	(void)state;
	assert_int_equal(dg_rows_begin(r, &report), 0);
	put(r, "example.com", "30.0.0.1", 90, "");
	put(r, "example.com", "10.0.0.1", 8, "ds");
	put(r, "example.com", "10.0.0.2", 2, "");
	dg_rows_commit(r);
	judge(r);
	assert_true(dg_rows_sum(r, a, 0, &s));
	dg_buf_init(&b, 1 << 20);
	dg_rows_print(&b, &s, 0);
	assert_non_null(strstr(b.data,
		"example.com: 100 messages in its name, told by 1 organisation, 2024-10-04"));
	assert_non_null(
		strstr(b.data, "refuse 92 of them (92 %): forged 90, yours 2, perhaps genuine 0"));
	assert_non_null(strstr(b.data, "first: make your own servers pass"));
	assert_non_null(strstr(b.data, "only one organisation"));
	dg_buf_clear(&b);
	dg_rows_print(&b, &s, 1);
	assert_non_null(strstr(b.data, "and 2 more with 10 messages"));
	dg_buf_clear(&b);
	dg_rows_json(&b, &s);
	assert_non_null(strstr(b.data, "\"domain\":\"example.com\""));
	assert_non_null(strstr(b.data, "\"forged\":90"));
	(void)dg_rows_free(r);
	r = dg_rows_new(NULL, 1); /* nobody knows whose it is */
	assert_int_equal(dg_rows_begin(r, &report), 0);
	put(r, "example.com", "40.0.0.1", 90, "");
	dg_rows_commit(r);
	judge(r);
	assert_true(dg_rows_sum(r, a, 0, &s));
	dg_buf_clear(&b);
	dg_rows_print(&b, &s, 0);
	assert_non_null(strstr(b.data, "perhaps genuine 90"));
	assert_non_null(strstr(b.data, "first: find out what fails"));
	assert_null(strstr(b.data, "organisation reports forged"));
	dg_buf_done(&b);
	(void)dg_rows_free(r);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_classes),
		cmocka_unit_test(test_once),
		cmocka_unit_test(test_networks_and_days),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
