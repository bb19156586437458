/* zones/bounce/runs.c: header lines in the middle of a text: returned without a part of their own, indented, quoted, folded or broken. */
#include "zones/base/arena.h"
#include "zones/bounce/parts.h"

/* Fields that a header begins with, and of which two and more in a row are one. */
enum trait {
	PLAIN,
	FROM = 1,
	PROOF = 2,  /* nobody writes these into a text by hand: Received, Message-ID, Return-Path */
	TOLD = 4,   /* Subject, Date, To: people quote these, too */
	STATUS = 8, /* of a delivery status */
};

static const struct {
	struct dg_span name;
	enum trait trait;
} known[] = {
	{{"received", 8}, PROOF},
	{{"message-id", 10}, PROOF},
	{{"return-path", 11}, PROOF},
	{{"dkim-signature", 14}, PROOF},
	{{"from", 4}, FROM},
	{{"subject", 7}, TOLD},
	{{"date", 4}, TOLD},
	{{"to", 2}, TOLD},
	{{"sender", 6}, PLAIN},
	{{"reply-to", 8}, PLAIN},
	{{"cc", 2}, PLAIN},
	{{"mime-version", 12}, PLAIN},
	{{"content-type", 12}, PLAIN},
	{{"content-transfer-encoding", 25}, PLAIN},
	{{"delivered-to", 12}, PLAIN},
	{{"errors-to", 9}, PLAIN},
	{{"precedence", 10}, PLAIN},
	{{"list-id", 7}, PLAIN},
	{{"in-reply-to", 11}, PLAIN},
	{{"references", 10}, PLAIN},
	{{"user-agent", 10}, PLAIN},
	{{"authentication-results", 22}, PLAIN},
	{{"received-spf", 12}, PLAIN},
	{{"domainkey-signature", 19}, PLAIN},
	{{"importance", 10}, PLAIN},
	{{"organization", 12}, PLAIN},
	{{"final-recipient", 15}, STATUS},
	{{"original-recipient", 18}, STATUS},
	{{"reporting-mta", 13}, STATUS},
	{{"diagnostic-code", 15}, STATUS},
	{{"remote-mta", 10}, STATUS},
	{{"arrival-date", 12}, STATUS},
	{{"action", 6}, STATUS},
	{{"status", 6}, STATUS},
	{{"last-attempt-date", 17}, STATUS},
};

static bool trait_of(struct dg_span name, enum trait *ret_trait)
{
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (dg_span_is(name, known[i].name)) {
			*ret_trait = known[i].trait;
			return true;
		}
	}
	*ret_trait = PLAIN;
	return dg_span_begins(name, DG_SPAN("x-"));
}

/* A line without what stands before it: marks of a quote, blanks. */
struct line {
	struct dg_span text;
	size_t indent;  /* blanks behind the marks */
	size_t n_marks; /* ">" and "|" */
	size_t name;    /* length of the name of a field; 0: none */
	bool is_known;
	enum trait trait;
};

static void look(struct dg_span s, struct line *l)
{
	*l = (struct line){.text = s};
	while (l->text.n > 0 && (dg_is_wsp(l->text.p[0]) || strchr(">|", l->text.p[0]))) {
		if (dg_is_wsp(l->text.p[0])) {
			l->indent++;
		} else {
			l->indent = 0;
			l->n_marks++;
		}
		l->text = dg_span_cut(l->text, 1);
	}
	l->text = dg_span_trim(l->text);
	l->name = dg_field_name_len(l->text);
	l->is_known = l->name > 0 && trait_of(dg_span_head(l->text, l->name), &l->trait);
}

struct run {
	char *out;
	size_t len;
	unsigned traits;
	size_t n_known, n_fields;
	size_t indent, n_loose;
	bool is_spaced; /* an empty line behind each */
	enum trait last;
};

static void put(struct run *r, const struct line *l, bool is_fold)
{
	if (is_fold) {
		r->out[r->len++] = ' ';
	}
	memcpy(r->out + r->len, l->text.p, l->text.n);
	r->len += l->text.n;
	r->out[r->len++] = '\n';
}

static void put_field(struct run *r, const struct line *l)
{
	put(r, l, false);
	r->traits |= l->trait;
	r->n_known += l->is_known;
	r->n_fields++;
	r->n_loose = 0;
	r->last = l->trait;
}

/* Empty lines between fields: when there is one behind the very first. */
static bool goes_on(struct run *r, struct dg_span rest)
{
	struct dg_span s;
	struct line next;

	if (!dg_line_next(&rest, &s)) {
		return false;
	}
	look(s, &next);
	if (r->n_fields == 1 && next.is_known && next.indent <= r->indent) {
		r->is_spaced = true;
	}
	return r->is_spaced && (next.is_known || (next.text.n > 0 && next.indent > r->indent));
}

#define LOOSE_MAX 12u /* lines of a fold that lost their blanks */

/* Does a field follow within the next lines? */
static bool is_loose_fold(const struct run *r, struct dg_span rest)
{
	struct dg_span s;
	struct line next;

	for (size_t i = r->n_loose; i < LOOSE_MAX && dg_line_next(&rest, &s); i++) {
		look(s, &next);
		if (next.is_known && next.trait != STATUS) {
			return true;
		}
		if (next.text.n == 0) {
			return false;
		}
	}
	return false;
}

static void follow(struct run *r, struct dg_span *text)
{
	struct dg_span s;
	struct line l;

	for (;;) {
		struct dg_span before = *text;

		if (!dg_line_next(text, &s)) {
			return;
		}
		look(s, &l);
		if (l.text.n == 0) {
			if (!goes_on(r, *text)) {
				return;
			}
		} else if (l.indent > r->indent ||
			   (l.indent > 0 && r->indent == 0 && l.name == 0)) {
			put(r, &l, true);
		} else if (l.name > 0 &&
			   !((l.trait == STATUS) != (r->last == STATUS) && l.is_known)) {
			put_field(r, &l);
		} else if (l.name == 0 && is_loose_fold(r, *text)) {
			r->n_loose++;
			put(r, &l, true);
		} else {
			*text = before;
			return;
		}
	}
}

static int worth(const struct run *r)
{
	unsigned told = (r->traits & FROM) && (r->traits & TOLD);

	if (r->traits & STATUS || r->n_known < 2) {
		return 0;
	}
	return (r->traits & PROOF) && (r->n_known >= 3 || r->n_fields >= 3) ? 2
	       : (r->traits & PROOF) || told                                ? 1
									    : 0;
}

/* The first run that nobody could have written by hand, else the first of any. */
bool dg_run_find(struct dg_reading *reading, struct dg_span text, struct dg_run *ret_run)
{
	struct dg_span s;
	struct line l;
	/* a line becomes one octet longer at most, and runs share no line */
	char *out = dg_get(reading->arena, 2, text.n + 1);
	int best = 0;

	while (best < 2) {
		struct dg_span at = text;

		if (!dg_line_next(&text, &s)) {
			break;
		}
		look(s, &l);
		if (!l.is_known) {
			continue;
		}
		struct run r = {.out = out, .indent = l.indent};
		put_field(&r, &l);
		follow(&r, &text);
		out += r.len;
		if (worth(&r) > best) {
			best = worth(&r);
			*ret_run = (struct dg_run){.header = {r.out, r.len},
				.at = at,
				.rest = text,
				.n_marks = l.n_marks};
		}
	}
	return best > 0;
}
