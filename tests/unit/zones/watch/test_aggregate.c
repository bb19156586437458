#include "tests/unit/unit.h"

#include "zones/base/err.h"
#include "zones/watch/aggregate.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#define REPORTS  DG_TEST_DATA "/reports/"
#define FILE_MAX ((size_t)1 << 20)
#define HEAD                                                                                \
	"<feedback><report_metadata><org_name>a.example</org_name><report_id>1</report_id>" \
	"</report_metadata><policy_published><domain>example.com</domain></policy_published>"
#define RECORD "<record><row><source_ip>192.0.2.1</source_ip><count>2</count></row></record>"

/* What was read, as JSON in stalwart's words, as far as we read it. */
struct seen {
	json_t *report; /* NULL: on_report() was not called */
	json_t *rows;
	uint64_t n;
	int answer; /* of on_report() */
	struct dg_aggregate_row last;
};

static json_t *text_or_null(const char *s)
{
	return s[0] ? json_string(s) : json_null();
}

static int on_report(void *arg, const struct dg_aggregate_report *r)
{
	struct seen *s = arg;

	assert_null(s->report);
	s->report = json_pack("{s:o, s:o, s:o, s:I, s:I, s:o}", "org_name", text_or_null(r->org),
		"email", text_or_null(r->email), "report_id", text_or_null(r->id), "begin",
		(json_int_t)r->begin, "end", (json_int_t)r->end, "domain", text_or_null(r->domain));
	assert_non_null(s->report);
	return s->answer;
}

static json_t *auths(const struct dg_aggregate_auth *list, size_t n, bool is_dkim)
{
	json_t *all = json_array();

	for (size_t i = 0; i < n; i++) {
		json_t *o = json_pack("{s:o, s:s}", "domain", text_or_null(list[i].domain),
			"result", dg_aggregate_result_text(list[i].result));
		if (is_dkim) {
			(void)json_object_set_new(o, "selector", text_or_null(list[i].selector));
		}
		(void)json_array_append_new(all, o);
	}
	return all;
}

static void on_row(void *arg, const struct dg_aggregate_row *row)
{
	struct seen *s = arg;
	char address[DG_ADDRESS_TEXT_MAX];

	s->n++;
	s->last = *row;
	if (s->rows) {
		json_t *o = json_pack("{s:s, s:I, s:s, s:s, s:s, s:o, s:o, s:i, s:o, s:o}",
			"source_ip", dg_address_text(&row->source, address), "count",
			(json_int_t)row->count, "disposition",
			dg_aggregate_disposition_text(row->disposition), "dkim",
			dg_aggregate_result_text(row->dkim), "spf",
			dg_aggregate_result_text(row->spf), "header_from",
			text_or_null(row->header_from), "envelope_from",
			text_or_null(row->envelope_from), "reasons", (int)row->n_reasons, "dkims",
			auths(row->dkims, row->n_dkims, true), "spfs",
			auths(row->spfs, row->n_spfs, false));
		assert_non_null(o);
		(void)json_array_append_new(s->rows, o);
	}
}

static int read_in(const char *xml, size_t n, size_t step, struct seen *s, struct dg_err *err)
{
	struct dg_aggregate_options o = {.on_report = on_report, .on_row = on_row, .arg = s};
	struct dg_aggregate *g = dg_aggregate_new(&o);
	int r = 0;

	for (size_t at = 0; r == 0 && at < n; at += step) {
		r = dg_aggregate_feed(g, xml + at, n - at < step ? n - at : step, err);
	}
	r = r == 0 ? dg_aggregate_end(g, err) : r;
	(void)dg_aggregate_free(g);
	return r;
}

static int read_text(const char *xml, struct seen *s, struct dg_err *err)
{
	return read_in(xml, strlen(xml), 65536, s, err);
}

static size_t load(const char *name, char *buf)
{
	char path[512];
	(void)snprintf(path, sizeof(path), "%s%s", REPORTS, name);
	FILE *f = fopen(path, "rb");
	assert_non_null(f);
	size_t n = fread(buf, 1, FILE_MAX, f);
	(void)fclose(f);
	return n;
}

