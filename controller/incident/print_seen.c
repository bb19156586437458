/* What was in the bounces. */
#include "controller/incident/print.h"
#include "controller/incident/print_parts.h"
#include "controller/incident/words.h"
#include "zones/base/buf.h"
#include "zones/incident/case.h"

#include <string.h>

#define TEXT_COLUMNS  25u
#define COUNT_COLUMNS 8u
#define TIME_COLUMNS  17u
#define INLINE_MAX    4u
#define CELL_MAX      (4u << 10)

static void put_cell(struct dg_buf *b, const char *text, size_t columns)
{
	struct dg_buf cell;

	dg_buf_init(&cell, CELL_MAX);
	dg_buf_put_safe(&cell, text, strlen(text));
	dg_put_padded(b, cell.data, columns);
	dg_buf_done(&cell);
}

static void put_right(struct dg_buf *b, const char *text, size_t columns)
{
	for (size_t n = dg_columns(text); n < columns; n++) {
		dg_buf_putc(b, ' ');
	}
	dg_buf_puts(b, text);
}

static void put_number(struct dg_buf *b, uint64_t n, size_t columns)
{
	struct dg_buf text;

	dg_buf_init(&text, 32);
	dg_buf_printf(&text, "%llu", (unsigned long long)n);
	put_right(b, text.data, columns);
	dg_buf_done(&text);
}

/* --- tables ----------------------------------------------------------------------------------- */
static void put_row(struct dg_buf *b, const struct dg_top_item *i)
{
	char first[24];
	char last[24];

	dg_buf_puts(b, "  ");
	put_cell(b, i->text, TEXT_COLUMNS);
	put_number(b, i->count, COUNT_COLUMNS);
	put_number(b, dg_top_reporters(i), COUNT_COLUMNS + 2);
	dg_buf_puts(b, "  ");
	put_cell(b, dg_print_time(i->first, first), TIME_COLUMNS);
	dg_buf_puts(b, dg_print_time(i->last, last));
	dg_buf_putc(b, '\n');
}

static void put_table(struct dg_buf *b, const char *heading, const struct dg_top *t,
	bool is_by_score, size_t rows)
{
	const struct dg_top_item *items[DG_PRINT_ROWS_ALL];
	size_t n = dg_top_order(t, is_by_score, items, rows);
	uint64_t all = dg_top_distinct(t);

	if (n == 0) {
		return;
	}
	dg_buf_puts(b, "  ");
	dg_put_padded(b, dg_word(heading), TEXT_COLUMNS);
	put_right(b, dg_word(DG_MESSAGE("bounces")), COUNT_COLUMNS);
	put_right(b, dg_word(DG_MESSAGE("reporters")), COUNT_COLUMNS + 2);
	dg_buf_puts(b, "  ");
	dg_put_padded(b, dg_word(DG_MESSAGE("first")), TIME_COLUMNS);
	dg_buf_puts(b, dg_word(DG_MESSAGE("last")));
	dg_buf_putc(b, '\n');
	for (size_t i = 0; i < n; i++) {
		put_row(b, items[i]);
	}
	if (all > n) {
		dg_print_line(b, "  ", dg_word(DG_MESSAGE("and {n} more")), all - n, 0, NULL);
	}
}

/* "Subject A (12), Subject B (3), ... (40 different)" */
static void put_inline(
	struct dg_buf *b, const char *heading, const struct dg_top *t, const char *look)
{
	const struct dg_top_item *items[INLINE_MAX];
	size_t n = dg_top_order(t, false, items, INLINE_MAX);
	struct dg_buf line;

	if (n == 0) {
		return;
	}
	dg_buf_init(&line, CELL_MAX);
	dg_buf_puts(&line, dg_word(heading));
	dg_buf_puts(&line, ": ");
	if (look) {
		dg_buf_puts(&line, look);
		dg_buf_puts(&line, ": ");
	}
	for (size_t i = 0; i < n; i++) {
		dg_buf_puts(&line, i > 0 ? ", " : "");
		dg_buf_put_safe(&line, items[i]->text, strlen(items[i]->text));
		dg_buf_printf(&line, " (%llu)", (unsigned long long)items[i]->count);
	}
	if (dg_top_distinct(t) > n) {
		dg_buf_puts(&line, ", ");
		dg_message_put(&line, dg_word(DG_MESSAGE("{n} different in all")),
			dg_top_distinct(t), 0, NULL);
	}
	dg_put_wrapped(b, "  ", line.data);
	dg_buf_done(&line);
}

/* --- the rest --------------------------------------------------------------------------------- */
static void put_counts(struct dg_buf *b, const struct dg_case *c)
{
	const struct dg_case_counts *n = &c->counts;
	const struct dg_ledger *t = c->ledger;
	char first[24];
	char last[24];
	struct dg_buf span;

	dg_buf_init(&span, 128);
	dg_buf_printf(&span, "%s .. %s UTC", dg_print_time(t->timeline.first, first),
		dg_print_time(t->timeline.last, last));
	dg_print_line(b, "  ",
		dg_word(DG_MESSAGE("messages read: {of}; bounces among them: {n}, {text}")),
		n->n_counted, n->n_messages, span.data);
	dg_buf_done(&span);
	if (n->n_again > 0) {
		dg_print_line(b, "  ",
			dg_word_n("{n} came again and counts once", "{n} came again and count once",
				n->n_again),
			n->n_again, 0, NULL);
	}
	if (n->n_outside > 0) {
		dg_print_line(b, "  ",
			dg_word_n("{n} is outside of the time asked for",
				"{n} are outside of the time asked for", n->n_outside),
			n->n_outside, 0, NULL);
	}
	uint64_t n_broken = n->n_unreadable + n->n_broken_reports;
	if (n_broken > 0) {
		dg_print_line(b, "  ",
			dg_word_n("{n} could not be read, and is named above",
				"{n} could not be read, and are named above", n_broken),
			n_broken, 0, NULL);
	}
}

