/* An incident as a page that needs nothing else. */
#include "zones/incident/record.h"

#include "zones/base/buf.h"
#include "zones/base/escape.h"
#include "zones/watch/plot.h"

#include <string.h>

static const char head[] =
	"<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
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
	dg_buf_put_xml(b, text ? text : "none", strlen(text ? text : "none"));
}

static void row(struct dg_buf *b, const char *name, const char *text)
{
	dg_buf_printf(b, "<tr><th>%s</th><td>", name);
	put(b, text);
	dg_buf_puts(b, "</td></tr>\n");
}

static void row_time(struct dg_buf *b, const char *name, int64_t at)
{
	char t[24];

	if (at > 0) {
		dg_buf_printf(b, "<tr><th>%s</th><td>%s UTC</td></tr>\n", name,
			dg_plot_time(at * 1000, t));
	}
}

static void page_head(struct dg_buf *b, const struct dg_record *r)
{
	dg_buf_puts(b, head);
	dg_buf_printf(b, "<title>Incident %lld: ", (long long)r->id);
	dg_buf_put_xml(b, r->name, plain_len(r->name));
	dg_buf_puts(b, "</title>\n");
	dg_buf_puts(b, style);
	dg_buf_printf(b, "</head>\n<body>\n<h1>Incident %lld: ", (long long)r->id);
	dg_buf_put_xml(b, r->name, plain_len(r->name));
	dg_buf_puts(b, "</h1>\n<table>\n");
	row(b, "state", dg_record_state(r));
	row_time(b, "opened", r->opened);
	row(b, "by", r->opened_by);
	row(b, "reason", r->reason);
	row(b, "verdict", r->verdict);
	row(b, "confidence", r->confidence);
	row_time(b, "closed", r->closed);
	if (r->closed > 0) {
		row(b, "closed by", r->closed_by);
	}
	dg_buf_puts(b, "</table>\n");
	if (r->broken > 0) {
		dg_buf_printf(b,
			"<p class=\"bad\">The record was changed by other means: entry %lld and "
			"what follows does not fit.</p>\n",
			(long long)r->broken);
	}
}

static void plots(struct dg_buf *b, const struct dg_record *r)
{
	dg_buf_puts(b, "<h2>Volume</h2>\n");
	if (!dg_record_volume_svg(b, r)) {
		dg_buf_puts(b, "<p>No bounces are on record, and nothing was done: there is "
			       "nothing to draw.</p>\n");
	}
	(void)dg_record_ranks_svg(
		b, r, "origins", "Networks that handed the mail over, by bounces");
	(void)dg_record_ranks_svg(b, r, "reporters", "Organisations that bounced it, by bounces");
}

static void timeline(struct dg_buf *b, const struct dg_record *r)
{
	char t[24];

	dg_buf_puts(b, "<h2>Timeline</h2>\n<table>\n<tr><th>#</th><th>when "
		       "(UTC)</th><th>who</th><th></th><th>what</th></tr>\n");
	for (size_t i = 0; i < r->n; i++) {
		const struct dg_record_entry *e = &r->entries[i];

		dg_buf_printf(
			b, "<tr><td>%zu</td><td>%s</td><td>", i + 1, dg_plot_time(e->at * 1000, t));
		put(b, e->who);
		dg_buf_puts(b, "</td><td>");
		put(b, e->kind);
		dg_buf_puts(b, "</td><td>");
		put(b, e->text);
		dg_buf_puts(b, "</td></tr>\n");
	}
	dg_buf_puts(b, "</table>\n");
}

static void evidence(struct dg_buf *b, const struct dg_record *r)
{
	char hex[DG_DIGEST_TEXT_MAX];

	dg_buf_puts(b, "<h2>Evidence</h2>\n<table>\n<tr><th>entry</th><th>file</th><th>octets</"
		       "th><th>SHA-256</th></tr>\n");
	for (size_t i = 0; i < r->n_files; i++) {
		dg_buf_printf(b, "<tr><td>%lld</td><td>", (long long)r->files[i].entry);
		put(b, r->files[i].name);
		dg_buf_printf(
			b, "</td><td>%llu</td><td><code>", (unsigned long long)r->files[i].size);
		put(b, r->files[i].sha256);
		dg_buf_puts(b, "</code></td></tr>\n");
	}
	dg_buf_printf(b,
		"</table>\n<p>%lld entries; the last one's hash seals all: <code>%s</code></p>\n",
		(long long)r->n_entries, dg_digest_text(r->head, DG_DIGEST_LEN, hex));
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
	dg_buf_puts(b, "<h2>Lessons</h2>\n<ul>\n");
	dg_record_lessons(r, put_lesson, b);
	dg_buf_puts(b, "</ul>\n</body>\n</html>\n");
}
