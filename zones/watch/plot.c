#include "zones/watch/plot.h"

#include "zones/base/buf.h"
#include "zones/base/escape.h"
#include "zones/watch/guard.h"

#include <string.h>

#define DAY_S    ((int64_t)86400)
#define WIDTH    1200
#define HEIGHT   300
#define LEFT     60
#define TOP      40
#define BOTTOM   40
#define RANK     22 /* height of a bar with its gap */
#define RANK_X   360
#define TEXT_MAX 48u /* characters of a rank's text that there is room for */

const char *dg_plot_time(int64_t ms, char buf[24])
{
	int64_t s = ms / 1000;
	int64_t z = s / DAY_S + 719468;
	int64_t era = z / 146097;
	int64_t of_era = z - era * 146097;
	int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
	int64_t m = (5 * of_year + 2) / 153;
	int64_t day = of_year - (153 * m + 2) / 5 + 1;
	int64_t month = m < 10 ? m + 3 : m - 9;
	struct dg_buf b;

	dg_buf_init(&b, 23);
	dg_buf_printf(&b, "%04d-%02d-%02d %02d:%02d:%02d",
		(int)(year + era * 400 + (month <= 2)) % 10000, (int)month, (int)day,
		(int)(s % DAY_S / 3600), (int)(s % 3600 / 60), (int)(s % 60));
	memcpy(buf, b.data, b.len + 1);
	dg_buf_done(&b);
	return buf;
}

static void put_xml(struct dg_buf *b, const char *text)
{
	dg_buf_put_xml(b, text, strlen(text));
}

static void put_head(struct dg_buf *b, int height, const char *title)
{
	dg_buf_printf(b,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" "
		"font-family=\"sans-serif\" font-size=\"12\">\n",
		WIDTH, height);
	dg_buf_printf(b,
		"<rect width=\"%d\" height=\"%d\" fill=\"white\"/>\n<text x=\"%d\" y=\"22\" "
		"font-size=\"15\">",
		WIDTH, height, LEFT);
	put_xml(b, title);
	dg_buf_puts(b, "</text>\n");
}

/* --- over time ---------------------------------------------------------------------------------- */
static uint32_t tallest(const struct dg_plot *p)
{
	uint32_t most = 1;

	for (size_t i = 0; i < p->n_bins; i++) {
		uint32_t n = p->bins[i].own + p->bins[i].unknown + p->bins[i].foreign;
		most = n > most ? n : most;
	}
	return most;
}

static double x_of(const struct dg_plot *p, size_t bin)
{
	return LEFT +
	       (double)(WIDTH - LEFT - 20) * (double)bin / (double)(p->n_bins ? p->n_bins : 1);
}

static void put_bands(struct dg_buf *b, const struct dg_plot *p)
{
	static const char *const colours[] = {[DG_GUARD_ELEVATED] = "#fff3c4",
		[DG_GUARD_SPLITTING] = "#ffd0a8",
		[DG_GUARD_SPLIT] = "#ffd0a8",
		[DG_GUARD_PROBING] = "#e2d4f5",
		[DG_GUARD_ROTATING] = "#ffd0a8",
		[DG_GUARD_RESTORING] = "#d4ecd4",
		[DG_GUARD_COOLDOWN] = "#e4eef8",
		[DG_GUARD_HELD] = "#e0e0e0"};

	for (size_t i = 0, from = 0; i <= p->n_bins && p->n_bins > 0; i++) {
		if (i < p->n_bins && p->bins[i].state == p->bins[from].state) {
			continue;
		}
		if (p->bins[from].state != DG_GUARD_CALM) {
			dg_buf_printf(b,
				"<rect x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\" "
				"fill=\"%s\"><title>%s</title></rect>\n",
				x_of(p, from), TOP, x_of(p, i) - x_of(p, from),
				HEIGHT - TOP - BOTTOM, colours[p->bins[from].state],
				dg_guard_state_text((enum dg_guard_state)p->bins[from].state));
		}
		from = i;
	}
}

