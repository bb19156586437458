/* An incident for a terminal, and as Markdown. */
#include "zones/incident/record.h"

#include "zones/base/buf.h"
#include "zones/base/escape.h"
#include "zones/watch/plot.h"

#include <string.h>

#define TIMELINE_SHORT 20u
#define DAY            ((int64_t)86400)

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

static void say(struct dg_buf *b, const struct dg_record *r, const char *msgid)
{
	dg_buf_puts(b, dg_record_say(r, msgid));
}

static void say_n(
	struct dg_buf *b, const struct dg_record *r, const char *msgid, int64_t n, const char *text)
{
	dg_message_put(b, dg_record_say(r, msgid), (uint64_t)n, 0, text);
}

/* --- text ----------------------------------------------------------------------------------------- */
/* "  opened   2026-11-22 20:13 UTC, alice@host" */
static void print_time(
	struct dg_buf *b, const struct dg_record *r, const char *label, int64_t at, const char *who)
{
	char t[24];

	dg_buf_puts(b, "  ");
	say(b, r, label);
	dg_buf_printf(b, "%s UTC, ", time_of(at, t));
	put_safe(b, who ? who : dg_record_code(r, NULL));
}

static void print_end(struct dg_buf *b, const struct dg_record *r)
{
	char t[24];

	if (r->closed > 0) {
		print_time(b, r, DG_MESSAGE("closed   "), r->closed, r->closed_by);
		dg_buf_putc(b, '\n');
	}
	if (r->forgotten > 0) {
		print_time(b, r, DG_MESSAGE("forgotten "), r->forgotten, r->forgotten_by);
		dg_buf_puts(b, ": ");
		say_n(b, r, DG_MESSAGE("{n} entries are gone"), r->n_entries, NULL);
		dg_buf_putc(b, '\n');
		return;
	}
	dg_buf_puts(b, "  ");
	say(b, r, DG_MESSAGE("kept     "));
	if (r->closed == 0) {
		say_n(b, r, DG_MESSAGE("for {n} days after the closing"),
			(r->retention + DAY - 1) / DAY, NULL);
	} else if (dg_record_is_expired(r)) {
		say_n(b, r,
			DG_MESSAGE("until {text} UTC: that is over, `dnsguard incident forget "
				   "--expired` deletes it"),
			0, time_of(r->closed + r->retention, t));
	} else {
		say_n(b, r,
			DG_MESSAGE("until {text} UTC, then `dnsguard incident forget --expired`"),
			0, time_of(r->closed + r->retention, t));
	}
	dg_buf_putc(b, '\n');
}

static void print_head(struct dg_buf *b, const struct dg_record *r)
{
	say_n(b, r, DG_MESSAGE("incident {n}"), r->id, NULL);
	dg_buf_puts(b, ": ");
	dg_buf_put_safe(b, r->name, plain_len(r->name));
	dg_buf_printf(b, "  %s\n", dg_record_code(r, dg_record_state(r)));
	print_time(b, r, DG_MESSAGE("opened   "), r->opened, r->opened_by);
	if (r->reason) {
		dg_buf_puts(b, ": ");
		put_safe(b, r->reason);
	}
	dg_buf_puts(b, "\n  ");
	say(b, r, DG_MESSAGE("verdict  "));
	put_safe(b, dg_record_code(r, r->verdict));
	if (r->confidence) {
		dg_buf_puts(b, ", ");
		say(b, r, DG_MESSAGE("confidence"));
		dg_buf_putc(b, ' ');
		put_safe(b, dg_record_code(r, r->confidence));
	}
	if (dg_record_refuses_split(r)) {
		dg_buf_putc(b, ' ');
		say(b, r,
			DG_MESSAGE("(no split: it would not stop what a host or an account of ours "
				   "sends)"));
	}
	dg_buf_putc(b, '\n');
	print_end(b, r);
}

