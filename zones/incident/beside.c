#include "zones/incident/beside.h"

#include "zones/base/arena.h"
#include "zones/incident/owner.h"
#include "zones/watch/rows.h"

#include <stdlib.h>

#define SUM_MAX ((size_t)256 << 20)

static enum dg_rows_standing rows_standing(enum dg_standing s)
{
	switch (s) {
	case DG_STANDING_OWN:
	case DG_STANDING_OWN_NAME:
		return DG_ROWS_OWN;
	case DG_STANDING_SHARED:
		return DG_ROWS_SHARED;
	case DG_STANDING_FOREIGN:
		return DG_ROWS_FOREIGN;
	case DG_STANDING_STRANGER:
	case DG_STANDING_UNKNOWN:
		break;
	}
	return DG_ROWS_UNKNOWN;
}

static int by_value(const void *x, const void *y)
{
	uint64_t a = *(const uint64_t *)x;
	uint64_t b = *(const uint64_t *)y;

	return a < b ? -1 : a > b;
}

/* What passes: from sources of ours, and, where they are not known, what the domain's SPF or key let pass. */
static uint64_t own_of(const uint64_t n[DG_ROWS_CLASSES])
{
	return n[DG_ROWS_CLASS_OWN] + n[DG_ROWS_CLASS_OTHER];
}

static void find_burst(struct dg_arena *a, const struct dg_rows_sum *s, struct dg_beside *b)
{
	uint64_t *counts = dg_newn(a, uint64_t, s->n_days);

	for (size_t i = 0; i < s->n_days; i++) {
		counts[i] = own_of(s->days[i].n);
		if (counts[i] > b->own_peak) {
			b->own_peak = counts[i];
			b->own_peak_day = s->days[i].day;
		}
	}
	qsort(counts, s->n_days, sizeof(*counts), by_value);
	/* The median of the days but the busiest; days without any mail have no row, and count for nothing. */
	b->own_usual = s->n_days > 1 ? counts[(s->n_days - 2) / 2] : 0;
}

void dg_beside_rows(struct dg_rows *rows, const struct dg_owner *o, struct dg_beside *beside)
{
	struct dg_rows_source source;

	beside->own_peak_day = -1;
	dg_rows_seal(rows);
	for (size_t at = 0; dg_rows_next(rows, &at, &source);) {
		const char *provider = NULL;
		enum dg_standing s = dg_owner_standing(o, &source.address, "", &provider);
		dg_rows_judge(rows, &source, rows_standing(s), provider);
	}
	for (size_t i = 0;; i++) {
		struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new(SUM_MAX);
		struct dg_rows_sum s;

		if (!dg_rows_sum(rows, a, i, &s)) {
			return;
		}
		if (o->n_domains > 0 && !dg_owner_has_domain(o, s.domain)) {
			continue;
		}
		beside->has_rows = true;
		beside->n_rows_forged += s.n[DG_ROWS_CLASS_FORGED];
		beside->n_rows_own += own_of(s.n);
		beside->n_rows_provider += s.n[DG_ROWS_CLASS_PROVIDER];
		beside->n_rows_all += s.n_all;
		if (s.n_forged_reporters > beside->n_rows_reporters) {
			beside->n_rows_reporters = s.n_forged_reporters;
		}
		find_burst(a, &s, beside);
	}
}

bool dg_beside_has_burst(const struct dg_beside *b)
{
	return b->own_peak >= DG_BESIDE_BURST_MIN &&
	       b->own_peak >= DG_BESIDE_BURST_TIMES * (b->own_usual > 0 ? b->own_usual : 1);
}
