#include "tests/unit/unit.h"

#include "zones/base/buf.h"
#include "zones/base/err.h"
#include "zones/watch/aggregate.h"

#include <string.h>

#define HEAD                                                                                \
	"<feedback><report_metadata><org_name>a.example</org_name><report_id>1</report_id>" \
	"</report_metadata><policy_published><domain>example.com</domain></policy_published>"
#define RECORD "<record><row><source_ip>192.0.2.1</source_ip><count>2</count></row></record>"

struct seen {
	uint64_t n;
	struct dg_aggregate_row last;
};

static int on_report(void *arg, const struct dg_aggregate_report *r)
{
	(void)arg;
	(void)r;
	return 0;
}

static void on_row(void *arg, const struct dg_aggregate_row *row)
{
	struct seen *s = arg;

	s->n++;
	s->last = *row;
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

/* --- hostile ---------------------------------------------------------------------------------- */
static void refuse(const struct dg_buf *b, int rc, const char *why)
{
	struct seen s = {0};
	struct dg_err err;
	assert_false(b->is_full);
	assert_int_equal(read_in(b->data, b->len, 65536, &s, &err), rc);
	assert_non_null(strstr(err.text, why));
}

static void repeat(struct dg_buf *b, const char *what, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		dg_buf_puts(b, what);
	}
}

static void test_entities(void **state)
{
	struct dg_buf b;

	(void)state;
	dg_buf_init(&b, (size_t)8 << 20);
	dg_buf_puts(&b, "<?xml version='1.0'?><!DOCTYPE feedback [<!ENTITY a0 'lol'>");
	for (int i = 1; i < 12; i++) {
		dg_buf_printf(&b, "<!ENTITY a%d '&a%d;&a%d;&a%d;&a%d;&a%d;&a%d;&a%d;&a%d;'>", i,
			i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1);
	}
	dg_buf_puts(&b, "]>" HEAD "&a11;</feedback>");
	refuse(&b, DG_EREMOTE, "DOCTYPE");
	dg_buf_clear(&b);
	dg_buf_puts(&b, "<!DOCTYPE feedback [<!ENTITY a '"); /* quadratic */
	repeat(&b, "A", 50000);
	dg_buf_puts(&b, "'>]>" HEAD);
	repeat(&b, "&a;", 50000);
	refuse(&b, DG_EREMOTE, "DOCTYPE");
	dg_buf_clear(&b);
	dg_buf_puts(&b, "<!DOCTYPE feedback SYSTEM 'file:///etc/passwd'>" HEAD "</feedback>");
	refuse(&b, DG_EREMOTE, "DOCTYPE");
	dg_buf_clear(&b);
	dg_buf_puts(&b, HEAD "<record>&lol;</record></feedback>");
	refuse(&b, DG_EREMOTE, "undefined entity");
	dg_buf_done(&b);
}

static void test_shapes(void **state)
{
	struct dg_buf b;

	(void)state;
	dg_buf_init(&b, (size_t)80 << 20);
	dg_buf_puts(&b, "<feedback>");
	repeat(&b, "<a>", 100000);
	refuse(&b, DG_ELIMIT, "deep");
	dg_buf_clear(&b);
	dg_buf_puts(&b, "<feedback ");
	for (int i = 0; i < 200000; i++) {
		dg_buf_printf(&b, "a%d='' ", i);
	}
	refuse(&b, DG_ELIMIT, "tag");
	dg_buf_clear(&b);
	dg_buf_puts(&b, "<feedback><!--");
	repeat(&b, "aaaaaaaaaaaaaaaa", (size_t)1 << 20);
	refuse(&b, DG_ELIMIT, "tag");
	dg_buf_clear(&b);
	dg_buf_puts(&b, "<feedback><report_metadata><org_name>");
	repeat(&b, "a", DG_AGGREGATE_VALUE_MAX + 1);
	refuse(&b, DG_ELIMIT, "value");
	dg_buf_clear(&b);
	dg_buf_puts(&b, "<feedback>");
	repeat(&b, "                                ", (size_t)65 << 15);
	refuse(&b, DG_ELIMIT, "longer");
	dg_buf_done(&b);
}

static void put_values(struct dg_buf *b, size_t n, size_t len)
{
	for (size_t i = 0; i < n; i++) {
		dg_buf_puts(b, "<dkim><domain>");
		repeat(b, "a", len);
		dg_buf_puts(b, "</domain></dkim>");
	}
}

static void test_much(void **state)
{
	struct dg_buf b;
	struct seen s = {0};
	struct dg_err err;

	(void)state;
	dg_buf_init(&b, (size_t)20 << 20);
	dg_buf_puts(&b, HEAD);
	repeat(&b, RECORD, DG_AGGREGATE_RECORDS_MAX + 1);
	assert_int_equal(read_in(b.data, b.len, 65536, &s, &err), DG_ELIMIT);
	assert_int_equal(s.n, DG_AGGREGATE_RECORDS_MAX);
	dg_buf_clear(&b);
	dg_buf_puts(&b, HEAD "<record><auth_results>");
	put_values(&b, 10, 4000);
	refuse(&b, DG_ELIMIT, "values here");
	dg_buf_clear(&b);
	dg_buf_puts(&b, HEAD "<record><auth_results>"); /* those that are dropped count too */
	put_values(&b, 200000, 60);
	refuse(&b, DG_ELIMIT, "in all");
	dg_buf_clear(&b);
	dg_buf_puts(&b, HEAD "<record><auth_results>");
	put_values(&b, 100, 3);
	dg_buf_puts(&b,
		"</auth_results><row><source_ip>::1</source_ip><count>1</count></row></record>"
		"</feedback>");
	s = (struct seen){0};
	assert_int_equal(read_in(b.data, b.len, 65536, &s, &err), 0);
	assert_int_equal(s.last.n_dkims, DG_AGGREGATE_DKIM_MAX);
	assert_int_equal(s.last.n_dkims_dropped, 100 - DG_AGGREGATE_DKIM_MAX);
	dg_buf_done(&b);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_entities),
		cmocka_unit_test(test_shapes),
		cmocka_unit_test(test_much),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
