/* What a report draws. */
#include "zones/incident/record.h"

#include "zones/base/buf.h"
#include "zones/watch/guard.h"
#include "zones/watch/plot.h"

#include <stdlib.h>
#include <string.h>

#define SPANS_MAX 256u
#define SPAN_MIN  60
#define MARKS_MAX 60u
#define RANKS_MAX 12u
#define TIME_MAX  ((int64_t)1 << 40)

struct axis {
	int64_t first, last; /* s */
	int64_t width;
	size_t n;
};

static int64_t at_of(const json_t *o, const char *key)
{
	json_int_t at = json_integer_value(json_object_get(o, key));

	return at > 0 && at < TIME_MAX ? (int64_t)at : 0;
}

static void reach(struct axis *x, int64_t at)
{
	if (at > 0) {
		x->first = x->first == 0 || at < x->first ? at : x->first;
		x->last = at > x->last ? at : x->last;
	}
}

static void set_axis(const struct dg_record *r, const json_t *timeline, struct axis *x)
{
	int64_t span = at_of(timeline, "span");

	*x = (struct axis){0};
	reach(x, at_of(timeline, "first"));
	reach(x, at_of(timeline, "last"));
	for (size_t i = 0; i < r->n; i++) {
		bool is_drawn = strcmp(r->entries[i].kind, DG_RECORD_GUARD) == 0 ||
				strcmp(r->entries[i].kind, DG_RECORD_CHANGE) == 0;

		reach(x, is_drawn ? r->entries[i].at : 0);
	}
	x->width = span >= SPAN_MIN ? span : SPAN_MIN;
	while ((x->last - x->first) / x->width >= (int64_t)SPANS_MAX) {
		x->width *= 2;
	}
	x->first -= x->first % x->width;
	x->n = (size_t)((x->last - x->first) / x->width) + 1;
}

static uint32_t sum(json_t *by_class, const char *only, bool is_rest)
{
	const char *key = NULL;
	json_t *value = NULL;
	json_int_t n = 0;

	json_object_foreach(by_class, key, value)
	{
		bool is_named = strcmp(key, "own") == 0 || strcmp(key, "unknown") == 0;
		json_int_t more = json_integer_value(value);

		if ((is_rest ? !is_named : strcmp(key, only) == 0) && more > 0 &&
			more < INT32_MAX) {
			n += more;
		}
	}
	return n < INT32_MAX ? (uint32_t)n : INT32_MAX;
}

static void take_volume(const json_t *timeline, const struct axis *x, struct dg_plot_bin *bins)
{
	const json_t *spans = json_object_get(timeline, "spans");

	for (size_t i = 0; i < json_array_size(spans); i++) {
		const json_t *span = json_array_get(spans, i);
		json_t *by_class = json_object_get(span, "by_class");
		int64_t at = at_of(span, "at");
		int64_t bin = at < x->first ? 0 : (at - x->first) / x->width;

		if (at > 0 && bin < (int64_t)x->n) {
			bins[bin].own += sum(by_class, "own", false);
			bins[bin].unknown += sum(by_class, "unknown", false);
			bins[bin].foreign += sum(by_class, "", true);
		}
	}
}

static void take_states(const struct dg_record *r, const struct axis *x, struct dg_plot_bin *bins)
{
	for (size_t i = 0; i < r->n; i++) {
		const struct dg_record_entry *e = &r->entries[i];
		json_t *keep = NULL;
		bool is_known = false;

		if (strcmp(e->kind, DG_RECORD_GUARD) != 0 || e->at < x->first) {
			continue;
		}
		enum dg_guard_state state =
			dg_guard_state_find(dg_record_data(e, "to", &keep), &is_known);
		json_decref(keep);
		size_t from = (size_t)((e->at - x->first) / x->width);
		for (size_t k = from; is_known && k < x->n; k++) { /* until the next one */
			bins[k].state = k == from && bins[k].state > (uint8_t)state
						? bins[k].state
						: (uint8_t)state;
		}
	}
}

/* The number of a mark is that of its row in the timeline. */
static size_t take_marks(const struct dg_record *r, struct dg_plot_mark *marks)
{
	size_t n = 0;

	for (size_t i = 0; i < r->n && n < MARKS_MAX; i++) {
		const char *kind = r->entries[i].kind;

		if (strcmp(kind, DG_RECORD_CHANGE) == 0 || strcmp(kind, DG_RECORD_STEP) == 0 ||
			strcmp(kind, DG_RECORD_CLOSED) == 0) {
			marks[n++] = (struct dg_plot_mark){.at_ms = r->entries[i].at * 1000,
				.number = (unsigned)i + 1,
				.text = r->entries[i].text};
		}
	}
	return n;
}

bool dg_record_volume_svg(struct dg_buf *b, const struct dg_record *r)
{
	const json_t *timeline = json_object_get(r->triage, "timeline");
	struct dg_plot_bin bins[SPANS_MAX + 1] = {{0}};
	struct dg_plot_mark marks[MARKS_MAX];
	struct axis x;

	set_axis(r, timeline, &x);
	if (x.first == 0) {
		return false;
	}
	x.n = x.n > SPANS_MAX ? SPANS_MAX : x.n;
	take_volume(timeline, &x, bins);
	take_states(r, &x, bins);
	const struct dg_plot plot = {
		.title = dg_record_say(r,
			DG_MESSAGE("Bounces over time; red: of mail not sent by its owner, green: "
				   "of his own, grey: unclear; behind: the guard")),
		.bins = bins,
		.n_bins = x.n,
		.first_ms = x.first * 1000,
		.last_ms = (x.first + (int64_t)x.n * x.width) * 1000,
		.marks = marks,
		.n_marks = take_marks(r, marks)};
	dg_plot_svg(b, &plot);
	return true;
}

bool dg_record_ranks_svg(
	struct dg_buf *b, const struct dg_record *r, const char *which, const char *title)
{
	const json_t *list = json_object_get(json_object_get(r->triage, which), "first");
	struct dg_plot_rank ranks[RANKS_MAX];
	size_t n = 0;

	for (size_t i = 0; i < json_array_size(list) && n < RANKS_MAX; i++) {
		const json_t *item = json_array_get(list, i);
		const char *text = json_string_value(json_object_get(item, "text"));
		json_int_t count = json_integer_value(json_object_get(item, "bounces"));

		if (text && count > 0) {
			ranks[n] = (struct dg_plot_rank){.text = text, .n = (uint64_t)count};
			n++;
		}
	}
	if (n > 0) {
		dg_plot_ranks_svg(b, dg_record_say(r, title), ranks, n);
	}
	return n > 0;
}
