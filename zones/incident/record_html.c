/* An incident as a page that needs nothing else. */
#include "zones/incident/record.h"

#include "zones/base/buf.h"
#include "zones/base/escape.h"
#include "zones/watch/plot.h"

#include <stdio.h>
#include <string.h>

#define LINE_MAX_BYTES 1024u

static const char head[] =
	"<head>\n<meta charset=\"utf-8\">\n"
	"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
	"'unsafe-inline'; base-uri 'none'; form-action 'none'\">\n"
	"<meta name=\"referrer\" content=\"no-referrer\">\n<meta name=\"viewport\" "
	"content=\"width=device-width\">\n";
static const char style[] = "<style>body{font-family:sans-serif;max-width:80em;margin:1em "
			    "auto;padding:0 1em}table{border-collapse:collapse}"
			    "td,th{border:1px solid #ccc;padding:.2em "
			    ".5em;text-align:left;vertical-align:top;overflow-wrap:anywhere}"
			    "code{font-size:85%}svg{width:100%;height:auto}.bad{color:#b3261e;font-"
			    "weight:bold}</style>\n";

static size_t plain_len(const char *name)
{
	size_t len = strlen(name);

	return len > 1 && name[len - 1] == '.' ? len - 1 : len;
}

static void put(struct dg_buf *b, const char *text)
{
	dg_buf_put_xml(b, text, strlen(text));
}

/* A catalogue is no more trusted than a record. */
static void say(struct dg_buf *b, const struct dg_record *r, const char *msgid)
{
	put(b, dg_record_say(r, msgid));
}

static void say_n(struct dg_buf *b, const struct dg_record *r, const char *msgid, int64_t n)
{
	struct dg_buf line;

	dg_buf_init(&line, LINE_MAX_BYTES);
	dg_message_put(&line, dg_record_say(r, msgid), (uint64_t)n, 0, NULL);
	put(b, line.data);
	dg_buf_done(&line);
}

static void cells(struct dg_buf *b, const struct dg_record *r, const char *const *msgids, size_t n)
{
	dg_buf_puts(b, "<table>\n<tr>");
	for (size_t i = 0; i < n; i++) {
		dg_buf_puts(b, "<th>");
		say(b, r, msgids[i]);
		dg_buf_puts(b, "</th>");
	}
	dg_buf_puts(b, "</tr>\n");
}

static void heading(struct dg_buf *b, const struct dg_record *r, const char *msgid)
{
	dg_buf_puts(b, "<h2>");
	say(b, r, msgid);
	dg_buf_puts(b, "</h2>\n");
}

static void row(struct dg_buf *b, const struct dg_record *r, const char *msgid, const char *text)
{
	dg_buf_puts(b, "<tr><th>");
	say(b, r, msgid);
	dg_buf_puts(b, "</th><td>");
	put(b, text ? text : dg_record_code(r, NULL));
	dg_buf_puts(b, "</td></tr>\n");
}

static void row_time(struct dg_buf *b, const struct dg_record *r, const char *msgid, int64_t at)
{
	char t[24];
	char text[32];

	if (at > 0) {
		(void)snprintf(text, sizeof(text), "%s UTC", dg_plot_time(at * 1000, t));
		row(b, r, msgid, text);
	}
}

static void page_head(struct dg_buf *b, const struct dg_record *r)
{
	dg_buf_puts(b, "<!DOCTYPE html>\n<html lang=\"");
	say(b, r, DG_MESSAGE("en"));
	dg_buf_puts(b, "\">\n");
	dg_buf_puts(b, head);
	dg_buf_puts(b, "<title>");
	say_n(b, r, DG_MESSAGE("Incident {n}"), r->id);
	dg_buf_puts(b, ": ");
	dg_buf_put_xml(b, r->name, plain_len(r->name));
	dg_buf_puts(b, "</title>\n");
	dg_buf_puts(b, style);
	dg_buf_puts(b, "</head>\n<body>\n<h1>");
	say_n(b, r, DG_MESSAGE("Incident {n}"), r->id);
	dg_buf_puts(b, ": ");
	dg_buf_put_xml(b, r->name, plain_len(r->name));
	dg_buf_puts(b, "</h1>\n<table>\n");
	row(b, r, DG_MESSAGE("state"), dg_record_code(r, dg_record_state(r)));
	row_time(b, r, DG_MESSAGE("opened"), r->opened);
	row(b, r, DG_MESSAGE("by"), r->opened_by);
	row(b, r, DG_MESSAGE("reason"), r->reason);
	row(b, r, DG_MESSAGE("verdict"), dg_record_code(r, r->verdict));
	row(b, r, DG_MESSAGE("confidence"), dg_record_code(r, r->confidence));
	row_time(b, r, DG_MESSAGE("closed"), r->closed);
	if (r->closed > 0) {
		row(b, r, DG_MESSAGE("closed by"), r->closed_by);
		row_time(b, r, DG_MESSAGE("kept until"), r->closed + r->retention);
	}
	dg_buf_puts(b, "</table>\n");
	if (r->broken > 0) {
		dg_buf_puts(b, "<p class=\"bad\">");
		say_n(b, r, DG_RECORD_BROKEN, r->broken);
		dg_buf_puts(b, "</p>\n");
	}
}

