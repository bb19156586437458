/* `dnsguard providers`: what each of them can promise, for people, as JSON, and as the page doc/providers.md. */
#include "controller/command/app.h"
#include "controller/command/command.h"
#include "providers/provider.h"
#include "zones/base/buf.h"
#include "zones/base/json.h"
#include "zones/policy/schema.h"

#include <string.h>

#define TEXT_MAX (1u << 20)
#define N_CAPS   6u

struct cap_text {
	unsigned cap;
	const char *code;
	const char *text;
};

static const struct cap_text caps[N_CAPS] = {
	{DG_CAP_ATOMIC, "atomic", "all changes of a step or none"},
	{DG_CAP_CAS, "compare-and-swap", "the other side compares what it replaces"},
	{DG_CAP_MARKER, "marker", "a marker record keeps two writers apart"},
	{DG_CAP_WHOLE_ZONE, "whole-zone", "can read the complete zone"},
	{DG_CAP_PUBLISHED, "published", "name servers answer at once"},
	{DG_CAP_SOA, "soa", "the SOA tells that somebody changed a TTL meanwhile"},
};

/* By enum dg_null_mx; stable, for JSON too. */
static const char *const null_mx_words[] = {"accepted", "exclusive", "refused", "not known"};

/* By enum dg_transaction. */
static const char *const transaction_codes[] = {"swap", "batch", "rrset", "record", "zone"};
static const char *const transaction_words[] = {
	"A: all at once, and only on what was there before",
	"B: all at once",
	"C: one RRset after the other",
	"D: one record after the other",
	"E: the whole zone as one text",
};

static void provider_text(struct dg_buf *b, const struct dg_provider_ops *p)
{
	dg_buf_printf(b, "%-12s ", p->name);
	dg_buf_puts(b, p->schema->help);
	dg_buf_putc(b, '\n');
	for (size_t i = 0; i < N_CAPS; i++) {
		dg_buf_printf(b, "%13s%s %s: %s\n", "", p->caps & caps[i].cap ? "+" : "-",
			caps[i].code, caps[i].text);
	}
	dg_buf_printf(b, "%13sTTL %u to %u s; null MX: %s; seen on %s\n", "", p->limits.ttl_min,
		p->limits.ttl_max, null_mx_words[p->limits.null_mx], p->limits.verified_on);
	if (p->limits.doubts) {
		dg_buf_printf(b, "%13snot verified: %s\n", "", p->limits.doubts);
	}
	dg_buf_putc(b, '\n');
}

static void provider_json(struct dg_buf *b, const struct dg_provider_ops *p)
{
	json_t *list = json_array();

	for (size_t i = 0; i < N_CAPS; i++) {
		if (p->caps & caps[i].cap) {
			(void)json_array_append_new(list, json_string(caps[i].code));
		}
	}
	json_t *o = json_pack("{s:s, s:s, s:s, s:o, s:I, s:I, s:s, s:s, s:s, s:s?, s:s?}", "type",
		"provider", "name", p->name, "help", p->schema->help, "capabilities", list,
		"ttl_min", (json_int_t)p->limits.ttl_min, "ttl_max", (json_int_t)p->limits.ttl_max,
		"null_mx", null_mx_words[p->limits.null_mx], "verified_on", p->limits.verified_on,
		"transaction", transaction_codes[p->limits.transaction], "rate", p->limits.rate,
		"doubts", p->limits.doubts);
	dg_json_put(b, o);
	dg_buf_putc(b, '\n');
}

/* The characters that may not stand in a TXT, in words. */
static void put_refused(struct dg_buf *b, const char *refused)
{
	static const struct {
		char character;
		const char *word;
	} words[] = {{'\\', "backslashes"}, {'"', "quotes"}, {'\n', "line breaks"}};
	const char *before = ", without ";

	for (size_t i = 0; refused && i < sizeof(words) / sizeof(words[0]); i++) {
		if (strchr(refused, words[i].character)) {
			dg_buf_puts(b, before);
			dg_buf_puts(b, words[i].word);
			before = " and ";
		}
	}
}

