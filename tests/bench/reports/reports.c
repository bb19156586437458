/* reports FOLDER...: reads aggregate reports, judges their sources (10.0.0.0/8 is own) and sums them, as `dnsguard reports` does. */
#include "controller/watch/reports.h"
#include "tests/bench/reports/peak.h"
#include "zones/base/arena.h"
#include "zones/base/err.h"
#include "zones/watch/rows.h"

#include <stdio.h>

#define ARENA_MAX ((size_t)256 << 20)

static int on_file(void *arg, const char *path, struct dg_err *err)
{
	int r = dg_reports_read(path, arg, err);

	return r > 0 ? 0 : r;
}

static uint64_t messages(struct dg_rows *rows)
{
	struct dg_rows_source s;
	uint64_t n = 0;

	dg_rows_seal(rows);
	for (size_t at = 0; dg_rows_next(rows, &at, &s);) {
		dg_rows_judge(
			rows, &s, s.address.octets[0] == 10 ? DG_ROWS_OWN : DG_ROWS_FOREIGN, NULL);
	}
	for (size_t i = 0;; i++) {
		struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(ARENA_MAX);
		struct dg_rows_sum sum;
		if (!dg_rows_sum(rows, a, i, &sum)) {
			return n;
		}
		n += sum.n_all;
	}
}

int main(int argc, char **argv)
{
	struct dg_rows *rows = dg_rows_new(NULL, 1);
	struct dg_rows_counts c;
	struct dg_err err;

	for (int i = 1; i < argc; i++) {
		if (dg_reports_walk(argv[i], on_file, rows, &err) < 0) {
			(void)fprintf(stderr, "%s\n", err.text);
			return 1;
		}
	}
	uint64_t n = messages(rows);
	dg_rows_counts(rows, &c);
	(void)printf("{\"what\":\"dnsguard\",\"reports\":%llu,\"rows\":%llu,\"messages\":%llu,"
		     "\"cpu_s\":%.3f,\"rss_kib\":%ld}\n",
		(unsigned long long)c.n_reports, (unsigned long long)c.n_rows,
		(unsigned long long)n, cpu_s(), peak_kib());
	(void)dg_rows_free(rows);
	return 0;
}
