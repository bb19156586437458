#include "zones/watch/replay.h"

#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/base/json.h"

#include <string.h>

#define DAY_S  ((int64_t)86400)
#define WIDTH  1200
#define HEIGHT 300
#define LEFT   60
#define TOP    40
#define BOTTOM 40

/* --- time ------------------------------------------------------------------------------------- */
/* "2026-11-22 18:52:16", of the proleptic Gregorian calendar, UTC. */
static const char *time_text(int64_t ms, char buf[24])
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

static void put_span(struct dg_buf *b, int64_t ms)
{
	int64_t s = ms / 1000;

	if (s < 120) {
		dg_buf_printf(b, "%d s", (int)s);
	} else if (s < 7200) {
		dg_buf_printf(b, "%d min", (int)(s / 60));
	} else if (s < 2 * DAY_S) {
		dg_buf_printf(b, "%d h %d min", (int)(s / 3600), (int)(s % 3600 / 60));
	} else {
		dg_buf_printf(b, "%d days %d h", (int)(s / DAY_S), (int)(s % DAY_S / 3600));
	}
}

static size_t plain_len(const char *name)
{
	size_t len = strlen(name);

	return len > 1 ? len - 1 : len;
}

/* --- text ------------------------------------------------------------------------------------- */
static void put_evidence(struct dg_buf *b, const struct dg_replay_entry *e)
{
	if (e->n_foreign + e->n_unknown + e->n_own > 0) {
		dg_buf_printf(b,
			"; since the notice %u bounces of mail that was not sent from here, %u of "
			"mail that was, %u unclear",
			e->n_foreign, e->n_own, e->n_unknown);
		dg_buf_printf(b, "; about %u networks report, %u addresses", e->n_reporters,
			e->n_recipients);
	}
}

static void put_end(struct dg_buf *b, const struct dg_replay *r)
{
	if (r->n_splits == 0) {
		dg_buf_puts(b, r->n_alarms > 0 ? "  nothing would have been moved\n"
					       : "  nothing would have happened\n");
		return;
	}
	dg_buf_puts(b, "  split for ");
	put_span(b, r->split_ms);
	dg_buf_printf(b,
		" in all: %llu bounces kept away; cost: %llu letters with a sender refused\n",
		(unsigned long long)r->n_kept_away, (unsigned long long)r->n_refused);
}

void dg_replay_print(struct dg_buf *b, const struct dg_replay *r)
{
	char t[24];
	char u[24];

	dg_buf_put(b, r->name, plain_len(r->name));
	if (r->last_ms == 0) {
		dg_buf_puts(b, ": the logs say nothing of it\n");
		return;
	}
	dg_buf_printf(b, ": %s to %s UTC\n", time_text(r->first_ms, t), time_text(r->last_ms, u));
	dg_buf_printf(b,
		"  %llu bounces of mail that was not sent from here, %llu of mail that was, %llu "
		"unclear; %llu letters received, %llu sent\n",
		(unsigned long long)r->n_foreign, (unsigned long long)r->n_own,
		(unsigned long long)r->n_unknown, (unsigned long long)r->n_received,
		(unsigned long long)r->n_sent);
	for (size_t i = 0; i < r->n_entries; i++) {
		const struct dg_replay_entry *e = &r->entries[i];

		dg_buf_printf(b, "  %s  %-16s %s", time_text(e->at_ms, t), e->what, e->why);
		if (strcmp(e->what, "alarm") == 0 || strcmp(e->what, "proposed") == 0 ||
			strcmp(e->what, "splitting") == 0) {
			put_evidence(b, e);
		}
		if (strcmp(e->what, "proposed") == 0 && e->genuine > 0) {
			dg_buf_printf(b, "; at stake: %u letters in the day before", e->genuine);
		}
		dg_buf_puts(b, "\n");
	}
	if (r->n_entries_dropped > 0) {
		dg_buf_printf(b, "  and %zu more\n", r->n_entries_dropped);
	}
	put_end(b, r);
}

/* --- JSON ------------------------------------------------------------------------------------- */
static json_t *entry_json(const struct dg_replay_entry *e)
{
	return json_pack("{s:I, s:s, s:s, s:s, s:i, s:i, s:i, s:i, s:i, s:i, s:f}", "at_ms",
		(json_int_t)e->at_ms, "what", e->what, "why", e->why, "state",
		dg_guard_state_text(e->state), "foreign", (int)e->n_foreign, "unknown",
		(int)e->n_unknown, "own", (int)e->n_own, "networks", (int)e->n_reporters,
		"addresses", (int)e->n_recipients, "genuine", (int)e->genuine, "score", e->score);
}