static void table_row(struct dg_buf *b, const struct dg_provider_ops *p)
{
	const struct dg_limits *l = &p->limits;

	dg_buf_printf(b, "| %s | %.1s | %s%s | %u to %u%s | ", p->name,
		transaction_words[l->transaction], null_mx_words[l->null_mx],
		l->is_null_mx_apex_only || l->is_mx_apex_only ? ", of the zone's name only" : "",
		l->ttl_min, l->ttl_max, l->ttl_steps ? ", certain ones" : "");
	dg_buf_printf(b, "%zu", l->txt_max);
	put_refused(b, l->txt_refuses);
	dg_buf_printf(b, " | %u | %s", l->preference_max ? l->preference_max : 65535u,
		l->rate ? l->rate : "not known");
	if (l->pace.n > 0) {
		dg_buf_printf(b, "; kept to: %u at once, then %u in %u s", l->pace.burst, l->pace.n,
			l->pace.per_s);
	}
	dg_buf_puts(b, " |\n");
}

static void page_part(struct dg_buf *b, const struct dg_provider_ops *p)
{
	dg_buf_printf(b, "\n### %s\n\n%s\n\n", p->name, p->schema->help);
	for (size_t i = 0; i < N_CAPS; i++) {
		if (p->caps & caps[i].cap) {
			dg_buf_printf(b, "- %s: %s.\n", caps[i].code, caps[i].text);
		}
	}
	dg_buf_printf(b, "- A change of several RRsets goes %s.\n",
		transaction_words[p->limits.transaction] + 3);
	dg_buf_printf(b, "- Seen on: %s.\n", p->limits.verified_on);
	if (p->limits.doubts) {
		dg_buf_printf(b, "- Not verified: %s\n", p->limits.doubts);
	}
}

static void put_page(struct dg_buf *b)
{
	dg_buf_puts(b, "# Providers\n\nWhat dnsguard knows of each place where a zone can be kept. "
		       "This page is made by "
		       "`dnsguard providers --markdown` from the table that plans are checked "
		       "against: what a provider "
		       "cannot hold is refused at plan time, with what to do instead. No live "
		       "account was asked for what "
		       "stands here; the options of each are in zone.yaml(5).\n\n"
		       "| provider | class | null MX | TTL (s) | TXT (octets) | preference up to | "
		       "calls allowed |\n"
		       "| --- | --- | --- | --- | --- | --- | --- |\n");
	for (const struct dg_provider_ops *const *p = dg_provider_all(); *p; p++) {
		table_row(b, *p);
	}
	dg_buf_puts(b, "\nHow a change of several RRsets comes to stand there:\n\n");
	for (size_t i = 0; i < sizeof(transaction_words) / sizeof(transaction_words[0]); i++) {
		dg_buf_printf(b, "- %s\n", transaction_words[i]);
	}
	dg_buf_puts(b, "\nWith C and D the marker goes first, additions come before removals, and "
		       "the MX of a mail name is rewritten, never "
		       "taken away first. What came through in part is on record, and the next run "
		       "goes on from there. `exclusive` "
		       "means that a null MX must be alone from the start: then there is a moment "
		       "without any MX, which "
		       "`null-mx: with-a-gap` accepts.\n\n## Each of them\n");
	for (const struct dg_provider_ops *const *p = dg_provider_all(); *p; p++) {
		page_part(b, *p);
	}
}

int dg_cmd_providers(struct dg_app *app, const struct dg_args *args)
{
	struct dg_buf b;

	dg_buf_init(&b, TEXT_MAX);
	if (args->is_markdown) {
		put_page(&b);
	}
	for (const struct dg_provider_ops *const *p = dg_provider_all(); *p && !args->is_markdown;
		p++) {
		if (args->is_json) {
			provider_json(&b, *p);
		} else {
			provider_text(&b, *p);
		}
	}
	dg_app_out(app, &b);
	dg_buf_done(&b);
	return DG_EXIT_OK;
}