static void plots(struct dg_buf *b, const struct dg_record *r)
{
	heading(b, r, DG_MESSAGE("Volume"));
	if (!dg_record_volume_svg(b, r)) {
		dg_buf_puts(b, "<p>");
		say(b, r,
			DG_MESSAGE("No bounces are on record, and nothing was done: there is "
				   "nothing to draw."));
		dg_buf_puts(b, "</p>\n");
	}
	(void)dg_record_ranks_svg(
		b, r, "origins", DG_MESSAGE("Networks that handed the mail over, by bounces"));
	(void)dg_record_ranks_svg(
		b, r, "reporters", DG_MESSAGE("Organisations that bounced it, by bounces"));
}

static void timeline(struct dg_buf *b, const struct dg_record *r)
{
	static const char *const columns[] = {"#", DG_MESSAGE("when (UTC)"), DG_MESSAGE("who"),
		DG_MESSAGE("kind"), DG_MESSAGE("what")};
	char t[24];

	heading(b, r, DG_MESSAGE("Timeline"));
	cells(b, r, columns, 5);
	for (size_t i = 0; i < r->n; i++) {
		const struct dg_record_entry *e = &r->entries[i];

		dg_buf_printf(
			b, "<tr><td>%zu</td><td>%s</td><td>", i + 1, dg_plot_time(e->at * 1000, t));
		put(b, e->who);
		dg_buf_puts(b, "</td><td>");
		put(b, dg_record_code(r, e->kind));
		dg_buf_puts(b, "</td><td>");
		put(b, e->text);
		dg_buf_puts(b, "</td></tr>\n");
	}
	dg_buf_puts(b, "</table>\n");
}

static void evidence(struct dg_buf *b, const struct dg_record *r)
{
	static const char *const columns[] = {
		DG_MESSAGE("entry"), DG_MESSAGE("file"), DG_MESSAGE("octets"), "SHA-256"};
	char hex[DG_DIGEST_TEXT_MAX];

	heading(b, r, DG_MESSAGE("Evidence"));
	cells(b, r, columns, 4);
	for (size_t i = 0; i < r->n_files; i++) {
		dg_buf_printf(b, "<tr><td>%lld</td><td>", (long long)r->files[i].entry);
		put(b, r->files[i].name);
		dg_buf_printf(
			b, "</td><td>%llu</td><td><code>", (unsigned long long)r->files[i].size);
		put(b, r->files[i].sha256);
		dg_buf_puts(b, "</code></td></tr>\n");
	}
	dg_buf_puts(b, "</table>\n<p>");
	say_n(b, r, DG_RECORD_SEALED, r->n_entries);
	dg_buf_printf(b, " <code>%s</code></p>\n", dg_digest_text(r->head, DG_DIGEST_LEN, hex));
}

static void put_lesson(void *arg, const char *line, size_t n)
{
	dg_buf_puts(arg, "<li>");
	dg_buf_put_xml(arg, line, n);
	dg_buf_puts(arg, "</li>\n");
}

void dg_record_html(struct dg_buf *b, const struct dg_record *r)
{
	page_head(b, r);
	plots(b, r);
	timeline(b, r);
	evidence(b, r);
	heading(b, r, DG_MESSAGE("Lessons"));
	dg_buf_puts(b, "<ul>\n");
	dg_record_lessons(r, put_lesson, b);
	dg_buf_puts(b, "</ul>\n</body>\n</html>\n");
}