/* --- beside another reader -------------------------------------------------------------------- */
static json_t *lower(json_t *value)
{
	char word[64];
	const char *text = json_string_value(value);

	(void)snprintf(word, sizeof(word), "%s",
		text && strcmp(text, "Unspecified") != 0 ? text : "other");
	for (char *p = word; *p; p++) {
		*p = *p >= 'A' && *p <= 'Z' ? (char)(*p | 0x20) : *p;
	}
	return json_string(word);
}

static json_t *their_text(json_t *value)
{
	const char *text = json_string_value(value);

	return text && text[0] ? json_incref(value) : json_null();
}

static json_t *their_auths(json_t *list, bool is_dkim)
{
	json_t *all = json_array();
	json_t *a;
	size_t i;

	json_array_foreach(list, i, a)
	{
		json_t *o =
			json_pack("{s:o, s:o}", "domain", their_text(json_object_get(a, "domain")),
				"result", lower(json_object_get(a, "result")));
		if (is_dkim) {
			(void)json_object_set_new(
				o, "selector", their_text(json_object_get(a, "selector")));
		}
		(void)json_array_append_new(all, o);
	}
	return all;
}

static json_t *their_row(json_t *record)
{
	json_t *row = json_object_get(record, "row");
	json_t *eval = json_object_get(row, "policy_evaluated");
	json_t *names = json_object_get(record, "identifiers");
	json_t *results = json_object_get(record, "auth_results");

	return json_pack("{s:O, s:O, s:o, s:o, s:o, s:o, s:o, s:i, s:o, s:o}", "source_ip",
		json_object_get(row, "source_ip"), "count", json_object_get(row, "count"),
		"disposition", lower(json_object_get(eval, "disposition")), "dkim",
		lower(json_object_get(eval, "dkim")), "spf", lower(json_object_get(eval, "spf")),
		"header_from", their_text(json_object_get(names, "header_from")), "envelope_from",
		their_text(json_object_get(names, "envelope_from")), "reasons",
		(int)json_array_size(json_object_get(eval, "reason")), "dkims",
		their_auths(json_object_get(results, "dkim"), true), "spfs",
		their_auths(json_object_get(results, "spf"), false));
}

static void compare(const char *xml_name, const char *json_name)
{
	static char xml[FILE_MAX];
	char path[512];
	size_t n = load(xml_name, xml);
	struct seen s = {.rows = json_array()};
	struct dg_err err = {0};
	json_t *record;
	size_t i;

	assert_int_equal(read_in(xml, n, 7, &s, &err), 0);
	(void)snprintf(path, sizeof(path), "%s%s", REPORTS, json_name);
	json_t *theirs = json_load_file(path, 0, NULL);
	json_t *meta = json_object_get(theirs, "report_metadata");
	assert_true(json_equal(
		json_object_get(s.report, "org_name"), json_object_get(meta, "org_name")));
	assert_true(json_equal(json_object_get(s.report, "email"), json_object_get(meta, "email")));
	assert_true(json_equal(
		json_object_get(s.report, "report_id"), json_object_get(meta, "report_id")));
	json_t *range = json_object_get(meta, "date_range");
	assert_true(
		json_equal(json_object_get(s.report, "begin"), json_object_get(range, "begin")));
	assert_true(json_equal(json_object_get(s.report, "end"), json_object_get(range, "end")));
	assert_int_equal(
		json_array_size(s.rows), json_array_size(json_object_get(theirs, "record")));
	json_array_foreach(json_object_get(theirs, "record"), i, record)
	{
		json_t *want = their_row(record);
		json_t *have = json_array_get(s.rows, i);
		if (!json_equal(want, have)) {
			print_message("%s row %zu:\n want %s\n have %s\n", xml_name, i,
				json_dumps(want, JSON_SORT_KEYS), json_dumps(have, JSON_SORT_KEYS));
			fail();
		}
		json_decref(want);
	}
	json_decref(theirs);
	json_decref(s.rows);
	json_decref(s.report);
}

static void test_as_stalwart_reads_them(void **state)
{
	(void)state;
	compare("stalwart/001.xml", "stalwart/001.json");
	compare("stalwart/002.xml", "stalwart/002.json");
	compare("stalwart/003.xml", "stalwart/003.json");
	compare("stalwart/004.xml", "stalwart/004.json");
	compare("stalwart/005.xml", "stalwart/005.json");
}

