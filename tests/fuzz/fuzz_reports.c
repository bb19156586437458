/* Files of aggregate reports: mail, gzip, zip, XML. Whatever they hold, they are refused or read within their bounds. */
#include "controller/watch/reports.h"

#include "zones/base/err.h"
#include "zones/watch/aggregate.h"

#include <stdlib.h>
#include <string.h>

#define INPUT_MAX (64u << 10)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int on_report(void *arg, const struct dg_aggregate_report *r)
{
	unsigned *n_reports = arg;

	if (++*n_reports > 1 || strlen(r->id) > DG_AGGREGATE_VALUE_MAX) {
		abort();
	}
	return 0;
}

static void on_row(void *arg, const struct dg_aggregate_row *row)
{
	const unsigned *n_reports = arg;

	if (*n_reports != 1 || row->count == 0) {
		abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned n_reports = 0;
	struct dg_aggregate_options o = {
		.on_report = on_report, .on_row = on_row, .arg = &n_reports};
	struct dg_err err;

	if (size <= INPUT_MAX) {
		int r = dg_reports_parse(data, size, &o, &err);
		if (r == 0 && n_reports != 1) {
			abort();
		}
	}
	return 0;
}
