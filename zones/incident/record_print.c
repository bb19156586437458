/* An incident for a terminal, and as Markdown. */
#include "zones/incident/record.h"

#include "zones/base/buf.h"
#include "zones/base/escape.h"
#include "zones/watch/plot.h"

#include <string.h>

#define TIMELINE_SHORT 20u

static size_t plain_len(const char *name)
{
	size_t len = strlen(name);

	return len > 1 && name[len - 1] == '.' ? len - 1 : len;
}

static void put_safe(struct dg_buf *b, const char *text)
{
	dg_buf_put_safe(b, text, strlen(text));
}

static void put_markdown(struct dg_buf *b, const char *text)
{
	dg_buf_put_markdown(b, text, strlen(text));
}

static const char *time_of(int64_t at, char buf[24])
{
	return dg_plot_time(at * 1000, buf);
}

static const char *or_none(const char *text)
{
	return text && text[0] != '\0' ? text : "none";
}

/* --- text ----------------------------------------------------------------------------------------- */
static void print_head(struct dg_buf *b, const struct dg_record *r)
{
	char t[24];

	dg_buf_printf(b, "incident %lld: ", (long long)r->id);
	dg_buf_put_safe(b, r->name, plain_len(r->name));
	dg_buf_printf(b, "  %s\n  opened   %s UTC by ", dg_record_state(r), time_of(r->opened, t));
	put_safe(b, r->opened_by);
	if (r->reason) {
		dg_buf_puts(b, ": ");
		put_safe(b, r->reason);
	}
	dg_buf_puts(b, "\n  verdict  ");
	put_safe(b, or_none(r->verdict));
	if (r->confidence) {
		dg_buf_puts(b, ", confidence ");
		put_safe(b, r->confidence);
	}
	if (dg_record_refuses_split(r)) {
		dg_buf_puts(b,
			" (no split: it would not stop what a host or an account of ours sends)");
	}
	dg_buf_putc(b, '\n');
	if (r->closed > 0) {
		dg_buf_printf(b, "  closed   %s UTC by ", time_of(r->closed, t));
		put_safe(b, or_none(r->closed_by));
		dg_buf_putc(b, '\n');
	}
	if (r->closed > 0 && r->forgotten == 0) {
		dg_buf_printf(b, "  kept     until %s UTC, then `dnsguard incident forget`\n",
			time_of(r->closed + r->retention, t));
	}
	if (r->forgotten > 0) {
		dg_buf_printf(b, "  forgotten %s UTC by ", time_of(r->forgotten, t));
		put_safe(b, or_none(r->forgotten_by));
		dg_buf_printf(b, ": %lld entries are gone\n", (long long)r->n_entries);
	}
}

void dg_record_print(struct dg_buf *b, const struct dg_record *r, bool is_verbose)
{
	size_t from = is_verbose || r->n <= TIMELINE_SHORT ? 0 : r->n - TIMELINE_SHORT;
	char t[24];

	print_head(b, r);
	if (r->broken > 0) {
		dg_buf_printf(b,
			"  WARNING  the record was changed by other means: entry %lld and what "
			"follows does not fit\n",
			(long long)r->broken);
	}
	dg_buf_printf(b, "  evidence %zu files\n", r->n_files);
	if (from > 0) {
		dg_buf_printf(b, "  (%zu earlier entries: --verbose shows them)\n", from);
	}
	for (size_t i = from; i < r->n; i++) {
		const struct dg_record_entry *e = &r->entries[i];

		dg_buf_printf(b, "  %s  %-8s  ", time_of(e->at, t), e->kind);
		put_safe(b, e->who);
		dg_buf_puts(b, ": ");
		put_safe(b, e->text);
		dg_buf_putc(b, '\n');
	}
}

/* --- Markdown ------------------------------------------------------------------------------------- */
static void row(struct dg_buf *b, const char *name, const char *text)
{
	dg_buf_printf(b, "| %s | ", name);
	put_markdown(b, or_none(text));
	dg_buf_puts(b, " |\n");
}