void dg_record_print(struct dg_buf *b, const struct dg_record *r, bool is_verbose)
{
	size_t from = is_verbose || r->n <= TIMELINE_SHORT ? 0 : r->n - TIMELINE_SHORT;
	char t[24];

	print_head(b, r);
	if (r->broken > 0) {
		dg_buf_puts(b, "  ");
		say(b, r, DG_MESSAGE("WARNING  "));
		say_n(b, r, DG_RECORD_BROKEN, r->broken, NULL);
		dg_buf_putc(b, '\n');
	}
	dg_buf_puts(b, "  ");
	say_n(b, r, DG_MESSAGE("evidence {n} files"), (int64_t)r->n_files, NULL);
	dg_buf_putc(b, '\n');
	if (from > 0) {
		dg_buf_puts(b, "  ");
		say_n(b, r, DG_MESSAGE("({n} earlier entries: --verbose shows them)"),
			(int64_t)from, NULL);
		dg_buf_putc(b, '\n');
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
static void columns(
	struct dg_buf *b, const struct dg_record *r, const char *const *msgids, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		dg_buf_puts(b, "| ");
		say(b, r, msgids[i]);
		dg_buf_putc(b, ' ');
	}
	dg_buf_puts(b, "|\n");
	for (size_t i = 0; i < n; i++) {
		dg_buf_puts(b, "| --- ");
	}
	dg_buf_puts(b, "|\n");
}

static void heading(struct dg_buf *b, const struct dg_record *r, const char *msgid)
{
	dg_buf_puts(b, "\n## ");
	say(b, r, msgid);
	dg_buf_puts(b, "\n\n");
}

static void row(struct dg_buf *b, const struct dg_record *r, const char *msgid, const char *text)
{
	dg_buf_puts(b, "| ");
	say(b, r, msgid);
	dg_buf_puts(b, " | ");
	put_markdown(b, text ? text : dg_record_code(r, NULL));
	dg_buf_puts(b, " |\n");
}

static void row_time(struct dg_buf *b, const struct dg_record *r, const char *msgid, int64_t at)
{
	char t[24];

	dg_buf_puts(b, "| ");
	say(b, r, msgid);
	dg_buf_printf(b, " | %s UTC |\n", time_of(at, t));
}

static void markdown_head(struct dg_buf *b, const struct dg_record *r)
{
	dg_buf_puts(b, "# ");
	say_n(b, r, DG_MESSAGE("Incident {n}"), r->id, NULL);
	dg_buf_puts(b, ": ");
	dg_buf_put_markdown(b, r->name, plain_len(r->name));
	dg_buf_puts(b, "\n\n| | |\n| --- | --- |\n");
	row(b, r, DG_MESSAGE("state"), dg_record_code(r, dg_record_state(r)));
	row_time(b, r, DG_MESSAGE("opened"), r->opened);
	row(b, r, DG_MESSAGE("by"), r->opened_by);
	row(b, r, DG_MESSAGE("reason"), r->reason);
	row(b, r, DG_MESSAGE("verdict"), dg_record_code(r, r->verdict));
	row(b, r, DG_MESSAGE("confidence"), dg_record_code(r, r->confidence));
	if (r->closed > 0) {
		row_time(b, r, DG_MESSAGE("closed"), r->closed);
		row(b, r, DG_MESSAGE("closed by"), r->closed_by);
		row_time(b, r, DG_MESSAGE("kept until"), r->closed + r->retention);
	}
	if (r->broken > 0) {
		dg_buf_puts(b, "\n**");
		say_n(b, r, DG_RECORD_BROKEN, r->broken, NULL);
		dg_buf_puts(b, "**\n");
	}
}

static void markdown_ranks(
	struct dg_buf *b, const struct dg_record *r, const char *which, const char *title)
{
	static const char *const names[] = {"", DG_MESSAGE("bounces"), DG_MESSAGE("reporters")};
	const json_t *list = json_object_get(json_object_get(r->triage, which), "first");

	if (json_array_size(list) == 0) {
		return;
	}
	heading(b, r, title);
	columns(b, r, names, 3);
	for (size_t i = 0; i < json_array_size(list) && i < 12; i++) {
		const json_t *item = json_array_get(list, i);
		const char *text = json_string_value(json_object_get(item, "text"));

		dg_buf_puts(b, "| ");
		put_markdown(b, text && text[0] != '\0' ? text : dg_record_code(r, NULL));
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
	static const char *const names[] = {"#", DG_MESSAGE("when (UTC)"), DG_MESSAGE("who"),
		DG_MESSAGE("kind"), DG_MESSAGE("what")};
	char t[24];

	heading(b, r, DG_MESSAGE("Timeline"));
	columns(b, r, names, 5);
	for (size_t i = 0; i < r->n; i++) {
		dg_buf_printf(b, "| %zu | %s | ", i + 1, time_of(r->entries[i].at, t));
		put_markdown(b, r->entries[i].who);
		dg_buf_puts(b, " | ");
		put_markdown(b, dg_record_code(r, r->entries[i].kind));
		dg_buf_puts(b, " | ");
		put_markdown(b, r->entries[i].text);
		dg_buf_puts(b, " |\n");
	}
}

static void markdown_evidence(struct dg_buf *b, const struct dg_record *r)
{
	static const char *const names[] = {
		DG_MESSAGE("entry"), DG_MESSAGE("file"), DG_MESSAGE("octets"), "SHA-256"};

	heading(b, r, DG_MESSAGE("Evidence"));
	columns(b, r, names, 4);
	for (size_t i = 0; i < r->n_files; i++) {
		dg_buf_printf(b, "| %lld | ", (long long)r->files[i].entry);
		put_markdown(b, r->files[i].name);
		dg_buf_printf(b, " | %llu | %s |\n", (unsigned long long)r->files[i].size,
			r->files[i].sha256);
	}
}

void dg_record_markdown(struct dg_buf *b, const struct dg_record *r)
{
	char hex[DG_DIGEST_TEXT_MAX];

	markdown_head(b, r);
	markdown_ranks(b, r, "origins", DG_MESSAGE("Networks that handed the mail over"));
	markdown_ranks(b, r, "reporters", DG_MESSAGE("Organisations that bounced it"));
	markdown_timeline(b, r);
	markdown_evidence(b, r);
	dg_buf_putc(b, '\n');
	say_n(b, r, DG_RECORD_SEALED, r->n_entries, NULL);
	dg_buf_printf(b, " %s\n", dg_digest_text(r->head, DG_DIGEST_LEN, hex));
	heading(b, r, DG_MESSAGE("Lessons"));
	dg_record_lessons(r, markdown_lesson, b);
}