/* --- what parsedmarc has ---------------------------------------------------------------------- */
static void test_samples(void **state)
{
	static const struct {
		const char *name;
		unsigned n;
	} samples[] = {
		{"!example.com!1538204542!1538463818.xml", 1},
		{"addisonfoods.com!example.com!1536105600!1536191999.xml", 1},
		{"empty_reason.xml", 1},
		{"example.net!example.com!1529366400!1529452799.xml", 1},
		{"old_draft_from_wiki.xml", 1},
		{"protection.outlook.com!example.com!1711756800!1711843200.xml", 1},
		{"rfc9990-example.net!example.com!1700000000!1700086399.xml", 2},
		{"usssa.com!example.com!1538784000!1538870399.xml", 2},
		{"nice-input.xml", 20},
		{"changed-input.xml", 20},
		{"report_with_upper_cased_pass.xml", 1},
	};
	static char xml[FILE_MAX];
	char name[256];
	struct dg_err err;

	(void)state;
	for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
		struct seen s = {0};
		(void)snprintf(name, sizeof(name), "parsedmarc/%s", samples[i].name);
		size_t n = load(name, xml);
		assert_int_equal(read_in(xml, n, 65536, &s, &err), 0);
		assert_int_equal(s.n, samples[i].n);
		assert_non_null(s.report);
		json_decref(s.report);
	}
}

static void test_rfc9990(void **state)
{
	static char xml[FILE_MAX];
	struct seen s = {0};
	struct dg_err err;
	size_t n =
		load("parsedmarc/rfc9990-example.net!example.com!1700000000!1700086399.xml", xml);

	(void)state;
	assert_int_equal(read_in(xml, n, 65536, &s, &err), 0);
	assert_int_equal(s.last.count, 2);
	assert_int_equal(s.last.disposition, DG_AGGREGATE_REJECT);
	assert_int_equal(s.last.n_reasons, 1);
	assert_int_equal(s.last.reasons[0].type, DG_AGGREGATE_REASON_OTHER);
	json_decref(s.report);
}

static void test_broken_samples(void **state)
{
	static char xml[FILE_MAX];
	struct seen s = {0};
	struct dg_err err;
	size_t n = load("parsedmarc/invalid_xml.xml", xml);

	(void)state;
	assert_int_equal(read_in(xml, n, 65536, &s, &err), DG_EREMOTE);
	assert_int_equal(err.pos.line, 5);
	assert_non_null(strstr(err.text, "broken"));
	assert_int_equal(read_text("", &s, &err), DG_EREMOTE);
	assert_null(s.report);
}

/* --- small ones ------------------------------------------------------------------------------- */
static void test_values(void **state)
{
	struct seen s = {0};
	struct dg_err err;

	(void)state;
	assert_int_equal(
		read_text("<d:feedback xmlns:d='urn:x' a='1'>" /* prefixes, attributes */
			  "<d:policy_published><d:domain> "
			  "example.com\n</d:domain></d:policy_published>"
			  "<d:report_metadata><d:report_id>1</d:report_id></d:report_metadata>"
			  "<d:record><new><row><count>7</count></row></new><row>"
			  "<source_ip>2001:DB8::1</source_ip><count>\t12 </count>"
			  "<policy_evaluated><disposition>Hold</disposition><dkim>PASS</dkim>"
			  "<spf><![CDATA[fa]]>il</spf></policy_evaluated></row>"
			  "<identifiers><header_from>m&#46;example</header_from></identifiers>"
			  "</d:record></d:feedback>",
			&s, &err),
		0);
	assert_int_equal(s.n, 1);
	assert_true(s.last.source.is_ip6);
	assert_int_equal(s.last.count, 12);
	assert_int_equal(s.last.disposition, DG_AGGREGATE_OTHER);
	assert_int_equal(s.last.dkim, DG_AGGREGATE_RESULT_PASS);
	assert_int_equal(s.last.spf, DG_AGGREGATE_RESULT_FAIL);
	assert_string_equal(json_string_value(json_object_get(s.report, "domain")), "example.com");
	json_decref(s.report);
}