static void put_recipients(struct dg_buf *b, const struct dg_ledger *t)
{
	if (t->n_recipients > 0) {
		dg_print_line(b, "  ",
			dg_word(DG_MESSAGE("recipients: {n} in all, at most {of} in one bounce")),
			t->n_recipients, t->n_recipients_max, NULL);
	}
}

static void put_refusals(struct dg_buf *b, const struct dg_ledger_refusals *r)
{
	if (r->n_asked > 0) {
		dg_print_line(b, "  ",
			dg_word(DG_MESSAGE(
				"with SPF -all and DMARC p=reject in force, receivers that "
				"check would have refused {n} of {of} originals")),
			r->n_either, r->n_asked, NULL);
	}
}

/* Of originals that came back whole with a signature in our name. */
static void put_signatures(struct dg_buf *b, const uint64_t n[DG_SIGNED_STATES])
{
	uint64_t checked =
		n[DG_SIGNED_NO_KEY] + n[DG_SIGNED_BROKEN] + n[DG_SIGNED_OURS] + n[DG_SIGNED_COPIED];

	if (checked > 0) {
		dg_print_line(b, "  ",
			dg_word(DG_MESSAGE("DKIM signatures in your name on originals that came "
					   "back whole: {of}; that verify: {n}")),
			n[DG_SIGNED_OURS] + n[DG_SIGNED_COPIED], checked, NULL);
	}
	if (n[DG_SIGNED_NOT_CHECKED] > 0) {
		dg_print_line(b, "  ",
			dg_word(DG_MESSAGE("DKIM signatures in your name, not checked: {n} (--dns "
					   "looks the keys up, --dkim-key or --policy names "
					   "them)")),
			n[DG_SIGNED_NOT_CHECKED], 0, NULL);
	}
}

/* One block a span, its height by the share of the highest. */
static void put_timeline(struct dg_buf *b, const struct dg_timeline *t)
{
	static const char *const blocks[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
	size_t from = 0;
	size_t n = dg_timeline_span(t, &from);
	uint64_t most = 0;

	for (size_t i = from; i < from + n; i++) {
		most = dg_timeline_sum(t, i) > most ? dg_timeline_sum(t, i) : most;
	}
	if (n < 2 || most == 0) {
		return;
	}
	dg_buf_puts(b, "  ");
	for (size_t i = from; i < from + n; i++) {
		uint64_t sum = dg_timeline_sum(t, i);
		dg_buf_puts(b, sum == 0 ? " " : blocks[(sum * 8 - 1) / most]);
	}
	dg_buf_putc(b, '\n');
	bool is_long = t->width > 2 * 24 * 3600;
	uint64_t width = (uint64_t)t->width / (is_long ? 24 * 3600 : 60);
	const char *unit = is_long ? dg_word_n("one block is {n} day; the highest: {of}",
					     "one block is {n} days; the highest: {of}", width)
				   : dg_word_n("one block is {n} minute; the highest: {of}",
					     "one block is {n} minutes; the highest: {of}", width);
	dg_print_line(b, "  ", unit, width, most, NULL);
}

void dg_print_seen(struct dg_buf *b, const struct dg_case *c, size_t rows)
{
	const struct dg_ledger *t = c->ledger;

	dg_print_heading(b, DG_MESSAGE("What was in the bounces"));
	put_counts(b, c);
	put_timeline(b, &t->timeline);
	put_table(b, DG_MESSAGE("handed over by"), &t->origins, true, rows);
	put_table(b, DG_MESSAGE("through your servers"), &t->hosts, false, rows);
	put_table(b, DG_MESSAGE("logged in as"), &t->users, false, rows);
	put_table(b, DG_MESSAGE("bounced by"), &t->reporters, false, rows);
	if (t->reporters.n_added > 0 && dg_has_few_reporters(t)) {
		dg_print_line(b, "  ", dg_word(DG_MESSAGE("few enough to write to each of them")),
			0, 0, NULL);
	}
	put_recipients(b, t);
	put_inline(b, DG_MESSAGE("forged local parts"), &t->locals,
		dg_words_locals(dg_ledger_locals(t)));
	put_inline(b, DG_MESSAGE("subjects"), &t->subjects, NULL);
	put_refusals(b, &t->refusals);
	if (t->n_logged > 0) {
		dg_print_line(b, "  ",
			dg_word(DG_MESSAGE(
				"of mail that went out from here, by your logs: {n} of {of} "
				"bounces")),
			t->n_logged, t->n_messages, NULL);
	}
	put_signatures(b, t->n_signed);
}