void dg_replay_json(struct dg_buf *b, const struct dg_replay *r)
{
	json_t *list = json_array();
	json_t *root = json_pack(
		"{s:s, s:s%, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:i, s:i, s:i, s:I, s:I, s:I, s:o}",
		"type", "backtest", "name", r->name, plain_len(r->name), "first_ms",
		(json_int_t)r->first_ms, "last_ms", (json_int_t)r->last_ms, "foreign",
		(json_int_t)r->n_foreign, "unknown", (json_int_t)r->n_unknown, "own",
		(json_int_t)r->n_own, "received", (json_int_t)r->n_received, "sent",
		(json_int_t)r->n_sent, "alarms", (int)r->n_alarms, "proposals", (int)r->n_proposals,
		"splits", (int)r->n_splits, "split_ms", (json_int_t)r->split_ms, "kept_away",
		(json_int_t)r->n_kept_away, "refused", (json_int_t)r->n_refused, "entries", list);

	for (size_t i = 0; i < r->n_entries; i++) {
		json_array_append_new(list, entry_json(&r->entries[i]));
	}
	dg_json_put(b, root);
}

/* --- SVG -------------------------------------------------------------------------------------- */
static uint32_t tallest(const struct dg_replay *r)
{
	uint32_t most = 1;

	for (size_t i = 0; i < r->n_bins; i++) {
		uint32_t n = r->bins[i].own + r->bins[i].unknown + r->bins[i].foreign;
		most = n > most ? n : most;
	}
	return most;
}

static double x_of(const struct dg_replay *r, size_t bin)
{
	return LEFT +
	       (double)(WIDTH - LEFT - 20) * (double)bin / (double)(r->n_bins ? r->n_bins : 1);
}

static void put_bands(struct dg_buf *b, const struct dg_replay *r)
{
	static const char *const colours[] = {[DG_GUARD_ELEVATED] = "#fff3c4",
		[DG_GUARD_SPLITTING] = "#ffd0a8",
		[DG_GUARD_SPLIT] = "#ffd0a8",
		[DG_GUARD_PROBING] = "#e2d4f5",
		[DG_GUARD_RESTORING] = "#d4ecd4",
		[DG_GUARD_COOLDOWN] = "#e4eef8",
		[DG_GUARD_HELD] = "#e0e0e0"};

	for (size_t i = 0, from = 0; i <= r->n_bins && r->n_bins > 0; i++) {
		if (i < r->n_bins && r->bins[i].state == r->bins[from].state) {
			continue;
		}
		if (r->bins[from].state != DG_GUARD_CALM) {
			dg_buf_printf(b,
				"<rect x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\" "
				"fill=\"%s\"><title>%s</title></rect>\n",
				x_of(r, from), TOP, x_of(r, i) - x_of(r, from),
				HEIGHT - TOP - BOTTOM, colours[r->bins[from].state],
				dg_guard_state_text((enum dg_guard_state)r->bins[from].state));
		}
		from = i;
	}
}

static void put_bars(struct dg_buf *b, const struct dg_replay *r, uint32_t most)
{
	double width = x_of(r, 1) - x_of(r, 0);
	double scale = (double)(HEIGHT - TOP - BOTTOM) / most;

	for (size_t i = 0; i < r->n_bins; i++) {
		const struct dg_replay_bin *bin = &r->bins[i];
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
					x_of(r, i), y, width, h, colours[k]);
			}
		}
	}
}

void dg_replay_svg(struct dg_buf *b, const struct dg_replay *r)
{
	uint32_t most = tallest(r);
	char t[24];

	dg_buf_printf(b,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" "
		"font-family=\"sans-serif\" font-size=\"12\">\n",
		WIDTH, HEIGHT);
	dg_buf_printf(b,
		"<rect width=\"%d\" height=\"%d\" fill=\"white\"/>\n<text x=\"%d\" y=\"22\" "
		"font-size=\"15\">",
		WIDTH, HEIGHT, LEFT);
	/* A canonical name holds no character that means something in XML but these. */
	for (size_t i = 0; i < plain_len(r->name); i++) {
		char c = r->name[i];
		dg_buf_puts(b, c == '<' ? "&lt;" : c == '&' ? "&amp;" : c == '>' ? "&gt;" : "");
		if (c != '<' && c != '&' && c != '>') {
			dg_buf_putc(b, c);
		}
	}
	dg_buf_printf(b,
		": bounces in %d h; red: of mail not sent from here, green: of mail that was, "
		"grey: unclear</text>\n",
		(int)(r->bin_ms / 3600000));
	put_bands(b, r);
	put_bars(b, r, most);
	dg_buf_printf(b, "<line x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\" stroke=\"black\"/>\n", LEFT,
		HEIGHT - BOTTOM, WIDTH - 20, HEIGHT - BOTTOM);
	dg_buf_printf(b, "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%u</text>\n", LEFT - 6,
		TOP + 10, most);
	dg_buf_printf(b, "<text x=\"%d\" y=\"%d\">%s UTC</text>\n", LEFT, HEIGHT - 18,
		time_text(r->first_ms, t));
	dg_buf_printf(b, "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s UTC</text>\n</svg>\n",
		WIDTH - 20, HEIGHT - 18, time_text(r->last_ms, t));
}