static void put_bars(struct dg_buf *b, const struct dg_plot *p, uint32_t most)
{
	double width = x_of(p, 1) - x_of(p, 0);
	double scale = (double)(HEIGHT - TOP - BOTTOM) / most;

	for (size_t i = 0; i < p->n_bins; i++) {
		const struct dg_plot_bin *bin = &p->bins[i];
		const uint32_t parts[3] = {bin->own, bin->unknown, bin->foreign};
		static const char *const colours[3] = {"#3a7d44", "#9a9a9a", "#b3261e"};
		double y = HEIGHT - BOTTOM;

		for (size_t k = 0; k < 3; k++) {
			double h = parts[k] * scale;
			y -= h;
			if (parts[k] > 0) {
				dg_buf_printf(b,
					"<rect x=\"%.1f\" y=\"%.1f\" width=\"%.2f\" "
					"height=\"%.1f\" fill=\"%s\"/>\n",
					x_of(p, i), y, width, h, colours[k]);
			}
		}
	}
}

/* What lies outside stands at the edge. */
static double x_at(const struct dg_plot *p, int64_t at_ms)
{
	double span = (double)(p->last_ms - p->first_ms);
	double x = span > 0 ? (double)(at_ms - p->first_ms) / span : 0;

	return LEFT + (double)(WIDTH - LEFT - 20) * (x < 0 ? 0 : x > 1 ? 1 : x);
}

static void put_marks(struct dg_buf *b, const struct dg_plot *p)
{
	for (size_t i = 0; i < p->n_marks; i++) {
		double x = x_at(p, p->marks[i].at_ms);

		dg_buf_printf(b,
			"<g><line x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%d\" stroke=\"#1a4f8b\" "
			"stroke-dasharray=\"3 3\"/><text x=\"%.1f\" y=\"%d\" fill=\"#1a4f8b\" "
			"text-anchor=\"middle\">%u</text><title>",
			x, TOP, x, HEIGHT - BOTTOM, x, TOP - 3, p->marks[i].number);
		put_xml(b, p->marks[i].text);
		dg_buf_puts(b, "</title></g>\n");
	}
}

void dg_plot_svg(struct dg_buf *b, const struct dg_plot *p)
{
	uint32_t most = tallest(p);
	char t[24];

	put_head(b, HEIGHT, p->title);
	put_bands(b, p);
	put_bars(b, p, most);
	put_marks(b, p);
	dg_buf_printf(b, "<line x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\" stroke=\"black\"/>\n", LEFT,
		HEIGHT - BOTTOM, WIDTH - 20, HEIGHT - BOTTOM);
	dg_buf_printf(b, "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%u</text>\n", LEFT - 6,
		TOP + 10, most);
	dg_buf_printf(b, "<text x=\"%d\" y=\"%d\">%s UTC</text>\n", LEFT, HEIGHT - 18,
		dg_plot_time(p->first_ms, t));
	dg_buf_printf(b, "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s UTC</text>\n</svg>\n",
		WIDTH - 20, HEIGHT - 18, dg_plot_time(p->last_ms, t));
}

/* --- ranks -------------------------------------------------------------------------------------- */
/* Octets of the first TEXT_MAX characters. */
static size_t shown_len(const char *text)
{
	size_t n = 0;
	size_t i = 0;

	for (; text[i] != '\0'; i++) {
		n += ((unsigned char)text[i] & 0xc0) != 0x80;
		if (n > TEXT_MAX) {
			break;
		}
	}
	return i;
}

void dg_plot_ranks_svg(
	struct dg_buf *b, const char *title, const struct dg_plot_rank *ranks, size_t n)
{
	uint64_t most = 1;

	for (size_t i = 0; i < n; i++) {
		most = ranks[i].n > most ? ranks[i].n : most;
	}
	put_head(b, TOP + (int)n * RANK + 10, title);
	for (size_t i = 0; i < n; i++) {
		int y = TOP + (int)i * RANK;

		dg_buf_printf(
			b, "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">", RANK_X - 8, y + 14);
		dg_buf_put_xml(b, ranks[i].text, shown_len(ranks[i].text));
		dg_buf_printf(b,
			"</text><rect x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\" "
			"fill=\"#b3261e\"/>",
			RANK_X, y + 2,
			(double)(WIDTH - RANK_X - 90) * (double)ranks[i].n / (double)most,
			RANK - 6);
		dg_buf_printf(b, "<text x=\"%.1f\" y=\"%d\">%llu</text>\n",
			RANK_X + 6 +
				(double)(WIDTH - RANK_X - 90) * (double)ranks[i].n / (double)most,
			y + 14, (unsigned long long)ranks[i].n);
	}
	dg_buf_puts(b, "</svg>\n");
}