static void test_records_do_not_mix(void **state)
{
	struct seen s = {0};
	struct dg_err err;

	(void)state;
	assert_int_equal(
		read_text(HEAD "<record><row><source_ip>192.0.2.9</source_ip><count>5</count>"
			       "<policy_evaluated><disposition>reject</disposition><spf>pass</spf>"
			       "<reason><type>forwarded</type></reason></policy_evaluated></row>"
			       "<auth_results><dkim><domain>a</domain></dkim></auth_results></"
			       "record>" RECORD "</feedback>",
			&s, &err),
		0);
	assert_int_equal(s.n, 2);
	assert_int_equal(s.last.count, 2);
	assert_int_equal(s.last.disposition, DG_AGGREGATE_OTHER);
	assert_int_equal(s.last.spf, DG_AGGREGATE_RESULT_OTHER);
	assert_int_equal(s.last.n_dkims, 0);
	assert_int_equal(s.last.n_reasons, 0);
	json_decref(s.report);
}

static void test_not_wanted(void **state)
{
	struct seen s = {.answer = 1};
	struct dg_err err;

	(void)state;
	assert_int_equal(read_text(HEAD RECORD RECORD "</feedback>", &s, &err), 1);
	assert_int_equal(s.n, 0);
	json_decref(s.report);
}

static void test_other_encodings(void **state)
{
	struct seen s = {0};
	struct dg_err err;

	(void)state;
	assert_int_equal(read_text("<?xml version='1.0' encoding='windows-1252'?>" HEAD
				   "<record><row><source_ip>192.0.2.1</source_ip><count>1</count>"
				   "<policy_evaluated><reason><comment>\xe9t\xe9</comment></reason>"
				   "</policy_evaluated></row></record></feedback>",
				 &s, &err),
		0);
	assert_int_equal(s.n, 1);
	json_decref(s.report);
	s = (struct seen){0};
	assert_int_equal(read_text("<?xml version='1.0' encoding='x-klingon'?>" HEAD "</feedback>",
				 &s, &err),
		DG_EREMOTE);
}

static void test_what_makes_a_row_useless(void **state)
{
	static const char *const rows[] = {
		"<record><row><source_ip>192.0.2.256</source_ip><count>1</count></row></record>",
		"<record><row><source_ip>example.com</source_ip><count>1</count></row></record>",
		"<record><row><source_ip>192.0.2.1</source_ip><count>-1</count></row></record>",
		"<record><row><source_ip>192.0.2.1</source_ip><count>0</count></row></record>",
		"<record><row><source_ip>192.0.2.1</source_ip><count>1e3</count></row></record>",
		("<record><row><source_ip>192.0.2.1</source_ip>"
		 "<count>99999999999999999999</count></row></record>"),
		"<record><row><source_ip>192.0.2.1</source_ip></row></record>",
		"<record><row><count>1</count></row></record>",
		"<record></record>",
	};
	char xml[1024];
	struct dg_err err;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct seen s = {0};
		(void)snprintf(xml, sizeof(xml), "%s%s</feedback>", HEAD, rows[i]);
		assert_int_equal(read_text(xml, &s, &err), DG_EREMOTE);
		assert_int_equal(s.n, 0);
		assert_int_equal(err.pos.line, 1);
		assert_true(err.pos.column > 100);
		json_decref(s.report);
	}
}

static void test_no_report(void **state)
{
	static const char *const texts[] = {
		"<html></html>",
		"<feedback>" RECORD "</feedback>",
		"<feedback><report_metadata/>" RECORD "</feedback>",
		HEAD "</feedbac>",
		HEAD,
		"text",
	};
	struct dg_err err;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct seen s = {0};
		assert_int_equal(read_text(texts[i], &s, &err), DG_EREMOTE);
		json_decref(s.report);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_as_stalwart_reads_them),
		cmocka_unit_test(test_samples),
		cmocka_unit_test(test_rfc9990),
		cmocka_unit_test(test_broken_samples),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_records_do_not_mix),
		cmocka_unit_test(test_not_wanted),
		cmocka_unit_test(test_other_encodings),
		cmocka_unit_test(test_what_makes_a_row_useless),
		cmocka_unit_test(test_no_report),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
