/* zones/watch/plot.h: drawings (SVG 1.1, no scripts, nothing from elsewhere): bounces over time with the states of the guard behind
 * them and what was done above them; the first of many as bars. Pure.
 *
 * Units    Unix milliseconds. Spans of equal length from first_ms to last_ms.
 * Escapes  Texts are made safe and escaped here; they may come from outside.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct dg_buf;

struct dg_plot_bin {
	uint32_t own, unknown, foreign, received;
	uint8_t state; /* enum dg_guard_state, the furthest in it */
};

struct dg_plot_mark {
	int64_t at_ms;
	unsigned number; /* stands above it */
	const char *text;
};

struct dg_plot {
	const char *title;
	const struct dg_plot_bin *bins;
	size_t n_bins;
	int64_t first_ms, last_ms;
	const struct dg_plot_mark *marks;
	size_t n_marks;
};

struct dg_plot_rank {
	const char *text;
	uint64_t n;
};

void dg_plot_svg(struct dg_buf *b, const struct dg_plot *p);
/* The longest bar is the largest n. */
void dg_plot_ranks_svg(
	struct dg_buf *b, const char *title, const struct dg_plot_rank *ranks, size_t n);
/* "2026-11-22 18:52:16", of the proleptic Gregorian calendar, UTC. In buf, returned. */
const char *dg_plot_time(int64_t ms, char buf[24]);
