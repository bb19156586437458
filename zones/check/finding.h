/* zones/check/finding.h: what a check can find: one table for the program, doc/checks.md and `check --explain`.
 *
 * Shape    A kind is what can be found, with a stable code; a finding is one case of it, with its evidence. Codes that the
 *          readers of records use (zones/mail/lint.h) have their kind here too.
 * Levels   As in lint.h, and GOOD for what is right and worth saying (shown with --verbose).
 * Place    Each rule file keeps its own kinds beside its rules; kinds.c joins them in the order of the book.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct dg_arena;
struct dg_buf;

enum dg_severity {
	DG_SEVERITY_GOOD,
	DG_SEVERITY_NOTE,
	DG_SEVERITY_WARNING,
	DG_SEVERITY_ERROR,
	DG_SEVERITY_UNKNOWN, /* could not tell: never mixed up with absent */
};

struct dg_kind {
	const char *code; /* "spf-pass-all": stable */
	const char *
		area; /* "spf", "dmarc", "mx", "hosts", "dkim", "mta-sts", "tlsrpt", "dane", "dnssec", "bimi", "servers" ... */
	enum dg_severity severity;
	const char *title;   /* one line, no full stop: "the record lets every host send" */
	const char *rule;    /* "RFC 7208 section 5.1"; where no RFC says it, who does */
	const char *explain; /* a paragraph or two: what it means, who is hit, how it comes about */
	const char *remedy;  /* what to do, in general */
};

struct dg_finding {
	const struct dg_kind *kind;
	enum dg_severity severity; /* of this case; usually the kind's */
	const char *owner;         /* canonical */
	const char *text;          /* this case, one sentence, lower case, safe to show */
	const char *
		evidence; /* the record as served, one line, safe to show; NULL: none (it is the absence) */
	const char *server; /* which name server says so; NULL: all, or the resolver */
	const char *
		remedy; /* exactly what to publish: zone file lines, or zone.yaml lines; NULL: the kind's */
	size_t column; /* in the record, from 1; 0: the whole */
};

const struct dg_kind *dg_kind_find(const char *code); /* NULL: no such */
const struct dg_kind *dg_kind_at(size_t i);           /* in the order of the book; NULL: no more */
const char *dg_severity_text(
	enum dg_severity s); /* "good", "note", "warning", "error", "unknown": stable */

void dg_kind_explain(struct dg_buf *b, const struct dg_kind *k); /* for people */
void dg_kinds_book(struct dg_buf *b);                            /* doc/checks.md */
