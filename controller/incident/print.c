#include "controller/incident/print.h"

#include "controller/incident/print_parts.h"
#include "controller/incident/words.h"
#include "zones/base/buf.h"
#include "zones/incident/advice.h"
#include "zones/incident/case.h"
#include "zones/incident/ledger.h"
#include "zones/incident/owner.h"
#include "zones/incident/verdict.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define LINE_MAX_BYTES (8u << 10)
#define NAMES_MAX      3u

const char *dg_print_time(int64_t at, char buf[24])
{
	time_t when = (time_t)at;
	struct tm tm;

	if (at <= 0 || !gmtime_r(&when, &tm) || strftime(buf, 24, "%Y-%m-%d %H:%M", &tm) == 0) {
		(void)snprintf(buf, 24, "-");
	}
	return buf;
}

void dg_print_line(struct dg_buf *b, const char *first, const char *message, uint64_t n,
	uint64_t of, const char *text)
{
	struct dg_buf line;

	dg_buf_init(&line, LINE_MAX_BYTES);
	dg_message_put(&line, message, n, of, text);
	dg_put_wrapped(b, first, line.data);
	dg_buf_done(&line);
}

void dg_print_numbered(struct dg_buf *b, size_t number, const char *message, const char *text)
{
	char first[32];

	(void)snprintf(first, sizeof(first), "  %2zu. ", number);
	dg_print_line(b, first, message, 0, 0, text);
}

void dg_print_heading(struct dg_buf *b, const char *message)
{
	dg_buf_putc(b, '\n');
	dg_buf_puts(b, dg_word(message));
	dg_buf_putc(b, '\n');
}

/* --- verdict ---------------------------------------------------------------------------------- */
static void put_reasons(struct dg_buf *b, const char *first, const struct dg_reason *r, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		dg_print_line(b, first, dg_words_reason(r[i].code), r[i].n, r[i].of, r[i].text);
	}
}

/* Doubts and what would decide: of the first, since most of them are those of all. */
static void put_incident(struct dg_buf *b, const struct dg_incident *i, bool is_first)
{
	dg_put_wrapped(b, "  ", dg_words_meaning(i->kind));
	put_reasons(b, "    + ", i->reasons, i->n_reasons);
	if (!is_first) {
		return;
	}
	put_reasons(b, "    - ", i->doubts, i->n_doubts);
	for (size_t d = 0; d < i->n_decides; d++) {
		dg_print_line(b, "    ? ", dg_words_decide(i->decides[d]), 0, 0, NULL);
	}
}

static void put_headline(struct dg_buf *b, const struct dg_incident *i)
{
	dg_buf_puts(b, dg_words_incident(i->kind));
	if (i->kind != DG_INCIDENT_UNDECIDED) {
		dg_buf_puts(b, " (");
		dg_buf_puts(b, dg_words_level(i->level));
		dg_buf_putc(b, ')');
	}
	dg_buf_putc(b, '\n');
}

static void put_names(struct dg_buf *b, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n && i < NAMES_MAX; i++) {
		dg_buf_puts(b, i > 0 ? ", " : "");
		dg_buf_put_safe(b, names[i], strlen(names[i]));
	}
	if (n > NAMES_MAX) {
		dg_buf_puts(b, ", ...");
	}
}

static void put_verdict(struct dg_buf *b, const struct dg_case *c)
{
	const struct dg_verdict *v = c->verdict;
	const struct dg_owner *o = c->owner;

	if (o->n_domains > 0) {
		put_names(b, o->domains, o->n_domains);
		dg_buf_puts(b, ": ");
	}
	put_headline(b, &v->incidents[0]);
	put_incident(b, &v->incidents[0], true);
	for (size_t i = 1; i < v->n; i++) {
		dg_buf_puts(b, dg_word(DG_MESSAGE("besides: ")));
		put_headline(b, &v->incidents[i]);
		put_incident(b, &v->incidents[i], false);
	}
}

/* What was concluded rather than told is said. */
static void put_conclusions(struct dg_buf *b, const struct dg_owner *o)
{
	struct dg_buf names;

	dg_buf_init(&names, LINE_MAX_BYTES);
	if (o->are_domains_inferred) {
		put_names(&names, o->domains, o->n_domains);
		dg_print_line(b, "  ",
			dg_word(DG_MESSAGE("Concluded from the bounces: your domain is {text} "
					   "(--domain says otherwise).")),
			0, 0, names.data);
	}
	dg_buf_clear(&names);
	if (o->are_hosts_inferred) {
		put_names(&names, o->hosts, o->n_hosts);
		dg_print_line(b, "  ",
			dg_word(DG_MESSAGE("Concluded from the bounces: your mail comes in through "
					   "{text} (--own tells which addresses are yours).")),
			0, 0, names.data);
	}
	dg_buf_done(&names);
}

/* --- advice ----------------------------------------------------------------------------------- */
static void put_advice(struct dg_buf *b, const struct dg_case *c)
{
	struct dg_advice steps[DG_ADVICE_MAX];
	size_t n = dg_advise(c->verdict, c->ledger, c->has_zone, steps);

	dg_print_heading(b, DG_MESSAGE("What to do, in this order"));
	for (size_t i = 0; i < n; i++) {
		dg_print_numbered(b, i + 1, dg_words_step(steps[i].step), steps[i].who);
	}
}

void dg_case_print(struct dg_buf *b, const struct dg_case *c, bool is_verbose)
{
	put_verdict(b, c);
	put_conclusions(b, c->owner);
	if (c->ledger->n_messages > 0) {
		dg_print_seen(b, c, is_verbose ? DG_PRINT_ROWS_ALL : DG_PRINT_ROWS);
	}
	put_advice(b, c);
}
