/* What can be found, told at length: one kind for a terminal, all of them as doc/checks.md. */
#include "zones/check/finding.h"

#include "zones/base/buf.h"
#include "zones/check/wrap.h"

#include <string.h>

#define INDENT 10u

static const struct {
	const char *area;
	const char *title;
} areas[] = {
	{"domain", "The domain"},
	{"spf", "SPF"},
	{"dmarc", "DMARC"},
	{"mx", "MX"},
	{"hosts", "Hosts"},
	{"wildcard", "Wildcards"},
	{"parked", "Names that take no part in mail"},
	{"dkim", "DKIM"},
	{"mta-sts", "MTA-STS"},
	{"tlsrpt", "TLS reports"},
	{"dane", "DANE"},
	{"dnssec", "DNSSEC"},
	{"bimi", "BIMI"},
	{"servers", "Name servers"},
	{"relay", "Open relays"},
};

static void put_field(struct dg_buf *b, const char *label, const char *text)
{
	dg_buf_printf(b, "%-*s", (int)INDENT, label);
	check_wrap(b, INDENT, INDENT, text);
}

void dg_kind_explain(struct dg_buf *b, const struct dg_kind *k)
{
	dg_buf_printf(b, "%s (%s): ", k->code, dg_severity_text(k->severity));
	check_wrap(b, strlen(k->code) + strlen(dg_severity_text(k->severity)) + 5, 0, k->title);
	dg_buf_putc(b, '\n');
	check_wrap(b, 0, 0, k->explain);
	dg_buf_putc(b, '\n');
	put_field(b, "To do:", k->remedy);
	put_field(b, "Rule:", k->rule);
}

/* --- doc/checks.md ---------------------------------------------------------------------------------- */
/* Text as Markdown: what would be a mark there is escaped. */
static void put_marked(struct dg_buf *b, const char *text)
{
	for (const char *p = text; *p; p++) {
		if (strchr("_*<>`|[]\\#", *p)) {
			dg_buf_putc(b, '\\');
		}
		dg_buf_putc(b, *p);
	}
}

static const char *title_of(const char *area)
{
	for (size_t i = 0; i < sizeof(areas) / sizeof(areas[0]); i++) {
		if (strcmp(areas[i].area, area) == 0) {
			return areas[i].title;
		}
	}
	return area;
}

static bool is_first_of_area(size_t at)
{
	const char *area = dg_kind_at(at)->area;

	for (size_t i = 0; i < at; i++) {
		if (strcmp(dg_kind_at(i)->area, area) == 0) {
			return false;
		}
	}
	return true;
}

static void put_head(struct dg_buf *b)
{
	dg_buf_puts(b,
		"# What `dnsguard check` can find\n\n"
		"This page is generated from the program's own table by "
		"`dnsguard check --explain all`: do not edit it. One entry alone: `dnsguard check "
		"--explain CODE`.\n\n"
		"Codes are stable. A case may be milder or worse than its kind says here.\n\n"
		"| severity | means |\n| --- | --- |\n"
		"| `error` | receivers treat the record as broken, or it does the opposite of its "
		"purpose |\n"
		"| `warning` | it works, but is weak or fragile |\n"
		"| `unknown` | could not tell: never the same as absent |\n"
		"| `note` | worth knowing |\n"
		"| `good` | as it should be; shown with `--verbose` |\n");
}

static void put_table(struct dg_buf *b, const char *area)
{
	dg_buf_printf(b, "\n## %s\n\n| code | severity | |\n| --- | --- | --- |\n", title_of(area));
	for (size_t i = 0; dg_kind_at(i); i++) {
		const struct dg_kind *k = dg_kind_at(i);

		if (strcmp(k->area, area) == 0) {
			dg_buf_printf(b, "| [`%s`](#%s) | %s | ", k->code, k->code,
				dg_severity_text(k->severity));
			put_marked(b, k->title);
			dg_buf_puts(b, " |\n");
		}
	}
}

static void put_kind(struct dg_buf *b, const struct dg_kind *k)
{
	dg_buf_printf(b, "\n### %s\n\n**%c", k->code,
		k->title[0] >= 'a' && k->title[0] <= 'z' ? k->title[0] - 'a' + 'A' : k->title[0]);
	put_marked(b, k->title + 1);
	dg_buf_printf(b, "** (%s; ", dg_severity_text(k->severity));
	put_marked(b, k->rule);
	dg_buf_puts(b, ")\n\n");
	put_marked(b, k->explain);
	dg_buf_puts(b, "\n\nWhat to do: ");
	put_marked(b, k->remedy);
	dg_buf_putc(b, '\n');
}

void dg_kinds_book(struct dg_buf *b)
{
	put_head(b);
	for (size_t at = 0; dg_kind_at(at); at++) {
		const char *area = dg_kind_at(at)->area;

		if (!is_first_of_area(at)) {
			continue;
		}
		put_table(b, area);
		for (size_t i = 0; dg_kind_at(i); i++) {
			if (strcmp(dg_kind_at(i)->area, area) == 0) {
				put_kind(b, dg_kind_at(i));
			}
		}
	}
}
