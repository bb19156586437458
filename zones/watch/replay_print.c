#include "zones/watch/replay.h"

#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/base/json.h"

#include <string.h>

#define DAY_S     ((int64_t)86400)
#define TITLE_MAX 600u

/* --- time ------------------------------------------------------------------------------------- */
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
	dg_buf_printf(
		b, ": %s to %s UTC\n", dg_plot_time(r->first_ms, t), dg_plot_time(r->last_ms, u));
	dg_buf_printf(b,
		"  %llu bounces of mail that was not sent from here, %llu of mail that was, %llu "
		"unclear; %llu letters received, %llu sent\n",
		(unsigned long long)r->n_foreign, (unsigned long long)r->n_own,
		(unsigned long long)r->n_unknown, (unsigned long long)r->n_received,
		(unsigned long long)r->n_sent);
	for (size_t i = 0; i < r->n_entries; i++) {
		const struct dg_replay_entry *e = &r->entries[i];

		dg_buf_printf(b, "  %s  %-16s %s", dg_plot_time(e->at_ms, t), e->what, e->why);
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
void dg_replay_svg(struct dg_buf *b, const struct dg_replay *r)
{
	struct dg_buf title;

	dg_buf_init(&title, TITLE_MAX);
	dg_buf_put(&title, r->name, plain_len(r->name));
	dg_buf_printf(&title,
		": bounces in %d h; red: of mail not sent from here, green: of mail that was, "
		"grey: unclear",
		(int)(r->bin_ms / 3600000));
	const struct dg_plot plot = {.title = title.data,
		.bins = r->bins,
		.n_bins = r->n_bins,
		.first_ms = r->first_ms,
		.last_ms = r->last_ms};
	dg_plot_svg(b, &plot);
	dg_buf_done(&title);
}