static void markdown_head(struct dg_buf *b, const struct dg_record *r)
{
	char t[24];

	dg_buf_printf(b, "# Incident %lld: ", (long long)r->id);
	dg_buf_put_markdown(b, r->name, plain_len(r->name));
	dg_buf_puts(b, "\n\n| | |\n| --- | --- |\n");
	row(b, "state", dg_record_state(r));
	dg_buf_printf(b, "| opened | %s UTC |\n", time_of(r->opened, t));
	row(b, "by", r->opened_by);
	row(b, "reason", r->reason);
	row(b, "verdict", r->verdict);
	row(b, "confidence", r->confidence);
	if (r->closed > 0) {
		dg_buf_printf(b, "| closed | %s UTC |\n", time_of(r->closed, t));
		row(b, "closed by", r->closed_by);
	}
	if (r->broken > 0) {
		dg_buf_printf(b,
			"\n**The record was changed by other means: entry %lld and what follows "
			"does not fit.**\n",
			(long long)r->broken);
	}
}

static void markdown_ranks(
	struct dg_buf *b, const struct dg_record *r, const char *which, const char *title)
{
	const json_t *list = json_object_get(json_object_get(r->triage, which), "first");

	if (json_array_size(list) == 0) {
		return;
	}
	dg_buf_printf(b, "\n## %s\n\n| | bounces | reporters |\n| --- | --- | --- |\n", title);
	for (size_t i = 0; i < json_array_size(list) && i < 12; i++) {
		const json_t *item = json_array_get(list, i);

		dg_buf_puts(b, "| ");
		put_markdown(b, or_none(json_string_value(json_object_get(item, "text"))));
		dg_buf_printf(b, " | %lld | %lld |\n",
			(long long)json_integer_value(json_object_get(item, "bounces")),
			(long long)json_integer_value(json_object_get(item, "reporters")));
	}
}

static void markdown_lesson(void *arg, const char *line, size_t n)
{
	dg_buf_puts(arg, "- ");
	dg_buf_put_markdown(arg, line, n);
	dg_buf_putc(arg, '\n');
}

static void markdown_timeline(struct dg_buf *b, const struct dg_record *r)
{
	char t[24];

	dg_buf_puts(b, "\n## Timeline\n\n| # | when (UTC) | who | | what |\n| --- | --- | --- | "
		       "--- | --- |\n");
	for (size_t i = 0; i < r->n; i++) {
		dg_buf_printf(b, "| %zu | %s | ", i + 1, time_of(r->entries[i].at, t));
		put_markdown(b, r->entries[i].who);
		dg_buf_puts(b, " | ");
		put_markdown(b, r->entries[i].kind);
		dg_buf_puts(b, " | ");
		put_markdown(b, r->entries[i].text);
		dg_buf_puts(b, " |\n");
	}
}

void dg_record_markdown(struct dg_buf *b, const struct dg_record *r)
{
	char hex[DG_DIGEST_TEXT_MAX];

	markdown_head(b, r);
	markdown_ranks(b, r, "origins", "Networks that handed the mail over");
	markdown_ranks(b, r, "reporters", "Organisations that bounced it");
	markdown_timeline(b, r);
	dg_buf_puts(b, "\n## Evidence\n\n| entry | file | octets | SHA-256 |\n| --- | --- | --- | "
		       "--- |\n");
	for (size_t i = 0; i < r->n_files; i++) {
		dg_buf_printf(b, "| %lld | ", (long long)r->files[i].entry);
		put_markdown(b, r->files[i].name);
		dg_buf_printf(b, " | %llu | %s |\n", (unsigned long long)r->files[i].size,
			r->files[i].sha256);
	}
	dg_buf_printf(b, "\n%lld entries; the last one's hash seals all: %s\n",
		(long long)r->n_entries, dg_digest_text(r->head, DG_DIGEST_LEN, hex));
	dg_buf_puts(b, "\n## Lessons\n\n");
	dg_record_lessons(r, markdown_lesson, b);
}
